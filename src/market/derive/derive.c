#include "market/derive.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/derive/attrib.h"
#include "market/packed.h"
#include "market/derive/tally.h"

#include "base/banned.h"

enum {
    RULES = 1,           /* moves when the rules do: then everything is derived again */
    BLOB_MAX = 64 << 20, /* bytes of one account's days */
    CHANGES_MAX = 1 << 26,
};

/* A payment whose attribution is not what pay_model says. */
struct change {
    uint64_t block, log;
    struct verdict v;
};

struct derivation {
    struct store *w;
    const struct network *n;
    struct attrib *attrib;
    struct tally tally;
    uint64_t as_of_block;
    struct change *change;
    size_t changes, change_room;
    struct {
        int64_t cid, author;
        struct verdict v;
        bool any;
    } infer; /* the CID under way */
    uint64_t listed, proven;
    struct derived_model *model; /* rows to write */
    size_t models, model_room;
    struct arena text; /* of those rows */
    bool unpacked;     /* a packed value could not be made: the transaction must not stand */
};

/* --- what it is derived from */

static const char key_raw[] = "derived_raw", key_rules[] = "derived_rules",
                  key_payment[] = "derived_payment_chain",
                  key_inference[] = "derived_inference_chain";

bool derive_stale(struct store *s)
{
    return store_meta_int(s, key_raw, -1) != store_raw_version(s) ||
           store_meta_int(s, key_rules, -1) != RULES;
}

static bool same_chains(struct store *s, const struct network *n)
{
    return store_meta_int(s, key_payment, -1) == n->payment.chain_id &&
           store_meta_int(s, key_inference, -1) == n->inference.chain_id;
}

static souk_err remember(struct derivation *d, struct err *e)
{
    const struct {
        const char *key;
        int64_t v;
    } meta[] = {
        {key_raw, store_raw_version(d->w)},
        {key_rules, RULES},
        {key_payment, d->n->payment.chain_id},
        {key_inference, d->n->inference.chain_id},
        {"as_of", d->tally.as_of},
        {"as_of_block", (int64_t)d->as_of_block},
        {"listed", (int64_t)d->listed},
        {"proven", (int64_t)d->proven},
    };
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof meta / sizeof *meta && !rc; i++) {
        rc = store_meta_set_int(d->w, meta[i].key, meta[i].v, e);
    }
    return rc;
}

static int64_t window_end(struct derivation *d)
{
    struct cursor c = {0};
    if (!store_cursor_get(d->w, d->n->payment.chain_id, FILTER_PAYMENTS, &c)) {
        store_cursor_get(d->w, d->n->inference.chain_id, FILTER_INFERENCES, &c);
    }
    d->as_of_block = c.block;
    return c.time;
}

/* --- counting */

static souk_err changed(struct derivation *d, const struct pay_row *p, struct verdict v,
                        struct err *e)
{
    if (d->changes == d->change_room) {
        size_t room = d->change_room ? d->change_room * 2 : 256;
        struct change *c =
            d->changes < CHANGES_MAX ? mem_resize(d->change, room * sizeof *c) : NULL;
        if (!c) {
            return err_nomem(e);
        }
        d->change = c;
        d->change_room = room;
    }
    d->change[d->changes++] = (struct change){p->block, p->log, v};
    return SOUK_OK;
}

static souk_err on_pay(void *ud, const struct pay_row *p, struct err *e)
{
    struct derivation *d = ud;
    struct tally *t = &d->tally;
    struct verdict v = attrib_pay(d->attrib, p);
    souk_err rc = SOUK_OK;
    if (v.how != p->how || v.who != p->who) {
        rc = changed(d, p, v, e);
    }
    if (v.how == 0) {
        tally_stray(t, p);
        return rc;
    }
    if (!rc) {
        rc = tally_pay(t, account_payee(p->payee), p, false, e);
    }
    if (rc || v.who == 0) {
        return rc;
    }
    bool shared = v.who < 0;
    if (!shared) {
        rc = tally_pay(t, v.who, p, false, e);
    }
    if (!rc) {
        rc = tally_pay(t, shared ? v.who : -attrib_author(d->attrib, v.who), p, shared, e);
    }
    return rc ? rc : tally_pay(t, ACCOUNT_MARKET, p, shared, e);
}

static souk_err on_infer(void *ud, const struct infer_row *i, struct err *e)
{
    struct derivation *d = ud;
    if (!d->infer.any || d->infer.cid != i->cid) {
        d->infer.any = true;
        d->infer.cid = i->cid;
        d->infer.v = attrib_cid(d->attrib, i->cid);
        d->infer.author = attrib_author(d->attrib, d->infer.v.who);
    }
    if (d->infer.v.how == 0) {
        tally_unknown(&d->tally, i->time);
    }
    if (d->infer.v.who == 0) {
        return SOUK_OK;
    }
    souk_err rc = tally_infer(&d->tally, d->infer.v.who, i->time, e);
    if (!rc) {
        rc = tally_infer(&d->tally, -d->infer.author, i->time, e);
    }
    return rc ? rc : tally_infer(&d->tally, ACCOUNT_MARKET, i->time, e);
}

static souk_err count(struct derivation *d, struct err *e)
{
    struct asset_row asset[INCOME_MAX];
    size_t assets;
    souk_err rc = store_assets(d->w, d->n->payment.chain_id, asset, INCOME_MAX, &assets, e);
    if (rc) {
        return rc;
    }
    tally_init(&d->tally, window_end(d), asset, assets);
    rc = attrib_load(d->w, d->n, &d->attrib, e);
    if (!rc) {
        rc = store_each_pay(d->w, d->n->payment.chain_id, on_pay, d, e);
    }
    if (!rc) {
        rc = store_each_infer(d->w, d->n->inference.chain_id, on_infer, d, e);
    }
    if (!rc) {
        tally_finish(&d->tally);
    }
    return rc;
}

/* --- writing */

/* What b holds; that it could not hold it is remembered, for the buffer forgets when cleared. */
static struct untrusted packed(struct derivation *d, const struct buf *b)
{
    d->unpacked |= b->bad != SOUK_OK;
    return untrusted_n(b->p, b->len);
}

/* Packs the sums of one row of slots; what b held before is gone. */
static struct untrusted pack_sums(struct derivation *d, struct buf *b, const u256 *sum)
{
    buf_clear(b);
    for (size_t i = 0; i < d->tally.assets; i++) {
        pack_income(b, (uint32_t)d->tally.asset[i], sum[i]);
    }
    return packed(d, b);
}

static souk_err write_figures(struct derivation *d, const struct account *a, int w,
                              struct buf *income, struct buf *shared, struct err *e)
{
    const struct tally_window *t = &a->win[w];
    struct figures_out f = {.win = w,
                            .who = a->who,
                            .calls = t->payments + t->inferences,
                            .payments = t->payments,
                            .settlements = t->settlements,
                            .inferences = t->inferences,
                            .payers = t->payers,
                            .back = t->back,
                            .fresh = t->fresh,
                            .income = pack_sums(d, income, a->income[w]),
                            .shared = pack_sums(d, shared, a->shared[w]),
                            .last = a->last};
    return store_figures_put(d->w, &f, e);
}

static souk_err write_payee(struct derivation *d, const struct account *a, int w,
                            struct buf *income, struct err *e)
{
    struct payee_out p = {.win = w,
                          .payee = payee_of_account(a->who),
                          .payments = a->win[w].payments,
                          .settlements = a->win[w].settlements,
                          .income = pack_sums(d, income, a->income[w])};
    return store_payee_put(d->w, &p, e);
}

/* The window rows of one account; the market's are written apart. */
static souk_err write_windows(struct derivation *d, const struct account *a, struct buf *income,
                              struct buf *shared, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
        const struct tally_window *t = &a->win[w];
        if (t->payments + t->settlements + t->inferences == 0) {
            rc = payee_of_account(a->who) ? store_payee_none(d->w, w, payee_of_account(a->who), e)
                                          : store_figures_none(d->w, w, a->who, e);
            continue;
        }
        rc = payee_of_account(a->who) ? write_payee(d, a, w, income, e)
                                      : write_figures(d, a, w, income, shared, e);
    }
    return rc;
}

static souk_err write_spark(struct derivation *d, const struct account *a, struct buf *b,
                            struct err *e)
{
    bool any = false;
    buf_clear(b);
    for (int i = 0; i < SPARK_DAYS; i++) {
        uint32_t v = a->spark[i] > UINT16_MAX ? UINT16_MAX : a->spark[i];
        buf_addc(b, (char)(v & 0xff));
        buf_addc(b, (char)(v >> 8));
        any |= v != 0;
    }
    return store_spark_put(d->w, a->who, any ? packed(d, b) : untrusted_n(NULL, 0), e);
}

static souk_err write_days(struct derivation *d, const struct account *a, struct buf *b,
                           struct err *e)
{
    const struct tally *t = &d->tally;
    buf_clear(b);
    for (size_t i = 0; i < a->days; i++) {
        const u256 *sum = a->day_income + i * t->assets;
        uint32_t n = 0;
        for (size_t k = 0; k < t->assets; k++) {
            n += !u256_is_zero(sum[k]);
        }
        pack_u32(b, (uint64_t)a->day[i].day);
        pack_u32(b, a->day[i].payments);
        pack_u32(b, a->day[i].settlements);
        pack_u32(b, a->day[i].inferences);
        pack_u32(b, n);
        for (size_t k = 0; k < t->assets; k++) {
            pack_income(b, (uint32_t)t->asset[k], sum[k]);
        }
    }
    return store_days_put(d->w, a->who, packed(d, b), e);
}

static souk_err write_accounts(struct derivation *d, struct buf *x, struct buf *y, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < d->tally.accounts && !rc; i++) {
        const struct account *a = &d->tally.account[i];
        bool payee = payee_of_account(a->who) != 0;
        if (a->who != ACCOUNT_MARKET) {
            rc = write_windows(d, a, x, y, e);
        }
        if (!rc && !payee) {
            rc = write_spark(d, a, x, e);
        }
        if (!rc && !payee) {
            rc = write_days(d, a, x, e);
        }
    }
    return rc;
}

/* Days and sparks of accounts that are no more. */
struct leftover {
    struct derivation *d;
    int64_t *who;
    size_t n, room;
};

static souk_err on_who(void *ud, const struct who_row *row, struct err *e)
{
    struct leftover *l = ud;
    uint64_t key = (uint64_t)row->who + ((uint64_t)1 << 62);
    if (map_get(&l->d->tally.by_who, key)) {
        return SOUK_OK;
    }
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        int64_t *who = mem_resize(l->who, room * sizeof *who);
        if (!who) {
            return err_nomem(e);
        }
        l->who = who;
        l->room = room;
    }
    l->who[l->n++] = row->who;
    return SOUK_OK;
}

static souk_err remove_leftovers(struct derivation *d, struct err *e)
{
    struct leftover l = {.d = d};
    souk_err rc = store_each_days_who(d->w, on_who, &l, e);
    for (size_t i = 0; i < l.n && !rc; i++) {
        rc = store_days_put(d->w, l.who[i], untrusted_n(NULL, 0), e);
        if (!rc) {
            rc = store_spark_put(d->w, l.who[i], untrusted_n(NULL, 0), e);
        }
        for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
            rc = store_figures_none(d->w, w, l.who[i], e);
        }
    }
    mem_free(l.who);
    return rc;
}

static const struct account *market_account(const struct derivation *d)
{
    static const struct account nothing;
    const struct tally *t = &d->tally;
    for (size_t i = 0; i < t->accounts; i++) {
        if (t->account[i].who == ACCOUNT_MARKET) {
            return &t->account[i];
        }
    }
    return &nothing;
}

static souk_err write_market(struct derivation *d, struct buf *x, struct buf *y, struct buf *z,
                             struct err *e)
{
    const struct tally *t = &d->tally;
    const struct account *a = market_account(d);
    souk_err rc = SOUK_OK;
    for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
        struct market_out m = {.win = w,
                               .payments = a->win[w].payments,
                               .settlements = a->win[w].settlements,
                               .inferences = a->win[w].inferences,
                               .payers = a->win[w].payers,
                               .strays = t->strays[w],
                               .unknown = t->unknown[w],
                               .income = pack_sums(d, x, a->income[w]),
                               .shared = pack_sums(d, y, a->shared[w]),
                               .stray = pack_sums(d, z, t->stray[w])};
        rc = store_market_put(d->w, &m, e);
    }
    return rc;
}

static const struct tally_week *week_row(const struct tally *t, int64_t week)
{
    static const struct tally_week nobody;
    for (size_t i = 0; i < t->weeks; i++) {
        if (t->week[i].week == week) {
            return &t->week[i];
        }
    }
    return &nobody;
}

/* The market's days, seven by seven. */
static souk_err write_weeks(struct derivation *d, struct buf *x, struct err *e)
{
    const struct tally *t = &d->tally;
    const struct account *a = market_account(d);
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < a->days && !rc;) {
        struct week_out w = {.week = week_of_day(a->day[i].day)};
        u256 sum[INCOME_MAX] = {{{0}}};
        for (; i < a->days && week_of_day(a->day[i].day) == w.week; i++) {
            w.payments += a->day[i].payments;
            w.settlements += a->day[i].settlements;
            w.inferences += a->day[i].inferences;
            for (size_t k = 0; k < t->assets; k++) {
                (void)u256_add(sum[k], a->day_income[i * t->assets + k], &sum[k]);
            }
        }
        const struct tally_week *p = week_row(t, w.week);
        w.payers = p->payers;
        w.fresh = p->fresh;
        w.income = pack_sums(d, x, sum);
        rc = store_week_put(d->w, &w, e);
    }
    return rc;
}

static souk_err on_cid(void *ud, int64_t cid, struct verdict v, struct err *e)
{
    struct derivation *d = ud;
    return store_cid_model_put(d->w, cid, v.who, v.how, e);
}

static souk_err write_changes(struct derivation *d, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < d->changes && !rc; i++) {
        const struct change *c = &d->change[i];
        rc = store_pay_model_put(d->w, d->n->payment.chain_id, c->block, c->log, c->v.who, c->v.how,
                                 e);
    }
    return rc;
}

/* --- the derived columns of model */

static bool same_text(struct untrusted a, struct untrusted b)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    return a.n == b.n && !a.p == !b.p && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_model(const struct derived_model *a, const struct derived_model *b)
{
    return a->mark == b->mark && a->ever == b->ever && a->blob_from == b->blob_from &&
           u256_cmp(a->price, b->price) == 0 && a->asset == b->asset && a->pay_to == b->pay_to &&
           a->owner == b->owner && a->listed_at == b->listed_at &&
           same_text(a->endpoint, b->endpoint) && same_text(a->blob_id, b->blob_id);
}

static bool was_called(const struct derivation *d, int64_t model)
{
    const uint32_t *at = map_get(&d->tally.by_who, (uint64_t)model + ((uint64_t)1 << 62));
    const struct tally_window *t = at ? &d->tally.account[*at].win[WINDOW_ALL] : NULL;
    return t && t->payments + t->settlements + t->inferences > 0;
}

static bool keep(struct derivation *d, struct untrusted *u)
{
    if (u->p) {
        u->p = arena_strndup(&d->text, u->p, u->n);
        return u->p != NULL;
    }
    return true;
}

static souk_err on_model(void *ud, const struct derived_model *old, struct err *e)
{
    struct derivation *d = ud;
    struct derived_model m = {.id = old->id, .author = old->author, .stated = old->stated};
    attrib_model(d->attrib, &m);
    m.ever = was_called(d, m.id);
    d->listed += m.mark != MARK_UNLISTED;
    d->proven += m.mark == MARK_PROVEN;
    if (same_model(old, &m)) {
        return SOUK_OK;
    }
    if (d->models == d->model_room) {
        size_t room = d->model_room ? d->model_room * 2 : 64;
        struct derived_model *grown = mem_resize(d->model, room * sizeof *grown);
        if (!grown) {
            return err_nomem(e);
        }
        d->model = grown;
        d->model_room = room;
    }
    if (!keep(d, &m.endpoint) || !keep(d, &m.blob_id)) {
        return err_nomem(e);
    }
    d->model[d->models++] = m;
    return SOUK_OK;
}

static souk_err write_models(struct derivation *d, struct err *e)
{
    souk_err rc = store_each_model(d->w, on_model, d, e);
    for (size_t i = 0; i < d->models && !rc; i++) {
        rc = store_derived_model_put(d->w, &d->model[i], e);
    }
    return rc;
}

/* --- all of it */

static souk_err write_all(struct derivation *d, struct err *e)
{
    struct buf x, y, z;
    buf_init(&x, BLOB_MAX);
    buf_init(&y, BLOB_MAX);
    buf_init(&z, BLOB_MAX);
    souk_err rc = store_derived_clear(d->w, e);
    if (!rc) {
        rc = write_accounts(d, &x, &y, e);
    }
    if (!rc) {
        rc = write_market(d, &x, &y, &z, e);
    }
    if (!rc) {
        rc = write_weeks(d, &x, e);
    }
    if (!rc && d->unpacked) {
        rc = err_nomem(e);
    }
    buf_release(&x);
    buf_release(&y);
    buf_release(&z);
    if (!rc) {
        rc = remove_leftovers(d, e);
    }
    if (!rc) {
        rc = store_cid_models_clear(d->w, e);
    }
    if (!rc) {
        rc = attrib_each_cid(d->attrib, on_cid, d, e);
    }
    if (!rc) {
        rc = write_changes(d, e);
    }
    if (!rc) {
        rc = write_models(d, e);
    }
    return rc ? rc : remember(d, e);
}

souk_err derive(struct store *w, const struct network *n, struct err *e)
{
    if (!derive_stale(w) && same_chains(w, n)) {
        return SOUK_OK;
    }
    souk_err rc = store_begin(w, e);
    if (rc) {
        return rc;
    }
    struct derivation d = {.w = w, .n = n};
    arena_init(&d.text, BLOB_MAX);
    if (store_meta_int(w, key_rules, RULES) != RULES) {
        rc = store_unread_all(w, e);
    }
    if (!rc) {
        rc = count(&d, e);
    }
    if (!rc) {
        rc = write_all(&d, e);
    }
    attrib_free(d.attrib);
    tally_release(&d.tally);
    mem_free(d.change);
    mem_free(d.model);
    arena_release(&d.text);
    if (rc) {
        store_rollback(w);
        return rc;
    }
    rc = store_commit(w, e);
    store_checkpoint(w);
    return rc;
}
