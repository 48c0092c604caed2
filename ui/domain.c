#include "ui/domain.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/follow.h"
#include "ui/getting.h"
#include "ui/purser.h"
#include "ui/watching.h"

#include "base/banned.h"

enum { RETRY_MS = 10000 };

void domain_init(struct domain *d, struct market *m, enum window w)
{
    *d = (struct domain){.market = m, .window = w};
    struct store *s = market_reader(m);
    if (s && catalog_head(s, w, HEAD_ROWS, &d->catalog, NULL) == SOUK_OK)
        d->complete = d->catalog->n == d->catalog->total;
}

void domain_release(struct domain *d)
{
    catalog_unref(d->catalog);
    d->catalog = NULL;
    purser_free(d->purser);
    d->purser = NULL;
    getting_free(d->getting);
    d->getting = NULL;
    watching_free(d->watching);
    d->watching = NULL;
}

/* --- pages in the background */

struct page_job {
    struct market_job mj;
    page_load_fn load;
    page_take_fn take;
    void (*drop)(void *page);
    void *self; /* NULL: nobody waits any more */
    void *page;
    enum window window;
    char key[1024];
};

static void page_run(struct market_job *mj, struct store *s)
{
    struct page_job *j = (struct page_job *)mj;
    if (!s)
        err_set(&mj->err, SOUK_ENOTFOUND, "nothing is in the cache yet");
    else if (j->load(s, j->key, j->window, &j->page, &mj->err) == SOUK_OK)
        mj->err = (struct err){0}; /* words of something tried on the way count no more */
}

static void page_done(struct market_job *mj)
{
    struct page_job *j = (struct page_job *)mj;
    if (j->self)
        j->take(j->self, j->page, &mj->err);
    else if (j->page)
        j->drop(j->page);
    mem_free(j);
}

struct page_job *page_job_start(struct domain *d, const void *key, size_t key_size,
                                page_load_fn load, page_take_fn take, void (*drop)(void *page),
                                void *self)
{
    struct page_job *j = mem_zalloc(sizeof *j);
    if (!j)
        return NULL;
    if (key_size > sizeof j->key)
        BUG("the key of a page does not fit");
    *j = (struct page_job){
        .load = load, .take = take, .drop = drop, .self = self, .window = d->window};
    memcpy(j->key, key, key_size);
    j->mj.run = page_run;
    j->mj.done = page_done;
    market_submit(d->market, &j->mj);
    return j;
}

void page_job_drop(struct page_job *j)
{
    if (!j)
        return;
    j->self = NULL;
    loop_cancel(&j->mj.job);
}

/* --- the catalogue -----------------------------------------------------------------------------
 */

struct reload_job {
    struct market_job mj;
    struct domain *domain;
    struct catalog *catalog;
    enum window window;
};

static void reload_run(struct market_job *mj, struct store *s)
{
    struct reload_job *j = (struct reload_job *)mj;
    if (s)
        catalog_load(s, j->window, &j->catalog, &mj->err);
}

static void reload_done(struct market_job *mj)
{
    struct reload_job *j = (struct reload_job *)mj;
    struct domain *d = j->domain;
    d->loading = false;
    if (!d->app) {
        catalog_unref(j->catalog);
        mem_free(j);
        return;
    }
    if (j->catalog) {
        catalog_unref(d->catalog);
        d->catalog = j->catalog;
        d->complete = true;
        app_changed(d->app);
    } else if (mj->err.code && mj->err.code != SOUK_ECANCEL && mj->err.code != SOUK_ENOTFOUND) {
        app_toast_err(d->app, &mj->err); /* what was there stays */
    }
    bool again = d->again && mj->err.code != SOUK_ECANCEL;
    d->again = false;
    mem_free(j);
    if (again)
        domain_reload(d);
}

void domain_reload(struct domain *d)
{
    if (d->loading) {
        d->again = true;
        return;
    }
    struct reload_job *j = mem_zalloc(sizeof *j);
    if (!j)
        return;
    j->domain = d;
    j->window = d->window;
    j->mj.run = reload_run;
    j->mj.done = reload_done;
    d->loading = true;
    market_submit(d->market, &j->mj);
    app_dirty(d->app);
}

void domain_window(struct domain *d, enum window w)
{
    if (w == d->window)
        return;
    d->window = w;
    domain_reload(d);
    app_changed(d->app); /* pages ask anew at once */
}

void domain_window_step(struct domain *d, int step)
{
    int w = (int)d->window + step;
    if (w >= 0 && w < WINDOW_COUNT)
        domain_window(d, (enum window)w);
}

/* --- sync ----------------------------------------------------------------------------------------
 */

static struct live_source *source_of(struct domain *d, const char *name)
{
    for (size_t i = 0; i < d->sources; i++)
        if (strcmp(d->source[i].name, name) == 0)
            return &d->source[i];
    if (d->sources == LIVE_SOURCES)
        return NULL;
    struct live_source *s = &d->source[d->sources++];
    *s = (struct live_source){0};
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

static void on_state(void *ud, const struct sync_state *st)
{
    struct domain *d = ud;
    struct live_source *s = source_of(d, st->source);
    if (!s)
        return;
    d->syncing = d->syncing || st->phase == SYNC_RUNNING;
    s->phase = st->phase;
    s->done = st->done;
    s->total = st->total;
    snprintf(s->message, sizeof s->message, "%s", st->message ? st->message : "");
    app_dirty(d->app);
}

static void on_changed(void *ud)
{
    struct domain *d = ud;
    domain_reload(d);
    watching_look(d->watching);
}

/* Every failure is on the Activity screen; one line here, and only when it is new. */
static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct domain *d = ud;
    d->syncing = false;
    if (first->code == SOUK_ECANCEL)
        return;
    static char last[ERR_MSG_MAX];
    bool on_screen = !d->catalog || d->catalog->total == 0; /* the empty screen lists them all */
    if (failed && !on_screen && strcmp(last, first->msg) != 0)
        app_toast(d->app, ST_BAD, "%s%s", first->msg, failed > 1 ? " (more in Activity)" : "");
    snprintf(last, sizeof last, "%s", failed ? first->msg : "");
    watching_look(d->watching); /* figures may lag, news do not */
    app_changed(d->app);
}

static void on_how(void *ud, const char *words)
{
    struct domain *d = ud;
    snprintf(d->told_how, sizeof d->told_how, "%s", words);
    app_dirty(d->app);
}

static void try_again(void *ud)
{
    struct domain *d = ud;
    d->retry = 0;
    if (d->app)
        domain_sync(d, false);
}

/* A devnet may be started later, by another souk: it is looked for again. Said once. */
static void not_begun(struct domain *d, bool asked, const struct err *e)
{
    if (asked || strncmp(d->told_how, e->msg, sizeof d->told_how - 1) != 0)
        app_toast_err(d->app, e);
    snprintf(d->told_how, sizeof d->told_how, "%.127s", e->msg);
    loop_timer_cancel(market_loop(d->market), d->retry);
    d->retry =
        market_offline(d->market) ? 0 : loop_timer(market_loop(d->market), RETRY_MS, try_again, d);
}

void domain_sync(struct domain *d, bool asked)
{
    const struct follow_events ev = {
        .sync = {on_state, on_changed, on_done, d}, .how = on_how, .ud = d};
    struct err e = {0};
    if (market_offline(d->market) && !asked)
        return;
    if (d->follow)
        follow_now(d->follow);
    else
        d->follow = follow_start(d->market, &ev, &e);
    if (!d->follow)
        not_begun(d, asked, &e);
    d->syncing = d->follow != NULL;
    app_dirty(d->app);
}

static void start_later(void *ud)
{
    struct domain *d = ud;
    if (!d->app)
        return;
    domain_reload(d);
    domain_sync(d, false);
    if (d->purser)
        purser_look(d->purser);
    if (d->getting)
        getting_look(d->getting);
    watching_look(d->watching); /* where the cache is: what lands from now on is news */
}

void domain_start(struct domain *d, struct app *a)
{
    d->app = a;
    d->purser = purser_new(d);
    d->getting = getting_new(d);
    d->watching = watching_new(d);
    loop_timer(market_loop(d->market), 0, start_later, d); /* after the first frame */
}

void domain_stop(struct domain *d)
{
    d->app = NULL;
    follow_stop(d->follow);
    d->follow = NULL;
    purser_stop(d->purser);
    getting_stop(d->getting);
    watching_stop(d->watching);
}

/* --- marks */

bool domain_is_marked(const struct domain *d, int64_t model)
{
    for (size_t i = 0; i < d->marks; i++)
        if (d->marked[i] == model)
            return true;
    return false;
}

bool domain_mark(struct domain *d, int64_t model)
{
    for (size_t i = 0; i < d->marks; i++) {
        if (d->marked[i] == model) {
            memmove(&d->marked[i], &d->marked[i + 1], (d->marks - i - 1) * sizeof d->marked[0]);
            d->marks--;
            return true;
        }
    }
    if (d->marks == MARKS_MAX)
        return false;
    d->marked[d->marks++] = model;
    return true;
}

void domain_unmark_all(struct domain *d)
{
    d->marks = 0;
}

/* --- the header */

void domain_status(void *domain, struct app_status *out)
{
    struct domain *d = domain;
    unsigned failed = 0, running = 0;
    int64_t done = 0, total = 0;
    for (size_t i = 0; i < d->sources; i++) {
        failed += d->source[i].phase == SYNC_FAILED;
        running += d->source[i].phase == SYNC_RUNNING;
        if (d->source[i].phase == SYNC_RUNNING && d->source[i].total > 0) {
            done += d->source[i].done;
            total += d->source[i].total;
        }
    }
    *out = (struct app_status){
        .network = market_network(d->market)->name,
        .synced_at = d->catalog ? d->catalog->synced_at : 0,
        .offline = market_offline(d->market),
        .light = market_offline(d->market) ? ST_DIM
                 : failed                  ? ST_WARN
                                           : ST_GOOD,
    };
    if (d->purser)
        out->lock = purser_lock_words(d->purser, &out->lock_style);
    if (!out->synced_at && !out->offline)
        out->light = failed ? ST_BAD : ST_WARN;
    if (running && total > 0 && done < total)
        snprintf(out->activity, sizeof out->activity, "syncing %d %%", (int)(done * 100 / total));
    else if (running && !out->synced_at)
        snprintf(out->activity, sizeof out->activity, "syncing");
    if (d->getting)
        getting_words(d->getting, out->activity, sizeof out->activity);
}
