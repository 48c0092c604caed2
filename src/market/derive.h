/*
 * derive.h: from raw rows to figures: whose listing, whose payment, how much, how often.
 *
 * Attribution, in this order (design: a copy of somebody's file with a
 * stranger's address must never count as the author's):
 *   1. A listing names a model (author, name). It is proven when the model's
 *      Hub description names the listing's owner (`souk-listing: 0x…`).
 *   2. A model's chosen listings are its proven ones, ever, active or not; a
 *      model without any proven one shows its unproven ones, marked so.
 *      Other listings' payments are shown beside the model, never as its own.
 *   3. A payment belongs to the model whose chosen listing named its payee at
 *      the time of payment or before. Where several models of one author share
 *      a payTo, it belongs to the one whose listed (asset, price) at that time
 *      equals the amount; when none or several do, to the author alone
 *      (unattributed). A payTo that two authors name belongs to the one with a
 *      proven listing; if both or neither have one, to nobody.
 *   4. A settlement (a session, a channel) and a refund follow their payee alone: what they
 *      cover is no one price, so a shared payTo leaves them with the author.
 *   5. An inference belongs to the model with its CID: by chosen listing
 *      (any version it ever named), else by the Hub's files, else by the
 *      description; a model that left the Hub claims by files or description
 *      only what no other does (a renamed model's calls follow its new name);
 *      a CID claimed by two models at the same level is nobody's.
 *
 * "At the time" and "before" mean the order of the chain (block, then log). A
 * listed price is that of a listing in force then: not yet replaced, not
 * delisted, and naming this payee. A description states a blob id when it
 * holds exactly one.
 *
 * An author's figures are his models' and what is his but no one model's
 * (unattributed); the market's are all authors'. A window counts what is later
 * than as_of less its length; as_of is the time of the block the payments were
 * read up to, or the inferences where no payments are read.
 *
 * derive() counts a payee whose payments are all one model's, or all nobody's, by
 * the sums beside the rows (store/rollup.h), and the others row by row. It writes
 * what changed in one transaction, holding one author's days and payers in memory:
 * the same raw rows give the same figures, always, as by every single row.
 */
#ifndef SOUK_MARKET_DERIVE_H
#define SOUK_MARKET_DERIVE_H

#include "market/config.h"
#include "store/store.h"

/* How a payment was attributed (pay_model.how, cid_model.how). */
enum attribution {
    BY_PAYEE = 1,  /* the payTo is this model's alone */
    BY_PRICE = 2,  /* shared payTo, price at that time decides */
    BY_AUTHOR = 3, /* shared payTo, unattributed: the author alone is known */
    BY_CID = 4,
    BY_NOBODY = 5, /* a payee that listings name, or a claimed CID, but contested or not chosen */
};

/* w: the writer. Runs on LANE_WRITE or in the CLI. Cheap when nothing changed since. */
souk_err derive(struct store *w, const struct network *n, struct err *e);
/* How far payments were read: where all tokens are busy, by the payees' filter. False: none are. */
bool derive_payments_to(struct store *s, int64_t chain, struct cursor *out);
/* True when raw rows changed since the last derive. */
bool derive_stale(struct store *s);

#endif
