/*
 * GraphProto, NodeProto, AttributeProto, FunctionProto: a graph, and the graphs inside its nodes
 * (the branches of an If, the bodies of Loop and Scan).
 */
#include <string.h>

#include "base/mem.h"
#include "onnx/inspect/internal.h"

#include "base/banned.h"

/* --- the names of inputs, to tell which have an initializer */

static uint32_t *name_slot(const struct inspector *in, struct untrusted name)
{
    const struct port *port = in->inputs.p;
    size_t i = hash_bytes(0, name.p, name.n) % in->names_room;
    while (in->names[i] && !untrusted_eq(port[in->names[i] - 1].name, name))
        i = (i + 1) % in->names_room;
    return &in->names[i];
}

static void index_inputs(struct inspector *in)
{
    const struct port *port = in->inputs.p;
    if (in->inputs.n == 0 || failed(in))
        return;
    in->names_room = in->inputs.n * 2;
    in->names = mem_array(in->names_room, sizeof *in->names);
    if (!in->names) {
        err_nomem(&in->src->err);
        return;
    }
    for (size_t i = 0; i < in->inputs.n; i++)
        *name_slot(in, port[i].name) = (uint32_t)i + 1;
}

static void note_default(struct inspector *in, struct untrusted name)
{
    uint32_t *slot = in->names ? name_slot(in, name) : NULL;
    if (slot && *slot)
        ((struct port *)in->inputs.p)[*slot - 1].has_default = true;
}

static void add_port(struct inspector *in, struct grown *to, struct pb value_info, size_t max,
                     const char *what)
{
    struct port port = {0};
    read_port(in, value_info, &port);
    struct port *kept = grow(in, to, sizeof port, max, what);
    if (kept)
        *kept = port;
}

/* --- graphs */

static void add_sum(struct inspector *in, const struct tensor_sum *s)
{
    in->info->parameters = add_sat(in->info->parameters, s->elements);
    in->info->parameter_bytes = add_sat(in->info->parameter_bytes, s->bytes);
}

/* AttributeProto: t = 5, g = 6, floats = 7, tensors = 10, graphs = 11, sparse_tensor = 22,
 * sparse_tensors = 23 */
static void read_attribute(struct inspector *in, struct pb m, struct tensor_sum *sum)
{
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (f.number == 7 && (f.wire == PB_BYTES || f.wire == PB_32)) {
            sum->elements = add_sat(sum->elements, f.wire == PB_32 ? 1 : f.len / 4);
            sum->bytes = add_sat(sum->bytes, f.wire == PB_32 ? 4 : f.len);
        }
        if (f.wire != PB_BYTES)
            continue;
        switch (f.number) {
        case 5:
        case 10:
            read_tensor(in, pb_inside(&m, &f), sum, NULL);
            break;
        case 6:
        case 11:
            read_graph(in, pb_inside(&m, &f), false);
            break;
        case 22:
        case 23:
            read_sparse(in, pb_inside(&m, &f), sum, NULL);
            break;
        default:;
        }
    }
}

static struct untrusted short_name(const struct pb *m, const struct pb_field *f,
                                   char out[INSPECT_NAME])
{
    size_t n = f->len < INSPECT_NAME ? (size_t)f->len : INSPECT_NAME;
    return untrusted_n(out, source_copy(m->src, f->at, out, n) == SOUK_OK ? n : 0);
}

/* NodeProto: op_type = 4, attribute = 5, domain = 7 */
static void read_node(struct inspector *in, struct pb m)
{
    char op_text[INSPECT_NAME], domain_text[INSPECT_NAME];
    struct untrusted op = {op_text, 0}, domain = {domain_text, 0};
    struct tensor_sum sum = {0};
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (pb_is(&f, 4, PB_BYTES))
            op = short_name(&m, &f, op_text);
        else if (pb_is(&f, 7, PB_BYTES))
            domain = short_name(&m, &f, domain_text);
        else if (pb_is(&f, 5, PB_BYTES))
            read_attribute(in, pb_inside(&m, &f), &sum);
    }
    if (failed(in))
        return;
    count_op(in, untrusted_eq(domain, untrusted("ai.onnx")) ? untrusted("") : domain, op);
    /* Trees and linear models keep what they learned in attributes. */
    if (untrusted_eq(op, untrusted("Constant")) || untrusted_eq(domain, untrusted("ai.onnx.ml")))
        add_sum(in, &sum);
}

/* GraphProto: input = 11 */
static void read_inputs(struct inspector *in, struct pb m)
{
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (pb_is(&f, 11, PB_BYTES))
            add_port(in, &in->inputs, pb_inside(&m, &f), INSPECT_ALL_INPUTS, "inputs");
    }
    index_inputs(in);
}

/* GraphProto: node = 1, name = 2, initializer = 5, output = 12, sparse_initializer = 15 */
void read_graph(struct inspector *in, struct pb m, bool main)
{
    struct pb_field f;
    if (in->depth == INSPECT_DEPTH) {
        fail(in, "graphs are nested more than %d deep", INSPECT_DEPTH);
        return;
    }
    in->depth++;
    if (main)
        read_inputs(in, m);
    while (!failed(in) && pb_next(&m, &f)) {
        struct tensor_sum sum = {0};
        struct untrusted name = {0};
        if (f.wire != PB_BYTES)
            continue;
        switch (f.number) {
        case 1:
            read_node(in, pb_inside(&m, &f));
            break;
        case 2:
            if (main)
                in->info->graph = pb_text(&m, &f, INSPECT_TEXT, &in->info->arena, NULL);
            break;
        case 5:
            read_tensor(in, pb_inside(&m, &f), &sum, &name);
            break;
        case 12:
            if (main)
                add_port(in, &in->outputs, pb_inside(&m, &f), INSPECT_VALUES, "outputs");
            break;
        case 15:
            read_sparse(in, pb_inside(&m, &f), &sum, &name);
            break;
        default:;
        }
        add_sum(in, &sum);
        if (main && name.n)
            note_default(in, name);
    }
    in->depth--;
}

/* FunctionProto: node = 7, attribute_proto = 11 (defaults of its attributes) */
void read_function(struct inspector *in, struct pb m)
{
    struct tensor_sum sum = {0};
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (pb_is(&f, 7, PB_BYTES))
            read_node(in, pb_inside(&m, &f));
        else if (pb_is(&f, 11, PB_BYTES))
            read_attribute(in, pb_inside(&m, &f), &sum);
    }
}
