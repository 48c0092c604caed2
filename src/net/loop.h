/*
 * loop.h: the one poll loop, its timers, and the workers that keep slow work off it.
 *
 * One thread owns the loop, the terminal, all sockets and child pipes. Work
 * that takes longer than 10 ms (SQLite, decoding, sorting, hashing) is a job:
 * its run() is called on a worker thread, its done() later on the loop, woken
 * through a pipe. A lane is one thread with a first-in first-out queue, so a
 * connection that only LANE_WRITE uses needs no lock.
 *
 * Ownership: a job belongs to the loop from loop_submit until done() begins;
 * done() may free it. run() must not touch the loop. A cancelled job's done()
 * is still called, with job->cancelled set; run() may look at it to stop early,
 * and is not called at all when the job was cancelled while it still queued.
 *
 * Idle is defined: nothing queued or running, no request under way
 * (loop_busy), no timer due within a second. Tests wait for it.
 */
#ifndef SOUK_NET_LOOP_H
#define SOUK_NET_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;

struct loop *loop_new(struct err *e); /* NULL on failure */
/* Cancels all jobs, joins the workers, calls what done() is left. Not from a callback of l. */
void loop_free(struct loop *l);

/* Runs until loop_stop(); returns the code given to it. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);
/* One turn: waits at most timeout_ms (-1: until something happens) and dispatches. */
void loop_step(struct loop *l, int timeout_ms);
bool loop_idle(const struct loop *l);

/* --- file descriptors. events/revents as poll(2). One watch an fd; watching again replaces. */
typedef void (*loop_fd_fn)(void *ud, int fd, short revents);
souk_err loop_watch(struct loop *l, int fd, short events, loop_fd_fn fn, void *ud, struct err *e);
void loop_unwatch(struct loop *l, int fd);

/* --- timers: one shot, milliseconds from now. Ids are never 0 and never reused. */
typedef void (*loop_timer_fn)(void *ud);
uint64_t loop_timer(struct loop *l, int64_t ms, loop_timer_fn fn, void *ud); /* 0: no memory */
void loop_timer_cancel(struct loop *l, uint64_t id);                         /* 0 is a no-op */

/*
 * Called at the end of each turn, after everything else: where the UI draws.
 * loop_run() also calls it before its first wait.
 */
void loop_set_turn_end(struct loop *l, void (*fn)(void *ud), void *ud);

/* Counts something under way outside the job queues (an HTTP request), for loop_idle. */
void loop_busy(struct loop *l, int delta);

/*
 * --- signals: SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD arrive as callbacks,
 * several of one kind as one. Only one loop of the process can take signals (EFAIL for a second);
 * loop_free gives them back. Nothing is blocked, so children start with a clean mask.
 */
souk_err loop_signal(struct loop *l, int signo, void (*fn)(void *ud, int signo), void *ud,
                     struct err *e);
/* No callback any more: the signal does what it did before. */
void loop_signal_off(struct loop *l, int signo);

/* --- workers. */
enum lane {
    LANE_WRITE,   /* SQLite writes and the decoding before them: sync */
    LANE_QUERY,   /* what a screen waits for: reads, sorting, filtering */
    LANE_LOAD,    /* opening libraries at their first use: neither of the above waits for that */
    LANE_SIGN,    /* talking to the signer, which may wait for its user; the receipts' database */
    LANE_CONTENT, /* model files: the library, hashing, inspecting; the history of runs */
    LANE_WAIT,    /* waiting for a server: databases of logs (sql.h), connecting (ws.h) */
    LANE_PROVE,   /* long passes over the cache: digests, judging again; a reader of its own */
    LANE_COUNT
};

struct job {
    void (*run)(struct job *j);  /* on the lane's thread */
    void (*done)(struct job *j); /* on the loop's thread */
    atomic_bool cancelled;
    enum lane lane; /* set by loop_submit */
    struct job *next;
};

void loop_submit(struct loop *l, enum lane lane, struct job *j);
void loop_cancel(struct job *j); /* a hint to run(); done() still comes */

#endif
