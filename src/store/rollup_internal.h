/*
 * rollup_internal.h: between remembering a transaction's rows (rollup.c), putting their sums into
 * the tables (rollup_put.c) and making sums again from the rows (rollup_again.c).
 */
#ifndef SOUK_STORE_ROLLUP_INTERNAL_H
#define SOUK_STORE_ROLLUP_INTERNAL_H

#include "store/query.h"

enum {
    DAY = 86400,
    DAYS_MAX = 36525, /* days of an edge's that are marked, from its first on: a century */
    DAYS_BYTES = DAYS_MAX / 8 + 1,
    ROWS_MAX = 1 << 16, /* remembered; then they are written, in the middle of the transaction */
};

/* rolled.what: which sums it is still for. */
enum { FOR_EDGE = 1, FOR_DAY = 2 };

struct extent {
    int64_t chain, day;
    uint64_t first, last;
};

/* Names a row of edge (other: the payer), of day (other: the day) or, inference, of infer_day. */
struct key {
    bool inference;
    int64_t chain, payee, other, asset;
};

struct keys {
    struct key *key;
    size_t n, room;
};

struct rollup {
    struct rolled *row;
    size_t n, room;
    struct extent *extent;
    size_t extents, extents_room;
    bool begun;          /* in this transaction; the next three are of then */
    bool behind;         /* sums are left for later (store_sum): nothing is remembered */
    bool indexed;        /* the first fill is over */
    bool gone;           /* some of row are */
    uint64_t filled;     /* rows of a first fill by this connection */
    uint64_t fill_after; /* how many of them are summed at once; 0: FILL_ROWS */
    struct keys edges;   /* to be summed again */
    struct keys days;
    bool mostly_new; /* the edges of the rows put before were */
    /* The days of the edge at hand; from byte `marked` on all are zero. */
    uint8_t bits[DAYS_BYTES];
    size_t marked;
};

struct rollup *rollup_of(struct store *s); /* NULL without memory */
bool rollup_push(struct rollup *r, const struct rolled *row);
int64_t rollup_day(int64_t time);
uint8_t rollup_for(int scheme); /* FOR_*: what a row of a scheme counts in */
/* What of a row is for keys that are summed again (again), or for others. */
uint8_t rollup_wanted(const struct rollup *r, const struct rolled *row, bool again);
int key_order(const void *pa, const void *pb);
struct key edge_key(const struct rolled *r);
struct key day_key(const struct rolled *r);
/* By edge, then what makes two rows the same in all sums; the ones that are gone last. */
int edge_order(const void *pa, const void *pb);

/* Rows in edge_order, none of them gone, into the tables; the rows are used up. */
souk_err rollup_put(struct store *s, struct rollup *r, struct err *e);
souk_err rollup_put_extents(struct store *s, struct rollup *r, struct err *e);

/* Is the index there by which the rows of one payee, or of one cid, are found? */
bool rollup_indexed(struct store *s, bool inference);
/* Sums r->edges and r->days from the rows, and forgets them. */
souk_err rollup_keys_again(struct store *s, struct rollup *r, struct err *e);
/* The rows of this transaction are not in the sums: says so in the file. */
souk_err rollup_stay_behind(struct store *s, struct err *e);

#endif
