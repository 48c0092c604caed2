/*
 * stats.h: the few statistics that the figures need; pure functions.
 *
 * Amounts stay integers: what comes out as a ratio is parts per million, cut, or a double where
 * it is an estimate anyway (never an amount). Nothing here draws random numbers: intervals are the
 * same for the same input.
 */
#ifndef SOUK_MARKET_STATS_H
#define SOUK_MARKET_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eth/u256.h"

enum { PPM = 1000000 };

/* part of whole in ppm, cut; all when it is more; of nothing 0. */
uint32_t amount_share(u256 part, u256 whole);

/* How unequal n amounts are. sorted: ascending; zeros count when they are in it. Of amounts whose
 * total has more than 62 bits the lowest bits are left out: a part in 10^18 of the total. */
struct concentration {
    size_t n;         /* amounts */
    uint32_t gini;    /* ppm, with the correction n / (n - 1); 0 below two */
    uint32_t hhi;     /* ppm: sum of squared shares */
    double effective; /* 1 / HHI: so many equal ones would be as concentrated; 0: nothing at all */
    uint32_t top1, top10; /* ppm of the total */
    size_t half;          /* the fewest that together have half */
};
void concentration(const u256 *sorted, size_t n, struct concentration *out);
/* The Lorenz curve at `points` + 1 even places from 0 to all: ppm of the total held by the poorest
 * share, straight between two amounts. points >= 1. All 0 when there is nothing to share. */
void lorenz(const u256 *sorted, size_t n, uint32_t *out, size_t points);
/* Lower quartile, median, upper quartile; of two middles their mean, cut. The quartiles are the
 * medians of the halves below and above the middle one (Moore and McCabe). n 0: zeros. */
void quartiles(const u256 *sorted, size_t n, u256 out[3]);
void u256_sort(u256 *v, size_t n); /* ascending */

/*
 * Growth: the rate of the last `half` periods against the `half` before, with a 95 % interval that
 * allows for over-dispersion (quasi-Poisson on the log ratio, dispersion estimated from the
 * periods, at least 1; Student's t with 2·half - 2 degrees). Fewer than GROWTH_FLOOR events in all:
 * too few to tell.
 */
enum { GROWTH_FLOOR = 30 };
struct growth {
    bool known;              /* false: too few to tell, and the doubles are 0 */
    uint64_t before, recent; /* events; of a sum what was summed */
    double ratio, low, high; /* 1.2: +20 %; ratio and high are infinite when before is 0 */
    int direction;           /* of Mann-Kendall over all periods given: -1, 0, +1 at 95 % */
};
/* v: n periods, oldest first; the last 2 * half are compared, half >= 2. Fewer are too few. */
void growth(const uint64_t *v, size_t n, size_t half, struct growth *out);
/* The same of a sum, like income, of events counted apart, which alone decide whether there are
 * enough: its unit is arbitrary, so the least dispersion is an event's mean. */
void growth_of_sum(const uint64_t *v, const uint64_t *events, size_t n, size_t half,
                   struct growth *out);
/* Mann-Kendall with ties; z of the normal approximation, with its continuity correction. */
double mann_kendall(const uint64_t *v, size_t n);

/* Wilson's 95 % interval of k out of n, in ppm. Of none: 0, from 0 to all. */
struct share {
    uint64_t k, n;
    uint32_t point, low, high;
};
struct share wilson(uint64_t k, uint64_t n);

#endif
