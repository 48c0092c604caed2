/*
 * derived.h: what market/derive reads and writes: raw rows streamed, derived rows replaced.
 *
 * The readers call fn for each row, in the order stated; what fn returns other
 * than SOUK_OK ends the run and is returned. Text is valid inside fn only.
 * `who` is a model's id, or an author's id negated; 0 is nobody.
 */
#ifndef SOUK_STORE_DERIVED_H
#define SOUK_STORE_DERIVED_H

#include "store/store.h"

#define ROW_FN(type) souk_err (*fn)(void *ud, const struct type *row, struct err *e)

/* --- reading. */

/* Listing events of a chain, in its order, with the model of the Hub each names. */
struct listing_event {
    uint64_t block, log;
    bool listed;
    bytes32 lid;
    int64_t model; /* 0: the Hub has no such model, or a delisting */
    address owner_address;
    int64_t owner, asset, pay_to;
    u256 price;
    struct untrusted blob_id, endpoint;
    int64_t time;
};
souk_err store_each_listing_event(struct store *s, int64_t chain, ROW_FN(listing_event), void *ud,
                                  struct err *e);

/* Models with a description that derive has not read yet. */
struct description_row {
    int64_t model;
    struct untrusted description;
};
souk_err store_each_unread(struct store *s, ROW_FN(description_row), void *ud, struct err *e);
/* What was read: the one blob id the description states; empty: none. */
souk_err store_stated_put(struct store *s, int64_t model, const char *stated, struct err *e);
/* Forgets what was read, of all: the rules of reading changed. */
souk_err store_unread_all(struct store *s, struct err *e);
souk_err store_description(struct store *s, int64_t model, struct arena *a, struct untrusted *out,
                           struct err *e);

/* All models by id, with the derived columns as they stand. */
struct derived_model {
    int64_t id, author;
    int mark, ever, blob_from;
    u256 price;
    int64_t asset, pay_to, owner, listed_at;    /* asset 0: no price */
    struct untrusted endpoint, blob_id, stated; /* absent: none */
};
souk_err store_each_model(struct store *s, ROW_FN(derived_model), void *ud, struct err *e);
souk_err store_derived_model_put(struct store *s, const struct derived_model *m, struct err *e);

/* Files with a blob id, by model. */
struct file_blob {
    int64_t model;
    struct untrusted version, name, blob_id;
};
souk_err store_each_file_blob(struct store *s, ROW_FN(file_blob), void *ud, struct err *e);

/* CIDs that were called and the models whose files, or whose descriptions, name them. */
struct cid_claim {
    int64_t cid, model;
    bool gone; /* the model is no longer on the Hub */
};
souk_err store_each_file_claim(struct store *s, ROW_FN(cid_claim), void *ud, struct err *e);
souk_err store_each_stated_claim(struct store *s, ROW_FN(cid_claim), void *ud, struct err *e);
/* 0: was never called. */
souk_err store_cid_find(struct store *s, struct untrusted text, int64_t *cid, struct err *e);

/* Proved payments of a chain in its order, each with what it was attributed to before. */
struct pay_row {
    uint64_t block, log;
    int64_t payer, payee, asset;
    u256 amount;
    int scheme;
    int64_t time;
    int64_t who; /* as pay_model says */
    int how;     /* 0: no row there */
};
souk_err store_each_pay(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud, struct err *e);
/* The same of one payee. */
souk_err store_each_pay_of(struct store *s, int64_t chain, int64_t payee, ROW_FN(pay_row), void *ud,
                           struct err *e);
/* Proved ones without a payer; those of tier P2; plain transfers (payee 0: to anyone; scheme 0). */
souk_err store_each_pay_of_nobody(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                  struct err *e);
souk_err store_each_pay_by_list(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                struct err *e);
souk_err store_each_inflow(struct store *s, int64_t chain, int64_t payee, ROW_FN(pay_row), void *ud,
                           struct err *e);
/* Those that pay_model has a row of, all of them; payee 0: the payment is no longer there. */
souk_err store_each_told_by_price(struct store *s, int64_t chain, ROW_FN(pay_row), void *ud,
                                  struct err *e);
souk_err store_count_told_by_price(struct store *s, int64_t chain, int64_t *n, struct err *e);

/* Inferences of a chain by CID, then time. */
struct infer_row {
    int64_t cid, time;
};
souk_err store_each_infer(struct store *s, int64_t chain, ROW_FN(infer_row), void *ud,
                          struct err *e);

/* The first and the last day with a row to the payee; false: there is none. */
souk_err store_payee_days(struct store *s, int64_t chain, int64_t payee, int64_t day[2], bool *any,
                          struct err *e);
/* Times between which all its rows are, nearer than by the days; refunds by their days. */
souk_err store_payee_times(struct store *s, int64_t chain, int64_t payee, int64_t time[2],
                           struct err *e);
/* Ids of the addresses that were paid, of the CIDs that were called; ascending. */
struct who_row {
    int64_t who;
};
souk_err store_each_paid(struct store *s, int64_t chain, ROW_FN(who_row), void *ud, struct err *e);
souk_err store_each_called(struct store *s, int64_t chain, ROW_FN(who_row), void *ud,
                           struct err *e);
/* Times of the first and the last payment or inference of all; zeros: there are none. */
souk_err store_time_read(struct store *s, int64_t payments, int64_t inferences, int64_t time[2],
                         struct err *e);
/* Whether rows are quickly found by their payee (store_index): else read them all at once. */
bool store_indexed(struct store *s);

/* Assets of a chain in the order they are shown. */
struct asset_row {
    int64_t addr; /* addr.id */
    address address;
    char symbol[12];
    unsigned decimals;
};
souk_err store_assets(struct store *s, int64_t chain, struct asset_row *out, size_t max, size_t *n,
                      struct err *e);

/* --- writing. */

/*
 * Empties market_stat, weekly and cohort. The other tables are large and change little: rows are
 * put where they differ from what is there, and taken out one by one (..._none).
 */
souk_err store_derived_clear(struct store *s, struct err *e);

struct figures_out {
    int win;
    int64_t who; /* a model, or an author negated */
    uint64_t calls, payments, settlements, inferences, payers;
    uint64_t back;                   /* models: payers on two or more days of the window */
    uint64_t fresh;                  /* authors: payers whose first payment is in the window */
    uint64_t unknown;                /* payments and settlements whose payer no log names */
    struct untrusted income, shared; /* encoded; shared: of authors, what no model can have */
    struct untrusted refunded;       /* already taken off income */
    int64_t last;
};
souk_err store_figures_put(struct store *s, const struct figures_out *f, struct err *e);

souk_err store_figures_none(struct store *s, int win, int64_t who, struct err *e);

/* To an address that a listing ever named, whoever it is attributed to. */
struct payee_out {
    int win;
    int64_t payee;
    uint64_t payments, settlements;
    uint64_t unattributed;           /* of them: no one model's */
    struct untrusted income, shared; /* shared: of the unattributed */
};
souk_err store_payee_put(struct store *s, const struct payee_out *p, struct err *e);
souk_err store_payee_none(struct store *s, int win, int64_t payee, struct err *e);

struct market_out {
    int win;
    uint64_t payments, settlements, inferences;
    uint64_t payers, fresh; /* fresh: first paid in the window; the others had paid before it */
    uint64_t payer_unknown; /* payments and settlements whose payer no log names */
    uint64_t strays;        /* proved, to payees that no listing names */
    uint64_t unknown;       /* inferences of CIDs that no model has */
    uint64_t by_list;       /* P2, to payees of listings: in no figure but this */
    uint64_t inflows;       /* P1: plain transfers to payees of listings */
    struct untrusted income, shared, stray, refunded, by_list_sum, inflow; /* encoded */
};
souk_err store_market_put(struct store *s, const struct market_out *m, struct err *e);

/* Weeks begin on Monday, UTC; week 0 holds 1970-01-01. payers less fresh had paid before it. */
struct week_out {
    int64_t week;
    uint64_t payments, settlements, inferences, payers, fresh;
    struct untrusted income;
};
souk_err store_week_put(struct store *s, const struct week_out *w, struct err *e);

/* Payers by the week of their first payment to the market. */
enum { COHORT_BACK = 12 };
struct cohort_out {
    int64_t week;
    uint64_t payers;
    uint64_t d7, d30;           /* paid again on days 7 to 13, 30 to 36 after the first (day 0) */
    uint64_t back[COHORT_BACK]; /* paid in the k + 1-th week after */
};
souk_err store_cohort_put(struct store *s, const struct cohort_out *c, struct err *e);

/* Growth of calls and settlements; no row where there is too little to tell. high may be infinite.
 */
struct trend_out {
    int64_t who;
    double ratio, low, high;
};
souk_err store_trend_put(struct store *s, const struct trend_out *t, struct err *e);
souk_err store_trend_none(struct store *s, int64_t who, struct err *e);

souk_err store_cid_models_clear(struct store *s, struct err *e);
souk_err store_cid_model_put(struct store *s, int64_t cid, int64_t model, int how, struct err *e);

/* From this place on (block, log), proved payments to payee are who's, by how; see schema.c. */
struct span_row {
    int64_t payee;
    uint64_t block, log;
    int64_t who;
    int how; /* enum attribution */
};
souk_err store_spans_clear(struct store *s, struct err *e);
souk_err store_span_put(struct store *s, const struct span_row *r, struct err *e);

/* Of payments to be told by their price, those that were. how 0 removes the row. */
souk_err store_pay_model_put(struct store *s, int64_t chain, uint64_t block, uint64_t log,
                             int64_t who, int how, struct err *e);

/* The packed rows of one model or author; written only where they differ. An empty one is removed.
 */
souk_err store_days_put(struct store *s, int64_t who, struct untrusted v, struct err *e);
souk_err store_spark_put(struct store *s, int64_t who, struct untrusted v, struct err *e);
/* Calls fn with who of each row there is, so that those with nothing left can be removed. */
souk_err store_each_days_who(struct store *s, ROW_FN(who_row), void *ud, struct err *e);
/* The same of payee_stat, in one window. */
souk_err store_each_payee_who(struct store *s, int win, ROW_FN(who_row), void *ud, struct err *e);

#endif
