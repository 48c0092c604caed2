/*
 * Where in an answer the outputs are. Sellers wrap them in words of their own, so each output is
 * looked for by its name, and read as the type it has here.
 */
#include <stdio.h>
#include <string.h>

#include "onnx/values/agree_internal.h"

#include "base/banned.h"

enum { WRAPPERS_DEPTH = 3 };

static void nothing(struct agreement *out, const char *why)
{
    *out = (struct agreement){.is = AGREE_NOTHING};
    snprintf(out->words, sizeof out->words, "%s", why);
}

/* The type that a value has, so that an answer is read as the same. Inside lists every item has a
 * shape of its own. NULL: no memory. */
static const struct value_type *type_of(const struct value *v, bool outermost, struct arena *a)
{
    static const struct value_type any = {.kind = TYPE_TENSOR, .elem = ELEM_FLOAT};
    struct value_type *t = arena_alloc(a, sizeof *t);
    struct dim *dim = arena_alloc(a, (v->rank + 1) * sizeof *dim);
    if (!t || !dim)
        return NULL;
    switch (v->kind) {
    case VALUE_TENSOR:
        for (size_t i = 0; i < v->rank; i++)
            dim[i].size = v->dim[i];
        *t = (struct value_type){.kind = TYPE_TENSOR,
                                 .elem = v->elem,
                                 .has_shape = outermost,
                                 .dim = dim,
                                 .rank = outermost ? v->rank : 0};
        break;
    case VALUE_MAP:
        *t = (struct value_type){.kind = TYPE_MAP, .elem = v->item[0].elem};
        t->of = type_of(&v->item[1], false, a);
        break;
    case VALUE_SEQUENCE:
        *t = (struct value_type){.kind = TYPE_SEQUENCE};
        t->of = v->items ? type_of(&v->item[0], false, a) : &any;
        break;
    case VALUE_NONE:
        *t = (struct value_type){.kind = TYPE_OPTIONAL, .of = &any};
        return t;
    }
    return t->kind == TYPE_TENSOR || t->of ? t : NULL;
}

struct place {
    struct jtext v;
    bool og; /* {"name","values","shape"} with decimals */
};

/* Could this be the value, and not something that only has its name? */
static bool plausible(const struct value *v, struct jtext j)
{
    struct jtext data;
    char kind = jtext_kind(j);
    switch (v->kind) {
    case VALUE_TENSOR:
        return kind != '{' || jtext_member(j, "data", &data);
    case VALUE_SEQUENCE:
        return kind == '[';
    case VALUE_MAP:
        return kind == '{';
    default:
        return kind == 'n';
    }
}

/* In a list of {"name": …}. */
static bool find_listed(struct jtext list, struct untrusted name, const char *part,
                        struct jtext *out)
{
    struct jtext one, word;
    struct jtext_walk w = jtext_walk(list);
    if (jtext_kind(list) != '[')
        return false;
    while (jtext_next(&w, NULL, &one))
        if (jtext_member(one, "name", &word) && jtext_kind(word) == '"' && jtext_is(word, name) &&
            jtext_member(one, part, out)) {
            if (part[0] == 'v') /* "values": read with their shape */
                *out = one;
            return true;
        }
    return false;
}

static bool find_member(struct jtext object, const struct named_value *one, struct jtext *out)
{
    struct jtext key;
    struct jtext_walk w = jtext_walk(object);
    while (w.object && jtext_next(&w, &key, out))
        if (jtext_is(key, one->name) && plausible(&one->v, *out))
            return true;
    return false;
}

static const char *const wrappers[] = {"output", "outputs", "result", "results", NULL};

static bool find_named(struct jtext v, const struct named_value *one, int depth, struct place *out)
{
    struct jtext inner;
    *out = (struct place){.og = false};
    if (find_member(v, one, &out->v) || find_listed(v, one->name, "result", &out->v))
        return true;
    for (int i = 0; i < 2; i++)
        if (jtext_member(v, i ? "strings" : "numbers", &inner) &&
            find_listed(inner, one->name, "values", &out->v)) {
            out->og = true;
            return true;
        }
    for (const char *const *w = wrappers; *w && depth < WRAPPERS_DEPTH; w++)
        if (jtext_member(v, *w, &inner) && find_named(inner, one, depth + 1, out))
            return true;
    return false;
}

/* Of an only output the name may be left out. */
static bool find_bare(struct jtext v, const struct value *one, int depth, struct jtext *out)
{
    struct jtext inner;
    if (one->kind == VALUE_MAP ? depth > 0 && jtext_kind(v) == '{' : plausible(one, v)) {
        *out = v;
        return true;
    }
    for (const char *const *w = wrappers; *w && depth < WRAPPERS_DEPTH; w++)
        if (jtext_member(v, *w, &inner) && find_bare(inner, one, depth + 1, out))
            return true;
    return false;
}

/* Reads one output of the answer and compares it. False: no memory. */
static bool agree_one(struct tally *t, const struct named_value *one, const struct place *at)
{
    struct values there;
    struct err why = {0};
    struct value v = {.kind = VALUE_NONE};
    struct reading r = {
        .out = &there, .noun = "output", .name = one->name, .nulls = true, .e = &why};
    values_init(&there);
    const struct value_type *type = type_of(&one->v, true, &there.arena);
    souk_err rc = !type    ? SOUK_ENOMEM
                  : at->og ? value_from_og(&r, type, at->v, &v)
                           : value_from_json(&r, type, at->v, &v);
    t->found++;
    if (rc == SOUK_OK)
        agree_compare(t, &one->v, &v);
    else if (t->unlike++ == 0)
        snprintf(t->first, sizeof t->first, "%s", why.msg);
    values_release(&there);
    return rc != SOUK_ENOMEM;
}

void agree_json(const struct values *here, struct untrusted answer, double rtol, double atol,
                struct agreement *out)
{
    struct tally t = {.rtol = rtol, .atol = atol};
    struct jtext v;
    struct err e;
    if (jtext_check(answer, "the answer", &v, &e)) {
        nothing(out, e.msg);
        return;
    }
    for (size_t i = 0; i < here->n; i++) {
        const struct named_value *one = &here->of[i];
        struct place at;
        t.name = one->name;
        if (!find_named(v, one, 0, &at) && !(here->n == 1 && find_bare(v, &one->v, 0, &at.v))) {
            agree_lacking(&t);
        } else if (!agree_one(&t, one, &at)) {
            nothing(out, "out of memory");
            return;
        }
    }
    agree_finish(&t, out);
}
