/*
 * eth.h: the EVM as souk meets it: hashes, addresses, hex, ABI, logs.
 *
 * Pure functions over bytes; nothing here knows the network. Sources: the
 * Ethereum Yellow Paper (Keccak-256), EIP-55 (checksummed addresses), the
 * Solidity ABI specification (encoding), the JSON-RPC specification (logs).
 */
#ifndef SOUK_ETH_ETH_H
#define SOUK_ETH_ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "eth/u256.h"
#include "base/json.h"

typedef struct address {
    uint8_t b[20];
} address;

typedef struct bytes32 {
    uint8_t b[32];
} bytes32;

bytes32 keccak256(const void *p, size_t n);

/* The same over pieces; starts zeroed. */
struct keccak {
    uint64_t lane[25];
    size_t at; /* bytes taken in since the last permutation */
};
void keccak_add(struct keccak *k, const void *p, size_t n);
bytes32 keccak_end(struct keccak *k); /* k is used up */

/* --- hex: "0x" is required on input of data and addresses; both letter cases are read. */
bool hex_decode(const char *s, size_t n, uint8_t *out, size_t want); /* exactly want bytes */
bool hex_u64(const char *s, size_t n, uint64_t *out);                /* a JSON-RPC quantity */
char *hex_encode(const uint8_t *p, size_t n, char *out);             /* "0x…", 2n + 3 bytes */

enum { ADDRESS_BUF = 43, HASH_BUF = 67 };
/* Any case is read; one with mixed case must carry a right EIP-55 checksum. */
bool address_parse(const char *s, size_t n, address *out);
char *address_format(address a, char out[ADDRESS_BUF]); /* EIP-55 */
bool address_eq(address a, address b);
bool address_is_zero(address a);
bool bytes32_parse(const char *s, size_t n, bytes32 *out);
char *bytes32_format(bytes32 h, char out[HASH_BUF]);

/* --- reading ABI-encoded data: a cursor that cannot leave its bytes and remembers a failure. */
struct abi_reader {
    const uint8_t *base; /* start of the tuple that offsets count from */
    const uint8_t *end;
    const uint8_t *at; /* next head word */
    bool bad;
};
void abi_reader_init(struct abi_reader *r, const uint8_t *p, size_t n);
u256 abi_u256(struct abi_reader *r);
uint64_t abi_u64(struct abi_reader *r); /* bad when larger */
bool abi_bool(struct abi_reader *r);
address abi_address(struct abi_reader *r);
bytes32 abi_bytes32(struct abi_reader *r);
struct untrusted abi_bytes(struct abi_reader *r);  /* bytes or string: points into the data */
struct abi_reader abi_tuple(struct abi_reader *r); /* a dynamic tuple: a reader of its own */

/* --- logs as eth_getLogs and receipts give them. */
enum { LOG_TOPICS = 4 };
struct eth_log {
    address from; /* the emitting contract */
    bytes32 topic[LOG_TOPICS];
    unsigned topics;
    const uint8_t *data; /* points into the caller's arena */
    size_t data_len;
    uint64_t block;
    uint64_t index; /* within the block */
    bytes32 tx;
    bytes32 block_hash;
    int64_t time; /* block timestamp when the node gave one, else 0 */
    bool removed;
};

struct arena;
/* Reads one log object; data is copied to the arena. */
souk_err eth_log_parse(const json *j, struct arena *a, struct eth_log *out, struct err *e);

enum { BLOOM = 256 };
struct eth_block {
    uint64_t number;
    bytes32 hash, parent;
    int64_t time;
    bool has_bloom; /* some chains leave it out, or empty whatever is in the block: then false */
    uint8_t bloom[BLOOM];
};
souk_err eth_block_parse(const json *j, struct eth_block *out, struct err *e);

/* May the block have a log with this address or topic? False: it surely has none. */
bool bloom_holds(const uint8_t bloom[BLOOM], const void *p, size_t n);
/* So many bits are set that it would say yes to nearly anything. */
bool bloom_is_full(const uint8_t bloom[BLOOM]);

#endif
