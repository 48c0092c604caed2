/*
 * market.h: one open market: a network, its cache, and the loop work happens on.
 *
 * The two front doors, cli and ui, get everything here: cli calls the load
 * functions directly and waits; ui wraps them in jobs (market_job) and gets
 * the result back on the loop.
 */
#ifndef SOUK_MARKET_MARKET_H
#define SOUK_MARKET_MARKET_H

#include "market/catalog.h"
#include "market/config.h"
#include "market/pages.h"
#include "market/sync.h"
#include "net/loop.h"

struct market;
struct http;

struct market_options {
    const char *network; /* NULL: the configuration's default */
    bool offline;        /* never touch the network; sync says so */
};

/*
 * Reads the configuration and opens the network's cache for reading; a cache
 * that does not exist yet is not an error (market_reader gives NULL then).
 */
souk_err market_open(struct loop *l, const struct market_options *o, struct market **out,
                     struct err *e);
/* Stops what is under way and waits for it on the loop; events no longer come, job done()s do. */
void market_close(struct market *m);

struct loop *market_loop(struct market *m);
const struct config *market_config(const struct market *m);
const struct network *market_network(const struct market *m);
bool market_offline(const struct market *m);
/* The one HTTP client of the market, made at its first use; NULL without memory. Lives as long as
 * the market: cancel what you sent before market_close. */
struct http *market_http(struct market *m);
/* The reader connection: for the calling thread in cli; only inside jobs on LANE_QUERY in ui, but
 * for the first frame's catalog_head, which ui reads before its first market_submit. */
struct store *market_reader(struct market *m);
/* The cache's file: for a reader of one's own, where a pass would keep LANE_QUERY too long. */
const char *market_cache(const struct market *m);

/* A unit of slow work against the reader. run() on LANE_QUERY, done() on the loop; done frees. */
struct market_job {
    struct job job;
    struct market *market;
    void (*run)(struct market_job *j, struct store *s); /* s NULL: no cache yet; or broken: err */
    void (*done)(struct market_job *j);
    struct err err;
};
void market_submit(struct market *m, struct market_job *j);

/* Sync in the background. Refused (SOUK_EUSAGE) when offline or one is running. */
souk_err market_sync(struct market *m, const struct sync_options *o, const struct sync_events *ev,
                     struct err *e);
void market_sync_cancel(struct market *m);
void market_sync_mute(struct market *m); /* the running one's events come no more, done neither */
bool market_syncing(const struct market *m);

/*
 * A model's versions and files, asked of the Hub when its page is opened and
 * kept in the cache; done() comes once, unless offline (then never) or dropped.
 */
void market_files(struct market *m, int64_t model, void (*done)(void *ud, const struct err *e),
                  void *ud);
void market_files_drop(struct market *m, void *ud); /* done() will not come for this ud */

#endif
