/*
 * The transactions behind one finding: the payments, the funding, the way back.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/findings.h"

#include "base/banned.h"

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    int64_t id;
    struct evidence *v = NULL;
    (void)w;
    memcpy(&id, key, sizeof id);
    souk_err r = evidence_load(st, id, &v, e);
    *out = v;
    return r;
}

static void drop(void *v)
{
    evidence_free(v);
}

static void take(void *self, void *got, const struct err *e)
{
    struct evidence_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    s->v = got;
    table_set_rows(s->table, s->v ? s->v->n : 0);
    app_dirty(s->app);
}

static void copy(struct evidence_screen *s)
{
    size_t i = table_selected(s->table);
    if (s->v && i < s->v->n)
        app_copy(s->app, untrusted(s->v->row[i].tx), "the transaction id");
}

static bool on_action(void *self, enum action act)
{
    struct evidence_screen *s = self;
    if (act == ACT_COPY || act == ACT_OPEN) {
        copy(s);
        return true;
    }
    return table_action(s->table, act) != TABLE_IGNORED;
}

static bool on_event(void *self, const struct event *ev)
{
    struct evidence_screen *s = self;
    return ev->kind == EV_MOUSE && table_mouse(s->table, &ev->mouse) != TABLE_IGNORED;
}

static void close_screen(void *self)
{
    struct evidence_screen *s = self;
    page_job_drop(s->job);
    evidence_free(s->v);
    table_free(s->table);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    const struct finding_row *f = ((const struct evidence_arg *)arg)->finding;
    struct evidence_screen *s = mem_zalloc(sizeof *s);
    struct table *t = s ? table_new(evidence_columns, EVIDENCE_COLS, &evidence_ops, s) : NULL;
    if (!t) {
        mem_free(s);
        return err_nomem(e);
    }
    s->app = a;
    s->d = app_domain(a);
    s->table = t;
    s->id = f->id;
    s->rule = f->rule;
    snprintf(s->author, sizeof s->author, "%s", f->author);
    snprintf(s->model, sizeof s->model, "%s", f->model);
    snprintf(s->words, sizeof s->words, "%s", f->words);
    s->job = page_job_start(s->d, &s->id, sizeof s->id, load, take, drop, s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    evidence_draw(self, c, area);
}

static const enum action actions[] = {ACT_OPEN, ACT_COPY, ACT_NONE};

const struct screen_ops screen_evidence = {
    .name = "evidence",
    .title = "Evidence",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
};
