/*
 * Fuzz target: a stream of server-sent events. How it is cut into pieces changes nothing; no event
 * has a line end in its name, and the whole is no longer than what came.
 */
#include <stdint.h>
#include <string.h>

#include "x402/sse.h"

#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what))                          \
            BUG("broken promise: %s", #what); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void note(void *ud, struct untrusted name, struct untrusted data)
{
    struct buf *log = ud;
    CHECK(!name.n || (!memchr(name.p, '\n', name.n) && !memchr(name.p, '\r', name.n)));
    CHECK(!data.n || !memchr(data.p, '\r', data.n));
    buf_addf(log, "%zu %zu ", name.n, data.n);
    buf_add(log, name.p, name.n);
    buf_add(log, data.p, data.n);
}

static void feed(struct buf *log, const char *p, size_t n, size_t piece)
{
    struct sse s;
    struct err e;
    sse_init(&s, note, log);
    for (size_t at = 0; at < n; at += piece)
        CHECK(sse_feed(&s, p + at, n - at < piece ? n - at : piece, &e) == SOUK_OK);
    sse_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2 || n > SSE_EVENT_CAP)
        return 0;
    struct buf whole, cut;
    size_t piece = (size_t)data[0] % 16 + 1;
    buf_init(&whole, 64 << 20);
    buf_init(&cut, 64 << 20);
    feed(&whole, (const char *)data + 1, n - 1, n);
    feed(&cut, (const char *)data + 1, n - 1, piece);
    CHECK(!whole.bad && whole.len == cut.len && memcmp(whole.p, cut.p, whole.len) == 0);
    buf_release(&whole);
    buf_release(&cut);
    return 0;
}
