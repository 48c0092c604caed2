/* Counting by the sums that are kept beside the rows (rollup.h). */
#include "base/mem.h"
#include "market/derive/internal.h"

#include "base/banned.h"

/* One payee under way. */
struct feed {
    struct derivation *d;
    struct account *to[3]; /* of the model (or none), the author (or none), the payee */
    bool shared;
    const struct part *part; /* of this payee, by payer */
    size_t parts, at;
};

enum { TO_MODEL, TO_AUTHOR, TO_PAYEE, TO_COUNT };

/* --- days */

static souk_err on_day(void *ud, const struct day_row *r, struct err *e)
{
    struct feed *f = ud;
    struct tally *t = &f->d->t;
    struct takings m = {.payments = r->payments,
                        .settlements = r->settlements,
                        .paid = r->amount,
                        .refunded = r->refunded,
                        .shared = f->shared};
    if (!tally_slot(t, r->asset, &m.slot)) {
        return SOUK_OK;
    }
    for (int k = 0; k < TO_COUNT; k++) {
        if (f->to[k] && k != TO_PAYEE && !tally_day(t, f->to[k], r->day, &m)) {
            return err_nomem(e);
        }
        for (int w = 0; w < WINDOW_COUNT && f->to[k]; w++) {
            if (r->day > t->cut[w]) {
                tally_window(t, f->to[k], w, &m);
            }
        }
    }
    return SOUK_OK;
}

/* The places of one payee, or CID, in an array sorted by it. */
static size_t find(const void *p, size_t n, size_t size, int64_t id, size_t *count)
{
    const char *row = p;
    size_t lo = 0, hi = n;
    *count = 0;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (*(const int64_t *)(const void *)(row + mid * size) < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    while (lo + *count < n && *(const int64_t *)(const void *)(row + (lo + *count) * size) == id) {
        ++*count;
    }
    return lo;
}

static void add_parts(struct feed *f)
{
    struct tally *t = &f->d->t;
    for (size_t i = 0; i < f->parts; i++) {
        const struct part *p = &f->part[i];
        struct takings m;
        takings_of(t, t->asset[p->slot], p->scheme, p->amount, &m);
        m.shared = f->shared;
        for (int k = 0; k < TO_COUNT; k++) {
            if (f->to[k]) {
                tally_window(t, f->to[k], p->win, &m);
            }
        }
    }
}

/* --- payers */

static bool bit(const struct edge_row *r, size_t i)
{
    return r->days[i / 8] >> (i % 8) & 1;
}

/* The first and the last day after `cut` that an edge has; false: none. */
static bool days_after(const struct edge_row *r, int64_t cut, int64_t *first, int64_t *last)
{
    size_t n = r->days_n * 8, from = 0, to = n;
    if (cut >= r->first_day) {
        int64_t skip = cut - r->first_day + 1;
        from = skip < (int64_t)n ? (size_t)skip : n;
    }
    while (to > from && !bit(r, to - 1)) {
        to--;
    }
    while (from < to && !bit(r, from)) {
        from++;
    }
    *first = r->first_day + (int64_t)from;
    *last = r->first_day + (int64_t)to - 1;
    return from < to;
}

static souk_err on_edge(void *ud, const struct edge_row *r, struct err *e)
{
    struct feed *f = ud;
    struct derivation *d = f->d;
    size_t slot;
    if (!tally_slot(&d->t, r->asset, &slot)) {
        return SOUK_OK;
    }
    struct seen *s[TO_PAYEE] = {NULL, NULL};
    for (int k = 0; k < TO_PAYEE; k++) {
        struct account *a = f->to[k];
        if (a) {
            a->last = r->last > a->last ? r->last : a->last;
            s[k] = r->payer ? tally_payer(a, r->payer, r->first) : NULL;
            if (r->payer && !s[k]) {
                return err_nomem(e);
            }
        }
    }
    if (r->payer == 0 || !s[TO_AUTHOR]) {
        return SOUK_OK;
    }
    uint8_t in = 0;
    int64_t first, last;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (!days_after(r, d->t.cut[w], &first, &last)) {
            continue;
        }
        in |= (uint8_t)(1u << w);
        for (int k = 0; k < TO_PAYEE; k++) {
            if (s[k]) {
                seen_on(s[k], w, first);
                seen_on(s[k], w, last);
            }
        }
    }
    while (f->at < f->parts && f->part[f->at].payer < r->payer) {
        f->at++;
    }
    for (size_t i = f->at; i < f->parts && f->part[i].payer == r->payer; i++) {
        if (f->part[i].scheme == PAY_REFUND) {
            continue;
        }
        in |= (uint8_t)(1u << f->part[i].win);
        for (int k = 0; k < TO_PAYEE; k++) {
            if (s[k]) {
                seen_on(s[k], f->part[i].win, d->t.cut[f->part[i].win]);
            }
        }
    }
    return payers_add(&d->payers, r->payer, r->first, r->days, r->days_n, in) ? SOUK_OK
                                                                              : err_nomem(e);
}

static void add_nameless(struct feed *f, int64_t payee)
{
    const uint32_t *at = map_get(&f->d->nameless, (uint64_t)payee);
    const struct nameless *n = at ? (struct nameless *)f->d->nameless_n.p + *at : NULL;
    for (int k = 0; n && k < TO_PAYEE; k++) {
        for (int w = 0; w < WINDOW_COUNT && f->to[k]; w++) {
            f->to[k]->win[w].unknown += n->n[w];
        }
    }
}

souk_err count_whole(struct derivation *d, const struct owned *p, struct err *e)
{
    struct feed f = {.d = d, .shared = p->who < 0};
    const int64_t who[TO_COUNT] = {p->who > 0 ? p->who : 0, p->author ? -p->author : 0,
                                   account_payee(p->id)};
    for (int k = 0; k < TO_COUNT; k++) {
        if (who[k] && !tally_account(&d->t, who[k])) {
            return err_nomem(e);
        }
    }
    for (int k = 0; k < TO_COUNT; k++) { /* found again: making one moves the others */
        f.to[k] = who[k] ? tally_find(&d->t, who[k]) : NULL;
    }
    f.part = (const struct part *)d->part.p +
             find(d->part.p, d->part.n, sizeof *f.part, p->id, &f.parts);
    souk_err rc = store_each_day(d->w, d->n->payment.chain_id, p->id, on_day, &f, e);
    add_parts(&f);
    add_nameless(&f, p->id);
    return rc || !p->author ? rc
                            : store_each_edge(d->w, d->n->payment.chain_id, p->id, on_edge, &f, e);
}

/* --- inferences */

struct use {
    struct derivation *d;
    struct account *to[2];
    bool unknown;
};

static souk_err on_infer_day(void *ud, const struct infer_day_row *r, struct err *e)
{
    struct use *u = ud;
    struct tally *t = &u->d->t;
    uint64_t win[WINDOW_COUNT];
    for (int w = 0; w < WINDOW_COUNT; w++) {
        win[w] = r->day > t->cut[w] ? r->n : 0;
        u->d->unknown.n[w] += u->unknown ? win[w] : 0;
    }
    for (int k = 0; k < 2 && !u->unknown; k++) {
        if (!tally_inferences(t, u->to[k], r->day, r->n, r->last, win)) {
            return err_nomem(e);
        }
    }
    return SOUK_OK;
}

souk_err count_used(struct derivation *d, const struct owned *c, struct err *e)
{
    struct use u = {.d = d, .unknown = c->who == 0};
    size_t n, at = find(d->infer_part.p, d->infer_part.n, sizeof(struct infer_part), c->id, &n);
    if (!u.unknown) {
        if (!tally_account(&d->t, c->who) || !tally_account(&d->t, -c->author)) {
            return err_nomem(e);
        }
        u.to[0] = tally_find(&d->t, c->who);
        u.to[1] = tally_find(&d->t, -c->author);
    }
    for (size_t i = at; i < at + n; i++) {
        uint8_t w = ((const struct infer_part *)d->infer_part.p)[i].win;
        if (u.unknown) {
            d->unknown.n[w]++;
        } else {
            u.to[0]->win[w].inferences++;
            u.to[1]->win[w].inferences++;
        }
    }
    return store_each_infer_day_of(d->w, d->n->inference.chain_id, c->id, on_infer_day, &u, e);
}
