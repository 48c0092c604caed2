#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/pages/internal.h"

#include "base/banned.h"

enum { AUTHORS_MAX = 1 << 20, MODELS_MAX = 1 << 20 };

static bool row_of(struct page_load *p, const struct author_detail *d, struct author_row *out)
{
    *out = (struct author_row){.author =
                                   arena_strndup(p->a, d->author.p ? d->author.p : "", d->author.n),
                               .models = d->models,
                               .listed = d->listed};
    return out->author && figures_make(p->a, &p->assets, &d->figures, &out->figures) &&
           unpack_income(&p->assets, d->figures.shared, p->a, &out->unattributed);
}

/* --- the list */

struct author_list_data {
    struct author_list pub; /* first */
    struct arena arena;
    size_t room;
    struct page_load load;
};

static souk_err on_author(void *ud, const struct author_detail *d, struct err *e)
{
    struct author_list_data *l = ud;
    struct author_row *grown =
        l->pub.n < AUTHORS_MAX ? mem_grow(l->pub.row, l->pub.n, &l->room, sizeof *grown) : NULL;
    if (!grown) {
        return err_nomem(e);
    }
    l->pub.row = grown;
    return row_of(&l->load, d, &l->pub.row[l->pub.n++]) ? SOUK_OK : err_nomem(e);
}

souk_err author_list_load(struct store *s, enum window w, struct author_list **out, struct err *e)
{
    struct author_list_data *l = mem_zalloc(sizeof *l);
    *out = NULL;
    if (!l) {
        return err_nomem(e);
    }
    arena_init(&l->arena, PAGE_MAX);
    souk_err rc = page_begin(&l->load, s, &l->arena, w, e);
    if (!rc) {
        l->pub.window = w;
        l->pub.as_of = l->load.as_of;
        rc = store_each_author_row(s, (int)w, on_author, l, e);
        page_end(&l->load);
    }
    if (rc) {
        author_list_free(&l->pub);
        return rc;
    }
    *out = &l->pub;
    return SOUK_OK;
}

void author_list_free(struct author_list *l)
{
    if (l) {
        struct author_list_data *d = (struct author_list_data *)l;
        mem_free(l->row);
        arena_release(&d->arena);
        mem_free(d);
    }
}

bool author_sortable(enum sort_key k)
{
    return k == SORT_CALLS || k == SORT_INCOME || k == SORT_PAYERS || k == SORT_PAYMENTS ||
           k == SORT_LAST || k == SORT_AUTHOR || k == SORT_GENUINE || k == SORT_GROWTH;
}

static int number_cmp(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* In the natural direction. */
static int author_cmp(const struct author_row *a, const struct author_row *b, enum sort_key k)
{
    const struct figures *f = &a->figures, *g = &b->figures;
    switch (k) {
    case SORT_CALLS:
        return number_cmp(g->calls, f->calls);
    case SORT_INCOME:
        return income_cmp(&g->income, &f->income);
    case SORT_PAYERS:
        return number_cmp(g->payers, f->payers);
    case SORT_PAYMENTS:
        return number_cmp(g->payments, f->payments);
    case SORT_LAST:
        return number_cmp((uint64_t)g->last, (uint64_t)f->last);
    case SORT_GENUINE:
        return income_cmp(&g->low, &f->low);
    case SORT_GROWTH:
        return (f->trend.ratio < g->trend.ratio) - (f->trend.ratio > g->trend.ratio);
    case SORT_AUTHOR:
        return strcasecmp(a->author, b->author);
    default:
        BUG("authors have no column %s", sort_name(k));
    }
}

struct ordering {
    const struct author_list *l;
    enum sort_key k;
    bool reverse;
};

static int by_column(const void *x, const void *y, void *ud)
{
    const struct ordering *o = ud;
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    const struct author_row *x_row = &o->l->row[a], *y_row = &o->l->row[b];
    if (o->k == SORT_GROWTH && x_row->figures.trend.known != y_row->figures.trend.known) {
        return x_row->figures.trend.known ? -1 : 1; /* too few to tell: last in both directions */
    }
    int c = author_cmp(x_row, y_row, o->k);
    c = o->reverse ? -c : c;
    return c ? c : number_cmp(a, b);
}

void author_order(const struct author_list *l, enum sort_key k, bool reverse, uint32_t *order)
{
    struct ordering o = {l, k, reverse};
    for (uint32_t i = 0; i < l->n; i++) {
        order[i] = i;
    }
    if (l->n > 1) {
        qsort_r(order, l->n, sizeof *order, by_column, &o);
    }
}

/* --- one author */

struct author_page_data {
    struct author_page pub; /* first */
    struct arena arena;
};

struct loading {
    struct page_load load;
    struct author_page *page;
    struct row_maker maker;
    struct model_row *model; /* grows on the heap, then moves to the arena */
    size_t models, room;
};

static souk_err on_row(void *ud, const struct author_detail *d, struct err *e)
{
    struct loading *l = ud;
    l->page->payers_new = d->figures.more;
    l->page->payers_returning = d->figures.payers - d->figures.more;
    l->page->payers_unknown = d->figures.unknown;
    return row_of(&l->load, d, &l->page->row) && unpack_income(&l->load.assets, d->figures.refunded,
                                                               l->load.a, &l->page->refunded)
               ? SOUK_OK
               : err_nomem(e);
}

static souk_err on_model(void *ud, const struct catalog_row *r, struct err *e)
{
    struct loading *l = ud;
    struct model_row *grown =
        l->models < MODELS_MAX ? mem_grow(l->model, l->models, &l->room, sizeof *grown) : NULL;
    if (!grown) {
        return err_nomem(e);
    }
    l->model = grown;
    return row_make(&l->maker, r, l->page->row.author, NULL, &l->model[l->models++]) ? SOUK_OK
                                                                                     : err_nomem(e);
}

static souk_err load_models(struct loading *l, int64_t id, struct err *e)
{
    row_maker_init(&l->maker, l->load.s, l->load.a, &l->load.assets);
    souk_err rc = store_each_of_author(l->load.s, (int)l->load.window, id, on_model, l, e);
    struct model_row *row = arena_alloc(l->load.a, l->models * sizeof *row);
    if (!rc && !row) {
        rc = err_nomem(e);
    }
    if (!rc && l->models) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        memcpy(row, l->model, l->models * sizeof *row);
    }
    l->page->model = row;
    l->page->models = l->models;
    mem_free(l->model);
    row_maker_release(&l->maker);
    return rc;
}

static struct untrusted model_name(const struct author_page *p, int64_t id)
{
    for (size_t i = 0; i < p->models; i++) {
        if (p->model[i].id == id) {
            return untrusted(p->model[i].name);
        }
    }
    return untrusted_n(NULL, 0); /* an author's own: no model's */
}

static souk_err load_calls(struct loading *l, int64_t id, struct err *e)
{
    struct calls c;
    struct author_page *p = l->page;
    struct untrusted *of = arena_alloc(l->load.a, CALLS_MAX * sizeof *of);
    if (!of || !calls_room(&c, &l->load, CALLS_MAX)) {
        return err_nomem(e);
    }
    souk_err rc = store_each_call_of_author(l->load.s, id, CALLS_MAX, on_call, &c, e);
    for (size_t i = 0; i < c.n; i++) {
        of[i] = model_name(p, c.who[i]);
    }
    p->call = c.row;
    p->call_model = of;
    p->calls_n = c.n;
    return rc;
}

static souk_err load_days(struct loading *l, int64_t id, struct figures_row *all, struct err *e)
{
    struct author_page *p = l->page;
    struct untrusted days;
    u256 unit = u256_from_u64(1);
    souk_err rc = store_days(l->load.s, -id, l->load.a, &days, e);
    if (!rc) {
        rc = store_figures(l->load.s, WINDOW_ALL, -id, l->load.a, all, e);
    }
    if (rc) {
        return rc;
    }
    if (!series_make(&l->load, &days, &p->calls) ||
        !series_make(&l->load, &days, &p->settlements) ||
        !series_make(&l->load, &days, &p->income)) {
        return err_nomem(e);
    }
    series_fill(&p->calls, days, DAY_CALLS);
    series_fill(&p->settlements, days, DAY_SETTLEMENTS);
    int64_t asset = income_asset(&l->load, all->income);
    if (asset) {
        series_income(&p->income, days, asset, &unit);
        p->income_asset = amount_of(&l->load.assets, asset, unit);
    }
    return SOUK_OK;
}

static souk_err load(struct loading *l, const char *who, struct err *e)
{
    int64_t id;
    struct figures_row all;
    souk_err rc = author_find(l->load.s, who, &id, e);
    l->page->id = id;
    if (!rc) {
        rc = store_author_row(l->load.s, (int)l->load.window, id, on_row, l, e);
    }
    if (!rc && !l->page->row.author) { /* none of his models are on the Hub any more */
        rc = err_set(e, SOUK_ENOTFOUND, "author \"%s\" has no models on the Hub any more", who);
    }
    if (!rc) {
        rc = load_models(l, id, e);
    }
    if (!rc) {
        rc = load_calls(l, id, e);
    }
    if (!rc) {
        rc = load_days(l, id, &all, e);
    }
    return rc ? rc : author_money(&l->load, l->page, id, &all, e);
}

souk_err author_page_load(struct store *s, const char *who, enum window w, struct author_page **out,
                          struct err *e)
{
    struct author_page_data *d = mem_zalloc(sizeof *d);
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
        rc = load(&l, who, e);
        page_end(&l.load);
    }
    if (rc) {
        author_page_free(&d->pub);
        return rc;
    }
    *out = &d->pub;
    return SOUK_OK;
}

void author_page_free(struct author_page *p)
{
    if (p) {
        struct author_page_data *d = (struct author_page_data *)p;
        arena_release(&d->arena);
        mem_free(d);
    }
}
