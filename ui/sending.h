/*
 * sending.h: a transaction from wish to node: prepared, shown, agreed to, signed, sent.
 *
 * It unlocks the wallet when it must, and lends the terminal when the signer will ask. What became
 * of it later is the purse's history.
 */
#ifndef SOUK_UI_SENDING_H
#define SOUK_UI_SENDING_H

#include "ui/purser.h"

struct sending;

/* r: as it was sent; NULL: it was not, e says why (SOUK_ECANCEL: the user said no). */
typedef void (*sending_fn)(void *ud, const struct sent_row *r, const struct err *e);

/* title, yes: ours and constant, for the question. NULL: said in a toast; done will not come. */
struct sending *sending_start(struct domain *d, const struct draft_request *rq, const char *title,
                              const char *yes, sending_fn done, void *ud);
void sending_drop(struct sending *s); /* done will not come; NULL is a no-op */

#endif
