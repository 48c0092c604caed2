/* The third run: each payment's bits, and what they take of it. */
#include <string.h>

#include "base/mem.h"
#include "market/genuine/balance.h"
#include "market/genuine/internal.h"
#include "market/genuine/wide.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

enum { KEYS_MAX = 1 << 28 };

struct verdicts {
    const struct people *p;
    struct windows *w;
    const struct crowds *c;
    const struct rules *r;
    struct store *store; /* NULL: nothing is written */
    int64_t chain;
    struct sums *sums;
    struct findings_made *findings;
    struct balances balances;
    u256 dust[SLOTS]; /* 10^decimals; 0: the asset has no price here */
    struct list row;  /* struct judged: of the window under way */
    int64_t window;
    bool any;
    size_t back, circle; /* the first of the lists in windows that is not of an earlier window */
    struct map inside;   /* of this window: by node and slot, the circle */
};

static bool on(const struct verdicts *v, enum rule rule)
{
    return v->r->on & 1u << rule;
}

static struct pair *pair_of(const struct verdicts *v, uint32_t i)
{
    return AT(v->w->pair, struct pair, i);
}

/* --- windows come and go */

static void set_returns(struct verdicts *v, bool yes)
{
    const struct list *l = &v->w->back;
    for (size_t i = v->back; i < l->n && AT(*l, struct flagged, i)->window == v->window; i++) {
        pair_of(v, AT(*l, struct flagged, i)->pair)->returns = yes;
        v->back += !yes;
    }
}

static souk_err open_window(struct verdicts *v, int64_t window, struct err *e)
{
    const struct list *l = &v->w->circle;
    v->any = true;
    v->window = window;
    set_returns(v, true);
    for (; v->circle < l->n && AT(*l, struct circle, v->circle)->window == window; v->circle++) {
        const struct circle *c = AT(*l, struct circle, v->circle);
        for (size_t i = 0; i < c->members; i++) {
            uint32_t node = *AT(v->w->member, uint32_t, c->member + i);
            if (!map_put(&v->inside, node_key(node, c->slot), (uint32_t)v->circle)) {
                return err_nomem(e);
            }
        }
    }
    return SOUK_OK;
}

/* How the payer came by the money, once for each of the rules that say so. */
static souk_err show_funding(struct verdicts *v, const struct judged *j, struct err *e)
{
    static const enum rule by_first[] = {RULE_SHARED, RULE_COHORT};
    struct pair *p = pair_of(v, j->pair);
    const struct funder *first = windows_funder(v->w, p->payer, p->slot);
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof by_first / sizeof *by_first && !rc; i++) {
        unsigned bit = 1u << by_first[i];
        if (j->bits & bit && !(p->shown & bit) && first->actor != NOBODY) {
            p->shown = (uint16_t)(p->shown | bit);
            rc = findings_transfer(v->findings, by_first[i], j->pair, p->author, p->slot, first->at,
                                   e);
        }
    }
    struct fund *f =
        balances_fund(&v->balances, balances_purse(&v->balances, p->payer, p->slot), p->author);
    while (f && j->bits & 1u << RULE_FUNDED && f->shown < f->from_n && !rc) {
        rc = findings_transfer(v->findings, RULE_FUNDED, j->pair, p->author, p->slot,
                               f->from[f->shown++], e);
    }
    return rc;
}

static souk_err pass_on(struct verdicts *v, const struct judged *j, struct err *e)
{
    souk_err rc = sums_add(v->sums, j, e);
    if (rc || !j->bits || !v->store) {
        return rc;
    }
    const struct judged_out out = {.chain = v->chain,
                                   .block = j->at.block,
                                   .log = j->at.log,
                                   .bits = j->bits,
                                   .excluded = j->excluded};
    rc = store_judged_put(v->store, &out, e);
    if (!rc) {
        rc = findings_payment(v->findings, j, e);
    }
    return rc || j->pair == NOBODY ? rc : show_funding(v, j, e);
}

static souk_err close_window(struct verdicts *v, struct err *e)
{
    souk_err rc = on(v, RULE_ONE) ? one_tag(&v->row, v->w, v->r, e) : SOUK_OK;
    for (size_t i = 0; i < v->row.n && !rc; i++) {
        rc = pass_on(v, AT(v->row, struct judged, i), e);
    }
    v->row.n = 0;
    set_returns(v, false);
    map_release(&v->inside);
    return rc;
}

/* --- one payment */

static void take(const struct verdicts *v, struct judged *j, enum rule rule, u256 amount)
{
    if (on(v, rule)) {
        j->bits |= 1u << rule;
        j->excluded = u256_cmp(amount, j->excluded) > 0 ? amount : j->excluded;
    }
}

/* The circle that both ends of a move are in; NULL: none. */
static const struct circle *circle_of(const struct verdicts *v, const struct move *m)
{
    uint32_t a = windows_node(v->p, m->from), b = windows_node(v->p, m->to);
    const uint32_t *x = map_get(&v->inside, node_key(a, m->slot));
    const uint32_t *y = map_get(&v->inside, node_key(b, m->slot));
    return x && y && *x == *y && a != b ? AT(v->w->circle, struct circle, *x) : NULL;
}

/* Both ends have been in as many rounds: who was given back once what he paid once is in one. */
static bool goes_round(const struct verdicts *v, const struct move *m)
{
    const uint32_t *from = map_get(&v->w->rounds, node_key(windows_node(v->p, m->from), m->slot));
    const uint32_t *to = map_get(&v->w->rounds, node_key(windows_node(v->p, m->to), m->slot));
    return from && to && *from >= v->r->cycle_times && *to >= v->r->cycle_times;
}

static bool in_burst(const struct verdicts *v, struct pair *p, uint32_t i, int64_t time)
{
    const struct list *l = &v->w->burst;
    int64_t minute = minute_of(time);
    while (p->burst < l->n && AT(*l, struct burst, p->burst)->pair == i &&
           AT(*l, struct burst, p->burst)->last_minute < minute) {
        p->burst++;
    }
    return p->burst < l->n && AT(*l, struct burst, p->burst)->pair == i &&
           AT(*l, struct burst, p->burst)->first_minute <= minute;
}

static void judge_funded(struct verdicts *v, struct judged *j, const struct pair *p, u256 part)
{
    const struct purse *purse = balances_purse(&v->balances, p->payer, p->slot);
    const struct fund *f = balances_fund(&v->balances, purse, p->author);
    const struct funder *first = windows_funder(v->w, p->payer, p->slot);
    if (!f || u256_is_zero(part)) {
        return;
    }
    bool his_first = first->actor != NOBODY && !actor_at(v->p, first->actor)->hub_said &&
                     people_controls(v->p, p->author, first->actor);
    j->funded_share = (unsigned)u256_permille(f->own, purse->in);
    if (his_first || wide_at_least(f->own, 1000, purse->in, v->r->funded_share)) {
        take(v, j, RULE_FUNDED, part);
        j->funded = part;
    }
}

/* part: of the amount, what was the author's money. */
static void judge_pair(struct verdicts *v, struct judged *j, const struct move *m, u256 part)
{
    struct pair *p = pair_of(v, j->pair);
    if (p->own) {
        take(v, j, RULE_SELF, j->amount);
    }
    if (p->trusted) {
        return;
    }
    judge_funded(v, j, p, part);
    if (p->group != NOBODY) {
        take(v, j, RULE_SHARED, U256_ZERO);
    }
    if (p->returns) {
        take(v, j, RULE_RETURN, j->amount);
    }
    if (!p->own && circle_of(v, m) && goes_round(v, m)) {
        take(v, j, RULE_CYCLE, j->amount);
    }
    if (p->cohort != NOBODY) {
        take(v, j, RULE_COHORT, j->amount);
    }
    if (in_burst(v, p, j->pair, j->time)) {
        take(v, j, RULE_BURST, U256_ZERO);
    }
}

static bool is_dust(const struct verdicts *v, const struct judged *j)
{
    return !u256_is_zero(v->dust[j->slot]) &&
           !wide_at_least(j->amount, 1000000, v->dust[j->slot], v->r->dust_micro);
}

static souk_err add_row(struct verdicts *v, const struct move *m, u256 part, struct err *e)
{
    struct judged *j = list_add(&v->row);
    const struct actor *from = actor_at(v->p, m->from);
    if (!j) {
        return err_nomem(e);
    }
    *j = (struct judged){.refund = m->kind == MOVE_REFUND,
                         .who = m->who,
                         .author = m->author,
                         .payer = from->payer,
                         .cluster = NOBODY,
                         .pair = NOBODY,
                         .payee = m->to,
                         .slot = m->slot,
                         .amount = m->amount,
                         .time = m->time,
                         .at = m->at,
                         .own = people_controls(v->p, m->author, m->from),
                         .call = m->call};
    if (from->payer != NOBODY) {
        j->cluster = v->c->cluster[from->payer];
        j->pair = windows_pair(v->w, from->payer, m->author, m->slot);
    }
    if (j->refund) {
        return SOUK_OK;
    }
    if (j->pair == NOBODY) {
        take(v, j, RULE_UNKNOWN, j->amount);
    } else {
        judge_pair(v, j, m, part);
    }
    if (is_dust(v, j) && !from->trusted) {
        take(v, j, RULE_DUST, U256_ZERO);
    }
    return SOUK_OK;
}

/* --- transfers that show why */

static souk_err show_return(struct verdicts *v, const struct move *m, struct err *e)
{
    const struct actor *from = actor_at(v->p, m->from);
    uint32_t payer = actor_at(v->p, m->to)->payer;
    souk_err rc = SOUK_OK;
    for (uint32_t k = 0; payer != NOBODY && k < from->controls && !rc; k++) {
        uint32_t author = *AT(v->p->control, uint32_t, from->control + k);
        uint32_t i = windows_pair(v->w, payer, author, m->slot);
        if (i != NOBODY && pair_of(v, i)->returns && !pair_of(v, i)->trusted) {
            rc = findings_transfer(v->findings, RULE_RETURN, i, author, m->slot, m->at, e);
        }
    }
    return rc;
}

/* To each author in the circle whose payments it concerns. */
static souk_err show_cycle(struct verdicts *v, const struct move *m, struct err *e)
{
    const struct circle *c = goes_round(v, m) ? circle_of(v, m) : NULL;
    souk_err rc = SOUK_OK;
    for (size_t i = 0; c && i < c->members && !rc; i++) {
        uint32_t node = *AT(v->w->member, uint32_t, c->member + i);
        if (node < v->p->author.n) {
            rc = findings_transfer(v->findings, RULE_CYCLE, NOBODY, node, m->slot, m->at, e);
        }
    }
    return rc;
}

static souk_err show(struct verdicts *v, const struct move *m, struct err *e)
{
    souk_err rc = on(v, RULE_RETURN) ? show_return(v, m, e) : SOUK_OK;
    return rc || !on(v, RULE_CYCLE) ? rc : show_cycle(v, m, e);
}

/* --- the moves */

static souk_err on_move(void *ud, const struct move *m, struct err *e)
{
    struct verdicts *v = ud;
    int64_t window = window_of(v->r, m->time);
    souk_err rc = SOUK_OK;
    if (v->any && window != v->window) {
        rc = close_window(v, e);
    }
    if (!rc && (!v->any || window != v->window)) {
        rc = open_window(v, window, e);
    }
    if (rc || m->kind == MOVE_DEPOSIT || m->kind == MOVE_WITHDRAWAL) {
        return rc;
    }
    uint32_t payer = actor_at(v->p, m->from)->payer, payee = actor_at(v->p, m->to)->payer;
    if (m->kind == MOVE_REFUND) {
        if (payer != NOBODY) {
            balances_back(&v->balances, payer, m->slot, m->amount);
        }
        return m->who ? add_row(v, m, U256_ZERO, e) : SOUK_OK;
    }
    bool moves = m->from != m->to;
    u256 part = U256_ZERO;
    if (moves && payer != NOBODY) {
        part = balances_out(&v->balances, payer, m->slot, m->amount, m->who ? m->author : NOBODY);
    }
    if (m->who) {
        rc = add_row(v, m, part, e);
    }
    if (!rc && moves && payee != NOBODY) {
        rc = balances_in(&v->balances, payee, m, e);
    }
    return rc || m->kind != MOVE_TRANSFER || !v->store ? rc : show(v, m, e);
}

static void find_dust(struct verdicts *v)
{
    for (size_t i = 0; i < v->p->assets; i++) {
        const struct asset_row *a = &v->p->asset[i];
        v->dust[i] = u256_from_u64(strncmp(a->symbol, "USD", 3) == 0);
        for (unsigned k = 0; k < a->decimals; k++) {
            (void)u256_mul_u64(v->dust[i], 10, &v->dust[i]);
        }
    }
}

souk_err verdicts_run(const struct people *p, struct windows *w, const struct crowds *c,
                      struct store *s, const struct network *n, const struct rules *r,
                      const atomic_bool *stop, struct sums *sums, struct findings_made *f,
                      struct err *e)
{
    struct verdicts v = {.p = p,
                         .w = w,
                         .c = c,
                         .r = r,
                         .store = f ? s : NULL,
                         .chain = n->payment.chain_id,
                         .sums = sums,
                         .findings = f,
                         .row = {.size = sizeof(struct judged)}};
    map_init(&v.inside, KEYS_MAX);
    find_dust(&v);
    souk_err rc = balances_init(&v.balances, p, e);
    if (!rc) {
        rc = people_each_move(p, s, n, stop, on_move, &v, e);
    }
    if (!rc) {
        rc = close_window(&v, e);
    }
    list_release(&v.row);
    map_release(&v.inside);
    balances_release(&v.balances);
    return rc;
}
