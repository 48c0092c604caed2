/* The queries of market/derive. */
#include "store/derived.h"

#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* Ends a run in which fn said rc. */
static souk_err finish(struct query_run *q, souk_err rc, struct err *e)
{
    struct err other;
    souk_err closed = query_close(q, rc ? &other : e);
    return rc ? rc : closed;
}

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
    return finish(&q, rc, e);
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
    return finish(&q, rc, e);
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
    return finish(&q, rc, e);
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
    return finish(&q, rc, e);
}

static souk_err each_claim(struct query_run q, ROW_FN(cid_claim), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct cid_claim row = {query_col_int(&q, 0), query_col_int(&q, 1),
                                query_col_int(&q, 2) != 0};
        rc = fn(ud, &row, e);
    }
    return finish(&q, rc, e);
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

souk_err store_each_pay(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT p.block, p.log, p.payer, p.payee, p.asset, p.amount, p.scheme, p.time, m.who,"
           " m.how FROM pay p LEFT JOIN pay_model m ON m.chain = p.chain AND m.block = p.block AND"
           " m.log = p.log WHERE p.chain = ? AND p.tier = ? ORDER BY p.block, p.log");
    query_int(&q, chain);
    query_int(&q, TIER_PROVED);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct pay_row row = {.block = (uint64_t)query_col_int(&q, 0),
                              .log = (uint64_t)query_col_int(&q, 1),
                              .payer = query_col_int(&q, 2),
                              .payee = query_col_int(&q, 3),
                              .asset = query_col_int(&q, 4),
                              .amount = query_col_u256(&q, 5),
                              .scheme = (int)query_col_int(&q, 6),
                              .time = query_col_int(&q, 7),
                              .who = query_col_int(&q, 8),
                              .how = (int)query_col_int(&q, 9)};
        rc = fn(ud, &row, e);
    }
    return finish(&q, rc, e);
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
    return finish(&q, rc, e);
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

/* --- derived rows */

souk_err store_derived_clear(struct store *s, struct err *e)
{
    static const char *const sql[] = {"DELETE FROM stat",       "DELETE FROM author_stat",
                                      "DELETE FROM payee_stat", "DELETE FROM market_stat",
                                      "DELETE FROM weekly",     "DELETE FROM cid_model"};
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof sql / sizeof *sql && !rc; i++) {
        struct query_run q = query_open(s, sql[i]);
        rc = query_do(&q, e);
    }
    return rc;
}

static void bind_count(struct query_run *q, uint64_t v)
{
    query_int(q, (int64_t)v);
}

/* An empty encoding is stored as NULL. */
static void bind_packed(struct query_run *q, struct untrusted v)
{
    query_blob(q, v.n ? v.p : NULL, v.n);
}

souk_err store_figures_put(struct store *s, const struct figures_out *f, struct err *e)
{
    bool model = f->who > 0;
    struct query_run q =
        model ? query_open(s, "INSERT INTO stat(win, model, calls, payments, settlements,"
                              " inferences, payers, last, income, back)"
                              " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
              : query_open(s, "INSERT INTO author_stat(win, author, calls, payments, settlements,"
                              " inferences, payers, last, income, fresh, shared)"
                              " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, f->win);
    query_int(&q, model ? f->who : -f->who);
    bind_count(&q, f->calls);
    bind_count(&q, f->payments);
    bind_count(&q, f->settlements);
    bind_count(&q, f->inferences);
    bind_count(&q, f->payers);
    query_int(&q, f->last);
    bind_packed(&q, f->income);
    bind_count(&q, model ? f->back : f->fresh);
    if (!model) {
        bind_packed(&q, f->shared);
    }
    return query_do(&q, e);
}

souk_err store_payee_put(struct store *s, const struct payee_out *p, struct err *e)
{
    struct query_run q = query_open(s, "INSERT INTO payee_stat(win, payee, payments, settlements,"
                                       " income) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, p->win);
    query_int(&q, p->payee);
    bind_count(&q, p->payments);
    bind_count(&q, p->settlements);
    bind_packed(&q, p->income);
    return query_do(&q, e);
}

souk_err store_market_put(struct store *s, const struct market_out *m, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO market_stat(win, payments, settlements, inferences, payers, strays,"
           " unknown, income, shared, stray) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, m->win);
    bind_count(&q, m->payments);
    bind_count(&q, m->settlements);
    bind_count(&q, m->inferences);
    bind_count(&q, m->payers);
    bind_count(&q, m->strays);
    bind_count(&q, m->unknown);
    bind_packed(&q, m->income);
    bind_packed(&q, m->shared);
    bind_packed(&q, m->stray);
    return query_do(&q, e);
}

souk_err store_week_put(struct store *s, const struct week_out *w, struct err *e)
{
    struct query_run q = query_open(s, "INSERT INTO weekly(week, payments, settlements, inferences,"
                                       " payers, fresh, income) VALUES(?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, w->week);
    bind_count(&q, w->payments);
    bind_count(&q, w->settlements);
    bind_count(&q, w->inferences);
    bind_count(&q, w->payers);
    bind_count(&q, w->fresh);
    bind_packed(&q, w->income);
    return query_do(&q, e);
}

souk_err store_cid_model_put(struct store *s, int64_t cid, int64_t model, int how, struct err *e)
{
    struct query_run q = query_open(s, "INSERT INTO cid_model(cid, model, how) VALUES(?, ?, ?)");
    query_int(&q, cid);
    query_int(&q, model);
    query_int(&q, how);
    return query_do(&q, e);
}

souk_err store_pay_model_put(struct store *s, int64_t chain, uint64_t block, uint64_t log,
                             int64_t who, int how, struct err *e)
{
    struct query_run q =
        how ? query_open(s, "INSERT OR REPLACE INTO pay_model(chain, block, log, who, how)"
                            " VALUES(?, ?, ?, ?, ?)")
            : query_open(s, "DELETE FROM pay_model WHERE chain = ? AND block = ? AND log = ?");
    query_int(&q, chain);
    bind_count(&q, block);
    bind_count(&q, log);
    if (how) {
        query_int(&q, who);
        query_int(&q, how);
    }
    return query_do(&q, e);
}

static souk_err packed_put(struct query_run q, int64_t who, struct untrusted v, struct err *e)
{
    query_int(&q, who);
    if (v.n) {
        query_blob(&q, v.p, v.n);
    }
    return query_do(&q, e);
}

souk_err store_days_put(struct store *s, int64_t who, struct untrusted v, struct err *e)
{
    return packed_put(v.n ? query_open(s, "INSERT INTO days(who, v) VALUES(?, ?) ON CONFLICT DO"
                                          " UPDATE SET v = excluded.v WHERE v <> excluded.v")
                          : query_open(s, "DELETE FROM days WHERE who = ?"),
                      who, v, e);
}

souk_err store_spark_put(struct store *s, int64_t who, struct untrusted v, struct err *e)
{
    return packed_put(v.n ? query_open(s, "INSERT INTO spark(who, v) VALUES(?, ?) ON CONFLICT DO"
                                          " UPDATE SET v = excluded.v WHERE v <> excluded.v")
                          : query_open(s, "DELETE FROM spark WHERE who = ?"),
                      who, v, e);
}

souk_err store_each_days_who(struct store *s, ROW_FN(who_row), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT who FROM days");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct who_row row = {query_col_int(&q, 0)};
        rc = fn(ud, &row, e);
    }
    return finish(&q, rc, e);
}
