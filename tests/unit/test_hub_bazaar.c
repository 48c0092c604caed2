#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/hub.h"

static void assert_text(struct untrusted u, const char *want)
{
    assert_int_equal(u.n, strlen(want));
    assert_memory_equal(u.p, want, u.n);
}

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct hub_bazaar page(const char *text)
{
    struct hub_bazaar p;
    struct err e;
    assert_int_equal(hub_bazaar_parse(text, strlen(text), &arena, &p, &e), SOUK_OK);
    assert_int_equal(p.seen, p.count + p.skipped);
    return p;
}

#define ASSET  "0x5fbdb2315678afecb367f032d93f642f64180aa3"
#define PAY_TO "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
#define EXACT(network, amount)                                                                   \
    "{\"scheme\":\"exact\",\"network\":\"" network "\",\"amount\":" amount ",\"asset\":\"" ASSET \
    "\",\"payTo\":\"" PAY_TO "\",\"maxTimeoutSeconds\":60,"                                      \
    "\"extra\":{\"name\":\"USDC\",\"version\":\"2\"}}"
#define ITEM(members) "{\"items\":[{\"resource\":\"http://127.0.0.1:4224/x\"," members "}]}"

/* As OpenGradient's bazaar.ts answers: discoveryInfo, ISO time, paging that means nothing. */
static const char opengradient[] =
    "{\"x402Version\":2,\"items\":[{\"resource\":\"http://127.0.0.1:4224/v1/chat/completions\","
    "\"description\":\"OpenAI-compatible chat completion\",\"mimeType\":\"application/json\","
    "\"type\":\"http\",\"x402Version\":2,\"accepts\":[" EXACT(
        "eip155:84532", "\"10000\"") "],"
                                     "\"discoveryInfo\":{\"input\":{\"type\":\"http\",\"bodyType\":"
                                     "\"json\",\"body\":"
                                     "{\"model\":\"gpt-5-mini\"},\"method\":\"POST\"},\"output\":{"
                                     "\"type\":\"json\"}},"
                                     "\"lastUpdated\":\"2025-02-27T16:01:29.000Z\"}],"
                                     "\"pagination\":{\"limit\":100,\"offset\":0,\"total\":1}}";

static void opengradients_answer_is_read(void **state)
{
    (void)state;
    char text[U256_DEC], addr[ADDRESS_BUF];
    struct hub_bazaar p = page(opengradient);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.offset, 0);
    assert_int_equal(p.total, 1);
    struct hub_resource *r = &p.resource[0];
    assert_text(r->url, "http://127.0.0.1:4224/v1/chat/completions");
    assert_text(r->description, "OpenAI-compatible chat completion");
    assert_text(r->method, "POST");
    assert_text(r->example, "{\"model\":\"gpt-5-mini\"}");
    assert_int_equal(r->updated, 1740672089);
    assert_int_equal(r->offers, 1);
    assert_int_equal(r->unreadable, 0);
    assert_text(r->offer[0].scheme, "exact");
    assert_int_equal(r->offer[0].chain, 84532);
    assert_string_equal(u256_to_dec(r->offer[0].amount, text), "10000");
    assert_string_equal(address_format(r->offer[0].asset, addr),
                        "0x5FbDB2315678afecb367f032d93F642f64180aa3");
    assert_string_equal(address_format(r->offer[0].pay_to, addr), PAY_TO);
}

static void the_specifications_shape_is_read(void **state)
{
    (void)state;
    struct hub_bazaar p = page(ITEM("\"lastUpdated\":1740672089,\"accepts\":[" EXACT(
        "eip155:8453",
        "\"1\"") "],"
                 "\"extensions\":{\"bazaar\":{\"info\":{\"input\":{\"method\":\"GET\"}}}}"));
    assert_int_equal(p.resource[0].updated, 1740672089);
    assert_text(p.resource[0].method, "GET");
    assert_null(p.resource[0].example.p);
    assert_null(p.resource[0].description.p);
    assert_int_equal(p.offset, -1);
    assert_int_equal(p.total, -1);
}

static void version_1_is_read(void **state)
{
    (void)state;
    char text[U256_DEC];
    struct hub_bazaar p =
        page("[{\"type\":\"http\",\"x402Version\":1,\"lastUpdated\":1740672089000,\"accepts\":["
             "{\"scheme\":\"exact\",\"network\":\"base-sepolia\",\"maxAmountRequired\":\"5\","
             "\"resource\":\"https://old.example/run\",\"description\":\"old\",\"payTo\":\"" PAY_TO
             "\",\"asset\":\"" ASSET "\",\"outputSchema\":{\"input\":{\"method\":\"PUT\"}}}]}]");
    struct hub_resource *r = &p.resource[0];
    assert_text(r->url, "https://old.example/run");
    assert_text(r->description, "old");
    assert_text(r->method, "PUT");
    assert_int_equal(r->updated, 1740672089);
    assert_int_equal(r->offer[0].chain, 84532);
    assert_string_equal(u256_to_dec(r->offer[0].amount, text), "5");
}

static void amounts_are_exact_or_unreadable(void **state)
{
    (void)state;
    char text[U256_DEC];
    struct hub_bazaar p = page(ITEM(
        "\"accepts\":[" EXACT("eip155:1", "10000") "," /* a number: could be inexact */
        EXACT("eip155:1", "\"1.5\"") "," EXACT("eip155:1", "\"-1\"") "," EXACT(
            "eip155:1",
            "null") "," EXACT("solana:5eykt4",
                              "\"1\"") "," EXACT("nowhere",
                                                 "\"1\"") ",7,{},"
                                                          "{\"scheme\":\"exact\",\"network\":"
                                                          "\"base\",\"amount\":\"1\",\"asset\":"
                                                          "\"0x5Fbdb2315678afecb367f032d93f642f6418"
                                                          "0aa3\",\"payTo\":\"" PAY_TO "\"}," EXACT(
                                                              "eip155:1",
                                                              "\"1157920892373161954235709850086879"
                                                              "078532699846656405640394575"
                                                              "84007913129639935\"") "]"));
    assert_int_equal(p.resource[0].offers, 1);
    assert_int_equal(p.resource[0].unreadable, 9);
    assert_int_equal(strlen(u256_to_dec(p.resource[0].offer[0].amount, text)), 78);
}

static void a_resource_has_at_most_sixteen_offers(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_adds(&b, "[{\"resource\":\"http://x/\",\"accepts\":[");
    for (int i = 0; i < 20; i++)
        buf_adds(&b, i ? "," EXACT("base", "\"1\"") : EXACT("base", "\"1\""));
    buf_adds(&b, "]}]");
    struct hub_bazaar p = page(b.p);
    assert_int_equal(p.resource[0].offers, HUB_OFFERS_MAX);
    assert_int_equal(p.resource[0].unreadable, 4);
    buf_release(&b);
}

static void times_are_read_in_every_form_seen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {
        {"1740672089", 1740672089},
        {"1740672089123", 1740672089},
        {"\"2025-02-27T16:01:29Z\"", 1740672089},
        {"\"2025-02-27T16:01:29\"", 1740672089},
        {"\"2025-02-27T18:01:29.5+02:00\"", 1740672089},
        {"\"2025-02-27T10:31:29-05:30\"", 1740672089},
        {"\"2025-02-30T16:01:29 tomorrow\"", 0},
        {"\"1740672089\"", 0},
        {"\"yesterday\"", 0},
        {"\"\"", 0},
        {"-5", 0},
        {"1e300", 0},
        {"null", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, 4096);
        buf_addf(&b, "[{\"resource\":\"http://x/\",\"lastUpdated\":%s}]", cases[i].text);
        assert_int_equal(page(b.p).resource[0].updated, cases[i].time);
        buf_release(&b);
    }
}

static void items_without_a_callable_url_are_skipped(void **state)
{
    (void)state;
    struct hub_bazaar p =
        page("{\"items\":[{},7,null,{\"resource\":\"mcp://tool\"},"
             "{\"resource\":\"https://a@b/\"},"
             "{\"resource\":{\"url\":\"https://ok.example/\",\"description\":\"d\"}}]}");
    assert_int_equal(p.seen, 6);
    assert_int_equal(p.count, 1);
    assert_text(p.resource[0].url, "https://ok.example/");
    assert_text(p.resource[0].description, "d");
    assert_int_equal(p.resource[0].offers, 0);
}

static void paging_ends(void **state)
{
    (void)state;
    uint64_t next;
    struct hub_bazaar p = {.seen = 20, .offset = 40, .total = 100};
    assert_true(hub_bazaar_more(&p, 40, &next) && next == 60);
    p.offset = 80;
    assert_false(hub_bazaar_more(&p, 80, &next));
    p.total = -1;
    assert_true(hub_bazaar_more(&p, 80, &next) && next == 100);
    p.seen = 0;
    assert_false(hub_bazaar_more(&p, 80, &next));
    /* A server that ignores the offset would be asked for ever. */
    p = (struct hub_bazaar){.seen = 100, .offset = 0, .total = 300};
    assert_true(hub_bazaar_more(&p, 0, &next) && next == 100);
    assert_false(hub_bazaar_more(&p, 100, &next));
    p.offset = -1;
    assert_false(hub_bazaar_more(&p, 0, &next));
}

static void networks_have_chain_ids(void **state)
{
    (void)state;
    assert_int_equal(hub_chain_id(untrusted("eip155:8453")), 8453);
    assert_int_equal(hub_chain_id(untrusted("eip155:9223372036854775807")), INT64_MAX);
    assert_int_equal(hub_chain_id(untrusted("base")), 8453);
    assert_int_equal(hub_chain_id(untrusted("base-sepolia")), 84532);
    assert_int_equal(hub_chain_id(untrusted("skale-base-sepolia")), 324705682);
    static const char *const none[] = {
        "",       "eip155:",   "eip155:0x1",
        "eip155", "eip155:1 ", "eip155:9223372036854775808",
        "Base",   "solana",    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(hub_chain_id(untrusted(none[i])), 0);
    assert_int_equal(hub_chain_id(untrusted(NULL)), 0);
}

static void what_is_no_list_is_said_in_words(void **state)
{
    (void)state;
    struct hub_bazaar p;
    struct err e;
    assert_int_equal(hub_bazaar_parse("{\"error\":\"gone\"}", 16, &arena, &p, &e), SOUK_ENET);
    assert_string_equal(e.msg, "the Bazaar answered: gone");
    assert_int_equal(hub_bazaar_parse("{}", 2, &arena, &p, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "a list of paid resources"));
    assert_int_equal(hub_bazaar_parse("<html>", 6, &arena, &p, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "the Bazaar's answer"));
    assert_null(p.resource);
}

static void without_memory_nothing_is_half_read(void **state)
{
    (void)state;
    souk_err rc = SOUK_ENOMEM;
    for (unsigned long n = 1; rc != SOUK_OK; n++) {
        struct arena a;
        struct hub_bazaar p;
        struct err e;
        arena_init(&a, 1 << 20);
        mem_fail_at(n, false);
        rc = hub_bazaar_parse(opengradient, strlen(opengradient), &a, &p, &e);
        mem_fail_at(0, false);
        assert_true(rc == SOUK_OK ? n > 1 && p.count == 1 : rc == SOUK_ENOMEM && p.count == 0);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opengradients_answer_is_read),
        cmocka_unit_test(the_specifications_shape_is_read),
        cmocka_unit_test(version_1_is_read),
        cmocka_unit_test(amounts_are_exact_or_unreadable),
        cmocka_unit_test(a_resource_has_at_most_sixteen_offers),
        cmocka_unit_test(times_are_read_in_every_form_seen),
        cmocka_unit_test(items_without_a_callable_url_are_skipped),
        cmocka_unit_test(paging_ends),
        cmocka_unit_test(networks_have_chain_ids),
        cmocka_unit_test(what_is_no_list_is_said_in_words),
        cmocka_unit_test(without_memory_nothing_is_half_read),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
