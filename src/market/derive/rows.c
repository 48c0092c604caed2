/* Counting row by row: where one payee's payments are several models', and what no sum holds. */

#include "market/derive/internal.h"

#include "base/banned.h"

bool takings_of(const struct tally *t, int64_t asset, int scheme, u256 amount, struct takings *out)
{
    *out =
        (struct takings){.payments = pay_is_call(scheme), .settlements = pay_is_settlement(scheme)};
    if (scheme == PAY_REFUND) {
        out->refunded = amount;
    } else {
        out->paid = amount;
    }
    return (out->payments + out->settlements > 0 || scheme == PAY_REFUND) &&
           tally_slot(t, asset, &out->slot);
}

static void aside_add(struct aside *a, const struct tally *t, int64_t time, const struct takings *m)
{
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (time > t->since[w]) {
            a->n[w] += m->payments + m->settlements;
            (void)u256_add(a->sum[w][m->slot], m->paid, &a->sum[w][m->slot]);
        }
    }
}

/* --- payments */

/* One row to one account. */
static souk_err add(struct derivation *d, int64_t who, const struct pay_row *p,
                    const struct takings *m, struct err *e)
{
    struct tally *t = d->into;
    struct account *a = tally_account(t, who);
    bool payee = payee_of_account(who) != 0, called = m->payments + m->settlements > 0;
    int64_t day = day_of_time(p->time);
    struct seen *s = NULL;
    if (!a || (!payee && !tally_day(t, a, day, m))) {
        return err_nomem(e);
    }
    if (!payee && called) {
        a->last = p->time > a->last ? p->time : a->last;
        s = p->payer ? tally_payer(a, p->payer, p->time) : NULL;
        if (p->payer && !s) {
            return err_nomem(e);
        }
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (p->time > t->since[w]) {
            tally_window(t, a, w, m);
            a->win[w].unknown += !payee && called && !p->payer;
            if (s) {
                seen_on(s, w, day);
            }
        }
    }
    return SOUK_OK;
}

static souk_err add_payer(struct derivation *d, const struct pay_row *p, struct err *e)
{
    static const uint8_t day = 1;
    uint8_t in = 0;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        in |= (uint8_t)((p->time > d->rows.since[w]) << w);
    }
    return payers_add(&d->payers, p->payer, p->time, &day, 1, in) ? SOUK_OK : err_nomem(e);
}

/* Which model's a payment to a shared payee is, where its price tells, is kept for the pages. */
static souk_err remember(struct derivation *d, const struct pay_row *p, struct verdict v,
                         struct err *e)
{
    bool told = v.how == BY_PRICE, same = told && p->how == v.how && p->who == v.who;
    d->told += told;
    if (same || (!told && !p->how)) {
        return SOUK_OK;
    }
    return store_pay_model_put(d->w, d->n->payment.chain_id, p->block, p->log, v.who,
                               told ? v.how : 0, e);
}

static souk_err on_row(void *ud, const struct pay_row *p, struct err *e)
{
    struct derivation *d = ud;
    struct takings m;
    if (!d->from_rows && !map_get(&d->split, (uint64_t)p->payee)) {
        return SOUK_OK; /* by its sums */
    }
    struct verdict v = attrib_pay(d->attrib, p);
    souk_err rc = remember(d, p, v, e);
    if (rc || !takings_of(&d->rows, p->asset, p->scheme, p->amount, &m)) {
        return rc;
    }
    if (v.how == 0) {
        aside_add(&d->stray, &d->rows, p->time, &m);
        return SOUK_OK;
    }
    m.shared = v.who < 0;
    rc = add(d, account_payee(p->payee), p, &m, e);
    if (!rc && v.who > 0) {
        rc = add(d, v.who, p, &m, e);
    }
    if (!rc && v.who) {
        rc = add(d, m.shared ? v.who : -attrib_author(d->attrib, v.who), p, &m, e);
    }
    return rc || !v.who || !p->payer || m.payments + m.settlements == 0 ? rc : add_payer(d, p, e);
}

static souk_err on_infer(void *ud, const struct infer_row *r, struct err *e)
{
    struct derivation *d = ud;
    struct verdict v = attrib_cid(d->attrib, r->cid);
    uint64_t win[WINDOW_COUNT];
    for (int w = 0; w < WINDOW_COUNT; w++) {
        win[w] = r->time > d->rows.since[w];
        d->unknown.n[w] += v.how ? 0 : win[w];
    }
    for (int k = 0; k < 2 && v.who; k++) {
        struct account *a = tally_account(&d->rows, k ? -attrib_author(d->attrib, v.who) : v.who);
        if (!a || !tally_inferences(&d->rows, a, day_of_time(r->time), 1, r->time, win)) {
            return err_nomem(e);
        }
    }
    return SOUK_OK;
}

/* --- rows of pay_model that nobody wants any more */

struct stale {
    struct derivation *d;
    struct list row; /* struct place */
};
struct place {
    uint64_t block, log;
};

static souk_err on_told(void *ud, const struct pay_row *p, struct err *e)
{
    struct stale *s = ud;
    struct verdict v = p->payee ? attrib_pay(s->d->attrib, p) : (struct verdict){0, 0};
    if (v.how == BY_PRICE) {
        return SOUK_OK;
    }
    struct place *at = list_add(&s->row);
    if (!at) {
        return err_nomem(e);
    }
    *at = (struct place){p->block, p->log};
    return SOUK_OK;
}

/* Only when there are more rows than were met: a shared payee became one model's, or nobody's. */
souk_err remove_stale(struct derivation *d, struct err *e)
{
    struct stale s = {.d = d, .row.size = sizeof(struct place)};
    int64_t n, chain = d->n->payment.chain_id;
    souk_err rc = store_count_told_by_price(d->w, chain, &n, e);
    if (!rc && n != d->told) {
        rc = store_each_told_by_price(d->w, chain, on_told, &s, e);
    }
    for (size_t i = 0; i < s.row.n && !rc; i++) {
        const struct place *at = (const struct place *)s.row.p + i;
        rc = store_pay_model_put(d->w, chain, at->block, at->log, 0, 0, e);
    }
    list_release(&s.row);
    return rc;
}

souk_err count_split(struct derivation *d, const struct owned *p, struct err *e)
{
    d->into = &d->t;
    return store_each_pay_of(d->w, d->n->payment.chain_id, p->id, on_row, d, e);
}

souk_err count_rows(struct derivation *d, struct err *e)
{
    int64_t chain = d->n->payment.chain_id;
    souk_err rc = SOUK_OK;
    d->into = &d->rows;
    if (d->from_rows || !d->indexed) {
        rc = d->from_rows || d->split.n ? store_each_pay(d->w, chain, on_row, d, e) : SOUK_OK;
    } else {
        for (size_t i = 0; i < d->split.room && !rc; i++) {
            if (d->split.key[i] && !d->split.val[i]) {
                rc = store_each_pay_of(d->w, chain, (int64_t)d->split.key[i], on_row, d, e);
            }
        }
    }
    if (!rc && d->from_rows) {
        rc = store_each_infer(d->w, d->n->inference.chain_id, on_infer, d, e);
    }
    return rc;
}

/* --- set aside */

static souk_err on_nobody(void *ud, const struct pay_row *p, struct err *e)
{
    struct derivation *d = ud;
    struct takings m;
    if (map_get(&d->split, (uint64_t)p->payee) || !map_get(&d->listed, (uint64_t)p->payee) ||
        !takings_of(&d->t, p->asset, p->scheme, p->amount, &m)) {
        return SOUK_OK;
    }
    uint32_t *at = map_put(&d->nameless, (uint64_t)p->payee, (uint32_t)d->nameless_n.n);
    if (!at || (*at == d->nameless_n.n && !list_add(&d->nameless_n))) {
        return err_nomem(e);
    }
    struct nameless *n = (struct nameless *)d->nameless_n.p + *at;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        n->n[w] += p->time > d->t.since[w] ? m.payments + m.settlements : 0;
    }
    return SOUK_OK;
}

static souk_err on_by_list(void *ud, const struct pay_row *p, struct err *e)
{
    struct derivation *d = ud;
    struct takings m = {.payments = 1, .paid = p->amount};
    (void)e;
    if (map_get(&d->listed, (uint64_t)p->payee) && tally_slot(&d->t, p->asset, &m.slot)) {
        aside_add(&d->by_list, &d->t, p->time, &m);
    }
    return SOUK_OK;
}

static souk_err on_inflow(void *ud, const struct pay_row *p, struct err *e)
{
    struct derivation *d = ud;
    struct takings m = {.payments = 1, .paid = p->amount};
    (void)e;
    if (map_get(&d->listed, (uint64_t)p->payee) && tally_slot(&d->t, p->asset, &m.slot)) {
        aside_add(&d->inflow, &d->t, p->time, &m);
    }
    return SOUK_OK;
}

static souk_err count_inflows(struct derivation *d, struct err *e)
{
    int64_t chain = d->n->payment.chain_id;
    souk_err rc = SOUK_OK;
    if (!d->indexed) {
        return store_each_inflow(d->w, chain, 0, on_inflow, d, e);
    }
    for (size_t i = 0; i < d->listed.room && !rc; i++) {
        if (d->listed.key[i]) {
            rc = store_each_inflow(d->w, chain, (int64_t)d->listed.key[i], on_inflow, d, e);
        }
    }
    return rc;
}

/* --- to payees that no listing names */

static souk_err on_stray_day(void *ud, const struct day_row *r, struct err *e)
{
    struct derivation *d = ud;
    size_t slot;
    (void)e;
    if (tally_slot(&d->t, r->asset, &slot)) {
        for (int w = 0; w < WINDOW_COUNT; w++) {
            if (r->day > d->t.cut[w]) {
                d->stray.n[w] += r->payments + r->settlements;
                (void)u256_add(d->stray.sum[w][slot], r->amount, &d->stray.sum[w][slot]);
            }
        }
    }
    return SOUK_OK;
}

static souk_err on_paid(void *ud, const struct who_row *r, struct err *e)
{
    struct derivation *d = ud;
    return map_get(&d->listed, (uint64_t)r->who)
               ? SOUK_OK
               : store_each_day(d->w, d->n->payment.chain_id, r->who, on_stray_day, d, e);
}

static souk_err count_strays(struct derivation *d, struct err *e)
{
    for (size_t i = 0; i < d->part.n; i++) {
        const struct part *p = (const struct part *)d->part.p + i;
        if (map_get(&d->listed, (uint64_t)p->payee) || p->scheme == PAY_REFUND) {
            continue;
        }
        d->stray.n[p->win]++;
        u256 *sum = &d->stray.sum[p->win][p->slot];
        (void)u256_add(*sum, p->amount, sum);
    }
    return store_each_paid(d->w, d->n->payment.chain_id, on_paid, d, e);
}

souk_err count_aside(struct derivation *d, struct err *e)
{
    int64_t chain = d->n->payment.chain_id;
    souk_err rc = store_each_pay_of_nobody(d->w, chain, on_nobody, d, e);
    if (!rc) {
        rc = store_each_pay_by_list(d->w, chain, on_by_list, d, e);
    }
    if (!rc) {
        rc = count_inflows(d, e);
    }
    return rc || d->from_rows ? rc : count_strays(d, e);
}
