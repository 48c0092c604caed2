#include <string.h>

#include "base/mem.h"
#include "market/catalog/internal.h"
#include "market/catalog/filter.h"
#include "market/catalog/search.h"

#include "base/banned.h"

/* A view under construction. */
struct viewing {
    struct catalog_data *c;
    const struct filter *filter;
    const struct search_result *found;
    struct view *v;
};

/* The tier of a row: TIER_NONE when it does not show. */
static uint8_t tier_of(const struct viewing *g, uint32_t row)
{
    uint8_t tier = TIER_NAME;
    if (g->found->words) {
        int64_t id = g->c->pub.row[row].id;
        tier = id >= 0 && (size_t)id < g->found->n ? g->found->tier[id] : TIER_NONE;
    }
    return tier && filter_pass(g->filter, g->c, row) ? tier : TIER_NONE;
}

static void take(struct viewing *g, const uint32_t *order, uint32_t from, uint32_t to,
                 bool backwards)
{
    for (uint32_t i = from; i < to; i++) {
        uint32_t row = order[backwards ? to - 1 - (i - from) : i];
        if (tier_of(g, row)) {
            g->v->row[g->v->n++] = row;
        }
    }
}

/* The best matches first, each tier by calls. */
static void take_by_match(struct viewing *g, const uint32_t *order, bool backwards)
{
    uint32_t n = g->c->pub.n, count[TIER_NAME + 1] = {0}, at[TIER_NAME + 1] = {0};
    for (uint32_t i = 0; i < n; i++) {
        count[tier_of(g, i)]++;
    }
    for (int t = TIER_NAME - 1; t > TIER_NONE; t--) {
        at[t] = at[t + 1] + count[t + 1];
    }
    uint32_t total = at[TIER_TEXT] + count[TIER_TEXT];
    for (uint32_t i = 0; i < n; i++) {
        uint8_t t = tier_of(g, order[i]);
        if (t) {
            uint32_t place = at[t]++;
            g->v->row[backwards ? total - 1 - place : place] = order[i];
        }
    }
    g->v->n = total;
}

static souk_err fill(struct viewing *g, struct err *e)
{
    const struct query *q = &g->v->query;
    enum sort_key k = q->sort == SORT_MATCH ? SORT_CALLS : q->sort;
    uint32_t n = g->c->pub.n;
    const uint32_t *order = catalog_order(g->c, k);
    if (!order) {
        return err_nomem(e);
    }
    if (q->sort == SORT_MATCH && g->found->words) {
        take_by_match(g, order, q->reverse);
    } else { /* rows without a value come last in both directions */
        uint32_t valued = g->c->valued[k];
        take(g, order, 0, valued, q->reverse);
        take(g, order, valued, n, false);
    }
    return SOUK_OK;
}

static souk_err make(struct catalog_data *c, const struct query *q, const struct filter *filter,
                     const struct search_result *found, struct view **out, struct err *e)
{
    struct view *v = mem_zalloc(sizeof *v);
    uint32_t *row = mem_array(c->pub.n, sizeof *row);
    if (!v || !row) {
        mem_free(v);
        mem_free(row);
        return err_nomem(e);
    }
    v->catalog = catalog_ref(&c->pub);
    v->query = *q;
    v->row = row;
    memcpy(v->note, found->note, sizeof v->note);
    struct viewing g = {c, filter, found, v};
    souk_err rc = fill(&g, e);
    if (rc) {
        view_free(v);
        return rc;
    }
    if (v->n < c->pub.n / 2) { /* a narrow view should not keep a wide array */
        uint32_t *small = mem_resize(v->row, (v->n + 1) * sizeof *small);
        v->row = small ? small : v->row;
    }
    *out = v;
    return SOUK_OK;
}

souk_err view_make(struct catalog *c, const struct query *q, struct store *s, struct view **out,
                   struct err *e)
{
    struct filter filter;
    struct search_result found = {.n = 0};
    souk_err rc = SOUK_OK;
    *out = NULL;
    filter_parse(q, &filter);
    if (s && filter.words[0]) {
        rc = search(s, filter.words, &found, e);
    }
    if (!rc) {
        rc = make((struct catalog_data *)c, q, &filter, &found, out, e);
    }
    search_release(&found);
    return rc;
}

void view_free(struct view *v)
{
    if (v) {
        catalog_unref(v->catalog);
        mem_free(v->row);
        mem_free(v);
    }
}
