/*
 * witness.h: the signer's own eyes on the chain.
 *
 * `souk witness` is started by souk-signer, not by the user: a process without
 * keys that reads questions on its standard input and writes the chain's word
 * on its standard output, so that no front end can tell the signer a fate that
 * was not. One line a question, one line an answer (signer/witness.c writes
 * the same lines):
 *
 *   ID KIND CHAIN TOKEN FROM TO AMOUNT NONCE VALID_BEFORE SINCE FACILITATOR
 *   ID open|settled|lapsed|cancelled CHARGED TX
 *
 * numbers decimal, addresses and hashes in 0x hex.
 */
#ifndef SOUK_MARKET_WITNESS_H
#define SOUK_MARKET_WITNESS_H

#include "base/err.h"

/* Until standard input ends. network: the profile's name. */
souk_err witness_run(const char *network, struct err *e);

#endif
