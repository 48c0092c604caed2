/*
 * catalog_rows.h: what the catalogue and the search read.
 *
 * As in derived.h, fn is called for each row and text is valid inside it only.
 */
#ifndef SOUK_STORE_CATALOG_ROWS_H
#define SOUK_STORE_CATALOG_ROWS_H

#include "store/derived.h"

/* The figures of one model or author over one window, as derive packed them. */
struct figures_row {
    bool any; /* something happened in the window; else the rest is 0 */
    uint64_t calls, payments, settlements, inferences, payers, more; /* more: back or fresh */
    uint64_t unknown; /* payments and settlements whose payer no log names */
    struct untrusted income, shared, refunded;
    int64_t last;
    bool judged; /* genuine_judge has run */
    struct untrusted low, high;
    uint64_t strict; /* genuine payers */
    /* Whatever the window: */
    struct untrusted spark;
    bool trended; /* else there is too little to tell */
    double ratio, trend_low, trend_high;
};

struct catalog_row {
    int64_t id, author_id;
    struct untrusted author; /* NULL from store_each_catalog_row: see store_each_author */
    struct untrusted name, task;
    int mark, blob_from;
    bool ever, gone;
    struct untrusted blob_id, endpoint; /* NULL: none */
    u256 price;
    int64_t asset; /* 0: not listed, nor priced, paid or owned */
    int64_t pay_to, owner;
    int64_t listed_at, first_seen, src;
    struct figures_row figures;
};

/* All models by id. */
souk_err store_each_catalog_row(struct store *s, int win, ROW_FN(catalog_row), void *ud,
                                struct err *e);
/* The first `limit` by calls, then settlements, then id, whatever the size of the cache. */
souk_err store_catalog_head(struct store *s, int win, uint32_t limit, ROW_FN(catalog_row), void *ud,
                            struct err *e);
/* One model. false: there is none. */
souk_err store_catalog_row(struct store *s, int win, int64_t id, ROW_FN(catalog_row), void *ud,
                           struct err *e);
/* The models of one author, as the head orders them. */
souk_err store_each_of_author(struct store *s, int win, int64_t author, ROW_FN(catalog_row),
                              void *ud, struct err *e);

struct author_name {
    int64_t id;
    struct untrusted name;
};
souk_err store_each_author(struct store *s, ROW_FN(author_name), void *ud, struct err *e);

/* The address behind an id; zero when there is none. */
address store_address(struct store *s, int64_t addr);

/* The highest model id: as models are never deleted, how many there are. */
souk_err store_model_count(struct store *s, uint32_t *n, struct err *e);
/* Whether genuine_judge has ever run. */
bool store_judged(struct store *s);
/* When any source last succeeded. */
int64_t store_synced_at(struct store *s);

/* --- search. Tokens are as store_tokens cuts them; nothing of them is read as FTS5 syntax. */

/* Cuts text as the index does (folded, without diacritics), calling fn for each token. */
souk_err store_tokens(struct store *s, struct untrusted text,
                      souk_err (*fn)(void *ud, struct untrusted token, struct err *e), void *ud,
                      struct err *e);

enum search_in {
    SEARCH_NAME,
    SEARCH_NAMES,
    SEARCH_TEXT
}; /* name; name, author, task; description */
/* Ids of models with a word that begins with the token (or is it, when whole), ascending. */
souk_err store_search(struct store *s, enum search_in in, struct untrusted token, bool whole,
                      souk_err (*fn)(void *ud, int64_t id), void *ud, struct err *e);

/* Every word of the index with the number of models it is in; names and descriptions apart. */
struct vocab_row {
    struct untrusted word;
    int64_t models;
};
souk_err store_each_word(struct store *s, bool names, ROW_FN(vocab_row), void *ud, struct err *e);

/* --- finding one model. Calls fn with the id, author and name of each that fits. */
enum find_by { FIND_NAME, FIND_NAME_NOCASE, FIND_BLOB, FIND_LID };
struct found_row {
    int64_t id;
    struct untrusted author, name;
};
souk_err store_find(struct store *s, enum find_by by, struct untrusted word, ROW_FN(found_row),
                    void *ud, struct err *e);
souk_err store_find_of_author(struct store *s, struct untrusted author, struct untrusted name,
                              bool nocase, ROW_FN(found_row), void *ud, struct err *e);

#endif
