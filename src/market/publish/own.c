/* What an address has listed, and what each of it earned; from the cache. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub.h"
#include "market/pages/internal.h"
#include "market/publish.h"

#include "base/banned.h"

enum { OWN_MAX = 10000 };

struct loading {
    struct own_listings *l;
    struct page_load page;
    int64_t *payee; /* beside the rows */
};

static souk_err room(struct loading *x, struct err *e)
{
    struct own_listings *l = x->l;
    if (l->n % 64 != 0)
        return SOUK_OK;
    struct own_listing *row = arena_alloc(&l->arena, (l->n + 64) * sizeof *row);
    int64_t *payee = arena_alloc(&l->arena, (l->n + 64) * sizeof *payee);
    if (row == NULL || payee == NULL || l->n == OWN_MAX)
        return err_nomem(e);
    if (l->n > 0) {
        memcpy(row, l->row, l->n * sizeof *row);
        memcpy(payee, x->payee, l->n * sizeof *payee);
    }
    l->row = row;
    x->payee = payee;
    return SOUK_OK;
}

static souk_err on_event(void *ud, const struct listing_detail *d, struct err *e)
{
    struct loading *x = ud;
    struct own_listings *l = x->l;
    bool another = l->n == 0 || memcmp(&l->row[l->n - 1].id, &d->lid, sizeof d->lid) != 0;
    if (another && !d->listed)
        return SOUK_OK; /* what it was is not known */
    if (another) {
        souk_err c = room(x, e);
        if (c != SOUK_OK)
            return c;
        l->n++;
    }
    struct own_listing *r = &l->row[l->n - 1];
    r->id = d->lid;
    r->active = d->listed;
    r->time = d->time;
    if (!d->listed)
        return SOUK_OK;
    r->pay_to = d->pay_to;
    r->price = amount_of(&x->page.assets, d->asset, d->price);
    x->payee[l->n - 1] = d->pay_to_id;
    return page_copy(&l->arena, d->author, &r->author) && page_copy(&l->arena, d->name, &r->name) &&
                   page_copy(&l->arena, d->blob_id, &r->blob_id) &&
                   page_copy(&l->arena, d->endpoint, &r->endpoint)
               ? SOUK_OK
               : err_nomem(e);
}

static souk_err on_found(void *ud, const struct found_row *f, struct err *e)
{
    (void)e;
    *(int64_t *)ud = f->id;
    return SOUK_OK;
}

/* Its model's description names the owner. */
static souk_err look_proven(struct loading *x, struct own_listing *r, struct err *e)
{
    int64_t model = 0;
    struct model_text text = {0};
    souk_err c = store_find_of_author(x->page.s, r->author, r->name, false, on_found, &model, e);
    r->model = model;
    if (c == SOUK_OK && model != 0)
        c = store_model_text(x->page.s, model, &x->l->arena, &text, e);
    r->proven = hub_description_names_listing(text.description, x->l->owner);
    return c;
}

static souk_err look_earned(struct loading *x, struct own_listing *r, int64_t payee, struct err *e)
{
    struct payee_totals t;
    souk_err c = store_payee(x->page.s, WINDOW_ALL, payee, &x->l->arena, &t, e);
    if (c != SOUK_OK)
        return c;
    r->payments = t.payments;
    r->settlements = t.settlements;
    return unpack_income(&x->page.assets, t.income, &x->l->arena, &r->income) ? SOUK_OK
                                                                              : err_nomem(e);
}

static int by_name(const void *a, const void *b)
{
    const struct untrusted *x = &((const struct own_listing *)a)->name,
                           *y = &((const struct own_listing *)b)->name;
    size_t n = x->n < y->n ? x->n : y->n;
    int c = n > 0 ? memcmp(x->p, y->p, n) : 0;
    return c != 0 ? c : x->n < y->n ? -1 : x->n > y->n;
}

static souk_err load(struct loading *x, struct store *s, struct err *e)
{
    struct own_listings *l = x->l;
    souk_err c = page_begin(&x->page, s, &l->arena, WINDOW_ALL, e);
    if (c != SOUK_OK)
        return c;
    c = store_each_listing_by(s, l->owner, on_event, x, e);
    for (size_t i = 0; i < l->n && c == SOUK_OK; i++) {
        c = look_proven(x, &l->row[i], e);
        if (c == SOUK_OK)
            c = look_earned(x, &l->row[i], x->payee[i], e);
    }
    page_end(&x->page);
    if (l->n > 1)
        qsort(l->row, l->n, sizeof *l->row, by_name);
    return c;
}

souk_err own_listings_load(struct store *s, address owner, struct own_listings **out, struct err *e)
{
    struct loading x = {.l = mem_zalloc(sizeof *x.l)};
    *out = NULL;
    if (x.l == NULL)
        return err_nomem(e);
    x.l->owner = owner;
    arena_init(&x.l->arena, PAGE_MAX);
    souk_err c = s != NULL ? load(&x, s, e) : SOUK_OK;
    if (c != SOUK_OK) {
        own_listings_free(x.l);
        return c;
    }
    *out = x.l;
    return SOUK_OK;
}

void own_listings_free(struct own_listings *l)
{
    if (l == NULL)
        return;
    arena_release(&l->arena);
    mem_free(l);
}
