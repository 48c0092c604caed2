/*
 * work.h: one piece of work shared by threads. Inside the module only.
 *
 * The items of a run are handed out one by one, so that a thread which is held up holds up nobody.
 * The first error, or the caller's cancel flag, ends the run: no item is begun after it.
 */
#ifndef SOUK_WALRUS_WORK_H
#define SOUK_WALRUS_WORK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { WORK_THREADS_MAX = 16 };

struct work {
    /* The caller's, before the first run; cancel and progress may be NULL. */
    unsigned threads; /* 1 to WORK_THREADS_MAX */
    atomic_bool *cancel;
    void (*progress)(void *ud, uint64_t done, uint64_t total);
    void *ud;
    uint64_t total;
    /* its own */
    atomic_ullong done;
    atomic_llong told; /* when progress was told last, monotonic ms */
    atomic_bool failed;
    pthread_mutex_t lock;
    struct err err;
};
unsigned work_threads(unsigned wanted); /* 0: as many as there are cores; never above the most */
void work_init(struct work *w);         /* the caller's members are set after it */
void work_release(struct work *w);

/*
 * Calls one(ud, thread, i) for each i < count, from w->threads threads, the caller's among them;
 * thread < w->threads tells them apart. Without resources for threads it does with fewer.
 */
souk_err work_run(struct work *w, size_t count, void (*one)(void *ud, unsigned thread, size_t i),
                  void *ud, struct err *e);

/* For items: that went wrong; is it over?; so much of w->total is done. */
void work_fail(struct work *w, const struct err *e);
bool work_over(struct work *w);
void work_did(struct work *w, uint64_t amount);

#endif
