/*
 * watch.h: told of each payment as it lands.
 *
 * The watch list is a file in the state directory, one for a network: an author's name or an
 * address a line. An author's name means every address of his, whatever listing names it; an
 * address that owns listings means all that those ever named; any other address means itself.
 *
 * News are read from the cache after each sync: proved payments, settlements and refunds to those
 * watched, in blocks after a place. A place is a block that had been read whole, with its hash:
 * when the chain took that block back meanwhile, the news from the fork on are told (again).
 */
#ifndef SOUK_MARKET_WATCH_H
#define SOUK_MARKET_WATCH_H

#include "market/explain.h"

enum { WATCH_MAX = 256 };
struct watch_list {
    char *word[WATCH_MAX]; /* as typed: an author's name, or an address; outside text */
    size_t n;
};
/* No file is an empty list. */
souk_err watch_load(const char *network, struct watch_list *out, struct err *e);
souk_err watch_save(const char *network, const struct watch_list *l, struct err *e);
void watch_release(struct watch_list *l);
bool watch_has(const struct watch_list *l, const char *word); /* addresses in any case */
/* Adds, or takes away. SOUK_EINPUT: it is full, or no word for a list (empty, or several lines). */
souk_err watch_toggle(struct watch_list *l, const char *word, struct err *e);

struct watch_place {
    uint64_t block;
    bytes32 hash;
};
struct news_row {
    struct call_row call; /* kind CALL_PAYMENT or CALL_SETTLEMENT; of a refund the former */
    bool refund;          /* money that went back to the payer */
    bool payer_known;
    bool payer_new; /* this payer's first payment to this author */
    uint64_t log;
    address payee;
    const char *author, *model; /* outside text; "": not attributed */
    const char *word;           /* which line of the list it is for; the list's own */
    unsigned bits;              /* 1u << enum rule, as far as judged */
    enum finality finality;
};
struct news {
    const struct news_row *row; /* in the order of the chain */
    size_t n;
    struct watch_place upto; /* ask from here next time */
    bool forked;             /* `after` is no longer on the chain: told from the fork on */
    bool more;               /* there were more than max: ask again */
};
/* after NULL: nothing but the place now. A word that is no author's name is SOUK_ENOTFOUND. */
souk_err news_load(struct store *s, const struct network *n, const struct watch_list *l,
                   const struct watch_place *after, size_t max, struct news **out, struct err *e);
void news_free(struct news *n);

#endif
