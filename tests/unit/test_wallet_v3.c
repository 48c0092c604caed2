/*
 * Web3 Secret Storage: every vector read, every bad one refused for its reason, and what we write
 * read back. That others read it too is tests/interop/keys.test.mjs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "wallet/keyfile.h"

#include "base/banned.h"

static struct err e;

static struct secret_text *text(const char *s)
{
    struct secret_text *t;
    assert_int_equal(secret_text_new(&t, &e), SOUK_OK);
    t->n = strlen(s);
    assert_true(t->n < SECRET_TEXT_MAX);
    memcpy(t->s, s, t->n);
    return t;
}

static souk_err read_v3(const char *file, const char *password, struct key **k, bool *checked)
{
    struct secret_text *p = text(password);
    souk_err r = v3_read(file, strlen(file), p, k, checked, &e);
    secret_free(p);
    return r;
}

/* The file of a vector: as text, or as an object. cJSON_free it. */
static char *file_of(const json *v)
{
    const json *object = json_get(v, "json");
    const char *words = json_cstr(v, "text");
    char *file = object ? cJSON_PrintUnformatted(object) : mem_strdup(words);
    assert_non_null(file);
    return file;
}

static void our_files_are_read(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0;
    for (const json *v = json_first(json_get(all, "keystore_v3")); v; v = json_next(v), n++) {
        char *file = file_of(v);
        struct key *k;
        bool checked;
        assert_int_equal(read_v3(file, json_cstr(v, "password"), &k, &checked), SOUK_OK);
        assert_memory_equal(key_bytes(k), vector_bytes32(v, "private_key").b, 32);
        assert_true(address_eq(key_account(k), vector_address(v, "address")));
        assert_int_equal(checked, json_get(json_get(v, "json"), "address") != NULL);
        key_free(k);
        cJSON_free(file);
    }
    assert_int_equal(n, 12);
    json_free(all);
}

static const struct {
    const char *reason, *words;
} said[] = {
    {"wrong_password", "the password is wrong"},
    {"address_mismatch", "an address that its key does not have"},
    {"unsupported_version", "not of version 3"},
    {"unsupported_cipher", "other than aes-128-ctr"},
    {"unsupported_prf", "other than hmac-sha256"},
    {"bad_dklen", "other than 32 bytes"},
    {"bad_scrypt_params", "make no sense"},
    {"bad_pbkdf2_params", "make no sense"},
    {"kdf_too_expensive", "more work than is ever needed"},
    {"bad_hex", "hexadecimal"},
    {"bad_key_length", "a ciphertext that is no hexadecimal of 32 bytes"},
    {"invalid_private_key", "holds no private key"},
    {"bad_json", "this key file (V3) is"},
    {"missing_field", "has no crypto part"},
    {"duplicate_key", "twice"},
};

static void check_refused(const json *v, souk_err r)
{
    const char *reason = json_cstr(v, "reason");
    assert_true(r == SOUK_EINPUT || r == SOUK_EVERIFY);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (strcmp(said[i].reason, reason) == 0) {
            if (!strstr(e.msg, said[i].words))
                fail_msg("%s (%s) is refused with: %s", json_cstr(v, "id"), reason, e.msg);
            return;
        }
    }
    fail_msg("%s: a reason the test does not know: %s", json_cstr(v, "id"), reason);
}

static void bad_files_are_refused_for_their_reason(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0, refused = 0;
    for (const json *v = json_first(json_get(json_get(all, "negative"), "keystore_v3")); v;
         v = json_next(v), n++) {
        const char *expect = json_cstr(v, "expect");
        struct key *k;
        bool checked;
        char *file = file_of(v);
        souk_err r = read_v3(file, json_cstr(v, "password"), &k, &checked);
        if (strcmp(expect, "reject") == 0) {
            check_refused(v, r);
            assert_null(k);
            assert_false(checked);
            refused++;
        } else if (strcmp(expect, "refuse_input_or_accept") != 0) {
            /* the NUL of that one is refused at input: test_wallet_secret.c */
            assert_int_equal(r, SOUK_OK);
            assert_true(address_eq(key_account(k), vector_address(v, "derived_address")));
            assert_int_equal(checked, strcmp(expect, "accept") == 0);
        }
        key_free(k);
        cJSON_free(file);
    }
    assert_int_equal(n, 34);
    assert_int_equal(refused, 29);
    json_free(all);
}

static void the_standards_own(void **state)
{
    (void)state;
    json *all = vectors_optional("wallet-official-vectors.json");
    if (!all)
        skip();
    size_t n = 0;
    for (const json *v = json_get(all, "keystore_v3")->child; v; v = v->next, n++) {
        char *file = file_of(v), hex[67] = "0x";
        struct key *k;
        bool checked;
        uint8_t want[32];
        memcpy(hex + 2, json_cstr(v, "priv"), 65);
        assert_true(hex_decode(hex, 66, want, sizeof want));
        assert_int_equal(read_v3(file, json_cstr(v, "password"), &k, &checked), SOUK_OK);
        assert_memory_equal(key_bytes(k), want, sizeof want);
        key_free(k);
        cJSON_free(file);
    }
    assert_int_equal(n, 5);
    json_free(all);
}

static struct key *known_key(void)
{
    bytes32 secret = keccak256("exported", 8);
    struct key *k;
    assert_int_equal(key_new(secret.b, &k, &e), SOUK_OK);
    return k;
}

static void what_we_write_is_read(void **state)
{
    (void)state;
    struct key *k = known_key(), *back;
    struct secret_text *p = text("pässwörd");
    char *file, *second;
    size_t n, second_n;
    bool checked;
    assert_int_equal(v3_write(k, p, &file, &n, &e), SOUK_OK);
    assert_int_equal(n, strlen(file));
    assert_non_null(strstr(file, "\"crypto\""));
    assert_int_equal(v3_read(file, n, p, &back, &checked, &e), SOUK_OK);
    assert_true(checked);
    assert_memory_equal(key_bytes(back), key_bytes(k), 32);
    key_free(back);
    assert_int_equal(read_v3(file, "passw\xc3\xb6rd", &back, &checked), SOUK_EVERIFY);
    /* salt, iv and id are fresh each time */
    assert_int_equal(v3_write(k, p, &second, &second_n, &e), SOUK_OK);
    assert_int_equal(second_n, n);
    static const char *const fresh[] = {"\"salt\":\"", "\"iv\":\"", "\"id\":\"", "\"mac\":\""};
    for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++)
        assert_memory_not_equal(strstr(file, fresh[i]) + strlen(fresh[i]),
                                strstr(second, fresh[i]) + strlen(fresh[i]), 8);
    mem_free(second);
    mem_free(file);
    secret_free(p);
    key_free(k);
}

static void strange_addresses(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    json *v = cJSON_GetArrayItem(json_get(all, "keystore_v3"), 0);
    json *file = cJSON_GetObjectItem(v, "json");
    static const struct {
        const char *address;
        souk_err want;
    } cases[] = {
        {"0x92cf49e53c23adc1c3f6a538ad31c6732aad7de0", SOUK_OK},
        {"0X92CF49E53C23ADC1C3F6A538AD31C6732AAD7DE0", SOUK_OK},
        {"92cf49e53c23adc1c3f6a538ad31c6732aad7de1", SOUK_EVERIFY},
        {"92cf49e53c23adc1c3f6a538ad31c6732aad7d", SOUK_EINPUT},
        {"0x92cf49e53c23adc1c3f6a538ad31c6732aad7dzz", SOUK_EINPUT},
        {"", SOUK_EINPUT},
    };
    struct key *k;
    bool checked;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON_ReplaceItemInObject(file, "address", cJSON_CreateString(cases[i].address));
        char *written = cJSON_PrintUnformatted(file);
        assert_int_equal(read_v3(written, "testpassword", &k, &checked), cases[i].want);
        key_free(k);
        cJSON_free(written);
    }
    cJSON_ReplaceItemInObject(file, "address", cJSON_CreateNull());
    char *written = cJSON_PrintUnformatted(file);
    assert_int_equal(read_v3(written, "testpassword", &k, &checked), SOUK_EINPUT);
    cJSON_free(written);
    json_free(all);
}

/* Each allocation in turn fails: no key, the right message, nothing left behind (ASan). */
static void memory_may_run_out(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    char *file = cJSON_PrintUnformatted(
        json_get(cJSON_GetArrayItem(json_get(all, "keystore_v3"), 0), "json"));
    struct secret_text *p = text("testpassword");
    unsigned long n = 0;
    for (souk_err r = SOUK_ENOMEM; r; n++) {
        struct key *k;
        bool checked;
        mem_fail_at(n + 1, true);
        r = v3_read(file, strlen(file), p, &k, &checked, &e);
        mem_fail_at(0, false);
        assert_true(r == SOUK_OK || (r == SOUK_ENOMEM && !k));
        key_free(k);
    }
    assert_true(n > 10);
    secret_free(p);
    cJSON_free(file);
    json_free(all);
}

int main(void)
{
    if (key_start(&e))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_files_are_read),
        cmocka_unit_test(bad_files_are_refused_for_their_reason),
        cmocka_unit_test(the_standards_own),
        cmocka_unit_test(what_we_write_is_read),
        cmocka_unit_test(strange_addresses),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
