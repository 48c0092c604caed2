/*
 * The two 16-bit floats. Both are rounded from a double in one step: a float is exact as a double,
 * and a decimal number must not be rounded twice.
 */
#include <string.h>

#include "onnx/values/number.h"
#include "onnx/values.h"

#include "base/banned.h"

/* mantissa: stored bits of it; bias: of the exponent. To nearest, ties to even. */
static uint16_t narrow(double d, int mantissa, int bias)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    const uint64_t sign = bits >> 63 << 15, fraction = bits & ((UINT64_C(1) << 52) - 1);
    const uint64_t infinity = (uint64_t)(2 * bias + 1) << mantissa;
    int exponent = (int)(bits >> 52 & 0x7ff);
    int drop = 52 - mantissa; /* bits that go */
    if (exponent == 0x7ff) {
        uint64_t quiet = fraction ? UINT64_C(1) << (mantissa - 1) | fraction >> drop : 0;
        return (uint16_t)(sign | infinity | quiet);
    }
    exponent += bias - 1023;
    if (exponent < 1) { /* a subnormal: more bits go, and there is no implied one */
        drop += 1 - exponent;
        exponent = 1;
    }
    if (drop > 53) /* below half of the smallest; doubles that are subnormal are far below */
        return (uint16_t)sign;
    uint64_t full = fraction | UINT64_C(1) << 52, kept = full >> drop;
    uint64_t rest = full - (kept << drop), half = UINT64_C(1) << (drop - 1);
    if (rest > half || (rest == half && (kept & 1)))
        kept++; /* a carry runs into the exponent, which is right */
    kept += (uint64_t)(exponent - 1) << mantissa;
    return (uint16_t)(sign | (kept < infinity ? kept : infinity));
}

uint16_t double_to_half(double d)
{
    return narrow(d, 10, 15);
}

uint16_t double_to_bfloat(double d)
{
    return narrow(d, 7, 127);
}

uint16_t float_to_half(float f)
{
    return narrow((double)f, 10, 15);
}

uint16_t float_to_bfloat(float f)
{
    return narrow((double)f, 7, 127);
}

static float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, fraction = h & 0x3ff;
    const uint32_t exponent = h >> 10 & 31;
    if (exponent == 31)
        return float_of(sign | 0x7f800000 | fraction << 13);
    if (exponent > 0)
        return float_of(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float f = (float)fraction * 0x1p-24f; /* a subnormal, or zero: exact */
    return sign ? -f : f;
}

float bfloat_to_float(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}
