/*
 * fate.h: what became of a signed authorization, by the chain's word.
 *
 * EIP-3009: authorizationState(from, nonce), then the log that used or
 * cancelled it. Permit2: the bit of nonceBitmap, then the payer's transfer to
 * the payee in the transaction that carries the nonce (the proxies' events
 * carry nothing). A time that is over counts only by the time of a block as
 * deep as the profile's confirmations, and so does a cancellation; a
 * settlement counts at once. With two or more nodes in the profile two are
 * asked and must agree; where they differ the fate stays open and the words say so.
 *
 * Used by receipts and, in a process of its own, by the signer's witness.
 */
#ifndef SOUK_MARKET_FATE_H
#define SOUK_MARKET_FATE_H

#include "eth/typed.h"
#include "market/config.h"
#include "net/http.h"

enum fate_kind { FATE_OPEN, FATE_SETTLED, FATE_LAPSED, FATE_CANCELLED };

struct fate {
    enum fate_kind kind;
    u256 charged;
    bytes32 tx;
    bool has_tx;
    uint64_t block;
    int64_t time;
    struct err err; /* why nothing could be learned: kind is FATE_OPEN then */
};

struct fate_query;
/* since: when it was signed; logs are searched from shortly before. done comes once, on the loop,
 * never from within. NULL: e says why. n is not needed after this returns. */
struct fate_query *fate_ask(struct http *h, const struct network *n, const struct typed *t,
                            int64_t since, void (*done)(void *ud, const struct fate *f), void *ud,
                            struct err *e);
void fate_cancel(struct fate_query *q); /* done will not come */

#endif
