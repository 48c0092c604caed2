/*
 * A chain's turn: how far do its nodes reach (head.c), then one filter after the other from its
 * cursor to there. One filter at a time keeps the node busy (it reads ahead), and
 * lets payments know every payee that the listings named.
 *
 * Before a filter goes on, the block of its cursor is looked up. When the chain has another block
 * there, older checkpoints are tried until one is still on it, and rows above that are forgotten.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    PAYEE_MEMORY = 16 << 20,
    CHECKS = STORE_CHECKPOINTS,
    CHECK_PORTION = 50,
    BEHIND_MOST = 256, /* a node this far behind what was read is asleep, not reorganised */
};

/* --- the filters */

static void add_filter(struct chain *c, enum logs_kind kind, const char *name, int task)
{
    if (!c->s->task[task].on || !sync_reads(c->s->net, name))
        return;
    struct filter *f = &c->filter[c->filters++];
    f->chain = c;
    f->task = &c->s->task[task];
    f->kind = kind;
    f->name = name;
    buf_init(&f->where, FILTER_TEXT);
    arena_init(&f->memory, PAYEE_MEMORY);
}

static void add_filters(struct chain *c, bool payment)
{
    if (!payment) {
        add_filter(c, LOGS_INFERENCES, FILTER_INFERENCES, TASK_INFERENCES);
        return;
    }
    add_filter(c, LOGS_LISTINGS, FILTER_LISTINGS, TASK_LISTINGS);
    add_filter(c, LOGS_PAYMENTS, FILTER_PAYMENTS, TASK_PAYMENTS);
    add_filter(c, LOGS_PAYEES, FILTER_PAYEES, TASK_PAYMENTS);
    add_filter(c, LOGS_FUNDING, FILTER_FUNDING, TASK_PAYMENTS);
}

/* --- where a filter stands */

/* Jobs that look at the store, and at blocks the node gave: load, then check, portion by portion.
 */
struct check_job {
    struct job job;
    struct filter *f;
    struct cursor at[CHECKS]; /* the cursor, then older checkpoints */
    size_t n, from, count;    /* the portion asked for */
    struct buf body;
    bool has_listings; /* they have been read, so far: */
    uint64_t listings_to;
    uint64_t before; /* the cursor's block at first */
    bool over, started_again, unwound;
    struct err err;
};

static souk_err load_start(struct check_job *k, struct store *w, const char *key, struct err *e)
{
    struct filter *f = k->f;
    int64_t chain = f->chain->cfg->chain_id, print = store_meta_int(w, key, f->print);
    souk_err c = store_begin(w, e);
    if (c != SOUK_OK)
        return c;
    k->started_again = print != f->print;
    /* The funding of a full sync is read from the start, address by address. */
    if (k->started_again || (f->kind == LOGS_FUNDING && f->chain->s->full))
        c = store_unwind(w, chain, f->name, 0, NULL, e);
    if (c == SOUK_OK)
        c = store_meta_set_int(w, key, f->print, e);
    if (c == SOUK_OK)
        c = store_head_put(w, chain, &f->chain->head, e);
    return sync_commit(w, c, e);
}

/* Whom listings name and whom the funding follows, as of now. */
static void load_lists(struct check_job *k)
{
    struct filter *f = k->f;
    struct store *w = f->chain->s->w;
    int64_t chain = f->chain->cfg->chain_id;
    struct cursor listings;
    arena_release(&f->memory);
    arena_init(&f->memory, PAYEE_MEMORY);
    k->has_listings = store_cursor_get(w, chain, FILTER_LISTINGS, &listings);
    k->listings_to = k->has_listings ? listings.block : 0;
    souk_err c = store_payees(w, chain, &f->memory, &f->payee, &f->payees, &k->err);
    if (c == SOUK_OK && f->kind == LOGS_FUNDING)
        store_traced(w, chain, &f->memory, &f->traced, &f->traces, &k->err);
}

static void load_run(struct job *j)
{
    struct check_job *k = (struct check_job *)j;
    struct filter *f = k->f;
    struct store *w = f->chain->s->w;
    int64_t chain = f->chain->cfg->chain_id;
    struct buf key;
    buf_init(&key, 128);
    buf_addf(&key, "filter:%s", f->name);
    souk_err c = buf_check(&key, "a filter's name", &k->err);
    if (c == SOUK_OK && f->reorgs == 0 && !f->passed)
        c = load_start(k, w, key.p, &k->err);
    buf_release(&key);
    if (c != SOUK_OK)
        return;
    f->has_cursor = store_cursor_get(w, chain, f->name, &f->cursor);
    if (f->has_cursor) {
        k->n = store_checkpoints(w, chain, f->name, k->at, CHECKS);
        if (k->n == 0 || k->at[0].block != f->cursor.block) {
            k->at[0] = f->cursor;
            k->n = 1;
        }
    }
    k->before = f->cursor.block;
    load_lists(k);
}

/*
 * What one filter found out holds for the others of its chain: their rows above `block` go too. A
 * row that is no longer there would stand where another filter is about to write.
 */
static souk_err unwind_others(const struct filter *f, uint64_t block, struct err *e)
{
    const struct chain *c = f->chain;
    struct store *w = c->s->w;
    souk_err code = SOUK_OK;
    for (unsigned i = 0; i < c->filters && code == SOUK_OK; i++) {
        struct cursor at[CHECKS];
        const char *name = c->filter[i].name;
        size_t n = store_checkpoints(w, c->cfg->chain_id, name, at, CHECKS), k = 0;
        while (k < n && at[k].block > block)
            k++;
        if (&c->filter[i] != f && k > 0)
            code = store_unwind(w, c->cfg->chain_id, name, k < n ? at[k].block : 0,
                                k < n ? &at[k] : NULL, e);
    }
    return code;
}

/* The first checkpoint of the portion that is on the chain becomes the cursor. */
static void check_run(struct job *j)
{
    struct check_job *k = (struct check_job *)j;
    struct filter *f = k->f;
    struct rpc_result res[CHECK_PORTION];
    json *tree = NULL;
    if (rpc_parse(&k->body, k->count, res, &tree, &k->err) != SOUK_OK) {
        err_prefix(&k->err, "%s", f->chain->label);
        return;
    }
    for (size_t i = 0; i < k->count && !k->over && k->err.code == SOUK_OK; i++) {
        const struct cursor *c = &k->at[k->from + i];
        struct eth_block b;
        if (res[i].value == NULL)
            err_set(&k->err, SOUK_ENET, "%s: the node answered with an error: %.*s",
                    f->chain->label, (int)(res[i].message.n < 200 ? res[i].message.n : 200),
                    res[i].message.p);
        if (res[i].value == NULL || cJSON_IsNull(res[i].value))
            continue;
        /* What cannot be read says nothing: least of all that the chain reorganised. */
        if (eth_block_parse(res[i].value, &b, &k->err) != SOUK_OK) {
            err_prefix(&k->err, "%s: a block cannot be read", f->chain->label);
            continue;
        }
        if (b.number != c->block || memcmp(&b.hash, &c->hash, sizeof b.hash) != 0)
            continue;
        f->cursor = *c;
        k->over = true;
    }
    json_free(tree);
    k->from += k->count;
    if (k->err.code != SOUK_OK || (!k->over && k->from < k->n) || (k->over && k->from == 1))
        return;
    /* Found further back, or nowhere. */
    struct store *w = f->chain->s->w;
    f->has_cursor = k->over;
    k->over = k->unwound = true;
    souk_err c = store_begin(w, &k->err);
    if (c == SOUK_OK) {
        uint64_t oldest = k->at[k->n - 1].block; /* the fork is before it, when none was found */
        c = store_unwind(w, f->chain->cfg->chain_id, f->name, f->has_cursor ? f->cursor.block : 0,
                         f->has_cursor ? &f->cursor : NULL, &k->err);
        if (c == SOUK_OK)
            c = unwind_others(f,
                              f->has_cursor ? f->cursor.block
                              : oldest > 0  ? oldest - 1
                                            : 0,
                              &k->err);
        if (sync_commit(w, c, &k->err) == SOUK_OK)
            load_lists(k);
    }
}

/* Do the rows of the payments depend on whom listings name? Then they do not run ahead of them. */
static bool asks_for_payees(const struct filter *f)
{
    const struct network *n = f->chain->s->net;
    return f->kind == LOGS_PAYMENTS &&
           (n->facilitators > 0 || (n->escrows > 0 && where_tokens(n, false)));
}

/*
 * A pass of the funding: those who are least far in, as many as there is room to ask for, from
 * there to the end. Somebody new begins at the start; the cursor stays where the others are
 * meanwhile.
 */
static void begin_pass(struct filter *f)
{
    enum { MOST = (BATCH_CALLS - 2) / 2 * GROUP };
    f->tracing = 0;
    while (f->tracing < f->traces && f->tracing < MOST && f->traced[f->tracing].upto < f->end)
        f->tracing++;
    uint64_t start = f->chain->cfg->start_block;
    if (f->tracing == 0)
        f->next = f->end + 1;
    else
        f->next =
            f->traced[0].upto == 0 || f->traced[0].upto < start ? start : f->traced[0].upto + 1;
    f->before = f->has_cursor && f->next <= f->cursor.block;
    if (f->before || f->next > f->kept + 1)
        f->has_cursor = false; /* what comes does not follow it */
    f->passed = true;
    f->untold = 0;
}

static void check_end(struct check_job *k, const struct err *e)
{
    struct filter *f = k->f;
    struct err why = e != NULL ? *e : (struct err){.code = SOUK_OK};
    uint64_t listings_to = k->listings_to;
    bool after_listings = f->kind == LOGS_PAYEES || f->kind == LOGS_FUNDING ||
                          (k->has_listings && asks_for_payees(f));
    f->chain->check = NULL;
    buf_release(&k->body);
    mem_free(k);
    if (why.code != SOUK_OK) {
        chain_filter_end(f->chain, &why);
        return;
    }
    const struct chain *c = f->chain;
    f->again = c->s->full && f->has_cursor && f->kind != LOGS_FUNDING;
    f->kept = f->has_cursor ? f->cursor.block : 0;
    if (f->again)
        f->has_cursor = false;
    f->next = f->has_cursor ? f->cursor.block + 1 : c->cfg->start_block;
    f->end = c->target;
    if (f->kind == LOGS_PAYEES) {
        uint64_t first = UINT64_MAX;
        for (size_t i = 0; i < f->payees; i++)
            first = f->payee[i].since < first ? f->payee[i].since : first;
        f->next = f->next < first ? first : f->next;
    }
    if (after_listings && listings_to < f->end)
        f->end = listings_to;
    if (f->kind == LOGS_FUNDING)
        begin_pass(f);
    logs_start(f);
}

static void check_done(struct job *j);

static void check_answered(void *ud, struct rpc_reply *r)
{
    struct check_job *k = ud;
    if (r->err.code != SOUK_OK) {
        check_end(k, &r->err);
        return;
    }
    k->body = r->body;
    buf_init(&r->body, 0);
    k->job.run = check_run;
    k->f->chain->on_writer = true;
    sync_submit(k->f->chain->s, &k->job);
}

static void check_ask(struct check_job *k)
{
    struct rpc_call call[CHECK_PORTION];
    char params[CHECK_PORTION][40];
    struct err e = {0};
    k->count = k->from == 0 ? 1 : k->n - k->from < CHECK_PORTION ? k->n - k->from : CHECK_PORTION;
    for (size_t i = 0; i < k->count; i++) {
        snprintf(params[i], sizeof params[i], "[\"0x%llx\",false]",
                 (unsigned long long)k->at[k->from + i].block);
        call[i] = (struct rpc_call){"eth_getBlockByNumber", params[i]};
    }
    buf_release(&k->body);
    if (rpc_send(k->f->chain->rpc, call, k->count, check_answered, k, &e) != SOUK_OK)
        check_end(k, &e);
}

static void say_reorganised(const struct check_job *k)
{
    struct filter *f = k->f;
    uint64_t from = f->has_cursor ? f->cursor.block + 1 : f->chain->cfg->start_block;
    uint64_t n = k->before >= from ? k->before - from + 1 : 0;
    task_note(f->task, "the chain reorganised: %llu block%s read again", (unsigned long long)n,
              n == 1 ? " was" : "s were");
    sync_dirty(f->chain->s);
}

/* A live node that is far behind: better to wait for it than to forget what others told. */
static bool asleep(const struct check_job *k)
{
    const struct chain *c = k->f->chain;
    return !c->s->net->local && k->n > 0 && k->at[0].block > c->head.latest &&
           k->at[0].block - c->head.latest > BEHIND_MOST;
}

static void check_done(struct job *j)
{
    struct check_job *k = (struct check_job *)j;
    struct sync *s = k->f->chain->s;
    k->f->chain->on_writer = false;
    if (k->started_again)
        sync_dirty(s);
    if (s->cancelled)
        check_end(k, &sync_stopped);
    else if (k->err.code != SOUK_OK)
        check_end(k, &k->err);
    else if (asleep(k)) {
        struct err e;
        err_set(&e, SOUK_ENET, "%s: the node is at block %llu, far behind block %llu read before",
                k->f->chain->label, (unsigned long long)k->f->chain->head.latest,
                (unsigned long long)k->at[0].block);
        check_end(k, &e);
    } else if (k->over || k->n == 0) {
        if (k->unwound)
            say_reorganised(k);
        check_end(k, NULL);
    } else
        check_ask(k);
    sync_job_done(s);
}

void chain_filter_check(struct filter *f)
{
    struct check_job *k = mem_zalloc(sizeof *k);
    struct err e = {0};
    if (k == NULL) {
        err_nomem(&e);
        chain_filter_end(f->chain, &e);
        return;
    }
    k->job.run = load_run;
    k->job.done = check_done;
    k->f = f;
    buf_init(&k->body, 0);
    f->chain->check = k;
    f->chain->on_writer = true;
    sync_submit(f->chain->s, &k->job);
}

/* --- one after the other */

static void end_all(struct chain *c, const struct err *e)
{
    unsigned at = c->at;
    c->at = c->filters;
    for (unsigned i = at; i < c->filters; i++) {
        if (i == at || c->filter[i].task != c->filter[i - 1].task)
            task_end(c->filter[i].task, e);
    }
}

void chain_filter_end(struct chain *c, const struct err *e)
{
    struct filter *f = &c->filter[c->at];
    struct task *t = f->task;
    bool ok = e == NULL || e->code == SOUK_OK;
    if (ok && f->kind == LOGS_FUNDING && f->tracing > 0 && !c->s->cancelled) {
        chain_filter_check(f); /* those there was no room for */
        return;
    }
    if (!ok && e->code == SOUK_ECANCEL) {
        end_all(c, e);
        return;
    }
    c->at++;
    while (!ok && c->at < c->filters && c->filter[c->at].task == t)
        c->at++;
    bool task_over = c->at == c->filters || c->filter[c->at].task != t;
    /* The next one first: a task that ends may be the last thing the sync waits for. */
    if (c->at < c->filters)
        chain_filter_check(&c->filter[c->at]);
    if (task_over)
        task_end(t, e);
}

void chain_headed(struct chain *c, const struct err *e)
{
    if (e != NULL) {
        end_all(c, e);
        return;
    }
    uint64_t end = c->cfg == &c->s->net->payment ? c->s->payment_end : c->s->inference_end;
    c->target = c->head.latest > c->cfg->confirmations ? c->head.latest - c->cfg->confirmations : 0;
    if (end > 0 && c->target > end)
        c->target = end;
    for (unsigned i = 0; i < c->filters && c->uncrossed[0] != '\0'; i++) {
        if (i == 0 || c->filter[i].task != c->filter[i - 1].task)
            task_note(c->filter[i].task, "%s", c->uncrossed);
    }
    chain_filter_check(&c->filter[0]);
}

souk_err chain_start(struct sync *s, bool payment, struct chain **out, struct err *e)
{
    struct chain *c = mem_zalloc(sizeof *c);
    souk_err code = SOUK_OK;
    if (c == NULL)
        return err_nomem(e);
    *out = c;
    c->s = s;
    c->cfg = payment ? &s->net->payment : &s->net->inference;
    c->label = payment ? "the payment chain" : "the inference chain";
    add_filters(c, payment);
    if (c->filters == 0)
        return err_set(
            e, SOUK_EINPUT,
            "%s: nothing to read: no token of the profile is `whole`, and it has no listings",
            c->label);
    for (unsigned i = 0; i < c->filters && code == SOUK_OK; i++)
        code = filter_where(&c->filter[i], e);
    if (code == SOUK_OK)
        code = head_start(c, e);
    if (code != SOUK_OK)
        c->at = c->filters; /* it never began: who started it ends its tasks */
    return code;
}

/* A job on the writer sees s->cancelled when it is done, and comes here again. */
void chain_cancel(struct chain *c)
{
    if (c == NULL || c->at == c->filters || c->on_writer)
        return;
    head_free(c->asking);
    c->asking = NULL;
    if (c->rpc == NULL) { /* nothing was begun */
        end_all(c, &sync_stopped);
        return;
    }
    rpc_cancel(c->rpc);
    if (c->check != NULL) {
        check_end(c->check, &sync_stopped);
    } else {
        logs_stop(&c->filter[c->at]);
        end_all(c, &sync_stopped);
    }
}

void chain_free(struct chain *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->filters; i++) {
        buf_release(&c->filter[i].where);
        arena_release(&c->filter[i].memory);
    }
    head_free(c->asking);
    rpc_free(c->rpc);
    mem_free(c);
}
