/*
 * values_checks.h: what must hold of any values that a reader of values.h let in.
 */
#ifndef SOUK_TESTS_VALUES_CHECKS_H
#define SOUK_TESTS_VALUES_CHECKS_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/agree.h"
#include "tests/unit/values_world.c" /* models made from a signature */

static void check(bool right)
{
    if (!right)
        abort();
}

static const char *const signatures[] = {
    "x:float32[batch,4]",
    "x:int64[2,?] y:string[1] z:bool[]=",
    "x:float16 y:bfloat16[?] u:uint64[?]",
    "x:sequence<map<int64,float32>> m:map<string,string>",
    "x:optional<sequence<float32[?,2]>> c:complex64[?]",
    "input:uint8[a,b] numbers:float64[a]",
};
enum { SIGNATURES = sizeof signatures / sizeof *signatures };

static void check_value(const struct value *v, unsigned depth)
{
    struct buf b;
    struct value_stats s;
    check(depth <= VALUES_DEPTH);
    buf_init(&b, 1 << 20);
    value_words(v, 5, &b);
    check(b.len > 0 || b.bad);
    buf_release(&b);
    value_stats(v, &s);
    if (v->kind == VALUE_SEQUENCE) {
        for (size_t i = 0; i < v->items; i++)
            check_value(&v->item[i], depth + 1);
    } else if (v->kind == VALUE_MAP) {
        check(v->items == 2 && v->item[0].count == v->item[1].count);
    } else if (v->kind == VALUE_TENSOR) {
        size_t count = 1;
        check(v->rank <= VALUES_RANK && (v->elem == ELEM_STRING ? !!v->text : !!v->data));
        for (size_t i = 0; i < v->rank; i++)
            count *= (size_t)v->dim[i];
        check(count == v->count);
        for (size_t i = 0; i < v->count && v->elem == ELEM_STRING; i++)
            check(v->text[i].n == 0 || !memchr(v->text[i].p, '\0', v->text[i].n));
    }
}

static void check_values(const struct values *v)
{
    for (size_t i = 0; i < v->n; i++)
        check_value(&v->of[i].v, 0);
}

#endif
