/*
 * encode_internal.h: the parts of an encoding. Inside encode*.c and their test only.
 *
 *     file's matrix   P rows x S columns    c < S: columns that are there
 *     expanded        n x n                 c >= S: columns beyond, from encoding rows
 *                                           r >= P: rows beyond, from encoding columns
 *
 * Columns that are there need the file alone: each is encoded and hashed on its own. Columns
 * beyond need all rows encoded first: that is half a file of bytes. When it is too much, only a
 * slice of each symbol is kept at a time, and the hashes of those columns' symbols go on from
 * slice to slice.
 *
 *     for each slice   encode the rows' slices                      encode_rows.c
 *                      but the last: columns beyond take theirs     encode_columns.c
 *     then             by 8 columns: encode, hash, their trees, and 3 levels of the rows' trees
 *     then             the rest of the rows' trees
 *
 * Rows behind the file's end are zero, and so are columns when it has less than one row: their
 * hashes are constants, and no work is done on them. A "live" row is one of the others:
 * [0, used_rows) and [P, n).
 */
#ifndef SOUK_WALRUS_ENCODE_INTERNAL_H
#define SOUK_WALRUS_ENCODE_INTERNAL_H

#include "walrus/encode.h"
#include "walrus/merkle.h"
#include "walrus/rs.h"
#include "walrus/work.h"

enum {
    ENCODE_BLOCK = 8,      /* columns of one item of work */
    ENCODE_LEVELS = 3,     /* of the rows' trees that such a block covers */
    ENCODE_TOPS = 64,      /* rows' trees of one item of work */
    ENCODE_STEP = 512,     /* bytes of a column's symbols encoded and hashed while in the cache */
    ENCODE_WINDOW = 8192,  /* bytes read of each of a column's symbols at once */
    ENCODE_RUN = 256 << 10 /* bytes read at once of a row, for slices of its symbols */
};

struct encode_source {
    int fd; /* -1: p */
    const uint8_t *p;
    uint64_t size;
};
/* Bytes behind the end are zero. SOUK_EFAIL: the file is shorter than it was. */
souk_err encode_read(const struct encode_source *s, uint64_t at, uint8_t *to, size_t n,
                     struct err *e);

/* What a thread works in. */
struct encode_bench {
    uint8_t *read;          /* of the file: a row's slice, or a window of a column or block */
    uint8_t *run;           /* of a row, for its slices; NULL with one slice */
    uint8_t *beyond;        /* a column's symbols in rows beyond: n - P of ENCODE_STEP bytes */
    void *scratch;          /* rs.h */
    const uint8_t **source; /* n pointers each */
    const uint8_t **symbol;
    uint8_t **out;
    struct leaf_state *state; /* of a column whose symbols are longer than a step */
    uint8_t *carry;
    struct blob_hash *leaf; /* of ENCODE_BLOCK columns, n + 1 each */
    struct blob_hash *row;  /* the same by rows, while they become nodes */
};

struct encode {
    struct walrus_shape shape;
    struct encode_source source;
    enum walrus_cpu cpu;
    struct work work;
    struct rs *row_code, *column_code;
    unsigned used_rows, used_columns; /* the others are zero */
    unsigned beyond;                  /* columns beyond, n - S */
    unsigned live;                    /* rows that are not known to be zero */
    uint32_t width;                   /* bytes of a slice; the whole symbol when that fits */
    uint8_t *slice;                   /* used_rows x beyond x width */
    struct leaf_state *state;         /* beyond x live; NULL with one slice */
    uint8_t *carry;
    unsigned blocks;
    struct blob_hash zero_leaf, zero_block, zero_tree;
    struct blob_hash *top; /* live x (blocks + 1): the rows' trees above ENCODE_LEVELS */
    struct blob_pair *pair;
    struct encode_bench *bench; /* one a thread */
    uint32_t from, len;         /* the slice under way */
};

/* Items for work_run; ud is a struct encode. */
void encode_row(void *ud, unsigned thread, size_t row);     /* < used_rows: its slice */
void encode_beyond(void *ud, unsigned thread, size_t i);    /* < beyond: takes its slice */
void encode_block(void *ud, unsigned thread, size_t block); /* < blocks, in the last slice */
void encode_tops(void *ud, unsigned thread, size_t i);      /* live rows ENCODE_TOPS * i and on */

/* width: bytes of a slice, a multiple of 128, for tests; 0: as memory allows. */
souk_err encode_run(const struct encode_source *s, const struct encode_options *o, uint32_t width,
                    struct walrus_meta *out, struct err *e);

#endif
