#include "market/genuine/wide.h"

#include <string.h>

#include "base/banned.h"

__extension__ typedef unsigned __int128 u128;

enum { PRODUCT = 8 }; /* limbs of a product of two amounts */

static void scale(u256 a, uint64_t by, uint64_t out[5])
{
    u128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (u128)a.w[i] * by;
        out[i] = (uint64_t)carry;
        carry >>= 64;
    }
    out[4] = (uint64_t)carry;
}

bool wide_at_least(u256 a, uint64_t x, u256 b, uint64_t y)
{
    uint64_t p[5], q[5];
    scale(a, x, p);
    scale(b, y, q);
    for (int i = 4; i >= 0; i--) {
        if (p[i] != q[i]) {
            return p[i] > q[i];
        }
    }
    return true;
}

static void multiply(u256 a, u256 b, uint64_t out[PRODUCT])
{
    memset(out, 0, PRODUCT * sizeof *out);
    for (int i = 0; i < 4; i++) {
        u128 carry = 0;
        for (int k = 0; k < 4; k++) {
            carry += (u128)a.w[i] * b.w[k] + out[i + k];
            out[i + k] = (uint64_t)carry;
            carry >>= 64;
        }
        out[i + 4] = (uint64_t)carry;
    }
}

u256 wide_part(u256 x, u256 f, u256 t)
{
    uint64_t a, b, c, product[PRODUCT];
    if (u256_fits_u64(x, &a) && u256_fits_u64(f, &b) && u256_fits_u64(t, &c)) {
        return u256_from_u64((uint64_t)((u128)a * b / c)); /* x <= t: no more than f */
    }
    multiply(x, f, product);
    u256 r = U256_ZERO, quotient = U256_ZERO;
    for (int bit = PRODUCT * 64 - 1; bit >= 0; bit--) { /* long division, one bit at a time */
        bool out = r.w[3] >> 63;
        for (int i = 3; i > 0; i--) {
            r.w[i] = r.w[i] << 1 | r.w[i - 1] >> 63;
            quotient.w[i] = quotient.w[i] << 1 | quotient.w[i - 1] >> 63;
        }
        r.w[0] = r.w[0] << 1 | (product[bit / 64] >> (bit % 64) & 1);
        quotient.w[0] <<= 1;
        if (out || u256_cmp(r, t) >= 0) {
            uint64_t borrow = 0;
            for (int i = 0; i < 4; i++) {
                u128 d = (u128)r.w[i] - t.w[i] - borrow;
                r.w[i] = (uint64_t)d;
                borrow = (uint64_t)(d >> 64) & 1;
            }
            quotient.w[0] |= 1;
        }
    }
    return quotient;
}

bool wide_even(uint64_t n, uint64_t sum, uint64_t squares, uint32_t cv)
{
    u256 a, b;
    uint64_t p[PRODUCT];
    multiply(u256_from_u64(n), u256_from_u64(squares), p);
    memcpy(a.w, p, sizeof a.w);
    multiply(u256_from_u64(sum), u256_from_u64(sum), p);
    memcpy(b.w, p, sizeof b.w);
    u256 spread;
    (void)u256_sub(a, b, &spread); /* never negative, by Cauchy and Schwarz */
    return wide_at_least(b, (uint64_t)cv * cv, spread, 1000000);
}
