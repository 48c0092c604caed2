/*
 * http.h: HTTP requests on the loop, by libcurl's multi interface.
 *
 * http:// and https:// only, TLS verified, redirects never followed (a caller
 * that may follow one does it knowingly), no cookies, no proxy from the
 * environment. Every answer has a size cap: a body that passes it is cut off
 * and is an error, as is one shorter than its Content-Length. Compressed
 * transfer is offered; the cap counts decoded bytes. Response headers have a
 * cap of their own (64 KiB). One thing passes unnoticed: a gzip stream that
 * ends early inside a complete transfer; parsers and hashes find that.
 *
 * libcurl is loaded at the first request, on a worker, because linking it
 * costs as much start-up time as everything else together (see curl.h).
 *
 * done() is called exactly once, on the loop, never from within http_send,
 * also for a cancelled call (err SOUK_ECANCEL; then from within http_cancel or
 * http_free). The call ends when done() begins; done() may send and cancel
 * others. The response and its body belong to http after done() returns
 * unless the body was taken with buf_detach. After a failure the body is empty.
 */
#ifndef SOUK_NET_HTTP_H
#define SOUK_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct http;
struct http_call;
struct http_response;

enum { HTTP_BODY_CAP = 32 << 20 }; /* default body cap, bytes */
enum { HTTP_WANT = 8 };

struct http_request {
    const char *method; /* NULL: GET, or POST when there is a body; PUT when it is read */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    const char *body;
    size_t body_len;
    const char *etag; /* sent as If-None-Match; may be NULL */
    size_t body_cap;  /* 0: HTTP_BODY_CAP */
    int timeout_ms;   /* whole transfer; 0: 30 s */
    int connect_ms;   /* 0: 5 s */
    int stall_ms;     /* no byte for so long: gives up; 0: 15 s */

    /* --- for calls that carry money or trust */
    bool public_only;   /* never connects to a loopback, private, link-local or otherwise special
                           address, whatever the name resolves to: SOUK_EINPUT naming it */
    const uint8_t *pin; /* the server's certificate, DER: exactly this one, whatever its name and
                           issuer, and its key; SOUK_EVERIFY when it has another; NULL: the usual
                           authorities */
    size_t pin_len;
    bool once; /* libcurl may not say it again by itself when a kept connection turns out dead */
    const char *const *want; /* response headers to keep, NULL-terminated; at most HTTP_WANT */
    /* Body bytes as they come, on the loop, with done's ud; then `body` stays empty (body_cap still
     * counts). Called only for status 2xx. Return false to stop: the call ends with SOUK_ECANCEL.
     * It may send and cancel, like done(). */
    bool (*stream)(void *ud, const struct http_response *so_far, const char *p, size_t n);
    /* Instead of body, which is copied: body_len bytes, asked for as they go out, on the loop, with
     * done's ud. Puts some of those from `at` on into out and returns how many; none: they cannot
     * be had, and the call ends with SOUK_EFAIL. They may be asked for again. It neither sends nor
     * cancels. */
    size_t (*read)(void *ud, uint64_t at, char *out, size_t n);
};

struct http_response {
    struct err err; /* err.code SOUK_OK: a complete answer of any status came */
    bool timed_out; /* err is a time-out after connecting: a smaller request may work */
    bool too_big;   /* err is the cap: a smaller request may work */
    long status;    /* 200, 404, … 0 when none came */
    struct buf body;
    char etag[128];
    char content_type[64];
    int64_t retry_after; /* seconds from now, -1 when not given */
    bool sent;           /* the request may have left, whole: on a failure its effect is unknown */
    const char *header[HTTP_WANT]; /* values of request.want, beside it; NULL: not there. A header
                                      given twice keeps the first; bytes from outside. Also on a
                                      failure, when they came before it */
};

typedef void (*http_done_fn)(void *ud, struct http_response *r);

struct http *http_new(struct loop *l, struct err *e);
void http_free(struct http *h); /* cancels what is under way; not from a done() */

/*
 * Copies what it needs of the request. NULL (done is not called) only when
 * there is no memory, a header holds a control character, the pin is no
 * certificate or the address not https, or http_free is at work.
 */
struct http_call *http_send(struct http *h, const struct http_request *rq, http_done_fn done,
                            void *ud, struct err *e);
void http_cancel(struct http_call *c);
/*
 * No more bytes of a streamed answer until it may go on: for a receiver that is slower than the
 * network, which the server then feels. The stall clock rests. What had come may still be handed
 * on. When going on fails the call ends, as by http_cancel, without memory as its reason.
 */
void http_pause(struct http_call *c, bool pause);

struct loop *http_loop(const struct http *h);

/* The "host[:port]" part of an URL for messages, at most 100 bytes; no user name or password. */
void http_host(const char *url, char out[104]);

/* Percent-encodes one path segment (everything but unreserved characters) onto b. */
void http_escape(struct buf *b, const char *p, size_t n);

#endif
