/* rs_avx512.c: a product is four 8 x 8 bit matrices, which GFNI multiplies at once. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "walrus/rs_internal.h"

#define WAY    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,gfni")))
#define LAYERS 3
#define V      WAY static inline __attribute__((always_inline))

typedef __m512i vec;

/* Matrices for bytes that stay in their half, and for those from the other half. */
typedef struct {
    __m512i own, other;
} constant;

V __m512i halves(uint64_t low, uint64_t high)
{
    return _mm512_mask_set1_epi64(_mm512_set1_epi64((long long)low), 0xF0, (long long)high);
}

V constant constant_of(const struct multiplier *m)
{
    return (constant){halves(m->to_low[0], m->to_high[1]), halves(m->to_low[1], m->to_high[0])};
}

V vec load(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

V void store(uint8_t *p, vec v)
{
    _mm512_storeu_si512(p, v);
}

V vec load_tail(const uint8_t *p, size_t half)
{
    __mmask32 mask = (__mmask32)((1ull << half) - 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(mask, p)),
                              _mm256_maskz_loadu_epi8(mask, p + half), 1);
}

V void store_tail(uint8_t *p, size_t half, vec v)
{
    __mmask32 mask = (__mmask32)((1ull << half) - 1);
    _mm256_mask_storeu_epi8(p, mask, _mm512_castsi512_si256(v));
    _mm256_mask_storeu_epi8(p + half, mask, _mm512_extracti64x4_epi64(v, 1));
}

V vec plus(vec x, vec y)
{
    return _mm512_xor_si512(x, y);
}

V vec plus_times(vec x, const constant *c, vec y)
{
    __m512i swapped = _mm512_shuffle_i64x2(y, y, _MM_SHUFFLE(1, 0, 3, 2));
    return _mm512_ternarylogic_epi64(x, _mm512_gf2p8affine_epi64_epi8(y, c->own, 0),
                                     _mm512_gf2p8affine_epi64_epi8(swapped, c->other, 0), 0x96);
}

#include "walrus/rs_passes.h"

#include "base/banned.h"

void rs_avx512(const struct rs_piece *p)
{
    encode_piece(p);
}
#else
typedef int nothing_here; /* a file must have something */
#endif
