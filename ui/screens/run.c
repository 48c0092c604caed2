/*
 * Run: from model to number. Finds the file, reads what the model takes, runs it in the background,
 * shows what came out; what was run before stands below (run_past.c).
 */
#include "ui/screens/run_flow.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { EXAMPLE_MAX = 256 << 10, PAST_MEMORY = 1 << 20 };

/* --- which file */

struct find_key {
    struct market *market;
    int64_t model;
    bool has_version, has_file;
    char label[RUN_LABEL], version[64], file[256];
};

struct found {
    struct get_target what;
    bool sold;
    struct target seller;
    struct buf example;
};

static void found_free(void *page)
{
    struct found *f = page;
    buf_release(&f->example);
    mem_free(f);
}

/* Who sells it is good to know; without him a model can be run all the same. */
static void find_seller(struct store *st, const struct find_key *k, int64_t model, struct found *f)
{
    f->sold = target_of_model(k->market, st, model, &f->seller, NULL) == SOUK_OK &&
              !f->seller.gateway && f->seller.url[0];
    if (f->sold)
        target_example(k->market, &f->seller, &f->example, NULL);
}

static souk_err find(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct find_key k;
    struct found *f = mem_zalloc(sizeof *f);
    (void)w;
    memcpy(&k, key, sizeof k);
    if (!f)
        return err_nomem(e);
    buf_init(&f->example, EXAMPLE_MAX);
    souk_err c = SOUK_OK;
    if (k.model)
        c = get_of_model(st, k.model, k.has_version ? k.version : NULL, k.has_file ? k.file : NULL,
                         &f->what, e);
    else if (!k.label[0] || model_find(st, k.label, &k.model, NULL) != SOUK_OK)
        k.model = 0;
    if (c != SOUK_OK) {
        found_free(f);
        return c;
    }
    if (k.model)
        find_seller(st, &k, k.model, f);
    *out = f;
    return SOUK_OK;
}

static void on_found(void *self, void *page, const struct err *e)
{
    struct run_screen *s = self;
    struct run_flow *f = s->flow;
    struct found *got = page;
    f->finding = NULL;
    if (got) {
        if (!s->what.has_id) /* else it is a file of the library */
            s->what = got->what;
        if (got->sold)
            s->seller = got->seller;
        buf_clear(&f->example);
        buf_add(&f->example, got->example.p, got->example.len);
        found_free(got);
    } else if (!s->what.has_id) {
        s->failed = *e;
        app_dirty(s->app);
        return;
    }
    run_read(s);
}

/* The file and what is in it, if it is here. */
static void on_read(void *ud, struct inspected *i, const struct err *e)
{
    struct run_screen *s = ud;
    s->flow->reading = NULL;
    app_dirty(s->app);
    if (!i) {
        s->phase = RUN_ABSENT;
        if (e->code != SOUK_ENOTFOUND)
            s->failed = *e;
        return;
    }
    inspected_unref(s->model);
    s->model = i;
    s->failed = i->file.info ? i->unfit : i->failed;
    if (!s->failed.code)
        run_prefill(s);
    run_past_read(s);
}

void run_read(struct run_screen *s)
{
    struct run_flow *f = s->flow;
    const struct library_row *r = NULL;
    if (f->reading)
        return;
    if (!s->what.has_id)
        r = getting_have_model(s->d->getting, s->what.author, s->what.name);
    if (r && blob_id_parse(untrusted(r->id), &s->what.id))
        s->what.has_id = true;
    if (!s->what.has_id) {
        s->phase = RUN_ABSENT;
        app_dirty(s->app);
        return;
    }
    if (!s->label[0] && s->what.name[0])
        snprintf(s->label, sizeof s->label, "%.255s/%.255s", s->what.author, s->what.name);
    f->reading = inspecting_start(s->d, &s->what.id, s->label, on_read, s);
}

/* The shelf or the queue is another one: it may have come. */
static void shelf_changed(void *ud)
{
    struct run_screen *s = ud;
    if (s->phase == RUN_ABSENT)
        run_read(s);
}

/* --- input */

static bool on_form(struct run_screen *s, const struct event *ev)
{
    size_t focus = form_focus(s->form), button = form_count(s->form);
    bool on = ev->kind == EV_KEY && (ev->key.code == K_DOWN || ev->key.code == K_TAB);
    if (ev->kind == EV_PASTE && run_pasted(s, ev->paste))
        return true;
    if (on && focus == button && (s->answer || s->n_past)) { /* below the button lies the rest */
        s->focus = s->answer && s->phase == RUN_DONE ? RUN_ON_OUTPUT : RUN_ON_PAST;
        return true;
    }
    enum form_event got = form_event(s->form, ev);
    if (got == FORM_CHANGED)
        form_fault(s->form, focus, NULL);
    else if (got == FORM_DONE)
        run_start(s);
    else if (got == FORM_CANCEL && s->phase == RUN_DONE)
        s->focus = RUN_ON_OUTPUT;
    else if (got == FORM_CANCEL)
        app_pop(s->app);
    return got != FORM_IGNORED;
}

static bool on_event(void *self, const struct event *ev)
{
    struct run_screen *s = self;
    if (ev->kind == EV_MOUSE) {
        if (s->phase != RUN_DONE && s->phase != RUN_ASK)
            return false;
        if (s->n_past && table_mouse(s->past_table, &ev->mouse) != TABLE_IGNORED) {
            s->focus = RUN_ON_PAST;
            return true;
        }
        if (s->phase == RUN_DONE && s->as_json)
            return textview_wheel(&s->doc.view, &ev->mouse);
        if (s->phase == RUN_DONE && table_mouse(s->outputs, &ev->mouse) != TABLE_IGNORED) {
            s->focus = RUN_ON_OUTPUT;
            return true;
        }
        bool on = s->form && form_event(s->form, ev) != FORM_IGNORED;
        if (on)
            s->focus = RUN_ON_FORM;
        return on;
    }
    bool form = s->form && s->focus == RUN_ON_FORM && (s->phase == RUN_ASK || s->phase == RUN_DONE);
    return form && on_form(s, ev);
}

static void next_focus(struct run_screen *s, bool back)
{
    bool there[] = {[RUN_ON_FORM] = true,
                    [RUN_ON_OUTPUT] = s->phase == RUN_DONE,
                    [RUN_ON_PAST] = s->n_past > 0};
    unsigned at = s->focus;
    do
        at = (at + (back ? 2u : 1u)) % 3;
    while (!there[at]);
    s->focus = (enum run_focus)at;
}

/* One step back; a run under way is stopped. */
static bool back(struct run_screen *s)
{
    if (s->phase != RUN_BUSY)
        return false;
    run_stop(s);
    return true;
}

static bool on_list(struct run_screen *s, enum action act)
{
    if (s->focus == RUN_ON_PAST) {
        enum table_event te = table_action(s->past_table, act);
        if (te == TABLE_OPEN)
            run_past_open(s);
        return te != TABLE_IGNORED;
    }
    if (s->as_json)
        return textview_action(&s->doc.view, act);
    return table_action(s->outputs, act) != TABLE_IGNORED;
}

static bool on_action(void *self, enum action act)
{
    struct run_screen *s = self;
    switch (act) {
    case ACT_BACK:
        return back(s);
    case ACT_GET:
        if (s->phase != RUN_ABSENT)
            return false;
        run_get_file(s);
        return true;
    case ACT_CALL:
        run_call(s);
        return true;
    case ACT_RUN:
        s->focus = RUN_ON_FORM;
        if (s->form)
            form_focus_on(s->form, 0);
        return true;
    case ACT_RAW:
        if (s->focus == RUN_ON_FORM && s->form) {
            run_toggle_json(s);
        } else {
            s->as_json = !s->as_json;
            docview_again(&s->doc);
        }
        return true;
    case ACT_NEXT_PANE:
    case ACT_PREV_PANE:
        next_focus(s, act == ACT_PREV_PANE);
        return true;
    case ACT_COPY:
        app_copy(s->app, untrusted_n(s->answer->json.p, s->answer->json.len), "the outputs");
        return true;
    default:
        return (s->phase == RUN_DONE || s->phase == RUN_ASK) && on_list(s, act);
    }
}

static bool offers(void *self, enum action act)
{
    struct run_screen *s = self;
    bool form = s->form && s->focus == RUN_ON_FORM;
    switch (act) {
    case ACT_GET:
        return s->phase == RUN_ABSENT;
    case ACT_CALL:
        return s->seller.url[0] && s->phase != RUN_BUSY && !form;
    case ACT_RUN:
        return s->form && !form && s->phase != RUN_BUSY;
    case ACT_RAW:
        return s->phase == RUN_DONE || (form && s->phase == RUN_ASK);
    case ACT_OPEN:
        return s->focus == RUN_ON_PAST && s->n_past;
    case ACT_COPY:
        return s->phase == RUN_DONE && !form;
    case ACT_NEXT_PANE:
        return !form && s->phase != RUN_BUSY && s->form;
    default:
        return true;
    }
}

/* --- life */

static void close_screen(void *self)
{
    struct run_screen *s = self;
    struct run_flow *f = s->flow;
    if (f) {
        getting_unlisten(s->d->getting, s);
        page_job_drop(f->finding);
        inspecting_drop(f->reading);
        run_work_drop(s);
        buf_release(&f->example);
    }
    run_shown_free(s->answer);
    inspected_unref(s->model);
    form_free(s->form);
    table_free(s->outputs);
    table_free(s->past_table);
    arena_release(&s->past_arena);
    docview_release(&s->doc);
    mem_free(f);
    mem_free(s);
}

static void start(struct run_screen *s, const struct run_arg *a)
{
    struct find_key k = {.market = s->d->market, .model = a->model};
    if (a->blob) {
        s->what.has_id = blob_id_parse(untrusted(a->blob), &s->what.id);
        s->what.size = -1;
        snprintf(s->label, sizeof s->label, "%s", a->label ? a->label : "");
        snprintf(k.label, sizeof k.label, "%s", s->label);
        k.model = 0;
    }
    k.has_version = a->version && a->version[0];
    k.has_file = a->file && a->file[0];
    snprintf(k.version, sizeof k.version, "%s", k.has_version ? a->version : "");
    snprintf(k.file, sizeof k.file, "%s", k.has_file ? a->file : "");
    s->flow->finding = page_job_start(s->d, &k, sizeof k, find, on_found, found_free, s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct run_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->network = market_network(s->d->market);
    arena_init(&s->past_arena, PAST_MEMORY);
    docview_init(&s->doc);
    s->outputs = table_new(run_output_columns, OUT_COLS, &run_output_ops, s);
    s->past_table = table_new(run_past_columns, PAST_COLS, &run_past_ops, s);
    s->flow = s->outputs && s->past_table && s->d->getting ? mem_zalloc(sizeof *s->flow) : NULL;
    if (!s->flow) {
        close_screen(s);
        return err_nomem(e);
    }
    buf_init(&s->flow->example, EXAMPLE_MAX);
    getting_listen(s->d->getting, shelf_changed, s);
    start(s, arg);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    run_draw(self, c, area);
}

static void crumb(void *self, struct strip *out)
{
    const struct run_screen *s = self;
    strip_str(out, "run ", ST_DIM);
    strip_untrusted(out, untrusted(s->what.name[0] ? s->what.name : s->label), ST_STRONG);
}

static const enum action actions[] = {ACT_GET,  ACT_RUN,       ACT_OPEN, ACT_RAW,
                                      ACT_CALL, ACT_NEXT_PANE, ACT_COPY, ACT_NONE};

const struct screen_ops screen_run = {
    .name = "run",
    .title = "Run",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .crumb = crumb,
    .offers = offers,
};
