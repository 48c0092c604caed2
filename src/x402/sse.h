/*
 * sse.h: server-sent events, as they arrive.
 *
 * Bytes in any pieces; fn is called for each event with its name ("" when it has none) and data
 * (lines joined). An event beyond the cap is an error. Source: the HTML standard, section 9.2.
 */
#ifndef SOUK_X402_SSE_H
#define SOUK_X402_SSE_H

#include "base/buf.h"
#include "base/text.h"

enum { SSE_EVENT_CAP = 1 << 20 };

struct sse {
    struct buf line, data, name;
    bool skip_lf, started;
    void (*fn)(void *ud, struct untrusted name, struct untrusted data);
    void *ud;
};
void sse_init(struct sse *s, void (*fn)(void *ud, struct untrusted name, struct untrusted data),
              void *ud);
void sse_release(struct sse *s);
souk_err sse_feed(struct sse *s, const char *p, size_t n, struct err *e);

#endif
