/* number.h, half: every number of the 16-bit types, and those of the others at their edges. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx/values/decimal.h"
#include "onnx/values/number.h"
#include "onnx/values.h"

#include "base/banned.h"

static uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static uint64_t chance(void) /* xorshift64, by Marsaglia */
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* --- 16-bit floats */

/* The value of a 16-bit float by its definition. */
static double defined(uint16_t h, int mantissa, int bias)
{
    int exponent = (h & 0x7fff) >> mantissa;
    double fraction = ldexp(h & ((1 << mantissa) - 1), -mantissa);
    double v = exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias);
    if (exponent == 2 * bias + 1)
        v = fraction > 0 ? (double)NAN : HUGE_VAL;
    return h & 0x8000 ? -v : v;
}

static void every_one(float (*widen)(uint16_t), uint16_t (*narrow)(float), int mantissa, int bias)
{
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t h = (uint16_t)i;
        float f = widen(h);
        double want = defined(h, mantissa, bias);
        if (isnan(want)) { /* stays one; its sign and payload too, but for the quiet bit */
            assert_true(isnan(f));
            assert_int_equal(narrow(f) | 1 << (mantissa - 1), h | 1 << (mantissa - 1));
            continue;
        }
        assert_true((double)f == want && !signbit(f) == !signbit(want));
        assert_int_equal(narrow(f), h);
    }
}

/* Halfway between neighbours goes to the even one, and a little beside to the nearer. */
static void between(float (*widen)(uint16_t), uint16_t (*narrow)(float), uint16_t infinity)
{
    for (uint16_t h = 0; h + 1 < infinity; h++) {
        double low = (double)widen(h), high = (double)widen((uint16_t)(h + 1));
        double middle = (low + high) / 2; /* exact, and a float */
        uint16_t even = (h & 1) ? (uint16_t)(h + 1) : h;
        assert_int_equal(narrow((float)middle), even);
        assert_int_equal(narrow(-(float)middle), even | 0x8000);
        if (bits_of((float)middle) > 0) {
            assert_int_equal(narrow(nextafterf((float)middle, 0)), h);
            assert_int_equal(narrow(nextafterf((float)middle, HUGE_VALF)), h + 1);
        }
    }
}

static void test_half(void **state)
{
    (void)state;
    every_one(half_to_float, float_to_half, 10, 15);
    between(half_to_float, float_to_half, 0x7c00);
    assert_int_equal(float_to_half(65519.996f), 0x7bff);
    assert_int_equal(float_to_half(65520), 0x7c00);
    assert_int_equal(float_to_half(-FLT_MAX), 0xfc00);
    assert_int_equal(float_to_half(FLT_TRUE_MIN), 0);
    assert_int_equal(double_to_half(0x1.002p0 + 0x1p-50), 0x3c01); /* a float would be the tie */
    assert_int_equal(double_to_half(DBL_TRUE_MIN), 0);
}

static void test_bfloat(void **state)
{
    (void)state;
    every_one(bfloat_to_float, float_to_bfloat, 7, 127);
    between(bfloat_to_float, float_to_bfloat, 0x7f80);
    assert_int_equal(float_to_bfloat(FLT_MAX), 0x7f80);
    assert_int_equal(double_to_bfloat(DBL_MAX), 0x7f80);
}

/* --- shortest forms */

static void expect_written(enum elem t, const void *at, const char *want)
{
    char text[NUMBER_BUF];
    size_t n = number_write(t, at, text);
    assert_int_equal(n, strlen(text));
    assert_string_equal(text, want);
}

static void test_written(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *want;
    } doubles[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {1e21, "1e+21"},
        {1e20, "100000000000000000000"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {123e-20, "1.23e-18"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {0x1p-44, "5.684341886080802e-14"},
        {9007199254740993.0, "9007199254740992"},
        {1e23, "1e+23"},
        {-1.5, "-1.5"},
        {4.35, "4.35"},
        {0x1p-1074 * 3, "1.5e-323"},
    };
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        expect_written(ELEM_DOUBLE, &doubles[i].v, doubles[i].want);
    static const struct {
        float v;
        const char *want;
    } floats[] = {
        {0.1f, "0.1"},
        {16777216, "16777216"},
        {33554432, "33554432"},
        {FLT_MAX, "3.4028235e+38"},
        {FLT_TRUE_MIN, "1e-45"},
        {FLT_MIN, "1.1754944e-38"},
        {1e10f, "10000000000"},
        {8589973000.0f, "8589974000"},
        {0x1p90f, "1.2379401e+27"},
        {0x1p-24f, "5.9604645e-8"},
        {-0.0f, "-0"},
    };
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        expect_written(ELEM_FLOAT, &floats[i].v, floats[i].want);
    const double special[] = {(double)NAN, HUGE_VAL, -HUGE_VAL};
    expect_written(ELEM_DOUBLE, &special[0], "NaN");
    expect_written(ELEM_DOUBLE, &special[1], "Infinity");
    expect_written(ELEM_DOUBLE, &special[2], "-Infinity");
}

/* What is written reads back as the same bits, and no fewer digits would have done. */
static void check_round(enum elem t, const void *at, size_t size)
{
    char text[NUMBER_BUF], back[8], shorter[NUMBER_BUF];
    size_t n = number_write(t, at, text);
    assert_int_equal(number_read(t, text, n, 0, back), NUMBER_OK);
    if (memcmp(back, at, size) != 0 && strcmp(text, "NaN") != 0)
        fail_msg("%s of type %s reads back as another number", text, elem_name(t));
    struct decimal d;
    if (!decimal_parse(text, n, &d) || d.n < 2 || d.exponent > 0 || t == ELEM_INT64 ||
        t == ELEM_UINT64)
        return;
    for (int up = 0; up < 2; up++) { /* one digit less, down and up */
        struct decimal less = d;
        less.n--;
        less.exponent++;
        if (up)
            decimal_next(&less, (int)less.n);
        n = decimal_write(&less, shorter);
        if (number_read(t, shorter, n, 0, back) == NUMBER_OK && memcmp(back, at, size) == 0)
            fail_msg("%s of type %s is as good as %s", shorter, elem_name(t), text);
    }
}

static void test_round_trips(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t h = (uint16_t)i;
        check_round(ELEM_FLOAT16, &h, sizeof h);
        check_round(ELEM_BFLOAT16, &h, sizeof h);
    }
    for (int i = 0; i < 50000; i++) {
        uint64_t u = chance();
        uint32_t small = (uint32_t)(u >> 32);
        check_round(ELEM_DOUBLE, &u, sizeof u);
        check_round(ELEM_FLOAT, &small, sizeof small);
        check_round(ELEM_INT64, &u, sizeof u);
        check_round(ELEM_UINT64, &u, sizeof u);
    }
    for (int i = -1074; i < 1024; i++) { /* where numbers lie wider apart above than below */
        double d = ldexp(1, i);
        float f = (float)d;
        check_round(ELEM_DOUBLE, &d, sizeof d);
        if (isfinite(f) && f != 0)
            check_round(ELEM_FLOAT, &f, sizeof f);
    }
}

/* --- reading */

static void expect_read(enum elem t, const char *text, int shift, double want)
{
    char at[8];
    enum number_fault f = number_read(t, text, strlen(text), shift, at);
    if (f != NUMBER_OK || number_double(t, at) != want)
        fail_msg("%s as %s: fault %d, %.17g", text, elem_name(t), f, number_double(t, at));
}

static void test_rounded_once(void **state)
{
    (void)state;
    /* Halfway between two floats, and a hair beside it: as a double the same number. */
    expect_read(ELEM_FLOAT, "1.000000059604644775390625", 0, 1);
    expect_read(ELEM_FLOAT, "1.00000005960464477539062500000000001", 0, 0x1.000002p0);
    expect_read(ELEM_FLOAT, "1.000000178813934326171875", 0, 0x1.000004p0);
    expect_read(ELEM_FLOAT, "1.00000017881393432617187499999999999", 0, 0x1.000002p0);
    expect_read(ELEM_FLOAT, "-1.00000005960464477539062500000000001", 0, -0x1.000002p0);
    expect_read(ELEM_FLOAT16, "1.00048828125", 0, 1);
    expect_read(ELEM_FLOAT16, "1.000488281250000000000000000000000001", 0, 0x1.004p0);
    expect_read(ELEM_BFLOAT16, "1.00390625", 0, 1);
    expect_read(ELEM_BFLOAT16, "1.003906250000000000000000000000000001", 0, 0x1.02p0);
    /* The smallest, halved: to zero, or not quite. */
    expect_read(ELEM_FLOAT16, "2.98023223876953125e-8", 0, 0);
    expect_read(ELEM_FLOAT16, "2.98023223876953125000000000000000001e-8", 0, 0x1p-24);
    expect_read(ELEM_FLOAT, "7.006492321624085354618e-46", 0, 0);
    expect_read(ELEM_FLOAT, "7.0064923216240853546187e-46", 0, 0x1p-149);
    char many[1200]; /* decided by the last of a thousand digits */
    memset(many, '0', sizeof many);
    memcpy(many, "1.00000005960464477539062", 25);
    many[25] = '5';
    many[1100] = '1';
    many[1101] = '\0';
    expect_read(ELEM_FLOAT, many, 0, 0x1.000002p0);
    many[1100] = '0';
    expect_read(ELEM_FLOAT, many, 0, 1);
}

static void test_read(void **state)
{
    (void)state;
    expect_read(ELEM_DOUBLE, "1e23", 0, 1e23);
    expect_read(ELEM_DOUBLE, "0.000000000000000000000000000001e30", 0, 1);
    expect_read(ELEM_DOUBLE, "8.5e22", 0, 8.5e22);
    expect_read(ELEM_DOUBLE, "+.5", 0, 0.5);
    expect_read(ELEM_DOUBLE, "5.", 0, 5);
    expect_read(ELEM_DOUBLE, "1e-999999999999", 0, 0);
    expect_read(ELEM_DOUBLE, "123456789", -18, 123456789e-18);
    expect_read(ELEM_INT64, "5000000000000000000", -18, 5);
    expect_read(ELEM_INT64, "123e-1", 1, 123);
    expect_read(ELEM_UINT8, "2.55e2", 0, 255);
    expect_read(ELEM_INT8, "0e999999999999", 0, 0);
    expect_read(ELEM_BOOL, "true", 0, 1);
    expect_read(ELEM_BOOL, "0", 0, 0);

    static const struct {
        enum elem t;
        const char *text;
        enum number_fault fault;
    } bad[] = {
        {ELEM_DOUBLE, "", NUMBER_NONE},        {ELEM_DOUBLE, ".", NUMBER_NONE},
        {ELEM_DOUBLE, "1e", NUMBER_NONE},      {ELEM_DOUBLE, "1e+", NUMBER_NONE},
        {ELEM_DOUBLE, "--1", NUMBER_NONE},     {ELEM_DOUBLE, "1.2.3", NUMBER_NONE},
        {ELEM_DOUBLE, "0x10", NUMBER_NONE},    {ELEM_DOUBLE, "1,5", NUMBER_NONE},
        {ELEM_DOUBLE, "nanny", NUMBER_NONE},   {ELEM_DOUBLE, " 1", NUMBER_NONE},
        {ELEM_DOUBLE, "1e309", NUMBER_RANGE},  {ELEM_FLOAT, "3.4028236e38", NUMBER_RANGE},
        {ELEM_FLOAT16, "65520", NUMBER_RANGE}, {ELEM_INT8, "inf", NUMBER_NONE},
        {ELEM_INT8, "0.5", NUMBER_FRACTION},   {ELEM_INT8, "1e99999999999", NUMBER_RANGE},
        {ELEM_UINT8, "-1", NUMBER_RANGE},      {ELEM_BOOL, "True", NUMBER_NONE},
        {ELEM_BOOL, "2", NUMBER_RANGE},        {ELEM_UINT64, "18446744073709551616", NUMBER_RANGE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char at[8];
        assert_int_equal(number_read(bad[i].t, bad[i].text, strlen(bad[i].text), 0, at),
                         bad[i].fault);
    }
    float f;
    assert_int_equal(number_read(ELEM_FLOAT, "3.4028235677973367e38", 21, 0, &f), NUMBER_RANGE);
    assert_int_equal(number_read(ELEM_FLOAT, "3.4028235677973362e38", 21, 0, &f), NUMBER_OK);
    assert_true(f == FLT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half),         cmocka_unit_test(test_bfloat),
        cmocka_unit_test(test_written),      cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_rounded_once), cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
