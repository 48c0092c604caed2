#include <string.h>

#include "market/explain.h"
#include "market/explain/internal.h"

#include "base/banned.h"

enum { STOP_EACH = 4096 };

static void put(struct row_digest *d, const void *p, size_t n)
{
    if (n > sizeof d->out - d->n) {
        crypto_generichash_update(&d->hash, d->out, d->n);
        d->n = 0;
    }
    if (n > sizeof d->out) {
        crypto_generichash_update(&d->hash, p, n);
    } else if (n > 0) {
        memcpy(d->out + d->n, p, n);
        d->n += n;
    }
}

static void put_number(struct row_digest *d, uint64_t v, size_t bytes)
{
    uint8_t be[8];
    for (size_t i = 0; i < bytes; i++)
        be[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    put(d, be, bytes);
}

static void put_amount(struct row_digest *d, u256 v)
{
    uint8_t be[32];
    u256_to_be(v, be);
    put(d, be, sizeof be);
}

static void put_text(struct row_digest *d, struct untrusted t)
{
    put_number(d, t.n, 4);
    put(d, t.p, t.n);
}

static void put_listing(struct row_digest *d, const struct proof_row *r)
{
    put_number(d, r->listed, 1);
    put(d, r->from.b, sizeof r->from.b);
    put(d, r->lid.b, sizeof r->lid.b);
    if (!r->listed)
        return;
    put_text(d, r->author);
    put_text(d, r->name);
    put_text(d, r->blob_id);
    put_text(d, r->endpoint);
    put_amount(d, r->amount);
    put(d, r->asset.b, sizeof r->asset.b);
    put(d, r->to.b, sizeof r->to.b);
}

void row_digest_begin(struct row_digest *d)
{
    crypto_generichash_init(&d->hash, NULL, 0, 32);
    d->n = 0;
}

void row_digest_add(struct row_digest *d, const struct proof_row *r)
{
    put_number(d, r->block, 8);
    put_number(d, r->log, 8);
    put(d, r->tx.b, sizeof r->tx.b);
    put_number(d, r->kind, 1);
    switch (r->kind) {
    case PROOF_PAY:
    case PROOF_FLOW:
        put_number(d, (uint64_t)r->scheme, 1);
        if (r->kind == PROOF_PAY)
            put_number(d, (uint64_t)r->tier, 1);
        put(d, r->from.b, sizeof r->from.b);
        put(d, r->to.b, sizeof r->to.b);
        put(d, r->asset.b, sizeof r->asset.b);
        put_amount(d, r->amount);
        break;
    case PROOF_INFER:
        put_text(d, r->cid);
        break;
    case PROOF_LISTING:
        put_listing(d, r);
        break;
    }
}

void row_digest_end(struct row_digest *d, uint8_t out[32])
{
    crypto_generichash_update(&d->hash, d->out, d->n);
    crypto_generichash_final(&d->hash, out, 32);
}

/* --- all rows of a filter */

struct digesting {
    struct row_digest digest;
    uint64_t rows;
    const atomic_bool *stop;
};

static souk_err on_row(void *ud, const struct proof_row *r, struct err *e)
{
    struct digesting *d = ud;
    if (++d->rows % STOP_EACH == 0 && d->stop != NULL && atomic_load(d->stop))
        return err_set(e, SOUK_ECANCEL, "stopped");
    row_digest_add(&d->digest, r);
    return SOUK_OK;
}

souk_err digest_rows(struct store *s, int64_t chain, const char *filter, uint64_t last,
                     const atomic_bool *stop, uint8_t out[32], uint64_t *rows, struct err *e)
{
    struct digesting d = {.stop = stop};
    row_digest_begin(&d.digest);
    souk_err c = store_each_proof_row(s, chain, filter, 0, last, on_row, &d, e);
    if (c != SOUK_OK)
        return c;
    row_digest_end(&d.digest, out);
    *rows = d.rows;
    return SOUK_OK;
}
