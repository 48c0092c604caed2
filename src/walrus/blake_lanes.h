/*
 * blake_lanes.h: what each way to compute gives to blake.c. Inside the module only.
 *
 * Every message here is one byte, the prefix, and then bytes that lie in somebody's memory: so a
 * block is 128 bytes from one byte before a multiple of 128, and the first one starts with the
 * prefix. A call is for exactly as many messages as there are lanes; blake.c fills up.
 */
#ifndef SOUK_WALRUS_BLAKE_LANES_H
#define SOUK_WALRUS_BLAKE_LANES_H

#include "walrus/blake.h"

#define BLAKE_IV0        0x6a09e667f3bcc908ULL
#define BLAKE_IV1        0xbb67ae8584caa73bULL
#define BLAKE_IV2        0x3c6ef372fe94f82bULL
#define BLAKE_IV3        0xa54ff53a5f1d36f1ULL
#define BLAKE_IV4        0x510e527fade682d1ULL
#define BLAKE_IV5        0x9b05688c2b3e6c1fULL
#define BLAKE_IV6        0x1f83d9abfb41bd6bULL
#define BLAKE_IV7        0x5be0cd19137e2179ULL
#define BLAKE_PARAMETERS 0x01010020ULL /* no key, a digest of 32 bytes, no tree */

enum { BLAKE_BLOCK = 128, LANES_MAX = 16 };

/* A short loop over registers, which must become straight code; clang makes it so by itself. */
#if defined(__clang__)
#define UNROLLED(i, n) for (unsigned i = 0; i < (n); i++)
#else
#define UNROLLED(i, n) _Pragma("GCC unroll 16") for (unsigned i = 0; i < (n); i++)
#endif

struct blake_lanes {
    unsigned lanes;
    /* s[i] takes prefix[i] || p[i][0..128 * blocks) but for its last byte; `before` bytes were
     * taken before. */
    void (*feed)(struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                 size_t blocks, uint64_t before);
    /* The end of a message, of any length; s NULL: it is also the beginning. */
    void (*last)(const struct leaf_state *s, const uint8_t *prefix, const uint8_t *const *p,
                 size_t len, uint64_t before, struct blob_hash *out);
    /* out[i] = H(0x01 || pair[i][0] || pair[i][1]) */
    void (*nodes)(const struct blob_hash *const *pair, struct blob_hash *out);
};

extern const struct blake_lanes blake_portable;
#if defined(__x86_64__)
extern const struct blake_lanes blake_avx2, blake_avx512;
#endif

#endif
