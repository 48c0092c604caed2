/* Transactions: every vector both ways, and what is refused, for its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eth/rlp.h"
#include "eth/tx.h"

#include "vectors.h"

enum { RAW = 8192 };

static void same_bytes(const struct buf *b, const json *obj, const char *key)
{
    uint8_t want[RAW];
    assert_int_equal(buf_check(b, "the transaction", NULL), SOUK_OK);
    assert_int_equal(b->len, vector_bytes(obj, key, want, sizeof want));
    assert_memory_equal(b->p, want, b->len);
}

static void same32(bytes32 have, const json *obj, const char *key)
{
    char a[HASH_BUF], b[HASH_BUF];
    assert_string_equal(bytes32_format(have, a), bytes32_format(vector_bytes32(obj, key), b));
}

/* [[address, [key, …]], …] as RLP. */
static void put_access_list(const json *list, struct buf *out)
{
    uint8_t bytes[32];
    struct rlp_out count = {0}, to = {.buf = out};
    for (int writing = 0; writing < 2; writing++) {
        struct rlp_out *o = writing ? &to : &count;
        if (writing)
            rlp_list(o, count.n);
        for (const json *e = json_first(list); e; e = json_next(e)) {
            struct rlp_out keys = {0}, entry = {0};
            for (const json *k = json_first(json_get(e, "storageKeys")); k; k = json_next(k))
                rlp_bytes(&keys, bytes, 32);
            rlp_bytes(&entry, bytes, 20);
            rlp_list(&entry, keys.n);
            rlp_list(o, entry.n + keys.n);
            rlp_bytes(o, vector_address(e, "address").b, 20);
            rlp_list(o, keys.n);
            for (const json *k = json_first(json_get(e, "storageKeys")); k; k = json_next(k)) {
                assert_true(hex_decode(k->valuestring, strlen(k->valuestring), bytes, 32));
                rlp_bytes(o, bytes, 32);
            }
        }
    }
}

static void from_json(const json *f, struct tx *t, uint8_t data[RAW], struct buf *access)
{
    const char *type = json_cstr(f, "type");
    memset(t, 0, sizeof *t);
    t->type = strcmp(type, "legacy") == 0    ? TX_LEGACY
              : strcmp(type, "eip2930") == 0 ? TX_2930
                                             : TX_1559;
    if (json_get(f, "chainId"))
        t->chain = vector_u64(f, "chainId");
    t->nonce = vector_u64(f, "nonce");
    if (t->type == TX_1559) {
        t->max_priority = vector_u256(f, "maxPriorityFeePerGas");
        t->max_fee = vector_u256(f, "maxFeePerGas");
    } else {
        t->max_priority = t->max_fee = vector_u256(f, "gasPrice");
    }
    t->gas = vector_u64(f, "gas");
    t->creates = !json_cstr(f, "to");
    if (!t->creates)
        t->to = vector_address(f, "to");
    if (json_get(f, "value"))
        t->value = vector_u256(f, "value");
    t->data = data;
    if (json_get(f, "data"))
        t->data_len = vector_bytes(f, "data", data, RAW);
    if (json_first(json_get(f, "accessList"))) {
        put_access_list(json_get(f, "accessList"), access);
        t->access_list = (const uint8_t *)access->p;
        t->access_list_len = access->len;
    }
}

static void same_tx(const struct tx *a, const struct tx *b)
{
    assert_int_equal(a->type, b->type);
    assert_true(a->chain == b->chain && a->nonce == b->nonce && a->gas == b->gas);
    assert_int_equal(u256_cmp(a->max_priority, b->max_priority), 0);
    assert_int_equal(u256_cmp(a->max_fee, b->max_fee), 0);
    assert_int_equal(u256_cmp(a->value, b->value), 0);
    assert_int_equal(a->creates, b->creates);
    assert_true(address_eq(a->to, b->to));
    assert_int_equal(a->data_len, b->data_len);
    assert_memory_equal(a->data, b->data, a->data_len);
    assert_int_equal(a->access_list_len, b->access_list_len);
    if (a->access_list)
        assert_memory_equal(a->access_list, b->access_list, a->access_list_len);
}

static void signature_of(const json *v, signature *s)
{
    bytes32 r = vector_bytes32(v, "r"), other = vector_bytes32(v, "s");
    struct tx t;
    uint8_t raw[RAW];
    memcpy(s->b, r.b, 32);
    memcpy(s->b + 32, other.b, 32);
    if (json_get(v, "y_parity")) {
        s->b[64] = (uint8_t)(27 + vector_u64(v, "y_parity"));
    } else { /* only in the v of the raw bytes */
        signature read;
        size_t n = vector_bytes(v, "raw", raw, sizeof raw);
        assert_int_equal(tx_decode(raw, n, &t, &read, NULL), SOUK_OK);
        s->b[64] = read.b[64];
    }
    assert_true(sig_parse(s->b, SIG_BYTES, s));
}

static void transactions_go_both_ways(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    int count = 0;
    for (const json *v = json_first(json_get(all, "transactions")); v; v = json_next(v), count++) {
        struct tx made, read;
        signature s, read_s;
        address from;
        uint8_t data[RAW], raw[RAW];
        struct buf access, out;
        buf_init(&access, RAW);
        buf_init(&out, RAW);
        from_json(json_get(v, "fields"), &made, data, &access);
        same32(tx_digest(&made), v, "sighash");
        signature_of(v, &s);
        tx_encode(&made, &s, &out);
        same_bytes(&out, v, "raw");
        same32(tx_hash((const uint8_t *)out.p, out.len), v, "hash");

        struct err e = {0};
        size_t n = vector_bytes(v, "raw", raw, sizeof raw);
        if (tx_decode(raw, n, &read, &read_s, &e))
            fail_msg("%s: %s", json_cstr(v, "id"), e.msg);
        same_tx(&read, &made);
        assert_memory_equal(read_s.b, s.b, SIG_BYTES);
        assert_true(sig_recover(tx_digest(&read), &read_s, &from));
        assert_true(address_eq(from, vector_address(v, "from")));
        buf_release(&access);
        buf_release(&out);
    }
    assert_int_equal(count, 26);
    json_free(all);
}

static void the_approvals_of_the_x402_vectors(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    const json *txs = json_get(all, "transactions");
    static const char *const names[] = {"approveEip1559", "approveLegacyEip155"};
    for (size_t i = 0; i < 2; i++) {
        const json *v = json_get(txs, names[i]);
        struct tx made, read;
        signature s;
        struct buf none, out;
        uint8_t data[RAW], raw[RAW];
        buf_init(&none, 0);
        buf_init(&out, RAW);
        from_json(json_get(v, "tx"), &made, data, &none);
        size_t n = vector_bytes(v, "raw", raw, sizeof raw);
        assert_int_equal(tx_decode(raw, n, &read, &s, NULL), SOUK_OK);
        same_tx(&read, &made);
        tx_encode(&made, &s, &out);
        same_bytes(&out, v, "raw");
        same32(tx_hash(raw, n), v, "txHash");
        if (json_get(v, "signingHash"))
            same32(tx_digest(&made), v, "signingHash");
        buf_release(&out);
    }
    json_free(all);
}

/* The vectors' reasons and the words they come with. */
static const struct {
    const char *reason, *words;
} reasons[] = {
    {"leading_zero_integer", "leading zero"},       {"item_count", "field"},
    {"unknown_type", "type 5 is not known"},        {"bad_parity", "parity is neither 0 nor 1"},
    {"bad_to_length", "recipient is not 20 bytes"}, {"r_zero", "r of zero"},
    {"tip_above_max_fee", "priority fee is above"},
};

static const char *words_for(const char *reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(reasons[i].reason, reason) == 0)
            return reasons[i].words;
    }
    fail_msg("no words for %s", reason);
    return "";
}

static void broken_transactions_are_refused_for_their_reason(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    const json *v = json_first(json_get(json_get(all, "negative"), "raw_transaction"));
    int count = 0;
    for (; v; v = json_next(v), count++) {
        struct tx t;
        signature s;
        struct err e = {0};
        uint8_t raw[RAW];
        address from;
        size_t n = vector_bytes(v, "input", raw, sizeof raw);
        souk_err r = tx_decode(raw, n, &t, &s, &e);
        if (strcmp(json_cstr(v, "reason"), "wrong_chain") == 0) {
            assert_int_equal(r, SOUK_OK); /* well-formed, and somebody else's */
            assert_false(sig_recover(tx_digest(&t), &s, &from) &&
                         address_eq(from, vector_address(v, "from")));
            continue;
        }
        assert_int_equal(r, SOUK_EINPUT);
        assert_true(t.type == TX_LEGACY && !t.data && u256_is_zero(t.max_fee)); /* nothing of it */
        if (!strstr(e.msg, words_for(json_cstr(v, "reason"))))
            fail_msg("%s: %s", json_cstr(v, "id"), e.msg);
    }
    assert_int_equal(count, 10);
    json_free(all);
}

/* No prefix of a transaction is one, nor is it with a byte behind it. */
static void cut_and_longer_ones_are_refused(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    for (const json *v = json_first(json_get(all, "transactions")); v; v = json_next(v)) {
        uint8_t raw[RAW];
        struct tx t;
        signature s;
        size_t n = vector_bytes(v, "raw", raw, sizeof raw - 1);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(tx_decode(raw, cut, &t, &s, NULL), SOUK_EINPUT);
        raw[n] = 0;
        assert_int_equal(tx_decode(raw, n + 1, &t, &s, NULL), SOUK_EINPUT);
    }
    json_free(all);
}

static void the_most_it_can_cost(void **state)
{
    (void)state;
    u256 fee, total;
    struct tx t = {.type = TX_1559,
                   .gas = 21000,
                   .max_fee = u256_from_u64(2000000000),
                   .value = u256_from_u64(5)};
    assert_true(tx_most(&t, &fee, &total));
    assert_true(fee.w[0] == 42000000000000 && total.w[0] == 42000000000005);
    t.max_fee = (u256){{0, 0, 0, (uint64_t)1 << 63}};
    assert_false(tx_most(&t, &fee, &total));
    t.gas = 1;
    assert_true(tx_most(&t, &fee, &total));
    t.value = t.max_fee;
    assert_false(tx_most(&t, &fee, &total));
}

/* EIP-155's v of a chain near 2^64 is longer than 64 bits. */
static void a_large_chain_fits_into_v(void **state)
{
    (void)state;
    struct tx t = {.type = TX_LEGACY, .chain = UINT64_MAX, .gas = 21000}, read;
    signature s = {.b = {[0] = 1, [32] = 1, [64] = 28}}, read_s;
    struct buf out;
    buf_init(&out, RAW);
    tx_encode(&t, &s, &out);
    assert_int_equal(tx_decode((const uint8_t *)out.p, out.len, &read, &read_s, NULL), SOUK_OK);
    assert_true(read.chain == UINT64_MAX);
    assert_memory_equal(&s, &read_s, sizeof s);
    buf_release(&out);
}

/* The transaction with these bytes as its access list, read back. */
static souk_err with_access_list(const struct buf *list, struct tx *read, struct err *e)
{
    struct tx t = {.type = TX_2930, .chain = 1, .gas = 21000};
    signature s = {.b = {[0] = 1, [32] = 1, [64] = 27}}, read_s;
    struct buf out;
    t.access_list = (const uint8_t *)list->p;
    t.access_list_len = list->len;
    buf_init(&out, RAW);
    tx_encode(&t, &s, &out);
    souk_err r = tx_decode((const uint8_t *)out.p, out.len, read, &read_s, e);
    buf_release(&out);
    return r;
}

static void access_lists_have_their_shape(void **state)
{
    (void)state;
    /* One entry: the length of its address, of its key (0: none), and a third field or not. */
    static const struct {
        size_t address, key;
        bool third;
        const char *words; /* NULL: it is right */
    } entries[] = {
        {20, 0, false, NULL},         {20, 32, false, NULL},       {19, 0, false, "20 bytes"},
        {21, 32, false, "20 bytes"},  {20, 31, false, "32 bytes"}, {20, 33, false, "32 bytes"},
        {20, 32, true, "two fields"},
    };
    static const uint8_t filler[64] = {0xaa};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct rlp_out key = {0}, entry = {0}, whole = {0};
        struct buf b;
        struct tx read;
        struct err e = {0};
        buf_init(&b, RAW);
        if (entries[i].key > 0)
            rlp_bytes(&key, filler, entries[i].key);
        for (int writing = 0; writing < 2; writing++) {
            struct rlp_out to = {.buf = &b}, *o = writing ? &to : &entry;
            if (writing) {
                rlp_list(&whole, entry.n);
                rlp_list(&to, whole.n + entry.n);
                rlp_list(&to, entry.n);
            }
            rlp_bytes(o, filler, entries[i].address);
            rlp_list(o, key.n);
            if (entries[i].key > 0)
                rlp_bytes(o, filler, entries[i].key);
            if (entries[i].third)
                rlp_u64(o, 0);
        }
        souk_err r = with_access_list(&b, &read, &e);
        assert_int_equal(r, entries[i].words ? SOUK_EINPUT : SOUK_OK);
        if (entries[i].words && !strstr(e.msg, entries[i].words))
            fail_msg("%zu: %s", i, e.msg);
        buf_release(&b);
    }
    static const char *const wrong[] = {"\x81\xaa", "\xc2\x81\xaa", "\xc1\xc0", "\xc2\xc1\xc0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf b;
        struct tx read;
        buf_init(&b, 8);
        buf_adds(&b, wrong[i]);
        assert_int_equal(with_access_list(&b, &read, NULL), SOUK_EINPUT);
        buf_release(&b);
    }
}

/* A legacy v of 35 or 36 would be of chain 0, which is none. */
static void v_names_a_chain_or_nothing(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 40; v++) {
        /* nonce, price, gas, no recipient, value, no data, v, r, s */
        uint8_t whole[] = {0xc9, 1, 1, 1, 0x80, 1, 0x80, (uint8_t)v, 1, 1};
        struct tx t;
        signature s;
        bool good = v == 27 || v == 28 || v >= 37;
        assert_int_equal(tx_decode(whole, sizeof whole, &t, &s, NULL) == SOUK_OK, good);
        if (good)
            assert_true(t.chain == (v >= 37 ? (v - 35) / 2 : 0) && s.b[64] == (v % 2 ? 27 : 28));
    }
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    struct tx t = {.type = TX_1559, .chain = 1, .gas = 21000};
    signature s = {.b = {[0] = 1, [32] = 1, [64] = 27}};
    struct buf out;
    buf_init(&out, 50);
    tx_encode(&t, &s, &out);
    assert_int_equal(buf_check(&out, "the transaction", NULL), SOUK_ENOMEM);
    buf_release(&out);
}

/* ethereum/tests. They are for chain 1 and for nodes: a chain of its own and too little gas for the
 * work are no faults of the bytes. */
static void the_official_tests_agree(void **state)
{
    (void)state;
    json *all = vectors_optional("wallet-official-vectors.json");
    int good = 0, bad = 0;
    if (!all)
        skip();
    for (const json *v = json_first(json_get(all, "transaction_tests")); v; v = json_next(v)) {
        struct tx t;
        signature s;
        address from;
        static uint8_t raw[1 << 17];
        struct err e = {0};
        const json *result = json_get(v, "result");
        const char *hex = json_cstr(v, "txbytes"), *why = json_cstr(result, "exception");
        size_t n = (strlen(hex) - 2) / 2;
        assert_true(n <= sizeof raw && hex_decode(hex, strlen(hex), raw, n));
        bool read =
            tx_decode(raw, n, &t, &s, &e) == SOUK_OK && sig_recover(tx_digest(&t), &s, &from);
        if (!why) {
            good++;
            if (!read)
                fail_msg("%s: %s", json_cstr(v, "name"), e.msg);
            assert_true(address_eq(from, vector_address(result, "sender")));
            same32(tx_hash(raw, n), result, "hash");
        } else if (strstr(why, "INTRINSIC_GAS_TOO_LOW")) {
            assert_true(read);
        } else {
            bad++;
            if (read && !(strstr(why, "INVALID_CHAINID") && t.chain != 1))
                fail_msg("%s: read, although %s", json_cstr(v, "name"), why);
        }
    }
    assert_int_equal(good, 49);
    assert_int_equal(bad, 154);

    const json *x = json_get(all, "eip155_example");
    struct tx t;
    signature s;
    uint8_t raw[RAW];
    struct err e = {0};
    size_t n = vector_bytes(x, "signed", raw, sizeof raw);
    assert_int_equal(tx_decode(raw, n, &t, &s, &e), SOUK_OK);
    assert_true(t.chain == 1 && t.nonce == 9);
    same32(tx_digest(&t), x, "signing_hash");
    json_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_go_both_ways),
        cmocka_unit_test(the_approvals_of_the_x402_vectors),
        cmocka_unit_test(broken_transactions_are_refused_for_their_reason),
        cmocka_unit_test(cut_and_longer_ones_are_refused),
        cmocka_unit_test(the_most_it_can_cost),
        cmocka_unit_test(a_large_chain_fits_into_v),
        cmocka_unit_test(access_lists_have_their_shape),
        cmocka_unit_test(v_names_a_chain_or_nothing),
        cmocka_unit_test(a_full_buffer_is_told),
        cmocka_unit_test(the_official_tests_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
