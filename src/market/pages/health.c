/* The market's health: the totals, and the whole page. */
#include "base/mem.h"
#include "market/pages/health_internal.h"

#include "base/banned.h"

struct health_data {
    struct health pub; /* first */
    struct arena arena;
};

/* --- totals */

static souk_err load_totals(struct health_load *l, struct err *e)
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
    h->payers_fresh = m.totals.fresh;
    h->payers_returning = m.totals.payers > m.totals.fresh ? m.totals.payers - m.totals.fresh : 0;
    h->payer_unknown = m.totals.payer_unknown;
    h->by_list_payments = m.totals.by_list;
    h->inflows = m.totals.inflows;
    h->unlisted_payments = m.totals.strays;
    h->unknown_inferences = m.totals.unknown;
    l->asset = income_asset(&l->load, all.totals.income);
    h->income_asset = amount_of(&l->load.assets, l->asset, U256_ZERO);
    const struct {
        struct untrusted packed;
        struct income *out;
    } income[] = {{m.totals.income, &h->income},       {m.totals.shared, &h->unattributed},
                  {m.totals.stray, &h->unlisted},      {m.totals.refunded, &h->refunded},
                  {m.totals.by_list_sum, &h->by_list}, {m.totals.inflow, &h->inflow}};
    for (size_t i = 0; i < sizeof income / sizeof *income; i++) {
        if (!unpack_income(&l->load.assets, income[i].packed, l->load.a, income[i].out)) {
            return err_nomem(e);
        }
    }
    return SOUK_OK;
}

/* --- the page */

static enum finality finality_of(const struct health_load *l, const struct provenance *p)
{
    struct chain_head head;
    bool told = p->place[0] && store_head_get(l->load.s, p->chain, &head);
    return told ? finality_at(&head, (uint64_t)p->last) : FINALITY_UNKNOWN;
}

static souk_err load(struct health_load *l, struct err *e)
{
    struct health *h = l->page;
    int64_t src;
    h->window = l->load.window;
    h->as_of = l->load.as_of;
    h->as_of_block = l->load.as_of_block;
    souk_err rc = load_totals(l, e);
    if (!rc) {
        rc = health_load_genuine(l, e);
    }
    if (!rc) {
        rc = health_load_authors(l, e);
    }
    if (!rc) {
        rc = health_load_prices(l, e);
    }
    if (!rc) {
        rc = health_load_weeks(l, e);
    }
    if (!rc) {
        rc = health_load_cohorts(l, e);
    }
    if (rc) {
        return rc;
    }
    provenance_of_payments(&l->load, &h->payments_from);
    provenance_of_filter(&l->load, FILTER_INFERENCES, &h->inferences_from);
    h->payments_finality = finality_of(l, &h->payments_from);
    h->inferences_finality = finality_of(l, &h->inferences_from);
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
    struct health_load l = {.page = &d->pub};
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
