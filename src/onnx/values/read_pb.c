/*
 * Tensors, sequences, maps and optionals as ONNX keeps them in files (onnx.proto: TensorProto;
 * onnx-data.proto: SequenceProto, MapProto, OptionalProto). The numbers of the fields stand beside
 * the code that reads them.
 */
#include <string.h>

#include "onnx/values/number.h"
#include "onnx/inspect/protobuf.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

struct pb_reading {
    const struct reading *r;
    struct source *src;
};

/* --- tensors */

enum stored { RAW, FLOATS, INT32S, STRINGS, INT64S, DOUBLES, UINT64S, STORED_COUNT };
static const uint32_t field_of[STORED_COUNT] = {
    [RAW] = 9,    [FLOATS] = 4,   [INT32S] = 5,   [STRINGS] = 6,
    [INT64S] = 7, [DOUBLES] = 10, [UINT64S] = 11,
};

struct header {
    int64_t dim[VALUES_RANK];
    size_t rank;
    enum elem elem;
    bool raw, elsewhere, parted;
};

static enum stored where(enum elem t, bool raw)
{
    switch (t) {
    case ELEM_STRING:
        return STRINGS;
    case ELEM_FLOAT:
    case ELEM_COMPLEX64:
        return raw ? RAW : FLOATS;
    case ELEM_DOUBLE:
    case ELEM_COMPLEX128:
        return raw ? RAW : DOUBLES;
    case ELEM_INT64:
        return raw ? RAW : INT64S;
    case ELEM_UINT32:
    case ELEM_UINT64:
        return raw ? RAW : UINT64S;
    default:
        return raw ? RAW : INT32S;
    }
}

static souk_err add_dim(const struct pb_reading *b, struct header *h, uint64_t n)
{
    if (h->rank == VALUES_RANK)
        return read_fail(b->r, "a tensor of more than %d dimensions", VALUES_RANK);
    h->dim[h->rank++] = n > INT64_MAX ? -1 : (int64_t)n; /* tensor_make refuses -1 */
    return SOUK_OK;
}

/* dims 1, data_type 2, segment 3, raw_data 9, data_location 14 */
static souk_err read_header(const struct pb_reading *b, struct pb m, struct header *h)
{
    struct pb_field f;
    souk_err rc = SOUK_OK;
    *h = (struct header){0};
    while (rc == SOUK_OK && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_VARINT)) {
            rc = add_dim(b, h, f.value);
        } else if (pb_is(&f, 1, PB_BYTES)) {
            uint64_t n;
            struct pb dims = pb_inside(&m, &f);
            while (rc == SOUK_OK && pb_varint(&dims, &n))
                rc = add_dim(b, h, n);
        } else if (pb_is(&f, 2, PB_VARINT)) {
            h->elem = f.value < ELEM_COUNT ? (enum elem)f.value : ELEM_NONE;
        } else if (f.number == field_of[RAW]) {
            h->raw = true;
        } else if (f.number == 3) {
            h->parted = true;
        } else if (pb_is(&f, 14, PB_VARINT)) {
            h->elsewhere = f.value != 0;
        }
    }
    return rc;
}

/* Numbers are stored little-endian. */
static void to_host(void *p, size_t count, size_t size)
{
    const uint16_t one = 1;
    uint8_t *at = p;
    if (*(const uint8_t *)&one == 1 || size < 2)
        return;
    for (; count > 0; count--, at += size)
        for (size_t i = 0; i < size / 2; i++) {
            uint8_t swap = at[i];
            at[i] = at[size - 1 - i];
            at[size - 1 - i] = swap;
        }
}

struct fill {
    const struct pb_reading *b;
    struct value *v;
    enum elem part;
    size_t at, parts; /* numbers there are, and are to be */
};

static souk_err too_many(const struct fill *f)
{
    char shape[SHAPE_WORDS];
    return read_fail(f->b->r, "more numbers than its shape %s has",
                     shape_words(f->v->dim, f->v->rank, shape));
}

/* len bytes of numbers one behind the other. */
static souk_err fill_bytes(struct fill *f, uint64_t at, uint64_t len)
{
    size_t size = elem_size(f->part);
    if (len / size > f->parts - f->at || len % size != 0)
        return len % size ? read_fail(f->b->r, "half a number") : too_many(f);
    uint8_t *to = (uint8_t *)f->v->data + f->at * size;
    size_t n = (size_t)len / size;
    if (n > 0 && source_copy(f->b->src, at, to, (size_t)len))
        return SOUK_OK; /* the source says what it was */
    to_host(to, n, size);
    for (size_t i = 0; i < n && f->part == ELEM_BOOL; i++)
        to[i] = to[i] != 0;
    f->at += n;
    return SOUK_OK;
}

static souk_err fill_integer(struct fill *f, enum stored s, uint64_t bits)
{
    enum elem t = f->part == ELEM_FLOAT16 || f->part == ELEM_BFLOAT16 ? ELEM_UINT16 : f->part;
    bool negative = s != UINT64S && bits >> 63;
    if (f->at == f->parts)
        return too_many(f);
    void *to = (uint8_t *)f->v->data + f->at++ * elem_size(t);
    if (!number_from_integer(t, negative, negative ? 0 - bits : bits, to))
        return read_fail(f->b->r, "a number that does not fit %s", elem_name(t));
    return SOUK_OK;
}

static souk_err fill_string(struct fill *f, const struct pb *m, const struct pb_field *field)
{
    if (f->at == f->parts)
        return too_many(f);
    struct untrusted text = pb_text(m, field, (size_t)field->len, &f->b->r->out->arena, NULL);
    if (text.n > 0 && memchr(text.p, '\0', text.n))
        return read_fail(f->b->r, "a text holds a NUL character, which no engine takes");
    ((struct untrusted *)f->v->text)[f->at++] = text;
    return SOUK_OK;
}

static souk_err fill_field(struct fill *f, enum stored s, const struct pb *m,
                           const struct pb_field *field)
{
    souk_err rc = SOUK_OK;
    if (s == STRINGS)
        return field->wire == PB_BYTES ? fill_string(f, m, field) : SOUK_OK;
    if (s == RAW || s == FLOATS || s == DOUBLES) {
        bool one = field->wire == (s == FLOATS ? PB_32 : PB_64) && s != RAW;
        if (field->wire == PB_BYTES)
            return fill_bytes(f, field->at, field->len);
        size_t size = elem_size(f->part);
        return one ? fill_bytes(f, m->at - size, size) : SOUK_OK;
    }
    if (field->wire == PB_VARINT)
        return fill_integer(f, s, field->value);
    if (field->wire == PB_BYTES) {
        uint64_t n;
        struct pb packed = pb_inside(m, field);
        while (rc == SOUK_OK && pb_varint(&packed, &n))
            rc = fill_integer(f, s, n);
    }
    return rc;
}

/* Tests that are older than the type in numpy keep bfloat16 as its bits. */
static enum elem taken_as(enum elem stored, const struct value_type *t)
{
    bool bits = stored == ELEM_UINT16 && t && t->kind == TYPE_TENSOR && t->elem == ELEM_BFLOAT16;
    return bits ? ELEM_BFLOAT16 : stored;
}

static souk_err read_tensor(const struct pb_reading *b, const struct value_type *t, struct pb m,
                            struct value *out)
{
    struct header h;
    struct pb_field f;
    struct err why = {0};
    char shape[SHAPE_WORDS];
    if (read_header(b, m, &h))
        return SOUK_EINPUT;
    if (h.elsewhere || h.parted)
        return read_fail(b->r, "its numbers are in another file");
    souk_err rc = tensor_make(b->r->out, out, taken_as(h.elem, t), h.dim, h.rank, &why);
    if (rc)
        return rc == SOUK_EINPUT ? read_fail(b->r, "%s", why.msg)
                                 : err_set(b->r->e, rc, "%s", why.msg);
    enum stored s = where(out->elem, h.raw);
    struct fill fill = {.b = b,
                        .v = out,
                        .part = elem_part(out->elem),
                        .parts = out->count * elem_parts(out->elem)};
    while (rc == SOUK_OK && pb_next(&m, &f))
        if (f.number == field_of[s])
            rc = fill_field(&fill, s, &m, &f);
    if (rc == SOUK_OK && !b->src->err.code && fill.at < fill.parts)
        return read_fail(b->r, "%zu numbers where its shape %s has %zu", fill.at,
                         shape_words(out->dim, out->rank, shape), fill.parts);
    return rc;
}

/* --- what holds others */

static souk_err read_value(const struct pb_reading *b, const struct value_type *t, struct pb m,
                           unsigned depth, struct value *out);

/* tensor 3, sequence 5, map 6, optional 7; sparse 4 is no value of ours. */
static souk_err read_member(const struct pb_reading *b, const struct value_type *t,
                            const struct pb *m, const struct pb_field *f, unsigned depth,
                            struct value *out)
{
    static const struct value_type untold[] = {
        [3] = {.kind = TYPE_TENSOR},
        [5] = {.kind = TYPE_SEQUENCE},
        [6] = {.kind = TYPE_MAP},
        [7] = {.kind = TYPE_OPTIONAL},
    };
    if (f->number < 3 || f->number == 4 || f->number > 7)
        return read_fail(b->r, "a kind of value that souk does not read");
    bool told = t && t->kind == untold[f->number].kind;
    return read_value(b, told ? t : &untold[f->number], pb_inside(m, f), depth + 1, out);
}

static bool is_member(const struct pb_field *f)
{
    return f->wire == PB_BYTES && f->number >= 3 && f->number <= 7;
}

static souk_err read_sequence(const struct pb_reading *b, const struct value_type *t, struct pb m,
                              unsigned depth, struct value *out)
{
    struct pb_field f;
    struct pb count = m;
    size_t n = 0;
    while (pb_next(&count, &f))
        n += is_member(&f);
    *out = (struct value){.kind = VALUE_SEQUENCE, .items = n};
    if (n > VALUES_MEMORY / sizeof *out->item ||
        !(out->item = arena_alloc(&b->r->out->arena, n * sizeof *out->item)))
        return err_nomem(b->r->e);
    souk_err rc = SOUK_OK;
    for (size_t i = 0; rc == SOUK_OK && i < n && pb_next(&m, &f);)
        if (is_member(&f))
            rc = read_member(b, t ? t->of : NULL, &m, &f, depth, &out->item[i++]);
    return rc;
}

static souk_err read_optional(const struct pb_reading *b, const struct value_type *t, struct pb m,
                              unsigned depth, struct value *out)
{
    struct pb_field f;
    *out = (struct value){.kind = VALUE_NONE};
    while (pb_next(&m, &f))
        if (is_member(&f))
            return read_member(b, t ? t->of : NULL, &m, &f, depth, out);
    return SOUK_OK;
}

static souk_err no_map(const struct pb_reading *b)
{
    return read_fail(b->r, "a map whose values are not one number or text for each key");
}

/* The values of a map, single tensors, as one tensor. */
static souk_err join(const struct pb_reading *b, const struct value *all, struct value *out)
{
    const int64_t n = (int64_t)all->items;
    enum elem t = n ? all->item[0].elem : ELEM_FLOAT;
    for (size_t i = 0; i < all->items; i++)
        if (all->item[i].kind != VALUE_TENSOR || all->item[i].elem != t || all->item[i].count != 1)
            return no_map(b);
    souk_err rc = tensor_make(b->r->out, out, t, &n, 1, b->r->e);
    for (size_t i = 0; rc == SOUK_OK && i < all->items; i++) {
        if (t == ELEM_STRING)
            ((struct untrusted *)out->text)[i] = all->item[i].text[0];
        else
            memcpy((char *)out->data + i * elem_size(t), all->item[i].data, elem_size(t));
    }
    return rc;
}

static size_t count_keys(struct pb m)
{
    struct pb_field f;
    size_t n = 0;
    while (pb_next(&m, &f)) {
        uint64_t key;
        struct pb packed = pb_inside(&m, &f);
        if (pb_is(&f, 3, PB_VARINT) || pb_is(&f, 4, PB_BYTES))
            n++;
        else if (pb_is(&f, 3, PB_BYTES))
            while (pb_varint(&packed, &key))
                n++;
    }
    return n;
}

/* key_type 2, keys 3, string_keys 4, values 5: a sequence */
static souk_err read_map(const struct pb_reading *b, struct pb m, unsigned depth, struct value *out)
{
    struct pb_field f;
    struct value values = {.kind = VALUE_NONE};
    const int64_t n = (int64_t)count_keys(m);
    enum elem t = ELEM_INT64;
    struct pb again = m;
    while (pb_next(&again, &f))
        if (pb_is(&f, 2, PB_VARINT) && f.value < ELEM_COUNT)
            t = (enum elem)f.value;
    *out = (struct value){.kind = VALUE_MAP, .items = 2};
    if (!(out->item = arena_alloc(&b->r->out->arena, 2 * sizeof *out->item)))
        return err_nomem(b->r->e);
    if (elem_parts(t) > 1 || where(t, false) == FLOATS || where(t, false) == DOUBLES)
        return read_fail(b->r, "a map with keys of %s", elem_name(t));
    souk_err rc = tensor_make(b->r->out, &out->item[0], t, &n, 1, b->r->e);
    struct fill fill = {.b = b, .v = &out->item[0], .part = t, .parts = (size_t)n};
    while (rc == SOUK_OK && pb_next(&m, &f)) {
        if (f.number == (t == ELEM_STRING ? 4 : 3))
            rc = fill_field(&fill, t == ELEM_STRING ? STRINGS : INT64S, &m, &f);
        else if (pb_is(&f, 5, PB_BYTES))
            rc = read_value(b, &(struct value_type){.kind = TYPE_SEQUENCE}, pb_inside(&m, &f),
                            depth + 1, &values);
    }
    if (rc == SOUK_OK && (fill.at != fill.parts || values.items != fill.parts))
        return no_map(b);
    return rc ? rc : join(b, &values, &out->item[1]);
}

static souk_err read_value(const struct pb_reading *b, const struct value_type *t, struct pb m,
                           unsigned depth, struct value *out)
{
    if (depth >= VALUES_DEPTH)
        return read_fail(b->r, "nested deeper than %d", VALUES_DEPTH);
    switch (t ? t->kind : TYPE_TENSOR) {
    case TYPE_SEQUENCE:
        return read_sequence(b, t, m, depth, out);
    case TYPE_MAP:
        return read_map(b, m, depth, out);
    case TYPE_OPTIONAL:
        return read_optional(b, t, m, depth, out);
    case TYPE_SPARSE:
        return read_fail(b->r, "souk does not read sparse tensors");
    default:
        return read_tensor(b, t, m, out);
    }
}

souk_err values_add_pb(struct values *v, struct untrusted name, const struct value_type *type,
                       const uint8_t *p, size_t n, struct err *e)
{
    struct source src;
    struct reading r = {.out = v, .noun = "input", .name = name, .e = e};
    struct pb_reading b = {.r = &r, .src = &src};
    struct value value;
    source_bytes(&src, p, n);
    souk_err rc = read_value(&b, type, pb_whole(&src), 0, &value);
    if (src.err.code)
        rc = src.err.code == SOUK_EINPUT ? read_fail(&r, "%s", src.err.msg)
                                         : err_set(e, src.err.code, "%s", src.err.msg);
    source_release(&src);
    if (rc)
        return rc;
    struct value *at = values_append(v, name);
    if (!at)
        return err_nomem(e);
    *at = value;
    return SOUK_OK;
}
