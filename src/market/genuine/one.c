/* The rule `one`: who brings nearly all of an author's window. */
#include "base/mem.h"
#include "market/genuine/internal.h"
#include "market/genuine/wide.h"

#include "base/banned.h"

enum { KEYS_MAX = 1 << 28 };

/* What one author took in a window in one asset, by cluster: for `one`. */
struct taking {
    uint32_t author, cluster, n;
    unsigned slot;
    u256 sum;
};

static bool counts(const struct judged *j)
{
    return !j->refund && !j->own && j->payer != NOBODY;
}

static souk_err add_taking(struct map *m, struct list *l, uint64_t key, const struct judged *j,
                           struct err *e)
{
    uint32_t *at = map_put(m, key + 1, (uint32_t)l->n);
    struct taking *t = !at ? NULL : *at == l->n ? list_add(l) : AT(*l, struct taking, *at);
    if (!t) {
        return err_nomem(e);
    }
    if (t->n == 0) {
        *t = (struct taking){.author = j->author, .cluster = j->cluster, .slot = j->slot};
    }
    t->n++;
    (void)u256_add(t->sum, j->amount, &t->sum);
    return SOUK_OK;
}

struct takings {
    struct map by_author, by_cluster;
    struct list author, cluster; /* struct taking, in the order of their first payment */
    uint32_t *most;              /* for each of author: the place in cluster of its best */
};

static souk_err add_takings(struct takings *t, const struct list *rows, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < rows->n && !rc; i++) {
        const struct judged *j = AT(*rows, struct judged, i);
        uint64_t author = (uint64_t)j->author << 3 | j->slot;
        if (counts(j)) {
            rc = add_taking(&t->by_author, &t->author, author, j, e);
        }
        if (!rc && counts(j)) {
            rc = add_taking(&t->by_cluster, &t->cluster, author << 28 | j->cluster, j, e);
        }
    }
    t->most = rc ? NULL : mem_array(t->author.n + 1, sizeof *t->most);
    if (!t->most) {
        return rc ? rc : err_nomem(e);
    }
    for (size_t i = 0; i < t->author.n; i++) {
        t->most[i] = NOBODY;
    }
    for (uint32_t i = 0; i < t->cluster.n; i++) {
        const struct taking *c = AT(t->cluster, struct taking, i);
        uint32_t a = *map_get(&t->by_author, ((uint64_t)c->author << 3 | c->slot) + 1);
        if (t->most[a] == NOBODY ||
            u256_cmp(c->sum, AT(t->cluster, struct taking, t->most[a])->sum) > 0) {
            t->most[a] = i;
        }
    }
    return SOUK_OK;
}

static bool has_all(const struct rules *r, const struct takings *t, const struct judged *j)
{
    uint32_t a = *map_get(&t->by_author, ((uint64_t)j->author << 3 | j->slot) + 1);
    const struct taking *all = AT(t->author, struct taking, a);
    const struct taking *most = AT(t->cluster, struct taking, t->most[a]);
    return most->cluster == j->cluster && all->n >= r->one_payments &&
           wide_at_least(most->sum, 1000, all->sum, r->one_share);
}

souk_err one_tag(const struct list *rows, const struct windows *w, const struct rules *r,
                 struct err *e)
{
    struct takings t = {.author = {.size = sizeof(struct taking)},
                        .cluster = {.size = sizeof(struct taking)}};
    map_init(&t.by_author, KEYS_MAX);
    map_init(&t.by_cluster, KEYS_MAX);
    souk_err rc = add_takings(&t, rows, e);
    for (size_t i = 0; i < rows->n && !rc; i++) {
        struct judged *j = AT(*rows, struct judged, i);
        if (counts(j) && !AT(w->pair, struct pair, j->pair)->trusted && has_all(r, &t, j)) {
            j->bits |= 1u << RULE_ONE;
        }
    }
    map_release(&t.by_author);
    map_release(&t.by_cluster);
    list_release(&t.author);
    list_release(&t.cluster);
    mem_free(t.most);
    return rc;
}
