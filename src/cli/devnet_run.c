#include "cli/devnet_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/json.h"

#include "base/banned.h"

enum { START_MS = 120000, CHILDREN = 3, CHILD_SERVERS = 2 /* 0 and 1: the chains */ };

static const char *const child_name[CHILDREN] = {"payment chain", "inference chain", "servers"};

/* The supervisor's own. */
struct run {
    const struct devnet *d;
    json *world;         /* contracts.json: what the world says of itself */
    pid_t pid[CHILDREN]; /* 0: does not live */
    int ended;           /* the first child that ended, or -1 */
    int signals;         /* signalfd of SIGCHLD and of orders to stop */
    int watch;           /* a pipe whose other end is with whoever we run for; -1: nobody */
    int alive, log;
    int feed;  /* node's stdin: it ends when this closes */
    int ready; /* node's stdout */
};

/* --- waiting: all of it happens here */

enum event { EVENT_NONE, EVENT_STOP, EVENT_CHILD_ENDED, EVENT_INPUT };

static enum event take_signal(struct run *r)
{
    struct signalfd_siginfo si;
    if (read(r->signals, &si, sizeof si) != (ssize_t)sizeof si)
        return EVENT_NONE;
    if (si.ssi_signo != SIGCHLD)
        return EVENT_STOP;
    for (int i = 0; i < CHILDREN; i++)
        if (r->pid[i] > 0 && waitpid(r->pid[i], NULL, WNOHANG) == r->pid[i]) {
            r->pid[i] = 0;
            r->ended = r->ended < 0 ? i : r->ended;
        }
    return r->ended >= 0 ? EVENT_CHILD_ENDED : EVENT_NONE;
}

/* What comes first: an order to stop, the end of whoever we run for, a child's end, input (-1:
 * none is waited for), or the time (-1: no limit). */
static enum event next_event(struct run *r, int input, int timeout_ms)
{
    struct pollfd p[3] = {{.fd = r->signals, .events = POLLIN},
                          {.fd = r->watch, .events = 0}, /* its end is always reported */
                          {.fd = input, .events = POLLIN}};
    if (poll(p, 3, timeout_ms) <= 0)
        return EVENT_NONE;
    if (p[1].revents)
        return EVENT_STOP;
    if (p[0].revents) {
        enum event what = take_signal(r);
        if (what != EVENT_NONE)
            return what;
    }
    return p[2].revents ? EVENT_INPUT : EVENT_NONE;
}

/* --- starting the children */

static souk_err start_child(struct run *r, int which, struct args *a, int in, int out,
                            struct err *e)
{
    const struct proc_io io = {in, out, r->log, r->alive, SIGKILL};
    r->pid[which] = proc_start(a, &io);
    if (r->pid[which] > 0)
        return SOUK_OK;
    r->pid[which] = 0;
    return err_set(e, SOUK_EFAIL, "the devnet's %s could not be started: %s", child_name[which],
                   strerror(errno));
}

static souk_err start_chain(struct run *r, int which, struct err *e)
{
    struct args *a = mem_zalloc(sizeof *a);
    if (!a)
        return err_nomem(e);
    args_add(a, "%s", r->d->anvil);
    const json *chain = json_get(r->world, which == 0 ? "payment_chain" : "inference_chain");
    for (const json *j = json_first(json_get(chain, "anvil_args")); j; j = json_next(j))
        if (cJSON_IsString(j) && strlen(j->valuestring) < PATH_BUF && a->n < ARGS_MOST - 5)
            args_add(a, "%s", j->valuestring);
    args_add(a, "--host");
    args_add(a, "127.0.0.1");
    args_add(a, "--port");
    args_add(a, "%d", r->d->port + which);
    args_add(a, "--silent");
    souk_err code = start_child(r, which, a, -1, r->log, e);
    mem_free(a);
    return code;
}

static void server_args(struct args *a, const struct devnet *d)
{
    static const char *const option[PORTS] = {
        [PORT_HUB] = "--hub-port",         [PORT_WALRUS] = "--walrus-port",
        [PORT_SELLER] = "--seller-port",   [PORT_FACILITATOR] = "--facilitator-port",
        [PORT_GATEWAY] = "--gateway-port",
    };
    args_add(a, "node");
    args_add(a, "%s/serve.mjs", d->scripts);
    args_add(a, "--dir");
    args_add(a, "%s", d->world);
    args_add(a, "--payment-rpc");
    args_add(a, "http://127.0.0.1:%d", d->port + PORT_PAYMENT);
    args_add(a, "--inference-rpc");
    args_add(a, "http://127.0.0.1:%d", d->port + PORT_INFERENCE);
    for (int i = PORT_HUB; i < PORTS; i++) {
        args_add(a, "%s", option[i]);
        args_add(a, "%d", d->port + i);
    }
    if (d->o->traffic > 0) {
        args_add(a, "--traffic");
        args_add(a, "%lld", (long long)d->o->traffic);
    }
}

static souk_err start_servers(struct run *r, struct err *e)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return err_set(e, SOUK_EFAIL, "pipe: %s", strerror(errno));
    r->feed = in[1];
    r->ready = out[0];
    struct args *a = mem_zalloc(sizeof *a);
    if (a)
        server_args(a, r->d);
    souk_err code = a ? start_child(r, CHILD_SERVERS, a, in[0], out[1], e) : err_nomem(e);
    mem_free(a);
    close(in[0]);
    close(out[1]);
    return code;
}

/* What a child said last in the log, for the error message. */
static void last_words(const struct run *r, char note[NOTE_MAX])
{
    char path[PATH_BUF + 16], line[1024];
    note[0] = '\0';
    snprintf(path, sizeof path, "%s/log", r->d->state);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        note_words(note, line);
    if (f)
        fclose(f);
}

static souk_err start_failed(const struct run *r, int which, enum event why, struct err *e)
{
    char note[NOTE_MAX];
    if (why == EVENT_STOP)
        return err_set(e, SOUK_ECANCEL, "stopped");
    if (r->ended >= 0)
        which = r->ended; /* another than the one we waited for */
    int port = r->d->port + which;
    if (which < CHILD_SERVERS && r->ended >= 0 && port_answers(port))
        return err_set(e, SOUK_EFAIL,
                       "port %d (the devnet's %s) was taken by another program meanwhile: try "
                       "again, or choose other ports with --port N",
                       port, port_name[which]);
    last_words(r, note);
    return err_set(e, SOUK_EFAIL, "the devnet's %s did not start: %s", child_name[which],
                   note[0]             ? note
                   : why == EVENT_NONE ? "no answer in time"
                                       : "no reason given");
}

/* Until the chain's own process listens: that something answers there would not be enough. */
static souk_err wait_chain(struct run *r, int which, struct err *e)
{
    int port = r->d->port + which;
    int64_t until = clock_mono_ms() + START_MS;
    for (;;) {
        enum event what = next_event(r, -1, 20);
        if (what != EVENT_NONE || clock_mono_ms() > until)
            return start_failed(r, which, what, e);
        if (port_answers(port) && port_is_of(port, r->pid[which]))
            return SOUK_OK;
    }
}

/* Until node says that all servers listen, in one line. */
static souk_err wait_servers(struct run *r, struct err *e)
{
    char line[4096] = "";
    size_t n = 0;
    int64_t until = clock_mono_ms() + START_MS;
    while (n < sizeof line - 1 && !memchr(line, '\n', n)) {
        int64_t left = until - clock_mono_ms();
        enum event what = next_event(r, r->ready, left > 0 ? (int)left : 0);
        if (what == EVENT_NONE && left > 0)
            continue;
        if (what != EVENT_INPUT)
            return start_failed(r, CHILD_SERVERS, what, e);
        ssize_t got = read(r->ready, line + n, sizeof line - 1 - n);
        if (got > 0)
            n += (size_t)got;
        else if ((what = next_event(r, -1, 1000)) != EVENT_INPUT) /* it closed: why? */
            return start_failed(r, CHILD_SERVERS, what, e);
    }
    line[n] = '\0';
    return strstr(line, "\"ready\":true") ? SOUK_OK : start_failed(r, CHILD_SERVERS, EVENT_NONE, e);
}

/* --- the supervisor */

static souk_err read_world(struct run *r, struct err *e)
{
    char path[PATH_BUF + 16];
    struct buf in;
    struct err why = {0};
    buf_init(&in, STATUS_CAP);
    snprintf(path, sizeof path, "%s/contracts.json", r->d->world);
    if (!devnet_file_read(path, &in, &why))
        r->world = json_parse(in.p, in.len, path, &why);
    buf_release(&in);
    if (r->world)
        return SOUK_OK;
    return err_set(e, SOUK_EINPUT, "%s: make a new world with `souk devnet reset`", why.msg);
}

static souk_err start_all(struct run *r, struct err *e)
{
    souk_err code = read_world(r, e);
    for (int i = PORT_PAYMENT; i <= PORT_INFERENCE && !code; i++)
        code = start_chain(r, i, e);
    for (int i = PORT_PAYMENT; i <= PORT_INFERENCE && !code; i++)
        code = wait_chain(r, i, e);
    if (!code)
        code = start_servers(r, e);
    if (!code)
        code = wait_servers(r, e);
    if (!code)
        code = status_write(r->d, r->world, e);
    return code;
}

static void stop_all(struct run *r)
{
    for (int i = 0; i < CHILDREN; i++)
        if (r->pid[i] > 0)
            kill(r->pid[i],
                 SIGKILL); /* nothing of theirs needs saving: the world is in the cache */
    for (int i = 0; i < CHILDREN; i++)
        while (r->pid[i] > 0 && waitpid(r->pid[i], NULL, 0) < 0 && errno == EINTR)
            ;
}

/* Closes all descriptors from 3 on but these: what our starter had open is no business of ours. */
static void close_but(int *keep, size_t n)
{
    for (int from = 3; from > 0;) {
        int next = -1;
        for (size_t i = 0; i < n; i++)
            if (keep[i] >= from && (next < 0 || keep[i] < next))
                next = keep[i];
        if (next != from)
            close_range((unsigned)from, next < 0 ? ~0U : (unsigned)next - 1, 0);
        from = next < 0 ? 0 : next + 1;
    }
}

static void drop_stdio(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGCHLD, SIG_DFL); /* a starter that ignores it would have our children unreaped */
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* From a copy of the starter to a process of its own: descriptors, session, signals, locks. */
static souk_err settle(struct run *r, int owner, struct err *e)
{
    int keep[PORTS + 2];
    memcpy(keep, r->d->claim, sizeof r->d->claim);
    keep[PORTS] = r->watch;
    keep[PORTS + 1] = owner;
    log_close();
    close_but(keep, sizeof keep / sizeof *keep);
    drop_stdio(); /* before anything else is opened: nothing may land on 0, 1 or 2 */
    setsid();
    prctl(PR_SET_NAME, "souk-devnet");
    r->signals = catch_signals();

    const char *state = r->d->state;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int lock = state_open(state, "lock", O_RDWR, e); /* open, and so locked, until our end */
    if (lock < 0 || (r->alive = state_open(state, "alive", O_RDWR, e)) < 0 ||
        (r->log = state_open(state, "log", O_WRONLY | O_TRUNC | O_APPEND, e)) < 0)
        return SOUK_EFAIL;
    if (r->signals < 0 || chdir("/") < 0 || flock(r->alive, LOCK_EX | LOCK_NB) < 0 ||
        fcntl(lock, F_SETLK, &whole) < 0)
        return err_set(e, SOUK_EFAIL, "the devnet's supervisor cannot work in %s: %s", state,
                       strerror(errno));
    return SOUK_OK;
}

/*
 * The daemon's life. report: where the starter waits for "ok" or an error; when the starter ends
 * before it heard, nobody wants the devnet any more. owner: see struct run's watch.
 */
static _Noreturn void supervise(const struct devnet *d, int report, int owner)
{
    struct err e = {0};
    struct run r = {.d = d,
                    .ended = -1,
                    .signals = -1,
                    .watch = report,
                    .alive = -1,
                    .log = -1,
                    .feed = -1,
                    .ready = -1};
    souk_err code = settle(&r, owner, &e);
    if (!code) {
        status_remove(d); /* of a supervisor that was killed */
        code = start_all(&r, &e);
    }
    const char *word = code ? e.msg : "ok";
    if (code)
        stop_all(&r);
    bool heard = write(report, word, strlen(word)) > 0;
    r.watch = owner;
    close(report);
    if (code)
        _exit(1);

    enum event what = heard ? EVENT_NONE : EVENT_STOP;
    while (what == EVENT_NONE)
        what = next_event(&r, -1, -1);
    status_remove(d);
    if (what == EVENT_CHILD_ENDED)
        dprintf(r.log, "souk: the %s ended, and the devnet with it\n", child_name[r.ended]);
    stop_all(&r);
    _exit(what == EVENT_STOP ? 0 : 1);
}

/* --- the starter's side */

/* What the supervisor reports; SOUK_ECANCEL when the user wants to stop. */
static souk_err hear_report(struct devnet *d, int report, struct err *e)
{
    char word[ERR_MSG_MAX];
    size_t n = 0;
    for (;;) {
        struct pollfd p[2] = {{.fd = report, .events = POLLIN},
                              {.fd = d->signals, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents && stop_wanted(d->signals, 0))
            return err_set(e, SOUK_ECANCEL, "stopped");
        if (!p[0].revents)
            continue;
        ssize_t got = read(report, word + n, sizeof word - 1 - n);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    word[n] = '\0';
    if (strcmp(word, "ok") == 0)
        return SOUK_OK;
    return err_set(e, SOUK_EFAIL, "%s", n ? word : "the devnet's supervisor died while starting");
}

souk_err run_launch(struct devnet *d, struct err *e)
{
    int report[2], owner[2] = {-1, -1};
    if (pipe2(report, O_CLOEXEC) < 0 || (d->o->owned && pipe2(owner, O_CLOEXEC) < 0))
        return err_set(e, SOUK_EFAIL, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() != 0)
            _exit(0); /* the grandchild is nobody's child: a daemon */
        supervise(d, report[1], owner[0]);
    }
    int failed = pid < 0 ? errno : 0;
    close(report[1]);
    if (owner[0] >= 0)
        close(owner[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    souk_err code = failed ? err_set(e, SOUK_EFAIL, "fork: %s", strerror(failed))
                           : hear_report(d, report[0], e);
    close(report[0]);
    if (!code)
        return SOUK_OK; /* owner[1] stays open on purpose: it closes when this process ends */
    if (owner[1] >= 0)
        close(owner[1]);
    state_wait_gone(d->state);
    return code;
}
