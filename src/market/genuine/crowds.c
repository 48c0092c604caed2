/* Between the runs: payers that are one, and crowds that appeared at once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/derive/tally.h"
#include "market/genuine/internal.h"
#include "market/genuine/wide.h"

#include "base/banned.h"

/* What pairs are sorted by. */
struct key {
    uint32_t author, funder;
    unsigned slot;
    int64_t day, time;
    uint32_t pair;
};

static int compare(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    if (a->author != b->author) {
        return a->author < b->author ? -1 : 1;
    }
    if (a->slot != b->slot) {
        return a->slot < b->slot ? -1 : 1;
    }
    if (a->funder != b->funder) {
        return a->funder < b->funder ? -1 : 1;
    }
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    if (a->time != b->time) {
        return a->time < b->time ? -1 : 1;
    }
    return a->pair < b->pair ? -1 : a->pair > b->pair;
}

static bool same(const struct key *a, const struct key *b)
{
    return a->author == b->author && a->slot == b->slot && a->funder == b->funder &&
           a->day == b->day;
}

/* The first key of another family than key[i]'s. */
static size_t family_end(const struct key *key, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && same(&key[i], &key[end])) {
        end++;
    }
    return end;
}

/* --- clusters: the payer with the least number stands for all */

static uint32_t root(uint32_t *up, uint32_t i)
{
    while (up[i] != i) {
        up[i] = up[up[i]];
        i = up[i];
    }
    return i;
}

static void join(uint32_t *up, uint32_t a, uint32_t b)
{
    a = root(up, a);
    b = root(up, b);
    up[a > b ? a : b] = a > b ? b : a;
}

/* --- shared */

static size_t shared_keys(const struct windows *w, struct key *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < w->pair.n; i++) {
        const struct pair *p = AT(w->pair, struct pair, i);
        const struct funder *f = windows_funder(w, p->payer, p->slot);
        if (p->n && !p->own && !p->trusted && f->actor != NOBODY &&
            !actor_at(w->p, f->actor)->hub) {
            out[n++] = (struct key){.author = p->author,
                                    .slot = p->slot,
                                    .funder = f->actor,
                                    .time = f->time,
                                    .pair = i};
        }
    }
    return n;
}

/* A stretch of a family that is linked: pairs key[0..n) join the group under way. */
static souk_err link_stretch(struct crowds *c, struct windows *w, const struct key *key, size_t n,
                             bool fresh, struct err *e)
{
    struct group *g = fresh ? list_add(&c->group) : AT(c->group, struct group, c->group.n - 1);
    if (!g) {
        return err_nomem(e);
    }
    g->author = key->author;
    g->funder = key->funder;
    g->slot = key->slot;
    for (size_t i = 0; i < n; i++) {
        struct pair *p = AT(w->pair, struct pair, key[i].pair);
        g->payers += p->group == NOBODY;
        p->group = (uint32_t)c->group.n - 1;
        join(c->cluster, AT(w->pair, struct pair, key->pair)->payer, p->payer);
    }
    return SOUK_OK;
}

static souk_err link_family(struct crowds *c, struct windows *w, const struct key *key, size_t n,
                            struct err *e)
{
    int64_t within = (int64_t)w->r->shared_hours * 3600;
    size_t end = 0, linked = 0;
    for (size_t i = 0; i < n; i++) {
        while (end < n && key[end].time - key[i].time <= within) {
            end++;
        }
        if (end - i >= w->r->shared_payers && end > linked) {
            /* Only what is new to the stretch, and the one that ties it to the last. */
            size_t from = linked > i ? linked - 1 : i;
            souk_err rc = link_stretch(c, w, key + from, end - from, linked <= i, e);
            if (rc) {
                return rc;
            }
            linked = end;
        }
    }
    return SOUK_OK;
}

static souk_err link_all(struct crowds *c, struct windows *w, struct key *key, struct err *e)
{
    size_t n = shared_keys(w, key);
    souk_err rc = SOUK_OK;
    if (n > 1) {
        qsort(key, n, sizeof *key, compare);
    }
    for (size_t i = 0, end; i < n && !rc; i = end) {
        end = family_end(key, n, i);
        rc = link_family(c, w, key + i, end - i, e);
    }
    return rc;
}

/* --- cohorts */

static size_t cohort_keys(const struct windows *w, struct key *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < w->pair.n; i++) {
        const struct pair *p = AT(w->pair, struct pair, i);
        if (p->n && !p->own && !p->trusted) {
            out[n++] = (struct key){.author = p->author,
                                    .slot = p->slot,
                                    .day = day_of_time(p->first),
                                    .time = p->first,
                                    .pair = i};
        }
    }
    return n;
}

static bool alike(const struct windows *w, const struct key *key, size_t n)
{
    uint64_t linked = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pair *p = AT(w->pair, struct pair, key[i].pair);
        linked += p->group != NOBODY;
        sum += p->n;
        squares += (uint64_t)p->n * p->n;
    }
    return linked * 1000 >= (uint64_t)w->r->cohort_linked * n &&
           wide_even(n, sum, squares, w->r->cohort_cv);
}

static souk_err try_day(struct crowds *c, struct windows *w, const struct key *key, size_t n,
                        struct err *e)
{
    int64_t within = (int64_t)w->r->cohort_minutes * 60;
    size_t from = 0, most = 0;
    for (size_t i = 0, end = 0; i < n; i++) {
        while (end < n && key[end].time - key[i].time <= within) {
            end++;
        }
        if (end - i > most) {
            most = end - i;
            from = i;
        }
    }
    if (most < w->r->cohort_payers || most * 1000 < (uint64_t)w->r->cohort_share * n ||
        !alike(w, key + from, most)) {
        return SOUK_OK;
    }
    struct cohort *found = list_add(&c->cohort);
    if (!found) {
        return err_nomem(e);
    }
    *found = (struct cohort){key->author, (uint32_t)most, (uint32_t)n, key->slot};
    for (size_t i = from; i < from + most; i++) {
        AT(w->pair, struct pair, key[i].pair)->cohort = (uint32_t)c->cohort.n - 1;
    }
    return SOUK_OK;
}

static souk_err find_cohorts(struct crowds *c, struct windows *w, struct key *key, struct err *e)
{
    size_t n = cohort_keys(w, key);
    souk_err rc = SOUK_OK;
    if (n > 1) {
        qsort(key, n, sizeof *key, compare);
    }
    for (size_t i = 0, end; i < n && !rc; i = end) {
        end = family_end(key, n, i);
        rc = try_day(c, w, key + i, end - i, e);
    }
    return rc;
}

/* --- both */

souk_err crowds_find(struct crowds *c, struct windows *w, struct err *e)
{
    uint32_t payers = (uint32_t)w->p->payer.n;
    *c = (struct crowds){.group = {.size = sizeof(struct group)},
                         .cohort = {.size = sizeof(struct cohort)}};
    struct key *key = mem_array(w->pair.n + 1, sizeof *key);
    c->cluster = mem_array((size_t)payers + 1, sizeof *c->cluster);
    souk_err rc = key && c->cluster ? SOUK_OK : err_nomem(e);
    for (uint32_t i = 0; i < payers && !rc; i++) {
        c->cluster[i] = i;
    }
    if (!rc) {
        rc = link_all(c, w, key, e);
    }
    if (!rc) {
        rc = find_cohorts(c, w, key, e);
    }
    bool links = w->r->on & 1u << RULE_SHARED;
    for (uint32_t i = 0; i < payers && !rc; i++) {
        c->cluster[i] = links ? root(c->cluster, i) : i;
    }
    mem_free(key);
    return rc;
}

void crowds_release(struct crowds *c)
{
    list_release(&c->group);
    list_release(&c->cohort);
    MEM_FREE(c->cluster);
}
