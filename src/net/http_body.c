/* Bodies: an answer's is kept, or handed on piece by piece; a request's may be read likewise. */
#include <stdio.h>

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

size_t body_to_send(char *out, size_t size, size_t n, void *ud)
{
    struct http_call *c = ud;
    uint64_t left = c->body_len - c->read_at;
    size_t want = size * n < left ? size * n : (size_t)left;
    size_t got = want > 0 ? c->read(c->ud, c->read_at, out, want) : 0;
    if (got > want)
        BUG("%zu bytes of a body were asked for, and %zu given", want, got);
    if (want > 0 && got == 0) {
        c->unreadable = true;
        return CURL_READFUNC_ABORT;
    }
    c->read_at += got;
    return got;
}

int body_rewind(void *ud, curl_off_t at, int whence)
{
    struct http_call *c = ud;
    if (whence != SEEK_SET || at < 0 || (uint64_t)at > c->body_len)
        return CURL_SEEKFUNC_CANTSEEK;
    c->read_at = (uint64_t)at;
    return CURL_SEEKFUNC_OK;
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
