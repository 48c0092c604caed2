/* internal.h: what a catalogue holds behind its public face; for catalog.c and view.c. */
#ifndef SOUK_MARKET_CATALOG_INTERNAL_H
#define SOUK_MARKET_CATALOG_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "market/catalog.h"
#include "market/map.h"
#include "market/packed.h"
#include "store/catalog_rows.h"

struct catalog_data {
    struct catalog pub; /* first: a catalog is a catalog_data */
    atomic_uint refs;
    struct arena arena;
    struct assets assets;
    bool by_id; /* rows are in order of their ids: a full catalogue */
    bool *ever; /* beside row: was it ever called? */

    /* Orders of all rows, made at their first use; views of several threads share them. */
    pthread_mutex_t lock;
    uint32_t *order[SORT_COUNT];
    uint32_t valued[SORT_COUNT]; /* the first so many have a value; the rest comes last anyway */
};

/* The order of all rows by a key, in its natural direction. NULL without memory. */
const uint32_t *catalog_order(struct catalog_data *c, enum sort_key k);

/*
 * One row from the cache's, its strings in the arena; author: known already, or NULL to take
 * r->author. Used by the catalogue and the pages. false without memory.
 */
struct row_maker {
    struct store *store;
    struct arena *arena;
    const struct assets *assets;
    struct map by_src; /* to the provenance of each source */
    const struct provenance **src;
    size_t srcs, src_room;
};
void row_maker_init(struct row_maker *m, struct store *s, struct arena *a,
                    const struct assets *assets);
void row_maker_release(struct row_maker *m);
bool row_make(struct row_maker *m, const struct catalog_row *r, const char *author,
              const char *task, struct model_row *out);
bool figures_make(struct arena *a, const struct assets *as, const struct figures_row *f,
                  struct figures *out);
/* Where a row came from. NULL without memory, or when the source is unknown. */
struct provenance *provenance_make(struct store *s, struct arena *a, int64_t src);

#endif
