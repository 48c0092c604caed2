#include "ui/checking.h"

#include "base/mem.h"
#include "ui/getting.h"
#include "ui/work.h"

#include "base/banned.h"

enum { TICK_MS = 100 };

struct checking {
    struct work w; /* first */
    struct domain *d;
    blob_id id;
    enum verified how;
    _Atomic uint64_t done_bytes, total;
    uint64_t timer; /* its progress comes from any thread: it is looked at */
    checking_fn done;
    void *ud;
};

static void on_progress(void *ud, uint64_t done, uint64_t total)
{
    struct checking *c = ud;
    atomic_store(&c->done_bytes, done);
    atomic_store(&c->total, total);
}

static souk_err run(struct work *w)
{
    struct checking *c = (struct checking *)w;
    struct library_check_options o = {
        .cancel = &w->job.cancelled, .progress = on_progress, .ud = c};
    return library_check(&c->id, &o, &c->how, &w->err);
}

static void tick(void *ud)
{
    struct checking *c = ud;
    c->timer = loop_timer(market_loop(c->d->market), TICK_MS, tick, c);
    app_dirty(c->d->app);
}

static void finished(void *owner, struct work *w)
{
    struct checking *c = owner;
    loop_timer_cancel(market_loop(c->d->market), c->timer);
    if (w->err.code == SOUK_ECANCEL)
        w->err = (struct err){0}; /* as was asked */
    else if (!w->err.code)
        app_toast(c->d->app, ST_GOOD, "✓ every byte is what its ID names: %s",
                  verified_name(c->how));
    getting_look(c->d->getting);
    c->done(c->ud, &w->err);
    app_dirty(c->d->app);
}

struct checking *checking_start(struct domain *d, const blob_id *id, checking_fn done, void *ud)
{
    struct checking *c = mem_zalloc(sizeof *c);
    if (!c) {
        app_toast(d->app, ST_BAD, "out of memory");
        return NULL;
    }
    c->d = d;
    c->id = *id;
    c->done = done;
    c->ud = ud;
    c->w.run = run;
    c->w.done = finished;
    c->timer = loop_timer(market_loop(d->market), TICK_MS, tick, c);
    work_start(market_loop(d->market), LANE_CONTENT, &c->w, c);
    return c;
}

void checking_progress(const struct checking *c, uint64_t *done, uint64_t *total)
{
    *done = atomic_load(&c->done_bytes);
    *total = atomic_load(&c->total);
}

void checking_cancel(struct checking *c)
{
    loop_cancel(&c->w.job);
}

void checking_drop(struct checking *c)
{
    if (!c)
        return;
    loop_timer_cancel(market_loop(c->d->market), c->timer);
    work_drop(&c->w);
}
