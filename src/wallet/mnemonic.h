/*
 * mnemonic.h: twelve or twenty-four words (BIP-39, English) and the keys that grow from them
 * (BIP-32 along BIP-44's m/44'/60'/0'/0/i).
 *
 * Words are read in any case and with any white space between them; the
 * passphrase is NFKD-normalised. Everything lives in secret memory.
 */
#ifndef SOUK_WALLET_MNEMONIC_H
#define SOUK_WALLET_MNEMONIC_H

#include "wallet/key.h"

enum { ENTROPY_MAX = 32, SEED_BYTES = 64 };

/* n 16, 20, 24, 28 or 32 bytes of entropy; the words joined by single blanks, caller frees. */
souk_err mnemonic_words(const uint8_t *entropy, size_t n, struct secret_text **out, struct err *e);
/* The entropy of the words; SOUK_EINPUT: how many words there may be, which is unknown, or that
 * the checksum is wrong. entropy is secret memory. */
souk_err mnemonic_entropy(const struct secret_text *words, uint8_t entropy[ENTROPY_MAX], size_t *n,
                          struct err *e);
/* seed is secret memory; passphrase NULL: none. */
souk_err mnemonic_seed(const struct secret_text *words, const struct secret_text *passphrase,
                       uint8_t seed[SEED_BYTES], struct err *e);

/* A BIP-32 node; private in secret memory. */
struct hd_node {
    uint8_t key[32], chain_code[32];
    uint8_t depth;
    uint8_t parent[4]; /* fingerprint */
    uint32_t index;
};
#define HD_HARD 0x80000000u
souk_err hd_master(const uint8_t *seed, size_t n, struct hd_node *out, struct err *e);
souk_err hd_child(const struct hd_node *parent, uint32_t index, struct hd_node *out, struct err *e);
/* The key of account i of a seed. */
souk_err hd_account(const uint8_t *seed, size_t n, uint32_t i, struct key **out, struct err *e);

#endif
