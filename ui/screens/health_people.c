/*
 * Who comes back, and over how many authors the income is spread.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/health.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/plot.h"

#include "base/banned.h"

/* --- cohorts */

enum { WEEK_W = 7, PAYERS_W = 7, CELL_W = 5 };

static void draw_back(struct pen *p, struct rect r, int y, const char *label, const struct share *d)
{
    struct strip s, more;
    char n[HUMAN_BUF], text[HUMAN_BUF];
    strip_init(&s, canvas_charset(p->c));
    strip_init(&more, canvas_charset(p->c));
    if (d->n) {
        strip_str(&s, human_percent(text, d->point, PPM), ST_STRONG);
        strip_strf(&more, ST_DIM, "(%s) of %s whose time has come",
                   human_percents(text, d->low, d->high, PPM, "…"), human_count(n, d->n));
    } else {
        strip_str(&s, "nobody yet", ST_DIM);
    }
    pen_row(p, r, y, METRIC_RETENTION, label, &s, &more);
}

static void draw_cohort(struct pen *p, struct rect r, int y, const struct cohort *k)
{
    struct strip s;
    char text[HUMAN_BUF];
    strip_init(&s, canvas_charset(p->c));
    strip_str(&s, human_day_short(text, k->first_day * 86400), ST_NORMAL);
    canvas_strip(p->c, r.x + 1, y, WEEK_W, &s);
    strip_init(&s, canvas_charset(p->c));
    strip_str(&s, human_count(text, k->payers), ST_STRONG);
    int x = r.x + 1 + WEEK_W;
    pen_figure(p, METRIC_RETENTION, x + PAYERS_W - s.width, y, s.width, &s);
    x += PAYERS_W + 1;
    for (unsigned i = 0; i < k->weeks && i < COHORT_WEEKS && x + CELL_W <= r.x + r.w; i++) {
        strip_init(&s, canvas_charset(p->c));
        share_strip(&s, k->back[i], k->payers, ST_CHART1);
        pen_figure(p, METRIC_RETENTION, x, y, CELL_W, &s);
        x += CELL_W;
    }
}

void health_draw_return(struct pen *p, struct rect r)
{
    const struct health *h = p->h;
    int y = pen_title(p, r, r.y,
                      "Of those who first paid in a week, percent that paid again, by weeks after");
    if (!h->cohorts) {
        canvas_str(p->c, r.x + 1, y, r.w - 2, "No whole week with payers yet.", ST_DIM);
        return;
    }
    draw_back(p, r, y++, "days 7 to 13", &h->d7);
    draw_back(p, r, y++, "days 30 to 36", &h->d30);
    canvas_str(p->c, r.x + 1, y, WEEK_W, "WEEK OF", ST_HEADER);
    canvas_str(p->c, r.x + 1 + WEEK_W, y, -PAYERS_W, "PAYERS", ST_HEADER);
    for (int i = 0, x = r.x + 2 + WEEK_W + PAYERS_W; i < COHORT_WEEKS && x + CELL_W <= r.x + r.w;
         i++, x += CELL_W)
        canvas_strf(p->c, x, y, -(CELL_W - 1), ST_HEADER, "+%d", i + 1);
    for (size_t i = 0; i < h->cohorts; i++)
        draw_cohort(p, r, ++y, &h->cohort[i]);
}

/* --- authors */

enum { COL_LABEL = 21, COL_W = 13 };

static void put_ppm(struct strip *s, uint32_t ppm)
{
    char text[HUMAN_BUF];
    strip_str(s, human_percent(text, ppm, PPM), ST_STRONG);
}

static void put_fraction(struct strip *s, uint32_t ppm)
{
    ppm += 500; /* rounded, as the text of `souk health` is */
    strip_strf(s, ST_STRONG, "%u.%03u", ppm / PPM, ppm / 1000 % 1000);
}

enum spread {
    SPREAD_N,
    SPREAD_GINI,
    SPREAD_HHI,
    SPREAD_EFFECTIVE,
    SPREAD_TOP1,
    SPREAD_TOP10,
    SPREAD_HALF,
    SPREADS
};

static void put_spread(struct strip *s, enum spread k, const struct concentration *c)
{
    char text[HUMAN_BUF];
    switch (k) {
    case SPREAD_N:
        strip_str(s, human_count(text, c->n), ST_STRONG);
        break;
    case SPREAD_GINI:
        put_fraction(s, c->gini);
        break;
    case SPREAD_HHI:
        put_fraction(s, c->hhi);
        break;
    case SPREAD_EFFECTIVE:
        strip_strf(s, ST_STRONG, "%.1f", c->effective);
        break;
    case SPREAD_TOP1:
        put_ppm(s, c->top1);
        break;
    case SPREAD_TOP10:
        put_ppm(s, c->top10);
        break;
    case SPREAD_HALF:
        strip_str(s, human_count(text, c->half), ST_STRONG);
        break;
    case SPREADS:
        break;
    }
}

static int draw_spread(struct pen *p, struct rect r, int y)
{
    static const char *const labels[SPREADS] = {[SPREAD_N] = "authors",
                                                [SPREAD_GINI] = "Gini (1: one has all)",
                                                [SPREAD_HHI] = "HHI",
                                                [SPREAD_EFFECTIVE] = "as if so many equal",
                                                [SPREAD_TOP1] = "the first has",
                                                [SPREAD_TOP10] = "the first ten have",
                                                [SPREAD_HALF] = "half goes to"};
    const struct concentration *of[] = {&p->h->earners, &p->h->everyone};
    static const char *const who[] = {"EARNING", "ALL LISTED"};
    for (int i = 0; i < 2; i++)
        canvas_str(p->c, r.x + 1 + COL_LABEL + i * COL_W, y, -(COL_W - 2), who[i], ST_HEADER);
    for (int k = 0; k < SPREADS; k++) {
        canvas_str(p->c, r.x + 1, ++y, COL_LABEL, labels[k], ST_DIM);
        for (int i = 0; i < 2; i++) {
            struct strip s;
            strip_init(&s, canvas_charset(p->c));
            put_spread(&s, (enum spread)k, of[i]);
            pen_figure(p, METRIC_CONCENTRATION, r.x + 1 + COL_LABEL + (i + 1) * COL_W - 2 - s.width,
                       y, s.width, &s);
        }
    }
    return y + 1;
}

static int draw_quartiles(struct pen *p, struct rect r, int y)
{
    static const char *const labels[] = {"lower quarter", "median", "upper quarter"};
    for (int i = 0; i < 3; i++) {
        struct strip s, more;
        char text[256];
        strip_init(&s, canvas_charset(p->c));
        strip_init(&more, canvas_charset(p->c));
        strip_str(&s, amount_format(&p->h->quartile[i], text, sizeof text), ST_STRONG);
        if (i == 1)
            strip_str(&more, "zeros included", ST_DIM);
        y = pen_row(p, r, y, METRIC_AUTHOR_INCOME, labels[i], &s, &more);
    }
    return y;
}

void health_draw_authors(struct pen *p, struct rect r)
{
    enum { PLOT_W = 60, PLOT_H = 18, TEXT_W = 49, PLOT_LEAST = 26 };
    char title[96];
    snprintf(title, sizeof title, "How income is spread over authors, %s",
             p->h->income_asset.symbol);
    int y = pen_title(p, r, r.y, title);
    y = draw_quartiles(p, r, draw_spread(p, r, y) + 1);
    bool beside = r.w >= TEXT_W + PLOT_LEAST;
    struct rect at = beside ? (struct rect){r.x + TEXT_W, r.y + 1, r.w - TEXT_W - 1, r.h - 2}
                            : (struct rect){r.x + 1, y + 1, r.w - 2, r.y + r.h - y - 1};
    at.w = at.w > PLOT_W ? PLOT_W : at.w;
    at.h = at.h > PLOT_H ? PLOT_H : at.h;
    if (at.h < 7)
        return;
    const struct plot plot = {.title = "Lorenz curve",
                              .x_low = "poorest",
                              .x_high = "all authors",
                              .y_low = "0",
                              .y_high = "all"};
    plot_curve(&plot, p->c, at, p->h->lorenz, LORENZ_POINTS + 1);
}
