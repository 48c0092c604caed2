/* encode_rows.c: reading the file, and encoding its rows. */
#include <errno.h>
#include <fcntl.h>
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

/*
 * Bytes [from, from + len) of each of a row's symbols, side by side. What lies between is read too,
 * unless it is so much that more calls are cheaper.
 */
static souk_err read_slices(struct encode *x, struct encode_bench *b, uint64_t at, struct err *e)
{
    enum { WORTH = 8192 }; /* bytes copied in the time of a call */
    size_t symbol = x->shape.symbol, columns = x->shape.columns, len = x->len;
    size_t run = symbol < WORTH ? (ENCODE_RUN - len) / symbol + 1 : 1;
    souk_err r = SOUK_OK;
    /* The system sees no order in such reads: say that the whole row will be wanted, and the next.
     */
    if (run == 1 && x->from == 0 && x->source.fd >= 0)
        posix_fadvise(x->source.fd, (off_t)at, (off_t)(2 * columns * symbol), POSIX_FADV_WILLNEED);
    for (size_t c = 0; c < columns && !r; c += run) {
        size_t n = columns - c < run ? columns - c : run;
        if (n == 1) {
            r = encode_read(&x->source, at + c * symbol, b->read + c * len, len, e);
            continue;
        }
        r = encode_read(&x->source, at + c * symbol, b->run, (n - 1) * symbol + len, e);
        for (size_t i = 0; i < n && !r; i++)
            memcpy(b->read + (c + i) * len, b->run + i * symbol, len);
    }
    return r;
}

void encode_row(void *ud, unsigned thread, size_t row)
{
    struct encode *x = ud;
    struct encode_bench *b = &x->bench[thread];
    size_t symbol = x->shape.symbol, columns = x->shape.columns, len = x->len;
    uint64_t at = row * columns * symbol + x->from;
    struct err e;
    souk_err r = len == symbol ? encode_read(&x->source, at, b->read, columns * len, &e)
                               : read_slices(x, b, at, &e);
    if (r) {
        work_fail(&x->work, &e);
        return;
    }
    for (size_t c = 0; c < columns; c++)
        b->source[c] = at + c * symbol < x->source.size ? b->read + c * len : NULL;
    for (size_t i = 0; i < x->beyond; i++)
        b->out[i] = x->slice + (row * x->beyond + i) * x->width;
    rs_encode(x->row_code, x->cpu, b->source, b->out, len, b->scratch);
    work_did(&x->work, columns * len);
}
