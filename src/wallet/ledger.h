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
    address from;
    bytes32 hash;
    struct call_meaning meaning;
};

/* dirfd: the wallets' directory. Verifies the whole chain: SOUK_EVERIFY when it does not hold. */
souk_err ledger_open(int dirfd, const char *name, const uint8_t key[32], struct ledger **out,
                     struct err *e);
/* For reading alone, unverified; a wallet that never signed has an empty one. */
souk_err ledger_peek(int dirfd, const char *name, struct ledger **out, struct err *e);
void ledger_close(struct ledger *l);

int64_t ledger_now(const struct ledger *l, int64_t clock); /* never before its newest record */
const struct limits *ledger_limits(const struct ledger *l, size_t *n);
const struct entry *ledger_entries(const struct ledger *l, size_t *n); /* oldest first */
const struct entry *ledger_entry(const struct ledger *l, bytes32 call);
const address *ledger_pin(const struct ledger *l, const char *subject, int64_t *since,
                          uint64_t *paid); /* NULL: none; paid: how often */
struct spent ledger_spent(const struct ledger *l, uint64_t chain, address token, const char *author,
                          const char *subject, int64_t now);
bool ledger_killed(const struct ledger *l);

souk_err ledger_add_limits(struct ledger *l, const struct limits *lim, int64_t now, struct err *e);
souk_err ledger_add_entry(struct ledger *l, const struct entry *en, struct err *e);
/* SOUK_EINPUT for a step back (a settled entry stays settled). */
souk_err ledger_add_outcome(struct ledger *l, bytes32 call, enum entry_state s, u256 charged,
                            bytes32 tx, int64_t now, struct err *e);
souk_err ledger_add_pin(struct ledger *l, const char *subject, address payee, int64_t now,
                        struct err *e);
souk_err ledger_add_kill(struct ledger *l, bool on, int64_t now, struct err *e);
/* fee: the most it can cost in the chain's coin, counted like a payment of that coin. */
souk_err ledger_add_tx(struct ledger *l, const struct tx *t, address from, bytes32 hash, u256 fee,
                       int64_t now, struct err *e);

#endif
