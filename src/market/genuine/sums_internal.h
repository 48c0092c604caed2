/*
 * sums_internal.h: what sums.c, spenders.c and sums_write.c lend each other.
 *
 * Each payment is added to the narrowest window it lies in; sums_finish() adds each window to the
 * next wider one.
 */
#ifndef SOUK_MARKET_GENUINE_SUMS_INTERNAL_H
#define SOUK_MARKET_GENUINE_SUMS_INTERNAL_H

#include "market/genuine/internal.h"

/* Of an account, in a window and an asset. */
enum { PART_LOW, PART_HIGH, PART_ALL, PART_REFUNDED, PART_REFUNDED_ALL, PARTS };
enum { SEEN_ANY = 1, SEEN_LOOSE = 16, SEEN_STRICT = 256 }; /* shifted by the window */

struct ledger { /* of a model, an author, the market */
    int64_t who;
    uint64_t payments[WINDOW_COUNT], judged[WINDOW_COUNT];
    uint64_t clusters[WINDOW_COUNT], loose[WINDOW_COUNT], strict[WINDOW_COUNT];
    uint32_t bits[WINDOW_COUNT][RULE_COUNT];
    u256 *sum; /* PARTS for each window and asset; then the least price in each asset */
};
struct taken { /* what a rule takes out of an account, or concerns there */
    uint32_t account;
    unsigned rule, slot;
    u256 sum[WINDOW_COUNT];
};
struct week {
    int64_t week;
    u256 sum[SLOTS][PARTS];
    u256 median[SLOTS];
};
struct bounds {
    u256 low, high;
};

static inline u256 *ledger_sum(const struct sums *t, const struct ledger *a, int w, unsigned slot)
{
    return a->sum + ((size_t)w * t->p->assets + slot) * PARTS;
}
static inline u256 *ledger_price(const struct sums *t, const struct ledger *a, unsigned slot)
{
    return a->sum + (size_t)WINDOW_COUNT * t->p->assets * PARTS + slot;
}
struct bounds bounds_of(const u256 *sum);

/* --- spenders.c: one cluster, what it paid one account in one asset */

/* w: the narrowest window; counts: neither self nor unknown. */
souk_err spender_add(struct sums *t, uint32_t account, const struct judged *j, int w, bool counts,
                     struct err *e);
/* Counts clusters; needs the prices. */
void spenders_finish(struct sums *t);

#endif
