/* The market's health by weeks: the series, and what grows. */
#include "market/derive/tally.h"
#include "market/pages/health_internal.h"

#include "base/banned.h"

enum {
    WEEKS_MAX = 520, /* ten years */
    GROW_HALF = 4,   /* weeks compared with as many before */
    TREND_WEEKS = 12,
    FRESH_DAYS = 30, /* a payer unseen for so long may be called new */
};

struct weeks {
    struct health_load *l;
    int64_t first, last; /* whole ones */
    int64_t first_paid;  /* week of the first payment of all; INT64_MAX: none */
    u256 *income;        /* for each whole week */
};

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

/* The place of a week in a series; false: not in it. */
static bool week_at(const struct series *s, int64_t week, size_t *at)
{
    int64_t i = (day_of_week(week) - s->first_day) / 7;
    *at = (size_t)i;
    return day_of_week(week) >= s->first_day && *at < s->n;
}

/* The week with the first row of all is not known to be whole; nor is the one under way. */
static souk_err on_first_week(void *ud, const struct week_out *r, struct err *e)
{
    struct weeks *w = ud;
    (void)e;
    if (w->first == INT64_MAX) {
        w->first = r->week + 1;
    }
    if (w->first_paid == INT64_MAX && r->payments + r->settlements > 0) {
        w->first_paid = r->week;
    }
    return SOUK_OK;
}

static souk_err on_week(void *ud, const struct week_out *r, struct err *e)
{
    struct weeks *w = ud;
    struct weekly *y = &w->l->page->weekly;
    size_t at;
    (void)e;
    if (!week_at(&y->calls, r->week, &at)) {
        return SOUK_OK;
    }
    y->calls.v[at] = r->payments + r->inferences;
    y->payments.v[at] = r->payments;
    y->settlements.v[at] = r->settlements;
    y->inferences.v[at] = r->inferences;
    y->payers.v[at] = r->payers;
    y->fresh.v[at] = r->fresh;
    y->returning.v[at] = r->payers > r->fresh ? r->payers - r->fresh : 0;
    w->income[at] = unpack_asset(r->income, w->l->asset);
    return SOUK_OK;
}

static souk_err on_seen(void *ud, const struct seen_row *r, struct err *e)
{
    struct series *s = ud;
    size_t at;
    (void)e;
    if (week_at(s, week_of_day(day_of_time(r->time)), &at)) {
        s->v[at]++;
    }
    return SOUK_OK;
}

/*
 * Uploads are models first seen after the Hub was first read to its end: what was there by then
 * has no date. Whole weeks between that and the last time any source was read.
 */
static souk_err load_uploads(struct health_load *l, struct err *e)
{
    struct series *s = &l->page->weekly.uploads;
    int64_t since = store_meta_int(l->load.s, "hub_complete", 0);
    int64_t until = store_synced_at(l->load.s);
    int64_t first = week_of_day(day_of_time(since)) + 1, last = week_of_day(day_of_time(until)) - 1;
    if (since == 0) {
        last = first - 1;
    }
    if (!series_weeks(&l->load, first, last, s)) {
        return err_nomem(e);
    }
    return store_each_first_seen(l->load.s, since, on_seen, s, e);
}

/* Payers of the first weeks may only look new: what they did before is not in the cache. */
static size_t fresh_from(const struct weeks *w, const struct series *s)
{
    size_t at = 0;
    int64_t sure =
        w->first_paid == INT64_MAX ? INT64_MAX : day_of_week(w->first_paid + 1) + FRESH_DAYS;
    while (at < s->n && s->first_day + 7 * (int64_t)at < sure) {
        at++;
    }
    return at;
}

static void in_one_unit(struct weeks *w)
{
    struct weekly *y = &w->l->page->weekly;
    u256 largest = U256_ZERO;
    for (size_t i = 0; i < y->income.n; i++) {
        largest = u256_cmp(w->income[i], largest) > 0 ? w->income[i] : largest;
    }
    /* So many weeks are added up, for growth: their sum must fit too. */
    (void)u256_mul_u64(largest, 2 * GROW_HALF, &largest);
    u256 unit = unit_for(largest);
    for (size_t i = 0; i < y->income.n; i++) {
        y->income.v[i] = in_units(w->income[i], unit);
    }
    y->unit = amount_of(&w->l->load.assets, w->l->asset, unit);
}

static souk_err on_genuine_week(void *ud, const struct judged_week *r, struct err *e)
{
    struct health_load *l = ud;
    struct weekly *y = &l->page->weekly;
    size_t at;
    (void)e;
    if (week_at(&y->low, r->week, &at)) {
        y->low.v[at] = in_units(unpack_asset(r->low, l->asset), y->unit.value);
        y->high.v[at] = in_units(unpack_asset(r->high, l->asset), y->unit.value);
        y->median.v[at] = in_units(unpack_asset(r->median, l->asset), y->unit.value);
    }
    return SOUK_OK;
}

static void grow(const struct series *s, size_t from, const uint64_t *events, struct growth *out)
{
    size_t n = s->n - from;
    size_t skip = from + (n > TREND_WEEKS ? n - TREND_WEEKS : 0);
    if (events) {
        growth_of_sum(s->v + skip, events + skip, s->n - skip, GROW_HALF, out);
    } else {
        growth(s->v + skip, s->n - skip, GROW_HALF, out);
    }
}

static souk_err load_growth(struct health_load *l, struct err *e)
{
    struct health *h = l->page;
    const struct weekly *y = &h->weekly;
    uint64_t *paid = arena_alloc(l->load.a, (y->payments.n + 1) * sizeof *paid);
    if (!paid) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < y->payments.n; i++) {
        paid[i] = y->payments.v[i] + y->settlements.v[i];
    }
    grow(&y->calls, 0, NULL, &h->grow_calls);
    grow(&y->payments, 0, NULL, &h->grow_payments);
    grow(&y->settlements, 0, NULL, &h->grow_settlements);
    grow(&y->income, 0, paid, &h->grow_income);
    grow(&y->payers, 0, NULL, &h->grow_payers);
    grow(&y->fresh, y->fresh_from, NULL, &h->grow_fresh);
    grow(&y->uploads, 0, NULL, &h->grow_uploads);
    return SOUK_OK;
}

souk_err health_load_weeks(struct health_load *l, struct err *e)
{
    struct weekly *y = &l->page->weekly;
    struct series *const all[] = {&y->calls,  &y->payments, &y->settlements, &y->inferences,
                                  &y->payers, &y->fresh,    &y->returning,   &y->income,
                                  &y->low,    &y->high,     &y->median};
    struct weeks w = {.l = l, .first = INT64_MAX, .first_paid = INT64_MAX};
    w.last = week_of_day(day_of_time(l->load.as_of)) - 1;
    souk_err rc = store_each_week(l->load.s, on_first_week, &w, e);
    if (rc) {
        return rc;
    }
    if (w.first == INT64_MAX) {
        w.first = w.last + 1;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!series_weeks(&l->load, w.first, w.last, all[i])) {
            return err_nomem(e);
        }
    }
    w.income = arena_alloc(l->load.a, (y->income.n + 1) * sizeof *w.income);
    if (!w.income) {
        return err_nomem(e);
    }
    rc = store_each_week(l->load.s, on_week, &w, e);
    if (!rc) {
        in_one_unit(&w);
        y->fresh_from = fresh_from(&w, &y->fresh);
        rc = store_each_judged_week(l->load.s, on_genuine_week, l, e);
    }
    if (!rc) {
        rc = load_uploads(l, e);
    }
    return rc ? rc : load_growth(l, e);
}
