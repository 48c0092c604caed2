/*
 * hd.c: BIP-32, private derivation alone.
 */
#include <string.h>

#include <nettle/hmac.h>
#include <nettle/ripemd160.h>
#include <nettle/sha2.h>

#include "wallet/internal.h"

#include "base/banned.h"

enum { PUBLIC = 33 };

/* Half of it tweaks the key, half is the new chain code. */
struct work {
    struct hmac_sha512_ctx mac;
    uint8_t data[1 + 32 + 4], digest[64];
};

static void hmac(struct work *w, const uint8_t *key, size_t key_n, const uint8_t *p, size_t n)
{
    hmac_sha512_set_key(&w->mac, key_n, key);
    hmac_sha512_update(&w->mac, n, p);
    hmac_sha512_digest(&w->mac, sizeof w->digest, w->digest);
    secret_wipe_stack();
}

static souk_err no_such_key(struct err *e)
{
    return err_set(e, SOUK_EFAIL, "there is no key at this place: use the next account");
}

souk_err hd_master(const uint8_t *seed, size_t n, struct hd_node *out, struct err *e)
{
    static const char label[] = "Bitcoin seed";
    if (n < 16 || n > SEED_BYTES)
        return err_set(e, SOUK_EINPUT, "a seed has 16 to 64 bytes, not %zu", n);
    struct work *w = secret_alloc(sizeof *w);
    if (!w)
        return err_nomem(e);
    hmac(w, (const uint8_t *)label, sizeof label - 1, seed, n);
    memset(out, 0, sizeof *out);
    memcpy(out->key, w->digest, 32);
    memcpy(out->chain_code, w->digest + 32, 32);
    secret_free(w);
    return secp256k1_ec_seckey_verify(key_context(), out->key) ? SOUK_OK : no_such_key(e);
}

static bool compressed(const uint8_t secret[32], uint8_t out[PUBLIC])
{
    secp256k1_pubkey pub;
    size_t n = PUBLIC;
    int ok = secp256k1_ec_pubkey_create(key_context(), &pub, secret);
    secret_wipe_stack();
    return ok &&
           secp256k1_ec_pubkey_serialize(key_context(), out, &n, &pub, SECP256K1_EC_COMPRESSED);
}

static void fingerprint(const uint8_t pub[PUBLIC], uint8_t out[4])
{
    struct sha256_ctx sha;
    struct ripemd160_ctx ripemd;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&sha);
    sha256_update(&sha, PUBLIC, pub);
    sha256_digest(&sha, sizeof digest, digest);
    ripemd160_init(&ripemd);
    ripemd160_update(&ripemd, sizeof digest, digest);
    ripemd160_digest(&ripemd, 4, out);
}

souk_err hd_child(const struct hd_node *parent, uint32_t index, struct hd_node *out, struct err *e)
{
    uint8_t pub[PUBLIC];
    if (parent->depth == UINT8_MAX)
        return err_set(e, SOUK_EINPUT, "a path has at most 255 steps");
    if (!compressed(parent->key, pub))
        return no_such_key(e);
    struct work *w = secret_alloc(sizeof *w);
    if (!w)
        return err_nomem(e);
    if (index & HD_HARD)
        memcpy(w->data + 1, parent->key, 32); /* behind a zero byte */
    else
        memcpy(w->data, pub, PUBLIC);
    for (int i = 0; i < 4; i++)
        w->data[PUBLIC + i] = (uint8_t)(index >> (24 - 8 * i));
    hmac(w, parent->chain_code, sizeof parent->chain_code, w->data, sizeof w->data);
    memcpy(out->key, parent->key, 32);
    memcpy(out->chain_code, w->digest + 32, 32);
    out->depth = (uint8_t)(parent->depth + 1);
    out->index = index;
    fingerprint(pub, out->parent);
    int ok = secp256k1_ec_seckey_tweak_add(key_context(), out->key, w->digest);
    secret_free(w);
    secret_wipe_stack();
    return ok ? SOUK_OK : no_such_key(e);
}

souk_err hd_account(const uint8_t *seed, size_t n, uint32_t i, struct key **out, struct err *e)
{
    const uint32_t path[] = {44 | HD_HARD, 60 | HD_HARD, 0 | HD_HARD, 0, i};
    *out = NULL;
    if (i >= HD_HARD)
        return err_set(e, SOUK_EINPUT, "account %u is beyond the last", (unsigned)i);
    struct hd_node *node = secret_alloc(2 * sizeof *node);
    if (!node)
        return err_nomem(e);
    souk_err r = hd_master(seed, n, &node[0], e);
    for (size_t step = 0; !r && step < sizeof path / sizeof *path; step++) {
        r = hd_child(&node[0], path[step], &node[1], e);
        node[0] = node[1];
    }
    if (!r)
        r = key_new(node[0].key, out, e);
    secret_free(node);
    secret_wipe_stack();
    return r;
}
