/*
 * Back from an aggregator, byte by byte, against the file: what everyone will get is what was
 * meant. A server in front may remember for a while that it was not there, so that is asked again
 * with growing waits; an aggregator that serves something else is passed over, and when no other
 * proves it, nothing is listed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "market/publish/internal.h"

#include "base/banned.h"

enum {
    PIECE = 16 << 20,
    COMPARED = 64 << 10,
    SILENCE_MS = 120 * 1000, /* it has the whole blob in memory before the first byte */
    PIECE_MS = 30 * 60 * 1000,
    SAY_EVERY_MS = 100,
};
static const int wait_ms[] = {1000, 2000, 4000, 8000, 15000, 30000};
enum { ROUNDS = sizeof wait_ms / sizeof wait_ms[0] };

static void ask_piece(struct publish *x);

/* --- one piece */

/* Whether the file has these very bytes there. */
static bool same_bytes(struct publish *x, const char *p, size_t n)
{
    char mine[COMPARED];
    while (n > 0 && x->piece_at < x->piece_to) {
        size_t want = n < sizeof mine ? n : sizeof mine;
        ssize_t k;
        if (want > x->piece_to - x->piece_at)
            return false;
        do
            k = pread(x->fd, mine, want, (off_t)x->piece_at);
        while (k < 0 && errno == EINTR);
        if (k <= 0) {
            x->unreadable = true;
            return false;
        }
        if (memcmp(mine, p, (size_t)k) != 0)
            return false;
        p += k;
        n -= (size_t)k;
        x->piece_at += (uint64_t)k;
    }
    return n == 0;
}

static bool compare(void *ud, const struct http_response *r, const char *p, size_t n)
{
    struct publish *x = ud;
    (void)r;
    x->differs = !same_bytes(x, p, n);
    int64_t now = clock_mono_ms();
    if (now - x->said_at >= SAY_EVERY_MS) {
        x->said_at = now;
        publish_say(x, PUBLISH_PROVE, NULL, x->piece_at, x->size);
    }
    return !x->differs;
}

/* --- which server, and when */

static void stored_known(void *ud, const struct stored *s, const struct err *e)
{
    struct publish *x = ud;
    x->stored_ask = NULL;
    if (s != NULL && s->is != STORED_UNKNOWN && (e == NULL || e->code == SOUK_OK))
        x->r.stored = *s;
    if (publish_woken(x))
        address_begin(x);
}

/* Until when it is stored is good to know, and no reason to stop. Of a deletable blob only the
 * publisher says it. */
static void proved(struct publish *x)
{
    publish_say(x, PUBLISH_PROVE, "served as it was sent", x->size, x->size);
    if (x->net->walrus_nodes[0] != '\0' && x->r.stored.is != STORED_WHILE_KEPT)
        x->stored_ask = stored_ask(x->m, &x->r.id, stored_known, x, NULL);
    if (x->stored_ask != NULL)
        x->waits = WAITS_STORED;
    else
        address_begin(x);
}

static void next_round(struct publish *x)
{
    x->at_aggregator = 0;
    x->absent = false;
    x->piece_from = 0;
    ask_piece(x);
}

static void none_proved(struct publish *x)
{
    struct err e;
    if (x->liar.code != SOUK_OK) {
        publish_end(x, &x->liar);
    } else if (x->absent && x->rounds < ROUNDS) {
        publish_say(x, PUBLISH_PROVE, "not served yet; asking again in a moment", 0, 0);
        publish_later(x, wait_ms[x->rounds++], next_round);
    } else if (x->absent) {
        err_set(&e, SOUK_ENOTFOUND,
                "no aggregator serves it yet, so nothing was listed: servers may remember for a "
                "while that it was not there. Publish again in some minutes");
        publish_end(x, &e);
    } else {
        e = x->last;
        err_prefix(&e, "whether it is served could not be proved, so nothing was listed");
        publish_end(x, &e);
    }
}

static void try_next(struct publish *x)
{
    x->piece_from = 0;
    if (++x->at_aggregator < x->aggregators)
        ask_piece(x);
    else
        none_proved(x);
}

/* --- what came */

static bool is_the_range(const struct publish *x, const struct http_response *r)
{
    uint64_t first, last, total;
    if (r->status == 200)
        return x->piece_from == 0 && x->piece_to == x->size;
    return r->status == 206 && r->header[0] != NULL &&
           walrus_content_range(untrusted(r->header[0]), &first, &last, &total) &&
           first == x->piece_from && last == x->piece_to - 1 && total == x->size;
}

static void judge(struct publish *x, const struct http_response *r)
{
    char host[104];
    http_host(x->url, host);
    enum blob_answer a = walrus_answer(r, x->url, &x->last);
    if (x->differs || (a == BLOB_BYTES && !is_the_range(x, r))) {
        err_set(&x->liar, SOUK_EVERIFY,
                "%s serves other bytes under this ID than the file's: nothing was listed", host);
        try_next(x);
    } else if (a != BLOB_BYTES) {
        x->absent |= a == BLOB_GONE || a == BLOB_LATER;
        try_next(x);
    } else if (x->piece_at != x->piece_to) {
        err_set(&x->last, SOUK_ENET, "%s sent less than it said", host);
        try_next(x);
    } else if (x->piece_to == x->size) {
        proved(x);
    } else {
        x->piece_from = x->piece_to;
        ask_piece(x);
    }
}

static void came(void *ud, struct http_response *r)
{
    struct publish *x = ud;
    struct err e;
    x->http = NULL;
    if (!publish_woken(x))
        return;
    if (x->unreadable) {
        err_set(&e, SOUK_EFAIL, "%s cannot be read any more", x->rq.file);
        publish_end(x, &e);
    } else {
        judge(x, r);
    }
}

static void ask_piece(struct publish *x)
{
    static const char *const want[] = {"content-range", NULL};
    char range[WALRUS_RANGE];
    const char *const headers[] = {range, "Accept-Encoding: identity", NULL};
    struct http_request rq = {.headers = headers,
                              .want = want,
                              .body_cap = PIECE + 1,
                              .timeout_ms = PIECE_MS,
                              .stall_ms = SILENCE_MS,
                              .stream = compare};
    x->piece_at = x->piece_from;
    x->piece_to = x->size - x->piece_from < PIECE ? x->size : x->piece_from + PIECE;
    x->differs = false;
    walrus_range(range, x->piece_from, x->piece_to - 1);
    publish_blob_url(x);
    publish_say(x, PUBLISH_PROVE, "reading it back", x->piece_from, x->size);
    publish_ask(x, &rq, came);
}

void prove_begin(struct publish *x)
{
    x->rounds = 0;
    next_round(x);
}
