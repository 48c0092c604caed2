#include "wallet/key.h"

#include <pthread.h>
#include <string.h>

#include <secp256k1_recovery.h>

#include "wallet/internal.h"

#include "base/banned.h"

enum { HEX_KEY = 64, COMPACT = 64 };

struct key {
    uint8_t secret[32];
    address account;
};

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static secp256k1_context *context;

/* The library calls this for what it thinks is our mistake. */
static void on_illegal(const char *what, void *ud)
{
    (void)ud;
    BUG("libsecp256k1: %s", what);
}

static souk_err make_context(struct err *e)
{
    uint8_t blind[32];
    souk_err r = secret_random(blind, sizeof blind, e);
    if (r)
        return r;
    secp256k1_context *c =
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    if (!c)
        return err_nomem(e);
    secp256k1_context_set_illegal_callback(c, on_illegal, NULL);
    int blinded = secp256k1_context_randomize(c, blind);
    secret_wipe(blind, sizeof blind);
    if (!blinded) {
        secp256k1_context_destroy(c);
        return err_set(e, SOUK_EFAIL, "libsecp256k1 cannot be blinded: install it again");
    }
    context = c;
    return SOUK_OK;
}

const secp256k1_context *key_context(void)
{
    if (!context)
        BUG("a key is used before key_start");
    return context;
}

/* The key is the digest of a word, what is signed the digest of another: r, s and v are known. */
static souk_err self_test(struct err *e)
{
    static const uint8_t known[SIG_BYTES] = {
        0xaa, 0x5d, 0x16, 0x66, 0x5e, 0xaa, 0x5e, 0x78, 0xe7, 0xbe, 0xc9, 0x06, 0x8b,
        0xee, 0x69, 0x54, 0xd4, 0x8d, 0xaa, 0xcf, 0xe7, 0x43, 0x2a, 0x5b, 0x30, 0x62,
        0xe1, 0xcd, 0x27, 0x9e, 0xf3, 0x95, 0x1e, 0x06, 0xe0, 0xc6, 0x5d, 0xc2, 0xd4,
        0x87, 0x5f, 0xa2, 0xad, 0x10, 0x84, 0x66, 0x12, 0x8b, 0x51, 0x10, 0x8c, 0xc6,
        0x13, 0x71, 0x58, 0xc8, 0xe5, 0x9b, 0x78, 0x59, 0x81, 0xd7, 0xd9, 0x12, 0x1b,
    };
    bytes32 secret = keccak256("souk", 4), digest = keccak256("self-test", 9);
    struct key *k;
    signature s;
    souk_err r = key_new(secret.b, &k, e);
    if (r)
        return r;
    r = key_sign(k, digest, &s, e);
    if (!r && memcmp(s.b, known, sizeof known) != 0)
        r = err_set(e, SOUK_EFAIL,
                    "a known signature comes out wrong: this machine or build cannot be trusted "
                    "with keys");
    key_free(k);
    return r;
}

souk_err key_start(struct err *e)
{
    souk_err r = secret_start(e);
    if (r)
        return r;
    pthread_mutex_lock(&starting);
    if (!context) {
        r = make_context(e);
        if (!r)
            r = self_test(e);
        if (r && context) {
            secp256k1_context_destroy(context);
            context = NULL;
        }
    }
    pthread_mutex_unlock(&starting);
    return r;
}

static souk_err account_of(const uint8_t secret[32], address *out)
{
    secp256k1_pubkey pub;
    uint8_t xy[65];
    size_t n = sizeof xy;
    int ok = secp256k1_ec_pubkey_create(key_context(), &pub, secret);
    secret_wipe_stack(); /* this call of 0.2.0 leaves the key there */
    if (!ok)
        return SOUK_EINPUT;
    secp256k1_ec_pubkey_serialize(key_context(), xy, &n, &pub, SECP256K1_EC_UNCOMPRESSED);
    *out = sig_account(xy + 1);
    return SOUK_OK;
}

souk_err key_new(const uint8_t secret[32], struct key **out, struct err *e)
{
    *out = NULL;
    struct key *k = secret_alloc(sizeof *k);
    if (!k)
        return err_nomem(e);
    memcpy(k->secret, secret, sizeof k->secret);
    if (account_of(k->secret, &k->account)) {
        secret_free(k);
        return err_set(e, SOUK_EINPUT,
                       "that is no private key: it must lie between 1 and the curve's order");
    }
    *out = k;
    return SOUK_OK;
}

void key_free(struct key *k)
{
    secret_free(k);
}

address key_account(const struct key *k)
{
    return k->account;
}

const uint8_t *key_bytes(const struct key *k)
{
    return k->secret;
}

static bool sign(const struct key *k, bytes32 digest, signature *out)
{
    secp256k1_ecdsa_recoverable_signature sig;
    int v = 0;
    int ok = secp256k1_ecdsa_sign_recoverable(key_context(), &sig, digest.b, k->secret,
                                              secp256k1_nonce_function_rfc6979, NULL);
    secret_wipe_stack();
    if (!ok)
        return false;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(key_context(), out->b, &v, &sig);
    out->b[COMPACT] = (uint8_t)(27 + v);
    return true;
}

/* As whoever gets it will read it: in the one form, by nobody but us. */
static bool holds(const struct key *k, bytes32 digest, const signature *s)
{
    signature read;
    address who;
    return sig_parse(s->b, sizeof s->b, &read) && sig_recover(digest, &read, &who) &&
           address_eq(who, k->account);
}

souk_err key_sign(const struct key *k, bytes32 digest, signature *out, struct err *e)
{
    if (sign(k, digest, out) && holds(k, digest, out))
        return SOUK_OK;
    memset(out, 0, sizeof *out);
    return err_set(e, SOUK_EFAIL,
                   "a signature came out wrong and was thrown away: this machine cannot be trusted "
                   "with keys");
}

souk_err key_from_hex(const char *s, size_t n, struct key **out, struct err *e)
{
    bool prefixed = n == HEX_KEY + 2;
    *out = NULL;
    /* One block for the digits with their prefix and the bytes they mean. */
    struct {
        char hex[2 + HEX_KEY];
        uint8_t key[32];
    } *w = secret_alloc(sizeof *w);
    if (!w)
        return err_nomem(e);
    souk_err r = SOUK_EINPUT;
    if (n == HEX_KEY || prefixed) {
        memcpy(w->hex, "0x", 2);
        memcpy(w->hex + (prefixed ? 0 : 2), s, n);
    }
    if ((n == HEX_KEY || prefixed) && hex_decode(w->hex, sizeof w->hex, w->key, sizeof w->key))
        r = key_new(w->key, out, e);
    else
        err_set(e, r, "a private key is 64 hexadecimal digits, with or without 0x before them");
    secret_free(w);
    return r;
}
