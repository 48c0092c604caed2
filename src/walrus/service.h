/*
 * service.h: what is said to and by Walrus servers: URLs out, answers in. Pure; market asks.
 *
 *   aggregator    hands out blobs. One explicit range at a time: open ranges and ends past the
 *                 last byte are errors, other query keys too. Says nothing of how long it lasts
 *   publisher     takes a blob and pays for its storage
 *   storage node  hands out metadata, and says until which epoch a blob is paid for
 *
 * Nothing said here is believed: the bytes prove themselves against the ID. Sources:
 * walrus-service routes.rs and its OpenAPI files.
 */
#ifndef SOUK_WALRUS_SERVICE_H
#define SOUK_WALRUS_SERVICE_H

#include "base/arena.h"
#include "net/http.h"
#include "walrus/walrus.h"

/* Appended to b; base with or without a final slash. */
void walrus_url_blob(struct buf *b, const char *base, const blob_id *id);
void walrus_url_metadata(struct buf *b, const char *base, const blob_id *id);
void walrus_url_status(struct buf *b, const char *base, const blob_id *id);
void walrus_url_health(struct buf *b, const char *base);
void walrus_url_publish(struct buf *b, const char *base, unsigned epochs, bool permanent);

/* "Range: bytes=a-b", both ends included, as the only form a bare aggregator takes. */
enum { WALRUS_RANGE = 64 };
char *walrus_range(char out[WALRUS_RANGE], uint64_t first, uint64_t last);
/* "bytes a-b/total". False: no such thing, or not sane (a > b, b >= total). */
bool walrus_content_range(struct untrusted value, uint64_t *first, uint64_t *last, uint64_t *total);

/* What an answer to a request for a blob means. */
enum blob_answer {
    BLOB_BYTES,       /* 200 or 206: look at the body */
    BLOB_GONE,        /* 404: no longer stored, or never was */
    BLOB_FORBIDDEN,   /* 451: this server will not hand it out */
    BLOB_TOO_LARGE,   /* 403: beyond this server's own cap: another may */
    BLOB_LATER,       /* 429, 503: try again, or another */
    BLOB_RANGE,       /* 416, 400: it does not like the range: there is no such byte */
    BLOB_UNREACHABLE, /* no answer */
    BLOB_OTHER
};
/* words: one line for a person, naming the server; it may quote it. */
enum blob_answer walrus_answer(const struct http_response *r, const char *url, struct err *words);

/* A publisher's answer. */
struct blob_stored {
    blob_id id;
    bool was_there; /* alreadyCertified */
    bool certified;
    bool deletable;          /* only when it is new */
    uint64_t end_epoch;      /* exclusive; 0: unsaid */
    uint64_t size;           /* 0: unsaid */
    struct untrusted object; /* on Sui; in the arena */
};
souk_err walrus_stored_parse(const char *p, size_t n, struct arena *a, struct blob_stored *out,
                             struct err *e);

/* A storage node's word on how long: shown as "reported". */
struct blob_status {
    enum { STORED_NOT, STORED_PERMANENT, STORED_DELETABLE, STORED_INVALID } is;
    uint64_t end_epoch; /* PERMANENT: exclusive; 0: unsaid */
};
souk_err walrus_status_parse(const char *p, size_t n, struct blob_status *out, struct err *e);
bool walrus_epoch_parse(const char *p, size_t n, uint64_t *epoch); /* of /v1/health */

#endif
