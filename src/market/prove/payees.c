/* Whose balances are checked, and what the rows say of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/prove/internal.h"
#include "store/rollup.h"

#include "base/banned.h"

enum { STOP_EACH = 4096 };

/* --- the payees, by income */

struct payee {
    address a;
    int64_t id;
    uint64_t since;
    u256 income[CONFIG_TOKENS];
    size_t place; /* among those checked */
};

struct ranking {
    struct prove *p;
    struct payee *payee; /* by id while summing */
    size_t n;
    int64_t token[CONFIG_TOKENS]; /* addr.id, 0: not in the cache */
};

static int by_id(const void *pa, const void *pb)
{
    const struct payee *a = pa, *b = pb;
    return (a->id > b->id) - (a->id < b->id);
}

/* As incomes are ordered everywhere: by the profile's first token, then the next. */
static int by_income(const void *pa, const void *pb)
{
    const struct payee *a = pa, *b = pb;
    for (unsigned t = 0; t < CONFIG_TOKENS; t++) {
        int c = u256_cmp(b->income[t], a->income[t]);
        if (c != 0)
            return c;
    }
    return memcmp(&a->a, &b->a, sizeof a->a);
}

static souk_err on_day(void *ud, const struct day_row *d, struct err *e)
{
    struct ranking *r = ud;
    struct payee key = {.id = d->payee};
    struct payee *at = bsearch(&key, r->payee, r->n, sizeof key, by_id);
    (void)e;
    for (unsigned t = 0; at != NULL && t < r->p->net->tokens; t++) {
        if (r->token[t] == d->asset)
            (void)u256_add(at->income[t], d->amount, &at->income[t]);
    }
    return SOUK_OK;
}

/* The payees of listings, those with the largest income first. */
static souk_err rank(struct ranking *r, struct err *e)
{
    struct prove *p = r->p;
    const struct payee_row *row;
    int64_t chain = p->net->payment.chain_id;
    souk_err c = store_payees(p->s, chain, &p->memory, &p->payee, &p->payees_n, e);
    if (c != SOUK_OK)
        return c;
    size_t n = p->payees_n;
    row = p->payee;
    r->payee = arena_alloc(&p->memory, (n + 1) * sizeof *r->payee);
    if (r->payee == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct payee *one = &r->payee[r->n];
        *one = (struct payee){.a = row[i].a, .since = row[i].since};
        r->n += store_addr_find(p->s, row[i].a, &one->id);
    }
    for (unsigned t = 0; t < p->net->tokens; t++) {
        if (!store_addr_find(p->s, p->net->token[t].addr, &r->token[t]))
            r->token[t] = 0;
    }
    qsort(r->payee, r->n, sizeof *r->payee, by_id);
    c = store_each_day(p->s, chain, 0, on_day, r, e);
    qsort(r->payee, r->n, sizeof *r->payee, by_income);
    return c;
}

/* --- what came in and went out */

struct summing {
    const struct ranking *r; /* the payees that are checked, by id */
    size_t n;
    uint64_t rows;
};

static void add(struct amount *to, u256 v, bool *over)
{
    *over |= !u256_add(to->value, v, &to->value);
}

/* One side of a transfer. */
static void add_to(const struct summing *s, int64_t who, const struct move_row *m, bool in,
                   bool *over)
{
    struct payee key = {.id = who};
    const struct payee *at = bsearch(&key, s->r->payee, s->n, sizeof key, by_id);
    struct prove *p = s->r->p;
    for (unsigned t = 0; at != NULL && t < p->net->tokens; t++) {
        struct balance_proof *b = &p->out.balance[at->place * p->net->tokens + t];
        if (s->r->token[t] == m->asset && m->block >= b->first && m->block <= b->last)
            add(in ? &b->in : &b->out, m->amount, over);
    }
}

/*
 * A payment's row is a transfer, but not always from its payer to its payee: what leaves a channel
 * or an escrow came in there by a transfer of its own, and what is refunded goes to the payer out
 * of one.
 */
static souk_err on_move(void *ud, const struct move_row *m, struct err *e)
{
    struct summing *s = ud;
    bool held = m->payment && (m->kind == PAY_BATCH || m->kind == PAY_ESCROW), over = false;
    bool refund = m->payment && m->kind == PAY_REFUND;
    if (++s->rows % STOP_EACH == 0 && atomic_load(&s->r->p->stop))
        return err_set(e, SOUK_ECANCEL, "stopped");
    add_to(s, refund ? m->from : m->to, m, true, &over);
    if (!held && !refund)
        add_to(s, m->from, m, false, &over);
    return over ? err_set(e, SOUK_EINPUT,
                          "the cache has amounts that no token can have; make it again with "
                          "`souk sync --full`")
                : SOUK_OK;
}

static const struct traced *find_traced(const struct traced *t, size_t n, address a)
{
    for (size_t i = 0; i < n; i++) {
        if (address_eq(t[i].a, a))
            return &t[i];
    }
    return NULL;
}

static void describe(struct prove *p, const struct payee *payee, unsigned token,
                     const struct traced *traced, struct balance_proof *b, struct account *a)
{
    const struct token *t = &p->net->token[token];
    const struct kept *k = kept_named(p, t->whole_log ? FILTER_PAYMENTS : FILTER_PAYEES);
    struct amount zero = {.asset = t->addr, .decimals = t->decimals, .rank = token};
    snprintf(zero.symbol, sizeof zero.symbol, "%s", t->symbol);
    *b = (struct balance_proof){.payee = payee->a,
                                .in = zero,
                                .out = zero,
                                .before = zero,
                                .after = zero,
                                .first = t->whole_log ? k->first : payee->since,
                                .last = k->cursor.block};
    a->filter = (unsigned)(k - p->kept);
    if (!k->there)
        snprintf(b->words, sizeof b->words, "the transfers of %s were not read", t->symbol);
    else if (!t->whole_log && (traced == NULL || traced->upto < b->last))
        snprintf(b->words, sizeof b->words,
                 "the log of %s is not read whole, and what this payee sends was not read up to "
                 "block %llu",
                 t->symbol, (unsigned long long)b->last);
}

souk_err look_balances(struct prove *p, struct err *e)
{
    struct ranking r = {.p = p};
    struct traced *traced = NULL;
    size_t traceds = 0;
    unsigned tokens = p->net->tokens;
    int64_t chain = p->net->payment.chain_id;
    souk_err c = rank(&r, e);
    if (c == SOUK_OK)
        c = store_traced(p->s, chain, &p->memory, &traced, &traceds, e);
    if (c != SOUK_OK)
        return c;
    size_t n = r.n < p->payees ? r.n : p->payees;
    p->out.balance = arena_alloc(&p->memory, (n * tokens + 1) * sizeof *p->out.balance);
    p->account = arena_alloc(&p->memory, (n * tokens + 1) * sizeof *p->account);
    if (p->out.balance == NULL || p->account == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        const struct traced *followed = find_traced(traced, traceds, r.payee[i].a);
        r.payee[i].place = i;
        for (unsigned t = 0; t < tokens; t++, p->out.balances++)
            describe(p, &r.payee[i], t, followed, &p->out.balance[p->out.balances],
                     &p->account[p->out.balances]);
    }
    qsort(r.payee, n, sizeof *r.payee, by_id);
    struct summing s = {&r, n, 0};
    return n > 0 ? store_each_move(p->s, chain, 0, on_move, &s, e) : SOUK_OK;
}
