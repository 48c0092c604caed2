/* A model loaded, run, run again; the clock is read around the engine's Run and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "onnx/run.h"
#include "runner/runner.h"

#include "base/banned.h"

enum { STEP_NS = 200000000 };

struct session {
    const struct ort_use *u;
    const struct request *rq;
    struct wire_out *out;
    ort_session *s;
    const char **in_name;
    ort_value **in;
    char **name; /* of the outputs */
    ort_value **given;
    size_t n;
    struct taken first;
    ort_value **kept; /* the first outputs, which `first` lies in */
    struct run_times times;
    bool varied;
    int64_t told; /* when progress was last told */
};

int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void say_step(struct wire_out *out, enum wire_step s, uint64_t n, uint64_t total)
{
    uint8_t b[1 + 2 * sizeof(uint64_t)] = {(uint8_t)s};
    memcpy(b + 1, &n, sizeof n);
    memcpy(b + 1 + sizeof n, &total, sizeof total);
    wire_frame(out, WIRE_STEP, b, sizeof b);
    wire_flush(out);
}

/* --- loading */

static souk_err set_options(const struct session *x, ort_options *so, struct err *e)
{
    const struct ort *o = x->u->o;
    const struct wire_task *t = &x->rq->task;
    int level = t->level < 0 ? (t->repeat ? 99 : 1) : t->level;
    souk_err r = ort_fail(o, o->SetIntraOpNumThreads(so, (int)t->threads), e);
    if (!r)
        r = ort_fail(o, o->SetInterOpNumThreads(so, 1), e);
    if (!r)
        r = ort_fail(o, o->SetSessionGraphOptimizationLevel(so, level), e);
    if (!r) /* not its own format, whatever the bytes look like: nobody looked into that one */
        r = ort_fail(o, o->AddSessionConfigEntry(so, "session.load_model_format", "ONNX"), e);
    if (!r && t->threads > 1) /* workers that spin take the processor from everybody */
        r = ort_fail(o, o->AddSessionConfigEntry(so, "session.intra_op.allow_spinning", "0"), e);
    if (!r && x->rq->folder[0])
        r = ort_fail(o,
                     o->AddSessionConfigEntry(
                         so, "session.model_external_initializers_file_folder_path", x->rq->folder),
                     e);
    return r;
}

static souk_err load(struct session *x, struct model_bytes m, struct err *e)
{
    const struct ort *o = x->u->o;
    ort_options *so;
    souk_err r = ort_fail(o, o->CreateSessionOptions(&so), e);
    if (r)
        return r;
    r = set_options(x, so, e);
    if (!r)
        r = ort_fail(o, o->CreateSessionFromArray(x->u->env, m.p, m.n, so, &x->s), e);
    o->ReleaseSessionOptions(so);
    return r;
}

static souk_err name_outputs(struct session *x, struct err *e)
{
    const struct ort *o = x->u->o;
    souk_err r = ort_fail(o, o->SessionGetOutputCount(x->s, &x->n), e);
    if (r)
        return r;
    if (x->n > WIRE_COUNT)
        return err_set(e, SOUK_EINPUT, "the model has %zu outputs", x->n);
    x->name = mem_array(x->n + 1, sizeof *x->name);
    x->given = mem_array(x->n + 1, sizeof *x->given);
    x->kept = mem_array(x->n + 1, sizeof *x->kept);
    if (!x->name || !x->given || !x->kept)
        return err_nomem(e);
    for (size_t i = 0; !r && i < x->n; i++)
        r = ort_fail(o, o->SessionGetOutputName(x->s, i, x->u->allocator, &x->name[i]), e);
    return r;
}

static souk_err give_inputs(struct session *x, struct err *e)
{
    const struct values *v = &x->rq->inputs;
    souk_err r = SOUK_OK;
    x->in_name = mem_array(v->n + 1, sizeof *x->in_name);
    x->in = mem_array(v->n + 1, sizeof *x->in);
    if (!x->in_name || !x->in)
        return err_nomem(e);
    for (size_t i = 0; !r && i < v->n; i++) {
        x->in_name[i] = v->of[i].name.p; /* the wire ends them with a NUL */
        r = value_to_ort(x->u, &v->of[i].v, &x->in[i], e);
    }
    return r;
}

/* --- running */

static souk_err run_once(struct session *x, int64_t *ns, struct err *e)
{
    const struct ort *o = x->u->o;
    int64_t start = nanoseconds();
    ort_status *s = o->Run(x->s, NULL, x->in_name, (const ort_value *const *)x->in, x->rq->inputs.n,
                           (const char *const *)x->name, x->n, x->given);
    *ns = nanoseconds() - start;
    return ort_fail(o, s, e);
}

static souk_err take_outputs(const struct session *x, struct taken *t, struct err *e)
{
    souk_err r = SOUK_OK;
    for (size_t i = 0; !r && i < x->n; i++)
        r = taken_add(x->u, t, untrusted(x->name[i]), x->given[i], e);
    return r;
}

static void drop_outputs(struct session *x)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->given[i])
            x->u->o->ReleaseValue(x->given[i]);
        x->given[i] = NULL;
    }
}

static souk_err run_first(struct session *x, struct err *e)
{
    say_step(x->out, STEP_FIRST, 0, 0);
    souk_err r = run_once(x, &x->times.first, e);
    if (!r)
        r = take_outputs(x, &x->first, e);
    for (size_t i = 0; i < x->n; i++) {
        x->kept[i] = x->given[i];
        x->given[i] = NULL;
    }
    return r;
}

static souk_err compare(struct session *x, struct err *e)
{
    struct taken t;
    taken_init(&t);
    souk_err r = take_outputs(x, &t, e);
    if (!r && !values_same(&x->first.values, &t.values))
        x->varied = true;
    taken_release(x->u, &t);
    return r;
}

static void tell(struct session *x, enum wire_step s, uint64_t n, uint64_t total)
{
    int64_t now = nanoseconds();
    if (now - x->told < STEP_NS)
        return;
    x->told = now;
    say_step(x->out, s, n, total);
}

static souk_err run_again(struct session *x, struct err *e)
{
    const struct wire_task *t = &x->rq->task;
    /* Of very many, each k-th sample is kept. */
    uint32_t every = t->repeat / RUN_SAMPLES + (t->repeat % RUN_SAMPLES != 0);
    souk_err r = SOUK_OK;
    int64_t ns;
    for (uint32_t i = 0; !r && i < t->warmup; i++) {
        tell(x, STEP_WARMUP, i, t->warmup);
        r = run_once(x, &ns, e);
        drop_outputs(x);
    }
    x->times.sample = mem_array(t->repeat ? RUN_SAMPLES : 1, sizeof *x->times.sample);
    if (!x->times.sample)
        return err_nomem(e);
    for (uint32_t i = 0; !r && i < t->repeat; i++) {
        tell(x, STEP_REPEAT, i, t->repeat);
        r = run_once(x, &ns, e);
        if (!r && i % every == 0)
            x->times.sample[x->times.samples++] = ns;
        if (!r && !x->varied)
            r = compare(x, e);
        drop_outputs(x);
    }
    return r;
}

/* --- answering */

static uint64_t size_of(const struct value *v)
{
    uint64_t n = sizeof *v + (v->elem == ELEM_STRING ? 0 : v->count * elem_size(v->elem));
    for (size_t i = 0; v->elem == ELEM_STRING && i < v->count; i++)
        n += sizeof(struct untrusted) + v->text[i].n;
    for (size_t i = 0; i < v->items; i++)
        n += size_of(&v->item[i]);
    return n;
}

static souk_err answer(struct session *x, struct err *e)
{
    const struct run_times *t = &x->times;
    const struct values *v = &x->first.values;
    uint64_t size = 0;
    for (size_t i = 0; i < v->n; i++)
        size += size_of(&v->of[i].v);
    if (size > x->rq->task.outputs)
        return err_set(e, SOUK_ELIMIT, "the outputs are %llu MiB, and souk takes back up to %llu",
                       (unsigned long long)(size >> 20),
                       (unsigned long long)(x->rq->task.outputs >> 20));
    uint8_t b[4 * sizeof(int64_t) + 1 + sizeof(uint32_t)];
    const int64_t each[] = {t->engine, t->session, t->first, (int64_t)t->peak_rss};
    uint32_t n = (uint32_t)t->samples;
    memcpy(b, each, sizeof each);
    b[sizeof each] = x->varied;
    memcpy(b + sizeof each + 1, &n, sizeof n);
    wire_frame(x->out, WIRE_TIMES, b, sizeof b);
    enum { PIECE = WIRE_BODY / sizeof(int64_t) };
    for (size_t i = 0; i < t->samples; i += PIECE) {
        size_t k = t->samples - i < PIECE ? t->samples - i : PIECE;
        wire_frame(x->out, WIRE_SAMPLES, t->sample + i, k * sizeof *t->sample);
    }
    wire_values(x->out, v);
    wire_frame(x->out, WIRE_END, NULL, 0);
    return wire_flush(x->out) ? SOUK_OK : err_set(e, SOUK_EFAIL, "souk does not listen");
}

souk_err session_run(const struct ort_use *u, const struct request *rq, struct model_bytes m,
                     int64_t engine_ns, int status, struct wire_out *out, struct err *e)
{
    struct session x = {.u = u, .rq = rq, .out = out, .times.engine = engine_ns};
    taken_init(&x.first);
    say_step(out, STEP_MODEL, 0, 0);
    int64_t start = nanoseconds();
    souk_err r = load(&x, m, e);
    if (!r)
        r = name_outputs(&x, e);
    x.times.session = nanoseconds() - start;
    if (!r)
        r = give_inputs(&x, e);
    if (!r)
        r = run_first(&x, e);
    if (!r)
        r = run_again(&x, e);
    x.times.peak_rss =
        status_bytes(status, "VmHWM:"); /* unlike rusage, without what was before exec */
    /* The process ends now: what the engine holds goes with it. */
    return r ? r : answer(&x, e);
}
