/*
 * ledger.h: what this wallet has signed, under which limits: one file, written before anything
 * signed leaves the signer.
 *
 * NAME.ledger is a chain of records, each with its number, its time and a keyed
 * hash (BLAKE2b, key derived from the wallet's secret) over itself and the one
 * before; NAME.head holds the newest number and hash, so that a cut, edited or
 * exchanged ledger is noticed. A record is on disk (fdatasync) before the call
 * returns; after a crash the ledger may be one record ahead of its head, never
 * behind.
 *
 * Everything the signer remembers is a fold over these records: limits, pins
 * (who was paid for a model at first), open signatures, what was spent, the
 * kill switch, transactions sent.
 *
 * Without the key a ledger can be read but not believed (ledger_peek): that is
 * how a locked wallet's limits are shown.
 */
#ifndef SOUK_WALLET_LEDGER_H
#define SOUK_WALLET_LEDGER_H

#include "eth/contracts.h"
#include "eth/tx.h"
#include "wallet/keyfile.h"
#include "wallet/policy.h"

struct ledger;

enum entry_state {
    ENTRY_OPEN,      /* signed, valid, not known to be used */
    ENTRY_SETTLED,   /* the chain took `charged` */
    ENTRY_LAPSED,    /* its time is over and the chain never saw it */
    ENTRY_CANCELLED, /* made void on chain */
};

/* One signed authorization. */
struct entry {
    uint64_t seq;
    bytes32 call;       /* the logical call it is for; one call has one entry, ever */
    struct typed typed; /* what was signed */
    signature sig;
    char subject[LABEL_MAX]; /* what is paid for: "author/model", or an address on the web */
    char author[LABEL_MAX];
    int64_t at;
    enum entry_state state;
    u256 charged;    /* ENTRY_SETTLED */
    bytes32 tx;      /* ENTRY_SETTLED, when known */
    bool quoted_yes; /* signed by the user's explicit yes, beyond the limits */
};

struct ledger_tx { /* a transaction signed */
    int64_t at;
    uint64_t chain, nonce;
    address from, to;
    bytes32 hash, effect; /* effect: of chain, from, nonce, to, value and data: all but its fee */
    u256 fee;             /* counted; 0 once another took its place */
    struct call_meaning meaning;
};
/* What a transaction does, whatever it pays for it. */
bytes32 ledger_tx_effect(const struct tx *t, address from);

/* dirfd: the wallets' directory. Verifies the whole chain: SOUK_EVERIFY when it does not hold. */
souk_err ledger_open(int dirfd, const char *name, const uint8_t key[32], struct ledger **out,
                     struct err *e);
/* For reading alone, unverified; a wallet that never signed has an empty one. */
souk_err ledger_peek(int dirfd, const char *name, struct ledger **out, struct err *e);
void ledger_close(struct ledger *l);

/* Pointers handed out below hold until the next ledger_add_*. */

int64_t ledger_now(const struct ledger *l, int64_t clock); /* never before its newest record */
const struct limits *ledger_limits(const struct ledger *l, size_t *n);
const struct entry *ledger_entries(const struct ledger *l, size_t *n); /* oldest first */
const struct entry *ledger_entry(const struct ledger *l, bytes32 call);
const struct ledger_tx *ledger_txs(const struct ledger *l, size_t *n); /* oldest first */
size_t ledger_open_count(const struct ledger *l); /* entries that are ENTRY_OPEN */
/* Who was paid for this subject at its first payment (or since a repin); NULL: none yet. */
const address *ledger_pin(const struct ledger *l, const char *subject, int64_t *since,
                          uint64_t *paid /* how often */);
struct spent ledger_spent(const struct ledger *l, uint64_t chain, address token, const char *author,
                          const char *subject, int64_t now);
/* What this payee got over 24 hours, under whatever names. */
u256 ledger_spent_payee(const struct ledger *l, uint64_t chain, address token, address payee,
                        int64_t now);
bool ledger_killed(const struct ledger *l);
bool ledger_writable(const struct ledger *l); /* false: a write failed; lock and look at the disk */

souk_err ledger_add_limits(struct ledger *l, const struct limits *lim, int64_t now, struct err *e);
/* The first entry of a subject pins its payee. SOUK_EINPUT when the call has one already. */
souk_err ledger_add_entry(struct ledger *l, const struct entry *en, struct err *e);
/* SOUK_EINPUT for a step back (a settled entry stays settled, nothing becomes open again). */
souk_err ledger_add_outcome(struct ledger *l, bytes32 call, enum entry_state s, u256 charged,
                            bytes32 tx, int64_t now, struct err *e);
/* Another payee from now on. */
souk_err ledger_add_pin(struct ledger *l, const char *subject, address payee, int64_t now,
                        struct err *e);
souk_err ledger_add_kill(struct ledger *l, bool on, int64_t now, struct err *e);
/* fee: the most its gas can cost, counted like a payment of the chain's coin. Of transactions with
 * the same chain, sender and nonce only one can be mined: the dearest counts. */
souk_err ledger_add_tx(struct ledger *l, const struct tx *t, address from, bytes32 hash, u256 fee,
                       int64_t now, struct err *e);

#endif
