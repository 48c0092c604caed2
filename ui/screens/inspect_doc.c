#include "ui/screens/inspect.h"

#include <string.h>

#include "base/clock.h"
#include "base/human.h"

#include "base/banned.h"

enum { NAME_COLS = 30, TYPE_MAX = 4096, PORTS_MAX = 200, WEIGHTS_MAX = 40 };

void port_strip(const struct port *p, int name_cols, struct strip *out)
{
    struct buf type;
    buf_init(&type, TYPE_MAX);
    value_type_format(&p->type, &type);
    int from = out->width;
    strip_untrusted(out, p->name, ST_STRONG);
    strip_str(out, "  ", ST_NORMAL);
    strip_pad(out, from + name_cols);
    strip_untrusted(out, untrusted_n(type.p, type.len), ST_CODE);
    if (p->has_default)
        strip_str(out, "  has a default", ST_DIM);
    buf_release(&type);
}

static int widest(const struct port *p, size_t n, int so_far)
{
    for (size_t i = 0; i < n; i++) {
        struct strip s;
        strip_init(&s, TEXT_UNICODE);
        strip_untrusted(&s, p[i].name, ST_NORMAL);
        so_far = s.width + 2 > so_far ? s.width + 2 : so_far;
    }
    return so_far < NAME_COLS ? so_far : NAME_COLS;
}

static void ports(const struct port *p, size_t n, int cols, const char *title, struct facts *f)
{
    fact_title(f, title);
    for (size_t i = 0; i < n && i < PORTS_MAX; i++) {
        struct strip s;
        strip_init(&s, f->cs);
        strip_str(&s, "  ", ST_NORMAL);
        port_strip(&p[i], cols, &s);
        doc_add(f->doc, &s);
    }
    if (n > PORTS_MAX) {
        struct strip s;
        strip_init(&s, f->cs);
        strip_strf(&s, ST_DIM, "  and %zu more", n - PORTS_MAX);
        doc_add(f->doc, &s);
    }
    fact_blank(f);
}

/* --- the file */

static const char *how(enum verified v)
{
    return v == VERIFIED_STRICT ? "✓ verified, strictly: the whole file was encoded and compared"
           : v == VERIFIED_ROWS ? "✓ verified: every row was held against the blob's metadata"
                                : "✗ not verified";
}

static void file_facts(const struct inspect_view *v, struct facts *f)
{
    const struct library_row *r = &v->model->row;
    const struct library_about *a = &r->about;
    char size[HUMAN_BUF], when[HUMAN_BUF];
    fact_own(f, "blob", r->id, ST_CODE);
    fact_begin(f, "file");
    if (a->file.n) {
        wrap_text(&f->wrap, a->file, ST_NORMAL);
        wrap_own(&f->wrap, ", ", ST_NORMAL);
    }
    if (a->version.n) {
        wrap_own(&f->wrap, "version ", ST_NORMAL);
        wrap_text(&f->wrap, a->version, ST_NORMAL);
        wrap_own(&f->wrap, ", ", ST_NORMAL);
    }
    wrap_own(&f->wrap, human_size(size, r->size), ST_NORMAL);
    fact_end(f);
    fact_own(f, "proof", how(a->verified), a->verified == VERIFIED_NO ? ST_BAD : ST_GOOD);
    fact_begin(f, "got");
    wrap_own(&f->wrap, human_time(when, a->got), ST_NORMAL);
    wrap_own(&f->wrap, " from ", ST_DIM);
    if (a->source.n)
        wrap_text(&f->wrap, a->source, ST_NORMAL);
    else
        wrap_own(&f->wrap, "this machine", ST_NORMAL);
    fact_end(f);
}

static void stored_fact(const struct inspect_view *v, struct facts *f)
{
    struct buf words;
    if (v->stored_failed) {
        fact_text(f, "storage", untrusted(v->stored_failed), ST_WARN);
    } else if (!v->stored) {
        fact_own(f, "storage", "asking the storage nodes…", ST_DIM);
    } else {
        buf_init(&words, 1024);
        stored_words(v->stored, &words);
        fact_text(f, "storage", untrusted_n(words.p, words.len),
                  v->stored->is == STORED_NO_MORE ? ST_WARN : ST_NORMAL);
        buf_release(&words);
    }
}

/* --- the model */

static void opsets(const struct model_info *m, struct facts *f)
{
    fact_begin(f, "opset");
    for (size_t i = 0; i < m->opsets; i++) {
        wrap_own(&f->wrap, i ? ", " : "", ST_NORMAL);
        wrap_text(&f->wrap, m->opset[i].key.n ? m->opset[i].key : untrusted("ai.onnx"), ST_NORMAL);
        wrap_own(&f->wrap, " ", ST_NORMAL);
        wrap_text(&f->wrap, m->opset[i].value, ST_STRONG);
    }
    fact_end(f);
}

static void maker(const struct model_info *m, struct facts *f)
{
    if (m->producer.n) {
        fact_begin(f, "made by");
        wrap_text(&f->wrap, m->producer, ST_NORMAL);
        wrap_own(&f->wrap, " ", ST_NORMAL);
        wrap_text(&f->wrap, m->producer_version, ST_NORMAL);
        fact_end(f);
    }
    if (m->domain.n)
        fact_text(f, "domain", m->domain, ST_NORMAL);
    if (m->graph.n)
        fact_text(f, "graph", m->graph, ST_NORMAL);
    if (m->description.n)
        fact_text(f, "says", m->description, ST_NORMAL);
}

static void counts(const struct model_info *m, struct facts *f)
{
    char nodes[HUMAN_BUF], params[HUMAN_BUF], bytes[HUMAN_BUF], n[HUMAN_BUF];
    struct strip s;
    strip_init(&s, f->cs);
    strip_strf(&s, ST_NORMAL, m->nodes == 1 ? "%s node, " : "%s nodes, ",
               human_count(nodes, m->nodes));
    strip_strf(&s, ST_STRONG, "%s parameters", human_count(params, m->parameters));
    strip_strf(&s, ST_DIM, " (%s)", human_size(bytes, m->parameter_bytes));
    fact_strip(f, "size", &s);
    fact_begin(f, "ops");
    for (size_t i = 0; i < m->ops; i++) {
        wrap_own(&f->wrap, i ? ", " : "", ST_DIM);
        if (m->op[i].domain.n) {
            wrap_text(&f->wrap, m->op[i].domain, ST_DIM);
            wrap_own(&f->wrap, ".", ST_DIM);
        }
        wrap_text(&f->wrap, m->op[i].op, ST_NORMAL);
        wrap_own(&f->wrap, " ×", ST_DIM);
        wrap_own(&f->wrap, human_count(n, m->op[i].n), ST_DIM);
    }
    fact_end(f);
}

static void onnx(const struct model_info *m, struct facts *f)
{
    char version[HUMAN_BUF];
    int cols = widest(m->input, m->inputs, widest(m->output, m->outputs, 8));
    ports(m->input, m->inputs, cols, "Inputs", f);
    ports(m->output, m->outputs, cols, "Outputs", f);
    fact_title(f, "The graph");
    struct strip s;
    strip_init(&s, f->cs);
    strip_strf(&s, ST_NORMAL, "ONNX, IR version %s",
               human_count(version, m->ir_version > 0 ? (uint64_t)m->ir_version : 0));
    fact_strip(f, "format", &s);
    opsets(m, f);
    maker(m, f);
    counts(m, f);
    if (m->has_external) {
        fact_begin(f, "beside");
        wrap_own(&f->wrap, "△ weights in other files: ", ST_WARN);
        for (size_t i = 0; i < m->externals; i++) {
            wrap_own(&f->wrap, i ? ", " : "", ST_NORMAL);
            wrap_text(&f->wrap, m->external[i], ST_NORMAL);
        }
        fact_end(f);
    }
    if (m->custom_ops)
        fact_own(f, "custom", "△ operators that no engine knows by itself", ST_WARN);
}

static void weights(const struct model_info *m, struct facts *f)
{
    char size[HUMAN_BUF], n[HUMAN_BUF];
    struct strip s;
    if (!m->weights)
        return;
    fact_blank(f);
    fact_title(f, "Tensors");
    for (size_t i = 0; i < m->weights && i < WEIGHTS_MAX; i++) {
        strip_init(&s, f->cs);
        strip_str(&s, "  ", ST_NORMAL);
        strip_untrusted(&s, m->weight[i].name, ST_STRONG);
        strip_str(&s, "  ", ST_NORMAL);
        strip_untrusted(&s, m->weight[i].type, ST_CODE);
        strip_str(&s, " ", ST_NORMAL);
        strip_untrusted(&s, m->weight[i].shape, ST_CODE);
        strip_strf(&s, ST_DIM, "  %s", human_size(size, m->weight[i].bytes));
        doc_add(f->doc, &s);
    }
    if (m->weights_all > WEIGHTS_MAX) {
        strip_init(&s, f->cs);
        strip_strf(&s, ST_DIM, "  %s in all", human_count(n, m->weights_all));
        doc_add(f->doc, &s);
    }
}

static void metadata(const struct model_info *m, struct facts *f)
{
    if (!m->metas)
        return;
    fact_blank(f);
    fact_title(f, "Metadata, as the file has it");
    for (size_t i = 0; i < m->metas; i++) {
        fact_begin(f, "");
        wrap_text(&f->wrap, m->meta[i].key, ST_DIM);
        wrap_own(&f->wrap, " ", ST_DIM);
        wrap_text(&f->wrap, m->meta[i].value, ST_NORMAL);
        fact_end(f);
    }
}

void inspect_doc(const struct inspect_view *v, struct facts *f)
{
    const struct inspected *i = v->model;
    const struct model_info *m = i->file.info;
    file_facts(v, f);
    stored_fact(v, f);
    if (!m) {
        fact_text(f, "inside", untrusted(i->failed.msg), ST_BAD);
        return;
    }
    if (i->unfit.code && m->format == FORMAT_ONNX) /* of others the advice below says it */
        fact_text(f, "running", untrusted(i->unfit.msg), ST_WARN);
    fact_blank(f);
    if (m->format == FORMAT_ONNX) {
        onnx(m, f);
    } else {
        fact_title(f, format_name(m->format));
        fact_own(f, "", format_advice(m->format),
                 m->format == FORMAT_PICKLE || m->format == FORMAT_TORCH ? ST_BAD : ST_NORMAL);
    }
    weights(m, f);
    metadata(m, f);
}
