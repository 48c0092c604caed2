/* What the market's health reads of authors and models one by one. */
#include "store/page_rows.h"
#include "store/query.h"

#include "base/banned.h"

souk_err store_each_author_share(struct store *s, int win, ROW_FN(author_share), void *ud,
                                 struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT t.income, l.author IS NOT NULL FROM author a"
           " LEFT JOIN author_stat t ON t.win = ? AND t.author = a.id LEFT JOIN"
           " (SELECT DISTINCT author FROM model WHERE mark > 0 AND gone = 0) l ON l.author = a.id"
           " WHERE a.name <> '' AND (t.author IS NOT NULL OR l.author IS NOT NULL)");
    query_int(&q, win);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct author_share row = {.income = query_col_text(&q, 0),
                                   .listed = query_col_int(&q, 1) != 0};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_priced(struct store *s, int win, uint32_t max, ROW_FN(priced_row), void *ud,
                           struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT a.name, m.name, m.price, m.asset, coalesce(t.payments, 0) AS n, t.income"
           " FROM model m JOIN author a ON a.id = m.author"
           " LEFT JOIN stat t ON t.win = ? AND t.model = m.id"
           " WHERE m.mark > 0 AND m.gone = 0 AND m.asset > 0 ORDER BY n DESC, m.id LIMIT ?");
    query_int(&q, win);
    query_int(&q, max);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct priced_row row = {.author = query_col_text(&q, 0),
                                 .name = query_col_text(&q, 1),
                                 .price = query_col_u256(&q, 2),
                                 .asset = query_col_int(&q, 3),
                                 .payments = (uint64_t)query_col_int(&q, 4),
                                 .income = query_col_text(&q, 5)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_genuine_models(struct store *s, int win, uint64_t *paid, uint64_t *healthy,
                              struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT total(g.strict > 0), total(g.clusters >= 3 AND g.payments >= 3 *"
                      " g.clusters) FROM genuine_stat g JOIN model m ON m.id = g.who AND m.gone = 0"
                      " WHERE g.win = ? AND g.who > 0");
    query_int(&q, win);
    if (query_next(&q)) {
        *paid = (uint64_t)query_col_int(&q, 0);
        *healthy = (uint64_t)query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

souk_err store_each_judged_week(struct store *s, ROW_FN(judged_week), void *ud, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT week, low, high, median FROM genuine_week ORDER BY week");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct judged_week row = {query_col_int(&q, 0), query_col_text(&q, 1),
                                  query_col_text(&q, 2), query_col_text(&q, 3)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}
