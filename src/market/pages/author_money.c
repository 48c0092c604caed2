/* An author's page: what comes in where, and what of it no model can have. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/map.h"
#include "market/pages/internal.h"
#include "store/rollup.h"

#include "base/banned.h"

enum { MODELS_MAX = 1 << 20, SHARED_MAX = 64, IDLE = 30 * DAY_SECONDS };

struct money {
    struct page_load *load;
    struct author_page *page;
    struct walked walk;
    u256 inflow[INCOME_MAX];
    struct model_note *note;
    struct map by_id; /* a model's place on the page */
};

/* --- models: the best, and the idle */

static souk_err on_last(void *ud, const struct last_row *r, struct err *e)
{
    struct money *m = ud;
    const uint32_t *at = map_get(&m->by_id, (uint64_t)r->model);
    (void)e;
    if (at) {
        m->note[*at].last = r->last;
    }
    return SOUK_OK;
}

static souk_err load_notes(struct money *m, int64_t author, struct err *e)
{
    struct author_page *p = m->page;
    m->note = arena_alloc(m->load->a, (p->models + 1) * sizeof *m->note);
    if (!m->note) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < p->models; i++) {
        if (!map_put(&m->by_id, (uint64_t)p->model[i].id, (uint32_t)i)) {
            return err_nomem(e);
        }
    }
    souk_err rc = store_each_last(m->load->s, author, on_last, m, e);
    size_t best = p->models;
    for (size_t i = 0; i < p->models; i++) {
        const struct income *in = &p->model[i].figures->income;
        m->note[i].idle = p->model[i].mark != MARK_UNLISTED && m->note[i].last <= p->as_of - IDLE;
        if (in->n && (best == p->models || income_cmp(in, &p->model[best].figures->income) > 0)) {
            best = i;
        }
    }
    m->note[best].best = true; /* one behind the last: nobody earned anything */
    p->note = m->note;
    return rc;
}

/* --- by day, asset by asset */

static souk_err load_assets(struct money *m, int64_t author, const struct figures_row *all,
                            struct err *e)
{
    struct untrusted days, income = all->income;
    size_t n = income.n / INCOME_ENTRY;
    struct asset_days *out = arena_alloc(m->load->a, (n + 1) * sizeof *out);
    souk_err rc = out ? store_days(m->load->s, -author, m->load->a, &days, e) : err_nomem(e);
    for (size_t i = 0; i < n && !rc; i++) {
        int64_t asset = unpack_u32(income.p + i * INCOME_ENTRY);
        u256 unit = u256_from_u64(1);
        if (!series_make(m->load, &days, &out[i].income)) {
            rc = err_nomem(e);
        } else {
            series_income(&out[i].income, days, asset, &unit);
            out[i].unit = amount_of(&m->load->assets, asset, unit);
        }
    }
    m->page->asset = out;
    m->page->assets = n;
    return rc;
}

/* --- addresses that several models share */

static int by_income(const void *x, const void *y)
{
    const struct shared_row *a = x, *b = y;
    int c = income_cmp(&b->income, &a->income);
    return c ? c : memcmp(&a->payee, &b->payee, sizeof a->payee);
}

static souk_err shared_row(struct money *m, size_t at, size_t n, struct shared_row *out,
                           struct err *e)
{
    struct page_load *l = m->load;
    const struct walked_address *a = &m->walk.address[at];
    struct payee_totals t;
    size_t named = n < SHARED_NAMED ? n : SHARED_NAMED;
    struct untrusted *model = arena_alloc(l->a, named * sizeof *model);
    souk_err rc = model ? store_payee(l->s, (int)l->window, a->payee, l->a, &t, e) : err_nomem(e);
    for (size_t i = 0; i < named && !rc; i++) {
        model[i] = a[i].model;
    }
    *out = (struct shared_row){.payee = store_address(l->s, a->payee), .model = model, .models = n};
    if (!rc) {
        out->payments = t.unattributed;
        rc = unpack_income(&l->assets, t.shared, l->a, &out->income) ? SOUK_OK : err_nomem(e);
    }
    return rc;
}

/* Those that something came to which no price told. */
static souk_err load_shared(struct money *m, struct err *e)
{
    const struct walked *w = &m->walk;
    struct shared_row *out = arena_alloc(m->load->a, SHARED_MAX * sizeof *out);
    size_t n = 0;
    souk_err rc = out ? SOUK_OK : err_nomem(e);
    for (size_t i = 0, same; i < w->addresses && !rc; i += same) {
        for (same = 1; i + same < w->addresses && w->address[i + same].payee == w->address[i].payee;
             same++) {
        }
        m->page->addresses++;
        if (same > 1 && n < SHARED_MAX) {
            rc = shared_row(m, i, same, &out[n], e);
            n += !rc && out[n].payments > 0;
        }
    }
    if (n > 1) {
        qsort(out, n, sizeof *out, by_income);
    }
    m->page->shared = out;
    m->page->shared_n = n;
    return rc;
}

/* --- plain transfers to his addresses */

static souk_err on_inflow(void *ud, const struct pay_row *r, struct err *e)
{
    struct money *m = ud;
    const struct assets *as = &m->load->assets;
    int64_t seconds = window_seconds(m->load->window);
    (void)e;
    if ((seconds && r->time <= m->load->as_of - seconds) || !walked_paid_at(&m->walk, r->payee)) {
        return SOUK_OK;
    }
    for (size_t i = 0; i < as->n; i++) {
        if (as->known[i].addr == r->asset) {
            m->page->inflows++;
            (void)u256_add(m->inflow[i], r->amount, &m->inflow[i]);
        }
    }
    return SOUK_OK;
}

static souk_err load_inflow(struct money *m, struct err *e)
{
    struct page_load *l = m->load;
    const struct walked *w = &m->walk;
    int64_t chain = store_meta_int(l->s, "derived_payment_chain", 0);
    bool indexed = store_indexed(l->s);
    souk_err rc =
        indexed || !w->addresses ? SOUK_OK : store_each_inflow(l->s, chain, 0, on_inflow, m, e);
    for (size_t i = 0; indexed && i < w->addresses && !rc; i++) {
        if (i == 0 || w->address[i - 1].payee != w->address[i].payee) {
            rc = store_each_inflow(l->s, chain, w->address[i].payee, on_inflow, m, e);
        }
    }
    struct amount *of = arena_alloc(l->a, INCOME_MAX * sizeof *of);
    size_t n = 0;
    if (!of) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < l->assets.n; i++) {
        if (!u256_is_zero(m->inflow[i])) {
            of[n++] = amount_of(&l->assets, l->assets.known[i].addr, m->inflow[i]);
        }
    }
    m->page->inflow = (struct income){of, n};
    return rc;
}

static souk_err walk(struct money *m, struct err *e)
{
    const struct author_page *p = m->page;
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < p->models && !rc; i++) {
        rc = walk_model(&m->walk, p->model[i].id, p->model[i].author, p->model[i].name, e);
    }
    return rc ? rc : walked_changes(&m->walk, &m->page->change, &m->page->changes, e);
}

souk_err author_money(struct page_load *p, struct author_page *out, int64_t author,
                      const struct figures_row *all, struct err *e)
{
    struct money m = {.load = p, .page = out, .walk = {.load = p}};
    struct payer_row *payer = NULL;
    map_init(&m.by_id, MODELS_MAX);
    souk_err rc = load_notes(&m, author, e);
    if (!rc) {
        rc = load_assets(&m, author, all, e);
    }
    if (!rc) {
        rc = walk(&m, e);
    }
    if (!rc) {
        rc = load_shared(&m, e);
    }
    if (!rc) {
        rc = load_inflow(&m, e);
    }
    if (!rc) {
        rc = payers_load(p, -author, author, &payer, &out->payers_n, e);
    }
    out->payer = payer;
    walked_release(&m.walk);
    map_release(&m.by_id);
    provenance_of_payments(p, &out->chain);
    return rc;
}
