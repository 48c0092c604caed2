/* x402.h: what a 402 answer says, and every way in which it may not be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "x402_world.h"

#include "base/banned.h"

static json *x402, *wallet;

/* --- the vectors' decisions */

/* What belongs to the limits (wallet/policy.h); the offer itself is fine. */
static bool is_policys(const char *reason)
{
    static const char *const codes[] = {"",
                                        "over_per_call_cap",
                                        "over_quote",
                                        "over_author_cap",
                                        "pay_to_changed",
                                        "kill_switch",
                                        "outstanding_authorization",
                                        "permit_exceeds_amount",
                                        "unlimited_approval"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], reason) == 0)
            return true;
    return false;
}

/* The text of a vector's demand; the one that is abbreviated is written out. */
static char *demand_text(const json *v)
{
    static const char mark[] = "...(repeat to 1 MiB)";
    char *text = x402_world_text(json_get(v, "payment_required")), *at = strstr(text, mark);
    if (!at)
        return text;
    struct buf b;
    buf_init(&b, 2 << 20);
    buf_add(&b, text, (size_t)(at - text));
    while (b.len < 1 << 20)
        buf_addc(&b, 'A');
    buf_adds(&b, at + strlen(mark));
    mem_free(text);
    return buf_detach(&b, NULL);
}

static void decide(const json *v)
{
    const char *name = json_cstr(v, "name"), *reason = json_cstr(v, "reason");
    const char *expect = json_cstr(v, "expect");
    const json *context = json_get(v, "context");
    struct x402_terms t = x402_world_terms();
    t.url = json_cstr(context, "request_url") ? json_cstr(context, "request_url") : t.url;
    t.effective_url = json_cstr(context, "effective_url");
    char *text = demand_text(v);
    struct x402_demand *d = x402_world_header(text, strlen(text), &t);
    const struct x402_offer *o = x402_choose(d, &t, NULL);
    enum x402_fault fault = d->fault ? d->fault : d->offer[0].fault;
    if (is_policys(reason)) {
        if (!o || fault)
            fail_msg("%s: refused as %s", name, x402_fault_code(fault));
        assert_int_equal(d->sponsors_permit, false); /* p040 fills in an amount of its own */
        assert_int_equal(d->sponsors_approval, strcmp(reason, "unlimited_approval") == 0);
    } else if (strcmp(reason, "bad_timeout_or_window") == 0) {
        assert_true(!o && (fault == X402_BAD_TIMEOUT || fault == X402_BAD_WINDOW));
    } else {
        if (o || strcmp(x402_fault_code(fault), reason) != 0)
            fail_msg("%s: %s, not %s (%s)", name, x402_fault_code(fault), reason, expect);
    }
    x402_demand_free(d);
    mem_free(text);
}

static void decides_as_the_vectors_do(void **state)
{
    (void)state;
    size_t n = 0;
    const json *all = json_get(json_get(wallet, "negative"), "x402_decisions");
    for (const json *v = json_first(all); v; v = json_next(v), n++)
        decide(v);
    assert_int_equal(n, 43);
}

static void reads_and_refuses_headers_as_the_vectors_do(void **state)
{
    (void)state;
    size_t n = 0;
    const json *all = json_get(json_get(wallet, "negative"), "x402_header");
    for (const json *v = json_first(all); v; v = json_next(v), n++) {
        struct x402_terms t = x402_world_terms();
        struct x402_demand *d;
        struct err e;
        char *filled = NULL;
        const char *header = json_cstr(v, "header");
        const json *repeat = json_get(v, "header_repeat");
        if (repeat) {
            size_t size = vector_u64(repeat, "count");
            filled = mem_alloc(size + 1);
            memset(filled, json_cstr(repeat, "char")[0], size);
            filled[size] = '\0';
            header = filled;
        }
        assert_int_equal(x402_demand_read(header, NULL, 0, &t, &d, &e), SOUK_OK);
        bool parsed = x402_choose(d, &t, NULL) != NULL;
        if (parsed != (strcmp(json_cstr(v, "expect"), "parse") == 0))
            fail_msg("%s: %s", json_cstr(v, "id"), x402_fault_code(d->fault));
        if (!parsed)
            assert_int_equal(d->fault, repeat ? X402_BAD_TOO_LARGE : X402_BAD_UNREADABLE);
        x402_demand_free(d);
        mem_free(filled);
    }
    assert_int_equal(n, 8);
}

/* Amounts that are no text, twice there, or elsewhere: inside an offer that is good without. */
static void takes_amounts_as_text_only(void **state)
{
    (void)state;
    size_t n = 0;
    const json *all = json_get(json_get(wallet, "negative"), "json_number_amount");
    for (const json *v = json_first(all); v; v = json_next(v), n++) {
        const char *member = json_cstr(v, "json") + 1; /* behind its brace, with the closing one */
        static const char amount[] = "\"amount\":\"10000\",";
        const char *at = strstr(X402_WORLD_OFFER, amount);
        struct x402_terms t = x402_world_terms();
        struct buf b;
        buf_init(&b, 1 << 16);
        buf_addf(&b, "{\"x402Version\":2,\"accepts\":[%.*s%s,%s]}", (int)(at - X402_WORLD_OFFER),
                 X402_WORLD_OFFER, at + sizeof amount - 1, member);
        struct x402_demand *d = x402_world_header(b.p, b.len, &t);
        enum x402_fault fault = d->fault ? d->fault : d->offer[0].fault;
        bool twice = strcmp(json_cstr(v, "reason"), "duplicate_key") == 0;
        if (fault != (twice ? X402_BAD_UNREADABLE : X402_BAD_AMOUNT) || x402_choose(d, &t, NULL))
            fail_msg("%s: %s", json_cstr(v, "json"), x402_fault_code(fault));
        x402_demand_free(d);
        buf_release(&b);
    }
    assert_int_equal(n, 6);
}

/* --- whose resource, from where */

static enum x402_fault place_of(const char *asked, const char *from, const char *resource,
                                bool local)
{
    struct x402_terms t = x402_world_terms();
    struct buf b;
    t.url = asked;
    t.effective_url = from;
    t.local = local;
    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"x402Version\":2,\"resource\":{\"url\":\"%s\"},\"accepts\":[%s}]}", resource,
             X402_WORLD_OFFER);
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    enum x402_fault f = d->fault;
    assert_int_equal(d->offer[0].fault, f); /* the whole's fault is each offer's */
    assert_int_equal(x402_choose(d, &t, NULL) != NULL, f == X402_FINE);
    x402_demand_free(d);
    buf_release(&b);
    return f;
}

static void knows_whose_resource_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *resource;
        bool right;
    } rows[] = {
        {"https://good.example/a", "https://good.example/a", true},
        {"https://good.example/a", "https://GOOD.example:443/other", true},
        {"https://good.example/a", "http://good.example/a", true}, /* TLS ends at a proxy */
        {"https://good.example/a", "/a", true},
        {"https://good.example/a", "", true},
        {"https://good.example:8443/a", "https://good.example:8443/a", true},
        {"https://good.example/a", "https://evil.example/a", false},
        {"https://good.example/a", "https://good.example.evil.example/a", false},
        {"https://good.example/a", "https://evil.good.example/a", false},
        {"https://good.example/a", "https://good.example@evil.example/a", false},
        {"https://good.example/a", "https://evil.example\\\\@good.example/a", false},
        {"https://good.example/a", "https://good.example:8443/a", false},
        {"https://good.example/a", "http://good.example:4021/a", false},
        {"https://good.example:8443/a", "https://good.example/a", false},
        {"https://good.example/a", "//evil.example/a", false},
        {"https://good.example/a", "/\\\\evil.example/a", false},
        {"https://good.example/a", "good.example", false},
        {"https://good.example/a", "mcp://tool/x", false},
        {"https://good.example/a", "javascript:alert(1)", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum x402_fault f = place_of(rows[i].asked, NULL, rows[i].resource, false);
        if (f != (rows[i].right ? X402_FINE : X402_BAD_RESOURCE))
            fail_msg("%s: %s", rows[i].resource, x402_fault_code(f));
    }
}

static void pays_only_who_was_asked_safely(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *from;
        bool local;
        enum x402_fault fault;
    } rows[] = {
        {"https://a.example/x", "https://a.example/x", false, X402_FINE},
        {"https://a.example", "https://A.example:443/", false, X402_FINE},
        {"https://a.example/x", "https://a.example/y", false, X402_BAD_REDIRECTED},
        {"https://a.example/x", "http://a.example/x", false, X402_BAD_REDIRECTED},
        {"https://a.example/x", "https://b.example/x", false, X402_BAD_REDIRECTED},
        {"https://a.example/x", "nonsense", false, X402_BAD_REDIRECTED},
        {"http://a.example/x", NULL, false, X402_BAD_NOT_HTTPS},
        {"http://a.example/x", NULL, true, X402_BAD_NOT_HTTPS},
        {"http://127.0.0.1:4021/x", NULL, false, X402_BAD_NOT_HTTPS},
        {"http://127.0.0.1:4021/x", NULL, true, X402_FINE},
        {"http://localhost:4021/x", NULL, true, X402_FINE},
        {"http://[::1]:4021/x", NULL, true, X402_FINE},
        {"http://127.0.0.1.evil.example/x", NULL, true, X402_BAD_NOT_HTTPS},
        {"https://user@a.example/x", NULL, false, X402_BAD_RESOURCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum x402_fault f = place_of(rows[i].asked, rows[i].from, "", rows[i].local);
        if (f != rows[i].fault)
            fail_msg("%s: %s", rows[i].asked, x402_fault_code(f));
    }
}

/* --- single members of an offer */

/* The fault of the world's offer with `from` replaced by `to`, in that version's shape. */
static enum x402_fault with(const char *from, const char *to)
{
    struct x402_terms t = x402_world_terms();
    const char *at = strstr(X402_WORLD_OFFER, from);
    struct buf b;
    if (!at)
        fail_msg("there is no %s in the offer", from);
    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"x402Version\":2,\"accepts\":[%.*s%s%s}]}", (int)(at - X402_WORLD_OFFER),
             X402_WORLD_OFFER, to, at + strlen(from));
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    enum x402_fault f = d->fault ? d->fault : d->offer[0].fault;
    x402_demand_free(d);
    buf_release(&b);
    return f;
}

static void names_what_is_wrong(void **state)
{
    (void)state;
#define NETWORK "\"eip155:8453\""
#define AMOUNT  "\"10000\""
#define TOKEN   "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
#define PAYEE   "0x845C7A197940a2765F7717A5d073d295fE06337C"
#define EXTRA   "{\"name\":\"USD Coin\",\"version\":\"2\"}"
    static const struct {
        const char *from, *to;
        enum x402_fault fault;
    } rows[] = {
        {"exact", "exact", X402_FINE},
        {"exact", "Exact", X402_BAD_SCHEME},
        {"exact", "batch-settlement", X402_BAD_BATCH},
        {"\"exact\"", "null", X402_BAD_SCHEME},
        {NETWORK, "\"eip155:1\"", X402_BAD_NETWORK},
        {NETWORK, "\"eip155:9007199254740992\"", X402_BAD_NETWORK},
        {NETWORK, "\"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp\"", X402_BAD_NETWORK},
        {NETWORK, "\"eip155:9007199254740993\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"eip155:18446744073709560069\"", X402_BAD_BAD_NETWORK}, /* 2^64 + 8453 */
        {NETWORK, "\"eip155:\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"eip155:+8453\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"eip155: 8453\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"EIP155:8453\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"eip155:0\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"x:1\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "\"solana:\"", X402_BAD_BAD_NETWORK},
        {NETWORK, "8453", X402_BAD_BAD_NETWORK},
        {AMOUNT, "\"\"", X402_BAD_AMOUNT},
        {AMOUNT, "\"010000\"", X402_BAD_AMOUNT},
        {AMOUNT, "\"-1\"", X402_BAD_AMOUNT},
        {AMOUNT, "\"1e4\"", X402_BAD_AMOUNT},
        {AMOUNT, "\"10000.0\"", X402_BAD_AMOUNT},
        {AMOUNT, "\"0\"", X402_BAD_ZERO},
        {AMOUNT, "\"00\"", X402_BAD_AMOUNT},
        {TOKEN, "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", X402_FINE},
        {TOKEN, "0x833589fCD6eDb6E08f4c7C32D4f71b54bda02913", X402_BAD_CHECKSUM},
        {TOKEN, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA029", X402_BAD_ASSET},
        {TOKEN, "USDC", X402_BAD_ASSET},
        {TOKEN, "0x0000000000000000000000000000000000000000", X402_BAD_ASSET},
        {PAYEE, "0x845c7a197940a2765f7717a5d073d295fe06337c", X402_FINE},
        {PAYEE, "0x845C7A197940a2765F7717A5d073d295fe06337C", X402_BAD_CHECKSUM},
        {PAYEE, "nobody.eth", X402_BAD_PAY_TO},
        {PAYEE, TOKEN, X402_BAD_PAY_TO},
        {PAYEE, "0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB", X402_BAD_PAY_TO}, /* another token */
        {PAYEE, "0x402085c248EeA27D92E8b30b2C58ed07f9E20001", X402_BAD_PAY_TO},
        {PAYEE, "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002", X402_BAD_PAY_TO},
        {":60,", ":600,", X402_FINE},
        {":60,", ":601,", X402_BAD_WINDOW},
        {":60,", ":0,", X402_BAD_TIMEOUT},
        {":60,", ":\"60\",", X402_BAD_TIMEOUT},
        {":60,", ":null,", X402_BAD_TIMEOUT},
        {EXTRA, "null", X402_BAD_DOMAIN},
        {EXTRA, "{\"name\":\"USD Coin\"}", X402_BAD_DOMAIN},
        {EXTRA, "{\"version\":\"2\"}", X402_BAD_DOMAIN},
        {EXTRA, "{\"name\":\"USDC\",\"version\":\"2\"}", X402_BAD_DOMAIN},
        {EXTRA, "{\"name\":\"USD Coin\",\"version\":2}", X402_BAD_DOMAIN},
        {EXTRA, "{\"assetTransferMethod\":\"permit2\"}", X402_FINE},
        {EXTRA, "{\"assetTransferMethod\":\"permit2\",\"name\":\"USD\"}", X402_BAD_DOMAIN},
        {EXTRA, "{\"assetTransferMethod\":7}", X402_BAD_METHOD},
        {EXTRA, "{\"name\":\"USD Coin\",\"version\":\"2\",\"assetTransferMethod\":null}",
         X402_FINE},
        {EXTRA, "{\"name\":\"USD Coin\",\"version\":\"2\",\"paymentFlow\":\"escrow\"}", X402_FINE},
        {EXTRA, "{\"name\":\"USD Coin\",\"version\":\"2\",\"paymentFlow\":\"later\"}",
         X402_BAD_FLOW},
        {EXTRA, "{\"name\":\"USD Coin\",\"version\":\"2\",\"paymentFlow\":1}", X402_BAD_FLOW},
        {"exact\",", "upto\",", X402_BAD_FACILITATOR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum x402_fault f = with(rows[i].from, rows[i].to);
        if (f != rows[i].fault)
            fail_msg("%s -> %s: %s, not %s", rows[i].from, rows[i].to, x402_fault_code(f),
                     x402_fault_code(rows[i].fault));
    }
}

static void wants_a_facilitator_for_upto(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum x402_fault fault;
    } rows[] = {
        {"\"0xC59f911CeCcd49066981717ABA03fb0E907a886b\"", X402_FINE},
        {"\"0xc59f911ceccd49066981717aba03fb0e907a886b\"", X402_FINE},
        {"\"0xC59f911CeCcd49066981717ABA03fb0E907a886B\"", X402_BAD_CHECKSUM},
        {"\"0x0000000000000000000000000000000000000000\"", X402_BAD_FACILITATOR},
        {"\"\"", X402_BAD_FACILITATOR},
        {"null", X402_BAD_FACILITATOR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct x402_terms t = x402_world_terms();
        char text[1024];
        int n = snprintf(text, sizeof text,
                         "{\"x402Version\":2,\"accepts\":[{\"scheme\":\"upto\",\"network\":"
                         "\"eip155:8453\",\"amount\":\"1\",\"asset\":"
                         "\"0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB\",\"payTo\":\"" PAYEE
                         "\",\"maxTimeoutSeconds\":60,\"extra\":{\"facilitatorAddress\":%s}}]}",
                         rows[i].value);
        struct x402_demand *d = x402_world_header(text, (size_t)n, &t);
        if (d->offer[0].fault != rows[i].fault)
            fail_msg("%s: %s", rows[i].value, x402_fault_code(d->offer[0].fault));
        x402_demand_free(d);
    }
}

/* --- the versions, and where they stand */

static void reads_version_1_from_the_body(void **state)
{
    (void)state;
    static const char good[] =
        "{\"x402Version\":1,\"error\":\"X-PAYMENT header is required\",\"accepts\":[{\"scheme\":"
        "\"exact\",\"network\":\"base\",\"maxAmountRequired\":\"10000\",\"resource\":"
        "\"https://api.example.org/v1/models/m1\",\"description\":\"legacy\",\"mimeType\":\"a/b\","
        "\"payTo\":\"" PAYEE "\",\"maxTimeoutSeconds\":60,\"asset\":\"" TOKEN "\",\"extra\":" EXTRA
        "}]}";
    static const struct {
        const char *from, *to;
        enum x402_fault fault;
    } rows[] = {
        {"\"base\"", "\"base\"", X402_FINE},
        {"\"base\"", "\"Base\"", X402_BAD_NETWORK},
        {"\"base\"", "\"base-sepolia\"", X402_BAD_ASSET},
        {"\"base\"", "\"eip155:8453\"", X402_BAD_NETWORK},
        {"\"base\"", "\"solana\"", X402_BAD_NETWORK},
        {"\"exact\"", "\"upto\"", X402_BAD_SCHEME},
        {"maxAmountRequired", "amount", X402_BAD_VERSION},
        {EXTRA, "{\"assetTransferMethod\":\"permit2\"}", X402_BAD_METHOD},
        {"https://api.example.org/v1/models/m1", "https://evil.example/", X402_BAD_RESOURCE},
        {"\"x402Version\":1", "\"x402Version\":2", X402_BAD_VERSION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct x402_terms t = x402_world_terms();
        const char *at = strstr(good, rows[i].from);
        struct buf b;
        buf_init(&b, 1 << 16);
        buf_addf(&b, "%.*s%s%s", (int)(at - good), good, rows[i].to, at + strlen(rows[i].from));
        struct x402_demand *d = x402_world_body(b.p, &t);
        assert_int_equal(d->fault, X402_FINE);
        if (d->offer[0].fault != rows[i].fault)
            fail_msg("%s: %s", rows[i].to, x402_fault_code(d->offer[0].fault));
        x402_demand_free(d);
        buf_release(&b);
    }
    struct x402_terms t = x402_world_terms();
    struct x402_demand *d = x402_world_body(good, &t);
    assert_int_equal(d->version, 1);
    assert_memory_equal(d->url.p, X402_WORLD_URL, d->url.n);
    assert_memory_equal(d->description.p, "legacy", d->description.n);
    assert_memory_equal(d->mime.p, "a/b", d->mime.n);
    assert_memory_equal(d->error.p, "X-PAYMENT header is required", d->error.n);
    struct typed m = x402_typed(&d->offer[0], X402_WORLD_PAYER, 1000000, (bytes32){{1}});
    assert_int_equal(m.valid_after, 1000000 - 600);
    assert_int_equal(m.valid_before, 1000000 + 60);
    x402_demand_free(d);
}

static enum x402_fault fault_of_body(const char *body, const char *error)
{
    struct x402_terms t = x402_world_terms();
    struct x402_demand *d = x402_world_body(body, &t);
    enum x402_fault f = d->fault;
    assert_int_equal(d->error.n, strlen(error));
    assert_true(d->error.n == 0 || memcmp(d->error.p, error, d->error.n) == 0);
    assert_null(x402_choose(d, &t, NULL));
    x402_demand_free(d);
    return f;
}

static void says_when_it_is_no_offer(void **state)
{
    (void)state;
    assert_int_equal(fault_of_body("", ""), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("{}", ""), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("[]", ""), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("null", ""), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("<html>pay</html>", ""), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("{\"error\":\"Session expired or exhausted\"}",
                                   "Session expired or exhausted"),
                     X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("{\"error\":{\"message\":\"no credit\"}}", "no credit"),
                     X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("{\"error\":\"a\",\"error\":\"b\"}", "a"), X402_BAD_NOT_X402);
    assert_int_equal(fault_of_body("{\"x402Version\":1,\"x402Version\":1}", ""),
                     X402_BAD_UNREADABLE);
    assert_int_equal(fault_of_body("{\"x402Version\":3,\"error\":\"new\"}", "new"),
                     X402_BAD_VERSION);
    assert_int_equal(fault_of_body("{\"x402Version\":\"2\"}", ""), X402_BAD_VERSION);
    assert_int_equal(fault_of_body("{\"x402Version\":1.5}", ""), X402_BAD_VERSION);
    assert_int_equal(fault_of_body("{\"x402Version\":1}", ""), X402_BAD_NO_OFFERS);
    assert_int_equal(fault_of_body("{\"x402Version\":1,\"accepts\":[]}", ""), X402_BAD_NO_OFFERS);
    assert_int_equal(fault_of_body("{\"x402Version\":2,\"accepts\":{}}", ""), X402_BAD_NO_OFFERS);

    assert_int_equal(fault_of_body("\xef\xbb\xbf{\"x402Version\":2,\"accepts\":[{}]}", ""),
                     X402_BAD_UNREADABLE); /* a byte order mark: not ours to echo around */

    struct x402_terms t = x402_world_terms();
    struct x402_demand *d;
    struct err e;
    char *huge = mem_zalloc(X402_BODY_CAP + 2);
    memset(huge, ' ', X402_BODY_CAP + 1);
    huge[0] = '{';
    huge[X402_BODY_CAP - 1] = '}';
    assert_int_equal(x402_demand_read(NULL, huge, X402_BODY_CAP, &t, &d, &e), SOUK_OK);
    assert_int_equal(d->fault, X402_BAD_NOT_X402);
    x402_demand_free(d);
    assert_int_equal(x402_demand_read(NULL, huge, X402_BODY_CAP + 1, &t, &d, &e), SOUK_OK);
    assert_int_equal(d->fault, X402_BAD_TOO_LARGE);
    x402_demand_free(d);
    mem_free(huge);
    assert_int_equal(x402_demand_read("", "", 0, &t, &d, &e), SOUK_OK);
    assert_int_equal(d->fault, X402_BAD_UNREADABLE); /* a header that says nothing is no body */
    x402_demand_free(d);
}

static void takes_version_2_from_a_body_too(void **state)
{
    (void)state;
    struct x402_terms t = x402_world_terms();
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"x402Version\":2,\"accepts\":[%s}]}", X402_WORLD_OFFER);
    struct x402_demand *d = x402_world_body(b.p, &t);
    assert_int_equal(d->version, 2);
    assert_non_null(x402_choose(d, &t, NULL));
    x402_demand_free(d);
    buf_release(&b);
}

/* --- the echo */

/* Members in odd places, escaped names, nested brackets in strings: what is echoed is what came. */
static void echoes_the_bytes_that_came(void **state)
{
    (void)state;
    static const char offer[] =
        "{ \"scheme\" : \"exact\",\n\t\"network\":\"eip155:8453\",\"amount\":\"10000\",\"asset\":"
        "\"0x833589fcd6edb6e08f4c7c32d4f71b54bda02913\",\"payTo\":\"" PAYEE
        "\",\"maxTimeoutSeconds\":6e1,\"extra\":{\"n\\u0061me\":\"USD Coin\",\"version\":\"2\","
        "\"odd\":\"]}\\\"{[\\\\\",\"deep\":[[],{},[{\"a\":null}]],\"\xc3\xa9\":-0.0e-1} }";
    static const char resource[] = "{\"url\":\"/\" , \"unknown\":[1,2,{\"x\":\"}\"}]}";
    struct x402_terms t = x402_world_terms();
    struct buf b, value;
    buf_init(&b, 1 << 16);
    buf_init(&value, 1 << 16);
    buf_addf(&b,
             " {\"accepts\\u0000\":0,\"b\":\"\\\"accepts\\\":[{}]\", \"re\\u0073ource\" :%s ,"
             "\"\\u0061ccepts\":[ 7 , %s\n, {\"accepts\":[]}],\"x402Version\":2} ",
             resource, offer);
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    assert_int_equal(d->fault, X402_BAD_UNREADABLE); /* a NUL in a name */
    x402_demand_free(d);
    char *nul = strstr(b.p, "\\u0000");
    memcpy(nul, "\\u0001", 6);
    d = x402_world_header(b.p, b.len, &t);
    assert_int_equal(d->fault, X402_FINE);
    assert_int_equal(d->offers, 3);
    const struct x402_offer *o = x402_choose(d, &t, NULL);
    assert_ptr_equal(o, &d->offer[1]);
    assert_int_equal(o->raw_len, strlen(offer));
    assert_memory_equal(o->raw, offer, o->raw_len);

    signature s = {{0}};
    struct typed m = x402_typed(o, X402_WORLD_PAYER, 1000, (bytes32){{0}});
    x402_payment_header(d, o, &m, &s, NULL, &value);
    char *text = x402_world_decode(value.p), *at = strstr(text, ",\"resource\":");
    assert_memory_equal(at + 12, resource, strlen(resource));
    at = strstr(text, ",\"accepted\":");
    assert_memory_equal(at + 12, offer, strlen(offer));
    assert_string_equal(at + 12 + strlen(offer), "}");
    mem_free(text);
    x402_demand_free(d);
    buf_release(&value);
    buf_release(&b);
}

/* Our words stand at the end of info, once, and only where nothing stands already. */
static void appends_to_extensions_and_overwrites_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *offered, *sent;
        bool takes, needs, permit, approval;
    } rows[] = {
        {"{\"payment-identifier\":{\"info\":{},\"schema\":{}}}",
         "{\"payment-identifier\":{\"info\":{\"id\":\"pay_0123456789ab\"},\"schema\":{}}}", true,
         false, false, false},
        {"{\"payment-identifier\":{\"a\":1,\"info\": { \"required\":true } , \"z\":{}}}",
         "{\"payment-identifier\":{\"a\":1,\"info\": { \"required\":true "
         ",\"id\":\"pay_0123456789ab\"} , \"z\":{}}}",
         true, true, false, false},
        {"{\"payment-identifier\":{\"info\":{\"required\":true,\"id\":\"theirs\"}}}",
         "{\"payment-identifier\":{\"info\":{\"required\":true,\"id\":\"theirs\"}}}", false, false,
         false, false},
        {"{\"payment-identifier\":{\"info\":[]},\"bazaar\":{\"info\":{\"x\":1}}}",
         "{\"payment-identifier\":{\"info\":[]},\"bazaar\":{\"info\":{\"x\":1}}}", false, false,
         false, false},
        {"{\"eip2612GasSponsoring\":{\"info\":{\"version\":\"1\"}}}",
         "{\"eip2612GasSponsoring\":{\"info\":{\"version\":\"1\"}}}", false, false, true, false},
        {"{\"eip2612GasSponsoring\":{\"info\":{\"amount\":\"9\"}}}",
         "{\"eip2612GasSponsoring\":{\"info\":{\"amount\":\"9\"}}}", false, false, false, false},
        {"{\"a\":1,\"erc20ApprovalGasSponsoring\":{\"info\":{}},\"b\":2}", "{\"a\":1,\"b\":2}",
         false, false, false, true},
        {"{\"erc20ApprovalGasSponsoring\":{\"info\":{}}}", NULL, false, false, false, true},
        {"null", NULL, false, false, false, false},
        {"[]", NULL, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct x402_terms t = x402_world_terms();
        struct buf b, value;
        buf_init(&b, 1 << 16);
        buf_init(&value, 1 << 16);
        buf_addf(&b, "{\"x402Version\":2,\"accepts\":[%s}],\"extensions\":%s}", X402_WORLD_OFFER,
                 rows[i].offered);
        struct x402_demand *d = x402_world_header(b.p, b.len, &t);
        assert_int_equal(d->takes_id, rows[i].takes);
        assert_int_equal(d->needs_id, rows[i].needs);
        assert_int_equal(d->sponsors_permit, rows[i].permit);
        assert_int_equal(d->sponsors_approval, rows[i].approval);
        signature s = {{0}};
        struct typed m = x402_typed(&d->offer[0], X402_WORLD_PAYER, 1000, (bytes32){{0}});
        struct x402_extras x = {.payment_id = "pay_0123456789ab"};
        x402_payment_header(d, &d->offer[0], &m, &s, &x, &value);
        char *text = x402_world_decode(value.p), *at = strstr(text, ",\"extensions\":");
        assert_int_equal(at != NULL, rows[i].sent != NULL);
        if (at)
            assert_memory_equal(at + 14, rows[i].sent, strlen(rows[i].sent));
        mem_free(text);
        x402_demand_free(d);
        buf_release(&value);
        buf_release(&b);
    }
}

static void cuts_long_texts_between_characters(void **state)
{
    (void)state;
    struct x402_terms t = x402_world_terms();
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_adds(&b, "{\"x402Version\":2,\"resource\":{\"serviceName\":\"S\",\"description\":\"x");
    for (int i = 0; i < 400; i++)
        buf_adds(&b, "\xc3\xa9");
    buf_addf(&b, "\"},\"accepts\":[%s}]}", X402_WORLD_OFFER);
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    assert_int_equal(d->description.n, 511); /* x and 255 times é: one more would be 513 */
    assert_int_equal(d->service.n, 1);
    assert_int_equal(d->fault, X402_FINE);
    x402_demand_free(d);
    buf_clear(&b);
    buf_adds(&b, "{\"x402Version\":2,\"accepts\":[1");
    for (int i = 0; i < 100; i++)
        buf_adds(&b, ",1");
    buf_adds(&b, "]}");
    d = x402_world_header(b.p, b.len, &t);
    assert_int_equal(d->offers, X402_OFFERS);
    x402_demand_free(d);
    buf_release(&b);
}

/* --- choosing */

static void chooses_the_cheapest(void **state)
{
    (void)state;
    struct x402_terms t = x402_world_terms();
    struct x402_demand *d = mem_zalloc(sizeof *d);
    static const struct {
        int asset; /* of the terms */
        uint64_t amount;
        enum x402_scheme scheme;
        enum x402_flow flow;
        enum x402_fault fault;
    } rows[] = {
        {1, 1, X402_UPTO, X402_AUTHORIZATION, X402_FINE},
        {0, 5, X402_EXACT, X402_AUTHORIZATION, X402_BAD_PAY_TO},
        {0, 9, X402_EXACT, X402_UPFRONT, X402_FINE},
        {0, 9, X402_UPTO, X402_AUTHORIZATION, X402_FINE},
        {0, 9, X402_EXACT, X402_AUTHORIZATION, X402_FINE}, /* the one */
        {0, 9, X402_EXACT, X402_AUTHORIZATION, X402_FINE},
        {0, 10, X402_EXACT, X402_AUTHORIZATION, X402_FINE},
    };
    assert_null(x402_choose(d, &t, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        d->offer[d->offers++] = (struct x402_offer){.index = i,
                                                    .scheme = rows[i].scheme,
                                                    .flow = rows[i].flow,
                                                    .chain = t.asset[rows[i].asset].chain,
                                                    .token = t.asset[rows[i].asset].token,
                                                    .amount = u256_from_u64(rows[i].amount),
                                                    .fault = rows[i].fault};
    assert_int_equal(x402_choose(d, &t, NULL)->index, 4);
    assert_int_equal(x402_choose(d, &t, &t.asset[1].token)->index, 0);
    assert_int_equal(x402_choose(d, &t, &t.asset[2].token)->index, 4); /* there is none of it */
    for (size_t i = 1; i < d->offers; i++)
        d->offer[i].fault = X402_BAD_AMOUNT;
    assert_int_equal(x402_choose(d, &t, NULL)->index, 0);
    d->offer[0].fault = X402_BAD_AMOUNT;
    assert_null(x402_choose(d, &t, NULL));
    mem_free(d);
}

/* OpenGradient's catalogue shape: its offers read as any other's. */
static void reads_the_offers_of_a_catalogue(void **state)
{
    (void)state;
    const json *item =
        json_first(json_get(json_get(json_get(x402, "bazaarSample"), "body"), "items"));
    struct x402_terms t = x402_world_terms();
    struct asset coin = {.chain = 84532, .name = "USDC", .version = "2", .can = ASSET_EIP3009};
    struct buf b;
    char *accepts = x402_world_text(json_get(item, "accepts"));
    coin.token = vector_address(json_first(json_get(item, "accepts")), "asset");
    t.asset = &coin;
    t.assets = 1;
    t.url = json_cstr(item, "resource");
    t.local = true;
    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"x402Version\":2,\"resource\":{\"url\":\"%s\"},\"accepts\":%s}", t.url,
             accepts);
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    assert_non_null(x402_choose(d, &t, NULL));
    x402_demand_free(d);
    buf_release(&b);
    mem_free(accepts);
}

static void survives_without_memory(void **state)
{
    (void)state;
    struct x402_terms t = x402_world_terms();
    struct buf b, header;
    buf_init(&b, 1 << 16);
    buf_init(&header, 1 << 16);
    buf_addf(&b,
             "{\"x402Version\":2,\"accepts\":[%s}],\"extensions\":{\"payment-identifier\":"
             "{\"info\":{}}}}",
             X402_WORLD_OFFER);
    x402_base64_encode(b.p, b.len, &header);
    bool done = false;
    for (unsigned long at = 1; !done; at++) {
        struct x402_demand *d = NULL;
        struct err e;
        mem_fail_at(at, false);
        souk_err rc = x402_demand_read(header.p, NULL, 0, &t, &d, &e);
        mem_fail_at(0, false);
        assert_int_equal(rc, d ? SOUK_OK : SOUK_ENOMEM);
        if (d)
            assert_int_equal(d->fault, X402_FINE); /* no memory is nobody's fault */
        x402_demand_free(d);
        done = d != NULL;
    }
    struct x402_demand *d = x402_world_header(b.p, b.len, &t);
    struct typed m = x402_typed(&d->offer[0], X402_WORLD_PAYER, 1000, (bytes32){{0}});
    struct x402_extras x = {.payment_id = "pay_0123456789ab"};
    signature s = {{0}};
    done = false;
    for (unsigned long at = 1; !done; at++) {
        struct buf value;
        buf_init(&value, 1 << 16);
        mem_fail_at(at, false);
        x402_payment_header(d, &d->offer[0], &m, &s, &x, &value);
        mem_fail_at(0, false);
        done = !value.bad;
        char *text = done ? x402_world_decode(value.p) : NULL;
        assert_true(!text || strstr(text, "\"id\":\"pay_0123456789ab\""));
        mem_free(text);
        buf_release(&value);
    }
    x402_demand_free(d);
    buf_release(&header);
    buf_release(&b);
}

static int load(void **state)
{
    (void)state;
    x402 = vectors_load("x402-vectors.json");
    wallet = vectors_load("wallet-vectors.json");
    return 0;
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
        cmocka_unit_test(decides_as_the_vectors_do),
        cmocka_unit_test(reads_and_refuses_headers_as_the_vectors_do),
        cmocka_unit_test(takes_amounts_as_text_only),
        cmocka_unit_test(knows_whose_resource_it_is),
        cmocka_unit_test(pays_only_who_was_asked_safely),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(wants_a_facilitator_for_upto),
        cmocka_unit_test(reads_version_1_from_the_body),
        cmocka_unit_test(says_when_it_is_no_offer),
        cmocka_unit_test(takes_version_2_from_a_body_too),
        cmocka_unit_test(echoes_the_bytes_that_came),
        cmocka_unit_test(appends_to_extensions_and_overwrites_nothing),
        cmocka_unit_test(cuts_long_texts_between_characters),
        cmocka_unit_test(chooses_the_cheapest),
        cmocka_unit_test(reads_the_offers_of_a_catalogue),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
