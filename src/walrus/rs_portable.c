/* rs_portable.c: rows are 16-bit elements, products are four look-ups. */
#include <string.h>

#include "walrus/rs_internal.h"

#include "base/banned.h"

static uint16_t times(const struct multiplier *m, uint16_t v)
{
    return (uint16_t)(m->word[0][v & 15] ^ m->word[1][v >> 4 & 15] ^ m->word[2][v >> 8 & 15] ^
                      m->word[3][v >> 12]);
}

/* Elements of a row from bytes, and back. */
static void take(uint16_t *row, const uint8_t *p, size_t len)
{
    for (size_t at = 0; at < len; at += RS_CHUNK) {
        size_t half = (len - at < RS_CHUNK ? len - at : RS_CHUNK) / 2;
        for (size_t i = 0; i < half; i++)
            *row++ = (uint16_t)(p[at + i] | p[at + half + i] << 8);
    }
}

static void give(const uint16_t *row, uint8_t *p, size_t len)
{
    for (size_t at = 0; at < len; at += RS_CHUNK) {
        size_t half = (len - at < RS_CHUNK ? len - at : RS_CHUNK) / 2;
        for (size_t i = 0; i < half; i++, row++) {
            p[at + i] = (uint8_t)*row;
            p[at + half + i] = (uint8_t)(*row >> 8);
        }
    }
}

/* The first `rows` rows can be other than zero. */
static void inverse(const struct rs *r, uint16_t *w, size_t n, unsigned p0, unsigned rows)
{
    for (unsigned m = 0; 1u << m < r->rows; m++) {
        const unsigned d = 1u << m;
        for (unsigned b = 0; b < rows; b += 2 * d) {
            const struct multiplier *c = &r->by[(p0 + b) >> m >> 1];
            for (unsigned i = b; i < b + d; i++) {
                uint16_t *x = w + i * n, *y = x + d * n;
                for (size_t j = 0; j < n; j++) {
                    y[j] ^= x[j];
                    x[j] ^= times(c, y[j]);
                }
            }
        }
    }
}

/* The first `rows` rows are wanted. */
static void forward(const struct rs *r, uint16_t *w, size_t n, unsigned p0, unsigned rows)
{
    unsigned m = 0;
    while (1u << m < r->rows)
        m++;
    while (m-- > 0) {
        const unsigned d = 1u << m;
        for (unsigned b = 0; b < rows; b += 2 * d) {
            const struct multiplier *c = &r->by[(p0 + b) >> m >> 1];
            for (unsigned i = b; i < b + d; i++) {
                uint16_t *x = w + i * n, *y = x + d * n;
                for (size_t j = 0; j < n; j++) {
                    x[j] ^= times(c, y[j]);
                    y[j] ^= x[j];
                }
            }
        }
    }
}

/* Sources [at, at + rows) into w, and zero behind. */
static unsigned fill(const struct rs_piece *p, uint16_t *w, unsigned at)
{
    unsigned rows = p->sources - at < p->r->rows ? p->sources - at : p->r->rows;
    size_t n = p->len / 2;
    memset(w, 0, p->r->rows * n * sizeof *w);
    for (unsigned i = 0; i < rows; i++)
        if (p->source[at + i])
            take(w + i * n, p->source[at + i] + p->from, p->len);
    return rows;
}

static void hand_out(const struct rs_piece *p, const uint16_t *w, unsigned at)
{
    for (unsigned i = 0; i < p->r->rows && at + i < p->r->recovery; i++)
        if (p->out[at + i])
            give(w + i * (p->len / 2), p->out[at + i] + p->from, p->len);
}

void rs_portable(const struct rs_piece *p)
{
    const struct rs *r = p->r;
    size_t n = p->len / 2, all = r->rows * n;
    uint16_t *sum = (uint16_t *)(void *)p->scratch, *w = sum + all;
    if (r->high) {
        inverse(r, sum, n, r->rows, fill(p, sum, 0));
        for (unsigned k = r->rows; k < p->sources; k += r->rows) {
            inverse(r, w, n, r->rows + k, fill(p, w, k));
            for (size_t i = 0; i < all; i++)
                sum[i] ^= w[i];
        }
        forward(r, sum, n, 0, r->recovery);
        hand_out(p, sum, 0);
        return;
    }
    inverse(r, sum, n, 0, fill(p, sum, 0));
    for (unsigned k = 0; k < r->recovery; k += r->rows) {
        unsigned left = r->recovery - k;
        memcpy(w, sum, all * sizeof *w);
        forward(r, w, n, r->rows + k, left < r->rows ? left : r->rows);
        hand_out(p, w, k);
    }
}
