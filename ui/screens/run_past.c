/* What was run before of this file: listed below the form; an old one opens with its input. */
#include <stdio.h>

#include "base/mem.h"
#include "ui/screens/run_flow.h"
#include "ui/work.h"

#include "base/banned.h"

enum { LISTED = 100, LIST_MEMORY = 1 << 20, ONE_MEMORY = 8 << 20 };

struct past_work {
    struct work w; /* first */
    char blob[BLOB_ID_BUF];
    int64_t id; /* 0: the list */
    struct arena arena;
    struct run_row *row;
    size_t n;
};

static souk_err past_run(struct work *w)
{
    struct past_work *k = (struct past_work *)w;
    struct runs *r = NULL;
    souk_err c = runs_open(&r, &w->err);
    if (c != SOUK_OK)
        return c;
    if (!k->id) {
        c = run_list(r, untrusted(k->blob), untrusted(""), LISTED, &k->arena, &k->row, &k->n,
                     &w->err);
    } else {
        k->row = arena_alloc(&k->arena, sizeof *k->row);
        c = k->row ? run_get(r, k->id, &k->arena, k->row, &w->err) : err_nomem(&w->err);
    }
    runs_close(r);
    return c;
}

static void past_release(struct work *w)
{
    arena_release(&((struct past_work *)w)->arena);
}

static struct past_work *past_new(struct run_screen *s, int64_t id,
                                  void (*done)(void *owner, struct work *w))
{
    struct past_work *k = mem_zalloc(sizeof *k);
    if (!k)
        return NULL;
    blob_id_format(&s->what.id, k->blob);
    k->id = id;
    arena_init(&k->arena, id ? ONE_MEMORY : LIST_MEMORY);
    k->w.run = past_run;
    k->w.done = done;
    k->w.release = past_release;
    return k;
}

static void listed(void *owner, struct work *w)
{
    struct run_screen *s = owner;
    struct past_work *k = (struct past_work *)w;
    s->flow->listing = NULL;
    if (w->err.code) /* it is only for looking back: what was shown stays */
        return;
    arena_release(&s->past_arena);
    s->past_arena = k->arena;
    arena_init(&k->arena, 1); /* handed over */
    s->past = k->row;
    s->n_past = k->n;
    table_set_rows(s->past_table, s->n_past);
    app_dirty(s->app);
}

void run_past_read(struct run_screen *s)
{
    struct past_work *k = s->flow->listing ? NULL : past_new(s, 0, listed);
    if (!k)
        return;
    s->flow->listing = k;
    work_start(app_loop(s->app), LANE_LOAD, &k->w, s);
}

static void show(struct run_screen *s, const struct run_row *r)
{
    struct run_shown *a = run_shown_new();
    if (!a)
        return;
    a->past = r->time;
    snprintf(a->engine, sizeof a->engine, "%.*s", (int)r->engine.n, r->engine.p);
    a->session_ns = r->session_ns;
    a->first_ns = r->first_ns;
    a->p50_ns = r->p50_ns;
    a->p95_ns = r->p95_ns;
    a->p99_ns = r->p99_ns;
    a->repeats = r->repeats > 0 ? (uint64_t)r->repeats : 0;
    a->peak_rss = r->peak_rss;
    buf_add(&a->json, r->output.p, r->output.n);
    run_shown_free(s->answer);
    s->answer = a;
    table_set_rows(s->outputs, 0);
    s->as_json = true;
    docview_again(&s->doc);
    s->phase = RUN_DONE;
    s->focus = RUN_ON_OUTPUT;
}

static void opened(void *owner, struct work *w)
{
    struct run_screen *s = owner;
    const struct run_row *r = ((struct past_work *)w)->row;
    s->flow->opening = NULL;
    app_dirty(s->app);
    s->failed = w->err;
    if (w->err.code)
        return;
    if (r->error.n)
        err_set(&s->failed, SOUK_EFAIL, "%.*s", (int)r->error.n, r->error.p);
    else
        show(s, r);
    if (r->input.n)
        run_fill(s, r->input);
    else
        app_toast(s->app, ST_WARN, "its input was too large to be kept");
}

void run_past_open(struct run_screen *s)
{
    size_t i = table_selected(s->past_table);
    struct past_work *k =
        s->flow->opening || i >= s->n_past ? NULL : past_new(s, s->past[i].id, opened);
    if (!k)
        return;
    s->flow->opening = k;
    work_start(app_loop(s->app), LANE_LOAD, &k->w, s);
}
