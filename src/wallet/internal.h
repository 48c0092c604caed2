/*
 * internal.h: what the parts of wallet share and nobody else needs.
 */
#ifndef SOUK_WALLET_INTERNAL_H
#define SOUK_WALLET_INTERNAL_H

#include <secp256k1.h>

#include "wallet/mnemonic.h"

/* The one context, blinded; key_start must have been called. */
const secp256k1_context *key_context(void);

/* BIP-39's English list, sorted. */
enum { WORDLIST = 2048, WORD_MAX = 8 };
extern const char wordlist[WORDLIST][WORD_MAX + 1];

#endif
