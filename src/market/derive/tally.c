#include "market/derive/tally.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { MOST = 1 << 26 }; /* accounts, and payers of one: more than a chain gives in years */

int64_t account_payee(int64_t payee)
{
    return ((int64_t)1 << 40) + payee;
}

int64_t payee_of_account(int64_t who)
{
    return who >> 40 > 0 ? who - account_payee(0) : 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t day_of_time(int64_t time)
{
    return floor_div(time, DAY_LENGTH);
}

/* 1970-01-01 was a Thursday: three days into its week. */
int64_t week_of_day(int64_t day)
{
    return floor_div(day + 3, 7);
}

int64_t day_of_week(int64_t week)
{
    return week * 7 - 3;
}

/* --- life */

void tally_init(struct tally *t, int64_t as_of, const struct asset_row *asset, size_t assets)
{
    *t = (struct tally){.as_of = as_of, .assets = assets < INCOME_MAX ? assets : INCOME_MAX};
    for (size_t i = 0; i < t->assets; i++) {
        t->asset[i] = asset[i].addr;
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        int64_t seconds = window_seconds((enum window)w);
        t->since[w] = seconds ? as_of - seconds : INT64_MIN;
        t->cut[w] = seconds ? day_of_time(t->since[w]) : INT64_MIN;
    }
    map_init(&t->by_who, MOST);
}

static void account_release(struct account *a)
{
    mem_free(a->sum);
    mem_free(a->day);
    mem_free(a->money);
    mem_free(a->payer);
    map_release(&a->by_payer);
    *a = (struct account){.who = a->who};
}

void tally_clear(struct tally *t)
{
    for (size_t i = 0; i < t->accounts; i++) {
        account_release(&t->account[i]);
    }
    t->accounts = 0;
    map_release(&t->by_who);
}

void tally_release(struct tally *t)
{
    tally_clear(t);
    mem_free(t->account);
    *t = (struct tally){.assets = 0};
}

uint64_t account_key(int64_t who)
{
    return (uint64_t)who + ((uint64_t)1 << 62);
}

struct account *tally_find(const struct tally *t, int64_t who)
{
    const uint32_t *at = map_get(&t->by_who, account_key(who));
    return at ? &t->account[*at] : NULL;
}

/* A new account without anything. */
static struct account *account_new(struct tally *t, int64_t who)
{
    struct account *grown = mem_grow(t->account, t->accounts, &t->account_room, sizeof *t->account);
    if (!grown) {
        return NULL;
    }
    t->account = grown;
    if (!map_put(&t->by_who, account_key(who), (uint32_t)t->accounts)) {
        return NULL;
    }
    struct account *a = &t->account[t->accounts++];
    *a = (struct account){.who = who};
    return a;
}

struct account *tally_account(struct tally *t, int64_t who)
{
    struct account *a = tally_find(t, who);
    a = a ? a : account_new(t, who);
    if (a && !a->sum) {
        a->sum = mem_array((size_t)WINDOW_COUNT * SUM_COUNT * (t->assets + 1), sizeof *a->sum);
        map_init(&a->by_payer, MOST);
    }
    return a && a->sum ? a : NULL;
}

bool tally_adopt(struct tally *t, struct tally *from, int64_t who)
{
    struct account *old = tally_find(from, who), *a = account_new(t, who);
    if (a && old) {
        *a = *old;
        *old = (struct account){.who = who};
    }
    return a != NULL;
}

/* --- amounts */

bool tally_slot(const struct tally *t, int64_t asset, size_t *slot)
{
    for (*slot = 0; *slot < t->assets; ++*slot) {
        if (t->asset[*slot] == asset) {
            return true;
        }
    }
    return false;
}

u256 *tally_sums(const struct tally *t, const struct account *a, int win, enum tally_sum what)
{
    return a->sum + ((size_t)win * SUM_COUNT + (size_t)what) * t->assets;
}

/* A sum that does not fit stays at the largest number there is: no chain has that much of a token.
 */
static void add(u256 *sum, u256 v)
{
    (void)u256_add(*sum, v, sum);
}

/* --- days */

static bool day_room(struct tally *t, struct account *a)
{
    if (a->days < a->day_room) {
        return true;
    }
    size_t room = a->day_room ? a->day_room * 2 : 8;
    struct tally_day *day = mem_resize(a->day, room * sizeof *day);
    if (!day) {
        return false;
    }
    a->day = day;
    u256 *money = mem_resize(a->money, room * (t->assets + 1) * 2 * sizeof *money);
    if (!money) {
        return false;
    }
    a->money = money;
    a->day_room = room;
    return true;
}

/* The place of a day in the account, made when it is not there; false without memory. */
static bool day_at(struct tally *t, struct account *a, int64_t day, size_t *at)
{
    size_t lo = 0, hi = a->days, wide = 2 * t->assets;
    if (hi > 0 && a->day[hi - 1].day < day) {
        lo = hi; /* most often: behind the last */
    }
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (a->day[mid].day < day) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    *at = lo;
    if (lo < a->days && a->day[lo].day == day) {
        return true;
    }
    if (!day_room(t, a)) {
        return false;
    }
    memmove(a->day + lo + 1, a->day + lo, (a->days - lo) * sizeof *a->day);
    a->day[lo] = (struct tally_day){.day = day};
    if (wide) {
        u256 *money = a->money + lo * wide;
        memmove(money + wide, money, (a->days - lo) * wide * sizeof *money);
        memset(money, 0, wide * sizeof *money);
    }
    a->days++;
    return true;
}

bool tally_day(struct tally *t, struct account *a, int64_t day, const struct takings *m)
{
    size_t at;
    if (!day_at(t, a, day, &at)) {
        return false;
    }
    a->day[at].payments += m->payments;
    a->day[at].settlements += m->settlements;
    add(&a->money[at * 2 * t->assets + m->slot], m->paid);
    add(&a->money[(at * 2 + 1) * t->assets + m->slot], m->refunded);
    return true;
}

void tally_window(struct tally *t, struct account *a, int win, const struct takings *m)
{
    struct tally_window *w = &a->win[win];
    w->payments += m->payments;
    w->settlements += m->settlements;
    add(&tally_sums(t, a, win, SUM_PAID)[m->slot], m->paid);
    add(&tally_sums(t, a, win, SUM_REFUNDED)[m->slot], m->refunded);
    if (m->shared) {
        w->unattributed += m->payments + m->settlements;
        add(&tally_sums(t, a, win, SUM_SHARED)[m->slot], m->paid);
        add(&tally_sums(t, a, win, SUM_SHARED_REFUNDED)[m->slot], m->refunded);
    }
}

bool tally_inferences(struct tally *t, struct account *a, int64_t day, uint64_t n, int64_t last,
                      const uint64_t win[WINDOW_COUNT])
{
    size_t at;
    if (!day_at(t, a, day, &at)) {
        return false;
    }
    a->day[at].inferences += n;
    a->last = last > a->last ? last : a->last;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        a->win[w].inferences += win[w];
    }
    return true;
}

/* --- payers */

/* Those that are there, into the map: from now on they come in any order. */
static bool map_payers(struct account *a)
{
    for (size_t i = 0; i < a->payers; i++) {
        if (!map_put(&a->by_payer, (uint64_t)a->payer[i].payer, (uint32_t)i)) {
            return false;
        }
    }
    return true;
}

static struct seen *payer_new(struct account *a, int64_t payer, int64_t first)
{
    struct seen *grown = mem_grow(a->payer, a->payers, &a->payer_room, sizeof *a->payer);
    if (!grown) {
        return NULL;
    }
    a->payer = grown;
    a->payer[a->payers] = (struct seen){.payer = payer, .first = first};
    return &a->payer[a->payers++];
}

struct seen *tally_payer(struct account *a, int64_t payer, int64_t first)
{
    struct seen *last = a->payers ? &a->payer[a->payers - 1] : NULL, *s = NULL;
    if (last && last->payer == payer) {
        s = last;
    } else if (a->by_payer.n == 0 && (!last || last->payer < payer)) {
        s = payer_new(a, payer, first);
    } else if (a->by_payer.n > 0 || map_payers(a)) {
        uint32_t *at = map_put(&a->by_payer, (uint64_t)payer, (uint32_t)a->payers);
        s = !at ? NULL : *at == a->payers ? payer_new(a, payer, first) : &a->payer[*at];
    }
    if (s) {
        s->first = first < s->first ? first : s->first;
    }
    return s;
}

void seen_on(struct seen *s, int win, int64_t day)
{
    uint8_t bit = (uint8_t)(1u << win);
    if (!(s->in & bit)) {
        s->in |= bit;
        s->day[win] = day;
    } else if (s->day[win] != day) {
        s->twice |= bit;
    }
}

/* --- the end */

bool tally_add(struct tally *t, struct account *to, const struct account *from)
{
    size_t wide = 2 * t->assets, at;
    for (size_t i = 0; i < from->days; i++) {
        const struct tally_day *d = &from->day[i];
        if (!day_at(t, to, d->day, &at)) {
            return false;
        }
        to->day[at].payments += d->payments;
        to->day[at].settlements += d->settlements;
        to->day[at].inferences += d->inferences;
        for (size_t k = 0; k < wide; k++) {
            add(&to->money[at * wide + k], from->money[i * wide + k]);
        }
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        struct tally_window *x = &to->win[w];
        const struct tally_window *y = &from->win[w];
        x->payments += y->payments;
        x->settlements += y->settlements;
        x->inferences += y->inferences;
        x->unattributed += y->unattributed;
        x->unknown += y->unknown;
    }
    for (size_t i = 0; i < (size_t)WINDOW_COUNT * SUM_COUNT * t->assets; i++) {
        add(&to->sum[i], from->sum[i]);
    }
    to->last = from->last > to->last ? from->last : to->last;
    return true;
}

void account_finish(const struct tally *t, struct account *a)
{
    for (size_t i = 0; i < a->payers; i++) {
        const struct seen *s = &a->payer[i];
        for (int w = 0; w < WINDOW_COUNT; w++) {
            unsigned in = s->in >> w & 1u;
            a->win[w].payers += in;
            a->win[w].back += s->twice >> w & 1u;
            a->win[w].fresh += in && s->first > t->since[w];
        }
    }
}

void account_spark(const struct tally *t, const struct account *a, uint16_t out[SPARK_DAYS])
{
    int64_t last = day_of_time(t->as_of - 1); /* midnight ends a day */
    uint64_t sum[SPARK_DAYS] = {0};
    for (size_t i = a->days; i-- > 0 && a->day[i].day > last - SPARK_DAYS;) {
        const struct tally_day *d = &a->day[i];
        int64_t age = d->day < last ? last - d->day : 0;
        sum[SPARK_DAYS - 1 - age] += d->payments + d->settlements + d->inferences;
    }
    for (int i = 0; i < SPARK_DAYS; i++) {
        out[i] = sum[i] > UINT16_MAX ? UINT16_MAX : (uint16_t)sum[i];
    }
}
