#include "eth/u256.h"

#include <endian.h>
#include <string.h>

#include "base/err.h"

#include "base/banned.h"

__extension__ typedef unsigned __int128 u128;

u256 u256_from_u64(uint64_t v)
{
    return (u256){{v, 0, 0, 0}};
}

u256 u256_from_be(const uint8_t be[32])
{
    u256 v;
    for (int i = 0; i < 4; i++) {
        memcpy(&v.w[3 - i], be + 8 * i, 8);
        v.w[3 - i] = be64toh(v.w[3 - i]);
    }
    return v;
}

void u256_to_be(u256 v, uint8_t be[32])
{
    for (int i = 0; i < 4; i++) {
        uint64_t w = htobe64(v.w[3 - i]);
        memcpy(be + 8 * i, &w, 8);
    }
}

/* v * m + add; false when it does not fit. */
static bool mul_add(u256 *v, uint64_t m, uint64_t add)
{
    u128 carry = add;
    for (int i = 0; i < 4; i++) {
        carry += (u128)v->w[i] * m;
        v->w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return carry == 0;
}

bool u256_from_dec(const char *s, size_t n, u256 *out)
{
    u256 v = U256_ZERO;
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9' || !mul_add(&v, 10, (uint64_t)(s[i] - '0')))
            return false;
    }
    *out = v;
    return true;
}

char *u256_to_dec(u256 v, char out[U256_DEC])
{
    char digits[U256_DEC];
    size_t n = 0;
    do {
        uint64_t d;
        v = u256_divmod_u64(v, 10, &d);
        digits[n++] = (char)('0' + d);
    } while (!u256_is_zero(v));
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
    return out;
}

bool u256_fits_u64(u256 v, uint64_t *out)
{
    if ((v.w[1] | v.w[2] | v.w[3]) != 0)
        return false;
    *out = v.w[0];
    return true;
}

int u256_cmp(u256 a, u256 b)
{
    for (int i = 3; i >= 0; i--) {
        if (a.w[i] != b.w[i])
            return a.w[i] < b.w[i] ? -1 : 1;
    }
    return 0;
}

bool u256_is_zero(u256 v)
{
    return (v.w[0] | v.w[1] | v.w[2] | v.w[3]) == 0;
}

bool u256_add(u256 a, u256 b, u256 *sum)
{
    u128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (u128)a.w[i] + b.w[i];
        sum->w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry != 0)
        memset(sum, 0xff, sizeof *sum);
    return carry == 0;
}

/* a - b modulo 2^256. */
static u256 wrapping_sub(u256 a, u256 b)
{
    u256 d;
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        u128 t = (u128)a.w[i] - b.w[i] - borrow;
        d.w[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return d;
}

bool u256_sub(u256 a, u256 b, u256 *diff)
{
    bool fits = u256_cmp(a, b) >= 0;
    *diff = fits ? wrapping_sub(a, b) : U256_ZERO;
    return fits;
}

bool u256_mul_u64(u256 a, uint64_t by, u256 *product)
{
    bool fits = mul_add(&a, by, 0);
    if (!fits)
        memset(&a, 0xff, sizeof a);
    *product = a;
    return fits;
}

u256 u256_divmod_u64(u256 a, uint64_t by, uint64_t *rem)
{
    if (by == 0)
        BUG("division by zero");
    u128 r = 0;
    for (int i = 3; i >= 0; i--) {
        r = r << 64 | a.w[i];
        a.w[i] = (uint64_t)(r / by);
        r %= by;
    }
    *rem = (uint64_t)r;
    return a;
}

uint64_t u256_permille(u256 a, u256 b)
{
    uint64_t product[5]; /* a * 1000 */
    uint64_t quotient = 0;
    u256 r = U256_ZERO;
    u128 carry = 0;
    if (u256_is_zero(b))
        return 0;
    for (int i = 0; i < 4; i++) {
        carry += (u128)a.w[i] * 1000;
        product[i] = (uint64_t)carry;
        carry >>= 64;
    }
    product[4] = (uint64_t)carry;

    for (int bit = 319; bit >= 0; bit--) { /* long division, one bit at a time */
        bool out = r.w[3] >> 63;
        for (int i = 3; i > 0; i--)
            r.w[i] = r.w[i] << 1 | r.w[i - 1] >> 63;
        r.w[0] = r.w[0] << 1 | (product[bit / 64] >> (bit % 64) & 1);
        if (quotient >> 63)
            return UINT64_MAX;
        quotient <<= 1;
        if (out || u256_cmp(r, b) >= 0) {
            r = wrapping_sub(r, b);
            quotient |= 1;
        }
    }
    return quotient;
}

/* Digits before the point, separated by thousands. Returns where it stopped writing. */
static char *put_whole(char *o, const char *digits, size_t n)
{
    if (n == 0)
        *o++ = '0';
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *o++ = ',';
        *o++ = digits[i];
    }
    return o;
}

/* "<0.01": less than the last of `places` shown. */
static char *put_below(char *o, size_t places)
{
    *o++ = '<';
    if (places > 0) {
        *o++ = '0';
        *o++ = '.';
        memset(o, '0', places - 1);
        o += places - 1;
    }
    *o++ = '1';
    return o;
}

/* No token has more decimals than a value has digits; "123e-200" still fits, and is exact. */
static char *put_scaled(char *o, const char *digits, size_t n, unsigned decimals)
{
    memcpy(o, digits, n);
    memcpy(o + n, "e-", 2);
    o += n + 2;
    return o + strlen(u256_to_dec(u256_from_u64(decimals), o));
}

char *u256_format(u256 v, unsigned decimals, int max_frac, char out[U256_FMT])
{
    char digits[U256_DEC] = "";
    size_t n = strlen(u256_to_dec(v, digits));
    size_t whole = n > decimals ? n - decimals : 0;
    size_t zeros = n < decimals ? decimals - n : 0; /* between the point and the digits */
    size_t frac = max_frac < 0 || (unsigned)max_frac > decimals ? decimals : (unsigned)max_frac;
    char *o = out;

    if (u256_is_zero(v)) {
        *o++ = '0';
    } else if (max_frac < 0 && decimals >= U256_DEC) {
        o = put_scaled(o, digits, n, decimals);
    } else if (whole == 0 && zeros >= frac) {
        o = put_below(o, frac < U256_DEC ? frac : U256_DEC);
    } else {
        if (frac > U256_DEC)
            frac = U256_DEC; /* what the buffer holds; "at most" was asked for */
        while (frac > zeros && digits[whole + frac - zeros - 1] == '0')
            frac--;
        o = put_whole(o, digits, whole);
        if (frac > zeros) {
            *o++ = '.';
            memset(o, '0', zeros);
            memcpy(o + zeros, digits + whole, frac - zeros);
            o += frac;
        }
    }
    *o = '\0';
    return out;
}

static const char *read_decimal(const char *s, unsigned decimals, u256 *out)
{
    static const char too_large[] = "is beyond 256 bits";
    size_t whole = strspn(s, "0123456789");
    size_t frac = 0;
    const char *end = s + whole;
    u256 v;
    if (*end == '.') {
        frac = strspn(end + 1, "0123456789");
        end += 1 + frac;
    }
    if (*end != '\0' || whole == 0 || end[-1] == '.')
        return "is no plain decimal number";
    if (frac > decimals)
        return "has more decimals than the token";
    if (!u256_from_dec(s, whole, &v))
        return too_large;
    for (size_t i = 0; i < decimals; i++) {
        if (!mul_add(&v, 10, i < frac ? (uint64_t)(s[whole + 1 + i] - '0') : 0))
            return too_large;
    }
    *out = v;
    return NULL;
}

bool u256_parse_decimal(const char *s, unsigned decimals, u256 *out)
{
    return !read_decimal(s, decimals, out);
}

const char *u256_decimal_fault(const char *s, unsigned decimals)
{
    u256 v;
    return read_decimal(s, decimals, &v);
}
