/*
 * Words, seeds and the keys that grow from them, against every vector: ours and, where this
 * machine has them, the standards' own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "wallet/mnemonic.h"

#include "base/banned.h"

static struct err e;

static struct secret_text *text_n(const char *s, size_t n)
{
    struct secret_text *t;
    assert_int_equal(secret_text_new(&t, &e), SOUK_OK);
    assert_true(n < SECRET_TEXT_MAX);
    memcpy(t->s, s, n);
    t->n = n;
    return t;
}

static struct secret_text *text(const char *s)
{
    return text_n(s, strlen(s));
}

static void check_seed(const char *words, const char *passphrase, const uint8_t want[SEED_BYTES])
{
    struct secret_text *w = text(words), *p = text(passphrase);
    uint8_t *seed = secret_alloc(SEED_BYTES);
    assert_int_equal(mnemonic_seed(w, p, seed, &e), SOUK_OK);
    assert_memory_equal(seed, want, SEED_BYTES);
    if (!*passphrase) {
        memset(seed, 0, SEED_BYTES);
        assert_int_equal(mnemonic_seed(w, NULL, seed, &e), SOUK_OK);
        assert_memory_equal(seed, want, SEED_BYTES);
    }
    secret_free(seed);
    secret_free(w);
    secret_free(p);
}

static void check_words(const uint8_t *entropy, size_t n, const char *words)
{
    struct secret_text *w = NULL;
    assert_int_equal(mnemonic_words(entropy, n, &w, &e), SOUK_OK);
    assert_string_equal(w->s, words);
    assert_int_equal(w->n, strlen(words));
    uint8_t back[ENTROPY_MAX];
    size_t back_n = 0;
    assert_int_equal(mnemonic_entropy(w, back, &back_n, &e), SOUK_OK);
    assert_int_equal(back_n, n);
    assert_memory_equal(back, entropy, n);
    secret_free(w);
}

static void our_words_and_seeds(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0;
    for (const json *v = json_first(json_get(all, "bip39")); v; v = json_next(v), n++) {
        uint8_t entropy[ENTROPY_MAX], seed[SEED_BYTES];
        size_t len = vector_bytes(v, "entropy", entropy, sizeof entropy);
        vector_bytes(v, "seed", seed, sizeof seed);
        check_words(entropy, len, json_cstr(v, "mnemonic"));
        check_seed(json_cstr(v, "mnemonic"), json_cstr(v, "passphrase"), seed);
    }
    assert_int_equal(n, 20);
    for (const json *v = json_first(json_get(all, "bip39_unicode_passphrase")); v;
         v = json_next(v), n++) {
        uint8_t seed[SEED_BYTES];
        vector_bytes(v, "seed", seed, sizeof seed);
        check_seed(json_cstr(v, "mnemonic"), json_cstr(v, "passphrase"), seed);
    }
    assert_int_equal(n, 24);
    json_free(all);
}

static void bad_words_are_refused_for_their_reason(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *words;
    } said[] = {
        {"bad_checksum", "do not belong together"},
        {"bad_word_count", "there are 12, 15"},
        {"unknown_word", "is not one of the 2048"},
    };
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0, refused = 0;
    for (const json *v = json_first(json_get(json_get(all, "negative"), "mnemonic")); v;
         v = json_next(v), n++) {
        struct secret_text *w = text(json_cstr(v, "input"));
        uint8_t entropy[ENTROPY_MAX], want[SEED_BYTES];
        size_t len;
        souk_err r = mnemonic_entropy(w, entropy, &len, &e);
        if (strcmp(json_cstr(v, "expect"), "reject") == 0) {
            assert_int_equal(r, SOUK_EINPUT);
            for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
                if (strcmp(said[i].reason, json_cstr(v, "reason")) == 0 &&
                    strstr(e.msg, said[i].words))
                    refused++;
            }
            assert_null(strstr(e.msg, "zzzz")); /* a message never repeats a word */
        } else {
            assert_int_equal(r, SOUK_OK);
            vector_bytes(v, "seed_if_accepted", want, sizeof want);
            check_seed(json_cstr(v, "input"), "", want);
        }
        secret_free(w);
    }
    assert_int_equal(n, 10);
    assert_int_equal(refused, 7);
    json_free(all);
}

/* Every other last word than the right ones fails the checksum: 1 in 16 for 12 words. */
static void the_checksum_is_whole(void **state)
{
    (void)state;
    static const char eleven[] = "abandon abandon abandon abandon abandon abandon abandon abandon "
                                 "abandon abandon abandon ";
    size_t good = 0;
    for (uint16_t i = 0; i < 2048; i++) {
        /* the list itself, one word at a time: the first 11 bits of an entropy are a word */
        uint8_t entropy[16] = {(uint8_t)(i >> 3), (uint8_t)(i << 5)};
        struct secret_text *w;
        assert_int_equal(mnemonic_words(entropy, sizeof entropy, &w, &e), SOUK_OK);
        char line[SECRET_TEXT_MAX];
        int len = snprintf(line, sizeof line, "%s%.*s", eleven, (int)strcspn(w->s, " "), w->s);
        secret_free(w);
        struct secret_text *t = text_n(line, (size_t)len);
        uint8_t back[ENTROPY_MAX];
        size_t n;
        good += mnemonic_entropy(t, back, &n, &e) == SOUK_OK;
        secret_free(t);
    }
    assert_int_equal(good, 128);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    uint8_t entropy[64] = {0};
    struct secret_text *w;
    for (size_t n = 0; n <= sizeof entropy; n++) {
        bool good = n == 16 || n == 20 || n == 24 || n == 28 || n == 32;
        assert_int_equal(mnemonic_words(entropy, n, &w, &e), good ? SOUK_OK : SOUK_EINPUT);
        secret_free(w);
    }
    struct hd_node node;
    assert_int_equal(hd_master(entropy, 15, &node, &e), SOUK_EINPUT);
    assert_int_equal(hd_master(entropy, 64, &node, &e), SOUK_OK);
    node.depth = 255;
    assert_int_equal(hd_child(&node, 0, &node, &e), SOUK_EINPUT);
    struct key *k;
    assert_int_equal(hd_account(entropy, 64, HD_HARD, &k, &e), SOUK_EINPUT);
    assert_null(k);
}

/* --- BIP-32 */

static void walk(const uint8_t *seed, size_t n, const char *path, struct hd_node *out)
{
    assert_int_equal(hd_master(seed, n, out, &e), SOUK_OK);
    for (const char *p = strchr(path, '/'); p; p = strchr(p, '/')) {
        char *end;
        uint32_t index = (uint32_t)strtoul(p + 1, &end, 10);
        struct hd_node next;
        assert_int_equal(
            hd_child(out, *end == '\'' || *end == 'h' ? index | HD_HARD : index, &next, &e),
            SOUK_OK);
        *out = next;
        p = end;
    }
}

/* The 78 bytes of an extended private key: version, depth, parent, index, chain code, 0, key. */
static void serialise(const struct hd_node *n, uint8_t out[78])
{
    static const uint8_t version[] = {0x04, 0x88, 0xad, 0xe4};
    memcpy(out, version, 4);
    out[4] = n->depth;
    memcpy(out + 5, n->parent, 4);
    for (int i = 0; i < 4; i++)
        out[9 + i] = (uint8_t)(n->index >> (24 - 8 * i));
    memcpy(out + 13, n->chain_code, 32);
    out[45] = 0;
    memcpy(out + 46, n->key, 32);
}

/* Base58 with its four bytes of checksum, which are not looked at: what is compared is before. */
static void base58(const char *s, uint8_t out[82])
{
    static const char digit[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    memset(out, 0, 82);
    for (; *s; s++) {
        const char *d = strchr(digit, *s);
        assert_non_null(d);
        unsigned carry = (unsigned)(d - digit);
        for (int i = 81; i >= 0; i--) {
            carry += out[i] * 58u;
            out[i] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(carry, 0);
    }
}

static void check_xprv(const struct hd_node *n, const char *xprv)
{
    uint8_t ours[78], theirs[82];
    serialise(n, ours);
    base58(xprv, theirs);
    assert_memory_equal(ours, theirs, sizeof ours);
}

static void our_nodes_and_accounts(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    size_t n = 0;
    for (const json *v = json_first(json_get(all, "bip32")); v; v = json_next(v), n++) {
        uint8_t seed[SEED_BYTES];
        size_t len = vector_bytes(v, "seed", seed, sizeof seed);
        struct hd_node node;
        walk(seed, len, json_cstr(v, "path"), &node);
        check_xprv(&node, json_cstr(v, "xprv"));
        struct key *k;
        assert_int_equal(key_new(node.key, &k, &e), SOUK_OK);
        assert_true(address_eq(key_account(k), vector_address(v, "address")));
        key_free(k);
    }
    assert_int_equal(n, 35);
    n = 0;
    for (const json *v = json_first(json_get(all, "hd_accounts")); v; v = json_next(v), n++) {
        struct secret_text *w = text(json_cstr(v, "mnemonic")),
                           *p = text(json_cstr(v, "passphrase"));
        uint8_t seed[SEED_BYTES];
        const char *path = json_cstr(v, "path");
        assert_int_equal(strncmp(path, "m/44'/60'/0'/0/", 15), 0);
        assert_int_equal(mnemonic_seed(w, p, seed, &e), SOUK_OK);
        struct key *k;
        uint32_t i = (uint32_t)strtoul(path + 15, NULL, 10);
        assert_int_equal(hd_account(seed, sizeof seed, i, &k, &e), SOUK_OK);
        assert_memory_equal(key_bytes(k), vector_bytes32(v, "private_key").b, 32);
        assert_true(address_eq(key_account(k), vector_address(v, "address")));
        key_free(k);
        secret_free(w);
        secret_free(p);
    }
    assert_int_equal(n, 28);
    json_free(all);
}

static size_t hex(const char *s, uint8_t *out)
{
    char with[2 + 2 * SEED_BYTES + 1];
    snprintf(with, sizeof with, "0x%s", s);
    size_t n = strlen(s) / 2;
    assert_true(hex_decode(with, strlen(with), out, n));
    return n;
}

static const char *item(const json *array, int i)
{
    const json *v = json_first(array);
    for (; v && i; i--)
        v = json_next(v);
    return v && v->valuestring ? v->valuestring : "";
}

static void the_standards_own(void **state)
{
    (void)state;
    json *all = vectors_optional("wallet-official-vectors.json");
    if (!all)
        skip();
    size_t n = 0;
    uint8_t entropy[ENTROPY_MAX], seed[SEED_BYTES];
    struct hd_node node;
    for (const json *v = json_first(json_get(all, "bip39_english")); v; v = json_next(v), n++) {
        check_words(entropy, hex(item(v, 0), entropy), item(v, 1));
        hex(item(v, 2), seed);
        check_seed(item(v, 1), "TREZOR", seed);
        walk(seed, sizeof seed, "m", &node);
        check_xprv(&node, item(v, 3));
    }
    assert_int_equal(n, 24);
    n = 0;
    for (const json *v = json_first(json_get(all, "bip32")); v; v = json_next(v), n++) {
        walk(seed, hex(json_cstr(v, "seed"), seed), json_cstr(v, "path"), &node);
        check_xprv(&node, json_cstr(v, "xprv"));
    }
    assert_int_equal(n, 17);
    n = 0;
    /* We read no extended keys; but the keys in the two that are out of range are none to us. */
    for (const json *v = json_first(json_get(all, "bip32_invalid")); v; v = json_next(v)) {
        if (!strstr(json_cstr(v, "reason"), "not in 1..n-1"))
            continue;
        uint8_t bytes[82];
        struct key *k;
        base58(json_cstr(v, "key"), bytes);
        assert_int_equal(key_new(bytes + 46, &k, &e), SOUK_EINPUT);
        n++;
    }
    assert_int_equal(n, 2);
    json_free(all);
}

static void a_long_passphrase_grows_in_bounds(void **state)
{
    (void)state;
    static const char twelve[] = "abandon abandon abandon abandon abandon abandon abandon abandon "
                                 "abandon abandon abandon about";
    char grows[SECRET_TEXT_MAX];
    for (size_t i = 0; i + 3 < sizeof grows; i += 3)
        memcpy(grows + i, "\xef\xb7\xba", 3); /* U+FDFA: 18 code points each */
    struct secret_text *w = text(twelve), *p = text_n(grows, SECRET_TEXT_MAX - 1);
    uint8_t seed[SEED_BYTES];
    assert_int_equal(mnemonic_seed(w, p, seed, &e), SOUK_OK);
    p->s[0] = '\xff';
    assert_int_equal(mnemonic_seed(w, p, seed, &e), SOUK_EINPUT);
    secret_free(p);
    secret_free(w);
}

/* Each allocation in turn fails: no result, the right message, nothing left behind (ASan). */
static void memory_may_run_out(void **state)
{
    (void)state;
    struct secret_text *w = text("test test test test test test test test test test test junk"),
                       *p = text("x");
    uint8_t seed[SEED_BYTES];
    unsigned long n = 0;
    for (souk_err r = SOUK_ENOMEM; r; n++) {
        struct key *k = NULL;
        mem_fail_at(n + 1, true);
        r = mnemonic_seed(w, p, seed, &e);
        if (!r)
            r = hd_account(seed, sizeof seed, 0, &k, &e);
        mem_fail_at(0, false);
        assert_true(r == SOUK_OK || (r == SOUK_ENOMEM && !k));
        key_free(k);
    }
    assert_true(n > 10);
    secret_free(w);
    secret_free(p);
}

int main(void)
{
    if (key_start(&e))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_words_and_seeds),
        cmocka_unit_test(bad_words_are_refused_for_their_reason),
        cmocka_unit_test(the_checksum_is_whole),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(our_nodes_and_accounts),
        cmocka_unit_test(the_standards_own),
        cmocka_unit_test(a_long_passphrase_grows_in_bounds),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
