/*
 * checking.h: a file of the library held against its blob ID again, in the background.
 */
#ifndef SOUK_UI_CHECKING_H
#define SOUK_UI_CHECKING_H

#include "market/library.h"
#include "ui/domain.h"

struct checking;

/* Comes once, when the library may have changed by it. e->code SOUK_OK: it is what its ID names,
 * which a toast has said, or it was stopped. SOUK_EVERIFY: it is not. */
typedef void (*checking_fn)(void *ud, const struct err *e);

struct checking *checking_start(struct domain *d, const blob_id *id, checking_fn done,
                                void *ud); /* NULL: no memory, said in a toast */
void checking_progress(const struct checking *c, uint64_t *done, uint64_t *total);
void checking_cancel(struct checking *c); /* done comes, soon, with no error */
void checking_drop(struct checking *c);   /* done will not come; NULL is a no-op */

#endif
