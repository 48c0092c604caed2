#include "onnx/values/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "onnx/values/decimal.h"
#include "onnx/values.h"

#include "base/banned.h"

enum elem elem_part(enum elem t)
{
    return t == ELEM_COMPLEX64 ? ELEM_FLOAT : t == ELEM_COMPLEX128 ? ELEM_DOUBLE : t;
}

size_t elem_parts(enum elem t)
{
    return elem_part(t) == t ? 1 : 2;
}

/* --- integers */

struct range {
    int64_t min;
    uint64_t max;
};

static const struct range ranges[ELEM_COUNT] = {
    [ELEM_UINT8] = {0, UINT8_MAX},
    [ELEM_INT8] = {INT8_MIN, INT8_MAX},
    [ELEM_UINT16] = {0, UINT16_MAX},
    [ELEM_INT16] = {INT16_MIN, INT16_MAX},
    [ELEM_UINT32] = {0, UINT32_MAX},
    [ELEM_INT32] = {INT32_MIN, INT32_MAX},
    [ELEM_UINT64] = {0, UINT64_MAX},
    [ELEM_INT64] = {INT64_MIN, INT64_MAX},
    [ELEM_BOOL] = {0, 1},
};

/* Little and big machines alike: the number goes in as its own type. */
static void put_integer(size_t size, uint64_t v, void *at)
{
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    memcpy(at,
           size == 1   ? (void *)&v8
           : size == 2 ? (void *)&v16
           : size == 4 ? (void *)&v32
                       : &v,
           size);
}

/* Of a type with negative numbers as an int64_t. */
static uint64_t get_integer(enum elem t, const void *at)
{
    size_t size = elem_size(t);
    uint8_t v8 = 0;
    uint16_t v16 = 0;
    uint32_t v32 = 0;
    uint64_t v = 0;
    memcpy(size == 1   ? (void *)&v8
           : size == 2 ? (void *)&v16
           : size == 4 ? (void *)&v32
                       : &v,
           at, size);
    v = size == 1 ? v8 : size == 2 ? v16 : size == 4 ? v32 : v;
    uint64_t sign = ranges[t].min < 0 ? UINT64_C(1) << (8 * size - 1) : 0;
    return (v ^ sign) - sign; /* its sign goes up to the 64th bit */
}

bool number_from_integer(enum elem t, bool negative, uint64_t magnitude, void *at)
{
    uint64_t lowest = 0 - (uint64_t)ranges[t].min; /* its magnitude */
    negative = negative && magnitude > 0;
    if (negative ? magnitude > lowest : magnitude > ranges[t].max)
        return false;
    put_integer(elem_size(t), negative ? 0 - magnitude : magnitude, at);
    return true;
}

static enum number_fault read_integer(enum elem t, const struct decimal *d, void *at)
{
    uint64_t magnitude;
    if (d->exponent < 0 && d->n > 0)
        return NUMBER_FRACTION;
    return decimal_u64(d, &magnitude) && number_from_integer(t, d->negative, magnitude, at)
               ? NUMBER_OK
               : NUMBER_RANGE;
}

/* --- floats */

static void put_float(enum elem t, double v, void *at)
{
    if (t == ELEM_DOUBLE) {
        memcpy(at, &v, sizeof v);
    } else if (t == ELEM_FLOAT) {
        float f = (float)v;
        memcpy(at, &f, sizeof f);
    } else {
        uint16_t h = t == ELEM_FLOAT16 ? double_to_half(v) : double_to_bfloat(v);
        memcpy(at, &h, sizeof h);
    }
}

static double get_float(enum elem t, const void *at)
{
    double v;
    float f;
    uint16_t h;
    if (t == ELEM_DOUBLE) {
        memcpy(&v, at, sizeof v);
        return v;
    }
    if (t == ELEM_FLOAT) {
        memcpy(&f, at, sizeof f);
        return (double)f;
    }
    memcpy(&h, at, sizeof h);
    return (double)(t == ELEM_FLOAT16 ? half_to_float(h) : bfloat_to_float(h));
}

/*
 * The double nearest to the number decides, unless it lies exactly between two numbers of the
 * narrower type: the number itself may lie a little to one side, and then so must the double.
 */
static double round_once(enum elem t, const struct decimal *d, double near)
{
    static const int mantissa[ELEM_COUNT] = {
        [ELEM_FLOAT] = 23, [ELEM_FLOAT16] = 10, [ELEM_BFLOAT16] = 7};
    if (t == ELEM_DOUBLE || !isfinite(near))
        return near;
    uint64_t bits;
    char at[8];
    memcpy(&bits, &near, sizeof bits);
    /* Halfway means one bit and then nothing; of subnormals that bit lies higher. */
    if (bits & ((UINT64_C(1) << (52 - mantissa[t] - 1)) - 1))
        return near;
    put_float(t, near, at);
    if (get_float(t, at) == near)
        return near;
    int side = decimal_compare(d, fabs(near));
    return side == 0 ? near : nextafter(near, side > 0 ? copysign(HUGE_VAL, near) : 0.0);
}

static bool read_special(const char *p, size_t n, double *out)
{
    static const struct {
        const char *name;
        double v;
    } special[] = {{"nan", (double)NAN}, {"inf", HUGE_VAL}, {"infinity", HUGE_VAL}};
    bool negative = n > 0 && *p == '-';
    if (n > 0 && (*p == '-' || *p == '+'))
        p++, n--;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (n == strlen(special[i].name) && strncasecmp(p, special[i].name, n) == 0) {
            *out = negative ? -special[i].v : special[i].v;
            return true;
        }
    return false;
}

static enum number_fault read_float(enum elem t, const struct decimal *d, void *at)
{
    double v = decimal_double(d);
    put_float(t, round_once(t, d, v), at);
    return isfinite(get_float(t, at)) ? NUMBER_OK : NUMBER_RANGE;
}

enum number_fault number_read(enum elem t, const char *p, size_t n, int shift, void *at)
{
    struct decimal d;
    double special;
    bool integer = ranges[t].max > 0;
    if (t == ELEM_BOOL && n >= 4) {
        uint8_t yes = n == 4 && memcmp(p, "true", 4) == 0;
        if (yes || (n == 5 && memcmp(p, "false", 5) == 0)) {
            memcpy(at, &yes, 1);
            return NUMBER_OK;
        }
    }
    if (!decimal_parse(p, n, &d)) {
        if (integer || !read_special(p, n, &special))
            return NUMBER_NONE;
        put_float(t, special, at);
        return NUMBER_OK;
    }
    d.exponent += shift;
    return integer ? read_integer(t, &d, at) : read_float(t, &d, at);
}

/* --- writing */

double number_double(enum elem t, const void *at)
{
    if (ranges[t].max == 0)
        return get_float(t, at);
    uint64_t v = get_integer(t, at);
    return ranges[t].min < 0 ? (double)(int64_t)v : (double)v;
}

/* Fewest digits: from what survives any number of the type to what tells all of them apart. */
static void shortest(enum elem t, const void *at, struct decimal *d)
{
    static const struct {
        int sure, enough;
    } digits[ELEM_COUNT] = {[ELEM_FLOAT] = {6, 9},
                            [ELEM_DOUBLE] = {15, 17},
                            [ELEM_FLOAT16] = {3, 5},
                            [ELEM_BFLOAT16] = {2, 4}};
    static const double normal[ELEM_COUNT] = {[ELEM_FLOAT] = 0x1p-126,
                                              [ELEM_DOUBLE] = 0x1p-1022,
                                              [ELEM_FLOAT16] = 0x1p-14,
                                              [ELEM_BFLOAT16] = 0x1p-126};
    int exponent;
    double v = fabs(get_float(t, at));
    /* Above a power of two the numbers lie wider apart than below: the digits nearest to it may
     * lie outside below, and the next ones inside above. */
    int tries = frexp(v, &exponent) == 0.5 ? 2 : 1;
    for (int n = v < normal[t] ? 1 : digits[t].sure; n <= digits[t].enough; n++) {
        decimal_from(v, n, d);
        for (int up = 0; up < tries; up++) {
            char back[8];
            if (up)
                decimal_next(d, n);
            if (read_float(t, d, back) == NUMBER_OK && get_float(t, back) == v)
                return;
        }
    }
    decimal_from(v, digits[t].enough, d);
}

size_t number_write(enum elem t, const void *at, char out[NUMBER_BUF])
{
    /* Below these no two integers of a type are one number: they are their own shortest form. */
    static const double apart[ELEM_COUNT] = {
        [ELEM_FLOAT] = 0x1p24, [ELEM_DOUBLE] = 1e15, [ELEM_FLOAT16] = 2048, [ELEM_BFLOAT16] = 256};
    int n;
    double v;
    if (t == ELEM_BOOL)
        return (size_t)snprintf(out, NUMBER_BUF, *(const uint8_t *)at ? "true" : "false");
    if (ranges[t].min < 0) {
        n = snprintf(out, NUMBER_BUF, "%" PRId64, (int64_t)get_integer(t, at));
    } else if (ranges[t].max > 0) {
        n = snprintf(out, NUMBER_BUF, "%" PRIu64, get_integer(t, at));
    } else if (!isfinite(v = get_float(t, at))) {
        n = snprintf(out, NUMBER_BUF, "%s", isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
    } else if (fabs(v) < apart[t] && v == trunc(v)) {
        n = snprintf(out, NUMBER_BUF, "%s%" PRId64, signbit(v) ? "-" : "", (int64_t)fabs(v));
    } else {
        struct decimal d;
        shortest(t, at, &d);
        d.negative = signbit(v) != 0;
        return decimal_write(&d, out);
    }
    return (size_t)n;
}
