/* Values out of frames that may be anyone's. */
#include <string.h>

#include "onnx/run/wire.h"

#include "base/banned.h"

void wire_values_init(struct wire_values_in *in, struct values *into, uint64_t room)
{
    *in = (struct wire_values_in){.into = into, .room = room};
}

bool wire_values_whole(const struct wire_values_in *in)
{
    return in->begun && in->into->n == in->expected && in->depth == 0 && !in->filling;
}

/* From the arena, within the room. */
static void *take(struct wire_values_in *in, uint64_t count, size_t size)
{
    in->over |= size && count > in->room / size;
    if (in->over)
        return NULL;
    in->room -= count * size;
    return arena_alloc(&in->into->arena, (size_t)count * size);
}

static souk_err begin(struct wire_values_in *in, struct wire_body *b)
{
    uint32_t n = wire_get32(b);
    if (b->bad || in->begun || n > WIRE_COUNT)
        return SOUK_EINPUT;
    in->begun = true;
    in->expected = n;
    in->into->of = n ? take(in, n, sizeof *in->into->of) : NULL;
    return n && !in->into->of ? SOUK_ENOMEM : SOUK_OK;
}

/* A map's two halves belong together. */
static bool is_map(const struct value *v)
{
    const struct value *k = &v->item[0], *x = &v->item[1];
    return k->kind == VALUE_TENSOR && x->kind == VALUE_TENSOR && k->count == x->count;
}

/* A value is there; so may be what it is part of. */
static souk_err rise(struct wire_values_in *in)
{
    while (in->depth) {
        struct wire_nest *top = &in->nest[in->depth - 1];
        if (++top->next < top->v->items)
            return SOUK_OK;
        if (top->v->kind == VALUE_MAP && !is_map(top->v))
            return SOUK_EINPUT;
        in->depth--;
    }
    in->into->n++;
    return SOUK_OK;
}

static souk_err finish_strings(struct wire_values_in *in)
{
    struct value *v = in->filling;
    struct untrusted *text = take(in, v->count, sizeof *text);
    if (!text)
        return SOUK_ENOMEM;
    const uint8_t *length = in->strings, *at = in->strings + v->count * sizeof(uint32_t);
    const uint8_t *end = in->strings + in->all;
    for (size_t i = 0; i < v->count; i++, length += sizeof(uint32_t)) {
        uint32_t n;
        memcpy(&n, length, sizeof n);
        if (n > (size_t)(end - at))
            return SOUK_EINPUT;
        text[i] = untrusted_n((const char *)at, n);
        at += n;
    }
    v->text = text;
    return at == end ? SOUK_OK : SOUK_EINPUT;
}

static souk_err filled(struct wire_values_in *in)
{
    struct value *v = in->filling;
    souk_err r = SOUK_OK;
    if (v->elem == ELEM_STRING)
        r = finish_strings(in);
    else if (v->elem == ELEM_BOOL)
        for (size_t i = 0; i < v->count; i++)
            ((uint8_t *)v->data)[i] = ((uint8_t *)v->data)[i] != 0;
    in->filling = NULL;
    return r ? r : rise(in);
}

static souk_err data(struct wire_values_in *in, const struct wire_frame *f)
{
    if (!in->filling || f->n > in->left || f->n == 0)
        return SOUK_EINPUT;
    memcpy(in->at, f->p, f->n);
    in->at += f->n;
    in->left -= f->n;
    return in->left ? SOUK_OK : filled(in);
}

static bool read_dims(struct wire_body *b, struct value *v, size_t rank)
{
    uint64_t count = 1;
    if (rank > VALUES_RANK)
        return false;
    v->rank = rank;
    for (size_t i = 0; i < rank; i++) {
        uint64_t d = wire_get64(b);
        if (d > INT64_MAX || (d && count > (uint64_t)VALUES_MEMORY / d))
            return false;
        v->dim[i] = (int64_t)d;
        count *= d;
    }
    v->count = (size_t)count;
    return !b->bad;
}

static souk_err tensor(struct wire_values_in *in, struct value *v, struct wire_body *b, size_t rank,
                       uint64_t bytes)
{
    size_t size = elem_size(v->elem);
    bool strings = v->elem == ELEM_STRING;
    if (!read_dims(b, v, rank) || (!strings && (!size || bytes != (uint64_t)v->count * size)) ||
        (strings && (bytes > VALUES_MEMORY || bytes < (uint64_t)v->count * sizeof(uint32_t))))
        return SOUK_EINPUT;
    in->all = in->left = bytes;
    in->at = take(in, bytes ? bytes : 1, 1);
    if (!in->at)
        return SOUK_ENOMEM;
    if (strings)
        in->strings = in->at;
    else
        v->data = in->at;
    in->filling = v;
    return bytes ? SOUK_OK : filled(in);
}

static souk_err group(struct wire_values_in *in, struct value *v, uint64_t items)
{
    if (in->depth == VALUES_DEPTH || (v->kind == VALUE_MAP && items != 2))
        return SOUK_EINPUT;
    v->items = (size_t)items;
    if (!items)
        return rise(in);
    v->item = take(in, items, sizeof *v->item);
    if (!v->item)
        return SOUK_ENOMEM;
    in->nest[in->depth++] = (struct wire_nest){.v = v};
    return SOUK_OK;
}

static souk_err value(struct wire_values_in *in, struct wire_body *b)
{
    if (!in->begun || in->filling || wire_values_whole(in))
        return SOUK_EINPUT;
    struct named_value *top = &in->into->of[in->into->n];
    struct wire_nest *inside = in->depth ? &in->nest[in->depth - 1] : NULL;
    struct value *v = inside ? &inside->v->item[inside->next] : &top->v;
    unsigned kind = wire_get8(b), elem = wire_get8(b), rank = wire_get8(b);
    uint64_t size = wire_get64(b);
    if (b->bad || kind > VALUE_MAP || elem >= ELEM_COUNT)
        return SOUK_EINPUT;
    *v = (struct value){.kind = kind, .elem = (enum elem)elem};
    struct wire_body dims = *b;
    b->at += rank * sizeof(int64_t) <= (size_t)(b->end - b->at) ? rank * sizeof(int64_t) : 0;
    size_t named = (size_t)(b->end - b->at);
    if (!inside && named <= WIRE_NAME) {
        char *name = take(in, named + 1, 1);
        if (!name)
            return SOUK_ENOMEM;
        if (named)
            memcpy(name, b->at, named);
        top->name = untrusted_n(name, named);
    } else if (named) {
        return SOUK_EINPUT;
    }
    if (kind == VALUE_TENSOR)
        return tensor(in, v, &dims, rank, size);
    if (rank)
        return SOUK_EINPUT;
    return kind == VALUE_NONE ? rise(in) : group(in, v, size);
}

souk_err wire_values_take(struct wire_values_in *in, const struct wire_frame *f)
{
    struct wire_body b = {.at = f->p, .end = f->p + f->n};
    if (f->kind == WIRE_DATA)
        return data(in, f);
    return f->kind == WIRE_VALUE ? value(in, &b) : begin(in, &b);
}
