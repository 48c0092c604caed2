/* Whose a payment is, whose an inference: asked of what attrib.c loaded. */
#include <string.h>

#include "base/mem.h"
#include "market/derive/attrib_internal.h"

#include "base/banned.h"

/* --- payments */

static bool before(const struct event_row *ev, const struct pay_row *p)
{
    return ev->block < p->block || (ev->block == p->block && ev->log < p->log);
}

struct range range_of(const struct attrib *a, const struct list *order, size_t field, int64_t id)
{
    const uint32_t *at = order->p;
    size_t lo = 0, hi = order->n;
    int64_t key = 0;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        memcpy(&key, (const char *)event_at(a, at[mid]) + field, sizeof key);
        if (key < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    struct range r = {at + lo, 0};
    for (; lo + r.n < order->n; r.n++) {
        memcpy(&key, (const char *)event_at(a, r.at[r.n]) + field, sizeof key);
        if (key != id) {
            break;
        }
    }
    return r;
}

static struct range payee_range(const struct attrib *a, int64_t payee)
{
    return range_of(a, &a->by_payee, offsetof(struct event_row, pay_to), payee);
}

/* The one author who may have what is paid here: see rule 3. 0: nobody. */
static int64_t one_author(const struct attrib *a, struct range r, const struct pay_row *p)
{
    int64_t any = 0, proven = 0;
    bool many = false, many_proven = false;
    for (size_t i = 0; i < r.n; i++) {
        const struct event_row *ev = event_at(a, r.at[i]);
        if (!ev->chosen || !before(ev, p)) {
            continue;
        }
        many |= any && any != ev->author;
        any = ev->author;
        if (ev->proven) {
            many_proven |= proven && proven != ev->author;
            proven = ev->author;
        }
    }
    return !many ? any : many_proven ? 0 : proven;
}

/* Was this the state of its listing when p was paid? */
static bool in_force(const struct attrib *a, const struct event_row *ev, const struct pay_row *p)
{
    return ev->next == UINT32_MAX || !before(event_at(a, ev->next), p);
}

/* The only model of author that the payee may stand for; -1: several; by price: that asks this. */
static int64_t one_model(const struct attrib *a, struct range r, const struct pay_row *p,
                         int64_t author, bool by_price)
{
    int64_t model = 0;
    for (size_t i = 0; i < r.n; i++) {
        const struct event_row *ev = event_at(a, r.at[i]);
        if (!ev->chosen || !before(ev, p) || ev->author != author) {
            continue;
        }
        if (by_price &&
            (!in_force(a, ev, p) || ev->asset != p->asset || u256_cmp(ev->price, p->amount) != 0)) {
            continue;
        }
        if (model && model != ev->model) {
            return -1;
        }
        model = ev->model;
    }
    return model;
}

struct verdict attrib_pay(const struct attrib *a, const struct pay_row *p)
{
    struct range r = payee_range(a, p->payee);
    if (r.n == 0) {
        return (struct verdict){0, 0};
    }
    int64_t author = one_author(a, r, p);
    if (!author) {
        return (struct verdict){0, BY_NOBODY};
    }
    int64_t model = one_model(a, r, p, author, false);
    if (model > 0) {
        return (struct verdict){model, BY_PAYEE};
    }
    model = pay_is_call(p->scheme) ? one_model(a, r, p, author, true) : 0;
    return model > 0 ? (struct verdict){model, BY_PRICE} : (struct verdict){-author, BY_AUTHOR};
}

/* --- spans */

/* What is known of a payee's events up to some place: rule 3, kept up event by event. */
struct standing {
    int64_t any, proven;
    bool many, many_proven;
    int64_t author, model; /* the one who may have it; his only model there, -1: several */
};

static void meet(const struct attrib *a, struct range r, size_t i, struct standing *s)
{
    const struct event_row *ev = event_at(a, r.at[i]);
    s->many |= s->any && s->any != ev->author;
    s->any = ev->author;
    if (ev->proven) {
        s->many_proven |= s->proven && s->proven != ev->author;
        s->proven = ev->author;
    }
    int64_t author = !s->many ? s->any : s->many_proven ? 0 : s->proven;
    if (author == s->author && ev->author != author) {
        return;
    }
    size_t from = author == s->author ? i : 0; /* another author: his events from the first on */
    s->model = author == s->author ? s->model : 0;
    s->author = author;
    for (size_t k = from; k <= i; k++) {
        const struct event_row *x = event_at(a, r.at[k]);
        if (x->chosen && x->author == author) {
            s->model = s->model && s->model != x->model ? -1 : x->model;
        }
    }
}

static struct verdict verdict_of(const struct standing *s)
{
    if (!s->author) {
        return (struct verdict){0, BY_NOBODY};
    }
    return s->model > 0 ? (struct verdict){s->model, BY_PAYEE}
                        : (struct verdict){-s->author, BY_PRICE};
}

/* The spans of the payee whose events are r; false without memory. */
static bool spans_of(const struct attrib *a, struct range r, struct spans *out)
{
    struct standing s = {.model = 0};
    struct verdict now = {0, BY_NOBODY};
    out->n = 0;
    for (size_t i = 0; i <= r.n; i++) { /* the first span begins with the chain */
        const struct event_row *ev = i ? event_at(a, r.at[i - 1]) : NULL;
        if (ev && !ev->chosen) {
            continue;
        }
        if (ev) {
            meet(a, r, i - 1, &s);
        }
        struct verdict v = ev ? verdict_of(&s) : now;
        if (ev && v.who == now.who && v.how == now.how) {
            continue;
        }
        struct span *grown = mem_grow(out->span, out->n, &out->room, sizeof *grown);
        if (!grown) {
            return false;
        }
        out->span = grown;
        now = v;
        out->span[out->n++] =
            ev ? (struct span){ev->block, ev->log, ev->time, v} : (struct span){0, 0, INT64_MIN, v};
    }
    return true;
}

souk_err attrib_each_payee(const struct attrib *a,
                           souk_err (*fn)(void *ud, int64_t payee, const struct spans *s,
                                          struct err *e),
                           void *ud, struct err *e)
{
    const uint32_t *at = a->by_payee.p;
    struct spans s = {.n = 0};
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < a->by_payee.n && !rc;) {
        int64_t payee = event_at(a, at[i])->pay_to;
        struct range r = {at + i, 0};
        for (; i < a->by_payee.n && event_at(a, at[i])->pay_to == payee; i++) {
            r.n++;
        }
        rc = spans_of(a, r, &s) ? fn(ud, payee, &s, e) : err_nomem(e);
    }
    mem_free(s.span);
    return rc;
}

/* --- inferences */

struct verdict attrib_cid(const struct attrib *a, int64_t cid)
{
    const struct claim *c = a->claim.p;
    size_t lo = 0, hi = a->claim.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c[mid].cid < cid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == a->claim.n || c[lo].cid != cid) {
        return (struct verdict){0, 0};
    }
    return (struct verdict){c[lo].model, c[lo].model ? BY_CID : BY_NOBODY};
}

souk_err attrib_each_cid(const struct attrib *a,
                         souk_err (*fn)(void *ud, int64_t cid, struct verdict v, struct err *e),
                         void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < a->claim.n && !rc; i++) {
        int64_t cid = ((const struct claim *)a->claim.p)[i].cid;
        rc = fn(ud, cid, attrib_cid(a, cid), e);
    }
    return rc;
}
