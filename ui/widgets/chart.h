/*
 * chart.h: figures over time, with axes, units and dates.
 *
 * Braille where there is Unicode, characters otherwise; up to three series
 * over one another, told apart by colour *and* by the legend's order of values
 * at the hovered point. Values are integers in whatever unit the owner chose;
 * `unit` writes one for people ("124.8 USDC"). For money, scale atomic units
 * down to what fits 64 bits; the axis rounds to 1, 2, 5 x 10^n of that unit.
 */
#ifndef SOUK_UI_CHART_H
#define SOUK_UI_CHART_H

#include "ui/canvas.h"

enum { CHART_SERIES_MAX = 3, CHART_LABEL = 48 };

/*
 * STACK: each series is a part of the one before it, at most as large: one bar, its parts told
 * apart by how dense they are, the last solid.
 */
enum chart_kind { CHART_LINE, CHART_BARS, CHART_STACK };

struct chart_series {
    const char *label; /* ours; NULL: no legend */
    const uint64_t *v; /* n values, oldest first; borrowed */
    size_t n;
    enum style style; /* ST_CHART1..3 */
};

struct chart {
    const char *title;    /* ours; may be NULL */
    enum chart_kind kind; /* BARS for one series; it fills down to 0 */
    struct chart_series series[CHART_SERIES_MAX];
    int n_series;
    int64_t t0;   /* unix seconds of v[0] */
    int64_t step; /* seconds between values: 86400 */
    /* Writes a value for the axis; NULL: human_short. ud is `unit_ud`. */
    void (*unit)(void *ud, uint64_t v, char out[CHART_LABEL]);
    void *unit_ud;
    long hover; /* index of the value pointed at, -1: none */
};

/* Needs at least 16x4 cells; draws a sparkline instead in less. */
void chart_draw(const struct chart *ch, struct canvas *c, struct rect area);
/* The index of the value under column x of the area chart_draw got; -1: none. */
long chart_index_at(const struct chart *ch, struct rect area, int x);

/* 1, 2 or 5 times a power of ten, at least v: the top of an axis. */
uint64_t chart_nice_above(uint64_t v);

#endif
