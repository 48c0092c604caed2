/*
 * One range of blocks, until it is told so that it can be believed.
 *
 * With one node, what it says is taken, unless a block's bloom names logs that it left out: then it
 * must say so twice. With two or more, two must say the same: hashes, logs, receipts and times. Do
 * they not, both are asked again, then a third; the range is written when two agree, and else
 * nobody's word is: it is reported. A second node that cannot answer ends the cross-check for this
 * sync, not the sync.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    TRIES = 4,         /* of an opinion that is refused */
    TRY_WAIT_MS = 200, /* doubles */
    ASK_TEXT = 4 << 20,
};

/* --- life */

struct slice *slice_new(struct filter *f, uint64_t first, uint64_t last)
{
    struct slice *sl = mem_zalloc(sizeof *sl);
    if (sl == NULL)
        return NULL;
    sl->f = f;
    sl->first = first;
    sl->last = last;
    for (int i = 0; i < OPINIONS; i++) {
        sl->op[i].slice = sl;
        buf_init(&sl->op[i].body, 0);
    }
    return sl;
}

static void forget(struct opinion *o)
{
    loop_timer_cancel(o->slice->f->chain->s->loop, o->timer);
    o->timer = 0;
    if (o->batch != NULL)
        batch_release(o->batch);
    mem_free(o->batch);
    o->batch = NULL;
    buf_release(&o->body);
    o->parsed = false;
    o->state = OPINION_NONE;
    o->verdict = BATCH_OK;
}

/* Nothing may be under way but timers. */
void slice_forget(struct slice *sl)
{
    for (int i = 0; i < OPINIONS; i++) {
        forget(&sl->op[i]);
        sl->op[i].tries = 0;
        sl->op[i].shun = 0;
    }
    sl->used = 0;
    sl->bytes = 0;
}

void slice_free(struct slice *sl)
{
    slice_forget(sl);
    mem_free(sl);
}

bool slice_idle(const struct slice *sl)
{
    return sl->used == 0;
}

bool slice_ready(const struct slice *sl)
{
    bool answer = false;
    for (unsigned i = 0; i < sl->used; i++) {
        if (sl->op[i].state == OPINION_ASKED || sl->op[i].state == OPINION_WAITS)
            return false;
        answer |= sl->op[i].state == OPINION_ANSWERED;
    }
    return answer && sl->used >= sl->wanted;
}

/* It has said something that counts, perhaps not everything yet. */
static bool stands(const struct opinion *o)
{
    return o->state == OPINION_ANSWERED || o->state == OPINION_GOOD ||
           (o->state == OPINION_WANTS && o->verdict == BATCH_MORE);
}

/* --- asking */

static void answered(void *ud, struct rpc_reply *r);

static uint32_t everybody(const struct opinion *o)
{
    unsigned n = rpc_endpoints(o->slice->f->chain->rpc);
    return n >= 32 ? UINT32_MAX : (1u << n) - 1;
}

/* Whom this opinion must not be of: when nodes are checked against each other, of those whose word
 * is there already; and rather not of one whose answer was refused. */
static uint32_t never(const struct opinion *o)
{
    const struct slice *sl = o->slice;
    uint32_t others = 0;
    if (o->parsed) /* what is missing comes from where the rest came from */
        return everybody(o) & ~(1u << o->endpoint);
    for (unsigned i = 0; i < sl->used && sl->cross; i++) {
        if (&sl->op[i] != o && stands(&sl->op[i]))
            others |= 1u << sl->op[i].endpoint;
    }
    return (others | o->shun) == everybody(o) ? others : others | o->shun;
}

/* Asks for the range, or for what is missing of it. */
static souk_err ask(struct opinion *o, struct err *e)
{
    struct rpc_call call[BATCH_MORE_MAX];
    const struct slice *sl = o->slice;
    struct buf text;
    size_t n = 0;
    souk_err c = SOUK_OK;
    if (!o->parsed) {
        if ((o->batch = mem_zalloc(sizeof *o->batch)) == NULL)
            return err_nomem(e);
        batch_init(o->batch, sl->f, sl->first, sl->last);
    }
    buf_init(&text, ASK_TEXT);
    if (o->parsed)
        c = batch_ask_more(o->batch, &text, call, &n, e);
    else
        c = batch_ask(o->batch, &text, call, BATCH_CALLS, &n, e);
    if (c == SOUK_OK && !o->parsed)
        o->batch->asked = n;
    if (c == SOUK_OK)
        c = rpc_send_but(sl->f->chain->rpc, never(o), call, n, answered, o, e);
    buf_release(&text);
    o->state = OPINION_ASKED;
    return c;
}

static void ask_or_fail(void *ud)
{
    struct opinion *o = ud;
    struct filter *f = o->slice->f;
    struct err e = {0};
    o->timer = 0;
    if (f->failure.code == SOUK_OK && ask(o, &e) != SOUK_OK)
        logs_failed(f, &e);
}

souk_err slice_ask(struct slice *sl, struct err *e)
{
    bool crossing = sl->f->chain->crossing;
    if (sl->used == 0) {
        sl->cross = crossing;
        sl->wanted = crossing ? 2 : 1;
        sl->used = 1;
        return ask(&sl->op[0], e);
    }
    if (sl->used == 1 && sl->cross && !crossing)
        sl->cross = false, sl->wanted = 1;
    return sl->used < sl->wanted && stands(&sl->op[0]) ? ask(&sl->op[sl->used++], e) : SOUK_OK;
}

/* --- what goes wrong */

/* This opinion is not to be had: the other one is taken by itself. */
static void do_without(struct opinion *o)
{
    struct slice *sl = o->slice;
    struct chain *c = sl->f->chain;
    if (c->crossing)
        task_note(sl->f->task, "not cross-checked: %s", o->err.msg);
    c->crossing = false;
    forget(o);
    if (o == &sl->op[0]) { /* the first place is never empty */
        struct opinion first = sl->op[0];
        sl->op[0] = sl->op[1];
        sl->op[1] = first;
    }
    sl->used = sl->wanted = 1;
}

/* False: it is over, sl->err says why. */
static bool again(struct opinion *o)
{
    struct slice *sl = o->slice;
    bool hopeless = o->err.code == SOUK_ENOMEM || o->err.code == SOUK_ECANCEL;
    if (!hopeless && ++o->tries < TRIES) {
        log_info("%s; asking again", o->err.msg);
        forget(o);
        o->state = OPINION_WAITS;
        o->timer = loop_timer(sl->f->chain->s->loop, (int64_t)TRY_WAIT_MS << (o->tries - 1),
                              ask_or_fail, o);
        if (o->timer != 0)
            return true;
        err_nomem(&o->err);
    } else if (!hopeless && sl->cross && sl->used == 2 && stands(&sl->op[o == sl->op])) {
        do_without(o);
        return true;
    }
    if (sl->rounds < 2) /* else that they disagree is what there is to say */
        sl->err = o->err;
    return false;
}

static void answered(void *ud, struct rpc_reply *r)
{
    struct opinion *o = ud;
    struct slice *sl = o->slice;
    o->err = r->err;
    if (r->err.code != SOUK_OK && r->shrink) {
        sl->suggested = 0;
        sl->err = r->err;
        logs_smaller(sl);
        return;
    }
    if (r->err.code == SOUK_OK) {
        buf_release(&o->body);
        o->body = r->body;
        buf_init(&r->body, 0);
        o->endpoint = r->endpoint;
        http_host(r->url, o->host);
        o->state = OPINION_ANSWERED;
    } else if (!again(o)) {
        struct err e = sl->err;
        logs_failed(sl->f, &e);
        return;
    }
    logs_pump(sl->f);
}

/* --- [writer] */

static void read_one(struct opinion *o)
{
    struct slice *sl = o->slice;
    if (!o->parsed) {
        sl->bytes = o->body.len > sl->bytes ? o->body.len : sl->bytes;
        o->verdict = batch_read(o->batch, &o->body, &sl->suggested, &o->err);
        o->parsed = o->verdict == BATCH_MORE;
    } else {
        o->verdict = batch_read_more(o->batch, &o->body, &o->err);
    }
    buf_release(&o->body);
    o->state = o->verdict == BATCH_OK ? OPINION_GOOD : OPINION_WANTS;
}

/* Those that are alike are in place[]; 0: there are not as many as wanted. */
static unsigned alike(struct slice *sl, struct opinion *place[2])
{
    if (sl->wanted == 1) {
        place[0] = &sl->op[0];
        return 1;
    }
    for (unsigned i = 0; i < sl->used; i++) {
        for (unsigned k = i + 1; k < sl->used; k++) {
            struct err how;
            if (!batch_same(sl->op[i].batch, sl->op[k].batch, &how)) {
                err_set(&sl->err, SOUK_ENET, "%s: two nodes disagree about blocks %llu to %llu: %s",
                        sl->f->chain->label, (unsigned long long)sl->first,
                        (unsigned long long)sl->last, how.msg);
                continue;
            }
            place[0] = &sl->op[i];
            place[1] = &sl->op[k];
            return 2;
        }
    }
    return 0;
}

static void settle(struct slice *sl)
{
    struct opinion *o[2];
    if (sl->wanted == 1 && !sl->cross && sl->op[0].batch->doubtful)
        sl->wanted = 2;
    if (sl->used < sl->wanted) {
        sl->verdict = BATCH_MORE;
        return;
    }
    unsigned n = alike(sl, o);
    if (n == 0) {
        sl->verdict = BATCH_DISAGREE;
        return;
    }
    if (n == 2 && strcmp(o[0]->host, o[1]->host) != 0)
        snprintf(o[0]->batch->place, sizeof o[0]->batch->place, "%s %s", o[0]->host, o[1]->host);
    if (batch_write(o[0]->batch, sl->f->chain->s->w, &sl->cursor, &sl->err) != SOUK_OK)
        sl->verdict = BATCH_FAILED;
}

void slice_read(struct job *j)
{
    /* The worst of what came decides; BATCH_MORE is what may still turn out well. */
    static const int weight[] = {[BATCH_OK] = 0,      [BATCH_MORE] = 1,  [BATCH_REFUSED] = 1,
                                 [BATCH_SMALLER] = 2, [BATCH_REORG] = 3, [BATCH_FAILED] = 4};
    struct slice *sl = (struct slice *)j;
    int worst = 0;
    if (atomic_load(&j->cancelled))
        return;
    sl->verdict = BATCH_OK;
    for (unsigned i = 0; i < sl->used; i++) {
        struct opinion *o = &sl->op[i];
        if (o->state == OPINION_ANSWERED) {
            snprintf(o->batch->place, sizeof o->batch->place, "%s", o->host);
            read_one(o);
        }
        if (weight[o->verdict] > worst) {
            worst = weight[o->verdict];
            sl->verdict = o->verdict == BATCH_REFUSED ? BATCH_MORE : o->verdict;
            sl->err = o->err;
        }
    }
    if (sl->verdict == BATCH_OK)
        settle(sl);
}

/* --- and on */

/* First both again, as it may have been an answer in a hundred; then somebody else, or the only
 * node there is once more. */
static bool disagreed(struct slice *sl)
{
    struct chain *c = sl->f->chain;
    struct err e;
    log_info("%s", sl->err.msg);
    sl->rounds++;
    if (sl->rounds == 1) {
        slice_forget(sl);
        sl->used = 1;
        sl->op[0].state = OPINION_WAITS;
        sl->op[0].timer = loop_timer(c->s->loop, TRY_WAIT_MS, ask_or_fail, &sl->op[0]);
        return sl->op[0].timer != 0;
    }
    return sl->rounds == 2 && (!sl->cross || rpc_endpoints(c->rpc) > 2) &&
           ask(&sl->op[sl->used++], &e) == SOUK_OK;
}

/* One thing at a time, so that a slice can be forgotten at any time. */
souk_err slice_go_on(struct slice *sl, struct err *e)
{
    souk_err c = SOUK_OK;
    if (sl->verdict == BATCH_DISAGREE)
        return disagreed(sl) ? SOUK_OK : (*e = sl->err).code;
    for (unsigned i = 0; i < sl->used; i++) {
        struct opinion *o = &sl->op[i];
        if (o->state != OPINION_WANTS)
            continue;
        if (o->verdict == BATCH_MORE) {
            c = ask(o, e);
        } else {
            o->shun |= 1u << o->endpoint;
            c = again(o) ? SOUK_OK : (*e = sl->err).code;
        }
        break;
    }
    return c;
}
