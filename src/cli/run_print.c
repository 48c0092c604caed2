#include "cli/run_print.h"

#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"

#include "base/banned.h"

enum { DOC_CAP = 512 << 20, WORDS_CAP = 4096, SHOWN = 8 };

/* --- times */

static char *duration(char out[32], int64_t ns)
{
    double v = (double)ns;
    if (ns < 1000)
        snprintf(out, 32, "%lld ns", (long long)ns);
    else if (ns < 1000000)
        snprintf(out, 32, "%.3g us", v / 1e3);
    else if (ns < 1000000000)
        snprintf(out, 32, "%.3g ms", v / 1e6);
    else
        snprintf(out, 32, "%.3g s", v / 1e9);
    return out;
}

struct latency {
    int64_t min, p50, p95, p99, max, mean;
};

static struct latency latency_of(const struct run_times *t)
{
    struct latency l = {run_percentile(t, 0),   run_percentile(t, 500),  run_percentile(t, 950),
                        run_percentile(t, 990), run_percentile(t, 1000), 0};
    double sum = 0;
    for (size_t i = 0; i < t->samples; i++)
        sum += (double)t->sample[i];
    l.mean = t->samples ? (int64_t)(sum / (double)t->samples) : 0;
    return l;
}

static void latency_words(const struct run_report *p, struct buf *b)
{
    struct latency l = latency_of(&p->r->times);
    char a[32], count[HUMAN_BUF];
    static const char *const names[] = {"min", "p50", "p95", "p99", "max", "mean"};
    const int64_t each[] = {l.min, l.p50, l.p95, l.p99, l.max, l.mean};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        buf_addf(b, "%s%s %s", i ? ", " : "", names[i], duration(a, each[i]));
    buf_addf(b, "; %s runs", human_count(count, p->asked->repeat));
    if (l.mean && l.mean < 10000000)
        buf_addf(b, ", %s a second", human_count(count, (uint64_t)(1000000000 / l.mean)));
    else if (l.mean)
        buf_addf(b, ", %.3g a second", 1e9 / (double)l.mean);
}

static void times_json(struct json_out *j, const struct run_report *p)
{
    const struct run_times *t = &p->r->times;
    json_out_int(j, "engine_ns", t->engine);
    json_out_int(j, "session_ns", t->session);
    json_out_int(j, "first_ns", t->first);
    json_out_int(j, "peak_rss", (int64_t)t->peak_rss);
    if (!t->samples) {
        json_out_null(j, "repeat");
        return;
    }
    struct latency l = latency_of(t);
    json_obj_open(j, "repeat");
    json_out_int(j, "runs", p->asked->repeat);
    json_out_int(j, "warmup", p->asked->warmup);
    json_out_int(j, "min_ns", l.min);
    json_out_int(j, "p50_ns", l.p50);
    json_out_int(j, "p95_ns", l.p95);
    json_out_int(j, "p99_ns", l.p99);
    json_out_int(j, "max_ns", l.max);
    json_out_int(j, "mean_ns", l.mean);
    json_out_int(j, "per_second", l.mean ? 1000000000 / l.mean : 0);
    json_out_bool(j, "outputs_varied", p->r->outputs_varied);
    json_obj_close(j);
}

/* --- outputs */

static void kind_words(const struct value *v, struct buf *b)
{
    switch (v->kind) {
    case VALUE_TENSOR:
        buf_addf(b, "%s[", elem_name(v->elem));
        for (size_t i = 0; i < v->rank; i++)
            buf_addf(b, "%s%lld", i ? "," : "", (long long)v->dim[i]);
        buf_addc(b, ']');
        return;
    case VALUE_SEQUENCE:
        buf_addf(b, "sequence[%zu]", v->items);
        return;
    case VALUE_MAP:
        buf_addf(b, "map[%zu]", v->item[0].count);
        return;
    case VALUE_NONE:
        break;
    }
    buf_adds(b, "none");
}

static void number_cell(struct out_table *t, bool there, double v)
{
    if (there)
        out_cellf(t, "%.6g", v);
    else
        out_cell(t, untrusted("–"));
}

static souk_err outputs_table(const struct values *v, struct err *e)
{
    struct out_table t;
    struct buf b;
    buf_init(&b, WORDS_CAP);
    out_init(&t, "OUTPUT TYPE >MIN >MAX >MEAN VALUES");
    for (size_t i = 0; i < v->n; i++) {
        const struct value *one = &v->of[i].v;
        struct value_stats s = {0};
        bool numbers = value_stats(one, &s);
        out_cell(&t, v->of[i].name);
        buf_clear(&b);
        kind_words(one, &b);
        out_cell(&t, untrusted_n(b.p, b.len));
        number_cell(&t, numbers, s.min);
        number_cell(&t, numbers, s.max);
        number_cell(&t, numbers, s.mean);
        buf_clear(&b);
        value_words(one, SHOWN, &b);
        out_cell(&t, untrusted_n(b.p, b.len));
    }
    souk_err r = out_print(&t, false, e);
    out_release(&t);
    buf_release(&b);
    return r;
}

static void outputs_json(struct json_out *j, const char *key, const struct run_report *p)
{
    if (p->form == FORM_OG)
        values_og_json(j, key, &p->r->outputs);
    else
        values_json(j, key, &p->r->outputs);
}

/* --- all of it */

static void agreement_json(struct json_out *j, const struct agreement *a)
{
    static const char *const words[] = {
        [AGREE_YES] = "yes", [AGREE_NO] = "no", [AGREE_NOTHING] = "nothing to compare"};
    json_obj_open(j, "agreement");
    json_out_cstr(j, "agrees", words[a->is]);
    json_out_int(j, "compared", (int64_t)a->compared);
    json_out_str(j, "words", untrusted(a->words));
    json_obj_close(j);
}

static void document(struct json_out *j, const struct run_report *p)
{
    char id[BLOB_ID_BUF];
    json_obj_open(j, NULL);
    json_out_str(j, "model", untrusted(p->model->label));
    json_out_cstr(j, "blob_id", p->model->from_library ? blob_id_format(&p->model->id, id) : NULL);
    json_out_str(j, "engine", untrusted(p->r->engine));
    json_out_int(j, "threads", p->asked->threads ? p->asked->threads : 1);
    times_json(j, p);
    if (p->history)
        json_out_int(j, "run", p->history);
    else
        json_out_null(j, "run");
    if (p->agreement)
        agreement_json(j, p->agreement);
    outputs_json(j, "outputs", p);
    json_obj_close(j);
}

static souk_err print_json(const struct run_report *p, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    if (p->o->set[OPT_JSON])
        document(&j, p);
    else
        outputs_json(&j, NULL, p);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static void talk(const struct run_report *p)
{
    const struct run_times *t = &p->r->times;
    char a[32], b[32], c[32], size[HUMAN_BUF];
    say(p->o, "ONNX Runtime %s: engine %s, model %s, first run %s; peak memory %s", p->r->engine,
        duration(a, t->engine), duration(b, t->session), duration(c, t->first),
        human_size(size, t->peak_rss));
    if (p->r->outputs_varied)
        say(p->o, "repeated runs gave other outputs than the first: the model is random");
}

souk_err run_print(const struct run_report *p, struct err *e)
{
    bool table = p->form == FORM_TABLE && !p->o->set[OPT_JSON];
    souk_err r = table ? outputs_table(&p->r->outputs, e) : print_json(p, e);
    if (!r && p->r->times.samples && !p->o->set[OPT_JSON]) {
        struct buf b;
        buf_init(&b, WORDS_CAP);
        latency_words(p, &b);
        if (table)
            out_field("latency", untrusted_n(b.p, b.len));
        else
            say(p->o, "latency: %s", b.p);
        buf_release(&b);
    }
    fflush(stdout);
    if (!r)
        talk(p);
    return r;
}

static void ports(const struct options *o, const char *label, const struct port *p, size_t n)
{
    struct buf type;
    buf_init(&type, WORDS_CAP);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&type);
        value_type_format(&p[i].type, &type);
        say(o, "%-7s %.*s: %s%s", label, p[i].name.n < 200 ? (int)p[i].name.n : 200, p[i].name.p,
            type.p, p[i].has_default ? " (has a value of its own)" : "");
        label = "";
    }
    buf_release(&type);
}

void run_signature(const struct options *o, const struct model_info *m)
{
    ports(o, "inputs", m->input, m->inputs);
    ports(o, "outputs", m->output, m->outputs);
}
