#include "ui/getting.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/work.h"

#include "base/banned.h"

enum { LISTENERS_MAX = 24 };

struct look_work {
    struct work w; /* first */
    uint64_t budget;
    struct library_list *list;
};

struct getting {
    struct domain *d; /* NULL: the app has gone */
    struct market *market;
    struct library_list *shelf;
    struct err shelf_failed;
    struct look_work *looking;
    bool look_again;
    struct coming *coming[COMING_MAX];
    size_t n;
    /* What has left, until all who listen know: they may still look at it. */
    struct library_list *left_shelf;
    struct coming *left[COMING_MAX];
    size_t n_left;
    struct get_ask *asks;
    struct {
        void (*fn)(void *ud);
        void *ud;
    } listener[LISTENERS_MAX];
    size_t listeners;
};

struct getting *getting_new(struct domain *d)
{
    struct getting *g = mem_zalloc(sizeof *g);
    if (g) {
        g->d = d;
        g->market = d->market;
    }
    return g;
}

void getting_free(struct getting *g)
{
    if (!g)
        return;
    getting_stop(g);
    library_free(g->shelf);
    mem_free(g);
}

struct domain *getting_domain(const struct getting *g)
{
    return g->d;
}

struct get_ask **getting_asks(struct getting *g)
{
    return &g->asks;
}

void getting_listen(struct getting *g, void (*fn)(void *ud), void *ud)
{
    if (g->listeners == LISTENERS_MAX)
        BUG("too many listen to the library");
    g->listener[g->listeners].fn = fn;
    g->listener[g->listeners++].ud = ud;
}

void getting_unlisten(struct getting *g, void *ud)
{
    for (size_t i = 0; i < g->listeners; i++) {
        if (g->listener[i].ud == ud) {
            g->listener[i] = g->listener[--g->listeners];
            return;
        }
    }
}

static void forget_left(struct getting *g)
{
    library_free(g->left_shelf);
    g->left_shelf = NULL;
    while (g->n_left)
        mem_free(g->left[--g->n_left]);
}

static void tell(struct getting *g)
{
    for (size_t i = 0; i < g->listeners; i++)
        g->listener[i].fn(g->listener[i].ud);
    forget_left(g);
    app_dirty(g->d->app);
}

void getting_stop(struct getting *g)
{
    if (!g || !g->d)
        return;
    getting_asks_drop(g);
    g->d = NULL;
    work_drop(g->looking ? &g->looking->w : NULL);
    g->looking = NULL;
    for (size_t i = 0; i < g->n; i++) {
        if (g->coming[i]->work)
            get_drop(g->coming[i]->work);
        mem_free(g->coming[i]);
    }
    g->n = 0;
    forget_left(g);
}

/* --- the shelf */

static souk_err look_run(struct work *w)
{
    struct look_work *k = (struct look_work *)w;
    return library_load(k->budget, &k->list, &w->err);
}

static void look_done(void *owner, struct work *w)
{
    struct getting *g = owner;
    struct look_work *k = (struct look_work *)w;
    g->looking = NULL;
    g->shelf_failed = w->err;
    if (k->list) { /* else what was known stays */
        g->left_shelf = g->shelf;
        g->shelf = k->list;
        k->list = NULL;
    }
    tell(g);
    if (g->look_again)
        getting_look(g);
}

static void look_release(struct work *w)
{
    library_free(((struct look_work *)w)->list);
}

void getting_look(struct getting *g)
{
    g->look_again = g->looking != NULL;
    struct look_work *k = g->looking ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->budget = market_config(g->market)->library_budget;
    k->w.run = look_run;
    k->w.done = look_done;
    k->w.release = look_release;
    g->looking = k;
    work_start(market_loop(g->market), LANE_LOAD, &k->w, g);
}

const struct library_list *getting_shelf(const struct getting *g)
{
    return g->shelf;
}

const struct err *getting_shelf_failed(const struct getting *g)
{
    return &g->shelf_failed;
}

static bool same(struct untrusted u, const char *s)
{
    return u.n == strlen(s) && memcmp(u.p, s, u.n) == 0;
}

const struct library_row *getting_have(const struct getting *g, struct untrusted id)
{
    for (size_t i = 0; id.n && g->shelf && i < g->shelf->n; i++)
        if (!g->shelf->row[i].partial && same(id, g->shelf->row[i].id))
            return &g->shelf->row[i];
    return NULL;
}

const struct library_row *getting_have_model(const struct getting *g, const char *author,
                                             const char *name)
{
    for (size_t i = 0; name[0] && g->shelf && i < g->shelf->n; i++) {
        const struct library_row *r = &g->shelf->row[i];
        if (!r->partial && r->about.model.n && same(r->about.model, name) &&
            same(r->about.author, author))
            return r;
    }
    return NULL;
}

char *library_label(const struct library_row *r, char *out, size_t room)
{
    const struct library_about *a = &r->about;
    struct untrusted name = a->model.n ? a->model : a->file;
    if (a->model.n && a->author.n)
        snprintf(out, room, "%.*s/%.*s", (int)a->author.n, a->author.p, (int)name.n, name.p);
    else if (name.n)
        snprintf(out, room, "%.*s", (int)name.n, name.p);
    else
        snprintf(out, room, "%s", r->id);
    return out;
}

/* --- the queue */

size_t getting_count(const struct getting *g)
{
    return g->n;
}

const struct coming *getting_at(const struct getting *g, size_t i)
{
    return g->coming[i];
}

static struct coming *find(const struct getting *g, const blob_id *id)
{
    for (size_t i = 0; i < g->n; i++)
        if (blob_hash_eq(&g->coming[i]->target.id, id))
            return g->coming[i];
    return NULL;
}

const struct coming *getting_find(const struct getting *g, struct untrusted id)
{
    blob_id parsed;
    return g->n && blob_id_parse(id, &parsed) ? find(g, &parsed) : NULL;
}

const struct coming *getting_find_model(const struct getting *g, int64_t model)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->coming[i]->target.model == model)
            return g->coming[i];
    return NULL;
}

bool coming_is_over(const struct coming *c)
{
    return c->state == COMING_FAILED || c->state == COMING_STOPPED;
}

static void leave(struct getting *g, struct coming *c)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->coming[i] == c) {
            memmove(&g->coming[i], &g->coming[i + 1], (g->n - i - 1) * sizeof g->coming[0]);
            g->n--;
            g->left[g->n_left++] = c;
            return;
        }
    }
}

static void pump(struct getting *g);

static void on_progress(void *ud, const struct get_progress *p)
{
    struct coming *c = ud;
    c->progress = *p;
    app_dirty(c->g->d->app);
}

static void on_done(void *ud, const struct library_row *row, const struct stored *s,
                    const struct err *e)
{
    struct coming *c = ud;
    struct getting *g = c->g;
    (void)s; /* its page asks anew when somebody looks at it */
    c->work = NULL;
    if (row) {
        app_toast(g->d->app, ST_GOOD, "✓ %.60s is on this disk, %s; r runs it",
                  c->target.name[0] ? c->target.name : row->id, verified_name(row->about.verified));
        leave(g, c);
    } else if (e->code == SOUK_ECANCEL && c->progress.done) {
        app_toast(g->d->app, ST_NORMAL, "stopped; what came is kept, and d goes on with it");
        c->state = COMING_STOPPED;
    } else if (e->code == SOUK_ECANCEL) {
        app_toast(g->d->app, ST_NORMAL, "stopped; nothing had come yet");
        leave(g, c);
    } else {
        c->state = COMING_FAILED;
        c->failed = *e;
        app_toast_err(g->d->app, e);
    }
    getting_look(g);
    pump(g);
    tell(g);
}

static void start(struct getting *g, struct coming *c)
{
    static const struct get_events ev = {on_progress, on_done};
    struct get_options o = {0};
    c->failed = (struct err){0};
    c->progress = (struct get_progress){.left = -1};
    c->work = get_start(g->market, &c->target, &o, &ev, c, &c->failed);
    c->state = c->work ? COMING_RUNS : COMING_FAILED;
    if (!c->work)
        app_toast_err(g->d->app, &c->failed);
}

static void pump(struct getting *g)
{
    size_t running = 0;
    for (size_t i = 0; i < g->n; i++)
        running += g->coming[i]->work != NULL;
    for (size_t i = 0; i < g->n && running < COMING_AT_ONCE; i++) {
        if (g->coming[i]->state == COMING_WAITS) {
            start(g, g->coming[i]);
            running += g->coming[i]->work != NULL;
        }
    }
}

void getting_start(struct getting *g, const struct get_target *t)
{
    struct app *a = g->d->app;
    struct coming *c = find(g, &t->id);
    if (market_offline(g->market)) {
        app_toast(a, ST_WARN, "--offline was asked for: nothing is fetched");
        return;
    }
    if (c && !coming_is_over(c)) {
        app_toast(a, ST_NORMAL, "it is on its way already; Library (6) shows how far");
        return;
    }
    if (!c) {
        c = g->n < COMING_MAX ? mem_zalloc(sizeof *c) : NULL;
        if (!c) {
            app_toast(a, ST_BAD, "too many are waiting; get it when some of them have come");
            return;
        }
        g->coming[g->n++] = c;
    }
    c->g = g;
    c->target = *t;
    c->state = COMING_WAITS;
    pump(g);
    if (c->state == COMING_WAITS)
        app_toast(a, ST_NORMAL, "it waits for those before it; Library (6) shows them");
    tell(g);
}

void getting_cancel(struct getting *g, const struct coming *which)
{
    for (size_t i = 0; i < g->n; i++) {
        struct coming *c = g->coming[i];
        if (c != which)
            continue;
        if (c->work) {
            c->state = COMING_STOPS;
            get_cancel(c->work);
        } else {
            leave(g, c);
        }
        tell(g);
        return;
    }
}

bool getting_words(const struct getting *g, char *out, size_t room)
{
    size_t left = 0;
    uint64_t done = 0, total = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct coming *c = g->coming[i];
        left += !coming_is_over(c);
        if (c->state == COMING_RUNS) {
            done += c->progress.done;
            total += c->progress.total;
        }
    }
    if (!left)
        return false;
    char many[32] = "", share[16] = "";
    if (left > 1)
        snprintf(many, sizeof many, " %zu", left);
    if (total && done <= total)
        snprintf(share, sizeof share, " %d %%", (int)(done * 100 / total));
    snprintf(out, room, "getting%s%s%s", many, many[0] && share[0] ? "," : "", share);
    return true;
}
