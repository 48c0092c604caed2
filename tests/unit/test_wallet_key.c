/*
 * Keys and what they sign: every vector's signature byte by byte, keys that are none, and that a
 * signature which a fault has touched never leaves.
 *
 * The library's signing call and the system's random source are ours here: what is defined in this
 * program comes before the libraries' own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <secp256k1_recovery.h>

#include "base/mem.h"
#include "vectors.h"
#include "wallet/key.h"

#include "base/banned.h"

static struct err e;

/* --- faults */

static int flip_bit = -1; /* of r and s, the recovery id behind them; -1: none */
static bool use_other_key;

int secp256k1_ecdsa_sign_recoverable(const secp256k1_context *ctx,
                                     secp256k1_ecdsa_recoverable_signature *sig,
                                     const unsigned char *digest, const unsigned char *key,
                                     secp256k1_nonce_function nonce, const void *data)
{
    static const unsigned char other[32] = {[31] = 7};
    int (*real)(const secp256k1_context *, secp256k1_ecdsa_recoverable_signature *,
                const unsigned char *, const unsigned char *, secp256k1_nonce_function,
                const void *);
    *(void **)&real = dlsym(RTLD_NEXT, "secp256k1_ecdsa_sign_recoverable");
    int ok = real(ctx, sig, digest, use_other_key ? other : key, nonce, data);
    if (flip_bit >= 0)
        sig->data[flip_bit / 8] ^= (unsigned char)(1 << flip_bit % 8);
    return ok;
}

enum randomness { HONEST, SILENT, CONSTANT };
static enum randomness randomness;

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    static ssize_t (*real)(void *, size_t, unsigned);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getrandom");
    if (randomness == SILENT) {
        errno = ENOSYS;
        return -1;
    }
    if (randomness == CONSTANT) {
        memset(p, 0x55, n);
        return (ssize_t)n;
    }
    return real(p, n, flags);
}

/* Where there is no randomness there are no keys. In a child: here it all works already. */
static souk_err start_with(enum randomness how)
{
    pid_t pid = fork();
    if (pid == 0) {
        randomness = how;
        _exit((int)key_start(NULL));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (souk_err)WEXITSTATUS(status);
}

static void no_randomness_no_keys(void **state)
{
    (void)state;
    assert_int_equal(start_with(SILENT), SOUK_EFAIL);
    assert_int_equal(start_with(CONSTANT), SOUK_EFAIL);
    assert_int_equal(start_with(HONEST), SOUK_OK);
}

static void a_fault_at_the_start_is_found(void **state)
{
    (void)state;
    flip_bit = 3;
    assert_int_equal(start_with(HONEST), SOUK_EFAIL);
    flip_bit = -1;
    assert_int_equal(key_start(&e), SOUK_OK);
    assert_int_equal(key_start(&e), SOUK_OK);
}

static struct key *known_key(void)
{
    bytes32 secret = keccak256("a key", 5);
    struct key *k;
    assert_int_equal(key_new(secret.b, &k, &e), SOUK_OK);
    return k;
}

static void a_faulty_signature_never_leaves(void **state)
{
    (void)state;
    static const signature nothing;
    struct key *k = known_key();
    bytes32 digest = keccak256("a digest", 8);
    signature s;
    for (flip_bit = 0; flip_bit < 64 * 8 + 1; flip_bit++) {
        memset(&s, 1, sizeof s);
        assert_int_equal(key_sign(k, digest, &s, &e), SOUK_EFAIL);
        assert_memory_equal(&s, &nothing, sizeof s);
    }
    flip_bit = -1;
    use_other_key = true;
    assert_int_equal(key_sign(k, digest, &s, &e), SOUK_EFAIL);
    assert_memory_equal(&s, &nothing, sizeof s);
    use_other_key = false;
    assert_int_equal(key_sign(k, digest, &s, &e), SOUK_OK);
    key_free(k);
}

/* --- vectors */

static void check_signature(const json *key_of, const char *key_name, const json *v, bytes32 digest)
{
    struct key *k;
    signature s, want;
    const char *hex = json_cstr(key_of, key_name);
    assert_int_equal(key_from_hex(hex, strlen(hex), &k, &e), SOUK_OK);
    assert_int_equal(vector_bytes(v, "signature", want.b, sizeof want.b), SIG_BYTES);
    assert_int_equal(key_sign(k, digest, &s, &e), SOUK_OK);
    assert_memory_equal(&s, &want, sizeof s);
    if (json_get(key_of, "address"))
        assert_true(address_eq(key_account(k), vector_address(key_of, "address")));
    key_free(k);
}

static size_t check_list(const json *list, const char *key, const char *inner)
{
    size_t n = 0;
    for (const json *v = json_first(list); v; v = json_next(v), n++) {
        const json *in = inner ? json_get(v, inner) : v;
        check_signature(v, key, in, vector_bytes32(in, "digest"));
    }
    return n;
}

static void signatures_equal_the_vectors(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    assert_int_equal(check_list(json_get(all, "ecdsa_sign_recover"), "private_key", NULL), 6);
    assert_int_equal(check_list(json_get(all, "eip191"), "private_key", NULL), 9);
    assert_int_equal(check_list(json_get(all, "eip712"), "private_key", NULL), 36);
    json_free(all);
    all = vectors_load("x402-vectors.json");
    assert_int_equal(check_list(json_get(all, "payments"), "privateKey", "typedData"), 15);
    assert_int_equal(check_list(json_get(all, "leadingZeroSignatures"), "privateKey", "typedData"),
                     3);
    size_t n = 0;
    for (const json *v = json_first(json_get(all, "keys")); v; v = json_next(v), n++) {
        const char *hex = json_cstr(v, "privateKey");
        struct key *k;
        assert_int_equal(key_from_hex(hex + 2, strlen(hex) - 2, &k, &e), SOUK_OK);
        assert_true(address_eq(key_account(k), vector_address(v, "address")));
        key_free(k);
    }
    assert_int_equal(n, 4);
    json_free(all);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0;
    struct key *k;
    for (const json *v = json_first(json_get(json_get(all, "negative"), "private_key")); v;
         v = json_next(v), n++) {
        const char *s = json_cstr(v, "input");
        assert_int_equal(key_from_hex(s, strlen(s), &k, &e), SOUK_EINPUT);
        assert_null(k);
        assert_null(strstr(e.msg, "ffff")); /* a message never repeats a key */
    }
    assert_int_equal(n, 5);
    static const char sixty_six[] =
        "00c90951dd2c0b65194cb856a00cc2ac569ee3f555615313463322b24df711a1f6";
    assert_int_equal(key_from_hex(sixty_six, 66, &k, &e), SOUK_EINPUT);
    assert_int_equal(key_from_hex(sixty_six + 2, 64, &k, &e), SOUK_OK);
    key_free(k);
    assert_int_equal(key_from_hex("", 0, &k, &e), SOUK_EINPUT);
    json_free(all);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct key *k;
    for (unsigned long i = 1; i <= 2; i++) {
        mem_fail_at(i, false);
        souk_err r = key_from_hex(
            "c90951dd2c0b65194cb856a00cc2ac569ee3f555615313463322b24df711a1f6", 64, &k, &e);
        mem_fail_at(0, false);
        assert_int_equal(r, SOUK_ENOMEM);
        assert_null(k);
    }
    key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_randomness_no_keys),
        cmocka_unit_test(a_fault_at_the_start_is_found),
        cmocka_unit_test(a_faulty_signature_never_leaves),
        cmocka_unit_test(signatures_equal_the_vectors),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
