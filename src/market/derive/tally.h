/*
 * tally.h: the counting of derive, in memory.
 *
 * A tally holds accounts: of models, of authors (their ids negated), of payees (in an account space
 * of their own). Each counts its days, its windows and its payers, from single payments or from
 * sums of days and payers (rollup.h), and both ways come to the same. Assets without a slot are
 * not counted: sync reads the profile's tokens only.
 */
#ifndef SOUK_MARKET_TALLY_H
#define SOUK_MARKET_TALLY_H

#include "market/map.h"
#include "market/types.h"
#include "store/rollup.h"

enum { DAY_LENGTH = 86400 };

/* What is summed for each asset. shared: could not be given to one model. */
enum tally_sum { SUM_PAID, SUM_REFUNDED, SUM_SHARED, SUM_SHARED_REFUNDED, SUM_COUNT };

struct tally_window {
    uint64_t payments, settlements, inferences;
    uint64_t unattributed; /* payments and settlements that are shared */
    uint64_t unknown;      /* payments and settlements without a payer */
    uint64_t payers, back, fresh;
};

struct tally_day {
    int64_t day; /* unix day number */
    uint64_t payments, settlements, inferences;
};

/* One payer of one account. day: one on which he paid, of each window. */
struct seen {
    int64_t payer;
    int64_t first; /* time of his first payment */
    int64_t day[WINDOW_COUNT];
    uint8_t in, twice; /* bits of windows: paid, paid on two or more days */
};

struct account {
    int64_t who;
    int64_t last; /* time of its latest payment, settlement or inference */
    struct tally_window win[WINDOW_COUNT];
    u256 *sum;             /* by window, what (enum tally_sum), asset: tally_sums() */
    struct tally_day *day; /* ascending */
    u256 *money;           /* for each day what was paid, then what was given back, by asset */
    size_t days, day_room;
    struct map by_payer; /* empty while they came in their order, as those of one payee do */
    struct seen *payer;
    size_t payers, payer_room;
};

struct tally {
    int64_t as_of, since[WINDOW_COUNT]; /* a window is time > since */
    int64_t cut[WINDOW_COUNT];          /* the day that since is in: later ones are wholly inside */
    int64_t asset[INCOME_MAX];          /* the slots: the profile's assets in its order */
    size_t assets;
    struct map by_who;
    struct account *account;
    size_t accounts, account_room;
};

void tally_init(struct tally *t, int64_t as_of, const struct asset_row *asset, size_t assets);
void tally_release(struct tally *t);
/* Forgets the accounts alone. */
void tally_clear(struct tally *t);

int64_t day_of_time(int64_t time);
int64_t week_of_day(int64_t day);  /* weeks begin on Monday; day numbers may be negative */
int64_t day_of_week(int64_t week); /* its Monday */

/* A payee's account. */
int64_t account_payee(int64_t payee);
/* The payee of an account of account_payee(), 0 for others. */
int64_t payee_of_account(int64_t who);

/* Of any account, in a map: never 0. */
uint64_t account_key(int64_t who);

/* The account, made when it is not there; NULL without memory. Valid until the next is made. */
struct account *tally_account(struct tally *t, int64_t who);
struct account *tally_find(const struct tally *t, int64_t who);
/* Takes over what another tally has of this account; false without memory. */
bool tally_adopt(struct tally *t, struct tally *from, int64_t who);

bool tally_slot(const struct tally *t, int64_t asset, size_t *slot);
/* t->assets amounts. */
u256 *tally_sums(const struct tally *t, const struct account *a, int win, enum tally_sum what);

/* What came in on a day, in one asset; or one payment. */
struct takings {
    size_t slot;
    uint64_t payments, settlements;
    u256 paid, refunded;
    bool shared;
};
/* To the days (not of payees). false without memory. */
bool tally_day(struct tally *t, struct account *a, int64_t day, const struct takings *m);
void tally_window(struct tally *t, struct account *a, int win, const struct takings *m);
/* n inferences of one day, the last at that time, of which win[] in each window. */
bool tally_inferences(struct tally *t, struct account *a, int64_t day, uint64_t n, int64_t last,
                      const uint64_t win[WINDOW_COUNT]);

/* His place in the account; NULL without memory. Not for payer 0, who is nobody. */
struct seen *tally_payer(struct account *a, int64_t payer, int64_t first);
void seen_on(struct seen *s, int win, int64_t day);

/* Adds the days and sums of one account to another, but not its payers. false without memory. */
bool tally_add(struct tally *t, struct account *to, const struct account *from);

/* Once, when all was counted: the payers of each window. */
void account_finish(const struct tally *t, struct account *a);
/* Calls and settlements of the last SPARK_DAYS UTC days; a later one counts as the last. */
void account_spark(const struct tally *t, const struct account *a, uint16_t out[SPARK_DAYS]);

#endif
