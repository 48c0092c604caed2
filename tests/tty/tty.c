#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "tty_internal.h"

enum {
    HELD_MAX = 1 << 16,  /* of an unfinished sequence */
    AFTER_EXIT_MS = 200, /* how long a descendant may keep the terminal open and silent */
};

#define NS_PER_MS INT64_C(1000000)

/* --- small things ------------------------------------------------------------------------ */

void tty_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("tty: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(EXIT_FAILURE);
}

void tty_str_put(struct tty_str *b, const void *p, size_t len)
{
    if (b->cap - b->len <= len) {
        b->cap = (b->cap + len) * 2 + 64;
        b->p = realloc(b->p, b->cap);
        if (!b->p)
            tty_die("out of memory");
    }
    if (len)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
}

void tty_str_printf(struct tty_str *b, const char *fmt, ...)
{
    char *s;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        tty_die("out of memory");
    tty_str_put(b, s, (size_t)n);
    free(s);
}

char *tty_str_take(struct tty_str *b)
{
    tty_str_put(b, "", 0);
    char *p = b->p;
    *b = (struct tty_str){0};
    return p;
}

int64_t tty_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 * NS_PER_MS + ts.tv_nsec;
}

/* --- the terminal's side ----------------------------------------------------------------- */

static void on_output(const char *s, size_t len, void *user)
{
    struct tty *t = user;
    tty_str_put(&t->out, s, len);
}

static int on_property(VTermProp prop, VTermValue *val, void *user)
{
    struct tty *t = user;
    switch (prop) {
    case VTERM_PROP_ALTSCREEN:
        t->altscreen = val->boolean;
        break;
    case VTERM_PROP_CURSORVISIBLE:
        t->cursor_visible = val->boolean;
        break;
    case VTERM_PROP_MOUSE:
        t->mouse = val->number != VTERM_PROP_MOUSE_NONE;
        break;
    case VTERM_PROP_TITLE:
        t->title.len = 0;
        tty_str_put(&t->title, val->string, strlen(val->string));
        break;
    default:
        break;
    }
    return 1;
}

/* A second witness beside the guard: control strings that libvterm has no use for. */
static bool expected_osc(const struct tty *t, const char *body, size_t len)
{
    for (const char *const *p = t->guard.policy.osc; p && *p; p++) {
        size_t n = strlen(*p);
        bool open = n > 0 && (*p)[n - 1] == '*';
        if (open ? len >= n - 1 && !memcmp(*p, body, n - 1) : len == n && !memcmp(*p, body, n))
            return true;
    }
    return false;
}

static int on_unknown_osc(const char *body, size_t len, void *user)
{
    struct tty *t = user;
    if (!expected_osc(t, body, len))
        tty_guard_report(&t->guard, "libvterm: unknown OSC", body, len);
    return 1;
}

static int on_unknown_dcs(const char *body, size_t len, void *user)
{
    struct tty *t = user;
    tty_guard_report(&t->guard, "libvterm: unknown DCS", body, len);
    return 1;
}

static void open_screen(struct tty *t)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
    static const VTermParserCallbacks unknown = {.osc = on_unknown_osc, .dcs = on_unknown_dcs};
    t->vt = vterm_new(t->rows, t->cols);
    vterm_set_utf8(t->vt, 1);
    vterm_output_set_callback(t->vt, on_output, t);
    t->screen = vterm_obtain_screen(t->vt);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_set_callbacks(t->screen, &callbacks, t);
    vterm_screen_set_unrecognised_fallbacks(t->screen, &unknown, t);
    vterm_screen_reset(t->screen, 1);
}

/* Give libvterm the modes of "CSI ? 1006;1000 h" one at a time: it takes only the first of many. */
static void feed_modes(struct tty *t, const char *list, size_t len, char final)
{
    while (len > 0) {
        const char *sep = memchr(list, ';', len);
        size_t n = sep ? (size_t)(sep - list) : len;
        char one[80];
        int size = snprintf(one, sizeof(one), "\033[?%.*s%c", n < 64 ? (int)n : 64, list, final);
        vterm_input_write(t->vt, one, (size_t)size);
        list += n + (sep != NULL);
        len -= n + (sep != NULL);
    }
}

/* Complete output goes to libvterm, around two weaknesses of version 0.1 in control sequences. */
static void feed_screen(struct tty *t, const char *p, size_t len)
{
    enum { PARAMS_MAX = 16 }; /* it writes past its array if there are more: leave those out */
    const char *end = p + len, *csi;
    while ((csi = memmem(p, (size_t)(end - p), "\033[", 2))) {
        vterm_input_write(t->vt, p, (size_t)(csi - p));
        const char *params = csi + 2, *final = params;
        int count = 1;
        for (; final < end && (*final < 0x40 || *final > 0x7e); final++)
            count += *final == ';' || *final == ':';
        p = final < end ? final + 1 : end;
        if (*params == '?' && final < end && (*final == 'h' || *final == 'l'))
            feed_modes(t, params + 1, (size_t)(final - params - 1), *final);
        else if (count <= PARAMS_MAX)
            vterm_input_write(t->vt, csi, (size_t)(p - csi));
    }
    vterm_input_write(t->vt, p, (size_t)(end - p));
}

/*
 * libvterm 0.1 also loses the beginning of a control string that comes in two writes, so it gets
 * only what is complete. A sequence that does not end is left out: the guard has reported it.
 */
static void draw(struct tty *t, const char *bytes, size_t len)
{
    size_t complete = tty_guard_feed(&t->guard, bytes, len);
    if (complete) {
        tty_str_put(&t->held, bytes, complete);
        feed_screen(t, t->held.p, t->held.len);
        t->held.len = 0;
    }
    if (t->held.len + len - complete <= HELD_MAX)
        tty_str_put(&t->held, bytes + complete, len - complete);
}

static void record(struct tty *t, const char *bytes, size_t len)
{
    size_t room = TTY_RAW_MAX - t->raw.len;
    if (len > room)
        t->raw_truncated = true;
    tty_str_put(&t->raw, bytes, len < room ? len : room);
}

/* --- starting and ending ----------------------------------------------------------------- */

static void replace_string(char **s, const char *by)
{
    free(*s);
    *s = strdup(by);
    if (!*s)
        tty_die("out of memory");
}

static char **make_environment(const struct tty *t, const struct tty_opts *o)
{
    static const char *const inherited[] = {"PATH",         "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                            "LSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"};
    size_t extra = 0;
    while (o->env && o->env[extra])
        extra++;
    char **env = calloc(extra + 32, sizeof(*env));
    if (!env)
        tty_die("out of memory");
    size_t n = 0;
    struct tty_str b = {0};
#define ADD(...) (tty_str_printf(&b, __VA_ARGS__), env[n++] = tty_str_take(&b))
    for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++) {
        const char *value = getenv(inherited[i]);
        if (value)
            ADD("%s=%s", inherited[i], value);
    }
    ADD("TERM=%s", o->term ? o->term : "xterm-256color");
    ADD("%s", o->no_color ? "NO_COLOR=1" : "COLORTERM=truecolor");
    ADD("LANG=C.UTF-8");
    ADD("TZ=UTC");
    ADD("HOME=%s", t->home);
    ADD("TMPDIR=%s", t->home);
    for (size_t i = 0; i < extra; i++) {
        size_t name = strcspn(o->env[i], "=") + 1;
        size_t at = 0;
        while (at < n && strncmp(env[at], o->env[i], name) != 0)
            at++;
        if (at == n)
            ADD("%s", o->env[i]);
        else
            replace_string(&env[at], o->env[i]);
    }
#undef ADD
    return env;
}

_Noreturn static void run_child(const struct tty *t, const struct tty_opts *o, char **env,
                                pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing outlives a killed test */
    if (getppid() != parent)
        _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    if (login_tty(t->slave) != 0 || chdir(o->cwd ? o->cwd : t->home) != 0)
        _exit(127);
    /* The array is ours to pass: exec does not write to it. */
    execvpe(o->argv[0], (char *const *)(uintptr_t)o->argv, env);
    dprintf(STDERR_FILENO, "%s: %s\r\n", o->argv[0], strerror(errno));
    _exit(127);
}

static void make_home(struct tty *t, const char *given)
{
    const char *tmp = getenv("TMPDIR");
    struct tty_str b = {0};
    t->home_is_ours = !given;
    if (given)
        tty_str_printf(&b, "%s", given);
    else
        tty_str_printf(&b, "%s/tty-XXXXXX", tmp ? tmp : "/tmp");
    t->home = tty_str_take(&b);
    if (t->home_is_ours && !mkdtemp(t->home))
        tty_die("cannot make %s: %s", t->home, strerror(errno));
}

struct tty *tty_spawn(const struct tty_opts *o)
{
    struct tty *t = calloc(1, sizeof(*t));
    if (!t)
        tty_die("out of memory");
    t->cols = o->cols ? o->cols : 80;
    t->rows = o->rows ? o->rows : 24;
    t->deadline_ms = 10000;
    t->cursor_visible = true;
    make_home(t, o->home);
    tty_guard_init(&t->guard, &o->policy);
    tty_str_put(&t->title, "", 0);
    tty_str_put(&t->error, "", 0);
    tty_str_put(&t->raw, "", 0);
    open_screen(t);

    struct winsize size = {.ws_col = (unsigned short)t->cols, .ws_row = (unsigned short)t->rows};
    if (openpty(&t->master, &t->slave, NULL, NULL, &size) != 0)
        tty_die("no pseudo-terminal: %s", strerror(errno));
    fcntl(t->master, F_SETFD, FD_CLOEXEC);
    fcntl(t->slave, F_SETFD, FD_CLOEXEC);
    fcntl(t->master, F_SETFL, O_NONBLOCK);
    tcgetattr(t->slave, &t->before);

    char **env = make_environment(t, o);
    pid_t self = getpid();
    tty_mark(t);
    t->pid = fork();
    if (t->pid < 0)
        tty_die("cannot fork: %s", strerror(errno));
    if (t->pid == 0)
        run_child(t, o, env, self);
    t->pidfd = pidfd_open(t->pid, 0);
    if (t->pidfd < 0)
        tty_die("no pidfd: %s", strerror(errno));
    for (size_t i = 0; env[i]; i++)
        free(env[i]);
    free(env);
    return t;
}

static void reap(struct tty *t)
{
    t->exit_ns = tty_now();
    tcgetattr(t->slave, &t->after);
    while (wait4(t->pid, &t->status, 0, &t->rusage) < 0 && errno == EINTR)
        continue;
    t->exited = true;
    /* Without our own slave, the master ends with EIO once all output has been read. */
    close(t->slave);
    t->slave = -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void tty_free(struct tty *t)
{
    if (!t)
        return;
    if (!t->exited) {
        kill(-t->pid, SIGKILL);
        kill(t->pid, SIGKILL);
        reap(t);
    }
    close(t->master);
    close(t->pidfd);
    vterm_free(t->vt);
    if (t->home_is_ours)
        nftw(t->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(t->home);
    free(t->title.p);
    free(t->held.p);
    free(t->raw.p);
    free(t->out.p);
    free(t->error.p);
    free(t);
}

pid_t tty_pid(const struct tty *t)
{
    return t->pid;
}

const char *tty_home(const struct tty *t)
{
    return t->home;
}

void tty_signal(struct tty *t, int sig)
{
    if (!t->exited)
        kill(t->pid, sig);
}

const char *tty_error(const struct tty *t)
{
    return t->error.p;
}

/* --- reading and writing ----------------------------------------------------------------- */

void tty_flush(struct tty *t)
{
    while (t->out_sent < t->out.len) {
        ssize_t n = write(t->master, t->out.p + t->out_sent, t->out.len - t->out_sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break; /* nobody reads any more: the exit will tell */
        t->out_sent += (size_t)n;
    }
    t->out.len = t->out_sent = 0;
}

static void read_some(struct tty *t)
{
    char buf[1 << 16];
    ssize_t n = read(t->master, buf, sizeof(buf));
    int64_t now = tty_now();
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (!t->drained)
            tty_guard_finish(&t->guard);
        t->drained = true;
        return;
    }
    t->last_ns = now;
    if (!t->burst.first_ns)
        t->burst.first_ns = now;
    t->burst.last_ns = now;
    t->burst.bytes += (size_t)n;
    t->burst.reads++;
    record(t, buf, (size_t)n);
    draw(t, buf, (size_t)n);
}

/* One round: write what is waiting, read once, notice an exit. Waits no longer than until `end`. */
static void pump(struct tty *t, int64_t end)
{
    tty_flush(t);
    if (t->drained)
        return;
    int64_t left = end - tty_now();
    if (left < 0)
        left = 0;
    struct timespec timeout = {.tv_sec = left / (1000 * NS_PER_MS),
                               .tv_nsec = left % (1000 * NS_PER_MS)};
    struct pollfd fds[2] = {
        {.fd = t->master, .events = (short)(POLLIN | (t->out.len ? POLLOUT : 0))},
        {.fd = t->exited ? -1 : t->pidfd, .events = POLLIN},
    };
    if (ppoll(fds, 2, &timeout, NULL) <= 0)
        return;
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
        read_some(t);
    else if (fds[1].revents)
        reap(t);
    tty_flush(t);
}

void tty_send(struct tty *t, const void *bytes, size_t len)
{
    tty_str_put(&t->out, bytes, len);
    tty_flush(t);
}

void tty_resize(struct tty *t, int cols, int rows)
{
    t->cols = cols;
    t->rows = rows;
    vterm_set_size(t->vt, rows, cols);
    struct winsize size = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};
    ioctl(t->master, TIOCSWINSZ, &size);
}

void tty_mark(struct tty *t)
{
    t->burst = (struct tty_burst){.mark_ns = tty_now()};
}

struct tty_burst tty_burst(const struct tty *t)
{
    return t->burst;
}

/* --- waiting ----------------------------------------------------------------------------- */

void tty_set_deadline(struct tty *t, int ms)
{
    t->deadline_ms = ms;
}

static bool give_up(struct tty *t, const char *what, const char *detail)
{
    char *screen = tty_text(t);
    t->error.len = 0;
    tty_str_printf(&t->error, "%s: waited for %s%s%s%s\n--- screen %dx%d ---\n%s---\n",
                   t->exited ? "the program ended" : "too late", what, detail ? " \"" : "",
                   detail ? detail : "", detail ? "\"" : "", t->cols, t->rows, screen);
    free(screen);
    return false;
}

/* Pump until the condition holds, nothing can come any more, or the deadline has passed. */
static bool wait_for(struct tty *t, bool (*cond)(struct tty *, void *), void *arg)
{
    int64_t deadline = tty_now() + t->deadline_ms * NS_PER_MS;
    while (!cond(t, arg)) {
        if (t->drained || tty_now() >= deadline)
            return false;
        pump(t, deadline);
    }
    return true;
}

bool tty_wait(struct tty *t, bool (*cond)(struct tty *, void *), void *arg, const char *what)
{
    return wait_for(t, cond, arg) || give_up(t, what, NULL);
}

static bool has_text(struct tty *t, void *text)
{
    return tty_find(t, text, NULL, NULL);
}

static bool lacks_text(struct tty *t, void *text)
{
    return !tty_find(t, text, NULL, NULL);
}

static bool has_output(struct tty *t, void *unused)
{
    (void)unused;
    return t->burst.bytes > 0;
}

bool tty_wait_text(struct tty *t, const char *text)
{
    return wait_for(t, has_text, (void *)(uintptr_t)text) || give_up(t, "the text", text);
}

bool tty_wait_no_text(struct tty *t, const char *text)
{
    return wait_for(t, lacks_text, (void *)(uintptr_t)text) || give_up(t, "the end of", text);
}

bool tty_wait_output(struct tty *t)
{
    return wait_for(t, has_output, NULL) || give_up(t, "output", NULL);
}

bool tty_wait_quiet(struct tty *t, int ms)
{
    int64_t begin = tty_now();
    int64_t deadline = begin + t->deadline_ms * NS_PER_MS;
    for (;;) {
        int64_t since = t->last_ns > begin ? t->last_ns : begin;
        int64_t end = since + ms * NS_PER_MS;
        int64_t now = tty_now();
        if (now >= end || t->drained)
            return true;
        if (now >= deadline)
            return give_up(t, "silence", NULL);
        pump(t, end < deadline ? end : deadline);
    }
}

bool tty_wait_exit(struct tty *t, int *status)
{
    int64_t deadline = tty_now() + t->deadline_ms * NS_PER_MS;
    while (!t->exited) {
        if (tty_now() >= deadline)
            return give_up(t, "the exit", NULL);
        pump(t, deadline);
    }
    deadline = tty_now() + AFTER_EXIT_MS * NS_PER_MS;
    while (!t->drained && tty_now() < deadline)
        pump(t, deadline);
    if (status)
        *status = WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
    return true;
}

bool tty_run(struct tty *t, int64_t ns)
{
    int64_t end = tty_now() + ns;
    while (!t->drained && tty_now() < end)
        pump(t, end);
    return !t->exited;
}

int64_t tty_exit_time(const struct tty *t)
{
    return t->exit_ns;
}

/* --- looking back ------------------------------------------------------------------------ */

const char *tty_raw(const struct tty *t, size_t *len, bool *truncated)
{
    *len = t->raw.len;
    if (truncated)
        *truncated = t->raw_truncated;
    return t->raw.p;
}

size_t tty_violations(const struct tty *t, const struct tty_violation **list)
{
    if (list)
        *list = t->guard.list;
    return t->guard.violations;
}

char *tty_violation_report(const struct tty *t)
{
    struct tty_str b = {0};
    for (size_t i = 0; i < t->guard.violations && i < TTY_VIOLATIONS_MAX; i++) {
        const struct tty_violation *v = &t->guard.list[i];
        tty_str_printf(&b, "at byte %zu: %s: %s\n", v->offset, v->what, v->context);
    }
    if (t->guard.violations > TTY_VIOLATIONS_MAX)
        tty_str_printf(&b, "and %zu more\n", t->guard.violations - TTY_VIOLATIONS_MAX);
    return tty_str_take(&b);
}

static char *stty_string(const struct termios *tio)
{
    struct tty_str b = {0};
    tty_str_printf(&b, "%x:%x:%x:%x", tio->c_iflag, tio->c_oflag, tio->c_cflag, tio->c_lflag);
    for (size_t i = 0; i < NCCS; i++)
        tty_str_printf(&b, ":%x", tio->c_cc[i]);
    return tty_str_take(&b);
}

char *tty_stty_before(const struct tty *t)
{
    return stty_string(&t->before);
}

char *tty_stty(const struct tty *t)
{
    struct termios now = t->after;
    if (!t->exited)
        tcgetattr(t->slave, &now);
    return stty_string(&now);
}

struct tty_usage tty_usage(const struct tty *t)
{
    if (!t->exited)
        return tty_proc_usage(t->pid);
    const struct rusage *r = &t->rusage;
    int64_t seconds = r->ru_utime.tv_sec + r->ru_stime.tv_sec;
    int64_t micros = r->ru_utime.tv_usec + r->ru_stime.tv_usec;
    return (struct tty_usage){
        .cpu_ns = (seconds * 1000000 + micros) * 1000,
        .voluntary = (uint64_t)r->ru_nvcsw,
        .peak_kib = (uint64_t)r->ru_maxrss,
    };
}
