#include "ui/rerun.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/get.h"
#include "ui/inspecting.h"
#include "ui/work.h"

#include "base/banned.h"

enum { WORDS = 512, BODY_MAX = 4 << 20 };

struct rerun {
    struct domain *d;
    enum rerun_state state;
    bool at_once;
    int64_t model;
    char what[512];
    struct buf body, answer;
    blob_id id;
    char words[WORDS]; /* may quote names of outputs, or an engine */
    struct page_job *looking;
    struct inspecting *reading;
    struct inspected *file;
    struct input_work *reading_input;
    struct running *running;
    struct compare_work *comparing;
    void (*fn)(void *ud);
    void *ud;
};

static void become(struct rerun *r, enum rerun_state state)
{
    r->state = state;
    if (state == RERUN_READY && r->at_once) {
        r->at_once = false;
        rerun_start(r);
    }
    r->fn(r->ud);
}

static void fail(struct rerun *r, const struct err *e)
{
    snprintf(r->words, sizeof r->words, "%s", e->msg);
    become(r, RERUN_FAILED);
}

/* --- is it here? */

struct look_key {
    int64_t model;
    char what[512];
};

static souk_err look(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct look_key k;
    struct get_target *t = mem_zalloc(sizeof *t);
    (void)w;
    memcpy(&k, key, sizeof k);
    souk_err c = t ? SOUK_OK : err_nomem(e);
    if (c == SOUK_OK && !k.model)
        c = model_find(st, k.what, &k.model, e);
    if (c == SOUK_OK)
        c = get_of_model(st, k.model, NULL, NULL, t, e);
    if (c == SOUK_OK)
        *out = t;
    else
        mem_free(t);
    return c;
}

static void drop_target(void *page)
{
    mem_free(page);
}

static void looked(void *self, void *page, const struct err *e)
{
    struct rerun *r = self;
    struct get_target *t = page;
    (void)e; /* then it is not known, which is as good as not here */
    r->looking = NULL;
    bool here = t && t->has_id && t->here;
    if (here)
        r->id = t->id;
    mem_free(t);
    become(r, here ? RERUN_READY : RERUN_NOT_HERE);
}

struct rerun *rerun_new(struct domain *d, int64_t model, struct untrusted what,
                        struct untrusted body, struct untrusted answer, void (*fn)(void *ud),
                        void *ud)
{
    struct rerun *r = mem_zalloc(sizeof *r);
    struct look_key k = {.model = model};
    if (!r)
        return NULL;
    r->d = d;
    r->fn = fn;
    r->ud = ud;
    buf_init(&r->body, BODY_MAX);
    buf_init(&r->answer, BODY_MAX);
    buf_add(&r->body, body.p, body.n);
    buf_add(&r->answer, answer.p, answer.n);
    snprintf(r->what, sizeof r->what, "%.*s", (int)what.n, what.n ? what.p : "");
    snprintf(k.what, sizeof k.what, "%.*s", (int)what.n, what.n ? what.p : "");
    r->looking = r->body.bad || r->answer.bad
                     ? NULL
                     : page_job_start(d, &k, sizeof k, look, looked, drop_target, r);
    if (!r->looking) {
        rerun_free(r);
        return NULL;
    }
    return r;
}

/* --- the input */

struct input_work {
    struct work w; /* first */
    struct inspected *file;
    struct buf body;
    struct values values;
    bool made;
};

static souk_err input_work_run(struct work *w)
{
    struct input_work *k = (struct input_work *)w;
    values_init(&k->values);
    k->made = true;
    return running_receipt_input(k->file->file.info, untrusted_n(k->body.p, k->body.len),
                                 &k->values, &w->err);
}

static void input_given_up(struct work *w)
{
    struct input_work *k = (struct input_work *)w;
    if (k->made)
        values_release(&k->values);
    buf_release(&k->body);
    inspected_unref(k->file);
}

/* --- comparing */

struct compare_work {
    struct work w; /* first */
    struct values here;
    struct buf answer;
    struct agreement got;
};

static souk_err compare_run(struct work *w)
{
    struct compare_work *k = (struct compare_work *)w;
    agree_json(&k->here, untrusted_n(k->answer.p, k->answer.len), AGREE_RTOL, AGREE_ATOL, &k->got);
    return SOUK_OK;
}

static void compared(void *owner, struct work *w)
{
    struct rerun *r = owner;
    const struct agreement *a = &((struct compare_work *)w)->got;
    r->comparing = NULL;
    snprintf(r->words, sizeof r->words, "%s", a->words);
    become(r, a->is == AGREE_YES ? RERUN_AGREES : a->is == AGREE_NO ? RERUN_DIFFERS : RERUN_FAILED);
}

static void compare_release(struct work *w)
{
    struct compare_work *k = (struct compare_work *)w;
    values_release(&k->here);
    buf_release(&k->answer);
}

static void ran(void *ud, struct run_result *res, int64_t history, const struct err *e)
{
    struct rerun *r = ud;
    struct compare_work *k = res ? mem_zalloc(sizeof *k) : NULL;
    struct err none = {0};
    (void)history;
    r->running = NULL;
    if (!k) {
        if (res)
            err_nomem(&none);
        fail(r, res ? &none : e);
        return;
    }
    k->here = res->outputs; /* taken over */
    values_init(&res->outputs);
    buf_init(&k->answer, BODY_MAX);
    buf_add(&k->answer, r->answer.p, r->answer.len);
    k->w.run = compare_run;
    k->w.done = compared;
    k->w.release = compare_release;
    r->comparing = k;
    work_start(market_loop(r->d->market), LANE_LOAD, &k->w, r);
}

static void stepped(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct rerun *r = ud;
    (void)n;
    (void)total;
    snprintf(r->words, sizeof r->words, "%s", words ? words : "");
    r->fn(r->ud);
}

static void input_read(void *owner, struct work *w)
{
    static const struct running_events ev = {stepped, ran};
    struct rerun *r = owner;
    struct input_work *k = (struct input_work *)w;
    struct running_options o = {.threads = 1, .level = -1};
    struct err e = w->err;
    r->reading_input = NULL;
    if (!e.code)
        r->running = running_start(r->d->market, &r->file->file, &k->values, &o, &ev, r, &e);
    if (!r->running)
        fail(r, &e);
}

static void read_input(struct rerun *r)
{
    struct input_work *k = mem_zalloc(sizeof *k);
    struct err e = {0};
    if (!k) {
        err_nomem(&e);
        fail(r, &e);
        return;
    }
    k->file = inspected_ref(r->file);
    buf_init(&k->body, BODY_MAX);
    buf_add(&k->body, r->body.p, r->body.len);
    k->w.run = input_work_run;
    k->w.done = input_read;
    k->w.release = input_given_up;
    r->reading_input = k;
    work_start(market_loop(r->d->market), LANE_LOAD, &k->w, r);
}

static void read_file(void *ud, struct inspected *i, const struct err *e)
{
    struct rerun *r = ud;
    r->reading = NULL;
    inspected_unref(r->file);
    r->file = i;
    if (!i)
        fail(r, e);
    else if (!i->file.info || i->unfit.code)
        fail(r, i->file.info ? &i->unfit : &i->failed);
    else
        read_input(r);
}

void rerun_start(struct rerun *r)
{
    if (r->state < RERUN_READY || r->state == RERUN_RUNS)
        return;
    snprintf(r->words, sizeof r->words, "reading the model");
    r->state = RERUN_RUNS;
    r->reading = inspecting_start(r->d, &r->id, r->what, read_file, r);
    if (!r->reading)
        r->state = RERUN_READY;
}

void rerun_when_ready(struct rerun *r)
{
    if (r->state == RERUN_READY)
        rerun_start(r);
    else
        r->at_once = r->state == RERUN_LOOKING;
}

void rerun_free(struct rerun *r)
{
    if (!r)
        return;
    page_job_drop(r->looking);
    inspecting_drop(r->reading);
    work_drop(r->reading_input ? &r->reading_input->w : NULL);
    work_drop(r->comparing ? &r->comparing->w : NULL);
    if (r->running)
        running_drop(r->running);
    inspected_unref(r->file);
    buf_release(&r->body);
    buf_release(&r->answer);
    mem_free(r);
}

enum rerun_state rerun_state(const struct rerun *r)
{
    return r->state;
}

bool rerun_line(const struct rerun *r, struct strip *out)
{
    switch (r->state) {
    case RERUN_READY:
        strip_str(out, "⬇ r runs the same input here and compares", ST_ACCENT);
        return true;
    case RERUN_RUNS:
        strip_str(out, "▸ the same input, here: ", ST_ACCENT);
        strip_untrusted(out, untrusted(r->words), ST_DIM);
        return true;
    case RERUN_AGREES:
        strip_str(out, "✓ run here, the answer agrees: ", ST_GOOD);
        strip_untrusted(out, untrusted(r->words), ST_GOOD);
        return true;
    case RERUN_DIFFERS:
        strip_str(out, "✗ run here, the answer differs: ", ST_BAD);
        strip_untrusted(out, untrusted(r->words), ST_BAD);
        return true;
    case RERUN_FAILED:
        strip_str(out, "△ not compared: ", ST_WARN);
        strip_untrusted(out, untrusted(r->words), ST_WARN);
        return true;
    default:
        return false;
    }
}
