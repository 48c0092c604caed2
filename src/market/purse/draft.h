/* draft.h: what draft.c (the steps, the nodes, the costs) and shape.c (what it shall be) share. */
#ifndef SOUK_MARKET_PURSE_DRAFT_H
#define SOUK_MARKET_PURSE_DRAFT_H

#include "market/purse/internal.h"

struct draft_call {
    struct purse_call call; /* first */
    struct draft_request rq;
    struct asset asset;
    struct draft d;
    address from;
    struct arena memory;
    struct sent_row *row; /* ours, newest first */
    size_t rows;
    struct tx old;      /* the one replaced */
    struct limits coin; /* zero: none, or not known */
    struct fees fees;
    u256 balance, coins; /* of the asset, of the coin */
    u256 l1;
    uint64_t node_nonce, gas_likely;
    draft_fn done;
    void *ud;
};

/* The call of a contract that moves nothing. */
static inline bool draft_lists(const struct draft_call *x)
{
    return x->rq.kind == DRAFT_LIST || x->rq.kind == DRAFT_DELIST || x->rq.kind == DRAFT_DEPLOY;
}

static inline bool draft_replaces(const struct draft_call *x)
{
    return x->rq.kind == DRAFT_SPEED_UP || x->rq.kind == DRAFT_DROP;
}

/* [LANE_SIGN] Everything that is known without the chain: to, value and data, our own rows, the
 * coin's limits. */
void draft_shape_run(struct job *j);
souk_err draft_set_data(struct draft *d, struct buf *data, struct err *e); /* releases data */
void draft_set_asset(struct draft_call *x, address token); /* the profile's of it, if it has it */
souk_err draft_shape_listing(struct draft_call *x, struct err *e); /* listings.c */

#endif
