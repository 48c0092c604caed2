/* Writing what was counted, author by author; then the market. */

#include "base/mem.h"
#include "market/derive/internal.h"
#include "market/packed.h"
#include "market/stats.h"

#include "base/banned.h"

enum {
    BLOB_MAX = 64 << 20, /* bytes of one account's days */
    TREND_WEEKS = 4,     /* the last four against the four before */
};

/* The buffers that packed values are made in. */
struct writing {
    struct derivation *d;
    struct buf a, b, c, f, g, h;
};

/* What b holds; that it could not hold it is remembered, for the buffer forgets when cleared. */
static struct untrusted packed(struct derivation *d, const struct buf *b)
{
    d->unpacked |= b->bad != SOUK_OK;
    return untrusted_n(b->p, b->len);
}

static u256 less(u256 paid, u256 refunded)
{
    u256 rest = U256_ZERO;
    return u256_cmp(paid, refunded) > 0 && u256_sub(paid, refunded, &rest) ? rest : U256_ZERO;
}

static u256 least(u256 a, u256 b)
{
    return u256_cmp(a, b) < 0 ? a : b;
}

static void pack_one(const struct tally *t, struct buf *b, size_t slot, u256 v)
{
    pack_income(b, (uint32_t)t->asset[slot], v);
}

static struct untrusted pack_sums(struct derivation *d, struct buf *b, const u256 *sum)
{
    buf_clear(b);
    for (size_t i = 0; i < d->t.assets; i++) {
        pack_one(&d->t, b, i, sum[i]);
    }
    return packed(d, b);
}

/* Income less refunds, never below nothing; what is shared is a part of that. */
static void pack_money(struct writing *g, const struct account *a, int w, struct untrusted *income,
                       struct untrusted *shared, struct untrusted *refunded)
{
    const struct tally *t = &g->d->t;
    const u256 *paid = tally_sums(t, a, w, SUM_PAID), *back = tally_sums(t, a, w, SUM_REFUNDED);
    const u256 *s = tally_sums(t, a, w, SUM_SHARED);
    const u256 *s_back = tally_sums(t, a, w, SUM_SHARED_REFUNDED);
    buf_clear(&g->a);
    buf_clear(&g->b);
    for (size_t i = 0; i < t->assets; i++) {
        u256 in = less(paid[i], back[i]);
        pack_one(t, &g->a, i, in);
        pack_one(t, &g->b, i, least(less(s[i], s_back[i]), in));
    }
    *income = packed(g->d, &g->a);
    *shared = packed(g->d, &g->b);
    *refunded = pack_sums(g->d, &g->c, back);
}

/* --- accounts */

static souk_err write_figures(struct writing *g, const struct account *a, int w, struct err *e)
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
                            .unknown = t->unknown,
                            .last = a->last};
    pack_money(g, a, w, &f.income, &f.shared, &f.refunded);
    return store_figures_put(g->d->w, &f, e);
}

static souk_err write_payee(struct writing *g, const struct account *a, int w, struct err *e)
{
    struct untrusted refunded;
    struct payee_out p = {.win = w,
                          .payee = payee_of_account(a->who),
                          .payments = a->win[w].payments,
                          .settlements = a->win[w].settlements,
                          .unattributed = a->win[w].unattributed};
    pack_money(g, a, w, &p.income, &p.shared, &refunded);
    return store_payee_put(g->d->w, &p, e);
}

static souk_err write_windows(struct writing *g, const struct account *a, struct err *e)
{
    int64_t payee = payee_of_account(a->who);
    souk_err rc = SOUK_OK;
    for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
        const struct tally_window *t = &a->win[w];
        bool any = t->payments + t->settlements + t->inferences > 0;
        g->d->alive[w] += any && !payee && a->who > 0;
        if (any) {
            rc = payee ? write_payee(g, a, w, e) : write_figures(g, a, w, e);
        } else {
            rc = payee ? store_payee_none(g->d->w, w, payee, e)
                       : store_figures_none(g->d->w, w, a->who, e);
        }
    }
    return rc;
}

static souk_err write_spark(struct writing *g, const struct account *a, struct err *e)
{
    uint16_t v[SPARK_DAYS];
    bool any = false;
    account_spark(&g->d->t, a, v);
    buf_clear(&g->a);
    for (int i = 0; i < SPARK_DAYS; i++) {
        buf_addc(&g->a, (char)(v[i] & 0xff));
        buf_addc(&g->a, (char)(v[i] >> 8));
        any |= v[i] != 0;
    }
    return store_spark_put(g->d->w, a->who, any ? packed(g->d, &g->a) : untrusted_n(NULL, 0), e);
}

static souk_err write_days(struct writing *g, const struct account *a, struct err *e)
{
    const struct tally *t = &g->d->t;
    struct buf *b = &g->a;
    buf_clear(b);
    for (size_t i = 0; i < a->days; i++) {
        const u256 *paid = a->money + 2 * i * t->assets, *back = paid + t->assets;
        uint32_t n = 0;
        for (size_t k = 0; k < t->assets; k++) {
            n += u256_cmp(paid[k], back[k]) > 0;
        }
        if (a->day[i].payments + a->day[i].settlements + a->day[i].inferences + n == 0) {
            continue; /* refunds alone */
        }
        pack_u32(b, (uint64_t)a->day[i].day);
        pack_u32(b, a->day[i].payments);
        pack_u32(b, a->day[i].settlements);
        pack_u32(b, a->day[i].inferences);
        pack_u32(b, n);
        for (size_t k = 0; k < t->assets; k++) {
            pack_one(t, b, k, less(paid[k], back[k]));
        }
    }
    return store_days_put(g->d->w, a->who, packed(g->d, b), e);
}

/* Growth of calls and settlements over whole weeks, when all of them were read. */
static souk_err write_trend(struct writing *g, const struct account *a, struct err *e)
{
    struct derivation *d = g->d;
    uint64_t v[2 * TREND_WEEKS] = {0};
    struct growth growing = {.known = false};
    int64_t last = week_of_day(day_of_time(d->t.as_of)) - 1, first = last - 2 * TREND_WEEKS + 1;
    for (size_t i = a->days; i-- > 0 && week_of_day(a->day[i].day) >= first;) {
        int64_t week = week_of_day(a->day[i].day);
        if (week <= last) {
            v[week - first] += a->day[i].payments + a->day[i].settlements + a->day[i].inferences;
        }
    }
    if (week_of_day(day_of_time(d->time[0])) < first) {
        growth(v, 2 * TREND_WEEKS, TREND_WEEKS, &growing);
    }
    struct trend_out t = {a->who, growing.ratio, growing.low, growing.high};
    return growing.known ? store_trend_put(d->w, &t, e) : store_trend_none(d->w, a->who, e);
}

static souk_err write_account(struct writing *g, struct account *a, struct err *e)
{
    struct derivation *d = g->d;
    bool payee = payee_of_account(a->who) != 0;
    const struct tally_window *all = &a->win[WINDOW_ALL];
    if (!map_put(&d->called, account_key(a->who),
                 all->payments + all->settlements + all->inferences > 0)) {
        return err_nomem(e);
    }
    account_finish(&d->t, a);
    souk_err rc = write_windows(g, a, e);
    if (!rc && !payee) {
        rc = write_spark(g, a, e);
    }
    if (!rc && !payee) {
        rc = write_days(g, a, e);
    }
    return rc || payee ? rc : write_trend(g, a, e);
}

/* --- authors */

static souk_err list_accounts(struct derivation *d, struct err *e)
{
    for (size_t i = 0; i < d->rows.accounts; i++) {
        int64_t who = d->rows.account[i].who;
        int64_t author = payee_of_account(who) ? 0 : who < 0 ? -who : attrib_author(d->attrib, who);
        if (!owned_add(d, OF_ROWS, author, who, who)) {
            return err_nomem(e);
        }
    }
    owned_sort(d, OF_ROWS);
    return SOUK_OK;
}

/* The first that is not counted yet of a list; NULL: all are. */
static const struct owned *next_of(const struct derivation *d, const size_t at[OF_COUNT], int k)
{
    return at[k] < d->of[k].n ? (const struct owned *)d->of[k].p + at[k] : NULL;
}

static int64_t next_author(const struct derivation *d, const size_t at[OF_COUNT])
{
    int64_t author = INT64_MAX;
    for (int k = 0; k < OF_COUNT; k++) {
        const struct owned *o = next_of(d, at, k);
        author = o && o->author < author ? o->author : author;
    }
    return author;
}

static souk_err count_one(struct derivation *d, enum owned_kind k, const struct owned *o,
                          struct err *e)
{
    switch (k) {
    case OF_ROWS:
        return tally_adopt(&d->t, &d->rows, o->id) ? SOUK_OK : err_nomem(e);
    case OF_SPLIT:
        return count_split(d, o, e);
    case OF_WHOLE:
        return count_whole(d, o, e);
    case OF_USED:
        return count_used(d, o, e);
    case OF_COUNT:
        break;
    }
    BUG("nothing is counted by %d", (int)k);
}

/* All that is one author's into d->t; 0: what has no author. */
static souk_err gather(struct derivation *d, int64_t author, size_t at[OF_COUNT], struct err *e)
{
    souk_err rc = SOUK_OK;
    tally_clear(&d->t);
    for (int k = 0; k < OF_COUNT; k++) {
        const struct owned *o;
        while (!rc && (o = next_of(d, at, k)) && o->author == author) {
            rc = count_one(d, (enum owned_kind)k, o, e);
            at[k]++;
        }
    }
    return rc;
}

static souk_err write_author(struct writing *g, int64_t author, struct account *market,
                             struct err *e)
{
    struct derivation *d = g->d;
    const struct account *his = author ? tally_find(&d->t, -author) : NULL;
    if (his && !tally_add(&d->total, market, his)) {
        return err_nomem(e);
    }
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < d->t.accounts && !rc; i++) {
        rc = write_account(g, &d->t.account[i], e);
    }
    return rc;
}

static souk_err write_authors(struct writing *g, struct account *market, struct err *e)
{
    struct derivation *d = g->d;
    size_t at[OF_COUNT] = {0};
    souk_err rc = list_accounts(d, e);
    for (int64_t author; !rc && (author = next_author(d, at)) != INT64_MAX;) {
        rc = gather(d, author, at, e);
        if (!rc) {
            rc = write_author(g, author, market, e);
        }
    }
    tally_clear(&d->t);
    return rc;
}

/* --- the market */

static souk_err write_market(struct writing *g, const struct account *a, struct err *e)
{
    struct derivation *d = g->d;
    struct tally_window payers[WINDOW_COUNT] = {{0}};
    souk_err rc = SOUK_OK;
    payers_windows(&d->payers, payers);
    for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
        const struct tally_window *t = &a->win[w];
        struct market_out m = {.win = w,
                               .payments = t->payments,
                               .settlements = t->settlements,
                               .inferences = t->inferences,
                               .payers = payers[w].payers,
                               .fresh = payers[w].fresh,
                               .payer_unknown = t->unknown,
                               .strays = d->stray.n[w],
                               .unknown = d->unknown.n[w],
                               .by_list = d->by_list.n[w],
                               .inflows = d->inflow.n[w],
                               .stray = pack_sums(d, &g->f, d->stray.sum[w]),
                               .by_list_sum = pack_sums(d, &g->g, d->by_list.sum[w]),
                               .inflow = pack_sums(d, &g->h, d->inflow.sum[w])};
        pack_money(g, a, w, &m.income, &m.shared, &m.refunded);
        rc = store_market_put(d->w, &m, e);
    }
    return rc;
}

/* The market's days, seven by seven. */
static souk_err write_weeks(struct writing *g, const struct account *a,
                            const struct payers_week *who, struct err *e)
{
    struct derivation *d = g->d;
    const struct tally *t = &d->total;
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < a->days && !rc;) {
        struct week_out w = {.week = week_of_day(a->day[i].day)};
        u256 paid[INCOME_MAX] = {{{0}}}, back[INCOME_MAX] = {{{0}}};
        for (; i < a->days && week_of_day(a->day[i].day) == w.week; i++) {
            const u256 *money = a->money + 2 * i * t->assets;
            w.payments += a->day[i].payments;
            w.settlements += a->day[i].settlements;
            w.inferences += a->day[i].inferences;
            for (size_t k = 0; k < t->assets; k++) {
                (void)u256_add(paid[k], money[k], &paid[k]);
                (void)u256_add(back[k], money[t->assets + k], &back[k]);
            }
        }
        int64_t at = w.week - d->payers.week0;
        if (at >= 0 && (size_t)at < d->payers.weeks) {
            w.payers = who[at].payers;
            w.fresh = who[at].fresh;
        }
        buf_clear(&g->a);
        for (size_t k = 0; k < t->assets; k++) {
            pack_one(t, &g->a, k, less(paid[k], back[k]));
        }
        w.income = packed(d, &g->a);
        rc = store_week_put(d->w, &w, e);
    }
    return rc;
}

static souk_err write_payers(struct writing *g, const struct account *market, struct err *e)
{
    struct payers *p = &g->d->payers;
    struct payers_week *week = mem_array(p->weeks, sizeof *week);
    struct cohort_out *cohort = mem_array(p->weeks, sizeof *cohort);
    souk_err rc = week && cohort ? SOUK_OK : err_nomem(e);
    if (!rc) {
        payers_weekly(p, week);
        payers_cohorts(p, cohort);
        rc = write_weeks(g, market, week, e);
    }
    for (size_t i = 0; i < p->weeks && !rc; i++) {
        cohort[i].week = p->week0 + (int64_t)i;
        rc = cohort[i].payers ? store_cohort_put(g->d->w, &cohort[i], e) : SOUK_OK;
    }
    mem_free(week);
    mem_free(cohort);
    return rc;
}

souk_err write_all(struct derivation *d, struct err *e)
{
    struct writing g = {.d = d};
    struct buf *const all[] = {&g.a, &g.b, &g.c, &g.f, &g.g, &g.h};
    enum { BUFFERS = sizeof all / sizeof *all };
    for (size_t i = 0; i < BUFFERS; i++) {
        buf_init(all[i], BLOB_MAX);
    }
    struct account *market = tally_account(&d->total, 0);
    souk_err rc = market ? store_derived_clear(d->w, e) : err_nomem(e);
    if (!rc) {
        rc = write_authors(&g, market, e);
    }
    if (!rc) {
        rc = write_market(&g, market, e);
    }
    if (!rc) {
        rc = write_payers(&g, market, e);
    }
    if (!rc && d->unpacked) {
        rc = err_nomem(e);
    }
    for (size_t i = 0; i < BUFFERS; i++) {
        buf_release(all[i]);
    }
    return rc;
}
