/*
 * number.h: single numbers of every element type, from text and to text, exactly.
 *
 * Reading is correctly rounded (nearest, ties to even) for floats and exact for integers, whatever
 * the number of digits. Writing gives the fewest digits that read back as the same number, laid
 * out as JavaScript does it. The locale plays no part. Of complex types a number is one half.
 */
#ifndef SOUK_ONNX_VALUES_NUMBER_H
#define SOUK_ONNX_VALUES_NUMBER_H

#include "onnx/inspect.h"

enum number_fault {
    NUMBER_OK,
    NUMBER_NONE,     /* no number at all, or a word that the type does not have */
    NUMBER_FRACTION, /* not an integer, where one is wanted */
    NUMBER_RANGE,    /* too large for the type */
};

/* complex64 holds float32 halves; every other type is its own. */
enum elem elem_part(enum elem t);
size_t elem_parts(enum elem t); /* 2, or 1 */

/*
 * p[0..n) times 10^shift into *at, which holds one number of type t. Decimal, with fraction and
 * exponent where the value stays right for the type ("1e3" is an integer); "NaN", "inf",
 * "Infinity" for floats in any case; "true" and "false", 1 and 0 for bool.
 */
enum number_fault number_read(enum elem t, const char *p, size_t n, int shift, void *at);
/* False: it does not fit the integer type t. */
bool number_from_integer(enum elem t, bool negative, uint64_t magnitude, void *at);

enum { NUMBER_BUF = 40 };
/* "0.1", "1e+21", "-7", "true", "NaN", "-Infinity". Returns its length. */
size_t number_write(enum elem t, const void *at, char out[NUMBER_BUF]);
double number_double(enum elem t, const void *at);

uint16_t double_to_half(double d);
uint16_t double_to_bfloat(double d);

#endif
