/*
 * packed.h: the blobs of the derived tables, written by derive and read by everyone else.
 *
 *   income   (less refunds) for each asset: addr.id (u32 LE), amount (32 bytes BE); the profile's
 *            order, no zeros
 *   spark    SPARK_DAYS daily counts (u16 LE), oldest first; UTC days, the last is as_of's
 *   days     for each UTC day with anything, ascending: day number, payments, settlements,
 *            inferences (u32 LE each), count of assets (u32 LE), then as in income
 *
 * A blob cut short reads as what is whole of it.
 */
#ifndef SOUK_MARKET_PACKED_H
#define SOUK_MARKET_PACKED_H

#include "base/arena.h"
#include "base/buf.h"
#include "market/types.h"
#include "store/derived.h"

enum { INCOME_ENTRY = 36, DAYS_HEAD = 20, SPARK_BYTES = SPARK_DAYS * 2 };

void pack_u32(struct buf *b, uint64_t v);                     /* saturates */
void pack_income(struct buf *b, uint32_t asset, u256 amount); /* nothing for 0 */

uint32_t unpack_u32(const char *p);

/* The names of the assets, for turning addr ids back into amounts. */
struct assets {
    struct asset_row known[INCOME_MAX];
    size_t n;
};
/* The profile's assets, as sync put them. */
souk_err assets_load(struct store *s, struct assets *out, struct err *e);

/* One amount. An asset that is not known has its number for an address, "?" for a symbol. */
struct amount amount_of(const struct assets *as, int64_t asset, u256 value);

/* Reads at most INCOME_MAX amounts of an income blob to the arena. false without memory. */
bool unpack_income(const struct assets *as, struct untrusted blob, struct arena *a,
                   struct income *out);

struct day {
    int64_t day;
    uint64_t payments, settlements, inferences;
    struct untrusted income; /* packed */
};
/* Takes the next day off the front of a days blob; false at its end. */
bool unpack_day(struct untrusted *blob, struct day *out);
/* The amount of one asset in a packed income, 0 when it is not there. */
u256 unpack_asset(struct untrusted income, int64_t asset);

#endif
