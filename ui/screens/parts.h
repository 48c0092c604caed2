/*
 * parts.h: pieces that several screens show the same way.
 */
#ifndef SOUK_UI_PARTS_H
#define SOUK_UI_PARTS_H

#include "market/pages.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/table.h"

/* ✓ proven, ? not proven, – not listed. */
void part_mark(enum mark m, struct strip *out);

/* A name from outside, with a sign before it when its letters are of scripts that look alike. */
void part_name(const char *name, enum style s, struct strip *out);

/* An address, whole where there is room for it; "unknown" for none. */
void part_address(struct strip *out, address a, int room);
/* What the rules found in a payment, by name; "–": nothing. */
void part_rules(struct strip *out, unsigned bits);
/* chart.h's unit, for money: unit_ud is a const struct amount *, the worth of one of the series. */
void part_money(void *ud, uint64_t v, char out[CHART_LABEL]);

/* Cells of tables: a count, income, an age up to as_of ("–" for none), 30 days as a sparkline. */
void part_count(struct strip *out, uint64_t n);
void part_income(struct strip *out, const struct income *in);
void part_age(struct strip *out, int64_t last, int64_t as_of);
void part_spark(const struct figures *f, int room, struct strip *out);

/* "+18 % (+9…+28 %)", with ": flat" where the interval has both signs; "too few to tell". */
void part_growth(struct strip *out, bool known, double ratio, double low, double high);
/* The same as it fits a column: "+18 %", "+2 % flat", "few". */
void part_growth_short(struct strip *out, const struct trend *t);
/* "71 … 88 USDC + 2 OPG": what is between, each asset by itself; "–" for nothing. */
void part_interval(struct strip *out, const struct income *low, const struct income *high);
/* The same and an income with two digits behind the point, where there is a whole unit or more. */
void part_interval_short(struct strip *out, const struct income *low, const struct income *high);
void part_income_short(struct strip *out, const struct income *in);
/* "71.2 … 88.0 %" of parts per million, either order. */
void part_share(struct strip *out, uint32_t a, uint32_t b, enum style s);

/* The table of calls: time, kind, amount, payer, transaction, and (last) the model. */
enum {
    PART_CALL_TIME,
    PART_CALL_KIND,
    PART_CALL_AMOUNT,
    PART_CALL_PAYER,
    PART_CALL_TX,
    PART_CALL_MODEL,
    PART_CALL_COLS
};
extern const struct column part_call_columns[PART_CALL_COLS];
/* model: for the last column; may be NULL. */
void part_call_cell(const struct call_row *call, const struct untrusted *model, int col,
                    int64_t as_of, struct strip *out);

/* Our words, wrapped at the right edge of r from column x on: returns the next row. */
int part_words(struct canvas *c, struct rect r, int x, int y, const char *own, enum style s);
/* The same for words from outside. */
int part_text(struct canvas *c, struct rect r, int x, int y, struct untrusted u, enum style s);

/* What went wrong last, whole, at the top of *area, which begins `gap` rows below it then. Nothing
 * for code 0. */
void part_failure(const struct err *e, struct canvas *c, struct rect *area, int gap);

/* Of a page that is not there yet: that it is being read, or why it cannot be. */
void part_unread(const struct err *e, struct canvas *c, struct rect area);

/* Panes as tabs on a line, their names ours, and at the right what they are of. Where it is narrow,
 * the chosen one alone. */
void part_tabs(struct canvas *c, struct rect r, const char *const *names, int n, int chosen,
               const char *right);

/* "label   chain 84532, blocks 1–18,204 (0x…), read 3 m ago from host": returns the next row. */
int part_provenance(struct canvas *c, struct rect r, int y, const char *label,
                    const struct provenance *p);

#endif
