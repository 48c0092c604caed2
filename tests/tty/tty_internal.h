/* The inside of a session; only for the files of this library. */
#ifndef SOUK_TESTS_TTY_INTERNAL_H
#define SOUK_TESTS_TTY_INTERNAL_H

#include <sys/resource.h>
#include <termios.h>
#include <vterm.h>

#include "tty.h"

/* A growing string of bytes; running out of memory ends the program. */
struct tty_str {
    char *p;
    size_t len, cap;
};

void tty_str_put(struct tty_str *b, const void *p, size_t len);
void tty_str_printf(struct tty_str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *tty_str_take(struct tty_str *b); /* as a string; empties b */

_Noreturn void tty_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct tty {
    pid_t pid;
    int master, slave, pidfd; /* slave is kept open until the child has exited */
    bool exited, drained;
    int status; /* of wait4() */
    struct rusage rusage;
    struct termios before, after; /* after: when it exited */

    int cols, rows, deadline_ms;
    char *home;
    bool home_is_ours;

    VTerm *vt;
    VTermScreen *screen;
    bool altscreen, cursor_visible, mouse;
    struct tty_str title;

    struct tty_guard guard;
    struct tty_str held; /* the beginning of a sequence that libvterm gets when it is complete */
    struct tty_str raw;
    bool raw_truncated;

    struct tty_str out; /* waiting to be written to the child */
    size_t out_sent;

    struct tty_burst burst;
    int64_t last_ns; /* of the last read, whatever was marked */
    int64_t exit_ns;
    struct tty_str error;
};

/* Let the terminal's answers and keys out; called by whatever may have produced some. */
void tty_flush(struct tty *t);

/* /proc: the child and its living descendants. */
struct tty_usage tty_proc_usage(pid_t root);

#endif
