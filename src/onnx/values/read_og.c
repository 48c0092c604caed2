/*
 * OpenGradient's forms. Numbers go to its nodes as integers with a count of decimals, because they
 * come from a chain that has no others; answers come back as nested lists.
 */
#include <stdio.h>
#include <string.h>

#include "onnx/values/decimal.h"
#include "onnx/values/number.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

enum { OG_DECIMALS = 18 }; /* more is refused by the nodes */

/* --- reading */

static bool is_integer(struct untrusted text)
{
    size_t i = text.n > 0 && text.p[0] == '-';
    bool any = i < text.n;
    for (; i < text.n; i++)
        any = any && text.p[i] >= '0' && text.p[i] <= '9';
    return any;
}

/* A number, or one in quotes. */
static bool take_integer(struct jtext v, struct untrusted *out)
{
    char kind = jtext_kind(v);
    *out = kind == '"' ? untrusted_n(v.p + 1, v.n - 2) : untrusted_n(v.p, v.n);
    return (kind == '"' || kind == '0') && is_integer(*out);
}

static souk_err read_pair(const struct reading *r, const struct value *v, size_t i,
                          struct jtext pair)
{
    struct jtext value, decimals;
    struct untrusted number, places;
    char place[32];
    uint8_t shift = 0;
    snprintf(place, sizeof place, "value %zu", i);
    if (!jtext_member(pair, "value", &value) || !take_integer(value, &number))
        return read_fail(r, "%s is no {\"value\": integer, \"decimals\": 0 to %d}", place,
                         OG_DECIMALS);
    if (jtext_member(pair, "decimals", &decimals) &&
        (!take_integer(decimals, &places) ||
         number_read(ELEM_UINT8, places.p, places.n, 0, &shift) != NUMBER_OK ||
         shift > OG_DECIMALS))
        return read_fail(r, "the decimals of %s are not 0 to %d", place, OG_DECIMALS);
    enum number_fault fault = element_put(v, i, number, -(int)shift);
    char words[SHAPE_WORDS];
    snprintf(words, sizeof words, "%.*s/10^%u", (int)(number.n < 60 ? number.n : 60), number.p,
             shift);
    return fault ? element_fail(r, v, fault, untrusted(words), place) : SOUK_OK;
}

static souk_err read_text(const struct reading *r, const struct value *v, size_t i, struct jtext t)
{
    if (jtext_kind(t) != '"')
        return read_fail(r, "value %zu is no text", i);
    struct untrusted text = jtext_string(t, &r->out->arena);
    return text.p ? element_text(r, v, i, text) : err_nomem(r->e);
}

souk_err value_from_og(const struct reading *r, const struct value_type *t, struct jtext v,
                       struct value *out)
{
    struct jtext list, shape, one;
    char type[TYPE_WORDS];
    struct given g = {.rank = 1, .bare = true};
    if (t->kind != TYPE_TENSOR || elem_parts(t->elem) > 1)
        return read_fail(r, "OpenGradient's form has no %s", type_words(t, type));
    if (!jtext_member(v, "values", &list) || jtext_kind(list) != '[')
        return read_fail(r, "it has no list of \"values\"");
    struct jtext_walk w = jtext_walk(list);
    while (jtext_next(&w, NULL, &one))
        g.count++;
    g.dim[0] = (int64_t)g.count;
    if (jtext_member(v, "shape", &shape) && shape_from_json(r, shape, &g))
        return SOUK_EINPUT;
    souk_err rc = tensor_fit(r, t, &g, out);
    w = jtext_walk(list);
    for (size_t i = 0; rc == SOUK_OK && jtext_next(&w, NULL, &one); i++)
        rc = t->elem == ELEM_STRING ? read_text(r, out, i, one) : read_pair(r, out, i, one);
    return rc;
}
