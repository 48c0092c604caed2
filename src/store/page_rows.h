/*
 * page_rows.h: what the pages of one model, one author and the market read.
 *
 * As in derived.h, fn is called for each row and text is valid inside it only.
 */
#ifndef SOUK_STORE_PAGE_ROWS_H
#define SOUK_STORE_PAGE_ROWS_H

#include "store/catalog_rows.h"

/* --- a model. */

struct model_text {
    struct untrusted description, llm_path;
};
souk_err store_model_text(struct store *s, int64_t id, struct arena *a, struct model_text *out,
                          struct err *e);

/* The packed days of a model or author (derive's format). Empty: none. */
souk_err store_days(struct store *s, int64_t who, struct arena *a, struct untrusted *out,
                    struct err *e);
/* His figures in a window; who negative: an author's. Packed values go to the arena. */
souk_err store_figures(struct store *s, int win, int64_t who, struct arena *a,
                       struct figures_row *out, struct err *e);

/* All events of the listings that ever named this model, listing by listing, in their order. */
struct listing_detail {
    bytes32 lid, tx;
    bool listed, of_model; /* of_model: this event names it (a listing may move to another) */
    address owner, pay_to;
    int64_t pay_to_id, asset;
    u256 price;
    struct untrusted author, name, blob_id, endpoint;
    unsigned flags;
    int64_t time;
    uint64_t block;
};
souk_err store_each_listing_of(struct store *s, struct untrusted author, struct untrusted name,
                               ROW_FN(listing_detail), void *ud, struct err *e);

/* The same of all listings of an owner. */
souk_err store_each_listing_by(struct store *s, address owner, ROW_FN(listing_detail), void *ud,
                               struct err *e);
/* Whether any listing ever named this address as its payee. */
souk_err store_is_payee(struct store *s, address a, bool *yes, struct err *e);

struct payee_totals {
    uint64_t payments, settlements, unattributed;
    struct untrusted income, shared; /* in the arena */
};
souk_err store_payee(struct store *s, int win, int64_t payee, struct arena *a,
                     struct payee_totals *out, struct err *e);
/* How many models are under a listing that pays this address. */
souk_err store_models_paid_at(struct store *s, int64_t payee, int64_t *n, struct err *e);

struct offer_detail {
    struct untrusted resource, scheme, description;
    int64_t n, chain, asset, pay_to_id, updated;
    address pay_to;
    u256 amount;
};
souk_err store_each_offer_to(struct store *s, int64_t payee, ROW_FN(offer_detail), void *ud,
                             struct err *e);
souk_err store_each_offer_at(struct store *s, struct untrusted resource, ROW_FN(offer_detail),
                             void *ud, struct err *e);

/* An example input of a resource, JSON, as its seller gives it. Empty: none. */
souk_err store_offer_example(struct store *s, struct untrusted resource, struct arena *a,
                             struct untrusted *out, struct err *e);

struct file_detail {
    struct untrusted version, name, blob_id, notes;
    int64_t size;
};
souk_err store_each_file(struct store *s, int64_t model, ROW_FN(file_detail), void *ud,
                         struct err *e);

/* --- calls, the latest first. */

struct call_detail {
    int64_t time, chain, who;
    uint64_t block;
    bytes32 tx;
    address payer;
    int64_t asset;
    u256 amount;
    int scheme; /* 0: an inference */
    uint64_t log;
};
/* Payments and settlements: of a model, or (author > 0) of all models of an author and his own. */
souk_err store_each_call_of_model(struct store *s, int64_t model, uint32_t max, ROW_FN(call_detail),
                                  void *ud, struct err *e);
souk_err store_each_call_of_author(struct store *s, int64_t author, uint32_t max,
                                   ROW_FN(call_detail), void *ud, struct err *e);
souk_err store_each_inference_of(struct store *s, int64_t model, uint32_t max, ROW_FN(call_detail),
                                 void *ud, struct err *e);

/* From this place (block, log) on, up to the other, what is paid to payee is who's. */
struct own_span {
    int64_t payee, from[2], to[2]; /* to: not in it any more */
    int64_t who;
    int how; /* enum attribution */
};
/* Of a model, or (who negative) of an author and all his models. */
souk_err store_each_own_span(struct store *s, int64_t who, ROW_FN(own_span), void *ud,
                             struct err *e);

/* Everything that was paid to an author since, refunds too, in the chain's order. */
struct made_row {
    int64_t time;
    uint64_t block, log;
    int64_t who;
    bytes32 tx;
    int64_t payer_id; /* 0: no log names him */
    address payer;
    int64_t payee, asset;
    u256 amount;
    int scheme, tier;
    unsigned bits; /* 1 << enum rule, where it was judged */
    bool told;     /* by its price */
};
/* payee 0: to all of his, else to this one alone. */
souk_err store_each_made(struct store *s, int64_t author, int64_t payee, int64_t since,
                         ROW_FN(made_row), void *ud, struct err *e);
/* Those that a shared payee's price told to be this model's. */
souk_err store_each_made_told(struct store *s, int64_t model, ROW_FN(made_row), void *ud,
                              struct err *e);
/* Whether all that was ever paid to the payee is this model's, or (negative) this author's: then
 * its sums (rollup.h) are. */
souk_err store_payee_is_pure(struct store *s, int64_t payee, int64_t who, bool *pure,
                             struct err *e);
/* The rules (bits) met by what a payer paid to a model or author, among his latest payments. */
souk_err store_bits_of_payer(struct store *s, int64_t payer, int64_t who, unsigned *bits,
                             struct err *e);
/* When each model of an author was last called; 0: never. */
struct last_row {
    int64_t model, last;
};
souk_err store_each_last(struct store *s, int64_t author, ROW_FN(last_row), void *ud,
                         struct err *e);

/* --- authors. */

struct author_detail {
    int64_t id;
    struct untrusted author;
    uint32_t models, listed;
    struct figures_row figures;
};
/* All that have models and a name, by calls. */
souk_err store_each_author_row(struct store *s, int win, ROW_FN(author_detail), void *ud,
                               struct err *e);
souk_err store_author_row(struct store *s, int win, int64_t author, ROW_FN(author_detail), void *ud,
                          struct err *e);
/* 0: no such author. */
souk_err store_author_find(struct store *s, struct untrusted name, int64_t *id, struct err *e);
/* Models that a listing with this owner or payee names, and who owns the listing. */
struct address_use {
    int64_t model, author;
    address owner;
};
souk_err store_each_use_of_address(struct store *s, address a, ROW_FN(address_use), void *ud,
                                   struct err *e);

/* The same of models that are under a listing with this owner or payee now. */
souk_err store_each_active_use(struct store *s, address a, ROW_FN(address_use), void *ud,
                               struct err *e);

/* --- the market. */

struct market_counts {
    uint64_t stored, listed, proven, ever, authors; /* of what is still on the Hub */
    uint64_t called, paid, paid_by_3;               /* in the window */
    uint64_t calls;
    struct market_out totals; /* packed values in the arena */
};
souk_err store_market(struct store *s, int win, struct arena *a, struct market_counts *out,
                      struct err *e);
/* By week. */
souk_err store_each_week(struct store *s, ROW_FN(week_out), void *ud, struct err *e);
/* Authors by name that have a model under a listing, or figures in the window. */
struct author_share {
    bool listed;
    struct untrusted income;
};
souk_err store_each_author_share(struct store *s, int win, ROW_FN(author_share), void *ud,
                                 struct err *e);
/* Models on the Hub that are under a listing, by payments in the window. */
struct priced_row {
    struct untrusted author, name;
    u256 price;
    int64_t asset;
    uint64_t payments;
    struct untrusted income;
};
souk_err store_each_priced(struct store *s, int win, uint32_t max, ROW_FN(priced_row), void *ud,
                           struct err *e);
souk_err store_each_cohort(struct store *s, ROW_FN(cohort_out), void *ud, struct err *e);
/* Models on the Hub that a genuine payer paid, and healthy ones (genuine.h). */
souk_err store_genuine_models(struct store *s, int win, uint64_t *paid, uint64_t *healthy,
                              struct err *e);
/* What genuine_judge found, by week (schema.c). */
struct judged_week {
    int64_t week;
    struct untrusted low, high, median; /* packed */
};
souk_err store_each_judged_week(struct store *s, ROW_FN(judged_week), void *ud, struct err *e);
/* When models were first seen, after `since`. */
struct seen_row {
    int64_t time;
};
souk_err store_each_first_seen(struct store *s, int64_t since, ROW_FN(seen_row), void *ud,
                               struct err *e);

/* The first block read by a log filter, and the newest source of it. false: none. */
bool store_filter_source(struct store *s, const char *filter, int64_t *src, int64_t *first,
                         int64_t *chain);
bool store_newest_source(struct store *s, enum source_kind kind, int64_t *src);

struct row_counts {
    uint64_t models, listings, payments, inferences, offers;
    int64_t bytes;
};
souk_err store_row_counts(struct store *s, struct row_counts *out, struct err *e);

#endif
