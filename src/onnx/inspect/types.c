/* ValueInfoProto and TypeProto: what goes in and what comes out. */
#include "onnx/inspect/internal.h"

#include "base/banned.h"

static void *keep(struct inspector *in, size_t n)
{
    void *p = arena_alloc(&in->info->arena, n);
    if (!p)
        source_nomem(in->src, &in->info->arena, n);
    return p;
}

static enum elem known_elem(uint64_t n)
{
    return n < ELEM_COUNT ? (enum elem)n : ELEM_NONE;
}

/* TensorShapeProto.Dimension: dim_value = 1, dim_param = 2 */
static struct dim read_dim(struct inspector *in, struct pb m)
{
    struct dim d = {.size = -1};
    struct pb_field f;
    while (pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_VARINT)) { /* one of the two: the last counts */
            d = (struct dim){.size = (int64_t)f.value};
        } else if (pb_is(&f, 2, PB_BYTES)) {
            d = (struct dim){.size = -1};
            d.name = pb_text(&m, &f, INSPECT_TEXT, &in->info->arena, NULL);
        }
    }
    if (d.size < -1)
        d.size = -1;
    return d;
}

/* TensorShapeProto: dim = 1 */
static void read_shape(struct inspector *in, struct pb m, struct value_type *t)
{
    struct dim dim[INSPECT_RANK];
    struct pb_field f;
    size_t rank = 0;
    while (pb_next(&m, &f)) {
        if (!pb_is(&f, 1, PB_BYTES))
            continue;
        if (rank == INSPECT_RANK) {
            fail(in, "an input or output has more than %d dimensions", INSPECT_RANK);
            return;
        }
        dim[rank++] = read_dim(in, pb_inside(&m, &f));
    }
    struct dim *kept = rank ? keep(in, rank * sizeof *kept) : NULL;
    for (size_t i = 0; kept && i < rank; i++)
        kept[i] = dim[i];
    t->has_shape = true;
    t->dim = kept;
    t->rank = kept ? rank : 0;
}

static void read_type(struct inspector *in, struct pb m, struct value_type *t);

static const struct value_type *read_inner(struct inspector *in, struct pb m)
{
    struct value_type *t = keep(in, sizeof *t);
    if (t)
        read_type(in, m, t);
    return t;
}

/*
 * Tensor and SparseTensor: elem_type = 1, shape = 2. Sequence, Optional: elem_type = 1, a type.
 * Map: key_type = 1, value_type = 2, a type.
 */
static void read_kind(struct inspector *in, struct pb m, struct value_type *t)
{
    struct pb_field f;
    bool tensor = t->kind == TYPE_TENSOR || t->kind == TYPE_SPARSE;
    uint32_t inner = t->kind == TYPE_MAP ? 2 : 1;
    while (pb_next(&m, &f)) {
        if ((tensor || t->kind == TYPE_MAP) && pb_is(&f, 1, PB_VARINT)) {
            t->number = f.value;
            t->elem = known_elem(f.value);
        } else if (tensor && pb_is(&f, 2, PB_BYTES)) {
            read_shape(in, pb_inside(&m, &f), t);
        } else if (!tensor && pb_is(&f, inner, PB_BYTES)) {
            t->of = read_inner(in, pb_inside(&m, &f));
        }
    }
    if (!tensor && !t->of)
        t->kind = TYPE_UNKNOWN;
}

/* TypeProto: tensor_type = 1, sequence_type = 4, map_type = 5, opaque_type = 7, sparse_tensor_type
 * = 8, optional_type = 9; one of them */
static void read_type(struct inspector *in, struct pb m, struct value_type *t)
{
    static const struct {
        uint32_t field;
        unsigned kind;
    } kinds[] = {{1, TYPE_TENSOR},  {4, TYPE_SEQUENCE}, {5, TYPE_MAP},
                 {7, TYPE_UNKNOWN}, {8, TYPE_SPARSE},   {9, TYPE_OPTIONAL}};
    struct pb_field f;
    if (++in->depth > INSPECT_DEPTH)
        fail(in, "a type is nested more than %d deep", INSPECT_DEPTH);
    while (!failed(in) && pb_next(&m, &f)) {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            if (!pb_is(&f, kinds[i].field, PB_BYTES))
                continue;
            *t = (struct value_type){0};
            t->kind = kinds[i].kind;
            if (t->kind != TYPE_UNKNOWN)
                read_kind(in, pb_inside(&m, &f), t);
        }
    }
    in->depth--;
}

/* ValueInfoProto: name = 1, type = 2 */
void read_port(struct inspector *in, struct pb m, struct port *out)
{
    struct pb_field f;
    while (pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES))
            out->name = pb_text(&m, &f, INSPECT_TEXT, &in->info->arena, NULL);
        else if (pb_is(&f, 2, PB_BYTES))
            read_type(in, pb_inside(&m, &f), &out->type);
    }
}

static void add_dims(const struct value_type *t, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < t->rank; i++) {
        const struct dim *d = &t->dim[i];
        if (i)
            buf_addc(out, ',');
        if (d->size >= 0)
            buf_addf(out, "%lld", (long long)d->size);
        else if (d->name.n)
            buf_add(out, d->name.p, d->name.n);
        else
            buf_addc(out, '?');
    }
    buf_addc(out, ']');
}

/* Types that came after souk's: they can be named, not made. */
static const char *number_name(const struct value_type *t)
{
    static const char *const later[] = {
        "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",
        "int4",         "float4e2m1",     "float8e8m0", "uint2",          "int2"};
    if (t->number >= ELEM_COUNT && t->number - ELEM_COUNT < sizeof later / sizeof *later)
        return later[t->number - ELEM_COUNT];
    return elem_name(t->elem);
}

void value_type_format(const struct value_type *t, struct buf *out)
{
    switch (t->kind) {
    case TYPE_UNKNOWN:
        buf_addc(out, '?');
        return;
    case TYPE_TENSOR:
    case TYPE_SPARSE:
        buf_addf(out, "%s%s", t->kind == TYPE_SPARSE ? "sparse " : "", number_name(t));
        if (t->has_shape)
            add_dims(t, out);
        return;
    case TYPE_MAP:
        buf_addf(out, "map<%s,", number_name(t));
        break;
    case TYPE_SEQUENCE:
        buf_adds(out, "sequence<");
        break;
    case TYPE_OPTIONAL:
        buf_adds(out, "optional<");
        break;
    }
    value_type_format(t->of, out);
    buf_addc(out, '>');
}
