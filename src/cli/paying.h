/*
 * paying.h: what commands about money have in common: an open wallet, and asking.
 *
 * Where the user says yes: at the terminal (/dev/tty, never standard input, so
 * that nothing piped in answers), or with --password-fd for what the signer
 * asks. --yes answers the plain question of a payment, within the limits; the
 * further questions (--accept) and the signer's own are not its to answer.
 */
#ifndef SOUK_CLI_PAYING_H
#define SOUK_CLI_PAYING_H

#include "cli/options.h"
#include "market/market.h"
#include "market/purchase.h"
#include "market/purse.h"

struct paying {
    const struct options *o;
    struct loop *loop;
    struct market *market;
    struct purse *purse; /* NULL: no wallet, where that is allowed */
    int tty;             /* -1: none */
    signer_gate gate;    /* the terminal, or --password-fd; -1 */
};

enum { WITH_WALLET, WALLET_OR_NONE };
souk_err paying_open(const struct options *o, int wallet, struct paying *p, struct err *e);
void paying_close(struct paying *p);

/* Has the signer running, which asks for the password when it is not. */
souk_err paying_unlock(struct paying *p, struct err *e);
/* Drafts, shows, asks (the signer does when it needs the password), sends. tx: its hash; NULL: that
 * is printed. */
souk_err paying_carry_out(struct paying *p, const struct draft_request *rq, bytes32 *tx,
                          struct err *e);
/* Puts a question; only "yes" in full is one. SOUK_ECANCEL: it was not, SOUK_ELIMIT: nobody to
 * ask. */
souk_err paying_ask(struct paying *p, const char *question, struct err *e);

/* The profile's coin or token of this symbol, or at this address. */
souk_err paying_asset(const struct paying *p, const char *word, struct asset *out, struct err *e);
/* The one at this address; one named "?", without decimals, when the profile has none there. */
struct asset paying_asset_at(const struct paying *p, address token);
/* "0.25" of it. */
souk_err paying_amount(const char *text, const struct asset *a, u256 *out, struct err *e);

enum { MONEY_BUF = U256_FMT + ASSET_SYMBOL + 2 };
char *money(u256 v, const struct asset *a, char out[MONEY_BUF]); /* every digit: "0.01 USDC" */
char *limit_words(u256 v, const struct asset *a, char out[MONEY_BUF]); /* "none" for NO_CAP */
void money_json(struct json_out *o, const char *key, u256 v, const struct asset *a);

/* The value of a file-descriptor option, -1 when not given. */
souk_err option_fd(const struct options *o, enum option_id id, int *out, struct err *e);

#endif
