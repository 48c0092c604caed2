/*
 * blake_rounds.h: Blake2b's compression of a block, for words of any width. Inside the module only.
 *
 * A word is a uint64_t, or one of each of several messages beside each other. Whoever includes
 * this defines first
 *
 *   WORD                     the type
 *   TARGET                   the attribute of functions that may use it; may be empty
 *   SPLAT(u64)               a word of which every lane is that
 *   ADD XOR                  of two words
 *   ROR32 ROR24 ROR16 ROR63  rotations to the right
 *   STEPWISE                 1: the four mixes of half a round step by step beside each other, so
 *                            that none waits for itself; 0: one after the other, which needs
 *                            fewer registers
 */
#include "walrus/blake_lanes.h"

#define BLAKE_INLINE static inline __attribute__((always_inline)) TARGET

/* m first: b comes last from the step before. */
#define STEP_X(a, b, c, d, x, y) \
    if ((x) < words)             \
    a = ADD(a, m[x])
#define STEP_Y(a, b, c, d, x, y) \
    if ((y) < words)             \
    a = ADD(a, m[y])
#define STEP_A(a, b, c, d, x, y)   a = ADD(a, b)
#define STEP_D(a, b, c, d, x, y)   d = XOR(d, a)
#define STEP_D32(a, b, c, d, x, y) d = ROR32(d)
#define STEP_D16(a, b, c, d, x, y) d = ROR16(d)
#define STEP_C(a, b, c, d, x, y)   c = ADD(c, d)
#define STEP_B(a, b, c, d, x, y)   b = XOR(b, c)
#define STEP_B24(a, b, c, d, x, y) b = ROR24(b)
#define STEP_B63(a, b, c, d, x, y) b = ROR63(b)

/* p to s: the arguments of a step, in parentheses. */
#if STEPWISE
#define EACH(step, p, q, r, s) \
    step p;                    \
    step q;                    \
    step r;                    \
    step s
#define MIX4(p, q, r, s)        \
    EACH(STEP_X, p, q, r, s);   \
    EACH(STEP_A, p, q, r, s);   \
    EACH(STEP_D, p, q, r, s);   \
    EACH(STEP_D32, p, q, r, s); \
    EACH(STEP_C, p, q, r, s);   \
    EACH(STEP_B, p, q, r, s);   \
    EACH(STEP_B24, p, q, r, s); \
    EACH(STEP_Y, p, q, r, s);   \
    EACH(STEP_A, p, q, r, s);   \
    EACH(STEP_D, p, q, r, s);   \
    EACH(STEP_D16, p, q, r, s); \
    EACH(STEP_C, p, q, r, s);   \
    EACH(STEP_B, p, q, r, s);   \
    EACH(STEP_B63, p, q, r, s)
#else
#define MIX(p)  \
    STEP_X p;   \
    STEP_A p;   \
    STEP_D p;   \
    STEP_D32 p; \
    STEP_C p;   \
    STEP_B p;   \
    STEP_B24 p; \
    STEP_Y p;   \
    STEP_A p;   \
    STEP_D p;   \
    STEP_D16 p; \
    STEP_C p;   \
    STEP_B p;   \
    STEP_B63 p
#define MIX4(p, q, r, s) \
    MIX(p);              \
    MIX(q);              \
    MIX(r);              \
    MIX(s)
#endif

#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15)             \
    MIX4((v0, v4, v8, v12, s0, s1), (v1, v5, v9, v13, s2, s3), (v2, v6, v10, v14, s4, s5),      \
         (v3, v7, v11, v15, s6, s7));                                                           \
    MIX4((v0, v5, v10, v15, s8, s9), (v1, v6, v11, v12, s10, s11), (v2, v7, v8, v13, s12, s13), \
         (v3, v4, v9, v14, s14, s15))

/*
 * counted: bytes of the message up to the end of this block. Of m only the first `words` are not
 * zero: a constant where this is inlined, so that additions of zero fall away.
 */
BLAKE_INLINE void blake_compress(WORD h[8], const WORD m[16], unsigned words, uint64_t counted,
                                 bool last)
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

    h[0] = XOR(h[0], XOR(v0, v8));
    h[1] = XOR(h[1], XOR(v1, v9));
    h[2] = XOR(h[2], XOR(v2, v10));
    h[3] = XOR(h[3], XOR(v3, v11));
    h[4] = XOR(h[4], XOR(v4, v12));
    h[5] = XOR(h[5], XOR(v5, v13));
    h[6] = XOR(h[6], XOR(v6, v14));
    h[7] = XOR(h[7], XOR(v7, v15));
}

/* The state before the first block. */
BLAKE_INLINE void blake_begin(WORD h[8])
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
