/*
 * internal.h: what the files of the purse share.
 *
 *   purse.c       opening, which wallet, calls and their ends
 *   state.c       limits and open signatures, from the signer and its ledger
 *   assets.c      the profile's tokens
 *   balances.c    what an address has
 *   draft.c       a transaction prepared: nonce, fees, what it means
 *   shape.c       what it shall be
 *   listings.c    listing, taking back, deploying; what of the contract is there
 *   check.c       who was paid before, and who only looks like it
 *   send.c        signed, kept, sent, mined
 *   history.c     what became of those sent before
 *   allowances.c  who may take what
 *   qr.c          an address as a picture
 *
 * A call is a chain of steps on the loop: questions to the nodes (call_ask) and
 * jobs on LANE_SIGN (call_job), where alone the signer and the purchases'
 * database are used. It ends with call_end, once.
 */
#ifndef SOUK_MARKET_PURSE_INTERNAL_H
#define SOUK_MARKET_PURSE_INTERNAL_H

#include "market/nodes.h"
#include "market/purse.h"
#include "net/loop.h"

struct purse {
    struct market *market;
    const struct network *net;
    struct loop *loop;
    struct http *http;
    struct nodes *nodes; /* made at the first question */
    struct purchases *purchases;
    struct wallet_card card;
    unsigned account;
    bool no_multicall; /* the chain has none */
    struct purse_call *calls;
    int held;                   /* jobs of others under way */
    struct purse_call *awaited; /* by purse_wait; NULL: it has ended */
    struct err ending;          /* its */
};

struct purse_call {
    struct job job; /* first */
    struct purse *p;
    struct purse_call *next;
    struct ask *ask;
    uint64_t timer;
    bool on_lane;
    bool dropped;
    bool goes_on;   /* even when dropped: what it began must be brought to its end */
    struct err err; /* of the job */
    void (*step)(struct purse_call *c); /* after the timer or the job */
    void (*got)(struct purse_call *c, const struct answers *a);
    void (*mend)(struct purse_call *c, struct err *e); /* may put words around it; may be NULL */
    /* Tells the caller (e NULL: it went well), then the call is freed. */
    void (*deliver)(struct purse_call *c, const struct err *e);
    void (*release)(struct purse_call *c); /* what it holds; may be NULL */
};

/* A call of this size (its first member is the purse_call), whose begin() comes on the loop. NULL:
 * no memory. */
void *call_new(struct purse *p, size_t size, void (*begin)(struct purse_call *c),
               void (*deliver)(struct purse_call *c, const struct err *e),
               void (*release)(struct purse_call *c));
/* Each goes on with the step given, or ends the call with what went wrong. */
void call_ask(struct purse_call *c, struct asking *k, uint64_t at,
              void (*got)(struct purse_call *c, const struct answers *a));
/* run: on LANE_SIGN, leaves its failure in c->err; after: on the loop, only without one. */
void call_job(struct purse_call *c, void (*run)(struct job *j),
              void (*after)(struct purse_call *c));
void call_later(struct purse_call *c, int64_t ms, void (*after)(struct purse_call *c));
void call_end(struct purse_call *c, const struct err *e); /* e NULL or SOUK_OK: well */

extern const address MULTICALL3; /* the canonical address */

/* [LANE_SIGN] The wallet's ledger, read without being believed. */
souk_err purse_peek(struct purse *p, struct ledger **out, struct err *e);

/* --- what the steps of a draft decide by themselves (check.c) */

/* The number of the next transaction: the node's pending count, raised over our own pending rows.
 */
uint64_t next_nonce(uint64_t node, const struct sent_row *row, size_t n, address from,
                    int64_t chain);
/* Looks like it at both ends, as people compare addresses, and is another: poisoning. */
bool looks_like(address a, address b);
/* [LANE_SIGN] Whether anything went there before, and whether it only looks so. */
souk_err recipient_check(struct purse *p, address who, bool *first_time, bool *like_another,
                         struct err *e);
struct fees {
    u256 base, priority; /* the block's; what the node suggests */
};
/* Fees that will do for some blocks; of a replacement (old not NULL) both at least 12.5 % above. */
void fees_choose(const struct fees *f, const struct tx *old, u256 *max_fee, u256 *max_priority);

/* --- transactions sent (send.c, history.c) */
souk_err receipt_read(const json *receipt, struct sent_row *r, struct err *e);
/* [LANE_SIGN] Keeps what became of it; of those with its number that can no longer be, too. */
souk_err sent_settled(struct purchases *p, const struct sent_row *r, struct err *e);
/* A node's refusal that means it has the transaction already. */
bool refusal_is_known(struct untrusted message);
void ask_raw(struct asking *k, struct untrusted raw);

#endif
