/*
 * A pinned certificate against real TLS servers (tests/unit/tls_peer.mjs): exactly that one is
 * accepted, and a server with any other has not heard a byte of the request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/http_internal.h"

extern char **environ;

enum { PEERS = 16 };

static struct peer {
    char name[16];
    int port;
    uint8_t pin[PIN_CAP];
    size_t pin_len;
} peer[PEERS];
static size_t peers;
static pid_t child;
static int child_stdin;
static struct loop *loop;
static struct http *http;

static void read_pin(struct peer *p, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        unsigned byte;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        p->pin[p->pin_len++] = (uint8_t)byte;
    }
}

static int start_peers(void **state)
{
    (void)state;
    int in[2], out[2];
    static char node[] = "node", script[] = "tests/unit/tls_peer.mjs";
    char *argv[] = {node, script, NULL};
    posix_spawn_file_actions_t fa;
    assert_int_equal(pipe(in) | pipe(out), 0);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, in[0], 0);
    posix_spawn_file_actions_adddup2(&fa, out[1], 1);
    posix_spawn_file_actions_addclose(&fa, in[1]);
    posix_spawn_file_actions_addclose(&fa, out[0]);
    if (posix_spawnp(&child, node, &fa, NULL, argv, environ) != 0)
        fail_msg("node does not start");
    posix_spawn_file_actions_destroy(&fa);
    close(in[0]);
    close(out[1]);
    child_stdin = in[1];
    static char line[4 * PIN_CAP], hex[2 * PIN_CAP + 1];
    FILE *f = fdopen(out[0], "r");
    while (f && fgets(line, sizeof line, f) && strcmp(line, "ready\n") != 0) {
        struct peer *p = &peer[peers++];
        assert_int_equal(sscanf(line, "%15s %d %32768s", p->name, &p->port, hex), 3);
        read_pin(p, hex);
    }
    assert_true(peers > 0);
    fclose(f);
    struct err e;
    loop = loop_new(&e);
    http = loop ? http_new(loop, &e) : NULL;
    return http ? 0 : -1;
}

static int stop_peers(void **state)
{
    (void)state;
    http_free(http);
    loop_free(loop);
    close(child_stdin);
    waitpid(child, NULL, 0);
    return 0;
}

static const struct peer *find(const char *name)
{
    for (size_t i = 0; i < peers; i++) {
        if (strcmp(peer[i].name, name) == 0)
            return &peer[i];
    }
    fail_msg("no peer %s", name);
    return NULL;
}

struct answer {
    int calls;
    struct err err;
    bool sent;
    char body[64];
};

static void keep(void *ud, struct http_response *r)
{
    struct answer *a = ud;
    a->calls++;
    a->err = r->err;
    a->sent = r->sent;
    snprintf(a->body, sizeof a->body, "%s", r->body.p);
}

/* One request to a peer, with the pin of another maybe. */
static struct answer ask(const char *name, const char *pin)
{
    struct answer a = {0};
    struct err e;
    char url[64];
    const struct peer *to = find(name), *expected = pin ? find(pin) : NULL;
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", to->port);
    struct http_request rq = {.url = url, .body = "secret", .body_len = 6};
    if (expected) {
        rq.pin = expected->pin;
        rq.pin_len = expected->pin_len;
    }
    assert_non_null(http_send(http, &rq, keep, &a, &e));
    while (!loop_idle(loop))
        loop_step(loop, -1);
    assert_int_equal(a.calls, 1);
    return a;
}

static void accepted(const char *name, const char *body)
{
    struct answer a = ask(name, name);
    if (a.err.code)
        fail_msg("%s: %s", name, a.err.msg);
    assert_string_equal(a.body, body);
    assert_true(a.sent);
}

static void refused(const char *name, const char *pin, const char *words)
{
    struct answer a = ask(name, pin);
    if (a.err.code != SOUK_EVERIFY || !strstr(a.err.msg, words))
        fail_msg("%s: %d \"%s\"", name, a.err.code, a.err.msg);
    assert_false(a.sent);
}

static void test_the_one_expected(void **state)
{
    (void)state;
    accepted("own", "1 1");
    accepted("rsa", "1 1");
    accepted("leaf", "1 1");
}

static void test_any_other(void **state)
{
    (void)state;
    refused("other", "other", "another certificate");
    refused("renewed", "renewed", "another certificate");
    refused("reissued", "reissued", "another certificate");
    refused("issued", "issued", "another certificate");
    refused("rsa", "own", "another certificate");
    refused("expired", "expired", "has expired");
}

/* A connection is kept for the calls of the same pin alone. */
static void test_kept_connections(void **state)
{
    (void)state;
    accepted("own", "1 2");
    refused("own", "rsa", "another certificate");
    accepted("own", "2 3");
    struct answer a = ask("own", NULL);
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_non_null(strstr(a.err.msg, "certificate is not trusted"));
    assert_false(a.sent);
}

/* --- the pin itself */

static void test_key_of_a_certificate(void **state)
{
    (void)state;
    const struct peer *p = find("rsa");
    char key[PIN_KEY], again[PIN_KEY];
    uint8_t bad[PIN_CAP + 1];
    assert_true(trust_key_of(p->pin, p->pin_len, key));
    assert_int_equal(strncmp(key, "sha256//", 8), 0);
    assert_int_equal(strlen(key), PIN_KEY - 1);
    for (size_t n = 0; n < p->pin_len; n++)
        assert_false(trust_key_of(p->pin, n, again));
    memcpy(bad, p->pin, p->pin_len);
    bad[p->pin_len] = 0;
    assert_false(trust_key_of(bad, p->pin_len + 1, again));
    unsigned refused = 0, same = 0;
    for (size_t bit = 0; bit < 8 * p->pin_len; bit++) {
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!trust_key_of(bad, p->pin_len, again))
            refused++;
        else
            same += strcmp(key, again) == 0;
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 100); /* lengths and tags on the way to the key */
    assert_in_range(8 * p->pin_len - refused - same, 2048, 3000); /* bits of the key */
}

static void test_pins_that_are_none(void **state)
{
    (void)state;
    const struct peer *p = find("own");
    struct answer a = {0};
    struct err e = {0};
    struct http_request rq = {
        .url = "https://127.0.0.1:1/", .pin = p->pin, .pin_len = p->pin_len - 1};
    assert_null(http_send(http, &rq, keep, &a, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    assert_string_equal(e.msg, "the certificate registered for 127.0.0.1:1 cannot be read");
    rq.pin_len = 0;
    assert_null(http_send(http, &rq, keep, &a, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    rq = (struct http_request){.url = "http://127.0.0.1:1/", .pin = p->pin, .pin_len = p->pin_len};
    assert_null(http_send(http, &rq, keep, &a, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "no https address"));
    assert_int_equal(a.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_one_expected),   cmocka_unit_test(test_any_other),
        cmocka_unit_test(test_kept_connections),   cmocka_unit_test(test_key_of_a_certificate),
        cmocka_unit_test(test_pins_that_are_none),
    };
    return cmocka_run_group_tests_name("net/http_tls", tests, start_peers, stop_peers);
}
