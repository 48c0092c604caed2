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
    TRIES = 4,         /* of a slice whose answer is refused */
    TRY_WAIT_MS = 200, /* doubles */
    REORGS = 4,        /* in one run */
    ASK_TEXT = 4 << 20,
};

enum slice_state { IDLE, ASKED, ANSWERED };

struct slice {
    struct job job; /* first */
    struct filter *f;
    struct slice *next;
    uint64_t first, last;
    enum slice_state state;
    unsigned tries;
    uint64_t timer;
    struct buf body;
    struct batch batch;
    bool live;   /* batch is initialised */
    bool parsed; /* batch holds the answer to the range; what comes now is more of it */
    /* what the job found */
    enum verdict verdict;
    uint64_t suggested;
    size_t bytes;
    struct cursor cursor;
    struct err err;
};

static void pump(struct filter *f);

/* --- slices */

static struct slice *slice_new(struct filter *f, uint64_t first, uint64_t last)
{
    struct slice *sl = mem_zalloc(sizeof *sl);
    if (sl == NULL)
        return NULL;
    sl->f = f;
    sl->first = first;
    sl->last = last;
    buf_init(&sl->body, 0);
    return sl;
}

static void slice_forget(struct slice *sl)
{
    if (sl->live)
        batch_release(&sl->batch);
    sl->live = sl->parsed = false;
    buf_release(&sl->body);
    sl->state = IDLE;
}

static void slice_free(struct slice *sl)
{
    loop_timer_cancel(sl->f->chain->s->loop, sl->timer);
    slice_forget(sl);
    mem_free(sl);
}

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

static void answered(void *ud, struct rpc_reply *r);

/* Asks for the range, or for what is missing of it. */
static souk_err ask(struct slice *sl, struct err *e)
{
    struct rpc_call call[BATCH_MORE_MAX];
    struct buf text;
    size_t n = 0;
    souk_err c;
    buf_init(&text, ASK_TEXT);
    if (sl->parsed) {
        c = batch_ask_more(&sl->batch, &text, call, &n, e);
    } else {
        batch_init(&sl->batch, sl->f, sl->first, sl->last);
        sl->live = true;
        c = batch_ask(&sl->batch, &text, call, BATCH_CALLS, &n, e);
        sl->batch.asked = n;
    }
    if (c == SOUK_OK)
        c = rpc_send(sl->f->chain->rpc, call, n, answered, sl, e);
    buf_release(&text);
    sl->state = ASKED;
    return c;
}

static void ask_or_fail(void *ud)
{
    struct slice *sl = ud;
    struct err e = {0};
    sl->timer = 0;
    if (sl->f->failure.code == SOUK_OK && ask(sl, &e) != SOUK_OK)
        finish(sl->f, &e);
}

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
        if ((*at)->state != IDLE || (*at)->timer != 0)
            continue;
        if ((*at)->last - (*at)->first >= f->size && !split(*at, f->size))
            return err_nomem(e) == SOUK_OK;
        if (ask(*at, e) != SOUK_OK)
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

static void smaller(struct slice *sl)
{
    struct filter *f = sl->f;
    if (sl->first == sl->last) {
        err_prefix(&sl->err, "block %llu alone", (unsigned long long)sl->first);
        finish(f, &sl->err);
        return;
    }
    shrink(sl);
    slice_forget(sl);
    pump(f);
}

static void again(struct slice *sl)
{
    struct filter *f = sl->f;
    bool hopeless = sl->err.code == SOUK_ENOMEM || sl->err.code == SOUK_ECANCEL;
    if (hopeless || ++sl->tries >= TRIES) {
        finish(f, &sl->err);
        return;
    }
    log_info("%s; asking again", sl->err.msg);
    slice_forget(sl);
    sl->timer =
        loop_timer(f->chain->s->loop, (int64_t)TRY_WAIT_MS << (sl->tries - 1), ask_or_fail, sl);
    if (sl->timer == 0)
        finish(f, &sl->err);
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
    pump(f);
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

static void answered(void *ud, struct rpc_reply *r)
{
    struct slice *sl = ud;
    sl->err = r->err;
    sl->suggested = 0;
    if (r->err.code != SOUK_OK) {
        if (r->shrink)
            smaller(sl);
        else
            again(sl);
        return;
    }
    buf_release(&sl->body);
    sl->body = r->body;
    buf_init(&r->body, 0);
    http_host(r->url, sl->batch.place);
    sl->state = ANSWERED;
    pump(sl->f);
}

/* --- [writer] */

static void read_run(struct job *j)
{
    struct slice *sl = (struct slice *)j;
    if (atomic_load(&j->cancelled))
        return;
    if (!sl->parsed) {
        sl->bytes = sl->body.len;
        sl->verdict = batch_read(&sl->batch, &sl->body, &sl->suggested, &sl->err);
        sl->parsed = sl->verdict == BATCH_MORE;
    } else {
        sl->verdict = batch_read_more(&sl->batch, &sl->body, &sl->err);
    }
    buf_release(&sl->body);
    if (sl->verdict == BATCH_OK &&
        batch_write(&sl->batch, sl->f->chain->s->w, &sl->cursor, &sl->err) != SOUK_OK)
        sl->verdict = BATCH_FAILED;
}

static void read_done(struct job *j)
{
    struct slice *sl = (struct slice *)j;
    struct filter *f = sl->f;
    struct sync *s = f->chain->s;
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
            ask_or_fail(sl);
            break;
        case BATCH_SMALLER:
            smaller(sl);
            break;
        case BATCH_REFUSED:
            again(sl);
            break;
        case BATCH_REORG:
            reorganised(sl);
            break;
        case BATCH_FAILED:
            finish(f, &sl->err);
            break;
        }
    }
    sync_job_done(s);
}

/* --- the pump */

/* Called after every change: asks ahead, and hands the first answer to the writer. */
static void pump(struct filter *f)
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
    if (first->state != ANSWERED || f->chain->on_writer)
        return;
    first->job.run = read_run;
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
    pump(f);
}
