/*
 * table.h: rows and columns, whatever they are about.
 *
 * Virtual: the table knows how many rows there are and asks for the cells of
 * those it shows; 100,000 rows cost as much as 20. It owns selection, scroll
 * and the sort mark; the order itself is the owner's: on TABLE_SORT (or after
 * table_action said so) read table_sort_by() and hand over newly ordered rows.
 *
 * At narrow widths the columns with the highest `drop` disappear first, then
 * the rest shrink from `pref` to `min`; spare room goes to the columns with
 * `grow`. The first two columns of the area are the gutter: selection and mark.
 */
#ifndef SOUK_UI_TABLE_H
#define SOUK_UI_TABLE_H

#include "ui/actions.h"
#include "ui/canvas.h"

enum align { ALIGN_LEFT, ALIGN_RIGHT };

/* Columns that drop this early are shown only where those that always are and grow have `pref`. */
enum { TABLE_LUXURY = 7 };

enum { TABLE_COLUMNS_MAX = 24, TABLE_GAP = 2, TABLE_GUTTER = 2 };

struct column {
    const char *title;
    short min, pref; /* columns; min >= 1 */
    enum align align;
    uint8_t drop; /* 0: always shown; else the highest goes first; see TABLE_LUXURY */
    uint8_t grow; /* share of spare room; 0: none */
    bool sortable;
    bool desc_first; /* numbers: the first sort is downwards */
};

struct table_ops {
    /* Composes the cell of a row; `col` is the index in the columns. */
    void (*cell)(void *ud, size_t row, int col, struct strip *out);
    bool (*marked)(void *ud, size_t row); /* may be NULL */
};

struct table;

/* `columns` is borrowed and constant. NULL without memory. */
struct table *table_new(const struct column *columns, int n, const struct table_ops *ops, void *ud);
void table_free(struct table *t);

void table_set_rows(struct table *t, size_t rows); /* selection is kept within, scroll too */
size_t table_rows(const struct table *t);
size_t table_selected(const struct table *t); /* row; 0 when empty */
void table_select(struct table *t, size_t row);
size_t table_first(const struct table *t);   /* first visible row, as of the last draw */
size_t table_visible(const struct table *t); /* rows that fit, as of the last draw */

int table_width(const struct table *t, int col); /* of this draw, or the last; 0: dropped */

/* col -1: no order shown. */
void table_set_sort(struct table *t, int col, bool desc);
void table_sort_by(const struct table *t, int *col, bool *desc);
/* Titles may change with the window ("CALLS 7d"): overrides the column's; NULL takes it back.
 * Ours and constant, as the column's. */
void table_set_title(struct table *t, int col, const char *title);

/* What an input did. */
enum table_event {
    TABLE_IGNORED,
    TABLE_MOVED, /* handled; selection or scroll may have changed */
    TABLE_OPEN,  /* Enter, or a click on the selected row */
    TABLE_SORT   /* the order wanted changed: read table_sort_by() */
};

/* ACT_UP … ACT_BOTTOM, ACT_OPEN, ACT_SORT_LEFT, ACT_SORT_RIGHT, ACT_REVERSE. */
enum table_event table_action(struct table *t, enum action act);
/* Clicks on header and rows, wheel. Within the area of the last draw; else TABLE_IGNORED. */
enum table_event table_mouse(struct table *t, const struct mouse *m);

/* `empty`: our words when there are no rows; may be NULL. */
void table_draw(struct table *t, struct canvas *c, struct rect area, bool focused,
                const char *empty);

/* The layout alone: widths (0: dropped) and offsets from the left edge of the area. Pure. */
void table_layout(const struct column *columns, int n, int width, int w[], int x[]);

#endif
