/*
 * digesting.h: the digests of an explanation's rows, computed in the background, one source after
 * the other, with a reader of their own: no screen waits for them.
 */
#ifndef SOUK_UI_DIGESTING_H
#define SOUK_UI_DIGESTING_H

#include "market/explain.h"
#include "ui/domain.h"

enum { DIGESTS_MAX = 8 };

struct digests {
    size_t n; /* done, in the order of the explanation's bases */
    struct {
        uint8_t digest[32];
        uint64_t rows;
    } of[DIGESTS_MAX];
};

struct digesting;

/* Comes once; e->code SOUK_ECANCEL: it was stopped. d has none then. */
typedef void (*digesting_fn)(void *ud, const struct digests *d, const struct err *e);

struct digesting *digesting_start(struct domain *d, const struct explanation *x, digesting_fn done,
                                  void *ud);          /* NULL: no memory */
size_t digesting_progress(const struct digesting *g); /* sources done */
void digesting_cancel(struct digesting *g);           /* done comes, soon */
void digesting_drop(struct digesting *g);             /* done will not come; NULL is a no-op */

#endif
