/*
 * Where a request may go, what is known of it afterwards, and bodies as they come. Name look-ups
 * are answered by this program itself: "a-b-c-d.test" is a.b.c.d.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "hostile.h"
#include "net/http_internal.h"

static struct sockaddr_in resolved;

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
    unsigned a, b, c, d;
    static struct addrinfo one;
    (void)hints;
    *res = NULL;
    if (sscanf(node, "%u-%u-%u-%u.test", &a, &b, &c, &d) != 4)
        return EAI_NONAME;
    resolved.sin_family = AF_INET;
    resolved.sin_addr.s_addr = htonl(a << 24 | b << 16 | c << 8 | d);
    resolved.sin_port = htons((uint16_t)atoi(service));
    one = (struct addrinfo){.ai_family = AF_INET,
                            .ai_socktype = SOCK_STREAM,
                            .ai_protocol = IPPROTO_TCP,
                            .ai_addrlen = sizeof resolved,
                            .ai_addr = (struct sockaddr *)&resolved};
    *res = &one;
    return 0;
}

void freeaddrinfo(struct addrinfo *res)
{
    (void)res;
}

/* --- the frame */

static struct hostile *server;
static struct loop *loop;
static struct http *http;

static int set_up(void **state)
{
    (void)state;
    struct err e;
    server = hostile_start();
    loop = loop_new(&e);
    http = loop ? http_new(loop, &e) : NULL;
    return http ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    loop_free(loop);
    hostile_stop(server);
    return 0;
}

static const char *port(void)
{
    return strrchr(hostile_url(server), ':');
}

struct answer {
    int calls;
    struct err err;
    long status;
    bool sent, too_big, timed_out;
    char body[256], header[HTTP_WANT][256];
    bool has[HTTP_WANT];
    /* streaming */
    char streamed[4096];
    int pieces, stop_after;
    struct http_call *cancel; /* from within the receiver */
    struct http_call *self;
};

static void keep(void *ud, struct http_response *r)
{
    struct answer *a = ud;
    a->calls++;
    a->err = r->err;
    a->status = r->status;
    a->sent = r->sent;
    a->too_big = r->too_big;
    a->timed_out = r->timed_out;
    snprintf(a->body, sizeof a->body, "%s", r->body.p);
    for (int i = 0; i < HTTP_WANT; i++) {
        a->has[i] = r->header[i] != NULL;
        snprintf(a->header[i], sizeof a->header[i], "%s", r->header[i] ? r->header[i] : "");
    }
}

static void until_idle(void)
{
    while (!loop_idle(loop))
        loop_step(loop, -1);
}

static void send_to(const char *url, struct http_request rq, struct answer *a)
{
    struct err e;
    rq.url = url;
    a->self = http_send(http, &rq, keep, a, &e);
    assert_non_null(a->self);
}

static struct answer get_from(const char *url, struct http_request rq)
{
    struct answer a = {0};
    send_to(url, rq, &a);
    until_idle();
    assert_int_equal(a.calls, 1);
    return a;
}

static struct answer get(struct http_request rq)
{
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    return get_from(url, rq);
}

static void raw(const char *bytes, enum hostile_end end, const char *tail)
{
    hostile_forget(server);
    hostile_queue(server, (struct hostile_answer){.bytes = bytes, .end = end, .tail = tail});
}

/* --- addresses */

static const char *fault(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return trust_address_fault((struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return trust_address_fault((struct sockaddr *)&in6);
}

static void test_special_addresses(void **state)
{
    (void)state;
    static const char *const special[][2] = {
        {"0.0.0.0", "names no host"},
        {"0.255.255.255", "names no host"},
        {"10.0.0.0", "private"},
        {"10.255.255.255", "private"},
        {"100.64.0.0", "provider"},
        {"100.127.255.255", "provider"},
        {"127.0.0.1", "loopback"},
        {"127.255.255.254", "loopback"},
        {"169.254.169.254", "link-local"},
        {"172.16.0.0", "private"},
        {"172.31.255.255", "private"},
        {"192.0.0.8", "reserved"},
        {"192.0.2.1", "documentation"},
        {"192.88.99.1", "reserved"},
        {"192.168.1.1", "private"},
        {"198.18.0.0", "benchmarks"},
        {"198.19.255.255", "benchmarks"},
        {"198.51.100.7", "documentation"},
        {"203.0.113.7", "documentation"},
        {"224.0.0.1", "multicast"},
        {"239.255.255.255", "multicast"},
        {"240.0.0.1", "reserved"},
        {"255.255.255.255", "broadcast"},
        {"::", "names no host"},
        {"::1", "loopback"},
        {"::127.0.0.1", "reserved"},
        {"::ffff:127.0.0.1", "loopback"},
        {"::ffff:10.1.2.3", "private"},
        {"64:ff9b::7f00:1", "loopback"},
        {"64:ff9b::a9fe:a9fe", "link-local"},
        {"64:ff9b:1::1", "reserved"},
        {"100::1", "reserved"},
        {"2001::1", "reserved"},
        {"2001:1ff:ffff::", "reserved"},
        {"2001:db8::1", "documentation"},
        {"2002:7f00:1::", "loopback"},
        {"2002:c0a8:101::1", "private"},
        {"3fff:0fff::1", "documentation"},
        {"4000::1", "reserved"},
        {"5f00::1", "reserved"},
        {"fc00::1", "private"},
        {"fdff:ffff::1", "private"},
        {"fe80::1", "link-local"},
        {"febf::1", "link-local"},
        {"fec0::1", "reserved"},
        {"ff02::1", "multicast"},
    };
    static const char *const public[] = {
        "1.1.1.1",        "9.255.255.255", "11.0.0.0",     "100.63.255.255", "100.128.0.0",
        "126.1.1.1",      "128.0.0.1",     "169.253.1.1",  "169.255.0.1",    "172.15.255.255",
        "172.32.0.0",     "191.255.1.1",   "192.0.1.1",    "192.167.1.1",    "192.169.1.1",
        "198.17.1.1",     "198.20.0.0",    "198.51.99.1",  "203.0.112.1",    "223.255.255.254",
        "2000::1",        "2001:200::1",   "2001:db7::1",  "2001:db9::1",    "2606:4700::1111",
        "2003::1",        "3ffe::1",       "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
        "2002:808:808::1"};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        const char *words = fault(special[i][0]);
        if (!words || !strstr(words, special[i][1]))
            fail_msg("%s: %s", special[i][0], words ? words : "public");
    }
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++) {
        if (fault(public[i]))
            fail_msg("%s: %s", public[i], fault(public[i]));
    }
    struct sockaddr none = {.sa_family = AF_UNIX};
    assert_non_null(trust_address_fault(&none));
}

static void stays_home(const char *host, const char *message)
{
    char url[120], expected[300];
    snprintf(url, sizeof url, "http://%s%s/x", host, port());
    snprintf(expected, sizeof expected, "%s%s leads to %s: souk goes to public addresses only here",
             host, port(), message);
    struct answer a = get_from(url, (struct http_request){.public_only = true});
    assert_int_equal(a.err.code, SOUK_EINPUT);
    assert_string_equal(a.err.msg, expected);
    assert_false(a.sent);
    assert_int_equal(hostile_count(server), 0);
}

/* Our own server is there and would answer: it is never asked. */
static void test_public_only(void **state)
{
    (void)state;
    hostile_say(server, NULL, 200, "", "inside");
    stays_home("127.0.0.1", "127.0.0.1, a loopback address");
    stays_home("127.1", "127.0.0.1, a loopback address");
    stays_home("2130706433", "127.0.0.1, a loopback address");
    stays_home("0x7f000001", "127.0.0.1, a loopback address");
    stays_home("0177.0.0.1", "127.0.0.1, a loopback address");
    stays_home("0", "0.0.0.0, an address that names no host");
    stays_home("[::ffff:127.0.0.1]", "::ffff:127.0.0.1, a loopback address");
    stays_home("[::1]", "::1, a loopback address");
    stays_home("127-0-0-1.test", "127.0.0.1, a loopback address");
    stays_home("169-254-169-254.test", "169.254.169.254, a link-local address");
    stays_home("10-0-0-1.test", "10.0.0.1, an address of a private network");
    assert_string_equal(get((struct http_request){0}).body, "inside");
}

/* A connection that another call left open does not lead around it. */
static void test_public_only_with_a_kept_connection(void **state)
{
    (void)state;
    char url[80];
    hostile_say(server, NULL, 200, "", "inside");
    snprintf(url, sizeof url, "http://127-0-0-1.test%s/x", port());
    struct answer a = get_from(url, (struct http_request){0});
    assert_string_equal(a.body, "inside");
    a = get_from(url, (struct http_request){.public_only = true});
    assert_int_equal(a.err.code, SOUK_EINPUT);
    assert_non_null(strstr(a.err.msg, "127.0.0.1, a loopback address"));
    assert_false(a.sent);
    assert_int_equal(hostile_count(server), 1);
}

/* --- headers */

static const char *const wanted[] = {"PAYMENT-REQUIRED", "X-Upto-Session", NULL};

static void test_wanted_headers(void **state)
{
    (void)state;
    raw("HTTP/1.1 100 Continue\r\nX-Upto-Session: early\r\n\r\nHTTP/1.1 402 Pay\r\n"
        "payment-required: \t eyJ4IjoxfQ== \r\nPAYMENT-REQUIRED: second\r\n"
        "PAYMENT-REQUIRED-NOT: x\r\nContent-Length: 2\r\n\r\n{}",
        HOSTILE_KEEP, NULL);
    struct answer a = get((struct http_request){.want = wanted});
    assert_int_equal(a.status, 402);
    assert_string_equal(a.header[0], "eyJ4IjoxfQ==");
    assert_false(a.has[1]);
    assert_false(a.has[2]);
    raw("HTTP/1.1 200 Yes\r\nX-Upto-Session:\r\nPAYMENT-REQUIRED: \x1b]0;\xff\r\n"
        "Content-Length: 2\r\n\r\n{}",
        HOSTILE_KEEP, NULL);
    a = get((struct http_request){.want = wanted});
    assert_string_equal(a.header[0], "\x1b]0;\xff");
    assert_true(a.has[1]);
    assert_string_equal(a.header[1], "");
}

/* The receipt came, the answer broke: the receipt is still known. */
static void test_wanted_headers_of_a_failure(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\nPAYMENT-REQUIRED: r\r\nContent-Length: 9\r\n\r\n{}", HOSTILE_CLOSE,
        NULL);
    struct answer a = get((struct http_request){.want = wanted});
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_string_equal(a.header[0], "r");
    assert_true(a.sent);
}

static void test_a_huge_header(void **state)
{
    (void)state;
    static char block[65536];
    memset(block, 'A', sizeof block - 1);
    raw("HTTP/1.1 402 Pay\r\nPAYMENT-REQUIRED: ", HOSTILE_ENDLESS, block);
    struct answer a = get((struct http_request){.want = wanted});
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_non_null(strstr(a.err.msg, "more than 65536 bytes of headers"));
    assert_false(a.has[0]);
    assert_true(hostile_sent(server) < 16 << 20);
}

/* --- was it sent? */

static void test_sent(void **state)
{
    (void)state;
    hostile_say(server, NULL, 500, "", "no");
    assert_true(get((struct http_request){0}).sent);
    raw("", HOSTILE_CLOSE, NULL);
    assert_true(get((struct http_request){0}).sent);
    raw("HTTP/1.1 200", HOSTILE_HOLD, NULL);
    struct answer a = get((struct http_request){.stall_ms = 40});
    assert_true(a.timed_out && a.sent);
    assert_false(get_from("http://nowhere.test/", (struct http_request){0}).sent);
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    hostile_stop(server); /* nobody listens there any more */
    a = get_from(url, (struct http_request){.body = "pay", .body_len = 3});
    server = hostile_start();
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_false(a.sent);
}

/* A kept connection that the server closes on the next request: libcurl would ask again. */
static size_t asked_twice(bool once)
{
    hostile_forget(server);
    hostile_say(server, "/a", 200, "", "kept");
    hostile_queue(server, (struct hostile_answer){.path = "/x", .bytes = "", .end = HOSTILE_CLOSE});
    char url[80];
    snprintf(url, sizeof url, "%s/a", hostile_url(server));
    assert_string_equal(get_from(url, (struct http_request){0}).body, "kept");
    struct answer a = get((struct http_request){.body = "pay", .body_len = 3, .once = once});
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_true(a.sent);
    return hostile_count(server) - 1;
}

static void test_once(void **state)
{
    (void)state;
    assert_true(asked_twice(false) > 1);
    assert_int_equal(asked_twice(true), 1);
}

/* --- streams */

static bool receive(void *ud, const struct http_response *so_far, const char *p, size_t n)
{
    struct answer *a = ud;
    assert_int_equal(a->calls, 0);
    assert_int_equal(so_far->status, 200);
    assert_string_equal(so_far->content_type, "text/event-stream");
    assert_string_equal(so_far->header[1], "s1");
    size_t have = strlen(a->streamed);
    assert_true(have + n < sizeof a->streamed);
    memcpy(a->streamed + have, p, n);
    a->pieces++;
    if (a->cancel) {
        struct http_call *c = a->cancel;
        a->cancel = NULL;
        http_cancel(c);
    }
    return a->pieces != a->stop_after;
}

#define STREAM_HEAD "HTTP/1.1 200 Yes\r\nContent-Type: text/event-stream\r\nX-Upto-Session: s1\r\n"

static const struct http_request streaming = {.want = wanted, .stream = receive};

static void test_stream(void **state)
{
    (void)state;
    raw(STREAM_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n4\r\n a\n\n\r\n0\r\n\r\n",
        HOSTILE_KEEP, NULL);
    struct answer a = get(streaming);
    assert_int_equal(a.err.code, SOUK_OK);
    assert_string_equal(a.streamed, "data: a\n\n");
    assert_string_equal(a.body, "");
}

/* What came is handed on while more is awaited. */
static void test_stream_as_it_comes(void **state)
{
    (void)state;
    struct answer a = {0};
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    raw(STREAM_HEAD "\r\nfirst", HOSTILE_HOLD, NULL);
    send_to(url, streaming, &a);
    while (a.pieces == 0)
        loop_step(loop, -1);
    assert_string_equal(a.streamed, "first");
    assert_int_equal(a.calls, 0);
    http_cancel(a.self);
    assert_int_equal(a.err.code, SOUK_ECANCEL);
    until_idle();
    assert_int_equal(a.calls, 1);
}

static void test_stream_only_what_was_asked_for(void **state)
{
    (void)state;
    hostile_say(server, NULL, 402, "X-Upto-Session: s1\r\n", "{\"error\":\"expired\"}");
    struct answer a = get(streaming);
    assert_int_equal(a.pieces, 0);
    assert_string_equal(a.body, "{\"error\":\"expired\"}");
}

static void test_stream_has_a_cap(void **state)
{
    (void)state;
    struct http_request rq = streaming;
    rq.body_cap = 1000;
    raw(STREAM_HEAD "\r\n", HOSTILE_ENDLESS, "0123456789");
    struct answer a = get(rq);
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_true(a.too_big);
    assert_true(strlen(a.streamed) <= 1000);
    raw(STREAM_HEAD "Content-Length: 1001\r\n\r\n", HOSTILE_ENDLESS, "0123456789");
    assert_true(get(rq).too_big);
}

/* --- a receiver that is slower than the network */

struct slow {
    struct http_call *call;
    size_t came, pauses, while_paused;
    bool paused;
    int calls;
    struct err err;
};

static void slow_done(void *ud, struct http_response *r)
{
    struct slow *s = ud;
    s->calls++;
    s->err = r->err;
}

static void go_on(void *ud)
{
    struct slow *s = ud;
    s->paused = false;
    if (s->calls == 0)
        http_pause(s->call, false);
}

static bool slow_receive(void *ud, const struct http_response *so_far, const char *p, size_t n)
{
    struct slow *s = ud;
    (void)so_far;
    (void)p;
    s->came += n;
    s->while_paused += s->paused;
    if (!s->paused && s->pauses < 5) {
        s->pauses++;
        s->paused = true;
        http_pause(s->call, true);
        http_pause(s->call, true);      /* twice is once */
        loop_timer(loop, 60, go_on, s); /* longer than the server may be silent */
    }
    return true;
}

static struct slow slow_get(struct http_request rq)
{
    struct slow s = {0};
    struct err e;
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    rq.url = url;
    rq.stream = slow_receive;
    s.call = http_send(http, &rq, slow_done, &s, &e);
    assert_non_null(s.call);
    while (s.calls == 0)
        loop_step(loop, -1);
    until_idle();
    assert_int_equal(s.calls, 1);
    return s;
}

static void test_stream_has_to_wait(void **state)
{
    (void)state;
    static char answer[(3 << 20) + 128];
    const struct http_request rq = {.stall_ms = 30};
    int head =
        snprintf(answer, sizeof answer, "HTTP/1.1 200 Yes\r\nContent-Length: %d\r\n\r\n", 3 << 20);
    memset(answer + head, 'x', 3 << 20);
    hostile_forget(server);
    hostile_queue(server, (struct hostile_answer){
                              .bytes = answer, .n = (size_t)head + (3 << 20), .end = HOSTILE_KEEP});
    struct slow s = slow_get(rq);
    assert_int_equal(s.err.code, SOUK_OK); /* the silence was ours */
    assert_int_equal(s.came, 3 << 20);
    assert_true(s.pauses > 1);
    assert_int_equal(s.while_paused, 0);
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 5\r\n\r\nwhole", HOSTILE_KEEP, NULL);
    s = slow_get(rq); /* all of it has come when it is to wait */
    assert_int_equal(s.err.code, SOUK_OK);
    assert_int_equal(s.came, 5);
}

static void test_stream_stopped_by_its_receiver(void **state)
{
    (void)state;
    struct answer a = {.stop_after = 2}, other = {0};
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    raw(STREAM_HEAD "\r\n", HOSTILE_DRIBBLE, "0123456789");
    send_to(url, streaming, &a);
    until_idle();
    assert_int_equal(a.pieces, 2);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.err.code, SOUK_ECANCEL);

    memset(&a, 0, sizeof a); /* it may also cancel itself, and others */
    send_to(url, streaming, &a);
    a.cancel = a.self;
    until_idle();
    assert_int_equal(a.pieces, 1);
    assert_int_equal(a.calls, 1);

    memset(&a, 0, sizeof a);
    a.stop_after = 1;
    send_to(url, (struct http_request){.timeout_ms = 60000}, &other);
    send_to(url, streaming, &a);
    a.cancel = other.self;
    until_idle();
    assert_int_equal(other.err.code, SOUK_ECANCEL);
    assert_int_equal(a.err.code, SOUK_ECANCEL);
    assert_int_equal(other.calls + a.calls, 2);
}

/* Each allocation of such a call fails in turn. */
static void test_no_memory(void **state)
{
    (void)state;
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    struct http_request rq = streaming;
    rq.url = url;
    raw(STREAM_HEAD "Content-Length: 5\r\n\r\nhello", HOSTILE_KEEP, NULL);
    for (unsigned long nth = 1;; nth++) {
        struct answer a = {0};
        struct err e;
        unsigned long before = mem_count();
        mem_fail_at(nth, false);
        struct http_call *c = http_send(http, &rq, keep, &a, &e);
        until_idle();
        mem_fail_at(0, false);
        bool reached = mem_count() - before >= nth;
        assert_int_equal(a.calls, c ? 1 : 0);
        if (!c || a.err.code)
            assert_int_equal(c ? a.err.code : e.code, SOUK_ENOMEM);
        else
            assert_string_equal(a.streamed, "hello");
        if (!reached)
            break;
    }
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_addresses),
        WITH_SERVER(test_public_only),
        WITH_SERVER(test_public_only_with_a_kept_connection),
        WITH_SERVER(test_wanted_headers),
        WITH_SERVER(test_wanted_headers_of_a_failure),
        WITH_SERVER(test_a_huge_header),
        WITH_SERVER(test_sent),
        WITH_SERVER(test_once),
        WITH_SERVER(test_stream),
        WITH_SERVER(test_stream_as_it_comes),
        WITH_SERVER(test_stream_only_what_was_asked_for),
        WITH_SERVER(test_stream_has_a_cap),
        WITH_SERVER(test_stream_has_to_wait),
        WITH_SERVER(test_stream_stopped_by_its_receiver),
        WITH_SERVER(test_no_memory),
    };
    return cmocka_run_group_tests_name("net/http_trust", tests, NULL, NULL);
}
