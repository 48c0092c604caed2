/* The single payments behind a model's or an author's figures: found by the spans of his payees. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/page_rows.h"
#include "store/query.h"

#include "base/banned.h"

/* Spans belong to the chain that derive read. */
static int64_t payment_chain(struct store *s)
{
    return store_meta_int(s, "derived_payment_chain", 0);
}

/* --- the spans of a model, or of all that is an author's */

enum { SPANS_MAX = 1 << 20 };

struct own_spans {
    struct own_span *span;
    size_t n, room;
};

static souk_err span_add(struct own_spans *o, const struct own_span *x, struct err *e)
{
    struct own_span *grown =
        o->n < SPANS_MAX ? mem_grow(o->span, o->n, &o->room, sizeof *grown) : NULL;
    if (!grown) {
        return err_nomem(e);
    }
    o->span = grown;
    o->span[o->n++] = *x;
    return SOUK_OK;
}

/* A span ends where the payee's next begins. */
#define SPAN                                                                                    \
    "SELECT s.payee, s.block, s.log, s.who, s.how, n.block, n.log FROM span s LEFT JOIN span n" \
    " ON n.payee = s.payee AND (n.block, n.log) = (SELECT x.block, x.log FROM span x WHERE"     \
    " x.payee = s.payee AND (x.block, x.log) > (s.block, s.log) ORDER BY x.block, x.log"        \
    " LIMIT 1) WHERE s.who "

static struct query_run spans_query(struct store *s, int64_t who)
{
    struct query_run q =
        who > 0 ? query_open(s, SPAN "= ?1")
                : query_open(s, SPAN "IN (SELECT id FROM model WHERE author = ?1 UNION ALL SELECT"
                                     " -?1) ORDER BY s.payee, s.block, s.log");
    query_int(&q, who > 0 ? who : -who);
    return q;
}

souk_err store_each_own_span(struct store *s, int64_t who, ROW_FN(own_span), void *ud,
                             struct err *e)
{
    struct query_run q = spans_query(s, who);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        bool ends = sqlite3_column_type(q.st, 5) != SQLITE_NULL;
        struct own_span x = {
            .payee = query_col_int(&q, 0),
            .from = {query_col_int(&q, 1), query_col_int(&q, 2)},
            .who = query_col_int(&q, 3),
            .how = (int)query_col_int(&q, 4),
            .to = {ends ? query_col_int(&q, 5) : INT64_MAX, ends ? query_col_int(&q, 6) : 0}};
        rc = fn(ud, &x, e);
    }
    return query_end(&q, rc, e);
}

static souk_err on_span(void *ud, const struct own_span *x, struct err *e)
{
    return span_add(ud, x, e);
}

/* --- the latest */

struct call_at {
    int64_t block, log, who;
};

struct latest {
    struct call_at *at;
    size_t n, room;
    uint32_t max;
};

static int by_latest(const void *x, const void *y)
{
    const struct call_at *a = x, *b = y;
    if (a->block != b->block) {
        return a->block > b->block ? -1 : 1;
    }
    return a->log > b->log ? -1 : a->log < b->log;
}

/* Takes what a query gives (block, log, who), and keeps the latest. */
static souk_err take(struct latest *l, struct query_run *q, struct err *e)
{
    bool room = true;
    while (room && query_next(q)) {
        struct call_at *grown = mem_grow(l->at, l->n, &l->room, sizeof *grown);
        room = grown != NULL;
        if (room) {
            l->at = grown;
            l->at[l->n++] =
                (struct call_at){query_col_int(q, 0), query_col_int(q, 1), query_col_int(q, 2)};
        }
    }
    souk_err rc = query_close(q, e);
    if (!rc && !room) {
        return err_nomem(e);
    }
    if (l->n > 1) {
        qsort(l->at, l->n, sizeof *l->at, by_latest);
    }
    l->n = l->n > l->max ? l->max : l->n;
    return rc;
}

/* Nothing before this block can be among them any more. */
static int64_t floor_of(const struct latest *l)
{
    return l->n == l->max && l->n ? l->at[l->n - 1].block : 0;
}

static souk_err take_span(struct store *s, struct latest *l, const struct own_span *x,
                          struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT p.block, p.log, coalesce(m.who, ?1) FROM pay p LEFT JOIN pay_model m ON"
           " m.chain = p.chain AND m.block = p.block AND m.log = p.log WHERE p.payee = ?2 AND"
           " p.chain = ?3 AND p.block BETWEEN ?4 AND ?5 AND (p.block, p.log) >= (?6, ?7) AND"
           " (p.block, p.log) < (?5, ?8) AND p.tier = 3 AND p.scheme <> ?9"
           " ORDER BY p.block DESC, p.log DESC LIMIT ?10");
    int64_t floor = floor_of(l);
    query_int(&q, x->who);
    query_int(&q, x->payee);
    query_int(&q, payment_chain(s));
    query_int(&q, floor > x->from[0] ? floor : x->from[0]);
    query_int(&q, x->to[0]);
    query_int(&q, x->from[0]);
    query_int(&q, x->from[1]);
    query_int(&q, x->to[1]);
    query_int(&q, PAY_REFUND);
    query_int(&q, l->max);
    return take(l, &q, e);
}

static souk_err each_call(struct query_run *q, ROW_FN(call_detail), void *ud, int64_t who,
                          struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct call_detail row = {.time = query_col_int(q, 0),
                                  .chain = query_col_int(q, 1),
                                  .who = who ? who : query_col_int(q, 2),
                                  .block = (uint64_t)query_col_int(q, 3),
                                  .tx = query_col_bytes32(q, 4),
                                  .payer = query_col_address(q, 5),
                                  .asset = query_col_int(q, 6),
                                  .amount = query_col_u256(q, 7),
                                  .scheme = (int)query_col_int(q, 8),
                                  .log = (uint64_t)query_col_int(q, 9)};
        rc = fn(ud, &row, e);
    }
    return query_end(q, rc, e);
}

static souk_err tell(struct store *s, const struct latest *l, ROW_FN(call_detail), void *ud,
                     struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < l->n && !rc; i++) {
        struct query_run q = query_open(
            s, "SELECT p.time, p.chain, 0, p.block, p.tx, a.a, p.asset, p.amount, p.scheme, p.log"
               " FROM pay p LEFT JOIN addr a ON a.id = p.payer WHERE p.chain = ? AND p.block = ?"
               " AND p.log = ?");
        query_int(&q, payment_chain(s));
        query_int(&q, l->at[i].block);
        query_int(&q, l->at[i].log);
        rc = each_call(&q, fn, ud, l->at[i].who, e);
    }
    return rc;
}

static souk_err each_latest(struct store *s, int64_t who, uint32_t max, ROW_FN(call_detail),
                            void *ud, struct err *e)
{
    struct own_spans own = {.n = 0};
    struct latest l = {.max = max};
    souk_err rc = store_each_own_span(s, who, on_span, &own, e);
    for (size_t i = 0; i < own.n && !rc; i++) {
        rc = take_span(s, &l, &own.span[i], e);
    }
    if (!rc && who > 0) { /* told by its price, of a shared payee; an author's span has these */
        struct query_run q = query_open(s, "SELECT block, log, who FROM pay_model WHERE who = ?"
                                           " ORDER BY block DESC, log DESC LIMIT ?");
        query_int(&q, who);
        query_int(&q, max);
        rc = take(&l, &q, e);
    }
    if (!rc) {
        rc = tell(s, &l, fn, ud, e);
    }
    mem_free(own.span);
    mem_free(l.at);
    return rc;
}

souk_err store_each_call_of_model(struct store *s, int64_t model, uint32_t max, ROW_FN(call_detail),
                                  void *ud, struct err *e)
{
    return each_latest(s, model, max, fn, ud, e);
}

souk_err store_each_call_of_author(struct store *s, int64_t author, uint32_t max,
                                   ROW_FN(call_detail), void *ud, struct err *e)
{
    return each_latest(s, -author, max, fn, ud, e);
}

souk_err store_each_inference_of(struct store *s, int64_t model, uint32_t max, ROW_FN(call_detail),
                                 void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT i.time, i.chain, m.model, i.block, i.tx, NULL, 0, NULL, 0, i.log FROM"
           " (SELECT c.model, x.chain, x.block, x.log FROM cid_model c CROSS JOIN infer x"
           "  ON x.cid = c.cid WHERE c.model = ?1"
           "  ORDER BY x.time DESC, x.block DESC, x.log DESC LIMIT ?2) m"
           " CROSS JOIN infer i ON i.chain = m.chain AND i.block = m.block AND i.log = m.log"
           " ORDER BY i.time DESC, i.block DESC, i.log DESC");
    query_int(&q, model);
    query_int(&q, max);
    return each_call(&q, fn, ud, 0, e);
}

/* --- all of them, in the chain's order */

#define MADE                                                                              \
    "SELECT p.time, p.block, p.log, coalesce(m.who, s.who), p.tx, p.payer, a.a, p.payee," \
    " p.asset, p.amount, p.scheme, p.tier, coalesce(j.bits, 0), m.who IS NOT NULL"        \
    " FROM span s CROSS JOIN pay p"                                                       \
    " ON p.payee = s.payee AND p.chain = ?2 AND p.tier = 3 AND p.time > ?3 AND"           \
    " (p.block, p.log) >= (s.block, s.log) AND NOT EXISTS (SELECT 1 FROM span n WHERE"    \
    " n.payee = s.payee AND (n.block, n.log) > (s.block, s.log) AND"                      \
    " (n.block, n.log) <= (p.block, p.log))"                                              \
    " LEFT JOIN pay_model m ON m.chain = p.chain AND m.block = p.block AND m.log = p.log" \
    " LEFT JOIN judged j ON j.chain = p.chain AND j.block = p.block AND j.log = p.log"    \
    " LEFT JOIN addr a ON a.id = p.payer WHERE "

static souk_err each_made(struct query_run *q, ROW_FN(made_row), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct made_row row = {.time = query_col_int(q, 0),
                               .block = (uint64_t)query_col_int(q, 1),
                               .log = (uint64_t)query_col_int(q, 2),
                               .who = query_col_int(q, 3),
                               .tx = query_col_bytes32(q, 4),
                               .payer_id = query_col_int(q, 5),
                               .payer = query_col_address(q, 6),
                               .payee = query_col_int(q, 7),
                               .asset = query_col_int(q, 8),
                               .amount = query_col_u256(q, 9),
                               .scheme = (int)query_col_int(q, 10),
                               .tier = (int)query_col_int(q, 11),
                               .bits = (unsigned)query_col_int(q, 12),
                               .told = query_col_int(q, 13) != 0};
        rc = fn(ud, &row, e);
    }
    return query_end(q, rc, e);
}

souk_err store_each_made(struct store *s, int64_t author, int64_t payee, int64_t since,
                         ROW_FN(made_row), void *ud, struct err *e)
{
    struct query_run q =
        payee ? query_open(s, MADE "s.payee = ?4 AND s.who IN (SELECT id FROM model WHERE author ="
                                   " ?1 UNION ALL SELECT -?1)")
              : query_open(s, MADE "s.who IN (SELECT id FROM model WHERE author = ?1 UNION ALL"
                                   " SELECT -?1) ORDER BY p.block, p.log");
    query_int(&q, author);
    query_int(&q, payment_chain(s));
    query_int(&q, since);
    if (payee) {
        query_int(&q, payee);
    }
    return each_made(&q, fn, ud, e);
}

souk_err store_each_made_told(struct store *s, int64_t model, ROW_FN(made_row), void *ud,
                              struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT p.time, p.block, p.log, m.who, p.tx, p.payer, NULL, p.payee, p.asset, p.amount,"
           " p.scheme, p.tier, 0, 1 FROM pay_model m CROSS JOIN pay p ON p.chain = m.chain AND"
           " p.block = m.block AND p.log = m.log WHERE m.who = ?");
    query_int(&q, model);
    return each_made(&q, fn, ud, e);
}

souk_err store_payee_is_pure(struct store *s, int64_t payee, int64_t who, bool *pure, struct err *e)
{
#define FOREIGN(of)                                                                           \
    "SELECT 1 FROM span s LEFT JOIN span n ON n.payee = s.payee AND (n.block, n.log) ="       \
    " (SELECT x.block, x.log FROM span x WHERE x.payee = s.payee AND (x.block, x.log) >"      \
    " (s.block, s.log) ORDER BY x.block, x.log LIMIT 1) WHERE s.payee = ?1 AND " of           \
    " AND EXISTS (SELECT 1 FROM pay p WHERE p.payee = ?1 AND p.chain = ?2 AND p.tier = 3 AND" \
    " (p.block, p.log) >= (s.block, s.log) AND (n.block IS NULL OR"                           \
    " (p.block, p.log) < (n.block, n.log))) LIMIT 1"
    struct query_run q =
        who > 0 ? query_open(s, FOREIGN("s.who <> ?3"))
                : query_open(s, FOREIGN("s.who <> ?3 AND s.who NOT IN (SELECT id FROM model"
                                        " WHERE author = -?3)"));
#undef FOREIGN
    query_int(&q, payee);
    query_int(&q, payment_chain(s));
    query_int(&q, who);
    *pure = !query_next(&q);
    return query_close(&q, e);
}

souk_err store_bits_of_payer(struct store *s, int64_t payer, int64_t who, unsigned *bits,
                             struct err *e)
{
/* Only the latest are looked at: a payer may have made millions. */
#define LATEST                                                                                  \
    "SELECT j.bits FROM (SELECT chain, block, log, payee FROM pay WHERE payer = ?1 AND chain =" \
    " ?2 ORDER BY block DESC, log DESC LIMIT 500) p JOIN judged j ON j.chain = p.chain AND"     \
    " j.block = p.block AND j.log = p.log WHERE p.payee IN (SELECT payee FROM span WHERE who "
    struct query_run q =
        who > 0 ? query_open(s, LATEST "= ?3)")
                : query_open(s, LATEST "IN (SELECT id FROM model WHERE author = -?3 UNION ALL"
                                       " SELECT ?3))");
#undef LATEST
    query_int(&q, payer);
    query_int(&q, payment_chain(s));
    query_int(&q, who);
    *bits = 0;
    while (query_next(&q)) {
        *bits |= (unsigned)query_col_int(&q, 0);
    }
    return query_close(&q, e);
}

souk_err store_each_last(struct store *s, int64_t author, ROW_FN(last_row), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT m.id, t.last FROM model m JOIN stat t ON t.win = 3"
                                       " AND t.model = m.id WHERE m.author = ?");
    query_int(&q, author);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct last_row row = {query_col_int(&q, 0), query_col_int(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}
