/*
 * internal.h: what the files of sync share.
 *
 *   sync.c    tasks and their states, the beginning and the end
 *   figures.c when to derive and to judge
 *   fetch.c   a GET that waits its turn (hub, files, bazaar)
 *   hub.c     the Hub's pages -> models
 *   files.c   models' versions and files
 *   bazaar.c  x402 discovery -> offers
 *   head.c    a chain's nodes: who can be read, how far it is
 *   chain.c   a chain: which filters in turn, reorganisations
 *   where.c   what each filter asks for
 *   logs.c    one filter: ranges asked for ahead, written in order
 *   slice.c   one range: asked of one node or more, until they say the same
 *   decode.c  an answer to a range -> logs
 *   check.c   these against themselves, the question, the blocks, and another answer
 *   missing.c what must be asked for besides
 *   rows.c    these -> rows, and the cursor
 *   scan.c    the same answer's logs, the fast way
 *   pay.c     the logs of a transaction -> payments
 *   pay_escrow.c  of these, what goes through escrows and payment channels
 *
 * Threads: everything runs on the loop except functions marked [writer], which
 * run inside jobs on LANE_WRITE. What a job works on belongs to it until its done().
 */
#ifndef SOUK_MARKET_SYNC_INTERNAL_H
#define SOUK_MARKET_SYNC_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "eth/events.h"
#include "market/sync.h"
#include "net/loop.h"
#include "net/rpc.h"

/* --- tasks */

struct task {
    struct sync *s;
    struct sync_state st; /* st.message is text or NULL */
    char text[ERR_MSG_MAX];
    int64_t told; /* clock_mono_ms of the last event */
    bool on;      /* runs in this sync */
};

enum {
    TASK_HUB,
    TASK_BAZAAR,
    TASK_LISTINGS,
    TASK_PAYMENTS,
    TASK_INFERENCES,
    TASK_FILES,
    TASK_FIGURES,
    TASKS
};

struct hub_sync;
struct bazaar_sync;
struct chain;
struct files_sync;
struct files_queue;

struct sync {
    struct loop *loop;
    struct http *http;
    struct store *w;
    const struct network *net;
    bool full, cancelled, ended;
    uint64_t payment_end, inference_end; /* last blocks wanted; 0: all */
    struct sync_events ev;
    struct task task[TASKS];
    unsigned running; /* tasks not ended, TASK_FIGURES apart */
    unsigned jobs;    /* jobs of ours in the writer's queue */
    unsigned failed;
    struct err first;
    struct hub_sync *hub;
    struct bazaar_sync *bazaar;
    struct chain *payment, *inference;
    struct files_sync *files; /* models being asked for: a list */
    struct files_queue *queue;
    /* figures */
    bool dirty, deriving, final;
    bool following;
    bool files_wait; /* the files' turn comes after the next figures */
    uint64_t derive_timer;
    int64_t derive_at; /* not before, clock_mono_ms */
    const struct rules *rules;
    int64_t judged_at, judge_ms; /* [writer] when that last ended, how long it took */
    atomic_bool stop;            /* of what runs on the writer */
};

extern const struct err sync_stopped; /* SOUK_ECANCEL */

void task_start(struct task *t);
void task_progress(struct task *t, int64_t done, int64_t total);
void task_note(struct task *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last word about a task; e NULL or SOUK_OK: it went well. Nothing of the task may follow. */
void task_end(struct task *t, const struct err *e);

/* Jobs of a sync go through these two: sync_job_done is the last thing a done() does. */
void sync_submit(struct sync *s, struct job *j);
void sync_job_done(struct sync *s);
/* Rows were committed: figures follow. */
void sync_dirty(struct sync *s);
void figures_now(void *ud); /* a sync's, at once: a timer's callback too */
/* The outcome of a task; what task_end and the figures share. */
void task_conclude(struct task *t, const struct err *e);
void sync_files_begin(struct sync *s); /* figures say which models have no file */

/* [writer] store_commit, or store_rollback when c says the transaction failed. */
souk_err sync_commit(struct store *w, souk_err c, struct err *e);

/* --- a GET with patience */

struct fetch;
/* r->err is SOUK_OK only for 200 and 304; otherwise it says what happened, naming `who`. */
typedef void (*fetch_fn)(void *ud, struct http_response *r);
/* who: "the Hub"; a literal. NULL without memory: done is not called. etag may be NULL. */
struct fetch *fetch_start(struct sync *s, const char *who, const char *url, const char *etag,
                          fetch_fn done, void *ud);
void fetch_cancel(struct fetch *f); /* done comes, with SOUK_ECANCEL, before it returns */

/* --- sources */

souk_err hub_sync_start(struct sync *s, struct err *e);
void hub_sync_cancel(struct hub_sync *h);
void hub_sync_free(struct hub_sync *h);

souk_err bazaar_sync_start(struct sync *s, struct err *e);
void bazaar_sync_cancel(struct bazaar_sync *b);
void bazaar_sync_free(struct bazaar_sync *b);

void files_sync_cancel(struct files_sync *list);
souk_err files_queue_start(struct sync *s, struct err *e); /* figures have been derived */
void files_queue_free(struct files_queue *q);

/* --- chains */

enum logs_kind {
    LOGS_LISTINGS,   /* ModelListings: Listed, Delisted */
    LOGS_PAYMENTS,   /* every log of the quiet tokens, and the proxies' */
    LOGS_PAYEES,     /* transfers of the busy tokens to known payees, proved by their receipts */
    LOGS_FUNDING,    /* other transfers of the busy tokens to and from those who matter */
    LOGS_INFERENCES, /* the inference precompile's events */
};

struct slice;
struct check_job;

/* One log filter of a chain, from its cursor to the chain's target. */
struct filter {
    struct chain *chain;
    struct task *task;
    enum logs_kind kind;
    const char *name; /* of the cursor and of source rows */
    struct buf where; /* "address":…,"topics":… of eth_getLogs; of the payees' only its head */
    int64_t print;    /* hash of where: another filter under this name starts from nothing */

    bool has_cursor; /* cursor and payees: written by jobs, read elsewhere when none is running */
    struct cursor cursor;
    struct arena memory;
    struct payee_row *payee; /* by address */
    size_t payees;
    struct traced *traced; /* of the funding: by how far they are in; the first `tracing` now */
    size_t traces, tracing;
    unsigned untold; /* slices since the cache was told how far they are */
    bool passed;     /* a pass was read: are there others to read? */
    uint64_t end;    /* last block wanted */

    uint64_t next;       /* first block not in a slice yet */
    uint64_t size, most; /* blocks a request, now and at most */
    unsigned good;       /* successes since size last changed */
    struct slice *slice; /* in order of blocks; the first is written next */
    /* A full sync reads again what is there: rows are replaced range by range, and the stored
     * cursor, at `kept`, does not move until the reading has passed it. So it is when the funding
     * is read of somebody new, but that rows are only added. */
    bool again, before;
    uint64_t kept;
    uint64_t begun; /* the first block of this run, for its progress */
    unsigned reorgs;
    struct err failure; /* the end, waiting for the slice on the writer */
};

struct chain {
    struct sync *s;
    const struct chain_config *cfg;
    struct head *asking; /* while it is not known how far the chain is */
    struct rpc *rpc;     /* to the nodes that are read; NULL before */
    const char *label;   /* "the payment chain" */
    struct filter filter[4];
    unsigned filters, at;    /* at == filters: over */
    struct check_job *check; /* while a filter's place is looked at */
    bool crossing;           /* each range is asked of two nodes */
    bool on_writer;          /* a job of this chain is: it sees to the end of a cancelled sync */
    char uncrossed[ERR_MSG_MAX];
    struct chain_head head;
    uint64_t target; /* the newest block that counts as settled */
};

souk_err chain_start(struct sync *s, bool payment, struct chain **out, struct err *e);
void chain_cancel(struct chain *c);
void chain_free(struct chain *c);
/* c->head and c->rpc are there (e NULL), or no node is any good. */
void chain_headed(struct chain *c, const struct err *e);
enum { FILTER_TEXT = 8 << 10 };
/* where.c: f->where and f->print; and whether there are tokens read whole, or others. */
souk_err filter_where(struct filter *f, struct err *e);
bool where_tokens(const struct network *n, bool whole);
/* head.c; free ends it without a word. */
souk_err head_start(struct chain *c, struct err *e);
void head_free(struct head *h);
/* A filter is through (e NULL) or gave up: the next one's turn. */
void chain_filter_end(struct chain *c, const struct err *e);
/* The filter's place on the chain is doubtful: look again. */
void chain_filter_check(struct filter *f);

/* Reads from the cursor to f->end; ends in chain_filter_end or chain_filter_check. */
void logs_start(struct filter *f);
/* Drops what is under way; not while a job is on the writer. */
void logs_stop(struct filter *f);

/* --- a range: slice.c, driven by logs.c */

enum verdict {
    BATCH_OK,
    BATCH_MORE,     /* batch_ask_more asks for what is missing */
    BATCH_SMALLER,  /* ask for fewer blocks */
    BATCH_REFUSED,  /* the answer contradicts itself or the question: ask again */
    BATCH_REORG,    /* does not follow the cursor */
    BATCH_DISAGREE, /* two nodes do not say the same */
    BATCH_FAILED,
};

enum { OPINIONS = 3 };

/* What one node says of a range. */
struct opinion {
    struct slice *slice;
    enum {
        OPINION_NONE,
        OPINION_WAITS, /* to ask again */
        OPINION_ASKED,
        OPINION_ANSWERED, /* not read yet */
        OPINION_WANTS,    /* more, or to be asked again */
        OPINION_GOOD
    } state;
    unsigned endpoint; /* who says so, once it answered */
    uint32_t shun;     /* endpoints whose answer was refused */
    unsigned tries;
    uint64_t timer;
    struct buf body;
    struct batch *batch;
    bool parsed; /* batch holds the answer to the range; what comes now is more of it */
    char host[104];
    enum verdict verdict; /* of the last answer; its words: */
    struct err err;
};

struct slice {
    struct job job; /* first */
    struct filter *f;
    struct slice *next;
    uint64_t first, last;
    struct opinion op[OPINIONS];
    unsigned used, wanted; /* opinions asked for, and how many must be alike */
    bool cross;            /* of different nodes */
    unsigned rounds;       /* of disagreement */
    /* what the job found */
    enum verdict verdict;
    uint64_t suggested;
    size_t bytes;
    struct cursor cursor;
    struct err err;
};

struct slice *slice_new(struct filter *f, uint64_t first, uint64_t last);
void slice_forget(struct slice *sl); /* all that was asked and said; idle then */
void slice_free(struct slice *sl);
bool slice_idle(const struct slice *sl);
/* Asks for what is not asked yet. */
souk_err slice_ask(struct slice *sl, struct err *e);
/* Answers are there, and nothing else is under way: slice_read can be submitted. */
bool slice_ready(const struct slice *sl);
void slice_read(struct job *j); /* [writer] and writes, when it can; sl->verdict */
/* Goes on after BATCH_MORE and BATCH_DISAGREE. */
souk_err slice_go_on(struct slice *sl, struct err *e);

/* What logs.c is told, as the last thing: something of the slice changed; it cannot be had; it is
 * too large. The slice may be gone then. */
void logs_pump(struct filter *f);
void logs_failed(struct filter *f, const struct err *e);
void logs_smaller(struct slice *sl);

/* --- an answer to a range */

/* All logs of a transaction that may hold a payment. */
struct receipt {
    const struct eth_log *why; /* the first of its logs in the batch */
    size_t of;                 /* and how many are */
    struct eth_log *log;
    size_t logs;
    bool has_sender;
    address sender; /* of the transaction */
};

struct paid;

/* What one range's answers hold, as they come in. */
struct batch {
    struct filter *f;
    uint64_t first, last;
    size_t asked;    /* calls in the request: two blocks, then eth_getLogs */
    char place[216]; /* the hosts of the nodes that say so, blank-separated */
    bool doubtful;   /* a block's bloom names logs that did not come */
    struct arena memory;
    struct eth_block first_block, last_block;
    struct eth_log *log; /* by block and index, without doubles */
    size_t logs;
    struct paid *paid; /* of the payments' filter: its transfers, and what the logs say of them */
    size_t paids;
    struct escrow_in *told; /* whose payments the escrows in it are about, by hash */
    size_t tolds;
    /* What must be asked for besides: headers of blocks whose logs came without a time, and the
     * receipts of transactions that need proof. Asked in portions, in this order. */
    uint64_t *block;
    size_t blocks, blocks_in;
    struct receipt *receipt;
    size_t receipts, receipts_in;
};

enum { BATCH_MORE_MAX = 100 };

void batch_init(struct batch *b, struct filter *f, uint64_t first, uint64_t last);
void batch_release(struct batch *b);
/* The request for the range. Texts stay in `text`, which the caller releases. */
souk_err batch_ask(const struct batch *b, struct buf *text, struct rpc_call *call, size_t room,
                   size_t *n, struct err *e);
enum { BATCH_CALLS = 64, GROUP = 200 }; /* addresses in a call */
/* [writer] *blocks: the number of blocks a node suggested, or 0. */
enum verdict batch_read(struct batch *b, const struct buf *body, uint64_t *blocks, struct err *e);
/* The next request for what is missing; its answer goes to batch_read_more. */
souk_err batch_ask_more(const struct batch *b, struct buf *text, struct rpc_call *call, size_t *n,
                        struct err *e);
enum verdict batch_read_more(struct batch *b, const struct buf *body, struct err *e); /* [writer] */

/* --- logs without a tree */

struct scanned {
    struct eth_log *log; /* in the arena */
    size_t n;
};

/*
 * Reads every array that is the "result" of an answer as a list of logs, and writes the answer to
 * `rest` with each such array replaced by [k], k its place in list[]. False when anything looks
 * other than what nodes commonly send: the answer is then to be read by rpc_parse as it is, and
 * what is in rest and list means nothing.
 */
bool scan_logs(const struct buf *body, struct arena *memory, struct buf *rest, struct scanned *list,
               size_t room, size_t *lists);

/* --- payments: pay.c, pay_escrow.c */

/* One Transfer, and what it was. */
struct paid {
    const struct eth_log *log;
    address from, to; /* as the money moved */
    u256 amount;
    enum pay_scheme scheme; /* PAY_PLAIN: nothing proves a payment; it is a flow of this kind */
    enum flow_kind flow;
    address payer, payee; /* of a payment. Zero: not told (store.h) */
    bool authorised;      /* internal: an authorisation was found that belongs to it */
    ptrdiff_t below;      /* internal: the transfer before it that waits for its Settled */
};

struct pay_facts {
    const struct network *net;
    /* Who an escrow's payment is by and for, out of another transaction; false: not known. */
    bool (*escrow)(void *ud, bytes32 hash, struct escrow_in *out);
    void *ud;
};

/*
 * The Transfers of one transaction's logs (in order of index) in out[0..n), which has room for all
 * logs, with what the logs beside them prove; the most particular proof first:
 *   escrow     events of the canonical escrows: they move the money right behind the event
 *   channel    Settled of a canonical channel behind the Transfer it tells of; other Transfers to
 *              and from a channel are deposits and withdrawals
 *   EIP-3009   AuthorizationUsed of the same token and payer, the neighbour before the Transfer
 *              preferred, then the nearest after, then before. What a collector took for a deposit
 *              by such an authorisation is part of the deposit
 *   proxy      Settled of a canonical proxy, which belongs to the nearest Transfer before it that
 *              nothing else claims
 * *sure: no proxy's Settled was paired over a gap, which may hide a Transfer that was not asked
 * for: with all logs of the transaction it is always right.
 */
size_t pay_pair(const struct pay_facts *f, const struct eth_log *log, size_t n, struct paid *out,
                bool *sure);
/* What an escrow's event tells of whose payment it is; false: nothing, or it is another event. */
bool pay_escrow_info(const struct event *ev, struct escrow_in *out);
/* The first two of these; p[0..found) are the transfers. */
void pay_held(const struct pay_facts *f, const struct eth_log *log, size_t n, struct paid *p,
              size_t found);

/* --- check.c, missing.c: what decode.c is made of */

bool address_among(address a, const address *list, unsigned n);
int log_by_place(const void *a, const void *b); /* for qsort */
/* A log's block against what else is known of that block. NULL: nothing wrong. */
const char *log_contradicts(const struct eth_log *l, const struct eth_block *blk);
enum verdict batch_refuse(const struct batch *b, struct err *e, const char *why);
enum verdict batch_no_memory(struct err *e);
/* Sorts the logs, drops doubles, refuses what cannot be; sets b->doubtful. */
enum verdict batch_check(struct batch *b, struct err *e);
/* What is wrong with a receipt, whose logs are sorted; NULL: nothing. */
const char *batch_receipt_fault(const struct receipt *r);
void batch_set_time(struct batch *b, const struct eth_block *blk);
enum verdict batch_list_missing(struct batch *b, struct err *e);

/* Do two answers say the same? Else *e says how they differ. Both BATCH_OK. */
bool batch_same(const struct batch *a, const struct batch *b, struct err *e);
/* [writer] What this batch and the cache know of escrows, for pay_pair. */
struct pay_facts batch_facts(struct batch *b);

/* --- rows.c */

/* [writer] Rows and cursor, in one transaction. *c is the new cursor. */
souk_err batch_write(struct batch *b, struct store *w, struct cursor *c, struct err *e);
/* Of the funding: those whose transfers are asked for in this range, f->traced[0..n). */
size_t rows_tracing(const struct batch *b);
bool rows_known_payee(const struct filter *f, address a, uint64_t block);
/* The same of a list by address. */
bool payee_among(address a, uint64_t block, const struct payee_row *list, size_t n);
bool rows_inference(const struct event *ev); /* one that is kept: sync.h */
/* Would it be a payment of tier P2, if a facilitator sent it? */
bool rows_may_be_listed(const struct filter *f, const struct paid *p);

#endif
