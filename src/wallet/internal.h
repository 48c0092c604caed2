/*
 * internal.h: what the parts of wallet share and nobody else needs.
 */
#ifndef SOUK_WALLET_INTERNAL_H
#define SOUK_WALLET_INTERNAL_H

#include <secp256k1.h>

#include "wallet/keyfile.h"

/* The one context, blinded; key_start must have been called. */
const secp256k1_context *key_context(void);

/* BIP-39's English list, sorted. */
enum { WORDLIST = 2048, WORD_MAX = 8 };
extern const char wordlist[WORDLIST][WORD_MAX + 1];

/* --- NAME.key in bytes (keyfile.c tells what each means) */
enum {
    KEYFILE_HEAD = 60,
    KEYFILE_SECRET = 1 + 32 + 2 + SECRET_TEXT_MAX,
    KEYFILE_MAX = KEYFILE_HEAD + WALLET_ACCOUNTS * 20 + KEYFILE_SECRET + 16,
    LEAF_MAX = WALLET_NAME + 8,
};
/* What needs no password, into everything of *card but its name. SOUK_EINPUT: not one of ours. */
souk_err keyfile_head(const uint8_t *p, size_t n, struct wallet_card *card, struct err *e);

/* "NAME.key"; SOUK_EINPUT for what is no name. */
souk_err wallet_leaf(const char *name, const char *suffix, char out[LEAF_MAX], struct err *e);
/* SOUK_EINPUT when a wallet of either kind has the name. */
souk_err wallet_name_free(int dirfd, const char *name, struct err *e);
/* wallet_dir_open of a directory that is made when it is not there. */
souk_err wallet_dir_make(const char *dir, int *fd, struct err *e);

#endif
