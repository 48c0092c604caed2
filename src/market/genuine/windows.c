/* The second run: what each pair did, window by window. */
#include "base/mem.h"
#include "market/genuine/circle.h"
#include "market/genuine/internal.h"
#include "market/genuine/wide.h"

#include "base/banned.h"

enum { PAIRS_MAX = 1 << 27, PAYERS_MAX = 1 << 28 };

/* --- pairs */

static uint64_t pair_key(uint32_t payer, uint32_t author, unsigned slot)
{
    return ((uint64_t)payer << 35 | (uint64_t)author << 3 | slot) + 1;
}

uint32_t windows_pair(const struct windows *w, uint32_t payer, uint32_t author, unsigned slot)
{
    const uint32_t *at = map_get(&w->by_pair, pair_key(payer, author, slot));
    return at ? *at : NOBODY;
}

static struct pair *pair_at(const struct windows *w, uint32_t i)
{
    return AT(w->pair, struct pair, i);
}

static uint32_t put_pair(struct windows *w, uint32_t payer, uint32_t author, unsigned slot,
                         struct err *e)
{
    uint32_t *at = map_put(&w->by_pair, pair_key(payer, author, slot), (uint32_t)w->pair.n);
    if (at && *at == w->pair.n) {
        struct pair *p = list_add(&w->pair);
        uint32_t actor = *AT(w->p->payer, uint32_t, payer);
        if (!p) {
            err_nomem(e);
            return NOBODY;
        }
        *p = (struct pair){.payer = payer,
                           .author = author,
                           .slot = (uint8_t)slot,
                           .own = people_controls(w->p, author, actor),
                           .trusted = actor_at(w->p, actor)->trusted,
                           .group = NOBODY,
                           .cohort = NOBODY,
                           .run = NOBODY,
                           .burst = NOBODY};
    }
    if (!at) {
        err_nomem(e);
    }
    return at ? *at : NOBODY;
}

/* The pair's turn in this window, a new one when there is none. NULL without memory. */
static struct turn *turn_of(struct windows *w, uint32_t i, struct err *e)
{
    struct pair *p = pair_at(w, i);
    if (p->turn < w->turn.n && AT(w->turn, struct turn, p->turn)->pair == i) {
        return AT(w->turn, struct turn, p->turn);
    }
    struct turn *t = list_add(&w->turn);
    if (!t) {
        err_nomem(e);
        return NULL;
    }
    p->turn = (uint32_t)w->turn.n - 1;
    t->pair = i;
    return t;
}

/* --- first funders */

const struct funder *windows_funder(const struct windows *w, uint32_t payer, unsigned slot)
{
    return AT(w->funder, struct funder, (size_t)payer * SLOTS + slot);
}

static void note_sent(struct windows *w, uint32_t actor, unsigned slot)
{
    uint32_t payer = actor_at(w->p, actor)->payer;
    if (payer != NOBODY) {
        struct funder *f = AT(w->funder, struct funder, (size_t)payer * SLOTS + slot);
        f->sent |= f->actor == NOBODY;
    }
}

static void note_inflow(struct windows *w, const struct move *m)
{
    uint32_t payer = actor_at(w->p, m->to)->payer;
    if (payer != NOBODY) {
        struct funder *f = AT(w->funder, struct funder, (size_t)payer * SLOTS + m->slot);
        if (f->actor == NOBODY && !f->sent) {
            *f = (struct funder){m->from, false, m->time, m->at};
        }
    }
}

/* --- bursts */

static struct minutes *run_at(const struct windows *w, uint32_t i)
{
    return AT(w->run, struct minutes, i);
}

static souk_err end_run(struct windows *w, uint32_t i, struct err *e)
{
    struct pair *p = pair_at(w, i);
    if (p->run == NOBODY) {
        return SOUK_OK;
    }
    const struct minutes *run = run_at(w, p->run);
    int64_t long_for = run->last_minute - run->first_minute + 1;
    if (long_for >= (int64_t)w->r->burst_minutes &&
        wide_even(run->gaps, (uint64_t)(run->last - run->first), (uint64_t)run->squares,
                  w->r->burst_cv)) {
        struct burst *b = list_add(&w->burst);
        if (!b) {
            return err_nomem(e);
        }
        *b = (struct burst){i, run->first_minute, run->last_minute, (uint32_t)run->gaps + 1};
    }
    uint32_t *spare = list_add(&w->free_run);
    if (!spare) {
        return err_nomem(e);
    }
    *spare = p->run;
    p->run = NOBODY;
    return SOUK_OK;
}

/* The pair's minute is over: it goes on with a run of full ones, begins one, or ends it. */
static souk_err end_minute(struct windows *w, uint32_t i, struct err *e)
{
    struct pair *p = pair_at(w, i);
    bool full = p->minute_n > w->r->burst_per_minute;
    int64_t minute = minute_of(p->minute_first);
    bool on = p->run != NOBODY && run_at(w, p->run)->last_minute + 1 == minute;
    if (!full || !on) {
        souk_err rc = end_run(w, i, e);
        if (rc || !full) {
            return rc;
        }
        if (w->free_run.n) {
            p->run = *AT(w->free_run, uint32_t, --w->free_run.n);
        } else if (list_add(&w->run)) {
            p->run = (uint32_t)w->run.n - 1;
        } else {
            return err_nomem(e);
        }
        *run_at(w, p->run) = (struct minutes){.first_minute = minute, .first = p->minute_first};
    } else {
        int64_t gap = p->minute_first - run_at(w, p->run)->last;
        run_at(w, p->run)->squares += gap * gap;
        run_at(w, p->run)->gaps++;
    }
    struct minutes *run = run_at(w, p->run);
    run->last_minute = minute;
    run->last = p->minute_first + p->minute_seconds;
    run->squares += p->minute_squares;
    run->gaps += p->minute_n - 1;
    return SOUK_OK;
}

static souk_err count_minute(struct windows *w, uint32_t i, int64_t time, struct err *e)
{
    struct pair *p = pair_at(w, i);
    if (p->minute_n && minute_of(p->minute_first) == minute_of(time)) {
        int64_t gap = time - p->minute_first - p->minute_seconds;
        p->minute_squares = (uint16_t)(p->minute_squares + gap * gap); /* at most 59^2 */
        p->minute_seconds = (uint8_t)(p->minute_seconds + gap);
        p->minute_n += p->minute_n < UINT32_MAX;
        return SOUK_OK;
    }
    souk_err rc = p->minute_n ? end_minute(w, i, e) : SOUK_OK;
    p->minute_first = time;
    p->minute_squares = p->minute_seconds = 0;
    p->minute_n = 1;
    return rc;
}

static int by_pair(const void *x, const void *y)
{
    const struct burst *a = x, *b = y;
    if (a->pair != b->pair) {
        return a->pair < b->pair ? -1 : 1;
    }
    return a->first_minute < b->first_minute ? -1 : a->first_minute > b->first_minute;
}

static souk_err end_bursts(struct windows *w, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (uint32_t i = 0; i < w->pair.n && !rc; i++) {
        rc = pair_at(w, i)->minute_n ? end_minute(w, i, e) : SOUK_OK;
        rc = rc ? rc : end_run(w, i, e);
    }
    list_sort(&w->burst, by_pair);
    for (uint32_t k = (uint32_t)w->burst.n; k-- > 0;) {
        pair_at(w, AT(w->burst, struct burst, k)->pair)->burst = k;
    }
    return rc;
}

/* --- the graph */

uint32_t windows_node(const struct people *p, uint32_t actor)
{
    const struct actor *a = actor_at(p, actor);
    return a->controls ? *AT(p->control, uint32_t, a->control) : (uint32_t)p->author.n + actor;
}

static souk_err put_edge(struct windows *w, const struct move *m, struct err *e)
{
    uint32_t from = windows_node(w->p, m->from), to = windows_node(w->p, m->to);
    if (from == to || actor_at(w->p, m->from)->hub || actor_at(w->p, m->to)->hub) {
        return SOUK_OK;
    }
    struct list *edges = &w->edge[m->slot];
    uint32_t *at = map_put(&w->by_edge[m->slot], (uint64_t)from << 32 | to, (uint32_t)edges->n);
    if (!at) {
        return err_nomem(e);
    }
    struct edge *x = *at == edges->n ? list_add(edges) : AT(*edges, struct edge, *at);
    if (!x) {
        return err_nomem(e);
    }
    x->from = from;
    x->to = to;
    x->n += x->n < UINT32_MAX;
    (void)u256_add(x->amount, m->amount, &x->amount);
    return SOUK_OK;
}

struct finding_circles {
    struct windows *w;
    unsigned slot;
};

static souk_err on_circle(void *ud, const uint32_t *node, size_t nodes, uint32_t rounds,
                          struct err *e)
{
    struct finding_circles *f = ud;
    struct windows *w = f->w;
    struct circle *c = list_add(&w->circle);
    if (!c) {
        return err_nomem(e);
    }
    *c = (struct circle){w->window, f->slot, rounds, w->member.n, nodes};
    for (size_t i = 0; i < nodes; i++) {
        uint32_t *row = list_add(&w->member);
        uint32_t *sum = map_put(&w->rounds, node_key(node[i], f->slot), 0);
        if (!row || !sum) {
            return err_nomem(e);
        }
        *row = node[i];
        *sum = *sum > UINT32_MAX - rounds ? UINT32_MAX : *sum + rounds;
    }
    return SOUK_OK;
}

static souk_err find_circles(struct windows *w, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (unsigned slot = 0; slot < w->p->assets; slot++) {
        struct finding_circles f = {w, slot};
        struct list *edges = &w->edge[slot];
        if (!rc) {
            rc = circles_find(edges->p, edges->n, (uint32_t)w->p->author.n, w->r->cycle_margin,
                              on_circle, &f, e);
        }
        edges->n = 0;
        map_release(&w->by_edge[slot]);
    }
    return rc;
}

/* --- the end of a window */

static bool came_back(const struct windows *w, const struct turn *t)
{
    bool more = u256_cmp(t->paid, t->back) > 0;
    uint32_t trips = t->runs_paid < t->runs_back ? t->runs_paid : t->runs_back;
    return !pair_at(w, t->pair)->own && trips >= w->r->return_trips &&
           wide_at_least(more ? t->back : t->paid, 1000, more ? t->paid : t->back,
                         w->r->return_ratio);
}

static souk_err close_window(struct windows *w, struct err *e)
{
    for (size_t i = 0; i < w->turn.n; i++) {
        const struct turn *t = AT(w->turn, struct turn, i);
        if (!came_back(w, t)) {
            continue;
        }
        struct flagged *f = list_add(&w->back);
        if (!f) {
            return err_nomem(e);
        }
        *f = (struct flagged){w->window, t->pair};
    }
    w->turn.n = 0;
    return find_circles(w, e);
}

/* --- the moves */

static souk_err paid(struct windows *w, const struct move *m, struct err *e)
{
    uint32_t payer = actor_at(w->p, m->from)->payer;
    if (payer == NOBODY) {
        return SOUK_OK; /* no log names him */
    }
    uint32_t i = put_pair(w, payer, m->author, m->slot, e);
    struct turn *t = i == NOBODY ? NULL : turn_of(w, i, e);
    if (!t) {
        return SOUK_ENOMEM;
    }
    struct pair *p = pair_at(w, i);
    p->first = p->n ? p->first : m->time;
    p->n += p->n < UINT32_MAX;
    (void)u256_add(t->paid, m->amount, &t->paid);
    t->runs_paid += !t->runs_paid || !t->paid_last;
    t->paid_last = true;
    return count_minute(w, i, m->time, e);
}

/* A transfer from an author's address to a payer. */
static souk_err given(struct windows *w, const struct move *m, struct err *e)
{
    const struct actor *from = actor_at(w->p, m->from);
    uint32_t payer = actor_at(w->p, m->to)->payer;
    for (uint32_t k = 0; payer != NOBODY && k < from->controls; k++) {
        uint32_t author = *AT(w->p->control, uint32_t, from->control + k);
        uint32_t i = put_pair(w, payer, author, m->slot, e);
        struct turn *t = i == NOBODY ? NULL : turn_of(w, i, e);
        if (!t) {
            return SOUK_ENOMEM;
        }
        (void)u256_add(t->back, m->amount, &t->back);
        t->runs_back += !t->runs_back || t->paid_last;
        t->paid_last = false;
    }
    return SOUK_OK;
}

static souk_err on_move(void *ud, const struct move *m, struct err *e)
{
    struct windows *w = ud;
    int64_t window = window_of(w->r, m->time);
    souk_err rc = SOUK_OK;
    if (w->any && window != w->window) {
        rc = close_window(w, e);
    }
    w->any = true;
    w->window = window;
    if (rc || m->kind == MOVE_REFUND || m->kind == MOVE_WITHDRAWAL) {
        return rc;
    }
    if (m->from != m->to) {
        note_sent(w, m->from, m->slot);
        if (m->kind == MOVE_DEPOSIT) {
            return SOUK_OK;
        }
        note_inflow(w, m);
        rc = put_edge(w, m, e);
    }
    if (!rc && m->kind == MOVE_TRANSFER) {
        rc = given(w, m, e);
    }
    return rc || !m->who ? rc : paid(w, m, e);
}

static souk_err prepare(struct windows *w, struct err *e)
{
    size_t funders = w->p->payer.n * SLOTS;
    w->pair.size = sizeof(struct pair);
    w->burst.size = sizeof(struct burst);
    w->back.size = sizeof(struct flagged);
    w->circle.size = sizeof(struct circle);
    w->member.size = w->free_run.size = sizeof(uint32_t);
    w->turn.size = sizeof(struct turn);
    w->run.size = sizeof(struct minutes);
    map_init(&w->by_pair, PAIRS_MAX);
    map_init(&w->rounds, PAIRS_MAX);
    for (unsigned i = 0; i < SLOTS; i++) {
        map_init(&w->by_edge[i], PAIRS_MAX);
        w->edge[i].size = sizeof(struct edge);
    }
    if (w->p->payer.n >= PAYERS_MAX) {
        return err_nomem(e);
    }
    w->funder = (struct list){.size = sizeof(struct funder), .n = funders, .room = funders};
    w->funder.p = funders ? mem_array(funders, sizeof(struct funder)) : NULL;
    for (size_t i = 0; i < funders && w->funder.p; i++) {
        AT(w->funder, struct funder, i)->actor = NOBODY;
    }
    return funders && !w->funder.p ? err_nomem(e) : SOUK_OK;
}

souk_err windows_run(struct windows *w, const struct people *p, struct store *s,
                     const struct network *n, const struct rules *r, const atomic_bool *stop,
                     struct err *e)
{
    *w = (struct windows){.p = p, .r = r};
    souk_err rc = prepare(w, e);
    if (!rc) {
        rc = people_each_move(p, s, n, stop, on_move, w, e);
    }
    if (!rc) {
        rc = close_window(w, e);
    }
    return rc ? rc : end_bursts(w, e);
}

void windows_release(struct windows *w)
{
    struct list *const lists[] = {&w->pair,   &w->funder, &w->burst, &w->back,    &w->circle,
                                  &w->member, &w->turn,   &w->run,   &w->free_run};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        list_release(lists[i]);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        list_release(&w->edge[i]);
        map_release(&w->by_edge[i]);
    }
    map_release(&w->by_pair);
    map_release(&w->rounds);
}
