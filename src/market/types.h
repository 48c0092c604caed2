/*
 * types.h: the words of the market, shared by everything that shows it.
 *
 * Counting, by definition (each is shown under its own name):
 *   payment     one settled `exact` transfer to a listing's payTo (or a captured escrow), proved
 *               by its protocol event in the same transaction: one paid call
 *   settlement  one settled `upto` session or payment channel: income, an unknown number of calls
 *   inference   one ModelInferenceEvent of the model's CID: unpaid usage
 *   call        payments + inferences
 *   payer       distinct paying addresses over payments and settlements (a set union)
 *   income      sums per asset, never added across assets, less refunds (never below nothing)
 * All are raw: every proved settlement counts, whoever made it. What is thought genuine has its own
 * fields (low, high, genuine_payers; genuine.h).
 *
 * A window ends at `as_of`, the time of the newest block the payments were
 * read up to, so figures do not change while no block arrives.
 */
#ifndef SOUK_MARKET_TYPES_H
#define SOUK_MARKET_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eth/eth.h"

enum window { WINDOW_7D, WINDOW_30D, WINDOW_90D, WINDOW_ALL, WINDOW_COUNT };
const char *window_name(enum window w); /* "7d" "30d" "90d" "all" */
bool window_parse(const char *s, enum window *out);
int64_t window_seconds(enum window w); /* 0 for all */

/* One amount with its asset. Symbols are ours (config), "?" for an asset we do not know. */
struct amount {
    u256 value;
    address asset;
    char symbol[12];
    unsigned decimals;
    unsigned rank; /* place of the asset in the profile's order; unknown ones come last */
};

/* Income per asset, in the profile's token order; usually one or two. */
enum { INCOME_MAX = 8 };
struct income {
    const struct amount *of;
    size_t n;
};

enum mark { MARK_UNLISTED, MARK_UNPROVEN, MARK_PROVEN };
enum blob_source { BLOB_UNKNOWN, BLOB_LISTING, BLOB_FILES, BLOB_DESCRIPTION };

enum { SPARK_DAYS = 30 };

/* Calls and settlements of the last four whole weeks against the four before. */
struct trend {
    bool known; /* false: too few to tell */
    double ratio, low, high;
};

/* The figures of one model or author over one window. */
struct figures {
    uint64_t calls, payments, settlements, inferences, payers;
    uint64_t genuine_payers; /* strictly: clusters (genuine.h) */
    struct income income;
    struct income low, high; /* genuine income is between these */
    bool judged;             /* else genuine_payers, low and high are not known, and empty */
    struct trend trend;
    int64_t last;          /* time of the last call or settlement; 0: never in the window */
    const uint16_t *spark; /* SPARK_DAYS daily counts of calls + settlements, oldest first, whatever
                             the window; UTC days, the last is as_of's; NULL: none */
};

extern const struct figures figures_none;

/* Orders incomes: first asset of the profile first, then the next. */
int income_cmp(const struct income *a, const struct income *b);
/* What of it is in this asset: nothing, where there is none. */
struct amount income_in(const struct income *in, const struct amount *asset);
/* "124.81 USDC + 0.5 OPG", or "–": into out, cut at its end. */
char *income_format(const struct income *in, char *out, size_t size);
char *amount_format(const struct amount *a, char *out, size_t size);

#endif
