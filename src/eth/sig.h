/*
 * sig.h: ECDSA signatures over secp256k1, seen from outside: no private key here.
 *
 * The form is Ethereum's: r, s, v with v 27 or 28 and s in the lower half
 * (EIP-2); anything else is refused, so one message has one signature.
 * Source: libsecp256k1 (recovery module), EIP-2, EIP-191.
 */
#ifndef SOUK_ETH_SIG_H
#define SOUK_ETH_SIG_H

#include "eth/eth.h"

enum { SIG_BYTES = 65, SIG_HEX = 2 * SIG_BYTES + 3 };

typedef struct signature {
    uint8_t b[SIG_BYTES]; /* r, s, v */
} signature;

/* NULL, or what is wrong: a length other than 65, v not 27 or 28, r or s zero or not below n, high
 * s; in words that continue "the signature ". */
const char *sig_fault(const uint8_t *p, size_t n);
/* False when it has a fault. */
bool sig_parse(const uint8_t *p, size_t n, signature *out);
/* Who signed this digest; false when nobody can have. */
bool sig_recover(bytes32 digest, const signature *s, address *out);
/* The account of an uncompressed public key (64 bytes x, y). */
address sig_account(const uint8_t xy[64]);
/* EIP-191: the digest of a personal message. */
bytes32 sig_message_digest(const void *p, size_t n);

#endif
