/*
 * genuine_rows.h: what market/genuine writes and reads: judged payments, findings, sums.
 *
 * As in derived.h: fn is called for each row, what it returns other than SOUK_OK ends the run and
 * is returned. win: enum window. who: a model, an author negated, 0 the market.
 */
#ifndef SOUK_STORE_GENUINE_ROWS_H
#define SOUK_STORE_GENUINE_ROWS_H

#include "store/derived.h"

/* Empties judged, finding, finding_row, linked, genuine_stat and genuine_week. */
souk_err store_genuine_clear(struct store *s, struct err *e);

struct judged_out {
    int64_t chain;
    uint64_t block, log;
    unsigned bits; /* 1 << enum rule */
    u256 excluded;
};
souk_err store_judged_put(struct store *s, const struct judged_out *j, struct err *e);
/* false: no rule had anything to say of it, or it was not judged. */
bool store_judged_get(struct store *s, int64_t chain, uint64_t block, uint64_t log, unsigned *bits,
                      u256 *excluded);

struct finding_out {
    int64_t id, who, author, payee, payer, asset; /* payee, payer 0: several, or nobody known */
    int rule;
    int64_t since, until;
    uint64_t payments, payers;
    u256 amount;
    const char *words;
};
souk_err store_finding_put(struct store *s, const struct finding_out *f, struct err *e);
souk_err store_finding_row_put(struct store *s, int64_t finding, unsigned n, int64_t chain,
                               uint64_t block, uint64_t log, struct err *e);
/* Its rows go: a finding that came to nothing. */
souk_err store_finding_drop(struct store *s, int64_t finding, struct err *e);

struct linked_out {
    int64_t author, asset, payer, funder, cluster;
};
souk_err store_linked_put(struct store *s, const struct linked_out *l, struct err *e);

struct genuine_out {
    int win;
    int64_t who;
    struct untrusted low, high, bits, sums; /* packed: schema.c */
    uint64_t strict, loose, clusters, payments;
};
souk_err store_genuine_put(struct store *s, const struct genuine_out *g, struct err *e);
/* Nothing was judged there: *found false, *out zeroed. Packed values go to the arena. */
souk_err store_genuine_get(struct store *s, int win, int64_t who, struct arena *a,
                           struct genuine_out *out, bool *found, struct err *e);

struct genuine_week_out {
    int64_t week;
    struct untrusted low, high, median;
};
souk_err store_genuine_week_put(struct store *s, const struct genuine_week_out *w, struct err *e);

/* --- findings whose last payment is later than `since`, the newest first; who 0: all. */
struct finding_in {
    struct finding_out f; /* words: until the next row */
    struct untrusted author, model;
    address payee_address, payer_address;
};
souk_err store_each_finding(struct store *s, int64_t since, int64_t who, size_t max,
                            ROW_FN(finding_in), void *ud, struct err *e);
souk_err store_finding_count(struct store *s, int64_t since, int64_t who, int64_t *n,
                             struct err *e);

/* The rows behind one, in the order of the chain. */
struct evidence_in {
    bool payment;
    uint64_t block, log;
    address from, to;
    int64_t asset, time;
    u256 amount;
    bytes32 tx;
};
souk_err store_each_evidence(struct store *s, int64_t finding, ROW_FN(evidence_in), void *ud,
                             struct err *e);

#endif
