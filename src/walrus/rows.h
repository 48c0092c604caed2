/*
 * rows.h: the cheap proof, row by row, with metadata in hand: for a file that is still coming.
 *
 * Row r of the matrix is a plain range of the file (walrus_row_range). Encoded alone and hashed,
 * it must give the metadata's primary hash of row r; by collision resistance these are
 * then the very bytes the blob ID commits to. It costs a third of the hashing of encode.h,
 * works on rows in any order, and tells which row is bad, so that only that is fetched again.
 *
 * What it does not show: that whoever stored the blob encoded the redundant part honestly
 * (encode.h does: "strict").
 */
#ifndef SOUK_WALRUS_ROWS_H
#define SOUK_WALRUS_ROWS_H

#include <stdatomic.h>

#include "walrus/cpu.h"
#include "walrus/walrus.h"

struct rows; /* constants and scratch: one a thread */

/* m stays the caller's and outlives it. */
souk_err rows_new(const struct walrus_meta *m, enum walrus_cpu cpu, struct rows **out,
                  struct err *e);
void rows_free(struct rows *r);

/* p, n: the row's bytes of the file, just as walrus_row_range says (n may be 0). */
bool rows_check(struct rows *r, unsigned row, const uint8_t *p, size_t n);

/*
 * A whole file, on `threads` threads (0: all cores). bad: one bool a row (shape.rows of them), set
 * where it is wrong or the file has ended; may be NULL. SOUK_EVERIFY: how many rows are wrong and
 * where the first is, or that the file is of another size. o may be NULL. progress: in bytes, from
 * any thread; may be NULL.
 */
struct rows_options {
    unsigned threads;
    enum walrus_cpu cpu;
    atomic_bool *cancel;
    void (*progress)(void *ud, uint64_t done, uint64_t total);
    void *ud;
};
souk_err rows_check_fd(const struct walrus_meta *m, int fd, const struct rows_options *o, bool *bad,
                       struct err *e);

#endif
