/*
 * trying.h: what other thresholds would make of the payments (genuine_sensitivity), tried out in
 * the background.
 */
#ifndef SOUK_UI_TRYING_H
#define SOUK_UI_TRYING_H

#include "market/genuine.h"
#include "ui/domain.h"

struct trying;

/* Comes once; row: THRESHOLDS of them, NULL when it failed or was stopped (SOUK_ECANCEL). */
typedef void (*trying_fn)(void *ud, const struct sensitivity *row, const struct err *e);

struct trying *trying_start(struct domain *d, enum window w, address asset, trying_fn done,
                            void *ud);            /* NULL: no memory */
unsigned trying_progress(const struct trying *t); /* thresholds done */
void trying_cancel(struct trying *t);             /* done comes, soon */
void trying_drop(struct trying *t);               /* done will not come; NULL is a no-op */

#endif
