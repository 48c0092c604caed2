#include "signer/server_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wallet/socket.h"

#include "base/banned.h"

/* --- the frame's length */

static size_t frame_len(const struct client *c)
{
    struct wire w = wire_reader(c->in, FRAME_HEAD);
    uint32_t n = 0;
    wire_u32(&w, &n);
    return n;
}

static bool whole(const struct client *c)
{
    return c->n >= FRAME_HEAD && c->n == FRAME_HEAD + frame_len(c);
}

/* --- clients */

static void drop_passed(struct client *c)
{
    if (c->passed >= 0)
        close(c->passed);
    c->passed = -1;
}

static void end_question(struct server *s)
{
    gate_end(s->gate);
    s->gate = NULL;
    s->asker = NULL;
}

static void drop(struct server *s, struct client *c)
{
    if (s->asker == c)
        end_question(s);
    drop_passed(c);
    buf_release(&c->out);
    secret_wipe(c->in, sizeof c->in);
    close(c->fd);
    c->fd = -1;
    c->state = CLIENT_READS;
    c->n = 0;
}

static void flush(struct server *s, struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t k =
            send(c->fd, c->out.p + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 && errno == EAGAIN)
            return;
        if (k <= 0) {
            drop(s, c);
            return;
        }
        c->sent += (size_t)k;
    }
    buf_clear(&c->out);
    c->state = CLIENT_READS;
}

/* The answer in s->reply. */
void server_reply(struct server *s, struct client *c)
{
    struct wire w = wire_writer(&c->out);
    uint32_t n = (uint32_t)s->reply.len;
    buf_clear(&c->out);
    wire_u32(&w, &n);
    buf_add(&c->out, s->reply.p, s->reply.len);
    drop_passed(c);
    c->n = 0;
    c->sent = 0;
    c->state = CLIENT_WRITES;
    if (c->out.bad)
        drop(s, c);
    else
        flush(s, c);
}

/* --- when it locks itself */

static void touch(struct server *s)
{
    struct itimerspec t = {.it_value.tv_sec = s->lock_after};
    s->v->locks_at = clock_now() + s->lock_after;
    if (timerfd_settime(s->timer, 0, &t, NULL) != 0)
        BUG("the timer that locks the wallet cannot be set");
}

/* --- deciding */

static bool waits_for_question(const struct server *s, const struct client *c)
{
    switch (c->in[FRAME_HEAD]) {
    case OP_PAY:
    case OP_TX:
    case OP_MESSAGE:
    case OP_SET_LIMITS:
    case OP_REPIN:
    case OP_REVIVE:
        return s->gate;
    default:
        return false;
    }
}

static void decide_for(struct server *s, struct client *c, const struct asking *a);

/* The question is over; the same request is decided with what the user said. */
static void close_question(struct server *s, bool yes)
{
    struct client *c = s->asker;
    struct asking a = {.no = !yes, .yes = yes ? s->faults : 0};
    end_question(s);
    decide_for(s, c, &a);
    if (s->v->wrong >= VAULT_WRONG_MAX)
        s->stop = true;
}

static void put_question(struct server *s, struct client *c, const struct question *q)
{
    struct err e;
    int fd = c->passed;
    c->passed = -1;
    if (gate_start(s->v, fd, q->text, &s->gate, &e)) {
        struct asking no = {.no = true};
        decide_for(s, c, &no);
        return;
    }
    s->asker = c;
    s->faults = q->faults;
    c->state = CLIENT_GATE;
}

static void decide_for(struct server *s, struct client *c, const struct asking *a)
{
    struct decision d;
    bool kill = c->in[FRAME_HEAD] == OP_KILL;
    decide(s->v, c->in + FRAME_HEAD, c->n - FRAME_HEAD, a, &d, &s->reply);
    if (d.used)
        touch(s);
    switch (d.verdict) {
    case VERDICT_MALFORMED:
        drop(s, c);
        break;
    case VERDICT_ASK:
        put_question(s, c, &d.question);
        break;
    case VERDICT_CHECK:
        c->state = CLIENT_CHECK;
        c->call = d.call;
        break;
    case VERDICT_LOCK:
        s->stop = true;
        server_reply(s, c);
        break;
    case VERDICT_ANSWER:
        server_reply(s, c);
        break;
    }
    if (kill && s->gate)
        close_question(s, false);
}

static void handle(struct server *s, struct client *c)
{
    struct asking a = {.gate = c->passed >= 0};
    if (waits_for_question(s, c))
        c->state = CLIENT_BLOCKED;
    else
        decide_for(s, c, &a);
}

static void unblock(struct server *s)
{
    for (size_t i = 0; i < CLIENTS && !s->gate && !s->stop; i++) {
        struct client *c = &s->client[i];
        if (c->fd >= 0 && c->state == CLIENT_BLOCKED) {
            c->state = CLIENT_READS;
            handle(s, c);
        }
    }
}

/* Reads no further than the frame, so that a descriptor belongs to the frame it came with. */
static void receive(struct server *s, struct client *c)
{
    size_t want = FRAME_HEAD;
    if (c->n >= FRAME_HEAD)
        want += frame_len(c);
    ssize_t k = socket_recv(c->fd, c->in + c->n, want - c->n, &c->passed, MSG_DONTWAIT);
    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (k <= 0) {
        drop(s, c);
        return;
    }
    c->n += (size_t)k;
    c->last = ++s->turn;
    if (c->n == FRAME_HEAD && (frame_len(c) == 0 || frame_len(c) > FRAME_MAX))
        drop(s, c);
    else if (whole(c)) {
        c->spoke = true;
        handle(s, c);
    }
}

/* Is a worth less of our room than b? */
static bool lesser(const struct client *a, const struct client *b)
{
    return a->spoke != b->spoke ? !a->spoke : a->last < b->last;
}

/* A free place; when there is none, that of one that never asked anything, or was quiet longest. */
static struct client *place(struct server *s)
{
    struct client *oldest = NULL;
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &s->client[i];
        if (c->fd < 0)
            return c;
        if (c->state != CLIENT_GATE && (!oldest || lesser(c, oldest)))
            oldest = c;
    }
    drop(s, oldest); /* at most one has the question */
    return oldest;
}

static void accept_one(struct server *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (!socket_peer_is_us(fd)) {
        close(fd);
        return;
    }
    struct client *c = place(s);
    c->fd = fd;
    c->spoke = false;
    c->last = ++s->turn;
}

/* --- the loop */

static int wait_ms(const struct server *s)
{
    int64_t until = -1, now = clock_mono_ms();
    if (s->w->asked)
        until = s->w->until;
    else if (s->w->fd >= 0 && s->v->ledger && ledger_open_count(s->v->ledger) > 0)
        until = s->own_at;
    if (until < 0)
        return -1;
    return until > now ? (int)(until - now) : 0;
}

enum { POLL_SIGNALS, POLL_TIMER, POLL_LISTENER, POLL_WITNESS, POLL_GATE, POLL_CLIENTS };

static void fill(const struct server *s, struct pollfd *p)
{
    p[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    p[POLL_TIMER] = (struct pollfd){.fd = s->timer, .events = POLLIN};
    p[POLL_LISTENER] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    p[POLL_WITNESS] = (struct pollfd){.fd = s->w->fd, .events = POLLIN};
    p[POLL_GATE] = (struct pollfd){.fd = s->gate ? gate_fd(s->gate) : -1, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct client *c = &s->client[i];
        short events = c->state == CLIENT_READS    ? POLLIN
                       : c->state == CLIENT_WRITES ? POLLOUT
                                                   : POLLRDHUP;
        p[POLL_CLIENTS + i] = (struct pollfd){.fd = c->fd, .events = events};
    }
}

static void serve_client(struct server *s, struct client *c, short happened)
{
    if (c->state == CLIENT_READS)
        receive(s, c);
    else if (c->state == CLIENT_WRITES)
        flush(s, c);
    else if (happened & (POLLHUP | POLLRDHUP | POLLERR))
        drop(s, c);
}

static void turn(struct server *s)
{
    struct pollfd p[POLL_CLIENTS + CLIENTS];
    fill(s, p);
    if (poll(p, POLL_CLIENTS + CLIENTS, wait_ms(s)) < 0)
        return;
    if (p[POLL_SIGNALS].revents || p[POLL_TIMER].revents) {
        s->stop = true;
        return;
    }
    for (size_t i = 0; i < CLIENTS && !s->stop; i++) {
        struct client *c = &s->client[i];
        if (c->fd >= 0 && c->fd == p[POLL_CLIENTS + i].fd && p[POLL_CLIENTS + i].revents)
            serve_client(s, c, p[POLL_CLIENTS + i].revents);
    }
    if (s->gate && p[POLL_GATE].revents) {
        enum gate_state g = gate_step(s->gate);
        if (g != GATE_OPEN)
            close_question(s, g == GATE_YES);
    }
    if (p[POLL_LISTENER].revents)
        accept_one(s);
    server_checks(s, p[POLL_WITNESS].revents != 0);
    unblock(s);
}

void server_run(struct server *s)
{
    touch(s);
    while (!s->stop)
        turn(s);
}

/* --- opening and closing */

souk_err server_open(struct vault *v, struct witness *w, int socket_dir, int lock_after,
                     struct server **out, struct err *e)
{
    *out = NULL;
    struct server *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->v = v;
    s->w = w;
    s->dir = socket_dir;
    s->lock_after = lock_after;
    s->listener = s->timer = -1;
    v->witness = w->fd >= 0;
    memcpy(s->name, v->card.name, sizeof s->name);
    buf_init(&s->reply, FRAME_MAX);
    for (size_t i = 0; i < CLIENTS; i++) {
        s->client[i].fd = s->client[i].passed = -1;
        buf_init(&s->client[i].out, FRAME_HEAD + FRAME_MAX);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC);
    s->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    souk_err rc = s->signals < 0 || s->timer < 0
                      ? err_set(e, SOUK_EFAIL, "the signer cannot start: %s", strerror(errno))
                      : socket_listen(socket_dir, s->name, &s->listener, e);
    if (rc) {
        server_close(s);
        return rc;
    }
    *out = s;
    return SOUK_OK;
}

void server_close(struct server *s)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        if (s->client[i].fd >= 0)
            drop(s, &s->client[i]);
    }
    if (s->listener >= 0) {
        unlinkat(s->dir, s->name, 0);
        close(s->listener);
    }
    if (s->signals >= 0)
        close(s->signals);
    if (s->timer >= 0)
        close(s->timer);
    buf_release(&s->reply);
    secret_wipe(s, sizeof *s);
    mem_free(s);
}
