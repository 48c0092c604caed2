/* Who pays a model or an author, and how much: from the sums of payers where they are his alone. */
#include <stdlib.h>

#include "base/mem.h"
#include "market/map.h"
#include "market/pages/internal.h"
#include "store/rollup.h"

#include "base/banned.h"

enum { PAYERS_MAX = 1 << 26 };

struct payer {
    int64_t id;
    u256 paid[INCOME_MAX]; /* by place in the profile */
    uint64_t payments, settlements;
    int64_t first, last;
};

struct gathering {
    struct page_load *load;
    int64_t who, author;
    bool told; /* reading rows that were told by price: the others were counted already */
    struct map by_id;
    struct payer *payer;
    size_t n, room;
    struct own_span *span;
    size_t spans, span_room;
};

/* The payer, made when he is not there; NULL without memory. */
static struct payer *payer_of(struct gathering *g, int64_t id)
{
    uint32_t *at = map_put(&g->by_id, (uint64_t)id, UINT32_MAX);
    if (!at) {
        return NULL;
    }
    if (*at == UINT32_MAX) {
        struct payer *grown = mem_grow(g->payer, g->n, &g->room, sizeof *grown);
        if (!grown) {
            return NULL;
        }
        g->payer = grown;
        *at = (uint32_t)g->n;
        g->payer[g->n++] = (struct payer){.id = id, .first = INT64_MAX};
    }
    return &g->payer[*at];
}

static souk_err add(struct gathering *g, int64_t payer, int64_t asset, const struct payer *what,
                    struct err *e)
{
    const struct assets *as = &g->load->assets;
    size_t slot = 0;
    while (slot < as->n && as->known[slot].addr != asset) {
        slot++;
    }
    if (slot == as->n || payer == 0) {
        return SOUK_OK;
    }
    struct payer *p = payer_of(g, payer);
    if (!p) {
        return err_nomem(e);
    }
    (void)u256_add(p->paid[slot], what->paid[0], &p->paid[slot]);
    p->payments += what->payments;
    p->settlements += what->settlements;
    p->first = what->first < p->first ? what->first : p->first;
    p->last = what->last > p->last ? what->last : p->last;
    return SOUK_OK;
}

static souk_err on_edge(void *ud, const struct edge_row *r, struct err *e)
{
    const struct payer what = {.paid = {r->amount},
                               .payments = r->payments,
                               .settlements = r->settlements,
                               .first = r->first,
                               .last = r->last};
    return add(ud, r->payer, r->asset, &what, e);
}

static souk_err on_made(void *ud, const struct made_row *r, struct err *e)
{
    struct gathering *g = ud;
    const struct payer what = {.paid = {r->amount},
                               .payments = pay_is_call(r->scheme),
                               .settlements = pay_is_settlement(r->scheme),
                               .first = r->time,
                               .last = r->time};
    bool mine = g->who < 0 || (r->who == g->who && r->told == g->told);
    return mine && r->scheme != PAY_REFUND ? add(g, r->payer_id, r->asset, &what, e) : SOUK_OK;
}

static souk_err on_span(void *ud, const struct own_span *x, struct err *e)
{
    struct gathering *g = ud;
    for (size_t i = g->spans; i-- > 0;) {
        if (g->span[i].payee == x->payee) {
            return SOUK_OK; /* each payee once */
        }
        if (g->who < 0) {
            break; /* an author's come by payee */
        }
    }
    struct own_span *grown = mem_grow(g->span, g->spans, &g->span_room, sizeof *grown);
    if (!grown) {
        return err_nomem(e);
    }
    g->span = grown;
    g->span[g->spans++] = *x;
    return SOUK_OK;
}

static souk_err gather(struct gathering *g, struct err *e)
{
    struct store *s = g->load->s;
    int64_t chain = store_meta_int(s, "derived_payment_chain", 0);
    souk_err rc = store_each_own_span(s, g->who, on_span, g, e);
    for (size_t i = 0; i < g->spans && !rc; i++) {
        int64_t payee = g->span[i].payee;
        bool pure = false;
        rc = store_payee_is_pure(s, payee, g->who, &pure, e);
        if (!rc) {
            rc = pure ? store_each_edge(s, chain, payee, on_edge, g, e)
                      : store_each_made(s, g->author, payee, INT64_MIN, on_made, g, e);
        }
    }
    if (!rc && g->who > 0) {
        g->told = true;
        rc = store_each_made_told(s, g->who, on_made, g, e);
    }
    return rc;
}

/* Those of the window, the largest first: by the first asset, then the next. */
static int by_paid(const void *x, const void *y)
{
    const struct payer *a = x, *b = y;
    for (int i = 0; i < INCOME_MAX; i++) {
        int c = u256_cmp(b->paid[i], a->paid[i]);
        if (c) {
            return c;
        }
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static int64_t window_begin(const struct page_load *p)
{
    int64_t seconds = window_seconds(p->window);
    return seconds ? p->as_of - seconds : INT64_MIN;
}

static souk_err tell(struct gathering *g, const struct payer *p, bool judged, struct payer_row *out,
                     struct err *e)
{
    struct page_load *l = g->load;
    struct amount *of = arena_alloc(l->a, INCOME_MAX * sizeof *of);
    size_t n = 0;
    if (!of) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < l->assets.n; i++) {
        if (!u256_is_zero(p->paid[i])) {
            of[n++] = amount_of(&l->assets, l->assets.known[i].addr, p->paid[i]);
        }
    }
    *out = (struct payer_row){.payer = store_address(l->s, p->id),
                              .payments = p->payments,
                              .settlements = p->settlements,
                              .paid = {of, n},
                              .first = p->first,
                              .last = p->last,
                              .fresh = p->first > window_begin(l),
                              .judged = judged};
    return judged ? store_bits_of_payer(l->s, p->id, g->who, &out->bits, e) : SOUK_OK;
}

static souk_err tell_all(struct gathering *g, struct payer_row **out, size_t *n, struct err *e)
{
    /* Without its index a payer's payments cannot be found in time: during the first fill. */
    bool judged = store_judged(g->load->s) && store_indexed(g->load->s);
    int64_t since = window_begin(g->load);
    size_t kept = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (g->payer[i].last > since) {
            g->payer[kept++] = g->payer[i];
        }
    }
    if (kept > 1) {
        qsort(g->payer, kept, sizeof *g->payer, by_paid);
    }
    *n = kept < PAYERS_SHOWN ? kept : PAYERS_SHOWN;
    *out = arena_alloc(g->load->a, (*n + 1) * sizeof **out);
    souk_err rc = *out ? SOUK_OK : err_nomem(e);
    for (size_t i = 0; i < *n && !rc; i++) {
        rc = tell(g, &g->payer[i], judged, &(*out)[i], e);
    }
    return rc;
}

souk_err payers_load(struct page_load *p, int64_t who, int64_t author, struct payer_row **out,
                     size_t *n, struct err *e)
{
    struct gathering g = {.load = p, .who = who, .author = author};
    map_init(&g.by_id, PAYERS_MAX);
    souk_err rc = gather(&g, e);
    if (!rc) {
        rc = tell_all(&g, out, n, e);
    }
    map_release(&g.by_id);
    mem_free(g.payer);
    mem_free(g.span);
    return rc;
}
