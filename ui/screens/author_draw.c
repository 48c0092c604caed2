/*
 * The Author screen's frame and its overview: what was earned, day by day, and what landed last.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/author.h"
#include "ui/watching.h"
#include "ui/widgets/chart.h"

#include "base/banned.h"

enum {
    WIDE = 140, /* charts beside the figures */
    FIGURES_W = 78,
    CHART_LEAST_W = 38,
    CHART_LEAST_H = 6,
    CHART_MOST_H = 18,
    PAYMENTS_LEAST = 4, /* title, header, two rows */
    FOOT_FROM = 12,
    CHARTS = 4
};

/* --- the frame */

static void draw_tabs(const struct author_screen *s, struct canvas *c, struct rect r)
{
    const struct author_page *p = s->page;
    const struct {
        const char *name;
        size_t n;
    } tab[AUTHOR_PANES] = {
        [AUTHOR_OVERVIEW] = {"Overview", 0},
        [AUTHOR_MODELS] = {"Models", p->models},
        [AUTHOR_PAYERS] = {"Payers", (size_t)p->row.figures.payers},
        [AUTHOR_PAYMENTS] = {"Payments", 0},
        [AUTHOR_PRICES] = {"Prices", p->changes},
        [AUTHOR_SHARED] = {"Unattributed", p->shared_n},
    };
    char word[AUTHOR_PANES][HUMAN_BUF + 32];
    const char *names[AUTHOR_PANES];
    for (int i = 0; i < AUTHOR_PANES; i++) {
        char n[HUMAN_BUF];
        snprintf(word[i], sizeof word[i], tab[i].n ? "%s %s" : "%s", tab[i].name,
                 human_count(n, tab[i].n));
        names[i] = word[i];
    }
    part_tabs(c, r, names, AUTHOR_PANES, (int)s->pane, window_name(p->window));
}

/* --- figures */

struct sheet {
    struct pen pen;
    struct rect r;
    int y;
};

static void put(struct sheet *h, enum metric m, const char *label, const struct strip *value,
                const struct strip *more)
{
    h->y = pen_row(&h->pen, h->r, h->y, m, label, value, more);
}

static void put_count(struct sheet *h, enum metric m, const char *label, uint64_t n,
                      const char *words)
{
    h->y = pen_count(&h->pen, h->r, h->y, m, label, n, words);
}

static void put_income(struct sheet *h, enum metric m, const char *label, const struct income *in,
                       const char *words)
{
    h->y = pen_income(&h->pen, h->r, h->y, m, label, in, words);
}

static void put_genuine(struct sheet *h, const struct figures *f)
{
    struct strip none;
    if (f->judged) {
        bool all = income_cmp(&f->low, &f->income) == 0;
        h->y = pen_interval(&h->pen, h->r, h->y, METRIC_SPENDING, "genuine", &f->low, &f->high,
                            !f->high.n ? ""
                            : all      ? "the rules take nothing out"
                                       : "at least … at most");
        return;
    }
    strip_init(&none, canvas_charset(h->pen.c));
    strip_str(&none, "not judged yet", ST_DIM);
    put(h, METRIC_SPENDING, "genuine", &none, NULL);
}

static void put_growth(struct sheet *h, const struct trend *t)
{
    struct strip s, more;
    strip_init(&s, canvas_charset(h->pen.c));
    strip_init(&more, canvas_charset(h->pen.c));
    part_growth(&s, t->known, t->ratio, t->low, t->high);
    strip_str(&more, "calls of four weeks against the four before", ST_DIM);
    put(h, METRIC_GROWTH, "growth", &s, &more);
}

static void put_payers(struct sheet *h, const struct author_page *p)
{
    char words[160], a[HUMAN_BUF], b[HUMAN_BUF], u[HUMAN_BUF], unknown[80] = "";
    const struct figures *f = &p->row.figures;
    if (p->payers_unknown)
        snprintf(unknown, sizeof unknown, " · of %s payments no log says who",
                 human_count(u, p->payers_unknown));
    snprintf(words, sizeof words, "%s new, %s returning%s", human_count(a, p->payers_new),
             human_count(b, p->payers_returning), unknown);
    put_count(h, METRIC_PAYERS, "payers", f->payers, words);
    if (f->judged)
        put_count(h, METRIC_GENUINE_PAYERS, "genuine payers", f->genuine_payers,
                  "on several days, several times the price");
}

static void put_payments(struct sheet *h, const struct figures *f)
{
    char words[160], a[HUMAN_BUF], b[HUMAN_BUF], sessions[64] = "", unpaid[64] = "";
    if (f->settlements)
        snprintf(sessions, sizeof sessions, "and %s settled sessions%s",
                 human_count(a, f->settlements), f->inferences ? " · " : "");
    if (f->inferences)
        snprintf(unpaid, sizeof unpaid, "%s unpaid inferences", human_count(b, f->inferences));
    snprintf(words, sizeof words, "%s%s", sessions, unpaid);
    put_count(h, METRIC_PAYMENTS, "payments", f->payments, words);
}

static void put_who(struct sheet *h, const struct author_screen *s)
{
    const struct author_page *p = s->page;
    struct strip st;
    char n[HUMAN_BUF];
    strip_init(&st, canvas_charset(h->pen.c));
    if (watching_has(s->d ? s->d->watching : NULL, s->name))
        strip_str(&st, "● watched  ", ST_ACCENT);
    strip_strf(&st, ST_DIM, "%u model%s, %u listed", p->row.models, p->row.models == 1 ? "" : "s",
               p->row.listed);
    if (p->addresses)
        strip_strf(&st, ST_DIM, " · paid at %s address%s", human_count(n, p->addresses),
                   p->addresses == 1 ? "" : "es");
    strip_str(&st, " · ", ST_DIM);
    part_name(s->name, ST_TITLE, &st); /* last: it may be long */
    canvas_strip(h->pen.c, h->r.x + 1, h->y++, h->r.w - 2, &st);
}

static void put_figures(struct sheet *h, const struct author_screen *s)
{
    const struct author_page *p = s->page;
    char words[320], n[HUMAN_BUF], given[256];
    put_who(h, s);
    snprintf(words, sizeof words, "raw: whoever paid%s%s%s", p->refunded.n ? "; less " : "",
             p->refunded.n ? income_format(&p->refunded, given, sizeof given) : "",
             p->refunded.n ? " given back" : "");
    put_income(h, METRIC_INCOME, "income", &p->row.figures.income, words);
    put_genuine(h, &p->row.figures);
    put_growth(h, &p->row.figures.trend);
    put_payers(h, p);
    put_payments(h, &p->row.figures);
    if (p->row.unattributed.n)
        put_income(h, METRIC_UNATTRIBUTED, "unattributed", &p->row.unattributed,
                   "of it: which model's cannot be told");
    if (p->inflows) {
        snprintf(words, sizeof words, "%s plain ones beside payments: no income",
                 human_count(n, p->inflows));
        put_income(h, METRIC_INFLOW, "transfers", &p->inflow, words);
    }
}

/* --- income by day */

static void draw_chart(const struct asset_days *a, struct canvas *c, struct rect r)
{
    char title[48];
    snprintf(title, sizeof title, "income per day, %s", a->unit.symbol);
    struct chart ch = {
        .title = title,
        .kind = CHART_BARS,
        .series = {{NULL, a->income.v, a->income.n, ST_CHART2}},
        .n_series = 1,
        .t0 = a->income.first_day * 86400,
        .step = 86400,
        .unit = part_money,
        .unit_ud = (void *)(uintptr_t)&a->unit,
        .hover = -1,
    };
    if (a->income.n)
        chart_draw(&ch, c, r);
}

/* Side by side, in the profile's order; those that do not fit are left out, and that is said. */
static void draw_charts(const struct author_page *p, struct canvas *c, struct rect r)
{
    size_t fit = r.w > CHART_LEAST_W ? (size_t)(r.w / CHART_LEAST_W) : 1;
    fit = fit > CHARTS ? CHARTS : fit;
    size_t n = p->assets < fit ? p->assets : fit;
    if (!n) {
        canvas_str(c, r.x + 1, r.y, r.w - 2, "No income yet.", ST_DIM);
        return;
    }
    int w = r.w / (int)n;
    for (size_t i = 0; i < n; i++)
        draw_chart(&p->asset[i], c, (struct rect){r.x + (int)i * w + 1, r.y, w - 2, r.h});
    if (n < p->assets)
        canvas_strf(c, r.x + 1, r.y, -(r.w - 2), ST_DIM, "and %zu more assets", p->assets - n);
}

/* --- the overview */

static void draw_latest(struct author_screen *s, struct canvas *c, struct rect r)
{
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 2, r.y, r.w - 2, " latest payments ", ST_TITLE);
    rect_cut_top(&r, 1);
    table_draw(s->table[AUTHOR_PAYMENTS], c, r, false, "Nobody has paid yet.");
}

static void draw_overview(struct author_screen *s, struct canvas *c, struct rect r)
{
    bool wide = r.w >= WIDE;
    struct sheet h = {.pen = {.c = c, .spots = &s->spots}, .r = r, .y = r.y};
    struct rect before = canvas_clip(c, r);
    spots_begin(&s->spots, r);
    if (wide)
        h.r.w = FIGURES_W;
    put_figures(&h, s);
    int used = h.y - r.y, rest = r.h - used, high = rest / 2;
    high = high > CHART_MOST_H ? CHART_MOST_H : high;
    if (wide) {
        used = used < CHART_LEAST_H * 2 ? CHART_LEAST_H * 2 : used;
        draw_charts(s->page, c, (struct rect){r.x + FIGURES_W, r.y, r.w - FIGURES_W, used});
        rect_cut_top(&r, used + 1);
    } else {
        high = high < CHART_LEAST_H ? CHART_LEAST_H : high;
        rect_cut_top(&r, used);
        if (rest >= high + PAYMENTS_LEAST)
            draw_charts(s->page, c, rect_cut_top(&r, high));
    }
    if (r.h >= PAYMENTS_LEAST)
        draw_latest(s, c, r);
    canvas_unclip(c, before);
}

void author_draw(struct author_screen *s, struct canvas *c, struct rect area)
{
    spots_begin(&s->spots, area);
    if (!s->page) {
        part_unread(&s->failed, c, area);
        return;
    }
    part_failure(&s->failed, c, &area, 0); /* what was read before stays */
    draw_tabs(s, c, rect_cut_top(&area, 1));
    if (s->pane != AUTHOR_OVERVIEW) {
        author_draw_table(s, c, area);
        return;
    }
    struct rect foot = rect_cut_bottom(&area, area.h >= FOOT_FROM ? 2 : 0);
    draw_overview(s, c, area);
    spots_end(&s->spots, c, true);
    pen_foot(c, foot, pen_selected(&s->spots));
}
