/* The body of an answer: kept, or handed on piece by piece. */
#include "base/mem.h"
#include "net/http_internal.h"

#include "base/banned.h"

static bool is_streamed(struct http_call *c)
{
    long status = 0;
    c->api->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    return c->stream && status >= 200 && status < 300;
}

size_t body_on_bytes(char *p, size_t size, size_t n, void *ud)
{
    struct http_call *c = ud;
    size_t len = size * n;
    struct buf *b = is_streamed(c) ? &c->piece : &c->r.body;
    if (b == &c->piece) {
        if (len > c->r.body.cap - c->streamed) {
            c->r.too_big = true;
            return 0;
        }
        c->streamed += len;
    }
    buf_add(b, p, len);
    if (!b->bad)
        return len;
    c->r.too_big = b->over;
    c->no_memory = !b->over;
    return 0;
}

bool body_hand_on(struct http_call *c, bool *gone)
{
    struct buf piece = c->piece; /* ours now: the receiver may end the call */
    void *ud = c->ud;
    bool more;
    buf_init(&c->piece, piece.cap);
    c->api->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &c->r.status);
    c->gone = gone;
    more = c->stream(ud, &c->r, piece.p, piece.len);
    if (!*gone)
        c->gone = NULL;
    buf_release(&piece);
    return more;
}
