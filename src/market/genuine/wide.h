/*
 * wide.h: products of amounts that do not fit 256 bits, for comparing shares exactly.
 */
#ifndef SOUK_MARKET_GENUINE_WIDE_H
#define SOUK_MARKET_GENUINE_WIDE_H

#include "eth/u256.h"

/* a * x >= b * y */
bool wide_at_least(u256 a, uint64_t x, u256 b, uint64_t y);
/* floor(x * f / t), for x <= t and t > 0: at most f. */
u256 wide_part(u256 x, u256 f, u256 t);
/* The variation of n numbers, by their sum and the sum of their squares, is at most `cv` per mille:
 * (n * squares - sum^2) * 10^6 <= cv^2 * sum^2. */
bool wide_even(uint64_t n, uint64_t sum, uint64_t squares, uint32_t cv);

#endif
