/*
 * genuine.h: is it real people's money? Payments judged by rules.h, with the evidence.
 *
 * An author's control set is: the owners and receiving addresses of his models' chosen listings,
 * ever; what the user's own file says is his. The file is `known` in souk's configuration
 * directory, a line each:
 *     0xADDRESS author NAME      this address is NAME's
 *     0xADDRESS hub [WORDS]      an exchange, a bridge, a faucet: funding by it links nobody
 *     0xADDRESS trusted [WORDS]  an honest payer whatever the rules say (a dispute, settled)
 *
 * What is published is an interval, never a point, for each model, each author and the market, in
 * each window (derive.h) and asset. Rules and words are defined in rules.h; `excluded` of a judged
 * payment is the most that any EXCLUDE rule takes of it.
 *   high  sum of amounts without `self`, less refunds; never below nothing, at most the income
 *   low   sum of (amount - excluded), less refunds; never below nothing, at most high
 *         A refund counts in neither when its payer is in C(A): what it undoes counted in neither.
 *   clean       a payment with excluded * 1000 < funded_share * amount
 *   genuine payers, strictly: clusters that within the window, in one asset, made clean payments on
 *         strict_days different UTC days, and whose (amount - excluded) over the clean ones is at
 *         least strict_prices times the least price above 0 that a chosen listing event of this
 *         model (of an author: any of his models) ever named in that asset; any sum where none did.
 *         Of the market: clusters that are so for at least one author.
 *   loosely: clusters with one clean payment in the window
 *   clusters, payments: of judged payments that are neither `self` nor `unknown`. A model is
 *         *healthy* when clusters >= 3 and payments >= 3 * clusters
 * Evidence of transfers is that of the settlement assets within the blocks read; a payer funded
 * before them, or by a way outside them, is not seen: low is no proof of honesty, and the share it
 * excludes is a lower bound of self-dealing.
 *
 * Three runs over the rows in the order of the chain: who funds whom; what happened in each window;
 * the judgement. Memory grows with payers, pairs and one window's rows, not with payments. The same
 * rows, rules and file give the same result, always.
 */
#ifndef SOUK_MARKET_GENUINE_H
#define SOUK_MARKET_GENUINE_H

#include <stdatomic.h>

#include "market/config.h"
#include "market/rules.h"
#include "market/types.h"
#include "store/store.h"

/* --- the user's file. */
enum known_kind { KNOWN_AUTHOR, KNOWN_HUB, KNOWN_TRUSTED, KNOWN_KINDS };
const char *known_kind_name(enum known_kind k);
int known_kind_of(const char *word, size_t n); /* -1: none of them */
struct known_row {
    address a;
    enum known_kind kind;
    char *words; /* the author's name, or a remark */
    unsigned line;
};
struct known {
    struct known_row *row; /* by address */
    size_t n;
    bool found; /* there is a file */
    uint64_t print;
    char path[1024];
};
/* Reads such a text into k, which is zeroed; name: for messages. Release k also on failure. */
souk_err known_parse(const char *name, const char *text, size_t n, struct known *k, struct err *e);
/* No file is an empty list. A wrong line is SOUK_EINPUT naming file and line. */
souk_err known_load(struct known *k, struct err *e);
void known_release(struct known *k);
/* Adds or replaces one line (kind KNOWN_*), or takes it away (kind -1). Other lines stay as they
 * are; a file with a wrong line is refused, as in known_load. */
souk_err known_set(address a, int kind, const char *words, struct err *e);

/* --- judging. */

/*
 * Replaces what was judged: judged, finding, linked, genuine_stat, genuine_week (schema.h). w: the
 * writer, on LANE_WRITE, after derive(); cheap when neither rows nor rules nor file changed.
 * Cancellable: SOUK_ECANCEL leaves what was there.
 */
souk_err genuine_judge(struct store *w, const struct network *n, const struct rules *r,
                       const struct known *k, const atomic_bool *stop, struct err *e);
bool genuine_stale(struct store *s, const struct rules *r, const struct known *k);

/* What the lower bound of a window becomes when one threshold is half, or half as much again. */
struct sensitivity {
    unsigned threshold; /* threshold_at() */
    uint32_t value[3];  /* half, as it is, half as much again: clamped to what is allowed */
    u256 low[3];        /* of the asset asked for */
};
bool sensitivity_moves(const struct sensitivity *s); /* either way it makes another bound */
/* s: a reader. Takes two judgements a threshold: a worker's work. out has THRESHOLDS rows. */
souk_err genuine_sensitivity(struct store *s, const struct network *n, const struct rules *r,
                             const struct known *k, enum window w, address asset,
                             const atomic_bool *stop, void (*progress)(void *ud, unsigned done),
                             void *ud, struct sensitivity *out, struct err *e);

/* --- reading: what the rules found, newest first. */
struct evidence_row {
    bool payment; /* else a transfer */
    address from, to;
    struct amount amount;
    int64_t time;
    uint64_t block, log;
    char tx[HASH_BUF];
};
struct finding_row {
    int64_t id;
    enum rule rule;
    const char *author, *model; /* outside text; model "" when it is the author's alone */
    address payee, payer;       /* zero: several */
    int64_t since, until;
    uint64_t payments, payers;
    struct amount amount; /* of these payments, what the rule takes out (TAG, CLUSTER: concerns) */
    const char *words;    /* "3 of 3 payers were first funded by 0x12…", ours */
};
struct findings {
    struct finding_row *row;
    size_t n;
    uint64_t total; /* in the cache; n <= max */
    enum window window;
    uint64_t by_rule[RULE_COUNT]; /* payments in the window with this bit */
    struct income amount[RULE_COUNT];
};
/* who: 0 the market, a model's id, an author's id negated. */
souk_err findings_load(struct store *s, enum window w, int64_t who, size_t max,
                       struct findings **out, struct err *e);
void findings_free(struct findings *f);
/* The transactions behind one finding: the payments, the funding, the way back; in time order. Of
 * many the first ones: at most FINDING_ROWS; what a finding counts is whole. */
enum { FINDING_ROWS = 64 };
struct evidence {
    struct evidence_row *row;
    size_t n;
};
souk_err evidence_load(struct store *s, int64_t finding, struct evidence **out, struct err *e);
void evidence_free(struct evidence *v);

#endif
