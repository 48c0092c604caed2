#include "signer/vault.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"

#include "base/banned.h"

struct proof {
    uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t hash[32];
    unsigned long long ops;
    size_t mem;
};

/* A file that survives the user wants 256 MiB; this lives in locked memory, and who tries passwords
 * here has VAULT_WRONG_MAX tries. */
static bool prove(const struct proof *p, const struct secret_text *t, uint8_t out[32])
{
    int rc =
        crypto_pwhash(out, 32, t->s, t->n, p->salt, p->ops, p->mem, crypto_pwhash_ALG_ARGON2ID13);
    secret_wipe_stack();
    return rc == 0;
}

static souk_err remember_password(struct vault *v, const struct secret_text *password,
                                  struct err *e)
{
    v->proof = secret_alloc(sizeof *v->proof);
    if (!v->proof)
        return err_nomem(e);
    v->proof->ops = v->card.play ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_INTERACTIVE;
    v->proof->mem = v->card.play ? crypto_pwhash_MEMLIMIT_MIN : crypto_pwhash_MEMLIMIT_INTERACTIVE;
    randombytes_buf(v->proof->salt, sizeof v->proof->salt);
    return prove(v->proof, password, v->proof->hash) ? SOUK_OK : err_nomem(e);
}

bool vault_password_is(struct vault *v, const struct secret_text *t)
{
    uint8_t hash[32];
    bool same = prove(v->proof, t, hash) && sodium_memcmp(hash, v->proof->hash, sizeof hash) == 0;
    secret_wipe(hash, sizeof hash);
    v->wrong = same ? 0 : v->wrong + 1;
    return same;
}

int64_t vault_now(const struct vault *v)
{
    return v->ledger ? ledger_now(v->ledger, clock_now()) : clock_now();
}

/* The ledger's key: whoever cannot open the wallet cannot write its ledger. */
static void ledger_key(const struct wallet_secret *s, uint8_t out[32])
{
    static const char purpose[] = "souk ledger key";
    const uint8_t *p = s->kind == WALLET_WORDS ? s->entropy : s->key;
    size_t n = s->kind == WALLET_WORDS ? s->entropy_n : sizeof s->key;
    crypto_generichash(out, 32, (const unsigned char *)purpose, sizeof purpose, p, n);
    secret_wipe_stack();
}

static souk_err open_ledger(struct vault *v, int dirfd, const char *name,
                            const struct wallet_secret *s, struct err *e)
{
    uint8_t *key = secret_alloc(32);
    if (!key)
        return err_nomem(e);
    ledger_key(s, key);
    souk_err rc = ledger_open(dirfd, name, key, &v->ledger, &v->ledger_err);
    secret_free(key);
    if (rc == SOUK_EVERIFY)
        return SOUK_OK; /* unlocked all the same, to say so and to refuse */
    return rc ? err_set(e, rc, "%s", v->ledger_err.msg) : SOUK_OK;
}

static souk_err look_ahead(struct vault *v, const struct wallet_secret *s, struct err *e)
{
    souk_err rc = SOUK_OK;
    if (s->kind != WALLET_WORDS)
        return SOUK_OK;
    while (!rc && v->n_ahead < VAULT_AHEAD && v->card.accounts + v->n_ahead < WALLET_ACCOUNTS) {
        struct key *k = NULL;
        rc = wallet_secret_key(s, v->card.accounts + v->n_ahead, &k, e);
        if (!rc)
            v->ahead[v->n_ahead++] = key_account(k);
        key_free(k);
    }
    return rc;
}

souk_err vault_open(struct vault *v, int dirfd, const struct wallet_card *card,
                    const struct wallet_secret *s, const struct secret_text *password,
                    struct err *e)
{
    *v = (struct vault){.card = *card};
    souk_err rc = SOUK_OK;
    for (unsigned i = 0; !rc && i < card->accounts; i++)
        rc = wallet_secret_key(s, i, &v->key[i], e);
    if (!rc)
        rc = look_ahead(v, s, e);
    if (!rc)
        rc = open_ledger(v, dirfd, card->name, s, e);
    if (!rc)
        rc = remember_password(v, password, e);
    if (rc)
        vault_close(v);
    return rc;
}

void vault_close(struct vault *v)
{
    for (unsigned i = 0; i < WALLET_ACCOUNTS; i++)
        key_free(v->key[i]);
    ledger_close(v->ledger);
    secret_free(v->proof);
    secret_wipe(v, sizeof *v);
    secret_wipe_stack();
}
