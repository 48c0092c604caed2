/*
 * health.h: the Health screen from within: its state, and how it is drawn. health.c is what
 * happens.
 *
 * A page in panes: at a glance (the funnel, the figures, how they grow), then each question by
 * itself. A cursor goes over the figures; every one of them is a metric of explain.h.
 */
#ifndef SOUK_UI_HEALTH_H
#define SOUK_UI_HEALTH_H

#include "market/explain.h"
#include "market/health.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/pen.h"
#include "ui/widgets/chart.h"

enum health_pane {
    HEALTH_GLANCE,
    HEALTH_TRENDS,
    HEALTH_RETURN,
    HEALTH_AUTHORS,
    HEALTH_PRICES,
    HEALTH_GENUINE,
    HEALTH_SOURCES,
    HEALTH_PANES
};

enum { PRICE_MODEL, PRICE_AUTHOR, PRICE_EACH, PRICE_PAYMENTS, PRICE_INCOME, PRICE_COLS };
extern const struct column health_price_columns[PRICE_COLS];
extern const struct table_ops health_price_ops; /* ud: a struct health_screen * */

struct health_screen {
    struct app *app;
    struct domain *d;
    struct health *h; /* NULL: not loaded yet */
    struct page_job *job;
    bool again; /* what is asked has changed since the job began */
    struct err failed;
    enum health_pane pane;
    struct spots spots;
    int top, beyond; /* of the pane: rows scrolled off, rows that do not fit, as of the last draw */
    struct table *prices;
};

void health_draw(struct health_screen *s, struct canvas *c, struct rect area);

/* --- the panes */

void health_draw_glance(struct pen *p, struct rect r);
void health_draw_trends(struct pen *p, struct rect r);
void health_draw_return(struct pen *p, struct rect r);
void health_draw_authors(struct pen *p, struct rect r);
void health_draw_prices(struct health_screen *s, struct pen *p, struct rect r);
void health_draw_genuine(struct pen *p, struct rect r);
void health_draw_sources(struct pen *p, struct rect r);

/* --- weekly charts */
enum health_chart {
    WEEKLY_INCOME,
    WEEKLY_CALLS,
    WEEKLY_PAYMENTS,
    WEEKLY_SETTLEMENTS,
    WEEKLY_PAYERS,
    WEEKLY_INFERENCES,
    WEEKLY_UPLOADS,
    WEEKLY_MEDIAN,
    WEEKLY_CHARTS
};
/* As many of the charts as fit, side by side, each at most so high; returns the next row. */
int health_draw_charts(struct pen *p, struct rect r, int most);
/* The last weeks of one as a sparkline of cols columns. */
void health_spark(const struct health *h, enum health_chart k, int cols, struct strip *out);

#endif
