/* From the form to an answer: values are made on a worker, the model runs in a process of its own.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/run_flow.h"
#include "ui/screens/screens.h"
#include "ui/work.h"

#include "base/banned.h"

enum { TEXT_MAX = 16 << 20 };

/* --- making values, and what they are wanted for */

enum want { WANT_FORM, WANT_JSON, WANT_RUN, WANT_CALL };

struct prep_work {
    struct work w; /* first */
    struct inspected *model;
    struct run_input in;
    enum want want;
    struct run_options options;
    char *field[FORM_FIELDS]; /* WANT_FORM */
    struct buf json;          /* WANT_JSON, WANT_CALL */
};

static void make_fields(struct prep_work *k)
{
    const struct model_info *m = k->model->file.info;
    for (size_t i = 0; i < m->inputs && i < RUN_INPUTS; i++)
        for (size_t at = 0; at < k->in.values.n; at++)
            if (k->in.values.of[at].name.n == m->input[i].name.n &&
                memcmp(k->in.values.of[at].name.p, m->input[i].name.p, m->input[i].name.n) == 0)
                k->field[i] = run_field_text(&k->in.values, at, k->in.from == RUN_FROM_EXAMPLE);
}

static souk_err prep_run(struct work *w)
{
    struct prep_work *k = (struct prep_work *)w;
    struct json_out o;
    souk_err c = run_input_read(&k->in, k->model->file.info, &w->err);
    if (c != SOUK_OK)
        return c;
    if (k->want == WANT_FORM)
        make_fields(k);
    if (k->want == WANT_JSON || k->want == WANT_CALL) {
        json_out_init(&o, &k->json);
        values_plain_json(&o, NULL, &k->in.values);
    }
    return SOUK_OK;
}

static void prep_release(struct work *w)
{
    struct prep_work *k = (struct prep_work *)w;
    run_input_release(&k->in);
    for (size_t i = 0; i < FORM_FIELDS; i++)
        mem_free(k->field[i]);
    buf_release(&k->json);
    inspected_unref(k->model);
}

static void set_form(struct run_screen *s, enum run_input_kind kind, char *const *text,
                     const struct run_options *o)
{
    struct form *f = run_form(s->model->file.info, kind, text, o);
    if (!f) {
        err_nomem(&s->failed);
        return;
    }
    form_free(s->form);
    s->form = f;
    s->input = kind;
    if (s->phase != RUN_DONE || s->focus == RUN_ON_FORM) { /* else something is being looked at */
        s->phase = s->phase == RUN_DONE ? RUN_DONE : RUN_ASK;
        s->focus = RUN_ON_FORM;
    }
}

static void run_values(struct run_screen *s, struct prep_work *k);

static void say_fault(struct run_screen *s, const struct prep_work *k)
{
    const struct err *e = &k->w.err;
    if (k->in.from == RUN_FROM_FIELDS && s->form && k->in.bad_field < k->in.n) {
        form_fault(s->form, k->in.bad_field, e->msg);
        form_focus_on(s->form, k->in.bad_field);
        s->focus = RUN_ON_FORM;
    } else {
        s->failed = *e;
    }
    if (s->phase == RUN_BUSY)
        s->phase = RUN_ASK;
}

static void as_json(struct run_screen *s, struct prep_work *k)
{
    char *text[1] = {k->json.p};
    if (k->json.bad || k->json.len > FORM_VALUE_MAX)
        app_toast(s->app, ST_WARN,
                  "that is too much for one line; `souk run --input FILE` takes it");
    else
        set_form(s, RUN_JSON, text, &k->options);
}

static void call_it(struct run_screen *s, struct prep_work *k)
{
    struct call_arg arg = {.model = s->seller.model, .compare = true};
    if (!k->json.bad)
        arg.input = untrusted_n(k->json.p, k->json.len);
    app_push(s->app, &screen_call, &arg);
}

static void prepared(void *owner, struct work *w)
{
    struct run_screen *s = owner;
    struct prep_work *k = (struct prep_work *)w;
    s->flow->preparing = NULL;
    if (w->err.code)
        say_fault(s, k);
    else if (k->want == WANT_FORM)
        set_form(s, RUN_FIELDS, k->field, &k->options);
    else if (k->want == WANT_JSON)
        as_json(s, k);
    else if (k->want == WANT_CALL)
        call_it(s, k);
    else
        run_values(s, k);
    app_dirty(s->app);
}

/* NULL: something is being prepared already, or there is no memory. */
static struct prep_work *prep_new(struct run_screen *s, enum want want)
{
    struct prep_work *k = s->flow->preparing ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return NULL;
    k->model = inspected_ref(s->model);
    k->want = want;
    buf_init(&k->json, TEXT_MAX);
    k->w.run = prep_run;
    k->w.done = prepared;
    k->w.release = prep_release;
    if (s->form)
        run_form_options(s->form, s->model->file.info, &k->options);
    snprintf(k->in.sizes, sizeof k->in.sizes, "%s", k->options.text[RUN_SIZES]);
    return k;
}

static void prep_start(struct run_screen *s, struct prep_work *k)
{
    s->flow->preparing = k;
    work_start(app_loop(s->app), LANE_LOAD, &k->w, s);
}

static void take_form(struct run_screen *s, struct prep_work *k)
{
    k->in.from = s->input == RUN_FIELDS ? RUN_FROM_FIELDS : RUN_FROM_TEXT;
    k->in.n = run_form_inputs(s->form, s->model->file.info);
    for (size_t i = 0; i < k->in.n; i++)
        k->in.text[i] = mem_strdup(form_value(s->form, i));
}

/* --- the form */

void run_prefill(struct run_screen *s)
{
    bool many = s->model->file.info->inputs > RUN_INPUTS;
    struct prep_work *k = prep_new(s, many ? WANT_JSON : WANT_FORM);
    if (!k)
        return;
    k->in.from = RUN_FROM_EXAMPLE;
    k->in.text[0] = mem_strndup(s->flow->example.p, s->flow->example.len);
    prep_start(s, k);
}

void run_fill(struct run_screen *s, struct untrusted text)
{
    bool many = s->model->file.info->inputs > RUN_INPUTS;
    struct prep_work *k = prep_new(s, many ? WANT_JSON : WANT_FORM);
    if (!k)
        return;
    k->in.from = RUN_FROM_TEXT;
    k->in.text[0] = mem_strndup(text.p, text.n);
    prep_start(s, k);
}

/* An object is all inputs at once, and so are lines of comma separated values. */
bool run_pasted(struct run_screen *s, struct untrusted paste)
{
    size_t i = 0, lines = 0;
    while (i < paste.n && strchr(" \t\r\n", paste.p[i]))
        i++;
    for (size_t at = i; at < paste.n; at++)
        lines += paste.p[at] == '\n';
    bool object = i < paste.n && paste.p[i] == '{';
    bool rows = i < paste.n && lines && !strchr("[{", paste.p[i]);
    if (!s->model || (!object && !rows))
        return false;
    s->failed = (struct err){0};
    run_fill(s, paste);
    return true;
}

void run_toggle_json(struct run_screen *s)
{
    bool many = s->model->file.info->inputs > RUN_INPUTS;
    struct prep_work *k = prep_new(s, s->input == RUN_JSON && !many ? WANT_FORM : WANT_JSON);
    if (!k)
        return;
    s->failed = (struct err){0};
    take_form(s, k);
    prep_start(s, k);
}

/* --- a run */

struct answer_work {
    struct work w; /* first */
    struct run_shown *answer;
    struct values outputs;
    struct run_times times;
};

static souk_err answer_run(struct work *w)
{
    struct answer_work *k = (struct answer_work *)w;
    run_shown_take(k->answer, &k->outputs, &k->times);
    return SOUK_OK;
}

static void answered(void *owner, struct work *w)
{
    struct run_screen *s = owner;
    struct answer_work *k = (struct answer_work *)w;
    s->flow->answering = NULL;
    run_shown_free(s->answer);
    s->answer = k->answer;
    k->answer = NULL;
    table_set_rows(s->outputs, s->answer->n);
    docview_stale(&s->doc);
    s->as_json = false;
    s->phase = RUN_DONE;
    s->focus = RUN_ON_OUTPUT;
    run_past_read(s);
    app_dirty(s->app);
}

static void answer_release(struct work *w)
{
    struct answer_work *k = (struct answer_work *)w;
    values_release(&k->outputs);
    mem_free(k->times.sample);
    run_shown_free(k->answer);
}

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct run_screen *s = ud;
    snprintf(s->words, sizeof s->words, "%s", words ? words : "");
    s->step = n;
    s->steps = total;
    app_dirty(s->app);
}

static void on_done(void *ud, struct run_result *r, int64_t history, const struct err *e)
{
    struct run_screen *s = ud;
    struct answer_work *k = r ? mem_zalloc(sizeof *k) : NULL;
    (void)history; /* its row is there: the list is read again */
    s->flow->running = NULL;
    app_dirty(s->app);
    if (k)
        k->answer = run_shown_new();
    if (!k || !k->answer) {
        mem_free(k);
        s->failed = (struct err){0};
        if (r)
            err_nomem(&s->failed);
        else if (e->code != SOUK_ECANCEL)
            s->failed = *e;
        else
            app_toast(s->app, ST_NORMAL, "stopped");
        s->phase = RUN_ASK;
        s->focus = RUN_ON_FORM;
        run_past_read(s);
        return;
    }
    snprintf(k->answer->engine, sizeof k->answer->engine, "%s", r->engine);
    k->answer->varied = r->outputs_varied;
    k->answer->repeats = s->flow->repeat;
    k->outputs = r->outputs; /* both are his no longer */
    k->times = r->times;
    values_init(&r->outputs);
    r->times.sample = NULL;
    r->times.samples = 0;
    k->w.run = answer_run;
    k->w.done = answered;
    k->w.release = answer_release;
    s->flow->answering = k;
    work_start(app_loop(s->app), LANE_LOAD, &k->w, s);
}

static void run_values(struct run_screen *s, struct prep_work *k)
{
    static const struct running_events ev = {on_step, on_done};
    struct running_options o = {
        .threads = k->options.threads, .repeat = k->options.repeat, .level = -1};
    s->flow->running =
        running_start(s->d->market, &s->model->file, &k->in.values, &o, &ev, s, &s->failed);
    s->flow->repeat = o.repeat;
    s->phase = s->flow->running ? RUN_BUSY : RUN_ASK;
}

void run_start(struct run_screen *s)
{
    struct run_flow *f = s->flow;
    if (f->running || f->answering)
        return;
    struct prep_work *k = prep_new(s, WANT_RUN);
    if (!k)
        return;
    if (!run_form_options(s->form, s->model->file.info, &k->options)) {
        prep_release(&k->w);
        mem_free(k);
        return;
    }
    s->failed = (struct err){0};
    take_form(s, k);
    on_step(s, "reading the input", 0, 0);
    s->phase = RUN_BUSY;
    prep_start(s, k);
}

void run_stop(struct run_screen *s)
{
    struct run_flow *f = s->flow;
    if (f->running) {
        on_step(s, "stopping", 0, 0);
        running_cancel(f->running); /* done comes */
        return;
    }
    if (f->preparing)
        work_drop(&f->preparing->w);
    f->preparing = NULL;
    if (!f->answering)
        s->phase = RUN_ASK;
}

/* --- elsewhere */

void run_call(struct run_screen *s)
{
    struct prep_work *k = s->form ? prep_new(s, WANT_CALL) : NULL;
    if (k) {
        take_form(s, k);
        prep_start(s, k);
    } else if (!s->form) {
        app_push(s->app, &screen_call, &(struct call_arg){.model = s->seller.model});
    }
}

void run_get_file(struct run_screen *s)
{
    const struct get_target *t = &s->what;
    if (t->has_id && !t->legacy)
        getting_start(s->d->getting, t);
    else
        getting_model(s->d->getting, t->model, t->version[0] ? t->version : NULL,
                      t->file[0] ? t->file : NULL);
}

void run_work_drop(struct run_screen *s)
{
    struct run_flow *f = s->flow;
    work_drop(f->preparing ? &f->preparing->w : NULL);
    work_drop(f->answering ? &f->answering->w : NULL);
    work_drop((struct work *)f->listing);
    work_drop((struct work *)f->opening);
    if (f->running)
        running_drop(f->running);
}
