/*
 * payers.h: the payers of the whole market: how many a week, how many new, who comes back.
 *
 * Sets, not sums of counts: a payer of five models is one. Some tens of bytes for each payer.
 */
#ifndef SOUK_MARKET_PAYERS_H
#define SOUK_MARKET_PAYERS_H

#include "market/derive/tally.h"

struct market_payer;

struct payers {
    const struct tally *t; /* for its windows */
    int64_t week0;         /* the week with the first day of all */
    size_t weeks, words;   /* words of 64 weeks, for each payer */
    struct map by_payer;
    struct market_payer *payer;
    uint64_t *week; /* beside payer: bits of weeks he paid in */
    size_t n, room;
};

/* Days before `first` count as it, days after `last` as that. */
void payers_init(struct payers *p, const struct tally *t, int64_t first, int64_t last);
void payers_release(struct payers *p);

/* What one payer did: his days (bit i of days: day first_day + i), and the windows he paid in. */
bool payers_add(struct payers *p, int64_t payer, int64_t first, const uint8_t *days, size_t bytes,
                uint8_t in);

/* Fills payers and fresh of the market's windows. */
void payers_windows(const struct payers *p, struct tally_window win[WINDOW_COUNT]);
/* payers and fresh of week0 + i, i below weeks. */
struct payers_week {
    uint64_t payers, fresh;
};
void payers_weekly(const struct payers *p, struct payers_week *out);
/* Cohorts of week0 + i. */
void payers_cohorts(const struct payers *p, struct cohort_out *out);

#endif
