/*
 * trie.h: what a block header commits to, computed again: the receipts' root, and the header's
 * hash.
 *
 * The root is that of a Merkle Patricia trie over a list: keys are the RLP of the index, values
 * the encoded items. Sources: Ethereum yellow paper appendix D, EIP-2718 (typed receipts), EIP-658
 * (status), EIP-1559, 4895, 4844, 4788, 7685 (what the forks added to a header), the OP-stack
 * specification (deposit receipts, type 0x7e: their nonce is in the root only together with a
 * version, that is since Canyon).
 *
 * What is read here is outside bytes, a node's JSON; anything that is missing, mistyped or of a
 * kind that is not known is SOUK_ENET and says which: it proves nothing then, neither way.
 */
#ifndef SOUK_ETH_TRIE_H
#define SOUK_ETH_TRIE_H

#include "base/arena.h"
#include "base/json.h"
#include "eth/eth.h"

struct trie_item {
    const uint8_t *p;
    size_t n;
};
/* The root over n items; the empty list's is keccak(0x80). */
bytes32 trie_list_root(const struct trie_item *item, size_t n);

/* A receipt as eth_getBlockReceipts gives it, in its consensus encoding, in the arena. */
souk_err receipt_encode(const json *receipt, struct arena *a, struct trie_item *out, struct err *e);
/* All receipts of a block, in its order: their root. */
souk_err receipts_root(const json *receipts, struct arena *a, bytes32 *root, struct err *e);

/*
 * A header as eth_getBlockByNumber gives it: its hash, computed from all fields of it, and the
 * receipts root it names. The "hash" it says it has is not looked at.
 */
souk_err header_hash(const json *block, bytes32 *hash, bytes32 *root, struct err *e);

#endif
