/*
 * purchases.h: what the user bought, in a database of its own that is never thrown away.
 *
 * The cache can be fetched again; this cannot. DATA/NETWORK.purchases.db, WAL,
 * synchronous=FULL: a row is on disk when a call here returns, because a paid
 * request leaves only after its row is there. Used by one thread at a time
 * (LANE_SIGN, or a command).
 *
 * One row is one logical call: its request, the one header that pays for it,
 * and what became of it. Strings in structs read back live in the arena given.
 * Nothing here ever deletes: a damaged file is named, with what to do about it.
 */
#ifndef SOUK_STORE_PURCHASES_H
#define SOUK_STORE_PURCHASES_H

#include "store/store.h"

struct purchases;

enum { PURCHASE_ANSWER = 1 << 20 };

enum purchase_state {
    PURCHASE_INTENT,    /* asked for; nothing signed that we know of */
    PURCHASE_SIGNED,    /* the header is kept; it may or may not have been sent */
    PURCHASE_SENT,      /* sent; no answer yet: outcome unknown */
    PURCHASE_ANSWERED,  /* a 2xx answer is kept; the chain has not confirmed the payment yet */
    PURCHASE_SETTLED,   /* the chain has the payment */
    PURCHASE_REFUSED,   /* the seller refused it and the chain shows nothing taken; still valid
                           until it lapses */
    PURCHASE_LAPSED,    /* its time is over and the chain took nothing */
    PURCHASE_CANCELLED, /* made void on chain */
    PURCHASE_DISPUTED,  /* charged more than said, or paid and not served */
    PURCHASE_FREE,      /* answered without payment */
    PURCHASE_STATES
};
const char *purchase_state_name(enum purchase_state s); /* "settled" */

struct purchase_row {
    int64_t id;
    bytes32 call;          /* the signer's key for it */
    int64_t made, updated; /* unix seconds */
    enum purchase_state state;
    struct untrusted subject, author, model; /* model: "author/name", empty for a plain address */
    struct untrusted method, url, body, headers /* "Name: value" lines of the request */;
    int64_t chain;
    int scheme; /* enum typed_kind */
    address asset, payer, pay_to;
    u256 amount; /* signed: the most */
    u256 quoted; /* what the user was shown */
    bytes32 nonce;
    int64_t valid_before;
    struct untrusted pay_header, pay_value; /* name and value, resent as the same bytes */
    bool has_tx;
    bytes32 tx;   /* by the receipt or the chain */
    u256 charged; /* by the chain, or by the receipt until then */
    bool charged_known, charged_by_chain;
    int64_t block;
    int status;                           /* of the last answer; 0: none */
    struct untrusted answer_type, answer; /* content type and body */
    struct untrusted words;               /* what went wrong, in words */
    struct untrusted tee;                 /* verdict code, empty: not an enclave's answer */
    int64_t session; /* the purchase whose upto session this call drew from; 0: its own */
    struct untrusted session_id; /* X-Upto-Session */
    u256 cost;                   /* of a session's call, by its usage; 0 unknown */
    struct untrusted plan;       /* the purchase's own notes (JSON): what going on needs to know */
};

souk_err purchases_open(const char *path, struct purchases **out, struct err *e);
void purchases_close(struct purchases *p);

souk_err purchase_add(struct purchases *p, const struct purchase_row *r, int64_t *id,
                      struct err *e);
/* Writes all of the row but id, call and made. An answer beyond PURCHASE_ANSWER is cut. */
souk_err purchase_save(struct purchases *p, const struct purchase_row *r, struct err *e);
souk_err purchase_get(struct purchases *p, int64_t id, struct arena *a, struct purchase_row *out,
                      struct err *e);
/* By the logical call; SOUK_ENOTFOUND. */
souk_err purchase_find(struct purchases *p, bytes32 call, struct arena *a, struct purchase_row *out,
                       struct err *e);
/* Newest first, without body, headers, pay_value, answer and plan: purchase_get has those.
 * open_only: those whose outcome the chain has still to tell (signed, sent, answered, refused). */
souk_err purchase_list(struct purchases *p, bool open_only, size_t max, struct arena *a,
                       struct purchase_row **out, size_t *n, struct err *e);

/* Transactions the user sent (transfers, approvals, cancellations): the wallet's history. */
struct sent_row {
    int64_t id, made, chain;
    address from;
    address to;    /* who receives or may spend; of a cancellation, the contract called */
    address token; /* zero: the chain's coin */
    int kind;      /* enum call_kind */
    u256 amount;
    uint64_t nonce;
    u256 max_fee, max_priority;
    uint64_t gas;
    struct untrusted data; /* call data */
    u256 value;
    bytes32 hash;
    struct untrusted raw; /* the signed bytes: what is sent, and sent again */
    enum { SENT_PENDING, SENT_MINED, SENT_FAILED, SENT_REPLACED, SENT_DROPPED } state;
    int64_t block;
    u256 fee_paid;
};
souk_err sent_add(struct purchases *p, const struct sent_row *r, int64_t *id, struct err *e);
souk_err sent_save(struct purchases *p, const struct sent_row *r, struct err *e);
/* Newest first. */
souk_err sent_list(struct purchases *p, const address *from /* NULL: all */, size_t max,
                   struct arena *a, struct sent_row **out, size_t *n, struct err *e);

#endif
