/* internal.h: one row in a digest, for explain and prove. */
#ifndef SOUK_MARKET_EXPLAIN_INTERNAL_H
#define SOUK_MARKET_EXPLAIN_INTERNAL_H

#include <sodium.h>

#include "store/proof_rows.h"

struct row_digest {
    crypto_generichash_state hash;
    uint8_t out[512]; /* bytes that wait for the hash */
    size_t n;
};
void row_digest_begin(struct row_digest *d);
void row_digest_add(struct row_digest *d, const struct proof_row *r); /* as explain.h says */
void row_digest_end(struct row_digest *d, uint8_t out[32]);

#endif
