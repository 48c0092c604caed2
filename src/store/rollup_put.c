/* A transaction's rows, sorted, into the tables of sums. */
#include "store/rollup_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static int day_order(const void *pa, const void *pb)
{
    const struct rolled *a = pa, *b = pb;
    struct key ka = day_key(a), kb = day_key(b);
    return key_order(&ka, &kb);
}

struct sum {
    int64_t payments, settlements;
    u256 amount, refunded;
    int64_t first, last;
    int64_t n; /* inferences */
};

static void sum_row(struct sum *x, const struct rolled *r)
{
    x->payments += pay_is_call(r->scheme);
    x->settlements += pay_is_settlement(r->scheme);
    u256 *to = r->scheme == PAY_REFUND ? &x->refunded : &x->amount;
    u256_add(*to, r->amount, to); /* stays at the largest there is */
    x->n += r->scheme == 0;
    x->first = r->time < x->first ? r->time : x->first;
    x->last = r->time > x->last ? r->time : x->last;
}

static void mark(struct rollup *r, int64_t at)
{
    if (at >= 0 && at < DAYS_MAX) {
        size_t byte = (size_t)at / 8;
        r->bits[byte] |= (uint8_t)(1u << (at % 8));
        r->marked = byte + 1 > r->marked ? byte + 1 : r->marked;
    }
}

static void unmark_all(struct rollup *r)
{
    memset(r->bits, 0, r->marked);
    r->marked = 0;
}

static void mark_days(struct rollup *all, const struct rolled *r, size_t n, int64_t first)
{
    for (size_t i = 0; i < n; i++) {
        if (r[i].what & FOR_EDGE) {
            mark(all, rollup_day(r[i].time) - rollup_day(first));
        }
    }
}

/* Adds what is there already, and marks its days. */
static souk_err add_old_edge(struct store *s, struct rollup *all, const struct rolled *r,
                             struct sum *x, bool *found, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT payments, settlements, amount, first, last, days FROM edge"
                      " WHERE chain = ? AND payee = ? AND payer = ? AND asset = ?");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, r->payer);
    query_int(&q, r->asset);
    *found = query_next(&q);
    if (*found) {
        int64_t was = query_col_int(&q, 3), last = query_col_int(&q, 4);
        struct untrusted days = query_col_text(&q, 5);
        x->payments += query_col_int(&q, 0);
        x->settlements += query_col_int(&q, 1);
        u256_add(x->amount, query_col_u256(&q, 2), &x->amount);
        x->first = was < x->first ? was : x->first;
        x->last = last > x->last ? last : x->last;
        int64_t shift = rollup_day(was) - rollup_day(x->first);
        size_t n = days.n < DAYS_BYTES ? days.n : DAYS_BYTES;
        for (size_t i = 0; i < 8 * n; i++) {
            if ((uint8_t)days.p[i / 8] & 1u << (i % 8)) {
                mark(all, (int64_t)i + shift);
            }
        }
    }
    return query_close(&q, e);
}

#define EDGE                                                                             \
    " INTO edge(chain, payee, payer, asset, payments, settlements, amount, first, last," \
    " days) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

static souk_err write_edge(struct store *s, const struct rollup *all, const struct rolled *r,
                           const struct sum *x, bool replace, struct err *e)
{
    struct query_run q =
        replace ? query_open(s, "INSERT OR REPLACE" EDGE) : query_open(s, "INSERT OR IGNORE" EDGE);
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, r->payer);
    query_int(&q, r->asset);
    query_int(&q, x->payments);
    query_int(&q, x->settlements);
    query_amount(&q, x->amount);
    query_int(&q, x->first);
    query_int(&q, x->last);
    query_blob(&q, all->bits, all->marked);
    return query_do(&q, e);
}

/*
 * One key's rows: n of them, one at least for the edge. While nearly all edges are new, as in a
 * first fill, they are not looked for first.
 */
static souk_err put_edge(struct store *s, struct rollup *all, const struct rolled *r, size_t n,
                         bool *new, struct err *e)
{
    struct sum x = {.first = INT64_MAX, .last = INT64_MIN};
    for (size_t i = 0; i < n; i++) {
        if (r[i].what & FOR_EDGE) {
            sum_row(&x, &r[i]);
        }
    }
    unmark_all(all);
    if (all->mostly_new) {
        mark_days(all, r, n, x.first);
        souk_err rc = write_edge(s, all, r, &x, false, e);
        *new = rc || sqlite3_changes(store_db(s)) > 0;
        if (*new) {
            return rc;
        }
        unmark_all(all);
    }
    bool found = false;
    souk_err rc = add_old_edge(s, all, r, &x, &found, e);
    *new = !found;
    mark_days(all, r, n, x.first);
    return rc ? rc : write_edge(s, all, r, &x, true, e);
}

static souk_err put_day(struct store *s, const struct rolled *r, const struct sum *x, struct err *e)
{
    struct sum y = *x;
    struct query_run q = query_open(s, "SELECT payments, settlements, amount, refunded FROM day"
                                       " WHERE chain = ? AND payee = ? AND day = ? AND asset = ?");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, rollup_day(r->time));
    query_int(&q, r->asset);
    if (query_next(&q)) {
        y.payments += query_col_int(&q, 0);
        y.settlements += query_col_int(&q, 1);
        u256_add(y.amount, query_col_u256(&q, 2), &y.amount);
        u256_add(y.refunded, query_col_u256(&q, 3), &y.refunded);
    }
    souk_err rc = query_close(&q, e);
    if (rc) {
        return rc;
    }
    q = query_open(s, "INSERT OR REPLACE INTO day(chain, payee, day, asset, payments, settlements,"
                      " amount, refunded) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, rollup_day(r->time));
    query_int(&q, r->asset);
    query_int(&q, y.payments);
    query_int(&q, y.settlements);
    query_amount(&q, y.amount);
    query_amount(&q, y.refunded);
    return query_do(&q, e);
}

static souk_err put_infer_day(struct store *s, const struct rolled *r, const struct sum *x,
                              struct err *e)
{
    struct query_run q =
        query_open(s, "INSERT INTO infer_day(chain, cid, day, n, last) VALUES(?, ?, ?, ?, ?)"
                      " ON CONFLICT DO UPDATE SET n = n + excluded.n,"
                      " last = max(last, excluded.last)");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, rollup_day(r->time));
    query_int(&q, x->n);
    query_int(&q, x->last);
    return query_do(&q, e);
}

static souk_err put_edges(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    size_t edges = 0, fresh = 0;
    for (size_t i = 0, n; i < r->n && !rc; i += n) {
        struct key key = edge_key(&r->row[i]);
        bool any = false;
        for (n = 0; i + n < r->n; n++) {
            struct key other = edge_key(&r->row[i + n]);
            if (key_order(&key, &other) != 0) {
                break;
            }
            any |= (r->row[i + n].what & FOR_EDGE) != 0;
        }
        if (any) {
            bool new = false;
            rc = put_edge(s, r, &r->row[i], n, &new, e);
            edges++;
            fresh += new;
        }
    }
    r->mostly_new = fresh > edges / 2;
    return rc;
}

static souk_err put_days(struct store *s, const struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0, n; i < r->n && !rc; i += n) {
        const struct rolled *row = &r->row[i];
        struct sum x = {.first = row->time, .last = row->time};
        bool any = false;
        for (n = 0; i + n < r->n && day_order(row, &r->row[i + n]) == 0; n++) {
            if (r->row[i + n].what & FOR_DAY) {
                sum_row(&x, &r->row[i + n]);
                any = true;
            }
        }
        if (any) {
            rc = row->scheme ? put_day(s, row, &x, e) : put_infer_day(s, row, &x, e);
        }
    }
    return rc;
}

souk_err rollup_put_extents(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < r->extents && !rc; i++) {
        struct query_run q = query_open(
            s, "INSERT INTO extent(chain, day, first, last) VALUES(?, ?, ?, ?) ON CONFLICT DO"
               " UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)");
        query_int(&q, r->extent[i].chain);
        query_int(&q, r->extent[i].day);
        query_int(&q, (int64_t)r->extent[i].first);
        query_int(&q, (int64_t)r->extent[i].last);
        rc = query_do(&q, e);
    }
    r->extents = 0;
    return rc;
}

souk_err rollup_put(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = put_edges(s, r, e);
    if (!rc && r->n) {
        qsort(r->row, r->n, sizeof *r->row, day_order);
        rc = put_days(s, r, e);
    }
    r->n = 0;
    return rc;
}
