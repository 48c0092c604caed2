/*
 * HTTP against a server that misbehaves in every way we know of. Name look-ups are answered by
 * this program itself: it defines getaddrinfo, which libcurl then uses instead of the C library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hostile.h"
#include "net/http.h"

/* --- names ----------------------------------------------------------------------------------- */

static sem_t asked, release; /* a look-up of "stuck.test" posts the one and waits for the other */

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
    (void)service;
    (void)hints;
    *res = NULL;
    if (strcmp(node, "stuck.test") == 0) {
        sem_post(&asked);
        sem_wait(&release);
    }
    return EAI_NONAME;
}

/* --- the frame ------------------------------------------------------------------------------- */

static struct hostile *server;
static struct loop *loop;
static struct http *http;

struct answer {
    int calls;
    struct http_response r; /* without the body */
    char *body;
    size_t len;
};

static void keep(void *ud, struct http_response *r)
{
    struct answer *a = ud;
    a->calls++;
    a->r = *r;
    free(a->body);
    a->len = r->body.len;
    a->body = malloc(r->body.len + 1);
    assert_non_null(a->body);
    memcpy(a->body, r->body.p, r->body.len + 1);
}

static void until_idle(void)
{
    while (!loop_idle(loop))
        loop_step(loop, -1);
}

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

static struct http_call *ask(struct http_request rq, const char *path, struct answer *a)
{
    char url[256];
    struct err e;
    snprintf(url, sizeof url, "%s%s", hostile_url(server), path);
    rq.url = url;
    memset(a, 0, sizeof *a);
    struct http_call *c = http_send(http, &rq, keep, a, &e);
    assert_non_null(c);
    assert_int_equal(a->calls, 0);
    return c;
}

/* One request to the end. Frees the body unless the caller wants it. */
static struct answer get(struct http_request rq)
{
    struct answer a;
    ask(rq, "/x", &a);
    while (!a.calls)
        loop_step(loop, -1);
    until_idle();
    assert_int_equal(a.calls, 1);
    if (a.r.err.code) {
        assert_int_equal(a.len, 0);
        assert_int_equal(a.r.status, 0);
        assert_null(strstr(a.r.err.msg, "curl"));
        assert_null(strchr(a.r.err.msg, '\n'));
    }
    return a;
}

static void fails(struct http_request rq, const char *words)
{
    struct answer a = get(rq);
    assert_int_equal(a.r.err.code, SOUK_ENET);
    if (!strstr(a.r.err.msg, words))
        fail_msg("\"%s\" does not say \"%s\"", a.r.err.msg, words);
    free(a.body);
}

static void raw(const char *bytes, enum hostile_end end, const char *tail)
{
    hostile_forget(server);
    hostile_queue(server, (struct hostile_answer){.bytes = bytes, .end = end, .tail = tail});
}

static void raw_n(const void *bytes, size_t n)
{
    hostile_forget(server);
    hostile_queue(server, (struct hostile_answer){.bytes = bytes, .n = n});
}

/* --- answers that are answers ---------------------------------------------------------------- */

static void test_get(void **state)
{
    (void)state;
    hostile_say(server, "/x", 200,
                "ETag: \"v1\"\r\nContent-Type: application/json; charset=utf-8\r\n", "{\"a\":1}");
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_int_equal(a.r.status, 200);
    assert_string_equal(a.body, "{\"a\":1}");
    assert_string_equal(a.r.etag, "\"v1\"");
    assert_string_equal(a.r.content_type, "application/json; charset=utf-8");
    assert_int_equal(a.r.retry_after, -1);
    free(a.body);
    const char *sent = hostile_request(server, 0);
    assert_int_equal(strncmp(sent, "GET /x HTTP/1.1\r\n", 17), 0);
    assert_non_null(strstr(sent, "\r\nAccept-Encoding: gzip, deflate\r\n"));
    assert_non_null(strstr(sent, "\r\nUser-Agent: souk/"));
    assert_null(strcasestr(sent, "\r\nExpect"));
}

static void test_post_and_conditional(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Type: application/json", "X-One: 1", NULL};
    hostile_say(server, NULL, 304, "", "");
    struct answer a = get((struct http_request){
        .headers = headers, .body = "[1,\0 2]", .body_len = 7, .etag = "\"v1\""});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_int_equal(a.r.status, 304);
    free(a.body);
    const char *sent = hostile_request(server, 0);
    assert_int_equal(strncmp(sent, "POST ", 5), 0);
    assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(sent, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(sent, "\r\nIf-None-Match: \"v1\"\r\n"));
    assert_non_null(strstr(sent, "\r\n\r\n[1,"));
}

static void test_methods(void **state)
{
    (void)state;
    struct answer a;
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 99\r\n\r\n", HOSTILE_KEEP, NULL);
    a = get((struct http_request){.method = "HEAD"});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_int_equal(a.len, 0);
    free(a.body);
    hostile_forget(server);
    hostile_say(server, NULL, 200, "", "ok");
    a = get((struct http_request){.method = "PUT", .body = "blob", .body_len = 4});
    assert_string_equal(a.body, "ok");
    free(a.body);
    assert_int_equal(strncmp(hostile_request(server, 0), "PUT /x HTTP/1.1\r\n", 17), 0);
    assert_non_null(strstr(hostile_request(server, 0), "\r\n\r\nblob"));
    a = get((struct http_request){.method = "POST"});
    assert_string_equal(a.body, "ok");
    free(a.body);
    assert_non_null(strstr(hostile_request(server, 1), "\r\nContent-Length: 0\r\n"));
}

enum { READ_BODY = 100000, READ_PIECE = 777 };

struct read_answer {
    struct answer a; /* first: keep() takes it */
    uint64_t until;  /* more cannot be had */
};

static char body_byte(uint64_t at)
{
    return (char)('a' + at % 23);
}

static size_t give(void *ud, uint64_t at, char *out, size_t n)
{
    struct read_answer *r = ud;
    size_t i = 0;
    for (; i < n && i < READ_PIECE && at + i < r->until; i++)
        out[i] = body_byte(at + i);
    return i;
}

static struct read_answer put_read(uint64_t until)
{
    struct read_answer r = {.until = until};
    struct err e;
    char url[256];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    struct http_request rq = {.url = url, .read = give, .body_len = READ_BODY};
    assert_non_null(http_send(http, &rq, keep, &r, &e));
    while (!r.a.calls)
        loop_step(loop, -1);
    until_idle();
    return r;
}

static void test_body_that_is_read(void **state)
{
    (void)state;
    hostile_say(server, NULL, 200, "", "stored");
    struct read_answer r = put_read(READ_BODY);
    assert_int_equal(r.a.r.err.code, SOUK_OK);
    assert_string_equal(r.a.body, "stored");
    free(r.a.body);
    const char *sent = hostile_request(server, 0);
    assert_int_equal(strncmp(sent, "PUT /x HTTP/1.1\r\n", 17), 0);
    assert_non_null(strstr(sent, "\r\nContent-Length: 100000\r\n"));
    assert_null(strstr(sent, "chunked"));
    const char *body = strstr(sent, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), READ_BODY);
    for (size_t i = 0; i < READ_BODY; i++)
        assert_int_equal(body[i], body_byte(i));
}

static void test_body_that_cannot_be_read(void **state)
{
    (void)state;
    hostile_say(server, NULL, 200, "", "stored");
    struct read_answer r = put_read(READ_BODY / 2);
    assert_int_equal(r.a.r.err.code, SOUK_EFAIL);
    assert_non_null(strstr(r.a.r.err.msg, "cannot be read any more"));
    free(r.a.body);
}

/* Any complete answer is one; what it means is the caller's business. */
static void test_other_statuses(void **state)
{
    (void)state;
    static const int statuses[] = {404, 429, 500, 503};
    for (size_t i = 0; i < 4; i++) {
        hostile_forget(server);
        hostile_say(server, NULL, statuses[i], "", "<html>oops</html>");
        struct answer a = get((struct http_request){0});
        assert_int_equal(a.r.err.code, SOUK_OK);
        assert_int_equal(a.r.status, statuses[i]);
        assert_string_equal(a.body, "<html>oops</html>");
        free(a.body);
    }
}

static void test_redirects_are_not_followed(void **state)
{
    (void)state;
    hostile_say(server, "/x", 302, "Location: /elsewhere\r\n", "");
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_int_equal(a.r.status, 302);
    assert_int_equal(hostile_count(server), 1);
    free(a.body);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum { N = 20 };
    struct answer a[N];
    hostile_say(server, NULL, 200, "", "same");
    for (int i = 0; i < N; i++)
        ask((struct http_request){0}, "/x", &a[i]);
    assert_false(loop_idle(loop));
    until_idle();
    for (int i = 0; i < N; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_string_equal(a[i].body, "same");
        free(a[i].body);
    }
    assert_int_equal(hostile_count(server), N);
}

static void count_turn(void *ud)
{
    ++*(int *)ud;
}

static void nothing(void *ud)
{
    (void)ud;
}

/* A connection kept for later wakes nobody. */
static void test_idle_afterwards(void **state)
{
    (void)state;
    int turns = 0;
    hostile_say(server, NULL, 200, "", "ok");
    struct answer a = get((struct http_request){0});
    free(a.body);
    loop_set_turn_end(loop, count_turn, &turns);
    loop_timer(loop, 100, nothing, NULL);
    until_idle();
    assert_int_equal(turns, 1);
}

/* --- header fields --------------------------------------------------------------------------- */

static int64_t retry(const char *value)
{
    char header[160];
    hostile_forget(server);
    snprintf(header, sizeof header, "Retry-After: %s\r\n", value);
    hostile_say(server, NULL, 429, header, "slow down");
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.status, 429);
    free(a.body);
    return a.r.retry_after;
}

static void test_retry_after(void **state)
{
    (void)state;
    clock_fix(1795226400); /* Sat, 21 Nov 2026 02:00:00 GMT */
    assert_int_equal(retry("0"), 0);
    assert_int_equal(retry("120"), 120);
    assert_int_equal(retry("99999999999999999999999"), INT32_MAX);
    assert_int_equal(retry("Sat, 21 Nov 2026 02:00:30 GMT"), 30);
    assert_int_equal(retry("Sat, 21 Nov 2026 01:00:00 GMT"), 0);
    assert_int_equal(retry("soon"), -1);
    assert_int_equal(retry("-5"), -1);
    assert_int_equal(retry("12 parsecs"), -1);
    assert_int_equal(retry(""), -1);
}

static void test_odd_header_values(void **state)
{
    (void)state;
    char header[600], tag[300];
    memset(tag, 'e', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    snprintf(header, sizeof header, "ETag: \"%s\"\r\nContent-Type: a\tb\033[2J\r\n", tag);
    hostile_say(server, NULL, 200, header, "ok");
    struct answer a = get((struct http_request){0});
    assert_string_equal(a.r.etag, ""); /* half an ETag would be a wrong one */
    assert_string_equal(a.r.content_type, "");
    assert_string_equal(a.body, "ok");
    free(a.body);
}

static void test_header_injection(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-One: 1\r\nX-Two: 2", NULL};
    struct err e;
    struct answer a = {0};
    struct http_request rq = {.url = hostile_url(server), .headers = headers};
    assert_null(http_send(http, &rq, keep, &a, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    rq = (struct http_request){.url = hostile_url(server), .etag = "\"a\"\nX: y"};
    assert_null(http_send(http, &rq, keep, &a, &e));
    until_idle();
    assert_int_equal(a.calls, 0);
    assert_int_equal(hostile_count(server), 0);
}

/* --- answers that are none ------------------------------------------------------------------- */

static void test_closed_at_once(void **state)
{
    (void)state;
    fails((struct http_request){0}, "closed the connection without an answer");
}

static void test_half_a_body(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 100\r\n\r\n[1,2", HOSTILE_CLOSE, NULL);
    fails((struct http_request){0}, "broke before the answer was complete");
    raw("HTTP/1.1 200 Yes\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2\r\n", HOSTILE_CLOSE, NULL);
    fails((struct http_request){0}, "broke before the answer was complete");
}

static void test_no_http(void **state)
{
    (void)state;
    raw("220 mail.example ESMTP\r\n", HOSTILE_CLOSE, NULL);
    fails((struct http_request){0}, "does not answer in HTTP");
    raw("{\"jsonrpc\":\"2.0\"}", HOSTILE_CLOSE, NULL);
    fails((struct http_request){0}, "does not answer in HTTP");
}

static void test_half_a_head(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\nContent-Le", HOSTILE_CLOSE, NULL);
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.err.code == SOUK_OK ? a.len : 0, 0); /* nothing came either way */
    free(a.body);
}

static void test_stated_too_big(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 2147483648\r\n\r\n", HOSTILE_ENDLESS,
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_true(a.r.too_big);
    assert_non_null(strstr(a.r.err.msg, "larger than 33554432 bytes"));
    free(a.body);
}

/* Cut at the cap: what the server could send is the cap and what lay in the socket buffers. */
static void endless(const char *head)
{
    static char block[65536];
    if (!block[0])
        memset(block, 'x', sizeof block - 1);
    raw(head, HOSTILE_ENDLESS, block);
    struct answer a = get((struct http_request){.body_cap = 1 << 20});
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_true(a.r.too_big);
    assert_false(a.r.timed_out);
    assert_non_null(strstr(a.r.err.msg, "larger than 1048576 bytes"));
    assert_in_range(hostile_sent(server), 1 << 20, 64 << 20);
    free(a.body);
}

static void test_never_ends(void **state)
{
    (void)state;
    endless("HTTP/1.1 200 Yes\r\n\r\n");
    endless("HTTP/1.1 200 Yes\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n");
}

static void test_body_of_exactly_the_cap(void **state)
{
    (void)state;
    hostile_say(server, NULL, 200, "", "0123456789");
    struct answer a = get((struct http_request){.body_cap = 10});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_string_equal(a.body, "0123456789");
    free(a.body);
    a = get((struct http_request){.body_cap = 9});
    assert_true(a.r.too_big);
    free(a.body);
}

static void test_endless_headers(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\n", HOSTILE_ENDLESS, "X-More: and more\r\n");
    fails((struct http_request){0}, "more than 65536 bytes of headers");
    raw("HTTP/1.1 100 Continue\r\n\r\n", HOSTILE_ENDLESS, "HTTP/1.1 100 Continue\r\n\r\n");
    fails((struct http_request){0}, "more than 65536 bytes of headers");
}

/* --- slowness -------------------------------------------------------------------------------- */

static void stalls(const char *bytes)
{
    raw(bytes, HOSTILE_HOLD, NULL);
    struct answer a = get((struct http_request){.stall_ms = 40});
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_true(a.r.timed_out);
    assert_non_null(strstr(a.r.err.msg, "has sent nothing for 0.04 s"));
    free(a.body);
}

static void test_stall(void **state)
{
    (void)state;
    stalls("H");
    stalls("HTTP/1.1 200 Yes\r\nContent-Length: 100\r\n\r\n");
    stalls("HTTP/1.1 200 Yes\r\nContent-Length: 100\r\n\r\n[1,2");
}

/* Bytes keep coming, so it does not stall; the whole transfer has an end all the same. */
static void test_dribble(void **state)
{
    (void)state;
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 100000\r\n\r\n", HOSTILE_DRIBBLE, "x");
    struct answer a = get((struct http_request){.timeout_ms = 300});
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_true(a.r.timed_out);
    assert_non_null(strstr(a.r.err.msg, "whole answer within 0.3 s"));
    assert_true(hostile_sent(server) > 45);
    free(a.body);
}

/* --- compression ----------------------------------------------------------------------------- */

static const unsigned char hello[] = {/* "hello" by gzip -n9 */
                                      0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 2,
                                      3,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86,
                                      0xa6, 0x10, 0x36, 5,    0,    0,    0};

static void gzipped(const void *p, size_t n)
{
    char *all = malloc(n + 200);
    assert_non_null(all);
    int head = snprintf(all, 200,
                        "HTTP/1.1 200 Yes\r\nContent-Encoding: gzip\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        n);
    memcpy(all + head, p, n);
    raw_n(all, (size_t)head + n);
    free(all);
}

static void test_gzip(void **state)
{
    (void)state;
    gzipped(hello, sizeof hello);
    struct answer a = get((struct http_request){0});
    assert_int_equal(a.r.err.code, SOUK_OK);
    assert_string_equal(a.body, "hello");
    free(a.body);
}

static void test_damaged_gzip(void **state)
{
    (void)state;
    unsigned char broken[sizeof hello];
    memcpy(broken, hello, sizeof hello);
    broken[10] = 0xff;
    gzipped(broken, sizeof broken);
    fails((struct http_request){0}, "damaged");
    gzipped("no gzip at all", 14);
    fails((struct http_request){0}, "damaged");
}

struct bits {
    unsigned char *p;
    size_t n; /* bits */
};

static void put(struct bits *b, unsigned value, int n)
{
    for (; n--; value >>= 1, b->n++)
        b->p[b->n / 8] = (unsigned char)(b->p[b->n / 8] | (value & 1) << b->n % 8);
}

/* 16 KiB that unpack to 2.6 MB: one zero, then "258 bytes as the last one" again and again. */
static void test_gzip_bomb(void **state)
{
    (void)state;
    unsigned char bomb[16 << 10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3};
    struct bits b = {bomb, 80};
    put(&b, 2, 3);    /* not the last block, fixed codes */
    put(&b, 0x0c, 8); /* the byte 0 */
    while (b.n + 13 <= 8 * sizeof bomb)
        put(&b, 0xa3, 13); /* length 258, distance 1 */
    gzipped(bomb, sizeof bomb);
    struct answer a = get((struct http_request){.body_cap = 1 << 20});
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_true(a.r.too_big);
    free(a.body);
}

/* --- no server ------------------------------------------------------------------------------- */

static struct answer get_url(const char *url)
{
    struct answer a = {0};
    struct err e;
    struct http_request rq = {.url = url};
    assert_non_null(http_send(http, &rq, keep, &a, &e));
    assert_int_equal(a.calls, 0);
    until_idle();
    assert_int_equal(a.calls, 1);
    free(a.body);
    a.body = NULL;
    return a;
}

static void test_unknown_name(void **state)
{
    (void)state;
    struct answer a = get_url("https://hub.test/api/v0/models?page=1");
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_string_equal(a.r.err.msg, "hub.test could not be reached: name not known");
}

static void test_refused(void **state)
{
    (void)state;
    char url[80], expected[160];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    snprintf(expected, sizeof expected, "%s could not be reached: connection refused",
             hostile_url(server) + strlen("http://"));
    hostile_stop(server); /* nobody listens there any more */
    struct answer a = get_url(url);
    server = hostile_start();
    assert_int_equal(a.r.err.code, SOUK_ENET);
    assert_string_equal(a.r.err.msg, expected);
    assert_false(a.r.timed_out);
}

static void test_addresses_that_are_none(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://127.0.0.1/x",
                                       "file:///etc/passwd",
                                       "gopher://x/",
                                       "http://",
                                       "http://a b/",
                                       "http://x/\r\nX: y",
                                       "",
                                       "javascript:alert(1)"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct answer a = get_url(urls[i]);
        if (a.r.err.code == SOUK_OK)
            fail_msg("%s was fetched", urls[i]);
        assert_int_equal(a.r.status, 0);
    }
    assert_int_equal(get_url("ftp://127.0.0.1/x").r.err.code, SOUK_EINPUT);
    assert_int_equal(get_url("http://a b/").r.err.code, SOUK_EINPUT);
}

/* A look-up that hangs holds up neither the loop nor whoever gives it up. */
static void test_stuck_name(void **state)
{
    (void)state;
    struct answer stuck = {0}, other;
    struct err e;
    struct http_request rq = {.url = "http://stuck.test/"};
    struct http_call *c = http_send(http, &rq, keep, &stuck, &e);
    assert_non_null(c);
    while (sem_trywait(&asked) != 0)
        loop_step(loop, 10);
    hostile_say(server, NULL, 200, "", "ok");
    ask((struct http_request){0}, "/x", &other);
    while (!other.calls)
        loop_step(loop, -1);
    assert_string_equal(other.body, "ok");
    assert_int_equal(stuck.calls, 0);
    http_cancel(c); /* returns although the look-up does not */
    assert_int_equal(stuck.calls, 1);
    assert_int_equal(stuck.r.err.code, SOUK_ECANCEL);
    rq.timeout_ms = 20;
    rq.connect_ms = 20;
    assert_non_null(http_send(http, &rq, keep, &stuck, &e));
    while (stuck.calls < 2)
        loop_step(loop, -1);
    assert_int_equal(stuck.r.err.code, SOUK_ENET);
    assert_false(stuck.r.timed_out); /* asking for less would not help */
    assert_non_null(strstr(stuck.r.err.msg, "looking its name up takes too long"));
    sem_post(&release);
    sem_post(&release);
    free(stuck.body);
    free(other.body);
}

/* --- giving up ------------------------------------------------------------------------------- */

static void test_cancel_while_loading(void **state)
{
    (void)state;
    struct answer a, b;
    hostile_say(server, NULL, 200, "", "ok");
    struct http_call *c = ask((struct http_request){0}, "/a", &a);
    ask((struct http_request){0}, "/b", &b);
    http_cancel(c);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.r.err.code, SOUK_ECANCEL);
    until_idle();
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.r.err.code, SOUK_OK);
    free(a.body);
    free(b.body);
}

static void test_cancel_in_the_middle(void **state)
{
    (void)state;
    struct answer a;
    raw("HTTP/1.1 200 Yes\r\nContent-Length: 100\r\n\r\n[1,2", HOSTILE_HOLD, NULL);
    struct http_call *c = ask((struct http_request){0}, "/x", &a);
    while (!hostile_sent(server))
        loop_step(loop, 10);
    http_cancel(c);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.r.err.code, SOUK_ECANCEL);
    assert_int_equal(a.len, 0);
    assert_true(loop_idle(loop));
    until_idle();
    assert_int_equal(a.calls, 1);
    free(a.body);
}

static void test_free_in_the_middle(void **state)
{
    (void)state;
    struct answer a, b;
    struct err e;
    raw("HTTP/1.1 200 Yes\r\n", HOSTILE_HOLD, NULL);
    ask((struct http_request){0}, "/a", &a);
    while (!hostile_sent(server))
        loop_step(loop, 10);
    ask((struct http_request){0}, "/b", &b);
    http_free(http);
    assert_int_equal(a.r.err.code, SOUK_ECANCEL);
    assert_int_equal(b.r.err.code, SOUK_ECANCEL);
    assert_int_equal(a.calls + b.calls, 2);
    assert_true(loop_idle(loop));
    free(a.body);
    free(b.body);
    http = http_new(loop, &e); /* freed while libcurl is being loaded for it */
    ask((struct http_request){0}, "/a", &a);
    http_free(http);
    assert_int_equal(a.r.err.code, SOUK_ECANCEL);
    free(a.body);
    until_idle();
    http = http_new(loop, &e);
    assert_non_null(http);
}

struct chain {
    struct answer a;
    int left;
    struct http_call *victim;
};

static void go_on(void *ud, struct http_response *r)
{
    struct chain *c = ud;
    keep(&c->a, r);
    if (c->victim) {
        struct http_call *v = c->victim;
        c->victim = NULL;
        http_cancel(v);
    }
    if (c->left-- > 0) {
        char url[80];
        struct err e;
        snprintf(url, sizeof url, "%s/next", hostile_url(server));
        struct http_request rq = {.url = url};
        http_send(http, &rq, go_on, c, &e); /* NULL when that is what ends us */
    }
}

/* done() may send and cancel: its own call (which has ended), and others. */
static void test_calls_from_done(void **state)
{
    (void)state;
    struct chain c = {.left = 0};
    struct answer victim;
    hostile_queue(server, (struct hostile_answer){.path = "/hold",
                                                  .bytes = "HTTP/1.1 200 Yes\r\n",
                                                  .end = HOSTILE_HOLD});
    hostile_say(server, "/x", 200, "", "first");
    hostile_say(server, "/next", 200, "", "next");
    ask((struct http_request){0}, "/hold", &victim);
    char url[80];
    struct err e;
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    struct http_request rq = {.url = url};
    c.victim = http_send(http, &rq, go_on, &c, &e); /* itself */
    assert_non_null(c.victim);
    while (!c.a.calls)
        loop_step(loop, -1);
    assert_int_equal(c.a.calls, 1);
    snprintf(url, sizeof url, "%s/hold", hostile_url(server));
    struct answer other = {0};
    c.victim = http_send(http, &rq, keep, &other, &e);
    c.left = 3;
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    assert_non_null(http_send(http, &rq, go_on, &c, &e));
    while (c.a.calls < 5)
        loop_step(loop, -1);
    assert_int_equal(other.r.err.code, SOUK_ECANCEL);
    assert_string_equal(c.a.body, "next");
    assert_int_equal(victim.calls, 0);
    c.left = 5; /* what http_free's callbacks try to send is refused */
    snprintf(url, sizeof url, "%s/hold", hostile_url(server));
    assert_non_null(http_send(http, &rq, go_on, &c, &e));
    http_free(http);
    http = NULL;
    assert_int_equal(c.a.calls, 6);
    assert_int_equal(victim.calls, 1);
    free(victim.body);
    free(other.body);
    free(c.a.body);
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Each allocation of a request fails in turn; one way or the other the caller hears of it. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-One: 1", NULL};
    char url[80];
    snprintf(url, sizeof url, "%s/x", hostile_url(server));
    struct http_request rq = {
        .url = url, .headers = headers, .etag = "\"e\"", .body = "b", .body_len = 1};
    unsigned failed = 0;
    hostile_say(server, NULL, 200, "", "a body");
    for (unsigned long nth = 1;; nth++) {
        struct answer a = {0};
        struct err e;
        unsigned long before = mem_count();
        mem_fail_at(nth, false);
        struct http_call *c = http_send(http, &rq, keep, &a, &e);
        until_idle();
        mem_fail_at(0, false);
        bool reached = mem_count() - before >= nth;
        if (!c) {
            assert_int_equal(e.code, SOUK_ENOMEM);
            assert_int_equal(a.calls, 0);
            failed++;
        } else {
            assert_int_equal(a.calls, 1);
            if (a.r.err.code) {
                assert_int_equal(a.r.err.code, SOUK_ENOMEM);
                failed++;
            } else {
                assert_string_equal(a.body, "a body");
            }
        }
        free(a.body);
        if (!reached)
            break;
    }
    assert_true(failed >= 8);
}

/* --- words ----------------------------------------------------------------------------------- */

static void test_host(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://hub-api.opengradient.ai/api/v0/models", "hub-api.opengradient.ai"},
        {"http://127.0.0.1:4080", "127.0.0.1:4080"},
        {"http://[::1]:80/x", "[::1]:80"},
        {"https://user:pass@node.example:8545/key", "node.example:8545"},
        {"https://a@b@c/x", "c"},
        {"https://node.example?key=1@2", "node.example"},
        {"nonsense", "nonsense"},
        {"", ""},
    };
    char out[104];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        http_host(cases[i][0], out);
        assert_string_equal(out, cases[i][1]);
    }
    char longest[300] = "http://";
    memset(longest + 7, 'h', 200);
    http_host(longest, out);
    assert_int_equal(strlen(out), 100);
}

static void test_escape(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 200);
    http_escape(&b, "a Z/9?#%&+-._~\0\xC3\xA9", 17);
    assert_string_equal(b.p, "a%20Z%2F9%3F%23%25%26%2B-._~%00%C3%A9");
    buf_release(&b);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_get),
        WITH_SERVER(test_post_and_conditional),
        WITH_SERVER(test_methods),
        WITH_SERVER(test_body_that_is_read),
        WITH_SERVER(test_body_that_cannot_be_read),
        WITH_SERVER(test_other_statuses),
        WITH_SERVER(test_redirects_are_not_followed),
        WITH_SERVER(test_many_at_once),
        WITH_SERVER(test_idle_afterwards),
        WITH_SERVER(test_retry_after),
        WITH_SERVER(test_odd_header_values),
        WITH_SERVER(test_header_injection),
        WITH_SERVER(test_closed_at_once),
        WITH_SERVER(test_half_a_body),
        WITH_SERVER(test_no_http),
        WITH_SERVER(test_half_a_head),
        WITH_SERVER(test_stated_too_big),
        WITH_SERVER(test_never_ends),
        WITH_SERVER(test_body_of_exactly_the_cap),
        WITH_SERVER(test_endless_headers),
        WITH_SERVER(test_stall),
        WITH_SERVER(test_dribble),
        WITH_SERVER(test_gzip),
        WITH_SERVER(test_damaged_gzip),
        WITH_SERVER(test_gzip_bomb),
        WITH_SERVER(test_unknown_name),
        WITH_SERVER(test_refused),
        WITH_SERVER(test_addresses_that_are_none),
        WITH_SERVER(test_stuck_name),
        WITH_SERVER(test_cancel_while_loading),
        WITH_SERVER(test_cancel_in_the_middle),
        WITH_SERVER(test_free_in_the_middle),
        WITH_SERVER(test_calls_from_done),
        WITH_SERVER(test_no_memory),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_escape),
    };
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* must make no difference */
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    sem_init(&asked, 0, 0);
    sem_init(&release, 0, 0);
    return cmocka_run_group_tests_name("net/http", tests, NULL, NULL);
}
