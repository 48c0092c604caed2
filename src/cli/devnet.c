#include "cli/devnet_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/json.h"
#include "base/text.h"
#include "market/devnet_wallet.h"

#include "base/banned.h"

const struct devnet_options devnet_defaults = {
    .seed = 1,
    .models = 2000,
    .authors = 300,
    .payments = 30000,
    .inferences = 60000,
    .days = 120,
    .port = 18400,
};

/* --- the state directory and its locks */

static souk_err state_dir(char out[PATH_BUF], struct err *e)
{
    souk_err r = paths_get(PATH_STATE, "devnet", out, e);
    if (!r && mkdir(out, 0700) < 0 && errno != EEXIST)
        r = err_set(e, SOUK_EFAIL, "cannot make the directory %s: %s", out, strerror(errno));
    return r ? r : path_make_absolute(out, e);
}

int state_open(const char *state, const char *leaf, int flags, struct err *e)
{
    char path[PATH_BUF + 16];
    snprintf(path, sizeof path, "%s/%s", state, leaf);
    int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        err_set(e, SOUK_EFAIL, "%s cannot be written: %s", path, strerror(errno));
    return fd;
}

/* The supervisor's pid, from the kernel; 0 when there is none. */
static pid_t supervisor(const char *state)
{
    char path[PATH_BUF + 16];
    snprintf(path, sizeof path, "%s/lock", state);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool held = fd >= 0 && fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return held ? whole.l_pid : 0;
}

bool state_wait_gone(const char *state)
{
    int fd = state_open(state, "alive", O_RDWR, NULL);
    bool gone = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    for (int64_t until = clock_mono_ms() + GONE_MS; fd >= 0 && !gone && clock_mono_ms() < until;) {
        poll(NULL, 0, 5);
        gone = flock(fd, LOCK_EX | LOCK_NB) == 0;
    }
    if (fd >= 0)
        close(fd);
    return gone;
}

/* Waits until no other souk starts, stops or resets the devnet. The turn is over when the
 * descriptor closes. */
static int take_turn(const char *state, int signals, struct err *e)
{
    int fd = state_open(state, "turn", O_RDWR, e);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        bool busy = errno == EWOULDBLOCK || errno == EINTR;
        if (busy && !stop_wanted(signals, 50))
            continue;
        if (busy)
            err_set(e, SOUK_ECANCEL, "stopped");
        else
            err_set(e, SOUK_EFAIL, "%s/turn cannot be locked: %s", state, strerror(errno));
        close(fd);
        fd = -1;
    }
    return fd;
}

/* --- status */

/* Reads the document of the supervisor that lives now; false when it has none, or when one of
 * its servers is dead. */
static bool read_status(const char *state, struct buf *out)
{
    char path[PATH_BUF + 16];
    snprintf(path, sizeof path, "%s/status.json", state);
    pid_t pid = supervisor(state);
    if (pid <= 0 || devnet_file_read(path, out, NULL) != SOUK_OK)
        return false;
    json *j = json_parse(out->p, out->len, path, NULL);
    int64_t writer = 0, port = 0;
    bool ok = json_int(j, "pid", &writer) && writer == pid && json_int(j, "port", &port);
    for (int i = 0; i < PORTS && ok; i++)
        ok = port_answers((int)port + i);
    json_free(j);
    return ok && supervisor(state) == pid;
}

souk_err devnet_status(struct buf *out, bool *running, struct err *e)
{
    char state[PATH_BUF];
    souk_err r = state_dir(state, e);
    *running = !r && read_status(state, out);
    if (r || *running)
        return r;
    buf_clear(out);
    buf_adds(out, "{\"running\":false}\n");
    return buf_check(out, "the status", e);
}

static bool is_running(const char *state)
{
    struct buf b;
    buf_init(&b, STATUS_CAP);
    bool yes = read_status(state, &b);
    buf_release(&b);
    return yes;
}

/* --- down and reset */

/* Whether there was a supervisor to signal; a pid that changed hands meanwhile is left alone. */
static bool tell_supervisor(const char *state, int signo)
{
    pid_t pid = supervisor(state);
    int fd = pid > 0 ? pidfd_open(pid, 0) : -1;
    bool told = fd >= 0 && supervisor(state) == pid && pidfd_send_signal(fd, signo, NULL, 0) == 0;
    if (fd >= 0)
        close(fd);
    return told;
}

/* Our turn; the devnet's children die with the supervisor, however it ends. */
static souk_err stop(const char *state, bool *was, struct err *e)
{
    *was = tell_supervisor(state, SIGTERM);
    if (state_wait_gone(state))
        return SOUK_OK;
    tell_supervisor(state, SIGKILL);
    if (state_wait_gone(state))
        return SOUK_OK;
    return err_set(e, SOUK_EFAIL, "the devnet does not end: see which processes hold %s/alive open",
                   state);
}

static souk_err in_turn_stop(bool *was, bool forget, struct err *e)
{
    char state[PATH_BUF];
    *was = false;
    souk_err r = state_dir(state, e);
    int turn = r ? -1 : take_turn(state, -1, e);
    if (turn < 0)
        return r ? r : SOUK_EFAIL;
    r = stop(state, was, e);
    if (!r && forget)
        r = world_forget_all(e);
    close(turn);
    return r;
}

souk_err devnet_down(bool *was, struct err *e)
{
    return in_turn_stop(was, false, e);
}

souk_err devnet_reset(struct err *e)
{
    bool was;
    return in_turn_stop(&was, true, e);
}

/* --- up */

/* Our turn. */
static souk_err start(struct devnet *d, struct err *e)
{
    bool was;
    souk_err r = stop(d->state, &was, e); /* half of one that died, if anything */
    if (!r)
        r = world_parts(d, e);
    if (!r)
        r = ports_choose(d, e);
    if (!r)
        r = world_ensure(d, e);
    if (!r)
        r = run_launch(d, e);
    ports_release(d); /* the supervisor holds its own copies */
    return r;
}

/* Browsing needs no wallet, so a devnet without one is up all the same. Our turn. */
static void provide_wallet(const struct devnet *d)
{
    struct err why = {0};
    struct buf b;
    address who;
    char words[PATH_BUF + 16];
    buf_init(&b, STATUS_CAP);
    json *status = read_status(d->state, &b) ? json_parse(b.p, b.len, "the status", &why) : NULL;
    const char *addr = json_cstr(json_get(status, "wallet"), "address");
    const char *ledger = json_cstr(status, "ledger"), *end = ledger ? strrchr(ledger, '/') : NULL;
    if (addr && end && address_parse(addr, strlen(addr), &who)) {
        snprintf(words, sizeof words, "%.*s/wallet.words", (int)(end - ledger), ledger);
        if (devnet_wallet_ensure(who, words, &why) && !d->o->quiet) {
            fputs("souk: the devnet has no wallet for you: ", stderr);
            text_fputs(stderr, untrusted(why.msg));
            fputc('\n', stderr);
        }
    }
    json_free(status);
    buf_release(&b);
}

/* Ctrl-C and SIGTERM become readable, unless they are ignored; `before` is the mask to restore. */
static int catch_signals(sigset_t *before)
{
    static const int wanted[] = {SIGINT, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct sigaction now;
        if (sigaction(wanted[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&set, wanted[i]);
    }
    sigprocmask(SIG_BLOCK, &set, before);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Pipes and locks that landed on 0, 1 or 2 would be lost when children get theirs. */
static void fill_stdio(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < 3);
    if (fd >= 0)
        close(fd);
}

souk_err devnet_up(const struct devnet_options *o, bool *started, struct err *e)
{
    *started = false;
    struct devnet *d = mem_zalloc(sizeof *d);
    if (!d)
        return err_nomem(e);
    d->o = o;
    d->end = o->end ? o->end : clock_now() / 86400 * 86400;
    for (int i = 0; i < PORTS; i++)
        d->claim[i] = -1;
    fill_stdio();
    sigset_t before;
    d->signals = catch_signals(&before);
    struct err mine = {0};
    souk_err r = state_dir(d->state, &mine);
    int turn = r ? -1 : take_turn(d->state, d->signals, &mine);
    if (!r && turn < 0)
        r = mine.code;
    if (!r && !is_running(d->state)) {
        r = start(d, &mine);
        *started = !r;
    }
    if (!r)
        provide_wallet(d);
    if (turn >= 0)
        close(turn);
    if (d->signals >= 0)
        close(d->signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    mem_free(d);
    return r ? err_set(e, r, "%s", mine.msg) : SOUK_OK;
}

souk_err devnet_parts(struct err *e)
{
    struct devnet *d = mem_zalloc(sizeof *d);
    if (!d)
        return err_nomem(e);
    d->signals = -1;
    souk_err r = world_parts(d, e);
    mem_free(d);
    return r;
}
