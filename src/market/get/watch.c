/* What a watcher is told, and what nobody else would notice: a server that has fallen silent. */
#include <stdio.h>

#include "market/get/internal.h"

#include "base/banned.h"

enum { STALL_MS = 30000, FIRST_MS = 120000, QUIET_MS = 3000, CRAWL = 1024 /* bytes a second */ };

static uint64_t rate(const struct get *g)
{
    unsigned n = g->samples < SAMPLES ? g->samples : SAMPLES;
    unsigned last = (g->samples - 1) % SAMPLES;
    unsigned first = g->samples <= SAMPLES ? 0 : g->samples % SAMPLES;
    if (n < 2 || g->sample_at[last] <= g->sample_at[first] || g->sample[last] < g->sample[first])
        return 0;
    return (g->sample[last] - g->sample[first]) * 1000 /
           (uint64_t)(g->sample_at[last] - g->sample_at[first]);
}

void get_tell(struct get *g, int64_t now)
{
    struct get_progress p = {.step = g->proving    ? GET_CHECKING
                                     : g->have > 0 ? GET_COMING
                                                   : GET_ASKING,
                             .done = g->have,
                             .total = g->total,
                             .left = -1,
                             .by_rows = g->meta_known,
                             .refetched = g->refetched};
    if (g->proving) {
        p.done = atomic_load(&g->done_work);
        p.total = atomic_load(&g->all_work);
    } else {
        p.rate = rate(g);
        if (p.rate > 0 && g->total > g->have)
            p.left = (int64_t)((g->total - g->have) / p.rate);
    }
    if (g->pull.call != NULL)
        snprintf(p.host, sizeof p.host, "%s", g->server[g->pull.server].host);
    if (g->pull.call != NULL && now - g->byte_at >= QUIET_MS)
        snprintf(p.words, sizeof p.words, "the aggregator is silent; %lld s",
                 (long long)((now - g->byte_at) / 1000));
    else if (g->retry != 0)
        snprintf(p.words, sizeof p.words, "no aggregator has it to give just now; asking again");
    else if (g->pull.call != NULL && g->pull.row >= 0)
        snprintf(p.words, sizeof p.words, "a part was wrong and is asked for again");
    g->ev.progress(g->ud, &p);
}

static bool anybody_else(const struct get *g)
{
    for (unsigned s = 0; s < g->servers; s++) {
        if (s != g->pull.server && !g->server[s].done_with && !g->server[s].suspect)
            return true;
    }
    return false;
}

/* One that gives next to nothing is as good as silent, where there are others. */
static bool crawls(struct get *g, int64_t now, int64_t window)
{
    struct pull *p = &g->pull;
    if (!p->told || now - p->window_at < window)
        return false;
    bool slow = p->at - p->window < (uint64_t)window * CRAWL / 1000 && anybody_else(g);
    p->window_at = now;
    p->window = p->at;
    return slow;
}

static void look_after(struct get *g, int64_t now)
{
    struct pull *p = &g->pull;
    const char *host = g->server[p->server].host;
    int64_t window = g->o.stall_ms > 0 ? g->o.stall_ms : STALL_MS;
    int64_t most = g->o.stall_ms > 0 ? g->o.stall_ms : p->told ? STALL_MS : FIRST_MS;
    if (p->paused)
        g->byte_at = p->window_at = now;
    if (p->call == NULL || p->paused)
        return;
    if (now - g->byte_at >= most)
        err_set(&p->err, SOUK_ENET, "%s has sent nothing for %.3g s", host, (double)most / 1000.0);
    else if (crawls(g, now, window))
        err_set(&p->err, SOUK_ENET, "%s gives next to nothing", host);
    else
        return;
    pull_stop(g, PULL_SILENT);
}

void get_tick(void *ud)
{
    struct get *g = ud;
    int64_t now = clock_mono_ms();
    g->tick = g->ending ? 0 : loop_timer(g->loop, TICK_MS, get_tick, g);
    g->sample_at[g->samples % SAMPLES] = now;
    g->sample[g->samples++ % SAMPLES] = g->have;
    if (g->ev.progress != NULL && !g->ending)
        get_tell(g, now);
    look_after(g, now);
}
