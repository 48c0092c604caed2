/*
 * decimal.h: a decimal number as digits and an exponent, which is what texts hold.
 *
 * digit[0..n) as an integer, times 10^exponent; no zero at either end, so zero has n == 0. Digits
 * beyond those that can decide how a double is rounded are folded into the last one.
 */
#ifndef SOUK_ONNX_VALUES_DECIMAL_H
#define SOUK_ONNX_VALUES_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_DIGITS = 800, DECIMAL_BUF = 40 };

struct decimal {
    bool negative;
    size_t n;
    int64_t exponent;
    char digit[DECIMAL_DIGITS];
};

/* All of p[0..n): sign, digits with or without a point, exponent. False: it is no number. */
bool decimal_parse(const char *p, size_t n, struct decimal *d);
bool decimal_u64(const struct decimal *d, uint64_t *out); /* magnitude of an integer that fits */
double decimal_double(const struct decimal *d);           /* nearest, ties to even; may overflow */

/* These ignore signs; v is finite and not negative. */
int decimal_compare(const struct decimal *d, double v);     /* sign of d - v, exactly */
void decimal_from(double v, int digits, struct decimal *d); /* nearest with so many digits */
void decimal_next(struct decimal *d, int digits);           /* one up in the last of so many */

/* As JavaScript writes it, at most 17 digits: plain from 1e-6 to 1e21. Returns the length. */
size_t decimal_write(const struct decimal *d, char out[DECIMAL_BUF]);

#endif
