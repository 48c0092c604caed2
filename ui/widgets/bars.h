/*
 * bars.h: pictures that fit one row: sparklines, shares, gauges.
 */
#ifndef SOUK_UI_BARS_H
#define SOUK_UI_BARS_H

#include "ui/canvas.h"

/*
 * A sparkline: one column a value (more values than columns: each column shows the sum of its
 * share; fewer: only n columns). Any value above 0 shows at least ▁; all zero draws dots.
 */
int spark_draw(struct canvas *c, int x, int y, int cols, const uint32_t *v, size_t n, enum style s);
void spark_strip(struct strip *out, int cols, const uint32_t *v, size_t n, enum style s);
/* For values prepared elsewhere: levels 0..8 (others count as 8), one column each. */
void spark_levels(struct strip *out, const uint8_t *level, size_t n, enum style s);
/* Scales v to levels 0..8, as the above do. */
void spark_scale(const uint32_t *v, size_t n, uint8_t *level, size_t cols);

/* A horizontal bar of part/whole in eighths of a column; returns the columns it fills. */
int bar_draw(struct canvas *c, int x, int y, int cols, uint64_t part, uint64_t whole, enum style s);
/* The same with the empty rest shown, between brackets in ASCII: a gauge. */
void gauge_draw(struct canvas *c, int x, int y, int cols, uint64_t part, uint64_t whole,
                enum style s);
void gauge_strip(struct strip *out, int cols, uint64_t part, uint64_t whole, enum style s);

/* A cell of a grid of shares, 4 columns: how much as a level, and in percent: "▅ 62", "  –" of
 * nothing. */
void share_strip(struct strip *out, uint64_t part, uint64_t whole, enum style s);

#endif
