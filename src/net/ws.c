#include "net/ws.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <nettle/base64.h>
#include <wslay/wslay.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/curl.h"
#include "net/http.h"

#include "base/banned.h"

enum {
    CONNECT_MS = 10000,
    SHAKE_MS = 10000,
    KEY = 24,
    TURN_MAX = 1 << 18, /* bytes taken before others on the loop have their turn */
    QUEUE_MAX = 64, /* messages that wait to be sent; pings that nobody fetches the answers of */
};

enum stage { CONNECTING, SHAKING, OPEN, OVER };

struct ws {
    struct job job; /* first: connecting */
    struct loop *loop;
    struct ws_events ev;
    char *url, *web; /* as given; http(s) in its place */
    char host[104];
    const struct curl_api *api;
    CURL *easy;
    curl_socket_t fd;
    enum stage stage;
    bool connecting; /* the job is not done */
    bool closed;     /* ws_close was called */
    unsigned inside; /* callbacks under way */
    uint64_t timer;
    char key[KEY + 1];
    struct buf out, head; /* the request left to send; the answer's head, and what came behind it */
    size_t sent, head_end, turn; /* turn: bytes taken in this one */
    wslay_event_context_ptr frames;
    struct err err;
};

bool ws_is_url(const char *p, size_t n)
{
    return (n > 5 && strncasecmp(p, "ws://", 5) == 0) ||
           (n > 6 && strncasecmp(p, "wss://", 6) == 0);
}

/* --- its end */

static void on_fd(void *ud, int fd, short revents);

static void release(struct ws *w)
{
    if (w->frames)
        wslay_event_context_free(w->frames);
    if (w->easy)
        w->api->easy_cleanup(w->easy);
    buf_release(&w->out);
    buf_release(&w->head);
    mem_free(w->url);
    mem_free(w->web);
    mem_free(w);
}

/* Stops listening; frees it when nobody holds it any more. */
static void settle(struct ws *w)
{
    if (w->stage == OVER || w->closed) {
        loop_timer_cancel(w->loop, w->timer);
        w->timer = 0;
        if (w->fd != CURL_SOCKET_BAD)
            loop_unwatch(w->loop, w->fd);
        w->fd = CURL_SOCKET_BAD;
    }
    if (w->closed && !w->connecting && w->inside == 0)
        release(w);
}

static void end(struct ws *w, const struct err *why)
{
    if (w->stage == OVER)
        return;
    w->stage = OVER;
    if (w->fd != CURL_SOCKET_BAD)
        loop_unwatch(w->loop, w->fd);
    w->fd = CURL_SOCKET_BAD;
    if (!w->closed && w->ev.closed)
        w->ev.closed(w->ev.ud, why);
}

static void fail(struct ws *w, const char *words)
{
    struct err e;
    err_set(&e, SOUK_ENET, "%s: %s", w->host, words);
    end(w, &e);
}

void ws_close(struct ws *w)
{
    if (!w)
        return;
    w->closed = true;
    if (w->connecting)
        loop_cancel(&w->job);
    settle(w);
}

/* --- bytes */

static bool send_some(struct ws *w, const void *p, size_t n, size_t *sent)
{
    CURLcode rc = w->api->easy_send(w->easy, p, n, sent);
    if (rc == CURLE_AGAIN)
        *sent = 0;
    return rc == CURLE_OK || rc == CURLE_AGAIN;
}

/* 0 and true: nothing there now. */
static bool recv_some(struct ws *w, void *p, size_t n, size_t *got)
{
    *got = 0;
    CURLcode rc = w->api->easy_recv(w->easy, p, n, got);
    if (rc == CURLE_AGAIN) {
        *got = 0;
        return true;
    }
    return rc == CURLE_OK && *got > 0;
}

/* --- libwslay's callbacks */

static ssize_t on_want(wslay_event_context_ptr f, uint8_t *p, size_t n, int flags, void *ud)
{
    struct ws *w = ud;
    size_t got, kept = w->head.len - w->head_end;
    (void)flags;
    if (wslay_event_get_queued_msg_count(f) > QUEUE_MAX) {
        wslay_event_set_error(f, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (kept > 0) { /* came in one piece with the head */
        got = kept < n ? kept : n;
        memcpy(p, w->head.p + w->head_end, got);
        w->head_end += got;
        return (ssize_t)got;
    }
    got = 0;
    if (w->turn < TURN_MAX && !recv_some(w, p, n, &got)) {
        wslay_event_set_error(f, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (got == 0) {
        wslay_event_set_error(f, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    w->turn += got;
    return (ssize_t)got;
}

static ssize_t on_give(wslay_event_context_ptr f, const uint8_t *p, size_t n, int flags, void *ud)
{
    struct ws *w = ud;
    size_t sent;
    (void)flags;
    if (!send_some(w, p, n, &sent)) {
        wslay_event_set_error(f, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (sent == 0) {
        wslay_event_set_error(f, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    return (ssize_t)sent;
}

static int on_mask(wslay_event_context_ptr f, uint8_t *p, size_t n, void *ud)
{
    (void)ud;
    if (getrandom(p, n, 0) == (ssize_t)n)
        return 0;
    wslay_event_set_error(f, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void on_message(wslay_event_context_ptr f, const struct wslay_event_on_msg_recv_arg *m,
                       void *ud)
{
    struct ws *w = ud;
    if (w->closed || w->stage != OPEN)
        return;
    if (m->opcode == WSLAY_TEXT_FRAME && w->ev.message)
        w->ev.message(w->ev.ud, (const char *)m->msg, m->msg_length);
    else if (m->opcode == WSLAY_BINARY_FRAME)
        wslay_event_queue_close(f, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
}

/* --- the connection on the loop */

static void watch(struct ws *w)
{
    struct err e;
    if (w->stage == OVER || w->closed)
        return;
    bool write =
        w->stage == SHAKING ? w->sent < w->out.len : wslay_event_want_write(w->frames) != 0;
    if (loop_watch(w->loop, w->fd, (short)(POLLIN | (write ? POLLOUT : 0)), on_fd, w, &e))
        end(w, &e);
}

static void go_on(void *ud)
{
    struct ws *w = ud;
    w->timer = 0;
    on_fd(w, w->fd, 0);
}

static void talk(struct ws *w)
{
    w->turn = 0;
    int rc = wslay_event_recv(w->frames);
    if (w->closed || w->stage != OPEN)
        return;
    if (w->turn >= TURN_MAX && !w->timer) /* what TLS has read already the socket does not show */
        w->timer = loop_timer(w->loop, 1, go_on, w);
    if (rc == 0)
        rc = wslay_event_send(w->frames);
    if (rc != 0)
        fail(w, "the connection broke");
    else if (wslay_event_get_close_received(w->frames) || wslay_event_get_close_sent(w->frames))
        fail(w, "the node closed the connection");
}

static void become_open(struct ws *w)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_want,
                                                           .send_callback = on_give,
                                                           .genmask_callback = on_mask,
                                                           .on_msg_recv_callback = on_message};
    if (wslay_event_context_client_init(&w->frames, &callbacks, w) != 0) {
        struct err e;
        err_nomem(&e);
        end(w, &e);
        return;
    }
    wslay_event_config_set_max_recv_msg_length(w->frames, WS_MESSAGE_MAX);
    loop_timer_cancel(w->loop, w->timer);
    w->timer = 0;
    w->stage = OPEN;
    if (w->ev.open)
        w->ev.open(w->ev.ud);
    if (!w->closed && w->stage == OPEN)
        talk(w);
}

static void shake(struct ws *w)
{
    char piece[1024];
    size_t n;
    if (w->sent < w->out.len) {
        if (!send_some(w, w->out.p + w->sent, w->out.len - w->sent, &n)) {
            fail(w, "the connection broke");
            return;
        }
        w->sent += n;
    }
    do {
        if (!recv_some(w, piece, sizeof piece, &n)) {
            fail(w, "it closed the connection without an answer");
            return;
        }
        buf_add(&w->head, piece, n);
        const char *blank = memmem(w->head.p, w->head.len, "\r\n\r\n", 4);
        if (blank) {
            w->head_end = (size_t)(blank - w->head.p) + 4;
            if (ws_accepted(w->head.p, w->head_end, w->key))
                become_open(w);
            else
                fail(w, "it does not speak WebSocket there");
            return;
        }
    } while (n > 0 && !w->head.bad);
    if (w->head.bad)
        fail(w, "its answer's head is too long");
}

static void on_fd(void *ud, int fd, short revents)
{
    struct ws *w = ud;
    (void)fd;
    (void)revents;
    w->inside++;
    if (w->stage == SHAKING)
        shake(w);
    else if (w->stage == OPEN)
        talk(w);
    watch(w);
    w->inside--;
    settle(w);
}

static void too_late(void *ud)
{
    struct ws *w = ud;
    w->timer = 0;
    w->inside++;
    fail(w, "it does not answer");
    w->inside--;
    settle(w);
}

souk_err ws_send(struct ws *w, const char *text, size_t n, struct err *e)
{
    const struct wslay_event_msg m = {WSLAY_TEXT_FRAME, (const uint8_t *)text, n};
    if (w->stage != OPEN)
        return err_set(e, SOUK_ENET, "%s: the connection is not open", w->host);
    if (wslay_event_queue_msg(w->frames, &m) != 0)
        return err_nomem(e);
    watch(w);
    return SOUK_OK;
}

/* --- connecting */

static int give_up(void *ud, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct ws *w = ud;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&w->job.cancelled);
}

#define SET(option, value) (w->api->easy_setopt(w->easy, (option), (value)) == CURLE_OK)

static bool set_options(struct ws *w)
{
    return SET(CURLOPT_URL, w->web) && SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
           SET(CURLOPT_PROXY, "") && SET(CURLOPT_CONNECT_ONLY, 1L) &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) && SET(CURLOPT_QUICK_EXIT, 1L) &&
           SET(CURLOPT_NOPROGRESS, 0L) && SET(CURLOPT_XFERINFOFUNCTION, give_up) &&
           SET(CURLOPT_XFERINFODATA, w) && SET(CURLOPT_NOSIGNAL, 1L);
}

#undef SET

static void connect_run(struct job *j)
{
    struct ws *w = (struct ws *)j;
    w->api = curl_load(&w->err);
    if (!w->api)
        return;
    w->easy = w->api->easy_init();
    if (!w->easy || !set_options(w)) {
        err_nomem(&w->err);
        return;
    }
    CURLcode rc = w->api->easy_perform(w->easy);
    if (rc != CURLE_OK)
        err_set(&w->err, SOUK_ENET, "%s could not be reached: %s", w->host,
                w->api->easy_strerror(rc));
    else if (w->api->easy_getinfo(w->easy, CURLINFO_ACTIVESOCKET, &w->fd) != CURLE_OK ||
             w->fd == CURL_SOCKET_BAD)
        err_set(&w->err, SOUK_ENET, "%s closed the connection", w->host);
}

/* The path and query of an address; "/" when it has none. */
static const char *path_of(const char *web)
{
    const char *p = strstr(web, "://") + 3;
    p += strcspn(p, "/?");
    return *p ? p : "/";
}

static bool ask(struct ws *w)
{
    uint8_t nonce[16];
    const char *path = path_of(w->web);
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        return false;
    base64_encode_raw(w->key, sizeof nonce, nonce);
    buf_addf(&w->out,
             "GET %s%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
             "User-Agent: souk/" SOUK_VERSION "\r\n\r\n",
             path[0] == '?' ? "/" : "", path, w->host, w->key);
    w->timer = loop_timer(w->loop, SHAKE_MS, too_late, w);
    return w->timer && !w->out.bad;
}

static void connect_done(struct job *j)
{
    struct ws *w = (struct ws *)j;
    w->connecting = false;
    loop_busy(w->loop, -1);
    w->inside++;
    if (w->closed) {
        w->stage = OVER;
        w->fd = CURL_SOCKET_BAD; /* never watched */
    } else if (w->err.code != SOUK_OK) {
        w->fd = CURL_SOCKET_BAD;
        end(w, &w->err);
    } else if (!ask(w)) {
        err_nomem(&w->err);
        end(w, &w->err);
    } else {
        w->stage = SHAKING;
        watch(w);
    }
    w->inside--;
    settle(w);
}

struct ws *ws_open(struct loop *l, const char *url, const struct ws_events *ev, struct err *e)
{
    struct buf web;
    if (!ws_is_url(url, strlen(url)) || strpbrk(url, " \r\n\t#@")) {
        err_set(e, SOUK_EINPUT, "\"%.60s\" is no address such as wss://host/path", url);
        return NULL;
    }
    struct ws *w = mem_zalloc(sizeof *w);
    buf_init(&web, 2048);
    buf_addf(&web, "http%s", url + 2); /* ws: http:, wss: https: */
    if (w) {
        w->url = mem_strdup(url);
        w->web = buf_detach(&web, NULL);
    }
    buf_release(&web);
    if (!w || !w->url || !w->web) {
        if (w)
            mem_free(w->web);
        if (w)
            mem_free(w->url);
        mem_free(w);
        err_nomem(e);
        return NULL;
    }
    w->loop = l;
    w->ev = *ev;
    w->fd = CURL_SOCKET_BAD;
    w->connecting = true;
    buf_init(&w->out, WS_HEAD_MAX);
    buf_init(&w->head, WS_HEAD_MAX);
    http_host(url, w->host);
    w->job.run = connect_run;
    w->job.done = connect_done;
    loop_busy(l, 1);
    loop_submit(l, LANE_WAIT, &w->job);
    return w;
}
