/*
 * Who counts as a payer, and as a genuine one. There may be millions of spenders, so what each paid
 * is kept in 128 bits, and in a table of its own where that is not enough.
 */
#include "market/derive/tally.h"
#include "market/genuine/sums_internal.h"
#include "market/genuine/wide.h"

#include "base/banned.h"

struct small {
    uint64_t low, high;
};
struct large {
    u256 clean[WINDOW_COUNT];
};
struct spender {
    uint32_t account, cluster;
    uint32_t large; /* 0: none; else its place in sums.large, and one */
    int32_t last_day;
    uint16_t seen; /* SEEN_ANY, SEEN_LOOSE; of the narrowest windows */
    uint8_t slot;
    uint8_t days[WINDOW_COUNT]; /* of clean payments in all the window; 255: that or more */
    struct small clean[WINDOW_COUNT];
};

static u256 clean_in(const struct sums *t, const struct spender *s, int w)
{
    return s->large ? AT(t->large, struct large, s->large - 1)->clean[w]
                    : (u256){{s->clean[w].low, s->clean[w].high, 0, 0}};
}

static souk_err add_clean(struct sums *t, struct spender *s, int w, u256 v, struct err *e)
{
    u256 sum = clean_in(t, s, w);
    (void)u256_add(sum, v, &sum);
    if (!s->large && !(sum.w[2] | sum.w[3])) {
        s->clean[w] = (struct small){sum.w[0], sum.w[1]};
        return SOUK_OK;
    }
    if (!s->large) {
        struct large *l = list_add(&t->large);
        if (!l) {
            return err_nomem(e);
        }
        for (int i = 0; i < WINDOW_COUNT; i++) {
            l->clean[i] = clean_in(t, s, i);
        }
        s->large = (uint32_t)t->large.n;
    }
    AT(t->large, struct large, s->large - 1)->clean[w] = sum;
    return SOUK_OK;
}

static struct spender *put(struct sums *t, uint32_t account, const struct judged *j)
{
    uint32_t cluster = j->cluster == NOBODY ? (uint32_t)t->p->payer.n : j->cluster;
    uint64_t key = ((uint64_t)account << 32 | (uint64_t)cluster << 3 | j->slot) + 1;
    t->spender.size = sizeof(struct spender);
    t->large.size = sizeof(struct large);
    uint32_t *at = map_put(&t->by_spender, key, (uint32_t)t->spender.n);
    if (!at || *at < t->spender.n) {
        return at ? AT(t->spender, struct spender, *at) : NULL;
    }
    struct spender *s = list_add(&t->spender);
    if (s) {
        s->account = account;
        s->cluster = cluster;
        s->slot = (uint8_t)j->slot;
    }
    return s;
}

souk_err spender_add(struct sums *t, uint32_t account, const struct judged *j, int w, bool counts,
                     struct err *e)
{
    struct spender *s = put(t, account, j);
    u256 own;
    if (!s) {
        return err_nomem(e);
    }
    s->seen = (uint16_t)(s->seen | (counts ? SEEN_ANY << w : 0));
    if (wide_at_least(j->excluded, 1000, j->amount, t->r->funded_share)) {
        return SOUK_OK; /* not clean */
    }
    int32_t day = (int32_t)day_of_time(j->time);
    for (int i = w; i < WINDOW_COUNT; i++) { /* days come in order: equal ones are neighbours */
        s->days[i] = (uint8_t)(s->days[i] +
                               (s->days[i] < UINT8_MAX && (s->days[i] == 0 || s->last_day != day)));
    }
    s->last_day = day;
    s->seen = (uint16_t)(s->seen | SEEN_LOOSE << w);
    (void)u256_sub(j->amount, j->excluded, &own);
    return add_clean(t, s, w, own, e);
}

/* What the spender is in each window. */
static unsigned seen_of(const struct sums *t, const struct spender *s)
{
    u256 price = *ledger_price(t, AT(t->account, struct ledger, s->account), s->slot);
    u256 clean = U256_ZERO;
    unsigned seen = 0;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        (void)u256_add(clean, clean_in(t, s, w), &clean);
        seen |= (seen << 1 | s->seen) & (unsigned)(SEEN_ANY | SEEN_LOOSE) << w;
        if (seen & (unsigned)SEEN_LOOSE << w && s->days[w] >= t->r->strict_days &&
            wide_at_least(clean, 1, price, t->r->strict_prices)) {
            seen |= (unsigned)SEEN_STRICT << w;
        }
    }
    return seen;
}

static void count(struct ledger *a, unsigned seen)
{
    for (int w = 0; w < WINDOW_COUNT; w++) {
        a->clusters[w] += (seen & (unsigned)SEEN_ANY << w) != 0;
        a->loose[w] += (seen & (unsigned)SEEN_LOOSE << w) != 0;
        a->strict[w] += (seen & (unsigned)SEEN_STRICT << w) != 0;
    }
}

static int by_account(const void *x, const void *y)
{
    const struct spender *a = x, *b = y;
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    return a->cluster < b->cluster ? -1 : a->cluster > b->cluster;
}

void spenders_finish(struct sums *t)
{
    const struct spender *s = t->spender.p;
    map_release(&t->by_spender); /* places change now */
    list_sort(&t->spender, by_account);
    for (size_t i = 0; i < t->spender.n;) {
        struct ledger *a = AT(t->account, struct ledger, s[i].account);
        uint32_t account = s[i].account, cluster = s[i].cluster;
        unsigned seen = 0;
        for (; i < t->spender.n && s[i].account == account && s[i].cluster == cluster; i++) {
            seen |= seen_of(t, &s[i]);
        }
        count(a, seen);
        if (a->who < 0) {
            t->seen[cluster] = (uint16_t)(t->seen[cluster] | seen);
        }
    }
    for (size_t i = 0; i <= t->p->payer.n && t->account.n; i++) {
        count(AT(t->account, struct ledger, 0), t->seen[i]);
    }
}
