/* What the market's health reads of authors and models one by one. */
#include "store/page_rows.h"
#include "store/query.h"

#include "base/banned.h"

static souk_err finish(struct query_run *q, souk_err rc, struct err *e)
{
    struct err other;
    souk_err closed = query_close(q, rc ? &other : e);
    return rc ? rc : closed;
}

souk_err store_each_author_share(struct store *s, int win, ROW_FN(author_share), void *ud,
                                 struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT income, listed FROM (SELECT t.income AS income, t.author AS active, EXISTS"
           " (SELECT 1 FROM model m WHERE m.author = a.id AND m.mark > 0 AND m.gone = 0) AS listed"
           " FROM author a LEFT JOIN author_stat t ON t.win = ? AND t.author = a.id"
           " WHERE a.name <> '') WHERE listed OR active IS NOT NULL");
    query_int(&q, win);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct author_share row = {.income = query_col_text(&q, 0),
                                   .listed = query_col_int(&q, 1) != 0};
        rc = fn(ud, &row, e);
    }
    return finish(&q, rc, e);
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
    return finish(&q, rc, e);
}
