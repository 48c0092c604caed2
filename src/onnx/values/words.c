#include <math.h>
#include <string.h>

#include "base/human.h"
#include "onnx/values/decimal.h"
#include "onnx/values/number.h"
#include "onnx/values.h"

#include "base/banned.h"

bool value_stats(const struct value *v, struct value_stats *out)
{
    long double sum = 0;
    *out = (struct value_stats){.min = (double)NAN, .max = (double)NAN, .mean = (double)NAN};
    if (v->kind != VALUE_TENSOR || !v->data || v->count == 0 || elem_parts(v->elem) > 1)
        return false;
    for (size_t i = 0; i < v->count; i++) {
        double x = tensor_number(v, i);
        if (isnan(x)) {
            out->nans++;
            continue;
        }
        sum += (long double)x;
        if (!(out->min <= x)) /* also the first, when it is a NaN still */
            out->min = x;
        if (!(out->max >= x)) {
            out->max = x;
            out->largest = i;
        }
    }
    if (out->nans < v->count)
        out->mean = (double)(sum / (long double)(v->count - out->nans));
    return true;
}

enum { DIGITS_SHOWN = 6, WORDS_DEPTH = 3 };

static void add_number(const struct value *v, size_t i, struct buf *out)
{
    char text[NUMBER_BUF];
    enum elem part = elem_part(v->elem);
    const void *at = (const char *)v->data + i * elem_size(part);
    double x = number_double(part, at);
    size_t n = number_write(part, at, text);
    if (isfinite(x) && x != trunc(x)) {
        struct decimal d;
        decimal_from(fabs(x), DIGITS_SHOWN, &d);
        d.negative = x < 0;
        n = decimal_write(&d, text);
    }
    buf_add(out, text, n);
}

static void add_element(const struct value *v, size_t i, struct buf *out)
{
    if (v->elem == ELEM_STRING) {
        buf_addc(out, '"');
        buf_add(out, v->text[i].p, v->text[i].n);
        buf_addc(out, '"');
    } else if (elem_parts(v->elem) > 1) {
        buf_addc(out, '(');
        add_number(v, 2 * i, out);
        buf_addc(out, ' ');
        add_number(v, 2 * i + 1, out);
        buf_addc(out, ')');
    } else {
        add_number(v, i, out);
    }
}

static void add_rest(size_t shown, size_t count, struct buf *out)
{
    char n[HUMAN_BUF];
    if (shown < count)
        buf_addf(out, "%s… (%s)", shown ? " " : "", human_count(n, count));
}

static void add_words(const struct value *v, size_t max, unsigned depth, struct buf *out)
{
    size_t n = 0, count = v->kind == VALUE_SEQUENCE ? v->items : v->count;
    if (v->kind == VALUE_MAP)
        count = v->item[0].count;
    if (v->kind == VALUE_NONE || count == 0) {
        buf_adds(out, v->kind == VALUE_NONE ? "nothing" : "empty");
        return;
    }
    if (v->kind == VALUE_SEQUENCE && depth == WORDS_DEPTH)
        max = 0;
    for (; n < count && n < max; n++) {
        if (n)
            buf_addc(out, ' ');
        if (v->kind == VALUE_TENSOR) {
            add_element(v, n, out);
        } else if (v->kind == VALUE_MAP) {
            add_element(&v->item[0], n, out);
            buf_addc(out, '=');
            add_element(&v->item[1], n, out);
        } else {
            buf_addc(out, '[');
            add_words(&v->item[n], max, depth + 1, out);
            buf_addc(out, ']');
        }
    }
    add_rest(n, count, out);
}

void value_words(const struct value *v, size_t max_elements, struct buf *out)
{
    add_words(v, max_elements, 0, out);
}
