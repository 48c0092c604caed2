/*
 * http.c: see http.h. The loop's side of it.
 *
 * A call waits in `calls` until libcurl is loaded, then runs on the multi handle; libcurl says
 * which sockets and which one timer it wants; hand_on() delivers what has come of streamed bodies
 * and collect() finishes what libcurl reports as done. No libcurl function that changes anything is
 * called from within a libcurl callback, and neither stream() nor done() from within either.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_internal.h"
#include "base/banned.h"

enum { TIMEOUT_MS = 30000, CONNECT_MS = 5000, STALL_MS = 15000, HOST_MAX = 100 };

struct load {
    struct job job;
    struct http *h; /* NULL when http_free was quicker */
    const struct curl_api *api;
    struct err err;
};

struct http {
    struct loop *loop;
    const struct curl_api *api; /* NULL until loaded */
    struct load *load;          /* under way */
    CURLM *multi;
    uint64_t curl_timer;
    struct http_call *calls, *last; /* in the order they came */
    bool closing;
};

/* --- small things */

void http_host(const char *url, char out[104])
{
    const char *p = strstr(url, "://");
    p = p ? p + 3 : url;
    size_t n = strcspn(p, "/?#");
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '@') { /* what stands before it may be a password */
            p += i + 1;
            n -= i + 1;
            i = (size_t)-1;
        }
    }
    snprintf(out, 104, "%.*s", (int)(n < HOST_MAX ? n : HOST_MAX), p);
}

void http_escape(struct buf *b, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-._~", c)))
            buf_addc(b, (char)c);
        else
            buf_addf(b, "%%%02X", c);
    }
}

struct loop *http_loop(const struct http *h)
{
    return h->loop;
}

static void free_call(struct http_call *c)
{
    if (c->gone)
        *c->gone = true;
    headers_free(c);
    mem_free(c->method);
    mem_free(c->url);
    mem_free(c->body);
    mem_free(c->pin);
    buf_release(&c->piece);
    buf_release(&c->r.body);
    mem_free(c);
}

static void drop_easy(struct http_call *c)
{
    const struct curl_api *api = c->h->api;
    api->easy_cleanup(c->easy);
    c->easy = NULL;
    api->slist_free_all(c->curl_headers);
    c->curl_headers = NULL;
}

/* Takes the call off everything that could reach it. */
static void detach(struct http_call *c)
{
    struct http *h = c->h;
    if (c->prev)
        c->prev->next = c->next;
    else
        h->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        h->last = c->prev;
    loop_timer_cancel(h->loop, c->stall_timer);
    if (c->easy) {
        h->api->multi_remove_handle(c->stage, c->easy);
        drop_easy(c);
    }
    loop_busy(h->loop, -1);
}

/* Ends the call; c->r.err is set. h may have changed in any way when this returns. */
static void finish(struct http_call *c)
{
    detach(c);
    if (c->r.err.code != SOUK_OK) {
        buf_release(&c->r.body);
        c->r.status = 0;
    }
    http_done_fn done = c->done;
    c->done = NULL;
    done(c->ud, &c->r);
    free_call(c);
}

/* Fails what depends on `stage`, though not what the callbacks start meanwhile. */
static void fail_all(struct http *h, const void *stage, const struct err *why)
{
    struct http_call *c = h->calls;
    while (c) {
        if (c->stage != stage) {
            c = c->next;
            continue;
        }
        c->r.err = *why;
        finish(c);
        c = h->calls; /* the list may be another by now */
    }
}

/* Delivers what came of streamed bodies. A receiver may end and begin calls, so the list is another
 * after each; no bytes come meanwhile. */
static void hand_on(struct http *h)
{
    struct http_call *c = h->calls;
    while (c) {
        bool gone = false;
        if (!c->piece.len) {
            c = c->next;
            continue;
        }
        if (!body_hand_on(c, &gone) && !gone) {
            err_set(&c->r.err, SOUK_ECANCEL, "stopped");
            finish(c);
        }
        c = h->calls;
    }
}

static void collect(struct http *h);

/* When libcurl cannot go on, every call fails and the next one starts anew. */
static void give_up_multi(struct http *h)
{
    CURLM *dead = h->multi;
    h->multi = NULL;
    loop_timer_cancel(h->loop, h->curl_timer);
    h->curl_timer = 0;
    struct err why;
    err_nomem(&why); /* the one way in which the callbacks below fail */
    fail_all(h, dead, &why);
    h->api->multi_cleanup(dead);
}

static void drive(struct http *h, curl_socket_t fd, int events)
{
    int running;
    if (h->multi && h->api->multi_socket_action(h->multi, fd, events, &running) != CURLM_OK) {
        give_up_multi(h);
    } else {
        hand_on(h);
        collect(h);
    }
}

static void on_fd(void *ud, int fd, short revents)
{
    int events = (revents & POLLIN ? CURL_CSELECT_IN : 0) |
                 (revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                 (revents & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);
    drive(ud, fd, events);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ud, void *per_socket)
{
    struct http *h = ud;
    (void)easy;
    (void)per_socket;
    if (what == CURL_POLL_REMOVE) {
        loop_unwatch(h->loop, fd);
        return 0;
    }
    short events = what == CURL_POLL_IN    ? POLLIN
                   : what == CURL_POLL_OUT ? POLLOUT
                                           : POLLIN | POLLOUT;
    return loop_watch(h->loop, fd, events, on_fd, h, NULL) ? -1 : 0;
}

static void on_curl_timer(void *ud)
{
    struct http *h = ud;
    h->curl_timer = 0;
    drive(h, CURL_SOCKET_TIMEOUT, 0);
}

static int set_curl_timer(CURLM *multi, long ms, void *ud)
{
    struct http *h = ud;
    if (multi != h->multi)
        return 0; /* one that was given up */
    loop_timer_cancel(h->loop, h->curl_timer);
    h->curl_timer = 0;
    if (ms < 0)
        return 0;
    h->curl_timer = loop_timer(h->loop, ms, on_curl_timer, h);
    return h->curl_timer ? 0 : -1;
}

static void collect(struct http *h)
{
    CURLMsg *m;
    int left;
    while (h->multi && (m = h->api->multi_info_read(h->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        struct http_call *c = NULL;
        CURLcode rc = m->data.result;
        h->api->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        h->api->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &c->r.status);
        if (rc != CURLE_OK)
            words_for(h->api, c, rc);
        finish(c);
    }
}

/* --- one call */

static int64_t bytes_moved(struct http_call *c)
{
    curl_off_t up = 0, down = 0;
    long headers = 0;
    c->h->api->easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    c->h->api->easy_getinfo(c->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    c->h->api->easy_getinfo(c->easy, CURLINFO_HEADER_SIZE, &headers);
    return up + down + headers;
}

/* Looks four times per stall_ms whether anything moved: uploads have no callback to notice it in.
 */
static void check_stall(void *ud)
{
    struct http_call *c = ud;
    int64_t now = clock_mono_ms(), moved = bytes_moved(c);
    c->stall_timer = 0;
    if (moved != c->moved || c->paused) {
        c->moved = moved;
        c->moved_at = now;
    }
    if (now - c->moved_at < c->stall_ms) {
        c->stall_timer = loop_timer(c->h->loop, c->stall_ms / 4 + 1, check_stall, c);
        if (c->stall_timer)
            return;
        err_nomem(&c->r.err);
    } else {
        char host[104];
        http_host(c->url, host);
        c->r.timed_out = true;
        err_set(&c->r.err, SOUK_ENET, "%s has sent nothing for %.3g s", host, c->stall_ms / 1000.0);
    }
    finish(c);
}

#define SET(option, value) (api->easy_setopt(c->easy, (option), (value)) == CURLE_OK)

static bool set_method(const struct curl_api *api, struct http_call *c)
{
    if (strcmp(c->method, "GET") == 0 && !c->body && !c->read)
        return SET(CURLOPT_HTTPGET, 1L);
    if (strcmp(c->method, "HEAD") == 0)
        return SET(CURLOPT_NOBODY, 1L);
    if (c->read)
        return SET(CURLOPT_UPLOAD, 1L) && SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)c->body_len) &&
               SET(CURLOPT_READFUNCTION, body_to_send) && SET(CURLOPT_READDATA, c) &&
               SET(CURLOPT_SEEKFUNCTION, body_rewind) && SET(CURLOPT_SEEKDATA, c) &&
               SET(CURLOPT_CUSTOMREQUEST, c->method);
    return SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body_len) &&
           SET(CURLOPT_POSTFIELDS, c->body ? c->body : "") && SET(CURLOPT_CUSTOMREQUEST, c->method);
}

/* CURLOPT_NOSIGNAL stays off: libcurl then ignores SIGPIPE while it runs, and needs no alarm. */
static bool set_options(const struct curl_api *api, struct http_call *c)
{
    return SET(CURLOPT_PRIVATE, c) && SET(CURLOPT_URL, c->url) &&
           SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_PROXY, "") &&
           SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           SET(CURLOPT_USERAGENT, "souk/" SOUK_VERSION) &&
           SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate") &&
           SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)c->r.body.cap) &&
           SET(CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms) &&
           SET(CURLOPT_QUICK_EXIT, 1L) && /* never wait for a look-up that is given up */
           SET(CURLOPT_HTTPHEADER, c->curl_headers) && SET(CURLOPT_WRITEFUNCTION, body_on_bytes) &&
           SET(CURLOPT_WRITEDATA, c) && SET(CURLOPT_HEADERFUNCTION, headers_on_line) &&
           SET(CURLOPT_HEADERDATA, c) && set_method(api, c) && trust_to_curl(api, c);
}

#undef SET

static bool start_multi(struct http *h)
{
    const struct curl_api *api = h->api;
    CURLM *m = api->multi_init();
    if (!m)
        return false;
    if (api->multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
        api->multi_setopt(m, CURLMOPT_SOCKETDATA, h) != CURLM_OK ||
        api->multi_setopt(m, CURLMOPT_TIMERFUNCTION, set_curl_timer) != CURLM_OK ||
        api->multi_setopt(m, CURLMOPT_TIMERDATA, h) != CURLM_OK) {
        api->multi_cleanup(m);
        return false;
    }
    h->multi = m;
    return true;
}

/* Hands a call to libcurl, which acts on it in a later turn. False: no memory. */
static bool start(struct http_call *c)
{
    struct http *h = c->h;
    if (!h->multi && !start_multi(h))
        return false;
    c->api = h->api;
    c->easy = h->api->easy_init();
    if (!c->easy)
        return false;
    if (!headers_to_curl(h->api, c) || !set_options(h->api, c)) {
        drop_easy(c);
        return false;
    }
    c->stage = h->multi;
    c->moved_at = clock_mono_ms();
    c->stall_timer = loop_timer(h->loop, c->stall_ms / 4 + 1, check_stall, c);
    if (!c->stall_timer || h->api->multi_add_handle(h->multi, c->easy) != CURLM_OK) {
        loop_timer_cancel(h->loop, c->stall_timer);
        h->api->multi_remove_handle(h->multi, c->easy);
        drop_easy(c);
        return false;
    }
    return true;
}

/* --- loading libcurl */

static void load_run(struct job *j)
{
    struct load *load = (struct load *)j;
    load->api = curl_load(&load->err);
}

static void start_waiting(struct http *h, const struct load *load)
{
    struct http_call *c = h->calls;
    while (c) {
        if (c->stage != load) {
            c = c->next;
        } else if (start(c)) {
            c = c->next;
        } else {
            err_nomem(&c->r.err);
            finish(c);
            c = h->calls;
        }
    }
}

static void load_done(struct job *j)
{
    struct load *load = (struct load *)j;
    struct http *h = load->h;
    if (h) {
        h->load = NULL;
        h->api = load->api;
        if (h->api)
            start_waiting(h, load);
        else
            fail_all(h, load, &load->err);
    }
    mem_free(load);
}

static bool start_loading(struct http *h)
{
    if (h->load)
        return true;
    struct load *load = mem_zalloc(sizeof *load);
    if (!load)
        return false;
    load->job.run = load_run;
    load->job.done = load_done;
    load->h = h;
    h->load = load;
    loop_submit(h->loop, LANE_LOAD, &load->job);
    return true;
}

/* --- sending */

static bool copy_request(struct http_call *c, const struct http_request *rq)
{
    const char *method = rq->method ? rq->method : rq->read ? "PUT" : rq->body ? "POST" : "GET";
    c->timeout_ms = rq->timeout_ms ? rq->timeout_ms : TIMEOUT_MS;
    c->connect_ms = rq->connect_ms ? rq->connect_ms : CONNECT_MS;
    c->stall_ms = rq->stall_ms ? rq->stall_ms : STALL_MS;
    c->method = mem_strdup(method);
    c->url = mem_strdup(rq->url);
    if (rq->body) {
        c->body = mem_strndup(rq->body, rq->body_len);
        c->body_len = rq->body_len;
    }
    if (rq->read) {
        c->read = rq->read;
        c->body_len = rq->body_len;
    }
    c->stream = rq->stream;
    return c->method && c->url && (c->body || !rq->body) && headers_copy(c, rq);
}

struct http_call *http_send(struct http *h, const struct http_request *rq, http_done_fn done,
                            void *ud, struct err *e)
{
    if (h->closing) {
        err_set(e, SOUK_ECANCEL, "stopped");
        return NULL;
    }
    struct http_call *c = mem_zalloc(sizeof *c);
    if (!c) {
        err_nomem(e);
        return NULL;
    }
    c->h = h;
    c->done = done;
    c->ud = ud;
    c->r.retry_after = -1;
    buf_init(&c->r.body, rq->body_cap ? rq->body_cap : HTTP_BODY_CAP);
    buf_init(&c->piece, c->r.body.cap);
    if (!copy_request(c, rq)) {
        err_nomem(e);
    } else if (trust_copy(c, rq, e)) {
        /* it has said why */
    } else if (!headers_are_lines(c)) {
        err_set(e, SOUK_EINPUT, "a control character in a request header for %s", c->url);
    } else if (!(h->api ? start(c) : start_loading(h))) {
        err_nomem(e);
    } else {
        if (!c->easy)
            c->stage = h->load;
        c->prev = h->last;
        if (h->last)
            h->last->next = c;
        else
            h->calls = c;
        h->last = c;
        loop_busy(h->loop, 1);
        return c;
    }
    free_call(c);
    return NULL;
}

void http_cancel(struct http_call *c)
{
    if (!c->done)
        return; /* its own done() is running */
    err_set(&c->r.err, SOUK_ECANCEL, "stopped");
    finish(c);
}

void http_pause(struct http_call *c, bool pause)
{
    if (!c->done || !c->easy || c->paused == pause)
        return;
    c->paused = pause;
    c->moved_at = clock_mono_ms();
    CURLcode rc = c->api->easy_pause(c->easy, pause ? CURLPAUSE_RECV : CURLPAUSE_CONT);
    if (rc == CURLE_OK || rc == CURLE_BAD_FUNCTION_ARGUMENT) /* the latter: all of it has come */
        return;
    err_nomem(&c->r.err);
    finish(c);
}

/* --- life */

struct http *http_new(struct loop *l, struct err *e)
{
    struct http *h = mem_zalloc(sizeof *h);
    if (!h) {
        err_nomem(e);
        return NULL;
    }
    h->loop = l;
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    h->closing = true;
    while (h->calls)
        http_cancel(h->calls);
    if (h->load)
        h->load->h = NULL;
    loop_timer_cancel(h->loop, h->curl_timer);
    h->curl_timer = 0;
    if (h->multi)
        h->api->multi_cleanup(h->multi);
    loop_timer_cancel(h->loop, h->curl_timer); /* closing connections may have set it once more */
    mem_free(h);
}
