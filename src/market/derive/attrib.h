/*
 * attrib.h: whose listing, whose payment, whose inference: the rules of derive.h as code.
 *
 * Built from the listing events, descriptions and files of the cache; then
 * asked about payments one by one, in any order. Internal to derive.
 */
#ifndef SOUK_MARKET_ATTRIB_H
#define SOUK_MARKET_ATTRIB_H

#include "market/derive.h"
#include "market/types.h"
#include "store/derived.h"

struct attrib;

/* s: in a transaction. Reads what descriptions state first, where they changed. */
souk_err attrib_load(struct store *s, const struct network *n, struct attrib **out, struct err *e);
void attrib_free(struct attrib *a);

struct verdict {
    int64_t who; /* a model, an author negated, 0 nobody */
    int how;     /* enum attribution; 0: nothing is known about the payee or CID */
};

struct verdict attrib_pay(const struct attrib *a, const struct pay_row *p);

/*
 * From this place of the chain on, what is paid to a payee has this verdict. BY_PRICE: each payment
 * has its own (attrib_pay), a model's or, as who says, the author's. Spans are in the chain's
 * order, differ from their neighbours, and the first begins with the chain.
 */
struct span {
    uint64_t block, log;
    int64_t time; /* of that block; INT64_MIN of the first */
    struct verdict v;
};
struct spans {
    struct span *span;
    size_t n, room;
};
/* The payees that listings name, by id. */
souk_err attrib_each_payee(const struct attrib *a,
                           souk_err (*fn)(void *ud, int64_t payee, const struct spans *s,
                                          struct err *e),
                           void *ud, struct err *e);

struct verdict attrib_cid(const struct attrib *a, int64_t cid);
souk_err attrib_each_cid(const struct attrib *a,
                         souk_err (*fn)(void *ud, int64_t cid, struct verdict v, struct err *e),
                         void *ud, struct err *e);
/* The author of a model, 0 for none. */
int64_t attrib_author(const struct attrib *a, int64_t model);

/* The chosen listing events of all models, ever, in the order of the chain. */
struct attrib_listing {
    int64_t author, model, owner, pay_to, asset;
    u256 price;
};
souk_err attrib_each_chosen(const struct attrib *a,
                            souk_err (*fn)(void *ud, const struct attrib_listing *l, struct err *e),
                            void *ud, struct err *e);

/* Puts what listings and files say into the derived columns of m (all but `ever`). */
void attrib_model(const struct attrib *a, struct derived_model *m);

#endif
