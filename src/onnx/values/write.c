#include <math.h>
#include <string.h>

#include "onnx/values/decimal.h"
#include "onnx/values/number.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

/* --- pieces */

static const char *number_at(const struct value *v, size_t i)
{
    enum elem part = elem_part(v->elem);
    return (const char *)v->data + i * elem_size(part);
}

static void put_number(struct json_out *o, const struct value *v, size_t i)
{
    char text[NUMBER_BUF];
    size_t n = number_write(elem_part(v->elem), number_at(v, i), text);
    if (text[n - 1] == 'N' || text[n - 1] == 'y') /* NaN, Infinity */
        json_out_str(o, NULL, untrusted_n(text, n));
    else
        json_out_raw(o, NULL, text, n);
}

static void put_element(struct json_out *o, const struct value *v, size_t i)
{
    if (v->elem == ELEM_STRING) {
        json_out_str(o, NULL, v->text[i]);
    } else if (elem_parts(v->elem) > 1) {
        json_arr_open(o, NULL);
        put_number(o, v, 2 * i);
        put_number(o, v, 2 * i + 1);
        json_arr_close(o);
    } else {
        put_number(o, v, i);
    }
}

/* Under a key there is only one element: that of a scalar. */
static void put_scalar(struct json_out *o, const char *key, const struct value *v, size_t i)
{
    struct buf b;
    struct json_out one;
    buf_init(&b, o->b->cap);
    json_out_init(&one, &b);
    put_element(&one, v, i);
    if (b.bad)
        o->b->bad = b.bad;
    json_out_raw(o, key, b.p, b.len);
    buf_release(&b);
}

/* The elements from *at on, nested from dimension `level` inwards. */
static void put_nested(struct json_out *o, const char *key, const struct value *v, size_t level,
                       size_t *at)
{
    json_arr_open(o, key);
    for (int64_t i = 0; i < v->dim[level] && !o->b->bad; i++) {
        if (level + 1 < v->rank)
            put_nested(o, NULL, v, level + 1, at);
        else
            put_element(o, v, (*at)++);
    }
    json_arr_close(o);
}

/* A shape can be long and hold nothing: [1000000000,0] is not worth as many brackets. */
static bool is_hollow(const struct value *v)
{
    enum { BRACKETS = 4096 };
    int64_t lists = 1;
    for (size_t i = 0; v->count == 0 && v->dim[i] != 0; i++) {
        if (v->dim[i] > BRACKETS / lists)
            return true;
        lists *= v->dim[i];
    }
    return false;
}

static void put_data(struct json_out *o, const char *key, const struct value *v)
{
    size_t at = 0;
    if (v->rank == 0) {
        put_scalar(o, key, v, 0);
    } else if (is_hollow(v)) {
        json_arr_open(o, key);
        json_arr_close(o);
    } else {
        put_nested(o, key, v, 0, &at);
    }
}

static void put_shape(struct json_out *o, const struct value *v)
{
    json_arr_open(o, "shape");
    for (size_t i = 0; i < v->rank; i++)
        json_out_int(o, NULL, v->dim[i]);
    json_arr_close(o);
}

static void put_value(struct json_out *o, const char *key, const struct value *v, bool typed);

static void put_map(struct json_out *o, const char *key, const struct value *v)
{
    const struct value *keys = &v->item[0];
    json_obj_open(o, key);
    for (size_t i = 0; i < keys->count && i < v->item[1].count; i++) {
        char number[NUMBER_BUF];
        struct buf name;
        buf_init(&name, o->b->cap);
        if (keys->elem == ELEM_STRING)
            buf_add(&name, keys->text[i].p, keys->text[i].n);
        else
            buf_add(&name, number, number_write(keys->elem, number_at(keys, i), number));
        put_scalar(o, name.p, &v->item[1], i);
        buf_release(&name);
    }
    json_obj_close(o);
}

static void put_value(struct json_out *o, const char *key, const struct value *v, bool typed)
{
    switch (v->kind) {
    case VALUE_NONE:
        json_out_null(o, key);
        break;
    case VALUE_SEQUENCE:
        json_arr_open(o, key);
        for (size_t i = 0; i < v->items; i++)
            put_value(o, NULL, &v->item[i], typed);
        json_arr_close(o);
        break;
    case VALUE_MAP:
        put_map(o, key, v);
        break;
    case VALUE_TENSOR:
        if (!typed) {
            put_data(o, key, v);
            break;
        }
        json_obj_open(o, key);
        put_shape(o, v);
        json_out_cstr(o, "type", elem_name(v->elem));
        put_data(o, "data", v);
        json_obj_close(o);
        break;
    }
}

/* Names are not terminated everywhere; keys are. */
static void put_all(struct json_out *o, const char *key, const struct values *v, bool typed)
{
    json_obj_open(o, key);
    for (size_t i = 0; i < v->n; i++) {
        struct buf name;
        buf_init(&name, o->b->cap);
        buf_add(&name, v->of[i].name.p, v->of[i].name.n);
        put_value(o, name.p, &v->of[i].v, typed);
        buf_release(&name);
    }
    json_obj_close(o);
}

void values_json(struct json_out *o, const char *key, const struct values *v)
{
    put_all(o, key, v, true);
}

void values_plain_json(struct json_out *o, const char *key, const struct values *v)
{
    put_all(o, key, v, false);
}

/* --- as OpenGradient's nodes answer */

static bool holds_text(const struct value *v)
{
    while (v->kind == VALUE_SEQUENCE && v->items > 0)
        v = &v->item[0];
    if (v->kind == VALUE_MAP)
        v = &v->item[1];
    return v->kind == VALUE_TENSOR && v->elem == ELEM_STRING;
}

void values_og_json(struct json_out *o, const char *key, const struct values *v)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < v->n; i++) {
        const struct value *one = &v->of[i].v;
        json_obj_open(o, NULL);
        json_out_str(o, "name", v->of[i].name);
        if (one->kind == VALUE_TENSOR) {
            put_shape(o, one);
        } else { /* a list is an array of objects there */
            json_arr_open(o, "shape");
            if (one->kind == VALUE_SEQUENCE)
                json_out_int(o, NULL, (int64_t)one->items);
            json_arr_close(o);
        }
        put_value(o, "result", one, false);
        json_out_cstr(o, "type", holds_text(one) ? "string" : "number");
        json_obj_close(o);
    }
    json_arr_close(o);
}

/* --- as they are asked */

enum { OG_DIGITS = 38, OG_DECIMALS = 18 }; /* an int128, and what the nodes take */

static bool og_pair(const struct value *v, size_t i, struct decimal *d)
{
    char text[NUMBER_BUF];
    size_t n = number_write(v->elem, number_at(v, i), text);
    if (v->elem == ELEM_BOOL) {
        text[0] = text[0] == 't' ? '1' : '0';
        n = 1;
    }
    return decimal_parse(text, n, d) && d->exponent >= -OG_DECIMALS &&
           (int64_t)d->n + d->exponent <= OG_DIGITS;
}

static souk_err og_check(const struct named_value *one, struct err *e)
{
    const struct value *v = &one->v;
    struct decimal d;
    char text[NUMBER_BUF], place[SHAPE_WORDS];
    struct reading r = {.noun = "input", .name = one->name, .e = e};
    if (v->kind != VALUE_TENSOR || elem_parts(v->elem) > 1)
        return read_fail(&r, "OpenGradient's form has only tensors of numbers and of texts");
    for (size_t i = 0; i < v->count && v->elem != ELEM_STRING; i++) {
        if (og_pair(v, i, &d))
            continue;
        number_write(v->elem, number_at(v, i), text);
        return read_fail(&r,
                         "element %s is %s, which OpenGradient's form cannot hold: an integer "
                         "with up to %d decimals",
                         place_words(v->dim, v->rank, i, place), text, OG_DECIMALS);
    }
    return SOUK_OK;
}

static void put_pair(struct json_out *o, const struct value *v, size_t i)
{
    struct decimal d;
    char text[OG_DIGITS + 2];
    size_t n = 0;
    if (!og_pair(v, i, &d))
        BUG("element %zu was looked at before", i);
    if (d.negative && d.n > 0)
        text[n++] = '-';
    memcpy(text + n, d.digit, d.n);
    n += d.n;
    for (int64_t k = 0; k < d.exponent; k++)
        text[n++] = '0';
    if (d.n == 0)
        text[n++] = '0';
    json_obj_open(o, NULL);
    json_out_raw(o, "value", text, n);
    json_out_int(o, "decimals", d.exponent < 0 ? -d.exponent : 0);
    json_obj_close(o);
}

static void put_asked(struct json_out *o, const char *key, const struct values *v, bool text)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < v->n; i++) {
        const struct value *one = &v->of[i].v;
        if ((one->elem == ELEM_STRING) != text)
            continue;
        json_obj_open(o, NULL);
        json_out_str(o, "name", v->of[i].name);
        json_arr_open(o, "values");
        for (size_t k = 0; k < one->count; k++) {
            if (text)
                put_element(o, one, k);
            else
                put_pair(o, one, k);
        }
        json_arr_close(o);
        put_shape(o, one);
        json_obj_close(o);
    }
    json_arr_close(o);
}

souk_err values_og_request(struct json_out *o, const struct values *v, struct err *e)
{
    for (size_t i = 0; i < v->n; i++)
        if (og_check(&v->of[i], e))
            return SOUK_EINPUT;
    json_obj_open(o, NULL);
    put_asked(o, "numbers", v, false);
    put_asked(o, "strings", v, true);
    json_obj_close(o);
    return SOUK_OK;
}
