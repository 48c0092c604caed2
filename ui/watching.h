/*
 * watching.h: the watch list as all screens share it, and what landed for it.
 *
 * After each change of the cache the news are read in the background; what landed is said in one
 * quiet line on whatever screen is open (several payments as a sum an asset), and the last
 * WATCH_KEPT are kept for Activity.
 */
#ifndef SOUK_UI_WATCHING_H
#define SOUK_UI_WATCHING_H

#include "market/watch.h"
#include "ui/domain.h"

enum { WATCH_KEPT = 50 };

/* What landed, kept beyond the news it came in. Texts are from outside. */
struct landed {
    int64_t time;
    bool refund, payer_known, payer_new;
    struct amount amount;
    address payer;
    char author[128], model[128], tx[HASH_BUF]; /* of names what fits */
    unsigned bits;
};

struct watching;

struct watching *watching_new(struct domain *d); /* NULL without memory */
void watching_stop(struct watching *w);          /* the app goes: nothing is said any more */
void watching_free(struct watching *w);

bool watching_has(const struct watching *w, const char *word);
size_t watching_count(const struct watching *w);
/* Watches or no longer watches, and says so; the file is written in the background, at the latest
 * when the loop goes. */
void watching_toggle(struct watching *w, const char *word);

/* The cache changed: is there anything new? */
void watching_look(struct watching *w);
/* What a look found: kept, and said. */
void watching_take(struct watching *w, const struct news *n);

size_t watching_landed(const struct watching *w);
const struct landed *watching_at(const struct watching *w, size_t i); /* the newest first */

#endif
