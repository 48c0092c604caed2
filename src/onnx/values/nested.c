/*
 * One JSON value as a tensor, sequence, map or nothing. Nested arrays are walked twice in one go
 * each, first for their shape, then for their numbers: nothing is taken before it is known to fit.
 */
#include <stdio.h>
#include <string.h>

#include "onnx/values/internal.h"

#include "base/banned.h"

/* --- the shape of nested arrays */

enum { NEST = VALUES_RANK + 1 };

struct measure {
    const struct reading *r;
    struct given *g;
    size_t seen[NEST + 1]; /* elements so far of each open array */
    bool known[NEST + 1];
    size_t depth, deepest;
    bool leaves; /* there was an element: all are as deep as it */
};

static const char *place_now(const struct measure *m, size_t depth, char out[SHAPE_WORDS])
{
    size_t at[NEST + 1];
    for (size_t i = 0; i < depth; i++)
        at[i] = m->seen[i] - 1; /* it is counted already */
    return index_words(at, depth, out);
}

static souk_err measure_open(struct measure *m)
{
    char place[SHAPE_WORDS];
    if (m->depth > 0)
        m->seen[m->depth - 1]++;
    if (m->leaves && m->depth == m->deepest)
        return read_fail(m->r, "%s is a list, and those before it are not",
                         place_now(m, m->depth, place));
    if (m->depth == NEST)
        return read_fail(m->r, "lists nested deeper than %d", VALUES_RANK);
    m->seen[m->depth++] = 0;
    if (m->depth > m->deepest)
        m->deepest = m->depth;
    return SOUK_OK;
}

static souk_err measure_close(struct measure *m)
{
    char place[SHAPE_WORDS];
    if (m->depth == 0)
        BUG("a list that was not begun: the text was not checked");
    size_t level = --m->depth;
    int64_t n = (int64_t)m->seen[level];
    if (m->known[level] && m->g->dim[level] != n)
        return read_fail(m->r, "the lists are ragged: %s holds %lld, those before it %lld",
                         place_now(m, level, place), (long long)n, (long long)m->g->dim[level]);
    m->known[level] = true;
    m->g->dim[level] = n;
    return SOUK_OK;
}

static souk_err measure_leaf(struct measure *m)
{
    char place[SHAPE_WORDS];
    if (m->depth > 0)
        m->seen[m->depth - 1]++;
    if (m->depth != m->deepest)
        return read_fail(m->r, "%s is no list, and those before it are",
                         place_now(m, m->depth, place));
    m->leaves = true;
    m->g->count++;
    return SOUK_OK;
}

static souk_err measure(const struct reading *r, struct jtext v, struct given *g)
{
    struct measure m = {.r = r, .g = g};
    char place[SHAPE_WORDS];
    struct jtext t;
    const char *p = v.p;
    char kind;
    souk_err rc = SOUK_OK;
    *g = (struct given){.bare = true};
    while (rc == SOUK_OK && (kind = jtext_token(&p, v.p + v.n, &t)) != 0) {
        if (kind == '[')
            rc = measure_open(&m);
        else if (kind == ']')
            rc = measure_close(&m);
        else if (kind == '{')
            return m.depth ? read_fail(r, "element %s is an object",
                                       (m.seen[m.depth - 1]++, place_now(&m, m.depth, place)))
                           : read_fail(r, "an object was given");
        else if (kind != ',')
            rc = measure_leaf(&m);
    }
    g->rank = m.deepest;
    return rc;
}

/* --- its elements */

static souk_err wrong_element(const struct reading *r, const struct value *v,
                              enum number_fault fault, struct jtext t, const struct given *g,
                              size_t i)
{
    char words[SHAPE_WORDS], place[SHAPE_WORDS + 16];
    snprintf(place, sizeof place, "element %s", place_words(g->dim, g->rank, i, words));
    return element_fail(r, v, fault, untrusted_n(t.p, t.n), g->rank ? place : "what was given");
}

static souk_err read_element(const struct reading *r, const struct value *v, struct jtext t,
                             const struct given *g, size_t i)
{
    char kind = jtext_kind(t);
    if (v->elem == ELEM_STRING) {
        if (kind != '"')
            return wrong_element(r, v, NUMBER_NONE, t, g, i);
        struct untrusted text = jtext_string(t, &r->out->arena);
        return text.p ? element_text(r, v, i, text) : err_nomem(r->e);
    }
    if (kind == 'n' && r->nulls && element_put(v, i, untrusted("NaN"), 0) == NUMBER_OK)
        return SOUK_OK;
    enum number_fault fault = element_put(v, i, untrusted_n(t.p, t.n), 0);
    return fault ? wrong_element(r, v, fault, t, g, i) : SOUK_OK;
}

static souk_err fill(const struct reading *r, struct jtext v, const struct given *g,
                     const struct value *out)
{
    struct jtext t;
    const char *p = v.p;
    size_t i = 0;
    char kind;
    souk_err rc = SOUK_OK;
    while (rc == SOUK_OK && (kind = jtext_token(&p, v.p + v.n, &t)) != 0)
        if (kind != '[' && kind != ']' && kind != ',')
            rc = read_element(r, out, t, g, i++);
    return rc;
}

/* --- tensors */

souk_err shape_from_json(const struct reading *r, struct jtext v, struct given *g)
{
    struct jtext one;
    char words[SHAPE_WORDS];
    struct jtext_walk w = jtext_walk(v);
    size_t product = 1;
    if (jtext_kind(v) != '[')
        return read_fail(r, "\"shape\" is no list");
    g->rank = 0;
    g->bare = false;
    while (jtext_next(&w, NULL, &one)) {
        int64_t n;
        if (g->rank == VALUES_RANK)
            return read_fail(r, "\"shape\" has more than %d dimensions", VALUES_RANK);
        if (number_read(ELEM_INT64, one.p, one.n, 0, &n) != NUMBER_OK || n < 0)
            return read_fail(r, "\"shape\" holds %.*s, which is no size",
                             (int)(one.n < 40 ? one.n : 40), one.p);
        g->dim[g->rank++] = n;
        if (__builtin_mul_overflow(product, (size_t)n, &product))
            product = SIZE_MAX;
    }
    if (product != g->count)
        return read_fail(r, "\"shape\" is %s, but %zu %s given",
                         shape_words(g->dim, g->rank, words), g->count,
                         g->count == 1 ? "element was" : "elements were");
    return SOUK_OK;
}

/* Pairs, not numbers, are what a complex tensor is made of. */
static souk_err halve(const struct reading *r, struct given *g)
{
    if (g->rank == 0 || (g->count > 0 && g->dim[g->rank - 1] != 2))
        return read_fail(r, "complex numbers are pairs: [real, imaginary]");
    g->rank--;
    g->count /= 2;
    return SOUK_OK;
}

static bool same_shape(const struct given *a, const struct given *b)
{
    return a->rank == b->rank &&
           (a->rank == 0 || memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) == 0);
}

static souk_err tensor_from_json(const struct reading *r, const struct value_type *t,
                                 struct jtext v, struct value *out)
{
    struct given nested, g;
    struct jtext data = v, shape = {NULL, 0};
    char stated[SHAPE_WORDS], found[SHAPE_WORDS];
    if (jtext_kind(v) == '{' && !jtext_member(v, "data", &data))
        return read_fail(r, "an object without \"data\" was given");
    if (measure(r, data, &nested))
        return SOUK_EINPUT;
    g = nested;
    if (elem_parts(t->elem) > 1 && halve(r, &g))
        return SOUK_EINPUT;
    struct given bare = g;
    if (jtext_kind(v) == '{' && jtext_member(v, "shape", &shape)) {
        if (shape_from_json(r, shape, &g))
            return SOUK_EINPUT;
        if (bare.rank > 1 && g.count > 0 && !same_shape(&bare, &g))
            return read_fail(r, "\"shape\" is %s, but \"data\" is nested as %s",
                             shape_words(g.dim, g.rank, stated),
                             shape_words(bare.dim, bare.rank, found));
    }
    souk_err rc = tensor_fit(r, t, &g, out);
    return rc ? rc : fill(r, data, &nested, out);
}

/* --- what holds others */

static souk_err value_at(const struct reading *r, const struct value_type *t, struct jtext v,
                         unsigned depth, struct value *out);

static size_t count_items(struct jtext v)
{
    struct jtext one;
    struct jtext_walk w = jtext_walk(v);
    size_t n = 0;
    while (jtext_next(&w, NULL, &one))
        n++;
    return n;
}

static souk_err sequence_from_json(const struct reading *r, const struct value_type *t,
                                   struct jtext v, unsigned depth, struct value *out)
{
    struct jtext one;
    struct jtext_walk w = jtext_walk(v);
    char type[TYPE_WORDS];
    if (jtext_kind(v) != '[')
        return read_fail(r, "no list was given, %s is wanted", type_words(t, type));
    size_t n = count_items(v);
    *out = (struct value){.kind = VALUE_SEQUENCE, .items = n};
    if (n > VALUES_MEMORY / sizeof *out->item ||
        !(out->item = arena_alloc(&r->out->arena, n * sizeof *out->item)))
        return err_nomem(r->e);
    for (size_t i = 0; jtext_next(&w, NULL, &one); i++) {
        souk_err rc = value_at(r, t->of, one, depth + 1, &out->item[i]);
        if (rc)
            return rc;
    }
    return SOUK_OK;
}

static souk_err map_from_json(const struct reading *r, const struct value_type *t, struct jtext v,
                              struct value *out)
{
    struct jtext key, one;
    struct jtext_walk w = jtext_walk(v);
    char type[TYPE_WORDS];
    if (jtext_kind(v) != '{')
        return read_fail(r, "no object was given, %s is wanted", type_words(t, type));
    if (!t->of || t->of->kind != TYPE_TENSOR || elem_parts(t->elem) + elem_parts(t->of->elem) > 2)
        return read_fail(r, "souk does not read %s", type_words(t, type));
    const int64_t n = (int64_t)count_items(v);
    const struct given g = {.dim = {n}, .rank = 1, .count = (size_t)n};
    *out = (struct value){.kind = VALUE_MAP, .items = 2};
    if (!(out->item = arena_alloc(&r->out->arena, 2 * sizeof *out->item)))
        return err_nomem(r->e);
    souk_err rc = tensor_make(r->out, &out->item[0], t->elem, g.dim, 1, r->e);
    if (rc == SOUK_OK)
        rc = tensor_make(r->out, &out->item[1], t->of->elem, g.dim, 1, r->e);
    for (size_t i = 0; rc == SOUK_OK && jtext_next(&w, &key, &one); i++) {
        rc = read_element(r, &out->item[0], key, &g, i);
        if (rc == SOUK_OK)
            rc = read_element(r, &out->item[1], one, &g, i);
    }
    return rc;
}

static souk_err value_at(const struct reading *r, const struct value_type *t, struct jtext v,
                         unsigned depth, struct value *out)
{
    char type[TYPE_WORDS];
    if (depth == VALUES_DEPTH)
        return read_fail(r, "nested deeper than %d", VALUES_DEPTH);
    switch (t ? t->kind : TYPE_UNKNOWN) {
    case TYPE_TENSOR:
        return tensor_from_json(r, t, v, out);
    case TYPE_SEQUENCE:
        return sequence_from_json(r, t, v, depth, out);
    case TYPE_MAP:
        return map_from_json(r, t, v, out);
    case TYPE_OPTIONAL:
        if (jtext_kind(v) != 'n')
            return value_at(r, t->of, v, depth + 1, out);
        *out = (struct value){.kind = VALUE_NONE};
        return SOUK_OK;
    default:
        return read_fail(r, "souk does not read the type %s", t ? type_words(t, type) : "?");
    }
}

souk_err value_from_json(const struct reading *r, const struct value_type *t, struct jtext v,
                         struct value *out)
{
    return value_at(r, t, v, 0, out);
}
