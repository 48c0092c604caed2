/*
 * purchase.h: one paid call, from question to receipt, never twice.
 *
 *   quote    asks without paying, reads the offers, says what each would mean; signs nothing
 *   buy      takes a quote and one of its offers: the intent is on disk before the signature is
 *            asked for, the header on disk before it is sent; then answer and settlement
 *   resume   goes on with a kept purchase after a crash or a lost answer: the same bytes again,
 *            or the chain's word; never a new signature
 *   settle   asks the chain about everything open and closes the books (`souk receipts`)
 *
 * A logical call is (method, url, body, price, the user's intent): two deliberate
 * purchases of the same thing are two calls, a retry is the same one.
 *
 * Where a request may go: an endpoint from a listing, a catalogue or a redirectless
 * quote only by https to a public address, the devnet excepted; a URL the user typed may also be
 * local. No payment header ever follows a redirect. A listing that is not
 * proven asks one more question (quote.not_proven).
 *
 * OpenGradient's gateway: a target "gateway:MODEL" (or an LLM entry of the catalogue) goes
 * to an enclave of the TEERegistry, its certificate pinned; answers stream; one upto signature
 * serves many calls (sessions); the enclave's signature under the answer is verified.
 */
#ifndef SOUK_MARKET_PURCHASE_H
#define SOUK_MARKET_PURCHASE_H

#include "market/market.h"
#include "market/purse.h"
#include "x402/tee.h"
#include "x402/x402.h"

/* What is to be called. */
struct target {
    bool from_catalog; /* a model of the market, by its listing */
    int64_t model;
    char subject[LABEL_MAX]; /* "author/name", or the address */
    char author[LABEL_MAX];
    char url[CONFIG_URL * 2];
    enum mark mark; /* MARK_PROVEN, MARK_UNPROVEN; MARK_UNLISTED for a plain URL */
    bool has_price;
    struct amount price; /* listed */
    address pay_to;      /* listed */
    bool gateway;
    char llm[LABEL_MAX]; /* the model's name at the gateway */
};
/* what: MODEL (author/name, a unique name, a blob or listing id), a URL, or gateway:NAME. Reads
 * the cache; SOUK_ENOTFOUND, SOUK_EINPUT with candidates. */
souk_err target_find(struct market *m, const char *what, struct target *out, struct err *e);
souk_err target_of_model(struct market *m, struct store *s, int64_t model, struct target *out,
                         struct err *e);

/* An example input for a target, as JSON text: from its Bazaar entry or its model's declared
 * inputs; empty when nothing is known. */
souk_err target_example(struct market *m, const struct target *t, struct buf *out, struct err *e);

/* A gateway's request body that asks this in words; appended to out. */
souk_err target_prompt(const struct target *t, struct untrusted words, bool stream, struct buf *out,
                       struct err *e);

/* --- quoting */
struct quote_offer {
    const struct x402_offer *offer; /* fault inside */
    struct amount amount;
    enum refusal refusal; /* by the user's limits, as far as they are known now */
    bool needs_allowance; /* Permit2 may not move the token yet: an approval first (or sponsored) */
    bool sponsored;       /* the facilitator makes it: no gas */
    bool affordable;      /* true as well when the balance is not known */
    bool confirmed;       /* the token's contract says of itself what our table says */
};
struct quote {
    struct target target;
    struct x402_demand *demand;
    struct quote_offer offer[X402_OFFERS];
    size_t offers;
    int chosen;          /* index; -1: none is acceptable */
    bool free;           /* answered without asking for money */
    int status;          /* of the unpaid answer */
    struct buf answer;   /* when free: of a gateway its text, else the body */
    bool not_proven;     /* one more question */
    bool price_differs;  /* from the listing: say both */
    bool payee_differs;  /* from the listing */
    bool payee_changed;  /* from who was paid before */
    int64_t payee_since; /* first paid; 0: never */
    uint64_t payee_paid; /* how often */
    address payer;
    bool payer_has_code; /* EIP-7702 */
    bool publishes;      /* a gateway asked for `individual`: input and output become public */
    bool funds_known;    /* balances and allowances could be asked */
    struct err facts;    /* why a token is not confirmed, or the chain could not be asked */
    unsigned took_all;   /* how often the payee charged all that an upto signature allowed */
    bool unlocked;
    struct limits limits; /* of the chosen asset; zeroes: none set */
    struct spent spent;
    char tee_id[HASH_BUF]; /* the enclave; "" */
    int64_t session;       /* an open session that would serve without signing; 0: none */
    int64_t time;
};
/* A running purchase of it holds on to what it needs. */
void quote_free(struct quote *q);

struct call_input {
    const char *method; /* NULL: POST */
    const char *body;
    size_t body_len;
    const char *content_type; /* NULL: application/json */
    bool stream;              /* gateway: show as it comes */
    const char *settlement;   /* gateway: private, batch (default), individual */
};

struct purchase;
enum purchase_step {
    STEP_QUOTING,
    STEP_APPROVING, /* the Permit2 allowance, on chain */
    STEP_SIGNING,
    STEP_SENDING,
    STEP_ANSWER,   /* streaming, or arrived */
    STEP_SETTLING, /* waiting for the chain */
    STEP_DONE
};
struct purchase_events {
    void (*step)(void *ud, enum purchase_step s, const char *words); /* ours, may be NULL */
    void (*text)(void *ud, struct untrusted piece); /* of a streamed answer, as it comes */
    /*
     * Ends it. q: from quote, or e, never both; a server's answer that is neither free nor a
     * demand is an e that quotes it. row: from buy and resume, NULL when there is none yet, valid
     * inside done() only; e: NULL or why, and then row tells how far it came.
     */
    void (*quoted)(void *ud, struct quote *q, const struct err *e); /* takes q over */
    void (*done)(void *ud, const struct purchase_row *row, const struct err *e);
};

/* Asks what a call would cost. p may be NULL (no wallet): then nothing is known of limits. */
struct purchase *purchase_quote(struct market *m, struct purse *p, const struct target *t,
                                const struct call_input *in, const struct purchase_events *ev,
                                void *ud, struct err *e);
/*
 * What the user agreed to: this offer of this quote, at most this much. yes_unproven etc. say which
 * of the quote's extra questions were answered with yes; buying without is SOUK_ELIMIT.
 */
struct consent {
    int offer;
    u256 most; /* NO_CAP: the offer's amount */
    bool unproven, payee_changed, other_payee, dearer, code;
    bool approve;     /* the exact Permit2 approval, as its own transaction */
    signer_gate gate; /* for what is beyond the limits; -1: refuse that */
};
/* q with a session: what is agreed to counts only if that turns out to be over; if it does not
 * cover the offer, SOUK_ENOTFOUND: nothing was charged, ask for a quote again. */
struct purchase *purchase_buy(struct market *m, struct purse *p, const struct quote *q,
                              const struct call_input *in, const struct consent *c,
                              const struct purchase_events *ev, void *ud, struct err *e);
struct purchase *purchase_resume(struct market *m, struct purse *p, int64_t id,
                                 const struct purchase_events *ev, void *ud, struct err *e);
/* Asks the chain about everything open; done(row NULL) at the end. */
struct purchase *purchase_settle_all(struct market *m, struct purse *p,
                                     const struct purchase_events *ev, void *ud, struct err *e);
/* Stops waiting, not the payment: what was sent stays sent, and kept. No event comes after. */
void purchase_drop(struct purchase *x);
/* For commands: runs the loop until it ended. */
souk_err purchase_wait(struct market *m, struct purchase *x, struct err *e);

/* Does this offer ask for more than the listing says, or for another token? */
bool quote_dearer(const struct quote *q, int offer);

/*
 * The questions a front end must put before purchase_buy, in order, each once; the same words on
 * screen and in the shell. Fills lines of the dialog (facts of the sketch: amount, payee in full
 * with first-seen date, chain, expiry, share of today's limit).
 */
souk_err quote_describe(const struct quote *q, int offer, struct buf *out, struct err *e);

#endif
