/*
 * Author: what did I earn, from whom, and what should I change.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/human.h"
#include "market/pages.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/table.h"

#include "base/banned.h"

enum { M_MARK, M_NAME, M_PRICE, M_CALLS, M_PAYERS, M_INCOME, M_LAST, M_SPARK, M_COLS };
static const struct column model_columns[M_COLS] = {
    [M_MARK] = {"", 1, 1, ALIGN_LEFT, 0, 0, false, false},
    [M_NAME] = {"MODEL", 16, 30, ALIGN_LEFT, 0, 2, false, false},
    [M_PRICE] = {"PRICE/CALL", 11, 13, ALIGN_RIGHT, 1, 0, false, false},
    [M_CALLS] = {"CALLS", 7, 9, ALIGN_RIGHT, 0, 0, false, false},
    [M_PAYERS] = {"PAYERS", 6, 7, ALIGN_RIGHT, 3, 0, false, false},
    [M_INCOME] = {"INCOME", 12, 16, ALIGN_RIGHT, 0, 0, false, false},
    [M_LAST] = {"IDLE", 8, 8, ALIGN_RIGHT, 2, 0, false, false},
    [M_SPARK] = {"30 DAYS", SPARK_DAYS, SPARK_DAYS, ALIGN_LEFT, 4, 0, false, false},
};

struct author_screen {
    struct app *app;
    struct domain *d;
    char name[512];
    struct author_page *page;
    struct page_job *job;
    struct err failed;
    struct table *models, *calls;
    bool on_calls; /* which pane has the focus */
};

static void model_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct author_screen *s = ud;
    const struct model_row *m = &s->page->model[row];
    char text[256];
    switch (col) {
    case M_MARK:
        part_mark(m->mark, out);
        break;
    case M_NAME:
        part_name(m->name, ST_STRONG, out);
        break;
    case M_PRICE:
        strip_str(out, m->price ? amount_format(m->price, text, sizeof text) : "–",
                  m->price ? ST_MONEY : ST_DIM);
        break;
    case M_CALLS:
        part_count(out, m->figures->calls);
        break;
    case M_PAYERS:
        part_count(out, m->figures->payers);
        break;
    case M_INCOME:
        part_income(out, &m->figures->income);
        break;
    case M_LAST:
        part_age(out, m->figures->last, s->page->as_of);
        break;
    case M_SPARK:
        part_spark(m->figures, out);
        break;
    default:
        break;
    }
}

static void call_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct author_screen *s = ud;
    part_call_cell(&s->page->call[row], &s->page->call_model[row], col, s->page->as_of, out);
}

static const struct table_ops model_ops = {model_cell, NULL};
static const struct table_ops call_ops = {call_cell, NULL};

static souk_err page_load(struct store *st, const void *key, enum window w, void **out,
                          struct err *e)
{
    struct author_page *p = NULL;
    souk_err r = author_page_load(st, key, w, &p, e);
    *out = p;
    return r;
}

static void page_drop(void *p)
{
    author_page_free(p);
}

static void page_take(void *self, void *got, const struct err *e)
{
    struct author_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    if (got) {
        author_page_free(s->page);
        s->page = got;
        table_set_rows(s->models, s->page->models);
        table_set_rows(s->calls, s->page->calls_n);
    }
    app_dirty(s->app);
}

static void page_ask(struct author_screen *s)
{
    if (!s->job)
        s->job = page_job_start(s->d, s->name, sizeof s->name, page_load, page_take, page_drop, s);
}

static void page_close(void *self)
{
    struct author_screen *s = self;
    page_job_drop(s->job);
    author_page_free(s->page);
    table_free(s->models);
    table_free(s->calls);
    mem_free(s);
}

static souk_err page_open(struct app *a, void *arg, void **self, struct err *e)
{
    struct author_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    snprintf(s->name, sizeof s->name, "%s", (const char *)arg);
    s->models = table_new(model_columns, M_COLS, &model_ops, s);
    s->calls = table_new(part_call_columns, PART_CALL_COLS, &call_ops, s);
    if (!s->models || !s->calls) {
        page_close(s);
        return err_nomem(e);
    }
    page_ask(s);
    *self = s;
    return SOUK_OK;
}

static void income_unit(void *ud, uint64_t v, char out[CHART_LABEL])
{
    const struct amount *unit = ud; /* value: atomic units per series unit */
    struct amount a = *unit;
    u256 total = U256_ZERO;
    /* v times the unit, by doubling: u256 has no need of a general product elsewhere */
    for (u256 add = a.value; v; v >>= 1, u256_add(add, add, &add))
        if (v & 1)
            u256_add(total, add, &total);
    a.value = total;
    amount_format(&a, out, CHART_LABEL);
}

static void draw_summary(const struct author_page *p, struct canvas *c, struct rect r)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], text[256];
    const struct figures *f = &p->row.figures;
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_untrusted(&st, untrusted(p->row.author), ST_TITLE);
    strip_strf(&st, ST_DIM, "  %u models, %u listed · window %s", p->row.models, p->row.listed,
               window_name(p->window));
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
    strip_init(&st, canvas_charset(c));
    strip_strf(&st, ST_MONEY, "%s", income_format(&f->income, text, sizeof text));
    strip_strf(&st, ST_NORMAL, " from %s payers (%u new, %u returning) · ",
               human_count(a, f->payers), (unsigned)p->payers_new, (unsigned)p->payers_returning);
    strip_strf(&st, ST_NORMAL, "%s payments", human_count(a, f->payments));
    if (f->settlements)
        strip_strf(&st, ST_NORMAL, ", %s session settlements", human_count(b, f->settlements));
    canvas_strip(c, r.x + 1, r.y + 1, r.w - 2, &st);
    if (p->row.unattributed.n)
        canvas_strf(c, r.x + 1, r.y + 2, r.w - 2, ST_WARN,
                    "△ %s of it was paid to addresses that several models share: whose it is "
                    "cannot be told",
                    income_format(&p->row.unattributed, text, sizeof text));
}

static void page_draw(void *self, struct canvas *c, struct rect area)
{
    struct author_screen *s = self;
    const struct author_page *p = s->page;
    if (!p) {
        if (s->failed.code)
            canvas_untrusted(c, area.x + 1, area.y + 1, area.w - 2, untrusted(s->failed.msg),
                             ST_BAD);
        else
            canvas_str(c, area.x + 1, area.y + 1, area.w - 2, "reading…", ST_DIM);
        return;
    }
    draw_summary(p, c, rect_cut_top(&area, p->row.unattributed.n ? 3 : 2));
    if (area.h >= 16) {
        struct amount unit = p->income_asset;
        char title[48];
        snprintf(title, sizeof title, "income per day, %s", p->income_asset.symbol);
        struct chart ch = {
            .title = title,
            .kind = CHART_BARS,
            .series = {{NULL, p->income.v, p->income.n, ST_CHART2}},
            .n_series = 1,
            .t0 = p->income.first_day * 86400,
            .step = 86400,
            .unit = income_unit,
            .unit_ud = &unit,
            .hover = -1,
        };
        struct rect top = rect_cut_top(&area, area.h >= 30 ? 12 : 8);
        if (p->income.n)
            chart_draw(&ch, c, rect_inset(top, 1, 0));
    }
    struct rect lower = rect_cut_bottom(&area, area.h / 2);
    table_draw(s->models, c, area, !s->on_calls, "No models.");
    canvas_hline(c, lower.x, lower.y, lower.w, ST_BORDER);
    canvas_str(c, lower.x + 2, lower.y, 20, " latest payments ", ST_TITLE);
    rect_cut_top(&lower, 1);
    table_draw(s->calls, c, lower, s->on_calls, "Nobody has paid yet.");
}

static bool page_handle(struct author_screen *s, enum table_event te)
{
    size_t row = table_selected(s->models);
    if (te == TABLE_OPEN && !s->on_calls && s->page && row < s->page->models) {
        int64_t id = s->page->model[row].id;
        app_push(s->app, &screen_model, &id);
    }
    return te != TABLE_IGNORED;
}

static bool page_event(void *self, const struct event *ev)
{
    struct author_screen *s = self;
    if (ev->kind != EV_MOUSE || !s->page)
        return false;
    enum table_event te = table_mouse(s->models, &ev->mouse);
    if (te != TABLE_IGNORED) {
        s->on_calls = false;
        return page_handle(s, te);
    }
    te = table_mouse(s->calls, &ev->mouse);
    if (te != TABLE_IGNORED)
        s->on_calls = true;
    return te != TABLE_IGNORED;
}

static bool page_action(void *self, enum action act)
{
    struct author_screen *s = self;
    if (!s->page)
        return false;
    size_t row = table_selected(s->calls);
    switch (act) {
    case ACT_PUBLISH:
        app_push(s->app, &screen_publish, &(struct publish_arg){.author = s->name});
        return true;
    case ACT_NEXT_PANE:
    case ACT_PREV_PANE:
        s->on_calls = !s->on_calls;
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    case ACT_COPY:
        if (s->on_calls && row < s->page->calls_n)
            app_copy(s->app, untrusted(s->page->call[row].tx), "the transaction id");
        else
            app_copy(s->app, untrusted(s->name), "the author's name");
        return true;
    default:
        return page_handle(s, table_action(s->on_calls ? s->calls : s->models, act));
    }
}

static void page_update(void *self)
{
    page_ask(self);
}

static void page_crumb(void *self, struct strip *out)
{
    struct author_screen *s = self;
    strip_untrusted(out, untrusted(s->name), ST_STRONG);
}

static const enum action page_actions[] = {
    ACT_OPEN, ACT_NEXT_PANE, ACT_WINDOW_MORE, ACT_WINDOW_LESS, ACT_COPY, ACT_PUBLISH, ACT_NONE};

const struct screen_ops screen_author = {
    .name = "author",
    .title = "Author",
    .actions = page_actions,
    .open = page_open,
    .close = page_close,
    .draw = page_draw,
    .event = page_event,
    .action = page_action,
    .update = page_update,
    .crumb = page_crumb,
};
