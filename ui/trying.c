#include "ui/trying.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/paths.h"
#include "ui/work.h"

#include "base/banned.h"

enum { TICK_MS = 100 };

struct trying {
    struct work w; /* first */
    struct domain *d;
    char path[PATH_BUF];
    struct network network; /* copies: the market may close before it ends */
    struct rules rules;
    enum window window;
    address asset;
    struct sensitivity row[THRESHOLDS];
    atomic_uint finished;
    uint64_t timer; /* its progress comes from any thread: it is looked at */
    trying_fn done;
    void *ud;
};

static void on_progress(void *ud, unsigned done)
{
    atomic_store(&((struct trying *)ud)->finished, done);
}

static souk_err run(struct work *w)
{
    struct trying *t = (struct trying *)w;
    struct store *s = NULL;
    struct known k = {0};
    souk_err c = known_load(&k, &w->err);
    if (!c)
        c = store_open(t->path, STORE_READ, &s, &w->err);
    if (!c)
        c = genuine_sensitivity(s, &t->network, &t->rules, &k, t->window, t->asset,
                                &w->job.cancelled, on_progress, t, t->row, &w->err);
    store_close(s);
    known_release(&k);
    return c;
}

static void tick(void *ud)
{
    struct trying *t = ud;
    t->timer = loop_timer(market_loop(t->d->market), TICK_MS, tick, t);
    app_dirty(t->d->app);
}

static void finished(void *owner, struct work *w)
{
    struct trying *t = owner;
    loop_timer_cancel(market_loop(t->d->market), t->timer);
    if (atomic_load(
            &w->job.cancelled)) /* even if it was done by then: who stopped it, stopped it */
        err_set(&w->err, SOUK_ECANCEL, "stopped");
    t->done(t->ud, w->err.code ? NULL : t->row, &w->err);
    app_dirty(t->d->app);
}

struct trying *trying_start(struct domain *d, enum window w, address asset, trying_fn done,
                            void *ud)
{
    struct trying *t = mem_zalloc(sizeof *t);
    if (!t)
        return NULL;
    t->d = d;
    t->network = *market_network(d->market);
    t->rules = market_config(d->market)->rules;
    t->window = w;
    t->asset = asset;
    t->done = done;
    t->ud = ud;
    snprintf(t->path, sizeof t->path, "%s", market_cache(d->market));
    t->w.run = run;
    t->w.done = finished;
    t->timer = loop_timer(market_loop(d->market), TICK_MS, tick, t);
    work_start(market_loop(d->market), LANE_PROVE, &t->w, t);
    return t;
}

unsigned trying_progress(const struct trying *t)
{
    return atomic_load(&t->finished);
}

void trying_cancel(struct trying *t)
{
    loop_cancel(&t->w.job);
}

void trying_drop(struct trying *t)
{
    if (!t)
        return;
    loop_timer_cancel(market_loop(t->d->market), t->timer);
    work_drop(&t->w);
}
