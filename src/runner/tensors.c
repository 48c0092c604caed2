/* Values of ours for the engine, and the engine's for us. */
#include <string.h>

#include "base/mem.h"
#include "runner/runner.h"

#include "base/banned.h"

/* --- going in */

static souk_err strings_to_ort(const struct ort_use *u, const struct value *v, ort_value *t,
                               struct err *e)
{
    struct arena a;
    souk_err r = SOUK_OK;
    arena_init(&a, VALUES_MEMORY);
    const char **each = arena_alloc(&a, (v->count + 1) * sizeof *each);
    for (size_t i = 0; each && !r && i < v->count; i++) {
        each[i] = arena_strndup(&a, v->text[i].p ? v->text[i].p : "", v->text[i].n);
        r = each[i] ? SOUK_OK : err_nomem(e);
    }
    if (!each)
        r = err_nomem(e);
    if (!r && v->count)
        r = ort_fail(u->o, u->o->FillStringTensor(t, each, v->count), e);
    arena_release(&a);
    return r;
}

static souk_err tensor_to_ort(const struct ort_use *u, const struct value *v, ort_value **out,
                              struct err *e)
{
    static uint64_t nothing; /* an empty tensor's data lies somewhere, too */
    if (v->elem != ELEM_STRING)
        return ort_fail(u->o,
                        u->o->CreateTensorWithDataAsOrtValue(
                            u->memory, v->count ? v->data : &nothing, v->count * elem_size(v->elem),
                            v->dim, v->rank, (int)v->elem, out),
                        e);
    souk_err r = ort_fail(
        u->o, u->o->CreateTensorAsOrtValue(u->allocator, v->dim, v->rank, (int)v->elem, out), e);
    return r ? r : strings_to_ort(u, v, *out, e);
}

static souk_err group_to_ort(const struct ort_use *u, const struct value *v, ort_value **out,
                             struct err *e)
{
    ort_value **item = mem_array(v->items ? v->items : 1, sizeof *item);
    souk_err r = item ? SOUK_OK : err_nomem(e);
    for (size_t i = 0; !r && i < v->items; i++)
        r = value_to_ort(u, &v->item[i], &item[i], e);
    if (!r)
        r = ort_fail(u->o,
                     u->o->CreateValue((const ort_value *const *)item, v->items,
                                       v->kind == VALUE_MAP ? ORT_MAP : ORT_SEQUENCE, out),
                     e);
    /* The engine keeps its own hold of them. */
    for (size_t i = 0; item && i < v->items; i++)
        if (item[i])
            u->o->ReleaseValue(item[i]);
    mem_free(item);
    return r;
}

souk_err value_to_ort(const struct ort_use *u, const struct value *v, ort_value **out,
                      struct err *e)
{
    *out = NULL;
    return v->kind == VALUE_TENSOR ? tensor_to_ort(u, v, out, e) : group_to_ort(u, v, out, e);
}

/* --- coming out */

void taken_init(struct taken *t)
{
    *t = (struct taken){0};
    values_init(&t->values);
}

void taken_release(const struct ort_use *u, struct taken *t)
{
    for (size_t i = t->n; i > 0; i--)
        u->o->ReleaseValue(t->held[i - 1]);
    mem_free(t->held);
    mem_free(t->values.of);
    t->values.of = NULL;
    values_release(&t->values);
}

static bool hold(const struct ort_use *u, struct taken *t, ort_value *v)
{
    if (t->n == t->room) {
        size_t room = t->room ? 2 * t->room : 64;
        ort_value **p = mem_resize(t->held, room * sizeof *p);
        if (!p) {
            u->o->ReleaseValue(v);
            return false;
        }
        t->held = p;
        t->room = room;
    }
    t->held[t->n++] = v;
    return true;
}

static souk_err strings(const struct ort_use *u, struct taken *t, ort_value *from,
                        struct value *out, struct err *e)
{
    size_t bytes;
    souk_err r = ort_fail(u->o, u->o->GetStringTensorDataLength(from, &bytes), e);
    if (r)
        return r;
    struct arena *a = &t->values.arena;
    char *p = arena_alloc(a, bytes + 1);
    size_t *at = arena_alloc(a, (out->count + 1) * sizeof *at);
    struct untrusted *text = arena_alloc(a, (out->count + 1) * sizeof *text);
    if (!p || !at || !text)
        return err_nomem(e);
    if (out->count)
        r = ort_fail(u->o, u->o->GetStringTensorContent(from, p, bytes, at, out->count), e);
    at[out->count] = bytes;
    for (size_t i = 0; !r && i < out->count; i++)
        text[i] = untrusted_n(p + at[i], at[i + 1] - at[i]);
    out->text = text;
    return r;
}

static souk_err shape(const struct ort_use *u, ort_value *from, struct value *out, struct err *e)
{
    const struct ort *o = u->o;
    ort_shape *s;
    int elem = 0;
    souk_err r = ort_fail(o, o->GetTensorTypeAndShape(from, &s), e);
    if (r)
        return r;
    r = ort_fail(o, o->GetTensorElementType(s, &elem), e);
    if (!r)
        r = ort_fail(o, o->GetDimensionsCount(s, &out->rank), e);
    if (!r && out->rank > VALUES_RANK)
        r = err_set(e, SOUK_EINPUT, "an output has %zu dimensions, and souk takes up to %d",
                    out->rank, VALUES_RANK);
    if (!r)
        r = ort_fail(o, o->GetDimensions(s, out->dim, out->rank), e);
    o->ReleaseTensorTypeAndShapeInfo(s);
    if (!r && (elem <= ELEM_NONE || elem >= ELEM_COUNT))
        r = err_set(e, SOUK_EINPUT,
                    "an output has an element type that souk does not know (number %d)", elem);
    out->elem = r ? ELEM_NONE : (enum elem)elem;
    out->count = 1;
    for (size_t i = 0; !r && i < out->rank; i++)
        out->count *= (size_t)out->dim[i];
    return r;
}

static souk_err take(const struct ort_use *u, struct taken *t, ort_value *from, struct value *out,
                     unsigned depth, struct err *e);

static souk_err items(const struct ort_use *u, struct taken *t, ort_value *from, struct value *out,
                      unsigned depth, struct err *e)
{
    const struct ort *o = u->o;
    souk_err r = ort_fail(o, o->GetValueCount(from, &out->items), e);
    if (!r && depth == VALUES_DEPTH)
        r = err_set(e, SOUK_EINPUT, "an output is nested deeper than %d", VALUES_DEPTH);
    if (r)
        return r;
    out->item = arena_alloc(&t->values.arena, (out->items + 1) * sizeof *out->item);
    if (!out->item)
        return err_nomem(e);
    for (size_t i = 0; !r && i < out->items; i++) {
        ort_value *one;
        r = ort_fail(o, o->GetValue(from, (int)i, u->allocator, &one), e);
        if (!r)
            r = hold(u, t, one) ? take(u, t, one, &out->item[i], depth + 1, e) : err_nomem(e);
    }
    return r;
}

static souk_err take(const struct ort_use *u, struct taken *t, ort_value *from, struct value *out,
                     unsigned depth, struct err *e)
{
    const struct ort *o = u->o;
    int kind = ORT_UNKNOWN, there = 0;
    *out = (struct value){.kind = VALUE_NONE};
    souk_err r = from ? ort_fail(o, o->HasValue(from, &there), e) : SOUK_OK;
    if (r || !there)
        return r;
    r = ort_fail(o, o->GetValueType(from, &kind), e);
    if (r)
        return r;
    if (kind == ORT_SEQUENCE || kind == ORT_MAP) {
        out->kind = kind == ORT_MAP ? VALUE_MAP : VALUE_SEQUENCE;
        return items(u, t, from, out, depth, e);
    }
    if (kind != ORT_TENSOR)
        return err_set(e, SOUK_EINPUT, "an output is neither tensor, sequence nor map");
    out->kind = VALUE_TENSOR;
    r = shape(u, from, out, e);
    if (!r && out->elem == ELEM_STRING)
        return strings(u, t, from, out, e);
    return r ? r : ort_fail(o, o->GetTensorMutableData(from, &out->data), e);
}

souk_err taken_add(const struct ort_use *u, struct taken *t, struct untrusted name, ort_value *v,
                   struct err *e)
{
    struct named_value *of = mem_resize(t->values.of, (t->values.n + 1) * sizeof *t->values.of);
    if (!of)
        return err_nomem(e);
    t->values.of = of;
    of += t->values.n;
    *of = (struct named_value){.name = name};
    souk_err r = take(u, t, v, &of->v, 0, e);
    t->values.n += !r;
    return r;
}

/* --- comparing runs */

static bool same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->elem != b->elem || a->rank != b->rank || a->count != b->count ||
        a->items != b->items || memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) != 0)
        return false;
    for (size_t i = 0; i < a->items; i++)
        if (!same(&a->item[i], &b->item[i]))
            return false;
    if (a->kind != VALUE_TENSOR || !a->count)
        return true;
    if (a->elem != ELEM_STRING)
        return memcmp(a->data, b->data, a->count * elem_size(a->elem)) == 0;
    for (size_t i = 0; i < a->count; i++)
        if (a->text[i].n != b->text[i].n || memcmp(a->text[i].p, b->text[i].p, a->text[i].n) != 0)
            return false;
    return true;
}

bool values_same(const struct values *a, const struct values *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same(&a->of[i].v, &b->of[i].v))
            return false;
    return true;
}
