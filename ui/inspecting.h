/*
 * inspecting.h: a model of the library, opened and read in the background: what it is, what it
 * takes and gives. Nothing of it is run.
 */
#ifndef SOUK_UI_INSPECTING_H
#define SOUK_UI_INSPECTING_H

#include "market/running.h"
#include "ui/domain.h"

struct inspected {
    unsigned refs;          /* counted on the loop alone */
    struct library_row row; /* strings in arena */
    struct model_file file; /* open, with its info; info NULL: see failed */
    struct err failed;      /* it is here, but cannot be read as what it is */
    struct err unfit;       /* why it cannot be run here; code 0: it can */
    struct arena arena;
};
struct inspected *inspected_ref(struct inspected *i); /* for work that reads it meanwhile */
void inspected_unref(struct inspected *i);            /* NULL is a no-op */

struct inspecting;

/* Comes once. NULL: it is not here (SOUK_ENOTFOUND), or the library cannot be read. */
typedef void (*inspecting_fn)(void *ud, struct inspected *i,
                              const struct err *e); /* takes i over */

struct inspecting *inspecting_start(struct domain *d, const blob_id *id, const char *label,
                                    inspecting_fn done, void *ud); /* NULL: no memory */
void inspecting_drop(struct inspecting *k);                        /* NULL is a no-op */

#endif
