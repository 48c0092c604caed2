/* The WebSocket client against servers that keep to the protocol and others that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "net/ws.h"

#include "base/banned.h"

/* RFC 6455, 1.3 has this key and its answer. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ANSWER "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define HEAD(upgrade, connection, accept)                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: " upgrade "\r\nConnection: " connection \
    "\r\nSec-WebSocket-Accept: " accept "\r\n\r\n"

static void heads(void **state)
{
    static const struct {
        const char *head;
        bool ok;
    } all[] = {
        {HEAD("websocket", "Upgrade", ANSWER), true},
        {HEAD("WebSocket", "upgrade", ANSWER), true},
        {HEAD("websocket", "Upgrade", "x3pPLMBiTxaQ9kYGzzhZRbK+xOo="), false},
        {HEAD("websocket", "Upgrade", ANSWER "="), false},
        {HEAD("websocket", "Upgrade", ""), false},
        {HEAD("h2c", "Upgrade", ANSWER), false},
        {HEAD("websocket", "close", ANSWER), false},
        {HEAD("websocket", "Upgrade", ANSWER "\r\nSec-WebSocket-Accept: " ANSWER), false},
        {HEAD("websocket", "Upgrade", ANSWER "\r\nSec-WebSocket-Extensions: permessage-deflate"),
         false},
        {"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " ANSWER "\r\n\r\n",
         false},
        {"HTTP/1.1 1019 No\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " ANSWER "\r\n\r\n",
         false},
        {"HTTP/1.1 101", false},
        {"\r\n\r\n", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(ws_accepted(all[i].head, strlen(all[i].head), KEY), all[i].ok);
}

/* --- a server that says one thing */

enum { FLOOD = 30000, FLOODS = 100, FLOOD_MESSAGES = FLOOD * FLOODS / 4 };

enum speech {
    HELLO,
    TWO_PIECES,
    PING,
    PING_FLOOD,
    TEXT_FLOOD,
    BINARY,
    HUGE_FRAME,
    CLOSE,
    JUNK,
    ENDLESS_HEAD,
    NOTHING
};

static void give(int fd, const void *p, size_t n)
{
    if (write(fd, p, n) != (ssize_t)n)
        _exit(0);
}

static void accept_key(int fd, const char *request)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = strstr(request, "Sec-WebSocket-Key: ");
    struct sha1_ctx h;
    uint8_t sum[SHA1_DIGEST_SIZE];
    char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1], head[512];
    if (!key)
        _exit(1);
    sha1_init(&h);
    sha1_update(&h, 24, (const uint8_t *)key + 19);
    sha1_update(&h, sizeof guid - 1, (const uint8_t *)guid);
    sha1_digest(&h, sizeof sum, sum);
    base64_encode_raw(accept, sizeof sum, sum);
    accept[sizeof accept - 1] = '\0';
    int n = snprintf(head, sizeof head, HEAD("websocket", "Upgrade", "%s"), accept);
    give(fd, head, (size_t)n);
}

static void serve(int fd, enum speech what)
{
    static const uint8_t hello[] = {0x81, 2, 'h', 'i'}, pieces[] = {0x01, 1, 'h', 0x80, 1, 'i'},
                         ping[] = {0x89, 1, 'p', 0x81, 2, 'h', 'i'}, binary[] = {0x82, 1, 0},
                         huge[] = {0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0, 'x'},
                         bye[] = {0x88, 2, 3, 232};
    static uint8_t flood[FLOOD];
    char request[4096];
    ssize_t n = read(fd, request, sizeof request - 1);
    if (n <= 0)
        return;
    request[n] = '\0';
    if (what == JUNK) {
        give(fd, "220 mail.example ESMTP\r\n\r\n", 26);
    } else if (what == ENDLESS_HEAD) {
        for (int i = 0; i < 1000; i++)
            give(fd, "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
                 69);
    } else if (what != NOTHING) {
        accept_key(fd, request);
    }
    switch (what) {
    case HELLO:
        give(fd, hello, sizeof hello);
        break;
    case TWO_PIECES:
        give(fd, pieces, 3);
        give(fd, pieces + 3, 3);
        break;
    case PING:
        give(fd, ping, sizeof ping);
        break;
    case PING_FLOOD:
        for (size_t i = 0; i < sizeof flood; i++)
            flood[i] = ping[i % 3];
        give(fd, flood, sizeof flood); /* at once: it cannot be kept up with */
        break;
    case TEXT_FLOOD:
        for (size_t i = 0; i < sizeof flood; i++)
            flood[i] = hello[i % sizeof hello];
        for (size_t i = 0; i < FLOODS; i++)
            give(fd, flood, sizeof flood);
        break;
    case BINARY:
        give(fd, binary, sizeof binary);
        break;
    case HUGE_FRAME:
        give(fd, huge, sizeof huge);
        break;
    case CLOSE:
        give(fd, bye, sizeof bye);
        break;
    default:
        return;
    }
    while (read(fd, request, sizeof request) > 0)
        continue;
}

struct heard {
    struct loop *loop;
    struct ws *ws;
    int opened, messages, closed;
    int want;       /* messages after which it is enough; 0: one */
    int seen, most; /* messages when the turn began; the most of one turn */
    bool close_inside;
    char text[64];
    struct err why;
};

static void on_open(void *ud)
{
    struct heard *h = ud;
    struct err e;
    h->opened++;
    assert_int_equal(ws_send(h->ws, "{}", 2, &e), SOUK_OK);
}

static void on_message(void *ud, const char *p, size_t n)
{
    struct heard *h = ud;
    if (++h->messages < h->want)
        return;
    snprintf(h->text, sizeof h->text, "%.*s", (int)n, p);
    if (h->close_inside) {
        ws_close(h->ws);
        h->ws = NULL;
    }
    loop_stop(h->loop, 0);
}

static void on_closed(void *ud, const struct err *why)
{
    struct heard *h = ud;
    h->closed++;
    h->why = *why;
    loop_stop(h->loop, 0);
}

static void on_turn_end(void *ud)
{
    struct heard *h = ud;
    h->most = h->messages - h->seen > h->most ? h->messages - h->seen : h->most;
    h->seen = h->messages;
}

static void talk_to(enum speech what, struct heard *h)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    char url[64];
    struct err e;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    pid_t pid = fork();
    if (pid == 0) {
        serve(accept(fd, NULL, NULL), what);
        _exit(0);
    }
    close(fd);
    h->loop = loop_new(&e);
    loop_set_turn_end(h->loop, on_turn_end, h);
    const struct ws_events ev = {on_open, on_message, on_closed, h};
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/rpc?x=1", ntohs(a.sin_port));
    h->ws = ws_open(h->loop, url, &ev, &e);
    assert_non_null(h->ws);
    loop_run(h->loop);
    ws_close(h->ws);
    loop_free(h->loop);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void messages(void **state)
{
    (void)state;
    for (enum speech s = HELLO; s <= PING; s++) {
        for (int inside = 0; inside < 2; inside++) {
            struct heard h = {.close_inside = inside != 0};
            talk_to(s, &h);
            assert_int_equal(h.opened, 1);
            assert_int_equal(h.messages, 1);
            assert_int_equal(h.closed, 0);
            assert_string_equal(h.text, "hi");
        }
    }
}

/* However fast they come, the others on the loop have their turns. */
static void a_flood_of_messages(void **state)
{
    struct heard h = {.want = FLOOD_MESSAGES};
    (void)state;
    talk_to(TEXT_FLOOD, &h);
    assert_int_equal(h.messages, FLOOD_MESSAGES);
    assert_int_equal(h.closed, 0);
    assert_true(h.most < 3 * (1 << 18) / 4);
}

static void what_it_does_not_take(void **state)
{
    static const struct {
        enum speech what;
        const char *words;
    } all[] = {
        {PING_FLOOD, "broke"},
        {BINARY, "closed"},
        {HUGE_FRAME, "closed"},
        {CLOSE, "closed"},
        {JUNK, "does not speak WebSocket"},
        {ENDLESS_HEAD, "too long"},
        {NOTHING, "without an answer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct heard h = {0};
        talk_to(all[i].what, &h);
        assert_int_equal(h.messages, 0);
        assert_int_equal(h.closed, 1);
        assert_int_equal(h.why.code, SOUK_ENET);
        if (!strstr(h.why.msg, all[i].words))
            fail_msg("%zu: %s", i, h.why.msg);
    }
}

static void nobody_there(void **state)
{
    struct err e;
    struct heard h = {.loop = loop_new(&e)};
    const struct ws_events ev = {on_open, on_message, on_closed, &h};
    (void)state;
    h.ws = ws_open(h.loop, "ws://127.0.0.1:1", &ev, &e);
    loop_run(h.loop);
    assert_int_equal(h.closed, 1);
    assert_non_null(strstr(h.why.msg, "could not be reached"));
    ws_close(h.ws);
    h.ws = ws_open(h.loop, "ws://127.0.0.1:1", &ev, &e); /* given up before it is connected */
    ws_close(h.ws);
    loop_free(h.loop);
    assert_int_equal(h.closed, 1);
}

static void addresses(void **state)
{
    static const char *const bad[] = {"http://a", "ws:/a", "ws://a b", "wss://u@host/",
                                      "ws://a\r\nX: y"};
    struct err e;
    struct loop *l = loop_new(&e);
    const struct ws_events ev = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(ws_open(l, bad[i], &ev, &e));
        assert_int_equal(e.code, SOUK_EINPUT);
    }
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(messages),
        cmocka_unit_test(a_flood_of_messages),
        cmocka_unit_test(what_it_does_not_take),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
