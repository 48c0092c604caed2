/* Sums made again from the rows: of the keys that lost some, or all of them. */
#include <stdlib.h>

#include "store/rollup.h"
#include "store/rollup_internal.h"

#include "base/banned.h"

struct rolled rolled_row(struct query_run *q, bool inference)
{
    struct rolled row = {.chain = query_col_int(q, 0),
                         .payee = query_col_int(q, 1),
                         .time = query_col_int(q, 2),
                         .block = (uint64_t)query_col_int(q, 3)};
    if (!inference) {
        row.payer = query_col_int(q, 4);
        row.asset = query_col_int(q, 5);
        row.amount = query_col_u256(q, 6);
        row.scheme = (uint8_t)query_col_int(q, 7);
    }
    return row;
}

static souk_err put_all(struct store *s, struct rollup *r, struct err *e)
{
    if (r->n) {
        qsort(r->row, r->n, sizeof *r->row, edge_order);
    }
    return rollup_put(s, r, e);
}

/* Rows of pay or infer, as far as they belong to what is summed again; all: all do. */
static souk_err feed(struct store *s, struct rollup *r, struct query_run *q, bool all,
                     bool inference, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct rolled row = rolled_row(q, inference);
        row.what = rollup_for(row.scheme);
        if (!all) {
            row.what = rollup_wanted(r, &row, true);
        }
        if (row.what && !rollup_push(r, &row)) {
            rc = err_nomem(e);
        }
        if (!rc && r->n == ROWS_MAX) {
            rc = put_all(s, r, e);
        }
    }
    return query_end(q, rc, e);
}

static souk_err delete_key(struct store *s, const char *sql, const struct key *k, bool asset,
                           struct err *e)
{
    struct query_run q = query_open(s, sql);
    query_int(&q, k->chain);
    query_int(&q, k->payee);
    query_int(&q, k->other);
    if (asset) {
        query_int(&q, k->asset);
    }
    return query_do(&q, e);
}

static souk_err delete_keys(struct store *s, const struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < r->edges.n && !rc; i++) {
        rc = delete_key(s,
                        "DELETE FROM edge WHERE chain = ? AND payee = ? AND payer = ?"
                        " AND asset = ?",
                        &r->edges.key[i], true, e);
    }
    for (size_t i = 0; i < r->days.n && !rc; i++) {
        const struct key *k = &r->days.key[i];
        rc = k->inference
                 ? delete_key(s, "DELETE FROM infer_day WHERE chain = ? AND cid = ? AND day = ?", k,
                              false, e)
                 : delete_key(s,
                              "DELETE FROM day WHERE chain = ? AND payee = ? AND day = ?"
                              " AND asset = ?",
                              k, true, e);
    }
    return rc;
}

bool rollup_indexed(struct store *s, bool inference)
{
    int64_t n = 0;
    struct query_run q = query_open(s, "SELECT count(*) FROM sqlite_schema WHERE name = ?");
    query_text(&q, untrusted(inference ? "infer_by_cid" : "pay_by_payee"));
    return query_one(&q, 0, &n, NULL) == SOUK_OK && n == 1;
}

/* All rows that may belong to the keys: of their payees, or without an index of the chain. */
static souk_err feed_keys(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    const struct key *before = NULL;
    for (size_t i = 0; i < r->days.n && !rc; i++) {
        const struct key *k = &r->days.key[i];
        bool one = rollup_indexed(s, k->inference);
        if (before && before->inference == k->inference && before->chain == k->chain &&
            (!one || before->payee == k->payee)) {
            continue;
        }
        before = k;
        struct query_run q =
            k->inference
                ? (one ? query_open(s, ROLLED_INFER " WHERE chain = ? AND cid = ?")
                       : query_open(s, ROLLED_INFER " WHERE chain = ?"))
                : (one ? query_open(s, ROLLED_PAY " WHERE tier = 3 AND chain = ? AND payee = ?")
                       : query_open(s, ROLLED_PAY " WHERE tier = 3 AND chain = ?"));
        query_int(&q, k->chain);
        if (one) {
            query_int(&q, k->payee);
        }
        rc = feed(s, r, &q, false, k->inference, e);
    }
    return rc ? rc : put_all(s, r, e);
}

souk_err rollup_keys_again(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = r->days.n ? delete_keys(s, r, e) : SOUK_OK;
    if (!rc && r->days.n) {
        rc = feed_keys(s, r, e);
    }
    r->edges.n = r->days.n = 0;
    return rc;
}

/* --- being behind */

static const char behind_key[] = "sums_behind";

bool store_behind(struct store *s)
{
    return store_meta_int(s, behind_key, 0) != 0;
}

souk_err rollup_stay_behind(struct store *s, struct err *e)
{
    return store_behind(s) ? SOUK_OK : store_meta_set_int(s, behind_key, 1, e);
}

/* In the order of the tables, so that each page of them is written once. */
static souk_err sum_all_again(struct store *s, struct rollup *r, struct err *e)
{
    static const char *const empty[] = {"DELETE FROM edge", "DELETE FROM day",
                                        "DELETE FROM infer_day"};
    souk_err rc = store_meta_set_int(s, behind_key, 0, e);
    for (size_t i = 0; i < sizeof empty / sizeof *empty && !rc; i++) {
        struct query_run q = query_open(s, empty[i]);
        rc = query_do(&q, e);
    }
    if (!rc) {
        struct query_run q =
            query_open(s, ROLLED_PAY " WHERE tier = 3 ORDER BY chain, payee, payer, asset");
        rc = feed(s, r, &q, true, false, e);
    }
    rc = rc ? rc : put_all(s, r, e);
    if (!rc) {
        struct query_run q = query_open(s, ROLLED_INFER " ORDER BY chain, cid");
        rc = feed(s, r, &q, true, true, e);
    }
    return rc ? rc : put_all(s, r, e);
}

souk_err store_sum(struct store *s, atomic_bool *stop, struct err *e)
{
    struct rollup *r = rollup_of(s);
    if (!r) {
        return err_nomem(e);
    }
    if (!store_behind(s)) {
        return SOUK_OK;
    }
    store_work_begin(s, stop);
    souk_err rc = store_begin(s, e);
    if (!rc) {
        rc = sum_all_again(s, r, e);
        if (!rc) {
            rc = store_commit(s, e);
        } else {
            store_rollback(s);
        }
    }
    store_work_end(s);
    return rc;
}
