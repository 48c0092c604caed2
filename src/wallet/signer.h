/*
 * signer.h: talking to souk-signer, the process that holds the keys.
 *
 * A wallet that is unlocked has one such process, listening on a Unix socket
 * below the state directory (owner checked on both sides); a locked wallet has
 * none. It was given the password by the user at the terminal, never by us. It
 * cannot open files or sockets any more; it holds the limits and the ledger,
 * signs what they cover, and asks the user itself, at the terminal and with
 * the password, for anything else. It locks itself (wipes and ends) when
 * nothing was asked for `lock_after` seconds.
 *
 * What the chain did with a signature it does not take from us either: it asks
 * its witness, a process of its own with network and without keys
 * (SOUK_WITNESS_ARG below; market/witness.h).
 *
 * All calls here block: use them from a worker (LANE_SIGN) or a command. Those
 * with a `gate` may take as long as the user does.
 *
 * A refusal is SOUK_ELIMIT with the words of policy.h in e, and its code in
 * the answer. SOUK_ENOTFOUND: the wallet is locked (no signer runs).
 */
#ifndef SOUK_WALLET_SIGNER_H
#define SOUK_WALLET_SIGNER_H

#include "wallet/ledger.h"

struct signer; /* a connection; one thread at a time */

enum { SIGNER_LOCK_AFTER = 600, MEANING_MAX = 2048 };

/* Where the user says yes: a terminal, or a pipe with the password in one line. -1: nowhere; then
 * what needs a yes is refused (REFUSE_NEEDS_YES). */
typedef int signer_gate;

/*
 * Unlocks: runs souk-signer on the gate; returns when it listens or has said why not. network: the
 * profile its witness reads the chain by.
 */
struct signer_start {
    const char *wallet, *network;
    int lock_after; /* seconds; 0: SIGNER_LOCK_AFTER */
    signer_gate gate;
};
souk_err signer_unlock(const struct signer_start *s, struct err *e);

souk_err signer_connect(const char *wallet, struct signer **out, struct err *e);
void signer_close(struct signer *s);

/* --- what it holds */
struct signer_state {
    struct wallet_card card;
    int64_t locks_at; /* unix seconds, if nothing is asked before */
    bool killed, memory_locked;
    bool ledger_broken; /* the record was changed by someone else: nothing is paid any more */
    bool witness;       /* it can ask the chain */
    size_t open;        /* signatures that may still be used */
};
souk_err signer_state(struct signer *s, struct signer_state *out, struct err *e);

/* The verified limits, each with what is counted against it now (over all authors and models). */
struct limit_state {
    struct limits limits;
    struct spent spent;
};
/* At most max; *n is how many there are. */
souk_err signer_limits(struct signer *s, struct limit_state *out, size_t max, size_t *n,
                       struct err *e);
/* The signatures that may still be used, newest first. */
souk_err signer_open(struct signer *s, struct entry *out, size_t max, size_t *n, struct err *e);

/* --- paying */
struct signer_payment {
    bytes32 call; /* of the logical call: asking again gives the same signature, never another */
    struct typed typed;
    u256 quoted;
    const char *subject, *author;
    const struct typed *permit; /* an EIP-2612 permit to go with it; NULL: none */
    bool try_only; /* say what it means and whether it would be signed; sign nothing: SOUK_OK, and
                      the refusal that there would be in `refusal` */
    signer_gate gate; /* for what is beyond the limits */
};
struct signer_answer {
    enum refusal refusal; /* REFUSE_NOT: signed (or would be) */
    bool again;           /* this very call was signed before: the same signature */
    signature sig, permit_sig;
    char meaning[MEANING_MAX]; /* the signer's own words for what it was asked, of its own table */
    struct spent spent;        /* before this one */
    struct limits limits;      /* of the asset; zeroes: none */
    bool pinned;               /* the payee is the one first paid */
    int64_t pinned_since;
    uint64_t pinned_paid; /* how often */
};
souk_err signer_pay(struct signer *s, const struct signer_payment *p, struct signer_answer *out,
                    struct err *e);

/* Has the signer ask its witness what the chain did with this call's signature. */
souk_err signer_check(struct signer *s, bytes32 call, struct entry *out, struct err *e);

/* --- transactions: transfer, approve, cancel, invalidate, the chain's coin; list, delist, deploy.
 */
struct signer_tx {
    struct tx tx;
    unsigned account;
    signer_gate gate; /* sending, listing, approving beyond the week's limit: always asked */
    bool try_only;    /* as above; spent and limits of the answer are the coin's */
};
/* raw: the signed bytes. */
souk_err signer_tx(struct signer *s, const struct signer_tx *t, struct buf *raw, bytes32 *hash,
                   struct signer_answer *out, struct err *e);
/* CancelAuthorization for an open EIP-3009 entry: always signed, the kill switch included. */
souk_err signer_cancel(struct signer *s, bytes32 call, signature *out, struct err *e);
/* EIP-191, asked for at the gate. */
souk_err signer_message(struct signer *s, unsigned account, const void *p, size_t n,
                        signer_gate gate, signature *out, struct err *e);

/* --- changing what it allows: all but tightening is asked for at the gate. */
souk_err signer_set_limits(struct signer *s, const struct limits *l, signer_gate gate,
                           struct err *e);
souk_err signer_repin(struct signer *s, const char *subject, address payee, signer_gate gate,
                      struct err *e);
souk_err signer_lock(struct signer *s, struct err *e);
/* At once, no question, and it stays so until revived. A locked wallet signs nothing anyway. */
souk_err signer_kill(struct signer *s, struct err *e);
souk_err signer_revive(struct signer *s, signer_gate gate, struct err *e); /* the switch off */

/*
 * Runs souk-signer for what needs secrets and a terminal, and waits: create, import, export,
 * accounts. argv after the program's name, NULL-terminated; its one line of error comes back in e.
 * keep: descriptors it inherits at the same numbers, -1 ends.
 */
souk_err signer_run(const char *const *argv, const int *keep, struct err *e);

/* The wallets' directory. */
souk_err signer_dir(char out[PATH_BUF], struct err *e);

#endif
