/*
 * http_internal.h: what the files of HTTP share.
 *
 *   http.c           the loop's side: starting, driving, ending calls; loading libcurl
 *   http_headers.c   header fields, of the request and of the answer
 *   http_body.c      bodies: the answer's, kept or handed on as it comes; the request's, read
 *   http_trust.c     who may be talked to: addresses, certificates, once and no more
 *   http_words.c     what went wrong, in words for people
 */
#ifndef SOUK_NET_HTTP_INTERNAL_H
#define SOUK_NET_HTTP_INTERNAL_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/curl.h"
#include "net/http.h"

enum { HEADER_CAP = 64 << 10, PIN_CAP = 16 << 10, PIN_KEY = 8 + 44 + 1 };

struct http_call {
    struct http *h;
    const struct curl_api *api; /* NULL until it runs */
    struct http_call *next, *prev;
    http_done_fn done; /* NULL once it has been called */
    void *ud;
    void *stage; /* what it depends on: the load job, then the multi handle it is in */

    char *method, *url, *body;
    size_t body_len;
    char **headers; /* NULL-terminated; If-None-Match among them */
    int timeout_ms, connect_ms, stall_ms;

    CURL *easy; /* NULL until it runs */
    struct curl_slist *curl_headers;
    size_t header_bytes;
    uint64_t stall_timer;
    int64_t moved_at; /* when `moved` last changed, monotonic */
    int64_t moved;    /* bytes up and down, headers too */
    bool no_memory, huge_headers, paused;

    char *want[HTTP_WANT], *kept[HTTP_WANT]; /* names, and the values beside them */
    size_t wants;

    bool (*stream)(void *ud, const struct http_response *so_far, const char *p, size_t n);
    size_t (*read)(void *ud, uint64_t at, char *out, size_t n);
    uint64_t read_at; /* the next byte of the body to go out */
    bool unreadable;
    struct buf piece; /* what came and is not handed on yet */
    size_t streamed;  /* bytes, those in `piece` included */
    bool *gone;       /* while it is handed on: set when the call is freed meanwhile */

    bool public_only, once;
    char *pin;             /* the certificate as PEM; NULL: the usual authorities */
    char pin_key[PIN_KEY]; /* "sha256//…" of its key */
    const char *refused;   /* why an address was refused; NULL: none was */
    char refused_address[INET6_ADDRSTRLEN];
    bool other_certificate;

    struct http_response r;
};

/* --- http_headers.c */
bool headers_copy(struct http_call *c, const struct http_request *rq);
bool headers_are_lines(const struct http_call *c);
bool headers_to_curl(const struct curl_api *api, struct http_call *c);
void headers_free(struct http_call *c);
size_t headers_on_line(char *p, size_t size, size_t n, void *ud); /* CURLOPT_HEADERFUNCTION */

/* --- http_body.c */
size_t body_on_bytes(char *p, size_t size, size_t n, void *ud); /* CURLOPT_WRITEFUNCTION */
/* The request's body, as it goes out: CURLOPT_READFUNCTION and CURLOPT_SEEKFUNCTION. */
size_t body_to_send(char *out, size_t size, size_t n, void *ud);
int body_rewind(void *ud, curl_off_t at, int whence);
/* Hands on what came. False: the call is over, by the receiver's word; *gone: it was freed. */
bool body_hand_on(struct http_call *c, bool *gone);

/* --- http_trust.c */
/* Takes public_only, once and the pin; SOUK_EINPUT for a pin that is no certificate. */
souk_err trust_copy(struct http_call *c, const struct http_request *rq, struct err *e);
bool trust_to_curl(const struct curl_api *api, struct http_call *c);
/* Why no one who means a public server is to be led to this address; NULL: it is public. */
const char *trust_address_fault(const struct sockaddr *a);
/* "sha256//<base64>" over the SubjectPublicKeyInfo of a certificate; false when it is none. */
bool trust_key_of(const uint8_t *der, size_t n, char out[PIN_KEY]);

/* --- http_words.c */
/* Fills c->r.err from libcurl's result, which is not CURLE_OK. */
souk_err words_for(const struct curl_api *api, struct http_call *c, CURLcode rc);

#endif
