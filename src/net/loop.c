/* loop.c: see loop.h. Wake-ups from workers and from signal handlers share one eventfd. */
#include "net/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/banned.h"

enum { SIGNALS = 32, IDLE_HORIZON_MS = 1000, MAX_SLOTS = 1 << 20 };

struct watch {
    int fd;
    short events;
    uint64_t since; /* the turn it was set in: what poll said before that is about another file */
    loop_fd_fn fn;
    void *ud;
};

struct timer {
    int64_t due;
    uint64_t id;
    loop_timer_fn fn;
    void *ud;
};

struct job_list {
    struct job *head, *tail;
};

struct worker {
    struct loop *l;
    pthread_t thread;
    pthread_cond_t work;
    bool started;
    struct job_list queue;
    struct job *running;
};

struct signal_slot {
    void (*fn)(void *ud, int signo);
    void *ud;
    struct sigaction before;
};

struct loop {
    int wake;
    uint64_t turn;
    bool stopped;
    int code;
    int busy; /* loop_busy's, plus jobs whose done() has not begun */

    struct watch *watches;
    struct pollfd *polled; /* [0] is `wake`; room for one more than `watches` */
    size_t n_watches, watch_room;

    struct timer *heap;
    size_t n_timers, timer_room;
    uint64_t last_timer;

    void (*turn_end)(void *ud);
    void *turn_end_ud;

    struct signal_slot signals[SIGNALS];

    pthread_mutex_t lock; /* guards what follows */
    bool closing;
    struct worker workers[LANE_COUNT];
    struct job_list finished;
};

/* What a signal handler can reach: the one loop that takes signals, and which of them came. */
static struct {
    _Atomic(struct loop *) owner;
    atomic_int wake;
    atomic_bool came[SIGNALS];
} caught;

static void wake_up(int fd)
{
    uint64_t one = 1;
    /* The only way to fail is a full counter, and then the loop is being woken already. */
    ssize_t ignored = write(fd, &one, sizeof one);
    (void)ignored;
}

static void append(struct job_list *q, struct job *j)
{
    j->next = NULL;
    if (q->tail)
        q->tail->next = j;
    else
        q->head = j;
    q->tail = j;
}

static struct job *take(struct job_list *q)
{
    struct job *j = q->head;
    if (j) {
        q->head = j->next;
        if (!q->head)
            q->tail = NULL;
        j->next = NULL;
    }
    return j;
}

/* --- life */

struct loop *loop_new(struct err *e)
{
    struct loop *l = mem_zalloc(sizeof *l);
    struct pollfd *polled = mem_array(1, sizeof *polled);
    if (!l || !polled) {
        mem_free(l);
        mem_free(polled);
        err_nomem(e);
        return NULL;
    }
    l->polled = polled;
    l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (l->wake < 0) {
        err_set(e, SOUK_EFAIL, "the event loop could not start: %s", strerror(errno));
        mem_free(polled);
        mem_free(l);
        return NULL;
    }
    pthread_mutex_init(&l->lock, NULL);
    for (int i = 0; i < LANE_COUNT; i++) {
        l->workers[i].l = l;
        pthread_cond_init(&l->workers[i].work, NULL);
    }
    return l;
}

static void give_back_signals(struct loop *l)
{
    if (atomic_load(&caught.owner) != l)
        return;
    for (int s = 1; s < SIGNALS; s++) {
        if (l->signals[s].fn)
            sigaction(s, &l->signals[s].before, NULL);
        atomic_store(&caught.came[s], false);
    }
    atomic_store(&caught.owner, NULL);
}

static void stop_workers(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    for (int i = 0; i < LANE_COUNT; i++) {
        struct worker *w = &l->workers[i];
        for (struct job *j = w->queue.head; j; j = j->next)
            atomic_store(&j->cancelled, true);
        if (w->running)
            atomic_store(&w->running->cancelled, true);
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < LANE_COUNT; i++) {
        if (l->workers[i].started)
            pthread_join(l->workers[i].thread, NULL);
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    give_back_signals(l);
    stop_workers(l);
    struct job *j;
    while ((j = take(&l->finished)))
        j->done(j);
    for (int i = 0; i < LANE_COUNT; i++)
        pthread_cond_destroy(&l->workers[i].work);
    pthread_mutex_destroy(&l->lock);
    close(l->wake);
    mem_free(l->watches);
    mem_free(l->polled);
    mem_free(l->heap);
    mem_free(l);
}

/* --- file descriptors */

static struct watch *watch_of(struct loop *l, int fd)
{
    for (size_t i = 0; i < l->n_watches; i++) {
        if (l->watches[i].fd == fd)
            return &l->watches[i];
    }
    return NULL;
}

static bool more_watches(struct loop *l)
{
    size_t room = l->watch_room ? l->watch_room * 2 : 8;
    if (room > MAX_SLOTS)
        return false;
    struct pollfd *polled = mem_resize(l->polled, (room + 1) * sizeof *polled);
    if (!polled)
        return false;
    l->polled = polled;
    struct watch *watches = mem_resize(l->watches, room * sizeof *watches);
    if (!watches)
        return false;
    l->watches = watches;
    l->watch_room = room;
    return true;
}

souk_err loop_watch(struct loop *l, int fd, short events, loop_fd_fn fn, void *ud, struct err *e)
{
    if (fd < 0 || !fn)
        BUG("loop_watch(%d) without a file or a callback", fd);
    struct watch *w = watch_of(l, fd);
    if (!w) {
        if (l->n_watches == l->watch_room && !more_watches(l))
            return err_nomem(e);
        w = &l->watches[l->n_watches++];
    }
    *w = (struct watch){fd, events, l->turn, fn, ud};
    return SOUK_OK;
}

void loop_unwatch(struct loop *l, int fd)
{
    struct watch *w = watch_of(l, fd);
    if (w)
        *w = l->watches[--l->n_watches];
}

static void dispatch_fd(struct loop *l, struct pollfd p)
{
    struct watch *w = watch_of(l, p.fd);
    if (!w || w->since == l->turn)
        return; /* gone, or set anew in this turn: poll will tell again if it still holds */
    struct watch now = *w;
    short revents = (short)(p.revents & (now.events | POLLERR | POLLHUP | POLLNVAL));
    if (!revents)
        return;
    if (revents & POLLNVAL)
        loop_unwatch(l, p.fd); /* a closed file would be reported for ever */
    now.fn(now.ud, now.fd, revents);
}

/* --- timers: a binary heap, the earliest first; of equals the older ----------------------------
 */

static bool earlier(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->id < b->id;
}

static void swap_timers(struct timer *a, struct timer *b)
{
    struct timer t = *a;
    *a = *b;
    *b = t;
}

static void sift(struct timer *h, size_t n, size_t i)
{
    for (; i > 0 && earlier(&h[i], &h[(i - 1) / 2]); i = (i - 1) / 2)
        swap_timers(&h[i], &h[(i - 1) / 2]);
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++) {
            if (earlier(&h[child], &h[least]))
                least = child;
        }
        if (least == i)
            return;
        swap_timers(&h[i], &h[least]);
        i = least;
    }
}

uint64_t loop_timer(struct loop *l, int64_t ms, loop_timer_fn fn, void *ud)
{
    if (l->n_timers == l->timer_room) {
        size_t room = l->timer_room ? l->timer_room * 2 : 8;
        struct timer *heap = room > MAX_SLOTS ? NULL : mem_resize(l->heap, room * sizeof *heap);
        if (!heap)
            return 0;
        l->heap = heap;
        l->timer_room = room;
    }
    int64_t due = clock_mono_ms() + (ms > 0 ? ms : 0);
    l->heap[l->n_timers] = (struct timer){due, ++l->last_timer, fn, ud};
    l->n_timers++;
    sift(l->heap, l->n_timers, l->n_timers - 1);
    return l->last_timer;
}

static void drop_timer(struct loop *l, size_t i)
{
    l->heap[i] = l->heap[--l->n_timers];
    if (i < l->n_timers)
        sift(l->heap, l->n_timers, i);
}

void loop_timer_cancel(struct loop *l, uint64_t id)
{
    for (size_t i = 0; id && i < l->n_timers; i++) {
        if (l->heap[i].id == id) {
            drop_timer(l, i);
            return;
        }
    }
}

static void fire_timers(struct loop *l)
{
    int64_t now = clock_mono_ms();
    uint64_t newest = l->last_timer; /* what these start waits for the next turn */
    while (l->n_timers && l->heap[0].due <= now && l->heap[0].id <= newest) {
        struct timer t = l->heap[0];
        drop_timer(l, 0);
        t.fn(t.ud);
    }
}

/* --- signals */

static void on_signal(int signo)
{
    int keep = errno;
    atomic_store(&caught.came[signo], true);
    wake_up(atomic_load(&caught.wake));
    errno = keep;
}

souk_err loop_signal(struct loop *l, int signo, void (*fn)(void *ud, int signo), void *ud,
                     struct err *e)
{
    if (signo <= 0 || signo >= SIGNALS || !fn)
        BUG("loop_signal(%d)", signo);
    struct loop *nobody = NULL;
    if (!atomic_compare_exchange_strong(&caught.owner, &nobody, l) && nobody != l)
        return err_set(e, SOUK_EFAIL, "another event loop already takes the signals");
    atomic_store(&caught.wake, l->wake);
    struct signal_slot *s = &l->signals[signo];
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&act.sa_mask);
    if (sigaction(signo, &act, &before) != 0)
        return err_set(e, SOUK_EFAIL, "signal %d cannot be caught: %s", signo, strerror(errno));
    if (!s->fn)
        s->before = before;
    s->fn = fn;
    s->ud = ud;
    return SOUK_OK;
}

void loop_signal_off(struct loop *l, int signo)
{
    struct signal_slot *s = &l->signals[signo];
    if (s->fn == NULL)
        return;
    sigaction(signo, &s->before, NULL);
    s->fn = NULL;
    atomic_store(&caught.came[signo], false);
}

static void dispatch_signals(struct loop *l)
{
    if (atomic_load(&caught.owner) != l)
        return;
    for (int s = 1; s < SIGNALS; s++) {
        if (atomic_exchange(&caught.came[s], false) && l->signals[s].fn)
            l->signals[s].fn(l->signals[s].ud, s);
    }
}

/* --- workers */

static void hand_back(struct loop *l, struct job *j)
{
    bool first = !l->finished.head;
    append(&l->finished, j);
    if (first)
        wake_up(l->wake);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct loop *l = w->l;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        struct job *j = take(&w->queue);
        if (!j) {
            if (l->closing)
                break;
            pthread_cond_wait(&w->work, &l->lock);
            continue;
        }
        w->running = j;
        pthread_mutex_unlock(&l->lock);
        if (!atomic_load(&j->cancelled))
            j->run(j);
        pthread_mutex_lock(&l->lock);
        w->running = NULL;
        hand_back(l, j);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Signals are for the loop's thread: a worker inherits a mask that blocks them all. */
static bool start_worker(struct worker *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, NULL, work, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->started;
}

void loop_submit(struct loop *l, enum lane lane, struct job *j)
{
    struct worker *w = &l->workers[lane];
    atomic_store(&j->cancelled, false);
    j->lane = lane;
    l->busy++;
    pthread_mutex_lock(&l->lock);
    if (l->closing) {
        atomic_store(&j->cancelled, true);
        append(&l->finished, j);
    } else if (w->started || start_worker(w)) {
        append(&w->queue, j);
        pthread_cond_signal(&w->work);
    } else { /* no thread to be had: slow, but it still works */
        pthread_mutex_unlock(&l->lock);
        j->run(j);
        pthread_mutex_lock(&l->lock);
        hand_back(l, j);
    }
    pthread_mutex_unlock(&l->lock);
}

void loop_cancel(struct job *j)
{
    atomic_store(&j->cancelled, true);
}

static void dispatch_finished(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct job_list list = l->finished;
    l->finished = (struct job_list){0};
    pthread_mutex_unlock(&l->lock);
    struct job *j;
    while ((j = take(&list))) {
        l->busy--;
        j->done(j);
    }
}

/* --- turning */

static int wait_ms(const struct loop *l, int timeout_ms)
{
    if (!l->n_timers)
        return timeout_ms;
    int64_t left = l->heap[0].due - clock_mono_ms();
    if (left < 0)
        left = 0;
    if (timeout_ms >= 0 && timeout_ms < left)
        return timeout_ms;
    return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void end_turn(struct loop *l)
{
    if (l->turn_end)
        l->turn_end(l->turn_end_ud);
}

void loop_step(struct loop *l, int timeout_ms)
{
    size_t n = l->n_watches;
    l->polled[0] = (struct pollfd){.fd = l->wake, .events = POLLIN};
    for (size_t i = 0; i < n; i++)
        l->polled[i + 1] = (struct pollfd){.fd = l->watches[i].fd, .events = l->watches[i].events};
    l->turn++;
    int ready = poll(l->polled, (nfds_t)(n + 1), wait_ms(l, timeout_ms));
    if (ready < 0 && errno != EINTR)
        BUG("poll: %s", strerror(errno));
    if (ready > 0 && l->polled[0].revents) {
        uint64_t count;
        ssize_t ignored = read(l->wake, &count, sizeof count);
        (void)ignored;
        dispatch_signals(l);
        dispatch_finished(l);
    }
    /* A callback may watch more files and so move the array: it is read afresh each time. */
    for (size_t i = 1; ready > 0 && i <= n; i++) {
        if (l->polled[i].revents)
            dispatch_fd(l, l->polled[i]);
    }
    fire_timers(l);
    end_turn(l);
}

int loop_run(struct loop *l)
{
    end_turn(l);
    while (!l->stopped)
        loop_step(l, -1);
    l->stopped = false;
    return l->code;
}

void loop_stop(struct loop *l, int code)
{
    l->stopped = true;
    l->code = code;
}

void loop_set_turn_end(struct loop *l, void (*fn)(void *ud), void *ud)
{
    l->turn_end = fn;
    l->turn_end_ud = ud;
}

void loop_busy(struct loop *l, int delta)
{
    l->busy += delta;
    if (l->busy < 0)
        BUG("loop_busy below zero");
}

bool loop_idle(const struct loop *l)
{
    return l->busy == 0 && (!l->n_timers || l->heap[0].due - clock_mono_ms() >= IDLE_HORIZON_MS);
}
