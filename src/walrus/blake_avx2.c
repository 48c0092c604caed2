#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "walrus/blake_lanes.h"

#define TARGET __attribute__((target("avx2")))

typedef uint64_t word4 __attribute__((vector_size(32)));

#define ROR24_BYTES                                                                                \
    _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3, 4, 5, 6, 7, 0, 1, 2, \
                     11, 12, 13, 14, 15, 8, 9, 10)
#define ROR16_BYTES                                                                                \
    _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2, 3, 4, 5, 6, 7, 0, 1, \
                     10, 11, 12, 13, 14, 15, 8, 9)

#define WORD      word4
#define SPLAT(x)  ((word4)_mm256_set1_epi64x((long long)(x)))
#define ADD(x, y) ((x) + (y))
#define XOR(x, y) ((x) ^ (y))
#define ROR32(x)  ((word4)_mm256_shuffle_epi32((__m256i)(x), 0xb1))
#define ROR24(x)  ((word4)_mm256_shuffle_epi8((__m256i)(x), ROR24_BYTES))
#define ROR16(x)  ((word4)_mm256_shuffle_epi8((__m256i)(x), ROR16_BYTES))
#define ROR63(x)  ror63(x)
#define STEPWISE  0 /* 16 registers are the state alone */

static inline __attribute__((always_inline)) TARGET word4 ror63(word4 x)
{
    return (x + x) | (x >> 63);
}

#include "walrus/blake_rounds.h"

#include "base/banned.h"

enum { LANES = 4 };

#define INLINE static inline __attribute__((always_inline)) TARGET

/* The 4 words at p[i] + at of every lane. Halves are put together as they are loaded, which leaves
 * less to shuffle. */
INLINE void load4(word4 m[4], const uint8_t *const *p, size_t at)
{
    for (unsigned half = 0; half < 2; half++) {
        __m256i two[2];
        for (unsigned i = 0; i < 2; i++) {
            const void *low = p[i] + at + 16 * half;
            const void *high = p[i + 2] + at + 16 * half;
            two[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                             _mm_loadu_si128(high), 1);
        }
        m[2 * half] = (word4)_mm256_unpacklo_epi64(two[0], two[1]);
        m[2 * half + 1] = (word4)_mm256_unpackhi_epi64(two[0], two[1]);
    }
}

INLINE void load(word4 m[16], const uint8_t *const *p, size_t at)
{
    for (unsigned i = 0; i < 4; i++)
        load4(m + 4 * i, p, at + 32 * i);
}

/* A message's first and last block are put together here, because what lies before and behind the
 * bytes is not ours to read. */
struct edge {
    _Alignas(32) uint8_t block[LANES][BLAKE_BLOCK];
    const uint8_t *p[LANES];
};

INLINE void edge_load(word4 m[16], struct edge *e)
{
    for (unsigned i = 0; i < LANES; i++)
        e->p[i] = e->block[i];
    load(m, e->p, 0);
}

static TARGET void blocks(word4 h[8], const uint8_t *prefix, const uint8_t *const *p, size_t n,
                          uint64_t before)
{
    word4 m[16];
    for (size_t k = 0; k < n; k++) {
        if (k == 0) {
            struct edge e;
            for (unsigned i = 0; i < LANES; i++) {
                e.block[i][0] = prefix[i];
                memcpy(e.block[i] + 1, p[i], BLAKE_BLOCK - 1);
            }
            edge_load(m, &e);
        } else {
            load(m, p, BLAKE_BLOCK * k - 1);
        }
        blake_compress(h, m, 16, before + BLAKE_BLOCK * (k + 1), false);
    }
}

/* Of 4 rows of 4 words the columns. */
INLINE void transpose(word4 r[4])
{
    __m256i low01 = _mm256_unpacklo_epi64((__m256i)r[0], (__m256i)r[1]);
    __m256i high01 = _mm256_unpackhi_epi64((__m256i)r[0], (__m256i)r[1]);
    __m256i low23 = _mm256_unpacklo_epi64((__m256i)r[2], (__m256i)r[3]);
    __m256i high23 = _mm256_unpackhi_epi64((__m256i)r[2], (__m256i)r[3]);
    r[0] = (word4)_mm256_permute2x128_si256(low01, low23, 0x20);
    r[1] = (word4)_mm256_permute2x128_si256(high01, high23, 0x20);
    r[2] = (word4)_mm256_permute2x128_si256(low01, low23, 0x31);
    r[3] = (word4)_mm256_permute2x128_si256(high01, high23, 0x31);
}

INLINE void load_states(word4 h[8], const struct leaf_state *s)
{
    for (unsigned i = 0; i < LANES; i++) {
        h[i] = (word4)_mm256_loadu_si256((const void *)&s[i].h[0]);
        h[i + 4] = (word4)_mm256_loadu_si256((const void *)&s[i].h[4]);
    }
    transpose(h);
    transpose(h + 4);
}

static TARGET void feed(struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                        size_t n, uint64_t before)
{
    word4 h[8];
    load_states(h, s);
    blocks(h, prefix, p, n, before);
    transpose(h);
    transpose(h + 4);
    for (unsigned i = 0; i < LANES; i++) {
        _mm256_storeu_si256((void *)&s[i].h[0], (__m256i)h[i]);
        _mm256_storeu_si256((void *)&s[i].h[4], (__m256i)h[i + 4]);
    }
}

INLINE void store_digests(word4 h[8], struct blob_hash *out)
{
    transpose(h);
    for (unsigned i = 0; i < LANES; i++)
        _mm256_storeu_si256((void *)out[i].b, (__m256i)h[i]);
}

static TARGET void last(const struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                        size_t len, uint64_t before, struct blob_hash *out)
{
    word4 h[8], m[16];
    struct edge e;
    size_t whole = len / BLAKE_BLOCK, rest = len % BLAKE_BLOCK;
    if (s)
        load_states(h, s);
    else
        blake_begin(h);
    blocks(h, prefix, p, whole, before);
    memset(e.block, 0, sizeof e.block);
    for (unsigned i = 0; i < LANES; i++) {
        e.block[i][0] = whole ? p[i][BLAKE_BLOCK * whole - 1] : prefix[i];
        if (rest)
            memcpy(e.block[i] + 1, p[i] + BLAKE_BLOCK * whole, rest);
    }
    edge_load(m, &e);
    if (rest < 8) /* small files: most of their hashing is this */
        blake_compress(h, m, 1, before + len + 1, true);
    else
        blake_compress(h, m, 16, before + len + 1, true);
    store_digests(h, out);
}

/* A node's message is 0x01 and two whole digests: their words, pushed on by one byte. */
static TARGET void nodes(const struct blob_hash *const *pair, struct blob_hash *out)
{
    const uint8_t *p[LANES] = {pair[0]->b, pair[1]->b, pair[2]->b, pair[3]->b};
    word4 h[8], m[16], w[8];
    load4(w, p, 0);
    load4(w + 4, p, 32);
    m[0] = w[0] << 8 | SPLAT(1);
    for (unsigned i = 1; i < 8; i++)
        m[i] = w[i] << 8 | w[i - 1] >> 56;
    m[8] = w[7] >> 56;
    blake_begin(h);
    blake_compress(h, m, 9, 65, true);
    store_digests(h, out);
}

const struct blake_lanes blake_avx2 = {LANES, feed, last, nodes};

#else
typedef int no_avx2_here; /* a file must hold something */
#endif
