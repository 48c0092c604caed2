/* Rows of the cache made into the rows that are shown. */
#include <string.h>

#include "base/mem.h"
#include "market/catalog/internal.h"
#include "market/pages.h"

#include "base/banned.h"

enum { SOURCES_MAX = 1 << 20 };

void row_maker_init(struct row_maker *m, struct store *s, struct arena *a,
                    const struct assets *assets)
{
    *m = (struct row_maker){.store = s, .arena = a, .assets = assets};
    map_init(&m->by_src, SOURCES_MAX);
}

void row_maker_release(struct row_maker *m)
{
    map_release(&m->by_src);
    mem_free(m->src);
}

struct provenance *provenance_make(struct store *s, struct arena *a, int64_t src)
{
    struct source_row r;
    struct provenance *p = arena_alloc(a, sizeof *p);
    if (!p || store_source_get(s, src, a, &r, NULL) != SOUK_OK) {
        return NULL;
    }
    *p = (struct provenance){
        .place = r.place, .chain = r.chain, .first = r.first, .last = r.last, .time = r.time};
    if (r.hash) {
        bytes32_format(*r.hash, p->hash);
    }
    return p;
}

/* The provenance of a source, made once: a page of the Hub has many models. */
static bool source_of(struct row_maker *m, int64_t src, const struct provenance **out)
{
    *out = NULL;
    uint32_t *at = src > 0 ? map_put(&m->by_src, (uint64_t)src, UINT32_MAX) : NULL;
    if (!at) {
        return src <= 0;
    }
    if (*at == UINT32_MAX) {
        const struct provenance **grown = mem_grow(m->src, m->srcs, &m->src_room, sizeof *grown);
        if (!grown) {
            return false;
        }
        m->src = grown;
        *at = (uint32_t)m->srcs;
        m->src[m->srcs++] = provenance_make(m->store, m->arena, src);
    }
    *out = m->src[*at];
    return true;
}

bool figures_make(struct arena *a, const struct assets *as, const struct figures_row *f,
                  struct figures *out)
{
    *out = (struct figures){.calls = f->calls,
                            .payments = f->payments,
                            .settlements = f->settlements,
                            .inferences = f->inferences,
                            .payers = f->payers,
                            .genuine_payers = f->strict,
                            .judged = f->judged,
                            .trend = {f->trended, f->ratio, f->trend_low, f->trend_high},
                            .last = f->last};
    if (!unpack_income(as, f->income, a, &out->income) ||
        !unpack_income(as, f->low, a, &out->low) || !unpack_income(as, f->high, a, &out->high)) {
        return false;
    }
    if (f->spark.p && f->spark.n == SPARK_BYTES) {
        uint16_t *spark = arena_alloc(a, SPARK_DAYS * sizeof *spark);
        for (int i = 0; spark && i < SPARK_DAYS; i++) {
            const uint8_t *p = (const uint8_t *)f->spark.p + 2 * i;
            spark[i] = (uint16_t)(p[0] | p[1] << 8);
        }
        out->spark = spark;
        return spark != NULL;
    }
    return true;
}

static bool figures_of(struct row_maker *m, const struct figures_row *f, const struct figures **out)
{
    static const struct figures nothing = {.judged = true};
    *out = f->judged ? &nothing : &figures_none;
    if (!f->any && !f->spark.p && !f->trended && !f->high.p) {
        return true;
    }
    struct figures *made = arena_alloc(m->arena, sizeof *made);
    *out = made;
    return made && figures_make(m->arena, m->assets, f, made);
}

static const char *text_of(struct arena *a, struct untrusted u)
{
    return arena_strndup(a, u.p ? u.p : "", u.n);
}

static bool brief_of(struct row_maker *m, const struct catalog_row *r,
                     const struct model_brief **out)
{
    *out = NULL;
    if (!r->blob_id.p && !r->asset) {
        return true;
    }
    struct model_brief *b = arena_alloc(m->arena, sizeof *b);
    if (!b) {
        return false;
    }
    *out = b;
    if (r->blob_id.p) {
        b->blob_id = text_of(m->arena, r->blob_id);
        b->blob_from = (enum blob_source)r->blob_from;
    }
    if (r->asset) {
        b->endpoint = text_of(m->arena, r->endpoint);
        b->owner = store_address(m->store, r->owner);
        b->pay_to = store_address(m->store, r->pay_to);
    }
    return (b->blob_id || !r->blob_id.p) && (b->endpoint || !r->asset);
}

bool row_make(struct row_maker *m, const struct catalog_row *r, const char *author,
              const char *task, struct model_row *out)
{
    *out = (struct model_row){.id = r->id,
                              .author = author ? author : text_of(m->arena, r->author),
                              .name = text_of(m->arena, r->name),
                              .task = task ? task : text_of(m->arena, r->task),
                              .listed_at = r->listed_at,
                              .first_seen = r->first_seen,
                              .mark = (uint8_t)r->mark,
                              .has_blob = r->blob_id.p != NULL,
                              .gone = r->gone};
    if (r->asset) {
        struct amount *price = arena_alloc(m->arena, sizeof *price);
        if (!price) {
            return false;
        }
        *price = amount_of(m->assets, r->asset, r->price);
        out->price = price;
    }
    return out->author && out->name && out->task && figures_of(m, &r->figures, &out->figures) &&
           brief_of(m, r, &out->brief) && source_of(m, r->src, &out->hub);
}
