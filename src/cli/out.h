/*
 * out.h: what commands print: aligned tables, CSV, and the JSON forms of our types.
 *
 * A table is filled cell by cell and printed once: as text (columns fitted,
 * every cell sanitised) or as CSV (RFC 4180, exact bytes; on a terminal the
 * cells are sanitised as well, and a cell that a spreadsheet would take for a
 * formula, which a number is not, gets a leading apostrophe).
 */
#ifndef SOUK_CLI_OUT_H
#define SOUK_CLI_OUT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "market/pages.h"
#include "base/json.h"

/* Columns a cell may take in text; more in the last column, where a transaction id must fit. */
enum { OUT_COLS = 20, OUT_WIDE = 44, OUT_LAST = 72 };

struct out_table {
    const char *title[OUT_COLS];
    bool right[OUT_COLS];
    int cols;
    struct untrusted *cell; /* row by row */
    size_t cells, room;
    struct arena head, text; /* the titles; the cells */
    bool begun;              /* CSV: the titles are out */
    bool failed;             /* out of memory: printing says so */
};

/* spec: blank-separated titles in upper case, '>' before those that align right. */
void out_init(struct out_table *t, const char *spec);
void out_release(struct out_table *t);
void out_cell(struct out_table *t, struct untrusted v);
void out_cellf(struct out_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
souk_err out_print(struct out_table *t, bool csv, struct err *e);
/* CSV, of more rows than memory should hold: prints those that are there, and forgets them. */
souk_err out_csv_rows(struct out_table *t, struct err *e);

/* "label   value" lines of a page. */
void out_field(const char *label, struct untrusted value);
void out_fieldf(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The amount as CSV has it: "12481.5". */
const char *out_digits(const struct amount *a, char out[U256_FMT]);
/* For CSV: all digits, no thousands separators: "12481.5"; incomes as "0.004 USDC; 1.5 OPG". */
void out_exact(struct out_table *t, const struct amount *a);
void out_exact_income(struct out_table *t, const struct income *in);

/* Genuine income, three cells: low, high, payers; empty until judged. */
void out_exact_genuine(struct out_table *t, const struct figures *f);
/* Growth for CSV, three cells: ratio, low, high; empty where it is too few to tell, or infinite. */
void out_exact_trend(struct out_table *t, const struct trend *g);

void out_amount_json(struct json_out *o, const char *key,
                     const struct amount *a); /* NULL -> null */
void out_income_json(struct json_out *o, const char *key, const struct income *in);
void out_address_json(struct json_out *o, const char *key, address a);
/* With "genuine", "genuine_payers" (null until judged) and "trend" (null: too few to tell). */
void out_figures_json(struct json_out *o, const struct figures *f);
void out_series_json(struct json_out *o, const char *key, const struct series *s);
void out_provenance_json(struct json_out *o, const char *key, const struct provenance *p);
void out_mark_json(struct json_out *o, enum mark m); /* "listed", "proven" */
const char *out_mark(enum mark m);

/* Prints a finished document and its newline on stdout. */
souk_err out_json(struct buf *b, struct err *e);
/* All that was printed is out: full disks are an error, a reader that has seen enough is none. Of
 * every command in the end; by itself for what must not wait. */
souk_err out_flush(struct err *e);
/* A line that is ours: words, an id. */
souk_err out_line(const char *line, struct err *e);

#endif
