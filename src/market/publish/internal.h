/*
 * internal.h: what the files of publish share.
 *
 *   publish.c   starting, waiting, ending; which step comes next
 *   look.c      what is in force on chain now, by the cache and by what we sent ourselves
 *   terms.c     what is asked for, over what is in force
 *   store.c     the blob ID, and the file to the publisher
 *   prove.c     and back from an aggregator, byte by byte
 *   list.c      the receiving address, the transaction
 *   own.c       what this wallet has listed
 *
 * One thing after the other, on the loop: at any moment a publish waits for at most one job,
 * request, purse call, timer, sync, or for its user. Each wait ends in one function, which goes on
 * or calls publish_end.
 */
#ifndef SOUK_MARKET_PUBLISH_INTERNAL_H
#define SOUK_MARKET_PUBLISH_INTERNAL_H

#include <stdatomic.h>

#include "base/arena.h"
#include "market/publish.h"
#include "walrus/service.h"

enum { PUBLISH_MEMORY = 16 << 20, AGGREGATORS_MAX = 16 };

/* A listing as the chain has it. */
struct in_force {
    bool known;  /* it was listed at some time */
    bool active; /* and is now */
    struct listing_terms terms;
    uint64_t block;
};

struct publish {
    struct job job; /* first */
    struct market *m;
    struct purse *p;
    const struct network *net;
    struct loop *loop;
    struct publish_events ev;
    void *ud;
    struct arena memory;

    struct publish_request rq; /* its texts in memory */
    struct asset asset;        /* rq.asset leads here */
    address owner;
    unsigned account;

    /* what it waits for */
    enum {
        WAITS_NOT,
        WAITS_JOB,
        WAITS_QUERY,
        WAITS_HTTP,
        WAITS_STORED,
        WAITS_PURSE,
        WAITS_TIMER,
        WAITS_SYNC,
        WAITS_USER
    } waits;
    struct http_call *http;
    struct purse_call *purse_call;
    struct stored_ask *stored_ask;
    uint64_t timer, ticker, stopper;
    void (*then)(struct publish *x); /* after the job or the timer */
    struct err err;                  /* of the job */
    atomic_bool cancel;
    bool dropped;
    enum publish_step step;
    atomic_ullong done, total; /* of a job, from any thread */

    /* look.c */
    struct in_force now, sent; /* by the cache, and what we sent since; now is both in the end */
    bytes32 id;
    bool pending; /* one of ours about this listing has no block yet */
    unsigned looks;
    int64_t asset_number; /* of now, in the cache */
    address *payee;       /* that we named ourselves, in transactions the cache may not have */
    size_t payees;
    bool used[WALLET_ACCOUNTS]; /* accounts that a listing names */
    unsigned asked;             /* for accounts, how often */

    struct listing_terms terms; /* wanted */

    /* store.c, prove.c */
    int fd;
    uint64_t size;
    struct walrus_meta meta;
    char *aggregator[AGGREGATORS_MAX];
    size_t aggregators, at_aggregator;
    char url[CONFIG_URL + 128];
    uint64_t piece_from, piece_at, piece_to; /* to is exclusive */
    bool differs, unreadable;
    int64_t said_at; /* monotonic */
    unsigned rounds;
    bool absent; /* somebody said in this round that it is not there, or not yet */
    struct err liar, last;

    struct draft draft;
    struct publish_result r;
};

/* --- publish.c */
void publish_say(struct publish *x, enum publish_step s, const char *words, uint64_t done,
                 uint64_t total); /* x may be dropped when it returns, never freed */
void publish_end(struct publish *x, const struct err *e); /* e NULL or SOUK_OK: well */
/* run leaves its failure in x->err; after comes without one, else it ends. */
void publish_job(struct publish *x, enum lane lane, void (*run)(struct job *j),
                 void (*after)(struct publish *x));
/* The same against the cache; run gets NULL when there is none. */
void publish_query(struct publish *x, void (*run)(struct publish *x, struct store *s),
                   void (*after)(struct publish *x));
void publish_later(struct publish *x, int64_t ms, void (*after)(struct publish *x));
/* Sends to x->url. False: it has ended. */
bool publish_ask(struct publish *x, struct http_request *rq, http_done_fn done);
void publish_blob_url(struct publish *x); /* of the aggregator it is at */
/* A wait is over. False: it was to stop, and has ended. */
bool publish_woken(struct publish *x);
bool publish_copy(struct publish *x, struct untrusted in, struct untrusted *out);

/* --- the steps; each begins with the first function and calls the next one's */
void look_begin(struct publish *x); /* then compute_begin */
souk_err terms_choose(struct publish *x, struct err *e);
bool terms_in_force(const struct publish *x); /* nothing would change */
void compute_begin(struct publish *x);        /* then store, prove, address_begin */
void prove_begin(struct publish *x);
void address_begin(struct publish *x);

#endif
