/*
 * sync.h: fills the cache: Hub -> models, ModelListings -> listings, Bazaar -> offers,
 * logs of both chains -> payments and inferences, then derive and genuine_judge -> figures.
 *
 * Sources: hub, bazaar, listings, payments, inferences, and files: what the Hub tells of the files
 * of those models whose blob id neither a listing nor their description gives.
 *
 * A sync is a set of independent tasks on the loop, one a source; a task that
 * fails says why and the others go on. Each step asks a server (loop), decodes
 * and writes in one transaction with its cursor (LANE_WRITE), and asks for the
 * next. A kill at any moment loses at most the step under way.
 *
 * Log ranges adapt: halved when a node says "too many", times out or is cut
 * off; doubled after successes up to the profile's limit. A checkpoint whose
 * hash is no longer on the chain means a reorganisation: rows above the last
 * common checkpoint are dropped and read again.
 *
 * All nodes of a chain are looked at first; one with the wrong chain id, or far
 * behind, is not read. With two or more (and cross_check on) each range is
 * asked of two and written only when both say the same; a difference that
 * lasts, and that no third node decides, is reported and nothing of the range
 * written. When only one is left, the sync goes on and says that it was not
 * cross-checked; the sources name who told (store.h).
 *
 * Log filters, by the names of their cursors (store.h):
 *   listings    ModelListings on the payment chain
 *   payments    all logs of the quiet tokens (token.whole_log), of the x402 proxies, the payment
 *               channels and the escrows; every proved payment is kept, whoever the payee, and
 *               every other transfer as a flow
 *   payees      the busy tokens: transfers to listings' payees, proved by the transaction's
 *               receipt; it never runs ahead of `listings`, so that no payee is missed
 *   funding     the busy tokens: what else goes to or comes from those who matter, the payers of
 *               listed payees, payees and owners; one who begins to matter is read from the start
 *   inferences  the inference precompile on the inference chain, simulations left out
 * Tokens that the profile does not know are ignored, and so are transfers of nothing and model
 * ids longer than 128 bytes. A filter whose addresses changed in the configuration starts again.
 */
#ifndef SOUK_MARKET_SYNC_H
#define SOUK_MARKET_SYNC_H

#include "market/config.h"
#include "net/http.h"
#include "store/store.h"

struct sync;

struct sync_options {
    bool full;        /* read everything again; what was there stays until it is replaced */
    const char *only; /* names of sources with commas between, or NULL for all; "none": of none */
    /* For reading again what another cache holds (prove.h): the last blocks wanted of each chain,
     * 0: all there are; and no figures. */
    uint64_t payment_end, inference_end;
    bool rows_only;
    /* One of many in a row (follow.h): figures that take long are not made again for each block,
     * but for a tenth of the time, and lag meanwhile; their as_of says how far. */
    bool following;
    const struct rules *rules; /* what is genuine; NULL: rules_default. Outlives the sync */
};

/* SOUK_EUSAGE names the sources there are. */
souk_err sync_check_only(const char *only, struct err *e);
/* Does the profile name what this log filter (store.h's names) reads, and a node to ask? */
bool sync_reads(const struct network *n, const char *filter);

struct sync_events {
    /* A source moved on: on the loop, at most about 10 times a second per source. */
    void (*state)(void *ud, const struct sync_state *st);
    /* Rows of some kind changed and are committed: reload what you show. */
    void (*changed)(void *ud);
    /* All tasks ended. failed: how many; first: the first failure (SOUK_OK when none). */
    void (*done)(void *ud, unsigned failed, const struct err *first);
    void *ud;
};

/*
 * w: the writer, used only on LANE_WRITE from now until done; it and n stay the
 * caller's and must outlive the sync. NULL on failure to start.
 */
struct sync *sync_start(struct loop *l, struct http *h, struct store *w, const struct network *n,
                        const struct sync_options *o, const struct sync_events *ev, struct err *e);
void sync_cancel(struct sync *s); /* done still comes, with SOUK_ECANCEL */
/* Nothing is under way: done was called and every sync_files has ended. */
bool sync_idle(const struct sync *s);
void sync_free(struct sync *s); /* when idle; not from inside done or changed */

/*
 * One model's versions and files from the Hub, when its page is opened; also after done. The same
 * model is asked for at most every ten minutes. Whether a Hub gives files away without an account
 * is not known, so a refusal is no failure of anything else. done (may be NULL) comes once, after
 * sync_cancel too, unless it is dropped.
 */
void sync_files(struct sync *s, int64_t model, void (*done)(void *ud, const struct err *e),
                void *ud);
void sync_files_drop(struct sync *s, void *ud);

#endif
