/*
 * One filter's blocks, cut into slices. A few slices are asked for ahead, so that the node works
 * while we write; they are written strictly in order, each with the cursor that vouches for it.
 *
 * How many blocks a request has follows from what comes back: half as many when the node finds it
 * too much, what it suggests when it suggests something, twice as many after three successes, or
 * after one with next to nothing in it, within the profile's limit and while answers stay small.
 */
#include "base/log.h"
#include "base/mem.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    AHEAD = 4,
    SIZE_FIRST = 16, /* a crowded chain's first answers are large enough */
    GOOD_ENOUGH = 3,
    BODY_LARGE = 3 << 20, /* bytes; answers are kept near this */
    BODY_SMALL = BODY_LARGE / 64,
    REORGS = 4, /* in one run */
};

void logs_stop(struct filter *f)
{
    rpc_cancel(f->chain->rpc);
    while (f->slice != NULL) {
        struct slice *sl = f->slice;
        f->slice = sl->next;
        slice_free(sl);
    }
}

/* Everything of f's slices is gone when this returns; but while one is on the writer the end waits
 * for it (read_done). */
static void finish(struct filter *f, const struct err *e)
{
    struct err why = e != NULL ? *e : (struct err){.code = SOUK_OK};
    if (f->chain->on_writer) {
        f->failure = why;
        rpc_cancel(f->chain->rpc);
        return;
    }
    logs_stop(f);
    chain_filter_end(f->chain, &why);
}

/* --- asking */

/* Leaves the first `blocks` blocks in sl and the others in a slice behind it. */
static bool split(struct slice *sl, uint64_t blocks)
{
    struct slice *rest = slice_new(sl->f, sl->first + blocks, sl->last);
    if (rest == NULL)
        return false;
    rest->next = sl->next;
    sl->next = rest;
    sl->last = sl->first + blocks - 1;
    return true;
}

/* Keeps AHEAD slices busy, cutting new ones as long as there are blocks. False: no memory. */
static bool ask_ahead(struct filter *f, struct err *e)
{
    unsigned busy = 0;
    for (struct slice **at = &f->slice;; at = &(*at)->next) {
        if (*at == NULL && f->next <= f->end && busy < AHEAD) {
            uint64_t left = f->end - f->next;
            *at = slice_new(f, f->next, f->next + (left < f->size - 1 ? left : f->size - 1));
            if (*at != NULL)
                f->next = (*at)->last + 1;
            else
                return err_nomem(e) == SOUK_OK;
        }
        if (*at == NULL || busy == AHEAD)
            return true;
        busy++;
        if (*at == f->slice && f->chain->on_writer)
            continue;
        if (slice_idle(*at) && (*at)->last - (*at)->first >= f->size && !split(*at, f->size))
            return err_nomem(e) == SOUK_OK;
        if (slice_ask(*at, e) != SOUK_OK)
            return false;
    }
}

/* --- how large a range */

static void shrink(struct slice *sl)
{
    struct filter *f = sl->f;
    uint64_t blocks = sl->last - sl->first + 1, half = blocks / 2;
    if (sl->suggested > 0 && sl->suggested < blocks)
        f->most = half = sl->suggested; /* it knows its own limit: no more guessing above it */
    else if (sl->suggested == blocks && blocks > 1)
        f->most = half = blocks - 1; /* it counts from a block to another, not the blocks */
    f->size = half < f->size ? half : f->size;
    f->good = 0;
}

static void grow(struct slice *sl)
{
    struct filter *f = sl->f;
    uint64_t blocks = sl->last - sl->first + 1;
    if (sl->bytes > BODY_LARGE && blocks > 1) {
        uint64_t fit = blocks * BODY_LARGE / sl->bytes;
        f->size = fit < 1 ? 1 : fit < f->size ? fit : f->size;
        f->good = 0;
    } else if (sl->bytes < BODY_SMALL || (sl->bytes < BODY_LARGE / 2 && ++f->good >= GOOD_ENOUGH)) {
        f->size = f->size < f->most / 2 ? f->size * 2 : f->most;
        f->good = 0;
    }
}

/* --- what became of an answer */

void logs_failed(struct filter *f, const struct err *e)
{
    finish(f, e);
}

void logs_smaller(struct slice *sl)
{
    struct filter *f = sl->f;
    if (sl->first == sl->last) {
        struct err e = sl->err;
        err_prefix(&e, "block %llu alone", (unsigned long long)sl->first);
        finish(f, &e);
        return;
    }
    shrink(sl);
    slice_forget(sl);
    logs_pump(f);
}

static void written(struct slice *sl)
{
    struct filter *f = sl->f;
    f->cursor = sl->cursor;
    f->has_cursor = true;
    f->slice = sl->next;
    grow(sl);
    slice_free(sl);
    task_progress(f->task, (int64_t)(f->cursor.block + 1 - f->begun),
                  (int64_t)(f->end + 1 - f->begun));
    sync_dirty(f->chain->s);
    logs_pump(f);
}

static void reorganised(struct slice *sl)
{
    struct filter *f = sl->f;
    uint64_t block = sl->first;
    logs_stop(f);
    if (++f->reorgs < REORGS) {
        chain_filter_check(f);
        return;
    }
    struct err e;
    err_set(&e, SOUK_ENET,
            "%s: the nodes do not agree with each other about block %llu; try again later",
            f->chain->label, (unsigned long long)block);
    chain_filter_end(f->chain, &e);
}

static void read_done(struct job *j)
{
    struct slice *sl = (struct slice *)j;
    struct filter *f = sl->f;
    struct sync *s = f->chain->s;
    struct err e = {0};
    f->chain->on_writer = false;
    if (s->cancelled) {
        finish(f, &sync_stopped);
    } else if (f->failure.code != SOUK_OK) {
        finish(f, &f->failure);
    } else {
        switch (sl->verdict) {
        case BATCH_OK:
            written(sl);
            break;
        case BATCH_MORE:
        case BATCH_REFUSED:
        case BATCH_DISAGREE:
            if (slice_go_on(sl, &e) == SOUK_OK)
                logs_pump(f);
            else
                finish(f, &e);
            break;
        case BATCH_SMALLER:
            logs_smaller(sl);
            break;
        case BATCH_REORG:
            reorganised(sl);
            break;
        case BATCH_FAILED:
            e = sl->err;
            finish(f, &e);
            break;
        }
    }
    sync_job_done(s);
}

/* --- the pump */

/* Called after every change: asks ahead, and hands the first answer to the writer. */
void logs_pump(struct filter *f)
{
    struct slice *first;
    struct err e = {0};
    if (f->failure.code != SOUK_OK)
        return;
    if (!ask_ahead(f, &e)) {
        finish(f, &e);
        return;
    }
    first = f->slice;
    if (first == NULL) {
        finish(f, NULL);
        return;
    }
    if (!slice_ready(first) || f->chain->on_writer)
        return;
    first->job.run = slice_read;
    first->job.done = read_done;
    f->chain->on_writer = true;
    sync_submit(f->chain->s, &first->job);
}

void logs_start(struct filter *f)
{
    f->most = f->chain->cfg->max_range;
    f->size = f->size == 0 ? SIZE_FIRST : f->size;
    f->size = f->size < f->most ? f->size : f->most;
    f->good = 0;
    f->begun = f->next;
    logs_pump(f);
}
