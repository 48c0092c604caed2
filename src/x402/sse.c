#include "x402/sse.h"

#include <string.h>

#include "base/banned.h"

void sse_init(struct sse *s, void (*fn)(void *ud, struct untrusted name, struct untrusted data),
              void *ud)
{
    *s = (struct sse){.fn = fn, .ud = ud};
    buf_init(&s->line, SSE_EVENT_CAP);
    buf_init(&s->data, SSE_EVENT_CAP);
    buf_init(&s->name, SSE_EVENT_CAP);
}

void sse_release(struct sse *s)
{
    buf_release(&s->line);
    buf_release(&s->data);
    buf_release(&s->name);
}

/* An event without data is none: the standard drops it, and its name with it. */
static void dispatch(struct sse *s)
{
    if (s->data.len > 0)
        s->fn(s->ud, untrusted_n(s->name.p, s->name.len),
              untrusted_n(s->data.p, s->data.len - 1)); /* without the last line's end */
    buf_clear(&s->data);
    buf_clear(&s->name);
}

static bool is_field(const char *line, size_t n, const char *name)
{
    return n == strlen(name) && memcmp(line, name, n) == 0;
}

static void take_line(struct sse *s, const char *p, size_t n)
{
    if (!s->started && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3; /* a byte order mark */
        n -= 3;
    }
    s->started = true;
    if (n == 0) {
        dispatch(s);
        return;
    }
    const char *colon = memchr(p, ':', n), *value = colon ? colon + 1 : p + n;
    size_t field = colon ? (size_t)(colon - p) : n, left = (size_t)(p + n - value);
    if (left > 0 && *value == ' ') {
        value++;
        left--;
    }
    if (is_field(p, field, "data")) {
        buf_add(&s->data, value, left);
        buf_addc(&s->data, '\n');
    } else if (is_field(p, field, "event")) {
        buf_clear(&s->name);
        buf_add(&s->name, value, left);
    }
}

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

souk_err sse_feed(struct sse *s, const char *p, size_t n, struct err *e)
{
    for (size_t i = 0; i < n && !s->line.bad && !s->data.bad;) {
        if (s->skip_lf && p[i] == '\n') { /* the second half of CR LF */
            s->skip_lf = false;
            i++;
            continue;
        }
        s->skip_lf = false;
        size_t from = i;
        while (i < n && !is_end(p[i]))
            i++;
        buf_add(&s->line, p + from, i - from);
        if (i == n || s->line.bad)
            break;
        s->skip_lf = p[i++] == '\r';
        take_line(s, s->line.p, s->line.len);
        buf_clear(&s->line);
    }
    souk_err rc = buf_check(&s->line, "an event of the stream", e);
    return rc ? rc : buf_check(&s->data, "an event of the stream", e);
}
