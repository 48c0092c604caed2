#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/publish/internal.h"

#include "base/banned.h"

enum { TICK_MS = 100 };

/* --- telling */

void publish_say(struct publish *x, enum publish_step s, const char *words, uint64_t done,
                 uint64_t total)
{
    x->step = s;
    if (!x->dropped && x->ev.step != NULL)
        x->ev.step(x->ud, s, words, done, total);
}

static void tick(void *ud)
{
    struct publish *x = ud;
    x->ticker = loop_timer(x->loop, TICK_MS, tick, x);
    publish_say(x, x->step, NULL, atomic_load(&x->done), atomic_load(&x->total));
}

/* --- waiting */

static void release(struct publish *x)
{
    loop_timer_cancel(x->loop, x->timer);
    loop_timer_cancel(x->loop, x->ticker);
    loop_timer_cancel(x->loop, x->stopper);
    if (x->fd >= 0)
        close(x->fd);
    if (x->p != NULL)
        purse_hold(x->p, -1);
    walrus_meta_release(&x->meta);
    arena_release(&x->memory);
    mem_free(x);
}

void publish_end(struct publish *x, const struct err *e)
{
    if (!x->dropped)
        x->ev.done(x->ud, &x->r, e != NULL && e->code != SOUK_OK ? e : NULL);
    release(x);
}

bool publish_woken(struct publish *x)
{
    struct err e;
    x->waits = WAITS_NOT;
    if (!atomic_load(&x->cancel))
        return true;
    err_set(&e, SOUK_ECANCEL, "stopped; what is done so far stays, and doing it again goes on");
    publish_end(x, &e);
    return false;
}

static void job_over(struct publish *x)
{
    struct err e = x->err;
    loop_timer_cancel(x->loop, x->ticker);
    x->ticker = 0;
    if (!publish_woken(x))
        return;
    if (e.code != SOUK_OK)
        publish_end(x, &e);
    else
        x->then(x);
}

static void job_done(struct job *j)
{
    job_over((struct publish *)j);
}

void publish_job(struct publish *x, enum lane lane, void (*run)(struct job *j),
                 void (*after)(struct publish *x))
{
    x->job = (struct job){.run = run, .done = job_done};
    x->err = (struct err){0};
    x->then = after;
    x->waits = WAITS_JOB;
    atomic_store(&x->done, 0);
    atomic_store(&x->total, 0);
    if (lane == LANE_CONTENT)
        x->ticker = loop_timer(x->loop, TICK_MS, tick, x);
    loop_submit(x->loop, lane, &x->job);
}

struct query_job {
    struct market_job job; /* first */
    struct publish *x;
    void (*run)(struct publish *x, struct store *s);
};

static void query_run(struct market_job *j, struct store *s)
{
    const struct query_job *q = (struct query_job *)j;
    q->x->err = j->err;
    if (j->err.code == SOUK_OK)
        q->run(q->x, s);
}

static void query_done(struct market_job *j)
{
    struct publish *x = ((struct query_job *)j)->x;
    mem_free(j);
    job_over(x);
}

void publish_query(struct publish *x, void (*run)(struct publish *x, struct store *s),
                   void (*after)(struct publish *x))
{
    struct query_job *q = mem_zalloc(sizeof *q);
    if (q == NULL) {
        struct err e;
        err_nomem(&e);
        publish_end(x, &e);
        return;
    }
    *q = (struct query_job){{.run = query_run, .done = query_done}, x, run};
    x->err = (struct err){0};
    x->then = after;
    x->waits = WAITS_QUERY;
    market_submit(x->m, &q->job);
}

static void on_timer(void *ud)
{
    struct publish *x = ud;
    x->timer = 0;
    if (publish_woken(x))
        x->then(x);
}

void publish_later(struct publish *x, int64_t ms, void (*after)(struct publish *x))
{
    struct err e;
    x->then = after;
    x->waits = WAITS_TIMER;
    x->timer = loop_timer(x->loop, ms, on_timer, x);
    if (x->timer == 0) {
        err_nomem(&e);
        publish_end(x, &e);
    }
}

bool publish_ask(struct publish *x, struct http_request *rq, http_done_fn done)
{
    struct err e = {0};
    struct http *h = market_http(x->m);
    rq->url = x->url;
    if (h == NULL)
        err_nomem(&e);
    else
        x->http = http_send(h, rq, done, x, &e);
    if (e.code == SOUK_OK && x->http != NULL) {
        x->waits = WAITS_HTTP;
        return true;
    }
    publish_end(x, &e);
    return false;
}

/* --- stopping */

/* From the loop, so that done never comes from within publish_cancel. */
static void stop(void *ud)
{
    struct publish *x = ud;
    struct http_call *http = x->http;
    x->stopper = 0;
    switch (x->waits) {
    case WAITS_JOB:
        loop_cancel(&x->job);
        break;
    case WAITS_HTTP:
        http_cancel(http); /* its end is ours */
        break;
    case WAITS_SYNC:
        market_sync_cancel(x->m);
        break;
    case WAITS_PURSE:
        purse_drop(x->purse_call); /* what was signed is sent all the same */
        publish_woken(x);
        break;
    case WAITS_STORED:
        stored_ask_drop(x->stored_ask);
        publish_woken(x);
        break;
    case WAITS_TIMER:
    case WAITS_USER:
        publish_woken(x);
        break;
    case WAITS_QUERY: /* soon over */
    case WAITS_NOT:
        break;
    }
}

void publish_cancel(struct publish *x)
{
    if (!atomic_exchange(&x->cancel, true))
        x->stopper = loop_timer(x->loop, 0, stop, x);
}

void publish_drop(struct publish *x)
{
    if (x == NULL)
        return;
    x->dropped = true;
    publish_cancel(x);
}

/* --- starting */

bool publish_copy(struct publish *x, struct untrusted in, struct untrusted *out)
{
    char *p = arena_strndup(&x->memory, in.n > 0 ? in.p : "", in.n);
    *out = untrusted_n(p, in.n);
    return p != NULL;
}

static bool copy_request(struct publish *x, const struct publish_request *rq)
{
    const char *const from[] = {rq->file, rq->author, rq->name, rq->endpoint};
    const char **const to[] = {&x->rq.file, &x->rq.author, &x->rq.name, &x->rq.endpoint};
    x->rq = *rq;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        *to[i] = arena_strdup(&x->memory, from[i]);
        if (from[i] != NULL && *to[i] == NULL)
            return false;
    }
    if (rq->asset != NULL) {
        x->asset = *rq->asset;
        x->rq.asset = &x->asset;
    }
    return true;
}

/* The profile's, blank-separated. */
static bool split_aggregators(struct publish *x)
{
    char *rest = arena_strdup(&x->memory, x->net->walrus), *save = NULL;
    if (rest == NULL)
        return false;
    for (char *u = strtok_r(rest, " \t", &save); u != NULL && x->aggregators < AGGREGATORS_MAX;
         u = strtok_r(NULL, " \t", &save))
        x->aggregator[x->aggregators++] = u;
    return true;
}

/* What can be known to fail before anything is begun. */
static souk_err check(const struct publish *x, struct err *e)
{
    const struct publish_request *rq = &x->rq;
    if (market_offline(x->m))
        return err_set(e, SOUK_ENET, "--offline was asked for, and publishing needs the network");
    if (rq->file == NULL && !rq->list)
        return err_set(e, SOUK_EUSAGE, "there is no file to store");
    if (rq->file != NULL && x->aggregators == 0)
        return x->net->local ? err_set(e, SOUK_ENET,
                                       "the devnet is not running: start it with `souk devnet up`")
                             : err_set(e, SOUK_EINPUT, "the network %s has no Walrus aggregator",
                                       x->net->name);
    if (!rq->list)
        return SOUK_OK;
    if (x->p == NULL)
        BUG("listing without a purse");
    if (rq->name == NULL || rq->name[0] == '\0')
        return err_set(e, SOUK_EUSAGE, "say the model's name on the Hub: --name");
    if (purse_card(x->p)->kind == WALLET_WATCH)
        return err_set(e, SOUK_EINPUT,
                       "the wallet %s only watches an address: it cannot sign a listing",
                       purse_card(x->p)->name);
    if (!x->net->has_listings)
        return listings_missing(x->net, e);
    return SOUK_OK;
}

static void begin(struct publish *x)
{
    if (x->rq.list)
        look_begin(x);
    else
        compute_begin(x);
}

struct publish *publish_start(struct market *m, struct purse *p, const struct publish_request *rq,
                              const struct publish_events *ev, void *ud, struct err *e)
{
    struct publish *x = mem_zalloc(sizeof *x);
    if (x == NULL) {
        err_nomem(e);
        return NULL;
    }
    x->m = m;
    x->p = p;
    x->net = market_network(m);
    x->loop = market_loop(m);
    x->ev = *ev;
    x->ud = ud;
    x->fd = -1;
    walrus_meta_init(&x->meta);
    arena_init(&x->memory, PUBLISH_MEMORY);
    if (p != NULL) {
        purse_hold(p, 1);
        x->owner = x->r.owner = purse_address(p);
        x->account = purse_account(p);
    }
    souk_err c = copy_request(x, rq) && split_aggregators(x) ? check(x, e) : err_nomem(e);
    if (c == SOUK_OK) {
        x->then = begin;
        x->waits = WAITS_TIMER;
        x->timer = loop_timer(x->loop, 0, on_timer, x);
        c = x->timer != 0 ? SOUK_OK : err_nomem(e);
    }
    if (c == SOUK_OK)
        return x;
    release(x);
    return NULL;
}
