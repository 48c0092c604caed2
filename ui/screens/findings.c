#include "ui/screens/findings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/explain.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

/* --- loading */

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    int64_t who;
    struct findings *f = NULL;
    memcpy(&who, key, sizeof who);
    souk_err r = findings_load(st, w, who, FINDINGS_MOST, &f, e);
    *out = f;
    return r;
}

static void drop(void *f)
{
    findings_free(f);
}

static void ask(struct findings_screen *s);

/* What the tries are in: the first asset of the profile that a rule found. */
static struct amount unit_of(const struct findings *f)
{
    struct amount first = {.rank = UINT_MAX};
    for (int k = 0; k < RULE_COUNT; k++)
        for (size_t i = 0; i < f->amount[k].n; i++)
            if (f->amount[k].of[i].rank < first.rank)
                first = f->amount[k].of[i];
    return first;
}

/* They are of another window, or in another asset. */
static void forget_tries(struct findings_screen *s)
{
    s->has_rows = false;
    if (s->trying)
        trying_cancel(s->trying);
}

static void take(void *self, void *got, const struct err *e)
{
    struct findings_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    if (got) {
        struct findings *f = got;
        struct amount unit = unit_of(f);
        if (s->f && (s->f->window != f->window || !address_eq(s->unit.asset, unit.asset)))
            forget_tries(s);
        findings_free(s->f);
        s->f = f;
        s->unit = unit;
        table_set_rows(s->list, s->f->n);
    }
    if (s->again)
        ask(s);
    app_dirty(s->app);
}

static void ask(struct findings_screen *s)
{
    s->again = s->job != NULL;
    if (!s->job)
        s->job = page_job_start(s->d, &s->who, sizeof s->who, load, take, drop, s);
}

/* --- other thresholds */

/* Those that change anything first, otherwise in the order of rules.h. */
static void take_rows(struct findings_screen *s, const struct sensitivity *row)
{
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < THRESHOLDS; i++) {
            if (sensitivity_moves(&row[i]) == (pass == 0))
                s->row[n++] = row[i];
        }
}

static void tried(void *ud, const struct sensitivity *row, const struct err *e)
{
    struct findings_screen *s = ud;
    s->trying = NULL;
    s->try_failed = *e;
    s->has_rows = row != NULL;
    if (row)
        take_rows(s, row);
    table_set_rows(s->tries, row ? THRESHOLDS : 0);
}

static void try_others(struct findings_screen *s)
{
    if (s->trying)
        return;
    if (!s->unit.symbol[0]) {
        app_toast(s->app, ST_WARN, "there is nothing to judge: no rule found a payment");
        return;
    }
    s->try_failed = (struct err){0};
    s->tried = 0;
    s->trying = trying_start(s->d, s->f->window, s->unit.asset, tried, s);
}

/* --- what happens */

static const struct finding_row *selected(const struct findings_screen *s)
{
    size_t i = table_selected(s->list);
    return s->f && s->pane == FINDINGS_LIST && i < s->f->n ? &s->f->row[i] : NULL;
}

static void open_row(struct findings_screen *s)
{
    if (selected(s))
        app_push(s->app, &screen_evidence, &(struct evidence_arg){.finding = selected(s)});
    else if (s->pane == FINDINGS_OTHER)
        try_others(s);
}

static struct table *pane_table(const struct findings_screen *s)
{
    return s->pane == FINDINGS_LIST ? s->list : s->pane == FINDINGS_OTHER ? s->tries : NULL;
}

static bool on_action(void *self, enum action act)
{
    struct findings_screen *s = self;
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_RIGHT:
        s->pane = (enum findings_pane)(((unsigned)s->pane + 1) % FINDINGS_PANES);
        return true;
    case ACT_PREV_PANE:
    case ACT_LEFT:
        s->pane = (enum findings_pane)(((unsigned)s->pane + FINDINGS_PANES - 1) % FINDINGS_PANES);
        return true;
    case ACT_OPEN:
        open_row(s);
        return true;
    case ACT_BACK:
        if (!s->trying)
            return false;
        trying_cancel(s->trying);
        return true;
    case ACT_EXPLAIN:
        app_push(
            s->app, &screen_explain,
            &(struct explain_arg){.metric = METRIC_SPENDING, .who = s->who, .label = s->label});
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    default:
        return pane_table(s) && table_action(pane_table(s), act) != TABLE_IGNORED;
    }
}

static bool on_event(void *self, const struct event *ev)
{
    struct findings_screen *s = self;
    if (ev->kind != EV_MOUSE || !pane_table(s))
        return false;
    enum table_event te = table_mouse(pane_table(s), &ev->mouse);
    if (te == TABLE_OPEN)
        open_row(s);
    return te != TABLE_IGNORED;
}

/* --- life */

static void close_screen(void *self)
{
    struct findings_screen *s = self;
    page_job_drop(s->job);
    trying_drop(s->trying);
    findings_free(s->f);
    table_free(s->list);
    table_free(s->tries);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    const struct findings_arg *what = arg;
    struct findings_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->who = what->who;
    snprintf(s->label, sizeof s->label, "%s", what->label ? what->label : "");
    s->list = table_new(finding_columns, FINDING_COLS, &finding_ops, s);
    s->tries = table_new(try_columns, TRY_COLS, &try_ops, s);
    if (!s->list || !s->tries) {
        close_screen(s);
        return err_nomem(e);
    }
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct findings_screen *s = self;
    if (s->trying)
        s->tried = trying_progress(s->trying);
    findings_draw(s, c, area);
}

static void update(void *self)
{
    ask(self);
}

static bool offers(void *self, enum action act)
{
    const struct findings_screen *s = self;
    if (act == ACT_OPEN)
        return selected(s) || (s->pane == FINDINGS_OTHER && !s->trying);
    return true;
}

static const enum action actions[] = {ACT_OPEN,        ACT_NEXT_PANE,   ACT_EXPLAIN,
                                      ACT_WINDOW_MORE, ACT_WINDOW_LESS, ACT_NONE};

const struct screen_ops screen_findings = {
    .name = "findings",
    .title = "Findings",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .offers = offers,
};
