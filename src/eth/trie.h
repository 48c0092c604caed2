/*
 * trie.h: the root of a Merkle Patricia trie over a list, as a block header has it for receipts.
 *
 * Keys are the RLP of the index; values are the encoded items. Sources: Ethereum yellow paper
 * appendix D, EIP-2718 (typed receipts), OP-stack specification (deposit receipts, type 0x7e, with
 * deposit nonce and, since Canyon, a version).
 */
#ifndef SOUK_ETH_TRIE_H
#define SOUK_ETH_TRIE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "eth/eth.h"

struct trie_item {
    const uint8_t *p;
    size_t n;
};
/* The root over n items; the empty list's is keccak(0x80). SOUK_ENOMEM only. */
souk_err trie_list_root(const struct trie_item *item, size_t n, bytes32 *root, struct err *e);

/* A receipt as eth_getBlockReceipts gives it, in its consensus encoding. Outside bytes. */
souk_err receipt_encode(const json *receipt, struct arena *a, struct trie_item *out, struct err *e);
/* A header as eth_getBlockByNumber gives it: its hash computed, and its receipts root. */
souk_err header_hash(const json *block, bytes32 *hash, bytes32 *receipts_root, struct err *e);

#endif
