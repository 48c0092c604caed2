/* The derived rows, as market/derive writes them: only where they differ from what is there. */
#include "store/derived.h"

#include <string.h>

#include "store/query.h"

#include "base/banned.h"

souk_err store_derived_clear(struct store *s, struct err *e)
{
    static const char *const sql[] = {"DELETE FROM market_stat", "DELETE FROM weekly",
                                      "DELETE FROM cohort"};
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

/* --- figures of models and authors */

#define COUNTS "calls, payments, settlements, inferences, payers, unknown, last, income, refunded"
#define EXCLUDED                                                                             \
    "(excluded.calls, excluded.payments, excluded.settlements, excluded.inferences,"         \
    " excluded.payers, excluded.unknown, excluded.last, excluded.income, excluded.refunded," \
    " excluded."

static struct query_run figures_query(struct store *s, bool model)
{
    return model ? query_open(s, "INSERT INTO stat(win, model, " COUNTS ", back)"
                                 " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                                 " SET (" COUNTS ", back) = " EXCLUDED "back)"
                                 " WHERE (" COUNTS ", back) IS NOT " EXCLUDED "back)")
                 : query_open(s, "INSERT INTO author_stat(win, author, " COUNTS ", fresh, shared)"
                                 " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO"
                                 " UPDATE SET (" COUNTS ", fresh, shared) = " EXCLUDED
                                 "fresh, excluded.shared) WHERE (" COUNTS
                                 ", fresh, shared) IS NOT " EXCLUDED "fresh, excluded.shared)");
}

souk_err store_figures_put(struct store *s, const struct figures_out *f, struct err *e)
{
    bool model = f->who > 0;
    struct query_run q = figures_query(s, model);
    query_int(&q, f->win);
    query_int(&q, model ? f->who : -f->who);
    bind_count(&q, f->calls);
    bind_count(&q, f->payments);
    bind_count(&q, f->settlements);
    bind_count(&q, f->inferences);
    bind_count(&q, f->payers);
    bind_count(&q, f->unknown);
    query_int(&q, f->last);
    query_packed(&q, f->income);
    query_packed(&q, f->refunded);
    bind_count(&q, model ? f->back : f->fresh);
    if (!model) {
        query_packed(&q, f->shared);
    }
    return query_do(&q, e);
}

souk_err store_figures_none(struct store *s, int win, int64_t who, struct err *e)
{
    struct query_run q =
        who > 0 ? query_open(s, "DELETE FROM stat WHERE win = ? AND model = ?")
                : query_open(s, "DELETE FROM author_stat WHERE win = ? AND author = ?");
    query_int(&q, win);
    query_int(&q, who > 0 ? who : -who);
    return query_do(&q, e);
}

souk_err store_payee_put(struct store *s, const struct payee_out *p, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO payee_stat(win, payee, payments, settlements, unattributed, income, shared)"
           " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET (payments, settlements,"
           " unattributed, income, shared) = (excluded.payments, excluded.settlements,"
           " excluded.unattributed, excluded.income, excluded.shared) WHERE (payments, settlements,"
           " unattributed, income, shared) IS NOT (excluded.payments, excluded.settlements,"
           " excluded.unattributed, excluded.income, excluded.shared)");
    query_int(&q, p->win);
    query_int(&q, p->payee);
    bind_count(&q, p->payments);
    bind_count(&q, p->settlements);
    bind_count(&q, p->unattributed);
    query_packed(&q, p->income);
    query_packed(&q, p->shared);
    return query_do(&q, e);
}

souk_err store_payee_none(struct store *s, int win, int64_t payee, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM payee_stat WHERE win = ? AND payee = ?");
    query_int(&q, win);
    query_int(&q, payee);
    return query_do(&q, e);
}

/* --- the market */

souk_err store_market_put(struct store *s, const struct market_out *m, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO market_stat(win, payments, settlements, inferences, payers, fresh,"
           " payer_unknown, strays, unknown, by_list, inflows, income, shared, stray, refunded,"
           " by_list_sum, inflow) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, m->win);
    bind_count(&q, m->payments);
    bind_count(&q, m->settlements);
    bind_count(&q, m->inferences);
    bind_count(&q, m->payers);
    bind_count(&q, m->fresh);
    bind_count(&q, m->payer_unknown);
    bind_count(&q, m->strays);
    bind_count(&q, m->unknown);
    bind_count(&q, m->by_list);
    bind_count(&q, m->inflows);
    query_packed(&q, m->income);
    query_packed(&q, m->shared);
    query_packed(&q, m->stray);
    query_packed(&q, m->refunded);
    query_packed(&q, m->by_list_sum);
    query_packed(&q, m->inflow);
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
    query_packed(&q, w->income);
    return query_do(&q, e);
}

souk_err store_cohort_put(struct store *s, const struct cohort_out *c, struct err *e)
{
    uint8_t back[4 * COHORT_BACK];
    for (int k = 0; k < COHORT_BACK; k++) {
        for (int i = 0; i < 4; i++) {
            back[4 * k + i] = (uint8_t)(c->back[k] >> (8 * i));
        }
    }
    struct query_run q =
        query_open(s, "INSERT INTO cohort(week, payers, d7, d30, back) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, c->week);
    bind_count(&q, c->payers);
    bind_count(&q, c->d7);
    bind_count(&q, c->d30);
    query_blob(&q, back, sizeof back);
    return query_do(&q, e);
}

souk_err store_trend_put(struct store *s, const struct trend_out *t, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO trend(who, ratio, low, high) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
           " (ratio, low, high) = (excluded.ratio, excluded.low, excluded.high)"
           " WHERE (ratio, low, high) IS NOT (excluded.ratio, excluded.low, excluded.high)");
    query_int(&q, t->who);
    query_real(&q, t->ratio);
    query_real(&q, t->low);
    query_real(&q, t->high);
    return query_do(&q, e);
}

souk_err store_trend_none(struct store *s, int64_t who, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM trend WHERE who = ?");
    query_int(&q, who);
    return query_do(&q, e);
}

/* --- whose is what */

souk_err store_cid_models_clear(struct store *s, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM cid_model");
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

souk_err store_spans_clear(struct store *s, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM span");
    return query_do(&q, e);
}

souk_err store_span_put(struct store *s, const struct span_row *r, struct err *e)
{
    struct query_run q =
        query_open(s, "INSERT INTO span(payee, block, log, who, how) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, r->payee);
    bind_count(&q, r->block);
    bind_count(&q, r->log);
    query_int(&q, r->who);
    query_int(&q, r->how);
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

/* --- packed days */

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

static souk_err each_who(struct query_run q, ROW_FN(who_row), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct who_row row = {query_col_int(&q, 0)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_days_who(struct store *s, ROW_FN(who_row), void *ud, struct err *e)
{
    return each_who(query_open(s, "SELECT who FROM days"), fn, ud, e);
}

souk_err store_each_payee_who(struct store *s, int win, ROW_FN(who_row), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT payee FROM payee_stat WHERE win = ?");
    query_int(&q, win);
    return each_who(q, fn, ud, e);
}
