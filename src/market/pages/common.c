#include <string.h>

#include "market/derive/tally.h"
#include "market/pages/internal.h"

#include "base/banned.h"

souk_err page_begin(struct page_load *p, struct store *s, struct arena *a, enum window w,
                    struct err *e)
{
    *p = (struct page_load){.s = s, .a = a, .window = w};
    souk_err rc = store_snapshot(s, e);
    if (rc) {
        return rc;
    }
    p->as_of = store_meta_int(s, "as_of", 0);
    p->as_of_block = (uint64_t)store_meta_int(s, "as_of_block", 0);
    rc = assets_load(s, &p->assets, e);
    if (rc) {
        store_snapshot_end(s);
    }
    return rc;
}

void page_end(struct page_load *p)
{
    store_snapshot_end(p->s);
}

bool page_copy(struct arena *a, struct untrusted in, struct untrusted *out)
{
    *out = in;
    if (in.p) {
        out->p = arena_strndup(a, in.p, in.n);
    }
    return !in.p || out->p;
}

/* --- series */

bool series_make(struct page_load *p, const struct untrusted *days, struct series *out)
{
    struct untrusted rest = *days;
    struct day first;
    int64_t last = day_of_time(p->as_of), n = window_seconds(p->window) / DAY_SECONDS;
    *out = (struct series){0, 0, NULL};
    if (p->as_of == 0) {
        return true;
    }
    if (n == 0) { /* all: from the first day with anything */
        n = unpack_day(&rest, &first) && first.day <= last ? last - first.day + 1 : 1;
    }
    n = n > SERIES_DAYS ? SERIES_DAYS : n;
    out->first_day = last - n + 1;
    out->n = (size_t)n;
    out->v = arena_alloc(p->a, out->n * sizeof *out->v);
    return out->v != NULL;
}

/* The place of a day in a series; false: outside. */
static bool place(const struct series *s, int64_t day, size_t *at)
{
    *at = (size_t)(day - s->first_day);
    return day >= s->first_day && *at < s->n;
}

void series_fill(struct series *out, struct untrusted days, enum day_figure of)
{
    struct day d;
    size_t at;
    while (unpack_day(&days, &d)) {
        if (place(out, d.day, &at)) {
            out->v[at] = of == DAY_CALLS         ? d.payments + d.inferences
                         : of == DAY_SETTLEMENTS ? d.settlements
                                                 : d.payments;
        }
    }
}

u256 unit_for(u256 largest)
{
    u256 unit = u256_from_u64(1), ten = U256_ZERO;
    uint64_t rem;
    while ((largest.w[1] | largest.w[2] | largest.w[3]) != 0 || largest.w[0] > INT64_MAX) {
        largest = u256_divmod_u64(largest, 10, &rem);
        ten = U256_ZERO;
        for (int i = 0; i < 10; i++) {
            (void)u256_add(ten, unit, &ten);
        }
        unit = ten;
    }
    return unit;
}

uint64_t in_units(u256 v, u256 unit)
{
    uint64_t rem, out = 0;
    while (u256_cmp(unit, u256_from_u64(1)) > 0) { /* both are cut by tens: unit is a power of it */
        unit = u256_divmod_u64(unit, 10, &rem);
        v = u256_divmod_u64(v, 10, &rem);
    }
    return u256_fits_u64(v, &out) ? out : UINT64_MAX;
}

void series_income(struct series *out, struct untrusted days, int64_t asset, u256 *unit)
{
    struct untrusted rest = days;
    struct day d;
    size_t at;
    u256 largest = U256_ZERO;
    while (unpack_day(&rest, &d)) {
        u256 v = unpack_asset(d.income, asset);
        if (place(out, d.day, &at) && u256_cmp(v, largest) > 0) {
            largest = v;
        }
    }
    *unit = unit_for(largest);
    while (unpack_day(&days, &d)) {
        if (place(out, d.day, &at)) {
            out->v[at] = in_units(unpack_asset(d.income, asset), *unit);
        }
    }
}

int64_t income_asset(const struct page_load *p, struct untrusted income)
{
    if (income.n >= INCOME_ENTRY) {
        return unpack_u32(income.p);
    }
    return p->assets.n ? p->assets.known[0].addr : 0;
}

/* --- calls */

bool calls_room(struct calls *c, struct page_load *p, size_t max)
{
    *c = (struct calls){.load = p,
                        .row = arena_alloc(p->a, max * sizeof *c->row),
                        .who = arena_alloc(p->a, max * sizeof *c->who)};
    return c->row && c->who;
}

souk_err on_call(void *ud, const struct call_detail *d, struct err *e)
{
    struct calls *c = ud;
    struct call_row *r = &c->row[c->n];
    (void)e;
    c->who[c->n++] = d->who;
    *r = (struct call_row){.kind = d->scheme == 0                 ? CALL_INFERENCE
                                   : d->scheme == PAY_PLAIN       ? CALL_INFLOW
                                   : pay_is_settlement(d->scheme) ? CALL_SETTLEMENT
                                                                  : CALL_PAYMENT,
                           .time = d->time,
                           .block = d->block,
                           .chain = d->chain,
                           .payer = d->payer};
    bytes32_format(d->tx, r->tx);
    if (d->scheme) {
        r->amount = amount_of(&c->load->assets, d->asset, d->amount);
    }
    return SOUK_OK;
}

/* --- provenance */

void provenance_of_filter(struct page_load *p, const char *filter, struct provenance *out)
{
    int64_t src, first, chain;
    struct cursor c;
    *out = (struct provenance){.place = ""};
    if (!store_filter_source(p->s, filter, &src, &first, &chain)) {
        return;
    }
    const struct provenance *newest = provenance_make(p->s, p->a, src);
    if (newest) {
        *out = *newest;
        out->first = first;
    }
    if (store_cursor_get(p->s, chain, filter, &c)) {
        out->last = (int64_t)c.block;
        bytes32_format(c.hash, out->hash);
    }
}

void provenance_of_payments(struct page_load *p, struct provenance *out)
{
    provenance_of_filter(p, FILTER_PAYMENTS, out);
    if (out->place[0] == '\0') { /* all tokens are busy */
        provenance_of_filter(p, FILTER_PAYEES, out);
    }
}

enum finality finality_at(const struct chain_head *h, uint64_t block)
{
    if (h->final > 0 && block <= h->final) {
        return FINALITY_FINAL;
    }
    if (h->safe > 0 && block <= h->safe) {
        return FINALITY_SAFE;
    }
    return h->final == 0 && h->safe == 0 ? FINALITY_UNKNOWN : FINALITY_UNSAFE;
}
