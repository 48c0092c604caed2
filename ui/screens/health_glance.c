/*
 * Health at a glance: a shelf or a market? The funnel, the figures and how they grow.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/health.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum {
    FUNNEL_ROWS = 6,
    BAR_MOST = 60,
    WIDE = 150,
    VALUE_W = 27,
    GROWTH_W = 27,
    CHARTS_LEAST = 8,
    CHARTS_MOST = 13
};

/* --- the answer, in a sentence */

static void part_of(char *out, size_t size, uint64_t n, uint64_t all)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], p[HUMAN_BUF];
    snprintf(out, size, "%s of %s models (%s)", human_count(a, n), human_count(b, all),
             human_percent(p, n, all));
}

static int draw_answer(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    char paid[160];
    struct strip s;
    strip_init(&s, canvas_charset(p->c));
    const char *when = h->window == WINDOW_ALL ? "ever" : window_name(h->window);
    const char *in = h->window == WINDOW_ALL ? "" : "in ";
    part_of(paid, sizeof paid, h->judged_at ? h->genuine : h->paid, h->stored);
    if (!h->stored)
        strip_str(&s, "Nothing is stored on the Hub.", ST_STRONG);
    else if (!h->paid)
        strip_strf(&s, ST_STRONG, "A shelf: no model was paid for %s%s.", in, when);
    else if (!h->judged_at)
        strip_strf(&s, ST_STRONG, "%s were paid for %s%s; by whom is not judged yet.", paid, in,
                   when);
    else
        strip_strf(&s, ST_STRONG, "%s were paid for by genuine payers %s%s.", paid, in, when);
    canvas_strip(p->c, r.x + 1, y, r.w - 2, &s);
    return y + 1;
}

/* --- the funnel */

static int draw_funnel(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    char in[32];
    snprintf(in, sizeof in, h->window == WINDOW_ALL ? "at any time" : "in %s",
             window_name(h->window));
    const struct {
        enum metric metric;
        const char *label;
        uint64_t n;
        const char *remark;
    } step[FUNNEL_ROWS] = {
        {METRIC_STORED, "stored", h->stored, "models on the Hub"},
        {METRIC_LISTED, "listed", h->listed, "have a price on chain"},
        {METRIC_CALLED_EVER, "called ever", h->called_ever, "paid or unpaid"},
        {METRIC_CALLED, "called", h->called, in},
        {METRIC_PAID, "paid", h->paid, "whoever paid"},
        {METRIC_GENUINE, "genuine", h->genuine,
         h->judged_at ? "by a genuine payer" : "not judged yet"},
    };
    bool remarks = r.w >= 60;
    int bar = r.w - (remarks ? 58 : 36);
    bar = bar > BAR_MOST ? BAR_MOST : bar < 4 ? 4 : bar;
    for (int i = 0; i < FUNNEL_ROWS; i++, y++) {
        char n[HUMAN_BUF], part[HUMAN_BUF];
        struct strip s;
        strip_init(&s, canvas_charset(p->c));
        canvas_str(p->c, r.x + 1, y, 14, step[i].label, ST_STRONG);
        bool known = step[i].metric != METRIC_GENUINE || h->judged_at;
        strip_str(&s, known ? human_count(n, step[i].n) : "–", ST_NORMAL);
        pen_figure(p, step[i].metric, r.x + 25 - s.width, y, s.width, &s);
        bar_draw(p->c, r.x + 27, y, bar, step[i].n, h->stored, ST_CHART1);
        canvas_str(p->c, r.x + 27 + bar, y, -8,
                   known ? human_percent(part, step[i].n, h->stored) : "", ST_NORMAL);
        if (remarks)
            canvas_str(p->c, r.x + 37 + bar, y, r.w - bar - 37, step[i].remark, ST_DIM);
    }
    return y;
}

/* --- the figures */

/* A row of the figures: what it is now, how it grows, its last weeks. */
struct row {
    enum metric metric;
    const char *label;
    struct strip value;
    const struct growth *growth;
    enum health_chart chart; /* WEEKLY_CHARTS: no weeks */
    struct strip more;       /* instead of growth and weeks */
    bool whole;              /* the value has the whole row */
};

static struct row *begin(const struct pen *p, struct row *w, enum metric m, const char *label)
{
    w->metric = m;
    w->label = label;
    w->growth = NULL;
    w->chart = WEEKLY_CHARTS;
    w->whole = false;
    strip_init(&w->value, canvas_charset(p->c));
    strip_init(&w->more, canvas_charset(p->c));
    return w;
}

static int put(struct pen *p, struct rect r, int y, const struct row *w)
{
    struct strip s;
    bool growth_fits = r.w >= 15 + VALUE_W + 20;
    int x = r.x + 16, room = r.w - 16;
    canvas_str(p->c, r.x + 1, y, 14, w->label, ST_DIM);
    pen_figure(p, w->metric, x, y, !w->whole && (growth_fits || w->more.n) ? VALUE_W - 1 : room,
               &w->value);
    x += VALUE_W;
    room -= VALUE_W;
    if (w->more.n)
        canvas_strip(p->c, x, y, room, &w->more);
    if (!w->growth || !growth_fits)
        return y + 1;
    strip_init(&s, canvas_charset(p->c));
    part_growth(&s, w->growth->known, w->growth->ratio, w->growth->low, w->growth->high);
    pen_figure(p, METRIC_GROWTH, x, y, GROWTH_W, &s);
    x += GROWTH_W + 1;
    room -= GROWTH_W + 1;
    if (w->chart == WEEKLY_CHARTS || room < 8)
        return y + 1;
    strip_init(&s, canvas_charset(p->c));
    health_spark(p->h, w->chart, room < 26 ? room : 26, &s);
    canvas_strip(p->c, x, y, room, &s);
    return y + 1;
}

static int put_count(struct pen *p, struct rect r, int y, enum metric m, const char *label,
                     uint64_t n, enum health_chart chart, const struct growth *g)
{
    struct row w;
    char text[HUMAN_BUF];
    strip_str(&begin(p, &w, m, label)->value, human_count(text, n), n ? ST_STRONG : ST_DIM);
    w.growth = g;
    w.chart = chart;
    return put(p, r, y, &w);
}

static int draw_money(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    struct row w;
    part_income_short(&begin(p, &w, METRIC_INCOME, "income")->value, &h->income);
    w.growth = &h->grow_income;
    w.chart = WEEKLY_INCOME;
    y = put(p, r, y, &w);
    begin(p, &w, METRIC_SPENDING, "genuine");
    if (h->judged_at)
        part_interval_short(&w.value, &h->low, &h->high);
    else
        strip_str(&w.value, "not judged yet", ST_DIM);
    w.whole = true;
    y = put(p, r, y, &w);
    begin(p, &w, METRIC_SELF_DEALING, "self-dealing");
    if (h->judged_at && h->income.n) {
        part_share(&w.value, h->excluded_low, h->excluded_high, ST_WARN);
        strip_strf(&w.more, ST_DIM, "of %s; genuine ", h->income_asset.symbol);
        part_share(&w.more, PPM - h->excluded_low, PPM - h->excluded_high, ST_STRONG);
    } else {
        strip_str(&w.value, "–", ST_DIM);
    }
    return put(p, r, y, &w);
}

/* "61 of 300   earn; half goes to 4, the median had 0 USDC" */
static int draw_authors(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    struct row w;
    struct strip s;
    char a[HUMAN_BUF], b[HUMAN_BUF], text[256];
    begin(p, &w, METRIC_CONCENTRATION, "authors");
    strip_strf(&w.value, ST_STRONG, "%s of %s", human_count(a, h->authors_earning),
               human_count(b, h->authors));
    if (h->authors_earning)
        strip_strf(&w.more, ST_DIM, "earn, half to %s; median", human_count(a, h->earners.half));
    else
        strip_str(&w.more, "earn anything; median", ST_DIM);
    int x = r.x + 17 + VALUE_W + w.more.width;
    y = put(p, r, y, &w);
    strip_init(&s, canvas_charset(p->c));
    strip_str(&s, amount_format(&h->quartile[1], text, sizeof text), ST_STRONG);
    if (x + s.width <= r.x + r.w)
        pen_figure(p, METRIC_AUTHOR_INCOME, x, y - 1, s.width, &s);
    return y;
}

static int draw_figures(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    struct row w;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    y = put_count(p, r, y, METRIC_CALLS, "calls", h->calls, WEEKLY_CALLS, &h->grow_calls);
    y = put_count(p, r, y, METRIC_PAYMENTS, "payments", h->payments, WEEKLY_PAYMENTS,
                  &h->grow_payments);
    y = put_count(p, r, y, METRIC_SETTLEMENTS, "settlements", h->settlements, WEEKLY_SETTLEMENTS,
                  &h->grow_settlements);
    y = draw_money(p, r, y);
    y = put_count(p, r, y, METRIC_PAYERS, "payers", h->payers, WEEKLY_PAYERS, &h->grow_payers);
    y = put_count(p, r, y, METRIC_FRESH, "new payers", h->payers_fresh, WEEKLY_CHARTS,
                  &h->grow_fresh);
    begin(p, &w, METRIC_GENUINE_PAYERS, "genuine payers");
    if (h->judged_at) {
        strip_str(&w.value, human_count(a, h->payers_strict), ST_STRONG);
        strip_strf(&w.more, ST_DIM, "strictly, %s loosely", human_count(b, h->payers_loose));
    } else {
        strip_str(&w.value, "not judged yet", ST_DIM);
    }
    y = put(p, r, y, &w);
    y = draw_authors(p, r, y);
    begin(p, &w, METRIC_UPLOADS, "uploads");
    const struct series *up = &h->weekly.uploads;
    if (up->n)
        strip_strf(&w.value, ST_STRONG, "%s last week", human_count(a, up->v[up->n - 1]));
    else
        strip_str(&w.value, "no whole week yet", ST_DIM);
    w.growth = &h->grow_uploads;
    w.chart = WEEKLY_UPLOADS;
    return put(p, r, y, &w);
}

void health_draw_glance(struct pen *p, struct rect r)
{
    int y = draw_answer(p, r, r.y), bottom;
    if (r.w >= WIDE) {
        struct rect left = r;
        left.w = r.w * 9 / 20;
        struct rect right = {r.x + left.w, r.y, r.w - left.w, r.h};
        draw_funnel(p, left, y + 1);
        bottom = draw_figures(p, right, y + 1);
    } else {
        bottom = draw_figures(p, r, draw_funnel(p, r, y) + 1);
    }
    struct rect rest = {r.x, bottom + 1, r.w, r.y + r.h - bottom - 1};
    if (rest.h < CHARTS_LEAST)
        return;
    int used = health_draw_charts(p, rest, CHARTS_MOST);
    rect_cut_top(&rest, used - rest.y + 1);
    enum { TABLE_H = 13 };
    if (rest.h < TABLE_H)
        return;
    struct rect left = rect_cut_left(&rest, rest.w / 2);
    health_draw_return(p, left);
    health_draw_authors(p, rest);
}
