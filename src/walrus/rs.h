/*
 * rs.h: the one-dimensional code: K source symbols to R recovery symbols. Inside the module only.
 *
 * Reed-Solomon over GF(2^16) in a Cantor basis by additive FFT (field.h), as Leopard and
 * reed-solomon-simd compute it. Element j of a symbol takes its low byte from the first half
 * of each 64 bytes and its high byte from the second; a last piece of t < 64 bytes is halved
 * at t/2. Encoding acts on each element position apart, so a caller may hand over slices of
 * symbols, as long as every slice but the last is a multiple of 64 bytes.
 */
#ifndef SOUK_WALRUS_RS_H
#define SOUK_WALRUS_RS_H

#include "walrus/cpu.h"
#include "walrus/walrus.h"

struct rs; /* a code's constants: read-only after rs_new, shared by threads */

/* 1 <= sources, 1 <= recovery, together at most 65,536. NULL without memory. */
struct rs *rs_new(unsigned sources, unsigned recovery);
void rs_free(struct rs *r);

/* Scratch a call needs, in bytes, for slices of len bytes; 64-byte aligned. One a thread. */
size_t rs_scratch(const struct rs *r, size_t len);

/*
 * source[0..K), each len bytes (len even); NULL stands for zeros. out[0..R): where each recovery
 * symbol goes, len bytes; NULL: not wanted. Sources are not changed and not aligned.
 */
void rs_encode(const struct rs *r, enum walrus_cpu cpu, const uint8_t *const *source,
               uint8_t *const *out, size_t len, void *scratch);

#endif
