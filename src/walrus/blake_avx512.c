#if defined(__x86_64__)

#include <immintrin.h>

#include "walrus/blake_lanes.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* 16 messages, two registers of 8: one alone leaves the adders waiting for its rotations, and the
 * state of two just fits into the 32 registers there are. */
typedef struct {
    __m512i a, b;
} word16;

INLINE word16 splat(uint64_t x)
{
    __m512i one = _mm512_set1_epi64((long long)x);
    return (word16){one, one};
}

INLINE word16 add(word16 x, word16 y)
{
    return (word16){_mm512_add_epi64(x.a, y.a), _mm512_add_epi64(x.b, y.b)};
}

INLINE word16 differ(word16 x, word16 y)
{
    return (word16){_mm512_xor_si512(x.a, y.a), _mm512_xor_si512(x.b, y.b)};
}

#define ROTATION(n)                                                          \
    INLINE word16 ror##n(word16 x)                                           \
    {                                                                        \
        return (word16){_mm512_ror_epi64(x.a, n), _mm512_ror_epi64(x.b, n)}; \
    }
ROTATION(32)
ROTATION(24)
ROTATION(16)
ROTATION(63)

#define WORD     word16
#define SPLAT    splat
#define ADD      add
#define XOR      differ
#define ROR32    ror32
#define ROR24    ror24
#define ROR16    ror16
#define ROR63    ror63
#define STEPWISE 1

#include "walrus/blake_rounds.h"

#include "base/banned.h"

enum { HALF = 8, LANES = 2 * HALF };

/* Functions of their own, so that the message stays in memory: the registers are for the state. */
#define COMPRESS(words)                                                                        \
    static TARGET __attribute__((noinline)) void compress##words(word16 h[8], const word16 *m, \
                                                                 uint64_t counted, bool last)  \
    {                                                                                          \
        blake_compress(h, m, words, counted, last);                                            \
    }
COMPRESS(16)
COMPRESS(9)
COMPRESS(1)

/* Of 8 rows of 8 words the columns. */
INLINE void transpose(__m512i column[8], const __m512i row[8])
{
    UNROLLED (odd, 2) {
        __m512i two[4], low[2], high[2];
        UNROLLED (i, 4)
            two[i] = odd ? _mm512_unpackhi_epi64(row[2 * i], row[2 * i + 1])
                         : _mm512_unpacklo_epi64(row[2 * i], row[2 * i + 1]);
        UNROLLED (i, 2) {
            low[i] = _mm512_shuffle_i64x2(two[2 * i], two[2 * i + 1], 0x88);
            high[i] = _mm512_shuffle_i64x2(two[2 * i], two[2 * i + 1], 0xdd);
        }
        column[odd] = _mm512_shuffle_i64x2(low[0], low[1], 0x88);
        column[odd + 2] = _mm512_shuffle_i64x2(high[0], high[1], 0x88);
        column[odd + 4] = _mm512_shuffle_i64x2(low[0], low[1], 0xdd);
        column[odd + 6] = _mm512_shuffle_i64x2(high[0], high[1], 0xdd);
    }
}

/* Rows of 8 words, one a message, as words. */
INLINE void turn(word16 w[8], const __m512i row[LANES])
{
    __m512i a[8], b[8];
    transpose(a, row);
    transpose(b, row + HALF);
    UNROLLED (i, 8)
        w[i] = (word16){a[i], b[i]};
}

/*
 * The block of every message that begins one byte before p[i] + at: of its bytes those in the mask,
 * the rest zero but for the first, which is prefix[i] where the mask has it not. A masked load
 * touches no more than its bytes.
 */
INLINE void load(word16 m[16], const uint8_t *prefix, const uint8_t *const *p, size_t at,
                 const __mmask64 mask[2])
{
    __m512i row[LANES];
    UNROLLED (i, LANES) {
        __m512i first = _mm512_zextsi128_si512(_mm_cvtsi32_si128(prefix[i]));
        const void *from = (const void *)((uintptr_t)p[i] + at - 1);
        row[i] = _mm512_mask_loadu_epi8(first, mask[0], from);
    }
    turn(m, row);
    UNROLLED (i, LANES)
        row[i] = _mm512_maskz_loadu_epi8(mask[1], (const void *)((uintptr_t)p[i] + at + 63));
    turn(m + 8, row);
}

/* The mask of a block's first n bytes; that of a message's first block lacks the prefix. */
static inline void mask_of(__mmask64 mask[2], size_t n, bool first)
{
    mask[0] = n >= 64 ? ~0ULL : (1ULL << n) - 1;
    mask[1] = n <= 64 ? 0 : ~0ULL >> (128 - n);
    if (first)
        mask[0] &= ~1ULL;
}

static TARGET void blocks(word16 h[8], const uint8_t *prefix, const uint8_t *const *p, size_t n,
                          uint64_t before)
{
    word16 m[16];
    __mmask64 mask[2];
    for (size_t k = 0; k < n; k++) {
        mask_of(mask, BLAKE_BLOCK, k == 0);
        load(m, prefix, p, BLAKE_BLOCK * k, mask);
        compress16(h, m, before + BLAKE_BLOCK * (k + 1), false);
    }
}

INLINE void load_states(word16 h[8], const struct leaf_state *s)
{
    __m512i row[LANES];
    UNROLLED (i, LANES)
        row[i] = _mm512_loadu_si512(s[i].h);
    turn(h, row);
}

static TARGET void feed(struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                        size_t n, uint64_t before)
{
    word16 h[8];
    __m512i row[HALF], column[HALF];
    load_states(h, s);
    blocks(h, prefix, p, n, before);
    UNROLLED (i, HALF)
        row[i] = h[i].a;
    transpose(column, row);
    UNROLLED (i, HALF)
        _mm512_storeu_si512(s[i].h, column[i]);
    UNROLLED (i, HALF)
        row[i] = h[i].b;
    transpose(column, row);
    UNROLLED (i, HALF)
        _mm512_storeu_si512(s[HALF + i].h, column[i]);
}

/* The first four words of 8 messages: their digests. */
INLINE void store_half(__m512i h0, __m512i h1, __m512i h2, __m512i h3, struct blob_hash *out)
{
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    UNROLLED (odd, 2) {
        __m512i low = odd ? _mm512_unpackhi_epi64(h0, h1) : _mm512_unpacklo_epi64(h0, h1);
        __m512i high = odd ? _mm512_unpackhi_epi64(h2, h3) : _mm512_unpacklo_epi64(h2, h3);
        __m512i lane02 = _mm512_permutex2var_epi64(low, first, high);
        __m512i lane46 = _mm512_permutex2var_epi64(low, second, high);
        _mm256_storeu_si256((void *)out[odd].b, _mm512_castsi512_si256(lane02));
        _mm256_storeu_si256((void *)out[odd + 2].b, _mm512_extracti64x4_epi64(lane02, 1));
        _mm256_storeu_si256((void *)out[odd + 4].b, _mm512_castsi512_si256(lane46));
        _mm256_storeu_si256((void *)out[odd + 6].b, _mm512_extracti64x4_epi64(lane46, 1));
    }
}

INLINE void store_digests(const word16 h[8], struct blob_hash *out)
{
    store_half(h[0].a, h[1].a, h[2].a, h[3].a, out);
    store_half(h[0].b, h[1].b, h[2].b, h[3].b, out + HALF);
}

static TARGET void last(const struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                        size_t len, uint64_t before, struct blob_hash *out)
{
    word16 h[8], m[16];
    __mmask64 mask[2];
    size_t whole = len / BLAKE_BLOCK, rest = 1 + len % BLAKE_BLOCK;
    if (s)
        load_states(h, s);
    else
        blake_begin(h);
    blocks(h, prefix, p, whole, before);
    mask_of(mask, rest, whole == 0);
    load(m, prefix, p, BLAKE_BLOCK * whole, mask);
    if (rest > 8)
        compress16(h, m, before + len + 1, true);
    else /* small files: most of their hashing is this */
        compress1(h, m, before + len + 1, true);
    store_digests(h, out);
}

/* A node's message is 0x01 and two whole digests: their words, pushed on by one byte. */
static TARGET void nodes(const struct blob_hash *const *pair, struct blob_hash *out)
{
    const __mmask64 lowest = 0x0101010101010101;
    __m512i row[LANES];
    word16 h[8], m[16], w[8];
    UNROLLED (i, LANES)
        row[i] = _mm512_loadu_si512(pair[i]);
    turn(w, row);
    word16 pushed = splat(1);
    UNROLLED (i, 8) {
        word16 turned = {_mm512_rol_epi64(w[i].a, 8), _mm512_rol_epi64(w[i].b, 8)};
        m[i].a = _mm512_mask_blend_epi8(lowest, turned.a, pushed.a);
        m[i].b = _mm512_mask_blend_epi8(lowest, turned.b, pushed.b);
        pushed = turned;
    }
    m[8].a = _mm512_maskz_mov_epi8(lowest, pushed.a);
    m[8].b = _mm512_maskz_mov_epi8(lowest, pushed.b);
    blake_begin(h);
    compress9(h, m, 65, true);
    store_digests(h, out);
}

const struct blake_lanes blake_avx512 = {LANES, feed, last, nodes};

#else
typedef int no_avx512_here; /* a file must hold something */
#endif
