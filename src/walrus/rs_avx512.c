/* rs_avx512.c: a product is four 8 x 8 bit matrices, which GFNI multiplies at once. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "walrus/rs_internal.h"

#define WAY    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,gfni")))
#define LAYERS 3
#define GRAIN  128
/* 28 matrices spread over a register each would be spilled, and read again at eight times the size.
 */
#define FROM_MEMORY() __asm__ volatile("" ::: "memory")
#define V             WAY static inline __attribute__((always_inline))

/* Two chunks: apart, so that no byte has to change its half. */
typedef struct {
    __m512i low, high;
} vec;

/* The matrices stay in memory: there are too many for the registers, and an operand may be there.
 */
typedef const struct multiplier *constant;

V constant constant_of(const struct multiplier *m)
{
    return m;
}

V vec load(const uint8_t *p)
{
    return (vec){_mm512_loadu_si512(p), _mm512_loadu_si512(p + 64)};
}

V void store(uint8_t *p, vec v)
{
    _mm512_storeu_si512(p, v.low);
    _mm512_storeu_si512(p + 64, v.high);
}

V vec apart(__m512i first, __m512i second)
{
    return (vec){_mm512_shuffle_i64x2(first, second, _MM_SHUFFLE(1, 0, 1, 0)),
                 _mm512_shuffle_i64x2(first, second, _MM_SHUFFLE(3, 2, 3, 2))};
}

V vec take(const uint8_t *p)
{
    return apart(_mm512_loadu_si512(p), _mm512_loadu_si512(p + RS_CHUNK));
}

V void give(uint8_t *p, vec v)
{
    vec w = apart(v.low, v.high);
    store(p, w);
}

V __mmask32 first(size_t n)
{
    return (__mmask32)((1ull << n) - 1);
}

/* A chunk of n bytes, or none. */
V __m512i take_chunk(const uint8_t *p, size_t n)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(first(n / 2), p)),
                              _mm256_maskz_loadu_epi8(first(n / 2), p + n / 2), 1);
}

V void give_chunk(uint8_t *p, size_t n, __m512i v)
{
    _mm256_mask_storeu_epi8(p, first(n / 2), _mm512_castsi512_si256(v));
    _mm256_mask_storeu_epi8(p + n / 2, first(n / 2), _mm512_extracti64x4_epi64(v, 1));
}

V vec take_tail(const uint8_t *p, size_t n)
{
    size_t one = n < RS_CHUNK ? n : RS_CHUNK;
    return apart(take_chunk(p, one), take_chunk(p + one, n - one));
}

V void give_tail(uint8_t *p, size_t n, vec v)
{
    size_t one = n < RS_CHUNK ? n : RS_CHUNK;
    vec w = apart(v.low, v.high);
    give_chunk(p, one, w.low);
    give_chunk(p + one, n - one, w.high);
}

V vec plus(vec x, vec y)
{
    return (vec){_mm512_xor_si512(x.low, y.low), _mm512_xor_si512(x.high, y.high)};
}

V __m512i times(__m512i bytes, const uint64_t *matrix)
{
    __m512i m = _mm512_set1_epi64((long long)*matrix);
#ifdef __clang__ /* 14 writes the place of this instruction's broadcast operand wrongly: no such \
                  */
    __asm__("" : "+v"(m));
#endif
    return _mm512_gf2p8affine_epi64_epi8(bytes, m, 0);
}

V __m512i sum_of(__m512i x, __m512i y, __m512i z)
{
    return _mm512_ternarylogic_epi64(x, y, z, 0x96);
}

V vec plus_times(vec x, const constant *c, vec y)
{
    const struct multiplier *m = *c;
    return (vec){sum_of(x.low, times(y.low, &m->to_low[0]), times(y.high, &m->to_low[1])),
                 sum_of(x.high, times(y.low, &m->to_high[0]), times(y.high, &m->to_high[1]))};
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
