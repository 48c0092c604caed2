#include <string.h>

#include "base/mem.h"
#include "market/pages/internal.h"

#include "base/banned.h"

enum { SOURCES_SHOWN = 50 };

struct activity_data {
    struct activity pub; /* first */
    struct arena arena;
};

static souk_err load(struct store *s, struct activity_data *d, struct err *e)
{
    struct activity *a = &d->pub;
    struct row_counts n;
    struct source_row *src = NULL;
    souk_err rc = store_sync_states(s, &d->arena, &a->state, &a->n, e);
    if (!rc) {
        rc = store_row_counts(s, &n, e);
    }
    if (!rc) {
        rc = store_sources_recent(s, SOURCES_SHOWN, &d->arena, &src, &a->sources, e);
    }
    if (rc) {
        return rc;
    }
    a->models = n.models;
    a->listings = n.listings;
    a->payments = n.payments;
    a->inferences = n.inferences;
    a->offers = n.offers;
    a->size_bytes = n.bytes;
    a->source = arena_alloc(&d->arena, (a->sources + 1) * sizeof *a->source);
    if (!a->source) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < a->sources; i++) {
        a->source[i] =
            (struct provenance){.place = src[i].place,
                                .chain = src[i].chain,
                                .first = src[i].kind == SOURCE_HUB_DETAIL ? -1 : src[i].first,
                                .last = src[i].last,
                                .time = src[i].time};
        if (src[i].hash) {
            bytes32_format(*src[i].hash, a->source[i].hash);
        }
    }
    return SOUK_OK;
}

souk_err activity_load(struct store *s, struct activity **out, struct err *e)
{
    struct activity_data *d = mem_zalloc(sizeof *d);
    *out = NULL;
    if (!d) {
        return err_nomem(e);
    }
    arena_init(&d->arena, PAGE_MAX);
    souk_err rc = store_snapshot(s, e);
    if (!rc) {
        rc = load(s, d, e);
        store_snapshot_end(s);
    }
    if (rc) {
        activity_free(&d->pub);
        return rc;
    }
    *out = &d->pub;
    return SOUK_OK;
}

void activity_free(struct activity *a)
{
    if (a) {
        struct activity_data *d = (struct activity_data *)a;
        arena_release(&d->arena);
        mem_free(d);
    }
}
