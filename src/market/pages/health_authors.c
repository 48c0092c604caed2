/* The market's health: how income is spread, and what is asked for at which price. */
#include "base/mem.h"
#include "market/pages/health_internal.h"

#include "base/banned.h"

struct shares {
    struct health_load *l;
    u256 *v; /* of all with a listing or with income, in the asset of the page */
    size_t n, room;
};

static souk_err on_author(void *ud, const struct author_share *r, struct err *e)
{
    struct shares *s = ud;
    u256 v = unpack_asset(r->income, s->l->asset);
    s->l->page->authors_earning += r->income.n > 0;
    if (!r->listed && u256_is_zero(v)) {
        return SOUK_OK;
    }
    u256 *grown = mem_grow(s->v, s->n, &s->room, sizeof *grown);
    if (!grown) {
        return err_nomem(e);
    }
    s->v = grown;
    s->v[s->n++] = v;
    return SOUK_OK;
}

souk_err health_load_authors(struct health_load *l, struct err *e)
{
    struct health *h = l->page;
    struct shares s = {.l = l};
    souk_err rc = store_each_author_share(l->load.s, (int)l->load.window, on_author, &s, e);
    if (!rc) {
        u256 of[3];
        size_t none = 0; /* sorted, those without come first */
        u256_sort(s.v, s.n);
        while (none < s.n && u256_is_zero(s.v[none])) {
            none++;
        }
        concentration(s.v, s.n, &h->everyone);
        concentration(s.n ? s.v + none : NULL, s.n - none, &h->earners);
        lorenz(s.v, s.n, h->lorenz, LORENZ_POINTS);
        quartiles(s.v, s.n, of);
        for (size_t i = 0; i < 3; i++) {
            h->quartile[i] = amount_of(&l->load.assets, l->asset, of[i]);
        }
    }
    mem_free(s.v);
    return rc;
}

static souk_err on_price(void *ud, const struct priced_row *r, struct err *e)
{
    struct health_load *l = ud;
    struct price_point *p = &l->page->price[l->page->prices];
    struct untrusted author, model;
    if (!page_copy(l->load.a, r->author, &author) || !page_copy(l->load.a, r->name, &model)) {
        return err_nomem(e);
    }
    p->author = author.p ? author.p : "";
    p->model = model.p ? model.p : "";
    p->price = amount_of(&l->load.assets, r->asset, r->price);
    p->payments = r->payments;
    p->income = amount_of(&l->load.assets, r->asset, unpack_asset(r->income, r->asset));
    l->page->prices++;
    return SOUK_OK;
}

souk_err health_load_prices(struct health_load *l, struct err *e)
{
    l->page->price = arena_alloc(l->load.a, PRICE_POINTS * sizeof *l->page->price);
    return l->page->price
               ? store_each_priced(l->load.s, (int)l->load.window, PRICE_POINTS, on_price, l, e)
               : err_nomem(e);
}
