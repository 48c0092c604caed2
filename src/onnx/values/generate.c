/*
 * Values made up from the signature, so that any model can be tried at once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/values/number.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

enum { SPECS = 64, SEQUENCE_ITEMS = 2, MAP_ITEMS = 2 };

/* --- the sizes that were asked for */

struct spec {
    struct untrusted name; /* of a dim; or of an input, when place >= 0 */
    int64_t place, size;
    bool used;
};

struct specs {
    struct spec of[SPECS];
    size_t n;
};

/* "batch=2" or "x[0]=2" */
static souk_err parse_one(struct specs *s, const char *p, size_t n, struct err *e)
{
    struct spec one = {.place = -1};
    size_t equals = n;
    while (equals > 0 && p[equals - 1] != '=')
        equals--;
    size_t left = equals > 0 ? equals - 1 : 0; /* a name may hold a =, a size does not */
    if (left == 0 || number_read(ELEM_INT64, p + equals, n - equals, 0, &one.size) != NUMBER_OK ||
        one.size < 0)
        return err_set(e, SOUK_EINPUT, "\"%.*s\" is no size of a dimension: write name=2 or x[0]=2",
                       (int)(n < 60 ? n : 60), p);
    one.name = untrusted_n(p, left);
    const char *open = p[left - 1] == ']' ? memrchr(p, '[', left) : NULL;
    if (open && number_read(ELEM_INT64, open + 1, (size_t)(p + left - 1 - (open + 1)), 0,
                            &one.place) == NUMBER_OK)
        one.name.n = (size_t)(open - p);
    if (s->n == SPECS)
        return err_set(e, SOUK_EINPUT, "more than %d sizes of dimensions", SPECS);
    s->of[s->n++] = one;
    return SOUK_OK;
}

static souk_err parse_specs(struct specs *s, const char *text, struct err *e)
{
    s->n = 0;
    while (text && *text) {
        size_t n = strcspn(text, ",");
        souk_err rc = n ? parse_one(s, text, n, e) : SOUK_OK;
        if (rc)
            return rc;
        text += n + (text[n] == ',');
    }
    return SOUK_OK;
}

/* What an input and a place asks for goes before what a name asks for. -1: nothing does. */
static int64_t spec_for(struct specs *s, struct untrusted input, size_t place,
                        struct untrusted dim_name)
{
    int64_t found = -1;
    bool exact = false;
    for (size_t i = 0; i < s->n; i++) {
        struct spec *one = &s->of[i];
        bool by_place =
            one->place >= 0 && (uint64_t)one->place == place && untrusted_eq(one->name, input);
        if (!by_place && !(one->place < 0 && dim_name.n > 0 && untrusted_eq(one->name, dim_name)))
            continue;
        one->used = true;
        if (by_place || !exact)
            found = one->size;
        exact = exact || by_place;
    }
    return found;
}

static void add_free_dims(const struct model_info *m, struct buf *b)
{
    size_t shown = 0;
    for (size_t i = 0; i < m->inputs; i++)
        for (size_t k = 0; k < m->input[i].type.rank && shown < 8; k++) {
            const struct dim *d = &m->input[i].type.dim[k];
            if (d->size >= 0)
                continue;
            buf_adds(b, shown++ ? ", " : "");
            if (d->name.n > 0 && d->name.n < 60)
                buf_add(b, d->name.p, d->name.n);
            else
                buf_addf(b, "%.*s[%zu]", (int)(m->input[i].name.n < 60 ? m->input[i].name.n : 60),
                         m->input[i].name.p ? m->input[i].name.p : "", k);
        }
    if (shown == 0)
        buf_adds(b, "none");
}

static souk_err check_used(const struct model_info *m, const struct specs *s, struct err *e)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct spec *one = &s->of[i];
        if (one->used)
            continue;
        struct buf b;
        buf_init(&b, 2 * ERR_MSG_MAX);
        add_free_dims(m, &b);
        char place[32] = "";
        if (one->place >= 0)
            snprintf(place, sizeof place, "[%" PRId64 "]", one->place);
        err_set(e, SOUK_EINPUT, "the model has no free dimension %.*s%s; it has: %s",
                (int)(one->name.n < 60 ? one->name.n : 60), one->name.p, place, b.p);
        buf_release(&b);
        return SOUK_EINPUT;
    }
    return SOUK_OK;
}

/* --- numbers by chance, the same for the same seed on every machine */

static uint64_t next(uint64_t *state) /* SplitMix64, by Steele, Lea and Flood */
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void fill_number(enum elem part, void *at, uint64_t *chance)
{
    char text[NUMBER_BUF];
    uint64_t r = next(chance) >> 11; /* the upper bits */
    int shift = 0;
    if (part == ELEM_BOOL) {
        snprintf(text, sizeof text, "%d", (int)(r & 1));
    } else if (part == ELEM_FLOAT || part == ELEM_DOUBLE || part == ELEM_FLOAT16 ||
               part == ELEM_BFLOAT16) {
        snprintf(text, sizeof text, "%d", (int)(r % 2001) - 1000); /* short to read: 0.123 */
        shift = -3;
    } else {
        snprintf(text, sizeof text, "%d", (int)(r % 10));
    }
    if (number_read(part, text, strlen(text), shift, at) != NUMBER_OK)
        BUG("\"%s\" is no %s", text, elem_name(part));
}

static const char *const words[] = {"amber", "birch", "cedar", "delta", "ember",
                                    "fjord", "grove", "heron", "inlet", "jade"};

static void fill_tensor(const struct value *v, uint64_t *chance)
{
    enum elem part = elem_part(v->elem);
    for (size_t i = 0; i < v->count * elem_parts(v->elem); i++) {
        if (part == ELEM_STRING)
            ((struct untrusted *)v->text)[i] =
                untrusted(words[(next(chance) >> 11) % (sizeof words / sizeof *words)]);
        else
            fill_number(part, (char *)v->data + i * elem_size(part), chance);
    }
}

/* --- values */

struct making {
    struct reading r;
    struct specs *specs;
    uint64_t *chance;
};

static souk_err make(const struct making *mk, const struct value_type *t, unsigned depth,
                     struct value *out);

static souk_err make_tensor(const struct making *mk, const struct value_type *t, struct value *out)
{
    struct given g = {.rank = t->rank};
    for (size_t i = 0; i < t->rank; i++) {
        int64_t asked = spec_for(mk->specs, mk->r.name, i, t->dim[i].name);
        g.dim[i] = t->dim[i].size >= 0 ? t->dim[i].size : asked >= 0 ? asked : 1;
        if (t->dim[i].size >= 0 && asked >= 0 && asked != t->dim[i].size)
            return read_fail(&mk->r, "its dimension %zu is %" PRId64 ", not free", i,
                             t->dim[i].size);
    }
    souk_err rc = tensor_fit(&mk->r, t, &g, out);
    if (rc == SOUK_OK)
        fill_tensor(out, mk->chance);
    return rc;
}

static souk_err make_map(const struct making *mk, const struct value_type *t, struct value *out)
{
    const int64_t n = MAP_ITEMS;
    char type[TYPE_WORDS];
    if (!t->of || t->of->kind != TYPE_TENSOR)
        return read_fail(&mk->r, "souk makes no %s", type_words(t, type));
    *out = (struct value){.kind = VALUE_MAP, .items = 2};
    if (!(out->item = arena_alloc(&mk->r.out->arena, 2 * sizeof *out->item)))
        return err_nomem(mk->r.e);
    souk_err rc = tensor_make(mk->r.out, &out->item[0], t->elem, &n, 1, mk->r.e);
    if (rc == SOUK_OK)
        rc = tensor_make(mk->r.out, &out->item[1], t->of->elem, &n, 1, mk->r.e);
    for (size_t i = 0; rc == SOUK_OK && i < MAP_ITEMS; i++) { /* keys that differ */
        if (t->elem == ELEM_STRING)
            ((struct untrusted *)out->item[0].text)[i] = untrusted(words[i]);
        else if (!number_from_integer(t->elem, false, i,
                                      (char *)out->item[0].data + i * elem_size(t->elem)))
            return read_fail(&mk->r, "souk makes no %s", type_words(t, type));
    }
    if (rc == SOUK_OK)
        fill_tensor(&out->item[1], mk->chance);
    return rc;
}

static souk_err make_sequence(const struct making *mk, const struct value_type *t, unsigned depth,
                              struct value *out)
{
    souk_err rc = SOUK_OK;
    *out = (struct value){.kind = VALUE_SEQUENCE, .items = SEQUENCE_ITEMS};
    if (!(out->item = arena_alloc(&mk->r.out->arena, SEQUENCE_ITEMS * sizeof *out->item)))
        return err_nomem(mk->r.e);
    for (size_t i = 0; rc == SOUK_OK && i < SEQUENCE_ITEMS; i++)
        rc = make(mk, t->of, depth + 1, &out->item[i]);
    return rc;
}

static souk_err make(const struct making *mk, const struct value_type *t, unsigned depth,
                     struct value *out)
{
    char type[TYPE_WORDS];
    if (depth >= VALUES_DEPTH)
        return read_fail(&mk->r, "nested deeper than %d", VALUES_DEPTH);
    switch (t ? t->kind : TYPE_UNKNOWN) {
    case TYPE_TENSOR:
        return make_tensor(mk, t, out);
    case TYPE_SEQUENCE:
        return make_sequence(mk, t, depth, out);
    case TYPE_MAP:
        return make_map(mk, t, out);
    case TYPE_OPTIONAL:
        return make(mk, t->of, depth + 1, out);
    default:
        return read_fail(&mk->r, "souk makes no %s", t ? type_words(t, type) : "?");
    }
}

souk_err values_generate(const struct model_info *m, uint64_t seed, const char *dims,
                         struct values *out, struct err *e)
{
    struct specs *specs = mem_alloc(sizeof *specs);
    values_init(out);
    if (!specs)
        return err_nomem(e);
    souk_err rc = parse_specs(specs, dims, e);
    for (size_t i = 0; rc == SOUK_OK && i < m->inputs; i++) {
        const struct port *p = &m->input[i];
        uint64_t chance = seed ^ (i + 1) * UINT64_C(0xD1B54A32D192ED03); /* each input its own */
        struct making mk = {{.out = out, .noun = "input", .name = p->name, .e = e}, specs, &chance};
        if (p->has_default)
            continue;
        struct value *v = values_append(out, p->name);
        rc = v ? make(&mk, &p->type, 0, v) : err_nomem(e);
    }
    if (rc == SOUK_OK)
        rc = check_used(m, specs, e);
    mem_free(specs);
    if (rc)
        values_release(out);
    return rc;
}
