/*
 * internal.h: what the files of prove share.
 *
 *   prove.c     the order of things: look, again, balances, receipts
 *   look.c      what the cache holds, in one job: its filters
 *   payees.c    whose balances are checked, and what the rows say of them
 *   draw.c      which blocks are sampled
 *   again.c     the logs read again into a cache of its own, and compared
 *   balance.c   balanceOf against the rows
 *   receipts.c  blocks, their receipts, and the headers up to a hash the cache rests on
 *   block.c     one block's receipts against its header and our rows
 *
 * Everything runs on the loop but the functions marked [query], which run in jobs on LANE_QUERY;
 * one job or one request is under way at a time.
 */
#ifndef SOUK_MARKET_PROVE_INTERNAL_H
#define SOUK_MARKET_PROVE_INTERNAL_H

#include "base/arena.h"
#include "base/paths.h"
#include "market/prove.h"
#include "market/sync.h"
#include "net/rpc.h"
#include "store/proof_rows.h"

enum { FILTERS = 5, CHAINS = 2 };

/* A log filter as the cache has it. */
struct kept {
    const char *name;
    unsigned chain; /* of prove.chain */
    bool there;
    uint64_t first;
    struct cursor cursor;
};

/* A chain, and the node that is asked about it. */
struct witness {
    const struct chain_config *cfg;
    const char *label;
    char url[CONFIG_URL], place[104];
    bool same_node;
    struct rpc *rpc;       /* NULL: there is none */
    char why[ERR_MSG_MAX]; /* why nothing can be asked of it; "": it can */
    struct cursor *hash;   /* those the cache rests on, ascending; look() fills them */
    size_t hashes;
};

/* A payee and token whose balance is checked. */
struct account {
    unsigned filter;    /* of kept: at whose end */
    bool before, after; /* the node told it */
};

/* A sampled block. */
struct sampled {
    unsigned chain;
    struct cursor anchor; /* the next block whose hash is kept; .block 0: none near enough */
    json *block;          /* as told, without its transactions' bodies */
    json *receipts;       /* an array */
    const json *tx;       /* of the block: the next one whose receipt is asked for by itself */
    bytes32 hash;         /* of its header; then of the last header joined to it */
    uint64_t joined;      /* up to this block */
    bool alien;           /* its header does not make its hash */
};

struct prove {
    struct loop *loop;
    struct http *http;
    struct store *s;
    const struct network *net;
    struct prove_events ev;
    unsigned sample, payees;

    struct proofs out;
    struct arena memory;
    struct kept kept[FILTERS];
    struct witness chain[CHAINS];
    struct payee_row *payee; /* of listings, by address */
    size_t payees_n;
    struct account *account; /* beside out.balance */
    struct sampled *sampled; /* beside out.receipt */

    atomic_bool stop; /* jobs look at it */
    bool cancelled, ending, ended;
    uint64_t timer;

    /* the job under way */
    struct job job;
    bool working;
    souk_err (*work)(struct prove *p, struct err *e); /* [query] */
    void (*then)(struct prove *p);
    struct err err;

    /* the question under way, and its answer */
    void (*answer)(struct prove *p);
    size_t asked;
    struct buf body;
    struct err heard;

    /* again.c */
    struct network other;
    char path[PATH_BUF];
    struct store *temp;
    struct sync *sync;
    struct err sync_err;

    size_t at, count; /* where the part under way is */
    bool newest;      /* balance.c: the end is the newest block, and asked for as such */
    bool one_by_one;  /* receipts.c: the node gives no block's receipts at once */
};

/* --- prove.c */

/* Runs work on LANE_QUERY, then `then` on the loop; a failure, or a cancel, ends the proving. */
void prove_job(struct prove *p, souk_err (*work)(struct prove *, struct err *),
               void (*then)(struct prove *));
/* Asks the chain's node; `answer` is called with p->body and p->heard set. */
void prove_ask(struct prove *p, unsigned chain, const struct rpc_call *call, size_t n,
               void (*answer)(struct prove *));
void prove_end(struct prove *p, const struct err *e);
void prove_tell(struct prove *p, const char *what, int64_t done, int64_t total);

/* --- the parts, in their order; each starts the next */

souk_err look(struct prove *p, struct err *e);          /* [query] */
souk_err look_balances(struct prove *p, struct err *e); /* [query] */
souk_err look_blocks(struct prove *p, struct err *e);   /* [query] */
const struct kept *kept_named(const struct prove *p, const char *name);
void again_start(struct prove *p);
bool again_cancel(struct prove *p); /* true: a sync is under way, and will end */
void again_tidy(struct prove *p);   /* takes the other cache away */
void balance_start(struct prove *p);
void receipts_start(struct prove *p);
void receipts_release(struct prove *p);

/* [query] One block's receipts against its header and our rows: sets the proof's state and words.
 */
souk_err block_check(struct prove *p, size_t i, struct err *e);

#endif
