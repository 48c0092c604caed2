#include "market/follow.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "market/heads.h"
#include "net/rpc.h"

#include "base/banned.h"

enum {
    WHOLE_MS = 300000, /* between two readings of the Hub and Bazaar */
    SOON_MS = 100,
    SLOW_MS = 60000, /* a node that tells of its blocks is asked all the same, but seldom */
};

/* A chain whose new blocks are wanted. What tells of one calls heard(). */
struct watched {
    struct follow *f;
    const struct chain_config *cfg;
    const char *sources; /* of a sync, when there is a new block */
    struct rpc *rpc;
    char urls[CONFIG_URLS]; /* rpc's: a devnet started again may have others */
    uint64_t seen;          /* the newest block heard of; 0: none yet */
    bool asking, failing;
    bool due;            /* a sync of its sources is */
    struct heads *heads; /* NULL: it is only asked */
    char ws[CONFIG_URL]; /* heads' */
    bool told;           /* subscribed */
    int64_t look_at;     /* while it is: not asked before */
};

enum { CHAINS = 2 };

struct follow {
    struct market *m;
    struct follow_events ev;
    struct watched chain[CHAINS];
    bool syncing;   /* a sync of ours is under way */
    bool whole_due; /* asked for by follow_now, or by time */
    int64_t whole_at;
    uint64_t timer;
};

/* --- the events of our syncs */

static void on_state(void *ud, const struct sync_state *st)
{
    struct follow *f = ud;
    if (f->ev.sync.state != NULL)
        f->ev.sync.state(f->ev.sync.ud, st);
}

static void on_changed(void *ud)
{
    struct follow *f = ud;
    if (f->ev.sync.changed != NULL)
        f->ev.sync.changed(f->ev.sync.ud);
}

static void turn(void *ud);

static bool any_due(const struct follow *f)
{
    return f->whole_due || f->chain[0].due || f->chain[1].due;
}

static void wait_turn(struct follow *f, bool soon)
{
    int64_t ms = soon ? SOON_MS : (int64_t)market_network(f->m)->poll_seconds * 1000;
    loop_timer_cancel(market_loop(f->m), f->timer);
    f->timer = loop_timer(market_loop(f->m), ms, turn, f);
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct follow *f = ud;
    f->syncing = false;
    wait_turn(f, any_due(f)); /* a block came while we were reading */
    if (f->ev.sync.done != NULL)
        f->ev.sync.done(f->ev.sync.ud, failed, first); /* may stop us: the last thing */
}

/* --- when to sync */

/* Starts what is due. When another's sync is running, the next turn tries again. */
static void begin(struct follow *f)
{
    const struct sync_events ev = {on_state, on_changed, on_done, f};
    struct sync_options o = {.following = true};
    char only[128] = "";
    if (!any_due(f) || f->syncing || market_syncing(f->m))
        return;
    for (int i = 0; i < CHAINS; i++) {
        if (!f->chain[i].due)
            continue;
        size_t n = strlen(only);
        snprintf(only + n, sizeof only - n, "%s%s", n > 0 ? "," : "", f->chain[i].sources);
    }
    if (!f->whole_due)
        o.only = only;
    struct err e;
    if (market_sync(f->m, &o, &ev, &e) != SOUK_OK)
        return;
    f->syncing = true;
    if (f->whole_due)
        f->whole_at = clock_mono_ms() + WHOLE_MS;
    f->whole_due = false;
    for (int i = 0; i < CHAINS; i++)
        f->chain[i].due = false;
}

/* A chain's newest block, from whoever tells. One that came back to fewer blocks (a devnet started
 * again) is another one too. */
static void heard(struct watched *w, uint64_t block)
{
    w->failing = false;
    if (block == w->seen)
        return;
    w->due = true;
    w->seen = block;
    begin(w->f);
}

/* --- asking */

static void answered(void *ud, struct rpc_reply *r)
{
    struct watched *w = ud;
    struct rpc_result res;
    json *tree = NULL;
    uint64_t block;
    w->asking = false;
    bool told = r->err.code == SOUK_OK && rpc_parse(&r->body, 1, &res, &tree, NULL) == SOUK_OK &&
                cJSON_IsString(res.value) &&
                hex_u64(res.value->valuestring, strlen(res.value->valuestring), &block);
    json_free(tree);
    if (told) {
        heard(w, block);
    } else if (!w->failing) { /* the sync says what is wrong, once */
        w->failing = w->due = true;
        begin(w->f);
    }
}

static void look(struct watched *w)
{
    static const struct rpc_call newest = {"eth_blockNumber", "[]"};
    int64_t now = clock_mono_ms();
    if (w->asking || w->cfg->rpc[0] == '\0' || (w->told && now < w->look_at))
        return;
    w->look_at = now + SLOW_MS;
    if (w->rpc == NULL || strcmp(w->urls, w->cfg->rpc) != 0) {
        struct http *h = market_http(w->f->m);
        rpc_free(w->rpc);
        w->rpc = h == NULL ? NULL : rpc_new(h, w->cfg->rpc, "new blocks", NULL);
        memcpy(w->urls, w->cfg->rpc, sizeof w->urls);
    }
    w->asking = w->rpc != NULL && rpc_send(w->rpc, &newest, 1, answered, w, NULL) == SOUK_OK;
}

/* --- being told */

static void say_how(struct follow *f)
{
    char words[64];
    unsigned s = market_network(f->m)->poll_seconds;
    if (f->chain[0].told)
        snprintf(words, sizeof words, "subscribed");
    else
        snprintf(words, sizeof words, "polling every %u s", s);
    if (f->ev.how != NULL)
        f->ev.how(f->ev.ud, words);
}

static void on_head(void *ud, uint64_t block)
{
    heard(ud, block);
}

static void on_subscribed(void *ud, bool yes)
{
    struct watched *w = ud;
    w->told = yes;
    if (w == &w->f->chain[0])
        say_how(w->f);
}

/* The profile may change under us: a devnet started again has other addresses. */
static void listen_to(struct watched *w)
{
    const struct heads_events ev = {on_head, on_subscribed, w};
    struct err e;
    if (strcmp(w->ws, w->cfg->ws) == 0)
        return;
    heads_close(w->heads);
    w->told = false;
    memcpy(w->ws, w->cfg->ws, sizeof w->ws);
    w->heads = w->ws[0] != '\0' ? heads_open(market_loop(w->f->m), w->ws, &ev, &e) : NULL;
}

/* --- in turn */

static void turn(void *ud)
{
    struct follow *f = ud;
    f->timer = 0;
    f->whole_due = f->whole_due || clock_mono_ms() >= f->whole_at;
    begin(f);
    if (!f->syncing) /* else when it is done; what was refused is not tried at once again */
        wait_turn(f, any_due(f) && market_syncing(f->m));
    for (int i = 0; i < CHAINS; i++)
        listen_to(&f->chain[i]);
    for (int i = 0; i < CHAINS && !f->syncing; i++)
        look(&f->chain[i]);
}

/* --- life */

struct follow *follow_start(struct market *m, const struct follow_events *ev, struct err *e)
{
    const struct network *n = market_network(m);
    const struct sync_options whole = {.following = true};
    struct follow *f = mem_zalloc(sizeof *f);
    if (f == NULL) {
        err_nomem(e);
        return NULL;
    }
    f->m = m;
    f->ev = *ev;
    f->chain[0] = (struct watched){.f = f, .cfg = &n->payment, .sources = "listings,payments"};
    f->chain[1] = (struct watched){.f = f, .cfg = &n->inference, .sources = "inferences"};
    f->whole_at = clock_mono_ms() + WHOLE_MS;
    const struct sync_events mine = {on_state, on_changed, on_done, f};
    if (market_syncing(m)) {
        f->whole_due = true;
        wait_turn(f, true);
    } else if (market_sync(m, &whole, &mine, e) != SOUK_OK) {
        mem_free(f);
        return NULL;
    } else {
        f->syncing = true;
    }
    for (int i = 0; i < CHAINS; i++)
        listen_to(&f->chain[i]);
    say_how(f);
    return f;
}

void follow_now(struct follow *f)
{
    if (f->syncing)
        return;
    f->whole_due = true;
    begin(f);
}

void follow_stop(struct follow *f)
{
    if (f == NULL)
        return;
    loop_timer_cancel(market_loop(f->m), f->timer);
    for (int i = 0; i < CHAINS; i++) {
        rpc_free(f->chain[i].rpc);
        heads_close(f->chain[i].heads);
    }
    if (f->syncing) {
        market_sync_mute(f->m);
        market_sync_cancel(f->m);
    }
    mem_free(f);
}
