#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/health.h"
#include "market/pages/internal.h"
#include "market/derive/tally.h"

#include "base/banned.h"

enum { WEEKS_MAX = 520 }; /* ten years */

struct health_data {
    struct health pub; /* first */
    struct arena arena;
};

struct loading {
    struct page_load load;
    struct health *page;
    int64_t first_week, last_week; /* whole ones */
    int64_t asset;
    u256 *weekly; /* of the asset, for each whole week */
    u256 *author; /* income of each that earned */
    size_t authors, author_room;
};

/* --- totals */

static souk_err load_totals(struct loading *l, struct err *e)
{
    struct health *h = l->page;
    struct market_counts m, all;
    souk_err rc = store_market(l->load.s, (int)l->load.window, l->load.a, &m, e);
    if (!rc) {
        rc = store_market(l->load.s, WINDOW_ALL, l->load.a, &all, e);
    }
    if (rc) {
        return rc;
    }
    h->stored = m.stored;
    h->listed = m.listed;
    h->proven = m.proven;
    h->called_ever = m.ever;
    h->called = m.called;
    h->paid = m.paid;
    h->paid_by_3 = m.paid_by_3;
    h->authors = m.authors;
    h->calls = m.calls;
    h->payments = m.totals.payments;
    h->settlements = m.totals.settlements;
    h->inferences = m.totals.inferences;
    h->payers = m.totals.payers;
    h->unlisted_payments = m.totals.strays;
    h->unknown_inferences = m.totals.unknown;
    l->asset = income_asset(&l->load, all.totals.income);
    const struct assets *as = &l->load.assets;
    return unpack_income(as, m.totals.income, l->load.a, &h->income) &&
                   unpack_income(as, m.totals.shared, l->load.a, &h->unattributed) &&
                   unpack_income(as, m.totals.stray, l->load.a, &h->unlisted)
               ? SOUK_OK
               : err_nomem(e);
}

/* --- authors */

static souk_err on_author(void *ud, const struct figures_row *f, struct err *e)
{
    struct loading *l = ud;
    l->page->authors_earning += f->income.n > 0;
    u256 v = unpack_asset(f->income, l->asset);
    if (u256_is_zero(v)) {
        return SOUK_OK;
    }
    if (l->authors == l->author_room) {
        size_t room = l->author_room ? l->author_room * 2 : 128;
        u256 *grown = mem_resize(l->author, room * sizeof *grown);
        if (!grown) {
            return err_nomem(e);
        }
        l->author = grown;
        l->author_room = room;
    }
    l->author[l->authors++] = v;
    return SOUK_OK;
}

static int by_most(const void *x, const void *y)
{
    return u256_cmp(*(const u256 *)y, *(const u256 *)x);
}

/* The i-th largest income of all authors, those without any included. */
static u256 nth(const struct loading *l, uint64_t i)
{
    return i < l->authors ? l->author[i] : U256_ZERO;
}

static void concentrate(struct loading *l)
{
    struct health *h = l->page;
    u256 total = U256_ZERO, sum = U256_ZERO, median = U256_ZERO;
    uint64_t rem;
    for (size_t i = 0; i < l->authors; i++) {
        (void)u256_add(total, l->author[i], &total);
    }
    for (size_t i = 0; i < l->authors && u256_cmp(sum, total) < 0; i++) {
        u256 rest = U256_ZERO;
        (void)u256_add(sum, l->author[i], &sum);
        (void)u256_sub(total, sum, &rest);
        h->earners.half = i + 1;
        if (u256_cmp(sum, rest) >= 0) {
            break;
        }
    }
    if (h->authors) { /* of an even number: the mean of the middle two, cut to whole units */
        (void)u256_add(nth(l, (h->authors - 1) / 2), nth(l, h->authors / 2), &median);
        median = u256_divmod_u64(median, 2, &rem);
    }
    h->quartile[1] = amount_of(&l->load.assets, l->asset, median);
}

static souk_err load_authors(struct loading *l, struct err *e)
{
    souk_err rc = store_each_author_income(l->load.s, (int)l->load.window, on_author, l, e);
    if (!rc) {
        if (l->authors > 1) {
            qsort(l->author, l->authors, sizeof *l->author, by_most);
        }
        concentrate(l);
    }
    mem_free(l->author);
    return rc;
}

/* --- weeks */

static bool series_weeks(struct page_load *p, int64_t first, int64_t last, struct series *out)
{
    int64_t n = last >= first ? last - first + 1 : 0;
    if (n > WEEKS_MAX) {
        first += n - WEEKS_MAX;
        n = WEEKS_MAX;
    }
    *out = (struct series){.first_day = day_of_week(first), .n = (size_t)n};
    out->v = arena_alloc(p->a, (out->n + 1) * sizeof *out->v);
    return out->v != NULL;
}

/* The week with the first row of all is not known to be whole; nor is the one under way. */
static souk_err on_first_week(void *ud, const struct week_out *w, struct err *e)
{
    struct loading *l = ud;
    (void)e;
    if (l->first_week == INT64_MAX) {
        l->first_week = w->week + 1;
    }
    return SOUK_OK;
}

static souk_err on_week(void *ud, const struct week_out *w, struct err *e)
{
    struct loading *l = ud;
    struct health *h = l->page;
    (void)e;
    size_t at = (size_t)(day_of_week(w->week) - h->weekly.calls.first_day) / 7;
    if (w->week > l->last_week || day_of_week(w->week) < h->weekly.calls.first_day ||
        at >= h->weekly.calls.n) {
        return SOUK_OK;
    }
    h->weekly.calls.v[at] = w->payments + w->inferences;
    h->weekly.payments.v[at] = w->payments;
    h->weekly.settlements.v[at] = w->settlements;
    h->weekly.payers.v[at] = w->payers;
    h->weekly.fresh.v[at] = w->fresh;
    l->weekly[at] = unpack_asset(w->income, l->asset);
    return SOUK_OK;
}

static souk_err on_seen(void *ud, const struct seen_row *r, struct err *e)
{
    struct loading *l = ud;
    struct series *s = &l->page->weekly.uploads;
    int64_t at = (day_of_week(week_of_day(day_number(r->time))) - s->first_day) / 7;
    (void)e;
    if (at >= 0 && (size_t)at < s->n) {
        s->v[at]++;
    }
    return SOUK_OK;
}

/*
 * Uploads are models first seen after the Hub was first read to its end: what was there by then
 * has no date. Whole weeks between that and the last time any source was read.
 */
static souk_err load_uploads(struct loading *l, struct err *e)
{
    struct series *s = &l->page->weekly.uploads;
    int64_t since = store_meta_int(l->load.s, "hub_complete", 0);
    int64_t until = store_synced_at(l->load.s);
    int64_t first = week_of_day(day_number(since)) + 1, last = week_of_day(day_number(until)) - 1;
    if (since == 0) {
        last = first - 1;
    }
    if (!series_weeks(&l->load, first, last, s)) {
        return err_nomem(e);
    }
    return store_each_first_seen(l->load.s, since, on_seen, l, e);
}

static souk_err load_weeks(struct loading *l, struct err *e)
{
    struct health *h = l->page;
    struct series *const all[] = {&h->weekly.calls,  &h->weekly.payments,   &h->weekly.settlements,
                                  &h->weekly.payers, &h->weekly.fresh, &h->weekly.income};
    l->first_week = INT64_MAX;
    l->last_week = week_of_day(day_number(l->load.as_of)) - 1;
    souk_err rc = store_each_week(l->load.s, on_first_week, l, e);
    if (rc) {
        return rc;
    }
    if (l->first_week == INT64_MAX) {
        l->first_week = l->last_week + 1;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!series_weeks(&l->load, l->first_week, l->last_week, all[i])) {
            return err_nomem(e);
        }
    }
    l->weekly = arena_alloc(l->load.a, (h->weekly.calls.n + 1) * sizeof *l->weekly);
    if (!l->weekly) {
        return err_nomem(e);
    }
    rc = store_each_week(l->load.s, on_week, l, e);
    u256 largest = U256_ZERO;
    for (size_t i = 0; i < h->weekly.calls.n; i++) {
        largest = u256_cmp(l->weekly[i], largest) > 0 ? l->weekly[i] : largest;
    }
    u256 unit = unit_for(largest);
    for (size_t i = 0; i < h->weekly.calls.n; i++) {
        h->weekly.income.v[i] = in_units(l->weekly[i], unit);
    }
    h->weekly.unit = amount_of(&l->load.assets, l->asset, unit);
    h->income_asset = h->weekly.unit;
    return rc;
}

/* --- the page */

static souk_err load(struct loading *l, struct err *e)
{
    struct health *h = l->page;
    int64_t src;
    h->window = l->load.window;
    h->as_of = l->load.as_of;
    h->as_of_block = l->load.as_of_block;
    souk_err rc = load_totals(l, e);
    if (!rc) {
        rc = load_authors(l, e);
    }
    if (!rc) {
        rc = load_weeks(l, e);
    }
    if (!rc) {
        rc = load_uploads(l, e);
    }
    if (rc) {
        return rc;
    }
    provenance_of_filter(&l->load, FILTER_PAYMENTS, &h->payments_from);
    provenance_of_filter(&l->load, FILTER_INFERENCES, &h->inferences_from);
    h->hub_from.place = "";
    if (store_newest_source(l->load.s, SOURCE_HUB, &src)) {
        const struct provenance *p = provenance_make(l->load.s, l->load.a, src);
        h->hub_from = p ? *p : h->hub_from;
    }
    return SOUK_OK;
}

souk_err health_load(struct store *s, enum window w, struct health **out, struct err *e)
{
    struct health_data *d = mem_zalloc(sizeof *d);
    *out = NULL;
    if (!d) {
        return err_nomem(e);
    }
    arena_init(&d->arena, PAGE_MAX);
    struct loading l = {.page = &d->pub};
    souk_err rc = page_begin(&l.load, s, &d->arena, w, e);
    if (!rc) {
        rc = load(&l, e);
        page_end(&l.load);
    }
    if (rc) {
        health_free(&d->pub);
        return rc;
    }
    *out = &d->pub;
    return SOUK_OK;
}

void health_free(struct health *h)
{
    if (h) {
        struct health_data *d = (struct health_data *)h;
        arena_release(&d->arena);
        mem_free(d);
    }
}
