/*
 * The reader is opened by the calling thread and serves it until the loop runs (the UI draws its
 * first frame before that); from the first market_submit on it belongs to LANE_QUERY. The writer
 * is opened by the first sync, on LANE_WRITE, and stays there.
 */
#include "market/market.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/paths.h"

#include "base/banned.h"

struct market {
    struct loop *loop;
    struct config config;
    struct network *net;
    bool offline, closing;
    char path[PATH_BUF]; /* the cache */
    struct store *reader;
    unsigned jobs; /* market_jobs and writer jobs under way */
    /* sync */
    struct http *http;
    struct store *writer; /* LANE_WRITE's until it is done with opening it */
    struct sync *sync;    /* the running one, or the last */
    struct sync *files;   /* one without sources, for market_files */
    struct start *starts; /* of market_files, that have not begun */
    bool syncing, cancelled;
    struct sync_events ev; /* the caller's */
};

/* --- opening and closing */

static souk_err choose_network(struct market *m, const char *name, struct err *e)
{
    souk_err c = config_load(&m->config, e);
    if (c != SOUK_OK)
        return c;
    name = name != NULL ? name : m->config.default_network;
    m->net = config_network(&m->config, name);
    if (m->net == NULL)
        return err_set(e, SOUK_EUSAGE, "there is no network \"%.40s\"; `souk networks` lists them",
                       name);
    if (!m->net->local)
        return SOUK_OK;
    c = network_from_devnet(m->net, e);
    return c == SOUK_ENOTFOUND ? SOUK_OK : c; /* its cache can still be looked at */
}

/* A cache that is not there yet is none. */
static souk_err open_reader(struct market *m, struct err *e)
{
    souk_err c = store_open(m->path, STORE_READ, &m->reader, e);
    if (c != SOUK_OK)
        m->reader = NULL;
    if (c == SOUK_ENOTFOUND && e != NULL)
        *e = (struct err){0}; /* nobody failed */
    return c == SOUK_ENOTFOUND ? SOUK_OK : c;
}

souk_err market_open(struct loop *l, const struct market_options *o, struct market **out,
                     struct err *e)
{
    struct err mine = {0};
    char leaf[64];
    struct market *m = mem_zalloc(sizeof *m);
    if (e == NULL)
        e = &mine;
    *out = NULL;
    if (m == NULL)
        return err_nomem(e);
    m->loop = l;
    m->offline = o->offline;
    souk_err c = choose_network(m, o->network, e);
    if (c == SOUK_OK) {
        snprintf(leaf, sizeof leaf, "%s.db", m->net->name);
        c = paths_get(PATH_CACHE, leaf, m->path, e);
    }
    if (c == SOUK_OK)
        c = open_reader(m, e);
    if (c != SOUK_OK) {
        mem_free(m);
        return c;
    }
    *out = m;
    return SOUK_OK;
}

void market_close(struct market *m)
{
    if (m == NULL)
        return;
    m->closing = true;
    market_sync_cancel(m);
    if (m->files != NULL)
        sync_cancel(m->files);
    while (m->jobs > 0 || m->syncing || (m->files != NULL && !sync_idle(m->files)))
        loop_step(m->loop, -1);
    sync_free(m->sync);
    sync_free(m->files);
    http_free(m->http);
    store_close(m->writer);
    store_close(m->reader);
    mem_free(m);
}

struct loop *market_loop(struct market *m)
{
    return m->loop;
}

const struct config *market_config(const struct market *m)
{
    return &m->config;
}

const struct network *market_network(const struct market *m)
{
    return m->net;
}

bool market_offline(const struct market *m)
{
    return m->offline;
}

struct http *market_http(struct market *m)
{
    if (m->http == NULL)
        m->http = http_new(m->loop, NULL);
    return m->http;
}

struct store *market_reader(struct market *m)
{
    if (m->reader == NULL) /* a sync may have made the cache since; if not, there is none */
        open_reader(m, NULL);
    return m->reader;
}

const char *market_cache(const struct market *m)
{
    return m->path;
}

/* --- slow reads */

static void query_run(struct job *j)
{
    struct market_job *mj = (struct market_job *)j;
    if (mj->market->reader == NULL)
        open_reader(mj->market, &mj->err);
    mj->run(mj, mj->market->reader);
}

static void query_done(struct job *j)
{
    struct market_job *mj = (struct market_job *)j;
    mj->market->jobs--;
    mj->done(mj);
}

void market_submit(struct market *m, struct market_job *j)
{
    j->market = m;
    j->job.run = query_run;
    j->job.done = query_done;
    atomic_store(&j->job.cancelled, false);
    memset(&j->err, 0, sizeof j->err);
    m->jobs++;
    loop_submit(m->loop, LANE_QUERY, &j->job);
}

/* --- sync */

/* The writer opens, and migrates what is there, on its own thread: then it can begin. */
struct start {
    struct job job; /* first */
    struct market *m;
    struct sync_options o;
    char only[128];
    int64_t files; /* the model whose files are wanted; 0: a sync */
    void (*files_done)(void *ud, const struct err *e);
    void *files_ud;
    struct start *next; /* in m->starts */
    struct err err;
};

static void start_run(struct job *j)
{
    struct start *st = (struct start *)j;
    if (st->m->writer == NULL)
        store_open(st->m->path, STORE_WRITE, &st->m->writer, &st->err);
}

static void on_state(void *ud, const struct sync_state *st)
{
    struct market *m = ud;
    if (m->ev.state != NULL && !m->closing)
        m->ev.state(m->ev.ud, st);
}

static void on_changed(void *ud)
{
    struct market *m = ud;
    if (m->ev.changed != NULL && !m->closing)
        m->ev.changed(m->ev.ud);
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct market *m = ud;
    m->syncing = false;
    if (m->ev.done != NULL && !m->closing)
        m->ev.done(m->ev.ud, failed, first);
}

static void begin(struct start *st, struct err *e)
{
    struct market *m = st->m;
    const struct sync_events all = {on_state, on_changed, on_done, m};
    const struct sync_events quiet = {.changed = on_changed, .ud = m};
    if (market_http(m) == NULL) {
        err_nomem(e);
        return;
    }
    if (st->files == 0) {
        sync_free(m->sync); /* the last one; it ended before this one was allowed to start */
        m->sync = sync_start(m->loop, m->http, m->writer, m->net, &st->o, &all, e);
        return;
    }
    if (m->files == NULL)
        m->files = sync_start(m->loop, m->http, m->writer, m->net, &st->o, &quiet, e);
    if (m->files != NULL)
        sync_files(m->files, st->files, st->files_done, st->files_ud);
}

static void start_done(struct job *j)
{
    struct start *st = (struct start *)j;
    struct market *m = st->m;
    struct err e = st->err;
    m->jobs--;
    for (struct start **at = &m->starts; *at != NULL; at = &(*at)->next) {
        if (*at == st) {
            *at = st->next;
            break;
        }
    }
    if (e.code == SOUK_OK && (m->closing || (m->cancelled && st->files == 0)))
        err_set(&e, SOUK_ECANCEL, "stopped");
    if (e.code == SOUK_OK)
        begin(st, &e);
    if (e.code != SOUK_OK && st->files == 0)
        on_done(m, e.code != SOUK_ECANCEL, &e);
    else if (e.code != SOUK_OK && st->files_done != NULL)
        st->files_done(st->files_ud, &e);
    mem_free(st);
}

static struct start *start_new(struct market *m, const struct sync_options *o, int64_t files)
{
    struct start *st = mem_zalloc(sizeof *st);
    if (st == NULL)
        return NULL;
    st->m = m;
    st->o = *o;
    if (o->rules == NULL)
        st->o.rules = &m->config.rules;
    st->files = files;
    if (o->only != NULL) {
        snprintf(st->only, sizeof st->only, "%s", o->only);
        st->o.only = st->only;
    }
    st->job.run = start_run;
    st->job.done = start_done;
    m->jobs++;
    return st;
}

souk_err market_sync(struct market *m, const struct sync_options *o, const struct sync_events *ev,
                     struct err *e)
{
    const struct network *n = m->net;
    if (m->offline)
        return err_set(e, SOUK_EUSAGE, "offline: nothing is asked of the network");
    if (m->syncing)
        return err_set(e, SOUK_EUSAGE, "a sync is running already");
    if (n->local && network_from_devnet(m->net, e) == SOUK_EINPUT)
        return SOUK_EINPUT;
    if (n->hub[0] == '\0' && n->payment.rpc[0] == '\0' && n->inference.rpc[0] == '\0')
        return n->local
                   ? err_set(e, SOUK_ENET,
                             "the devnet is not running: start it with `souk devnet up`")
                   : err_set(e, SOUK_EINPUT, "network %s has neither a Hub nor a node", n->name);
    struct start *st = start_new(m, o, 0);
    if (st == NULL)
        return err_nomem(e);
    m->ev = *ev;
    m->syncing = true;
    m->cancelled = false;
    loop_submit(m->loop, LANE_WRITE, &st->job);
    return SOUK_OK;
}

void market_sync_cancel(struct market *m)
{
    if (!m->syncing)
        return;
    m->cancelled = true;
    if (m->sync != NULL && !sync_idle(m->sync))
        sync_cancel(m->sync);
}

void market_sync_mute(struct market *m)
{
    m->ev = (struct sync_events){.ud = NULL};
}

bool market_syncing(const struct market *m)
{
    return m->syncing;
}

void market_files(struct market *m, int64_t model, void (*done)(void *ud, const struct err *e),
                  void *ud)
{
    const struct sync_options none = {.only = "none"};
    struct start *st;
    if (m->offline || (st = start_new(m, &none, model)) == NULL)
        return;
    st->files_done = done;
    st->files_ud = ud;
    st->next = m->starts;
    m->starts = st;
    loop_submit(m->loop, LANE_WRITE, &st->job);
}

void market_files_drop(struct market *m, void *ud)
{
    for (struct start *st = m->starts; st != NULL; st = st->next) {
        if (st->files_ud == ud)
            st->files_done = NULL;
    }
    if (m->files != NULL)
        sync_files_drop(m->files, ud);
}
