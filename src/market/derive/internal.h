/*
 * internal.h: one derivation under way; for the files of this folder.
 *
 * plan.c decides what is read how; sums.c and rows.c count; write.c writes one author after the
 * other, so that memory holds one author's days and payers, and a few bytes of each payer.
 */
#ifndef SOUK_MARKET_DERIVE_INTERNAL_H
#define SOUK_MARKET_DERIVE_INTERNAL_H

#include "base/list.h"
#include "market/derive/attrib.h"
#include "market/derive/payers.h"

/* What an author's accounts are made of, in the order in which they are counted. */
enum owned_kind {
    OF_ROWS,  /* an account that single rows went to */
    OF_SPLIT, /* a payee of his models alone, told row by row; or nobody's for some of the time */
    OF_WHOLE, /* a payee all whose payments have one verdict: counted by its sums */
    OF_USED,  /* a CID that was called and is a model's, or nobody's */
    OF_COUNT
};
struct owned {
    int64_t author; /* 0: nobody's */
    int64_t id;     /* the account, payee or CID */
    int64_t who;    /* of a whole payee: the verdict; of a CID: the model. 0: nobody's */
};

/* A payment in the day that a window begins in, and inside the window. */
struct part {
    int64_t payee, payer;
    u256 amount;
    uint8_t win, slot, scheme;
};
/* The same of inferences. */
struct infer_part {
    int64_t cid;
    uint8_t win;
};

/* Counts and sums of the market that belong to no account. */
struct aside {
    uint64_t n[WINDOW_COUNT];
    u256 sum[WINDOW_COUNT][INCOME_MAX];
};

struct derivation {
    struct store *w;
    const struct network *n;
    bool from_rows; /* the slow reference: every row by itself */
    bool indexed;
    struct attrib *attrib;
    uint64_t as_of_block;
    int64_t time[2];    /* of the first and the last row read */
    struct tally t;     /* the author under way */
    struct tally rows;  /* what single rows gave, of several authors */
    struct tally *into; /* one of these: where single rows go now */
    struct tally total; /* one account: the market */
    struct payers payers;
    struct list of[OF_COUNT]; /* struct owned, by author and id */
    struct list part;         /* struct part, by payee and payer */
    struct list infer_part;   /* struct infer_part, by CID */
    struct map split;         /* payees that are read row by row */
    struct map listed;        /* all payees that listings name */
    struct map nameless;      /* payee to the place of its struct nameless */
    struct list nameless_n;
    struct map called;                            /* accounts with anything in them */
    uint64_t spans;                               /* print of all spans */
    int64_t told;                                 /* rows that pay_model ought to have */
    struct aside stray, by_list, inflow, unknown; /* unknown: inferences of no model */
    uint64_t listed_models, proven_models;
    uint64_t alive[WINDOW_COUNT]; /* models with anything in the window */
    struct derived_model *model;  /* rows to write */
    size_t models, model_room;
    struct arena text; /* of those rows */
    bool unpacked;     /* a packed value could not be made: the transaction must not stand */
};

/* Payments and settlements of a payee in each window whose payer no log names. */
struct nameless {
    uint64_t n[WINDOW_COUNT];
};

souk_err plan(struct derivation *d, struct err *e);
bool owned_add(struct derivation *d, enum owned_kind k, int64_t author, int64_t id, int64_t who);
void owned_sort(struct derivation *d, enum owned_kind k);
/* What is counted row by row, and set aside: payees of several authors, or everything. */
souk_err count_rows(struct derivation *d, struct err *e);
/* Rows to a split payee of the author under way, in d->t. */
souk_err count_split(struct derivation *d, const struct owned *p, struct err *e);
/* When all rows were counted: takes out what pay_model has of others. */
souk_err remove_stale(struct derivation *d, struct err *e);
souk_err count_aside(struct derivation *d, struct err *e);
/* Adds a whole payee's sums to his author's accounts and his own, in d->t. */
souk_err count_whole(struct derivation *d, const struct owned *p, struct err *e);
souk_err count_used(struct derivation *d, const struct owned *u, struct err *e);
souk_err write_all(struct derivation *d, struct err *e);

/* The takings of one row; false: it counts nowhere (another asset, no payment). */
bool takings_of(const struct tally *t, int64_t asset, int scheme, u256 amount, struct takings *out);

/* derive(), by every single row: what the sums must come to. For tests. */
souk_err derive_by_rows(struct store *w, const struct network *n, struct err *e);

#endif
