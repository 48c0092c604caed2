#include "onnx/values.h"

#include <string.h>

#include "onnx/values/number.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

void values_init(struct values *v)
{
    *v = (struct values){0};
    arena_init(&v->arena, VALUES_MEMORY);
}

void values_release(struct values *v)
{
    arena_release(&v->arena);
    values_init(v);
}

const struct value *values_find(const struct values *v, struct untrusted name)
{
    for (size_t i = 0; i < v->n; i++)
        if (untrusted_eq(v->of[i].name, name))
            return &v->of[i].v;
    return NULL;
}

struct value *values_append(struct values *v, struct untrusted name)
{
    if ((v->n & (v->n - 1)) == 0) { /* full at every power of two */
        struct named_value *more = arena_alloc(&v->arena, (v->n ? 2 * v->n : 1) * sizeof *more);
        if (!more)
            return NULL;
        if (v->n)
            memcpy(more, v->of, v->n * sizeof *more);
        v->of = more;
    }
    char *copy = arena_strndup(&v->arena, name.p, name.n);
    if (!copy)
        return NULL;
    struct named_value *one = &v->of[v->n++];
    *one = (struct named_value){.name = {copy, name.n}};
    return &one->v;
}

/* The product, and of the sizes that are not zero too: who multiplies them in any order is safe. */
static bool count_of(const int64_t *dim, size_t rank, size_t *out)
{
    size_t all = 1;
    bool none = false;
    for (size_t i = 0; i < rank; i++) {
        if (dim[i] < 0)
            return false;
        if (dim[i] == 0)
            none = true;
        else if (all > (size_t)INT64_MAX / 16 / (size_t)dim[i])
            return false;
        else
            all *= (size_t)dim[i];
    }
    *out = none ? 0 : all;
    return true;
}

souk_err tensor_make(struct values *v, struct value *out, enum elem t, const int64_t *dim,
                     size_t rank, struct err *e)
{
    char words[SHAPE_WORDS];
    size_t count, size = t == ELEM_STRING ? sizeof *out->text : elem_size(t);
    if (size == 0)
        return err_set(e, SOUK_EINPUT, "there are no tensors of type %d", (int)t);
    if (rank > VALUES_RANK)
        return err_set(e, SOUK_EINPUT, "a tensor of %zu dimensions; souk takes %d", rank,
                       VALUES_RANK);
    if (!count_of(dim, rank, &count))
        return err_set(e, SOUK_EINPUT, "no tensor has the shape %s", shape_words(dim, rank, words));
    if (count > (v->arena.cap - v->arena.used) / size)
        return err_set(e, SOUK_ENOMEM, "%s%s needs more memory than the %d MiB souk gives values",
                       elem_name(t), shape_words(dim, rank, words), VALUES_MEMORY >> 20);
    void *p = arena_alloc(&v->arena, count * size);
    if (!p)
        return err_nomem(e);
    *out = (struct value){.kind = VALUE_TENSOR, .elem = t, .rank = rank, .count = count};
    if (rank)
        memcpy(out->dim, dim, rank * sizeof *dim);
    if (t == ELEM_STRING)
        out->text = p;
    else
        out->data = p;
    return SOUK_OK;
}

double tensor_number(const struct value *t, size_t i)
{
    if (t->kind != VALUE_TENSOR || !t->data || i >= t->count)
        BUG("element %zu of what has %zu numbers", i, t->data ? t->count : 0);
    return number_double(elem_part(t->elem), (const char *)t->data + i * elem_size(t->elem));
}
