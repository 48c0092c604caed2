/* bench_stats: samples, and the figures we print of them. Not a number: no samples. */
#ifndef SOUK_TESTS_BENCH_STATS_H
#define SOUK_TESTS_BENCH_STATS_H

#include <stddef.h>

struct series {
    double *v;
    size_t n, cap;
};

void series_add(struct series *s, double value);
void series_release(struct series *s);

double series_min(const struct series *s);
double series_median(const struct series *s);
double series_p95(const struct series *s);
double series_p99(const struct series *s);
double series_max(const struct series *s);

#endif
