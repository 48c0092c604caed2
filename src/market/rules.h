/*
 * rules.h: what makes a payment doubtful: the rules by name, their thresholds, their definitions.
 *
 * Each rule is an independent bit on a payment, with evidence rows (genuine.h), and can be
 * switched off. What a rule decides is one of:
 *   EXCLUDE  the amount (or the funded part of it) is not in the lower bound;
 *            only `self` takes it out of the upper bound too
 *   CLUSTER  the payers count as one payer; the money counts
 *   TAG      shown, changes no sum
 * Sources: Victor & Weintraud 2021 (circles within a tumbling week), the token funding form of
 * hildobby's shared-funder filter, x402watch's cohort thresholds.
 *
 * In the configuration file:
 *     [genuine]
 *     off = cohort burst              rules not to apply
 *     funded_share = 0.5              any threshold below by its name
 *
 * DEFINITIONS. Exact, so that who reads this can come to the same bits and amounts by himself; all
 * arithmetic is in integers. Names in small letters are thresholds; S is seconds.
 *
 *   moves      every row of pay (of any tier) and flow of the payment chain, in its order (block,
 *              log). Left out: moves of an address to itself, of assets that the profile does not
 *              have. A *transfer* is a flow of kind FLOW_PLAIN; deposits and withdrawals are
 *              neither transfers nor inflow: the money stays its owner's.
 *   judged     payments and settlements of tier P3, no refunds, that derive gives to an author A
 *              (to a model of his, or to him unattributed): what is income (derive.h). x: amount,
 *              a: payer, b: payee.
 *   C(A)       the author's addresses: owner and payTo of every chosen listing event (derive.h) of
 *              his models, whenever it happened, and those that the user's file says are his.
 *   pair       (a, A, asset). Every rule looks at one asset at a time.
 *   window     floor(time / (window_days * 86400)); tumbling, not sliding.
 *   hub        the zero address; one that the user's file calls a hub; one that is in no C() and
 *              made transfers to more than hub_fundees different others, in all assets together,
 *              over the whole index. An author's own address is no hub however many it feeds.
 *   inflow     of an address: transfers to it, and payments of any tier but refunds to it.
 *   funder     of (a, asset): who made its first inflow. There is none when a sent anything (a
 *              transfer, a deposit or a payment) before its first inflow: that money is older than
 *              the index.
 *
 *   self       a is in C(A), or a = b. Takes x.
 *   unknown    no log names the payer (payment channels). Takes x. Such a payment carries no other
 *              bit but `dust`.
 *
 *   funded     Of every (address, asset) that ever makes a judged payment souk keeps T, what is
 *              known to be there, and for each author F, what of it is his money; both begin at 0.
 *              Inflow of v from s: T += v, and F += v for every author with s in C() and the
 *              address itself not in C(); unless the user's file calls s a hub. A refund of v to
 *              its payer: T += v. A transfer or payment of v out of it: for every author
 *                  part = v <= T ? floor(v * F / T) : F
 *              then F -= part for each, T -= min(v, T). A transfer out comes before the same
 *              row's inflow elsewhere. With `in` all its inflow so far and `own` that from C(A)
 *              (as for F), a judged payment is funded when part > 0 and
 *                  (own * 1000 >= funded_share * in, or its funder is in C(A) and no hub of the
 *                  user's file)
 *              Takes part. Money over one address more is not followed, for what else came to that
 *              address is mostly not read: an exchange would look like the author's own purse.
 *
 *   shared     Pairs of the same author, asset and funder (no hub), a not in C(A), not trusted,
 *              by the time of their first inflow: wherever shared_payers or more lie within
 *              shared_hours * 3600 S (last - first <= that), all of these are shared, with one
 *              another. Payers linked in this way, by any author, in any asset and over any number
 *              of links, are one *cluster*, everywhere; every other payer is a cluster of its own.
 *
 *   return     Per pair and window: paid, the sum of judged payments; back, the sum of transfers
 *              from C(A) to a. Their order makes runs of payments and runs of transfers.
 *                  min(paid, back) * 1000 >= return_ratio * max(paid, back)
 *                  the lesser number of runs >= return_trips
 *              Takes all the pair paid in the window. Not for a in C(A).
 *
 *   cycle      Per window and asset: a graph of transfers and payments (no refunds). A node is an
 *              address, or all addresses of an author together (of several authors: the one with
 *              the least id). Hubs and what stays within a node are left out. Repeat on each
 *              strongly connected component of two nodes or more: in and out are a member's sums
 *              within the component; it fails when min(in, out) * 1000 < (1000 - cycle_margin) *
 *              max(in, out). When none fails the component is a *circle*. Else take away those
 *              that fail and are no author's, or, when all that fail are authors, those; look for
 *              components in what is left. Rounds of a circle: the least number of moves into, or
 *              out of, any member within it. A payment is in a circle when the nodes of a and b
 *              are both in it in the payment's window and asset; it counts when the rounds of all
 *              circles of that asset, over the whole index, come to cycle_times or more of those
 *              with a's node in them, and of those with b's (one refund is a circle, but one). The
 *              margin is of a member's own throughput, where Victor and Weintraud take the mean
 *              transfer: many small prices come in, one sweep goes out. Takes x. Not for a in C(A).
 *
 *   cohort     Per author, asset and UTC day: N pairs (a not in C(A), not trusted) whose first
 *              judged payment fell on that day. M of them lie in the stretch of cohort_minutes *
 *              60 S (last - first <= that) with the most first payments; of equals the earliest.
 *                  M >= cohort_payers,  M * 1000 >= cohort_share * N
 *                  shared ones among the M * 1000 >= cohort_linked * M
 *                  (M * sum(c * c) - sum(c)^2) * 10^6 <= cohort_cv^2 * sum(c)^2,
 *              c each one's number of judged payments over the whole index. (`shared` counts here
 *              even when that rule is switched off.) Takes all that these M pay A in that asset.
 *
 *   burst      Per pair: a run of minutes (floor(time / 60)), each with more than burst_per_minute
 *              judged payments, burst_minutes of them or more, not broken; over the g between its
 *              payments, k of them:  (k * sum(g * g) - sum(g)^2) * 10^6 <= burst_cv^2 * sum(g)^2
 *   dust       x * 10^6 < dust_micro * 10^decimals, in assets whose symbol begins with USD: no
 *              other has a price here. What the gas cost is not known without the receipt.
 *   one        Per author, asset and window, of judged payments neither self nor unknown:
 *              one_payments or more, and those of one cluster * 1000 >= one_share * all. Tags that
 *              cluster's; of equals the one that paid first.
 *
 * The payments of a payer that the user's file trusts carry no bit but `self`; as moves they count
 * like any other. A rule that is off gives no bit and links nobody.
 */
#ifndef SOUK_MARKET_RULES_H
#define SOUK_MARKET_RULES_H

#include <stdbool.h>
#include <stddef.h>
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
    X(DUST, "dust", RULE_TAG, "less than a thousandth of a dollar")                                \
    X(ONE, "one", RULE_TAG, "nine tenths of the income from one payer")                            \
    X(UNKNOWN, "unknown", RULE_EXCLUDE, "no log says who paid: nothing vouches for it")

/* name, default, least, most, what it is */
#define THRESHOLD_LIST(X)                                                                          \
    X(window_days, 7, 1, 90, "days of a tumbling window (return, cycle, one)")                     \
    X(funded_share, 500, 1, 1000, "per mille of a payer's inflow from the author: funded")         \
    X(hub_fundees, 100, 2, 1000000, "a funder of more addresses is a hub: an exchange, a bridge")  \
    X(shared_payers, 3, 2, 1000, "so many payers of one funder are one cluster")                   \
    X(shared_hours, 24, 1, 8760, "when they were first funded within so many hours")               \
    X(return_ratio, 900, 1, 1000, "per mille: the smaller flow against the larger")                \
    X(return_trips, 2, 1, 1000, "round trips wanted: one may be a refund")                         \
    X(cycle_margin, 100, 0, 1000, "per mille of what passes through a member that may stay")       \
    X(cycle_times, 3, 1, 1000, "rounds the money must have gone")                                  \
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
/* The rules that are off, blank-separated: a value for "off". */
char *rules_off(const struct rules *r, char *out, size_t size);
/* A fingerprint of version, switches and thresholds: figures of other rules are other figures. */
uint64_t rules_print(const struct rules *r);

#endif
