#include "walrus/field.h"

#include "base/banned.h"

enum { BITS = 16, POLYNOMIAL = 0x1002D };

/* The basis in polynomial form, and the powers of x in the basis. */
static const uint16_t beta[BITS] = {0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E, 0x914C, 0x4012,
                                    0x6C98, 0x10D8, 0x6A72, 0xB900, 0xFDB8, 0xFB34, 0xFF38, 0x991E};
static const uint16_t power[BITS] = {0x0001, 0x4690, 0x65D8, 0x62D0, 0x5734, 0x45F0,
                                     0x53B8, 0x1E38, 0x7CAE, 0x4E38, 0x6708, 0xC25C,
                                     0x7A64, 0x9EAC, 0x1124, 0x523A};

/* The sum of what v has bits for. */
static uint32_t sum_over(uint32_t v, const uint16_t *to)
{
    uint32_t r = 0;
    for (unsigned i = 0; i < BITS; i++)
        if (v >> i & 1)
            r ^= to[i];
    return r;
}

uint16_t field_mul(uint16_t a, uint16_t b)
{
    uint32_t x = sum_over(a, beta), y = sum_over(b, beta), r = 0;
    for (unsigned i = 0; i < BITS; i++) {
        if (y >> i & 1)
            r ^= x;
        x <<= 1;
        if (x >> BITS)
            x ^= POLYNOMIAL;
    }
    return (uint16_t)sum_over(r, power);
}

/* The instruction takes the row of output bit i from byte 7 - i. */
static uint64_t matrix(const uint16_t *column, unsigned shift)
{
    uint64_t m = 0;
    for (unsigned out = 0; out < 8; out++)
        for (unsigned in = 0; in < 8; in++)
            m |= (uint64_t)(column[in] >> (shift + out) & 1) << (8 * (7 - out) + in);
    return m;
}

void field_products(field_basis products)
{
    for (unsigned i = 0; i < BITS; i++)
        for (unsigned k = 0; k < BITS; k++)
            products[i][k] = field_mul((uint16_t)(1u << i), (uint16_t)(1u << k));
}

void field_multiplier(field_basis products, uint16_t c, struct multiplier *out)
{
    uint16_t column[BITS]; /* c times each basis element */
    for (unsigned i = 0; i < BITS; i++)
        column[i] = (uint16_t)sum_over(c, products[i]);
    for (unsigned k = 0; k < 4; k++)
        for (unsigned v = 0; v < 16; v++) {
            uint32_t r = 0;
            for (unsigned bit = 0; bit < 4; bit++)
                if (v >> bit & 1)
                    r ^= column[4 * k + bit];
            out->word[k][v] = (uint16_t)r;
            out->byte[k][0][v] = (uint8_t)r;
            out->byte[k][1][v] = (uint8_t)(r >> 8);
        }
    for (unsigned half = 0; half < 2; half++) {
        out->to_low[half] = matrix(column + 8 * half, 0);
        out->to_high[half] = matrix(column + 8 * half, 8);
    }
}
