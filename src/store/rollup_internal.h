/*
 * rollup_internal.h: between remembering a transaction's rows (rollup.c) and putting their sums
 * into the tables (rollup_put.c).
 */
#ifndef SOUK_STORE_ROLLUP_INTERNAL_H
#define SOUK_STORE_ROLLUP_INTERNAL_H

#include "store/query.h"

enum {
    DAY = 86400,
    DAYS_MAX = 36525, /* days of an edge's that are marked, from its first on: a century */
    DAYS_BYTES = DAYS_MAX / 8 + 1,
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
    bool gone;         /* some of row are */
    bool all;          /* more was deleted than is remembered: all is summed again */
    struct keys edges; /* to be summed again */
    struct keys days;
    bool mostly_new; /* the edges of the rows put before were */
    /* The days of the edge at hand; from byte `marked` on all are zero. */
    uint8_t bits[DAYS_BYTES];
    size_t marked;
};

int64_t rollup_day(int64_t time);
int key_order(const void *pa, const void *pb);
struct key edge_key(const struct rolled *r);
struct key day_key(const struct rolled *r);
/* By edge, then what makes two rows the same in all sums; the ones that are gone last. */
int edge_order(const void *pa, const void *pb);

/* Rows in edge_order, none of them gone, into the tables; the rows are used up. */
souk_err rollup_put(struct store *s, struct rollup *r, struct err *e);
souk_err rollup_put_extents(struct store *s, struct rollup *r, struct err *e);

#endif
