/*
 * listings.h: the Listings screen from within: its state, and how it is drawn. listings.c is what
 * happens.
 */
#ifndef SOUK_UI_LISTINGS_H
#define SOUK_UI_LISTINGS_H

#include "market/publish.h"
#include "ui/domain.h"
#include "ui/widgets/table.h"

enum { OWN_NAME, OWN_STATE, OWN_PRICE, OWN_PAYMENTS, OWN_INCOME, OWN_SINCE, OWN_PAY_TO, OWN_COLS };
extern const struct column own_columns[OWN_COLS];
extern const struct table_ops own_ops; /* ud: a struct listings_screen * */

struct listings_screen {
    struct app *app;
    struct domain *d;
    bool none; /* there is no wallet on this network */
    bool no_contract;
    struct err failed;
    struct own_listings *list; /* NULL: not read yet */
    struct table *table;
    struct listings_flow *flow; /* listings.c's own; NULL where it is only drawn */
};

/* "souk-listing: 0x…", for the Hub's description of any of them. */
char *listings_proof_line(const struct own_listings *l, char out[64]);

void listings_draw(struct listings_screen *s, struct canvas *c, struct rect area);

#endif
