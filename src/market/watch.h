/*
 * watch.h: told of each payment as it lands.
 *
 * The watch list is a file in the state directory, one for a network: an author's name or an
 * address a line. News are read from the cache after each sync: payments and settlements (and
 * refunds) to the payees of those watched, newer than a place in the chain.
 */
#ifndef SOUK_MARKET_WATCH_H
#define SOUK_MARKET_WATCH_H

#include "market/pages.h"

enum { WATCH_MAX = 256 };
struct watch_list {
    char *word[WATCH_MAX]; /* as typed: an author's name, or an address; outside text */
    size_t n;
};
souk_err watch_load(const char *network, struct watch_list *out, struct err *e);
souk_err watch_save(const char *network, const struct watch_list *l, struct err *e);
void watch_release(struct watch_list *l);
bool watch_has(const struct watch_list *l, const char *word);
/* Adds, or takes away; false: it is full. */
bool watch_toggle(struct watch_list *l, const char *word);

struct watch_place {
    uint64_t block, log;
};
struct news_row {
    struct call_row call; /* kind CALL_PAYMENT or CALL_SETTLEMENT; the refunds below */
    bool refund;
    uint64_t log;
    address payee;
    const char *author, *model; /* outside text; model "": not attributed to one */
    const char *word;           /* which line of the list it is for */
    bool payer_new;             /* the first payment of this payer to this author */
    unsigned bits;              /* rules.h, as far as judged */
    enum { NEWS_UNSAFE, NEWS_SAFE, NEWS_FINAL } finality;
};
struct news {
    struct news_row *row; /* in the order of the chain */
    size_t n;
    struct watch_place upto; /* ask from here next time */
    bool more;               /* there were more than max */
};
/* after NULL: nothing but the place now. A word that names nobody is SOUK_ENOTFOUND. */
souk_err news_load(struct store *s, const struct watch_list *l, const struct watch_place *after,
                   size_t max, struct news **out, struct err *e);
void news_free(struct news *n);

#endif
