/*
 * plot.h: pictures that are not over time: a curve against its diagonal, and points.
 *
 * Both fill a square from 0 to PLOT_FULL on each axis; what that means is the owner's, who writes
 * the ends of the axes. Braille where there is Unicode, characters otherwise.
 */
#ifndef SOUK_UI_PLOT_H
#define SOUK_UI_PLOT_H

#include "ui/canvas.h"

enum { PLOT_FULL = 1000000 };

struct plot {
    const char *title;          /* ours; may be NULL */
    const char *x_low, *x_high; /* below the axis, at its ends; ours */
    const char *y_low, *y_high; /* left of it */
};

struct plot_point {
    uint32_t x, y;
};

/* v: n values at even places from left to right; the diagonal is where they would all be equal. */
void plot_curve(const struct plot *p, struct canvas *c, struct rect area, const uint32_t *v,
                size_t n);
/* A sign for each place with a point, by how many are there: · ○ ●. */
void plot_points(const struct plot *p, struct canvas *c, struct rect area,
                 const struct plot_point *v, size_t n);

#endif
