/* What market/derive reads; what it writes is in store_figures.c. */
#include "store/rollup.h"

#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* --- listings and models */

souk_err store_each_listing_event(struct store *s, int64_t chain, ROW_FN(listing_event), void *ud,
                                  struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT l.block, l.log, l.kind, l.lid, m.id, o.a, l.owner, l.asset, l.pay_to, l.price,"
           " l.blob_id, l.endpoint, l.time FROM listing_event l JOIN addr o ON o.id = l.owner"
           " LEFT JOIN author a ON a.name = l.author"
           " LEFT JOIN model m ON m.author = a.id AND m.name = l.name"
           " WHERE l.chain = ? ORDER BY l.block, l.log");
    query_int(&q, chain);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct listing_event row = {.block = (uint64_t)query_col_int(&q, 0),
                                    .log = (uint64_t)query_col_int(&q, 1),
                                    .listed = query_col_int(&q, 2) == 1,
                                    .lid = query_col_bytes32(&q, 3),
                                    .model = query_col_int(&q, 4),
                                    .owner_address = query_col_address(&q, 5),
                                    .owner = query_col_int(&q, 6),
                                    .asset = query_col_int(&q, 7),
                                    .pay_to = query_col_int(&q, 8),
                                    .price = query_col_u256(&q, 9),
                                    .blob_id = query_col_text(&q, 10),
                                    .endpoint = query_col_text(&q, 11),
                                    .time = query_col_int(&q, 12)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_unread(struct store *s, ROW_FN(description_row), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT m.id, t.description FROM model m INDEXED BY"
                                       " model_unread JOIN model_text t ON t.rowid = m.id"
                                       " WHERE m.read = 0 ORDER BY m.id");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct description_row row = {query_col_int(&q, 0), query_col_text(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_stated_put(struct store *s, int64_t model, const char *stated, struct err *e)
{
    struct query_run q =
        query_open(s, "UPDATE model SET read = 1, stated = nullif(?, '') WHERE id = ?");
    query_text(&q, untrusted(stated));
    query_int(&q, model);
    return query_do(&q, e);
}

souk_err store_unread_all(struct store *s, struct err *e)
{
    struct query_run q = query_open(s, "UPDATE model SET read = 0");
    return query_do(&q, e);
}

souk_err store_description(struct store *s, int64_t model, struct arena *a, struct untrusted *out,
                           struct err *e)
{
    struct query_run q = query_open(s, "SELECT description FROM model_text WHERE rowid = ?");
    query_int(&q, model);
    *out = untrusted(NULL);
    bool ok = !query_next(&q) || query_copy(&q, 0, a, out);
    souk_err rc = query_close(&q, e);
    return !rc && !ok ? err_nomem(e) : rc;
}

souk_err store_each_model(struct store *s, ROW_FN(derived_model), void *ud, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT id, author, mark, ever, blob_from, price, asset, pay_to, owner,"
                      " listed_at, endpoint, blob_id, stated FROM model ORDER BY id");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct derived_model row = {.id = query_col_int(&q, 0),
                                    .author = query_col_int(&q, 1),
                                    .mark = (int)query_col_int(&q, 2),
                                    .ever = (int)query_col_int(&q, 3),
                                    .blob_from = (int)query_col_int(&q, 4),
                                    .price = query_col_u256(&q, 5),
                                    .asset = query_col_int(&q, 6),
                                    .pay_to = query_col_int(&q, 7),
                                    .owner = query_col_int(&q, 8),
                                    .listed_at = query_col_int(&q, 9),
                                    .endpoint = query_col_text(&q, 10),
                                    .blob_id = query_col_text(&q, 11),
                                    .stated = query_col_text(&q, 12)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_derived_model_put(struct store *s, const struct derived_model *m, struct err *e)
{
    struct query_run q = query_open(
        s, "UPDATE model SET mark = ?, ever = ?, blob_from = ?, price = ?, asset = ?, pay_to = ?,"
           " owner = ?, listed_at = ?, endpoint = ?, blob_id = ? WHERE id = ?");
    query_int(&q, m->mark);
    query_int(&q, m->ever);
    query_int(&q, m->blob_from);
    if (m->asset) {
        query_u256(&q, m->price);
        query_int(&q, m->asset);
        query_int(&q, m->pay_to);
        query_int(&q, m->owner);
    } else {
        for (int i = 0; i < 4; i++) {
            query_null(&q);
        }
    }
    query_int(&q, m->listed_at);
    query_text(&q, m->endpoint);
    query_text(&q, m->blob_id);
    query_int(&q, m->id);
    return query_do(&q, e);
}

souk_err store_each_file_blob(struct store *s, ROW_FN(file_blob), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT model, version, name, blob_id FROM file"
                                       " WHERE blob_id IS NOT NULL ORDER BY model, version, name");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct file_blob row = {query_col_int(&q, 0), query_col_text(&q, 1), query_col_text(&q, 2),
                                query_col_text(&q, 3)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

static souk_err each_claim(struct query_run q, ROW_FN(cid_claim), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct cid_claim row = {query_col_int(&q, 0), query_col_int(&q, 1),
                                query_col_int(&q, 2) != 0};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_file_claim(struct store *s, ROW_FN(cid_claim), void *ud, struct err *e)
{
    return each_claim(query_open(s, "SELECT DISTINCT c.id, f.model, m.gone FROM cid c CROSS JOIN"
                                    " file f ON f.blob_id = c.text JOIN model m ON m.id = f.model"),
                      fn, ud, e);
}

souk_err store_each_stated_claim(struct store *s, ROW_FN(cid_claim), void *ud, struct err *e)
{
    return each_claim(query_open(s, "SELECT c.id, m.id, m.gone FROM cid c CROSS JOIN model m"
                                    " ON m.stated = c.text"),
                      fn, ud, e);
}

souk_err store_cid_find(struct store *s, struct untrusted text, int64_t *cid, struct err *e)
{
    struct query_run q = query_open(s, "SELECT id FROM cid WHERE text = ?");
    query_text(&q, text);
    return query_one(&q, 0, cid, e);
}

/* --- chain rows */

static souk_err each_pay(struct query_run *q, ROW_FN(pay_row), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct pay_row row = {.block = (uint64_t)query_col_int(q, 0),
                              .log = (uint64_t)query_col_int(q, 1),
                              .payer = query_col_int(q, 2),
                              .payee = query_col_int(q, 3),
                              .asset = query_col_int(q, 4),
                              .amount = query_col_u256(q, 5),
                              .scheme = (int)query_col_int(q, 6),
                              .time = query_col_int(q, 7),
                              .who = query_col_int(q, 8),
                              .how = (int)query_col_int(q, 9)};
        rc = fn(ud, &row, e);
    }
    return query_end(q, rc, e);
}

#define PAY "SELECT p.block, p.log, p.payer, p.payee, p.asset, p.amount, p.scheme, p.time, "
#define WITH_MODEL                                                                     \
    "m.who, m.how FROM pay p LEFT JOIN pay_model m ON m.chain = p.chain AND m.block =" \
    " p.block AND m.log = p.log WHERE p.chain = ?1 "

souk_err store_each_pay(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud, struct err *e)
{
    struct query_run q = query_open(s, PAY WITH_MODEL "AND p.tier = ?2 ORDER BY p.block, p.log");
    query_int(&q, chain);
    query_int(&q, TIER_PROVED);
    return each_pay(&q, fn, ud, e);
}

souk_err store_each_pay_of(struct store *s, int64_t chain, int64_t payee, ROW_FN(pay_row), void *ud,
                           struct err *e)
{
    struct query_run q = query_open(s, PAY WITH_MODEL "AND p.tier = ?2 AND p.payee = ?3"
                                                      " ORDER BY p.block, p.log");
    query_int(&q, chain);
    query_int(&q, TIER_PROVED);
    query_int(&q, payee);
    return each_pay(&q, fn, ud, e);
}

souk_err store_each_pay_of_nobody(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                  struct err *e)
{
    struct query_run q =
        query_open(s, PAY "0, 0 FROM pay p INDEXED BY pay_of_nobody WHERE p.chain = ?1 AND"
                          " p.payer = 0 AND p.tier = ?2");
    query_int(&q, chain);
    query_int(&q, TIER_PROVED);
    return each_pay(&q, fn, ud, e);
}

souk_err store_each_pay_by_list(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                struct err *e)
{
    struct query_run q =
        query_open(s, PAY "0, 0 FROM pay p INDEXED BY pay_by_list WHERE p.chain = ?1 AND"
                          " p.tier = 2");
    query_int(&q, chain);
    return each_pay(&q, fn, ud, e);
}

souk_err store_each_inflow(struct store *s, int64_t chain, int64_t payee, ROW_FN(pay_row), void *ud,
                           struct err *e)
{
#define PLAIN                                                                                   \
    "SELECT f.block, f.log, f.source, f.target, f.asset, f.amount, 0, f.time, 0, 0 FROM flow f" \
    " WHERE f.chain = ?1 AND f.kind = ?2"
    struct query_run q = payee ? query_open(s, PLAIN " AND f.target = ?3") : query_open(s, PLAIN);
#undef PLAIN
    query_int(&q, chain);
    query_int(&q, FLOW_PLAIN);
    if (payee) {
        query_int(&q, payee);
    }
    return each_pay(&q, fn, ud, e);
}

souk_err store_each_told_by_price(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                  struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT m.block, m.log, p.payer, p.payee, p.asset, p.amount, p.scheme,"
                      " p.time, m.who, m.how FROM pay_model m LEFT JOIN pay p ON p.chain ="
                      " m.chain AND p.block = m.block AND p.log = m.log WHERE m.chain = ?");
    query_int(&q, chain);
    return each_pay(&q, fn, ud, e);
}

souk_err store_count_told_by_price(struct store *s, int64_t chain, int64_t *n, struct err *e)
{
    struct query_run q = query_open(s, "SELECT count(*) FROM pay_model WHERE chain = ?");
    query_int(&q, chain);
    return query_one(&q, 0, n, e);
}

/* --- where the sums are */

souk_err store_payee_days(struct store *s, int64_t chain, int64_t payee, int64_t day[2], bool *any,
                          struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT (SELECT day FROM day WHERE chain = ?1 AND payee = ?2 ORDER BY day LIMIT 1),"
           " (SELECT day FROM day WHERE chain = ?1 AND payee = ?2 ORDER BY day DESC LIMIT 1)");
    query_int(&q, chain);
    query_int(&q, payee);
    *any = query_next(&q) && sqlite3_column_type(q.st, 0) != SQLITE_NULL;
    if (*any) {
        day[0] = query_col_int(&q, 0);
        day[1] = query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

souk_err store_payee_times(struct store *s, int64_t chain, int64_t payee, int64_t time[2],
                           struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT min(first), max(last) FROM (SELECT first, last FROM edge WHERE chain = ?1 AND"
           " payee = ?2 UNION ALL SELECT day * 86400, day * 86400 + 86399 FROM day WHERE"
           " chain = ?1 AND payee = ?2 AND length(refunded) > 0)");
    query_int(&q, chain);
    query_int(&q, payee);
    if (query_next(&q)) {
        time[0] = query_col_int(&q, 0);
        time[1] = query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

/* From one to the next by the key: there may be many days of each. */
static souk_err each_next(struct store *s, const char *sql, int64_t chain, ROW_FN(who_row),
                          void *ud, struct err *e)
{
    for (int64_t last = 0;;) {
        struct query_run q = query_open(s, sql);
        query_int(&q, chain);
        query_int(&q, last);
        souk_err rc = query_one(&q, 0, &last, e);
        if (rc || last == 0) {
            return rc;
        }
        struct who_row row = {last};
        rc = fn(ud, &row, e);
        if (rc) {
            return rc;
        }
    }
}

souk_err store_each_paid(struct store *s, int64_t chain, ROW_FN(who_row), void *ud, struct err *e)
{
    return each_next(s,
                     "SELECT payee FROM day WHERE chain = ? AND payee > ? ORDER BY payee LIMIT 1",
                     chain, fn, ud, e);
}

souk_err store_each_called(struct store *s, int64_t chain, ROW_FN(who_row), void *ud, struct err *e)
{
    return each_next(s,
                     "SELECT cid FROM infer_day WHERE chain = ? AND cid > ? ORDER BY cid LIMIT 1",
                     chain, fn, ud, e);
}

souk_err store_time_read(struct store *s, int64_t payments, int64_t inferences, int64_t time[2],
                         struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT min(a), max(b) FROM (SELECT"
           " (SELECT time FROM pay WHERE chain = ?1 ORDER BY block, log LIMIT 1) AS a,"
           " (SELECT time FROM pay WHERE chain = ?1 ORDER BY block DESC, log DESC LIMIT 1) AS b"
           " UNION ALL SELECT"
           " (SELECT time FROM infer WHERE chain = ?2 ORDER BY block, log LIMIT 1),"
           " (SELECT time FROM infer WHERE chain = ?2 ORDER BY block DESC, log DESC LIMIT 1))");
    query_int(&q, payments);
    query_int(&q, inferences);
    time[0] = time[1] = 0;
    if (query_next(&q)) {
        time[0] = query_col_int(&q, 0);
        time[1] = query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

bool store_indexed(struct store *s)
{
    int64_t n = 0;
    struct query_run q = query_open(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND"
                                       " name IN ('pay_by_payee', 'flow_by_target')");
    return query_one(&q, 0, &n, NULL) == SOUK_OK && n == 2;
}

souk_err store_each_infer(struct store *s, int64_t chain, ROW_FN(infer_row), void *ud,
                          struct err *e)
{
    struct query_run q = query_open(s, "SELECT cid, time FROM infer"
                                       " WHERE chain = ? ORDER BY cid, time");
    query_int(&q, chain);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct infer_row row = {query_col_int(&q, 0), query_col_int(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_assets(struct store *s, int64_t chain, struct asset_row *out, size_t max, size_t *n,
                      struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT x.addr, a.a, x.symbol, x.decimals FROM asset x JOIN addr a ON"
                      " a.id = x.addr WHERE x.chain = ?1 OR ?1 = 0 ORDER BY x.id LIMIT ?2");
    query_int(&q, chain);
    query_int(&q, (int64_t)max);
    *n = 0;
    while (*n < max && query_next(&q)) {
        struct asset_row *r = &out[(*n)++];
        *r = (struct asset_row){.addr = query_col_int(&q, 0),
                                .address = query_col_address(&q, 1),
                                .decimals = (unsigned)query_col_int(&q, 3)};
        struct untrusted symbol = query_col_text(&q, 2);
        size_t len = symbol.n < sizeof r->symbol ? symbol.n : sizeof r->symbol - 1;
        memcpy(r->symbol, symbol.n ? symbol.p : "", len);
    }
    return query_close(&q, e);
}
