/*
 * blake_rounds.h: Blake2b's compression of one block, for words of any width. Inside the module
 * only.
 *
 * A word is a uint64_t, or a vector of 4 or 8 of them, one a message: the compilers' vectors know
 * + and ^, so that the rounds are written down once. Whoever includes this defines first
 *
 *   WORD                     the type
 *   TARGET                   the attribute of functions that may use it; may be empty
 *   ROR32 ROR24 ROR16 ROR63  rotations to the right
 *   SPLAT(u64)               a word of which every lane is that
 */
#include "walrus/blake_lanes.h"

#define MIX(a, b, c, d, x, y)                                                  \
    do {                                                                       \
        if ((x) < words)                                                       \
            (a) += m[x]; /* before b, which comes last from the step before */ \
        (a) += (b);                                                            \
        (d) = ROR32((d) ^ (a));                                                \
        (c) += (d);                                                            \
        (b) = ROR24((b) ^ (c));                                                \
        if ((y) < words)                                                       \
            (a) += m[y];                                                       \
        (a) += (b);                                                            \
        (d) = ROR16((d) ^ (a));                                                \
        (c) += (d);                                                            \
        (b) = ROR63((b) ^ (c));                                                \
    } while (0)

#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    MIX(v0, v4, v8, v12, s0, s1);                                                   \
    MIX(v1, v5, v9, v13, s2, s3);                                                   \
    MIX(v2, v6, v10, v14, s4, s5);                                                  \
    MIX(v3, v7, v11, v15, s6, s7);                                                  \
    MIX(v0, v5, v10, v15, s8, s9);                                                  \
    MIX(v1, v6, v11, v12, s10, s11);                                                \
    MIX(v2, v7, v8, v13, s12, s13);                                                 \
    MIX(v3, v4, v9, v14, s14, s15)

/*
 * counted: bytes of the message up to the end of this block. Of m only the first `words` are not
 * zero: a constant where this is inlined, so that additions of zero fall away. What is asked
 * for of h behind the last block is its first half, the digest: the compiler drops the rest.
 */
static inline __attribute__((always_inline)) TARGET void
blake_compress(WORD h[8], const WORD m[16], unsigned words, uint64_t counted, bool last)
{
    WORD v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    WORD v8 = SPLAT(BLAKE_IV0), v9 = SPLAT(BLAKE_IV1);
    WORD v10 = SPLAT(BLAKE_IV2), v11 = SPLAT(BLAKE_IV3);
    WORD v12 = SPLAT(BLAKE_IV4 ^ counted), v13 = SPLAT(BLAKE_IV5);
    WORD v14 = SPLAT(last ? ~BLAKE_IV6 : BLAKE_IV6), v15 = SPLAT(BLAKE_IV7);

    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);

    h[0] ^= v0 ^ v8;
    h[1] ^= v1 ^ v9;
    h[2] ^= v2 ^ v10;
    h[3] ^= v3 ^ v11;
    h[4] ^= v4 ^ v12;
    h[5] ^= v5 ^ v13;
    h[6] ^= v6 ^ v14;
    h[7] ^= v7 ^ v15;
}

/* The state before the first block. */
static inline __attribute__((always_inline)) TARGET void blake_begin(WORD h[8])
{
    h[0] = SPLAT(BLAKE_IV0 ^ BLAKE_PARAMETERS);
    h[1] = SPLAT(BLAKE_IV1);
    h[2] = SPLAT(BLAKE_IV2);
    h[3] = SPLAT(BLAKE_IV3);
    h[4] = SPLAT(BLAKE_IV4);
    h[5] = SPLAT(BLAKE_IV5);
    h[6] = SPLAT(BLAKE_IV6);
    h[7] = SPLAT(BLAKE_IV7);
}
