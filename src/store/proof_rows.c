#include "store/proof_rows.h"

#include <string.h>

#include "base/mem.h"
#include "store/query.h"
#include "store/rollup.h"

#include "base/banned.h"

/*
 * Addresses by their ids. For a pass over many rows all are read at once: three look-ups a row
 * would cost more than everything else about it. A few blocks' are looked up (a is NULL).
 */
struct names {
    struct store *s;
    address *a;
    size_t n;
};

enum { FEW_BLOCKS = 64 };

static souk_err names_load(struct store *s, struct names *t, struct err *e)
{
    int64_t most = 0;
    struct query_run q = query_open(s, "SELECT max(id) FROM addr");
    souk_err rc = query_one(&q, 0, &most, e);
    if (rc) {
        return rc;
    }
    t->n = most > 0 ? (size_t)most + 1 : 1;
    t->a = mem_array(t->n, sizeof *t->a);
    if (!t->a) {
        return err_nomem(e);
    }
    q = query_open(s, "SELECT id, a FROM addr");
    while (query_next(&q)) {
        int64_t id = query_col_int(&q, 0);
        if (id > 0 && (size_t)id < t->n) { /* one that came since has no row we will see */
            t->a[id] = query_col_address(&q, 1);
        }
    }
    return query_close(&q, e);
}

/* Id 0 is nobody, the zero address. */
static address name_of(const struct names *t, int64_t id)
{
    if (!t->a) {
        address one = {{0}};
        if (id > 0 && !store_addr_get(t->s, id, &one)) {
            return (address){{0}};
        }
        return one;
    }
    return id > 0 && (size_t)id < t->n ? t->a[id] : (address){{0}};
}

/* --- statements. All take chain, first, last, filter (NULL: any). */

#define MINE                                                                          \
    " WHERE chain = ?1 AND block BETWEEN ?2 AND ?3 AND (?4 IS NULL OR src IN (SELECT" \
    " id FROM source WHERE chain = ?1 AND filter = ?4))"
#define IN_ORDER " ORDER BY block, log"

static const char pays[] = "SELECT block, log, tx, time, src, payer, payee, asset, amount, scheme,"
                           " tier FROM pay" MINE IN_ORDER,
                  flows[] = "SELECT block, log, tx, time, src, source, target, asset, amount, kind,"
                            " 0 FROM flow" MINE IN_ORDER,
                  infers[] = "SELECT block, log, tx, time, src, (SELECT text FROM cid WHERE id ="
                             " infer.cid) FROM infer" MINE IN_ORDER,
                  listings[] =
                      "SELECT block, log, tx, time, src, kind, owner, lid, author, name,"
                      " blob_id, endpoint, price, asset, pay_to FROM listing_event" MINE IN_ORDER;

struct question {
    struct store *s;
    const struct names *names;
    int64_t chain, first, last;
    const char *filter;
};

/* One table's rows, read one ahead. */
struct stream {
    struct query_run q;
    const struct question *of;
    enum proof_kind kind;
    bool on;
    struct proof_row row;
};

static void read_row(struct stream *t)
{
    struct query_run *q = &t->q;
    const struct names *names = t->of->names;
    struct proof_row *r = &t->row;
    *r = (struct proof_row){.kind = t->kind,
                            .block = (uint64_t)query_col_int(q, 0),
                            .log = (uint64_t)query_col_int(q, 1),
                            .tx = query_col_bytes32(q, 2),
                            .time = query_col_int(q, 3),
                            .src = query_col_int(q, 4)};
    switch (t->kind) {
    case PROOF_PAY:
    case PROOF_FLOW:
        r->from = name_of(names, query_col_int(q, 5));
        r->to = name_of(names, query_col_int(q, 6));
        r->asset = name_of(names, query_col_int(q, 7));
        r->amount = query_col_u256(q, 8);
        r->scheme = (int)query_col_int(q, 9);
        r->tier = (int)query_col_int(q, 10);
        break;
    case PROOF_INFER:
        r->cid = query_col_text(q, 5);
        break;
    case PROOF_LISTING:
        r->listed = query_col_int(q, 5) == 1;
        r->from = name_of(names, query_col_int(q, 6));
        r->lid = query_col_bytes32(q, 7);
        if (r->listed) {
            r->author = query_col_text(q, 8);
            r->name = query_col_text(q, 9);
            r->blob_id = query_col_text(q, 10);
            r->endpoint = query_col_text(q, 11);
            r->amount = query_col_u256(q, 12);
            r->asset = name_of(names, query_col_int(q, 13));
            r->to = name_of(names, query_col_int(q, 14));
        }
        break;
    }
}

static void advance(struct stream *t)
{
    t->on = query_next(&t->q);
    if (t->on) {
        read_row(t);
    }
}

static void stream_open(struct stream *t, const struct question *of, enum proof_kind kind,
                        const char *sql)
{
    *t = (struct stream){.q = query_open(of->s, sql), .of = of, .kind = kind};
    query_int(&t->q, of->chain);
    query_int(&t->q, of->first);
    query_int(&t->q, of->last);
    query_text(&t->q, untrusted(of->filter));
    advance(t);
}

static struct stream *earliest(struct stream *t, size_t n)
{
    struct stream *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct proof_row *r = &t[i].row;
        if (t[i].on && (!best || r->block < best->row.block ||
                        (r->block == best->row.block && r->log < best->row.log))) {
            best = &t[i];
        }
    }
    return best;
}

/* Which tables a filter's rows are in. */
static bool holds(const char *filter, enum proof_kind kind)
{
    return !filter || (strcmp(filter, FILTER_LISTINGS) == 0     ? kind == PROOF_LISTING
                       : strcmp(filter, FILTER_INFERENCES) == 0 ? kind == PROOF_INFER
                                                                : kind <= PROOF_FLOW);
}

static souk_err each(const struct question *of, ROW_FN(proof_row), void *ud, struct err *e)
{
    static const char *const sql[] = {pays, flows, infers, listings};
    struct stream t[4], *next;
    size_t n = 0;
    souk_err rc = SOUK_OK;
    for (enum proof_kind k = PROOF_PAY; k <= PROOF_LISTING; k++) {
        if (holds(of->filter, k)) {
            stream_open(&t[n++], of, k, sql[k - PROOF_PAY]);
        }
    }
    while (!rc && (next = earliest(t, n)) != NULL) {
        rc = fn(ud, &next->row, e);
        advance(next);
    }
    for (size_t i = 0; i < n; i++) {
        rc = query_end(&t[i].q, rc, e);
    }
    return rc;
}

souk_err store_each_proof_row(struct store *s, int64_t chain, const char *filter, uint64_t first,
                              uint64_t last, ROW_FN(proof_row), void *ud, struct err *e)
{
    struct names names = {s, NULL, 0};
    const struct question of = {s,
                                &names,
                                chain,
                                first > INT64_MAX ? INT64_MAX : (int64_t)first,
                                last > INT64_MAX ? INT64_MAX : (int64_t)last,
                                filter};
    souk_err rc = store_snapshot(s, e);
    if (rc) {
        return rc;
    }
    if (last - first >= FEW_BLOCKS) {
        rc = names_load(s, &names, e);
    }
    if (!rc) {
        rc = each(&of, fn, ud, e);
    }
    mem_free(names.a);
    store_snapshot_end(s);
    return rc;
}

/* --- counting */

#define COUNT(table) "SELECT count(*) FROM (SELECT 1 FROM " table MINE " LIMIT ?5)"

souk_err store_count_rows(struct store *s, int64_t chain, const char *filter, uint64_t most,
                          uint64_t *n, struct err *e)
{
    static const char *const sql[] = {COUNT("pay"), COUNT("flow"), COUNT("infer"),
                                      COUNT("listing_event")};
    souk_err rc = SOUK_OK;
    *n = 0;
    for (enum proof_kind k = PROOF_PAY; k <= PROOF_LISTING && !rc; k++) {
        int64_t found = 0;
        if (!holds(filter, k) || *n >= most) {
            continue;
        }
        struct query_run q = query_open(s, sql[k - PROOF_PAY]);
        query_int(&q, chain);
        query_int(&q, 0);
        query_int(&q, INT64_MAX);
        query_text(&q, untrusted(filter));
        query_int(&q, (int64_t)(most - *n));
        rc = query_one(&q, 0, &found, e);
        *n += (uint64_t)found;
    }
    return rc;
}

bool store_next_row_block(struct store *s, int64_t chain, uint64_t from, uint64_t *block)
{
    int64_t found = -1;
    struct query_run q = query_open(
        s, "SELECT coalesce(min(b), -1) FROM (SELECT min(block) AS b FROM pay WHERE chain = ?1 AND "
           "block >= ?2"
           " UNION ALL SELECT min(block) FROM flow WHERE chain = ?1 AND block >= ?2 UNION ALL"
           " SELECT min(block) FROM infer WHERE chain = ?1 AND block >= ?2 UNION ALL"
           " SELECT min(block) FROM listing_event WHERE chain = ?1 AND block >= ?2)");
    query_int(&q, chain);
    query_int(&q, from > INT64_MAX ? INT64_MAX : (int64_t)from);
    if (query_one(&q, -1, &found, NULL) || found < 0) {
        return false;
    }
    *block = (uint64_t)found;
    return true;
}

/* --- hashes that stay */

souk_err store_anchor_put(struct store *s, int64_t chain, const struct cursor *c, struct err *e)
{
    int64_t block = (int64_t)c->block;
    struct query_run q = query_open(s, "INSERT OR REPLACE INTO anchor VALUES(?, ?, ?)");
    query_int(&q, chain);
    query_int(&q, block);
    query_blob(&q, c->hash.b, sizeof c->hash.b);
    souk_err rc = query_do(&q, e);
    if (rc) {
        return rc;
    }
    q = query_open(s, "DELETE FROM anchor WHERE chain = ? AND block >= ? AND block < ?");
    query_int(&q, chain);
    query_int(&q, block - block % ANCHOR_BLOCKS);
    query_int(&q, block);
    return query_do(&q, e);
}

bool store_anchor_after(struct store *s, int64_t chain, uint64_t block, struct cursor *out)
{
    struct query_run q = query_open(
        s, "SELECT block, hash FROM anchor WHERE chain = ? AND block >= ? ORDER BY block LIMIT 1");
    query_int(&q, chain);
    query_int(&q, block > INT64_MAX ? INT64_MAX : (int64_t)block);
    bool found = query_next(&q);
    if (found) {
        *out = (struct cursor){.block = (uint64_t)query_col_int(&q, 0),
                               .hash = query_col_bytes32(&q, 1)};
    }
    return query_close(&q, NULL) == SOUK_OK && found;
}
