/*
 * health.h: the market's vital signs: is it a shelf or a market?
 *
 * Raw beside genuine, calls, payments and session settlements each under its own name, assets never
 * added. Every figure is a metric of explain.h, which says what it means and where it comes from.
 */
#ifndef SOUK_MARKET_HEALTH_H
#define SOUK_MARKET_HEALTH_H

#include "market/explain.h"
#include "market/pages.h"
#include "market/rules.h"
#include "market/stats.h"

/* Whole weeks from Monday, UTC, oldest first; the first week read and the one under way are left
 * out: they are not whole. */
struct weekly {
    struct series calls, payments, settlements, inferences, payers,
        fresh /* paid for the first time */, returning, income, low, high,
        median /* settled amount of a payment */;
    struct series uploads; /* from the first complete read of the Hub on */
    struct amount unit;    /* income, low, high, median are in units of this */
    /* Weeks before this one have payers that may only look new: it is the first that begins 30
     * days or more after the week of the first payment read. */
    size_t fresh_from;
};

enum { COHORTS = 16, COHORT_WEEKS = 12 };
/* Payers whose first payment was in this week: whole weeks from fresh_from on. */
struct cohort {
    int64_t first_day;
    uint64_t payers;
    unsigned weeks;              /* whole weeks that have passed since, at most COHORT_WEEKS */
    uint64_t back[COHORT_WEEKS]; /* payers that paid in the k-th week after */
};

struct price_point {            /* a listed model */
    const char *author, *model; /* outside text */
    struct amount price;
    uint64_t payments;
    struct amount income; /* of the price's asset */
};

enum { LORENZ_POINTS = 50, PRICE_POINTS = 400 };

struct health {
    enum window window;
    int64_t as_of;
    uint64_t as_of_block;
    /* The funnel: models still on the Hub. Called: any call or settlement; paid: any payment or
     * settlement; genuine: paid by a genuine payer, strictly (genuine.h). */
    uint64_t stored, listed, proven, called_ever, called, paid, paid_by_3, genuine;
    uint64_t healthy; /* three or more payer clusters, and three payments a cluster */

    uint64_t calls, payments, settlements, inferences, payers, authors, authors_earning;
    uint64_t payers_fresh, payers_returning; /* first paid in the window; had paid before it */
    struct income income;       /* to listings of models on the Hub, plus unattributed */
    struct income refunded;     /* already taken off income */
    struct income unattributed; /* of income: to addresses shared by several models */
    struct income unlisted;     /* proved settlements to payees no listing names: not in income */
    uint64_t unlisted_payments;
    struct income by_list; /* no protocol proof, but sent by a known facilitator: tier P2 */
    uint64_t by_list_payments;
    struct income inflow; /* plain transfers to payees: tier P1, never a call */
    uint64_t inflows;
    uint64_t unknown_inferences; /* of CIDs no model has */
    uint64_t payer_unknown;      /* settlements whose payer no log names (payment channels) */

    /* Genuine spending: [low, high] of income, per asset; what was judged, by which rules. */
    struct income low, high;
    uint64_t payers_strict, payers_loose;
    int64_t judged_at; /* time of the last block judged; 0: not yet */
    uint64_t rules_print;
    uint64_t with_bit[RULE_COUNT];        /* payments with each rule's bit */
    uint32_t excluded_low, excluded_high; /* ppm of income_asset's income: self-dealing share */

    struct weekly weekly;
    /* The last 4 whole weeks against the 4 before; the direction is that of the last 12. Income is
     * that of income_asset, before and recent in units of weekly.unit. */
    struct growth grow_calls, grow_payments, grow_settlements, grow_income, grow_payers, grow_fresh,
        grow_uploads;
    struct cohort cohort[COHORTS]; /* oldest first */
    size_t cohorts;
    struct share d7,
        d30; /* paid again on days 7 to 13, 30 to 36; of all cohorts whose time is over */

    struct amount income_asset;             /* what the following is in; value unused */
    struct concentration earners, everyone; /* authors that earned; all with a listing */
    uint32_t lorenz[LORENZ_POINTS + 1];     /* of everyone */
    struct amount quartile[3];              /* author income, zeros included */
    struct price_point *price;              /* by payments */
    size_t prices;
    struct provenance payments_from, inferences_from, hub_from;
    enum finality payments_finality, inferences_finality; /* of their last blocks */
};
souk_err health_load(struct store *s, enum window w, struct health **out, struct err *e);
void health_free(struct health *h);

#endif
