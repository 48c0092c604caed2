/* rs_avx2.c: a product is eight look-ups of nibbles, 32 at a time by a byte shuffle. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "walrus/rs_internal.h"

#define WAY    __attribute__((target("avx2")))
#define LAYERS 2
#define GRAIN  RS_CHUNK
#define FROM_MEMORY()
#define V WAY static inline __attribute__((always_inline))

typedef struct {
    __m256i low, high;
} vec;

/* The tables stay in memory: there are too many for the registers. */
typedef const struct multiplier *constant;

V constant constant_of(const struct multiplier *m)
{
    return m;
}

V vec load(const uint8_t *p)
{
    return (vec){_mm256_loadu_si256((const __m256i *)(const void *)p),
                 _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
}

V void store(uint8_t *p, vec v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v.low);
    _mm256_storeu_si256((__m256i *)(void *)(p + 32), v.high);
}

V vec take(const uint8_t *p)
{
    return load(p);
}

V void give(uint8_t *p, vec v)
{
    store(p, v);
}

V vec take_tail(const uint8_t *p, size_t n)
{
    size_t half = n / 2;
    uint8_t chunk[RS_CHUNK] = {0};
    memcpy(chunk, p, half);
    memcpy(chunk + 32, p + half, half);
    return load(chunk);
}

V void give_tail(uint8_t *p, size_t n, vec v)
{
    size_t half = n / 2;
    uint8_t chunk[RS_CHUNK];
    store(chunk, v);
    memcpy(p, chunk, half);
    memcpy(p + half, chunk + 32, half);
}

V vec plus(vec x, vec y)
{
    return (vec){_mm256_xor_si256(x.low, y.low), _mm256_xor_si256(x.high, y.high)};
}

V __m256i look_up(const uint8_t table[16], __m256i nibbles)
{
    __m256i t = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
    return _mm256_shuffle_epi8(t, nibbles);
}

V vec plus_times(vec x, const constant *c, vec y)
{
    const struct multiplier *m = *c;
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i n[4] = {
        _mm256_and_si256(y.low, mask), _mm256_and_si256(_mm256_srli_epi16(y.low, 4), mask),
        _mm256_and_si256(y.high, mask), _mm256_and_si256(_mm256_srli_epi16(y.high, 4), mask)};
    vec half = {_mm256_xor_si256(look_up(m->byte[0][0], n[0]), look_up(m->byte[1][0], n[1])),
                _mm256_xor_si256(look_up(m->byte[0][1], n[0]), look_up(m->byte[1][1], n[1]))};
    vec rest = {_mm256_xor_si256(look_up(m->byte[2][0], n[2]), look_up(m->byte[3][0], n[3])),
                _mm256_xor_si256(look_up(m->byte[2][1], n[2]), look_up(m->byte[3][1], n[3]))};
    return plus(plus(x, half), rest);
}

#include "walrus/rs_passes.h"

#include "base/banned.h"

void rs_avx2(const struct rs_piece *p)
{
    encode_piece(p);
}
#else
typedef int nothing_here; /* a file must have something */
#endif
