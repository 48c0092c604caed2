/* TensorProto and SparseTensorProto: how many numbers, how many bytes, and where they lie. */
#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum { PLACE_BUF = 2048, WORDS = 160 };

/* The start of a name, for a message: in one line, whatever is in it. */
static char *quoted(struct untrusted name, char out[WORDS])
{
    size_t n = name.n < WORDS - 40 ? name.n : WORDS - 40;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)name.p[i] < 0x20 ? '?' : name.p[i];
    out[n] = '\0';
    return out;
}

static char *name_words(struct untrusted name, char out[WORDS])
{
    char text[WORDS];
    if (name.n == 0)
        snprintf(out, WORDS, "a weight");
    else
        snprintf(out, WORDS, "the weight \"%.120s\"", quoted(name, text));
    return out;
}

static void note_external(struct inspector *in, struct untrusted place)
{
    struct grown *g = &in->externals;
    const struct untrusted *have = g->p;
    for (size_t i = g->n; i-- > 0;) {
        if (untrusted_eq(have[i], place))
            return;
    }
    char *p = arena_strndup(&in->info->arena, place.p, place.n);
    struct untrusted *one = grow(in, g, sizeof *one, INSPECT_EXTERNAL, "files with weights");
    if (!p)
        source_nomem(in->src, &in->info->arena, place.n);
    else if (one)
        *one = untrusted_n(p, place.n);
}

static void check_place(struct inspector *in, struct pb m, const struct pb_field *f)
{
    char text[PLACE_BUF], words[WORDS];
    size_t n = f->len < sizeof text ? (size_t)f->len : sizeof text;
    if (source_copy(m.src, f->at, text, n) != SOUK_OK)
        return;
    struct untrusted place = untrusted_n(text, n);
    const char *wrong = external_wrong(place);
    if (wrong)
        fail(in, "%s (\"%s\")", wrong, quoted(place, words));
    else
        note_external(in, place);
}

static bool read_decimal(const struct pb *m, const struct pb_field *f, uint64_t *out)
{
    if (f->len == 0 || f->len > 18)
        return false;
    const uint8_t *p = source_look(m->src, f->at, (size_t)f->len);
    uint64_t v = 0;
    for (size_t i = 0; p && i < f->len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *out = v;
    return p != NULL;
}

/*
 * StringStringEntryProto: key = 1, value = 2. Each may come several times, and the last is what the
 * engine takes; so every value beside a "location" is checked.
 */
static void read_external(struct inspector *in, struct pb m, bool *placed, uint64_t *length)
{
    struct pb_field f;
    struct pb keys = m;
    bool location = false, is_length = false, valued = false;
    while (pb_next(&keys, &f)) {
        if (pb_is(&f, 1, PB_BYTES)) {
            location = location || pb_text_is(&keys, &f, "location");
            is_length = pb_text_is(&keys, &f, "length");
        }
    }
    while (!failed(in) && pb_next(&m, &f)) {
        if (!pb_is(&f, 2, PB_BYTES))
            continue;
        valued = true;
        if (location)
            check_place(in, m, &f);
        if (is_length && !read_decimal(&m, &f, length))
            *length = 0;
    }
    if (location && !valued)
        fail(in, "%s", external_wrong(untrusted("")));
    *placed = *placed || location;
}

struct tensor {
    uint64_t elements, type, raw, stored, items; /* items: the most elements the data may be */
    uint64_t length;                             /* of an external one */
    bool has_raw, external, placed;
    struct untrusted name;
};

static uint64_t dims_product(struct inspector *in, struct pb m, const struct pb_field *f,
                             uint64_t product)
{
    uint64_t v = f->value;
    struct pb packed = pb_inside(&m, f);
    for (bool more = f->wire == PB_VARINT || pb_varint(&packed, &v); more;
         more = f->wire != PB_VARINT && pb_varint(&packed, &v)) {
        if (v > INT64_MAX)
            fail(in, "a weight has a negative dimension");
        product = mul_sat(product, v);
    }
    return product;
}

/* The data fields: float_data = 4, int32_data = 5, string_data = 6, int64_data = 7, double_data =
 * 10, uint64_data = 11. Packed, a number takes at least one byte, a float four. */
static void count_data(struct tensor *t, const struct pb_field *f)
{
    uint64_t size = f->wire == PB_BYTES ? f->len : f->wire == PB_32 ? 4 : f->wire == PB_64 ? 8 : 1;
    uint64_t items = 1;
    if (f->wire == PB_BYTES && f->number != 6)
        items = f->number == 4 ? size / 4 : f->number == 10 ? size / 8 : size;
    t->stored = add_sat(t->stored, size);
    t->items = add_sat(t->items, items);
}

/* Does it have what it says? The types after ELEM_COUNT are packed up to four to a byte. */
static void check_tensor(struct inspector *in, const struct tensor *t)
{
    char words[WORDS];
    size_t size = t->type < ELEM_COUNT ? elem_size((enum elem)t->type) : 0;
    if (t->external && !t->placed)
        fail(in, "%s lies in a file without a name", name_words(t->name, words));
    if (t->placed || t->external)
        return;
    if (t->has_raw && size && mul_sat(t->elements, size) != t->raw)
        fail(in, "%s should be %llu bytes and is %llu", name_words(t->name, words),
             (unsigned long long)mul_sat(t->elements, size), (unsigned long long)t->raw);
    uint64_t most = t->has_raw ? t->raw : t->items;
    if (t->type >= ELEM_COUNT)
        most = mul_sat(most, 4);
    if (t->elements > most)
        fail(in, "%s should have %llu elements and has at most %llu", name_words(t->name, words),
             (unsigned long long)t->elements, (unsigned long long)most);
}

/* TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9, external_data = 13,
 * data_location = 14 (1: external) */
void read_tensor(struct inspector *in, struct pb m, struct tensor_sum *sum, struct untrusted *name)
{
    static const unsigned data_fields = 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 10 | 1u << 11;
    struct tensor t = {.elements = 1};
    struct pb_field f, name_field = {0};
    struct pb whole = m;
    while (!failed(in) && pb_next(&m, &f)) {
        if (f.number == 1 && (f.wire == PB_VARINT || f.wire == PB_BYTES)) {
            t.elements = dims_product(in, m, &f, t.elements);
        } else if (pb_is(&f, 2, PB_VARINT)) {
            t.type = f.value;
        } else if (pb_is(&f, 8, PB_BYTES)) {
            name_field = f;
        } else if (pb_is(&f, 9, PB_BYTES)) {
            t.has_raw = true;
            t.raw = f.len;
        } else if (pb_is(&f, 13, PB_BYTES)) {
            read_external(in, pb_inside(&m, &f), &t.placed, &t.length);
        } else if (pb_is(&f, 14, PB_VARINT)) {
            t.external = f.value == 1;
        } else if (f.number < 12 && (data_fields >> f.number & 1)) {
            count_data(&t, &f);
        }
    }
    char text[INSPECT_TEXT];
    size_t n = name_field.len < sizeof text ? (size_t)name_field.len : sizeof text;
    if (failed(in) || source_copy(whole.src, name_field.at, text, n) != SOUK_OK)
        return;
    t.name = untrusted_n(text, n);
    check_tensor(in, &t);
    if (name)
        *name = pb_text(&whole, &name_field, INSPECT_TEXT, &in->info->arena, NULL);
    in->info->has_external |= t.placed || t.external;
    uint64_t bytes = add_sat(t.has_raw ? t.raw : 0, t.stored);
    if (t.placed || t.external)
        bytes = t.length
                    ? t.length
                    : mul_sat(t.elements, t.type < ELEM_COUNT ? elem_size((enum elem)t.type) : 1);
    sum->elements = add_sat(sum->elements, t.elements);
    sum->bytes = add_sat(sum->bytes, bytes);
}

/* SparseTensorProto: values = 1, indices = 2, dims = 3 */
void read_sparse(struct inspector *in, struct pb m, struct tensor_sum *sum, struct untrusted *name)
{
    struct tensor_sum indices = {0};
    struct pb_field f;
    while (!failed(in) && pb_next(&m, &f)) {
        if (pb_is(&f, 1, PB_BYTES))
            read_tensor(in, pb_inside(&m, &f), sum, name);
        else if (pb_is(&f, 2, PB_BYTES))
            read_tensor(in, pb_inside(&m, &f), &indices, NULL);
    }
    sum->bytes = add_sat(sum->bytes, indices.bytes);
}
