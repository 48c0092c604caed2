/*
 * balance.h: what of a payer's money is an author's: rules.h, `funded`.
 */
#ifndef SOUK_MARKET_GENUINE_BALANCE_H
#define SOUK_MARKET_GENUINE_BALANCE_H

#include "market/genuine/internal.h"

enum { FUNDED_SHOWN = 8 }; /* transfers kept to show for it */

struct fund { /* one author's money in one balance */
    uint32_t author, next;
    u256 left; /* F */
    u256 own;  /* all that ever came from him */
    uint32_t from_n, shown;
    struct place from[FUNDED_SHOWN]; /* the first of it */
};
struct purse {
    u256 there, in; /* T, all inflow */
    uint32_t fund;  /* the first; NOBODY: none */
};
struct balances {
    const struct people *p;
    struct purse *purse; /* payer * assets + slot */
    struct list fund;
};

souk_err balances_init(struct balances *b, const struct people *p, struct err *e);
void balances_release(struct balances *b);
/* v leaves the payer's balance. Returns the part of it that was this author's. */
u256 balances_out(struct balances *b, uint32_t payer, unsigned slot, u256 v, uint32_t author);
/* v comes in from an actor. */
souk_err balances_in(struct balances *b, uint32_t payer, const struct move *m, struct err *e);
void balances_back(struct balances *b, uint32_t payer, unsigned slot, u256 v); /* a refund */
const struct purse *balances_purse(const struct balances *b, uint32_t payer, unsigned slot);
/* NULL: he never gave any. */
struct fund *balances_fund(const struct balances *b, const struct purse *p, uint32_t author);

#endif
