/*
 * key.h: one private key, and what can be done with it: the only place that signs.
 *
 * Every signature is verified and recovered to the key's own account before it
 * is given out, so that a fault never leaves the house. Nonces are RFC 6979;
 * the library's context is blinded with fresh randomness at the start.
 */
#ifndef SOUK_WALLET_KEY_H
#define SOUK_WALLET_KEY_H

#include "eth/sig.h"
#include "wallet/secret.h"

struct key; /* in locked memory */

/* Before any key; again is a no-op. secret_start, then a known signature is made and checked;
 * SOUK_EFAIL: this machine or build cannot be trusted. */
souk_err key_start(struct err *e);

/* SOUK_EINPUT when the 32 bytes are zero or not below the curve's order. */
souk_err key_new(const uint8_t secret[32], struct key **out, struct err *e);
void key_free(struct key *k);
address key_account(const struct key *k);
const uint8_t *key_bytes(const struct key *k); /* 32, as long as k; for key files alone */
souk_err key_sign(const struct key *k, bytes32 digest, signature *out, struct err *e);

/* "0x" and 64 hex digits, with or without the prefix. */
souk_err key_from_hex(const char *s, size_t n, struct key **out, struct err *e);

#endif
