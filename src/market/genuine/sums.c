/* What models, authors, the market and its weeks come to. */
#include "base/mem.h"
#include "market/derive/tally.h"
#include "market/genuine/sums_internal.h"
#include "market/stats.h"

#include "base/banned.h"

enum { KEYS_MAX = 1 << 28 };

souk_err sums_init(struct sums *t, const struct people *p, const struct rules *r, int64_t as_of,
                   struct err *e)
{
    *t = (struct sums){.p = p,
                       .r = r,
                       .account = {.size = sizeof(struct ledger)},
                       .taken = {.size = sizeof(struct taken)},
                       .week = {.size = sizeof(struct week)}};
    map_init(&t->by_who, KEYS_MAX);
    map_init(&t->by_spender, KEYS_MAX);
    map_init(&t->by_taken, KEYS_MAX);
    for (int w = 0; w < WINDOW_COUNT; w++) {
        int64_t length = window_seconds((enum window)w);
        t->since[w] = length ? as_of - length : INT64_MIN;
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        t->value[i].size = sizeof(u256);
    }
    /* One place more than there are payers: for those that no log names. */
    t->seen = mem_array(p->payer.n + 1, sizeof *t->seen);
    return t->seen ? SOUK_OK : err_nomem(e);
}

void sums_release(struct sums *t)
{
    struct list *const lists[] = {&t->account, &t->spender, &t->large, &t->taken, &t->week};
    for (size_t i = 0; i < t->account.n; i++) {
        mem_free(AT(t->account, struct ledger, i)->sum);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        list_release(lists[i]);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        list_release(&t->value[i]);
    }
    map_release(&t->by_who);
    map_release(&t->by_spender);
    map_release(&t->by_taken);
    MEM_FREE(t->seen);
}

/* --- accounts */

static uint64_t who_key(int64_t who)
{
    return (uint64_t)who + ((uint64_t)1 << 62);
}

static struct ledger *put_account(struct sums *t, int64_t who)
{
    uint32_t *at = map_put(&t->by_who, who_key(who), (uint32_t)t->account.n);
    if (!at) {
        return NULL;
    }
    if (*at < t->account.n) {
        return AT(t->account, struct ledger, *at);
    }
    struct ledger *a = list_add(&t->account);
    if (a) {
        a->who = who;
        a->sum = mem_array(t->p->assets * ((size_t)WINDOW_COUNT * PARTS + 1), sizeof *a->sum);
    }
    return a && a->sum ? a : NULL;
}

static void add(u256 *sum, u256 v)
{
    (void)u256_add(*sum, v, sum); /* stays at the most there is */
}

/* What is left of a sum when something is taken off. */
static u256 less(u256 sum, u256 off)
{
    (void)u256_sub(sum, off, &sum);
    return sum;
}

static u256 least_of(u256 a, u256 b)
{
    return u256_cmp(a, b) < 0 ? a : b;
}

struct bounds bounds_of(const u256 *sum)
{
    struct bounds b = {less(sum[PART_LOW], sum[PART_REFUNDED]),
                       less(sum[PART_HIGH], sum[PART_REFUNDED])};
    b.high = least_of(b.high, less(sum[PART_ALL], sum[PART_REFUNDED_ALL]));
    b.low = least_of(b.low, b.high);
    return b;
}

static void add_amount(const struct judged *j, u256 *sum)
{
    if (j->refund) {
        add(&sum[PART_REFUNDED_ALL], j->amount);
        if (!j->own) {
            add(&sum[PART_REFUNDED], j->amount);
        }
        return;
    }
    add(&sum[PART_ALL], j->amount);
    add(&sum[PART_LOW], less(j->amount, j->excluded));
    if (!(j->bits & 1u << RULE_SELF)) {
        add(&sum[PART_HIGH], j->amount);
    }
}

/* The narrowest window that a time lies in: they all end together. */
static int window_with(const struct sums *t, int64_t time)
{
    int w = 0;
    while (w < WINDOW_ALL && time <= t->since[w]) {
        w++;
    }
    return w;
}

static souk_err add_taken(struct sums *t, uint32_t account, const struct judged *j, int w,
                          unsigned rule, struct err *e)
{
    uint64_t key = ((uint64_t)account << 7 | rule << 3 | j->slot) + 1;
    uint32_t *at = map_put(&t->by_taken, key, (uint32_t)t->taken.n);
    struct taken *x = !at                 ? NULL
                      : *at == t->taken.n ? list_add(&t->taken)
                                          : AT(t->taken, struct taken, *at);
    if (!x) {
        return err_nomem(e);
    }
    x->account = account;
    x->rule = rule;
    x->slot = j->slot;
    add(&x->sum[w], rule == RULE_FUNDED ? j->funded : j->amount);
    return SOUK_OK;
}

static souk_err add_to(struct sums *t, int64_t who, const struct judged *j, int w, struct err *e)
{
    struct ledger *a = put_account(t, who);
    if (!a) {
        return err_nomem(e);
    }
    uint32_t account = (uint32_t)(a - (struct ledger *)t->account.p);
    bool counts = !(j->bits & (1u << RULE_SELF | 1u << RULE_UNKNOWN));
    add_amount(j, ledger_sum(t, a, w, j->slot));
    a->judged[w]++;
    if (j->refund) {
        return SOUK_OK;
    }
    souk_err rc = SOUK_OK;
    a->payments[w] += counts;
    for (unsigned r = 0; r < RULE_COUNT && !rc; r++) {
        if (j->bits >> r & 1) {
            a->bits[w][r]++;
            rc = add_taken(t, account, j, w, r, e);
        }
    }
    return rc || who == 0 ? rc : spender_add(t, account, j, w, counts, e);
}

/* --- weeks */

static void end_week(struct sums *t)
{
    struct week *w = t->week.n ? AT(t->week, struct week, t->week.n - 1) : NULL;
    for (unsigned i = 0; w && i < t->p->assets; i++) {
        u256 quarter[3];
        u256_sort(t->value[i].p, t->value[i].n);
        quartiles(t->value[i].p, t->value[i].n, quarter);
        w->median[i] = quarter[1];
        t->value[i].n = 0;
    }
}

static souk_err add_to_week(struct sums *t, const struct judged *j, struct err *e)
{
    int64_t number = week_of_day(day_of_time(j->time));
    struct week *w = t->week.n ? AT(t->week, struct week, t->week.n - 1) : NULL;
    if (!w || w->week < number) {
        end_week(t);
        w = list_add(&t->week);
        if (!w) {
            return err_nomem(e);
        }
        w->week = number;
    }
    add_amount(j, w->sum[j->slot]);
    u256 *value = j->call ? list_add(&t->value[j->slot]) : NULL;
    if (j->call && !value) {
        return err_nomem(e);
    }
    if (value) {
        *value = j->amount;
    }
    return SOUK_OK;
}

souk_err sums_add(struct sums *t, const struct judged *j, struct err *e)
{
    int w = window_with(t, j->time);
    souk_err rc = add_to(t, 0, j, w, e); /* the first account */
    if (!rc && j->who > 0) {
        rc = add_to(t, j->who, j, w, e);
    }
    if (!rc) {
        rc = add_to(t, -author_at(t->p, j->author), j, w, e);
    }
    return rc ? rc : add_to_week(t, j, e);
}

/* --- the end */

static void lower_price(struct sums *t, int64_t who, unsigned slot, u256 price)
{
    const uint32_t *at = map_get(&t->by_who, who_key(who));
    u256 *least = at ? ledger_price(t, AT(t->account, struct ledger, *at), slot) : NULL;
    if (least && (u256_is_zero(*least) || u256_cmp(price, *least) < 0)) {
        *least = price;
    }
}

static souk_err on_chosen(void *ud, const struct attrib_listing *l, struct err *e)
{
    struct sums *t = ud;
    (void)e;
    for (unsigned slot = 0; slot < t->p->assets; slot++) {
        if (t->p->asset[slot].addr == l->asset && !u256_is_zero(l->price)) {
            lower_price(t, l->model, slot, l->price);
            lower_price(t, -l->author, slot, l->price);
        }
    }
    return SOUK_OK;
}

static void widen_account(struct sums *t, struct ledger *a)
{
    size_t sums = t->p->assets * PARTS;
    for (int w = 1; w < WINDOW_COUNT; w++) {
        a->payments[w] += a->payments[w - 1];
        a->judged[w] += a->judged[w - 1];
        for (unsigned r = 0; r < RULE_COUNT; r++) {
            a->bits[w][r] += a->bits[w - 1][r];
        }
        for (size_t i = 0; i < sums; i++) {
            add(&a->sum[(size_t)w * sums + i], a->sum[(size_t)(w - 1) * sums + i]);
        }
    }
}

souk_err sums_finish(struct sums *t, struct err *e)
{
    souk_err rc = attrib_each_chosen(t->p->attrib, on_chosen, t, e);
    if (rc) {
        return rc;
    }
    end_week(t);
    for (size_t i = 0; i < t->account.n; i++) {
        widen_account(t, AT(t->account, struct ledger, i));
    }
    for (size_t i = 0; i < t->taken.n; i++) {
        struct taken *x = AT(t->taken, struct taken, i);
        for (int w = 1; w < WINDOW_COUNT; w++) {
            add(&x->sum[w], x->sum[w - 1]);
        }
    }
    spenders_finish(t);
    return SOUK_OK;
}

u256 sums_low(const struct sums *t, enum window w, unsigned slot)
{
    return t->account.n && slot < t->p->assets
               ? bounds_of(ledger_sum(t, AT(t->account, struct ledger, 0), (int)w, slot)).low
               : U256_ZERO;
}
