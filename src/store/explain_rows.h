/*
 * explain_rows.h: the newest rows behind a figure of the market.
 *
 * Newest first, as long as they are later than `since`, at most max, and among the newest
 * EXPLAIN_SCAN rows of the table: a kind of row that is rarer than that shows none.
 */
#ifndef SOUK_STORE_EXPLAIN_ROWS_H
#define SOUK_STORE_EXPLAIN_ROWS_H

#include "store/page_rows.h"

enum { EXPLAIN_SCAN = 1000000 };

/* Whose payments: of some model or author; of an author but no one model; of no listing's payee. */
enum market_rows { ROWS_ATTRIBUTED, ROWS_SHARED, ROWS_STRAY };
/* Proved payments when `payments`, settlements when `settlements`. Refunds are neither. */
souk_err store_each_market_call(struct store *s, int64_t chain, enum market_rows which,
                                bool payments, bool settlements, int64_t since, uint32_t max,
                                ROW_FN(call_detail), void *ud, struct err *e);
/* Inferences of models; author > 0: of his. */
souk_err store_each_market_inference(struct store *s, int64_t chain, int64_t author, int64_t since,
                                     uint32_t max, ROW_FN(call_detail), void *ud, struct err *e);
/* Plain transfers to addresses that listings pay; scheme is PAY_PLAIN, who 0. */
souk_err store_each_market_inflow(struct store *s, int64_t chain, int64_t since, uint32_t max,
                                  ROW_FN(call_detail), void *ud, struct err *e);
/* Payments and settlements of the window that are an author's but no one model's. */
souk_err store_count_unattributed(struct store *s, int win, uint64_t *n, struct err *e);

/* Who told a log filter's ranges: each different `place` of its sources. */
struct place_row {
    struct untrusted place;
};
souk_err store_each_place(struct store *s, int64_t chain, const char *filter, ROW_FN(place_row),
                          void *ud, struct err *e);

#endif
