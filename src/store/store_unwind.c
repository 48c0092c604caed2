/* Rows taken back: by a reorganisation, or because they are about to be read again. */
#include "store/query.h"

#include "base/banned.h"

/* One of the statements below, which all take chain, filter, and one or two blocks. */
static struct query_run open_for(struct store *s, const char *sql, int64_t chain,
                                 const char *filter, int64_t first, int64_t last)
{
    struct query_run q = query_open(s, sql);
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, first);
    if (last >= 0) {
        query_int(&q, last);
    }
    return q;
}

/* Tells the sums which rows are about to go. */
static souk_err say_gone(struct query_run q, bool inferences, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct rolled row = rolled_row(&q, inferences);
        row.gone = true;
        rc = rollup_add(q.store, &row, e);
    }
    return query_end(&q, rc, e);
}

static souk_err run_all(struct store *s, const char *const *sql, int64_t chain, const char *filter,
                        int64_t first, int64_t last, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (; *sql && !rc; sql++) {
        struct query_run q = open_for(s, *sql, chain, filter, first, last);
        rc = query_do(&q, e);
    }
    return rc;
}

#define OF_FILTER                                 \
    " WHERE chain = ?1 AND block > ?3 AND src IN" \
    " (SELECT id FROM source WHERE chain = ?1 AND filter = ?2 AND last > ?3)"

/* The range that reaches over the fork keeps its rows up to there, and ends there now. */
static souk_err shorten(struct store *s, int64_t chain, const char *filter, int64_t block,
                        const struct cursor *c, struct err *e)
{
    bool known = c && (int64_t)c->block == block;
    struct query_run q = query_open(s, "UPDATE source SET last = ?3, hash = ?4 WHERE chain = ?1"
                                       " AND filter = ?2 AND last > ?3");
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, block);
    query_blob(&q, known ? c->hash.b : NULL, sizeof c->hash.b);
    return query_do(&q, e);
}

souk_err store_unwind(struct store *s, int64_t chain, const char *filter, uint64_t block,
                      const struct cursor *c, struct err *e)
{
    static const char *const sql[] = {
        "DELETE FROM pay_model WHERE (chain, block, log) IN"
        " (SELECT chain, block, log FROM pay" OF_FILTER ")",
        "DELETE FROM pay" OF_FILTER,
        "DELETE FROM flow" OF_FILTER,
        "DELETE FROM infer" OF_FILTER,
        "DELETE FROM listing_event" OF_FILTER,
        /* Tables without a source, each filled by one filter. */
        "DELETE FROM escrow WHERE chain = ?1 AND ?2 = '" FILTER_PAYMENTS "' AND block > ?3",
        "DELETE FROM traced WHERE chain = ?1 AND ?2 = '" FILTER_FUNDING "' AND ?3 < 0",
        "UPDATE traced SET upto = ?3 WHERE chain = ?1 AND ?2 = '" FILTER_FUNDING "' AND upto > ?3",
        "DELETE FROM source WHERE chain = ?1 AND filter = ?2 AND first > ?3",
        "DELETE FROM anchor WHERE chain = ?1 AND block > ?3",
        NULL,
    };
    int64_t at = block > INT64_MAX ? INT64_MAX : (int64_t)block;
    if (!c && block == 0) {
        at = -1; /* to nothing: the first block too */
    }
    souk_err rc = say_gone(open_for(s, ROLLED_PAY OF_FILTER " AND tier = 3", chain, filter, at, -1),
                           false, e);
    if (!rc) {
        rc = say_gone(open_for(s, ROLLED_INFER OF_FILTER, chain, filter, at, -1), true, e);
    }
    if (!rc) {
        rc = run_all(s, sql, chain, filter, at, -1, e);
    }
    if (!rc) {
        rc = shorten(s, chain, filter, at, c, e);
    }
    return rc ? rc : store_cursor_set(s, chain, filter, c, e);
}

#define IN_RANGE                                               \
    " WHERE chain = ?1 AND block BETWEEN ?3 AND ?4 AND src IN" \
    " (SELECT id FROM source WHERE chain = ?1 AND filter = ?2)"

souk_err store_forget_range(struct store *s, int64_t chain, const char *filter, uint64_t first,
                            uint64_t last, struct err *e)
{
    static const char *const sql[] = {
        "DELETE FROM pay" IN_RANGE,
        "DELETE FROM flow" IN_RANGE,
        "DELETE FROM infer" IN_RANGE,
        "DELETE FROM listing_event" IN_RANGE,
        "DELETE FROM source WHERE chain = ?1 AND filter = ?2 AND first >= ?3 AND last <= ?4",
        /* A long one is eaten up from its beginning: that is how a full sync reads. */
        "UPDATE source SET first = ?4 + 1 WHERE chain = ?1 AND filter = ?2 AND first >= ?3"
        " AND first <= ?4 AND last > ?4",
        NULL,
    };
    int64_t from = (int64_t)first, to = (int64_t)last;
    store_touched(s);
    souk_err rc = say_gone(
        open_for(s, ROLLED_PAY IN_RANGE " AND tier = 3", chain, filter, from, to), false, e);
    if (!rc) {
        rc = say_gone(open_for(s, ROLLED_INFER IN_RANGE, chain, filter, from, to), true, e);
    }
    return rc ? rc : run_all(s, sql, chain, filter, from, to, e);
}
