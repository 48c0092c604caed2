/*
 * keyfile.c: NAME.key. Numbers are big-endian; a is the number of accounts.
 *
 *   at   bytes
 *    0     8   "SOUKKEY1": the 1 is the version
 *    8     1   1 a private key, 2 words
 *    9     1   1 made with weak parameters, for play money; else 0
 *   10     1   a, 1 to 32
 *   11     1   0
 *   12     4   Argon2id: passes
 *   16     4   Argon2id: memory in KiB
 *   20    16   Argon2id: salt
 *   36    24   nonce of XChaCha20-Poly1305
 *   60    20a  the accounts' addresses
 *    .  1059   the secret, encrypted; always as long, so that its length tells nothing:
 *                 1   bytes of entropy; 0 for a private key
 *                32   the entropy or the private key, zeros behind it
 *                 2   bytes of the passphrase
 *              1024   the passphrase, zeros behind it
 *    .    16   Poly1305's tag
 *
 * Key: Argon2id (version 13, one lane) of the password, 32 bytes. Associated data: all before the
 * secret. So every byte of the file is authenticated; salt and nonce are fresh in each writing.
 */
#include "wallet/keyfile.h"

#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "wallet/files.h"
#include "wallet/internal.h"

#include "base/banned.h"

enum {
    AT_KIND = 8,
    AT_PLAY = 9,
    AT_ACCOUNTS = 10,
    AT_ZERO = 11,
    AT_PASSES = 12,
    AT_MEMORY = 16,
    AT_SALT = 20,
    AT_NONCE = 36,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SEALED = KEYFILE_SECRET + TAG,
    PASSES_MAX = 16,
    MEMORY_MIN = 8,       /* KiB, libsodium's least */
    MEMORY_MAX = 1 << 20, /* a file from elsewhere must not take all there is */
};
_Static_assert(AT_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == KEYFILE_HEAD, "nonce");
_Static_assert(AT_SALT + crypto_pwhash_argon2id_SALTBYTES == AT_NONCE, "salt");

static const uint8_t magic[8] = "SOUKKEY1";

static const struct cost {
    uint32_t passes, memory;
} costs[] = {
    [KDF_STRONG] = {3, 256 << 10},
    [KDF_PLAY] = {1, MEMORY_MIN},
};

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static size_t public_bytes(unsigned accounts)
{
    return KEYFILE_HEAD + 20 * (size_t)accounts;
}

souk_err keyfile_head(const uint8_t *p, size_t n, struct wallet_card *card, struct err *e)
{
    if (n < KEYFILE_HEAD || memcmp(p, magic, sizeof magic - 1) != 0)
        return err_set(e, SOUK_EINPUT, "this is no key file of souk");
    if (p[sizeof magic - 1] != magic[sizeof magic - 1])
        return err_set(e, SOUK_EINPUT,
                       "this key file is of a version that this souk does not know");
    uint32_t passes = get32(p + AT_PASSES), memory = get32(p + AT_MEMORY);
    unsigned accounts = p[AT_ACCOUNTS];
    bool words = p[AT_KIND] == WALLET_WORDS;
    if ((!words && p[AT_KIND] != WALLET_KEY) || p[AT_PLAY] > 1 || p[AT_ZERO] != 0 || accounts < 1 ||
        accounts > (words ? WALLET_ACCOUNTS : 1) || n != public_bytes(accounts) + SEALED)
        return err_set(e, SOUK_EINPUT, "this key file is damaged: bring back a copy of it");
    if (passes < 1 || passes > PASSES_MAX || memory < MEMORY_MIN || memory > MEMORY_MAX)
        return err_set(e, SOUK_EINPUT,
                       "this key file asks for %u passes over %u KiB to be opened: that is refused",
                       (unsigned)passes, (unsigned)memory);
    card->kind = words ? WALLET_WORDS : WALLET_KEY;
    card->play = p[AT_PLAY] == 1;
    card->accounts = accounts;
    memset(card->account, 0, sizeof card->account);
    memcpy(card->account, p + KEYFILE_HEAD, 20 * (size_t)accounts);
    return SOUK_OK;
}

/* --- what lies in it */

static bool secret_ok(const struct wallet_secret *s)
{
    size_t n = s->entropy_n;
    return s->passphrase.n < SECRET_TEXT_MAX &&
           (s->kind == WALLET_WORDS ? n >= 16 && n <= ENTROPY_MAX && n % 4 == 0
                                    : s->kind == WALLET_KEY && n == 0);
}

static void pack(const struct wallet_secret *s, uint8_t out[KEYFILE_SECRET])
{
    memset(out, 0, KEYFILE_SECRET);
    if (s->kind == WALLET_WORDS) {
        out[0] = (uint8_t)s->entropy_n;
        memcpy(out + 1, s->entropy, s->entropy_n);
        out[33] = (uint8_t)(s->passphrase.n >> 8);
        out[34] = (uint8_t)s->passphrase.n;
        memcpy(out + 35, s->passphrase.s, s->passphrase.n);
    } else {
        memcpy(out + 1, s->key, sizeof s->key);
    }
}

static bool unpack(const uint8_t in[KEYFILE_SECRET], enum wallet_kind kind, struct wallet_secret *s)
{
    s->kind = kind;
    s->entropy_n = in[0];
    s->passphrase.n = (size_t)(in[33] << 8 | in[34]);
    if (!secret_ok(s))
        return false;
    if (kind == WALLET_WORDS)
        memcpy(s->entropy, in + 1, s->entropy_n);
    else
        memcpy(s->key, in + 1, sizeof s->key);
    memcpy(s->passphrase.s, in + 35, s->passphrase.n);
    s->passphrase.s[s->passphrase.n] = '\0';
    return true;
}

/* The keys of a secret: its seed is grown once for as many as are asked for. */
static souk_err seed_of(const struct wallet_secret *s, uint8_t **seed, struct err *e)
{
    struct secret_text *words = NULL;
    *seed = secret_alloc(SEED_BYTES);
    souk_err r = *seed ? mnemonic_words(s->entropy, s->entropy_n, &words, e) : err_nomem(e);
    if (!r)
        r = mnemonic_seed(words, &s->passphrase, *seed, e);
    secret_free(words);
    return r;
}

static souk_err accounts_of(const struct wallet_secret *s, unsigned accounts, address *out,
                            struct err *e)
{
    uint8_t *seed = NULL;
    souk_err r = s->kind == WALLET_WORDS ? seed_of(s, &seed, e) : SOUK_OK;
    for (unsigned i = 0; !r && i < accounts; i++) {
        struct key *k = NULL;
        r = s->kind == WALLET_WORDS ? hd_account(seed, SEED_BYTES, i, &k, e)
                                    : key_new(s->key, &k, e);
        if (!r)
            out[i] = key_account(k);
        key_free(k);
    }
    secret_free(seed);
    return r;
}

souk_err wallet_secret_key(const struct wallet_secret *s, unsigned account, struct key **out,
                           struct err *e)
{
    *out = NULL;
    if (s->kind == WALLET_KEY)
        return account == 0 ? key_new(s->key, out, e)
                            : err_set(e, SOUK_EINPUT,
                                      "a wallet of one private key has account 0 "
                                      "alone");
    uint8_t *seed;
    souk_err r = seed_of(s, &seed, e);
    if (!r)
        r = hd_account(seed, SEED_BYTES, account, out, e);
    secret_free(seed);
    return r;
}

/* --- sealing and opening */

static souk_err file_key(const uint8_t *head, const struct secret_text *password, uint8_t **key,
                         struct err *e)
{
    enum { BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES };
    uint32_t memory = get32(head + AT_MEMORY);
    *key = secret_alloc(BYTES);
    if (!*key)
        return err_nomem(e);
    int failed = crypto_pwhash_argon2id(*key, BYTES, password->s, password->n, head + AT_SALT,
                                        get32(head + AT_PASSES), (size_t)memory << 10,
                                        crypto_pwhash_argon2id_ALG_ARGON2ID13);
    secret_wipe_stack();
    return failed ? err_set(e, SOUK_ENOMEM,
                            "a key file needs %u MiB of memory to be opened: close something else",
                            (unsigned)(memory >> 10))
                  : SOUK_OK;
}

/* The file's bytes at p, which the caller frees nothing of: KEYFILE_MAX of his. */
static souk_err seal(const struct wallet_secret *s, unsigned accounts,
                     const struct secret_text *password, enum kdf_cost cost, uint8_t p[KEYFILE_MAX],
                     size_t *n, struct err *e)
{
    uint8_t *key = NULL, *plain = secret_alloc(KEYFILE_SECRET);
    size_t head = public_bytes(accounts);
    address account[WALLET_ACCOUNTS];
    memcpy(p, magic, sizeof magic);
    p[AT_KIND] = (uint8_t)s->kind;
    p[AT_PLAY] = cost == KDF_PLAY;
    p[AT_ACCOUNTS] = (uint8_t)accounts;
    p[AT_ZERO] = 0;
    put32(p + AT_PASSES, costs[cost].passes);
    put32(p + AT_MEMORY, costs[cost].memory);
    souk_err r = plain ? secret_random(p + AT_SALT, KEYFILE_HEAD - AT_SALT, e) : err_nomem(e);
    if (!r)
        r = accounts_of(s, accounts, account, e);
    if (!r)
        r = file_key(p, password, &key, e);
    if (!r) {
        memcpy(p + KEYFILE_HEAD, account, 20 * (size_t)accounts);
        pack(s, plain);
        crypto_aead_xchacha20poly1305_ietf_encrypt(p + head, NULL, plain, KEYFILE_SECRET, p, head,
                                                   NULL, p + AT_NONCE, key);
        secret_wipe_stack();
        *n = head + SEALED;
    }
    secret_free(plain);
    secret_free(key);
    return r;
}

static souk_err decrypt(const uint8_t *p, const struct wallet_card *card,
                        const struct secret_text *password, struct wallet_secret *out,
                        struct err *e)
{
    uint8_t *key = NULL, *plain = secret_alloc(KEYFILE_SECRET);
    size_t head = public_bytes(card->accounts);
    souk_err r = plain ? file_key(p, password, &key, e) : err_nomem(e);
    if (!r && (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, p + head, SEALED, p,
                                                          head, p + AT_NONCE, key) != 0 ||
               !unpack(plain, card->kind, out)))
        r = err_set(e, SOUK_EVERIFY, "the password is wrong, or the key file was changed");
    secret_free(plain);
    secret_free(key);
    secret_wipe_stack();
    return r;
}

static souk_err open_bytes(const uint8_t *p, size_t n, const struct secret_text *password,
                           struct wallet_secret **out, struct wallet_card *card, struct err *e)
{
    address account[WALLET_ACCOUNTS];
    souk_err r = keyfile_head(p, n, card, e);
    if (!r && !(*out = secret_alloc(sizeof **out)))
        r = err_nomem(e);
    if (!r)
        r = decrypt(p, card, password, *out, e);
    if (!r)
        r = accounts_of(*out, card->accounts, account, e);
    if (!r && memcmp(account, card->account, 20 * (size_t)card->accounts) != 0)
        r = err_set(e, SOUK_EVERIFY, "the key file's addresses are not those of its secret");
    if (r) {
        secret_free(*out);
        *out = NULL;
    }
    return r;
}

/* --- files */

struct wanted { /* what a file just written must give back */
    const struct wallet_secret *secret;
    const struct secret_text *password;
    struct wallet_card card;
};

static souk_err opens_again(void *ud, const uint8_t *p, size_t n, struct err *e)
{
    struct wanted *w = ud;
    struct wallet_secret *s = NULL;
    souk_err r = open_bytes(p, n, w->password, &s, &w->card, e);
    if (!r && (s->kind != w->secret->kind || s->entropy_n != w->secret->entropy_n ||
               s->passphrase.n != w->secret->passphrase.n ||
               sodium_memcmp(s->entropy, w->secret->entropy, s->entropy_n) != 0 ||
               sodium_memcmp(s->passphrase.s, w->secret->passphrase.s, s->passphrase.n) != 0 ||
               (s->kind == WALLET_KEY && sodium_memcmp(s->key, w->secret->key, 32) != 0)))
        r = err_set(e, SOUK_EFAIL, "a key file just written holds another secret: it was not kept");
    secret_free(s);
    return r;
}

static souk_err put(int dirfd, const char *name, const struct wallet_secret *s, unsigned accounts,
                    const struct secret_text *password, enum kdf_cost cost, bool replace,
                    struct wallet_card *card, struct err *e)
{
    uint8_t p[KEYFILE_MAX];
    size_t n = 0;
    char leaf[LEAF_MAX];
    struct wanted w = {.secret = s, .password = password};
    if (!secret_ok(s) || accounts < 1 || accounts > (s->kind == WALLET_WORDS ? WALLET_ACCOUNTS : 1))
        return err_set(e, SOUK_EINPUT,
                       "a wallet of words has 1 to %d accounts, one of a private key has 1",
                       WALLET_ACCOUNTS);
    souk_err r = wallet_leaf(name, ".key", leaf, e);
    if (!r)
        r = seal(s, accounts, password, cost, p, &n, e);
    if (!r)
        r = file_put(dirfd, leaf, p, n, replace, opens_again, &w, e);
    if (!r && card) {
        *card = w.card;
        memcpy(card->name, name, strlen(name) + 1);
    }
    return r;
}

souk_err keyfile_create(const char *dir, const char *name, const struct wallet_secret *s,
                        unsigned accounts, const struct secret_text *password, enum kdf_cost cost,
                        struct wallet_card *card, struct err *e)
{
    int fd;
    souk_err r = wallet_dir_make(dir, &fd, e);
    if (r)
        return r;
    r = wallet_name_free(fd, name, e);
    if (!r)
        r = put(fd, name, s, accounts, password, cost, false, card, e);
    close(fd);
    return r;
}

/* The directory, and the bytes of NAME.key in it. */
static souk_err read_file(const char *dir, const char *name, int *fd, uint8_t p[KEYFILE_MAX],
                          size_t *n, struct err *e)
{
    char leaf[LEAF_MAX];
    *fd = -1;
    souk_err r = wallet_leaf(name, ".key", leaf, e);
    if (!r)
        r = wallet_dir_open(dir, fd, e);
    if (!r)
        r = file_read(*fd, leaf, p, KEYFILE_MAX, n, e);
    if (r && *fd >= 0)
        close(*fd);
    return r == SOUK_ENOTFOUND ? err_set(e, r, "there is no wallet %s with a key", name) : r;
}

souk_err keyfile_open(const char *dir, const char *name, const struct secret_text *password,
                      struct wallet_secret **out, struct wallet_card *card, struct err *e)
{
    int fd;
    uint8_t p[KEYFILE_MAX];
    size_t n = 0;
    struct wallet_card c = {.accounts = 0};
    *out = NULL;
    souk_err r = read_file(dir, name, &fd, p, &n, e);
    if (r)
        return r;
    close(fd);
    r = open_bytes(p, n, password, out, &c, e);
    if (!r && card) {
        *card = c;
        memcpy(card->name, name, strlen(name) + 1);
    }
    return r;
}

souk_err keyfile_rewrite(const char *dir, const char *name, const struct wallet_secret *s,
                         unsigned accounts, const struct secret_text *password, enum kdf_cost cost,
                         struct wallet_card *card, struct err *e)
{
    int fd;
    uint8_t p[KEYFILE_MAX];
    size_t n;
    souk_err r = read_file(dir, name, &fd, p, &n, e); /* there must be one, and in order */
    if (r)
        return r;
    r = put(fd, name, s, accounts, password, cost, true, card, e);
    close(fd);
    return r;
}
