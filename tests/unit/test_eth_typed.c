/* The five typed messages, and EIP-712 as a whole, against the vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "eth/sig.h"
#include "eth/typed.h"

#include "typed_json.h"
#include "vectors.h"

static void same32(bytes32 have, const json *obj, const char *key)
{
    char a[HASH_BUF], b[HASH_BUF];
    assert_string_equal(bytes32_format(have, a), bytes32_format(vector_bytes32(obj, key), b));
}

static void signed_by(const json *v, bytes32 digest, address who)
{
    uint8_t bytes[SIG_BYTES];
    signature s;
    address by;
    size_t n = vector_bytes(v, "signature", bytes, sizeof bytes);
    assert_true(sig_parse(bytes, n, &s));
    assert_true(sig_recover(digest, &s, &by) && address_eq(by, who));
}

static bytes32 number32(const json *obj, const char *key)
{
    bytes32 be;
    u256_to_be(vector_u256(obj, key), be.b);
    return be;
}

static void copy(char *out, size_t room, const char *s)
{
    assert_true(strlen(s) < room);
    snprintf(out, room, "%s", s);
}

/* The message as one of souk's own kinds; false when it is none of them. */
static bool as_typed(const json *data, address signer, struct typed *t)
{
    const json *m = json_get(data, "message"), *domain = json_get(data, "domain");
    const char *type = json_cstr(data, "primaryType");
    memset(t, 0, sizeof *t);
    if (!json_get(domain, "chainId"))
        return false;
    t->chain = vector_u64(domain, "chainId");
    t->from = signer;
    if (strcmp(type, "PermitWitnessTransferFrom") == 0) {
        const json *permitted = json_get(m, "permitted"), *witness = json_get(m, "witness");
        if (json_get(witness, "extra")) /* OpenGradient's first proxy */
            return false;
        t->kind = json_get(witness, "facilitator") ? TYPED_UPTO : TYPED_EXACT;
        t->token = vector_address(permitted, "token");
        t->amount = vector_u256(permitted, "amount");
        t->nonce = number32(m, "nonce");
        t->valid_before = vector_u64(m, "deadline");
        t->to = vector_address(witness, "to");
        t->valid_after = vector_u64(witness, "validAfter");
        if (t->kind == TYPED_UPTO)
            t->facilitator = vector_address(witness, "facilitator");
        assert_true(address_eq(typed_spender(t), vector_address(m, "spender")));
        return true;
    }
    if (!json_cstr(domain, "version") || !json_cstr(domain, "verifyingContract"))
        return false;
    copy(t->name, sizeof t->name, json_cstr(domain, "name"));
    copy(t->version, sizeof t->version, json_cstr(domain, "version"));
    t->token = vector_address(domain, "verifyingContract");
    if (strcmp(type, "TransferWithAuthorization") == 0) {
        t->valid_after = vector_u64(m, "validAfter");
        t->valid_before = vector_u64(m, "validBefore");
        t->kind = TYPED_EIP3009;
        t->to = vector_address(m, "to");
        t->amount = vector_u256(m, "value");
        t->nonce = vector_bytes32(m, "nonce");
    } else if (strcmp(type, "CancelAuthorization") == 0) {
        t->kind = TYPED_CANCEL;
        t->nonce = vector_bytes32(m, "nonce");
    } else if (strcmp(type, "Permit") == 0) {
        assert_true(address_eq(vector_address(m, "spender"), PERMIT2));
        t->valid_before = vector_u64(m, "deadline");
        t->kind = TYPED_PERMIT;
        t->amount = vector_u256(m, "value");
        t->nonce = number32(m, "nonce");
    } else {
        return false;
    }
    return true;
}

static void every_message_has_its_digest(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    int count = 0, ours = 0;
    for (const json *v = json_first(json_get(all, "eip712")); v; v = json_next(v), count++) {
        const json *data = json_get(v, "typed_data");
        const json *types = json_get(data, "types");
        const char *type = json_cstr(data, "primaryType");
        bytes32 domain = typed_json_struct_hash(types, "EIP712Domain", json_get(data, "domain"));
        bytes32 hash = typed_json_struct_hash(types, type, json_get(data, "message"));
        address who = vector_address(v, "address");
        struct typed t;
        same32(typed_json_type_hash(types, type), v, "type_hash");
        same32(domain, v, "domain_separator");
        same32(hash, v, "struct_hash");
        same32(eip712_digest(domain, hash), v, "digest");
        signed_by(v, vector_bytes32(v, "digest"), who);
        if (!as_typed(data, who, &t))
            continue;
        ours++;
        same32(typed_digest(&t, &domain, &hash), v, "digest");
        same32(domain, v, "domain_separator");
        same32(hash, v, "struct_hash");
        same32(typed_digest(&t, NULL, NULL), v, "digest");
    }
    assert_int_equal(count, 36);
    /* All but ReceiveWithAuthorization, the 4 generic ones and the 2 that must be refused. */
    assert_int_equal(ours, 29);
    json_free(all);
}

static void check_x402(const json *data, address who)
{
    struct typed t;
    bytes32 domain, hash;
    assert_true(as_typed(data, who, &t));
    same32(typed_digest(&t, &domain, &hash), data, "digest");
    same32(domain, data, "domainSeparator");
    same32(hash, data, "structHash");
    signed_by(data, vector_bytes32(data, "digest"), who);
}

static void payments_have_the_reference_clients_digests(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    int count = 0;
    for (const json *p = json_first(json_get(all, "payments")); p; p = json_next(p), count++) {
        address who = vector_address(p, "address");
        check_x402(json_get(p, "typedData"), who);
        if (json_get(p, "eip2612"))
            check_x402(json_get(p, "eip2612"), who);
    }
    assert_int_equal(count, 15);
    address payer = vector_address(json_first(json_get(all, "payments")), "address");
    count = 0;
    for (const json *p = json_first(json_get(all, "leadingZeroSignatures")); p;
         p = json_next(p), count++)
        check_x402(json_get(p, "typedData"), payer);
    assert_int_equal(count, 3);
    json_free(all);
}

/* souk does not sign OpenGradient's first witness; the vectors still pin the walker. */
static void the_old_witness_is_none_of_ours(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    int count = 0;
    for (const json *d = json_first(json_get(all, "opengradientLegacyWitness")); d;
         d = json_next(d), count++) {
        struct typed t;
        bytes32 domain = eip712_domain("Permit2", NULL, 10740, PERMIT2);
        same32(domain, d, "domainSeparator");
        same32(eip712_digest(domain, typed_json_struct_hash(json_get(d, "types"),
                                                            json_cstr(d, "primaryType"),
                                                            json_get(d, "message"))),
               d, "digest");
        assert_false(as_typed(d, (address){{0}}, &t));
    }
    assert_int_equal(count, 2);
    json_free(all);
}

static void the_canonical_contracts_are_known(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    const json *c = json_get(all, "constants");
    assert_true(address_eq(PERMIT2, vector_address(c, "permit2")));
    assert_true(address_eq(EXACT_PROXY, vector_address(c, "x402ExactPermit2Proxy")));
    assert_true(address_eq(UPTO_PROXY, vector_address(c, "x402UptoPermit2Proxy")));
    int count = 0;
    for (const json *d = json_get(c, "permit2DomainSeparator")->child; d; d = json_next(d)) {
        uint64_t chain = 0;
        u256 v;
        assert_true(u256_from_dec(d->string, strlen(d->string), &v) && u256_fits_u64(v, &chain));
        same32(eip712_domain("Permit2", NULL, chain, PERMIT2),
               json_get(c, "permit2DomainSeparator"), d->string);
        count++;
    }
    assert_int_equal(count, 5);
    json_free(all);
}

static void who_may_spend(void **state)
{
    (void)state;
    assert_true(address_eq(typed_spender(&(struct typed){.kind = TYPED_EXACT}), EXACT_PROXY));
    assert_true(address_eq(typed_spender(&(struct typed){.kind = TYPED_UPTO}), UPTO_PROXY));
    assert_true(address_eq(typed_spender(&(struct typed){.kind = TYPED_PERMIT}), PERMIT2));
    assert_true(address_is_zero(typed_spender(&(struct typed){.kind = TYPED_EIP3009})));
    assert_true(address_is_zero(typed_spender(&(struct typed){.kind = TYPED_CANCEL})));
    struct asset coin = {.chain = 1}, token = {.chain = 1, .token = PERMIT2};
    assert_true(asset_is_coin(&coin));
    assert_false(asset_is_coin(&token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_has_its_digest),
        cmocka_unit_test(payments_have_the_reference_clients_digests),
        cmocka_unit_test(the_old_witness_is_none_of_ours),
        cmocka_unit_test(the_canonical_contracts_are_known),
        cmocka_unit_test(who_may_spend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
