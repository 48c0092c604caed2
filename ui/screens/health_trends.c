/*
 * The weeks of the market as charts: each by itself, or all of them side by side.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/health.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { WEEK = 7 * 86400, CELL_W = 39, CELL_H = 8, CELL_MOST = 18, AXIS_W = 8, BAR_LEAST = 2 };

static const struct {
    enum metric metric;
    const char *title, *words;
} info[WEEKLY_CHARTS] = {
    [WEEKLY_INCOME] = {METRIC_INCOME, "income", "solid: genuine for certain; dense: perhaps"},
    [WEEKLY_CALLS] = {METRIC_CALLS, "calls", "solid: paid; dense: unpaid inferences too"},
    [WEEKLY_PAYMENTS] = {METRIC_PAYMENTS, "payments", "one paid call each"},
    [WEEKLY_SETTLEMENTS] = {METRIC_SETTLEMENTS, "settlements", "an unknown number of calls each"},
    [WEEKLY_PAYERS] = {METRIC_PAYERS, "payers", "solid: had paid before; dense: new"},
    [WEEKLY_INFERENCES] = {METRIC_INFERENCES, "inferences", "unpaid use"},
    [WEEKLY_UPLOADS] = {METRIC_UPLOADS, "uploads", "models first seen"},
    [WEEKLY_MEDIAN] = {METRIC_PRICE, "median payment", "what a payment was, in the middle"},
};

static const struct series *series_of(const struct health *h, enum health_chart k)
{
    const struct series *all[WEEKLY_CHARTS] = {
        [WEEKLY_INCOME] = &h->weekly.income,     [WEEKLY_CALLS] = &h->weekly.calls,
        [WEEKLY_PAYMENTS] = &h->weekly.payments, [WEEKLY_SETTLEMENTS] = &h->weekly.settlements,
        [WEEKLY_PAYERS] = &h->weekly.payers,     [WEEKLY_INFERENCES] = &h->weekly.inferences,
        [WEEKLY_UPLOADS] = &h->weekly.uploads,   [WEEKLY_MEDIAN] = &h->weekly.median,
    };
    return all[k];
}

static bool is_money(enum health_chart k)
{
    return k == WEEKLY_INCOME || k == WEEKLY_MEDIAN;
}

static const struct growth *growth_of(const struct health *h, enum health_chart k)
{
    const struct growth *all[WEEKLY_CHARTS] = {
        [WEEKLY_INCOME] = &h->grow_income,           [WEEKLY_CALLS] = &h->grow_calls,
        [WEEKLY_PAYMENTS] = &h->grow_payments,       [WEEKLY_PAYERS] = &h->grow_payers,
        [WEEKLY_SETTLEMENTS] = &h->grow_settlements, [WEEKLY_UPLOADS] = &h->grow_uploads,
    };
    return all[k];
}

void health_spark(const struct health *h, enum health_chart k, int cols, struct strip *out)
{
    const struct series *v = series_of(h, k);
    uint32_t last[STRIP_MAX];
    uint64_t most = 0;
    size_t n = v->n < (size_t)cols ? v->n : (size_t)cols;
    const uint64_t *from = v->n ? v->v + (v->n - n) : NULL;
    for (size_t i = 0; i < n; i++)
        most = from[i] > most ? from[i] : most;
    for (size_t i = 0; i < n; i++)
        last[i] = (uint32_t)(most > UINT32_MAX ? from[i] / (most / UINT32_MAX + 1) : from[i]);
    spark_strip(out, (int)n, last, n, ST_CHART1);
}

/* --- one chart */

/* Its parts from the whole to the innermost, as far as there are any. */
static int parts_of(const struct health *h, enum health_chart k, const struct series *out[3])
{
    const struct weekly *w = &h->weekly;
    int n = 0;
    out[n++] = series_of(h, k);
    if (k == WEEKLY_INCOME && h->judged_at) {
        out[n++] = &w->high;
        out[n++] = &w->low;
    } else if (k == WEEKLY_CALLS) {
        out[n++] = &w->payments;
    } else if (k == WEEKLY_PAYERS) {
        out[n++] = &w->returning;
    }
    return n;
}

/* What is instead of a chart; NULL: there is one. */
static const char *no_chart(const struct health *h, enum health_chart k)
{
    if (k == WEEKLY_MEDIAN && !h->judged_at)
        return "Not known before the payments are judged.";
    return series_of(h, k)->n ? NULL : "Not a whole week yet.";
}

static void fill_chart(struct chart *ch, const struct health *h, enum health_chart k, int width)
{
    static const enum style styles[][3] = {
        {ST_CHART1}, {ST_CHART2, ST_CHART1}, {ST_CHART3, ST_CHART2, ST_CHART1}};
    const struct series *part[3];
    int n = parts_of(h, k, part);
    size_t fit = width > AXIS_W + BAR_LEAST ? (size_t)(width - AXIS_W) / BAR_LEAST : 1;
    size_t weeks = part[0]->n < fit ? part[0]->n : fit, skip = part[0]->n - weeks;
    *ch = (struct chart){.kind = CHART_STACK, .n_series = n, .step = WEEK, .hover = -1};
    ch->t0 = part[0]->first_day * 86400 + (int64_t)skip * WEEK;
    for (int i = 0; i < n; i++) {
        bool whole = part[i]->n == part[0]->n;
        ch->series[i] = (struct chart_series){.v = whole ? part[i]->v + skip : NULL,
                                              .n = whole ? weeks : 0,
                                              .style = styles[n - 1][i]};
    }
    if (is_money(k)) {
        ch->unit = part_money;
        ch->unit_ud = (void *)(uintptr_t)&h->weekly.unit;
    }
}

/* "income per week, USDC  +18 % (+9…+28 %)" */
static void draw_title(struct pen *p, enum health_chart k, struct rect r)
{
    const struct growth *g = growth_of(p->h, k);
    struct strip s;
    strip_init(&s, canvas_charset(p->c));
    strip_str(&s, info[k].title, ST_TITLE);
    if (is_money(k))
        strip_strf(&s, ST_TITLE, ", %s", p->h->weekly.unit.symbol);
    int used = pen_figure(p, info[k].metric, r.x, r.y, r.w, &s);
    strip_init(&s, canvas_charset(p->c));
    if (g)
        part_growth(&s, g->known, g->ratio, g->low, g->high);
    if (used + 2 + s.width <= r.w)
        pen_figure(p, METRIC_GROWTH, r.x + used + 2, r.y, s.width, &s);
}

/* One chart in r, its title a figure. */
static void draw_chart(struct pen *p, enum health_chart k, struct rect r)
{
    struct chart ch;
    draw_title(p, k, rect_cut_top(&r, 1));
    fill_chart(&ch, p->h, k, r.w);
    if (no_chart(p->h, k))
        canvas_str(p->c, r.x, r.y, r.w, no_chart(p->h, k), ST_DIM);
    else
        chart_draw(&ch, p->c, r);
    p->last = r.y + r.h > p->last ? r.y + r.h : p->last;
}

int health_draw_charts(struct pen *p, struct rect r, int most)
{
    int across = r.w / CELL_W;
    across = across < 1 ? 1 : across > 4 ? 4 : across;
    int rows = (WEEKLY_CHARTS + across - 1) / across;
    int room = r.h - 1; /* beside the legend */
    rows = room / CELL_H < rows ? room / CELL_H : rows;
    if (rows < 1)
        return r.y;
    int w = r.w / across, h = room / rows > most ? most : room / rows;
    for (int i = 0; i < WEEKLY_CHARTS && i < rows * across; i++) {
        struct rect cell = {r.x + i % across * w + 1, r.y + i / across * h, w - 2, h - 1};
        draw_chart(p, (enum health_chart)i, cell);
    }
    int y = r.y + rows * h - 1;
    canvas_str(
        p->c, r.x + 1, y, r.w - 2,
        "Bars, solid to sparse: income at least genuine, perhaps, not · calls paid, unpaid · "
        "payers returning, new",
        ST_DIM);
    p->last = y >= p->last ? y + 1 : p->last;
    return y + 1;
}

/* --- the pane */

/* Where the cursor is decides which chart is shown, when they do not all fit. */
static enum health_chart chart_at(const struct pen *p, int first_y)
{
    const struct spot *at = spots_selected(p->spots);
    int k = at ? at->r.y - first_y : 0;
    return k >= 0 && k < WEEKLY_CHARTS ? (enum health_chart)k : WEEKLY_INCOME;
}

static int draw_list(struct pen *p, struct rect r)
{
    int y = r.y;
    for (int k = 0; k < WEEKLY_CHARTS; k++, y++) {
        const struct series *v = series_of(p->h, (enum health_chart)k);
        const struct growth *g = growth_of(p->h, (enum health_chart)k);
        struct strip s;
        char text[CHART_LABEL];
        uint64_t last = v->n ? v->v[v->n - 1] : 0;
        strip_init(&s, canvas_charset(p->c));
        if (is_money((enum health_chart)k))
            part_money((void *)(uintptr_t)&p->h->weekly.unit, last, text);
        else
            human_count(text, last);
        strip_strf(&s, ST_STRONG, "%-15s", info[k].title);
        strip_strf(&s, ST_NORMAL, "%12s ", v->n ? text : "-");
        pen_figure(p, info[k].metric, r.x + 1, y, r.w - 1, &s);
        strip_init(&s, canvas_charset(p->c));
        if (g)
            part_growth(&s, g->known, g->ratio, g->low, g->high);
        pen_figure(p, METRIC_GROWTH, r.x + 30, y, r.w - 30, &s);
    }
    return y;
}

void health_draw_trends(struct pen *p, struct rect r)
{
    int across = r.w / CELL_W, rows = across ? (WEEKLY_CHARTS + across - 1) / across : 0;
    if (across >= 2 && rows * CELL_H < r.h) {
        health_draw_charts(p, r, CELL_MOST);
        return;
    }
    int y = draw_list(p, r);
    enum health_chart k = chart_at(p, r.y);
    struct chart ch;
    struct rect rest = {r.x + 1, y, r.w - 2, r.y + r.h - y};
    canvas_strf(p->c, rest.x, rest.y, rest.w, ST_DIM, "%s per week%s%s: %s", info[k].title,
                is_money(k) ? ", " : "", is_money(k) ? p->h->weekly.unit.symbol : "",
                info[k].words);
    rect_cut_top(&rest, 1);
    fill_chart(&ch, p->h, k, rest.w);
    if (no_chart(p->h, k))
        canvas_str(p->c, rest.x, rest.y, rest.w, no_chart(p->h, k), ST_DIM);
    else
        chart_draw(&ch, p->c, rest);
}
