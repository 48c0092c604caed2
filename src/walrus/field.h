/*
 * field.h: GF(2^16) as Leopard writes it. Inside the module only.
 *
 * Polynomial x^16+x^5+x^3+x^2+1, but an element is its coordinates in a Cantor basis: bit b stands
 * for beta_b, where beta_0 = 1 and beta_b^2 + beta_b = beta_(b-1). Addition is XOR. Multiplying by
 * a constant is linear over GF(2), so it is a 16 x 16 bit matrix, which each way to compute wants
 * in its own form.
 */
#ifndef SOUK_WALRUS_FIELD_H
#define SOUK_WALRUS_FIELD_H

#include <stdint.h>

uint16_t field_mul(uint16_t a, uint16_t b); /* slow: for tables */

/* Multiplication by one constant. */
struct multiplier {
    uint16_t word[4][16];   /* product of nibble k with value v; their XOR is the product */
    uint8_t byte[4][2][16]; /* the same, low and high bytes apart: tables for a byte shuffle */
    uint64_t to_low[2];     /* 8 x 8 bit matrices for GFNI: low and high byte to the low one */
    uint64_t to_high[2];    /* and to the high one */
};
/* products: of all pairs of basis elements, by field_products; filled in once for many constants.
 */
typedef uint16_t field_basis[16][16];
void field_products(field_basis products);
void field_multiplier(field_basis products, uint16_t c, struct multiplier *out);

#endif
