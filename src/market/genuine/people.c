#include <stdlib.h>

#include "base/log.h"
#include "market/genuine/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

enum { FUNDEES_MAX = 1 << 28, ACTORS_MAX = 1 << 28, STOP_EACH = 1024 };

/* --- numbers for addresses. An addr.id is a rowid; only a tampered file has one below 0. */

static uint64_t key_of(int64_t id)
{
    return (uint64_t)id + 1;
}

static uint32_t put_actor(struct people *p, int64_t id, struct err *e)
{
    if (id < 0) {
        err_set(e, SOUK_EINPUT, "the cache is damaged: delete it, the next sync makes it anew");
        return NOBODY;
    }
    uint32_t *at = map_put(&p->by_id, key_of(id), (uint32_t)p->actor.n);
    if (at && *at == p->actor.n) {
        struct actor *a = list_add(&p->actor);
        if (!a) {
            err_nomem(e);
            return NOBODY;
        }
        *a = (struct actor){.id = id, .payer = NOBODY, .hub = id == 0};
    }
    if (!at) {
        err_nomem(e);
    }
    return at ? *at : NOBODY;
}

static uint32_t find_actor(const struct people *p, int64_t id)
{
    const uint32_t *at = id < 0 ? NULL : map_get(&p->by_id, key_of(id));
    return at ? *at : NOBODY;
}

/* --- whose an address is */

struct claim {
    int64_t author;
    uint32_t actor;
};

struct loading {
    struct people *p;
    struct list claim; /* struct claim */
};

static souk_err claim(struct loading *l, int64_t author, int64_t addr, struct err *e)
{
    uint32_t actor = put_actor(l->p, addr, e);
    if (actor == NOBODY) {
        return e ? e->code : SOUK_ENOMEM;
    }
    struct claim *c = author && addr ? list_add(&l->claim) : NULL;
    if (!c) {
        return author && addr ? err_nomem(e) : SOUK_OK;
    }
    *c = (struct claim){author, actor};
    return SOUK_OK;
}

static souk_err on_chosen(void *ud, const struct attrib_listing *row, struct err *e)
{
    souk_err rc = claim(ud, row->author, row->owner, e);
    return rc ? rc : claim(ud, row->author, row->pay_to, e);
}

static int by_actor(const void *x, const void *y)
{
    const struct claim *a = x, *b = y;
    if (a->actor != b->actor) {
        return a->actor < b->actor ? -1 : 1;
    }
    return a->author < b->author ? -1 : a->author > b->author;
}

static int by_number(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* NOBODY: without addresses. */
static uint32_t people_author(const struct people *p, int64_t author)
{
    size_t lo = 0, hi = p->author.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (author_at(p, (uint32_t)mid) < author) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < p->author.n && author_at(p, (uint32_t)lo) == author ? (uint32_t)lo : NOBODY;
}

bool people_controls(const struct people *p, uint32_t author, uint32_t actor)
{
    const struct actor *a = actor_at(p, actor);
    for (uint32_t i = 0; i < a->controls; i++) {
        if (*AT(p->control, uint32_t, a->control + i) == author) {
            return true;
        }
    }
    return false;
}

/* The authors there are, in order, each once. */
static souk_err list_authors(struct people *p, const struct list *claims, struct err *e)
{
    for (size_t i = 0; i < claims->n; i++) {
        int64_t *id = list_add(&p->author);
        if (!id) {
            return err_nomem(e);
        }
        *id = AT(*claims, struct claim, i)->author;
    }
    int64_t *v = p->author.p;
    size_t n = 0;
    if (p->author.n > 1) {
        qsort(v, p->author.n, sizeof *v, by_number);
    }
    for (size_t i = 0; i < p->author.n; i++) {
        if (n == 0 || v[n - 1] != v[i]) {
            v[n++] = v[i];
        }
    }
    p->author.n = n;
    return SOUK_OK;
}

static souk_err settle_claims(struct people *p, struct list *claims, struct err *e)
{
    souk_err rc = list_authors(p, claims, e);
    const struct claim *c = claims->p;
    list_sort(claims, by_actor);
    for (size_t i = 0; i < claims->n && !rc; i++) {
        if (i && c[i].actor == c[i - 1].actor && c[i].author == c[i - 1].author) {
            continue;
        }
        struct actor *a = actor_at(p, c[i].actor);
        uint32_t *row = list_add(&p->control);
        if (!row) {
            return err_nomem(e);
        }
        *row = people_author(p, c[i].author);
        a->control = a->controls ? a->control : (uint32_t)p->control.n - 1;
        a->controls++;
    }
    return rc;
}

static souk_err read_known(struct loading *l, struct store *s, const struct known *k, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; k && i < k->n && !rc; i++) {
        const struct known_row *row = &k->row[i];
        int64_t id = 0, author = 0;
        if (!store_addr_find(s, row->a, &id) && !address_is_zero(row->a)) {
            continue; /* it never moved anything */
        }
        uint32_t actor = put_actor(l->p, id, e);
        if (actor == NOBODY) {
            return e ? e->code : SOUK_ENOMEM;
        }
        struct actor *a = actor_at(l->p, actor);
        a->hub_said |= row->kind == KNOWN_HUB;
        a->trusted |= row->kind == KNOWN_TRUSTED;
        if (row->kind == KNOWN_AUTHOR) {
            rc = store_author_find(s, untrusted(row->words), &author, e);
            if (!rc && !author) {
                log_warn("%s:%u: the Hub knows no author \"%s\"", k->path, row->line, row->words);
            } else if (!rc) {
                rc = claim(l, author, id, e);
            }
        }
    }
    return rc;
}

/* --- the rows */

struct reader {
    const struct people *p;
    const struct network *n;
    const atomic_bool *stop;
    unsigned rows;
    move_fn fn;
    void *ud;
};

static unsigned slot_of(const struct people *p, int64_t asset)
{
    unsigned i = 0;
    while (i < p->assets && p->asset[i].addr != asset) {
        i++;
    }
    return i;
}

static souk_err stopped(const atomic_bool *stop, unsigned *rows, struct err *e)
{
    return stop && ++*rows % STOP_EACH == 0 && atomic_load(stop)
               ? err_set(e, SOUK_ECANCEL, "stopped")
               : SOUK_OK;
}

static enum move_kind kind_of(const struct move_row *row)
{
    if (row->payment) {
        return row->kind == PAY_REFUND ? MOVE_REFUND : MOVE_PAYMENT;
    }
    return row->kind == FLOW_DEPOSIT      ? MOVE_DEPOSIT
           : row->kind == FLOW_WITHDRAWAL ? MOVE_WITHDRAWAL
                                          : MOVE_TRANSFER;
}

static void attribute(const struct people *p, const struct move_row *row, struct move *m)
{
    const struct pay_row pay = {.block = row->block,
                                .log = row->log,
                                .payer = row->from,
                                .payee = row->to,
                                .asset = row->asset,
                                .amount = row->amount,
                                .scheme = row->kind,
                                .time = row->time};
    struct verdict v = {0, 0};
    if (row->payment && row->tier == TIER_PROVED && actor_at(p, m->to)->controls) {
        v = attrib_pay(p->attrib, &pay);
    }
    m->author =
        v.who ? people_author(p, v.who > 0 ? attrib_author(p->attrib, v.who) : -v.who) : NOBODY;
    m->who = m->author == NOBODY ? 0 : v.who;
}

static souk_err on_row(void *ud, const struct move_row *row, struct err *e)
{
    struct reader *r = ud;
    struct move m = {.kind = kind_of(row),
                     .slot = slot_of(r->p, row->asset),
                     .from = find_actor(r->p, row->from),
                     .to = find_actor(r->p, row->to),
                     .amount = row->amount,
                     .time = row->time,
                     .at = {row->block, row->log},
                     .call = row->payment && pay_is_call(row->kind)};
    souk_err rc = stopped(r->stop, &r->rows, e);
    if (rc || m.slot == r->p->assets) {
        return rc;
    }
    if (m.from == NOBODY || m.to == NOBODY) {
        BUG("a row's address came up after the first run");
    }
    attribute(r->p, row, &m);
    return m.from == m.to && !m.who ? SOUK_OK : r->fn(r->ud, &m, e);
}

souk_err people_each_move(const struct people *p, struct store *s, const struct network *n,
                          const atomic_bool *stop, move_fn fn, void *ud, struct err *e)
{
    struct reader r = {.p = p, .n = n, .stop = stop, .fn = fn, .ud = ud};
    return store_each_move(s, n->payment.chain_id, 0, on_row, &r, e);
}

/* --- the first run: everybody gets a number; who pays, and who feeds how many */

struct first_run {
    struct people *p;
    const struct rules *r;
    const atomic_bool *stop;
    struct map fed; /* funder and fundee; no more of each funder than tell a hub */
    unsigned rows;
};

static souk_err count_fundee(struct first_run *f, uint32_t from, uint32_t to, struct err *e)
{
    struct actor *a = actor_at(f->p, from);
    if (from == to || a->controls || a->hub || a->fundees > f->r->hub_fundees) {
        return SOUK_OK;
    }
    size_t before = f->fed.n;
    if (!map_put(&f->fed, ((uint64_t)from << 32 | to) + 1, 0)) {
        return err_nomem(e);
    }
    a->fundees += f->fed.n > before;
    return SOUK_OK;
}

static souk_err on_first(void *ud, const struct move_row *row, struct err *e)
{
    struct first_run *f = ud;
    souk_err rc = stopped(f->stop, &f->rows, e);
    if (rc || slot_of(f->p, row->asset) == f->p->assets) {
        return rc;
    }
    uint32_t from = put_actor(f->p, row->from, e);
    uint32_t to = from == NOBODY ? NOBODY : put_actor(f->p, row->to, e);
    if (to == NOBODY) {
        return e ? e->code : SOUK_ENOMEM;
    }
    enum move_kind kind = kind_of(row);
    struct actor *a = actor_at(f->p, from);
    if (kind == MOVE_TRANSFER) {
        return count_fundee(f, from, to, e);
    }
    if (kind == MOVE_PAYMENT && row->tier == TIER_PROVED && actor_at(f->p, to)->controls && a->id &&
        a->payer == NOBODY) {
        uint32_t *payer = list_add(&f->p->payer);
        if (!payer) {
            return err_nomem(e);
        }
        *payer = from;
        a->payer = (uint32_t)f->p->payer.n - 1;
    }
    return SOUK_OK;
}

static souk_err first_run(struct people *p, struct store *s, const struct network *n,
                          const struct rules *r, const atomic_bool *stop, struct err *e)
{
    struct first_run f = {.p = p, .r = r, .stop = stop};
    map_init(&f.fed, FUNDEES_MAX);
    souk_err rc = store_each_move(s, n->payment.chain_id, 0, on_first, &f, e);
    map_release(&f.fed);
    for (uint32_t i = 0; i < p->actor.n; i++) {
        struct actor *a = actor_at(p, i);
        a->hub |= a->hub_said || (!a->controls && a->fundees > r->hub_fundees);
    }
    return rc;
}

souk_err people_load(struct people *p, struct store *s, const struct network *n,
                     const struct rules *r, const struct known *k, const atomic_bool *stop,
                     struct err *e)
{
    struct loading l = {.p = p, .claim = {.size = sizeof(struct claim)}};
    *p = (struct people){.actor = {.size = sizeof(struct actor)},
                         .control = {.size = sizeof(uint32_t)},
                         .author = {.size = sizeof(int64_t)},
                         .payer = {.size = sizeof(uint32_t)}};
    map_init(&p->by_id, ACTORS_MAX);
    struct err own = {SOUK_OK, ""};
    e = e ? e : &own; /* its code is asked */
    souk_err rc = store_assets(s, n->payment.chain_id, p->asset, SLOTS, &p->assets, e);
    if (!rc) {
        rc = attrib_load(s, n, &p->attrib, e);
    }
    if (!rc) {
        rc = attrib_each_chosen(p->attrib, on_chosen, &l, e);
    }
    if (!rc) {
        rc = read_known(&l, s, k, e);
    }
    if (!rc) {
        rc = settle_claims(p, &l.claim, e);
    }
    list_release(&l.claim);
    return rc ? rc : first_run(p, s, n, r, stop, e);
}

void people_release(struct people *p)
{
    attrib_free(p->attrib);
    p->attrib = NULL;
    map_release(&p->by_id);
    list_release(&p->actor);
    list_release(&p->control);
    list_release(&p->author);
    list_release(&p->payer);
}
