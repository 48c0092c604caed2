/*
 * tx.h: transactions.
 *
 * souk sends EIP-1559 transactions without access list, to an address, never
 * creating a contract. Reading is strict (minimal RLP, low s, sane fields) and
 * knows the older kinds too, because nodes hand them out.
 * Sources: EIP-155, EIP-2718, EIP-2930, EIP-1559, the Yellow Paper's RLP.
 */
#ifndef SOUK_ETH_TX_H
#define SOUK_ETH_TX_H

#include "base/buf.h"
#include "eth/sig.h"

enum tx_type { TX_LEGACY, TX_2930 = 1, TX_1559 = 2 };

struct tx {
    enum tx_type type;
    uint64_t chain; /* 0: legacy without EIP-155 */
    uint64_t nonce;
    u256 max_priority; /* wei per gas; equal to max_fee for the older kinds */
    u256 max_fee;
    uint64_t gas;
    bool creates; /* no `to`: only ever read, never signed */
    address to;
    u256 value;
    const uint8_t *data; /* borrowed */
    size_t data_len;
    const uint8_t *access_list; /* its RLP, borrowed; NULL: empty */
    size_t access_list_len;
};

/* The digest to be signed. */
bytes32 tx_digest(const struct tx *t);
/* The bytes for eth_sendRawTransaction; failure is in buf_check(out). */
void tx_encode(const struct tx *t, const signature *s, struct buf *out);
/* Reads raw bytes; t's pointers lead into raw. SOUK_EINPUT says what is wrong, and t is zeroed. */
souk_err tx_decode(const uint8_t *raw, size_t n, struct tx *t, signature *s, struct err *e);
bytes32 tx_hash(const uint8_t *raw, size_t n);
/* The most this transaction can cost: value + gas * max_fee; false on overflow. */
bool tx_most(const struct tx *t, u256 *fee, u256 *total);

#endif
