/* What the cache holds, in one job: the filters' ends, hashes and digests, then the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/prove/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

static const struct {
    const char *name;
    unsigned chain;
} filters[FILTERS] = {{FILTER_LISTINGS, 0},
                      {FILTER_PAYMENTS, 0},
                      {FILTER_PAYEES, 0},
                      {FILTER_FUNDING, 0},
                      {FILTER_INFERENCES, 1}};

const struct kept *kept_named(const struct prove *p, const char *name)
{
    for (size_t i = 0; i < FILTERS; i++) {
        if (strcmp(p->kept[i].name, name) == 0)
            return &p->kept[i];
    }
    BUG("no filter %s", name);
}

/* --- the filters */

static souk_err look_filters(struct prove *p, struct err *e)
{
    bool any = false;
    for (size_t i = 0; i < FILTERS; i++) {
        struct kept *k = &p->kept[i];
        int64_t chain, first, src;
        k->name = filters[i].name;
        k->chain = filters[i].chain;
        chain = p->chain[k->chain].cfg->chain_id;
        k->there = store_cursor_get(p->s, chain, k->name, &k->cursor);
        any |= k->there;
        if (!k->there)
            continue;
        k->first = store_filter_source(p->s, k->name, &src, &first, &chain) ? (uint64_t)first : 0;
        struct digest_proof *d = &p->out.digest[p->out.digests++];
        d->filter = k->name;
        d->chain = p->chain[k->chain].cfg->chain_id;
        d->first = k->first;
        d->last = k->cursor.block;
        d->same_node = p->chain[k->chain].same_node;
        memcpy(d->place, p->chain[k->chain].place, sizeof d->place);
        souk_err c =
            digest_rows(p->s, d->chain, d->filter, d->last, &p->stop, d->ours, &d->rows, e);
        if (c != SOUK_OK)
            return c;
    }
    return any ? SOUK_OK
               : err_set(e, SOUK_ENOTFOUND,
                         "there is nothing to prove: no block was read yet; run `souk sync`");
}

/* --- the whole */

souk_err look(struct prove *p, struct err *e)
{
    souk_err c = store_snapshot(p->s, e);
    if (c != SOUK_OK)
        return c;
    c = look_filters(p, e);
    if (c == SOUK_OK)
        c = look_balances(p, e);
    if (c == SOUK_OK)
        c = look_blocks(p, e);
    store_snapshot_end(p->s);
    return c;
}
