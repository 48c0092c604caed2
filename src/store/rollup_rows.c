/* Reading the sums, and the raw rows in the orders they are asked for. */
#include "store/rollup.h"

#include "store/query.h"
#include "store/rollup_internal.h"

#include "base/banned.h"

static uint64_t col_u64(struct query_run *q, int i)
{
    int64_t v = query_col_int(q, i);
    return v < 0 ? 0 : (uint64_t)v;
}

/* --- sums */

souk_err store_each_edge(struct store *s, int64_t chain, int64_t payee, ROW_FN(edge_row), void *ud,
                         struct err *e)
{
    struct query_run q =
        payee ? query_open(s, "SELECT payee, payer, asset, payments, settlements, amount, first,"
                              " last, days FROM edge WHERE chain = ? AND payee = ?"
                              " ORDER BY payee, payer, asset")
              : query_open(s, "SELECT payee, payer, asset, payments, settlements, amount, first,"
                              " last, days FROM edge WHERE chain = ?"
                              " ORDER BY payee, payer, asset");
    query_int(&q, chain);
    if (payee) {
        query_int(&q, payee);
    }
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct untrusted days = query_col_text(&q, 8);
        struct edge_row row = {.payee = query_col_int(&q, 0),
                               .payer = query_col_int(&q, 1),
                               .asset = query_col_int(&q, 2),
                               .payments = col_u64(&q, 3),
                               .settlements = col_u64(&q, 4),
                               .amount = query_col_u256(&q, 5),
                               .first = query_col_int(&q, 6),
                               .last = query_col_int(&q, 7),
                               .days = (const uint8_t *)days.p,
                               .days_n = days.n};
        row.first_day = rollup_day(row.first);
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_day(struct store *s, int64_t chain, int64_t payee, ROW_FN(day_row), void *ud,
                        struct err *e)
{
    struct query_run q =
        payee ? query_open(s, "SELECT payee, day, asset, payments, settlements, amount, refunded"
                              " FROM day WHERE chain = ? AND payee = ? ORDER BY payee, day, asset")
              : query_open(s, "SELECT payee, day, asset, payments, settlements, amount, refunded"
                              " FROM day WHERE chain = ? ORDER BY payee, day, asset");
    query_int(&q, chain);
    if (payee) {
        query_int(&q, payee);
    }
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct day_row row = {.payee = query_col_int(&q, 0),
                              .day = query_col_int(&q, 1),
                              .asset = query_col_int(&q, 2),
                              .payments = col_u64(&q, 3),
                              .settlements = col_u64(&q, 4),
                              .amount = query_col_u256(&q, 5),
                              .refunded = query_col_u256(&q, 6)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_infer_day_of(struct store *s, int64_t chain, int64_t cid, ROW_FN(infer_day_row),
                                 void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT cid, day, n, last FROM infer_day WHERE chain = ? AND cid = ? ORDER BY day");
    query_int(&q, chain);
    query_int(&q, cid);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct infer_day_row row = {query_col_int(&q, 0), query_col_int(&q, 1), col_u64(&q, 2),
                                    query_col_int(&q, 3)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

/* --- raw rows */

#define PAYMENT  "SELECT block, log, 1, payer, payee, asset, amount, scheme, tier, time FROM pay"
#define FLOW     "SELECT block, log, 0, source, target, asset, amount, kind, 0, time FROM flow"
#define IN_ORDER " ORDER BY 1, 2"

static struct move_row move_of(struct query_run *q)
{
    return (struct move_row){.block = col_u64(q, 0),
                             .log = col_u64(q, 1),
                             .payment = query_col_int(q, 2) != 0,
                             .from = query_col_int(q, 3),
                             .to = query_col_int(q, 4),
                             .asset = query_col_int(q, 5),
                             .amount = query_col_u256(q, 6),
                             .kind = (int)query_col_int(q, 7),
                             .tier = (int)query_col_int(q, 8),
                             .time = query_col_int(q, 9)};
}

static souk_err each_move(struct query_run *q, ROW_FN(move_row), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct move_row row = move_of(q);
        rc = fn(ud, &row, e);
    }
    return query_end(q, rc, e);
}

static bool comes_first(const struct move_row *a, const struct move_row *b)
{
    return a->block != b->block ? a->block < b->block : a->log < b->log;
}

/* Two tables in one order, by hand: SQLite takes three times as long to put them together. */
static souk_err each_of_two(struct query_run *q, ROW_FN(move_row), void *ud, struct err *e)
{
    struct move_row row[2];
    bool more[2];
    souk_err rc = SOUK_OK;
    for (int i = 0; i < 2; i++) {
        more[i] = query_next(&q[i]);
        row[i] = more[i] ? move_of(&q[i]) : (struct move_row){.block = 0};
    }
    while (!rc && (more[0] || more[1])) {
        int i = more[1] && (!more[0] || comes_first(&row[1], &row[0]));
        rc = fn(ud, &row[i], e);
        more[i] = !rc && query_next(&q[i]);
        if (more[i]) {
            row[i] = move_of(&q[i]);
        }
    }
    rc = query_end(&q[0], rc, e);
    return query_end(&q[1], rc, e);
}

souk_err store_each_move(struct store *s, int64_t chain, uint64_t block, ROW_FN(move_row), void *ud,
                         struct err *e)
{
    struct query_run q[] = {
        query_open(s, PAYMENT " WHERE chain = ? AND block >= ?" IN_ORDER),
        query_open(s, FLOW " WHERE chain = ? AND block >= ?" IN_ORDER),
    };
    for (int i = 0; i < 2; i++) {
        query_int(&q[i], chain);
        query_int(&q[i], block > INT64_MAX ? INT64_MAX : (int64_t)block);
    }
    return each_of_two(q, fn, ud, e);
}

/* The blocks between which all rows of a stretch of time are: from 1 to 0 when there are none. */
static souk_err blocks_between(struct store *s, int64_t chain, int64_t first, int64_t last,
                               int64_t block[2], struct err *e)
{
    struct query_run q = query_open(s, "SELECT min(first), max(last), count(*) FROM extent"
                                       " WHERE chain = ? AND day BETWEEN ? AND ?");
    query_int(&q, chain);
    query_int(&q, rollup_day(first));
    query_int(&q, rollup_day(last));
    block[0] = 1;
    block[1] = 0;
    if (query_next(&q) && query_col_int(&q, 2) > 0) {
        block[0] = query_col_int(&q, 0);
        block[1] = query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

souk_err store_each_pay_between(struct store *s, int64_t chain, int64_t first, int64_t last,
                                ROW_FN(move_row), void *ud, struct err *e)
{
    int64_t block[2];
    souk_err rc = blocks_between(s, chain, first, last, block, e);
    if (rc) {
        return rc;
    }
    struct query_run q =
        query_open(s, PAYMENT " WHERE chain = ? AND block BETWEEN ? AND ? AND time > ?"
                              " AND time <= ? AND tier = ?" IN_ORDER);
    query_int(&q, chain);
    query_int(&q, block[0]);
    query_int(&q, block[1]);
    query_int(&q, first);
    query_int(&q, last);
    query_int(&q, TIER_PROVED);
    return each_move(&q, fn, ud, e);
}

souk_err store_each_infer_between(struct store *s, int64_t chain, int64_t first, int64_t last,
                                  ROW_FN(infer_row), void *ud, struct err *e)
{
    int64_t block[2];
    souk_err rc = blocks_between(s, chain, first, last, block, e);
    if (rc) {
        return rc;
    }
    struct query_run q = query_open(s, "SELECT cid, time FROM infer WHERE chain = ? AND block"
                                       " BETWEEN ? AND ? AND time > ? AND time <= ?"
                                       " ORDER BY block, log");
    query_int(&q, chain);
    query_int(&q, block[0]);
    query_int(&q, block[1]);
    query_int(&q, first);
    query_int(&q, last);
    while (!rc && query_next(&q)) {
        struct infer_row row = {query_col_int(&q, 0), query_col_int(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

/* --- addresses and transactions */

bool store_addr_find(struct store *s, address a, int64_t *id)
{
    struct query_run q = query_open(s, "SELECT id FROM addr WHERE a = ?");
    query_blob(&q, a.b, sizeof a.b);
    return query_one(&q, 0, id, NULL) == SOUK_OK && *id != 0;
}

bool store_addr_get(struct store *s, int64_t id, address *out)
{
    struct query_run q = query_open(s, "SELECT a FROM addr WHERE id = ?");
    query_int(&q, id);
    bool found = query_next(&q);
    if (found) {
        *out = query_col_address(&q, 0);
    }
    return query_close(&q, NULL) == SOUK_OK && found;
}
