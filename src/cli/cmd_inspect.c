/* souk inspect: what a model file is, on one page; nothing of it runs, no engine is needed. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/inspect_json.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

enum {
    LINE_CAP = 1 << 20,
    NAME_WIDE = 32,   /* columns of a name beside its type */
    METAS_SHOWN = 24, /* --json has them all */
    WEIGHTS_SHOWN = 16,
    OPS_SHOWN = 16,
    VALUE_WIDE = 100
};

static int width_of(struct untrusted name)
{
    struct line_text line;
    text_line(&line, name, NAME_WIDE, text_locale_charset());
    int w = line.width < NAME_WIDE ? line.width : NAME_WIDE;
    text_release(&line);
    return w;
}

/* One line of a list: the label before the first alone, two columns behind it. */
static void print_pair(const char *label, struct untrusted left, int width, struct untrusted right)
{
    enum text_charset cs = text_locale_charset();
    struct buf line;
    buf_init(&line, LINE_CAP);
    text_add_padded(&line, left, width, cs);
    buf_adds(&line, "  ");
    text_add(&line, right, VALUE_WIDE, cs);
    out_field(label, untrusted_n(line.p, line.len));
    buf_release(&line);
}

static void print_more(size_t shown, size_t all)
{
    if (all > shown)
        out_fieldf("", "… and %zu more", all - shown);
}

static void print_ports(const char *label, const struct port *p, size_t n)
{
    int width = 0;
    for (size_t i = 0; i < n; i++) {
        int w = width_of(p[i].name);
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < n; i++) {
        struct buf type;
        buf_init(&type, LINE_CAP);
        value_type_format(&p[i].type, &type);
        buf_adds(&type, p[i].has_default ? "  (has a default)" : "");
        print_pair(i ? "" : label, p[i].name, width, untrusted_n(type.p, type.len));
        buf_release(&type);
    }
    if (n == 0)
        out_field(label, untrusted("none"));
}

static void print_pairs(const char *label, const struct model_pair *p, size_t n, size_t all)
{
    int width = 0;
    size_t shown = n < METAS_SHOWN ? n : METAS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        int w = width_of(p[i].key);
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < shown; i++)
        print_pair(i ? "" : label, p[i].key, width, p[i].value);
    print_more(shown, all);
}

static void print_weights(const struct model_info *m)
{
    int width = 0;
    size_t shown = m->weights < WEIGHTS_SHOWN ? m->weights : WEIGHTS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        int w = width_of(m->weight[i].name);
        width = w > width ? w : width;
    }
    for (size_t i = 0; i < shown; i++) {
        const struct weight *w = &m->weight[i];
        struct buf what;
        char size[HUMAN_BUF];
        buf_init(&what, LINE_CAP);
        buf_add(&what, w->type.p, w->type.n);
        buf_addf(&what, " [%.*s]  %s", (int)w->shape.n, w->shape.n ? w->shape.p : "",
                 human_size(size, w->bytes));
        print_pair(i ? "" : "weights", w->name, width, untrusted_n(what.p, what.len));
        buf_release(&what);
    }
    print_more(shown, m->weights_all);
}

static void print_parameters(const struct model_info *m)
{
    char count[HUMAN_BUF], size[HUMAN_BUF];
    if (m->parameters == 0 && m->format == FORMAT_ONNX)
        out_field("parameters", untrusted("none: a fixed formula, nothing in it was learned"));
    else
        out_fieldf("parameters", "%s%s (%s)", m->parameters == UINT64_MAX ? "over " : "",
                   human_count(count, m->parameters), human_size(size, m->parameter_bytes));
}

static void print_ops(const struct model_info *m)
{
    struct buf b;
    char count[HUMAN_BUF];
    size_t shown = m->ops < OPS_SHOWN ? m->ops : OPS_SHOWN;
    buf_init(&b, LINE_CAP);
    for (size_t i = 0; i < shown; i++) {
        const struct op_count *c = &m->op[i];
        buf_adds(&b, i ? ", " : "");
        if (c->domain.n)
            buf_addf(&b, "%.*s.", (int)c->domain.n, c->domain.p);
        buf_addf(&b, "%.*s", (int)c->op.n, c->op.n ? c->op.p : "");
        if (c->n > 1)
            buf_addf(&b, " %s", human_count(count, c->n));
    }
    if (m->ops_all > shown)
        buf_addf(&b, ", and %zu more kinds", m->ops_all - shown);
    if (m->ops)
        out_field("ops", untrusted_n(b.p, b.len));
    buf_release(&b);
}

static void print_opsets(const struct model_info *m)
{
    struct buf b;
    buf_init(&b, LINE_CAP);
    buf_addf(&b, "IR %lld", (long long)m->ir_version);
    for (size_t i = 0; i < m->opsets; i++)
        buf_addf(&b, ", %.*s %.*s", m->opset[i].key.n ? (int)m->opset[i].key.n : 5,
                 m->opset[i].key.n ? m->opset[i].key.p : "opset", (int)m->opset[i].value.n,
                 m->opset[i].value.n ? m->opset[i].value.p : "");
    out_field("version", untrusted_n(b.p, b.len));
    buf_release(&b);
}

static void print_line(void *ud, struct untrusted line)
{
    bool *first = ud;
    out_field(*first ? "description" : "", line);
    *first = false;
}

static void print_onnx(const struct model_info *m)
{
    char count[HUMAN_BUF], local[HUMAN_BUF];
    bool first = true;
    print_opsets(m);
    if (m->producer.n)
        out_fieldf("made by", "%.*s%s%.*s", (int)m->producer.n, m->producer.p,
                   m->producer_version.n ? " " : "", (int)m->producer_version.n,
                   m->producer_version.n ? m->producer_version.p : "");
    if (m->domain.n)
        out_field("domain", m->domain);
    if (m->model_version)
        out_fieldf("model version", "%lld", (long long)m->model_version);
    out_fieldf("graph", "%.*s%s%s nodes", (int)m->graph.n, m->graph.n ? m->graph.p : "",
               m->graph.n ? ", " : "", human_count(count, m->nodes));
    if (m->functions)
        out_fieldf("", "%s local functions", human_count(local, m->functions));
    print_parameters(m);
    print_ports("inputs", m->input, m->inputs);
    print_ports("outputs", m->output, m->outputs);
    print_ops(m);
    text_each_line(m->description, 20, print_line, &first);
}

/* What stands in the way of running it, and what to type when nothing does. */
static void print_advice(const struct model_file *f, const char *what)
{
    const struct model_info *m = f->info;
    struct err why = {0};
    for (size_t i = 0; i < m->externals && i < METAS_SHOWN; i++)
        out_field(i ? "" : "weights in", m->external[i]);
    print_more(METAS_SHOWN, m->externals);
    if (m->format != FORMAT_ONNX)
        out_field("advice", untrusted(format_advice(m->format)));
    else if (model_runnable(m, &why) != SOUK_OK)
        out_fieldf("cannot run", "%s", why.msg);
    else
        out_fieldf("run", "souk run %s --generate", what);
}

static void print_page(const struct model_file *f, const char *what)
{
    const struct model_info *m = f->info;
    char size[HUMAN_BUF], count[HUMAN_BUF], id[BLOB_ID_BUF];
    out_field("model", untrusted(f->label));
    if (f->from_library)
        out_fieldf("blob id", "%s, proved when it was got", blob_id_format(&f->id, id));
    out_field("format", untrusted(format_name(m->format)));
    if (m->size < 1000)
        out_fieldf("size", "%s", human_size(size, m->size));
    else
        out_fieldf("size", "%s (%s bytes)", human_size(size, m->size), human_count(count, m->size));
    if (m->format == FORMAT_ONNX)
        print_onnx(m);
    else if (m->weights_all)
        print_parameters(m);
    print_pairs("metadata", m->meta, m->metas, m->metas_all);
    print_weights(m);
    print_advice(f, what);
}

/* A file needs no market: reading its configuration and cache would take longer than the model. */
static souk_err open_file(const struct options *o, const char *what, struct model_file *f,
                          struct err *e)
{
    struct session s;
    struct err why = {0};
    blob_id id;
    souk_err r = model_file_open(NULL, what, f, e);
    if (r != SOUK_ENOTFOUND || model_file_is_path(what) || blob_id_parse(untrusted(what), &id))
        return r;
    r = session_open(o, &s, &why);
    if (r)
        return err_set(e, r, "there is no file %.100s; and for models, %s", what, why.msg);
    r = model_file_open(s.market, what, f, e);
    session_close(&s);
    return r;
}

souk_err cmd_inspect(const struct options *o, struct err *e)
{
    struct model_file f;
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "name one file or model: souk inspect FILE|MODEL");
    souk_err r = open_file(o, o->arg[0], &f, e);
    if (r)
        return r;
    if (o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        inspect_json(&out, &f);
        r = out_json(&b, e);
        buf_release(&b);
    } else {
        print_page(&f, o->arg[0]);
    }
    model_file_close(&f);
    return r;
}
