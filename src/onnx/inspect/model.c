/* ModelProto: what a model says of itself, then its graph, its functions, its training graphs. */
#include <stdio.h>

#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum { IR_MOST = 63 }; /* of a file's first number, when only that tells what the file is */

/* Its fields, by number: ir_version = 1, producer_name = 2, producer_version = 3, domain = 4,
 * model_version = 5, doc_string = 6, graph = 7, opset_import = 8, metadata_props = 14,
 * training_info = 20, functions = 25, configuration = 26. */
enum model_field {
    IR_VERSION = 1,
    PRODUCER,
    PRODUCER_VERSION,
    DOMAIN,
    MODEL_VERSION,
    DESCRIPTION,
    GRAPH,
    OPSET,
    METADATA = 14,
    TRAINING = 20,
    FUNCTION = 25,
    CONFIGURATION = 26
};

static bool is_model_field(const struct pb_field *f)
{
    switch ((enum model_field)f->number) {
    case IR_VERSION:
    case MODEL_VERSION:
        return f->wire == PB_VARINT;
    case PRODUCER:
    case PRODUCER_VERSION:
    case DOMAIN:
    case DESCRIPTION:
    case GRAPH:
    case OPSET:
    case METADATA:
    case TRAINING:
    case FUNCTION:
    case CONFIGURATION:
        return f->wire == PB_BYTES;
    }
    return f->number > CONFIGURATION; /* from a later ONNX */
}

/*
 * Protobuf has no magic number. A file is taken for ONNX when it begins as all of them do, with a
 * small IR version and another field of a model behind it, whatever is wrong further on; or when
 * it is a sound message of such fields, a graph among them.
 */
bool is_onnx(struct source *s)
{
    struct pb m = pb_whole(s);
    struct pb_field f;
    bool begins = false, graph = false, all = true;
    size_t n = 0;
    while (all && pb_next(&m, &f)) {
        all = is_model_field(&f);
        if (n == 0)
            begins = f.number == IR_VERSION && f.value > 0 && f.value <= IR_MOST;
        graph = graph || f.number == GRAPH;
        n++;
    }
    bool sound = s->err.code == SOUK_OK;
    if (s->err.code == SOUK_EINPUT) /* not what this question is about */
        s->err = (struct err){0};
    return all && n > 0 && (begins || (sound && graph));
}

static struct untrusted text_of(struct inspector *in, const struct pb *m, const struct pb_field *f)
{
    return pb_text(m, f, INSPECT_TEXT, &in->info->arena, NULL);
}

/* StringStringEntryProto: key = 1, value = 2 */
static void read_meta(struct inspector *in, struct pb m)
{
    struct model_pair *kept = NULL;
    struct pb_field f;
    if (in->info->metas_all++ < INSPECT_PAIRS)
        kept = grow(in, &in->metas, sizeof *kept, INSPECT_PAIRS, "pairs of metadata");
    while (kept && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES))
            kept->key = text_of(in, &m, &f);
        else if (pb_is(&f, 2, PB_BYTES))
            kept->value = text_of(in, &m, &f);
    }
}

/* OperatorSetIdProto: domain = 1, version = 2 */
static void read_opset(struct inspector *in, struct pb m)
{
    struct model_pair *kept = grow(in, &in->opsets, sizeof *kept, INSPECT_PAIRS, "opsets");
    struct pb_field f;
    int64_t version = 0;
    while (kept && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES))
            kept->key = text_of(in, &m, &f);
        else if (pb_is(&f, 2, PB_VARINT))
            version = (int64_t)f.value;
    }
    if (!kept || failed(in))
        return;
    if (untrusted_eq(kept->key, untrusted("ai.onnx")))
        kept->key = untrusted("");
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)version);
    char *p = arena_strndup(&in->info->arena, text, (size_t)n);
    if (!p)
        source_nomem(in->src, &in->info->arena, (size_t)n);
    kept->value = untrusted_n(p, p ? (size_t)n : 0);
}

/* FunctionProto: name = 1, domain = 10 */
static void note_function(struct inspector *in, struct pb m)
{
    struct model_pair *kept =
        grow(in, &in->functions, sizeof *kept, INSPECT_FUNCTIONS, "local functions");
    struct pb_field f;
    while (kept && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES))
            kept->value = pb_text(&m, &f, INSPECT_NAME, &in->info->arena, NULL);
        else if (pb_is(&f, 10, PB_BYTES))
            kept->key = pb_text(&m, &f, INSPECT_NAME, &in->info->arena, NULL);
    }
}

/* TrainingInfoProto: initialization = 1, algorithm = 2. Nobody here runs them, but their weights'
 * places are looked at like any other. */
static void read_training(struct inspector *in, struct pb m)
{
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES) || pb_is(&f, 2, PB_BYTES))
            read_graph(in, pb_inside(&m, &f), false);
    }
}

static void read_itself(struct inspector *in, struct pb m, struct pb *graph)
{
    struct model_info *info = in->info;
    struct pb_field f;
    bool has_graph = false;
    while (!failed(in) && pb_next(&m, &f)) {
        if (!is_model_field(&f))
            continue;
        switch ((enum model_field)f.number) {
        case IR_VERSION:
            info->ir_version = (int64_t)f.value;
            break;
        case MODEL_VERSION:
            info->model_version = (int64_t)f.value;
            break;
        case PRODUCER:
            info->producer = text_of(in, &m, &f);
            break;
        case PRODUCER_VERSION:
            info->producer_version = text_of(in, &m, &f);
            break;
        case DOMAIN:
            info->domain = text_of(in, &m, &f);
            break;
        case DESCRIPTION:
            info->description = text_of(in, &m, &f);
            break;
        case GRAPH:
            if (has_graph) /* an engine would melt them into one: nobody makes that by accident */
                fail(in, "it has two graphs");
            has_graph = true;
            *graph = pb_inside(&m, &f);
            break;
        case OPSET:
            read_opset(in, pb_inside(&m, &f));
            break;
        case METADATA:
            read_meta(in, pb_inside(&m, &f));
            break;
        case FUNCTION:
            note_function(in, pb_inside(&m, &f));
            break;
        case TRAINING:
        case CONFIGURATION:
            break;
        }
    }
    if (!has_graph)
        fail(in, "it has no graph");
}

/* Before IR 4 weights had to be listed as inputs; nobody can give them. */
static void drop_weights(struct inspector *in)
{
    struct port *p = in->inputs.p;
    size_t kept = 0;
    for (size_t i = 0; i < in->inputs.n; i++) {
        if (in->info->ir_version >= 4 || !p[i].has_default)
            p[kept++] = p[i];
    }
    in->inputs.n = kept;
    if (kept > INSPECT_VALUES)
        fail(in, "it has more than %d inputs", INSPECT_VALUES);
}

void read_onnx(struct inspector *in)
{
    struct model_info *info = in->info;
    struct pb whole = pb_whole(in->src), graph = whole;
    struct pb_field f;
    read_itself(in, whole, &graph);
    if (!failed(in))
        read_graph(in, graph, true);
    while (!failed(in) && pb_next(&whole, &f)) {
        if (pb_is(&f, FUNCTION, PB_BYTES))
            read_function(in, pb_inside(&whole, &f));
        else if (pb_is(&f, TRAINING, PB_BYTES))
            read_training(in, pb_inside(&whole, &f));
    }
    if (failed(in))
        return;
    drop_weights(in);
    sort_ops(in);
    info->opset = in->opsets.p;
    info->opsets = in->opsets.n;
    info->input = in->inputs.p;
    info->inputs = in->inputs.n;
    info->output = in->outputs.p;
    info->outputs = in->outputs.n;
    info->external = in->externals.p;
    info->externals = in->externals.n;
    info->functions = in->functions.n;
}
