#include "cli/devnet_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

void args_add(struct args *a, const char *fmt, ...)
{
    if (a->n >= ARGS_MOST)
        BUG("too many arguments for a devnet process");
    char *to = a->text[a->n];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(to, sizeof a->text[0], fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof a->text[0])
        BUG("an argument for a devnet process is too long");
    a->v[a->n++] = to;
    a->v[a->n] = NULL;
}

/* Between fork and exec: nothing but system calls. */
static _Noreturn void become(struct args *a, const struct proc_io *io, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, io->at_our_death);
    if (getppid() != parent)
        _exit(127); /* the parent died before prctl took hold */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(io->in >= 0 ? io->in : null, STDIN_FILENO);
    dup2(io->out >= 0 ? io->out : null, STDOUT_FILENO);
    dup2(io->err >= 0 ? io->err : null, STDERR_FILENO);
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* whatever our own starter left open, too */
    if (io->keep >= 0)
        fcntl(io->keep, F_SETFD, 0);
    static const int changed[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        signal(changed[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(a->v[0], a->v);
    _exit(127);
}

pid_t proc_start(struct args *a, const struct proc_io *io)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(a, io, parent);
    return pid;
}

bool stop_wanted(int signals, int wait_ms)
{
    struct pollfd p = {.fd = signals, .events = POLLIN};
    struct signalfd_siginfo si;
    return poll(&p, 1, wait_ms) > 0 && read(signals, &si, sizeof si) == (ssize_t)sizeof si;
}

/* One program being run, and what of it is still to come. */
struct running {
    pid_t pid;
    int out, err, signals; /* -1 when at its end */
    bool cancelled;
    int64_t patience; /* when to stop being polite; 0: no hurry */
    char text[512];   /* of the line of stderr that has not ended yet */
    size_t n;
    void (*line)(void *ud, const char *words);
    void *ud;
};

static void end_line(struct running *r)
{
    r->text[r->n] = '\0';
    if (r->n > 0)
        r->line(r->ud, r->text);
    r->n = 0;
}

/* Reads what there is; false at the end. */
static bool take_output(int fd, struct buf *out, struct running *r)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
        return true;
    if (out && n > 0)
        buf_add(out, chunk, (size_t)n);
    for (ssize_t i = 0; !out && i < n; i++) {
        if (chunk[i] == '\n')
            end_line(r);
        else if (r->n < sizeof r->text - 1)
            r->text[r->n++] = chunk[i];
    }
    if (!out && n <= 0)
        end_line(r);
    return n > 0;
}

/* The first signal asks the program to stop; the second, or ten seconds, end it. */
static void take_signal(struct running *r)
{
    if (!stop_wanted(r->signals, 0))
        return;
    kill(r->pid, r->cancelled ? SIGKILL : SIGTERM);
    if (!r->cancelled)
        r->patience = clock_mono_ms() + GONE_MS;
    r->cancelled = true;
}

static void attend(struct running *r, struct buf *out)
{
    while (r->out >= 0 || r->err >= 0) {
        struct pollfd p[3] = {{.fd = r->out, .events = POLLIN},
                              {.fd = r->err, .events = POLLIN},
                              {.fd = r->signals, .events = POLLIN}};
        if (poll(p, 3, r->patience ? 100 : -1) < 0 && errno != EINTR)
            break;
        if (p[2].revents)
            take_signal(r);
        if (r->patience && clock_mono_ms() > r->patience)
            kill(r->pid, SIGKILL);
        if (p[0].revents && !take_output(r->out, out, r)) {
            close(r->out);
            r->out = -1;
        }
        if (p[1].revents && !take_output(r->err, NULL, r)) {
            close(r->err);
            r->err = -1;
        }
    }
}

souk_err proc_run(struct args *a, int signals, struct buf *out,
                  void (*line)(void *ud, const char *words), void *ud, int *code, struct err *e)
{
    int o[2], x[2];
    if (pipe2(o, O_CLOEXEC) < 0)
        return err_set(e, SOUK_EFAIL, "%s could not be started: %s", a->v[0], strerror(errno));
    struct running r = {.pid = -1, .out = o[0], .signals = signals, .line = line, .ud = ud};
    int failed = pipe2(x, O_CLOEXEC) < 0 ? errno : 0;
    if (!failed) {
        r.err = x[0];
        const struct proc_io io = {-1, o[1], x[1], -1, SIGTERM};
        r.pid = proc_start(a, &io);
        failed = r.pid < 0 ? errno : 0;
        close(x[1]);
        if (failed)
            close(x[0]);
    }
    close(o[1]);
    if (failed) {
        close(o[0]);
        return err_set(e, SOUK_EFAIL, "%s could not be started: %s", a->v[0], strerror(failed));
    }
    attend(&r, out);
    int status = 0;
    while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR)
        ;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return r.cancelled ? err_set(e, SOUK_ECANCEL, "stopped") : SOUK_OK;
}

void note_words(char note[NOTE_MAX], const char *line)
{
    static const char *const chaff[] = {"Node.js v", "node:internal", "file://"};
    if (strspn(line, " \t\r\n^{}") > 0 || line[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof chaff / sizeof *chaff; i++)
        if (strncmp(line, chaff[i], strlen(chaff[i])) == 0)
            return;
    snprintf(note, NOTE_MAX, "%.*s", (int)strcspn(line, "\r\n"), line);
}

souk_err devnet_file_read(const char *path, struct buf *b, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, SOUK_ENOTFOUND, "%s: %s", path, strerror(errno));
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(b, chunk, n);
    bool bad = ferror(f);
    fclose(f);
    return bad ? err_set(e, SOUK_EFAIL, "%s could not be read", path) : buf_check(b, path, e);
}
