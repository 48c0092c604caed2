/*
 * rs_internal.h: the code's constants, and the ways to compute it. Inside rs*.c only.
 *
 * The transform, as Leopard has it, over N = 2^k rows that begin at position p0: the
 * butterfly block at position p in the layer of half-width 2^m multiplies by the element with
 * coordinate p >> m. That is always even, since blocks are twice as long, so by[i] is the
 * multiplier of coordinate 2i.
 *
 *     forward   x ^= c * y, y ^= x     widest layer first
 *     inverse   y ^= x, x ^= c * y     narrowest first
 *
 * Each way keeps its rows in scratch as suits it, and works on a piece of the symbols at a time,
 * so that scratch stays in the cache.
 */
#ifndef SOUK_WALRUS_RS_INTERNAL_H
#define SOUK_WALRUS_RS_INTERNAL_H

#include "walrus/field.h"
#include "walrus/rs.h"

enum { RS_CHUNK = 64, RS_PIECE = 512 }; /* bytes; a piece is whole chunks, but the last */

struct rs {
    unsigned sources, recovery;
    unsigned rows; /* N */
    bool high;     /* high rate: N covers the recovery symbols; else the sources */
    struct multiplier *by;
};

/* One piece: bytes [from, from + len) of each symbol. sources: how many, the last one not zero. */
struct rs_piece {
    const struct rs *r;
    const uint8_t *const *source;
    unsigned sources;
    uint8_t *const *out;
    size_t from, len;
    uint8_t *scratch;
};
void rs_portable(const struct rs_piece *p);
void rs_avx2(const struct rs_piece *p); /* these two: two rows or more */
void rs_avx512(const struct rs_piece *p);

/*
 * Where vectors keep row i: rs_row(i) * rs_pitch(len). Rows that meet in a butterfly are powers of
 * two apart; neither they nor 64 of them may come to whole pages, or they would share lines of the
 * cache.
 */
static inline size_t rs_pitch(size_t len)
{
    return (len + 2 * RS_CHUNK - 1) / (2 * RS_CHUNK) * (2 * RS_CHUNK) + RS_CHUNK;
}

static inline size_t rs_row(size_t i)
{
    return i + i / 64;
}

#endif
