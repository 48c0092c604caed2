/* Hashes, addresses, RLP, signatures and numbers against the vectors, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eth/events.h"
#include "eth/rlp.h"
#include "eth/sig.h"

#include "vectors.h"

enum { ROOM = 1 << 16 };

static json *all;
static uint8_t bytes[ROOM];

static int load(void **state)
{
    (void)state;
    all = vectors_load("wallet-vectors.json");
    return 0;
}

static int drop(void **state)
{
    (void)state;
    json_free(all);
    return 0;
}

static const json *negatives(const char *kind)
{
    return json_first(json_get(json_get(all, "negative"), kind));
}

static void same32(bytes32 have, const json *obj, const char *key)
{
    char a[HASH_BUF], b[HASH_BUF];
    assert_string_equal(bytes32_format(have, a), bytes32_format(vector_bytes32(obj, key), b));
}

/* --- hashes and addresses */

static void keccak_of_messages(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "keccak256")); v; v = json_next(v), count++) {
        size_t n = vector_bytes(v, "msg", bytes, sizeof bytes);
        same32(keccak256(bytes, n), v, "digest");
        for (size_t step = 1; step < n; step += 67) { /* in pieces it is the same */
            struct keccak k = {{0}, 0};
            for (size_t at = 0; at < n; at += step)
                keccak_add(&k, bytes + at, n - at < step ? n - at : step);
            same32(keccak_end(&k), v, "digest");
        }
    }
    assert_int_equal(count, 26);
}

static void topics_of_events(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "event_topics")); v; v = json_next(v), count++) {
        const char *event = json_cstr(v, "event");
        same32(keccak256(event, strlen(event)), v, "topic0");
        for (int k = EV_NONE + 1; k < EV_COUNT; k++) {
            if (strcmp(event_signature((enum event_kind)k), event) == 0)
                same32(event_topic((enum event_kind)k), v, "topic0");
        }
    }
    assert_int_equal(count, 7);
}

static void checksums_of_addresses(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "eip55")); v; v = json_next(v), count++) {
        char text[ADDRESS_BUF];
        address a;
        const char *right = json_cstr(v, "checksum"), *lower = json_cstr(v, "lower");
        assert_true(address_parse(right, strlen(right), &a));
        assert_string_equal(address_format(a, text), right);
        assert_true(address_parse(lower, strlen(lower), &a));
        assert_string_equal(address_format(a, text), right);
    }
    assert_int_equal(count, 26);
}

static void addresses_that_are_refused(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = negatives("address"); v; v = json_next(v), count++) {
        struct untrusted in = json_str(v, "input");
        bool refused = strcmp(json_cstr(v, "expect"), "reject") == 0;
        address a;
        char text[ADDRESS_BUF];
        if (address_parse(in.p, in.n, &a) == refused)
            fail_msg("%s", json_cstr(v, "id"));
        if (json_cstr(v, "address"))
            assert_string_equal(address_format(a, text), json_cstr(v, "address"));
    }
    assert_int_equal(count, 12);
    /* Reading JSON turns the NUL of the last one into U+FFFD; with it in place, the length decides.
     */
    static const char nul[] = "0x32D33E17F0F2127B243489f05d85524e4b6F3210\0garbage";
    address a;
    assert_true(address_parse(nul, strlen(nul), &a));
    assert_false(address_parse(nul, sizeof nul - 1, &a));
}

/* --- signatures */

static void personal_messages(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "eip191")); v; v = json_next(v), count++) {
        size_t n = vector_bytes(v, "message_utf8", bytes, sizeof bytes);
        bytes32 digest = sig_message_digest(bytes, n);
        uint8_t sig[SIG_BYTES];
        signature s;
        address by;
        same32(digest, v, "digest");
        assert_true(sig_parse(sig, vector_bytes(v, "signature", sig, sizeof sig), &s));
        assert_true(sig_recover(digest, &s, &by));
        assert_true(address_eq(by, vector_address(v, "address")));
    }
    assert_int_equal(count, 9);
}

static void signers_are_recovered(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "ecdsa_sign_recover")); v;
         v = json_next(v), count++) {
        uint8_t sig[SIG_BYTES];
        signature s;
        address by;
        assert_true(sig_parse(sig, vector_bytes(v, "signature", sig, sizeof sig), &s));
        assert_int_equal(s.b[64], 27 + vector_u64(v, "y_parity"));
        assert_true(sig_recover(vector_bytes32(v, "digest"), &s, &by));
        assert_true(address_eq(by, vector_address(v, "address")));
    }
    assert_int_equal(count, 6);
}

static void accounts_of_public_keys(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "hd_accounts")); v; v = json_next(v), count++) {
        uint8_t point[65];
        assert_int_equal(vector_bytes(v, "public_key", point, sizeof point), sizeof point);
        assert_true(address_eq(sig_account(point + 1), vector_address(v, "address")));
    }
    assert_int_equal(count, 28);
}

static const struct {
    const char *reason, *words;
} reasons[] = {
    /* signatures */
    {"high_s", "upper half"},
    {"r_zero", "r of zero"},
    {"s_zero", "s of zero"},
    {"s_ge_n", "s beyond the curve"},
    {"bad_v", "neither 27 nor 28"},
    {"length", "65 bytes"},
    /* RLP */
    {"non_minimal", "small byte in the long form"},
    {"non_minimal_length", "short length in the long form"},
    {"length_leading_zero", "leading zero"},
    {"truncated", "too early"},
    {"empty", "empty"},
    {"trailing", "behind its end"},
    {"length_overflow", "too early"},
};

static void for_its_reason(const json *v, const char *fault)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(reasons[i].reason, json_cstr(v, "reason")) != 0)
            continue;
        if (!fault || !strstr(fault, reasons[i].words))
            fail_msg("%s: %s", json_cstr(v, "id"), fault ? fault : "taken");
        return;
    }
    fail_msg("%s: no words for this reason", json_cstr(v, "id"));
}

static void signatures_that_are_refused(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = negatives("signature"); v; v = json_next(v), count++) {
        uint8_t sig[SIG_BYTES + 1];
        signature s = {{0}};
        address by;
        size_t n = vector_bytes(v, "signature", sig, sizeof sig);
        if (strcmp(json_cstr(v, "reason"), "wrong_signer") == 0) {
            assert_true(sig_parse(sig, n, &s));
            assert_false(sig_recover(vector_bytes32(v, "digest"), &s, &by) &&
                         address_eq(by, vector_address(v, "signer")));
            continue;
        }
        for_its_reason(v, sig_fault(sig, n));
        assert_false(sig_parse(sig, n, &s));
        memcpy(s.b, sig, sizeof s.b); /* nor does one get past by not being parsed */
        if (n == SIG_BYTES)
            assert_false(sig_recover(vector_bytes32(v, "digest"), &s, &by));
    }
    assert_int_equal(count, 10);
}

static void nobody_signed_with_no_point(void **state)
{
    (void)state;
    signature s = {.b = {[31] = 5, [63] = 1, [64] = 27}}; /* no point of the curve has x = 5 */
    address by;
    assert_null(sig_fault(s.b, sizeof s.b));
    assert_false(sig_recover((bytes32){{1}}, &s, &by));
}

/* The order itself and half of it are where the bounds lie. */
static void bounds_of_r_and_s(void **state)
{
    (void)state;
    static const char order[] =
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    static const char half[] = "0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
    signature s = {.b = {[63] = 1, [64] = 28}};
    assert_true(hex_decode(order, strlen(order), s.b, 32));
    assert_non_null(sig_fault(s.b, sizeof s.b));
    s.b[31]--;
    assert_null(sig_fault(s.b, sizeof s.b));
    assert_true(hex_decode(half, strlen(half), s.b + 32, 32));
    assert_null(sig_fault(s.b, sizeof s.b));
    s.b[63]++;
    assert_non_null(sig_fault(s.b, sizeof s.b));
}

/* --- RLP */

static void put_json(const json *v, struct buf *out)
{
    struct rlp_out to = {.buf = out};
    if (cJSON_IsArray(v)) {
        struct buf payload;
        buf_init(&payload, ROOM);
        for (const json *i = json_first(v); i; i = json_next(i))
            put_json(i, &payload);
        rlp_list(&to, payload.len);
        rlp_raw(&to, payload.p, payload.len);
        buf_release(&payload);
    } else {
        size_t n = (strlen(v->valuestring) - 2) / 2;
        uint8_t *p = mem_alloc(n + 1);
        assert_true(hex_decode(v->valuestring, strlen(v->valuestring), p, n));
        rlp_bytes(&to, p, n);
        mem_free(p);
    }
}

static void check_json(const json *v, const struct rlp_item *item)
{
    assert_int_equal(item->list, cJSON_IsArray(v));
    if (!item->list) {
        char *hex = mem_alloc(2 * item->n + 3);
        assert_string_equal(hex_encode(item->p, item->n, hex), v->valuestring);
        mem_free(hex);
        return;
    }
    struct rlp_reader r = {item->p, item->p + item->n};
    struct rlp_item part;
    bool bad = false;
    const json *i = json_first(v);
    for (; i && rlp_next(&r, &part, &bad); i = json_next(i))
        check_json(i, &part);
    assert_null(i);
    assert_false(rlp_next(&r, &part, &bad));
    assert_false(bad);
}

static void rlp_goes_both_ways(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "rlp")); v; v = json_next(v), count++) {
        size_t n = vector_bytes(v, "encoded", bytes, sizeof bytes);
        struct buf out;
        struct rlp_item item;
        buf_init(&out, ROOM);
        put_json(json_get(v, "decoded"), &out);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.p, bytes, n);
        buf_release(&out);
        assert_null(rlp_fault(bytes, n, RLP_DEPTH));
        assert_true(rlp_whole(bytes, n, &item));
        check_json(json_get(v, "decoded"), &item);
    }
    assert_int_equal(count, 17);
}

static void rlp_that_is_refused(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = negatives("rlp"); v; v = json_next(v), count++) {
        const json *repeat = json_get(v, "input_repeat");
        if (!repeat) {
            size_t n = vector_bytes(v, "input", bytes, sizeof bytes);
            for_its_reason(v, rlp_fault(bytes, n, RLP_DEPTH));
            continue;
        }
        size_t n = vector_u64(repeat, "count");
        uint8_t *deep = mem_alloc(n + 1);
        assert_non_null(deep);
        memset(deep, 0xc1, n);
        deep[n] = 0xc0;
        /* Its lengths lie at once; with right ones, the depth is what is wrong. */
        assert_non_null(rlp_fault(deep, n + 1, RLP_DEPTH));
        mem_free(deep);
    }
    assert_int_equal(count, 12);
}

/* 200,000 lists in one another, each with the right length. */
static void true_nesting_is_refused_too(void **state)
{
    (void)state;
    enum { LEVELS = 200000, HEAD = 4 };
    uint8_t *deep = mem_alloc((size_t)LEVELS * HEAD + 1);
    assert_non_null(deep);
    size_t end = (size_t)LEVELS * HEAD + 1, at = end;
    deep[--at] = 0xc0;
    for (int i = 0; i < LEVELS; i++) {
        size_t len = end - at;
        if (len > 0xffff)
            deep[--at] = (uint8_t)len, deep[--at] = (uint8_t)(len >> 8),
            deep[--at] = (uint8_t)(len >> 16), deep[--at] = 0xfa;
        else if (len > 0xff)
            deep[--at] = (uint8_t)len, deep[--at] = (uint8_t)(len >> 8), deep[--at] = 0xf9;
        else if (len > 55)
            deep[--at] = (uint8_t)len, deep[--at] = 0xf8;
        else
            deep[--at] = (uint8_t)(0xc0 + len);
    }
    const char *fault = rlp_fault(deep + at, end - at, RLP_DEPTH);
    assert_true(fault && strstr(fault, "too deeply"));
    mem_free(deep);
    assert_null(rlp_fault((const uint8_t *)"\xc2\xc1\xc0", 3, 2));
    assert_non_null(rlp_fault((const uint8_t *)"\xc2\xc1\xc0", 3, 1));
}

static void numbers_in_rlp(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 127, 128, 255, 256, UINT64_MAX};
    struct rlp_item item;
    uint64_t v;
    u256 big, read;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct buf b;
        buf_init(&b, 64);
        rlp_u64(&(struct rlp_out){.buf = &b}, values[i]);
        assert_true(rlp_whole((const uint8_t *)b.p, b.len, &item));
        assert_true(rlp_get_u64(&item, &v) && v == values[i]);
        buf_release(&b);
    }
    memset(&big, 0xff, sizeof big);
    struct buf b;
    buf_init(&b, 64);
    rlp_u256(&(struct rlp_out){.buf = &b}, big);
    assert_true(rlp_whole((const uint8_t *)b.p, b.len, &item));
    assert_true(rlp_get_u256(&item, &read) && u256_cmp(read, big) == 0);
    assert_false(rlp_get_u64(&item, &v));
    buf_release(&b);
    assert_true(rlp_whole((const uint8_t *)"\x82\x00\x01", 3, &item));
    assert_false(rlp_get_u256(&item, &read));
    assert_true(rlp_whole((const uint8_t *)"\xc0", 1, &item));
    assert_false(rlp_get_u256(&item, &read));
    memset(bytes, 1, 34);
    bytes[0] = 0x80 + 33;
    assert_true(rlp_whole(bytes, 34, &item));
    assert_false(rlp_get_u256(&item, &read));
}

static void official_rlp(void **state)
{
    (void)state;
    json *official = vectors_optional("wallet-official-vectors.json");
    if (!official)
        skip();
    int good = 0, bad = 0;
    for (const json *v = json_get(official, "rlp_valid")->child; v; v = json_next(v), good++) {
        size_t n = vector_bytes(v, "out", bytes, sizeof bytes);
        assert_null(rlp_fault(bytes, n, RLP_DEPTH));
    }
    for (const json *v = json_get(official, "rlp_invalid")->child; v; v = json_next(v), bad++) {
        const char *hex = json_cstr(v, "out");
        char text[2048] = "0x";
        size_t skip = strncmp(hex, "0x", 2) == 0 ? 2 : 0, n = strlen(hex + skip);
        assert_true(n + 3 < sizeof text);
        memcpy(text + 2, hex + skip, n);
        assert_true(hex_decode(text, n + 2, bytes, n / 2));
        if (!rlp_fault(bytes, n / 2, RLP_DEPTH))
            fail_msg("%s", v->string);
    }
    assert_int_equal(good, 28);
    assert_int_equal(bad, 26);
    json_free(official);
}

/* --- numbers */

static void integers_that_are_refused(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = negatives("uint256_decimal"); v; v = json_next(v), count++) {
        struct untrusted in = json_str(v, "input");
        u256 n;
        if (u256_from_dec(in.p, in.n, &n))
            fail_msg("%s", json_cstr(v, "id"));
    }
    assert_int_equal(count, 14);
}

static void amounts_that_are_refused(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = negatives("amount_display_parse"); v; v = json_next(v), count++) {
        u256 n;
        unsigned decimals = (unsigned)vector_u64(v, "decimals");
        const char *reason = json_cstr(v, "reason");
        const char *words = strcmp(reason, "too_many_decimals") == 0 ? "more decimals"
                            : strcmp(reason, "overflow") == 0        ? "beyond"
                                                                     : "no plain decimal";
        const char *fault = u256_decimal_fault(json_cstr(v, "input"), decimals);
        if (u256_parse_decimal(json_cstr(v, "input"), decimals, &n) || !fault ||
            !strstr(fault, words))
            fail_msg("%s: %s", json_cstr(v, "id"), fault ? fault : "taken");
    }
    assert_int_equal(count, 10);
}

static void amounts_as_text(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "units")); v; v = json_next(v), count++) {
        unsigned decimals = (unsigned)vector_u64(v, "decimals");
        u256 raw = vector_u256(v, "raw"), read;
        char text[U256_FMT], plain[U256_FMT];
        size_t n = 0;
        assert_true(u256_parse_decimal(json_cstr(v, "display"), decimals, &read));
        assert_null(u256_decimal_fault(json_cstr(v, "display"), decimals));
        assert_int_equal(u256_cmp(read, raw), 0);
        u256_format(raw, decimals, -1, text);
        for (const char *p = text; *p; p++) {
            if (*p != ',') /* thousands are separated for people */
                plain[n++] = *p;
        }
        plain[n] = '\0';
        assert_string_equal(plain, json_cstr(v, "display"));
    }
    assert_int_equal(count, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak_of_messages),
        cmocka_unit_test(topics_of_events),
        cmocka_unit_test(checksums_of_addresses),
        cmocka_unit_test(addresses_that_are_refused),
        cmocka_unit_test(personal_messages),
        cmocka_unit_test(signers_are_recovered),
        cmocka_unit_test(accounts_of_public_keys),
        cmocka_unit_test(signatures_that_are_refused),
        cmocka_unit_test(nobody_signed_with_no_point),
        cmocka_unit_test(bounds_of_r_and_s),
        cmocka_unit_test(rlp_goes_both_ways),
        cmocka_unit_test(rlp_that_is_refused),
        cmocka_unit_test(true_nesting_is_refused_too),
        cmocka_unit_test(numbers_in_rlp),
        cmocka_unit_test(official_rlp),
        cmocka_unit_test(integers_that_are_refused),
        cmocka_unit_test(amounts_that_are_refused),
        cmocka_unit_test(amounts_as_text),
    };
    return cmocka_run_group_tests(tests, load, drop);
}
