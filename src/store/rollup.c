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
#include "store/query.h"
#include "store/rollup.h"

#include "base/banned.h"

enum {
    ROWS_FIRST = 256,
    ROWS_MAX = 1 << 16, /* then they are written, in the middle of the transaction */
    DAY = 86400,
    DAYS_MAX = 36525, /* days of an edge's that are marked, from its first on: a century */
    DAYS_BYTES = DAYS_MAX / 8 + 1,
};

/* rolled.what: which sums it is still for. */
enum { FOR_EDGE = 1, FOR_DAY = 2 };

struct extent {
    int64_t chain, day;
    uint64_t first, last;
};

/* Names a row of edge (other: the payer), of day (other: the day) or, inference, of infer_day. */
struct key {
    bool inference;
    int64_t chain, payee, other, asset;
};

struct keys {
    struct key *key;
    size_t n, room;
};

struct rollup {
    struct rolled *row;
    size_t n, room;
    struct extent *extent;
    size_t extents, extents_room;
    bool gone;         /* some of row are */
    bool all;          /* more was deleted than is remembered: all is summed again */
    struct keys edges; /* to be summed again */
    struct keys days;
    uint8_t bits[DAYS_BYTES];
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

/* Room for one more. */
static bool grow(void **p, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return true;
    }
    size_t wider = *room ? 2 * *room : ROWS_FIRST;
    void *q = mem_resize(*p, wider * size);
    if (q) {
        *p = q;
        *room = wider;
    }
    return q != NULL;
}

static int64_t day_of(int64_t time)
{
    return time / DAY - (time % DAY < 0);
}

/* Rows come in the order of blocks: nearly always of the day of the one before. */
static bool widen(struct rollup *r, const struct rolled *row)
{
    int64_t day = day_of(row->time);
    struct extent *x = r->extents ? &r->extent[r->extents - 1] : NULL;
    if (!x || x->day != day || x->chain != row->chain) {
        if (!grow((void **)&r->extent, r->extents, &r->extents_room, sizeof *r->extent)) {
            return false;
        }
        x = &r->extent[r->extents++];
        *x = (struct extent){row->chain, day, row->block, row->block};
    }
    x->first = row->block < x->first ? row->block : x->first;
    x->last = row->block > x->last ? row->block : x->last;
    return true;
}

static bool push(struct rollup *r, const struct rolled *row)
{
    if (!grow((void **)&r->row, r->n, &r->room, sizeof *r->row)) {
        return false;
    }
    r->row[r->n] = *row;
    r->n++;
    return true;
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

static int key_order(const void *pa, const void *pb)
{
    const struct key *a = pa, *b = pb;
    int c = order(a->inference, b->inference);
    c = c ? c : order(a->chain, b->chain);
    c = c ? c : order(a->payee, b->payee);
    c = c ? c : order(a->other, b->other);
    return c ? c : order(a->asset, b->asset);
}

static struct key edge_of(const struct rolled *r)
{
    return (struct key){r->scheme == 0, r->chain, r->payee, r->payer, r->asset};
}

static struct key day_key_of(const struct rolled *r)
{
    return (struct key){r->scheme == 0, r->chain, r->payee, day_of(r->time), r->asset};
}

/* By edge, then what makes two rows the same in all sums; the ones that are gone last. */
static int edge_order(const void *pa, const void *pb)
{
    const struct rolled *a = pa, *b = pb;
    struct key ka = edge_of(a), kb = edge_of(b);
    int c = key_order(&ka, &kb);
    c = c ? c : order(a->time, b->time);
    c = c ? c : order(a->scheme, b->scheme);
    c = c ? c : u256_cmp(a->amount, b->amount);
    return c ? c : order(a->gone, b->gone);
}

static int day_order(const void *pa, const void *pb)
{
    const struct rolled *a = pa, *b = pb;
    struct key ka = day_key_of(a), kb = day_key_of(b);
    return key_order(&ka, &kb);
}

/* --- what is gone */

static bool same_row(const struct rolled *a, const struct rolled *b)
{
    struct key ka = edge_of(a), kb = edge_of(b);
    return key_order(&ka, &kb) == 0 && a->time == b->time && a->scheme == b->scheme &&
           u256_cmp(a->amount, b->amount) == 0;
}

static bool keys_add(struct keys *k, struct key key)
{
    if (k->n && key_order(&k->key[k->n - 1], &key) == 0) {
        return true;
    }
    if (!grow((void **)&k->key, k->n, &k->room, sizeof *k->key)) {
        return false;
    }
    k->key[k->n++] = key;
    return true;
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
    if (keys_have(&r->edges, edge_of(row)) != again) {
        what &= (uint8_t)~FOR_EDGE;
    }
    if (keys_have(&r->days, day_key_of(row)) != again) {
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
                (((row->what & FOR_EDGE) && !keys_add(&r->edges, edge_of(row))) ||
                 ((row->what & FOR_DAY) && !keys_add(&r->days, day_key_of(row))))) {
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

/* --- adding to the tables */

struct sum {
    int64_t payments, settlements;
    u256 amount, refunded;
    int64_t first, last;
    int64_t n; /* inferences */
};

static void sum_row(struct sum *x, const struct rolled *r)
{
    x->payments += pay_is_call(r->scheme);
    x->settlements += pay_is_settlement(r->scheme);
    u256 *to = r->scheme == PAY_REFUND ? &x->refunded : &x->amount;
    u256_add(*to, r->amount, to); /* stays at the largest there is */
    x->n += r->scheme == 0;
    x->first = r->time < x->first ? r->time : x->first;
    x->last = r->time > x->last ? r->time : x->last;
}

static void mark(uint8_t *bits, int64_t at)
{
    if (at >= 0 && at < DAYS_MAX) {
        bits[at / 8] |= (uint8_t)(1u << (at % 8));
    }
}

static size_t marked_bytes(const uint8_t *bits)
{
    size_t n = DAYS_BYTES;
    while (n > 0 && bits[n - 1] == 0) {
        n--;
    }
    return n;
}

/* What is there already; its days are marked in bits. */
static souk_err old_edge(struct store *s, const struct rolled *r, struct sum *x, uint8_t *bits,
                         struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT payments, settlements, amount, first, last, days FROM edge"
                      " WHERE chain = ? AND payee = ? AND payer = ? AND asset = ?");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, r->payer);
    query_int(&q, r->asset);
    if (query_next(&q)) {
        int64_t was = query_col_int(&q, 3), last = query_col_int(&q, 4);
        struct untrusted days = query_col_text(&q, 5);
        x->payments += query_col_int(&q, 0);
        x->settlements += query_col_int(&q, 1);
        u256_add(x->amount, query_col_u256(&q, 2), &x->amount);
        x->first = was < x->first ? was : x->first;
        x->last = last > x->last ? last : x->last;
        int64_t shift = day_of(was) - day_of(x->first);
        size_t n = days.n < DAYS_BYTES ? days.n : DAYS_BYTES;
        for (size_t i = 0; i < 8 * n; i++) {
            if ((uint8_t)days.p[i / 8] & 1u << (i % 8)) {
                mark(bits, (int64_t)i + shift);
            }
        }
    }
    return query_close(&q, e);
}

/* One key's rows: n of them, one at least for the edge. */
static souk_err put_edge(struct store *s, const struct rolled *r, size_t n, struct err *e)
{
    uint8_t *bits = (*store_rollup(s))->bits;
    struct sum x = {.first = INT64_MAX, .last = INT64_MIN};
    for (size_t i = 0; i < n; i++) {
        if (r[i].what & FOR_EDGE) {
            sum_row(&x, &r[i]);
        }
    }
    memset(bits, 0, DAYS_BYTES);
    souk_err rc = old_edge(s, r, &x, bits, e);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        if (r[i].what & FOR_EDGE) {
            mark(bits, day_of(r[i].time) - day_of(x.first));
        }
    }
    struct query_run q = query_open(
        s, "INSERT OR REPLACE INTO edge(chain, payee, payer, asset, payments, settlements, amount,"
           " first, last, days) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, r->payer);
    query_int(&q, r->asset);
    query_int(&q, x.payments);
    query_int(&q, x.settlements);
    query_amount(&q, x.amount);
    query_int(&q, x.first);
    query_int(&q, x.last);
    query_blob(&q, bits, marked_bytes(bits));
    return query_do(&q, e);
}

static souk_err put_day(struct store *s, const struct rolled *r, const struct sum *x, struct err *e)
{
    struct sum y = *x;
    struct query_run q = query_open(s, "SELECT payments, settlements, amount, refunded FROM day"
                                       " WHERE chain = ? AND payee = ? AND day = ? AND asset = ?");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, day_of(r->time));
    query_int(&q, r->asset);
    if (query_next(&q)) {
        y.payments += query_col_int(&q, 0);
        y.settlements += query_col_int(&q, 1);
        u256_add(y.amount, query_col_u256(&q, 2), &y.amount);
        u256_add(y.refunded, query_col_u256(&q, 3), &y.refunded);
    }
    souk_err rc = query_close(&q, e);
    if (rc) {
        return rc;
    }
    q = query_open(s, "INSERT OR REPLACE INTO day(chain, payee, day, asset, payments, settlements,"
                      " amount, refunded) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, day_of(r->time));
    query_int(&q, r->asset);
    query_int(&q, y.payments);
    query_int(&q, y.settlements);
    query_amount(&q, y.amount);
    query_amount(&q, y.refunded);
    return query_do(&q, e);
}

static souk_err put_infer_day(struct store *s, const struct rolled *r, const struct sum *x,
                              struct err *e)
{
    struct query_run q =
        query_open(s, "INSERT INTO infer_day(chain, cid, day, n, last) VALUES(?, ?, ?, ?, ?)"
                      " ON CONFLICT DO UPDATE SET n = n + excluded.n,"
                      " last = max(last, excluded.last)");
    query_int(&q, r->chain);
    query_int(&q, r->payee);
    query_int(&q, day_of(r->time));
    query_int(&q, x->n);
    query_int(&q, x->last);
    return query_do(&q, e);
}

static souk_err put_edges(struct store *s, const struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0, n; i < r->n && !rc; i += n) {
        struct key key = edge_of(&r->row[i]);
        bool any = false;
        for (n = 0; i + n < r->n; n++) {
            struct key other = edge_of(&r->row[i + n]);
            if (key_order(&key, &other) != 0) {
                break;
            }
            any |= (r->row[i + n].what & FOR_EDGE) != 0;
        }
        rc = any ? put_edge(s, &r->row[i], n, e) : SOUK_OK;
    }
    return rc;
}

static souk_err put_days(struct store *s, const struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0, n; i < r->n && !rc; i += n) {
        const struct rolled *row = &r->row[i];
        struct sum x = {.first = row->time, .last = row->time};
        bool any = false;
        for (n = 0; i + n < r->n && day_order(row, &r->row[i + n]) == 0; n++) {
            if (r->row[i + n].what & FOR_DAY) {
                sum_row(&x, &r->row[i + n]);
                any = true;
            }
        }
        if (any) {
            rc = row->scheme ? put_day(s, row, &x, e) : put_infer_day(s, row, &x, e);
        }
    }
    return rc;
}

static souk_err put_extents(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < r->extents && !rc; i++) {
        struct query_run q = query_open(
            s, "INSERT INTO extent(chain, day, first, last) VALUES(?, ?, ?, ?) ON CONFLICT DO"
               " UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)");
        query_int(&q, r->extent[i].chain);
        query_int(&q, r->extent[i].day);
        query_int(&q, (int64_t)r->extent[i].first);
        query_int(&q, (int64_t)r->extent[i].last);
        rc = query_do(&q, e);
    }
    r->extents = 0;
    return rc;
}

/* Rows in edge_order, none of them gone, into the tables. */
static souk_err put_sorted(struct store *s, struct rollup *r, struct err *e)
{
    souk_err rc = put_edges(s, r, e);
    if (!rc && r->n) {
        qsort(r->row, r->n, sizeof *r->row, day_order);
        rc = put_days(s, r, e);
    }
    r->n = 0;
    return rc;
}

/* --- summing again */

static souk_err put_all(struct store *s, struct rollup *r, struct err *e)
{
    if (r->n) {
        qsort(r->row, r->n, sizeof *r->row, edge_order);
    }
    return put_sorted(s, r, e);
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
    return rc ? rc : put_extents(s, r, e);
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
    souk_err rc = put_sorted(s, r, e);
    rc = rc ? rc : put_extents(s, r, e);
    return rc ? rc : sum_keys_again(s, r, e);
}
