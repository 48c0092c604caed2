/* x402.h: every recorded payment made again, byte for byte, from the demand that asked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "wallet/key.h"
#include "x402_world.h"

#include "base/banned.h"

static json *x402, *wallet;

static signature sign(const char *private_key, const struct typed *t, address *account)
{
    struct key *k;
    struct err e;
    signature s;
    assert_int_equal(key_from_hex(private_key, strlen(private_key), &k, &e), SOUK_OK);
    assert_int_equal(key_sign(k, typed_digest(t, NULL, NULL), &s, &e), SOUK_OK);
    *account = key_account(k);
    key_free(k);
    return s;
}

static address account_of(const char *private_key)
{
    struct key *k;
    struct err e;
    assert_int_equal(key_from_hex(private_key, strlen(private_key), &k, &e), SOUK_OK);
    address a = key_account(k);
    key_free(k);
    return a;
}

static const json *first_offer(const json *demand)
{
    return json_first(json_get(demand, "accepts"));
}

/* The coin an offer names, as if we knew it by that domain. */
static struct asset coin_of(const json *offer, uint64_t chain)
{
    struct asset a = {
        .chain = chain, .decimals = 6, .can = ASSET_EIP3009 | ASSET_EIP2612 | ASSET_PERMIT2};
    const json *extra = json_get(offer, "extra");
    struct untrusted token = json_str(offer, "asset");
    assert_true(hex_decode(token.p, token.n, a.token.b, sizeof a.token.b));
    if (json_cstr(extra, "name"))
        snprintf(a.name, sizeof a.name, "%s", json_cstr(extra, "name"));
    if (json_cstr(extra, "version"))
        snprintf(a.version, sizeof a.version, "%s", json_cstr(extra, "version"));
    return a;
}

static bool is_v1(const json *v)
{
    return vector_u64(v, "x402Version") == 1;
}

static struct x402_demand *demand_of(const json *v, const struct x402_terms *t)
{
    struct x402_demand *d;
    struct err e;
    if (!is_v1(v)) {
        const char *header = json_cstr(v, "paymentRequiredHeader");
        assert_int_equal(x402_demand_read(header, "{}", 2, t, &d, &e), SOUK_OK);
        return d;
    }
    char *body = x402_world_text(json_get(v, "paymentRequired"));
    d = x402_world_body(body, t);
    mem_free(body);
    return d;
}

/* What the vector's client added to an extension, or NULL. */
static const char *id_in(const json *payload)
{
    return json_cstr(
        json_get(json_get(json_get(payload, "extensions"), "payment-identifier"), "info"), "id");
}

static void make_again(const json *v)
{
    const char *name = json_cstr(v, "name"), *secret = json_cstr(v, "privateKey");
    const char *want_text = json_cstr(v, "paymentPayloadJson");
    const json *asked = json_get(v, "paymentRequired"), *offer = first_offer(asked);
    const json *typed = json_get(v, "typedData"), *permit_vector = json_get(v, "eip2612");
    struct err e;
    json *want = json_parse(want_text, strlen(want_text), name, &e);
    struct asset coin = coin_of(offer, vector_u64(v, "chainId"));
    const char *url =
        is_v1(v) ? json_cstr(offer, "resource") : json_cstr(json_get(asked, "resource"), "url");
    struct x402_terms t = {.asset = &coin, .assets = 1, .url = url, .local = true};
    t.payer = vector_address(v, "address");

    struct x402_demand *d = demand_of(v, &t);
    assert_int_equal(d->fault, X402_FINE);
    assert_int_equal(d->offers, 1);
    struct x402_offer o = d->offer[0];
    bool long_lived = vector_u64(offer, "maxTimeoutSeconds") > 600;
    assert_int_equal(o.fault, long_lived ? X402_BAD_WINDOW : X402_FINE);
    o.fault = X402_FINE; /* these are for years, so that they still settle in a test */

    struct typed m =
        x402_typed(&o, t.payer, (int64_t)vector_u64(v, "now"), vector_bytes32(v, "randomBytes32"));
    address signer;
    signature s = sign(secret, &m, &signer);
    assert_true(address_eq(signer, t.payer));
    bytes32 digest = typed_digest(&m, NULL, NULL), right = vector_bytes32(typed, "digest");
    assert_memory_equal(digest.b, right.b, sizeof right.b);

    struct x402_extras x = {.payment_id = id_in(want)};
    struct typed permit;
    signature permit_sig;
    if (permit_vector) {
        assert_true(d->sponsors_permit);
        permit = x402_permit(&o, &m, U256_ZERO);
        permit_sig = sign(secret, &permit, &signer);
        x.permit = &permit;
        x.permit_sig = &permit_sig;
    }
    struct buf value;
    buf_init(&value, 1 << 20);
    const char *header = x402_payment_header(d, &o, &m, &s, &x, &value);
    assert_int_equal(buf_check(&value, name, NULL), SOUK_OK);
    assert_string_equal(header, json_cstr(v, "headerName"));
    if (d->sponsors_approval) {
        /* The vector's client grants an approval without bound; ours is the same payment without.
         */
        char *got = x402_world_decode(value.p);
        const char *at = strstr(want_text, ",\"extensions\":"), *on = strstr(at, ",\"resource\":");
        assert_int_equal(strlen(got), strlen(want_text) - (size_t)(on - at));
        assert_memory_equal(got, want_text, (size_t)(at - want_text));
        assert_string_equal(got + (at - want_text), on);
        mem_free(got);
    } else {
        char *got = x402_world_decode(value.p);
        assert_string_equal(got, want_text);
        assert_string_equal(value.p, json_cstr(v, "headerValue"));
        mem_free(got);
    }
    buf_release(&value);
    x402_demand_free(d);
    json_free(want);
}

static void makes_every_reference_payment_again(void **state)
{
    (void)state;
    size_t n = 0;
    for (const json *v = json_first(json_get(x402, "payments")); v; v = json_next(v), n++)
        make_again(v);
    assert_int_equal(n, 15);
}

/* The other client's payments have their members in another order; they say the same. */
static void makes_the_wallet_vectors_payments(void **state)
{
    (void)state;
    size_t n = 0;
    for (const json *v = json_first(json_get(wallet, "x402_payments")); v; v = json_next(v), n++) {
        const json *in = json_get(v, "inputs");
        const char *secret = json_cstr(v, "private_key");
        struct x402_terms t = x402_world_terms();
        struct x402_demand *d;
        struct err e;
        t.payer = account_of(secret);
        assert_int_equal(
            x402_demand_read(json_cstr(v, "payment_required_header"), NULL, 0, &t, &d, &e),
            SOUK_OK);
        const struct x402_offer *o = x402_choose(d, &t, NULL);
        assert_non_null(o);
        struct typed m =
            x402_typed(o, t.payer, (int64_t)vector_u64(in, "now"), vector_bytes32(in, "nonce"));
        bytes32 digest = typed_digest(&m, NULL, NULL), right = vector_bytes32(v, "digest");
        assert_memory_equal(digest.b, right.b, sizeof right.b);
        signature s = sign(secret, &m, &t.payer);
        struct buf value;
        buf_init(&value, 1 << 20);
        x402_payment_header(d, o, &m, &s, NULL, &value);
        char *text = x402_world_decode(value.p);
        json *got = json_parse_strict(text, strlen(text), "our payment", &e);
        assert_true(cJSON_Compare(got, json_get(v, "payment_payload"), true));
        json_free(got);
        mem_free(text);
        buf_release(&value);
        x402_demand_free(d);
    }
    assert_int_equal(n, 6);
}

/* --- recorded exchanges: the demand, and the payment that a reference server took for it */

static const json *header_of(const json *message, const char *name)
{
    return json_get(json_get(message, "headers"), name);
}

static signature signature_in(const json *obj)
{
    signature s;
    uint8_t bytes[SIG_BYTES];
    assert_int_equal(vector_bytes(obj, "signature", bytes, sizeof bytes), SIG_BYTES);
    assert_true(sig_parse(bytes, sizeof bytes, &s));
    return s;
}

static bytes32 nonce_in(const json *auth)
{
    bytes32 nonce;
    if (strncmp(json_cstr(auth, "nonce"), "0x", 2) == 0)
        return vector_bytes32(auth, "nonce");
    u256_to_be(vector_u256(auth, "nonce"), nonce.b);
    return nonce;
}

/* Our header for what the recorded client signed; mem_free it. */
static char *answer_to(struct x402_demand *d, const json *paid)
{
    const json *payload = json_get(paid, "payload"), *auth = json_get(payload, "authorization");
    const json *info =
        json_get(json_get(json_get(paid, "extensions"), "eip2612GasSponsoring"), "info");
    bool eip3009 = auth != NULL;
    auth = eip3009 ? auth : json_get(payload, "permit2Authorization");
    const struct x402_offer *o = &d->offer[0];
    uint64_t until = vector_u64(auth, eip3009 ? "validBefore" : "deadline");
    struct typed m =
        x402_typed(o, vector_address(auth, "from"), (int64_t)until - o->window, nonce_in(auth));
    signature s = signature_in(payload), permit_sig;
    address signer;
    assert_true(sig_recover(typed_digest(&m, NULL, NULL), &s, &signer));
    assert_true(address_eq(signer, m.from));
    struct typed permit;
    struct x402_extras x = {0};
    if (info) {
        permit = x402_permit(o, &m, vector_u256(info, "nonce"));
        permit_sig = signature_in(info);
        assert_true(sig_recover(typed_digest(&permit, NULL, NULL), &permit_sig, &signer));
        assert_true(address_eq(signer, m.from));
        x = (struct x402_extras){.permit = &permit, .permit_sig = &permit_sig};
    }
    struct buf value;
    buf_init(&value, 1 << 20);
    x402_payment_header(d, o, &m, &s, &x, &value);
    char *p = buf_detach(&value, NULL);
    assert_non_null(p);
    return p;
}

static void replay(const json *exchange, const char *base, const char *pay_name)
{
    const json *ask = exchange, *pay = json_next(ask);
    const json *asked = json_get(ask, "response"), *sent = json_get(pay, "request");
    const char *offered = cJSON_GetStringValue(header_of(asked, "payment-required"));
    const char *taken = cJSON_GetStringValue(header_of(sent, pay_name));
    struct err e;
    char url[256], *text = x402_world_decode(taken);
    json *paid = json_parse(text, strlen(text), "a recorded payment", &e);
    snprintf(url, sizeof url, "%s%s", base, json_cstr(json_get(ask, "request"), "path"));
    json *body = json_parse(json_cstr(asked, "body"), strlen(json_cstr(asked, "body")), url, &e);
    json *offer = NULL;
    if (offered) {
        char *inner = x402_world_decode(offered);
        offer = json_parse(inner, strlen(inner), "a recorded demand", &e);
        mem_free(inner);
    }
    struct asset coin = coin_of(first_offer(offer ? offer : body), 84532);
    struct x402_terms t = {.asset = &coin, .assets = 1, .url = url, .local = true};
    struct x402_demand *d;
    assert_int_equal(x402_demand_read(offered, json_cstr(asked, "body"),
                                      strlen(json_cstr(asked, "body")), &t, &d, &e),
                     SOUK_OK);
    assert_int_equal(d->fault, X402_FINE);
    assert_ptr_equal(x402_choose(d, &t, NULL), &d->offer[0]);
    char *ours = answer_to(d, paid);
    if (offered) {
        assert_string_equal(ours, taken);
    } else { /* the old client put the signature first */
        char *mine = x402_world_decode(ours);
        json *j = json_parse_strict(mine, strlen(mine), "our payment", &e);
        assert_true(cJSON_Compare(j, paid, true));
        json_free(j);
        mem_free(mine);
    }
    mem_free(ours);
    x402_demand_free(d);
    json_free(offer);
    json_free(body);
    json_free(paid);
    mem_free(text);
}

static void replays_every_recorded_exchange(void **state)
{
    (void)state;
    const json *samples = json_get(x402, "httpSamples"), *v2 = json_get(samples, "v2");
    size_t n = 0;
    for (const json *pair = v2->child; pair; pair = pair->next) {
        replay(json_first(pair), "http://127.0.0.1:4021", "payment-signature");
        n++;
    }
    assert_int_equal(n, 7);
    replay(json_first(json_get(samples, "v1")), "http://127.0.0.1:4121", "x-payment");
}

/* --- what is never made */

/* OpenGradient's first contract had another witness; nothing we can express has its digest. */
static void never_signs_the_old_witness(void **state)
{
    (void)state;
    size_t n = 0;
    const json *all = json_get(x402, "opengradientLegacyWitness");
    for (const json *v = json_first(all); v; v = json_next(v), n++) {
        const json *m = json_get(v, "message"), *p = json_get(m, "permitted");
        const json *w = json_get(m, "witness");
        struct typed t = {.kind = TYPED_EXACT,
                          .chain = vector_u64(json_get(v, "domain"), "chainId"),
                          .token = vector_address(p, "token"),
                          .amount = vector_u256(p, "amount"),
                          .to = vector_address(w, "to"),
                          .valid_after = vector_u64(w, "validAfter"),
                          .valid_before = vector_u64(m, "deadline"),
                          .nonce = nonce_in(m)};
        bytes32 old = vector_bytes32(v, "digest"), domain;
        bytes32 ours = typed_digest(&t, &domain, NULL);
        assert_memory_equal(domain.b, vector_bytes32(v, "domainSeparator").b, 32);
        assert_memory_not_equal(ours.b, old.b, sizeof old.b);
        assert_false(address_eq(typed_spender(&t), vector_address(m, "spender")));
        t.kind = TYPED_UPTO;
        ours = typed_digest(&t, NULL, NULL);
        assert_memory_not_equal(ours.b, old.b, sizeof old.b);
    }
    assert_int_equal(n, 2);
}

/* The example that the specification prints is real. */
static void recovers_the_specifications_example(void **state)
{
    (void)state;
    static const char offer[] =
        "{\"x402Version\":1,\"accepts\":[{\"scheme\":\"exact\",\"network\":\"base-sepolia\","
        "\"maxAmountRequired\":\"10000\",\"resource\":\"\",\"description\":\"\","
        "\"asset\":\"0x036CbD53842c5426634e7929541eC2318f3dCF7e\","
        "\"payTo\":\"0x209693Bc6afc0C5328bA36FaF03C514EF312287C\",\"maxTimeoutSeconds\":65,"
        "\"extra\":{\"name\":\"USDC\",\"version\":\"2\"}}]}";
    static const char sig[] = "0x2d6a7588d6acca505cbf0d9a4a227e0c52c6c34008c8e8986a1283259764173608"
                              "a2ce6496642e377d6da8dbb"
                              "f5836e9bd15092f9ecab05ded3d6293af148b571c";
    static const char nonce[] =
        "0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480";
    const json *example = json_get(x402, "specExample");
    address payer = vector_address(example, "expectedFrom"), signer;
    struct x402_terms t = x402_world_terms();
    struct x402_demand *d = x402_world_body(offer, &t);
    bytes32 n;
    uint8_t bytes[SIG_BYTES];
    signature s;
    assert_int_equal(d->offer[0].fault, X402_FINE);
    assert_true(bytes32_parse(nonce, strlen(nonce), &n));
    assert_true(hex_decode(sig, strlen(sig), bytes, sizeof bytes));
    assert_true(sig_parse(bytes, sizeof bytes, &s));
    struct typed m = x402_typed(&d->offer[0], payer, 1740672089 + 600, n);
    m.valid_before = 1740672154;
    assert_int_equal(m.valid_after, 1740672089);
    assert_true(sig_recover(typed_digest(&m, NULL, NULL), &s, &signer));
    assert_true(address_eq(signer, payer));
    x402_demand_free(d);
}

static void nonces_are_commitments(void **state)
{
    (void)state;
    uint8_t salt[32] = {1}, other[32] = {2};
    bytes32 a = x402_nonce_for("mira/risk", salt), b = x402_nonce_for("mira/risk", salt);
    assert_memory_equal(a.b, b.b, 32);
    b = x402_nonce_for("mira/risk", other);
    assert_memory_not_equal(a.b, b.b, 32);
    b = x402_nonce_for("mira/risk2", salt);
    assert_memory_not_equal(a.b, b.b, 32);
}

static int load(void **state)
{
    (void)state;
    struct err e;
    x402 = vectors_load("x402-vectors.json");
    wallet = vectors_load("wallet-vectors.json");
    return key_start(&e) == SOUK_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_free(x402);
    json_free(wallet);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_every_reference_payment_again),
        cmocka_unit_test(makes_the_wallet_vectors_payments),
        cmocka_unit_test(replays_every_recorded_exchange),
        cmocka_unit_test(never_signs_the_old_witness),
        cmocka_unit_test(recovers_the_specifications_example),
        cmocka_unit_test(nonces_are_commitments),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
