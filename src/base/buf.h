/*
 * buf.h: a growing byte buffer that cannot be made without a cap.
 *
 * What fills these buffers comes from strangers, so the largest size is part
 * of the constructor. A buffer that would outgrow its cap, or finds no
 * memory, keeps what it has, ignores further writes and remembers why:
 * a chain of appends is checked once, at the end, with buf_check().
 *
 * The bytes are always followed by a NUL that is not counted.
 */
#ifndef SOUK_BASE_BUF_H
#define SOUK_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
    char *p;      /* never NULL after buf_init; "" while empty */
    size_t len;   /* bytes in use */
    size_t room;  /* bytes allocated, 0 while empty */
    size_t cap;   /* most bytes it may ever hold */
    souk_err bad; /* SOUK_OK, or SOUK_ENOMEM while writes are being ignored */
    bool over;    /* when bad: the cap was the reason, not memory */
};

void buf_init(struct buf *b, size_t cap);
void buf_release(struct buf *b); /* frees; b is as after buf_init */
void buf_clear(struct buf *b);   /* empties, keeps the memory, forgets an error */

/* Hands over the bytes (mem_free them) and empties b; NULL when b was bad or memory is out. */
char *buf_detach(struct buf *b, size_t *len);

/* What is added must not lie in b itself. */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* SOUK_OK, or the first failure with its message ("what" names the thing that grew too large). */
souk_err buf_check(const struct buf *b, const char *what, struct err *e);

#endif
