/*
 * Health: a shelf or a market? A first honest form: raw figures, no judgement yet.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/health.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/chart.h"

#include "base/banned.h"

enum { FUNNEL_ROWS = 6, CHART_MIN_H = 5, ROOMY_H = 20, WEEK = 7 * 86400 };

enum shown {
    SHOW_CALLS,
    SHOW_PAYMENTS,
    SHOW_SETTLEMENTS,
    SHOW_PAYERS,
    SHOW_NEW_PAYERS,
    SHOW_UPLOADS,
    SHOWN
};

struct health_screen {
    struct app *app;
    struct domain *d;
    struct health *h;
    struct page_job *job;
    struct err failed;
    enum shown shown;
    bool explain;
};

static const struct {
    const char *title, *words;
} series_info[SHOWN] = {
    [SHOW_CALLS] = {"calls per week", "paid calls and unpaid inferences"},
    [SHOW_PAYMENTS] = {"payments per week", "settled exact payments: one paid call each"},
    [SHOW_SETTLEMENTS] = {"session settlements per week", "each an unknown number of calls"},
    [SHOW_PAYERS] = {"payers per week", "different paying addresses in each week"},
    [SHOW_NEW_PAYERS] = {"new payers per week",
                         "addresses that paid for the first time since the first block read"},
    [SHOW_UPLOADS] = {"new models per week",
                      "first seen since souk reads this Hub: it tells no upload dates"},
};

static const struct series *series_of(const struct health *h, enum shown s)
{
    const struct series *all[SHOWN] = {
        [SHOW_CALLS] = &h->weekly.calls,
        [SHOW_PAYMENTS] = &h->weekly.payments,
        [SHOW_SETTLEMENTS] = &h->weekly.settlements,
        [SHOW_PAYERS] = &h->weekly.payers,
        [SHOW_NEW_PAYERS] = &h->weekly.fresh,
        [SHOW_UPLOADS] = &h->weekly.uploads,
    };
    return all[s];
}

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    (void)key;
    struct health *h = NULL;
    souk_err r = health_load(st, w, &h, e);
    *out = h;
    return r;
}

static void drop(void *h)
{
    health_free(h);
}

static void take(void *self, void *got, const struct err *e)
{
    struct health_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    if (got) {
        health_free(s->h);
        s->h = got;
    }
    app_dirty(s->app);
}

static void ask(struct health_screen *s)
{
    char key = 0;
    if (!s->job)
        s->job = page_job_start(s->d, &key, sizeof key, load, take, drop, s);
}

static void draw_funnel(const struct health *h, struct canvas *c, struct rect r)
{
    char remark[48];
    snprintf(remark, sizeof remark, "in the window: %s", window_name(h->window));
    const struct {
        const char *label;
        uint64_t n;
        const char *remark;
    } step[FUNNEL_ROWS] = {
        {"stored", h->stored, "models on the Hub"},
        {"listed", h->listed, "have a price on chain"},
        {"proven", h->proven, "whose author confirms it"},
        {"called", h->called, remark},
        {"paid", h->paid, remark},
        {"paid by 3+", h->paid_by_3, "three or more payers"},
    };
    int bar = r.w - 60;
    bar = bar > 60 ? 60 : bar < 8 ? 8 : bar;
    for (int i = 0; i < FUNNEL_ROWS && i < r.h; i++) {
        char n[HUMAN_BUF], part[HUMAN_BUF];
        int y = r.y + i;
        canvas_str(c, r.x + 1, y, 12, step[i].label, ST_STRONG);
        canvas_str(c, r.x + 13, y, -8, human_count(n, step[i].n), ST_NORMAL);
        bar_draw(c, r.x + 23, y, bar, step[i].n, h->stored, ST_CHART1);
        canvas_str(c, r.x + 24 + bar, y, -8, human_percent(part, step[i].n, h->stored), ST_NORMAL);
        canvas_str(c, r.x + 34 + bar, y, r.w - bar - 35, step[i].remark, ST_DIM);
    }
}

static int fact(struct canvas *c, struct rect r, int y, const char *label, const char *value,
                const char *remark)
{
    if (y >= r.y + r.h)
        return y;
    canvas_str(c, r.x + 1, y, 14, label, ST_DIM);
    int used = canvas_str(c, r.x + 16, y, r.w - 17, value, ST_STRONG);
    canvas_str(c, r.x + 18 + used, y, r.w - used - 19, remark, ST_DIM);
    return y + 1;
}

/* Returns the row after the last. */
static int draw_facts(const struct health *h, struct canvas *c, struct rect r)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], text[256], line[320];
    int y = r.y;
    snprintf(line, sizeof line, "%s payments and %s unpaid inferences", human_count(a, h->payments),
             human_count(b, h->inferences));
    y = fact(c, r, y, "calls", human_count(text, h->calls), line);
    y = fact(c, r, y, "settlements", human_count(a, h->settlements),
             "sessions: an unknown number of calls each");
    y = fact(c, r, y, "payers", human_count(a, h->payers), "different addresses");
    y = fact(c, r, y, "income", income_format(&h->income, text, sizeof text),
             "raw: every proved settlement");
    if (h->unattributed.n)
        y = fact(c, r, y, "unattributed", income_format(&h->unattributed, text, sizeof text),
                 "of it: to addresses several models share");
    snprintf(text, sizeof text, "%s of %s", human_count(a, h->authors_earning),
             human_count(b, h->authors));
    snprintf(line, sizeof line, "earned anything; half of the income goes to %s of them",
             human_count(a, h->earners.half));
    y = fact(c, r, y, "authors", text, line);
    y = fact(c, r, y, "median author", amount_format(&h->quartile[1], text, sizeof text),
             "zeros included");
    if (r.h < ROOMY_H) /* the chart needs the rows more */
        return y;
    if (h->unlisted_payments) {
        snprintf(line, sizeof line, "%s payment%s", human_count(a, h->unlisted_payments),
                 h->unlisted_payments == 1 ? "" : "s");
        y = fact(c, r, y, "not on the Hub", line, "to payees no listing names: no income here");
    }
    if (h->unknown_inferences)
        y = fact(c, r, y, "unknown", human_count(a, h->unknown_inferences),
                 "inferences of blob ids no model has");
    return y;
}

static void draw_explain(const struct health *h, struct canvas *c, struct rect r)
{
    int y = r.y;
    y = part_provenance(c, r, y, "payments", &h->payments_from);
    y = part_provenance(c, r, y, "inferences", &h->inferences_from);
    y = part_provenance(c, r, y, "models", &h->hub_from);
    static const char *const words[] = {
        "A window ends with the newest block read, so the figures stand still while none arrives.",
        "payment: one settled exact transfer to a listing's address with its protocol event in the "
        "same transaction",
        "settlement: one settled session (upto); inference: one ModelInferenceEvent; call: payment "
        "or inference",
        "payer: different addresses over payments and settlements. Assets are never added "
        "together.",
        "Whether the payers are genuine is not judged here: wash trading is in these figures.",
    };
    y++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        y = part_words(c, r, r.x + 1, y, words[i], ST_NORMAL);
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct health_screen *s = self;
    const struct health *h = s->h;
    if (!h) {
        if (s->failed.code)
            canvas_untrusted(c, area.x + 1, area.y + 1, area.w - 2, untrusted(s->failed.msg),
                             s->failed.code == SOUK_ENOTFOUND ? ST_DIM : ST_BAD);
        else
            canvas_str(c, area.x + 1, area.y + 1, area.w - 2, "reading…", ST_DIM);
        return;
    }
    char when[HUMAN_BUF], block[HUMAN_BUF];
    struct rect top = rect_cut_top(&area, 1);
    canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_DIM,
                "%s to %s, block %s · raw figures · e explains", window_name(h->window),
                h->as_of ? human_time(when, h->as_of) : "–", human_count(block, h->as_of_block));
    if (!s->explain || area.h >= ROOMY_H + FUNNEL_ROWS) {
        draw_funnel(h, c, rect_cut_top(&area, FUNNEL_ROWS));
        rect_cut_top(&area, 1);
    }
    if (s->explain) {
        draw_explain(h, c, area);
        return;
    }
    if (area.w >= 130) {
        draw_facts(h, c, rect_cut_left(&area, area.w / 2));
    } else {
        int used = draw_facts(h, c, area) - area.y;
        rect_cut_top(&area, used);
    }
    if (area.h < CHART_MIN_H)
        return;
    rect_cut_left(&area, 1);
    const struct series *v = series_of(h, s->shown);
    struct chart ch = {
        .title = series_info[s->shown].title,
        .kind = CHART_BARS,
        .series = {{NULL, v->v, v->n, ST_CHART1}},
        .n_series = 1,
        .t0 = v->first_day * 86400,
        .step = WEEK,
        .hover = -1,
    };
    struct rect foot = rect_cut_bottom(&area, 1);
    canvas_strf(c, foot.x, foot.y, foot.w - 1, ST_DIM, "%s · tab: next (%d of %d)",
                series_info[s->shown].words, (int)s->shown + 1, (int)SHOWN);
    if (v->n)
        chart_draw(&ch, c, area);
    else
        canvas_str(c, area.x, area.y, area.w - 1, "Not a whole week yet.", ST_DIM);
}

static bool on_action(void *self, enum action act)
{
    struct health_screen *s = self;
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_RIGHT:
        s->shown = (enum shown)(((unsigned)s->shown + 1) % SHOWN);
        return true;
    case ACT_PREV_PANE:
    case ACT_LEFT:
        s->shown = (enum shown)(((unsigned)s->shown + SHOWN - 1) % SHOWN);
        return true;
    case ACT_EXPLAIN:
        s->explain = !s->explain;
        return true;
    case ACT_BACK:
        if (!s->explain)
            return false;
        s->explain = false;
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    default:
        return false;
    }
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct health_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void close_screen(void *self)
{
    struct health_screen *s = self;
    page_job_drop(s->job);
    health_free(s->h);
    mem_free(s);
}

static void update(void *self)
{
    ask(self);
}

static const enum action actions[] = {ACT_NEXT_PANE, ACT_EXPLAIN, ACT_WINDOW_MORE, ACT_WINDOW_LESS,
                                      ACT_NONE};

const struct screen_ops screen_health = {
    .name = "health",
    .title = "Health",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .action = on_action,
    .update = update,
};
