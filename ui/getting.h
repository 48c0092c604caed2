/*
 * getting.h: the models on this disk and those on their way to it, as all screens share them.
 *
 * The shelf is what the library holds, read in the background after the first frame and again
 * whenever it changed. What is coming is a queue: two at a time, the rest wait; one that failed
 * or was stopped stays in it until it is gone on with or forgotten.
 */
#ifndef SOUK_UI_GETTING_H
#define SOUK_UI_GETTING_H

#include "market/get.h"
#include "ui/domain.h"

enum { COMING_MAX = 64, COMING_AT_ONCE = 2 };

enum coming_state {
    COMING_WAITS,
    COMING_RUNS,
    COMING_STOPS,
    COMING_STOPPED, /* by the user; what came is kept, and whose it is */
    COMING_FAILED
};
struct coming {
    enum coming_state state;
    struct get_target target;
    struct get_progress progress; /* COMING_RUNS */
    struct err failed;            /* COMING_FAILED */
    struct getting *g;            /* getting.c's own from here */
    struct get *work;
};

struct getting;

struct getting *getting_new(struct domain *d); /* NULL without memory */
void getting_stop(struct getting *g); /* the app goes: what came so far is kept on the disk */
void getting_free(struct getting *g);

/* fn comes when the shelf or the queue is another one; of mere progress a screen is only redrawn.
 */
void getting_listen(struct getting *g, void (*fn)(void *ud), void *ud);
void getting_unlisten(struct getting *g, void *ud);

/* --- the shelf */
void getting_look(struct getting *g);                              /* anew, in the background */
const struct library_list *getting_shelf(const struct getting *g); /* NULL: not read yet */
const struct err *getting_shelf_failed(const struct getting *g);   /* code 0: it could be read */
/* The whole, verified file of this ID; NULL: it is not here. The pointer lasts until the next look.
 */
const struct library_row *getting_have(const struct getting *g, struct untrusted id);
/* The same for a model whose ID nobody tells but which was got by one. */
const struct library_row *getting_have_model(const struct getting *g, const char *author,
                                             const char *name);

/* "author/name", else the file's name, else the ID. Outside text. */
char *library_label(const struct library_row *r, char *out, size_t room);

/* --- the queue, oldest first */
size_t getting_count(const struct getting *g);
const struct coming *getting_at(const struct getting *g, size_t i);
const struct coming *getting_find(const struct getting *g, struct untrusted id); /* NULL */
const struct coming *getting_find_model(const struct getting *g, int64_t model); /* NULL */
bool coming_is_over(const struct coming *c);                       /* it failed, or was stopped */
void getting_start(struct getting *g, const struct get_target *t); /* refusals are toasts */
void getting_cancel(struct getting *g, const struct coming *c); /* or forgets one that has ended */
/* "getting 43 %", for the header; false: nothing is coming. */
bool getting_words(const struct getting *g, char *out, size_t room);

/* --- getting_ask.c: what the key `d` means on a model of the catalogue: on one that is coming,
 * to stop it. Else it is found out which file it is, by the Hub if nobody said so yet, and then by
 * the user; version and file may be NULL. */
struct get_ask;
void getting_model(struct getting *g, int64_t model, const char *version, const char *file);
/* between the two files */
void getting_asks_drop(struct getting *g);
struct get_ask **getting_asks(struct getting *g);
struct domain *getting_domain(const struct getting *g); /* NULL: the app has gone */

#endif
