/*
 * rules.h: what makes a payment doubtful: the rules by name, and their thresholds.
 *
 * Each rule is an independent bit on a payment, with evidence rows (genuine.h), and can be
 * switched off. What a rule decides is one of:
 *   EXCLUDE  the amount (or the funded part of it) is not in the lower bound;
 *            only `self` takes it out of the upper bound too
 *   CLUSTER  the payers count as one payer; the money counts
 *   TAG      shown, changes no sum
 * Definitions and sources: Victor & Weintraud 2021 (cycles, margin 0.1, tumbling week), the token
 * funding form of hildobby's shared-funder filter, x402watch's cohort thresholds.
 *
 * In the configuration file:
 *     [genuine]
 *     off = cohort burst              rules not to apply
 *     funded_share = 0.5              any threshold below by its name
 */
#ifndef SOUK_MARKET_RULES_H
#define SOUK_MARKET_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum rule_effect { RULE_EXCLUDE, RULE_CLUSTER, RULE_TAG };

/* id, name, effect, one line for people */
/* clang-format off */
#define RULE_LIST(X)                                                                               \
    X(SELF, "self", RULE_EXCLUDE, "payer and payee are the same author's addresses")               \
    X(FUNDED, "funded", RULE_EXCLUDE, "the payer's money came from the author")                    \
    X(SHARED, "shared", RULE_CLUSTER, "payers first funded by one address within a day")           \
    X(RETURN, "return", RULE_EXCLUDE, "what is paid goes back to the payer within the week")       \
    X(CYCLE, "cycle", RULE_EXCLUDE, "the money goes round in a circle and nobody is left with any")\
    X(COHORT, "cohort", RULE_EXCLUDE, "many payers that appear at once and behave alike")          \
    X(BURST, "burst", RULE_TAG, "payments in machine cadence")                                     \
    X(DUST, "dust", RULE_TAG, "less than a thousandth of a dollar, or less than its gas")          \
    X(ONE, "one", RULE_TAG, "nine tenths of the income from one payer")

/* name, default, least, most, what it is. Shares and margins are per mille, money is atomic USDC. */
#define THRESHOLD_LIST(X)                                                                          \
    X(window_days, 7, 1, 90, "days of a tumbling window (return, cycle)")                          \
    X(funded_share, 500, 1, 1000, "per mille of a payer's inflow from the author: funded")         \
    X(hub_fundees, 100, 2, 1000000, "a funder of more addresses is a hub: an exchange, a bridge")  \
    X(shared_payers, 3, 2, 1000, "so many payers of one funder are one cluster")                   \
    X(shared_hours, 24, 1, 8760, "when they were first funded within so many hours")               \
    X(return_ratio, 900, 1, 1000, "per mille: the smaller flow against the larger")                \
    X(return_trips, 2, 1, 1000, "round trips wanted: one may be a refund")                         \
    X(cycle_margin, 100, 0, 1000, "per mille of the mean transfer that a member may keep")         \
    X(cycle_times, 3, 1, 1000, "windows or rounds a circle must recur")                            \
    X(cohort_payers, 10, 2, 100000, "so many payers")                                              \
    X(cohort_minutes, 30, 1, 10080, "whose first payments fall into so many minutes")              \
    X(cohort_share, 700, 1, 1000, "per mille of them that do")                                     \
    X(cohort_cv, 500, 0, 10000, "per mille: variation of payments per payer, at most")             \
    X(cohort_linked, 500, 0, 1000, "per mille of them under `shared`, at least")                   \
    X(burst_per_minute, 10, 1, 100000, "more payments a minute")                                   \
    X(burst_minutes, 10, 1, 100000, "for so many minutes")                                         \
    X(burst_cv, 100, 0, 10000, "per mille: variation of the time between them, at most")           \
    X(dust_micro, 1000, 0, 1000000, "millionths of a dollar")                                      \
    X(one_share, 900, 1, 1000, "per mille of income from one cluster")                             \
    X(one_payments, 20, 1, 1000000, "when there are so many payments")                             \
    X(strict_days, 2, 1, 90, "genuine payer, strictly: pays on so many days")                      \
    X(strict_prices, 10, 1, 1000, "and so many times the least price in all")
/* clang-format on */

#define X(id, name, effect, text) RULE_##id,
enum rule { RULE_LIST(X) RULE_COUNT };
#undef X

enum { RULES_VERSION = 1 }; /* moves when a definition does */

struct rules {
    unsigned on; /* bit 1u << enum rule */
#define X(name, def, least, most, text) uint32_t name;
    THRESHOLD_LIST(X)
#undef X
};

extern const struct rules rules_default;

const char *rule_name(enum rule r);
const char *rule_text(enum rule r);
enum rule_effect rule_effect(enum rule r);
bool rule_parse(const char *word, enum rule *out);

/* Thresholds by number, for printing and for asking what each one does to the result. */
enum {
    THRESHOLDS = 0
#define X(name, def, least, most, text) +1
    THRESHOLD_LIST(X)
#undef X
};
struct threshold {
    const char *name, *text;
    uint32_t least, most;
};
const struct threshold *threshold_at(unsigned i);
uint32_t *threshold_of(struct rules *r, unsigned i);

/* One line of [genuine]. Shares may be written 0.5 or 500. SOUK_EINPUT says what is wanted. */
souk_err rules_set(struct rules *r, const char *key, const char *value, struct err *e);
/* A fingerprint of version, switches and thresholds: figures of other rules are other figures. */
uint64_t rules_print(const struct rules *r);

#endif
