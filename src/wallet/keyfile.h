/*
 * keyfile.h: wallets on disk: NAME.key, native and authenticated, and the V3 form of others.
 *
 * Below the wallets' directory (mode 0700, files 0600; anything wider is refused):
 *   NAME.key     words or a private key: Argon2id13 over the password, then
 *                XChaCha20-Poly1305; version, parameters, kind and addresses are its associated
 *                data, so that no bit of the file can be changed unnoticed
 *   NAME.watch   an address without a key
 *   NAME.ledger  what was signed (ledger.h); NAME.head, its newest record
 *
 * What is not secret (addresses, kind) is read without the password, and only believed after it.
 * Writing: a new file beside, fsync, read back and opened, renamed, directory fsync.
 */
#ifndef SOUK_WALLET_KEYFILE_H
#define SOUK_WALLET_KEYFILE_H

#include "base/paths.h"
#include "wallet/mnemonic.h"

/* Names: a-z 0-9 - _, 1 to 32 of them. Accounts: what a byte of the file counts. */
enum { WALLET_NAME = 33, WALLET_ACCOUNTS = 255 };

enum wallet_kind { WALLET_WATCH, WALLET_KEY, WALLET_WORDS };

struct wallet_card { /* what may be seen without the password */
    char name[WALLET_NAME];
    enum wallet_kind kind;
    address account[WALLET_ACCOUNTS];
    unsigned accounts;
    bool play; /* made with weak parameters, for a devnet's play money */
};

bool wallet_name_ok(const char *name);
/* The wallets' directory as a descriptor; SOUK_EINPUT when it is not the user's alone,
 * SOUK_ENOTFOUND when it is not there. */
souk_err wallet_dir_open(const char *dir, int *fd, struct err *e);
/* dir: the wallets' directory. SOUK_ENOTFOUND: no such wallet. */
souk_err wallet_card_read(const char *dir, const char *name, struct wallet_card *out,
                          struct err *e);
/* By name; the caller frees *out with mem_free. An unreadable one is left out and counted. */
souk_err wallet_cards(const char *dir, struct wallet_card **out, size_t *n, size_t *broken,
                      struct err *e);
souk_err wallet_watch(const char *dir, const char *name, address a, struct err *e);

/* --- with secrets: souk-signer alone */
struct wallet_secret { /* allocate with secret_alloc */
    enum wallet_kind kind;
    uint8_t entropy[ENTROPY_MAX]; /* WALLET_WORDS */
    size_t entropy_n;
    struct secret_text passphrase; /* BIP-39's; "" none */
    uint8_t key[32];               /* WALLET_KEY */
};
enum kdf_cost { KDF_STRONG /* 256 MiB */, KDF_PLAY /* the least libsodium takes: play money */ };

/* Never overwrites: SOUK_EINPUT when there is one of this name. Makes the directory, not those
 * above it. accounts: 1 to WALLET_ACCOUNTS, 1 for a WALLET_KEY. card may be NULL, here and below.
 */
souk_err keyfile_create(const char *dir, const char *name, const struct wallet_secret *s,
                        unsigned accounts, const struct secret_text *password, enum kdf_cost cost,
                        struct wallet_card *card, struct err *e);
/* SOUK_EVERIFY: the password is wrong or the file was changed. *out: secret_free. The addresses of
 * the card are then those of the secret. */
souk_err keyfile_open(const char *dir, const char *name, const struct secret_text *password,
                      struct wallet_secret **out, struct wallet_card *card, struct err *e);
/* Replaces the file: another number of accounts, or another password. */
souk_err keyfile_rewrite(const char *dir, const char *name, const struct wallet_secret *s,
                         unsigned accounts, const struct secret_text *password, enum kdf_cost cost,
                         struct wallet_card *card, struct err *e);
/* SOUK_EINPUT: a WALLET_KEY has account 0 alone. */
souk_err wallet_secret_key(const struct wallet_secret *s, unsigned account, struct key **out,
                           struct err *e);

/* --- Web3 Secret Storage, version 3. */
/*
 * Reads scrypt and PBKDF2 files, `crypto` or `Crypto`. Parameters are bounded before anything is
 * allocated (facts: N <= 2^20, r <= 32, p <= 16, 128 N r <= 1 GiB, c <= 10^7). *checked: the file
 * carried an address and the key has it; without one, show the address and ask.
 */
souk_err v3_read(const char *text, size_t n, const struct secret_text *password, struct key **out,
                 bool *checked, struct err *e);
/* scrypt 2^18, r 8, p 1; lower-case `crypto`, with the address. Not secret; caller mem_frees. */
souk_err v3_write(const struct key *k, const struct secret_text *password, char **out, size_t *n,
                  struct err *e);

#endif
