#include "market/derive.h"

#include <string.h>

#include "base/mem.h"
#include "market/derive/internal.h"

#include "base/banned.h"

enum {
    RULES = 3, /* moves when the rules do: then everything is derived again */
    TEXT_MAX = 64 << 20,
    SET_MAX = 1 << 28,
};

/* --- what it is derived from */

static const char key_raw[] = "derived_raw", key_rules[] = "derived_rules",
                  key_payment[] = "derived_payment_chain",
                  key_inference[] = "derived_inference_chain", key_spans[] = "derived_spans";

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
        {key_spans, (int64_t)d->spans},
        {"as_of", d->t.as_of},
        {"as_of_block", (int64_t)d->as_of_block},
        {"listed", (int64_t)d->listed_models},
        {"proven", (int64_t)d->proven_models},
        {"alive_7d", (int64_t)d->alive[WINDOW_7D]},
        {"alive_30d", (int64_t)d->alive[WINDOW_30D]},
        {"alive_90d", (int64_t)d->alive[WINDOW_90D]},
        {"alive_all", (int64_t)d->alive[WINDOW_ALL]},
    };
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof meta / sizeof *meta && !rc; i++) {
        rc = store_meta_set_int(d->w, meta[i].key, meta[i].v, e);
    }
    return rc;
}

bool derive_payments_to(struct store *s, int64_t chain, struct cursor *out)
{
    return store_cursor_get(s, chain, FILTER_PAYMENTS, out) ||
           store_cursor_get(s, chain, FILTER_PAYEES, out);
}

static int64_t window_end(struct derivation *d)
{
    struct cursor c = {0};
    if (!derive_payments_to(d->w, d->n->payment.chain_id, &c)) {
        store_cursor_get(d->w, d->n->inference.chain_id, FILTER_INFERENCES, &c);
    }
    d->as_of_block = c.block;
    return c.time;
}

/* --- counting */

static souk_err begin(struct derivation *d, struct err *e)
{
    struct asset_row asset[INCOME_MAX];
    size_t assets;
    int64_t as_of = window_end(d);
    souk_err rc = store_assets(d->w, d->n->payment.chain_id, asset, INCOME_MAX, &assets, e);
    if (!rc) {
        rc = store_time_read(d->w, d->n->payment.chain_id, d->n->inference.chain_id, d->time, e);
    }
    if (rc) {
        return rc;
    }
    tally_init(&d->t, as_of, asset, assets);
    tally_init(&d->rows, as_of, asset, assets);
    tally_init(&d->total, as_of, asset, assets);
    payers_init(&d->payers, &d->t, day_of_time(d->time[0]), day_of_time(d->time[1]));
    d->indexed = store_indexed(d->w);
    return attrib_load(d->w, d->n, &d->attrib, e);
}

static souk_err count(struct derivation *d, struct err *e)
{
    souk_err rc = begin(d, e);
    if (!rc) {
        rc = plan(d, e);
    }
    if (!rc) {
        rc = count_aside(d, e);
    }
    return rc ? rc : count_rows(d, e);
}

/* --- accounts that are no more */

struct leftover {
    struct derivation *d;
    bool payees;
    struct list who; /* int64_t */
};

static souk_err on_who(void *ud, const struct who_row *row, struct err *e)
{
    struct leftover *l = ud;
    int64_t account = l->payees ? account_payee(row->who) : row->who;
    if (map_get(&l->d->called, account_key(account))) {
        return SOUK_OK;
    }
    int64_t *who = list_add(&l->who);
    if (!who) {
        return err_nomem(e);
    }
    *who = row->who;
    return SOUK_OK;
}

static souk_err remove_account(struct store *w, int64_t who, struct err *e)
{
    souk_err rc = store_days_put(w, who, untrusted_n(NULL, 0), e);
    if (!rc) {
        rc = store_spark_put(w, who, untrusted_n(NULL, 0), e);
    }
    if (!rc) {
        rc = store_trend_none(w, who, e);
    }
    for (int win = 0; win < WINDOW_COUNT && !rc; win++) {
        rc = store_figures_none(w, win, who, e);
    }
    return rc;
}

static souk_err remove_payee(struct store *w, int64_t payee, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (int win = 0; win < WINDOW_COUNT && !rc; win++) {
        rc = store_payee_none(w, win, payee, e);
    }
    return rc;
}

static souk_err remove_leftovers(struct derivation *d, bool payees, struct err *e)
{
    struct leftover l = {.d = d, .payees = payees, .who.size = sizeof(int64_t)};
    souk_err rc = payees ? store_each_payee_who(d->w, WINDOW_ALL, on_who, &l, e)
                         : store_each_days_who(d->w, on_who, &l, e);
    for (size_t i = 0; i < l.who.n && !rc; i++) {
        int64_t who = ((const int64_t *)l.who.p)[i];
        rc = payees ? remove_payee(d->w, who, e) : remove_account(d->w, who, e);
    }
    list_release(&l.who);
    return rc;
}

/* --- whose is what, for the pages */

static souk_err on_span(void *ud, int64_t payee, const struct spans *s, struct err *e)
{
    struct derivation *d = ud;
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < s->n && !rc; i++) {
        const struct span *p = &s->span[i];
        struct span_row row = {payee, p->block, p->log, p->v.who, p->v.how};
        rc = store_span_put(d->w, &row, e);
    }
    return rc;
}

static souk_err on_cid(void *ud, int64_t cid, struct verdict v, struct err *e)
{
    struct derivation *d = ud;
    return store_cid_model_put(d->w, cid, v.who, v.how, e);
}

static souk_err write_whose(struct derivation *d, struct err *e)
{
    souk_err rc = SOUK_OK;
    if ((int64_t)d->spans != store_meta_int(d->w, key_spans, 0)) {
        rc = store_spans_clear(d->w, e);
        if (!rc) {
            rc = attrib_each_payee(d->attrib, on_span, d, e);
        }
    }
    if (!rc) {
        rc = store_cid_models_clear(d->w, e);
    }
    return rc ? rc : attrib_each_cid(d->attrib, on_cid, d, e);
}

/* --- the derived columns of model */

static bool same_text(struct untrusted a, struct untrusted b)
{
    return !a.p == !b.p && untrusted_eq(a, b);
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
    const uint32_t *any = map_get(&d->called, account_key(model));
    return any && *any;
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
    d->listed_models += m.mark != MARK_UNLISTED;
    d->proven_models += m.mark == MARK_PROVEN;
    if (same_model(old, &m)) {
        return SOUK_OK;
    }
    struct derived_model *grown = mem_grow(d->model, d->models, &d->model_room, sizeof *grown);
    if (!grown) {
        return err_nomem(e);
    }
    d->model = grown;
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

static souk_err replace(struct derivation *d, struct err *e)
{
    souk_err rc = write_all(d, e);
    if (!rc) {
        rc = remove_stale(d, e);
    }
    if (!rc) {
        rc = remove_leftovers(d, false, e);
    }
    if (!rc) {
        rc = remove_leftovers(d, true, e);
    }
    if (!rc) {
        rc = write_whose(d, e);
    }
    if (!rc) {
        rc = write_models(d, e);
    }
    return rc ? rc : remember(d, e);
}

static void release(struct derivation *d)
{
    struct list *const list[] = {&d->part, &d->infer_part, &d->nameless_n};
    struct map *const map[] = {&d->split, &d->listed, &d->nameless, &d->called};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        list_release(list[i]);
    }
    for (int k = 0; k < OF_COUNT; k++) {
        list_release(&d->of[k]);
    }
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        map_release(map[i]);
    }
    attrib_free(d->attrib);
    tally_release(&d->t);
    tally_release(&d->rows);
    tally_release(&d->total);
    payers_release(&d->payers);
    mem_free(d->model);
    arena_release(&d->text);
}

static souk_err derive_now(struct store *w, const struct network *n, bool from_rows, struct err *e)
{
    souk_err rc = store_begin(w, e);
    if (rc) {
        return rc;
    }
    struct derivation d = {.w = w,
                           .n = n,
                           .from_rows = from_rows,
                           .part.size = sizeof(struct part),
                           .infer_part.size = sizeof(struct infer_part),
                           .nameless_n.size = sizeof(struct nameless)};
    for (int k = 0; k < OF_COUNT; k++) {
        d.of[k].size = sizeof(struct owned);
    }
    struct map *const map[] = {&d.split, &d.listed, &d.nameless, &d.called};
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        map_init(map[i], SET_MAX);
    }
    arena_init(&d.text, TEXT_MAX);
    if (store_meta_int(w, key_rules, RULES) != RULES) {
        rc = store_unread_all(w, e);
    }
    if (!rc) {
        rc = count(&d, e);
    }
    if (!rc) {
        rc = replace(&d, e);
    }
    release(&d);
    if (rc) {
        store_rollback(w);
        return rc;
    }
    rc = store_commit(w, e);
    store_checkpoint(w);
    return rc;
}

souk_err derive(struct store *w, const struct network *n, struct err *e)
{
    souk_err c = store_sum(w, NULL, e);
    if (c)
        return c;
    return derive_stale(w) || !same_chains(w, n) ? derive_now(w, n, false, e) : SOUK_OK;
}

souk_err derive_by_rows(struct store *w, const struct network *n, struct err *e)
{
    return derive_now(w, n, true, e);
}
