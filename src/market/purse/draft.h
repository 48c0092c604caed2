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

static inline bool draft_replaces(const struct draft_call *x)
{
    return x->rq.kind == DRAFT_SPEED_UP || x->rq.kind == DRAFT_DROP;
}

/* [LANE_SIGN] Everything that is known without the chain: to, value and data, our own rows, the
 * coin's limits. */
void draft_shape_run(struct job *j);
souk_err draft_set_data(struct draft *d, struct buf *data, struct err *e); /* releases data */

#endif
