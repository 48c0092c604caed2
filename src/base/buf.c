#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { BUF_FIRST_ROOM = 64 };

static char nothing[1]; /* what an empty buffer shows; never written */

void buf_init(struct buf *b, size_t cap)
{
    *b = (struct buf){.p = nothing, .cap = cap};
}

void buf_release(struct buf *b)
{
    if (b->room) {
        mem_free(b->p);
    }
    buf_init(b, b->cap);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->bad = SOUK_OK;
    b->over = false;
    if (b->room) {
        b->p[0] = '\0';
    }
}

char *buf_detach(struct buf *b, size_t *len)
{
    char *p = NULL;
    size_t n = 0;
    if (!b->bad) {
        n = b->len;
        p = b->room ? b->p : mem_strndup("", 0);
    }
    if (len) {
        *len = p ? n : 0;
    }
    if (p && b->room) {
        buf_init(b, b->cap); /* the memory is the caller's now */
    } else {
        buf_release(b);
    }
    return p;
}

/* Makes room for n more bytes and the NUL. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->bad) {
        return false;
    }
    if (n > b->cap - b->len) {
        b->bad = SOUK_ENOMEM;
        b->over = true;
        return false;
    }
    size_t need = b->len + n;
    if (need < b->room) {
        return true;
    }
    size_t room = b->room ? b->room : BUF_FIRST_ROOM;
    while (room <= need) {
        room = room > SIZE_MAX / 2 ? SIZE_MAX : room * 2;
    }
    if (room - 1 > b->cap) {
        room = b->cap + 1; /* no overflow: cap < room - 1 */
    }
    char *p = mem_resize(b->room ? b->p : NULL, room);
    if (!p) {
        b->bad = SOUK_ENOMEM;
        return false;
    }
    b->p = p;
    b->room = room;
    p[b->len] = '\0';
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n && reserve(b, n)) {
        memcpy(b->p + b->len, p, n);
        b->len += n;
        b->p[b->len] = '\0';
    }
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) {
        BUG("format \"%s\" cannot be printed", fmt);
    }
    if ((size_t)n < sizeof small) {
        buf_add(b, small, (size_t)n);
    } else if (reserve(b, (size_t)n)) {
        vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

souk_err buf_check(const struct buf *b, const char *what, struct err *e)
{
    if (!b->bad) {
        return SOUK_OK;
    }
    if (b->over) {
        return err_set(e, b->bad, "%s is larger than %zu bytes, the most souk takes", what, b->cap);
    }
    err_nomem(e);
    return e ? err_prefix(e, "%s", what) : b->bad;
}
