/* backend_curses.c: see backend.h. The only file that knows curses. */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/err.h"
#include "base/mem.h"
#include "ui/backend.h"
#include "base/banned.h"

/* term.h defines terminfo's names as macros; these collide with ordinary words. */
#undef lines
#undef columns

#define MODES_ON    "\033[?2004h"
#define MODES_OFF   "\033[?2004l"
#define MOUSE_ON    "\033[?1000h\033[?1006h"
#define MOUSE_OFF   "\033[?1006l\033[?1000l"
#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END   "\033[?2026l"

enum { RUN_MAX = 3 /* blanks that take over the look before them */ };

struct backend_curses {
    struct backend base;
    SCREEN *screen;
    FILE *tty; /* opened by us, or NULL: stdin and stdout */
    int in, out;
    FILE *pen; /* what curses writes to: a descriptor of its own for the terminal */
    int frame; /* a memory file that stands in for it while a frame is made; -1: none */
    const struct theme *theme;
    enum color_depth depth;
    short pair[ST_COUNT][OVER_COUNT]; /* 0: not made yet */
    short pairs;
    attr_t attr[ST_COUNT][OVER_COUNT];
    int32_t bg[ST_COUNT][OVER_COUNT];
    struct canvas *shown;
    bool forgotten, modes, frames, mouse, suspended, resumed;
    cchar_t row[CANVAS_MAX_W + 1];
};

/* What a signal handler needs to give the terminal back; the one piece of global state. */
static struct {
    int fd; /* 0: nothing to give back */
    struct termios before;
    char restore[256];
    size_t restore_n;
} emergency;

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };
static struct sigaction crash_before[CRASHES];

static struct backend_curses *self(struct backend *b)
{
    return (struct backend_curses *)b;
}

static void say(int fd, const char *s, size_t n)
{
    while (n) {
        ssize_t done = write(fd, s, n);
        if (done < 0 && errno != EINTR) {
            return;
        }
        if (done > 0) {
            s += done;
            n -= (size_t)done;
        }
    }
}

static void say_str(const struct backend_curses *b, const char *s)
{
    say(b->out, s, strlen(s));
}

/* --- crashes */

static void on_crash(int signo)
{
    if (emergency.fd) {
        say(emergency.fd, emergency.restore, emergency.restore_n);
        tcsetattr(emergency.fd, TCSANOW, &emergency.before);
        say(STDERR_FILENO, bug_words(), strlen(bug_words()));
    }
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i] == signo) {
            sigaction(signo, &crash_before[i], NULL);
        }
    }
    raise(signo);
}

static void remember_cap(const char *name)
{
    char *cap = tigetstr((NCURSES_CONST char *)name);
    size_t room = sizeof emergency.restore - emergency.restore_n;
    if (!cap || cap == (char *)-1 || strlen(cap) >= room || strchr(cap, '$')) {
        return;
    }
    memcpy(emergency.restore + emergency.restore_n, cap, strlen(cap));
    emergency.restore_n += strlen(cap);
}

static void prepare_for_crash(const struct backend_curses *b)
{
    static const char off[] = FRAME_END MOUSE_OFF MODES_OFF;
    if (b->modes) {
        memcpy(emergency.restore, off, sizeof off - 1);
        emergency.restore_n = sizeof off - 1;
    }
    remember_cap("sgr0");
    remember_cap("cnorm");
    remember_cap("rmcup");
    emergency.fd = b->out;
    struct sigaction act = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &act, &crash_before[i]);
    }
}

static void forget_crashes(void)
{
    if (!emergency.fd) {
        return;
    }
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &crash_before[i], NULL);
    }
    emergency.fd = 0;
    emergency.restore_n = 0;
}

/* --- what kind of terminal */

static bool starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v ? v : "";
}

static bool is_simple_terminal(const char *term)
{
    return starts_with(term, "linux") || starts_with(term, "vt") || starts_with(term, "ansi") ||
           starts_with(term, "cons");
}

/* Synchronized output only where it is known to work: elsewhere it costs bytes, or shows up. */
static bool knows_frames(const char *term)
{
    static const char *const terms[] = {"kitty",   "foot",    "alacritty",
                                        "wezterm", "ghostty", "contour"};
    static const char *const programs[] = {"WezTerm", "iTerm.app", "ghostty", "contour"};
    if (*env("TMUX") || *env("STY")) {
        return false;
    }
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        if (strstr(term, terms[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (!strcmp(env("TERM_PROGRAM"), programs[i])) {
            return true;
        }
    }
    return false;
}

static enum color_depth depth_of(bool no_color)
{
    if (no_color || *env("NO_COLOR") || !has_colors() || start_color() == ERR) {
        return COLORS_NONE;
    }
    use_default_colors();
    if (COLORS > 256 && tigetflag((NCURSES_CONST char *)"RGB") > 0) {
        return COLORS_TRUE;
    }
    return COLORS >= 256 ? COLORS_256 : COLORS >= 8 ? COLORS_8 : COLORS_NONE;
}

/* --- looks */

static attr_t attr_of(uint8_t a)
{
    attr_t out = A_NORMAL;
    out |= a & ATTR_BOLD ? A_BOLD : 0;
    out |= a & ATTR_DIM ? A_DIM : 0;
    out |= a & ATTR_UNDERLINE ? A_UNDERLINE : 0;
    out |= a & ATTR_REVERSE ? A_REVERSE : 0;
    out |= a & ATTR_ITALIC ? A_ITALIC : 0;
    return out;
}

/* Roles that look alike share a pair: a terminal of eight colours has 64. */
static void make_looks(struct backend_curses *b)
{
    struct look made[ST_COUNT * OVER_COUNT + 1];
    for (int s = 0; s < ST_COUNT; s++) {
        for (int o = 0; o < OVER_COUNT; o++) {
            struct look k = theme_look(b->theme, b->depth, (enum style)s, o);
            short pair = 0;
            if (k.fg >= 0 || k.bg >= 0) {
                for (pair = 1; pair <= b->pairs; pair++) {
                    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
                    if (made[pair].fg == k.fg && made[pair].bg == k.bg) {
                        break;
                    }
                }
            }
            if (pair > b->pairs && init_extended_pair(pair, k.fg, k.bg) == OK) {
                made[pair] = k;
                b->pairs = pair;
            }
            b->pair[s][o] = pair > b->pairs ? 0 : pair;
            b->attr[s][o] = attr_of(k.attr);
            b->bg[s][o] = k.bg;
        }
    }
}

/* --- writing */

static bool is_blank(const struct cell *k)
{
    return k->cp[0] == ' ' && !k->cp[1];
}

static bool shows_on_blank(const struct backend_curses *b, const struct cell *k)
{
    return b->attr[k->style][k->over] & (A_UNDERLINE | A_REVERSE);
}

/*
 * A short run of blanks between words looks the same in the style of the word before it, and
 * then costs no change of colours.
 */
static void style_blanks(const struct backend_curses *b, struct cell *row, int w)
{
    for (int x = 1; x < w; x++) {
        int end = x;
        while (end < w && is_blank(&row[end]) && row[end].over == row[x].over) {
            end++;
        }
        const struct cell *before = &row[x - 1];
        if (end > x && end < w && end - x <= RUN_MAX && before->over == row[x].over &&
            !shows_on_blank(b, before) && !shows_on_blank(b, &row[x]) &&
            b->bg[before->style][before->over] == b->bg[row[x].style][row[x].over]) {
            for (int i = x; i < end; i++) {
                row[i].style = before->style;
            }
        }
        x = end > x ? end - 1 : x;
    }
}

/* The last guard before the terminal: only what text.h calls drawable, in the width it has here. */
static size_t safe_chars(const struct cell *k, wchar_t out[CCHARW_MAX + 1])
{
    wchar_t base = (wchar_t)k->cp[0];
    size_t n = 1;
    if (!text_drawable(k->cp[0])) {
        base = L'\uFFFD';
    } else if (k->cp[0] >= 0x7F) {
        int w = wcwidth(base);
        if (w != k->width && !(k->width == 2 && w == 1)) {
            base = L'\uFFFD';
        }
    }
    out[0] = base;
    for (int i = 1; i < CELL_CPS && k->cp[i] && n < CCHARW_MAX; i++) {
        if (text_drawable(k->cp[i]) && wcwidth((wchar_t)k->cp[i]) == 0) {
            out[n++] = (wchar_t)k->cp[i];
        }
    }
    out[n] = L'\0';
    return n;
}

static void set_cell(const struct backend_curses *b, cchar_t *to, const wchar_t *chars,
                     const struct cell *look)
{
    setcchar(to, chars, b->attr[look->style][look->over], b->pair[look->style][look->over], NULL);
}

static void write_row(struct backend_curses *b, const struct cell *cells, int w, int y)
{
    static const wchar_t space[] = L" ";
    struct cell row[CANVAS_MAX_W];
    memcpy(row, cells, (size_t)w * sizeof row[0]);
    style_blanks(b, row, w);
    int n = 0;
    for (int x = 0; x < w; x++) {
        wchar_t chars[CCHARW_MAX + 1];
        if (row[x].width == 0) {
            continue; /* the wide glyph to the left covers it */
        }
        safe_chars(&row[x], chars);
        set_cell(b, &b->row[n++], chars, &row[x]);
        if (row[x].width == 2 && wcwidth(chars[0]) != 2) {
            set_cell(b, &b->row[n++], space, &row[x]);
        }
    }
    mvadd_wchnstr(y, 0, b->row, n);
}

static bool same_size(struct rect a, struct rect b)
{
    return a.w == b.w && a.h == b.h;
}

/*
 * curses flushes at every jump of the cursor: dozens of small writes a frame, each of which wakes
 * the terminal. While a frame is made its descriptor leads to a memory file instead; then the
 * frame goes out in one write.
 */
static void frame_begin(struct backend_curses *b)
{
    if (b->frame >= 0 && (ftruncate(b->frame, 0) < 0 || lseek(b->frame, 0, SEEK_SET) < 0 ||
                          dup3(b->frame, fileno(b->pen), O_CLOEXEC) < 0)) {
        close(b->frame);
        b->frame = -1;
    }
    if (b->frames) {
        say(fileno(b->pen), FRAME_BEGIN, sizeof FRAME_BEGIN - 1);
    }
}

/*
 * Coming back after a suspension, curses resets the palette first (terminfo's oc). Nothing here
 * ever changes it, so that would only undo the user's own: the sequence is taken out.
 */
static size_t keep_palette(char *bytes, size_t n)
{
    const char *oc = tigetstr((NCURSES_CONST char *)"oc");
    size_t len = oc && oc != (char *)-1 ? strlen(oc) : 0;
    char *at = len ? memmem(bytes, n, oc, len) : NULL;
    if (!at) {
        return n;
    }
    memmove(at, at + len, n - len - (size_t)(at - bytes));
    return n - len;
}

static void frame_end(struct backend_curses *b)
{
    if (b->frames) {
        say(fileno(b->pen), FRAME_END, sizeof FRAME_END - 1);
    }
    if (b->frame < 0) {
        return;
    }
    if (dup3(b->out, fileno(b->pen), O_CLOEXEC) < 0) {
        BUG("the terminal's descriptor is gone");
    }
    char bytes[16384];
    off_t at = 0;
    for (ssize_t n; (n = pread(b->frame, bytes, sizeof bytes, at)) > 0; at += n) {
        say(b->out, bytes, b->resumed ? keep_palette(bytes, (size_t)n) : (size_t)n);
        b->resumed = false; /* it stands at the beginning */
    }
}

static void curses_present(struct backend *base, const struct canvas *c)
{
    struct backend_curses *b = self(base);
    struct rect r = canvas_rect(c);
    bool all = b->forgotten;
    if (!same_size(r, canvas_rect(b->shown))) {
        all = true;
        if (canvas_resize(b->shown, r.w, r.h, NULL)) {
            return;
        }
    }
    int w = r.w < COLS ? r.w : COLS, h = r.h < LINES ? r.h : LINES;
    for (int y = 0; y < h; y++) {
        const struct cell *now = canvas_row(c, y);
        if (all || memcmp(now, canvas_row(b->shown, y), (size_t)r.w * sizeof *now) != 0) {
            write_row(b, now, w, y);
        }
    }
    canvas_copy(b->shown, c);
    if (b->forgotten) {
        clearok(curscr, TRUE);
        b->forgotten = false;
    }
    int x, y;
    bool visible;
    canvas_cursor_get(c, &x, &y, &visible);
    move(y < LINES ? y : LINES - 1, x < COLS ? x : COLS - 1);
    frame_begin(b);
    curs_set(visible);
    refresh();
    frame_end(b);
}

static void curses_forget(struct backend *b)
{
    self(b)->forgotten = true;
}

/* --- the terminal's state */

static void curses_size(struct backend *base, int *w, int *h)
{
    struct winsize ws;
    if (ioctl(self(base)->out, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 && ws.ws_row > 0) {
        *w = ws.ws_col;
        *h = ws.ws_row;
    } else {
        *w = COLS;
        *h = LINES;
    }
}

static void curses_resize(struct backend *b, int w, int h)
{
    if (w != COLS || h != LINES) {
        resizeterm(h, w);
        self(b)->forgotten = true;
    }
}

static int curses_input_fd(struct backend *b)
{
    return self(b)->in;
}

static int curses_open_terminal(struct backend *b)
{
    (void)b;
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static void curses_mouse(struct backend *base, bool on)
{
    struct backend_curses *b = self(base);
    b->mouse = on;
    if (b->modes && !b->suspended) {
        say_str(b, on ? MOUSE_ON : MOUSE_OFF);
    }
}

static void curses_suspend(struct backend *base)
{
    struct backend_curses *b = self(base);
    if (b->suspended) {
        return;
    }
    if (b->modes) {
        say_str(b, MOUSE_OFF MODES_OFF);
    }
    endwin();
    tcflush(b->in, TCIFLUSH); /* what was typed ahead of leaving is not for the shell */
    tcsetattr(b->out, TCSANOW, &emergency.before);
    b->suspended = true;
}

static void curses_resume(struct backend *base)
{
    struct backend_curses *b = self(base);
    if (!b->suspended) {
        return;
    }
    b->suspended = false;
    b->resumed = true;
    b->forgotten = true;
    reset_prog_mode();
    if (b->modes) {
        say_str(b, b->mouse ? MODES_ON MOUSE_ON : MODES_ON);
    }
}

static bool curses_copy(struct backend *base, const char *base64)
{
    struct backend_curses *b = self(base);
    if (!b->modes || strlen(base64) > CLIPBOARD_MAX) {
        return false;
    }
    bool tmux = *env("TMUX");
    say_str(b, tmux ? "\033Ptmux;\033\033]52;c;" : "\033]52;c;");
    say_str(b, base64);
    say_str(b, tmux ? "\007\033\\" : "\007");
    return true;
}

static void curses_free(struct backend *base)
{
    struct backend_curses *b = self(base);
    if (b->screen) {
        curses_suspend(base);
        forget_crashes();
        delscreen(b->screen);
    }
    if (b->pen) {
        fclose(b->pen);
    }
    if (b->frame >= 0) {
        close(b->frame);
    }
    if (b->tty) {
        fclose(b->tty);
    }
    canvas_free(b->shown);
    mem_free(b);
}

static const struct backend_ops ops = {
    .size = curses_size,
    .present = curses_present,
    .forget = curses_forget,
    .input_fd = curses_input_fd,
    .open_terminal = curses_open_terminal,
    .suspend = curses_suspend,
    .resume = curses_resume,
    .mouse = curses_mouse,
    .resize = curses_resize,
    .copy = curses_copy,
    .free = curses_free,
};

/* --- start */

static souk_err find_tty(struct backend_curses *b, struct err *e)
{
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        b->in = STDIN_FILENO;
        b->out = STDOUT_FILENO;
        return SOUK_OK;
    }
    b->tty = fopen("/dev/tty", "r+e");
    if (!b->tty) {
        return err_set(e, SOUK_EUSAGE,
                       "the screens need a terminal, and this is none; the commands work without "
                       "one: souk models, souk help");
    }
    b->in = b->out = fileno(b->tty);
    return SOUK_OK;
}

static void set_up(void)
{
    raw(); /* ^C and ^Z are keys here */
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    typeahead(-1); /* a frame is drawn whole; the app drains its input itself */
    idlok(stdscr, TRUE);
    curs_set(0);
}

static souk_err start(struct backend_curses *b, const struct backend_options *o, struct err *e)
{
    const char *term = env("TERM");
    if (!*term || !strcmp(term, "dumb")) {
        return err_set(e, SOUK_EUSAGE,
                       "this terminal cannot show screens (TERM is \"%s\"); the commands work on "
                       "it: souk models, souk help",
                       term);
    }
    souk_err rc = find_tty(b, e);
    if (rc) {
        return rc;
    }
    b->theme = theme_find(o->theme);
    if (!b->theme) {
        return err_set(e, SOUK_EUSAGE, "there is no theme \"%s\"; dark and light are there",
                       o->theme);
    }
    setlocale(LC_CTYPE, "");
    bool simple = is_simple_terminal(term);
    bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    b->base.charset = o->ascii || simple || !utf8 ? TEXT_ASCII : TEXT_UNICODE;
    b->modes = !simple;
    b->frames = !simple && knows_frames(term);
    if (tcgetattr(b->out, &emergency.before) != 0) {
        return err_set(e, SOUK_EUSAGE, "the terminal does not answer: %s", strerror(errno));
    }
    int fd = fcntl(b->out, F_DUPFD_CLOEXEC, 3);
    b->pen = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!b->pen) {
        return err_set(e, SOUK_EFAIL, "the terminal: %s", strerror(errno));
    }
    b->frame = memfd_create("frame", MFD_CLOEXEC);
    b->screen = newterm(NULL, b->pen, b->tty ? b->tty : stdin);
    if (!b->screen) {
        return err_set(e, SOUK_EUSAGE,
                       "no description of the terminal \"%s\" is installed; try TERM=xterm", term);
    }
    int w, h;
    curses_size(&b->base, &w, &h);
    curses_resize(&b->base, w, h); /* LINES and COLUMNS in the environment may be stale */
    set_up();
    prepare_for_crash(b);
    b->depth = depth_of(o->no_color);
    make_looks(b);
    b->mouse = b->modes;
    b->forgotten = true;
    if (b->modes) {
        say_str(b, MODES_ON MOUSE_ON);
    }
    b->shown = canvas_new(COLS, LINES, b->base.charset, e);
    return b->shown ? SOUK_OK : SOUK_ENOMEM;
}

struct backend *backend_curses_new(const struct backend_options *o, struct err *e)
{
    struct backend_curses *b = mem_zalloc(sizeof *b);
    if (!b) {
        err_nomem(e);
        return NULL;
    }
    b->base.ops = &ops;
    b->frame = -1;
    if (start(b, o, e)) {
        curses_free(&b->base);
        return NULL;
    }
    return &b->base;
}
