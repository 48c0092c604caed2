/*
 * purse.h: the wallet as the front doors use it: balances, sending, allowances, limits, history.
 *
 * Reading needs no key (an address is enough); anything signed goes to
 * souk-signer (wallet/signer.h) and only what it returns is sent. Everything
 * takes its time: a purse call returns at once and done() comes on the loop,
 * or, in commands, purse_wait() runs the loop until it did.
 *
 * What decides money is asked of two nodes where the profile has two; where they differ
 * the call fails and says so (nodes.h). The chain's id is checked before anything is
 * signed. Transactions: the nonce is the node's pending count, raised over our
 * own unconfirmed ones; a transaction is kept before it is sent and sent again
 * as the same bytes.
 */
#ifndef SOUK_MARKET_PURSE_H
#define SOUK_MARKET_PURSE_H

#include "market/config.h"
#include "market/types.h"
#include "eth/contracts.h"
#include "net/http.h"
#include "store/purchases.h"
#include "wallet/signer.h"

struct market;
struct purse;

/*
 * The purse of a market's network. wallet: a name, or NULL for the network's chosen one (`souk
 * wallet use`; on the devnet its own). SOUK_ENOTFOUND: there is no wallet yet.
 */
souk_err purse_open(struct market *m, const char *wallet, struct purse **out, struct err *e);
void purse_close(struct purse *p);
/* Somebody's job on LANE_SIGN begins (1) or has ended (-1) that uses the purse: purse_close waits.
 */
void purse_hold(struct purse *p, int delta);
const struct wallet_card *purse_card(const struct purse *p);
/* Reads it again: the signer made more accounts. */
souk_err purse_reload(struct purse *p, struct err *e);
unsigned purse_account(const struct purse *p);
void purse_set_account(struct purse *p, unsigned account);
address purse_address(const struct purse *p);
struct purchases *purse_purchases(struct purse *p); /* LANE_SIGN or commands */
struct http *purse_http(struct purse *p);

/* Which wallet a network uses. Nobody chose: on the devnet the one called devnet, else the only one
 * there is, unless it is made for play money. */
souk_err purse_choose(const char *network, const char *wallet, struct err *e);
souk_err purse_chosen(const char *network, char out[WALLET_NAME], struct err *e);

/* The profile's tokens as assets, its coin last. */
size_t network_assets(const struct network *n, struct asset *out, size_t max);

/*
 * A call under way; NULL from the functions below: no memory. Freed by done() having returned;
 * purse_drop: done() will not come (what was signed is still sent).
 */
struct purse_call;
void purse_drop(struct purse_call *c);
/* Runs the loop until done() came and gives its error; SOUK_ECANCEL when somebody dropped it
 * meanwhile (a command's handler of Ctrl-C). */
souk_err purse_wait(struct purse *p, struct purse_call *c, struct err *e);

/* --- what is there */
struct balance {
    struct amount amount;
    u256 permit2; /* allowance given to Permit2 */
};
struct balances {
    address who;
    struct balance of[CONFIG_TOKENS + 1]; /* the profile's tokens, then the coin */
    size_t n;
    uint64_t block;
    int64_t time;
    bool has_code; /* EIP-7702: signatures may not count; warn */
};
typedef void (*balances_fn)(void *ud, const struct balances *b, const struct err *e);
struct purse_call *purse_balances(struct purse *p, address who, balances_fn done, void *ud);

/* Signer and limits, from the running signer or, locked, from the ledger (not verified then). */
struct purse_state {
    struct wallet_card card;
    bool unlocked, killed, verified, memory_locked;
    int64_t locks_at;
    struct limit_row {
        struct limits limits;
        struct spent spent; /* over all authors and models */
    } limit[CONFIG_TOKENS + 8];
    size_t limits;
    struct entry *open; /* signatures that may still be used; in arena */
    size_t n_open;
    struct arena arena;
};
/* Blocking (LANE_SIGN). */
souk_err purse_state_load(struct purse *p, struct purse_state *out, struct err *e);
void purse_state_release(struct purse_state *s);
/* Has an unlocked wallet's signer ask its witness about every open signature, so that what the
 * chain took is no longer open. Blocking (LANE_SIGN); never fails, at worst nothing is learned. */
void purse_check_open(struct purse *p);

/* --- sending. First prepared, shown, then sent. */
enum { DRAFT_DATA = 4096 };
struct draft {
    struct tx tx; /* its data leads into `data`; purse_send looks at the copy it is given */
    uint8_t data[DRAFT_DATA];
    unsigned account;            /* that sends it */
    struct call_meaning meaning; /* read back from the bytes */
    struct asset asset;          /* what moves, or is approved */
    u256 amount;
    address who;                    /* recipient or spender */
    bool first_time;                /* nothing was sent there before */
    bool like_another;              /* looks like an address used before, and is not: poisoning */
    u256 fee_most, fee_likely;      /* in the chain's coin, what a layer below takes included */
    u256 balance_after, coin_after; /* if all goes as likely */
    bool needs_password;            /* the signer will ask */
    char meaning_text[MEANING_MAX]; /* the signer's own words; "" while locked */
    int64_t replaces;               /* sent_row.id; 0: none */
};
/* Into memory of its own: tx.data and the texts of the meaning lead into the copy then. */
void draft_copy(struct draft *to, const struct draft *from);
enum draft_kind {
    DRAFT_SEND,
    DRAFT_APPROVE,  /* who: spender (Permit2 for x402), amount exact; 0 revokes */
    DRAFT_CANCEL,   /* call: an open signature made void on chain */
    DRAFT_SPEED_UP, /* replaces: the same with higher fees */
    DRAFT_DROP,     /* replaces: nothing, to oneself, in its place */
    DRAFT_LIST,     /* terms: a listing made or replaced, at the profile's ModelListings */
    DRAFT_DELIST,   /* terms.name: taken back */
    DRAFT_DEPLOY,   /* ModelListings, by the deployment proxy of the profile's chain */
};
struct draft_request {
    enum draft_kind kind;
    const struct asset *asset; /* zero token: the coin */
    address who;
    u256 amount;
    bool all; /* DRAFT_SEND: everything there is */
    bytes32 call;
    int64_t replaces;
    struct listing_terms terms; /* copied; its asset and price are shown with the profile's table */
};
typedef void (*draft_fn)(void *ud, const struct draft *d, const struct err *e);
struct purse_call *purse_draft(struct purse *p, const struct draft_request *rq, draft_fn done,
                               void *ud);
typedef void (*sent_fn)(void *ud, const struct sent_row *r, const struct err *e);
/*
 * Signs and sends; done when it is mined or `wait` is false and a node took it. When no node could
 * be reached it is kept all the same, and purse_history_refresh sends it again; one that a node
 * refused is SENT_DROPPED, and its number is used again. r is given with some errors too (it was
 * signed, then), NULL otherwise.
 */
struct purse_call *purse_send(struct purse *p, const struct draft *d, signer_gate gate, bool wait,
                              sent_fn done, void *ud);
/* fn comes, with the ud of done, as soon as it is signed and kept: the signer asks nothing more. */
void purse_on_signed(struct purse_call *sending, void (*fn)(void *ud));
/* Brings the history's pending rows up to the chain; what no node knows any more is sent again. */
struct purse_call *purse_history_refresh(struct purse *p,
                                         void (*done)(void *ud, const struct err *e), void *ud);

/* --- allowances: by Approval logs of the profile's tokens and allowance() now; none that is 0. */
struct allowance_row {
    struct asset asset;
    address spender;
    u256 amount;
    bool unlimited;
    const char *spender_name; /* ours: "Permit2"; NULL */
};
typedef void (*allowances_fn)(void *ud, const struct allowance_row *r, size_t n,
                              const struct err *e);
struct purse_call *purse_allowances(struct purse *p, address who, allowances_fn done, void *ud);

/*
 * The QR code of an address (EIP-681 text): rows of half blocks, where the light modules are drawn,
 * for bright text on a dark ground (elsewhere swap the colours); or, ascii, '##' for the dark ones.
 */
souk_err purse_qr(address a, uint64_t chain, bool ascii, struct buf *out, struct err *e);

#endif
