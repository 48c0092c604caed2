#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "hostile.h"
#include "net/rpc.h"

/* --- rpc_parse ------------------------------------------------------------------------------- */

static souk_err parse(const char *text, size_t n, struct rpc_result *res, json **tree,
                      struct err *e)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_adds(&b, text);
    memset(e, 0, sizeof *e);
    souk_err code = rpc_parse(&b, n, res, tree, e);
    buf_release(&b);
    return code;
}

static void refused(const char *text, size_t n, const char *words)
{
    struct rpc_result res[4];
    struct err e;
    json *tree;
    assert_int_equal(parse(text, n, res, &tree, &e), SOUK_ENET);
    assert_null(tree);
    if (!strstr(e.msg, words))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
}

static void test_single(void **state)
{
    (void)state;
    struct rpc_result r;
    struct err e;
    json *tree;
    assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x10\"}", 1, &r, &tree, &e),
                     0);
    assert_string_equal(cJSON_GetStringValue(r.value), "0x10");
    json_free(tree);
    assert_int_equal(parse("{\"id\":1,\"error\":null,\"result\":null}", 1, &r, &tree, &e), 0);
    assert_true(cJSON_IsNull(r.value)); /* "no such block" is an answer */
    json_free(tree);
    assert_int_equal(
        parse("{\"id\":1,\"error\":{\"code\":-32005,\"message\":\"too much\"}}", 1, &r, &tree, &e),
        0);
    assert_null(r.value);
    assert_int_equal(r.code, -32005);
    assert_memory_equal(r.message.p, "too much", r.message.n);
    json_free(tree);
    assert_int_equal(parse("{\"id\":null,\"error\":{\"code\":-32700}}", 1, &r, &tree, &e), 0);
    assert_int_equal(r.code, -32700);
    assert_int_equal(r.message.n, 0);
    json_free(tree);
    assert_int_equal(parse("{\"id\":1,\"error\":\"no key\"}", 1, &r, &tree, &e), 0);
    assert_null(r.value);
    assert_memory_equal(r.message.p, "no key", 6);
    json_free(tree);
}

static void test_batch_in_any_order(void **state)
{
    (void)state;
    struct rpc_result r[3];
    struct err e;
    json *tree;
    assert_int_equal(parse("[{\"id\":3,\"result\":\"c\"},{\"id\":1,\"result\":\"a\"},"
                           "{\"id\":2,\"error\":{\"code\":-1,\"message\":\"b\"}}]",
                           3, r, &tree, &e),
                     0);
    assert_string_equal(cJSON_GetStringValue(r[0].value), "a");
    assert_null(r[1].value);
    assert_int_equal(r[1].code, -1);
    assert_string_equal(cJSON_GetStringValue(r[2].value), "c");
    json_free(tree);
}

static void test_answers_that_are_refused(void **state)
{
    (void)state;
    refused("", 1, "empty");
    refused("<html>", 1, "web page");
    refused("{\"id\":1,\"resu", 1, "cut off");
    refused("[{\"id\":1,\"result\":1},{\"id\":2,\"res", 2, "cut off");
    refused("{\"id\":2,\"result\":1}", 1, "not asked");
    refused("{\"id\":\"1\",\"result\":1}", 1, "not asked");
    refused("{\"result\":1}", 1, "not asked");
    refused("{\"id\":null,\"result\":1}", 1, "not asked");
    refused("{\"id\":1}", 1, "neither");
    refused("{\"id\":1,\"error\":null}", 1, "neither");
    refused("[{\"id\":1,\"result\":1}]", 1, "form");
    refused("{\"id\":1,\"result\":1}", 2, "form");
    refused("7", 1, "form");
    refused("[]", 2, "only 0 of 2");
    refused("[{\"id\":2,\"result\":1}]", 2, "only 1 of 2");
    refused("[{\"id\":1,\"result\":1},{\"id\":1,\"result\":2}]", 2, "twice");
    refused("[{\"id\":1,\"result\":1},{\"id\":3,\"result\":2}]", 2, "not asked");
    refused("[{\"id\":1,\"result\":1},{\"id\":0,\"result\":2}]", 2, "not asked");
    refused("[{\"id\":1,\"result\":1},{\"id\":1.5,\"result\":2}]", 2, "not asked");
    refused("[{\"id\":1,\"result\":1},{\"id\":2,\"result\":1},{\"id\":2,\"result\":1}]", 2,
            "twice");
    refused("[1,2]", 2, "not asked");
}

static void test_parse_without_memory(void **state)
{
    (void)state;
    static const char text[] =
        "[{\"id\":2,\"result\":\"a\\u0000\"},{\"id\":1,\"error\":{\"code\":7}}]";
    struct rpc_result r[2];
    struct err e;
    json *tree;
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_adds(&b, text);
    unsigned long before = mem_count();
    assert_int_equal(rpc_parse(&b, 2, r, &tree, &e), SOUK_OK);
    unsigned long all = mem_count() - before;
    json_free(tree);
    assert_in_range(all, 10, 100);
    for (unsigned long nth = 1; nth <= all; nth++) {
        mem_fail_at(nth, false);
        souk_err code = rpc_parse(&b, 2, r, &tree, &e);
        mem_fail_at(0, false);
        assert_int_equal(code, SOUK_ENOMEM);
        assert_null(tree);
    }
    buf_release(&b);
}

/* --- rpc_range_error ------------------------------------------------------------------------- */

static void test_range_errors(void **state)
{
    (void)state;
    static const struct {
        int64_t code;
        const char *message;
        enum rpc_range is;
        uint64_t blocks;
    } cases[] = {
        /* with a range that works */
        {-32005,
         "query returned more than 10000 results. Try with this block range "
         "[0x989680, 0x98A67F].",
         RPC_RANGE_SMALLER, 4096},
        {-32000, "Try with this block range [0x10,0x10]", RPC_RANGE_SMALLER, 1},
        {-32602,
         "Log response size exceeded. You can make eth_getLogs requests with up to a 2K "
         "block range and no limit on the response size, or you can request any block "
         "range with a cap of 10K logs in the response. Based on your parameters and the "
         "response size limit, this block range should work: [0x0, 0x3e7]",
         RPC_RANGE_SMALLER, 1000},
        {-32000, "this block range should work: [0x20,0x10]", RPC_RANGE_OTHER, 0},
        {-32005, "Try with this block range [0x0,0xffffffffffffffffffff].", RPC_RANGE_SMALLER, 0},
        /* with the number of blocks */
        {-32000, "eth_getLogs is limited to a 10,000 range", RPC_RANGE_SMALLER, 10000},
        {-32000, "eth_getLogs is limited to a 1000 blocks range", RPC_RANGE_SMALLER, 1000},
        {-32000, "eth_getLogs is limited to 1024 block range", RPC_RANGE_SMALLER, 1024},
        {-32000, "please limit the query to at most 1000 blocks", RPC_RANGE_SMALLER, 1000},
        {-32000, "maximum block range: 50000", RPC_RANGE_SMALLER, 50000},
        {-32000, "query exceeds max block range 100000", RPC_RANGE_SMALLER, 100000},
        {-32000, "block range exceeds the range allowed for your plan (3000 > 500)",
         RPC_RANGE_SMALLER, 500},
        {-32000, "block range greater than 2000 max", RPC_RANGE_SMALLER, 2000},
        {-32000, "block range exceeds 800", RPC_RANGE_SMALLER, 800},
        {-32600, "You can make eth_getLogs requests with up to a 500 block range",
         RPC_RANGE_SMALLER, 500},
        {-32000, "exceed max block range: 5000", RPC_RANGE_SMALLER, 5000},
        {-32000, "Max range: 2000", RPC_RANGE_SMALLER, 2000},
        {-32000, "requested too many blocks, maximum is set to 2048", RPC_RANGE_SMALLER, 2048},
        {-32000, "Maximum allowed number of requested blocks is 10000", RPC_RANGE_SMALLER, 10000},
        {-32000, "maximum [from, to] blocks distance: 2000", RPC_RANGE_SMALLER, 2000},
        {-32000, "query must be smaller than size 1000", RPC_RANGE_SMALLER, 1000},
        {-32000, "range is too large, max is 10k blocks", RPC_RANGE_SMALLER, 10000},
        {-32000, "range is too large, max is 1k blocks", RPC_RANGE_SMALLER, 1000},
        {-32000, "ranges over 10000 blocks are not supported on freetier", RPC_RANGE_SMALLER,
         10000},
        {-32000, "MAX RANGE: 2.000", RPC_RANGE_SMALLER, 2000},
        {-32000, "max range: 99999999999999999999999999", RPC_RANGE_SMALLER, UINT64_MAX},
        /* without one; other numbers are not taken for it */
        {-32600, "block range is too wide", RPC_RANGE_SMALLER, 0},
        {-32000, "Block range limit exceeded. See more details at example.com/5", RPC_RANGE_SMALLER,
         0},
        {-32614, "block range too large", RPC_RANGE_SMALLER, 0},
        {-32011, "no backend is currently healthy to serve traffic", RPC_RANGE_SMALLER, 0},
        {-32020, "backend response too large", RPC_RANGE_SMALLER, 0},
        {-32602, "query exceeds max results 20000", RPC_RANGE_SMALLER, 0},
        {-32005, "query returned more than 10000 results", RPC_RANGE_SMALLER, 0},
        {-32000, "logs matched by query exceeds limit of 10000", RPC_RANGE_SMALLER, 0},
        {-32000, "response size should not greater than 10000000 bytes", RPC_RANGE_SMALLER, 0},
        {-32000, "query timeout exceeded", RPC_RANGE_SMALLER, 0},
        {-32008, "response is too big", RPC_RANGE_SMALLER, 0},
        {-32005, "limit exceeded", RPC_RANGE_SMALLER, 0},
        /* about something else */
        {-32005, "daily request count exceeded, request rate limited", RPC_RANGE_OTHER, 0},
        {-32005, "limit exceeded: 10 per second", RPC_RANGE_OTHER, 0},
        {-32000, "execution reverted", RPC_RANGE_OTHER, 0},
        {-32601, "the method eth_getLogs does not exist", RPC_RANGE_OTHER, 0},
        {-32000, "this key is limited to a few methods", RPC_RANGE_OTHER, 0},
        {0, "", RPC_RANGE_OTHER, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t blocks = 77;
        enum rpc_range is = rpc_range_error(cases[i].code, untrusted(cases[i].message), &blocks);
        if (is != cases[i].is || blocks != cases[i].blocks)
            fail_msg("\"%s\": %d, %llu blocks", cases[i].message, is, (unsigned long long)blocks);
    }
}

static void test_range_error_of_hostile_text(void **state)
{
    (void)state;
    uint64_t blocks;
    char *huge = malloc(100000);
    assert_non_null(huge);
    memset(huge, '[', 100000);
    assert_int_equal(rpc_range_error(0, untrusted_n(huge, 100000), &blocks), RPC_RANGE_OTHER);
    memset(huge, '(', 100000);
    assert_int_equal(rpc_range_error(0, untrusted_n(huge, 100000), &blocks), RPC_RANGE_OTHER);
    free(huge);
    assert_int_equal(rpc_range_error(0, untrusted_n("max\0range: 5", 12), &blocks),
                     RPC_RANGE_SMALLER);
    assert_int_equal(blocks, 5);
    assert_int_equal(rpc_range_error(0, untrusted_n("[0x1,0x2", 8), &blocks), RPC_RANGE_OTHER);
}

static void test_busy_errors(void **state)
{
    (void)state;
    static const struct {
        int64_t code;
        const char *message;
        bool busy;
    } cases[] = {
        {-32005, "daily request count exceeded, request rate limited", true},
        {429, "Your app has exceeded its compute units per second capacity.", true},
        {429, "", true},
        {-32007, "50/second request limit reached", true},
        {-32016, "over rate limit", true},
        {-32005, "You've exceeded the RPS limit available on the current plan", true},
        {-32000, "Too Many Requests", true},
        {15, "Too many request, try again later", true},
        {-32005, "limit exceeded: 10 per second", true},
        {-32000, "request throttled by policy", true},
        /* of these a smaller question is wanted, or none */
        {-32005, "query returned more than 10000 results", false},
        {-32005, "limit exceeded", false},
        {-32000, "eth_getLogs is limited to a 10,000 range", false},
        {429, "block range too large", false},
        {-32000, "requested too many blocks, maximum is set to 2048", false},
        {-32601, "the method eth_getLogs does not exist", false},
        {0, "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (rpc_busy_error(cases[i].code, untrusted(cases[i].message)) != cases[i].busy)
            fail_msg("\"%s\"", cases[i].message);
    }
}

/* --- a client and a node ---------------------------------------------------------------------- */

static struct hostile *one, *two;
static struct loop *loop;
static struct http *http;
static struct rpc *rpc;

struct reply {
    int calls;
    struct err err;
    bool shrink;
    unsigned endpoint;
    char url[128];
    char *body;
    struct rpc *free_it;
};

static const struct rpc_call three[] = {
    {"eth_chainId", NULL},
    {"eth_getBlockByNumber", "[\"latest\",false]"},
    {"eth_blockNumber", "[]"},
};

static int set_up(void **state)
{
    (void)state;
    struct err e;
    one = hostile_start();
    two = hostile_start();
    loop = loop_new(&e);
    http = http_new(loop, &e);
    rpc = NULL;
    return http ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rpc_free(rpc);
    http_free(http);
    loop_free(loop);
    hostile_stop(one);
    hostile_stop(two);
    return 0;
}

static void use(bool both)
{
    char urls[200];
    struct err e;
    snprintf(urls, sizeof urls, " %s/one  %s", hostile_url(one), both ? hostile_url(two) : "");
    rpc = rpc_new(http, urls, "the payment chain", &e);
    assert_non_null(rpc);
    rpc_set_wait(rpc, 1);
}

static void keep(void *ud, struct rpc_reply *r)
{
    struct reply *k = ud;
    k->calls++;
    k->err = r->err;
    k->endpoint = r->endpoint;
    k->shrink = r->shrink;
    snprintf(k->url, sizeof k->url, "%s", r->url);
    k->body = mem_strndup(r->body.p, r->body.len);
    if (k->free_it)
        rpc_free(k->free_it);
}

static struct reply ask(const struct rpc_call *calls, size_t n)
{
    struct reply k = {0};
    struct err e;
    assert_int_equal(rpc_send(rpc, calls, n, keep, &k, &e), SOUK_OK);
    assert_int_equal(k.calls, 0);
    while (!loop_idle(loop))
        loop_step(loop, -1);
    assert_int_equal(k.calls, 1);
    return k;
}

static void answers(struct reply k, const char *body)
{
    if (k.err.code)
        fail_msg("%s", k.err.msg);
    assert_string_equal(k.body, body);
    mem_free(k.body);
}

static void fails(struct reply k, bool shrink, const char *words)
{
    assert_int_equal(k.err.code, SOUK_ENET);
    assert_int_equal(strncmp(k.err.msg, "the payment chain: ", 19), 0);
    if (!strstr(k.err.msg, words))
        fail_msg("\"%s\" does not say \"%s\"", k.err.msg, words);
    assert_int_equal(k.shrink, shrink);
    assert_string_equal(k.body, "");
    mem_free(k.body);
}

static const char good[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}";

static const char *body_of(struct hostile *h, size_t i)
{
    const char *r = hostile_request(h, i);
    assert_non_null(r);
    return strstr(r, "\r\n\r\n") + 4;
}

static void test_one_call(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, "/one", 200, "", good);
    answers(ask(three, 1), good);
    assert_string_equal(rpc_label(rpc), "the payment chain");
    assert_string_equal(body_of(one, 0),
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}");
    assert_non_null(strstr(hostile_request(one, 0), "\r\nContent-Type: application/json\r\n"));
}

static void test_a_batch(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, NULL, 200, "", " [1,2,3]\n");
    answers(ask(three, 3), " [1,2,3]\n");
    assert_string_equal(
        body_of(one, 0),
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]},"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_getBlockByNumber\","
        "\"params\":[\"latest\",false]},"
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"eth_blockNumber\",\"params\":[]}]");
}

/* A node that refuses batches is asked one by one; what comes out is a batch's answer. */
static void test_batch_refused(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, NULL, 200, "", "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"no\"}}");
    hostile_say(one, NULL, 200, "", "{\"id\":1,\"result\":\"a\"}");
    hostile_say(one, NULL, 429, "", "");
    hostile_say(one, NULL, 200, "", "{\"id\":2,\"error\":{\"code\":-1,\"message\":\"b\"}}");
    hostile_say(one, NULL, 200, "", "{\"id\":3,\"result\":\"c\"}");
    struct reply k = ask(three, 3);
    struct rpc_result r[3];
    struct err e;
    json *tree;
    assert_int_equal(k.err.code, SOUK_OK);
    assert_int_equal(parse(k.body, 3, r, &tree, &e), SOUK_OK);
    assert_string_equal(cJSON_GetStringValue(r[0].value), "a");
    assert_int_equal(r[1].code, -1);
    assert_string_equal(cJSON_GetStringValue(r[2].value), "c");
    json_free(tree);
    mem_free(k.body);
    assert_int_equal(hostile_count(one), 5);
    assert_string_equal(body_of(one, 4), "{\"jsonrpc\":\"2.0\",\"id\":3,"
                                         "\"method\":\"eth_blockNumber\",\"params\":[]}");
}

/* When the node fails half-way, the next one gets the whole batch: answers are never mixed. */
static void test_one_by_one_then_failover(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 400, "", "{\"error\":{\"code\":-32600,\"message\":\"no batches\"}}");
    hostile_say(one, NULL, 200, "", "{\"id\":1,\"result\":\"a\"}");
    hostile_say(one, NULL, 502, "", "<html>bad gateway</html>");
    hostile_say(two, NULL, 200, "", "[1,2,3]");
    answers(ask(three, 3), "[1,2,3]");
    assert_int_equal(hostile_count(one), 3);
    assert_int_equal(body_of(two, 0)[0], '[');
}

/* The same when it does not fail but is overloaded. */
static void test_one_by_one_then_overloaded(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 200, "", "{\"error\":{\"code\":-32600,\"message\":\"no batches\"}}");
    hostile_say(one, NULL, 200, "", "{\"id\":1,\"result\":\"a\"}");
    hostile_say(one, NULL, 429, "", "");
    hostile_say(two, NULL, 200, "", "[1,2,3]");
    answers(ask(three, 3), "[1,2,3]");
    assert_int_equal(body_of(two, 0)[0], '[');
}

static void moves_on(const char *words)
{
    hostile_say(two, NULL, 200, "", good);
    answers(ask(three, 1), good);
    assert_int_equal(hostile_count(one), 1);
    assert_int_equal(hostile_count(two), 1);
    answers(ask(three, 1), good); /* stays with what works */
    assert_int_equal(hostile_count(one), 1);
    assert_int_equal(hostile_count(two), 2);
    rpc_free(rpc);
    use(false);
    fails(ask(three, 1), false, words);
}

static void test_closed_at_once(void **state)
{
    (void)state;
    use(true);
    moves_on("closed the connection without an answer");
}

static void test_web_page(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 200, "", "<html>{}</html>");
    moves_on("did not answer in JSON");
}

static void test_empty(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 200, "", "");
    moves_on("sent an empty answer");
}

static void test_cut_json(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 200, "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"resu");
    moves_on("did not answer in JSON, or only in part");
}

static void test_half_a_body(void **state)
{
    (void)state;
    use(true);
    hostile_queue(
        one,
        (struct hostile_answer){
            .bytes = "HTTP/1.1 200 Yes\r\nContent-Length: 500\r\n\r\n{\"id\":1,\"result\":{}}"});
    moves_on("broke before the answer was complete");
}

static void test_500(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 500, "", "{\"oops\":1}");
    moves_on("answered with HTTP 500");
}

static void test_redirect(void **state)
{
    (void)state;
    use(true);
    hostile_say(one, NULL, 307, "Location: /elsewhere\r\n", "");
    moves_on("answered with HTTP 307");
}

/* Many nodes send JSON-RPC errors with a status of 400: that is an answer. */
static void test_error_with_400(void **state)
{
    (void)state;
    static const char error[] = "{\"id\":1,\"error\":{\"code\":-32602,\"message\":\"range\"}}";
    use(true);
    hostile_say(one, NULL, 400, "", error);
    answers(ask(three, 1), error);
    assert_int_equal(hostile_count(two), 0);
}

static void test_429_then_good(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, NULL, 429, "", "slow down");
    hostile_say(one, NULL, 503, "Retry-After: 0\r\n", "");
    hostile_say(one, NULL, 429, "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", "");
    hostile_say(one, NULL, 200, "", good);
    answers(ask(three, 1), good);
    assert_int_equal(hostile_count(one), 4);
}

/* Many nodes say it with HTTP 200. */
static void test_busy_with_200(void **state)
{
    (void)state;
    static const char busy[] = "{\"id\":1,\"error\":{\"code\":-32005,\"message\":\"rate limit\"}}";
    static const char half[] = "[{\"id\":1,\"result\":\"0x1\"},"
                               "{\"id\":2,\"error\":{\"code\":429,\"message\":\"no\"}}]";
    static const char both[] = "[{\"id\":1,\"result\":1},{\"id\":2,\"result\":2}]";
    use(false);
    hostile_say(one, NULL, 200, "", busy);
    hostile_say(one, NULL, 200, "", busy);
    hostile_say(one, NULL, 200, "", good);
    answers(ask(three, 1), good);
    assert_int_equal(hostile_count(one), 3);
    hostile_say(one, NULL, 200, "", half);
    hostile_say(one, NULL, 200, "", both);
    answers(ask(three, 2), both);
    hostile_say(one, NULL, 200, "", busy);
    fails(ask(three, 1), false, "limits how often");
}

static void test_second_opinion(void **state)
{
    (void)state;
    struct reply k = {0};
    struct err e;
    use(true);
    assert_int_equal(rpc_endpoints(rpc), 2);
    hostile_say(one, NULL, 200, "", good);
    hostile_say(two, NULL, 200, "", "{\"result\":2}");
    assert_int_equal(rpc_send_but(rpc, 1, three, 1, keep, &k, &e), SOUK_OK);
    while (!loop_idle(loop))
        loop_step(loop, -1);
    assert_int_equal(k.endpoint, 1);
    answers(k, "{\"result\":2}");
    answers(ask(three, 1), good); /* nothing has moved to the other */
    k = (struct reply){0};
    assert_int_equal(rpc_send_but(rpc, 3, three, 1, keep, &k, &e), SOUK_OK);
    while (!loop_idle(loop))
        loop_step(loop, -1);
    fails(k, false, "no other node");
}

static void test_429_for_ever(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, NULL, 429, "", "slow down");
    fails(ask(three, 1), false, "is overloaded (HTTP 429)");
    assert_int_equal(hostile_count(one), 5);
}

/* A wait of an hour is not waited out, nor shown as anything but what it is. */
static void test_429_with_a_long_wait(void **state)
{
    (void)state;
    use(false);
    hostile_say(one, NULL, 429, "Retry-After: 3600\r\n", "");
    fails(ask(three, 1), false, "asks to wait 3600 s");
    assert_int_equal(hostile_count(one), 1);
}

static void test_429_moves_on_without_waiting(void **state)
{
    (void)state;
    use(true);
    rpc_set_wait(rpc, 1000000);
    hostile_say(one, NULL, 429, "", "");
    hostile_say(two, NULL, 200, "", good);
    answers(ask(three, 1), good);
}

/* One is gone, the other overloaded: after the wait only the second is asked again. */
static void test_gone_and_overloaded(void **state)
{
    (void)state;
    use(true);
    hostile_say(two, NULL, 503, "", "");
    hostile_say(two, NULL, 503, "", "");
    hostile_say(two, NULL, 200, "", good);
    struct reply k = ask(three, 1);
    assert_string_equal(k.url, hostile_url(two));
    answers(k, good);
    assert_int_equal(hostile_count(one), 1);
    assert_int_equal(hostile_count(two), 3);
}

static void test_too_big(void **state)
{
    (void)state;
    use(true);
    hostile_queue(one, (struct hostile_answer){
                           .bytes = "HTTP/1.1 200 Yes\r\nContent-Length: 2147483648\r\n\r\n",
                           .end = HOSTILE_HOLD});
    hostile_say(two, NULL, 200, "", good);
    fails(ask(three, 1), true, "larger than");
    assert_int_equal(hostile_count(two), 0); /* it would be as big from there */
    answers(ask(three, 1), good);
    assert_int_equal(hostile_count(two), 1);
}

static void test_unreachable(void **state)
{
    (void)state;
    use(true);
    hostile_stop(one);
    hostile_stop(two);
    struct reply k = ask(three, 1);
    one = hostile_start();
    two = hostile_start();
    fails(k, false, "could not be reached: connection refused");
}

static void test_cancel(void **state)
{
    (void)state;
    struct reply a = {0}, b = {0}, c = {0};
    struct err e;
    use(false);
    hostile_queue(one,
                  (struct hostile_answer){.bytes = "HTTP/1.1 200 Yes\r\n", .end = HOSTILE_HOLD});
    hostile_say(one, NULL, 429, "Retry-After: 50\r\n", "");
    rpc_send(rpc, three, 1, keep, &a, &e);
    while (hostile_count(one) < 1)
        loop_step(loop, 10);
    rpc_send(rpc, three, 1, keep, &b, &e); /* will be waiting to ask again */
    while (hostile_count(one) < 2)
        loop_step(loop, 10);
    rpc_send(rpc, three, 1, keep, &c, &e); /* has not begun */
    assert_false(loop_idle(loop));
    rpc_cancel(rpc);
    assert_true(loop_idle(loop));
    loop_step(loop, 0);
    assert_int_equal(a.calls + b.calls + c.calls, 0);
}

static void test_free_from_done(void **state)
{
    (void)state;
    struct reply k = {0};
    struct err e;
    use(false);
    k.free_it = rpc;
    hostile_say(one, NULL, 200, "", good);
    rpc_send(rpc, three, 1, keep, &k, &e);
    while (!loop_idle(loop))
        loop_step(loop, -1);
    rpc = NULL;
    assert_int_equal(k.calls, 1);
    mem_free(k.body);
}

static void test_addresses(void **state)
{
    (void)state;
    struct err e;
    char many[33 * 3 + 1] = "";
    for (int i = 0; i < 33; i++)
        memcpy(many + 3 * i, "x: ", 4);
    assert_null(rpc_new(http, "  ", "the payment chain", &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    assert_null(rpc_new(http, many, "the payment chain", &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    many[32 * 3] = '\0';
    rpc = rpc_new(http, many, "the payment chain", &e);
    assert_non_null(rpc);
    struct reply k = ask(three, 1);
    assert_true(k.err.code != SOUK_OK);
    mem_free(k.body);
}

static void test_no_memory(void **state)
{
    (void)state;
    unsigned failed = 0;
    hostile_say(one, NULL, 200, "", "{\"error\":{}}");
    struct err e;
    char urls[100];
    snprintf(urls, sizeof urls, "%s", hostile_url(one));
    for (unsigned long nth = 1; nth < 200; nth++) {
        struct reply k = {0};
        unsigned long before = mem_count();
        mem_fail_at(nth, false);
        rpc = rpc_new(http, urls, "the payment chain", &e);
        souk_err sent = rpc ? rpc_send(rpc, three, 2, keep, &k, &e) : e.code;
        while (!loop_idle(loop))
            loop_step(loop, -1);
        bool reached = mem_count() - before >= nth;
        mem_fail_at(0, false);
        assert_int_equal(k.calls, sent ? 0 : 1);
        if (sent || k.err.code) {
            assert_int_equal(sent ? sent : k.err.code, SOUK_ENOMEM);
            failed++;
        }
        mem_free(k.body);
        rpc_free(rpc);
        rpc = NULL;
        if (!reached)
            break;
    }
    assert_in_range(failed, 15, 198);
}

#define WITH_NODES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_batch_in_any_order),
        cmocka_unit_test(test_answers_that_are_refused),
        cmocka_unit_test(test_parse_without_memory),
        cmocka_unit_test(test_range_errors),
        cmocka_unit_test(test_range_error_of_hostile_text),
        cmocka_unit_test(test_busy_errors),
        WITH_NODES(test_one_call),
        WITH_NODES(test_a_batch),
        WITH_NODES(test_batch_refused),
        WITH_NODES(test_one_by_one_then_failover),
        WITH_NODES(test_one_by_one_then_overloaded),
        WITH_NODES(test_closed_at_once),
        WITH_NODES(test_web_page),
        WITH_NODES(test_empty),
        WITH_NODES(test_cut_json),
        WITH_NODES(test_half_a_body),
        WITH_NODES(test_500),
        WITH_NODES(test_redirect),
        WITH_NODES(test_error_with_400),
        WITH_NODES(test_429_then_good),
        WITH_NODES(test_429_for_ever),
        WITH_NODES(test_busy_with_200),
        WITH_NODES(test_second_opinion),
        WITH_NODES(test_429_with_a_long_wait),
        WITH_NODES(test_429_moves_on_without_waiting),
        WITH_NODES(test_gone_and_overloaded),
        WITH_NODES(test_too_big),
        WITH_NODES(test_unreachable),
        WITH_NODES(test_cancel),
        WITH_NODES(test_free_from_done),
        WITH_NODES(test_addresses),
        WITH_NODES(test_no_memory),
    };
    return cmocka_run_group_tests_name("net/rpc", tests, NULL, NULL);
}
