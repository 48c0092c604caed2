/* souk inspect --json. */
#include "cli/inspect_json.h"

#include <stdlib.h>

#include "base/banned.h"

static int64_t clamp(uint64_t n)
{
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static const char *kind_name(const struct value_type *t)
{
    switch (t->kind) {
    case TYPE_TENSOR:
        return "tensor";
    case TYPE_SEQUENCE:
        return "sequence";
    case TYPE_MAP:
        return "map";
    case TYPE_OPTIONAL:
        return "optional";
    case TYPE_SPARSE:
        return "sparse";
    case TYPE_UNKNOWN:
        break;
    }
    return "unknown";
}

/* Sizes as numbers, free dimensions as their names, null without one; null for an unknown rank. */
static void shape_json(struct json_out *o, const struct value_type *t)
{
    if (!t->has_shape) {
        json_out_null(o, "shape");
        return;
    }
    json_arr_open(o, "shape");
    for (size_t i = 0; i < t->rank; i++) {
        if (t->dim[i].size >= 0)
            json_out_int(o, NULL, t->dim[i].size);
        else if (t->dim[i].name.n)
            json_out_str(o, NULL, t->dim[i].name);
        else
            json_out_null(o, NULL);
    }
    json_arr_close(o);
}

static void port_json(struct json_out *o, const struct port *p)
{
    struct buf type;
    buf_init(&type, 1 << 20);
    value_type_format(&p->type, &type);
    json_obj_open(o, NULL);
    json_out_str(o, "name", p->name);
    json_out_str(o, "type", untrusted_n(type.p, type.len));
    json_out_cstr(o, "kind", kind_name(&p->type));
    if (p->type.kind == TYPE_TENSOR || p->type.kind == TYPE_SPARSE) {
        json_out_cstr(o, "element", elem_name(p->type.elem));
        shape_json(o, &p->type);
    }
    json_out_bool(o, "has_default", p->has_default);
    json_obj_close(o);
    buf_release(&type);
}

static void ports_json(struct json_out *o, const char *key, const struct port *p, size_t n)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < n; i++)
        port_json(o, &p[i]);
    json_arr_close(o);
}

static void onnx_json(struct json_out *o, const struct model_info *m)
{
    json_out_int(o, "ir_version", m->ir_version);
    json_arr_open(o, "opsets");
    for (size_t i = 0; i < m->opsets; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "domain", m->opset[i].key);
        json_out_int(o, "version", strtoll(m->opset[i].value.p, NULL, 10));
        json_obj_close(o);
    }
    json_arr_close(o);
    json_out_str(o, "producer", m->producer);
    json_out_str(o, "producer_version", m->producer_version);
    json_out_str(o, "domain", m->domain);
    json_out_int(o, "model_version", m->model_version);
    json_out_str(o, "graph", m->graph);
    json_out_str(o, "description", m->description);
    ports_json(o, "inputs", m->input, m->inputs);
    ports_json(o, "outputs", m->output, m->outputs);
    json_out_int(o, "nodes", clamp(m->nodes));
    json_out_int(o, "functions", clamp(m->functions));
    json_arr_open(o, "ops");
    for (size_t i = 0; i < m->ops; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "domain", m->op[i].domain);
        json_out_str(o, "op", m->op[i].op);
        json_out_int(o, "count", clamp(m->op[i].n));
        json_obj_close(o);
    }
    json_arr_close(o);
    json_out_int(o, "ops_total", clamp(m->ops_all));
    if (m->custom_ops)
        json_out_str(o, "custom_domain", m->custom_domain);
    else
        json_out_null(o, "custom_domain");
    json_arr_open(o, "external");
    for (size_t i = 0; i < m->externals; i++)
        json_out_str(o, NULL, m->external[i]);
    json_arr_close(o);
}

void inspect_json(struct json_out *o, const struct model_file *f)
{
    const struct model_info *m = f->info;
    char id[BLOB_ID_BUF];
    struct err why = {0};
    bool runnable = model_runnable(m, &why) == SOUK_OK;
    json_obj_open(o, NULL);
    json_out_str(o, "label", untrusted(f->label));
    json_out_str(o, "path", untrusted(f->path));
    json_out_cstr(o, "blob_id", f->from_library ? blob_id_format(&f->id, id) : NULL);
    json_out_cstr(o, "format", format_name(m->format));
    json_out_cstr(o, "advice", format_advice(m->format));
    json_out_int(o, "size", clamp(m->size));
    json_out_bool(o, "runnable", runnable);
    json_out_cstr(o, "why_not", runnable ? NULL : why.msg);
    json_out_int(o, "parameters", clamp(m->parameters));
    json_out_int(o, "parameter_bytes", clamp(m->parameter_bytes));
    if (m->format == FORMAT_ONNX)
        onnx_json(o, m);
    json_arr_open(o, "metadata");
    for (size_t i = 0; i < m->metas; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "key", m->meta[i].key);
        json_out_str(o, "value", m->meta[i].value);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_out_int(o, "metadata_total", clamp(m->metas_all));
    json_arr_open(o, "weights");
    for (size_t i = 0; i < m->weights; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "name", m->weight[i].name);
        json_out_str(o, "type", m->weight[i].type);
        json_out_str(o, "shape", m->weight[i].shape);
        json_out_int(o, "bytes", clamp(m->weight[i].bytes));
        json_obj_close(o);
    }
    json_arr_close(o);
    json_out_int(o, "weights_total", clamp(m->weights_all));
    json_obj_close(o);
}
