/* internal.h: what the pages share; for pages_*.c. */
#ifndef SOUK_MARKET_PAGES_INTERNAL_H
#define SOUK_MARKET_PAGES_INTERNAL_H

#include "market/catalog/internal.h"
#include "market/explain.h"
#include "market/pages.h"
#include "store/page_rows.h"

enum {
    PAGE_MAX = 64 << 20, /* bytes of one page */
    CALLS_MAX = 200,
    SERIES_DAYS = 120,
    DAY_SECONDS = 86400,
};

/* What each page is loaded with. */
struct page_load {
    struct store *s;
    struct arena *a;
    enum window window;
    struct assets assets;
    int64_t as_of;
    uint64_t as_of_block;
};
souk_err page_begin(struct page_load *p, struct store *s, struct arena *a, enum window w,
                    struct err *e);
void page_end(struct page_load *p);

bool page_copy(struct arena *a, struct untrusted in, struct untrusted *out);

/* The days a window shows: as many as it has, at most SERIES_DAYS, ending on the day of as_of. */
bool series_make(struct page_load *p, const struct untrusted *days, struct series *out);

enum day_figure { DAY_CALLS, DAY_SETTLEMENTS, DAY_PAYMENTS };
void series_fill(struct series *out, struct untrusted days, enum day_figure of);
/* Of one asset (addr.id); *unit becomes the atomic units of one unit of the series. */
void series_income(struct series *out, struct untrusted days, int64_t asset, u256 *unit);
/* The least power of ten that brings v below 2^63. */
u256 unit_for(u256 largest);
uint64_t in_units(u256 v, u256 unit);

/* The asset that income is shown in: the first of these, else the profile's first; 0: there is
 * none. */
int64_t income_asset(const struct page_load *p, struct untrusted income);

/* Growing arrays of calls. */
struct calls {
    struct page_load *load;
    struct call_row *row;
    int64_t *who; /* beside row */
    size_t n;
};
bool calls_room(struct calls *c, struct page_load *p, size_t max);
souk_err on_call(void *ud, const struct call_detail *d, struct err *e);

/* Where what a log filter gave came from: all it has read, up to its cursor. Zeroed: nothing yet.
 */
void provenance_of_filter(struct page_load *p, const char *filter, struct provenance *out);
/* Of the payments' filter; of the payees' where all tokens are busy. */
void provenance_of_payments(struct page_load *p, struct provenance *out);
/* How sure a block of a chain is, by what its node last said. */
enum finality finality_at(const struct chain_head *h, uint64_t block);

/* Who paid a model, or (who negative) an author, in the window. author: whose model it is. */
souk_err payers_load(struct page_load *p, int64_t who, int64_t author, struct payer_row **out,
                     size_t *n, struct err *e);

/* What the chosen listings of some models say: addresses, and changes of price. */
struct walked_address {
    int64_t payee;
    struct untrusted model;
};
struct walked {
    struct page_load *load;
    struct price_change *change;
    size_t changes, change_room;
    struct walked_address *address; /* one for each model it is of */
    size_t addresses, address_room, of_model;
};
/* name: must live as long as the page. */
souk_err walk_model(struct walked *out, int64_t model, const char *author, const char *name,
                    struct err *e);
/* At the end: sorts changes and addresses, and takes the newest changes to the page's arena. */
souk_err walked_changes(struct walked *w, const struct price_change **out, size_t *n,
                        struct err *e);
/* Then also: whether one of their listings named this payee. */
bool walked_paid_at(const struct walked *w, int64_t payee);
void walked_release(struct walked *w);

/* What only an author's page has: author_money.c. */
souk_err author_money(struct page_load *p, struct author_page *out, int64_t author,
                      const struct figures_row *all, struct err *e);

#endif
