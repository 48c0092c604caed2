/*
 * Authors: who earns, from how many, with what; and one author's page.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/pages.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/table.h"

#include "base/banned.h"

/* --- the list --------------------------------------------------------------------------------------- */

enum { A_NAME, A_MODELS, A_LISTED, A_CALLS, A_PAYERS, A_INCOME, A_SHARED, A_LAST, A_SPARK, A_COLS };
static const struct column author_columns[A_COLS] = {
    [A_NAME] = {"AUTHOR", 14, 24, ALIGN_LEFT, 0, 2, true, false},
    [A_MODELS] = {"MODELS", 6, 6, ALIGN_RIGHT, 4, 0, false, false},
    [A_LISTED] = {"LISTED", 6, 6, ALIGN_RIGHT, 5, 0, false, false},
    [A_CALLS] = {"CALLS", 8, 9, ALIGN_RIGHT, 0, 0, true, true},
    [A_PAYERS] = {"PAYERS", 7, 7, ALIGN_RIGHT, 2, 0, true, true},
    [A_INCOME] = {"INCOME", 13, 24, ALIGN_RIGHT, 0, 0, true, true},
    [A_SHARED] = {"UNATTRIBUTED", 12, 18, ALIGN_RIGHT, 6, 0, false, false},
    [A_LAST] = {"LAST", 8, 8, ALIGN_RIGHT, 3, 0, true, true},
    [A_SPARK] = {"30 DAYS", SPARK_DAYS, SPARK_DAYS, ALIGN_LEFT, 7, 0, false, false},
};
static const enum sort_key author_sort[A_COLS] = {
    [A_NAME] = SORT_AUTHOR,   [A_CALLS] = SORT_CALLS, [A_PAYERS] = SORT_PAYERS,
    [A_INCOME] = SORT_INCOME, [A_LAST] = SORT_LAST,
};

struct authors_screen {
    struct app *app;
    struct domain *d;
    struct table *table;
    struct author_list *list;
    uint32_t *order;
    struct page_job *job;
    struct err failed;
    enum sort_key sort;
    bool reverse;
};

static const struct author_row *author_at(const struct authors_screen *s, size_t row)
{
    return &s->list->row[s->order[row]];
}

static void spark_cell(const struct figures *f, struct strip *out)
{
    uint32_t v[SPARK_DAYS];
    for (int i = 0; f->spark && i < SPARK_DAYS; i++)
        v[i] = f->spark[i];
    if (f->spark)
        spark_strip(out, SPARK_DAYS, v, SPARK_DAYS, ST_CHART1);
}

static void count_cell(struct strip *out, uint64_t n)
{
    char text[HUMAN_BUF];
    strip_str(out, n ? human_count(text, n) : "–", n ? ST_NORMAL : ST_DIM);
}

static void income_cell(struct strip *out, const struct income *in)
{
    char text[256];
    strip_str(out, income_format(in, text, sizeof text), in->n ? ST_MONEY : ST_DIM);
}

static void age_cell(struct strip *out, int64_t last, int64_t as_of)
{
    char text[HUMAN_BUF];
    strip_str(out, last ? human_age(text, as_of - last) : "–", last ? ST_NORMAL : ST_DIM);
}

static void author_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct authors_screen *s = ud;
    const struct author_row *a = author_at(s, row);
    switch (col) {
    case A_NAME:
        part_name(a->author, ST_STRONG, out);
        break;
    case A_MODELS:
        count_cell(out, a->models);
        break;
    case A_LISTED:
        count_cell(out, a->listed);
        break;
    case A_CALLS:
        count_cell(out, a->figures.calls);
        break;
    case A_PAYERS:
        count_cell(out, a->figures.payers);
        break;
    case A_INCOME:
        income_cell(out, &a->figures.income);
        break;
    case A_SHARED:
        income_cell(out, &a->unattributed);
        break;
    case A_LAST:
        age_cell(out, a->figures.last, s->list->as_of);
        break;
    case A_SPARK:
        spark_cell(&a->figures, out);
        break;
    default:
        break;
    }
}

static const struct table_ops author_ops = {author_cell, NULL};

static void list_sort(struct authors_screen *s)
{
    int col = 0;
    for (int c = 0; c < A_COLS; c++)
        if (author_columns[c].sortable && author_sort[c] == s->sort)
            col = c;
    table_set_sort(s->table, col, sort_descends(s->sort) != s->reverse);
    if (s->list)
        author_order(s->list, s->sort, s->reverse, s->order);
}

static souk_err list_load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    (void)key;
    struct author_list *l = NULL;
    souk_err r = author_list_load(st, w, &l, e);
    *out = l;
    return r;
}

static void list_drop(void *l)
{
    author_list_free(l);
}

static void list_take(void *self, void *got, const struct err *e)
{
    struct authors_screen *s = self;
    struct author_list *l = got;
    s->job = NULL;
    s->failed = *e;
    uint32_t *order = l ? mem_array(l->n ? l->n : 1, sizeof *order) : NULL;
    if (order) {
        author_list_free(s->list);
        mem_free(s->order);
        s->list = l;
        s->order = order;
        table_set_rows(s->table, l->n);
        list_sort(s);
    } else {
        author_list_free(l);
    }
    app_dirty(s->app);
}

static void list_ask(struct authors_screen *s)
{
    char key = 0;
    if (!s->job)
        s->job = page_job_start(s->d, &key, sizeof key, list_load, list_take, list_drop, s);
}

static souk_err list_open(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct authors_screen *s = mem_zalloc(sizeof *s);
    struct table *t = s ? table_new(author_columns, A_COLS, &author_ops, s) : NULL;
    if (!t) {
        mem_free(s);
        return err_nomem(e);
    }
    s->app = a;
    s->d = app_domain(a);
    s->table = t;
    s->sort = SORT_CALLS;
    list_sort(s);
    list_ask(s);
    *self = s;
    return SOUK_OK;
}

static void list_close(void *self)
{
    struct authors_screen *s = self;
    page_job_drop(s->job);
    author_list_free(s->list);
    mem_free(s->order);
    table_free(s->table);
    mem_free(s);
}

static void list_draw(void *self, struct canvas *c, struct rect area)
{
    struct authors_screen *s = self;
    struct rect top = rect_cut_top(&area, 1);
    char n[HUMAN_BUF];
    if (s->list)
        canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_DIM, "%s authors · window %s · raw figures",
                    human_count(n, s->list->n), window_name(s->list->window));
    else if (s->failed.code)
        canvas_untrusted(c, top.x + 1, top.y, top.w - 2, untrusted(s->failed.msg), ST_BAD);
    table_draw(s->table, c, area, true, s->list ? "No authors yet." : s->failed.code ? NULL : "reading…");
}

static void list_pick(struct authors_screen *s)
{
    size_t row = table_selected(s->table);
    if (s->list && row < s->list->n)
        app_push(s->app, &screen_author, (void *)(uintptr_t)author_at(s, row)->author);
}

static bool list_handle(struct authors_screen *s, enum table_event te)
{
    if (te == TABLE_OPEN) {
        list_pick(s);
    } else if (te == TABLE_SORT) {
        int col;
        bool desc;
        table_sort_by(s->table, &col, &desc);
        s->sort = author_sort[col];
        s->reverse = desc != sort_descends(s->sort);
        list_sort(s);
    }
    return te != TABLE_IGNORED;
}

static bool list_event(void *self, const struct event *ev)
{
    struct authors_screen *s = self;
    return ev->kind == EV_MOUSE && list_handle(s, table_mouse(s->table, &ev->mouse));
}

static bool list_action(void *self, enum action act)
{
    struct authors_screen *s = self;
    if (act == ACT_WINDOW_LESS || act == ACT_WINDOW_MORE) {
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    }
    return list_handle(s, table_action(s->table, act));
}

static void list_update(void *self)
{
    list_ask(self);
}

static const enum action list_actions[] = {ACT_OPEN,        ACT_SORT_LEFT,   ACT_SORT_RIGHT, ACT_REVERSE,
                                           ACT_WINDOW_MORE, ACT_WINDOW_LESS, ACT_NONE};

const struct screen_ops screen_authors = {
    .name = "authors",
    .title = "Authors",
    .actions = list_actions,
    .open = list_open,
    .close = list_close,
    .draw = list_draw,
    .event = list_event,
    .action = list_action,
    .update = list_update,
};

/* --- one author ------------------------------------------------------------------------------------- */

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
        count_cell(out, m->figures->calls);
        break;
    case M_PAYERS:
        count_cell(out, m->figures->payers);
        break;
    case M_INCOME:
        income_cell(out, &m->figures->income);
        break;
    case M_LAST:
        age_cell(out, m->figures->last, s->page->as_of);
        break;
    case M_SPARK:
        spark_cell(m->figures, out);
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

static souk_err page_load(struct store *st, const void *key, enum window w, void **out, struct err *e)
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
    strip_strf(&st, ST_NORMAL, " from %s payers (%u new, %u returning) · ", human_count(a, f->payers),
               (unsigned)p->payers_new, (unsigned)p->payers_returning);
    strip_strf(&st, ST_NORMAL, "%s payments, %s session settlements", human_count(a, f->payments),
               human_count(b, f->settlements));
    canvas_strip(c, r.x + 1, r.y + 1, r.w - 2, &st);
    if (p->row.unattributed.n)
        canvas_strf(c, r.x + 1, r.y + 2, r.w - 2, ST_WARN,
                    "△ %s of it was paid to addresses that several models share: whose it is cannot be told",
                    income_format(&p->row.unattributed, text, sizeof text));
}

static void page_draw(void *self, struct canvas *c, struct rect area)
{
    struct author_screen *s = self;
    const struct author_page *p = s->page;
    if (!p) {
        if (s->failed.code)
            canvas_untrusted(c, area.x + 1, area.y + 1, area.w - 2, untrusted(s->failed.msg), ST_BAD);
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
            chart_draw(&ch, c, top);
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

static const enum action page_actions[] = {ACT_OPEN,        ACT_NEXT_PANE, ACT_WINDOW_MORE,
                                           ACT_WINDOW_LESS, ACT_COPY,      ACT_NONE};

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
