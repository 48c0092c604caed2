#include "onnx/agree.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "onnx/values/decimal.h"
#include "onnx/values/agree_internal.h"

#include "base/banned.h"

enum { NAME_SHOWN = 60 };

/* --- words */

static int name_length(struct untrusted name)
{
    size_t n = name.n < NAME_SHOWN ? name.n : NAME_SHOWN;
    while (n > 0 && n < name.n && (name.p[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

static void unlike(struct tally *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void unlike(struct tally *t, const char *fmt, ...)
{
    if (t->unlike++ > 0)
        return;
    int n = snprintf(t->first, sizeof t->first, "\"%.*s\"", name_length(t->name),
                     t->name.p ? t->name.p : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->first + n, sizeof t->first - (size_t)n, fmt, ap);
    va_end(ap);
}

void agree_lacking(struct tally *t)
{
    if (t->missing++ == 0)
        snprintf(t->lacking, sizeof t->lacking, "the answer has no \"%.*s\"", name_length(t->name),
                 t->name.p ? t->name.p : "");
}

static void count_words(const struct tally *t, struct buf *b)
{
    char n[HUMAN_BUF];
    size_t all = t->numbers + t->texts;
    const char *what = t->texts == 0 ? "number" : t->numbers == 0 ? "text" : "value";
    buf_addf(b, "%s %s%s", human_count(n, all), what, all == 1 ? "" : "s");
}

static void equal_words(const struct tally *t, struct buf *b)
{
    char text[DECIMAL_BUF];
    struct decimal d;
    if (t->worst > 0) {
        decimal_from(t->worst, 1, &d);
        if (decimal_compare(&d, t->worst) < 0) /* within is not about */
            decimal_next(&d, 1);
        if (t->worst < 1e-3)
            snprintf(text, sizeof text, "%ce%d", d.digit[0], (int)d.exponent);
        else
            decimal_write(&d, text);
        buf_addf(b, "equal within %s (", text);
    } else {
        buf_adds(b, "the same (");
    }
    count_words(t, b);
    buf_addc(b, ')');
}

void agree_finish(const struct tally *t, struct agreement *out)
{
    char n[HUMAN_BUF];
    struct buf b;
    buf_init(&b, sizeof out->words - 1);
    *out =
        (struct agreement){.is = AGREE_YES, .compared = t->numbers + t->texts, .worst = t->worst};
    if (t->found == 0) {
        out->is = AGREE_NOTHING;
        buf_adds(&b, t->missing ? t->lacking : "there is nothing to compare");
    } else if (t->unlike > 0) {
        out->is = AGREE_NO;
        buf_adds(&b, t->first);
        if (t->unlike > 1) {
            buf_addf(&b, "; %s of ", human_count(n, t->unlike));
            count_words(t, &b);
            buf_adds(&b, " differ");
        }
    } else {
        if (t->missing) {
            out->is = AGREE_NO;
            buf_addf(&b, "%s; the rest is ", t->lacking);
        }
        equal_words(t, &b);
    }
    memcpy(out->words, b.p, b.len);
    buf_release(&b);
}

/* --- one value */

static bool is_float(enum elem t)
{
    t = elem_part(t);
    return t == ELEM_FLOAT || t == ELEM_DOUBLE || t == ELEM_FLOAT16 || t == ELEM_BFLOAT16;
}

static const char *number_at(const struct value *v, size_t i)
{
    enum elem part = elem_part(v->elem);
    return (const char *)v->data + i * elem_size(part);
}

static bool close_enough(struct tally *t, double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    if (a == b) /* infinities too */
        return true;
    double apart = fabs(a - b);
    if (apart > t->worst)
        t->worst = apart;
    return isfinite(a) && isfinite(b) && apart <= t->atol + t->rtol * fabs(b);
}

static void compare_number(struct tally *t, const struct value *a, const struct value *b, size_t i)
{
    char here[NUMBER_BUF], there[NUMBER_BUF], place[SHAPE_WORDS];
    enum elem ta = elem_part(a->elem), tb = elem_part(b->elem);
    double x = number_double(ta, number_at(a, i)), y = number_double(tb, number_at(b, i));
    t->numbers++;
    if (is_float(ta) || is_float(tb) || ta != tb) {
        if (close_enough(t, x, y))
            return;
    } else if (memcmp(number_at(a, i), number_at(b, i), elem_size(ta)) == 0) {
        return;
    } else if (fabs(x - y) > t->worst) {
        t->worst = fabs(x - y);
    }
    number_write(ta, number_at(a, i), here);
    number_write(tb, number_at(b, i), there);
    unlike(t, "%s is %s here, %s there",
           place_words(a->dim, a->rank, i / elem_parts(a->elem), place), here, there);
}

static void compare_text(struct tally *t, const struct value *a, const struct value *b, size_t i)
{
    struct untrusted x = a->text[i], y = b->text[i];
    char place[SHAPE_WORDS];
    t->texts++;
    if (x.n != y.n || (x.n > 0 && memcmp(x.p, y.p, x.n) != 0))
        unlike(t, "%s is \"%.*s\" here, \"%.*s\" there", place_words(a->dim, a->rank, i, place),
               name_length(x), x.p ? x.p : "", name_length(y), y.p ? y.p : "");
}

static void compare_tensor(struct tally *t, const struct value *a, const struct value *b)
{
    char here[SHAPE_WORDS], there[SHAPE_WORDS];
    bool text = a->elem == ELEM_STRING;
    if (text != (b->elem == ELEM_STRING) || elem_parts(a->elem) != elem_parts(b->elem)) {
        unlike(t, " is %s here, %s there", elem_name(a->elem), elem_name(b->elem));
        return;
    }
    if (a->rank != b->rank || (a->rank && memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) != 0)) {
        unlike(t, " has the shape %s here, %s there", shape_words(a->dim, a->rank, here),
               shape_words(b->dim, b->rank, there));
        return;
    }
    for (size_t i = 0; i < a->count * elem_parts(a->elem); i++) {
        if (text)
            compare_text(t, a, b, i);
        else
            compare_number(t, a, b, i);
    }
}

/* The order of keys, for maps come in any. */
static int by_key(const void *x, const void *y, void *keys)
{
    const struct value *k = keys;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    if (k->elem != ELEM_STRING)
        return memcmp(number_at(k, i), number_at(k, j), elem_size(k->elem));
    struct untrusted a = k->text[i], b = k->text[j];
    size_t least = a.n < b.n ? a.n : b.n;
    int c = least ? memcmp(a.p, b.p, least) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static size_t *ordered(const struct value *keys)
{
    size_t *order = mem_array(keys->count + 1, sizeof *order);
    for (size_t i = 0; order && i < keys->count; i++)
        order[i] = i;
    if (order)
        qsort_r(order, keys->count, sizeof *order, by_key, (void *)keys);
    return order;
}

static bool same_key(const struct value *a, size_t i, const struct value *b, size_t k)
{
    if (a->elem == ELEM_STRING)
        return a->text[i].n == b->text[k].n &&
               (a->text[i].n == 0 || memcmp(a->text[i].p, b->text[k].p, a->text[i].n) == 0);
    return memcmp(number_at(a, i), number_at(b, k), elem_size(a->elem)) == 0;
}

/* Element i, as if it were alone. */
static struct value element(const struct value *v, size_t i)
{
    struct value one = *v;
    one.rank = 0;
    one.count = 1;
    if (v->elem == ELEM_STRING)
        one.text += i;
    else
        one.data = (char *)v->data + i * elem_size(v->elem);
    return one;
}

static void compare_map(struct tally *t, const struct value *a, const struct value *b)
{
    const struct value *ka = &a->item[0], *kb = &b->item[0];
    size_t n = ka->count;
    if (ka->elem != kb->elem || n != kb->count || a->item[1].count != n || b->item[1].count != n) {
        unlike(t, " has %zu keys of %s here, %zu of %s there", n, elem_name(ka->elem), kb->count,
               elem_name(kb->elem));
        return;
    }
    size_t *oa = ordered(ka), *ob = ordered(kb), i = 0;
    for (; oa && ob && i < n && same_key(ka, oa[i], kb, ob[i]); i++) {
        struct value one = element(&a->item[1], oa[i]), other = element(&b->item[1], ob[i]);
        compare_tensor(t, &one, &other);
    }
    if (i < n)
        unlike(t, oa && ob ? " has other keys here than there" : " cannot be compared: no memory");
    mem_free(oa);
    mem_free(ob);
}

void agree_compare(struct tally *t, const struct value *a, const struct value *b)
{
    static const char *const kinds[] = {[VALUE_NONE] = "nothing",
                                        [VALUE_TENSOR] = "a tensor",
                                        [VALUE_SEQUENCE] = "a list",
                                        [VALUE_MAP] = "a map"};
    if (a->kind != b->kind) {
        unlike(t, " is %s here, %s there", kinds[a->kind], kinds[b->kind]);
    } else if (a->kind == VALUE_TENSOR) {
        compare_tensor(t, a, b);
    } else if (a->kind == VALUE_MAP) {
        compare_map(t, a, b);
    } else if (a->kind == VALUE_SEQUENCE) {
        if (a->items != b->items)
            unlike(t, " has %zu items here, %zu there", a->items, b->items);
        for (size_t i = 0; i < a->items && a->items == b->items; i++)
            agree_compare(t, &a->item[i], &b->item[i]);
    }
}

void agree_values(const struct values *here, const struct values *there, double rtol, double atol,
                  struct agreement *out)
{
    struct tally t = {.rtol = rtol, .atol = atol};
    for (size_t i = 0; i < here->n; i++) {
        t.name = here->of[i].name;
        const struct value *other = values_find(there, t.name);
        if (!other) {
            agree_lacking(&t);
            continue;
        }
        t.found++;
        agree_compare(&t, &here->of[i].v, other);
    }
    agree_finish(&t, out);
}
