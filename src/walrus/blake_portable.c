#include <string.h>

#include "walrus/blake_lanes.h"

static inline uint64_t ror(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

#define WORD uint64_t
#define TARGET
#define SPLAT(x)  (x)
#define ADD(x, y) ((x) + (y))
#define XOR(x, y) ((x) ^ (y))
#define ROR32(x)  ror(x, 32)
#define ROR24(x)  ror(x, 24)
#define ROR16(x)  ror(x, 16)
#define ROR63(x)  ror(x, 63)
#define STEPWISE  1

#include "walrus/blake_rounds.h"

#include "base/banned.h"

static void read_words(uint64_t *m, const uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++, p += 8) {
        m[i] = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
               (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
               (uint64_t)p[7] << 56;
    }
}

static void write_digest(const uint64_t h[8], struct blob_hash *out)
{
    for (unsigned i = 0; i < sizeof out->b; i++)
        out->b[i] = (uint8_t)(h[i / 8] >> (i % 8 * 8));
}

/* All blocks but the last, which is for the caller; returns where that begins: block k's first
 * byte is p[128 k - 1], the prefix for the first. */
static void blocks(uint64_t h[8], uint8_t prefix, const uint8_t *p, size_t n, uint64_t before)
{
    uint8_t first[BLAKE_BLOCK];
    uint64_t m[16];
    for (size_t k = 0; k < n; k++) {
        if (k == 0) {
            first[0] = prefix;
            memcpy(first + 1, p, sizeof first - 1);
        }
        read_words(m, k == 0 ? first : p + BLAKE_BLOCK * k - 1, 16);
        blake_compress(h, m, 16, before + BLAKE_BLOCK * (k + 1), false);
    }
}

static void feed(struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p, size_t n,
                 uint64_t before)
{
    blocks(s->h, *prefix, *p, n, before);
}

static void last(const struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                 size_t len, uint64_t before, struct blob_hash *out)
{
    uint64_t h[8], m[16];
    uint8_t block[BLAKE_BLOCK] = {*prefix};
    size_t whole = len / BLAKE_BLOCK, rest = len % BLAKE_BLOCK;
    if (s)
        memcpy(h, s->h, sizeof h);
    else
        blake_begin(h);
    blocks(h, *prefix, *p, whole, before);
    if (whole)
        block[0] = p[0][BLAKE_BLOCK * whole - 1];
    if (rest)
        memcpy(block + 1, *p + BLAKE_BLOCK * whole, rest);
    read_words(m, block, 16);
    blake_compress(h, m, 16, before + len + 1, true);
    write_digest(h, out);
}

static void nodes(const struct blob_hash *const *pair, struct blob_hash *out)
{
    uint64_t h[8], m[16];
    uint8_t block[72] = {1};
    memcpy(block + 1, *pair, 64);
    read_words(m, block, 9);
    blake_begin(h);
    blake_compress(h, m, 9, 65, true);
    write_digest(h, out);
}

const struct blake_lanes blake_portable = {1, feed, last, nodes};
