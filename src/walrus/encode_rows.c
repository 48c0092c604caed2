/* encode_rows.c: reading the file, and encoding its rows. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "walrus/encode_internal.h"

#include "base/banned.h"

souk_err encode_read(const struct encode_source *s, uint64_t at, uint8_t *to, size_t n,
                     struct err *e)
{
    uint64_t there = at < s->size ? s->size - at : 0;
    size_t want = n < there ? n : (size_t)there;
    memset(to + want, 0, n - want);
    if (s->fd < 0) {
        if (want)
            memcpy(to, s->p + at, want);
        return SOUK_OK;
    }
    while (want) {
        ssize_t got = pread(s->fd, to, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, SOUK_EFAIL, "cannot be read at byte %llu: %s", (unsigned long long)at,
                           strerror(errno));
        if (got == 0)
            return err_set(e, SOUK_EFAIL, "became shorter while it was read: it ends at byte %llu",
                           (unsigned long long)at);
        to += got;
        at += (uint64_t)got;
        want -= (size_t)got;
    }
    return SOUK_OK;
}

void encode_row(void *ud, unsigned thread, size_t row)
{
    struct encode *x = ud;
    struct encode_bench *b = &x->bench[thread];
    size_t symbol = x->shape.symbol, columns = x->shape.columns, len = x->len;
    uint64_t at = row * columns * symbol + x->from;
    struct err e;
    souk_err r = SOUK_OK;
    if (len == symbol)
        r = encode_read(&x->source, at, b->read, columns * len, &e);
    for (size_t c = 0; c < columns; c++) {
        if (len != symbol && !r)
            r = encode_read(&x->source, at + c * symbol, b->read + c * len, len, &e);
        b->source[c] = at + c * symbol < x->source.size ? b->read + c * len : NULL;
    }
    if (r) {
        work_fail(&x->work, &e);
        return;
    }
    for (size_t i = 0; i < x->beyond; i++)
        b->out[i] = x->slice + (row * x->beyond + i) * x->width;
    rs_encode(x->row_code, x->cpu, b->source, b->out, len, b->scratch);
    work_did(&x->work, columns * len);
}
