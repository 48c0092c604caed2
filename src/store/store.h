/*
 * store.h: the cache of one network in one SQLite file.
 *
 * WAL: one writer connection (used only on LANE_WRITE), readers apart (each
 * used by one thread at a time). A function here is one query or one upsert;
 * what the rows mean is market's business. Strings in row structs point into
 * the arena given, or into SQLite's row and are valid only inside a callback.
 *
 * Writing happens inside store_begin ... store_commit. Rows and the cursor
 * that vouches for them go into one transaction, so that a kill at any moment
 * loses nothing and counts nothing twice; keys are (chain, block, log) and
 * inserts ignore what is already there.
 */
#ifndef SOUK_STORE_STORE_H
#define SOUK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "eth/eth.h"

struct store;
struct sqlite3;

enum store_mode {
    STORE_READ,  /* fails with SOUK_ENOTFOUND when there is no file */
    STORE_WRITE, /* makes and migrates the file */
};

/* A file from a newer souk is SOUK_EINPUT and says so; a broken file too, naming the remedy. */
souk_err store_open(const char *path, enum store_mode mode, struct store **out, struct err *e);
void store_close(struct store *s);
struct sqlite3 *store_db(struct store *s); /* for the query files of this folder and for tests */
int store_version(struct store *s);

souk_err store_begin(struct store *s, struct err *e);
souk_err store_commit(struct store *s, struct err *e); /* on failure the transaction is undone */
void store_rollback(struct store *s);

/* Several queries that must see one state of the cache. Nests in a transaction of one's own. */
souk_err store_snapshot(struct store *s, struct err *e);
void store_snapshot_end(struct store *s);

/* Moves what the write-ahead log holds into the file, as far as readers allow. Never fails. */
void store_checkpoint(struct store *s);

/*
 * Counters that move with each commit that changed raw rows or cursors, or searchable text: what
 * was computed from the cache is fresh while its number stands.
 */
int64_t store_raw_version(struct store *s);
int64_t store_text_version(struct store *s);

/* A place for one thing that lives as long as the connection (the search's memory). */
void **store_attachment(struct store *s, void (*free_fn)(void *p));

/* meta: small named values. */
souk_err store_meta_set_int(struct store *s, const char *key, int64_t v, struct err *e);
int64_t store_meta_int(struct store *s, const char *key, int64_t absent);

/* --- sources: provenance. */
enum source_kind { SOURCE_HUB = 1, SOURCE_BAZAAR = 2, SOURCE_LOGS = 3, SOURCE_HUB_DETAIL = 4 };
struct source_row {
    int64_t id;
    enum source_kind kind;
    const char *place;   /* URL of the server; of logs: the nodes' hosts, blank-separated. Two of
                          * them: the range was cross-checked, both said the same */
    int64_t chain;       /* 0: none */
    const char *filter;  /* name of the log filter, or NULL */
    int64_t first, last; /* page, or block range */
    const bytes32 *hash; /* of block `last`; NULL: none */
    const char *etag;
    int64_t time;
};
/* A range of logs that goes on where one of the same node and filter ended becomes part of it. */
souk_err store_source_add(struct store *s, const struct source_row *r, int64_t *id, struct err *e);
/* The newest source of this kind and page: its etag, for conditional requests. false: none. */
bool store_source_etag(struct store *s, enum source_kind kind, const char *place, int64_t page,
                       char out[128]);
souk_err store_source_get(struct store *s, int64_t id, struct arena *a, struct source_row *out,
                          struct err *e);

/* The newest first, at most max. */
souk_err store_sources_recent(struct store *s, size_t max, struct arena *a, struct source_row **out,
                              size_t *n, struct err *e);

/* --- models. */
struct model_in {
    struct untrusted author, name, task, llm_path, description;
};
/* Inserts or updates; changed says whether anything differed from what was there. */
souk_err store_model_put(struct store *s, const struct model_in *m, int64_t src, int64_t now,
                         int64_t *id, bool *changed, struct err *e);
/* The page was unchanged (304): its models (last seen through pages of this number) are still
 * there. */
souk_err store_models_touch_page(struct store *s, const char *place, int64_t page, int64_t now,
                                 struct err *e);
/* After a complete listing that began at `since`: models not seen in it are marked gone. */
souk_err store_models_sweep(struct store *s, int64_t since, int64_t *gone, struct err *e);

struct file_in {
    struct untrusted version, name, blob_id, notes;
    int64_t size; /* -1 unknown */
};
souk_err store_file_put(struct store *s, int64_t model, const struct file_in *f, int64_t src,
                        struct err *e);

/* --- listings, offers. */
struct listing_in {
    bool listed; /* false: delisted, only owner, id, place in the chain count */
    address owner;
    bytes32 id;
    struct untrusted author, name, blob_id, endpoint;
    u256 price;
    address asset, pay_to;
    unsigned flags;
    int64_t chain;
    uint64_t block, log;
    bytes32 tx;
    int64_t time;
};
souk_err store_listing_put(struct store *s, const struct listing_in *l, int64_t src, struct err *e);

struct offer_in {
    struct untrusted resource, scheme, description;
    struct untrusted example; /* an input, JSON; {NULL, 0}: none */
    int n;                    /* index among the resource's offers */
    int64_t chain;
    u256 amount;
    address asset, pay_to;
    int64_t updated;
};
/* Before a full new listing; where the old offers came from goes with them. */
souk_err store_offers_clear(struct store *s, struct err *e);
souk_err store_offer_put(struct store *s, const struct offer_in *o, int64_t src, struct err *e);

/* --- chain rows. */

/*
 * How a payment was settled, by what its transaction's logs show (facts of each in sync/pay.c).
 * A payer may be the zero address: the logs do not say who (PAY_BATCH, a capture whose
 * authorisation was not seen); nobody is counted then. Payer and payee are who paid whom: the
 * row's Transfer went from the payer to the payee but for PAY_BATCH (from the channel), PAY_ESCROW
 * (from the escrow's store) and PAY_REFUND (from the store to the payer).
 */
enum pay_scheme {
    PAY_EIP3009 = 1, /* exact: AuthorizationUsed, Transfer */
    PAY_PERMIT2 = 2, /* exact, by the canonical proxy */
    PAY_UPTO = 3,    /* a session: one settlement, any number of calls */
    PAY_BATCH = 4,   /* payment channels, settled: one settlement */
    PAY_ESCROW = 5,  /* captured or charged from an escrow: one payment, fee taken off */
    PAY_REFUND = 6,  /* given back out of an escrow's payment: payer and payee as they were */
    PAY_PLAIN = 9,   /* nothing but a transfer */
};
/* PAY_EIP3009, PAY_PERMIT2, PAY_ESCROW are one call each; PAY_UPTO, PAY_BATCH are settlements. */
bool pay_is_call(int scheme);
bool pay_is_settlement(int scheme);

/* Tiers of evidence. P1, a transfer to a known payee without any, is a flow (below). */
enum pay_tier { TIER_LISTED = 2, TIER_PROVED = 3 };
struct pay_in {
    int64_t chain;
    uint64_t block, log;
    bytes32 tx;
    address payer, payee, asset;
    u256 amount;
    enum pay_scheme scheme;
    enum pay_tier tier;
    int64_t time;
};
/*
 * Adds to the rollups too (rollup.h): in memory, written sorted by store_commit, in the same
 * transaction; forgotten by store_rollback.
 */
souk_err store_pay_put(struct store *s, const struct pay_in *p, int64_t src, struct err *e);

/* Every other movement of a settlement asset that was kept: what money a payer had, and from whom.
 */
enum flow_kind {
    FLOW_PLAIN = 1,
    FLOW_DEPOSIT = 2,    /* into a payment channel or an escrow, each step: no income */
    FLOW_WITHDRAWAL = 3, /* out of one, back to who put it there */
};
struct flow_in {
    int64_t chain;
    uint64_t block, log;
    bytes32 tx;
    address from, to, asset; /* from zero: minted */
    u256 amount;
    enum flow_kind kind;
    int64_t time;
};
souk_err store_flow_put(struct store *s, const struct flow_in *f, int64_t src, struct err *e);

/* Who an escrow's payment is by and for; told once, when it is authorised. */
struct escrow_in {
    int64_t chain;
    bytes32 hash;
    address payer, payee, asset;
    uint64_t block, log;
};
souk_err store_escrow_put(struct store *s, const struct escrow_in *x, struct err *e);
bool store_escrow_get(struct store *s, int64_t chain, bytes32 hash, struct escrow_in *out);

struct infer_in {
    int64_t chain;
    uint64_t block, log;
    bytes32 tx;
    struct untrusted cid;
    int64_t time;
};
souk_err store_infer_put(struct store *s, const struct infer_in *i, int64_t src, struct err *e);

/* How far a chain is, by its node: for telling what is final. 0: it does not say. */
struct chain_head {
    uint64_t latest, safe, final;
    int64_t time;
};
souk_err store_head_put(struct store *s, int64_t chain, const struct chain_head *h, struct err *e);
bool store_head_get(struct store *s, int64_t chain, struct chain_head *out);

/*
 * Addresses whose movements in busy tokens are read (the funding filter), each with the block up to
 * which they are in: payers, and payees with their owners.
 */
struct traced {
    address a;
    uint64_t upto; /* 0: nothing yet */
};
/* Those that matter and how far each is: payers of proved payments to listed payees, and payees and
 * owners of listings; by upto, then address. */
souk_err store_traced(struct store *s, int64_t chain, struct arena *a, struct traced **out,
                      size_t *n, struct err *e);
souk_err store_traced_set(struct store *s, int64_t chain, const address *a, size_t n, uint64_t upto,
                          struct err *e);

/* Is the row at this place of the chain a payment? */
bool store_has_pay(struct store *s, int64_t chain, uint64_t block, uint64_t log);

souk_err store_asset_put(struct store *s, int64_t chain, address a, const char *symbol,
                         unsigned decimals, struct err *e);

/* --- cursors and reorganisations. Names of the log filters: */
#define FILTER_LISTINGS   "listings"
#define FILTER_PAYMENTS   "payments" /* its cursor's time is what the windows end at */
#define FILTER_PAYEES     "payees"   /* transfers of the busy tokens to known payees */
#define FILTER_FUNDING    "funding"  /* the busy tokens: to payers, and from payees and owners */
#define FILTER_INFERENCES "inferences"

struct cursor {
    uint64_t block;
    bytes32 hash;
    int64_t time; /* of that block */
};
bool store_cursor_get(struct store *s, int64_t chain, const char *filter, struct cursor *out);
/* Checkpoints at or above c are replaced by it. c NULL: forgets the cursor, as for a full sync. */
souk_err store_cursor_set(struct store *s, int64_t chain, const char *filter,
                          const struct cursor *c, struct err *e);
/*
 * The latest checkpoints of this filter, newest (the cursor itself) first: where to look for the
 * fork. They are kept down to the newest that is final (store_head_put), but no more than
 * STORE_CHECKPOINTS: the newest half of these, and of the older ones one in 64 blocks.
 */
enum { STORE_CHECKPOINTS = 256 };
size_t store_checkpoints(struct store *s, int64_t chain, const char *filter, struct cursor *out,
                         size_t max);
/* Forgets every row of the chain's filter above `block` and sets the cursor back to c (NULL: to
 * nothing). */
souk_err store_unwind(struct store *s, int64_t chain, const char *filter, uint64_t block,
                      const struct cursor *c, struct err *e);

/* --- what sync asks before it asks others (sync.c). */
struct payee_row {
    address a;
    uint64_t since; /* block of the first listing that named it */
};
/* The payees of all listings of a chain, by address. */
souk_err store_payees(struct store *s, int64_t chain, struct arena *a, struct payee_row **out,
                      size_t *n, struct err *e);
/* SOUK_ENOTFOUND when there is no such model. */
souk_err store_model_name(struct store *s, int64_t id, struct arena *a, struct untrusted *author,
                          struct untrusted *name, struct err *e);
/* Models on the Hub without any known blob id, whose files were not read since `since`. */
souk_err store_models_without_blob(struct store *s, const char *place, int64_t since,
                                   struct arena *a, int64_t **out, size_t *n, struct err *e);
/* When a page was last read; 0: never. */
int64_t store_source_time(struct store *s, enum source_kind kind, const char *place, int64_t page);

/* Forgets the rows of the chain's filter in these blocks, which are about to be read again. */
souk_err store_forget_range(struct store *s, int64_t chain, const char *filter, uint64_t first,
                            uint64_t last, struct err *e);

/* --- what sync did. */
enum sync_phase { SYNC_NEVER, SYNC_RUNNING, SYNC_OK, SYNC_FAILED, SYNC_STOPPED };
struct sync_state {
    const char
        *source; /* "hub", "bazaar", "listings", "payments", "inferences", "files", "figures" */
    enum sync_phase phase;
    int64_t done, total; /* total 0: unknown */
    const char *message; /* untrusted when it quotes a server */
    int64_t started, finished, ok_at;
};
souk_err store_sync_state_put(struct store *s, const struct sync_state *st, struct err *e);
souk_err store_sync_states(struct store *s, struct arena *a, struct sync_state **out, size_t *n,
                           struct err *e);

#endif
