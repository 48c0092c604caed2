/*
 * Authors: who earns, from how many, with what.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/pages.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/watching.h"
#include "ui/widgets/table.h"

#include "base/banned.h"

/* --- the list */

enum {
    A_WATCHED,
    A_NAME,
    A_MODELS,
    A_LISTED,
    A_CALLS,
    A_PAYERS,
    A_INCOME,
    A_GENUINE,
    A_GENUINE_PAYERS,
    A_GROWTH,
    A_SHARED,
    A_LAST,
    A_SPARK,
    A_COLS
};
static const struct column author_columns[A_COLS] = {
    [A_WATCHED] = {"", 1, 1, ALIGN_LEFT, 0, 0, false, false},
    [A_NAME] = {"AUTHOR", 12, 24, ALIGN_LEFT, 0, 2, true, false},
    [A_MODELS] = {"MODELS", 6, 6, ALIGN_RIGHT, 5, 0, false, false},
    [A_LISTED] = {"LISTED", 6, 6, ALIGN_RIGHT, 6, 0, false, false},
    [A_CALLS] = {"CALLS", 7, 9, ALIGN_RIGHT, 0, 0, true, true},
    [A_PAYERS] = {"PAYERS", 7, 7, ALIGN_RIGHT, 3, 0, true, true},
    [A_INCOME] = {"INCOME", 11, 18, ALIGN_RIGHT, 0, 0, true, true},
    [A_GENUINE] = {"GENUINE", 18, 22, ALIGN_RIGHT, 0, 0, true, true},
    [A_GENUINE_PAYERS] = {"GENUINE PAYERS", 14, 14, ALIGN_RIGHT, 7, 0, false, false},
    [A_GROWTH] = {"GROWTH", 11, 11, ALIGN_RIGHT, 1, 0, true, true},
    [A_SHARED] = {"UNATTRIBUTED", 12, 15, ALIGN_RIGHT, 5, 0, false, false},
    [A_LAST] = {"LAST", 8, 8, ALIGN_RIGHT, 4, 0, true, true},
    [A_SPARK] = {"30 DAYS", SPARK_DAYS / 2, SPARK_DAYS, ALIGN_LEFT, 7, 0, false, false},
};
static const enum sort_key author_sort[A_COLS] = {
    [A_NAME] = SORT_AUTHOR,   [A_CALLS] = SORT_CALLS, [A_PAYERS] = SORT_PAYERS,
    [A_INCOME] = SORT_INCOME, [A_LAST] = SORT_LAST,   [A_GENUINE] = SORT_GENUINE,
    [A_GROWTH] = SORT_GROWTH,
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

static void figure_cell(const struct authors_screen *s, const struct figures *f, int col,
                        struct strip *out)
{
    switch (col) {
    case A_CALLS:
        part_count(out, f->calls);
        break;
    case A_PAYERS:
        part_count(out, f->payers);
        break;
    case A_INCOME:
        part_income_short(out, &f->income);
        break;
    case A_GENUINE:
        part_interval_short(out, &f->low, &f->high);
        break;
    case A_GENUINE_PAYERS:
        part_count(out, f->genuine_payers);
        break;
    case A_GROWTH:
        if (f->calls + f->settlements)
            part_growth_short(out, &f->trend);
        else
            strip_str(out, "–", ST_DIM);
        break;
    case A_LAST:
        part_age(out, f->last, s->list->as_of);
        break;
    case A_SPARK:
        part_spark(f, table_width(s->table, A_SPARK), out);
        break;
    default:
        break;
    }
}

static void author_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct authors_screen *s = ud;
    const struct author_row *a = author_at(s, row);
    switch (col) {
    case A_WATCHED:
        if (watching_has(s->d->watching, a->author))
            strip_str(out, "●", ST_ACCENT);
        break;
    case A_NAME:
        part_name(a->author, ST_STRONG, out);
        break;
    case A_MODELS:
        part_count(out, a->models);
        break;
    case A_LISTED:
        part_count(out, a->listed);
        break;
    case A_SHARED:
        part_income_short(out, &a->unattributed);
        break;
    default:
        figure_cell(s, &a->figures, col, out);
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

static souk_err list_load(struct store *st, const void *key, enum window w, void **out,
                          struct err *e)
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
    char n[HUMAN_BUF], w[HUMAN_BUF];
    size_t watched = watching_count(s->d->watching);
    if (s->list)
        canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_DIM, "%s authors · window %s%s%s",
                    human_count(n, s->list->n), window_name(s->list->window),
                    watched ? " · ● watched: " : "", watched ? human_count(w, watched) : "");
    else if (s->failed.code)
        canvas_untrusted(c, top.x + 1, top.y, top.w - 2, untrusted(s->failed.msg), ST_BAD);
    table_draw(s->table, c, area, true,
               s->list          ? "No authors yet."
               : s->failed.code ? NULL
                                : "reading…");
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
    size_t row = table_selected(s->table);
    if (act == ACT_WATCH && s->list && row < s->list->n) {
        watching_toggle(s->d->watching, author_at(s, row)->author);
        return true;
    }
    return list_handle(s, table_action(s->table, act));
}

static void list_update(void *self)
{
    list_ask(self);
}

static const enum action list_actions[] = {ACT_OPEN,        ACT_WATCH,   ACT_SORT_LEFT,
                                           ACT_SORT_RIGHT,  ACT_REVERSE, ACT_WINDOW_MORE,
                                           ACT_WINDOW_LESS, ACT_NONE};

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
