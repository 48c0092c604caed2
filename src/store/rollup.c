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
#include "store/rollup.h"
#include "store/rollup_internal.h"

#include "base/banned.h"

enum { FILL_ROWS = 1 << 18 }; /* of a first fill: then sums are left for later */

/* --- remembering */

void rollup_forget(struct store *s)
{
    struct rollup *r = *store_rollup(s);
    if (r) {
        r->n = r->extents = r->edges.n = r->days.n = 0;
        r->gone = r->begun = r->behind = false;
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

struct rollup *rollup_of(struct store *s)
{
    struct rollup **r = store_rollup(s);
    if (!*r) {
        *r = mem_zalloc(sizeof **r);
    }
    return *r;
}

int64_t rollup_day(int64_t time)
{
    return time / DAY - (time % DAY < 0);
}

uint8_t rollup_for(int scheme)
{
    if (pay_is_call(scheme) || pay_is_settlement(scheme)) {
        return FOR_EDGE | FOR_DAY;
    }
    return scheme == 0 || scheme == PAY_REFUND ? FOR_DAY : 0;
}

/* Rows come in the order of blocks: nearly always of the day of the one before. */
static bool widen(struct rollup *r, const struct rolled *row)
{
    int64_t day = rollup_day(row->time);
    struct extent *x = r->extents ? &r->extent[r->extents - 1] : NULL;
    if (!x || x->day != day || x->chain != row->chain) {
        struct extent *more = mem_grow(r->extent, r->extents, &r->extents_room, sizeof *more);
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

bool rollup_push(struct rollup *r, const struct rolled *row)
{
    struct rolled *more = mem_grow(r->row, r->n, &r->room, sizeof *more);
    if (more) {
        r->row = more;
        more[r->n++] = *row;
    }
    return more != NULL;
}

/* From here on rows are no longer added up one by one. */
static void fall_behind(struct rollup *r)
{
    r->n = 0;
    r->gone = false;
    r->behind = true;
}

/* Another souk may have been at the file since the last transaction. */
static void begin(struct store *s, struct rollup *r)
{
    if (!r->begun) {
        r->begun = true;
        r->behind = store_behind(s);
        r->indexed = rollup_indexed(s, false);
    }
}

void rollup_fill_after(struct store *s, uint64_t rows)
{
    struct rollup *r = rollup_of(s);
    if (r) {
        r->fill_after = rows;
    }
}

souk_err rollup_add(struct store *s, const struct rolled *row, struct err *e)
{
    struct rollup *r = rollup_of(s);
    if (!r) {
        return err_nomem(e);
    }
    begin(s, r);
    if (!row->gone && !widen(r, row)) {
        return err_nomem(e);
    }
    r->filled += !r->indexed && !row->gone;
    if (r->filled > (r->fill_after ? r->fill_after : FILL_ROWS) ||
        (r->n == ROWS_MAX && row->gone)) { /* that row is still there: not to be summed now */
        fall_behind(r);
    }
    struct rolled mine = *row;
    mine.what = rollup_for(row->scheme);
    if (r->behind || !mine.what) {
        return SOUK_OK;
    }
    souk_err rc = r->n == ROWS_MAX ? rollup_flush(s, e) : SOUK_OK;
    if (!rc && !rollup_push(r, &mine)) {
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
    struct key *more = mem_grow(k->key, k->n, &k->room, sizeof *more);
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

uint8_t rollup_wanted(const struct rollup *r, const struct rolled *row, bool again)
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
        r->row[i].what = rollup_wanted(r, &r->row[i], false);
        if (r->row[i].what) {
            r->row[kept++] = r->row[i];
        }
    }
    r->n = kept;
    return true;
}

souk_err rollup_flush(struct store *s, struct err *e)
{
    struct rollup *r = *store_rollup(s);
    if (!r || !r->begun) {
        return SOUK_OK;
    }
    souk_err rc = rollup_put_extents(s, r, e);
    if (rc || r->behind) {
        return rc ? rc : rollup_stay_behind(s, e);
    }
    if (r->n) {
        qsort(r->row, r->n, sizeof *r->row, edge_order);
    }
    if (r->gone && !cancel_out(r)) {
        return err_nomem(e);
    }
    r->gone = false;
    rc = rollup_put(s, r, e);
    return rc ? rc : rollup_keys_again(s, r, e);
}
