#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub.h"
#include "market/pages/internal.h"

#include "base/banned.h"

enum { LISTINGS_MAX = 256, PRICES_MAX = 256, OFFERS_MAX = 64, FILES_MAX = 512 };

struct model_page_data {
    struct model_page pub; /* first */
    struct arena arena;
};

struct loading {
    struct page_load load;
    struct model_page *page;
    struct row_maker maker;
    int64_t author_id;
    /* listings */
    struct listing_row *listing;
    int64_t *payee; /* beside listing */
    size_t listings;
    bytes32 lid; /* of the one under way */
    bool any_proven;
    struct listing_price {
        struct price_row row;
        size_t listing, seq;
    } * price;
    size_t prices;
    struct offer_row *offer;
    size_t offers;
    struct file_row *file;
    size_t files;
};

/* --- the row */

static souk_err on_row(void *ud, const struct catalog_row *r, struct err *e)
{
    struct loading *l = ud;
    struct model_page *p = l->page;
    l->author_id = r->author_id;
    p->returning = r->figures.more;
    p->payers_unknown = r->figures.unknown;
    p->blob_from = (enum blob_source)r->blob_from;
    bool ok = row_make(&l->maker, r, NULL, NULL, &p->row) &&
              unpack_income(&l->load.assets, r->figures.refunded, l->load.a, &p->refunded) &&
              page_copy(l->load.a, r->blob_id, &p->blob_id);
    p->legacy_blob = ok && hub_ipfs_id_ok(p->blob_id);
    if (ok && p->row.hub) {
        p->hub = *p->row.hub;
    }
    return ok ? SOUK_OK : err_nomem(e);
}

static souk_err load_row(struct loading *l, int64_t id, struct err *e)
{
    struct model_text text = {0};
    souk_err rc = store_catalog_row(l->load.s, (int)l->load.window, id, on_row, l, e);
    if (!rc) {
        rc = store_model_text(l->load.s, id, l->load.a, &text, e);
    }
    if (!rc) {
        l->page->description = text.description;
        l->page->llm_path = text.llm_path;
    }
    return rc;
}

/* --- listings */

static void note_price(struct loading *l, const struct listing_detail *d, bool first)
{
    const struct listing_price *last = l->prices ? &l->price[l->prices - 1] : NULL;
    struct amount price = amount_of(&l->load.assets, d->asset, d->price);
    bool same = !first && last && last->listing == l->listings - 1 &&
                address_eq(last->row.price.asset, price.asset) &&
                u256_cmp(last->row.price.value, price.value) == 0;
    if (!same && l->prices < PRICES_MAX) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        l->price[l->prices] = (struct listing_price){{d->time, price}, l->listings - 1, l->prices};
        l->prices++;
    }
}

static souk_err on_listing(void *ud, const struct listing_detail *d, struct err *e)
{
    struct loading *l = ud;
    struct listing_row *r = l->listings ? &l->listing[l->listings - 1] : NULL;
    bool another = !r || memcmp(&l->lid, &d->lid, sizeof l->lid) != 0;
    if (another) {
        if (!d->of_model || l->listings == LISTINGS_MAX) {
            return SOUK_OK; /* named another model then */
        }
        l->lid = d->lid;
        r = &l->listing[l->listings++];
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        r->owner = d->owner;
        r->proven = hub_description_names_listing(l->page->description, d->owner);
        l->any_proven |= r->proven;
        bytes32_format(d->lid, r->id);
    }
    r->active = d->of_model;
    r->time = d->time;
    r->block = d->block;
    bytes32_format(d->tx, r->tx);
    if (!d->of_model) {
        return SOUK_OK;
    }
    r->pay_to = d->pay_to;
    r->price = amount_of(&l->load.assets, d->asset, d->price);
    r->endpoint_bad = (d->flags & HUB_LISTING_BAD_ENDPOINT) != 0;
    l->payee[l->listings - 1] = d->pay_to_id;
    note_price(l, d, another);
    return page_copy(l->load.a, d->author, &r->author) && page_copy(l->load.a, d->name, &r->name) &&
                   page_copy(l->load.a, d->blob_id, &r->blob_id) &&
                   page_copy(l->load.a, d->endpoint, &r->endpoint)
               ? SOUK_OK
               : err_nomem(e);
}

static souk_err totals(struct loading *l, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < l->listings && !rc; i++) {
        struct listing_row *r = &l->listing[i];
        struct payee_totals t;
        r->chosen = r->proven == l->any_proven;
        rc = store_payee(l->load.s, (int)l->load.window, l->payee[i], l->load.a, &t, e);
        if (rc) {
            break;
        }
        r->payments = t.payments;
        r->settlements = t.settlements;
        if (!unpack_income(&l->load.assets, t.income, l->load.a, &r->income)) {
            rc = err_nomem(e);
        }
    }
    return rc;
}

/* Chosen and in force first, then the latest. */
static int by_rank(const void *x, const void *y)
{
    const struct listing_row *a = x, *b = y;
    int p = a->chosen * 2 + a->active, q = b->chosen * 2 + b->active;
    if (p != q) {
        return p > q ? -1 : 1;
    }
    if (a->time != b->time) {
        return a->time > b->time ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

static int by_time(const void *x, const void *y)
{
    const struct listing_price *a = x, *b = y;
    if (a->row.time != b->row.time) {
        return a->row.time > b->row.time ? -1 : 1;
    }
    return a->seq < b->seq ? 1 : -1;
}

/* The prices of the chosen listings, newest first. */
static souk_err take_prices(struct loading *l, struct err *e)
{
    struct price_row *out = arena_alloc(l->load.a, (l->prices + 1) * sizeof *out);
    size_t n = 0;
    if (!out) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < l->prices; i++) {
        if (l->listing[l->price[i].listing].chosen) {
            l->price[n++] = l->price[i];
        }
    }
    if (n > 1) {
        qsort(l->price, n, sizeof *l->price, by_time);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = l->price[i].row;
    }
    l->page->price = out;
    l->page->prices = n;
    return SOUK_OK;
}

static souk_err load_listings(struct loading *l, struct err *e)
{
    l->listing = arena_alloc(l->load.a, LISTINGS_MAX * sizeof *l->listing);
    l->payee = arena_alloc(l->load.a, LISTINGS_MAX * sizeof *l->payee);
    l->price = arena_alloc(l->load.a, PRICES_MAX * sizeof *l->price);
    if (!l->listing || !l->payee || !l->price) {
        return err_nomem(e);
    }
    souk_err rc = store_each_listing_of(l->load.s, untrusted(l->page->row.author),
                                        untrusted(l->page->row.name), on_listing, l, e);
    if (!rc) {
        rc = totals(l, e);
    }
    return rc ? rc : take_prices(l, e);
}

/* --- offers and files */

static souk_err on_offer(void *ud, const struct offer_detail *d, struct err *e)
{
    struct loading *l = ud;
    for (size_t i = 0; i < l->offers; i++) { /* found by endpoint and by payee */
        const struct offer_row *o = &l->offer[i];
        if (untrusted_eq(o->resource, d->resource) && u256_cmp(o->amount.value, d->amount) == 0 &&
            address_eq(o->pay_to, d->pay_to)) {
            return SOUK_OK;
        }
    }
    if (l->offers == OFFERS_MAX) {
        return SOUK_OK;
    }
    struct offer_row *o = &l->offer[l->offers++];
    *o = (struct offer_row){.amount = amount_of(&l->load.assets, d->asset, d->amount),
                            .pay_to = d->pay_to,
                            .chain = d->chain,
                            .updated = d->updated};
    for (size_t i = 0; i < l->listings; i++) {
        o->same_payee |= l->listing[i].proven && address_eq(l->listing[i].pay_to, d->pay_to);
    }
    return page_copy(l->load.a, d->resource, &o->resource) &&
                   page_copy(l->load.a, d->scheme, &o->scheme) &&
                   page_copy(l->load.a, d->description, &o->description)
               ? SOUK_OK
               : err_nomem(e);
}

/*
 * An offer is this model's when it is at a listing's endpoint, or pays a listing's address that
 * stands for no other model.
 */
static souk_err load_offers(struct loading *l, struct err *e)
{
    souk_err rc = SOUK_OK;
    l->offer = arena_alloc(l->load.a, OFFERS_MAX * sizeof *l->offer);
    if (!l->offer) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < l->listings && !rc; i++) {
        int64_t models = 0;
        if (l->listing[i].endpoint.n) {
            rc = store_each_offer_at(l->load.s, l->listing[i].endpoint, on_offer, l, e);
        }
        if (!rc) {
            rc = store_models_paid_at(l->load.s, l->payee[i], &models, e);
        }
        if (!rc && models <= 1) {
            rc = store_each_offer_to(l->load.s, l->payee[i], on_offer, l, e);
        }
    }
    l->page->offer = l->offer;
    l->page->offers = l->offers;
    return rc;
}

static souk_err on_file(void *ud, const struct file_detail *d, struct err *e)
{
    struct loading *l = ud;
    if (l->files == FILES_MAX) {
        return SOUK_OK;
    }
    struct file_row *f = &l->file[l->files++];
    f->size = d->size;
    return page_copy(l->load.a, d->version, &f->version) &&
                   page_copy(l->load.a, d->name, &f->name) &&
                   page_copy(l->load.a, d->blob_id, &f->blob_id) &&
                   page_copy(l->load.a, d->notes, &f->notes)
               ? SOUK_OK
               : err_nomem(e);
}

static souk_err load_files(struct loading *l, struct err *e)
{
    l->file = arena_alloc(l->load.a, FILES_MAX * sizeof *l->file);
    if (!l->file) {
        return err_nomem(e);
    }
    souk_err rc = store_each_file(l->load.s, l->page->row.id, on_file, l, e);
    l->page->file = l->file;
    l->page->files = l->files;
    return rc;
}

/* --- calls and days */

/* Payments and inferences are on chains of their own: merged by time. */
static souk_err load_calls(struct loading *l, struct err *e)
{
    struct calls paid, used;
    int64_t id = l->page->row.id;
    struct call_row *out = arena_alloc(l->load.a, CALLS_MAX * sizeof *out);
    if (!out || !calls_room(&paid, &l->load, CALLS_MAX) ||
        !calls_room(&used, &l->load, CALLS_MAX)) {
        return err_nomem(e);
    }
    souk_err rc = store_each_call_of_model(l->load.s, id, CALLS_MAX, on_call, &paid, e);
    if (!rc) {
        rc = store_each_inference_of(l->load.s, id, CALLS_MAX, on_call, &used, e);
    }
    size_t n = 0;
    for (size_t i = 0, j = 0; n < CALLS_MAX && (i < paid.n || j < used.n); n++) {
        bool first = i < paid.n && (j >= used.n || paid.row[i].time >= used.row[j].time);
        out[n] = first ? paid.row[i++] : used.row[j++];
    }
    l->page->call = out;
    l->page->calls_n = n;
    return rc;
}

static souk_err load_days(struct loading *l, struct err *e)
{
    struct model_page *p = l->page;
    struct untrusted days;
    struct figures_row all;
    u256 unit = u256_from_u64(1);
    souk_err rc = store_days(l->load.s, p->row.id, l->load.a, &days, e);
    if (!rc) {
        rc = store_figures(l->load.s, WINDOW_ALL, p->row.id, l->load.a, &all, e);
    }
    if (rc) {
        return rc;
    }
    if (!series_make(&l->load, &days, &p->calls) ||
        !series_make(&l->load, &days, &p->settlements) || !series_make(&l->load, &days, &p->paid) ||
        !series_make(&l->load, &days, &p->income)) {
        return err_nomem(e);
    }
    series_fill(&p->calls, days, DAY_CALLS);
    series_fill(&p->settlements, days, DAY_SETTLEMENTS);
    series_fill(&p->paid, days, DAY_PAYMENTS);
    if (all.income.n == 0 && p->row.price) { /* earned nothing: shown in what it would earn */
        p->income_asset = *p->row.price;
        p->income_asset.value = unit;
        return SOUK_OK;
    }
    int64_t asset = income_asset(&l->load, all.income);
    if (asset) {
        series_income(&p->income, days, asset, &unit);
        p->income_asset = amount_of(&l->load.assets, asset, unit);
    }
    return SOUK_OK;
}

/* Who pays, and what followed where the price was changed. */
static souk_err load_payers(struct loading *l, struct err *e)
{
    struct model_page *p = l->page;
    struct walked w = {.load = &l->load};
    struct payer_row *payer = NULL;
    souk_err rc = payers_load(&l->load, p->row.id, l->author_id, &payer, &p->payers_n, e);
    p->payer = payer;
    if (!rc) {
        rc = walk_model(&w, p->row.id, p->row.author, p->row.name, e);
    }
    if (!rc) {
        rc = walked_changes(&w, &p->change, &p->changes, e);
    }
    walked_release(&w);
    return rc;
}

/* --- the page */

static souk_err load(struct loading *l, int64_t id, struct err *e)
{
    row_maker_init(&l->maker, l->load.s, l->load.a, &l->load.assets);
    souk_err rc = load_row(l, id, e);
    if (!rc) {
        rc = load_listings(l, e);
    }
    if (!rc) {
        rc = load_offers(l, e);
    }
    if (!rc && l->listings > 1) {
        qsort(l->listing, l->listings, sizeof *l->listing, by_rank);
    }
    l->page->listing = l->listing;
    l->page->listings = l->listings;
    if (!rc) {
        rc = load_files(l, e);
    }
    if (!rc) {
        rc = load_calls(l, e);
    }
    if (!rc) {
        rc = load_days(l, e);
    }
    if (!rc) {
        rc = load_payers(l, e);
    }
    provenance_of_payments(&l->load, &l->page->chain);
    row_maker_release(&l->maker);
    return rc;
}

souk_err model_page_load(struct store *s, int64_t id, enum window w, struct model_page **out,
                         struct err *e)
{
    struct model_page_data *d = mem_zalloc(sizeof *d);
    *out = NULL;
    if (!d) {
        return err_nomem(e);
    }
    arena_init(&d->arena, PAGE_MAX);
    struct loading l = {.page = &d->pub};
    souk_err rc = page_begin(&l.load, s, &d->arena, w, e);
    if (!rc) {
        d->pub.window = w;
        d->pub.as_of = l.load.as_of;
        d->pub.hub.place = d->pub.chain.place = "";
        rc = load(&l, id, e);
        page_end(&l.load);
    }
    if (rc) {
        model_page_free(&d->pub);
        return rc;
    }
    *out = &d->pub;
    return SOUK_OK;
}

void model_page_free(struct model_page *p)
{
    if (p) {
        struct model_page_data *d = (struct model_page_data *)p;
        arena_release(&d->arena);
        mem_free(d);
    }
}
