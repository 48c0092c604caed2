/*
 * watch_rows.h: what is told of payments as they land.
 *
 * As in derived.h, fn is called for each row, and text is valid inside it only.
 */
#ifndef SOUK_STORE_WATCH_ROWS_H
#define SOUK_STORE_WATCH_ROWS_H

#include "store/page_rows.h"

/* Proved payments, settlements and refunds in blocks after `after` up to `upto`, in the chain's
 * order. */
struct news_detail {
    uint64_t block, log;
    bytes32 tx;
    int64_t time, payee_id, asset;
    address payer, payee;
    u256 amount;
    int scheme;
    int64_t who;                    /* a model, an author negated, 0 nobody's */
    int64_t author_id;              /* his; 0: nobody's */
    struct untrusted author, model; /* model empty: no one model's */
    int64_t first; /* when this payer first paid an address of this author; 0: unknown payer */
    unsigned bits; /* as judged */
};
souk_err store_each_news(struct store *s, int64_t chain, uint64_t after, uint64_t upto,
                         ROW_FN(news_detail), void *ud, struct err *e);

/* Whether any listing has this owner, ever. */
souk_err store_is_owner(struct store *s, address a, bool *yes, struct err *e);
/* Addresses that listings of this owner ever named as payee, by id. */
struct payee_id_row {
    int64_t payee;
};
souk_err store_each_payee_of_owner(struct store *s, address owner, ROW_FN(payee_id_row), void *ud,
                                   struct err *e);

#endif
