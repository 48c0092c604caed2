/* What the pages read. */
#include "store/page_rows.h"

#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* Ends a query whose copying may have run out of memory. */
static souk_err copied(struct query_run *q, bool ok, struct err *e)
{
    souk_err rc = query_close(q, e);
    return !rc && !ok ? err_nomem(e) : rc;
}

/* --- a model */

souk_err store_model_text(struct store *s, int64_t id, struct arena *a, struct model_text *out,
                          struct err *e)
{
    struct query_run q = query_open(s, "SELECT llm_path FROM model WHERE id = ?");
    query_int(&q, id);
    *out = (struct model_text){{NULL, 0}, {NULL, 0}};
    bool ok = !query_next(&q) || query_copy(&q, 0, a, &out->llm_path);
    souk_err rc = copied(&q, ok, e);
    return rc ? rc : store_description(s, id, a, &out->description, e);
}

souk_err store_days(struct store *s, int64_t who, struct arena *a, struct untrusted *out,
                    struct err *e)
{
    struct query_run q = query_open(s, "SELECT v FROM days WHERE who = ?");
    query_int(&q, who);
    *out = untrusted_n(NULL, 0);
    bool ok = !query_next(&q) || query_copy(&q, 0, a, out);
    return copied(&q, ok, e);
}

souk_err store_figures(struct store *s, int win, int64_t who, struct arena *a,
                       struct figures_row *out, struct err *e)
{
    struct query_run q =
        who > 0 ? query_open(s, "SELECT calls, payments, settlements, inferences, payers, back,"
                                " last, unknown, income, refunded, NULL FROM stat WHERE win = ?"
                                " AND model = ?")
                : query_open(s, "SELECT calls, payments, settlements, inferences, payers, fresh,"
                                " last, unknown, income, refunded, shared FROM author_stat WHERE"
                                " win = ? AND author = ?");
    query_int(&q, win);
    query_int(&q, who > 0 ? who : -who);
    *out = (struct figures_row){.any = false};
    bool ok = true;
    if (query_next(&q)) {
        *out = (struct figures_row){.any = true,
                                    .calls = (uint64_t)query_col_int(&q, 0),
                                    .payments = (uint64_t)query_col_int(&q, 1),
                                    .settlements = (uint64_t)query_col_int(&q, 2),
                                    .inferences = (uint64_t)query_col_int(&q, 3),
                                    .payers = (uint64_t)query_col_int(&q, 4),
                                    .more = (uint64_t)query_col_int(&q, 5),
                                    .last = query_col_int(&q, 6),
                                    .unknown = (uint64_t)query_col_int(&q, 7)};
        ok = query_copy(&q, 8, a, &out->income) && query_copy(&q, 9, a, &out->refunded) &&
             query_copy(&q, 10, a, &out->shared);
    }
    return copied(&q, ok, e);
}

#define LISTINGS(of_model, where)                                                               \
    "SELECT l.lid, l.tx, l.kind = 1, l.kind = 1" of_model                                       \
    ", o.a, p.a, l.pay_to, l.asset, l.price, l.author, l.name, l.blob_id, l.endpoint, l.flags," \
    " l.time, l.block FROM listing_event l JOIN addr o ON o.id = l.owner"                       \
    " LEFT JOIN addr p ON p.id = l.pay_to WHERE " where " ORDER BY l.lid, l.block, l.log"

static souk_err each_listing(struct query_run q, ROW_FN(listing_detail), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct listing_detail row = {.lid = query_col_bytes32(&q, 0),
                                     .tx = query_col_bytes32(&q, 1),
                                     .listed = query_col_int(&q, 2) != 0,
                                     .of_model = query_col_int(&q, 3) != 0,
                                     .owner = query_col_address(&q, 4),
                                     .pay_to = query_col_address(&q, 5),
                                     .pay_to_id = query_col_int(&q, 6),
                                     .asset = query_col_int(&q, 7),
                                     .price = query_col_u256(&q, 8),
                                     .author = query_col_text(&q, 9),
                                     .name = query_col_text(&q, 10),
                                     .blob_id = query_col_text(&q, 11),
                                     .endpoint = query_col_text(&q, 12),
                                     .flags = (unsigned)query_col_int(&q, 13),
                                     .time = query_col_int(&q, 14),
                                     .block = (uint64_t)query_col_int(&q, 15)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_listing_of(struct store *s, struct untrusted author, struct untrusted name,
                               ROW_FN(listing_detail), void *ud, struct err *e)
{
    struct query_run q = query_open(
        s, LISTINGS(" AND l.author = ?1 AND l.name = ?2",
                    "l.lid IN (SELECT lid FROM listing_event WHERE name = ?2 AND author = ?1)"));
    query_text(&q, author);
    query_text(&q, name);
    return each_listing(q, fn, ud, e);
}

souk_err store_each_listing_by(struct store *s, address owner, ROW_FN(listing_detail), void *ud,
                               struct err *e)
{
    struct query_run q = query_open(s, LISTINGS("", "o.a = ?"));
    query_blob(&q, owner.b, sizeof owner.b);
    return each_listing(q, fn, ud, e);
}

souk_err store_is_payee(struct store *s, address a, bool *yes, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT 1 FROM listing_event l JOIN addr p ON p.id = l.pay_to"
                      " WHERE p.a = ? LIMIT 1");
    query_blob(&q, a.b, sizeof a.b);
    *yes = query_next(&q);
    return query_close(&q, e);
}

souk_err store_payee(struct store *s, int win, int64_t payee, struct arena *a,
                     struct payee_totals *out, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT payments, settlements, unattributed, income, shared FROM payee_stat"
                      " WHERE win = ? AND payee = ?");
    query_int(&q, win);
    query_int(&q, payee);
    *out = (struct payee_totals){.payments = 0};
    bool ok = true;
    if (query_next(&q)) {
        out->payments = (uint64_t)query_col_int(&q, 0);
        out->settlements = (uint64_t)query_col_int(&q, 1);
        out->unattributed = (uint64_t)query_col_int(&q, 2);
        ok = query_copy(&q, 3, a, &out->income) && query_copy(&q, 4, a, &out->shared);
    }
    return copied(&q, ok, e);
}

souk_err store_models_paid_at(struct store *s, int64_t payee, int64_t *n, struct err *e)
{
    struct query_run q = query_open(s, "SELECT count(*) FROM model WHERE pay_to = ?");
    query_int(&q, payee);
    return query_one(&q, 0, n, e);
}

static souk_err each_offer(struct query_run q, ROW_FN(offer_detail), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct offer_detail row = {.resource = query_col_text(&q, 0),
                                   .scheme = query_col_text(&q, 1),
                                   .description = query_col_text(&q, 2),
                                   .n = query_col_int(&q, 3),
                                   .chain = query_col_int(&q, 4),
                                   .asset = query_col_int(&q, 5),
                                   .pay_to_id = query_col_int(&q, 6),
                                   .updated = query_col_int(&q, 7),
                                   .pay_to = query_col_address(&q, 8),
                                   .amount = query_col_u256(&q, 9)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

#define OFFER                                                                                      \
    "SELECT f.resource, f.scheme, f.description, f.n, f.chain, f.asset, f.pay_to, f.updated, p.a," \
    " f.amount FROM offer f JOIN addr p ON p.id = f.pay_to "

souk_err store_each_offer_to(struct store *s, int64_t payee, ROW_FN(offer_detail), void *ud,
                             struct err *e)
{
    struct query_run q =
        query_open(s, OFFER "WHERE f.pay_to = ? ORDER BY f.resource, f.n LIMIT 64");
    query_int(&q, payee);
    return each_offer(q, fn, ud, e);
}

souk_err store_each_offer_at(struct store *s, struct untrusted resource, ROW_FN(offer_detail),
                             void *ud, struct err *e)
{
    struct query_run q = query_open(s, OFFER "WHERE f.resource = ? ORDER BY f.n LIMIT 64");
    query_text(&q, resource);
    return each_offer(q, fn, ud, e);
}

souk_err store_offer_example(struct store *s, struct untrusted resource, struct arena *a,
                             struct untrusted *out, struct err *e)
{
    struct query_run q = query_open(s, "SELECT example FROM offer WHERE resource = ?"
                                       " AND example IS NOT NULL ORDER BY n LIMIT 1");
    query_text(&q, resource);
    *out = (struct untrusted){NULL, 0};
    bool ok = !query_next(&q) || query_copy(&q, 0, a, out);
    return copied(&q, ok, e);
}

souk_err store_each_file(struct store *s, int64_t model, ROW_FN(file_detail), void *ud,
                         struct err *e)
{
    struct query_run q = query_open(s, "SELECT version, name, blob_id, notes, size FROM file"
                                       " WHERE model = ?"
                                       " ORDER BY CAST(version AS REAL) DESC, version DESC, name");
    query_int(&q, model);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct file_detail row = {query_col_text(&q, 0), query_col_text(&q, 1),
                                  query_col_text(&q, 2), query_col_text(&q, 3),
                                  query_col_int(&q, 4)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

/* --- authors */

#define AUTHOR                                                                                    \
    "SELECT a.id, a.name, m.models, m.listed, t.calls, t.payments, t.settlements, t.inferences,"  \
    " t.payers, t.fresh, t.income, t.shared, t.last, k.v, t.unknown, t.refunded, g.ratio, g.low," \
    " g.high, j.low, j.high, j.strict FROM"                                                       \
    " (SELECT author, count(*) AS models, total(mark > 0) AS listed FROM model WHERE gone = 0 "
#define AUTHOR_JOINED                                                        \
    " GROUP BY author) m JOIN author a ON a.id = m.author"                   \
    " LEFT JOIN author_stat t ON t.win = ?1 AND t.author = a.id"             \
    " LEFT JOIN spark k ON k.who = -a.id LEFT JOIN trend g ON g.who = -a.id" \
    " LEFT JOIN genuine_stat j ON j.win = ?1 AND j.who = -a.id"

static souk_err each_author(struct query_run q, ROW_FN(author_detail), void *ud, struct err *e)
{
    bool judged = store_judged(q.store);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct author_detail row = {
            .id = query_col_int(&q, 0),
            .author = query_col_text(&q, 1),
            .models = (uint32_t)query_col_int(&q, 2),
            .listed = (uint32_t)query_col_int(&q, 3),
            .figures = {.any = sqlite3_column_type(q.st, 4) != SQLITE_NULL,
                        .calls = (uint64_t)query_col_int(&q, 4),
                        .payments = (uint64_t)query_col_int(&q, 5),
                        .settlements = (uint64_t)query_col_int(&q, 6),
                        .inferences = (uint64_t)query_col_int(&q, 7),
                        .payers = (uint64_t)query_col_int(&q, 8),
                        .more = (uint64_t)query_col_int(&q, 9),
                        .income = query_col_text(&q, 10),
                        .shared = query_col_text(&q, 11),
                        .last = query_col_int(&q, 12),
                        .spark = query_col_text(&q, 13),
                        .unknown = (uint64_t)query_col_int(&q, 14),
                        .refunded = query_col_text(&q, 15),
                        .trended = sqlite3_column_type(q.st, 16) != SQLITE_NULL,
                        .ratio = query_col_real(&q, 16),
                        .trend_low = query_col_real(&q, 17),
                        .trend_high = query_col_real(&q, 18),
                        .judged = judged,
                        .low = query_col_text(&q, 19),
                        .high = query_col_text(&q, 20),
                        .strict = (uint64_t)query_col_int(&q, 21)}};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_author_row(struct store *s, int win, ROW_FN(author_detail), void *ud,
                               struct err *e)
{
    struct query_run q =
        query_open(s, AUTHOR AUTHOR_JOINED " WHERE a.name <> '' ORDER BY coalesce(t.calls, 0) DESC,"
                                           " coalesce(t.settlements, 0) DESC, m.models DESC,"
                                           " a.name");
    query_int(&q, win);
    return each_author(q, fn, ud, e);
}

souk_err store_author_row(struct store *s, int win, int64_t author, ROW_FN(author_detail), void *ud,
                          struct err *e)
{
    struct query_run q = query_open(s, AUTHOR "AND author = ?2" AUTHOR_JOINED);
    query_int(&q, win);
    query_int(&q, author);
    return each_author(q, fn, ud, e);
}

souk_err store_author_find(struct store *s, struct untrusted name, int64_t *id, struct err *e)
{
    /* The exact name wins over one that differs in case. */
    struct query_run q = query_open(s, "SELECT id FROM author WHERE name = ?1 COLLATE NOCASE"
                                       " ORDER BY name <> ?1, id LIMIT 1");
    query_text(&q, name);
    return query_one(&q, 0, id, e);
}

static souk_err each_use(struct query_run q, address a, ROW_FN(address_use), void *ud,
                         struct err *e)
{
    souk_err rc = SOUK_OK;
    query_blob(&q, a.b, sizeof a.b);
    while (!rc && query_next(&q)) {
        struct address_use row = {query_col_int(&q, 0), query_col_int(&q, 1),
                                  query_col_address(&q, 2)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_use_of_address(struct store *s, address a, ROW_FN(address_use), void *ud,
                                   struct err *e)
{
    return each_use(
        query_open(s, "SELECT DISTINCT m.id, m.author, o.a FROM addr x JOIN listing_event l ON"
                      " (l.owner = x.id OR l.pay_to = x.id) AND l.kind = 1"
                      " JOIN addr o ON o.id = l.owner JOIN author h ON h.name = l.author"
                      " JOIN model m ON m.author = h.id AND m.name = l.name"
                      " WHERE x.a = ? ORDER BY m.id"),
        a, fn, ud, e);
}

souk_err store_each_active_use(struct store *s, address a, ROW_FN(address_use), void *ud,
                               struct err *e)
{
    return each_use(query_open(s, "SELECT m.id, m.author, x.a FROM addr x JOIN model m ON"
                                  " m.owner = x.id OR m.pay_to = x.id WHERE x.a = ? ORDER BY m.id"),
                    a, fn, ud, e);
}

/* --- the market */

static souk_err count_models(struct store *s, struct market_counts *out, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT count(*), total(mark > 0), total(mark = 2), total(ever),"
                      " (SELECT count(*) FROM author a WHERE a.name <> '' AND EXISTS"
                      "  (SELECT 1 FROM model x WHERE x.author = a.id AND x.gone = 0))"
                      " FROM model WHERE gone = 0");
    if (query_next(&q)) {
        out->stored = (uint64_t)query_col_int(&q, 0);
        out->listed = (uint64_t)query_col_int(&q, 1);
        out->proven = (uint64_t)query_col_int(&q, 2);
        out->ever = (uint64_t)query_col_int(&q, 3);
        out->authors = (uint64_t)query_col_int(&q, 4);
    }
    return query_close(&q, e);
}

static souk_err count_alive(struct store *s, int win, struct market_counts *out, struct err *e)
{
    struct query_run q = query_open(
        s,
        "SELECT count(*), total(t.payments + t.settlements > 0), total(t.payers >= 3) FROM stat t"
        " JOIN model m ON m.id = t.model AND m.gone = 0 WHERE t.win = ?");
    query_int(&q, win);
    if (query_next(&q)) {
        out->called = (uint64_t)query_col_int(&q, 0);
        out->paid = (uint64_t)query_col_int(&q, 1);
        out->paid_by_3 = (uint64_t)query_col_int(&q, 2);
    }
    return query_close(&q, e);
}

souk_err store_market(struct store *s, int win, struct arena *a, struct market_counts *out,
                      struct err *e)
{
    *out = (struct market_counts){.totals = {.win = win}};
    souk_err rc = count_models(s, out, e);
    if (!rc) {
        rc = count_alive(s, win, out, e);
    }
    if (rc) {
        return rc;
    }
    struct query_run q =
        query_open(s, "SELECT payments, settlements, inferences, payers, fresh, payer_unknown,"
                      " strays, unknown, by_list, inflows, income, shared, stray, refunded,"
                      " by_list_sum, inflow FROM market_stat WHERE win = ?");
    query_int(&q, win);
    bool ok = true;
    if (query_next(&q)) {
        struct market_out *t = &out->totals;
        uint64_t *const count[] = {&t->payments, &t->settlements,   &t->inferences, &t->payers,
                                   &t->fresh,    &t->payer_unknown, &t->strays,     &t->unknown,
                                   &t->by_list,  &t->inflows};
        struct untrusted *const sum[] = {&t->income,   &t->shared,      &t->stray,
                                         &t->refunded, &t->by_list_sum, &t->inflow};
        enum { COUNTS = sizeof count / sizeof *count, SUMS = sizeof sum / sizeof *sum };
        for (int i = 0; i < COUNTS; i++) {
            *count[i] = (uint64_t)query_col_int(&q, i);
        }
        for (int i = 0; i < SUMS && ok; i++) {
            ok = query_copy(&q, COUNTS + i, a, sum[i]);
        }
        out->calls = t->payments + t->inferences;
    }
    return copied(&q, ok, e);
}

souk_err store_each_week(struct store *s, ROW_FN(week_out), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT week, payments, settlements, inferences, payers,"
                                       " fresh, income FROM weekly ORDER BY week");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct week_out row = {.week = query_col_int(&q, 0),
                               .payments = (uint64_t)query_col_int(&q, 1),
                               .settlements = (uint64_t)query_col_int(&q, 2),
                               .inferences = (uint64_t)query_col_int(&q, 3),
                               .payers = (uint64_t)query_col_int(&q, 4),
                               .fresh = (uint64_t)query_col_int(&q, 5),
                               .income = query_col_text(&q, 6)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_cohort(struct store *s, ROW_FN(cohort_out), void *ud, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT week, payers, d7, d30, back FROM cohort ORDER BY week");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct cohort_out row = {.week = query_col_int(&q, 0),
                                 .payers = (uint64_t)query_col_int(&q, 1),
                                 .d7 = (uint64_t)query_col_int(&q, 2),
                                 .d30 = (uint64_t)query_col_int(&q, 3)};
        struct untrusted back = query_col_text(&q, 4);
        for (size_t i = 0; i < 4 * COHORT_BACK && i < back.n; i++) {
            row.back[i / 4] |= (uint64_t)(uint8_t)back.p[i] << (8 * (i % 4));
        }
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

souk_err store_each_first_seen(struct store *s, int64_t since, ROW_FN(seen_row), void *ud,
                               struct err *e)
{
    struct query_run q = query_open(s, "SELECT first_seen FROM model WHERE first_seen > ?");
    query_int(&q, since);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct seen_row row = {query_col_int(&q, 0)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

bool store_filter_source(struct store *s, const char *filter, int64_t *src, int64_t *first,
                         int64_t *chain)
{
    struct query_run q =
        query_open(s, "SELECT id, (SELECT min(first) FROM source x WHERE x.filter = ?1 AND"
                      " x.chain = s.chain), chain FROM source s WHERE filter = ?1"
                      " ORDER BY last DESC, id DESC LIMIT 1");
    query_text(&q, untrusted(filter));
    bool found = query_next(&q);
    if (found) {
        *src = query_col_int(&q, 0);
        *first = query_col_int(&q, 1);
        *chain = query_col_int(&q, 2);
    }
    return query_close(&q, NULL) == SOUK_OK && found;
}

bool store_newest_source(struct store *s, enum source_kind kind, int64_t *src)
{
    struct query_run q = query_open(s, "SELECT max(id) FROM source WHERE kind = ?");
    query_int(&q, kind);
    return query_one(&q, 0, src, NULL) == SOUK_OK && *src > 0;
}

souk_err store_row_counts(struct store *s, struct row_counts *out, struct err *e)
{
    struct query_run q = query_open(
        s,
        "SELECT (SELECT count(*) FROM model), (SELECT count(*) FROM listing_event),"
        " (SELECT count(*) FROM pay), (SELECT count(*) FROM infer), (SELECT count(*) FROM offer),"
        " (SELECT page_count FROM pragma_page_count)"
        "  * (SELECT page_size FROM pragma_page_size)");
    *out = (struct row_counts){.models = 0};
    if (query_next(&q)) {
        out->models = (uint64_t)query_col_int(&q, 0);
        out->listings = (uint64_t)query_col_int(&q, 1);
        out->payments = (uint64_t)query_col_int(&q, 2);
        out->inferences = (uint64_t)query_col_int(&q, 3);
        out->offers = (uint64_t)query_col_int(&q, 4);
        out->bytes = query_col_int(&q, 5);
    }
    return query_close(&q, e);
}
