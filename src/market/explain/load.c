/* What this cache holds of a metric's sources, and the rows behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/explain.h"
#include "market/pages/internal.h"
#include "market/sync.h"
#include "store/explain_rows.h"
#include "store/proof_rows.h"

#include "base/banned.h"

enum {
    BASES = 5,
    NAME_BYTES = 512,
    HOSTS_MAX = 4096,
    COUNTED = 1000000, /* rows of a source, in a moment */
    LOOK_BACK = 5000,  /* rows of a model or author looked at: not all of them count */
};

/* Which rows a metric counts. */
enum {
    PAID_ONCE = 1, /* payments */
    SETTLED = 2,
    CALLED_FREE = 4, /* inferences */
    SHARED = 8,      /* of those, what no one model can have */
    STRAY = 16,      /* to payees of no listing */
    MODELS = 32,     /* it counts models, not rows */
    PLAIN = 64,      /* transfers that nothing proves */
};

static const unsigned kinds[METRIC_COUNT] = {
    [METRIC_STORED] = MODELS,
    [METRIC_LISTED] = MODELS,
    [METRIC_PROVEN] = MODELS,
    [METRIC_CALLED_EVER] = PAID_ONCE | SETTLED | CALLED_FREE,
    [METRIC_CALLED] = PAID_ONCE | SETTLED | CALLED_FREE,
    [METRIC_PAID] = PAID_ONCE | SETTLED,
    [METRIC_GENUINE] = PAID_ONCE | SETTLED,
    [METRIC_CALLS] = PAID_ONCE | CALLED_FREE,
    [METRIC_PAYMENTS] = PAID_ONCE,
    [METRIC_SETTLEMENTS] = SETTLED,
    [METRIC_INFERENCES] = CALLED_FREE,
    [METRIC_PAYERS] = PAID_ONCE | SETTLED,
    [METRIC_FRESH] = PAID_ONCE | SETTLED,
    [METRIC_RETURNING] = PAID_ONCE | SETTLED,
    [METRIC_INCOME] = PAID_ONCE | SETTLED,
    [METRIC_SPENDING] = PAID_ONCE | SETTLED,
    [METRIC_GENUINE_PAYERS] = PAID_ONCE | SETTLED,
    [METRIC_SELF_DEALING] = PAID_ONCE | SETTLED,
    [METRIC_UNATTRIBUTED] = PAID_ONCE | SETTLED | SHARED,
    [METRIC_UNLISTED] = PAID_ONCE | SETTLED | STRAY,
    [METRIC_INFLOW] = PLAIN,
    [METRIC_UPLOADS] = MODELS,
    [METRIC_GROWTH] = PAID_ONCE | SETTLED | CALLED_FREE,
    [METRIC_RETENTION] = PAID_ONCE | SETTLED,
    [METRIC_CONCENTRATION] = PAID_ONCE | SETTLED,
    [METRIC_AUTHOR_INCOME] = PAID_ONCE | SETTLED,
    [METRIC_PRICE] = PAID_ONCE | SETTLED,
};

struct explanation_data {
    struct explanation pub; /* first */
    struct arena arena;
    struct basis basis[BASES];
    struct page_load load;
    const struct network *net;
    int64_t who, since;
    struct calls calls;
    size_t room; /* of calls: no more than so many from one source */
};

/* --- sources */

/* The hosts that told a filter's ranges, each once; a range told by two was told alike. */
struct tellers {
    struct buf hosts; /* blank-separated */
    bool alone;       /* a range that one host told by itself */
};

static bool has_word(const struct buf *list, const char *p, size_t n)
{
    for (const char *at = list->p; (at = memmem(at, strlen(at), p, n)) != NULL; at += n) {
        if ((at == list->p || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

static souk_err on_place(void *ud, const struct place_row *row, struct err *e)
{
    struct tellers *t = ud;
    const char *p = row->place.p, *end = p + row->place.n;
    unsigned hosts = 0;
    (void)e;
    while (p < end) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        size_t n = (size_t)((blank != NULL ? blank : end) - p);
        hosts += n > 0;
        if (n > 0 && !has_word(&t->hosts, p, n)) {
            buf_adds(&t->hosts, t->hosts.len > 0 ? " " : "");
            buf_add(&t->hosts, p, n);
        }
        p += n + 1;
    }
    t->alone |= hosts < 2;
    return SOUK_OK;
}

static souk_err add_tellers(struct explanation_data *x, struct basis *b, int64_t chain,
                            struct err *e)
{
    struct tellers t = {.alone = false};
    buf_init(&t.hosts, HOSTS_MAX);
    souk_err c = store_each_place(x->load.s, chain, b->filter, on_place, &t, e);
    if (c == SOUK_OK) /* a list that is too long is cut */
        b->endpoints = arena_strndup(&x->arena, t.hosts.p, t.hosts.len);
    b->crossed = t.hosts.len > 0 && !t.alone;
    buf_release(&t.hosts);
    return c == SOUK_OK && b->endpoints == NULL ? err_nomem(e) : c;
}

static souk_err add_basis(struct explanation_data *x, const char *filter, int64_t chain,
                          struct err *e)
{
    struct basis *b = &x->basis[x->pub.bases++];
    struct chain_head head;
    *b = (struct basis){.filter = filter, .endpoints = ""};
    provenance_of_filter(&x->load, filter, &b->from);
    if (b->from.place[0] == '\0')
        return SOUK_OK;
    if (store_head_get(x->load.s, chain, &head)) {
        b->finality = finality_at(&head, (uint64_t)b->from.last);
        b->final_to = head.final;
        b->safe_to = head.safe;
    }
    souk_err c = store_count_rows(x->load.s, chain, filter, COUNTED, &b->rows, e);
    b->more = b->rows == COUNTED;
    return c == SOUK_OK ? add_tellers(x, b, chain, e) : c;
}

/* What the profile reads, or the cache holds of it: a devnet that is not running names nothing. */
static souk_err add_bases(struct explanation_data *x, unsigned from, struct err *e)
{
    const struct network *n = x->net;
    const struct {
        const char *filter;
        unsigned from;
        int64_t chain;
    } all[BASES] = {
        {FILTER_LISTINGS, FROM_LISTINGS, n->payment.chain_id},
        {FILTER_PAYMENTS, FROM_PAYMENTS, n->payment.chain_id},
        {FILTER_PAYEES, FROM_PAYMENTS, n->payment.chain_id},
        {FILTER_FUNDING, FROM_RULES, n->payment.chain_id}, /* who funds whom */
        {FILTER_INFERENCES, FROM_INFERENCES, n->inference.chain_id},
    };
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < BASES && c == SOUK_OK; i++) {
        struct cursor held;
        if ((from & all[i].from) &&
            (sync_reads(n, all[i].filter) ||
             store_cursor_get(x->load.s, all[i].chain, all[i].filter, &held)))
            c = add_basis(x, all[i].filter, all[i].chain, e);
    }
    return c;
}

static souk_err add_hub(struct explanation_data *x, struct err *e)
{
    int64_t src;
    x->pub.hub = (struct provenance){.place = ""};
    if (!store_newest_source(x->load.s, SOURCE_HUB, &src))
        return SOUK_OK;
    const struct provenance *p = provenance_make(x->load.s, &x->arena, src);
    if (p == NULL)
        return err_nomem(e);
    x->pub.hub = *p;
    return SOUK_OK;
}

/* --- how many */

static uint64_t sum_of(unsigned kind, uint64_t payments, uint64_t settlements, uint64_t inferences)
{
    return (kind & PAID_ONCE ? payments : 0) + (kind & SETTLED ? settlements : 0) +
           (kind & CALLED_FREE ? inferences : 0);
}

static souk_err on_seen(void *ud, const struct seen_row *row, struct err *e)
{
    struct explanation_data *x = ud;
    (void)row;
    (void)e;
    x->pub.counted++;
    return SOUK_OK;
}

static souk_err count_market(struct explanation_data *x, struct err *e)
{
    enum metric m = x->pub.metric;
    enum window w = m == METRIC_CALLED_EVER ? WINDOW_ALL : x->pub.window;
    struct market_counts n;
    souk_err c = store_market(x->load.s, (int)w, &x->arena, &n, e);
    if (c != SOUK_OK)
        return c;
    switch (m) {
    case METRIC_STORED:
        x->pub.counted = n.stored;
        break;
    case METRIC_UPLOADS:
        return store_each_first_seen(x->load.s, x->since, on_seen, x, e);
    case METRIC_UNATTRIBUTED:
        return store_count_unattributed(x->load.s, (int)w, &x->pub.counted, e);
    case METRIC_LISTED:
        x->pub.counted = n.listed;
        break;
    case METRIC_PROVEN:
        x->pub.counted = n.proven;
        break;
    case METRIC_UNLISTED:
        x->pub.counted = n.totals.strays;
        break;
    case METRIC_INFLOW:
        x->pub.counted = n.totals.inflows;
        break;
    default:
        x->pub.counted =
            sum_of(kinds[m], n.totals.payments, n.totals.settlements, n.totals.inferences);
    }
    return SOUK_OK;
}

static souk_err count_of(struct explanation_data *x, struct err *e)
{
    enum metric m = x->pub.metric;
    enum window w = m == METRIC_CALLED_EVER ? WINDOW_ALL : x->pub.window;
    struct figures_row f;
    struct untrusted author, name;
    souk_err c = x->who > 0 /* is there such a one? */
                     ? store_model_name(x->load.s, x->who, &x->arena, &author, &name, e)
                     : SOUK_OK;
    if (c == SOUK_OK)
        c = store_figures(x->load.s, (int)w, x->who, &x->arena, &f, e);
    if (c == SOUK_OK && (kinds[m] & MODELS))
        x->pub.counted = 1;
    else if (c == SOUK_OK && (kinds[m] & (SHARED | STRAY)) == 0)
        x->pub.counted = sum_of(kinds[m], f.payments, f.settlements, f.inferences);
    return c;
}

/* --- which */

static bool counts(const struct explanation_data *x, const struct call_detail *d)
{
    unsigned kind = kinds[x->pub.metric];
    unsigned is = d->scheme == PAY_PLAIN         ? PLAIN
                  : d->scheme == 0               ? CALLED_FREE
                  : pay_is_call(d->scheme)       ? PAID_ONCE
                  : pay_is_settlement(d->scheme) ? SETTLED
                                                 : 0;
    return (kind & is) != 0 && d->time > x->since && (!(kind & SHARED) || d->who < 0);
}

static souk_err on_row(void *ud, const struct call_detail *d, struct err *e)
{
    struct explanation_data *x = ud;
    if (!counts(x, d))
        return SOUK_OK;
    if (x->who < 0 && (kinds[x->pub.metric] & SHARED)) /* nobody keeps a sum of these */
        x->pub.counted++;
    return x->calls.n < x->room ? on_call(&x->calls, d, e) : SOUK_OK;
}

static souk_err find_payments(struct explanation_data *x, unsigned kind, struct err *e)
{
    enum market_rows which = kind & SHARED  ? ROWS_SHARED
                             : kind & STRAY ? ROWS_STRAY
                                            : ROWS_ATTRIBUTED;
    if ((kind & (PAID_ONCE | SETTLED)) == 0 || (x->who != 0 && (kind & STRAY)))
        return SOUK_OK;
    if (x->who > 0)
        return store_each_call_of_model(x->load.s, x->who, LOOK_BACK, on_row, x, e);
    if (x->who < 0)
        return store_each_call_of_author(x->load.s, -x->who, LOOK_BACK, on_row, x, e);
    return store_each_market_call(x->load.s, x->net->payment.chain_id, which, kind & PAID_ONCE,
                                  kind & SETTLED, x->since, CALLS_MAX, on_row, x, e);
}

static souk_err find_transfers(struct explanation_data *x, unsigned kind, struct err *e)
{
    return x->who == 0 && (kind & PLAIN)
               ? store_each_market_inflow(x->load.s, x->net->payment.chain_id, x->since, CALLS_MAX,
                                          on_row, x, e)
               : SOUK_OK;
}

static souk_err find_inferences(struct explanation_data *x, unsigned kind, struct err *e)
{
    if ((kind & CALLED_FREE) == 0)
        return SOUK_OK;
    return x->who > 0 ? store_each_inference_of(x->load.s, x->who, CALLS_MAX, on_row, x, e)
                      : store_each_market_inference(x->load.s, x->net->inference.chain_id, -x->who,
                                                    x->since, CALLS_MAX, on_row, x, e);
}

/* Payments and inferences are of two chains: their times order them. */
struct placed {
    struct call_row row;
    int64_t who;
    size_t at;
};

static int newest_first(const void *pa, const void *pb)
{
    const struct placed *a = pa, *b = pb;
    if (a->row.time != b->row.time)
        return a->row.time > b->row.time ? -1 : 1;
    return a->at < b->at ? -1 : 1;
}

static souk_err merge(struct explanation_data *x, struct err *e)
{
    struct calls *c = &x->calls;
    struct placed *p = mem_array(c->n + 1, sizeof *p);
    if (p == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < c->n; i++)
        p[i] = (struct placed){c->row[i], c->who[i], i};
    qsort(p, c->n, sizeof *p, newest_first);
    c->n = c->n < CALLS_MAX ? c->n : CALLS_MAX;
    for (size_t i = 0; i < c->n; i++) {
        c->row[i] = p[i].row;
        c->who[i] = p[i].who;
    }
    mem_free(p);
    return SOUK_OK;
}

/* "author/name" of each row's model; the same model's are near each other, or it is one alone. */
static souk_err name_models(struct explanation_data *x, struct err *e)
{
    const struct calls *c = &x->calls;
    struct untrusted *out = arena_alloc(&x->arena, (c->n + 1) * sizeof *out);
    if (out == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < c->n; i++) {
        struct untrusted author, name;
        char text[NAME_BYTES];
        size_t same = 0;
        while (same < i && c->who[same] != c->who[i])
            same++;
        if (same < i || c->who[i] <= 0) {
            out[i] = same < i ? out[same] : untrusted("");
            continue;
        }
        souk_err rc = store_model_name(x->load.s, c->who[i], &x->arena, &author, &name, e);
        if (rc != SOUK_OK)
            return rc;
        int n = snprintf(text, sizeof text, "%.*s/%.*s", (int)(author.n < 250 ? author.n : 250),
                         author.p, (int)(name.n < 250 ? name.n : 250), name.p);
        if (!page_copy(&x->arena, untrusted_n(text, (size_t)n), &out[i]))
            return err_nomem(e);
    }
    x->pub.call_model = out;
    return SOUK_OK;
}

static souk_err find_rows(struct explanation_data *x, struct err *e)
{
    unsigned kind = kinds[x->pub.metric];
    if (!calls_room(&x->calls, &x->load, (size_t)2 * CALLS_MAX))
        return err_nomem(e);
    x->room = CALLS_MAX;
    souk_err c = find_payments(x, kind, e);
    if (c == SOUK_OK)
        c = find_transfers(x, kind, e);
    x->room = x->calls.n + CALLS_MAX;
    if (c == SOUK_OK)
        c = find_inferences(x, kind, e);
    if (c == SOUK_OK)
        c = merge(x, e);
    if (c == SOUK_OK)
        c = name_models(x, e);
    x->pub.call = x->calls.row;
    x->pub.calls = x->calls.n;
    return c;
}

/* --- the whole */

static souk_err load(struct explanation_data *x, const struct rules *r, struct err *e)
{
    const struct metric_info *info = metric_info(x->pub.metric);
    int64_t seconds = window_seconds(x->pub.window);
    bool always = seconds == 0 || x->pub.metric == METRIC_CALLED_EVER;
    x->pub.as_of = x->load.as_of;
    x->since = always ? INT64_MIN : x->load.as_of - seconds;
    souk_err c = add_bases(x, info->from, e);
    x->pub.basis = x->basis;
    if (c == SOUK_OK)
        c = add_hub(x, e);
    if (info->from & FROM_RULES)
        x->pub.rules = *r;
    if (c == SOUK_OK)
        c = x->who == 0 ? count_market(x, e) : count_of(x, e);
    return c == SOUK_OK ? find_rows(x, e) : c;
}

souk_err explain_load(struct store *s, const struct network *n, const struct rules *r,
                      enum metric m, enum window w, int64_t who, struct explanation **out,
                      struct err *e)
{
    struct explanation_data *x = mem_zalloc(sizeof *x);
    *out = NULL;
    if (x == NULL)
        return err_nomem(e);
    x->pub.metric = m;
    x->pub.window = w;
    x->net = n;
    x->who = who;
    arena_init(&x->arena, PAGE_MAX);
    souk_err c = page_begin(&x->load, s, &x->arena, w, e);
    if (c == SOUK_OK) {
        c = load(x, r, e);
        page_end(&x->load);
    }
    if (c != SOUK_OK) {
        explain_free(&x->pub);
        return c;
    }
    *out = &x->pub;
    return SOUK_OK;
}

void explain_free(struct explanation *x)
{
    struct explanation_data *d = (struct explanation_data *)x;
    if (d == NULL)
        return;
    arena_release(&d->arena);
    mem_free(d);
}
