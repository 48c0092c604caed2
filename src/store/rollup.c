/*
 * The sums beside the rows (rollup.h), kept up as rows come and go.
 *
 * A transaction's rows are remembered as they are written and turned into sums at its end, sorted:
 * one lookup and one write for each key they touch, in the order of the tables. Rows that are
 * deleted are remembered too. Read again just as they were, as a full sync does, the two cancel
 * out; what was really lost has its keys summed again from the rows that are left.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rollup_internal.h"

#include "base/banned.h"

enum {
    ROWS_FIRST = 256,
    ROWS_MAX = 1 << 16, /* then they are written, in the middle of the transaction */
};

/* --- remembering */

void rollup_forget(struct store *s)
{
    struct rollup *r = *store_rollup(s);
    if (r) {
        r->n = r->extents = r->edges.n = r->days.n = 0;
        r->gone = r->all = false;
    }
}

void rollup_free(struct rollup *r)
{
    if (r) {
        mem_free(r->row);
        mem_free(r->extent);
        mem_free(r->edges.key);
        mem_free(r->days.key);
        mem_free(r);
    }
}

static struct rollup *rollup_of(struct store *s)
{
    struct rollup **r = store_rollup(s);
    if (!*r) {
        *r = mem_zalloc(sizeof **r);
    }
    return *r;
}

/* p with room for one more than n, or NULL. */
static void *grown(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return p;
    }
    size_t wider = *room ? 2 * *room : ROWS_FIRST;
    void *q = mem_resize(p, wider * size);
    if (q) {
        *room = wider;
    }
    return q;
}

int64_t rollup_day(int64_t time)
{
    return time / DAY - (time % DAY < 0);
}

/* Rows come in the order of blocks: nearly always of the day of the one before. */
static bool widen(struct rollup *r, const struct rolled *row)
{
    int64_t day = rollup_day(row->time);
    struct extent *x = r->extents ? &r->extent[r->extents - 1] : NULL;
    if (!x || x->day != day || x->chain != row->chain) {
        struct extent *more = grown(r->extent, r->extents, &r->extents_room, sizeof *more);
        if (!more) {
            return false;
        }
        r->extent = more;
        x = &more[r->extents++];
        *x = (struct extent){row->chain, day, row->block, row->block};
    }
    x->first = row->block < x->first ? row->block : x->first;
    x->last = row->block > x->last ? row->block : x->last;
    return true;
}

static bool push(struct rollup *r, const struct rolled *row)
{
    struct rolled *more = grown(r->row, r->n, &r->room, sizeof *more);
    if (more) {
        r->row = more;
        more[r->n++] = *row;
    }
    return more != NULL;
}

souk_err rollup_add(struct store *s, const struct rolled *row, struct err *e)
{
    struct rollup *r = rollup_of(s);
    if (!r) {
        return err_nomem(e);
    }
    if (r->all) {
        return SOUK_OK; /* it is among the rows that will be read */
    }
    struct rolled mine = *row;
    mine.what = FOR_DAY;
    if (pay_is_call(row->scheme) || pay_is_settlement(row->scheme)) {
        mine.what |= FOR_EDGE;
    } else if (row->scheme && row->scheme != PAY_REFUND) {
        mine.what = 0; /* nothing that is counted */
    }
    if (r->n == ROWS_MAX && row->gone) {
        rollup_forget(s); /* not summed now: the row is still there */
        r->all = true;
        return SOUK_OK;
    }
    souk_err rc = r->n == ROWS_MAX ? rollup_flush(s, e) : SOUK_OK;
    if (!rc && ((!row->gone && !widen(r, row)) || (mine.what && !push(r, &mine)))) {
        rc = err_nomem(e);
    }
    r->gone |= row->gone;
    return rc;
}

/* --- order */

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int key_order(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    int c = order(a->inference, b->inference);
    c = c ? c : order(a->chain, b->chain);
    c = c ? c : order(a->payee, b->payee);
    c = c ? c : order(a->other, b->other);
    return c ? c : order(a->asset, b->asset);
}

struct key edge_key(const struct rolled *r)
{
    return (struct key){r->scheme == 0, r->chain, r->payee, r->payer, r->asset};
}

struct key day_key(const struct rolled *r)
{
    return (struct key){r->scheme == 0, r->chain, r->payee, rollup_day(r->time), r->asset};
}

int edge_order(const void *pa, const void *pb)
{
    const struct rolled *a = pa, *b = pb;
    struct key ka = edge_key(a), kb = edge_key(b);
    int c = key_order(&ka, &kb);
    c = c ? c : order(a->time, b->time);
    c = c ? c : order(a->scheme, b->scheme);
    c = c ? c : u256_cmp(a->amount, b->amount);
    return c ? c : order(a->gone, b->gone);
}

/* --- what is gone */

static bool same_row(const struct rolled *a, const struct rolled *b)
{
    struct key ka = edge_key(a), kb = edge_key(b);
    return key_order(&ka, &kb) == 0 && a->time == b->time && a->scheme == b->scheme &&
           u256_cmp(a->amount, b->amount) == 0;
}

static bool keys_add(struct keys *k, struct key key)
{
    if (k->n && key_order(&k->key[k->n - 1], &key) == 0) {
        return true;
    }
    struct key *more = grown(k->key, k->n, &k->room, sizeof *more);
    if (more) {
        k->key = more;
        more[k->n++] = key;
    }
    return more != NULL;
}

static void keys_sort(struct keys *k)
{
    size_t kept = 0;
    if (k->n) {
        qsort(k->key, k->n, sizeof *k->key, key_order);
    }
    for (size_t i = 0; i < k->n; i++) {
        if (!kept || key_order(&k->key[kept - 1], &k->key[i]) != 0) {
            k->key[kept++] = k->key[i];
        }
    }
    k->n = kept;
}

static bool keys_have(const struct keys *k, struct key key)
{
    return k->n && bsearch(&key, k->key, k->n, sizeof key, key_order);
}

/* What is still wanted of a row when the touched keys are summed again anyway. */
static uint8_t not_again(const struct rollup *r, const struct rolled *row, bool again)
{
    uint8_t what = row->what;
    if (keys_have(&r->edges, edge_key(row)) != again) {
        what &= (uint8_t)~FOR_EDGE;
    }
    if (keys_have(&r->days, day_key(row)) != again) {
        what &= (uint8_t)~FOR_DAY;
    }
    return what;
}

/* Rows are in edge_order: takes out those that came back, and lists the keys of those that did
 * not. */
static bool cancel_out(struct rollup *r)
{
    for (size_t i = 0, next; i < r->n; i = next) {
        size_t here = 0;
        for (next = i; next < r->n && same_row(&r->row[i], &r->row[next]); next++) {
            here += !r->row[next].gone;
        }
        size_t gone = next - i - here, both = here < gone ? here : gone;
        for (size_t k = 0; k < both; k++) {
            r->row[i + k].what = 0;
        }
        for (size_t k = i + here; k < next; k++) {
            struct rolled *row = &r->row[k];
            if (k >= i + here + both &&
                (((row->what & FOR_EDGE) && !keys_add(&r->edges, edge_key(row))) ||
                 ((row->what & FOR_DAY) && !keys_add(&r->days, day_key(row))))) {
                return false;
            }
            row->what = 0;
        }
    }
    keys_sort(&r->edges);
    keys_sort(&r->days);
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        r->row[i].what = not_again(r, &r->row[i], false);
        if (r->row[i].what) {
            r->row[kept++] = r->row[i];
        }
    }
    r->n = kept;
    return true;
}

/* --- summing again */

static souk_err put_all(struct store *s, struct rollup *r, struct err *e)
{
    if (r->n) {
        qsort(r->row, r->n, sizeof *r->row, edge_order);
    }
    return rollup_put(s, r, e);
}

/* Rows of pay or infer, as far as they belong to what is summed again; all: all do. */
static souk_err feed(struct store *s, struct rollup *r, struct query_run *q, bool all,
                     bool inference, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(q)) {
        struct rolled row = {.chain = query_col_int(q, 0),
                             .payee = query_col_int(q, 1),
                             .time = query_col_int(q, 2),
                             .block = (uint64_t)query_col_int(q, 3)};
        if (!inference) {
            row.payer = query_col_int(q, 4);
            row.asset = query_col_int(q, 5);
            row.amount = query_col_u256(q, 6);
            row.scheme = (uint8_t)query_col_int(q, 7);
        }
        bool counts = pay_is_call(row.scheme) || pay_is_settlement(row.scheme);
        row.what = counts                                        ? FOR_EDGE | FOR_DAY
                   : row.scheme == 0 || row.scheme == PAY_REFUND ? FOR_DAY
                                                                 : 0;
        if (!all) {
            row.what = not_again(r, &row, true);
        }
        if (all && !widen(r, &row)) {
            rc = err_nomem(e);
        }
        if (!rc && row.what && !push(r, &row)) {
            rc = err_nomem(e);
        }
        if (!rc && r->n == ROWS_MAX) {
            rc = put_all(s, r, e);
        }
    }
    struct err other;
    souk_err closed = query_close(q, rc ? &other : e);
    return rc ? rc : closed;
}

#define PAY_COLUMNS   "SELECT chain, payee, time, block, payer, asset, amount, scheme FROM pay"
#define INFER_COLUMNS "SELECT chain, cid, time, block FROM infer"

static souk_err delete_key(struct store *s, const char *sql, const struct key *k, bool asset,
                           struct err *e)
{
    struct query_run q = query_open(s, sql);
    query_int(&q, k->chain);
    query_int(&q, k->payee);
    query_int(&q, k->other);
    if (asset) {
        query_int(&q, k->asset);
    }
    return query_do(&q, e);
}

static souk_err delete_keys(struct store *s, const struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < r->edges.n && !rc; i++) {
        rc = delete_key(s,
                        "DELETE FROM edge WHERE chain = ? AND payee = ? AND payer = ?"
                        " AND asset = ?",
                        &r->edges.key[i], true, e);
    }
    for (size_t i = 0; i < r->days.n && !rc; i++) {
        const struct key *k = &r->days.key[i];
        rc = k->inference
                 ? delete_key(s, "DELETE FROM infer_day WHERE chain = ? AND cid = ? AND day = ?", k,
                              false, e)
                 : delete_key(s,
                              "DELETE FROM day WHERE chain = ? AND payee = ? AND day = ?"
                              " AND asset = ?",
                              k, true, e);
    }
    return rc;
}

/* Is the index there by which the rows of one payee are found? */
static bool indexed(struct store *s, bool inference)
{
    int64_t n = 0;
    struct query_run q = query_open(s, "SELECT count(*) FROM sqlite_schema WHERE name = ?");
    query_text(&q, untrusted(inference ? "infer_by_cid" : "pay_by_payee"));
    return query_one(&q, 0, &n, NULL) == SOUK_OK && n == 1;
}

/* All rows that may belong to the keys: of their payees, or without an index of the chain. */
static souk_err feed_keys(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    const struct key *before = NULL;
    for (size_t i = 0; i < r->days.n && !rc; i++) {
        const struct key *k = &r->days.key[i];
        bool one = indexed(s, k->inference);
        if (before && before->inference == k->inference && before->chain == k->chain &&
            (!one || before->payee == k->payee)) {
            continue;
        }
        before = k;
        struct query_run q =
            k->inference
                ? (one ? query_open(s, INFER_COLUMNS " WHERE chain = ? AND cid = ?")
                       : query_open(s, INFER_COLUMNS " WHERE chain = ?"))
                : (one ? query_open(s, PAY_COLUMNS " WHERE tier = 3 AND chain = ? AND payee = ?")
                       : query_open(s, PAY_COLUMNS " WHERE tier = 3 AND chain = ?"));
        query_int(&q, k->chain);
        if (one) {
            query_int(&q, k->payee);
        }
        rc = feed(s, r, &q, false, k->inference, e);
    }
    return rc ? rc : put_all(s, r, e);
}

static souk_err sum_keys_again(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = r->days.n ? delete_keys(s, r, e) : SOUK_OK;
    if (!rc && r->days.n) {
        rc = feed_keys(s, r, e);
    }
    r->edges.n = r->days.n = 0;
    return rc;
}

static souk_err sum_all_again(struct store *s, struct rollup *r, struct err *e)
{
    static const char *const empty[] = {"DELETE FROM edge", "DELETE FROM day",
                                        "DELETE FROM infer_day", "DELETE FROM extent"};
    souk_err rc = SOUK_OK;
    rollup_forget(s);
    for (size_t i = 0; i < sizeof empty / sizeof *empty && !rc; i++) {
        struct query_run q = query_open(s, empty[i]);
        rc = query_do(&q, e);
    }
    if (!rc) {
        struct query_run q = query_open(s, PAY_COLUMNS " WHERE tier = 3");
        rc = feed(s, r, &q, true, false, e);
    }
    if (!rc) {
        struct query_run q = query_open(s, INFER_COLUMNS);
        rc = feed(s, r, &q, true, true, e);
    }
    rc = rc ? rc : put_all(s, r, e);
    return rc ? rc : rollup_put_extents(s, r, e);
}

souk_err rollup_flush(struct store *s, struct err *e)
{
    struct rollup *r = *store_rollup(s);
    if (!r) {
        return SOUK_OK;
    }
    if (r->all) {
        return sum_all_again(s, r, e);
    }
    if (r->n) {
        qsort(r->row, r->n, sizeof *r->row, edge_order);
    }
    if (r->gone && !cancel_out(r)) {
        return err_nomem(e);
    }
    r->gone = false;
    souk_err rc = rollup_put(s, r, e);
    rc = rc ? rc : rollup_put_extents(s, r, e);
    return rc ? rc : sum_keys_again(s, r, e);
}
