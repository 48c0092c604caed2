/*
 * tty: drive a real terminal program from a C test and look at what it drew.
 *
 * A `struct tty` is one child process on a pseudo-terminal of its own (own session, controlling
 * terminal, pinned environment) together with a libvterm screen that plays the terminal: every
 * byte the child writes is stamped, checked and drawn, and what the terminal would answer
 * (cursor reports, device attributes) goes back to the child.
 *
 *     const char *argv[] = {"souk", "--offline", NULL};
 *     struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 100, .rows = 30});
 *     tty_wait_text(t, "of 2,000") || fail(tty_error(t));
 *     tty_keys(t, "/eth<Enter>");
 *     tty_wait_quiet(t, 50);
 *     ...
 *     tty_keys(t, "Q");
 *     tty_wait_exit(t, &status);
 *     tty_free(t);
 *
 * Waiting. There are no sleeps: every wait is for a condition and ends at the session's deadline
 * (tty_set_deadline(), 10 s at first). A wait returns true when its condition holds; when it
 * returns false, tty_error() says what was awaited and shows the screen as it is. The child's
 * output is read only inside a wait.
 *
 * Time is CLOCK_MONOTONIC in nanoseconds. A read is stamped when it returns, before its bytes are
 * looked at, so that the harness's own work is not counted.
 *
 * Proof. Whatever the child writes passes an allow-list (tty_guard.h) of what an ncurses program
 * writes; everything else, and every control string libvterm does not know, is kept as a
 * violation. A test of hostile text ends with tty_violations(t, NULL) == 0.
 *
 * Ownership: strings returned as `char *` belong to the caller (free()); `const char *` belong to
 * the session and live until the next call on it. Rows and columns count from 0. Text is UTF-8.
 * Running out of memory or of pseudo-terminals ends the test program: nothing can be tested then.
 *
 * Linux only (pidfd, /proc). Link with -lvterm -lutil.
 */
#ifndef SOUK_TESTS_TTY_H
#define SOUK_TESTS_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tty_guard.h"

struct tty;

/* What to run and where. Everything but argv may be left zero. */
struct tty_opts {
    const char *const *argv;  /* NULL-terminated; argv[0] is looked up in PATH */
    int cols, rows;           /* 80x24 */
    const char *term;         /* TERM; "xterm-256color" */
    const char *cwd;          /* working directory; the session's home */
    const char *home;         /* HOME; a new empty directory, removed by tty_free() */
    const char *const *env;   /* NULL-terminated "NAME=value", added or replacing */
    bool no_color;            /* sets NO_COLOR=1 and leaves COLORTERM out */
    struct tty_policy policy; /* what else the guard lets through */
};

/*
 * Start a child. Its environment is PATH, TERM, COLORTERM=truecolor, LANG=C.UTF-8, TZ=UTC, HOME,
 * TMPDIR (= HOME), sanitizer options if we have any, and opts->env; nothing else is inherited, so
 * that the XDG directories are their defaults below HOME. A program that cannot be run exits with
 * 127.
 */
struct tty *tty_spawn(const struct tty_opts *opts);

/* Kill what is left of the child, close the terminal, remove the home we made. NULL is allowed. */
void tty_free(struct tty *t);

pid_t tty_pid(const struct tty *t);
const char *tty_home(const struct tty *t);
void tty_signal(struct tty *t, int sig);

/* Why the last wait failed, with the screen. */
const char *tty_error(const struct tty *t);

/* --- input ------------------------------------------------------------------------------- */

/* Bytes as they are. They are queued and written as fast as the terminal takes them. */
void tty_send(struct tty *t, const void *bytes, size_t len);

/*
 * Keys in notation: text stands for itself, names in angle brackets for keys, with modifiers
 * S- C- M- (shift, control, alt): "jj<Down>", "/eth<Esc>", "<C-l>", "<S-Right>", "<lt>".
 * Names: Up Down Left Right Home End PageUp PageDown Insert Delete Enter Tab Esc Space
 * Backspace lt F1-F12. Encoded as the terminal would in the mode the child has set, so draw
 * something first: the right wait before the first key is for the child's first screen.
 * An unknown name ends the test program.
 */
void tty_keys(struct tty *t, const char *keys);

/* Text pasted by the user: bracketed if the child asked for that. */
void tty_paste(struct tty *t, const char *text);

/* Press and release of a mouse button (1 left, 2 middle, 3 right, 4 and 5 the wheel). */
void tty_click(struct tty *t, int button, int row, int col);

/* Change the terminal's size; the child gets SIGWINCH. */
void tty_resize(struct tty *t, int cols, int rows);

/* --- waiting ----------------------------------------------------------------------------- */

void tty_set_deadline(struct tty *t, int ms);

bool tty_wait_text(struct tty *t, const char *text);    /* on one row of the screen */
bool tty_wait_no_text(struct tty *t, const char *text); /* nowhere on the screen */
bool tty_wait_output(struct tty *t);                    /* a byte since tty_mark() */
bool tty_wait_quiet(struct tty *t, int ms);             /* no output for that long, from now on */
bool tty_wait_exit(struct tty *t, int *status); /* as the shell has it: code or 128+signal */
bool tty_wait(struct tty *t, bool (*cond)(struct tty *, void *), void *arg, const char *what);

/* Read for that long whatever happens; for measuring, not for testing. False once it exited. */
bool tty_run(struct tty *t, int64_t ns);

/* --- the screen -------------------------------------------------------------------------- */

enum tty_color_kind { TTY_DEFAULT, TTY_INDEXED, TTY_RGB };

struct tty_color {
    enum tty_color_kind kind;
    uint8_t index;   /* TTY_INDEXED: 0-255 */
    uint8_t r, g, b; /* TTY_RGB */
};

#define TTY_CELL_CHARS 6

struct tty_cell {
    uint32_t chars[TTY_CELL_CHARS]; /* base and combining marks, 0 after the last; none: blank */
    int width;                      /* 1 or 2; 0 for the right half of a wide character */
    struct tty_color fg, bg;
    bool bold, italic, underline, blink, reverse, strike;
};

void tty_size(const struct tty *t, int *cols, int *rows);
struct tty_cell tty_cell(const struct tty *t, int row, int col);
void tty_cursor(const struct tty *t, int *row, int *col);
bool tty_cursor_visible(const struct tty *t);
bool tty_altscreen(const struct tty *t);
bool tty_mouse(const struct tty *t);        /* the child asked for mouse reports */
const char *tty_title(const struct tty *t); /* "" if never set */

/* Where `text` stands first; row and col may be NULL. */
bool tty_find(const struct tty *t, const char *text, int *row, int *col);

/* One row, and all rows with a newline after each; blanks at the end of a row are left out. */
char *tty_row(const struct tty *t, int row);
char *tty_text(const struct tty *t);

/*
 * The look of the screen: a letter per cell ('.' is plain), one row per line, cut like the text
 * at the last cell that is not plain, then a blank line and a legend, one look per line:
 * "a  fg=4 bg=#202020 bold reverse". Letters are given in reading order, so that equal screens
 * have equal dumps.
 */
char *tty_looks(const struct tty *t);

/* --- what was written -------------------------------------------------------------------- */

/* Output since tty_mark() (at first: since just before fork). Times are 0 if there was none. */
struct tty_burst {
    int64_t mark_ns, first_ns, last_ns;
    size_t bytes, reads;
};

int64_t tty_now(void);
int64_t tty_exit_time(const struct tty *t); /* when the exit was noticed; 0: still running */
void tty_mark(struct tty *t);
struct tty_burst tty_burst(const struct tty *t);

/* Raw output from the start, up to TTY_RAW_MAX bytes; *truncated (may be NULL) tells if more. */
#define TTY_RAW_MAX ((size_t)4 << 20)
const char *tty_raw(const struct tty *t, size_t *len, bool *truncated);

/* How many violations there were; *list (may be NULL) gets the first TTY_VIOLATIONS_MAX. */
size_t tty_violations(const struct tty *t, const struct tty_violation **list);

/* The violations in words, one per line; "" if there are none. */
char *tty_violation_report(const struct tty *t);

/* --- the terminal's settings ------------------------------------------------------------- */

/* As `stty -g` prints them: before the child was started, and now (or when it exited). */
char *tty_stty_before(const struct tty *t);
char *tty_stty(const struct tty *t);

/* --- cost -------------------------------------------------------------------------------- */

/*
 * Of the child and its living descendants, from /proc. CPU time includes descendants that were
 * waited for. Peak is the sum of the processes' own peaks: an upper bound. After tty_wait_exit()
 * only cpu_ns, voluntary and peak_kib (of the largest process) are known.
 */
struct tty_usage {
    int64_t cpu_ns;
    uint64_t voluntary; /* voluntary context switches: the child went to sleep and was woken */
    uint64_t rss_kib, peak_kib;
    int processes, threads;
};

struct tty_usage tty_usage(const struct tty *t);

#endif
