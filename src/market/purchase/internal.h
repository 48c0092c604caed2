/*
 * internal.h: what the files of purchase share.
 *
 *   target.c    what a person named -> where to ask, whom to pay
 *   request.c   where a request may go, and sending it
 *   gateway.c   TEERegistry -> the enclave to ask
 *   chat.c      an enclave's answer, streamed or whole -> text, proof, cost
 *   facts.c     do the tokens' contracts say what our table says
 *   quote.c     the unpaid question and what its offers mean
 *   limits.c    what the signer, or the ledger of a locked one, says to an offer
 *   describe.c  the words of the dialog
 *   plan.c      what a row keeps so that a crash loses nothing
 *   buy.c       intent -> signature -> header -> request
 *   answer.c    what came of it, and the chain's word
 *   resume.c    going on with a kept row
 *   settle.c    closing the books
 *   session.c   an upto session that serves several calls
 *   prompt.c    a question in words
 *
 * Everything runs on the loop except functions marked [sign], which run inside
 * jobs on LANE_SIGN. A purchase is one thing after the other: at any moment it
 * waits for at most one job and for the requests it started; whatever of ours
 * calls the front end (say_step, tell_text) may have dropped it when it returns.
 */
#ifndef SOUK_MARKET_PURCHASE_INTERNAL_H
#define SOUK_MARKET_PURCHASE_INTERNAL_H

#include "base/arena.h"
#include "market/fate.h"
#include "market/nodes.h"
#include "market/purchase.h"
#include "net/url.h"
#include "x402/sse.h"

enum {
    CALL_BODY_CAP = 8 << 20, /* of a request */
    ANSWER_CAP = 8 << 20,    /* of an answer; 1 MiB of it is kept */
    ANSWER_KEPT = 1 << 20,
    ROW_MEMORY = 32 << 20,
    QUOTE_OLD = 600,  /* seconds after which a quote must be asked for anew */
    VALID_MARGIN = 6, /* what a facilitator wants to be left of a signature's time */
};

/* One of our own copies of what the caller gave. */
struct call {
    char *method, *body, *content_type, *settlement;
    size_t body_len;
    bool stream;
};
bool call_copy(struct call *c, const struct call_input *in);
void call_release(struct call *c);

struct enclave {
    char url[CONFIG_URL * 2]; /* of its chat endpoint */
    bytes32 id;
    bool known; /* by the registry: key and id are set */
    address payment;
    struct buf cert, key; /* DER; cert empty: the usual authorities */
};

/* What is known of one offer's limits and payee. */
struct quote_known {
    struct limits limits;
    struct spent spent;
    int64_t since;
    uint64_t paid;
    unsigned took_all;
    bool changed;
};

/* A quote as we made it; the front end and a running purchase each hold it. */
struct quote_box {
    struct quote pub; /* first */
    unsigned refs;
    struct call call;
    struct enclave enclave;
    struct buf header, body; /* the demand as it came */
    struct asset asset[CONFIG_TOKENS + 1];
    size_t assets;
    unsigned confirmed; /* bit i: the contract of asset[i] says what our table says */
    struct err facts;   /* why one is not */
    struct balances funds;
    bool funds_known;
    struct quote_known known[X402_OFFERS];
};
struct quote_box *quote_make(const struct network *n, const struct target *t);
const char *quote_url(const struct quote_box *q);
struct quote_box *quote_box(const struct quote *q);
struct quote_box *quote_ref(const struct quote *q);

/* The response headers asked for, by their place in http_response.header. */
enum head { HEAD_DEMAND, HEAD_RECEIPT, HEAD_RECEIPT_V1, HEAD_SESSION, HEAD_LOCATION, HEADS };

/* What came back, as far as it is kept. */
struct answer {
    struct err err; /* transport */
    bool sent;      /* the request may have arrived */
    int status;
    char *head[HEADS];
    char type[64];
    struct buf body;
};
void answer_release(struct answer *a);

/* A gateway's answer while it is read. */
struct chat {
    struct sse sse;
    struct buf raw;  /* not a stream: the body */
    struct buf text; /* what it said */
    json *last;      /* the frame, or the body, with the proof */
    char *receipt;   /* of an x402-settlement event */
    struct err err;  /* told in-band, or unreadable */
    bool streaming, ended, bad;
    struct purchase *x;
};

struct waiter {
    bool ended;
    struct err err;
};

/* Why the chain is asked, which decides how long and what its silence means. */
enum chain_why {
    ASK_SERVED,  /* a 2xx answer is here */
    ASK_REFUSED, /* the seller said no */
    ASK_UNKNOWN, /* nobody knows */
    ASK_PENDING, /* broadcast, says the receipt */
    ASK_RESUME,  /* before the same bytes are sent again */
};

struct purchase {
    struct job job; /* first */
    struct market *m;
    struct purse *purse;
    struct loop *loop;
    const struct network *net;
    struct purchase_events ev;
    void *ud;
    struct waiter *waiter;

    /* what is waited for */
    void (*run)(struct purchase *x);  /* [sign] */
    void (*then)(struct purchase *x); /* when it ran */
    void (*due)(struct purchase *x);  /* when the timer is */
    uint64_t timer;
    struct http_call *http;
    struct purse_call *call;
    struct fate_query *fate;
    struct nodes *payment, *inference; /* made at the first question */
    struct ask *asks[2];               /* of them: of tokens or nonces, of enclaves */
    bool working, calling, dropped, ended;
    unsigned parts; /* of a quote, under way */
    struct err err; /* the first thing that failed */

    struct quote_box *q;
    void (*answered)(struct purchase *x); /* x->ans is what came */
    void (*found)(struct purchase *x);    /* an enclave, or x->err */
    struct answer ans;
    struct chat chat;
    bytes32 want_enclave;
    bool wants_enclave, chatting;

    /* buying, resuming */
    bool has_row, has_permit;
    bool committed; /* a signature may exist */
    bool approved, resent, from_session;
    struct consent consent;
    struct arena arena;
    struct purchase_row row;
    struct typed typed, permit;
    char payment_id[40];
    uint8_t intent[32];
    u256 expect; /* what it should cost at most: NO_CAP when only the signed amount tells */
    enum chain_why asking;
    unsigned asked;
    struct fate got;
    struct err say; /* what done() will say; code SOUK_OK: all is well */
    bool receipt_ok, receipt_bad;

    /* settling */
    struct purchase_row *open;
    size_t opens, at;
};

/* --- purchase.c: its life */
struct purchase *purchase_make(struct market *m, struct purse *p, const struct purchase_events *ev,
                               void *ud, void (*begin)(struct purchase *x), struct err *e);
/* Runs on LANE_SIGN; then `then` on the loop. */
void do_work(struct purchase *x, void (*run)(struct purchase *x), void (*then)(struct purchase *x));
void do_later(struct purchase *x, int64_t ms, void (*due)(struct purchase *x));
/* False: it was dropped meanwhile; x is gone. */
bool say_step(struct purchase *x, enum purchase_step s, const char *words);
bool tell_text(struct purchase *x, struct untrusted piece);
/* Ends it: x is gone. */
void end_quote(struct purchase *x, const struct err *e);
void end_row(struct purchase *x, const struct err *e);

/* --- request.c */
/* May a request go there? public_only: no address but a public one may answer. */
souk_err trust_url(const struct network *n, const char *url, bool from_catalog, bool *public_only,
                   struct err *e);
bool trust_local(const struct network *n, const char *url, bool from_catalog);
struct request {
    const struct call *call;
    const char *url;
    bool from_catalog;
    const struct enclave *enclave; /* NULL: not a gateway */
    const char *name, *value;      /* one header more; NULL */
    bool patient;                  /* it is paid for: give it time */
};
/* x->answered comes, with x->ans. */
void request_send(struct purchase *x, const struct request *rq,
                  void (*answered)(struct purchase *x));
/* What a status that is neither 2xx nor a demand means, in words. */
souk_err answer_words(const struct purchase *x, const char *url, struct err *e);

/* --- gateway.c */
/* Finds the enclave of x->q->enclave, or x->want_enclave; found() comes. */
void gateway_find(struct purchase *x, void (*found)(struct purchase *x));
void enclave_release(struct enclave *n);
souk_err gateway_check(const struct call *c, struct err *e); /* is it a chat request */

/* --- chat.c */
void chat_init(struct chat *c, struct purchase *x);
void chat_release(struct chat *c);
bool chat_feed(struct chat *c, const char *type, const char *p, size_t n);
void chat_end(struct chat *c); /* everything has come */
/* The verdict's code, and the cost (zero: not told). */
const char *chat_verdict(const struct chat *c, const struct call *call, const struct enclave *n);
u256 chat_cost(const struct chat *c, unsigned decimals);

/* --- facts.c */
struct nodes *payment_nodes(struct purchase *x, struct err *e); /* NULL and e */
/* Asks the payment chain; quote_part() when known. */
void facts_ask(struct purchase *x);
/* --- quote.c */
void quote_part(struct purchase *x); /* one of the things a quote waits for has come */
void quote_terms(const struct purchase *x, struct x402_terms *t, const char *url,
                 bool from_catalog);

/* --- limits.c */
void limits_try(struct purchase *x); /* [sign] what is known of each offer */
void limits_of_chosen(struct quote_box *q);

/* --- plan.c */
/* Fills row.plan (in the arena). */
souk_err plan_write(struct purchase *x, struct err *e);
/* Reads it back into x: typed, permit, expect, …; the demand into a quote of x's own. */
souk_err plan_read(struct purchase *x, struct err *e);
/* The typed message a row was signed as, for the chain. */
u256 plan_expect(const struct purchase_row *r); /* NO_CAP: only the signed amount tells */
struct typed row_typed(const struct network *n, const struct purchase_row *r);
bool row_text(struct purchase *x, struct untrusted *at, const char *p, size_t n);

/* --- buy.c */
/* Has the user agreed to all that is to be agreed to? */
souk_err buy_check(const struct quote_box *b, const struct consent *c, struct err *e);
void buy_sign(struct purchase *x);    /* intent, signature, header, request */
void buy_approve(struct purchase *x); /* the allowance, then the above, or the request once more */
void buy_send(struct purchase *x);    /* the row's bytes, once more or for the first time */
void sign_run(struct purchase *x);    /* [sign] for a row that has its intent */
void sign_then(struct purchase *x);
souk_err row_begin(struct purchase *x, struct err *e);                       /* [sign] */
souk_err row_save(struct purchase *x, enum purchase_state s, struct err *e); /* [sign] */
bytes32 call_key(const struct purchase *x, const struct x402_offer *o);

/* --- answer.c */
void paid_answer(struct purchase *x);
bool keep_answer(struct purchase *x); /* into the row; false: no memory */
void ask_chain(struct purchase *x, enum chain_why why);
void save_then(struct purchase *x, void (*then)(struct purchase *x)); /* the row as it stands */
void finish_row(struct purchase *x); /* saves, then done() with x->say */
void say_unknown(struct purchase *x, const char *what);

/* --- settle.c */
/* What the chain's word makes of a row; words: why, when it is worth a word. */
void row_close(struct purchase_row *r, const struct fate *f, u256 expect, const struct asset *a,
               struct buf *words);
/* [sign] Has the signer look for itself, so that what is not used up is free again. */
void release_reserve(struct purchase *x, bytes32 call);
const struct asset *row_asset(const struct network *n, const struct purchase_row *r,
                              struct asset *room);

/* --- session.c */
/* [sign] An open session that would serve this call; 0: none. */
int64_t session_find(struct purchases *p, const struct call *c, const char *url, address payer);
void session_call(struct purchase *x);   /* draws from x->q->pub.session */
void session_answer(struct purchase *x); /* what came of that */
/* [sign] The calls that drew from a session are closed with it. */
souk_err session_settle(struct purchases *p, struct purchase_row *own, struct arena *a,
                        struct err *e);

#endif
