/* health_internal.h: what the parts of health_load share; for pages/health*.c. */
#ifndef SOUK_MARKET_HEALTH_INTERNAL_H
#define SOUK_MARKET_HEALTH_INTERNAL_H

#include "market/health.h"
#include "market/pages/internal.h"

struct health_load {
    struct page_load load;
    struct health *page;
    int64_t asset; /* addr.id of what amounts are compared in */
};

/* Concentration, quartiles, the Lorenz curve; listed prices. */
souk_err health_load_authors(struct health_load *l, struct err *e);
souk_err health_load_prices(struct health_load *l, struct err *e);
/* What the rules leave of income, and of payers; after the totals. Zeros where nothing was judged.
 */
souk_err health_load_genuine(struct health_load *l, struct err *e);
/* The weekly series and what grows; then who came back. */
souk_err health_load_weeks(struct health_load *l, struct err *e);
souk_err health_load_cohorts(struct health_load *l, struct err *e);

#endif
