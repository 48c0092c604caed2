/* What the cache holds: ends and hashes, digests, the payees' sums; and which blocks to look at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/prove/internal.h"
#include "store/page_rows.h"
#include "store/rollup.h"

#include "base/banned.h"

enum {
    FAR = 512,        /* headers walked from a block to the next hash that is kept */
    FAR_LOCAL = 4096, /* where nobody minds */
    TRIES = 16,
};

static const struct {
    const char *name;
    unsigned chain;
} filters[FILTERS] = {{FILTER_LISTINGS, 0},
                      {FILTER_PAYMENTS, 0},
                      {FILTER_PAYEES, 0},
                      {FILTER_FUNDING, 0},
                      {FILTER_INFERENCES, 1}};

const struct kept *kept_named(const struct prove *p, const char *name)
{
    for (size_t i = 0; i < FILTERS; i++) {
        if (strcmp(p->kept[i].name, name) == 0)
            return &p->kept[i];
    }
    BUG("no filter %s", name);
}

/* --- the filters */

static int by_block(const void *pa, const void *pb)
{
    const struct cursor *a = pa, *b = pb;
    return (a->block > b->block) - (a->block < b->block);
}

static souk_err look_hashes(struct prove *p, struct err *e)
{
    for (unsigned c = 0; c < CHAINS; c++) {
        struct witness *w = &p->chain[c];
        w->hash = arena_alloc(&p->memory, (size_t)FILTERS * STORE_CHECKPOINTS * sizeof *w->hash);
        if (w->hash == NULL)
            return err_nomem(e);
        for (size_t i = 0; i < FILTERS; i++) {
            if (p->kept[i].there && p->kept[i].chain == c)
                w->hashes += store_checkpoints(p->s, w->cfg->chain_id, p->kept[i].name,
                                               w->hash + w->hashes, STORE_CHECKPOINTS);
        }
        qsort(w->hash, w->hashes, sizeof *w->hash, by_block);
    }
    return SOUK_OK;
}

static souk_err look_filters(struct prove *p, struct err *e)
{
    bool any = false;
    for (size_t i = 0; i < FILTERS; i++) {
        struct kept *k = &p->kept[i];
        int64_t chain, first, src;
        k->name = filters[i].name;
        k->chain = filters[i].chain;
        chain = p->chain[k->chain].cfg->chain_id;
        k->there = store_cursor_get(p->s, chain, k->name, &k->cursor);
        any |= k->there;
        if (!k->there)
            continue;
        k->first = store_filter_source(p->s, k->name, &src, &first, &chain) ? (uint64_t)first : 0;
        struct digest_proof *d = &p->out.digest[p->out.digests++];
        d->filter = k->name;
        d->chain = p->chain[k->chain].cfg->chain_id;
        d->first = k->first;
        d->last = k->cursor.block;
        d->same_node = p->chain[k->chain].same_node;
        memcpy(d->place, p->chain[k->chain].place, sizeof d->place);
        souk_err c =
            digest_rows(p->s, d->chain, d->filter, d->last, &p->stop, d->ours, &d->rows, e);
        if (c != SOUK_OK)
            return c;
    }
    return any ? SOUK_OK
               : err_set(e, SOUK_ENOTFOUND,
                         "there is nothing to prove: no block was read yet; run `souk sync`");
}

/* --- balances */

struct payee {
    address a;
    int64_t id;
    uint64_t since;
    u256 income[CONFIG_TOKENS];
};

struct ranking {
    struct prove *p;
    struct payee *payee; /* by id while summing */
    size_t n;
    int64_t token[CONFIG_TOKENS]; /* addr.id, 0: not in the cache */
};

static int by_id(const void *pa, const void *pb)
{
    const struct payee *a = pa, *b = pb;
    return (a->id > b->id) - (a->id < b->id);
}

/* As incomes are ordered everywhere: by the profile's first token, then the next. */
static int by_income(const void *pa, const void *pb)
{
    const struct payee *a = pa, *b = pb;
    for (unsigned t = 0; t < CONFIG_TOKENS; t++) {
        int c = u256_cmp(b->income[t], a->income[t]);
        if (c != 0)
            return c;
    }
    return memcmp(&a->a, &b->a, sizeof a->a);
}

static souk_err on_day(void *ud, const struct day_row *d, struct err *e)
{
    struct ranking *r = ud;
    struct payee key = {.id = d->payee};
    struct payee *at = bsearch(&key, r->payee, r->n, sizeof key, by_id);
    (void)e;
    for (unsigned t = 0; at != NULL && t < r->p->net->tokens; t++) {
        if (r->token[t] == d->asset)
            (void)u256_add(at->income[t], d->amount, &at->income[t]);
    }
    return SOUK_OK;
}

/* The payees of listings, those with the largest income first. */
static souk_err rank(struct ranking *r, struct err *e)
{
    struct prove *p = r->p;
    const struct payee_row *row;
    int64_t chain = p->net->payment.chain_id;
    souk_err c = store_payees(p->s, chain, &p->memory, &p->payee, &p->payees_n, e);
    if (c != SOUK_OK)
        return c;
    size_t n = p->payees_n;
    row = p->payee;
    r->payee = arena_alloc(&p->memory, (n + 1) * sizeof *r->payee);
    if (r->payee == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct payee *one = &r->payee[r->n];
        *one = (struct payee){.a = row[i].a, .since = row[i].since};
        r->n += store_addr_find(p->s, row[i].a, &one->id);
    }
    for (unsigned t = 0; t < p->net->tokens; t++) {
        if (!store_addr_find(p->s, p->net->token[t].addr, &r->token[t]))
            r->token[t] = 0;
    }
    qsort(r->payee, r->n, sizeof *r->payee, by_id);
    c = store_each_day(p->s, chain, 0, on_day, r, e);
    qsort(r->payee, r->n, sizeof *r->payee, by_income);
    return c;
}

struct summing {
    const struct ranking *r;
    int64_t who;
    struct balance_proof *of; /* one a token */
};

static void add(struct amount *to, u256 v, bool *over)
{
    *over |= !u256_add(to->value, v, &to->value);
}

/*
 * A payment's row is a transfer, but not always from its payer to its payee: what leaves a channel
 * or an escrow came in there by a transfer of its own, and what is refunded goes to the payer out
 * of one.
 */
static souk_err on_move(void *ud, const struct move_row *m, struct err *e)
{
    const struct summing *s = ud;
    bool held = m->payment && (m->kind == PAY_BATCH || m->kind == PAY_ESCROW), over = false;
    bool refund = m->payment && m->kind == PAY_REFUND;
    for (unsigned t = 0; t < s->r->p->net->tokens; t++) {
        struct balance_proof *b = &s->of[t];
        if (s->r->token[t] != m->asset || m->block < b->first || m->block > b->last)
            continue;
        if (refund ? m->from == s->who : m->to == s->who)
            add(&b->in, m->amount, &over);
        if (m->from == s->who && !held && !refund)
            add(&b->out, m->amount, &over);
    }
    return over ? err_set(e, SOUK_EINPUT,
                          "the cache has amounts that no token can have; make it "
                          "again with `souk sync --full`")
                : SOUK_OK;
}

static const struct traced *find_traced(const struct traced *t, size_t n, address a)
{
    for (size_t i = 0; i < n; i++) {
        if (address_eq(t[i].a, a))
            return &t[i];
    }
    return NULL;
}

static void describe(struct prove *p, const struct payee *payee, unsigned token,
                     const struct traced *traced, struct balance_proof *b, struct account *a)
{
    const struct token *t = &p->net->token[token];
    const struct kept *k = kept_named(p, t->whole_log ? FILTER_PAYMENTS : FILTER_PAYEES);
    struct amount zero = {.asset = t->addr, .decimals = t->decimals, .rank = token};
    snprintf(zero.symbol, sizeof zero.symbol, "%s", t->symbol);
    *b = (struct balance_proof){.payee = payee->a,
                                .in = zero,
                                .out = zero,
                                .before = zero,
                                .after = zero,
                                .first = t->whole_log ? k->first : payee->since,
                                .last = k->cursor.block};
    a->filter = (unsigned)(k - p->kept);
    if (!k->there)
        snprintf(b->words, sizeof b->words, "the transfers of %s were not read", t->symbol);
    else if (!t->whole_log && (traced == NULL || traced->upto < b->last))
        snprintf(b->words, sizeof b->words,
                 "the log of %s is not read whole, and what this payee sends was not read up to "
                 "block %llu",
                 t->symbol, (unsigned long long)b->last);
}

static souk_err look_balances(struct prove *p, struct err *e)
{
    struct ranking r = {.p = p};
    struct traced *traced = NULL;
    size_t traceds = 0;
    unsigned tokens = p->net->tokens;
    int64_t chain = p->net->payment.chain_id;
    souk_err c = rank(&r, e);
    if (c == SOUK_OK)
        c = store_traced(p->s, chain, &p->memory, &traced, &traceds, e);
    size_t n = r.n < p->payees ? r.n : p->payees;
    p->out.balance = arena_alloc(&p->memory, (n * tokens + 1) * sizeof *p->out.balance);
    p->account = arena_alloc(&p->memory, (n * tokens + 1) * sizeof *p->account);
    if (p->out.balance == NULL || p->account == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n && c == SOUK_OK; i++) {
        struct summing s = {&r, r.payee[i].id, &p->out.balance[p->out.balances]};
        for (unsigned t = 0; t < tokens; t++, p->out.balances++)
            describe(p, &r.payee[i], t, find_traced(traced, traceds, r.payee[i].a),
                     &p->out.balance[p->out.balances], &p->account[p->out.balances]);
        c = store_each_move_of(p->s, chain, r.payee[i].id, on_move, &s, e);
        if (c == SOUK_OK && atomic_load(&p->stop))
            c = err_set(e, SOUK_ECANCEL, "stopped");
    }
    return c;
}

/* --- which blocks */

struct draw {
    struct prove *p;
    unsigned chain;
    bytes32 seed;
    uint64_t n; /* numbers drawn */
    uint64_t first, last, far;
};

/* A number below `below`, out of the seed. */
static uint64_t draw(struct draw *d, uint64_t below)
{
    uint8_t text[32 + 2 * 8];
    uint64_t v = 0;
    memcpy(text, d->seed.b, 32);
    for (unsigned i = 0; i < 8; i++) {
        text[32 + i] = (uint8_t)((uint64_t)d->p->chain[d->chain].cfg->chain_id >> (8 * i));
        text[40 + i] = (uint8_t)(d->n >> (8 * i));
    }
    d->n++;
    bytes32 h = keccak256(text, sizeof text);
    for (unsigned i = 0; i < 8; i++)
        v = v << 8 | h.b[i];
    return v % below;
}

static const struct cursor *anchor_of(const struct draw *d, uint64_t block)
{
    const struct witness *w = &d->p->chain[d->chain];
    for (size_t i = 0; i < w->hashes; i++) {
        if (w->hash[i].block >= block)
            return w->hash[i].block - block <= d->far ? &w->hash[i] : NULL;
    }
    return NULL;
}

static bool has_rows(const struct draw *d, uint64_t from, uint64_t *block)
{
    return store_next_row_block(d->p->s, d->p->chain[d->chain].cfg->chain_id, from, block) &&
           *block <= d->last;
}

/* One block; with rows or without, near a kept hash or anywhere. */
static uint64_t pick(struct draw *d, bool rows, bool near)
{
    const struct witness *w = &d->p->chain[d->chain];
    uint64_t from = d->first + draw(d, d->last - d->first + 1), found = 0;
    if (near && w->hashes > 0) {
        uint64_t end = w->hash[draw(d, w->hashes)].block;
        if (end >= d->first && end <= d->last)
            from = end - draw(d, (end - d->first < d->far ? end - d->first : d->far) + 1);
    }
    bool some = has_rows(d, from, &found);
    if (!rows)
        return from;
    return some || has_rows(d, d->first, &found) ? found : from;
}

static bool taken(const struct draw *d, uint64_t block)
{
    for (size_t i = 0; i < d->p->out.receipts; i++) {
        if (d->p->sampled[i].chain == d->chain && d->p->out.receipt[i].block == block)
            return true;
    }
    return false;
}

/*
 * Every second one has rows. Blocks without a kept hash near enough are only every fourth: what can
 * be said of them is less.
 */
static void sample_one(struct draw *d, unsigned i)
{
    struct prove *p = d->p;
    for (unsigned try = 0; try < TRIES; try++) {
        uint64_t other, block = pick(d, i % 2 == 0, try > 0 && i % 4 != 3);
        bool with = has_rows(d, block, &other) && other == block;
        bool odd = (with != (i % 2 == 0)) || (anchor_of(d, block) == NULL && i % 4 != 3);
        if (taken(d, block) || (odd && try + 1 < TRIES))
            continue;
        const struct cursor *anchor = anchor_of(d, block);
        struct sampled *s = &p->sampled[p->out.receipts];
        *s = (struct sampled){.chain = d->chain};
        if (anchor != NULL)
            s->anchor = *anchor;
        p->out.receipt[p->out.receipts++] =
            (struct receipt_proof){.chain = p->chain[d->chain].cfg->chain_id, .block = block};
        return;
    }
}

/* The blocks that all filters of a chain have read, up to the end whose hash is the seed. */
static bool range(const struct prove *p, unsigned chain, struct draw *d)
{
    bool any = false;
    *d = (struct draw){.p = (struct prove *)p,
                       .chain = chain,
                       .last = UINT64_MAX,
                       .far = p->net->local ? FAR_LOCAL : FAR};
    for (size_t i = 0; i < FILTERS; i++) {
        const struct kept *k = &p->kept[i];
        if (!k->there || k->chain != chain || strcmp(k->name, FILTER_FUNDING) == 0)
            continue;
        if (!any || k->cursor.block < d->last) {
            d->last = k->cursor.block;
            d->seed = k->cursor.hash;
        }
        d->first = !any || k->first < d->first ? k->first : d->first;
        any = true;
    }
    return any && d->first <= d->last;
}

static souk_err look_blocks(struct prove *p, struct err *e)
{
    size_t room = (size_t)CHAINS * p->sample + 1;
    p->out.receipt = arena_alloc(&p->memory, room * sizeof *p->out.receipt);
    p->sampled = arena_alloc(&p->memory, room * sizeof *p->sampled);
    if (p->out.receipt == NULL || p->sampled == NULL)
        return err_nomem(e);
    for (unsigned c = 0; c < CHAINS; c++) {
        struct draw d;
        if (!range(p, c, &d))
            continue;
        for (unsigned i = 0; i < p->sample; i++)
            sample_one(&d, i);
    }
    return SOUK_OK;
}

/* --- the whole */

souk_err look(struct prove *p, struct err *e)
{
    souk_err c = store_snapshot(p->s, e);
    if (c != SOUK_OK)
        return c;
    c = look_filters(p, e);
    if (c == SOUK_OK)
        c = look_hashes(p, e);
    if (c == SOUK_OK)
        c = look_balances(p, e);
    if (c == SOUK_OK)
        c = look_blocks(p, e);
    store_snapshot_end(p->s);
    return c;
}
