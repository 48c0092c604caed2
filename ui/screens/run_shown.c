/* What a run gave, made ready to be drawn. */
#include <stdlib.h>

#include "base/mem.h"
#include "ui/screens/run.h"

#include "base/banned.h"

enum {
    MEMORY = 4 << 20,
    JSON_SHOWN = 256 << 10,
    WORDS_SHOWN = 64,
    TYPE_MAX = 1024,
    SHOWN_MAX = 256
};

struct run_shown *run_shown_new(void)
{
    struct run_shown *a = mem_zalloc(sizeof *a);
    if (a) {
        values_init(&a->outputs);
        buf_init(&a->json, 2 * JSON_SHOWN);
        arena_init(&a->arena, MEMORY);
    }
    return a;
}

void run_shown_free(struct run_shown *a)
{
    if (!a)
        return;
    values_release(&a->outputs);
    buf_release(&a->json);
    arena_release(&a->arena);
    mem_free(a);
}

static struct untrusted keep(struct run_shown *a, const struct buf *b)
{
    char *copy = arena_strndup(&a->arena, b->p, b->len);
    return copy ? untrusted_n(copy, b->len) : untrusted("");
}

static void type_of(const struct value *v, struct buf *out)
{
    static const char *const kinds[] = {
        [VALUE_NONE] = "nothing", [VALUE_SEQUENCE] = "sequence", [VALUE_MAP] = "map"};
    if (v->kind != VALUE_TENSOR) {
        buf_addf(out, "%s", kinds[v->kind]);
        if (v->kind == VALUE_SEQUENCE)
            buf_addf(out, " of %zu", v->items);
        return;
    }
    buf_addf(out, "%s[", elem_name(v->elem));
    for (size_t i = 0; i < v->rank; i++)
        buf_addf(out, "%s%lld", i ? "," : "", (long long)v->dim[i]);
    buf_addc(out, ']');
}

/* How many numbers there are, all in all: what decides whether they are written out. */
static size_t elements(const struct value *v)
{
    size_t n = v->kind == VALUE_TENSOR ? v->count : 0;
    for (size_t i = 0; v->kind != VALUE_TENSOR && i < (v->kind == VALUE_MAP ? 2 : v->items); i++)
        n += elements(&v->item[i]);
    return n;
}

static void make_outputs(struct run_shown *a)
{
    struct buf text;
    size_t n = a->outputs.n < SHOWN_MAX ? a->outputs.n : SHOWN_MAX, all = 0;
    struct json_out o;
    a->out = arena_alloc(&a->arena, (n ? n : 1) * sizeof *a->out);
    a->n = a->out ? n : 0;
    buf_init(&text, JSON_SHOWN);
    for (size_t i = 0; i < a->n; i++) {
        const struct named_value *v = &a->outputs.of[i];
        struct run_output *out = &a->out[i];
        out->name = v->name;
        buf_clear(&text);
        type_of(&v->v, &text);
        out->type = keep(a, &text);
        buf_clear(&text);
        value_words(&v->v, WORDS_SHOWN, &text);
        out->words = keep(a, &text);
        out->has_stats = value_stats(&v->v, &out->stats);
        all += elements(&v->v);
    }
    buf_release(&text);
    a->cut = all > JSON_SHOWN / 8;
    if (!a->cut) {
        json_out_init(&o, &a->json);
        values_plain_json(&o, NULL, &a->outputs);
    }
    a->cut = a->cut || a->json.bad;
}

static int by_size(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* The slowest hundredth would press all others into one bin: it goes into the last. */
static void make_bins(struct run_shown *a, const struct run_times *t)
{
    a->fastest_ns = t->sample[0];
    a->slowest_ns = run_percentile(t, 990);
    int64_t span = a->slowest_ns - a->fastest_ns + 1;
    for (size_t i = 0; i < t->samples; i++) {
        int64_t at = (t->sample[i] - a->fastest_ns) * RUN_BINS / span;
        a->bin[at < RUN_BINS ? at : RUN_BINS - 1]++;
    }
}

void run_shown_take(struct run_shown *a, struct values *outputs, struct run_times *t)
{
    a->outputs = *outputs;
    values_init(outputs);
    make_outputs(a);
    a->session_ns = t->session;
    a->first_ns = t->first;
    a->peak_rss = t->peak_rss;
    if (!t->samples)
        return;
    a->samples = t->samples;
    qsort(t->sample, t->samples, sizeof *t->sample, by_size);
    a->p50_ns = run_percentile(t, 500);
    a->p95_ns = run_percentile(t, 950);
    a->p99_ns = run_percentile(t, 990);
    for (size_t i = 0; i < t->samples; i++)
        a->total_ns += t->sample[i];
    make_bins(a, t);
}
