/*
 * vault.h: an unlocked wallet in the signer's memory: its keys, its ledger, and how to know its
 * user again.
 *
 * Key file and ledger are opened while the process still may open files; later
 * the password is checked against a hash of its own (Argon2id, random salt),
 * because the key file cannot be read again.
 */
#ifndef SOUK_SIGNER_VAULT_H
#define SOUK_SIGNER_VAULT_H

#include "wallet/key.h"
#include "wallet/ledger.h"

enum { VAULT_WRONG_MAX = 10 }; /* wrong passwords in a row that lock the wallet */
enum { VAULT_AHEAD = 32 };

struct vault {
    struct wallet_card card;
    struct key *key[WALLET_ACCOUNTS];
    /* The accounts of its words behind the last one: one that is added while this is open has no
       key here, and is known all the same. */
    address ahead[VAULT_AHEAD];
    unsigned n_ahead;
    struct ledger *ledger; /* NULL: it does not hold; nothing is signed */
    struct err ledger_err; /* why */
    struct proof *proof;   /* of the password; in secret memory */
    unsigned wrong;        /* passwords in a row */
    bool witness;          /* somebody to ask the chain */
    int64_t locks_at;
};

/* What keyfile_open gave, and the password it was opened with; dirfd: the wallets' directory. */
souk_err vault_open(struct vault *v, int dirfd, const struct wallet_card *card,
                    const struct wallet_secret *s, const struct secret_text *password,
                    struct err *e);
/* Wipes everything. */
void vault_close(struct vault *v);

/* Takes its time, on purpose. Counts the wrong ones. */
bool vault_password_is(struct vault *v, const struct secret_text *t);
int64_t vault_now(const struct vault *v);

#endif
