/* Which blocks are sampled. */
#include <string.h>

#include "market/prove/internal.h"

#include "base/banned.h"

enum {
    FAR = 512,        /* headers walked from a block to the next hash that is kept */
    FAR_LOCAL = 4096, /* where nobody minds */
    TRIES = 16,
};

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

/* The next hash that is kept; false: none is near enough. */
static bool anchor_of(const struct draw *d, uint64_t block, struct cursor *out)
{
    return store_anchor_after(d->p->s, d->p->chain[d->chain].cfg->chain_id, block, out) &&
           out->block - block <= d->far;
}

static bool has_rows(const struct draw *d, uint64_t from, uint64_t *block)
{
    return store_next_row_block(d->p->s, d->p->chain[d->chain].cfg->chain_id, from, block) &&
           *block <= d->last;
}

/* One block; with rows or without, near a kept hash or anywhere. */
static uint64_t pick(struct draw *d, bool rows, bool near)
{
    uint64_t from = d->first + draw(d, d->last - d->first + 1), found = 0;
    struct cursor end;
    if (near && store_anchor_after(d->p->s, d->p->chain[d->chain].cfg->chain_id, from, &end) &&
        end.block <= d->last) {
        uint64_t room = end.block - d->first;
        from = end.block - draw(d, (room < ANCHOR_BLOCKS ? room : ANCHOR_BLOCKS) + 1);
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
        struct cursor anchor;
        bool anchored = anchor_of(d, block, &anchor);
        bool odd = with != (i % 2 == 0) || (!anchored && i % 4 != 3);
        if (taken(d, block) || (odd && try + 1 < TRIES))
            continue;
        struct sampled *s = &p->sampled[p->out.receipts];
        *s = (struct sampled){.chain = d->chain};
        if (anchored)
            s->anchor = anchor;
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

souk_err look_blocks(struct prove *p, struct err *e)
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
