/*
 * blake.h: Blake2b-256 of many messages at once, as Walrus hashes. Inside the module only.
 *
 * Unkeyed, 32-byte digest: not a truncated Blake2b-512. Messages of one call have the
 * same length, so that 4 or 16 of them march in step through the lanes of registers.
 * Two shapes are all there is:
 *
 *   leaf   H(0x00 || symbol)            whole, or fed in slices with a state each
 *   node   H(0x01 || left || right)     merkle.h
 */
#ifndef SOUK_WALRUS_BLAKE_H
#define SOUK_WALRUS_BLAKE_H

#include "walrus/cpu.h"
#include "walrus/walrus.h"

/* One message of any length: libsodium's. For tests, and for what is not hot. */
void blake_one(const void *p, size_t n, struct blob_hash *out);

/*
 * out[i] = H(0x00 || symbol[i][0..len)), i < count, any count. The symbols need not be aligned and
 * are read nowhere but in their len bytes. Apart by multiples of a page they are slower, as they
 * want the same lines of the cache: better a line more.
 */
void blake_leaves(enum walrus_cpu cpu, const uint8_t *const *symbol, size_t count, size_t len,
                  struct blob_hash *out);

/*
 * The same for symbols that come in slices, all of a multiple of 128 bytes but the last. A state is
 * 64 bytes of chaining value and the one byte that the prefix pushed over the slice's edge (its
 * counter is the same for all and is the caller's: `before`, bytes of the symbol fed so far).
 */
struct leaf_state {
    uint64_t h[8];
};
void leaf_begin(struct leaf_state *s, uint8_t *carry, size_t count);
void leaf_feed(enum walrus_cpu cpu, struct leaf_state *s, uint8_t *carry,
               const uint8_t *const *slice, size_t count, size_t len, uint64_t before);
/* The last slice, of 1 to any number of bytes; the states are spent. */
void leaf_end(enum walrus_cpu cpu, struct leaf_state *s, const uint8_t *carry,
              const uint8_t *const *slice, size_t count, size_t len, uint64_t before,
              struct blob_hash *out);

/* out[i] = H(0x01 || in[2i] || in[2i+1]), i < count. out may be in. */
void blake_nodes(enum walrus_cpu cpu, const struct blob_hash *in, size_t count,
                 struct blob_hash *out);

/*
 * The same for pairs that lie apart: *out[i] from pair[i][0] and pair[i][1]. Done in order: an out
 * may lie in its own pair or an earlier one. Multiples of BLAKE_PAIRS fill the lanes.
 */
enum { BLAKE_PAIRS = 16 };
void blake_pairs(enum walrus_cpu cpu, const struct blob_hash *const *pair, size_t count,
                 struct blob_hash *const *out);

#endif
