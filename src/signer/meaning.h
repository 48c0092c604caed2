/*
 * meaning.h: what is about to be signed, in words, from the signer's own tables.
 *
 * A few lines of plain ASCII, a line end after each but the last. Symbols and decimals
 * are those of the limits the user set; of a token that has none the raw number
 * is said, and its address. Addresses are whole, in groups of four behind
 * 0x, with their checksum's capitals. What a front end called a thing is quoted.
 */
#ifndef SOUK_SIGNER_MEANING_H
#define SOUK_SIGNER_MEANING_H

#include "signer/vault.h"
#include "wallet/wire.h"

struct meaning {
    struct buf *out;
    const struct limits *limits;
    size_t n;
    const struct vault *vault; /* whose accounts are its own */
    int64_t now;
};

void meaning_payment(const struct meaning *m, const struct pay_request *p);
/* fee: the most it can cost. */
void meaning_tx(const struct meaning *m, const struct tx *t, address from, u256 fee);
void meaning_message(const struct meaning *m, address account, const void *p, size_t n);
void meaning_limits(const struct meaning *m, const struct limits *l, const struct limits *before);
void meaning_repin(const struct meaning *m, const char *subject, address payee,
                   const address *before);
/* "Not covered: …", one line per reason. */
void meaning_faults(const struct meaning *m, uint32_t faults);

#endif
