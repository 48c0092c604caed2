/*
 * work.h: a screen's slow work on a worker, and what becomes of it when the screen has gone.
 *
 * A kind of work is a struct with a `struct work` first: run() on the lane's thread sees only what
 * lies in it, done() gets it back on the loop unless its owner dropped it, release() frees what it
 * holds in either case. (Reading the cache is page_job's, domain.h; the signer is purser.h's.)
 */
#ifndef SOUK_UI_WORK_H
#define SOUK_UI_WORK_H

#include "base/err.h"
#include "net/loop.h"

struct work {
    struct job job; /* first */
    souk_err (*run)(struct work *w);
    void (*done)(void *owner, struct work *w); /* takes what it keeps out of it */
    void (*release)(struct work *w);           /* may be NULL; the struct itself is freed after */
    void *owner;                               /* NULL: dropped */
    struct err err;                            /* of run(); code 0 when it returned SOUK_OK */
};

void work_start(struct loop *l, enum lane lane, struct work *w, void *owner);
void work_drop(struct work *w); /* it is cancelled, and done() will not come; NULL is a no-op */

#endif
