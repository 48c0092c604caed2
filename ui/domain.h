/*
 * domain.h: what all screens share: the open market, its catalogue, the window,
 * the marks, and what sync is doing.
 *
 * The catalogue is reloaded on a worker when the window or the cache changed;
 * screens hear of it by update() and take a reference. The first one is a head
 * (the best rows, read through an index before the first frame); `complete`
 * says when the whole table has arrived.
 */
#ifndef SOUK_UI_DOMAIN_H
#define SOUK_UI_DOMAIN_H

#include "market/market.h"
#include "ui/app.h"

enum { LIVE_SOURCES = 8, MARKS_MAX = 4, HEAD_ROWS = 64 };

struct live_source {
    char name[16];
    enum sync_phase phase;
    int64_t done, total;
    char message[ERR_MSG_MAX]; /* untrusted */
};

struct domain {
    struct market *market;
    struct app *app; /* NULL until the app stands */
    enum window window;
    struct catalog *catalog; /* NULL: nothing in the cache */
    bool complete, loading, again;
    bool syncing;
    struct follow *follow; /* NULL: offline, or not begun */
    uint64_t retry;        /* the timer of the next try, while there is no follow; 0: none */
    char told_how[128];    /* how we hear of new blocks; or why not: an error, untrusted */
    struct live_source source[LIVE_SOURCES];
    size_t sources;
    int64_t marked[MARKS_MAX]; /* model ids */
    size_t marks;
    bool wants_devnet;
    /* From domain_start to domain_release: */
    struct purser *purser;     /* the wallet (purser.h) */
    struct getting *getting;   /* the models on this disk (getting.h) */
    struct watching *watching; /* the watch list, and what landed (watching.h) */
};

void domain_init(struct domain *d, struct market *m, enum window w); /* and loads the head */
void domain_release(struct domain *d);
void domain_start(struct domain *d, struct app *a); /* loads the rest, starts syncing */
void domain_stop(struct domain *d); /* the app goes; what comes back later is dropped */

void domain_reload(struct domain *d);
void domain_window(struct domain *d, enum window w);
void domain_window_step(struct domain *d, int step); /* +1 longer, -1 shorter */
void domain_sync(struct domain *d, bool asked);      /* asked: by the user, so say when it cannot */

bool domain_is_marked(const struct domain *d, int64_t model);
bool domain_mark(struct domain *d, int64_t model); /* toggles; false: four are marked already */
void domain_unmark_all(struct domain *d);

void domain_status(void *domain, struct app_status *out); /* for the header */

/*
 * Loads a page in the background for a screen. `load` runs on the worker with
 * a reader and returns an object or an error; `take` gets it on the loop. A
 * screen that closes calls page_job_drop: the object is then freed unseen.
 */
struct page_job;
typedef souk_err (*page_load_fn)(struct store *s, const void *key, enum window w, void **out,
                                 struct err *e);
typedef void (*page_take_fn)(void *self, void *page, const struct err *e); /* page NULL: failed */
struct page_job *page_job_start(struct domain *d, const void *key, size_t key_size,
                                page_load_fn load, page_take_fn take, void (*drop)(void *page),
                                void *self);
void page_job_drop(struct page_job *j); /* NULL is a no-op */

#endif
