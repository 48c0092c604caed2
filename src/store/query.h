/*
 * query.h: running one statement; for the query files of this folder only.
 *
 *     struct query_run q = query_open(s, "SELECT name FROM model WHERE id = ?");
 *     query_int(&q, id);
 *     while (query_next(&q)) { ... query_col_text(&q, 0) ... }
 *     return query_close(&q, e);
 *
 * Statements are compiled at their first use and kept for the life of the
 * connection, found by the address of their text: always a string literal.
 * Failures (of preparing, binding, stepping) are remembered and come out of
 * query_close, as one line for the user. A run must be closed before the same
 * statement is opened again. Columns of the wrong type or size, which only a
 * tampered file has, read as 0 or empty.
 */
#ifndef SOUK_STORE_QUERY_H
#define SOUK_STORE_QUERY_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/store.h"

struct query_run {
    struct store *store;
    const char *sql;
    sqlite3_stmt *st;
    int rc;
    int at; /* parameters bound so far */
};

struct query_run query_open(struct store *s, const char *sql);
void query_int(struct query_run *q, int64_t v);
void query_text(struct query_run *q, struct untrusted v); /* NULL pointer: NULL */
void query_blob(struct query_run *q, const void *p,
                size_t n);                                  /* not copied: keep it until closed */
void query_packed(struct query_run *q, struct untrusted v); /* the same; an empty one: NULL */
void query_null(struct query_run *q);
void query_u256(struct query_run *q, u256 v);   /* 32 bytes: sorts by value */
void query_amount(struct query_run *q, u256 v); /* without leading zeros: does not */
void query_real(struct query_run *q, double v);
bool query_next(struct query_run *q);
souk_err query_close(struct query_run *q, struct err *e);
/* The same where what was done with the rows said rc: that goes before what closing says. */
souk_err query_end(struct query_run *q, souk_err rc, struct err *e);
souk_err query_do(struct query_run *q, struct err *e); /* runs to its end and closes */
/* The same for a query of one integer; `absent` when there is no row. */
souk_err query_one(struct query_run *q, int64_t absent, int64_t *out, struct err *e);

int64_t query_col_int(struct query_run *q, int i);
double query_col_real(struct query_run *q, int i);
struct untrusted query_col_text(struct query_run *q,
                                int i);          /* until the next step; NULL: {NULL, 0} */
u256 query_col_u256(struct query_run *q, int i); /* either of the two */
address query_col_address(struct query_run *q, int i);
bytes32 query_col_bytes32(struct query_run *q, int i);
/* Text or blob copied to the arena, terminated; false without memory. NULL: {NULL, 0}. */
bool query_copy(struct query_run *q, int i, struct arena *a, struct untrusted *out);

/* What SQLite just said about the file at path, as one line for the user. */
struct schema;
souk_err query_failed(sqlite3 *db, const struct schema *kind, const char *path, struct err *e);
/* store_open for writing, of a file of another kind than the cache. */
souk_err store_open_kind(const char *path, const struct schema *kind, struct store **out,
                         struct err *e);

/* Around what sorts all rows: in a file, not in memory; ended when *stop (may be NULL) is true. Not
 * in a transaction. */
void store_work_begin(struct store *s, atomic_bool *stop);
void store_work_end(struct store *s);

/* --- interning (store_chain.c). 0 and *e on failure. */
int64_t store_addr(struct store *s, address a, struct err *e);
int64_t store_cid(struct store *s, struct untrusted text, struct err *e);

/* Remembers that raw rows changed in this transaction: store_commit then moves the raw version. */
void store_touched(struct store *s);
void store_text_touched(struct store *s); /* names or descriptions did */

/* Small direct-mapped memory of interned addresses; forgotten at a rollback. NULL without memory.
 */
struct addr_memo {
    address a;
    int64_t id; /* 0: empty */
};
struct addr_memo *store_addr_memo(struct store *s, address a);

/* --- the rows of the transaction under way that the sums do not hold yet (rollup.c). */
struct rollup;
struct rollup **store_rollup(struct store *s);
/* A proved payment, or an inference (payee is its cid), was added; or, gone, will have been deleted
 * before anything else is said. */
struct rolled {
    int64_t chain, payee, payer, asset, time;
    uint64_t block;
    u256 amount;
    uint8_t scheme; /* 0: an inference */
    bool gone;
    uint8_t what; /* rollup.c's */
};
/* What selects such rows, and the one at hand; in the tables of inferences, or of payments. */
#define ROLLED_PAY   "SELECT chain, payee, time, block, payer, asset, amount, scheme FROM pay"
#define ROLLED_INFER "SELECT chain, cid, time, block FROM infer"
struct rolled rolled_row(struct query_run *q, bool inference);
souk_err rollup_add(struct store *s, const struct rolled *row, struct err *e);
souk_err rollup_flush(struct store *s, struct err *e);
void rollup_forget(struct store *s);
void rollup_fill_after(struct store *s, uint64_t rows); /* for tests; 0: as usual */
void rollup_free(struct rollup *r);

#endif
