/*
 * u256.h: unsigned 256-bit integers, the only type an amount ever has.
 *
 * Four 64-bit limbs, least significant first. Arithmetic reports overflow
 * instead of wrapping: an amount that does not fit is an error, not a number.
 * In SQLite and on the wire a u256 is 32 bytes big-endian, so that memcmp and
 * ORDER BY sort by value. Decimal text is exact in both directions.
 */
#ifndef SOUK_ETH_U256_H
#define SOUK_ETH_U256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct u256 {
    uint64_t w[4];
} u256;

enum { U256_DEC = 79, U256_FMT = 112 };

static const u256 U256_ZERO = {{0, 0, 0, 0}};

u256 u256_from_u64(uint64_t v);
u256 u256_from_be(const uint8_t be[32]);
void u256_to_be(u256 v, uint8_t be[32]);
bool u256_from_dec(const char *s, size_t n, u256 *out); /* digits only, no sign, no blank */
char *u256_to_dec(u256 v, char out[U256_DEC]);
bool u256_fits_u64(u256 v, uint64_t *out);

int u256_cmp(u256 a, u256 b);
bool u256_is_zero(u256 v);
bool u256_add(u256 a, u256 b, u256 *sum);  /* false on overflow, *sum then holds the maximum */
bool u256_sub(u256 a, u256 b, u256 *diff); /* false when b > a, *diff then zero */
bool u256_mul_u64(u256 a, uint64_t by, u256 *product);    /* overflow as in u256_add */
u256 u256_divmod_u64(u256 a, uint64_t by, uint64_t *rem); /* by != 0 */
/* floor(a * 1000 / b), saturating at UINT64_MAX: for shares and growth; 0 when b is 0. */
uint64_t u256_permille(u256 a, u256 b);

/*
 * Amount as people read it: "124.81", "0.0000031", "12,481.5": thousands
 * separated, at most max_frac fractional digits. Digits beyond are cut, never
 * rounded up; a value below the last shown digit reads "<0.01". Exact when
 * max_frac is negative.
 */
char *u256_format(u256 v, unsigned decimals, int max_frac, char out[U256_FMT]);
/* Parses "0.25" at the given decimals; false for anything else, including too many digits. */
bool u256_parse_decimal(const char *s, unsigned decimals, u256 *out);
/* Why it is refused, in words that continue "the amount "; NULL: it is not. */
const char *u256_decimal_fault(const char *s, unsigned decimals);

#endif
