/* fate_internal.h: what fate.c (the verdict) and fate_logs.c (the search for its log) share. */
#ifndef SOUK_MARKET_FATE_INTERNAL_H
#define SOUK_MARKET_FATE_INTERNAL_H

#include "base/arena.h"
#include "market/fate.h"
#include "market/nodes.h"

enum { FATE_CANDIDATES = 512 };

/* A transfer that may be the one: of Permit2, until its transaction was seen to carry the nonce. */
struct candidate {
    bytes32 tx;
    uint64_t block, index;
    u256 amount;
};

struct fate_query {
    struct nodes *nodes;
    struct ask *ask;
    struct typed t;
    bool permit2;
    int64_t since;
    uint64_t confirmations, start_block;
    void (*done)(void *ud, const struct fate *f);
    void *ud;

    uint64_t head, deep; /* the newest block both have; the newest that counts as settled */

    /* the search: ranges backwards from the head */
    uint64_t first, last, size; /* the range asked for */
    bool at_end;                /* nothing older can hold it */
    struct candidate found[FATE_CANDIDATES];
    size_t n_found, seen; /* candidates whose transactions have been looked at */
    bool used;            /* EIP-3009: the log that used it is in found[0] */
    bool carried;         /* Permit2: a transaction carries the nonce; it is in found[0] */
    bool cancelled;
    struct candidate cancel;
};

/* The next range. */
void fate_search_ask(struct fate_query *q, struct asking *k);
enum fate_search { SEARCH_MORE, SEARCH_CANDIDATES, SEARCH_FOUND, SEARCH_OVER, SEARCH_FAILED };
/* Reads a range; then there is either something to look at, a further range, or an end. */
enum fate_search fate_search_read(struct fate_query *q, const struct answers *a, struct err *e);

/* Permit2: the transactions of the next candidates, which carry the nonce or do not. */
void fate_carry_ask(struct fate_query *q, struct asking *k);
enum fate_search fate_carry_read(struct fate_query *q, const struct answers *a, struct err *e);

/* EIP-3009: the payer's transfers in the block of the log that used the authorization. */
void fate_charge_ask(struct fate_query *q, struct asking *k);
bool fate_charge_read(const struct fate_query *q, const struct rpc_result *r, u256 *charged,
                      struct err *e);

#endif
