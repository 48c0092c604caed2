/*
 * receipts.h: the Receipts screen from within: its state, and how it is drawn. receipts.c is what
 * happens.
 */
#ifndef SOUK_UI_RECEIPTS_H
#define SOUK_UI_RECEIPTS_H

#include "ui/domain.h"
#include "ui/screens/money.h"
#include "ui/widgets/table.h"

enum { RECEIPT_WHEN, RECEIPT_WHAT, RECEIPT_AMOUNT, RECEIPT_STATE, RECEIPT_TX, RECEIPT_COLS };
extern const struct column receipt_columns[RECEIPT_COLS];
extern const struct table_ops receipt_ops; /* ud: a struct receipts_screen * */

struct receipts_screen {
    struct app *app;
    struct domain *d;
    const struct network *network;
    struct arena arena;
    struct purchase_row *row; /* newest first; in arena */
    size_t n;
    bool read;         /* at least once */
    bool asking;       /* the chain is being asked */
    struct err failed; /* of the last thing tried */
    struct table *table;
    struct receipts_flow *flow; /* receipts.c's own */
};

void receipts_draw(struct receipts_screen *s, struct canvas *c, struct rect area);

#endif
