/*
 * v3.c: Web3 Secret Storage, version 3.
 *
 * Its MAC covers the ciphertext alone: a changed IV gives another key and no complaint. So the
 * address is compared, and where a file has none the caller is told that nothing was.
 */
#include <string.h>

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/pbkdf2.h>
#include <sodium.h>

#include "base/json.h"
#include "base/mem.h"
#include "wallet/internal.h"

#include "base/banned.h"

enum {
    FILE_MAX = 64 << 10,
    SALT_MAX = 64,
    OUR_SALT = 32,
    DERIVED = 32, /* 16 bytes for the cipher, 16 for the MAC */
    KEY = 32,
    OUR_N = 1 << 18,
    OUR_R = 8,
    OUR_P = 1,
};

struct v3 {
    bool scrypt;
    int64_t n, r, p, c;
    uint8_t salt[SALT_MAX], iv[AES_BLOCK_SIZE], cipher[KEY];
    size_t salt_n;
    bytes32 mac;
    bool has_address;
    address address;
};

struct work { /* in secret memory */
    uint8_t derived[DERIVED], key[KEY];
    uint8_t mac_in[DERIVED / 2 + KEY];
    struct aes128_ctx aes;
};

/* --- reading the JSON, which holds no secret */

static souk_err refuse(struct err *e, const char *why)
{
    return err_set(e, SOUK_EINPUT, "this key file (V3) %s", why);
}

static bool is(const json *o, const char *key, const char *want)
{
    const char *s = json_cstr(o, key);
    return s && strcmp(s, want) == 0;
}

/* Hex without 0x, in either case; *n bytes, at most room. */
static bool hex_member(const json *o, const char *key, uint8_t *out, size_t room, size_t *n)
{
    char text[2 + 2 * SALT_MAX] = "0x";
    struct untrusted s = json_str(o, key);
    *n = s.n / 2;
    if (!s.p || s.n % 2 != 0 || *n > room || *n > SALT_MAX)
        return false;
    memcpy(text + 2, s.p, s.n);
    return hex_decode(text, 2 + s.n, out, *n);
}

static bool hex_exact(const json *o, const char *key, uint8_t *out, size_t want)
{
    size_t n;
    return hex_member(o, key, out, want, &n) && n == want;
}

/* Bounded before anything is allocated: the file says how much work its reader does. */
static souk_err read_scrypt(const json *params, struct v3 *v, struct err *e)
{
    if (!json_int(params, "n", &v->n) || !json_int(params, "r", &v->r) ||
        !json_int(params, "p", &v->p) || v->n < 2 || (v->n & (v->n - 1)) != 0 || v->r < 1 ||
        v->p < 1)
        return refuse(e, "has scrypt parameters that make no sense");
    if (v->n > 1 << 20 || v->r > 32 || v->p > 16 || 128 * v->n * v->r > 1 << 30)
        return refuse(e, "asks for more work than is ever needed: it is refused");
    return SOUK_OK;
}

static souk_err read_pbkdf2(const json *params, struct v3 *v, struct err *e)
{
    if (!is(params, "prf", "hmac-sha256"))
        return refuse(e, "uses a hash other than hmac-sha256");
    if (!json_int(params, "c", &v->c) || v->c < 1)
        return refuse(e, "has PBKDF2 parameters that make no sense");
    if (v->c > 10000000)
        return refuse(e, "asks for more work than is ever needed: it is refused");
    return SOUK_OK;
}

static souk_err read_kdf(const json *crypto, struct v3 *v, struct err *e)
{
    const json *params = json_get(crypto, "kdfparams");
    int64_t dklen;
    v->scrypt = is(crypto, "kdf", "scrypt");
    if (!v->scrypt && !is(crypto, "kdf", "pbkdf2"))
        return refuse(e, "uses neither scrypt nor PBKDF2");
    if (!json_int(params, "dklen", &dklen) || dklen != DERIVED)
        return refuse(e, "derives other than 32 bytes (dklen)");
    if (!hex_member(params, "salt", v->salt, sizeof v->salt, &v->salt_n) || v->salt_n == 0)
        return refuse(e, "has a salt that is no hexadecimal of 1 to 64 bytes");
    return v->scrypt ? read_scrypt(params, v, e) : read_pbkdf2(params, v, e);
}

static souk_err read_address(const json *file, struct v3 *v, struct err *e)
{
    if (!json_get(file, "address"))
        return SOUK_OK;
    struct untrusted s = json_str(file, "address");
    size_t prefix = s.n >= 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X') ? 2 : 0;
    char text[2 + 40] = "0x";
    if (s.n != prefix + 40)
        return refuse(e, "has an address that is none");
    memcpy(text + 2, s.p + prefix, 40);
    v->has_address = hex_decode(text, sizeof text, v->address.b, sizeof v->address.b);
    return v->has_address ? SOUK_OK : refuse(e, "has an address that is none");
}

static souk_err read_fields(const json *file, struct v3 *v, struct err *e)
{
    const json *lower = json_get(file, "crypto"), *upper = json_get(file, "Crypto");
    const json *crypto = lower ? lower : upper;
    int64_t version;
    memset(v, 0, sizeof *v);
    if (!json_int(file, "version", &version) || version != 3)
        return refuse(e, "is not of version 3");
    if (!cJSON_IsObject(crypto) || (lower && upper))
        return refuse(e, "has no crypto part, or two");
    if (!is(crypto, "cipher", "aes-128-ctr"))
        return refuse(e, "uses a cipher other than aes-128-ctr");
    if (!hex_exact(json_get(crypto, "cipherparams"), "iv", v->iv, sizeof v->iv))
        return refuse(e, "has an iv that is no hexadecimal of 16 bytes");
    if (!hex_exact(crypto, "ciphertext", v->cipher, sizeof v->cipher))
        return refuse(e, "has a ciphertext that is no hexadecimal of 32 bytes");
    if (!hex_exact(crypto, "mac", v->mac.b, sizeof v->mac.b))
        return refuse(e, "has a mac that is no hexadecimal of 32 bytes");
    souk_err r = read_kdf(crypto, v, e);
    return r ? r : read_address(file, v, e);
}

static souk_err parse(const char *text, size_t n, struct v3 *v, struct err *e)
{
    if (n > FILE_MAX)
        return refuse(e, "is longer than 64 KiB");
    struct err local = {0};
    json *file = json_parse_strict(text, n, "this key file (V3)", &local);
    if (!file)
        return err_set(e, local.code == SOUK_ENOMEM ? SOUK_ENOMEM : SOUK_EINPUT, "%s", local.msg);
    souk_err r = read_fields(file, v, e);
    json_free(file);
    return r;
}

/* --- the secret part */

static souk_err derive(const struct v3 *v, const struct secret_text *password, struct work *w,
                       struct err *e)
{
    const uint8_t *pass = (const uint8_t *)password->s;
    int failed = 0;
    if (v->scrypt)
        failed = crypto_pwhash_scryptsalsa208sha256_ll(
            pass, password->n, v->salt, v->salt_n, (uint64_t)v->n, (uint32_t)v->r, (uint32_t)v->p,
            w->derived, sizeof w->derived);
    else
        pbkdf2_hmac_sha256(password->n, pass, (unsigned)v->c, v->salt_n, v->salt, sizeof w->derived,
                           w->derived);
    secret_wipe_stack();
    return failed ? err_set(e, SOUK_ENOMEM,
                            "this key file needs %lld MiB of memory to be opened: close something "
                            "else",
                            (long long)(128 * v->n * v->r >> 20))
                  : SOUK_OK;
}

static bytes32 mac_of(struct work *w, const uint8_t cipher[KEY])
{
    memcpy(w->mac_in, w->derived + DERIVED / 2, DERIVED / 2);
    memcpy(w->mac_in + DERIVED / 2, cipher, KEY);
    bytes32 mac = keccak256(w->mac_in, sizeof w->mac_in);
    secret_wipe_stack();
    return mac;
}

static void run_cipher(struct work *w, const uint8_t iv[AES_BLOCK_SIZE], uint8_t *to,
                       const uint8_t *from)
{
    uint8_t counter[AES_BLOCK_SIZE];
    memcpy(counter, iv, sizeof counter);
    aes128_set_encrypt_key(&w->aes, w->derived);
    ctr_crypt(&w->aes, (nettle_cipher_func *)aes128_encrypt, AES_BLOCK_SIZE, counter, KEY, to,
              from);
    secret_wipe_stack();
}

static souk_err unlock(const struct v3 *v, const struct secret_text *password, struct work *w,
                       struct key **out, struct err *e)
{
    souk_err r = derive(v, password, w, e);
    if (r)
        return r;
    bytes32 mac = mac_of(w, v->cipher);
    if (sodium_memcmp(mac.b, v->mac.b, sizeof mac.b) != 0)
        return err_set(e, SOUK_EVERIFY, "the password is wrong, or the key file was changed");
    run_cipher(w, v->iv, w->key, v->cipher);
    r = key_new(w->key, out, e);
    if (r)
        return r == SOUK_EINPUT ? refuse(e, "holds no private key") : r;
    if (v->has_address && !address_eq(key_account(*out), v->address)) {
        key_free(*out);
        *out = NULL;
        return err_set(e, SOUK_EVERIFY,
                       "this key file names an address that its key does not have: it was changed");
    }
    return SOUK_OK;
}

souk_err v3_read(const char *text, size_t n, const struct secret_text *password, struct key **out,
                 bool *checked, struct err *e)
{
    struct v3 v;
    *out = NULL;
    *checked = false;
    souk_err r = parse(text, n, &v, e);
    if (r)
        return r;
    struct work *w = secret_alloc(sizeof *w);
    r = w ? unlock(&v, password, w, out, e) : err_nomem(e);
    secret_free(w);
    *checked = !r && v.has_address;
    return r;
}

/* --- writing */

static void hex_out(struct json_out *o, const char *name, const uint8_t *p, size_t n)
{
    char text[2 * SALT_MAX + 3];
    hex_encode(p, n, text);
    json_out_cstr(o, name, text + 2);
}

/* A random UUID (version 4), as other readers like to have one. */
static souk_err put_id(struct json_out *o, struct err *e)
{
    uint8_t id[16];
    char hex[2 * sizeof id + 3], text[37];
    souk_err r = secret_random(id, sizeof id, e);
    if (r)
        return r;
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    hex_encode(id, sizeof id, hex);
    snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", hex + 2, hex + 10, hex + 14, hex + 18,
             hex + 22);
    json_out_cstr(o, "id", text);
    return SOUK_OK;
}

static souk_err write_json(const struct v3 *v, struct buf *b, struct err *e)
{
    struct json_out o;
    json_out_init(&o, b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "version", 3);
    souk_err r = put_id(&o, e);
    if (r)
        return r;
    hex_out(&o, "address", v->address.b, sizeof v->address.b);
    json_obj_open(&o, "crypto");
    json_out_cstr(&o, "cipher", "aes-128-ctr");
    json_obj_open(&o, "cipherparams");
    hex_out(&o, "iv", v->iv, sizeof v->iv);
    json_obj_close(&o);
    hex_out(&o, "ciphertext", v->cipher, sizeof v->cipher);
    json_out_cstr(&o, "kdf", "scrypt");
    json_obj_open(&o, "kdfparams");
    json_out_int(&o, "dklen", DERIVED);
    json_out_int(&o, "n", v->n);
    json_out_int(&o, "r", v->r);
    json_out_int(&o, "p", v->p);
    hex_out(&o, "salt", v->salt, v->salt_n);
    json_obj_close(&o);
    hex_out(&o, "mac", v->mac.b, sizeof v->mac.b);
    json_obj_close(&o);
    json_obj_close(&o);
    buf_addc(b, '\n');
    return buf_check(b, "a key file", e);
}

static souk_err lock(struct v3 *v, const struct key *k, const struct secret_text *password,
                     struct err *e)
{
    struct work *w = secret_alloc(sizeof *w);
    souk_err r = w ? secret_random(v->salt, v->salt_n, e) : err_nomem(e);
    if (!r)
        r = secret_random(v->iv, sizeof v->iv, e);
    if (!r)
        r = derive(v, password, w, e);
    if (!r) {
        run_cipher(w, v->iv, v->cipher, key_bytes(k));
        v->mac = mac_of(w, v->cipher);
    }
    secret_free(w);
    return r;
}

souk_err v3_write(const struct key *k, const struct secret_text *password, char **out, size_t *n,
                  struct err *e)
{
    struct v3 v = {.scrypt = true, .n = OUR_N, .r = OUR_R, .p = OUR_P, .salt_n = OUR_SALT};
    struct buf b;
    *out = NULL;
    v.address = key_account(k);
    souk_err r = lock(&v, k, password, e);
    if (r)
        return r;
    buf_init(&b, FILE_MAX);
    r = write_json(&v, &b, e);
    if (!r && !(*out = buf_detach(&b, n)))
        r = err_nomem(e);
    buf_release(&b);
    return r;
}
