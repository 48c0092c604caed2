/*
 * tally.h: the counting of derive, in memory.
 *
 * A tally holds one account for each model, each author (his id negated), each
 * payee (in an account space of its own) and the market as a whole. Payments
 * come in the order of their chain, inferences in any order; at the end each account
 * knows its figures for every window, its days and its last 30 days.
 */
#ifndef SOUK_MARKET_TALLY_H
#define SOUK_MARKET_TALLY_H

#include "market/map.h"
#include "market/types.h"
#include "store/derived.h"

struct tally_day {
    int64_t day; /* unix day number */
    uint64_t payments, settlements, inferences;
};

struct tally_window {
    uint64_t payments, settlements, inferences;
    uint64_t payers, back, fresh;
};

struct account {
    int64_t who;
    struct tally_window win[WINDOW_COUNT];
    u256 income[WINDOW_COUNT][INCOME_MAX]; /* by asset slot */
    u256 shared[WINDOW_COUNT][INCOME_MAX]; /* of that: what could not be given to one model */
    int64_t last;
    uint32_t spark[SPARK_DAYS];
    struct tally_day *day; /* ascending */
    u256 *day_income;      /* for each day, one amount for each asset */
    size_t days, day_room;
};

struct tally_week {
    int64_t week;
    uint64_t payers, fresh;
};

struct edge; /* one payer of one account */

struct tally {
    int64_t as_of, since[WINDOW_COUNT]; /* a window is time > since */
    int64_t asset[INCOME_MAX];          /* the slots: the profile's assets in its order */
    size_t assets;
    struct map by_who, by_edge;
    struct account *account;
    size_t accounts, account_room;
    struct edge *edge;
    size_t edges, edge_room;
    struct tally_week *week; /* ascending; of the market */
    size_t weeks, week_room;
    u256 stray[WINDOW_COUNT][INCOME_MAX]; /* proved, to payees that no listing names */
    uint64_t strays[WINDOW_COUNT];
    uint64_t unknown[WINDOW_COUNT]; /* inferences of CIDs that no model has */
};

void tally_init(struct tally *t, int64_t as_of, const struct asset_row *asset, size_t assets);
void tally_release(struct tally *t);

int64_t week_of_day(int64_t day);  /* weeks begin on Monday; day numbers may be negative */
int64_t day_of_week(int64_t week); /* its Monday */

/* Whose account: a model, an author negated, or one of these. */
enum { ACCOUNT_MARKET = 0 };
int64_t account_payee(int64_t payee);
/* The payee of an account of account_payee(), 0 for others. */
int64_t payee_of_account(int64_t who);

/*
 * A payment or settlement. shared: it is an author's, but no one model's. Payments in assets that
 * have no slot are not counted: sync reads the profile's tokens only.
 */
souk_err tally_pay(struct tally *t, int64_t who, const struct pay_row *p, bool shared,
                   struct err *e);
/* Proved, to a payee that no listing names. */
void tally_stray(struct tally *t, const struct pay_row *p);

souk_err tally_infer(struct tally *t, int64_t who, int64_t time, struct err *e);
void tally_unknown(struct tally *t, int64_t time);

/* Once, after the last payment: counts payers. */
void tally_finish(struct tally *t);

#endif
