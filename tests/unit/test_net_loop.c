#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <poll.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"

static struct loop *fresh(void)
{
    struct err e;
    struct loop *l = loop_new(&e);
    assert_non_null(l);
    return l;
}

static void until_idle(struct loop *l)
{
    while (!loop_idle(l))
        loop_step(l, -1);
}

/* --- jobs ------------------------------------------------------------------------------------ */

struct note {
    struct job job; /* first: a job is its note */
    struct loop *l;
    int number;
    sem_t *wait;          /* run() waits for it */
    bool until_cancelled; /* run() waits for that */
    atomic_bool began;
    bool ran, done, cancelled;
    pthread_t ran_on;
    int *order, *count; /* done() writes number to order[(*count)++] */
    struct note *then;  /* submitted by done() */
};

static void note_run(struct job *j)
{
    struct note *n = (struct note *)j;
    n->ran = true;
    n->ran_on = pthread_self();
    atomic_store(&n->began, true);
    if (n->wait)
        sem_wait(n->wait);
    while (n->until_cancelled && !atomic_load(&j->cancelled))
        sched_yield();
}

static void note_done(struct job *j)
{
    struct note *n = (struct note *)j;
    n->done = true;
    n->cancelled = atomic_load(&j->cancelled);
    if (n->order)
        n->order[(*n->count)++] = n->number;
    if (n->then)
        loop_submit(n->l, LANE_QUERY, &n->then->job);
}

static void submit(struct loop *l, enum lane lane, struct note *n)
{
    n->job.run = note_run;
    n->job.done = note_done;
    n->l = l;
    loop_submit(l, lane, &n->job);
}

static void test_jobs_of_a_lane_in_order(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct note notes[N];
    int order[N], count = 0;
    struct loop *l = fresh();
    memset(notes, 0, sizeof notes);
    for (int i = 0; i < N; i++) {
        notes[i].number = i;
        notes[i].order = order;
        notes[i].count = &count;
        submit(l, LANE_QUERY, &notes[i]);
    }
    assert_false(loop_idle(l));
    until_idle(l);
    assert_int_equal(count, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(order[i], i);
        assert_true(notes[i].ran);
        assert_false(notes[i].cancelled);
        assert_true(pthread_equal(notes[i].ran_on, notes[0].ran_on));
        assert_false(pthread_equal(notes[i].ran_on, pthread_self()));
    }
    loop_free(l);
}

static void test_lanes_do_not_wait_for_each_other(void **state)
{
    (void)state;
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct loop *l = fresh();
    struct note slow = {.wait = &gate}, quick = {0};
    submit(l, LANE_WRITE, &slow);
    submit(l, LANE_QUERY, &quick);
    while (!quick.done)
        loop_step(l, -1);
    assert_false(slow.done);
    sem_post(&gate);
    until_idle(l);
    assert_true(slow.done);
    loop_free(l);
    sem_destroy(&gate);
}

static void test_cancelled_in_the_queue(void **state)
{
    (void)state;
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct loop *l = fresh();
    struct note first = {.wait = &gate}, second = {0};
    submit(l, LANE_QUERY, &first);
    submit(l, LANE_QUERY, &second);
    loop_cancel(&second.job);
    sem_post(&gate);
    until_idle(l);
    assert_true(first.ran);
    assert_true(second.done);
    assert_true(second.cancelled);
    assert_false(second.ran);
    loop_free(l);
    sem_destroy(&gate);
}

static void test_done_may_submit(void **state)
{
    (void)state;
    struct loop *l = fresh();
    struct note second = {.job = {.run = note_run, .done = note_done}}, first = {.then = &second};
    submit(l, LANE_QUERY, &first);
    until_idle(l);
    assert_true(second.ran);
    assert_true(second.done);
    loop_free(l);
}

/* Freeing stops the running job, skips the queued ones, and calls every done() nevertheless. */
static void test_free_with_jobs(void **state)
{
    (void)state;
    struct loop *l = fresh();
    struct note late = {.job = {.run = note_run, .done = note_done}};
    struct note running = {.until_cancelled = true}, queued = {.then = &late};
    submit(l, LANE_WRITE, &running);
    while (!atomic_load(&running.began))
        sched_yield();
    submit(l, LANE_WRITE, &queued);
    loop_free(l);
    assert_true(running.done && running.cancelled);
    assert_true(queued.done && queued.cancelled && !queued.ran);
    assert_true(late.done && late.cancelled && !late.ran);
}

/* --- timers ---------------------------------------------------------------------------------- */

struct ring {
    struct loop *l;
    int order[64], count;
    uint64_t id;
    struct mark {
        struct ring *r;
        int number;
    } marks[64];
};

static void strike(void *ud)
{
    struct mark *m = ud;
    m->r->order[m->r->count++] = m->number;
}

static uint64_t strike_at(struct ring *r, int64_t ms, int number)
{
    r->marks[number] = (struct mark){r, number};
    return loop_timer(r->l, ms, strike, &r->marks[number]);
}

/* Sets timers in a mixed order. False when the machine dawdled so long that the order changed. */
static bool set_mixed(struct ring *r, const int *after, int n)
{
    int64_t from = clock_mono_ms();
    for (int i = 0; i < n; i++)
        strike_at(r, after[i] * 3, i);
    return clock_mono_ms() - from < 3;
}

static void test_timers_in_order(void **state)
{
    (void)state;
    static const int after[] = {9, 3, 7, 1, 5, 3, 8, 0, 6, 2, 4, 0, 9, 1};
    static const int expected[] = {7, 11, 3, 13, 9, 1, 5, 10, 4, 8, 2, 6, 0, 12};
    struct ring r;
    bool steady;
    do {
        r = (struct ring){.l = fresh()};
        steady = set_mixed(&r, after, 14);
        until_idle(r.l);
        loop_free(r.l);
        assert_int_equal(r.count, 14);
    } while (!steady);
    assert_memory_equal(r.order, expected, sizeof expected);
}

static void test_timer_cancel(void **state)
{
    (void)state;
    struct ring r = {.l = fresh()};
    uint64_t ids[20];
    for (int i = 0; i < 20; i++) {
        ids[i] = strike_at(&r, i / 4, i);
        assert_true(ids[i] != 0);
    }
    for (int i = 0; i < 20; i += 2)
        loop_timer_cancel(r.l, ids[i]);
    loop_timer_cancel(r.l, 0);
    loop_timer_cancel(r.l, ids[0]);
    until_idle(r.l);
    assert_int_equal(r.count, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(r.order[i], 2 * i + 1);
    loop_free(r.l);
}

static void again(void *ud)
{
    struct ring *r = ud;
    if (++r->count < 5)
        r->id = loop_timer(r->l, 0, again, r);
}

/* A timer that starts itself anew must not keep the loop from its files. */
static void test_timer_started_by_timer_waits_a_turn(void **state)
{
    (void)state;
    struct ring r = {.l = fresh()};
    r.id = loop_timer(r.l, 0, again, &r);
    for (int turn = 1; turn <= 5; turn++) {
        loop_step(r.l, -1);
        assert_int_equal(r.count, turn);
    }
    assert_true(loop_idle(r.l));
    loop_free(r.l);
}

static void count_turn(void *ud)
{
    ++*(int *)ud;
}

static void stop_seven(void *ud)
{
    loop_stop(ud, 7);
}

/* One wait, one wake-up: the loop does not tick. run() draws before it waits. */
static void test_no_wake_ups(void **state)
{
    (void)state;
    struct loop *l = fresh();
    int turns = 0;
    loop_set_turn_end(l, count_turn, &turns);
    loop_timer(l, 60000, stop_seven, l);
    loop_timer(l, 30, stop_seven, l);
    assert_false(loop_idle(l));
    assert_int_equal(loop_run(l), 7);
    assert_int_equal(turns, 2);
    assert_true(loop_idle(l)); /* a minute is beyond the horizon */
    loop_free(l);
}

static void test_busy(void **state)
{
    (void)state;
    struct loop *l = fresh();
    assert_true(loop_idle(l));
    loop_busy(l, 2);
    loop_busy(l, -1);
    assert_false(loop_idle(l));
    loop_busy(l, -1);
    assert_true(loop_idle(l));
    loop_stop(l, 3); /* before run: it does not start */
    assert_int_equal(loop_run(l), 3);
    loop_free(l);
}

/* --- files ----------------------------------------------------------------------------------- */

struct ear {
    struct loop *l;
    int heard;
    short revents;
    int drop;    /* unwatched when heard; -1: none */
    int *reopen; /* pipe closed and opened anew under the same numbers */
    struct ear *other;
};

static void hear(void *ud, int fd, short revents)
{
    struct ear *e = ud;
    char c;
    e->heard++;
    e->revents = revents;
    if (revents & POLLIN)
        assert_int_equal(read(fd, &c, 1), 1);
    if (e->drop >= 0)
        loop_unwatch(e->l, e->drop);
    if (e->reopen) {
        int *p = e->reopen, was = p[0];
        loop_unwatch(e->l, was);
        close(p[0]);
        close(p[1]);
        assert_int_equal(pipe(p), 0);
        assert_int_equal(p[0], was);
        assert_int_equal(loop_watch(e->l, p[0], POLLIN, hear, e->other, NULL), SOUK_OK);
        e->reopen = NULL;
    }
}

static void test_files(void **state)
{
    (void)state;
    struct loop *l = fresh();
    int p[2];
    assert_int_equal(pipe(p), 0);
    struct ear a = {.l = l, .drop = -1}, b = {.l = l, .drop = -1};
    loop_watch(l, p[0], POLLIN, hear, &a, NULL);
    loop_step(l, 0);
    assert_int_equal(a.heard, 0);
    assert_int_equal(write(p[1], "xy", 2), 2);
    loop_step(l, -1);
    assert_int_equal(a.heard, 1);
    loop_watch(l, p[0], POLLIN, hear, &b, NULL); /* replaces */
    loop_step(l, -1);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 1);
    close(p[1]);
    loop_step(l, -1);
    assert_true(b.revents & POLLHUP);
    loop_unwatch(l, p[0]);
    loop_step(l, 0);
    assert_int_equal(b.heard, 2);
    close(p[0]);
    loop_free(l);
}

/* Both are ready; whichever is heard first silences the other in the same turn. */
static void test_unwatch_of_a_ready_file(void **state)
{
    (void)state;
    struct loop *l = fresh();
    int p[2], q[2];
    assert_int_equal(pipe(p), 0);
    assert_int_equal(pipe(q), 0);
    struct ear a = {.l = l, .drop = q[0]}, b = {.l = l, .drop = p[0]};
    loop_watch(l, p[0], POLLIN, hear, &a, NULL);
    loop_watch(l, q[0], POLLIN, hear, &b, NULL);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(write(q[1], "x", 1), 1);
    loop_step(l, -1);
    assert_int_equal(a.heard + b.heard, 1);
    loop_free(l);
    close(p[0]), close(p[1]), close(q[0]), close(q[1]);
}

/* What poll said about a file number says nothing about the next file of that number. */
static void test_reused_file_number(void **state)
{
    (void)state;
    struct loop *l = fresh();
    int p[2], q[2];
    assert_int_equal(pipe(p), 0);
    assert_int_equal(pipe(q), 0);
    struct ear fresh_ear = {.l = l, .drop = -1};
    struct ear a = {.l = l, .drop = -1, .reopen = q, .other = &fresh_ear};
    loop_watch(l, p[0], POLLIN, hear, &a, NULL);
    loop_watch(l, q[0], POLLIN, hear, &fresh_ear, NULL);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(write(q[1], "x", 1), 1);
    loop_step(l, -1); /* would block in read() if the empty new pipe were heard */
    assert_int_equal(a.heard, 1);
    assert_int_equal(fresh_ear.heard, 0);
    assert_int_equal(write(q[1], "x", 1), 1);
    loop_step(l, -1);
    assert_int_equal(fresh_ear.heard, 1);
    loop_free(l);
    close(p[0]), close(p[1]), close(q[0]), close(q[1]);
}

static void test_closed_file_is_dropped(void **state)
{
    (void)state;
    struct loop *l = fresh();
    int p[2];
    assert_int_equal(pipe(p), 0);
    struct ear a = {.l = l, .drop = -1};
    loop_watch(l, p[0], POLLIN, hear, &a, NULL);
    close(p[0]);
    loop_step(l, -1);
    assert_true(a.revents & POLLNVAL);
    loop_step(l, 0);
    assert_int_equal(a.heard, 1);
    loop_free(l);
    close(p[1]);
}

/* --- signals --------------------------------------------------------------------------------- */

static int seen_signals[32];

static void on_signal(void *ud, int signo)
{
    (void)ud;
    seen_signals[signo]++;
}

static void before(int signo)
{
    (void)signo;
}

static void test_signals(void **state)
{
    (void)state;
    struct err e;
    struct sigaction mine = {.sa_handler = before}, now;
    sigaction(SIGWINCH, &mine, NULL);
    memset(seen_signals, 0, sizeof seen_signals);
    struct loop *l = fresh(), *other = fresh();
    assert_int_equal(loop_signal(l, SIGWINCH, on_signal, NULL, &e), SOUK_OK);
    assert_int_equal(loop_signal(l, SIGTERM, on_signal, NULL, &e), SOUK_OK);
    assert_int_equal(loop_signal(other, SIGHUP, on_signal, NULL, &e), SOUK_EFAIL);
    for (int i = 0; i < 50; i++)
        raise(SIGWINCH);
    raise(SIGTERM);
    loop_step(l, -1);
    assert_int_equal(seen_signals[SIGWINCH], 1);
    assert_int_equal(seen_signals[SIGTERM], 1);
    loop_step(l, 0);
    assert_int_equal(seen_signals[SIGWINCH], 1);
    raise(SIGWINCH);
    loop_signal_off(l, SIGWINCH);
    loop_signal_off(l, SIGWINCH); /* again is nothing */
    sigaction(SIGWINCH, NULL, &now);
    assert_true(now.sa_handler == before);
    loop_step(l, 0);
    assert_int_equal(seen_signals[SIGWINCH], 1);
    loop_free(l);
    sigaction(SIGWINCH, NULL, &now);
    assert_true(now.sa_handler == before);
    sigaction(SIGTERM, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    assert_int_equal(loop_signal(other, SIGHUP, on_signal, NULL, &e), SOUK_OK);
    loop_free(other);
    signal(SIGWINCH, SIG_DFL);
}

static void *raise_there(void *ud)
{
    (void)ud;
    kill(getpid(), SIGWINCH);
    return NULL;
}

/* A wait without an end is ended by a signal from elsewhere. */
static void test_signal_wakes(void **state)
{
    (void)state;
    struct err e;
    struct loop *l = fresh();
    pthread_t t;
    seen_signals[SIGWINCH] = 0;
    assert_int_equal(loop_signal(l, SIGWINCH, on_signal, NULL, &e), SOUK_OK);
    assert_int_equal(pthread_create(&t, NULL, raise_there, NULL), 0);
    while (!seen_signals[SIGWINCH])
        loop_step(l, -1);
    pthread_join(t, NULL);
    assert_int_equal(seen_signals[SIGWINCH], 1);
    loop_free(l);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void test_no_memory(void **state)
{
    (void)state;
    struct err e;
    for (unsigned long nth = 1; nth <= 2; nth++) {
        mem_fail_at(nth, false);
        assert_null(loop_new(&e));
        mem_fail_at(0, false);
        assert_int_equal(e.code, SOUK_ENOMEM);
    }
    struct loop *l = fresh();
    struct ear a = {.l = l, .drop = -1};
    mem_fail_at(1, true);
    assert_int_equal(loop_watch(l, 0, POLLIN, hear, &a, &e), SOUK_ENOMEM);
    assert_int_equal(loop_timer(l, 0, again, NULL), 0);
    mem_fail_at(2, true);
    assert_int_equal(loop_watch(l, 0, POLLIN, hear, &a, &e), SOUK_ENOMEM);
    mem_fail_at(0, false);
    struct note n = {0}; /* jobs need none */
    submit(l, LANE_LOAD, &n);
    until_idle(l);
    assert_true(n.done);
    loop_free(l);
    loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_of_a_lane_in_order),
        cmocka_unit_test(test_lanes_do_not_wait_for_each_other),
        cmocka_unit_test(test_cancelled_in_the_queue),
        cmocka_unit_test(test_done_may_submit),
        cmocka_unit_test(test_free_with_jobs),
        cmocka_unit_test(test_timers_in_order),
        cmocka_unit_test(test_timer_cancel),
        cmocka_unit_test(test_timer_started_by_timer_waits_a_turn),
        cmocka_unit_test(test_no_wake_ups),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_unwatch_of_a_ready_file),
        cmocka_unit_test(test_reused_file_number),
        cmocka_unit_test(test_closed_file_is_dropped),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_signal_wakes),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
