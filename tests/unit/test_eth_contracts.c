/* Contract calls, their results and their meaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eth/contracts.h"
#include "eth/typed.h"

#include "vectors.h"

enum { ROOM = 1 << 16 };

static json *all, *x402;
static uint8_t bytes[ROOM];

static int load(void **state)
{
    (void)state;
    all = vectors_load("wallet-vectors.json");
    x402 = vectors_load("x402-vectors.json");
    return 0;
}

static int drop(void **state)
{
    (void)state;
    json_free(all);
    json_free(x402);
    return 0;
}

/* --- what the vectors' arguments are */

static const json *arg(const json *v, int i)
{
    return cJSON_GetArrayItem(json_get(v, "args"), i);
}

static address arg_address(const json *v, int i)
{
    address a = {{0}};
    const char *s = arg(v, i)->valuestring;
    assert_true(address_parse(s, strlen(s), &a));
    return a;
}

static u256 arg_u256(const json *v, int i)
{
    u256 n = U256_ZERO;
    const char *s = arg(v, i)->valuestring;
    assert_true(u256_from_dec(s, strlen(s), &n));
    return n;
}

static bytes32 arg_bytes32(const json *v, int i)
{
    bytes32 h = {{0}};
    const char *s = arg(v, i)->valuestring;
    assert_true(bytes32_parse(s, strlen(s), &h));
    return h;
}

static void put_aggregate(const json *v, struct buf *out)
{
    struct call3 calls[8];
    uint8_t data[8][64];
    size_t n = 0;
    for (const json *c = json_first(arg(v, 0)); c; c = json_next(c), n++) {
        assert_true(n < 8);
        calls[n].target = vector_address(c, "target");
        calls[n].must = !json_bool(c, "allowFailure", false);
        calls[n].data = data[n];
        calls[n].len = vector_bytes(c, "callData", data[n], sizeof data[n]);
    }
    call_aggregate3(out, calls, n);
}

/* What souk has no call for (it never takes from others) is put together by hand. */
static void put_transfer_from(const json *v, struct buf *out)
{
    bytes32 word = {{0}};
    call_selector(out, "transferFrom(address,address,uint256)");
    for (int i = 0; i < 2; i++) {
        memcpy(word.b + 12, arg_address(v, i).b, 20);
        buf_add(out, word.b, 32);
    }
    u256_to_be(arg_u256(v, 2), word.b);
    buf_add(out, word.b, 32);
}

static void put_call(const json *v, struct buf *out)
{
    const char *f = json_cstr(v, "function");
    if (strcmp(f, "approve(address,uint256)") == 0) {
        call_approve(out, arg_address(v, 0), arg_u256(v, 1));
    } else if (strcmp(f, "transfer(address,uint256)") == 0) {
        call_transfer(out, arg_address(v, 0), arg_u256(v, 1));
    } else if (strcmp(f, "balanceOf(address)") == 0) {
        call_balance_of(out, arg_address(v, 0));
    } else if (strcmp(f, "allowance(address,address)") == 0) {
        call_allowance(out, arg_address(v, 0), arg_address(v, 1));
    } else if (strcmp(f, "nonces(address)") == 0) {
        call_nonces(out, arg_address(v, 0));
    } else if (strcmp(f, "authorizationState(address,bytes32)") == 0) {
        call_authorization_state(out, arg_address(v, 0), arg_bytes32(v, 1));
    } else if (strcmp(f, "nonceBitmap(address,uint256)") == 0) {
        call_nonce_bitmap(out, arg_address(v, 0), arg_u256(v, 1));
    } else if (strcmp(f, "invalidateUnorderedNonces(uint256,uint256)") == 0) {
        call_invalidate_nonces(out, arg_u256(v, 0), arg_u256(v, 1));
    } else if (strcmp(f, "decimals()") == 0) {
        call_decimals(out);
    } else if (strcmp(f, "DOMAIN_SEPARATOR()") == 0) {
        call_domain_separator(out);
    } else if (strcmp(f, "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)") == 0) {
        signature s;
        memcpy(s.b, arg_bytes32(v, 3).b, 32);
        memcpy(s.b + 32, arg_bytes32(v, 4).b, 32);
        s.b[64] = (uint8_t)arg(v, 2)->valueint;
        call_cancel_authorization(out, arg_address(v, 0), arg_bytes32(v, 1), &s);
    } else if (strcmp(f, "aggregate3((address,bool,bytes)[])") == 0) {
        put_aggregate(v, out);
    } else if (strcmp(f, "transferFrom(address,address,uint256)") == 0) {
        put_transfer_from(v, out);
    } else {
        call_selector(out, f);
        assert_null(json_first(json_get(v, "args")));
    }
}

static void check_meaning(const json *v, struct call_meaning m)
{
    const char *f = json_cstr(v, "function");
    if (strncmp(f, "approve(", 8) == 0 || strncmp(f, "transfer(", 9) == 0) {
        assert_int_equal(m.kind, *f == 'a' ? CALL_APPROVE : CALL_TRANSFER);
        assert_true(address_eq(m.who, arg_address(v, 0)));
        assert_int_equal(u256_cmp(m.amount, arg_u256(v, 1)), 0);
    } else if (strncmp(f, "cancelAuth", 10) == 0) {
        assert_int_equal(m.kind, CALL_CANCEL);
        assert_true(address_eq(m.who, arg_address(v, 0)));
        assert_memory_equal(m.nonce.b, arg_bytes32(v, 1).b, 32);
    } else if (strncmp(f, "invalidate", 10) == 0) {
        assert_int_equal(m.kind, CALL_INVALIDATE);
        assert_int_equal(u256_cmp(m.word, arg_u256(v, 0)), 0);
        assert_int_equal(u256_cmp(m.amount, arg_u256(v, 1)), 0);
    } else {
        assert_int_equal(m.kind, CALL_OTHER);
    }
}

static void calls_are_made_and_understood(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "abi_calls")); v; v = json_next(v), count++) {
        struct buf out;
        buf_init(&out, ROOM);
        put_call(v, &out);
        size_t n = vector_bytes(v, "calldata", bytes, sizeof bytes);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.p, bytes, n);
        check_meaning(v, call_meaning(bytes, n));
        if (n > 4) { /* one byte less or more, and it is not understood */
            assert_int_equal(call_meaning(bytes, n - 1).kind, CALL_OTHER);
            bytes[n] = 0;
            assert_int_equal(call_meaning(bytes, n + 1).kind, CALL_OTHER);
        }
        buf_release(&out);
    }
    assert_int_equal(count, 37);
}

static void selectors_of_the_x402_vectors(void **state)
{
    (void)state;
    const json *abi = json_get(x402, "abi");
    struct buf out;
    buf_init(&out, ROOM);
    int count = 0;
    for (const json *v = json_first(json_get(abi, "selectors")); v; v = json_next(v), count++) {
        buf_clear(&out);
        call_selector(&out, json_cstr(v, "signature"));
        assert_int_equal(vector_bytes(v, "selector", bytes, 4), out.len);
        assert_memory_equal(out.p, bytes, 4);
    }
    assert_int_equal(count, 14);
    buf_clear(&out);
    call_active_tees(&out, 0);
    assert_int_equal(vector_bytes(abi, "getActiveTEEsCall", bytes, ROOM), out.len);
    assert_memory_equal(out.p, bytes, out.len);
    buf_release(&out);
}

static void what_is_not_understood_is_other(void **state)
{
    (void)state;
    assert_int_equal(call_meaning(NULL, 0).kind, CALL_NOTHING);
    assert_int_equal(call_meaning((const uint8_t *)"\xa9\x05\x9c", 3).kind, CALL_OTHER);
    struct buf out;
    buf_init(&out, 256);
    call_transfer(&out, PERMIT2, u256_from_u64(1));
    assert_int_equal(call_meaning((const uint8_t *)out.p, out.len).kind, CALL_TRANSFER);
    out.p[4] = 1; /* above the address */
    struct call_meaning m = call_meaning((const uint8_t *)out.p, out.len);
    assert_int_equal(m.kind, CALL_OTHER);
    assert_true(address_is_zero(m.who) && u256_is_zero(m.amount));
    buf_clear(&out);
    signature s = {.b = {[64] = 27}};
    call_cancel_authorization(&out, PERMIT2, (bytes32){{1}}, &s);
    out.p[4 + 2 * 32 + 31] = 0;
    out.p[4 + 2 * 32 + 30] = 1; /* v is 256, and a uint8 */
    assert_int_equal(call_meaning((const uint8_t *)out.p, out.len).kind, CALL_OTHER);
    buf_release(&out);
}

static struct listing_terms some_terms(void)
{
    return (struct listing_terms){.author = untrusted("mira"),
                                  .name = untrusted("eth-volatility"),
                                  .blob_id =
                                      untrusted("KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"),
                                  .endpoint = untrusted("https://api.example/v1"),
                                  .price = u256_from_u64(1000),
                                  .asset = PERMIT2,
                                  .pay_to = EXACT_PROXY};
}

static bool same(struct untrusted a, struct untrusted b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static void listings_are_understood_to_the_last_byte(void **state)
{
    (void)state;
    struct listing_terms t = some_terms();
    struct buf out;
    buf_init(&out, 4096);
    call_list(&out, &t);
    uint8_t *p = (uint8_t *)out.p;
    struct call_meaning m = call_meaning(p, out.len);
    assert_int_equal(m.kind, CALL_LIST);
    assert_true(same(m.terms.author, t.author) && same(m.terms.name, t.name) &&
                same(m.terms.blob_id, t.blob_id) && same(m.terms.endpoint, t.endpoint));
    assert_true(u256_cmp(m.terms.price, t.price) == 0 && address_eq(m.terms.asset, t.asset) &&
                address_eq(m.terms.pay_to, t.pay_to));
    /* Any byte that is changed is seen: it says something else, or nothing at all. */
    for (size_t i = 0; i < out.len; i++) {
        p[i] ^= 1;
        struct call_meaning other = call_meaning(p, out.len);
        assert_true(
            other.kind == CALL_OTHER ||
            !(same(other.terms.author, t.author) && same(other.terms.name, t.name) &&
              same(other.terms.blob_id, t.blob_id) && same(other.terms.endpoint, t.endpoint) &&
              u256_cmp(other.terms.price, t.price) == 0 && address_eq(other.terms.asset, t.asset) &&
              address_eq(other.terms.pay_to, t.pay_to)));
        p[i] ^= 1;
    }
    for (size_t n = 0; n < out.len; n++)
        assert_true(call_meaning(p, n).kind == CALL_OTHER || n == 0);
    buf_clear(&out);
    call_delist(&out, t.name);
    m = call_meaning((const uint8_t *)out.p, out.len);
    assert_int_equal(m.kind, CALL_DELIST);
    assert_true(same(m.terms.name, t.name));
    buf_release(&out);
}

static void a_listing_the_contract_would_refuse_is_none(void **state)
{
    (void)state;
    static char text[LISTING_NAME_MAX + 2];
    static const struct {
        size_t at, max;
    } field[] = {{offsetof(struct listing_terms, author), LISTING_AUTHOR_MAX},
                 {offsetof(struct listing_terms, name), LISTING_NAME_MAX},
                 {offsetof(struct listing_terms, blob_id), LISTING_BLOB_ID_MAX},
                 {offsetof(struct listing_terms, endpoint), LISTING_ENDPOINT_MAX}};
    struct buf out;
    buf_init(&out, 4096);
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        for (size_t n = field[i].max; n <= field[i].max + 1; n++) {
            struct listing_terms t = some_terms();
            *(struct untrusted *)((char *)&t + field[i].at) = untrusted_n(text, n);
            buf_clear(&out);
            call_list(&out, &t);
            assert_int_equal(call_meaning((const uint8_t *)out.p, out.len).kind,
                             n == field[i].max ? CALL_LIST : CALL_OTHER);
        }
    }
    struct listing_terms t = some_terms();
    t.name = untrusted("");
    buf_clear(&out);
    call_list(&out, &t);
    assert_int_equal(call_meaning((const uint8_t *)out.p, out.len).kind, CALL_OTHER);
    buf_clear(&out);
    call_delist(&out, t.name);
    assert_int_equal(call_meaning((const uint8_t *)out.p, out.len).kind, CALL_OTHER);
    buf_release(&out);
}

static void only_our_own_code_is_deployed(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    call_deploy_listings(&out);
    uint8_t *p = (uint8_t *)out.p;
    assert_int_equal(call_meaning(p, out.len).kind, CALL_DEPLOY);
    for (size_t i = 0; i < out.len; i++) {
        p[i] ^= 0x80;
        assert_int_equal(call_meaning(p, out.len).kind, CALL_OTHER);
        p[i] ^= 0x80;
    }
    assert_int_equal(call_meaning(p, out.len - 1).kind, CALL_OTHER);
    assert_int_equal(call_meaning(p + 32, out.len - 32).kind, CALL_OTHER);
    buf_release(&out);
}

static void a_permit2_nonce_has_its_place(void **state)
{
    (void)state;
    int count = 0;
    for (const json *p = json_first(json_get(x402, "payments")); p; p = json_next(p)) {
        const json *place = json_get(p, "permit2NonceBitmap");
        if (!place)
            continue;
        count++;
        bytes32 nonce;
        u256 word;
        unsigned bit;
        u256_to_be(vector_u256(json_get(json_get(p, "typedData"), "message"), "nonce"), nonce.b);
        permit2_place(nonce, &word, &bit);
        assert_int_equal(u256_cmp(word, vector_u256(place, "wordPos")), 0);
        assert_int_equal(bit, vector_u64(place, "bitPos"));
    }
    assert_int_equal(count, 7);
}

/* --- results */

/* True when it was read as that type; the value as text. */
static bool read_result(const char *type, const uint8_t *p, size_t n, char text[U256_DEC])
{
    u256 v;
    bool yes;
    uint8_t small;
    address a;
    struct untrusted s;
    *text = '\0';
    if (strcmp(type, "uint256") == 0)
        return result_u256(p, n, &v) && u256_to_dec(v, text);
    if (strcmp(type, "bool") == 0) {
        if (!result_bool(p, n, &yes))
            return false;
        snprintf(text, U256_DEC, "%s", yes ? "true" : "false");
        return true;
    }
    if (strcmp(type, "uint8") == 0)
        return result_u8(p, n, &small);
    if (strcmp(type, "address") == 0)
        return result_address(p, n, &a);
    assert_string_equal(type, "string");
    if (!result_string(p, n, &s))
        return false;
    assert_true(s.n < U256_DEC);
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return true;
}

static void results_are_read(void **state)
{
    (void)state;
    int count = 0;
    for (const json *v = json_first(json_get(all, "abi_results")); v; v = json_next(v), count++) {
        char text[U256_DEC];
        size_t n = vector_bytes(v, "data", bytes, sizeof bytes);
        assert_true(read_result(json_cstr(v, "type"), bytes, n, text));
        if (cJSON_IsBool(json_get(v, "value")))
            assert_string_equal(text, json_bool(v, "value", false) ? "true" : "false");
        else
            assert_string_equal(text, json_cstr(v, "value"));
    }
    assert_int_equal(count, 8);
}

static void results_that_are_refused(void **state)
{
    (void)state;
    int count = 0;
    const json *v = json_first(json_get(json_get(all, "negative"), "abi_result"));
    for (; v; v = json_next(v), count++) {
        const char *hex = json_cstr(v, "data");
        size_t n = strlen(hex) / 2 - 1;
        char text[U256_DEC];
        bool refused = strcmp(json_cstr(v, "expect"), "reject") == 0;
        if (!hex_decode(hex, strlen(hex), bytes, n)) {
            assert_string_equal(json_cstr(v, "reason"), "bad_hex");
            continue;
        }
        if (read_result(json_cstr(v, "type"), bytes, n, text) == refused)
            fail_msg("%s", json_cstr(v, "id"));
    }
    assert_int_equal(count, 8);
    uint8_t small = 7;
    bytes32 h;
    memset(bytes, 0, 64);
    bytes[31] = 18;
    assert_true(result_u8(bytes, 32, &small) && small == 18);
    assert_true(result_bytes32(bytes, 32, &h) && h.b[31] == 18);
    assert_false(result_u8(bytes, 64, &small));
    assert_false(result_bytes32(bytes, 31, &h));
}

static void tees_are_read(void **state)
{
    (void)state;
    const json *abi = json_get(x402, "abi");
    size_t n = vector_bytes(abi, "getActiveTEEsReturn", bytes, sizeof bytes), count;
    struct arena a;
    struct tee *tees;
    arena_init(&a, 1 << 20);
    assert_true(result_tees(bytes, n, &a, &tees, &count));
    assert_int_equal(count, 2);
    const json *v = json_first(json_get(abi, "getActiveTEEsDecoded"));
    for (size_t i = 0; i < count; i++, v = json_next(v)) {
        static uint8_t want[2048];
        const struct tee *t = &tees[i];
        assert_true(address_eq(t->owner, vector_address(v, "owner")));
        assert_true(address_eq(t->payment, vector_address(v, "paymentAddress")));
        assert_int_equal(t->endpoint.n, strlen(json_cstr(v, "endpoint")));
        assert_memory_equal(t->endpoint.p, json_cstr(v, "endpoint"), t->endpoint.n);
        assert_int_equal(t->public_key.n, vector_bytes(v, "publicKey", want, sizeof want));
        assert_memory_equal(t->public_key.p, want, t->public_key.n);
        assert_int_equal(t->certificate.n, vector_bytes(v, "tlsCertificate", want, sizeof want));
        assert_memory_equal(t->certificate.p, want, t->certificate.n);
        assert_memory_equal(t->pcr.b, vector_bytes32(v, "pcrHash").b, 32);
        assert_int_equal(t->type, vector_u64(v, "teeType"));
        assert_int_equal(t->enabled, json_bool(v, "enabled", false));
        assert_true(t->registered == vector_u64(v, "registeredAt"));
        assert_true(t->heartbeat == vector_u64(v, "lastHeartbeatAt"));
    }
    assert_null(v);

    /* Cut anywhere, it is refused, or is what it was: the last bytes are padding. */
    for (size_t cut = 0; cut < n; cut++)
        assert_true(!result_tees(bytes, cut, &a, &tees, &count) || (count == 2 && n - cut < 32));
    memset(bytes, 0, 64);
    bytes[31] = 32;
    assert_true(result_tees(bytes, 64, &a, &tees, &count));
    assert_true(count == 0 && !tees);
    bytes[62] = 3; /* 768 of them, in no bytes */
    assert_false(result_tees(bytes, 64, &a, &tees, &count));
    arena_release(&a);
}

static void put_u64(struct buf *out, uint64_t v)
{
    uint8_t be[32];
    u256_to_be(u256_from_u64(v), be);
    buf_add(out, be, sizeof be);
}

/* n times the same enclave of this type, told in one set of bytes. */
static bool read_tees(size_t n, uint64_t type)
{
    const uint64_t one[] = {1, 2, 320, 320, 320, 3, type, 1, 4, 5, 0}; /* the last is no bytes */
    struct buf b;
    struct arena a;
    struct tee *tees;
    size_t count;
    buf_init(&b, ROOM);
    arena_init(&a, 1 << 20);
    put_u64(&b, 32);
    put_u64(&b, n);
    for (size_t i = 0; i < n; i++)
        put_u64(&b, 32 * n);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        put_u64(&b, one[i]);
    assert_int_equal(buf_check(&b, "the answer", NULL), SOUK_OK);
    bool good = result_tees((const uint8_t *)b.p, b.len, &a, &tees, &count);
    if (good)
        assert_true(count == n && tees[n - 1].type == type && tees[n - 1].heartbeat == 5);
    buf_release(&b);
    arena_release(&a);
    return good;
}

static void tees_have_bounds(void **state)
{
    (void)state;
    assert_true(read_tees(1, 255));
    assert_false(read_tees(1, 256));
    assert_true(read_tees(1000, 0));
    assert_false(read_tees(1001, 0));
}

static void no_memory_for_tees_is_no_result(void **state)
{
    (void)state;
    size_t n = vector_bytes(json_get(x402, "abi"), "getActiveTEEsReturn", bytes, sizeof bytes);
    size_t count;
    struct arena a;
    struct tee *tees;
    arena_init(&a, 16);
    assert_false(result_tees(bytes, n, &a, &tees, &count));
    assert_true(count == 0 && !tees);
    arena_release(&a);
}

/* Multicall3's answer: (bool, bytes)[]: one that worked, one that failed with nothing. */
static void answers_of_many_calls(void **state)
{
    (void)state;
    static const uint64_t words[] = {32, 2, 64, 192, 1, 64, 32, 5, 0, 64, 0};
    struct buf b;
    struct call3_result out[3];
    buf_init(&b, 1024);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_u64(&b, words[i]);
    const uint8_t *p = (const uint8_t *)b.p;
    assert_true(result_aggregate3(p, b.len, out, 2));
    assert_true(out[0].ok && out[0].data.n == 32);
    u256 v;
    assert_true(result_u256((const uint8_t *)out[0].data.p, out[0].data.n, &v) && v.w[0] == 5);
    assert_true(!out[1].ok && out[1].data.n == 0);
    assert_false(result_aggregate3(p, b.len, out, 1));
    assert_false(result_aggregate3(p, b.len, out, 3));
    for (size_t cut = 0; cut < b.len; cut++)
        assert_false(result_aggregate3(p, cut, out, 2));
    b.p[4 * 32 + 31] = 2; /* neither true nor false */
    assert_false(result_aggregate3(p, b.len, out, 2));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_made_and_understood),
        cmocka_unit_test(selectors_of_the_x402_vectors),
        cmocka_unit_test(what_is_not_understood_is_other),
        cmocka_unit_test(listings_are_understood_to_the_last_byte),
        cmocka_unit_test(a_listing_the_contract_would_refuse_is_none),
        cmocka_unit_test(only_our_own_code_is_deployed),
        cmocka_unit_test(a_permit2_nonce_has_its_place),
        cmocka_unit_test(results_are_read),
        cmocka_unit_test(results_that_are_refused),
        cmocka_unit_test(tees_are_read),
        cmocka_unit_test(tees_have_bounds),
        cmocka_unit_test(no_memory_for_tees_is_no_result),
        cmocka_unit_test(answers_of_many_calls),
    };
    return cmocka_run_group_tests(tests, load, drop);
}
