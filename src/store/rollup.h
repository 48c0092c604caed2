/*
 * rollup.h: sums kept beside the raw chain rows, and the raw rows in the orders they are asked for.
 *
 * The rollups are made as rows are written, in the same transaction, and unmade when a
 * reorganisation takes rows back: only keys that were touched are computed again. They hold
 * proved rows alone (tier P3), know nothing of models or listings, and equal what the raw rows give
 * (a property the tests check) unless store_behind(): in a first fill of very many rows each of
 * them would rewrite a page of its own, so there, and where more is deleted at once than memory
 * should hold, the sums wait for store_sum(), which makes all of them in one pass. derive begins
 * with it.
 *
 *   edge        (payee, payer, asset): what this payer paid this payee
 *   day         (payee, UTC day, asset): what came in that day
 *   infer_day   (cid, UTC day)
 *
 * The readers call fn for each row, in the order stated; what fn returns other than SOUK_OK ends
 * the run and is returned. Ids are addr.id and cid.id; payer 0: unknown.
 */
#ifndef SOUK_STORE_ROLLUP_H
#define SOUK_STORE_ROLLUP_H

#include <stdatomic.h>

#include "store/derived.h"

/* Days are unix day numbers; bit i of days[i / 8]: paid on day first_day + i. */
struct edge_row {
    int64_t payee, payer, asset;
    uint64_t payments, settlements;
    u256 amount;
    int64_t first, last; /* times */
    int64_t first_day;
    const uint8_t *days;
    size_t days_n; /* bytes */
};
/* By payee, payer, asset. payee 0: all. Refunds are not in it. */
souk_err store_each_edge(struct store *s, int64_t chain, int64_t payee, ROW_FN(edge_row), void *ud,
                         struct err *e);

struct day_row {
    int64_t payee, day, asset;
    uint64_t payments, settlements;
    u256 amount, refunded; /* amount: before refunds */
};
/* By payee, day, asset. payee 0: all. */
souk_err store_each_day(struct store *s, int64_t chain, int64_t payee, ROW_FN(day_row), void *ud,
                        struct err *e);

struct infer_day_row {
    int64_t cid, day;
    uint64_t n;
    int64_t last; /* time of the last that day */
};
/* Of one CID (store_each_called tells them), by day. */
souk_err store_each_infer_day_of(struct store *s, int64_t chain, int64_t cid, ROW_FN(infer_day_row),
                                 void *ud, struct err *e);

/* --- raw rows. */

struct move_row {
    bool payment; /* else a flow */
    uint64_t block, log;
    int64_t from, to, asset; /* payer and payee of a payment */
    u256 amount;
    int kind; /* enum pay_scheme of a payment, enum flow_kind of a flow */
    int tier; /* of a payment */
    int64_t time;
};
/* Payments and flows of a chain together, in its order, from (block, 0) on; to the end. */
souk_err store_each_move(struct store *s, int64_t chain, uint64_t block, ROW_FN(move_row), void *ud,
                         struct err *e);
/* Proved payments (refunds too) and inferences with first < time <= last, in the chain's order. */
souk_err store_each_pay_between(struct store *s, int64_t chain, int64_t first, int64_t last,
                                ROW_FN(move_row), void *ud, struct err *e);
souk_err store_each_infer_between(struct store *s, int64_t chain, int64_t first, int64_t last,
                                  ROW_FN(infer_row), void *ud, struct err *e);

bool store_addr_find(struct store *s, address a, int64_t *id); /* false: not in the cache */
bool store_addr_get(struct store *s, int64_t id, address *out);

bool store_behind(struct store *s);
/* Does nothing, at once, unless store_behind(). Not in a transaction; *stop as below. */
souk_err store_sum(struct store *s, atomic_bool *stop, struct err *e);

/*
 * Makes the indexes that a first fill does without: cheap when they are there. Not in a
 * transaction; what was not finished when *stop (may be NULL) became true, or the power went, is
 * made next time, and no answer depends on them.
 */
souk_err store_index(struct store *s, atomic_bool *stop, struct err *e);

#endif
