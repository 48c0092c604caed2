/* What models, authors and the market come to, and how many different payers that is. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "market/derive/tally.h"
#include "market/genuine/internal.h"
#include "market/genuine/wide.h"
#include "market/packed.h"
#include "market/stats.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

enum { KEYS_MAX = 1 << 28, PACKED_MAX = 1 << 20 };

enum { PART_LOW, PART_HIGH, PART_ALL, PART_REFUNDED, PART_REFUNDED_ALL, PARTS };
enum { SEEN_ANY = 1, SEEN_LOOSE = 16, SEEN_STRICT = 256 }; /* shifted by the window */

struct ledger {
    int64_t who;
    uint64_t payments[WINDOW_COUNT], judged[WINDOW_COUNT];
    uint64_t clusters[WINDOW_COUNT], loose[WINDOW_COUNT], strict[WINDOW_COUNT];
    uint32_t bits[WINDOW_COUNT][RULE_COUNT];
    u256 *sum; /* PARTS for each window and asset; then the least price in each asset */
};
struct spender { /* one cluster, what it paid one account in one asset */
    uint32_t account, cluster;
    unsigned slot, seen; /* SEEN_ANY, SEEN_LOOSE */
    int32_t last_day[WINDOW_COUNT];
    uint32_t days[WINDOW_COUNT];
    u256 clean[WINDOW_COUNT];
};
struct taken { /* what a rule takes out of an account, or concerns there */
    uint32_t account;
    unsigned rule, slot;
    u256 sum[WINDOW_COUNT];
};
struct week {
    int64_t week;
    u256 sum[SLOTS][PARTS];
    u256 median[SLOTS];
};

souk_err sums_init(struct sums *t, const struct people *p, const struct rules *r, int64_t as_of,
                   struct err *e)
{
    *t = (struct sums){.p = p,
                       .r = r,
                       .account = {.size = sizeof(struct ledger)},
                       .spender = {.size = sizeof(struct spender)},
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
    for (size_t i = 0; i < t->account.n; i++) {
        mem_free(AT(t->account, struct ledger, i)->sum);
    }
    map_release(&t->by_who);
    map_release(&t->by_spender);
    map_release(&t->by_taken);
    list_release(&t->account);
    list_release(&t->spender);
    list_release(&t->taken);
    list_release(&t->week);
    for (unsigned i = 0; i < SLOTS; i++) {
        list_release(&t->value[i]);
    }
    MEM_FREE(t->seen);
}

/* --- accounts */

static uint64_t who_key(int64_t who)
{
    return (uint64_t)who + ((uint64_t)1 << 62);
}

static u256 *sum_at(const struct sums *t, const struct ledger *a, int w, unsigned slot)
{
    return a->sum + ((size_t)w * t->p->assets + slot) * PARTS;
}

static u256 *price_at(const struct sums *t, const struct ledger *a, unsigned slot)
{
    return a->sum + (size_t)WINDOW_COUNT * t->p->assets * PARTS + slot;
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

/* What is left of a sum when refunds are taken off. */
static u256 less(u256 sum, u256 refunded)
{
    (void)u256_sub(sum, refunded, &sum);
    return sum;
}

static u256 least_of(u256 a, u256 b)
{
    return u256_cmp(a, b) < 0 ? a : b;
}

struct bounds {
    u256 low, high;
};

static struct bounds bounds_of(const u256 *sum)
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

/* --- payers */

static souk_err add_spender(struct sums *t, uint32_t account, const struct judged *j, bool counts,
                            struct err *e)
{
    uint32_t cluster = j->cluster == NOBODY ? (uint32_t)t->p->payer.n : j->cluster;
    uint64_t key = ((uint64_t)account << 32 | (uint64_t)cluster << 3 | j->slot) + 1;
    bool clean = !wide_at_least(j->excluded, 1000, j->amount, t->r->funded_share);
    uint32_t *at = map_put(&t->by_spender, key, (uint32_t)t->spender.n);
    if (!at) {
        return err_nomem(e);
    }
    struct spender *s =
        *at == t->spender.n ? list_add(&t->spender) : AT(t->spender, struct spender, *at);
    if (!s) {
        return err_nomem(e);
    }
    s->account = account;
    s->cluster = cluster;
    s->slot = j->slot;
    int32_t day = (int32_t)day_number(j->time);
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (j->time <= t->since[w]) {
            continue;
        }
        s->seen |= counts ? (unsigned)SEEN_ANY << w : 0;
        if (clean) {
            s->seen |= (unsigned)SEEN_LOOSE << w;
            s->days[w] += s->days[w] == 0 || s->last_day[w] != day;
            s->last_day[w] = day;
            add(&s->clean[w], less(j->amount, j->excluded));
        }
    }
    return SOUK_OK;
}

static souk_err add_taken(struct sums *t, uint32_t account, const struct judged *j, unsigned rule,
                          struct err *e)
{
    uint64_t key = ((uint64_t)account << 7 | rule << 3 | j->slot) + 1;
    uint32_t *at = map_put(&t->by_taken, key, (uint32_t)t->taken.n);
    if (!at) {
        return err_nomem(e);
    }
    struct taken *x = *at == t->taken.n ? list_add(&t->taken) : AT(t->taken, struct taken, *at);
    if (!x) {
        return err_nomem(e);
    }
    x->account = account;
    x->rule = rule;
    x->slot = j->slot;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (j->time > t->since[w]) {
            add(&x->sum[w], rule == RULE_FUNDED ? j->funded : j->amount);
        }
    }
    return SOUK_OK;
}

static souk_err add_to(struct sums *t, int64_t who, const struct judged *j, struct err *e)
{
    struct ledger *a = put_account(t, who);
    if (!a) {
        return err_nomem(e);
    }
    uint32_t account = (uint32_t)(a - (struct ledger *)t->account.p);
    bool counts = !(j->bits & (1u << RULE_SELF | 1u << RULE_UNKNOWN));
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (j->time <= t->since[w]) {
            continue;
        }
        add_amount(j, sum_at(t, a, w, j->slot));
        a->judged[w]++;
        a->payments[w] += !j->refund && counts;
        for (unsigned r = 0; r < RULE_COUNT && !j->refund; r++) {
            a->bits[w][r] += j->bits >> r & 1;
        }
    }
    souk_err rc = SOUK_OK;
    for (unsigned r = 0; r < RULE_COUNT && !j->refund && !rc; r++) {
        rc = j->bits >> r & 1 ? add_taken(t, account, j, r, e) : SOUK_OK;
    }
    return rc || j->refund || who == 0 ? rc : add_spender(t, account, j, counts, e);
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
    int64_t number = week_of_day(day_number(j->time));
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
    souk_err rc = add_to(t, 0, j, e);
    if (!rc && j->who > 0) {
        rc = add_to(t, j->who, j, e);
    }
    if (!rc) {
        rc = add_to(t, -author_at(t->p, j->author), j, e);
    }
    return rc ? rc : add_to_week(t, j, e);
}

/* --- the end */

static void lower_price(struct sums *t, int64_t who, unsigned slot, u256 price)
{
    const uint32_t *at = map_get(&t->by_who, who_key(who));
    u256 *least = at ? price_at(t, AT(t->account, struct ledger, *at), slot) : NULL;
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

/* What the spender is in each window, the strict part added. */
static unsigned seen_of(const struct sums *t, const struct spender *s)
{
    const struct ledger *a = AT(t->account, struct ledger, s->account);
    u256 price = *price_at(t, a, s->slot);
    unsigned seen = s->seen;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (s->seen & (unsigned)SEEN_LOOSE << w && s->days[w] >= t->r->strict_days &&
            wide_at_least(s->clean[w], 1, price, t->r->strict_prices)) {
            seen |= (unsigned)SEEN_STRICT << w;
        }
    }
    return seen;
}

static void count_seen(struct ledger *a, unsigned seen)
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

souk_err sums_finish(struct sums *t, struct err *e)
{
    souk_err rc = attrib_each_chosen(t->p->attrib, on_chosen, t, e);
    const struct spender *s = t->spender.p;
    end_week(t);
    map_release(&t->by_spender); /* places change now */
    if (t->spender.n > 1) {
        qsort(t->spender.p, t->spender.n, t->spender.size, by_account);
    }
    for (size_t i = 0; i < t->spender.n && !rc;) {
        struct ledger *a = AT(t->account, struct ledger, s[i].account);
        uint32_t account = s[i].account, cluster = s[i].cluster;
        unsigned seen = 0;
        for (; i < t->spender.n && s[i].account == account && s[i].cluster == cluster; i++) {
            seen |= seen_of(t, &s[i]);
        }
        count_seen(a, seen);
        t->seen[cluster] |= a->who < 0 ? (uint16_t)seen : 0;
    }
    for (size_t i = 0; i <= t->p->payer.n && t->account.n && !rc; i++) {
        count_seen(AT(t->account, struct ledger, 0), t->seen[i]);
    }
    return rc;
}

u256 sums_low(const struct sums *t, enum window w, unsigned slot)
{
    return t->account.n && slot < t->p->assets
               ? bounds_of(sum_at(t, AT(t->account, struct ledger, 0), (int)w, slot)).low
               : U256_ZERO;
}

/* --- writing */

struct packing {
    struct buf low, high, bits, sums, median;
};

static void pack_bounds(const struct sums *t, struct packing *k, unsigned slot, const u256 *sum)
{
    struct bounds b = bounds_of(sum);
    uint32_t asset = (uint32_t)t->p->asset[slot].addr;
    pack_income(&k->low, asset, b.low);
    pack_income(&k->high, asset, b.high);
}

static void pack_rules(const struct sums *t, struct packing *k, const struct ledger *a, int w)
{
    uint64_t account = (uint64_t)(a - (const struct ledger *)t->account.p);
    for (unsigned r = 0; r < RULE_COUNT; r++) {
        u256 sum[SLOTS];
        uint32_t n = 0;
        for (unsigned slot = 0; slot < t->p->assets; slot++) {
            const uint32_t *at = map_get(&t->by_taken, (account << 7 | r << 3 | slot) + 1);
            sum[slot] = at ? AT(t->taken, struct taken, *at)->sum[w] : U256_ZERO;
            n += !u256_is_zero(sum[slot]);
        }
        pack_u32(&k->bits, a->bits[w][r]);
        pack_u32(&k->sums, n);
        for (unsigned slot = 0; slot < t->p->assets; slot++) {
            pack_income(&k->sums, (uint32_t)t->p->asset[slot].addr, sum[slot]);
        }
    }
}

static void pack_clear(struct packing *k)
{
    buf_clear(&k->low);
    buf_clear(&k->high);
    buf_clear(&k->bits);
    buf_clear(&k->sums);
    buf_clear(&k->median);
}

static souk_err pack_check(const struct packing *k, struct err *e)
{
    bool bad = k->low.bad || k->high.bad || k->bits.bad || k->sums.bad || k->median.bad;
    return bad ? err_nomem(e) : SOUK_OK;
}

static struct untrusted held(const struct buf *b)
{
    return untrusted_n(b->p, b->len);
}

static souk_err write_account(const struct sums *t, const struct ledger *a, int w,
                              struct packing *k, struct store *s, struct err *e)
{
    pack_clear(k);
    for (unsigned slot = 0; slot < t->p->assets; slot++) {
        pack_bounds(t, k, slot, sum_at(t, a, w, slot));
    }
    pack_rules(t, k, a, w);
    const struct genuine_out out = {.win = w,
                                    .who = a->who,
                                    .low = held(&k->low),
                                    .high = held(&k->high),
                                    .bits = held(&k->bits),
                                    .sums = held(&k->sums),
                                    .strict = a->strict[w],
                                    .loose = a->loose[w],
                                    .clusters = a->clusters[w],
                                    .payments = a->payments[w]};
    souk_err rc = pack_check(k, e);
    return rc ? rc : store_genuine_put(s, &out, e);
}

static souk_err write_week(const struct sums *t, const struct week *w, struct packing *k,
                           struct store *s, struct err *e)
{
    pack_clear(k);
    for (unsigned slot = 0; slot < t->p->assets; slot++) {
        pack_bounds(t, k, slot, w->sum[slot]);
        pack_income(&k->median, (uint32_t)t->p->asset[slot].addr, w->median[slot]);
    }
    const struct genuine_week_out out = {w->week, held(&k->low), held(&k->high), held(&k->median)};
    souk_err rc = pack_check(k, e);
    return rc ? rc : store_genuine_week_put(s, &out, e);
}

souk_err sums_write(const struct sums *t, struct store *s, struct err *e)
{
    struct packing k;
    struct buf *const all[] = {&k.low, &k.high, &k.bits, &k.sums, &k.median};
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_init(all[i], PACKED_MAX);
    }
    for (size_t i = 0; i < t->account.n && !rc; i++) {
        const struct ledger *a = AT(t->account, struct ledger, i);
        for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
            rc = a->judged[w] ? write_account(t, a, w, &k, s, e) : SOUK_OK;
        }
    }
    for (size_t i = 0; i < t->week.n && !rc; i++) {
        rc = write_week(t, AT(t->week, struct week, i), &k, s, e);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_release(all[i]);
    }
    return rc;
}
