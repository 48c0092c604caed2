#include "ui/digesting.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/paths.h"
#include "ui/work.h"

#include "base/banned.h"

enum { TICK_MS = 100, FILTER_MAX = 32 };

struct digesting {
    struct work w; /* first */
    struct domain *d;
    char path[PATH_BUF];
    struct {
        int64_t chain;
        char filter[FILTER_MAX];
        uint64_t last;
    } of[DIGESTS_MAX];
    size_t n;
    struct digests got;
    _Atomic size_t finished;
    uint64_t timer; /* what is finished comes from any thread: it is looked at */
    digesting_fn done;
    void *ud;
};

static souk_err digest_all(struct digesting *g, struct store *s)
{
    souk_err c = SOUK_OK;
    for (size_t i = 0; !c && i < g->n; i++) {
        c = digest_rows(s, g->of[i].chain, g->of[i].filter, g->of[i].last, &g->w.job.cancelled,
                        g->got.of[i].digest, &g->got.of[i].rows, &g->w.err);
        g->got.n += c == SOUK_OK;
        atomic_store(&g->finished, g->got.n);
    }
    return c;
}

static souk_err run(struct work *w)
{
    struct digesting *g = (struct digesting *)w;
    struct store *s = NULL;
    souk_err c = store_open(g->path, STORE_READ, &s, &w->err);
    if (c)
        return c;
    c = digest_all(g, s);
    store_close(s);
    return c;
}

static void tick(void *ud)
{
    struct digesting *g = ud;
    g->timer = loop_timer(market_loop(g->d->market), TICK_MS, tick, g);
    app_dirty(g->d->app);
}

static void finished(void *owner, struct work *w)
{
    struct digesting *g = owner;
    loop_timer_cancel(market_loop(g->d->market), g->timer);
    if (atomic_load(&w->job.cancelled)) { /* even if it was done by then */
        g->got.n = 0;
        err_set(&w->err, SOUK_ECANCEL, "stopped");
    }
    g->done(g->ud, &g->got, &w->err);
    app_dirty(g->d->app);
}

struct digesting *digesting_start(struct domain *d, const struct explanation *x, digesting_fn done,
                                  void *ud)
{
    struct digesting *g = mem_zalloc(sizeof *g);
    if (!g)
        return NULL;
    g->d = d;
    snprintf(g->path, sizeof g->path, "%s", market_cache(d->market));
    for (size_t i = 0; i < x->bases && g->n < DIGESTS_MAX; i++) {
        const struct basis *b = &x->basis[i];
        g->of[g->n].chain = b->from.chain;
        g->of[g->n].last = b->from.last > 0 ? (uint64_t)b->from.last : 0;
        snprintf(g->of[g->n++].filter, FILTER_MAX, "%s", b->filter);
    }
    g->done = done;
    g->ud = ud;
    g->w.run = run;
    g->w.done = finished;
    g->timer = loop_timer(market_loop(d->market), TICK_MS, tick, g);
    work_start(market_loop(d->market), LANE_PROVE, &g->w, g);
    return g;
}

size_t digesting_progress(const struct digesting *g)
{
    return atomic_load(&g->finished);
}

void digesting_cancel(struct digesting *g)
{
    loop_cancel(&g->w.job);
}

void digesting_drop(struct digesting *g)
{
    if (!g)
        return;
    loop_timer_cancel(market_loop(g->d->market), g->timer);
    work_drop(&g->w);
}
