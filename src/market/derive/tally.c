#include "market/derive/tally.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum {
    DAY = 86400,
    MOST = 1 << 26, /* accounts, edges: more than a chain gives in years */
};

/* One payer of one account. */
struct edge {
    uint32_t account;
    int64_t first, last;         /* times of his payments */
    uint32_t days[WINDOW_COUNT]; /* distinct days in each window */
};

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

/* 1970-01-01 was a Thursday: three days into its week. */
int64_t week_of_day(int64_t day)
{
    return floor_div(day + 3, 7);
}

int64_t day_of_week(int64_t week)
{
    return week * 7 - 3;
}

void tally_init(struct tally *t, int64_t as_of, const struct asset_row *asset, size_t assets)
{
    *t = (struct tally){.as_of = as_of, .assets = assets < INCOME_MAX ? assets : INCOME_MAX};
    for (size_t i = 0; i < t->assets; i++) {
        t->asset[i] = asset[i].addr;
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        int64_t seconds = window_seconds((enum window)w);
        t->since[w] = seconds ? as_of - seconds : INT64_MIN;
    }
    map_init(&t->by_who, MOST);
    map_init(&t->by_edge, MOST);
}

void tally_release(struct tally *t)
{
    for (size_t i = 0; i < t->accounts; i++) {
        mem_free(t->account[i].day);
        mem_free(t->account[i].day_income);
    }
    mem_free(t->account);
    mem_free(t->edge);
    mem_free(t->week);
    map_release(&t->by_who);
    map_release(&t->by_edge);
    *t = (struct tally){0};
}

/* Room for one more of n rows of this size in p; NULL without memory. */
static void *one_more(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return p;
    }
    size_t more = *room ? *room * 2 : 16;
    void *grown = n < MOST ? mem_resize(p, more * size) : NULL;
    if (grown) {
        *room = more;
    }
    return grown;
}

static struct account *account(struct tally *t, int64_t who)
{
    uint64_t key = (uint64_t)who + ((uint64_t)1 << 62); /* never 0 */
    uint32_t *at = map_put(&t->by_who, key, UINT32_MAX);
    if (!at) {
        return NULL;
    }
    if (*at == UINT32_MAX) {
        struct account *grown =
            one_more(t->account, t->accounts, &t->account_room, sizeof *t->account);
        if (!grown) {
            return NULL;
        }
        t->account = grown;
        *at = (uint32_t)t->accounts;
        t->account[t->accounts++] = (struct account){.who = who};
    }
    return &t->account[*at];
}

/* --- days and weeks */

static bool day_room(struct tally *t, struct account *a)
{
    size_t room = a->day_room ? a->day_room * 2 : 8;
    if (a->days < a->day_room) {
        return true;
    }
    struct tally_day *day = mem_resize(a->day, room * sizeof *day);
    if (!day) {
        return false;
    }
    a->day = day;
    u256 *income = mem_resize(a->day_income, room * (t->assets + 1) * sizeof *income);
    if (!income) {
        return false;
    }
    a->day_income = income;
    a->day_room = room;
    return true;
}

/* The place of a day in the account, made when it is not there; false without memory. */
static bool day_of(struct tally *t, struct account *a, int64_t time, size_t *at)
{
    int64_t day = floor_div(time, DAY);
    size_t i = a->days; /* most often the last, or after it */
    while (i > 0 && a->day[i - 1].day > day) {
        i--;
    }
    if (i > 0 && a->day[i - 1].day == day) {
        *at = i - 1;
        return true;
    }
    if (!day_room(t, a)) {
        return false;
    }
    memmove(a->day + i + 1, a->day + i, (a->days - i) * sizeof *a->day);
    if (t->assets) {
        u256 *income = a->day_income + i * t->assets;
        memmove(income + t->assets, income, (a->days - i) * t->assets * sizeof *income);
        memset(income, 0, t->assets * sizeof *income);
    }
    a->day[i] = (struct tally_day){.day = day};
    a->days++;
    *at = i;
    return true;
}

static struct tally_week *week_of(struct tally *t, int64_t time)
{
    int64_t week = week_of_day(floor_div(time, DAY));
    size_t i = t->weeks;
    while (i > 0 && t->week[i - 1].week > week) {
        i--;
    }
    if (i > 0 && t->week[i - 1].week == week) {
        return &t->week[i - 1];
    }
    struct tally_week *grown = one_more(t->week, t->weeks, &t->week_room, sizeof *t->week);
    if (!grown) {
        return NULL;
    }
    t->week = grown;
    memmove(t->week + i + 1, t->week + i, (t->weeks - i) * sizeof *t->week);
    t->week[i] = (struct tally_week){.week = week};
    t->weeks++;
    return &t->week[i];
}

static void spark(const struct tally *t, struct account *a, int64_t time)
{
    int64_t age = t->as_of > time ? (t->as_of - time) / DAY : 0;
    if (age < SPARK_DAYS) {
        a->spark[SPARK_DAYS - 1 - age]++;
    }
}

/* --- payers */

static struct edge *edge_of(struct tally *t, const struct account *a, const struct pay_row *p)
{
    uint32_t index = (uint32_t)(a - t->account);
    uint32_t *at = map_put(&t->by_edge, (uint64_t)index << 32 | (uint32_t)p->payer, UINT32_MAX);
    if (!at) {
        return NULL;
    }
    if (*at == UINT32_MAX) {
        struct edge *grown = one_more(t->edge, t->edges, &t->edge_room, sizeof *t->edge);
        if (!grown) {
            return NULL;
        }
        t->edge = grown;
        *at = (uint32_t)t->edges;
        t->edge[t->edges++] = (struct edge){.account = index, .first = p->time, .last = INT64_MIN};
    }
    return &t->edge[*at];
}

static bool payer(struct tally *t, const struct account *a, const struct pay_row *p)
{
    struct edge *g = edge_of(t, a, p);
    if (!g) {
        return false;
    }
    bool first = g->last == INT64_MIN;
    bool same_day = !first && floor_div(g->last, DAY) == floor_div(p->time, DAY);
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (p->time > t->since[w]) {
            g->days[w] += !same_day || g->days[w] == 0;
        }
    }
    if (a->who == ACCOUNT_MARKET) {
        struct tally_week *week = week_of(t, p->time);
        if (!week) {
            return false;
        }
        bool same_week = !first && week_of_day(floor_div(g->last, DAY)) == week->week;
        week->payers += !same_week;
        week->fresh += first;
    }
    g->last = p->time;
    return true;
}

void tally_finish(struct tally *t)
{
    for (size_t i = 0; i < t->edges; i++) {
        const struct edge *g = &t->edge[i];
        struct account *a = &t->account[g->account];
        for (int w = 0; w < WINDOW_COUNT; w++) {
            if (g->days[w]) {
                a->win[w].payers++;
                a->win[w].back += g->days[w] > 1;
                a->win[w].fresh += g->first > t->since[w];
            }
        }
    }
}

/* --- payments and inferences */

static bool slot_of(const struct tally *t, int64_t asset, size_t *slot)
{
    for (*slot = 0; *slot < t->assets; ++*slot) {
        if (t->asset[*slot] == asset) {
            return true;
        }
    }
    return false;
}

/* A sum that does not fit stays at the largest number there is: no chain has that much of a token.
 */
static void add(u256 *sum, u256 v)
{
    (void)u256_add(*sum, v, sum);
}

souk_err tally_pay(struct tally *t, int64_t who, const struct pay_row *p, bool shared,
                   struct err *e)
{
    size_t slot, at = 0;
    bool session = p->scheme == PAY_UPTO;
    if (!slot_of(t, p->asset, &slot)) {
        return SOUK_OK;
    }
    bool payee = payee_of_account(who) != 0; /* of whom only sums are wanted */
    struct account *a = account(t, who);
    if (!a || (!payee && (!day_of(t, a, p->time, &at) || !payer(t, a, p)))) {
        return err_nomem(e);
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (p->time > t->since[w]) {
            a->win[w].payments += !session;
            a->win[w].settlements += session;
            add(&a->income[w][slot], p->amount);
            if (shared) {
                add(&a->shared[w][slot], p->amount);
            }
        }
    }
    if (payee) {
        return SOUK_OK;
    }
    a->day[at].payments += !session;
    a->day[at].settlements += session;
    add(&a->day_income[at * t->assets + slot], p->amount);
    a->last = p->time > a->last ? p->time : a->last;
    spark(t, a, p->time);
    return SOUK_OK;
}

void tally_stray(struct tally *t, const struct pay_row *p)
{
    size_t slot;
    if (!slot_of(t, p->asset, &slot)) {
        return;
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (p->time > t->since[w]) {
            t->strays[w]++;
            add(&t->stray[w][slot], p->amount);
        }
    }
}

souk_err tally_infer(struct tally *t, int64_t who, int64_t time, struct err *e)
{
    size_t at;
    struct account *a = account(t, who);
    if (!a || !day_of(t, a, time, &at)) {
        return err_nomem(e);
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        a->win[w].inferences += time > t->since[w];
    }
    a->day[at].inferences++;
    a->last = time > a->last ? time : a->last;
    spark(t, a, time);
    return SOUK_OK;
}

void tally_unknown(struct tally *t, int64_t time)
{
    for (int w = 0; w < WINDOW_COUNT; w++) {
        t->unknown[w] += time > t->since[w];
    }
}
