/*
 * page.h: pages of text about figures, at most 80 columns wide: titles, labelled lines, aligned
 * rows. All text passes the sanitiser.
 */
#ifndef SOUK_CLI_PAGE_H
#define SOUK_CLI_PAGE_H

#include "base/human.h"
#include "base/json.h"
#include "market/pages.h"

enum { PAGE_COLS = 80, PAGE_LABEL = 14 }; /* of which so many are the label's */

void page_title(const char *title, const char *remark); /* an empty line before it */
/* "label         words", cut at 80 columns: names may be long. */
void page_line(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same of longer words, broken at blanks into lines of 80 columns. */
void page_text(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A row, cell by cell, label NULL: without; `cols` wide and one blank, negative: aligned right, 0:
 * as wide as it is. */
struct page_row {
    struct buf b;
    enum text_charset cs;
};
void page_row(struct page_row *r, const char *label);
void page_cell(struct page_row *r, const char *s, int cols);
void page_row_end(struct page_row *r);

const char *page_ppm(char out[HUMAN_BUF], uint32_t ppm);        /* "12.3 %" of parts per million */
const char *page_hash(char out[HASH_BUF], const uint8_t b[32]); /* 64 hex digits */
/* Where something came from; finality may be "". Nothing when it was not read. */
void page_provenance(const char *label, const struct provenance *p, const char *finality);

/* A ratio, or null when it is infinite or unknown. */
void json_out_ratio(struct json_out *o, const char *key, double v);

#endif
