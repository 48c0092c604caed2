/* Which payees are counted by their sums, and which rows are needed besides. */
#include "market/derive/internal.h"

#include "base/banned.h"

bool owned_add(struct derivation *d, enum owned_kind k, int64_t author, int64_t id, int64_t who)
{
    struct owned *o = list_add(&d->of[k]);
    if (o) {
        *o = (struct owned){author, id, who};
    }
    return o != NULL;
}

static int by_author(const void *x, const void *y)
{
    const struct owned *a = x, *b = y;
    if (a->author != b->author) {
        return a->author < b->author ? -1 : 1;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

void owned_sort(struct derivation *d, enum owned_kind k)
{
    list_sort(&d->of[k], by_author);
}

/* FNV-1a: tells whether the spans are those that were written. */
static void print_add(uint64_t *print, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        *print = (*print ^ (v >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
    }
}

/* The span that holds everything between two times; NULL: none does surely. */
static const struct span *span_around(const struct spans *s, const int64_t time[2])
{
    for (size_t i = 0; i < s->n; i++) {
        /* A block's rows may be on both sides of an event in it. */
        bool after = s->span[i].time < time[0];
        bool before = i + 1 == s->n || time[1] < s->span[i + 1].time;
        if (after && before) {
            return &s->span[i];
        }
    }
    return NULL;
}

/* The verdict on all that was paid to the payee; false: rows differ, or may. */
static souk_err one_verdict(struct derivation *d, int64_t payee, const struct spans *s,
                            struct verdict *v, bool *one, bool *any, struct err *e)
{
    int64_t day[2], chain = d->n->payment.chain_id;
    souk_err rc = store_payee_days(d->w, chain, payee, day, any, e);
    *one = false;
    if (rc || !*any) {
        return rc;
    }
    int64_t time[2] = {day[0] * DAY_LENGTH, day[1] * DAY_LENGTH + DAY_LENGTH - 1};
    const struct span *span = span_around(s, time);
    if (!span) {
        rc = store_payee_times(d->w, chain, payee, time, e);
        span = rc ? NULL : span_around(s, time);
    }
    if (span && span->v.how != BY_PRICE) {
        *v = span->v;
        *one = true;
    }
    return rc;
}

/* The only author that spans give anything to; 0: several, or none. */
static int64_t one_author(const struct derivation *d, const struct spans *s)
{
    int64_t author = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t who = s->span[i].v.who, a = who > 0 ? attrib_author(d->attrib, who) : -who;
        if (author && a && a != author) {
            return 0;
        }
        author = a ? a : author;
    }
    return author;
}

static souk_err split(struct derivation *d, int64_t payee, const struct spans *s, struct err *e)
{
    int64_t author = d->indexed && !d->from_rows ? one_author(d, s) : 0;
    /* 1: is read with its author. */
    bool kept = map_put(&d->split, (uint64_t)payee, author != 0) != NULL;
    return kept && (!author || owned_add(d, OF_SPLIT, author, payee, 0)) ? SOUK_OK : err_nomem(e);
}

static souk_err on_payee(void *ud, int64_t payee, const struct spans *s, struct err *e)
{
    struct derivation *d = ud;
    struct verdict v;
    bool one, any;
    for (size_t i = 0; i < s->n; i++) {
        print_add(&d->spans, (uint64_t)payee);
        print_add(&d->spans, s->span[i].block);
        print_add(&d->spans, s->span[i].log);
        print_add(&d->spans, (uint64_t)s->span[i].v.who);
        print_add(&d->spans, (uint64_t)s->span[i].v.how);
    }
    if (!map_put(&d->listed, (uint64_t)payee, 0)) {
        return err_nomem(e);
    }
    souk_err rc = one_verdict(d, payee, s, &v, &one, &any, e);
    if (rc || (!any && !d->from_rows)) {
        return rc; /* was never paid */
    }
    if (!one || d->from_rows) {
        return split(d, payee, s, e);
    }
    int64_t author = v.who > 0 ? attrib_author(d->attrib, v.who) : -v.who;
    return owned_add(d, OF_WHOLE, author, payee, v.who) ? SOUK_OK : err_nomem(e);
}

/* --- the days that windows begin in */

struct parting {
    struct derivation *d;
    uint8_t win;
};

static souk_err on_part(void *ud, const struct move_row *r, struct err *e)
{
    struct parting *g = ud;
    size_t slot;
    bool counts = pay_is_call(r->kind) || pay_is_settlement(r->kind) || r->kind == PAY_REFUND;
    if (!counts || !tally_slot(&g->d->t, r->asset, &slot) ||
        map_get(&g->d->split, (uint64_t)r->to)) {
        return SOUK_OK;
    }
    struct part *p = list_add(&g->d->part);
    if (!p) {
        return err_nomem(e);
    }
    *p = (struct part){r->to, r->from, r->amount, g->win, (uint8_t)slot, (uint8_t)r->kind};
    return SOUK_OK;
}

static souk_err on_infer_part(void *ud, const struct infer_row *r, struct err *e)
{
    struct parting *g = ud;
    struct infer_part *p = list_add(&g->d->infer_part);
    if (!p) {
        return err_nomem(e);
    }
    *p = (struct infer_part){r->cid, g->win};
    return SOUK_OK;
}

static int by_payee(const void *x, const void *y)
{
    const struct part *a = x, *b = y;
    if (a->payee != b->payee) {
        return a->payee < b->payee ? -1 : 1;
    }
    return a->payer < b->payer ? -1 : a->payer > b->payer;
}

static int by_cid(const void *x, const void *y)
{
    const struct infer_part *a = x, *b = y;
    return a->cid < b->cid ? -1 : a->cid > b->cid;
}

static souk_err read_parts(struct derivation *d, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (uint8_t w = 0; w < WINDOW_COUNT && !rc; w++) {
        if (window_seconds((enum window)w) == 0) {
            continue;
        }
        struct parting g = {d, w};
        int64_t end = (d->t.cut[w] + 1) * DAY_LENGTH - 1;
        rc = store_each_pay_between(d->w, d->n->payment.chain_id, d->t.since[w], end, on_part, &g,
                                    e);
        if (!rc) {
            rc = store_each_infer_between(d->w, d->n->inference.chain_id, d->t.since[w], end,
                                          on_infer_part, &g, e);
        }
    }
    list_sort(&d->part, by_payee);
    list_sort(&d->infer_part, by_cid);
    return rc;
}

/* --- CIDs */

static souk_err on_called(void *ud, const struct who_row *r, struct err *e)
{
    struct derivation *d = ud;
    struct verdict v = attrib_cid(d->attrib, r->who);
    if (v.how && !v.who) {
        return SOUK_OK; /* claimed, but by several */
    }
    int64_t author = v.who ? attrib_author(d->attrib, v.who) : 0;
    return owned_add(d, OF_USED, author, r->who, v.who) ? SOUK_OK : err_nomem(e);
}

souk_err plan(struct derivation *d, struct err *e)
{
    d->spans = UINT64_C(0xcbf29ce484222325);
    souk_err rc = attrib_each_payee(d->attrib, on_payee, d, e);
    if (!rc && !d->from_rows) {
        rc = read_parts(d, e);
    }
    if (!rc && !d->from_rows) {
        rc = store_each_called(d->w, d->n->inference.chain_id, on_called, d, e);
    }
    owned_sort(d, OF_SPLIT);
    owned_sort(d, OF_WHOLE);
    owned_sort(d, OF_USED);
    return rc;
}
