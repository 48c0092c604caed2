/*
 * explain.h: every figure opens to where it comes from.
 *
 * A metric has a name (`souk health --explain NAME`, `?` on the figure), a definition, and the
 * sources it is made of. An explanation adds what this cache holds of them: chain, block range, end
 * hash and finality, number of rows, digest of the rows, the rules in force; and the transactions
 * themselves.
 *
 * Digest: BLAKE2b-256 over the filter's rows in the order of the chain. Each row is
 *     u64 block, u64 log, 32 bytes tx, then by what it is
 *       a payment     u8 1, u8 scheme, u8 tier, payer 20, payee 20, asset 20, amount 32
 *       a transfer    u8 2, u8 kind, from 20, to 20, asset 20, amount 32
 *       an inference  u8 3, CID
 *       a listing     u8 4, u8 1, owner 20, id 32, author, name, blob, endpoint, price 32,
 *                     asset 20, payTo 20
 *       a delisting   u8 4, u8 0, owner 20, id 32
 * integers big-endian, texts as u32 length and bytes, an unknown payer as zeros. It depends on what
 * the chain says and on nothing else: not on when, from whom, or in how many steps it was read.
 */
#ifndef SOUK_MARKET_EXPLAIN_H
#define SOUK_MARKET_EXPLAIN_H

#include <stdatomic.h>

#include "market/config.h"
#include "market/pages.h"
#include "market/rules.h"

/* Sources of a metric, as bits. */
enum {
    FROM_HUB = 1,
    FROM_LISTINGS = 2,
    FROM_PAYMENTS = 4,
    FROM_INFERENCES = 8,
    FROM_RULES = 16,
    FROM_SALES = FROM_LISTINGS | FROM_PAYMENTS, /* only a listing says whose a payment is */
    FROM_CALLS = FROM_SALES | FROM_INFERENCES,
};

/* id, name, title, sources, definition */
/* clang-format off */
#define METRIC_LIST(X)                                                                             \
    X(STORED, "stored", "Stored", FROM_HUB, "models on the Hub now")                               \
    X(LISTED, "listed", "Listed", FROM_HUB | FROM_LISTINGS, "of these, models with a price on chain") \
    X(PROVEN, "proven", "Proven", FROM_HUB | FROM_LISTINGS,                                        \
      "of these, listings that the model's author confirms in its description")                    \
    X(CALLED_EVER, "called-ever", "Called ever", FROM_HUB | FROM_CALLS,                            \
      "models with a payment, a settlement or an inference at any time")                           \
    X(CALLED, "called", "Called", FROM_HUB | FROM_CALLS,                                           \
      "models with a payment, a settlement or an inference in the window")                         \
    X(PAID, "paid", "Paid", FROM_HUB | FROM_SALES,                                                 \
      "models with a payment or a settlement in the window, whoever paid")                         \
    X(GENUINE, "genuine", "Genuine", FROM_HUB | FROM_SALES | FROM_RULES,                           \
      "models paid in the window by at least one genuine payer, strictly")                         \
    X(CALLS, "calls", "Calls", FROM_CALLS,                                                         \
      "payments and inferences: a lower bound, for a session settles an unknown number of calls")  \
    X(PAYMENTS, "payments", "Payments", FROM_SALES,                                                \
      "settled single payments with protocol proof: one paid call each")                           \
    X(SETTLEMENTS, "settlements", "Settlements", FROM_SALES,                                       \
      "settled sessions and channels: income, an unknown number of calls each")                    \
    X(INFERENCES, "inferences", "Inferences", FROM_INFERENCES, "inference events of a model's CID: unpaid use") \
    X(PAYERS, "payers", "Payers", FROM_SALES,                                                      \
      "different paying addresses: a set union, never a sum over models or days")                  \
    X(FRESH, "new-payers", "New payers", FROM_SALES,                                               \
      "payers whose first payment of all lies in the window")                                      \
    X(RETURNING, "returning", "Returning payers", FROM_SALES,                                      \
      "payers in the window that had paid before it")                                              \
    X(INCOME, "income", "Income", FROM_SALES,                                                      \
      "settled to the payees of listings, less refunds; each asset by itself")                     \
    X(SPENDING, "spending", "Genuine spending", FROM_SALES | FROM_RULES,                           \
      "from: without any payment a rule excludes; to: without the authors' own")                   \
    X(GENUINE_PAYERS, "genuine-payers", "Genuine payers", FROM_SALES | FROM_RULES,                 \
      "clusters of payers with clean payments on two days or more, ten prices in all")             \
    X(SELF_DEALING, "self-dealing", "Self-dealing share", FROM_SALES | FROM_RULES,                 \
      "share of income that the rules take out: at least, at most")                                \
    X(UNATTRIBUTED, "unattributed", "Unattributed", FROM_SALES,                                    \
      "income at addresses that several models of one author share, where no price tells them apart") \
    X(UNLISTED, "unlisted", "Not listed", FROM_SALES,                                              \
      "proved settlements to payees that no listing names: in no other figure")                    \
    X(INFLOW, "inflow", "Plain transfers", FROM_SALES,                                             \
      "transfers to payees without protocol proof: never a call")                                  \
    X(UPLOADS, "uploads", "Uploads", FROM_HUB, "models first seen, since the Hub was read completely") \
    X(GROWTH, "growth", "Growth", FROM_CALLS,                                                      \
      "the last four whole weeks against the four before, as a ratio with its 95 % interval")      \
    X(RETENTION, "retention", "Retention", FROM_SALES,                                             \
      "of those who first paid in a week, how many paid again in each week after")                 \
    X(CONCENTRATION, "concentration", "Concentration", FROM_SALES,                                 \
      "how unequally income is spread over authors: Gini, HHI, 1/HHI, the top ten's share")        \
    X(AUTHOR_INCOME, "author-income", "Author income", FROM_SALES,                                 \
      "quartiles of income over all authors with a listing, those without any income included")    \
    X(PRICE, "price", "Price and volume", FROM_SALES,                                              \
      "listed price against payments in the window; it says nothing about causes")
/* clang-format on */

#define X(id, name, title, from, text) METRIC_##id,
enum metric { METRIC_LIST(X) METRIC_COUNT };
#undef X

struct metric_info {
    const char *name, *title, *text;
    unsigned from;
};
const struct metric_info *metric_info(enum metric m);
/* SOUK_EUSAGE lists the names, the nearest first. */
souk_err metric_parse(const char *word, enum metric *out, struct err *e);

enum finality { FINALITY_UNKNOWN, FINALITY_UNSAFE, FINALITY_SAFE, FINALITY_FINAL };
const char *finality_name(enum finality f); /* "unknown" "unsafe" "safe" "final" */

/* What one log filter of the cache holds. */
struct basis {
    const char *filter; /* store.h's names */
    struct provenance from;
    enum finality finality;     /* of its last block */
    uint64_t final_to, safe_to; /* blocks; 0: the node does not say */
    uint64_t rows;
    bool more; /* than these: counting them all takes a pass, as a digest does */
    bool digested;
    uint8_t digest[32];
    const char *endpoints; /* hosts that answered, blank-separated; outside text */
    bool crossed;          /* every range was told alike by two nodes */
};

struct explanation {
    enum metric metric;
    enum window window;
    int64_t as_of;
    struct basis *basis; /* one a log filter that the profile reads, read already or not; digests
                            are written there by whoever takes them */
    size_t bases;
    struct provenance hub; /* FROM_HUB: the newest page read; a server's word */
    struct rules rules;    /* when the metric uses them */
    uint64_t counted; /* what this figure counts: rows in the window, or models; of what no model
                         of one author can have, those among his newest 5,000 payments */
    const struct call_row *call;        /* of such rows the newest, at most 200 */
    const struct untrusted *call_model; /* beside call: "author/name"; empty: no one model's */
    size_t calls;
};
/*
 * who: 0 the market, a model's id (SOUK_ENOTFOUND: no such), an author's id negated.
 * Without digests: those take a pass.
 */
souk_err explain_load(struct store *s, const struct network *n, const struct rules *r,
                      enum metric m, enum window w, int64_t who, struct explanation **out,
                      struct err *e);
void explain_free(struct explanation *x);

/* The digest of a filter's rows up to and including block `last`. */
souk_err digest_rows(struct store *s, int64_t chain, const char *filter, uint64_t last,
                     const atomic_bool *stop, uint8_t out[32], uint64_t *rows, struct err *e);

#endif
