#include "store/watch_rows.h"

#include "store/query.h"
#include "store/whose.h"

#include "base/banned.h"

/* The rows first, with whose each is; then who that is, and since when the payer pays him. */
#define NEWS                                                                                      \
    "WITH n AS MATERIALIZED (SELECT p.chain, p.block, p.log, p.tx, p.time, p.payer, p.payee,"     \
    " p.asset, p.amount, p.scheme, " WHOSE " AS who FROM pay p WHERE p.chain = ?1 AND p.block > " \
    " ?2 AND p.block <= ?3 AND p.tier = ?4),"                                                     \
    " w AS (SELECT n.*, m.name AS model, coalesce(m.author, CASE WHEN n.who < 0 THEN -n.who END)" \
    " AS aid FROM n LEFT JOIN model m ON m.id = n.who)"                                           \
    "SELECT w.block, w.log, w.tx, w.time, w.payee, w.asset, w.amount, w.scheme, coalesce(w.who, " \
    "0), coalesce(w.aid, 0), a.name, w.model,"                                                    \
    " (SELECT x.a FROM addr x WHERE x.id = w.payer), (SELECT x.a FROM addr x WHERE x.id ="        \
    " w.payee), coalesce((SELECT j.bits FROM judged j WHERE j.chain = w.chain AND j.block ="      \
    " w.block AND j.log = w.log), 0),"                                                            \
    " CASE WHEN w.payer = 0 THEN 0 ELSE (SELECT min(e.first) FROM edge e WHERE e.chain ="         \
    " w.chain AND e.payer = w.payer AND e.payee IN (SELECT s.payee FROM span s WHERE s.who ="     \
    " -w.aid UNION SELECT s.payee FROM model o JOIN span s ON s.who = o.id WHERE o.author ="      \
    " w.aid UNION SELECT w.payee)) END"                                                           \
    " FROM w LEFT JOIN author a ON a.id = w.aid ORDER BY w.block, w.log"

souk_err store_each_news(struct store *s, int64_t chain, uint64_t after, uint64_t upto,
                         ROW_FN(news_detail), void *ud, struct err *e)
{
    struct query_run q = query_open(s, NEWS);
    query_int(&q, chain);
    query_int(&q, (int64_t)after);
    query_int(&q, (int64_t)upto);
    query_int(&q, TIER_PROVED);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct news_detail row = {.block = (uint64_t)query_col_int(&q, 0),
                                  .log = (uint64_t)query_col_int(&q, 1),
                                  .tx = query_col_bytes32(&q, 2),
                                  .time = query_col_int(&q, 3),
                                  .payee_id = query_col_int(&q, 4),
                                  .asset = query_col_int(&q, 5),
                                  .amount = query_col_u256(&q, 6),
                                  .scheme = (int)query_col_int(&q, 7),
                                  .who = query_col_int(&q, 8),
                                  .author_id = query_col_int(&q, 9),
                                  .author = query_col_text(&q, 10),
                                  .model = query_col_text(&q, 11),
                                  .payer = query_col_address(&q, 12),
                                  .payee = query_col_address(&q, 13),
                                  .bits = (unsigned)query_col_int(&q, 14),
                                  .first = query_col_int(&q, 15)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_is_owner(struct store *s, address a, bool *yes, struct err *e)
{
    int64_t n = 0;
    struct query_run q = query_open(s, "SELECT EXISTS(SELECT 1 FROM listing_event WHERE owner ="
                                       " (SELECT id FROM addr WHERE a = ?))");
    query_blob(&q, a.b, sizeof a.b);
    souk_err rc = query_one(&q, 0, &n, e);
    *yes = n != 0;
    return rc;
}

souk_err store_each_payee_of_owner(struct store *s, address owner, ROW_FN(payee_id_row), void *ud,
                                   struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT DISTINCT pay_to FROM listing_event WHERE pay_to IS NOT NULL AND owner"
                      " = (SELECT id FROM addr WHERE a = ?) ORDER BY pay_to");
    query_blob(&q, owner.b, sizeof owner.b);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        const struct payee_id_row row = {query_col_int(&q, 0)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}
