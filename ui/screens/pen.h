/*
 * pen.h: writing a page of figures: each is a metric of explain.h and a place for the cursor.
 */
#ifndef SOUK_UI_PEN_H
#define SOUK_UI_PEN_H

#include "market/explain.h"
#include "ui/widgets/spots.h"

struct health;

struct pen {
    const struct health *h; /* for Health's own panes; NULL elsewhere */
    struct canvas *c;
    struct spots *spots;
    int last; /* the row after the lowest one drawn */
};

/* The metric under the cursor; METRIC_COUNT: none. */
enum metric pen_selected(const struct spots *s);

/* Makes a place on the page the figure of a metric. */
void pen_spot(struct pen *p, enum metric m, struct rect r);
/* The strip at x, y, cut at cols, as a figure; returns the columns drawn. */
int pen_figure(struct pen *p, enum metric m, int x, int y, int cols, const struct strip *s);
/* A row: label, figure, and after it what more there is (may be NULL): returns the next row. */
int pen_row(struct pen *p, struct rect r, int y, enum metric m, const char *label,
            const struct strip *value, const struct strip *more);
/* The same of a count and our words. */
int pen_count(struct pen *p, struct rect r, int y, enum metric m, const char *label, uint64_t n,
              const char *words);
/* Of money: all its digits where there is room for them. */
int pen_income(struct pen *p, struct rect r, int y, enum metric m, const char *label,
               const struct income *in, const char *words);
int pen_interval(struct pen *p, struct rect r, int y, enum metric m, const char *label,
                 const struct income *low, const struct income *high, const char *words);
int pen_title(struct pen *p, struct rect r, int y, const char *own);
int pen_words(struct pen *p, struct rect r, int y, const char *own);
/* At the foot of a page: what a metric is, and how to learn more. METRIC_COUNT: nothing. */
void pen_foot(struct canvas *c, struct rect r, enum metric m);

#endif
