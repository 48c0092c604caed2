/*
 * publish.h: an author puts a model up: stored, proved, listed; and what may change later.
 *
 * In order, each step only after the one before held:
 *
 *   COMPUTE   the blob ID of the file, here
 *   STORE     unless the aggregators have it: through the profile's publisher, which pays for the
 *             storage; its answer must name our ID
 *   PROVE     what an aggregator serves under the ID is fetched and compared with the file
 *   ADDRESS   a receiving address that no listing of this wallet uses: the next account of the
 *             wallet (the signer adds one, with the password), unless the user names one
 *   LIST      ModelListings.list(author, name, blob ID, price, asset, payTo, endpoint), signed by
 *             the signer with an explicit yes, mined
 *
 * and then the line to paste into the Hub's description, `souk-listing: 0x…`, without which
 * everyone shows the listing as not proven. Storing is idempotent and a transaction is kept before
 * it is sent, so that a publish that was cut is simply done again.
 *
 * A listing is keyed by (owner, name): listing the same name again replaces it (another price, a
 * new version, another endpoint); what is not said stays as it is.
 */
#ifndef SOUK_MARKET_PUBLISH_H
#define SOUK_MARKET_PUBLISH_H

#include "market/get.h"
#include "market/purse.h"

enum publish_step {
    PUBLISH_COMPUTE,
    PUBLISH_STORE,
    PUBLISH_PROVE,
    PUBLISH_ADDRESS,
    PUBLISH_LIST, /* the draft is ready to be agreed to */
    PUBLISH_MINING,
    PUBLISH_DONE
};

struct publish_request {
    const char *file;          /* path; NULL: the listing's blob ID stays (a price change) */
    const char *author, *name; /* the Hub's; name is the key */
    bool has_price;
    u256 price;                /* atomic units of asset */
    const struct asset *asset; /* NULL: the listing's, else the profile's first token */
    const char *endpoint;      /* NULL: the listing's; "" none */
    bool has_pay_to;
    address pay_to;
    unsigned epochs; /* of storage; 0: 10 */
    bool permanent;  /* not deletable before its end epoch */
    bool list;       /* false: only store it, and print the ID; author and name may be NULL */
};

/* What is listed under this wallet's address, as the chain says now. */
struct own_listing {
    bytes32 id;
    int64_t model; /* of the catalogue; 0: the Hub has none of this name */
    struct untrusted author, name, blob_id, endpoint;
    struct amount price;
    address pay_to;
    bool active, proven;
    int64_t time;
    uint64_t payments, settlements; /* in all time, from the cache */
    struct income income;
};
struct own_listings {
    address owner;
    struct own_listing *row; /* by name */
    size_t n;
    struct arena arena;
};
/* From the cache (LANE_QUERY or a command): as fresh as the last sync. */
souk_err own_listings_load(struct store *s, address owner, struct own_listings **out,
                           struct err *e); /* s NULL: nothing is known */
void own_listings_free(struct own_listings *l);

struct publish_result {
    blob_id id;
    bool has_id, stored_now, was_there; /* has_id: a file, or the listing's own */
    struct stored stored;
    bool listed, unchanged; /* unchanged: it was so already; nothing was sent */
    bytes32 listing;
    address owner, pay_to;
    bytes32 tx;
    char proof_line[64]; /* "souk-listing: 0x…" */
};

struct publish;
struct publish_events {
    /* words: ours, may be NULL; done, total: of what is under way, 0: unknown. PUBLISH_MINING comes
     * with words once it is signed: the gate is not used any more. */
    void (*step)(void *ud, enum publish_step s, const char *words, uint64_t done, uint64_t total);
    /*
     * The wallet needs one more account: have publish_add_account make so many of them, then answer
     * with publish_address. accounts_wanted 0: this wallet has one address and cannot have more, so
     * the income of all models it lists comes to that one; publish_address(x, NULL) says that this
     * is all right. On the loop; the answer may come from within.
     */
    void (*address)(void *ud, unsigned accounts_wanted);
    /* Agree with publish_go, or end it with publish_cancel. d lives until then, as does before:
     * what is in force now, NULL when it is a new listing. Does not come when nothing would change.
     */
    void (*agree)(void *ud, const struct draft *d, const struct publish_result *so_far,
                  const struct listing_terms *before);
    /* e NULL: it went well. r says in any case how far it came. */
    void (*done)(void *ud, const struct publish_result *r, const struct err *e);
};
/* p NULL only when nothing is listed. Holds the purse (purse_hold) until it is over. */
struct publish *publish_start(struct market *m, struct purse *p, const struct publish_request *rq,
                              const struct publish_events *ev, void *ud, struct err *e);
/* [blocks: LANE_SIGN, or a command] The signer asks for the password at the gate. */
souk_err publish_add_account(struct purse *p, unsigned accounts, signer_gate gate, struct err *e);
void publish_address(struct publish *x, const struct err *e); /* NULL: the account is there */
void publish_go(struct publish *x, signer_gate gate);
void publish_cancel(struct publish *x); /* done comes, later */
void publish_drop(struct publish *x);   /* no event comes any more; it ends, and frees itself */

/* Would an endpoint be called by anyone? SOUK_EINPUT says why not; an empty one is none, and fine.
 */
souk_err publish_endpoint(const struct network *n, struct untrusted url, struct err *e);

/* Withdrawing, and deploying the contract, are drafts (purse.h): DRAFT_DELIST, DRAFT_DEPLOY. */

/* --- the contract */
struct listings_state {
    bool configured; /* the profile has an address */
    address at;      /* that one, else where `deploy` puts it */
    bool there;      /* there is code */
    bool ours;       /* and it is byte for byte what this souk would deploy */
    bool can_deploy; /* the deployment proxy is on this chain */
    uint64_t gas;    /* estimated, of deploying */
};
/* The error that says what to do where the profile has none. */
souk_err listings_missing(const struct network *n, struct err *e);
typedef void (*listings_fn)(void *ud, const struct listings_state *s, const struct err *e);
struct purse_call *listings_look(struct purse *p, listings_fn done, void *ud);

#endif
