/*
 * What was given, held against what is wanted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "onnx/values/number.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

/* --- words */

enum { NAME_SHOWN = 60, GIVEN_SHOWN = 40 };

/* So much of a text as a message has room for. */
static int shown(struct untrusted u, size_t most, const char **more)
{
    size_t n = u.n;
    *more = "";
    if (n > most) {
        for (n = most; n > 0 && (u.p[n] & 0xC0) == 0x80;)
            n--;
        *more = "…";
    }
    return (int)n;
}

souk_err read_fail(const struct reading *r, const char *fmt, ...)
{
    char why[ERR_MSG_MAX];
    const char *more;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    int n = shown(r->name, NAME_SHOWN, &more);
    return err_set(r->e, SOUK_EINPUT, "%s \"%.*s%s\": %s", r->noun, n, n ? r->name.p : "", more,
                   why);
}

/* What a buffer with a cap took, the rest as a mark. */
static const char *words_of(struct buf *b, char *out, size_t size)
{
    size_t n = b->len < size - 1 ? b->len : size - 1;
    memcpy(out, b->p, n);
    out[n] = '\0';
    if (b->bad && n > 4)
        memcpy(out + n - 3, "…", 3);
    buf_release(b);
    return out;
}

const char *type_words(const struct value_type *t, char out[TYPE_WORDS])
{
    struct buf b;
    buf_init(&b, TYPE_WORDS - 1);
    value_type_format(t, &b);
    return words_of(&b, out, TYPE_WORDS);
}

const char *shape_words(const int64_t *dim, size_t rank, char out[SHAPE_WORDS])
{
    struct buf b;
    buf_init(&b, SHAPE_WORDS - 1);
    for (size_t i = 0; i < rank; i++)
        buf_addf(&b, "%s%" PRId64, i ? "," : "[", dim[i]);
    buf_adds(&b, rank ? "]" : "[]");
    return words_of(&b, out, SHAPE_WORDS);
}

const char *index_words(const size_t *at, size_t n, char out[SHAPE_WORDS])
{
    struct buf b;
    buf_init(&b, SHAPE_WORDS - 1);
    for (size_t k = 0; k < n; k++)
        buf_addf(&b, "[%zu]", at[k]);
    return words_of(&b, out, SHAPE_WORDS);
}

const char *place_words(const int64_t *dim, size_t rank, size_t i, char out[SHAPE_WORDS])
{
    size_t at[VALUES_RANK + 1];
    for (size_t k = rank; k-- > 0;) {
        size_t n = dim[k] > 0 ? (size_t)dim[k] : 1;
        at[k] = i % n;
        i /= n;
    }
    return index_words(at, rank, out);
}

/* --- shapes */

static souk_err wrong_shape(const struct reading *r, const struct value_type *t,
                            const struct given *g)
{
    char type[TYPE_WORDS], shape[SHAPE_WORDS];
    return read_fail(r, "the shape %s was given, %s is wanted", shape_words(g->dim, g->rank, shape),
                     type_words(t, type));
}

/* Do sizes fit dims one by one? first: how many of the dims are left out. */
static bool fits(const struct value_type *t, size_t first, const struct given *g)
{
    if (t->rank - first != g->rank)
        return false;
    for (size_t i = 0; i < g->rank; i++)
        if (t->dim[first + i].size >= 0 && t->dim[first + i].size != g->dim[i])
            return false;
    return true;
}

/* Numbers in a row, for a shape that leaves at most one dim open: it takes what is over. */
souk_err row_fit(const struct reading *r, const struct value_type *t, size_t count, int64_t *dim)
{
    char type[TYPE_WORDS];
    size_t fixed = 1, open = 0, where = 0;
    for (size_t i = 0; i < t->rank; i++) {
        dim[i] = t->dim[i].size >= 0 ? t->dim[i].size : 1;
        if (t->dim[i].size < 0)
            open++, where = i;
        else if (__builtin_mul_overflow(fixed, (size_t)dim[i], &fixed))
            return read_fail(r, "%s is larger than memory", type_words(t, type));
    }
    if (open == 0 || (count == fixed && count == 1)) {
        if (count != fixed)
            return read_fail(r, "%zu %s given, %s takes %zu", count,
                             count == 1 ? "element was" : "elements were", type_words(t, type),
                             fixed);
        return SOUK_OK;
    }
    if (open > 1)
        return read_fail(r,
                         "%zu elements in a row do not say the shape of %s: nest them, or give "
                         "{\"shape\": […], \"data\": […]}",
                         count, type_words(t, type));
    if (fixed == 0 ? count != 0 : count % fixed != 0)
        return read_fail(r, "%zu %s given, %s takes a multiple of %zu", count,
                         count == 1 ? "element was" : "elements were", type_words(t, type), fixed);
    dim[where] = fixed ? (int64_t)(count / fixed) : 0;
    return SOUK_OK;
}

static souk_err choose_shape(const struct reading *r, const struct value_type *t,
                             const struct given *g, int64_t *dim, size_t *rank)
{
    *rank = t->rank;
    if (!t->has_shape || fits(t, 0, g)) {
        *rank = g->rank;
        memcpy(dim, g->dim, g->rank * sizeof *dim);
        return SOUK_OK;
    }
    if (!g->bare)
        return wrong_shape(r, t, g);
    if (t->rank == g->rank + 1 && g->rank > 0 && (t->dim[0].size < 0 || t->dim[0].size == 1) &&
        fits(t, 1, g)) { /* one of a batch */
        dim[0] = 1;
        memcpy(dim + 1, g->dim, g->rank * sizeof *dim);
        return SOUK_OK;
    }
    if (g->rank > 1 || (g->rank == 1 && t->rank == 1))
        return wrong_shape(r, t, g);
    return row_fit(r, t, g->count, dim);
}

souk_err tensor_fit(const struct reading *r, const struct value_type *t, const struct given *g,
                    struct value *out)
{
    int64_t dim[VALUES_RANK] = {0};
    size_t rank = 0;
    struct err why;
    if (g->rank > VALUES_RANK) /* the halves of complex numbers make one more, and this has none */
        return read_fail(r, "lists nested deeper than %d", VALUES_RANK);
    if (choose_shape(r, t, g, dim, &rank))
        return SOUK_EINPUT;
    souk_err rc = tensor_make(r->out, out, t->elem, dim, rank, &why);
    if (rc == SOUK_EINPUT)
        return read_fail(r, "%s", why.msg);
    return rc ? err_set(r->e, rc, "%s", why.msg) : SOUK_OK;
}

/* --- elements */

enum number_fault element_put(const struct value *v, size_t i, struct untrusted text, int shift)
{
    enum elem part = elem_part(v->elem);
    if (text.n >= 2 && *text.p == '"') /* large integers come as texts */
        text = untrusted_n(text.p + 1, text.n - 2);
    return number_read(part, text.p, text.n, shift, (char *)v->data + i * elem_size(part));
}

souk_err element_fail(const struct reading *r, const struct value *v, enum number_fault f,
                      struct untrusted text, const char *place)
{
    const char *more, *type = elem_name(elem_part(v->elem));
    int n = shown(text, GIVEN_SHOWN, &more);
    const char *p = n ? text.p : "empty";
    n = n ? n : 5;
    if (f == NUMBER_RANGE)
        return read_fail(r, "%s is %.*s%s, which does not fit %s", place, n, p, more, type);
    return read_fail(r, "%s is %.*s%s, %s is wanted", place, n, p, more, type);
}

souk_err element_text(const struct reading *r, const struct value *v, size_t i,
                      struct untrusted text)
{
    if (text.n && memchr(text.p, '\0', text.n))
        return read_fail(r, "a text holds a NUL character, which no engine takes");
    char *copy = arena_strndup(&r->out->arena, text.p, text.n);
    if (!copy)
        return err_nomem(r->e);
    ((struct untrusted *)v->text)[i] = untrusted_n(copy, text.n);
    return SOUK_OK;
}
