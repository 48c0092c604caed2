#include "store/explain_rows.h"

#include "store/query.h"
#include "store/whose.h"

#include "base/banned.h"

static bool belongs(struct query_run *q, enum market_rows which)
{
    bool named = sqlite3_column_type(q->st, 2) != SQLITE_NULL;
    int64_t who = query_col_int(q, 2);
    switch (which) {
    case ROWS_ATTRIBUTED:
        return named && who != 0;
    case ROWS_SHARED:
        return named && who < 0;
    case ROWS_STRAY:
        return !named;
    }
    return false;
}

souk_err store_each_market_call(struct store *s, int64_t chain, enum market_rows which,
                                bool payments, bool settlements, int64_t since, uint32_t max,
                                ROW_FN(call_detail), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT p.time, p.scheme, " WHOSE ", p.block, p.tx, (SELECT a FROM addr WHERE id ="
           " p.payer), p.asset, p.amount FROM pay p WHERE p.chain = ? AND p.tier = ?"
           " ORDER BY p.block DESC, p.log DESC LIMIT ?");
    query_int(&q, chain);
    query_int(&q, TIER_PROVED);
    query_int(&q, EXPLAIN_SCAN);
    souk_err rc = SOUK_OK;
    while (!rc && max > 0 && query_next(&q) && query_col_int(&q, 0) > since) {
        int scheme = (int)query_col_int(&q, 1);
        bool wanted =
            (payments && pay_is_call(scheme)) || (settlements && pay_is_settlement(scheme));
        if (!wanted || !belongs(&q, which)) {
            continue;
        }
        struct call_detail row = {.time = query_col_int(&q, 0),
                                  .chain = chain,
                                  .who = query_col_int(&q, 2),
                                  .block = (uint64_t)query_col_int(&q, 3),
                                  .tx = query_col_bytes32(&q, 4),
                                  .payer = query_col_address(&q, 5),
                                  .asset = query_col_int(&q, 6),
                                  .amount = query_col_u256(&q, 7),
                                  .scheme = scheme};
        rc = fn(ud, &row, e);
        max--;
    }
    return query_end(&q, rc, e);
}

souk_err store_each_market_inference(struct store *s, int64_t chain, int64_t author, int64_t since,
                                     uint32_t max, ROW_FN(call_detail), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT i.time, c.model, i.block, i.tx FROM (SELECT * FROM infer WHERE chain = ?1"
           " ORDER BY block DESC, log DESC LIMIT ?3) i CROSS JOIN cid_model c ON c.cid = i.cid"
           " WHERE c.model > 0 AND (?2 = 0 OR (SELECT author FROM model WHERE id = c.model) = ?2)"
           " ORDER BY i.block DESC, i.log DESC");
    query_int(&q, chain);
    query_int(&q, author);
    query_int(&q, EXPLAIN_SCAN);
    souk_err rc = SOUK_OK;
    while (!rc && max > 0 && query_next(&q) && query_col_int(&q, 0) > since) {
        struct call_detail row = {.time = query_col_int(&q, 0),
                                  .chain = chain,
                                  .who = query_col_int(&q, 1),
                                  .block = (uint64_t)query_col_int(&q, 2),
                                  .tx = query_col_bytes32(&q, 3)};
        rc = fn(ud, &row, e);
        max--;
    }
    return query_end(&q, rc, e);
}

souk_err store_each_market_inflow(struct store *s, int64_t chain, int64_t since, uint32_t max,
                                  ROW_FN(call_detail), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT f.time, f.block, f.tx, (SELECT a FROM addr WHERE id = f.source), f.asset,"
           " f.amount FROM (SELECT * FROM flow WHERE chain = ? ORDER BY block DESC, log DESC"
           " LIMIT ?) f WHERE f.kind = ? AND f.target IN (SELECT pay_to FROM listing_event WHERE"
           " pay_to IS NOT NULL) ORDER BY f.block DESC, f.log DESC");
    query_int(&q, chain);
    query_int(&q, EXPLAIN_SCAN);
    query_int(&q, FLOW_PLAIN);
    souk_err rc = SOUK_OK;
    while (!rc && max > 0 && query_next(&q) && query_col_int(&q, 0) > since) {
        struct call_detail row = {.time = query_col_int(&q, 0),
                                  .chain = chain,
                                  .block = (uint64_t)query_col_int(&q, 1),
                                  .tx = query_col_bytes32(&q, 2),
                                  .payer = query_col_address(&q, 3),
                                  .asset = query_col_int(&q, 4),
                                  .amount = query_col_u256(&q, 5),
                                  .scheme = PAY_PLAIN};
        rc = fn(ud, &row, e);
        max--;
    }
    return query_end(&q, rc, e);
}

souk_err store_count_unattributed(struct store *s, int win, uint64_t *n, struct err *e)
{
    int64_t found = 0;
    struct query_run q = query_open(s, "SELECT sum(unattributed) FROM payee_stat WHERE win = ?");
    query_int(&q, win);
    souk_err rc = query_one(&q, 0, &found, e);
    *n = (uint64_t)found;
    return rc;
}

souk_err store_each_place(struct store *s, int64_t chain, const char *filter, ROW_FN(place_row),
                          void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT DISTINCT place FROM source WHERE chain = ? AND"
                                       " filter = ? AND last >= first ORDER BY place");
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct place_row row = {query_col_text(&q, 0)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}
