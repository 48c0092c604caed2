#include "bench_stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void series_add(struct series *s, double value)
{
    if (s->n == s->cap) {
        s->cap = s->cap * 2 + 32;
        s->v = realloc(s->v, s->cap * sizeof(*s->v));
        if (!s->v) {
            fputs("bench: out of memory\n", stderr);
            exit(EXIT_FAILURE);
        }
    }
    /* Kept in order: there are few, and every figure wants them so. */
    size_t i = s->n++;
    for (; i > 0 && s->v[i - 1] > value; i--)
        s->v[i] = s->v[i - 1];
    s->v[i] = value;
}

void series_release(struct series *s)
{
    free(s->v);
    *s = (struct series){0};
}

double series_min(const struct series *s)
{
    return s->n ? s->v[0] : NAN;
}

double series_median(const struct series *s)
{
    if (!s->n)
        return NAN;
    return (s->v[(s->n - 1) / 2] + s->v[s->n / 2]) / 2;
}

static double percentile(const struct series *s, size_t p)
{
    return s->n ? s->v[(s->n * p + 99) / 100 - 1] : NAN;
}

double series_p95(const struct series *s)
{
    return percentile(s, 95);
}

double series_p99(const struct series *s)
{
    return percentile(s, 99);
}

double series_max(const struct series *s)
{
    return percentile(s, 100);
}
