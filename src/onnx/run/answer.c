#include "onnx/run/answer.h"

#include <string.h>

#include "base/human.h"
#include "base/mem.h"

#include "base/banned.h"

enum { TALK = 16 << 20 }; /* bytes of all that is not outputs */

void run_answer_init(struct run_answer *a, uint64_t outputs)
{
    *a = (struct run_answer){.most = outputs + TALK};
    wire_in_init(&a->in);
    values_init(&a->r.outputs);
    /* A number of one byte may stand in a list of its own, and its place be larger than itself. */
    wire_values_init(&a->values, &a->r.outputs, outputs + TALK);
}

void run_answer_release(struct run_answer *a)
{
    wire_in_release(&a->in);
    run_result_release(&a->r);
}

void run_result_release(struct run_result *r)
{
    values_release(&r->outputs);
    MEM_FREE(r->times.sample);
    r->times.samples = 0;
}

static souk_err nonsense(struct err *e)
{
    return err_set(e, SOUK_EFAIL, "souk-runner answered nonsense: a model may have taken it over");
}

static souk_err take_step(const struct run_answer *a, struct wire_body *b, struct err *e)
{
    static const char *const words[STEP_COUNT] = {
        [STEP_ENGINE] = "loading the engine",
        [STEP_MODEL] = "loading the model",
        [STEP_FIRST] = "running",
        [STEP_WARMUP] = "warming up",
        [STEP_REPEAT] = "running again",
    };
    unsigned step = wire_get8(b);
    uint64_t n = wire_get64(b), total = wire_get64(b);
    if (b->bad || step >= STEP_COUNT)
        return nonsense(e);
    if (a->step)
        a->step(a->ud, words[step], n < total ? n : total, total);
    return SOUK_OK;
}

static souk_err take_engine(struct run_answer *a, struct wire_body *b, struct err *e)
{
    size_t n = (size_t)(b->end - b->at);
    if (n >= sizeof a->r.engine || memchr(b->at, '\0', n))
        return nonsense(e);
    wire_get(b, a->r.engine, n);
    a->r.engine[n] = '\0';
    return SOUK_OK;
}

static souk_err take_times(struct run_answer *a, struct wire_body *b, struct err *e)
{
    struct run_times *t = &a->r.times;
    int64_t *const each[] = {&t->engine, &t->session, &t->first};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        uint64_t ns = wire_get64(b);
        *each[i] = ns < INT64_MAX ? (int64_t)ns : INT64_MAX;
    }
    t->peak_rss = wire_get64(b);
    a->r.outputs_varied = wire_get8(b) != 0;
    uint32_t n = wire_get32(b);
    if (b->bad || a->timed || n > RUN_SAMPLES)
        return nonsense(e);
    a->timed = true;
    a->samples = n;
    t->sample = n ? mem_array(n, sizeof *t->sample) : NULL;
    return n && !t->sample ? err_nomem(e) : SOUK_OK;
}

static souk_err take_samples(struct run_answer *a, struct wire_body *b, struct err *e)
{
    struct run_times *t = &a->r.times;
    size_t n = (size_t)(b->end - b->at) / sizeof *t->sample;
    if (n > a->samples - t->samples)
        return nonsense(e);
    for (; n; n--) {
        uint64_t ns = wire_get64(b);
        t->sample[t->samples++] = ns < INT64_MAX ? (int64_t)ns : INT64_MAX;
    }
    return SOUK_OK;
}

static souk_err take_error(struct run_answer *a, struct wire_body *b, struct err *e)
{
    unsigned code = wire_get8(b);
    char text[ERR_MSG_MAX];
    size_t n = (size_t)(b->end - b->at);
    if (b->bad || n >= sizeof text)
        return nonsense(e);
    wire_get(b, text, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = ' ';
    text[n] = '\0';
    bool ours =
        code == SOUK_EINPUT || code == SOUK_ELIMIT || code == SOUK_ENOTFOUND || code == SOUK_ENOMEM;
    err_set(&a->err, ours ? (souk_err)code : SOUK_EFAIL, "%s", text);
    return SOUK_OK;
}

static souk_err take_value(struct run_answer *a, const struct wire_frame *f, struct err *e)
{
    souk_err r = wire_values_take(&a->values, f);
    if (r == SOUK_EINPUT)
        return nonsense(e);
    if (!r)
        return SOUK_OK;
    if (a->values.over)
        return err_set(e, SOUK_ELIMIT, "the model's outputs are larger than souk takes back");
    return err_nomem(e);
}

static souk_err take_frame(struct run_answer *a, const struct wire_frame *f, struct err *e)
{
    struct wire_body b = {.at = f->p, .end = f->p + f->n};
    switch (f->kind) {
    case WIRE_STEP:
        return take_step(a, &b, e);
    case WIRE_ENGINE:
        return take_engine(a, &b, e);
    case WIRE_TIMES:
        return take_times(a, &b, e);
    case WIRE_SAMPLES:
        return take_samples(a, &b, e);
    case WIRE_ERROR:
        a->ended = true;
        return take_error(a, &b, e);
    case WIRE_VALUES:
    case WIRE_VALUE:
    case WIRE_DATA:
        return take_value(a, f, e);
    case WIRE_END:
        if (!a->timed || a->samples != a->r.times.samples || !wire_values_whole(&a->values))
            return nonsense(e);
        a->ended = true;
        return SOUK_OK;
    default:
        return nonsense(e);
    }
}

souk_err run_answer_take(struct run_answer *a, const uint8_t *p, size_t n, struct err *e)
{
    struct wire_frame f;
    souk_err bad = SOUK_OK, r = SOUK_OK;
    a->bytes += n;
    if (a->bytes > a->most) {
        char size[HUMAN_BUF];
        return err_set(e, SOUK_ELIMIT, "the model's outputs are more than the %s souk takes back",
                       human_size(size, a->most - TALK));
    }
    while (!r && wire_next(&a->in, &p, &n, &f, &bad))
        r = a->ended ? nonsense(e) : take_frame(a, &f, e);
    if (!r && bad)
        r = bad == SOUK_ENOMEM ? err_nomem(e) : nonsense(e);
    return r;
}
