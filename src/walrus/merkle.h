/*
 * merkle.h: Walrus' Merkle trees. Inside the module only.
 *
 * Level by level node = H(0x01 || left || right); a level of odd length above 1 gets one node of 32
 * zero bytes behind it. The root of one leaf is the leaf.
 */
#ifndef SOUK_WALRUS_MERKLE_H
#define SOUK_WALRUS_MERKLE_H

#include "walrus/blake.h"

/* leaf[0..n), n >= 1, is overwritten; it has room for one more than n. */
struct blob_hash merkle_root(enum walrus_cpu cpu, struct blob_hash *leaf, size_t n);
/* Many trees of one size: tree t's leaves begin at leaf + t * stride (stride > n); overwritten. */
void merkle_roots(enum walrus_cpu cpu, struct blob_hash *leaf, size_t trees, size_t stride,
                  size_t n, struct blob_hash *root);

#endif
