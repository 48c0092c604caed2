#include "store/genuine_rows.h"

#include "store/query.h"

#include "base/banned.h"

/* --- writing */

souk_err store_genuine_clear(struct store *s, struct err *e)
{
    static const char *const sql[] = {"DELETE FROM judged",       "DELETE FROM finding",
                                      "DELETE FROM finding_row",  "DELETE FROM linked",
                                      "DELETE FROM genuine_stat", "DELETE FROM genuine_week"};
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof sql / sizeof *sql && !rc; i++) {
        struct query_run q = query_open(s, sql[i]);
        rc = query_do(&q, e);
    }
    return rc;
}

souk_err store_judged_put(struct store *s, const struct judged_out *j, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO judged(chain, block, log, bits, excluded) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, j->chain);
    query_int(&q, (int64_t)j->block);
    query_int(&q, (int64_t)j->log);
    query_int(&q, j->bits);
    query_amount(&q, j->excluded);
    return query_do(&q, e);
}

bool store_judged_get(struct store *s, int64_t chain, uint64_t block, uint64_t log, unsigned *bits,
                      u256 *excluded)
{
    struct query_run q = query_open(
        s, "SELECT bits, excluded FROM judged WHERE chain = ? AND block = ? AND log = ?");
    query_int(&q, chain);
    query_int(&q, (int64_t)block);
    query_int(&q, (int64_t)log);
    bool found = query_next(&q);
    *bits = found ? (unsigned)query_col_int(&q, 0) : 0;
    *excluded = found ? query_col_u256(&q, 1) : U256_ZERO;
    return query_close(&q, NULL) == SOUK_OK && found;
}

souk_err store_finding_put(struct store *s, const struct finding_out *f, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO finding(id, rule, who, author, payee, payer, since, until, payments,"
           " payers, asset, amount, words) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, f->id);
    query_int(&q, f->rule);
    query_int(&q, f->who);
    query_int(&q, f->author);
    query_int(&q, f->payee);
    query_int(&q, f->payer);
    query_int(&q, f->since);
    query_int(&q, f->until);
    query_int(&q, (int64_t)f->payments);
    query_int(&q, (int64_t)f->payers);
    query_int(&q, f->asset);
    query_u256(&q, f->amount);
    query_text(&q, untrusted(f->words));
    return query_do(&q, e);
}

souk_err store_finding_row_put(struct store *s, int64_t finding, unsigned n, int64_t chain,
                               uint64_t block, uint64_t log, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO finding_row(finding, n, chain, block, log) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, finding);
    query_int(&q, n);
    query_int(&q, chain);
    query_int(&q, (int64_t)block);
    query_int(&q, (int64_t)log);
    return query_do(&q, e);
}

souk_err store_finding_drop(struct store *s, int64_t finding, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM finding_row WHERE finding = ?");
    query_int(&q, finding);
    return query_do(&q, e);
}

souk_err store_linked_put(struct store *s, const struct linked_out *l, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO linked(author, asset, payer, funder, cluster) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, l->author);
    query_int(&q, l->asset);
    query_int(&q, l->payer);
    query_int(&q, l->funder);
    query_int(&q, l->cluster);
    return query_do(&q, e);
}

souk_err store_genuine_put(struct store *s, const struct genuine_out *g, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT INTO genuine_stat(win, who, low, high, strict, loose, clusters, payments,"
           " bits, sums) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, g->win);
    query_int(&q, g->who);
    query_packed(&q, g->low);
    query_packed(&q, g->high);
    query_int(&q, (int64_t)g->strict);
    query_int(&q, (int64_t)g->loose);
    query_int(&q, (int64_t)g->clusters);
    query_int(&q, (int64_t)g->payments);
    query_blob(&q, g->bits.p, g->bits.n);
    query_blob(&q, g->sums.p, g->sums.n);
    return query_do(&q, e);
}

souk_err store_genuine_week_put(struct store *s, const struct genuine_week_out *w, struct err *e)
{
    struct query_run q =
        query_open(s, "INSERT INTO genuine_week(week, low, high, median) VALUES(?, ?, ?, ?)");
    query_int(&q, w->week);
    query_packed(&q, w->low);
    query_packed(&q, w->high);
    query_packed(&q, w->median);
    return query_do(&q, e);
}

/* --- reading */

souk_err store_genuine_get(struct store *s, int win, int64_t who, struct arena *a,
                           struct genuine_out *out, bool *found, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT low, high, bits, sums, strict, loose, clusters, payments"
                      " FROM genuine_stat WHERE win = ? AND who = ?");
    query_int(&q, win);
    query_int(&q, who);
    *out = (struct genuine_out){.win = win, .who = who};
    bool good = true;
    *found = query_next(&q);
    if (*found) {
        good = query_copy(&q, 0, a, &out->low) && query_copy(&q, 1, a, &out->high) &&
               query_copy(&q, 2, a, &out->bits) && query_copy(&q, 3, a, &out->sums);
        out->strict = (uint64_t)query_col_int(&q, 4);
        out->loose = (uint64_t)query_col_int(&q, 5);
        out->clusters = (uint64_t)query_col_int(&q, 6);
        out->payments = (uint64_t)query_col_int(&q, 7);
    }
    souk_err rc = query_close(&q, e);
    return !rc && !good ? err_nomem(e) : rc;
}

#define OF_WHO \
    " f.until > ?1 AND (?2 = 0 OR (?2 > 0 AND f.who = ?2) OR (?2 < 0 AND f.author = -?2))"

souk_err store_finding_count(struct store *s, int64_t since, int64_t who, int64_t *n, struct err *e)
{
    struct query_run q = query_open(s, "SELECT count(*) FROM finding f WHERE" OF_WHO);
    query_int(&q, since);
    query_int(&q, who);
    return query_one(&q, 0, n, e);
}

souk_err store_each_finding(struct store *s, int64_t since, int64_t who, size_t max,
                            ROW_FN(finding_in), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT f.id, f.rule, f.who, f.author, f.payee, f.payer, f.since, f.until, f.payments,"
           " f.payers, f.asset, f.amount, f.words, a.name, m.name, b.a, p.a FROM finding f"
           " LEFT JOIN author a ON a.id = f.author LEFT JOIN model m ON m.id = f.who"
           " LEFT JOIN addr b ON b.id = f.payee LEFT JOIN addr p ON p.id = f.payer WHERE" OF_WHO
           " ORDER BY f.until DESC, f.id DESC LIMIT ?3");
    query_int(&q, since);
    query_int(&q, who);
    query_int(&q, (int64_t)max);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct finding_in row = {.f = {.id = query_col_int(&q, 0),
                                       .rule = (int)query_col_int(&q, 1),
                                       .who = query_col_int(&q, 2),
                                       .author = query_col_int(&q, 3),
                                       .payee = query_col_int(&q, 4),
                                       .payer = query_col_int(&q, 5),
                                       .since = query_col_int(&q, 6),
                                       .until = query_col_int(&q, 7),
                                       .payments = (uint64_t)query_col_int(&q, 8),
                                       .payers = (uint64_t)query_col_int(&q, 9),
                                       .asset = query_col_int(&q, 10),
                                       .amount = query_col_u256(&q, 11)},
                                 .author = query_col_text(&q, 13),
                                 .model = query_col_text(&q, 14),
                                 .payee_address = query_col_address(&q, 15),
                                 .payer_address = query_col_address(&q, 16)};
        struct untrusted words = query_col_text(&q, 12);
        row.f.words = words.p ? words.p : ""; /* SQLite ends text with a NUL */
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_evidence(struct store *s, int64_t finding, ROW_FN(evidence_in), void *ud,
                             struct err *e)
{
    struct query_run q = query_open(
        s, "SELECT 1, r.block, r.log, p.asset, p.amount, p.time, p.tx, a.a, b.a"
           " FROM finding_row r JOIN pay p ON p.chain = r.chain AND p.block = r.block AND"
           " p.log = r.log LEFT JOIN addr a ON a.id = p.payer LEFT JOIN addr b ON b.id = p.payee"
           " WHERE r.finding = ?1 UNION ALL"
           " SELECT 0, r.block, r.log, p.asset, p.amount, p.time, p.tx, a.a, b.a"
           " FROM finding_row r JOIN flow p ON p.chain = r.chain AND p.block = r.block AND"
           " p.log = r.log LEFT JOIN addr a ON a.id = p.source LEFT JOIN addr b ON b.id = p.target"
           " WHERE r.finding = ?1 ORDER BY 2, 3");
    query_int(&q, finding);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct evidence_in row = {.payment = query_col_int(&q, 0) != 0,
                                  .block = (uint64_t)query_col_int(&q, 1),
                                  .log = (uint64_t)query_col_int(&q, 2),
                                  .asset = query_col_int(&q, 3),
                                  .amount = query_col_u256(&q, 4),
                                  .time = query_col_int(&q, 5),
                                  .tx = query_col_bytes32(&q, 6),
                                  .from = query_col_address(&q, 7),
                                  .to = query_col_address(&q, 8)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}
