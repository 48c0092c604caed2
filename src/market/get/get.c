#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { ROW_MEMORY = 64 << 10, GRACE_MS = 1500 };

/* --- what is known of its size */

bool get_knows_total(const struct get *g)
{
    return g->total != 0 || g->empty;
}

static void set_total(struct get *g, unsigned server, uint64_t total)
{
    g->total = total;
    g->empty = total == 0;
    g->told_by = server;
    struct work *w = work_new(g, WORK_NOTE);
    if (w != NULL) {
        w->at = total;
        work_submit(w);
    }
}

bool get_total(struct get *g, unsigned server, uint64_t total, struct err *e)
{
    const char *host = g->server[server].host;
    if (total > 1ull << BYTES_MOST_SHIFT) {
        err_set(e, SOUK_ENET, "%s says it is larger than a blob can be", host);
        return false;
    }
    if (get_knows_total(g) && total == g->total)
        return true;
    if (g->total_proved) {
        err_set(e, SOUK_EVERIFY, "%s says it is %llu bytes, and the blob ID proves %llu", host,
                (unsigned long long)total, (unsigned long long)g->total);
        return false;
    }
    if (get_knows_total(g) && g->told_by == server) {
        err_set(e, SOUK_ENET, "%s says another size each time", host);
        return false;
    }
    if (get_knows_total(g) && g->told_by < g->servers)
        g->server[g->told_by].suspect = true; /* one of the two is wrong */
    set_total(g, server, total);
    if (g->have <= total)
        return true;
    err_set(e, SOUK_ECANCEL, "begun anew");
    get_restart(g);
    return false;
}

void get_restart(struct get *g)
{
    struct work *w = work_new(g, WORK_RESTART);
    g->have = 0;
    g->givens = 0;
    g->bads = 0;
    g->restarting = w != NULL;
    pull_stop(g, PULL_STOPPED); /* hands on what came, and looks at what is next: nothing, yet */
    if (w != NULL)
        work_submit(w);
}

void get_room(struct get *g, uint64_t bytes)
{
    struct work *w;
    if (bytes <= g->room_asked || (w = work_new(g, WORK_ROOM)) == NULL)
        return;
    g->room_asked = bytes;
    w->at = bytes;
    work_submit(w);
}

/* The size was one server's word, unless it is proved: another may say less. */
static void no_room(struct get *g, const struct err *why)
{
    unsigned s = get_knows_total(g) ? g->told_by : g->pull.server;
    if (g->total_proved || s >= g->servers) {
        get_fail(g, why);
        return;
    }
    g->limit = *why;
    server_done_with(g, s, why);
    g->total = 0;
    g->empty = false;
    g->room_asked = g->room;
    pull_stop(g, PULL_STOPPED);
}

/* --- what the lane answers */

static void add_bad(struct get *g, unsigned row)
{
    uint64_t from, len;
    for (size_t i = 0; i < g->bads; i++) {
        if (g->bad[i].row == row)
            return; /* asked for again, and bad again: `by` says of whom */
    }
    if (g->bads == g->bad_room) {
        size_t room = g->bad_room > 0 ? g->bad_room * 2 : 16;
        struct bad_row *more = mem_resize(g->bad, room * sizeof *more);
        struct err e;
        if (more == NULL) {
            err_nomem(&e);
            get_fail(g, &e);
            return;
        }
        g->bad = more;
        g->bad_room = room;
    }
    walrus_row_range(&g->k.meta.shape, row, &from, &len);
    uint32_t by = given_by(g, from, from + len);
    g->bad[g->bads++] = (struct bad_row){.row = row, .by = by};
    for (unsigned s = 0; s < g->servers; s++) {
        struct server *one = &g->server[s];
        if (by != 1u << s || ++one->bad_rows < BAD_ROWS)
            continue;
        err_set(&one->said, SOUK_EVERIFY, "%s gave other bytes than the blob ID names", one->host);
        one->liar = one->done_with = true;
        if (g->pull.server == s)
            pull_stop(g, PULL_STOPPED);
    }
}

static void take_bad(struct get *g, const struct work *w)
{
    for (size_t i = 0; i < w->bads; i++)
        add_bad(g, w->bad[i]);
}

static void opened(struct get *g, const struct work *w)
{
    if (w->here) {
        g->proved = true;
        g->ending = true;
        return;
    }
    g->open = true;
    g->have = w->at;
    if (w->total >= w->at)
        g->total = w->total;
    if (g->have > 0 && !given_add(g, 0, 1u << GIVEN_BEFORE)) {
        struct err e;
        err_nomem(&e);
        get_fail(g, &e);
    }
}

static void meta_looked_at(struct get *g, const struct work *w)
{
    if (!w->here) {
        nodes_next(g);
        return;
    }
    g->meta_known = true;
    if (get_knows_total(g) && g->total != w->total && g->told_by < g->servers) {
        struct err e;
        err_set(&e, SOUK_EVERIFY, "%s says it is %llu bytes, and the blob ID proves %llu",
                g->server[g->told_by].host, (unsigned long long)g->total,
                (unsigned long long)w->total);
        server_done_with(g, g->told_by, &e);
    }
    if (!get_knows_total(g) || g->total != w->total) {
        pull_stop(g, PULL_STOPPED);
        set_total(g, SERVERS, w->total);
    }
    g->total_proved = true;
    if (g->have > g->total)
        get_restart(g);
    else
        take_bad(g, w);
}

static void row_written(struct get *g, const struct work *w)
{
    for (size_t i = 0; i < g->bads && w->bads == 0; i++) {
        if (g->bad[i].row != (unsigned)w->row)
            continue;
        g->bad[i] = g->bad[--g->bads];
        g->refetched++;
        return;
    }
}

static void proof_failed(struct get *g, const struct work *w)
{
    if (w->err.code != SOUK_EVERIFY || g->meta_known) {
        get_fail(g, &w->err);
        return;
    }
    servers_blame(g);
    g->total = 0;
    g->empty = false;
    get_restart(g);
}

void work_done(struct get *g, struct work *w)
{
    if (w->kind == WORK_WRITE)
        g->writing--;
    if (w->kind == WORK_RESTART)
        g->restarting = false;
    if (w->kind == WORK_PROVE)
        g->proving = false;
    if (w->err.code != SOUK_OK && w->kind == WORK_PROVE) {
        proof_failed(g, w);
    } else if (w->err.code != SOUK_OK && w->kind == WORK_ROOM && !g->ending) {
        no_room(g, &w->err);
    } else if (w->err.code != SOUK_OK) {
        get_fail(g, &w->err);
    } else if (w->kind == WORK_OPEN) {
        opened(g, w);
    } else if (w->kind == WORK_ROOM) {
        g->room = w->at;
    } else if (w->kind == WORK_META) {
        meta_looked_at(g, w);
    } else if (w->kind == WORK_WRITE) {
        if (w->row >= 0)
            row_written(g, w);
        else
            take_bad(g, w);
        pull_go_on(g);
    } else if (w->kind == WORK_PROVE) {
        g->proved = w->here;
        g->ending = true;
        g->err = (struct err){0}; /* even when it was to be stopped: it is here */
    }
}

/* --- what is next */

void get_fail(struct get *g, const struct err *why)
{
    if (g->ending)
        return;
    g->ending = true;
    g->err = *why;
    atomic_store(&g->cancel, true);
    if (g->inside > 0)
        g->inside++; /* whoever is inside stops what is under way */
}

static void on_retry(void *ud)
{
    struct get *g = ud;
    g->retry = 0;
    get_turn(g);
}

static void nobody(struct get *g, int64_t wait)
{
    struct err e;
    if (wait >= 0 && g->retry == 0)
        g->retry = loop_timer(g->loop, wait + 1, on_retry, g);
    if (wait >= 0 && g->retry != 0)
        return;
    servers_conclude(g, &e);
    get_fail(g, &e);
}

static void pull_next(struct get *g)
{
    int64_t wait;
    unsigned s = server_next(g, 0, &wait);
    if (s == SERVERS)
        nobody(g, wait);
    else if (g->server[s].suspect && (given_by(g, 0, UINT64_MAX) & ~(1u << s)) != 0)
        get_restart(g); /* a suspect is tried alone */
    else
        pull_start(g, s, -1);
}

/* Of another than gave it wrong, if there is one; of the same, once more, if not. */
static void pull_bad_row(struct get *g)
{
    struct bad_row *b = &g->bad[0];
    int64_t wait = -1;
    unsigned s = server_next(g, b->by, &wait);
    if (s == SERVERS && wait < 0 && b->tries <= g->servers)
        s = server_next(g, 0, &wait);
    if (b->tries > g->servers + 1 || (s == SERVERS && wait < 0)) {
        struct err e;
        err_set(&e, SOUK_EVERIFY,
                "a part of what came is not what the blob ID names, from any aggregator; the rest "
                "is right and is kept");
        get_fail(g, &e);
        return;
    }
    if (s == SERVERS) {
        nobody(g, wait);
        return;
    }
    b->tries++;
    b->by |= 1u << s;
    pull_start(g, s, (int)b->row);
}

static void prove(struct get *g)
{
    struct work *w = work_new(g, WORK_PROVE);
    g->proving = w != NULL;
    if (w != NULL)
        work_submit(w);
}

static void decide(struct get *g)
{
    uint64_t by_rows = g->o.by_rows != 0 ? g->o.by_rows : BY_ROWS;
    if (g->ending) {
        pull_stop(g, PULL_STOPPED);
        if (g->meta_call != NULL)
            http_cancel(g->meta_call);
        return;
    }
    if (!g->open || g->restarting || g->proving)
        return;
    if (g->total >= by_rows && !g->meta_wanted && g->n_nodes > 0)
        nodes_ask(g);
    if (get_knows_total(g))
        get_room(g, g->total);
    if (g->pull.call != NULL || g->retry != 0 || (g->total > 0 && g->room < g->total))
        return;
    if (!get_knows_total(g) || g->have < g->total)
        pull_next(g);
    else if (g->writing > 0 || (g->meta_wanted && !g->meta_known && !g->meta_over))
        return;
    else if (g->bads > 0)
        pull_bad_row(g);
    else
        prove(g);
}

/* --- its end */

static void free_now(struct get *g)
{
    loop_timer_cancel(g->loop, g->tick);
    loop_timer_cancel(g->loop, g->retry);
    loop_timer_cancel(g->loop, g->grace);
    stored_ask_drop(g->asking);
    keeper_close(&g->k, g->k.end == 0);
    arena_release(&g->arena);
    mem_free(g->pull.chunk);
    mem_free(g->given);
    mem_free(g->bad);
    mem_free(g);
}

static void on_grace(void *ud)
{
    struct get *g = ud;
    g->grace = 0;
    stored_ask_drop(g->asking);
    g->asking = NULL;
    get_turn(g);
}

static void end_when_it_can(struct get *g)
{
    if (!g->ending || g->works > 0 || g->pull.call != NULL || g->meta_call != NULL)
        return;
    if (g->proved && g->asking != NULL && g->ev.done != NULL) { /* how long it is stored */
        if (g->grace == 0)
            g->grace = loop_timer(g->loop, GRACE_MS, on_grace, g);
        if (g->grace != 0)
            return;
    }
    if (g->k.part != NULL) { /* closed, and the claim given back, before anybody hears of the end */
        keeper_close(&g->k, g->k.end == 0);
    }
    if (g->proved && g->ev.progress != NULL)
        get_tell(g, clock_mono_ms()); /* the last word on what was asked for again */
    if (g->ev.done != NULL)
        g->ev.done(g->ud, g->proved ? &g->row : NULL, &g->stored, &g->err);
    free_now(g);
}

void get_turn(struct get *g)
{
    if (g->inside++ > 0)
        return; /* whoever is inside looks again */
    do {
        g->inside = 1;
        decide(g);
    } while (g->inside > 1);
    g->inside = 0;
    end_when_it_can(g);
}

/* --- life */

static void on_stored(void *ud, const struct stored *s, const struct err *e)
{
    struct get *g = ud;
    (void)e;
    g->asking = NULL;
    g->stored = *s;
    if (g->grace != 0) {
        loop_timer_cancel(g->loop, g->grace);
        g->grace = 0;
        get_turn(g);
    }
}

static souk_err can_start(struct market *m, const struct get_target *t, struct err *e)
{
    const struct network *n = market_network(m);
    if (t->legacy)
        return err_set(e, SOUK_EINPUT,
                       "it is an old IPFS file (Qm…): souk can neither fetch nor verify those");
    if (!t->has_id)
        return err_set(e, SOUK_ENOTFOUND,
                       "nobody tells which file it is: give its blob ID with --blob-id");
    if (t->here)
        return SOUK_OK;
    if (market_offline(m))
        return err_set(e, SOUK_EUSAGE, "offline: nothing is asked of the network");
    if (n->walrus[0] == '\0')
        return n->local ? err_set(e, SOUK_ENET,
                                  "the devnet is not running: start it with `souk devnet up`")
                        : err_set(e, SOUK_EINPUT, "network %s has no Walrus aggregators (walrus)",
                                  n->name);
    return SOUK_OK;
}

struct get *get_start(struct market *m, const struct get_target *t, const struct get_options *o,
                      const struct get_events *ev, void *ud, struct err *e)
{
    const struct network *n = market_network(m);
    if (can_start(m, t, e) != SOUK_OK)
        return NULL;
    struct get *g = mem_zalloc(sizeof *g);
    if (g == NULL || (g->http = market_http(m)) == NULL) {
        mem_free(g);
        err_nomem(e);
        return NULL;
    }
    g->loop = market_loop(m);
    g->target = *t;
    g->o = o != NULL ? *o : (struct get_options){0};
    g->ev = *ev;
    g->ud = ud;
    g->public_only = !n->local;
    g->budget = market_config(m)->library_budget;
    g->told_by = SERVERS;
    g->source = "";
    arena_init(&g->arena, ROW_MEMORY);
    walrus_meta_init(&g->k.meta);
    servers_init(g, n->walrus);
    memcpy(g->node_urls, n->walrus_nodes, sizeof g->node_urls);
    g->n_nodes = urls_split(g->node_urls, g->nodes, SERVERS);
    g->tick = loop_timer(g->loop, TICK_MS, get_tick, g);
    struct work *w = g->tick != 0 ? work_new(g, WORK_OPEN) : NULL;
    if (w == NULL) {
        free_now(g);
        err_nomem(e);
        return NULL;
    }
    if (!t->here && !market_offline(m))
        g->asking = stored_ask(m, &t->id, on_stored, g, NULL);
    work_submit(w);
    return g;
}

void get_cancel(struct get *g)
{
    struct err e;
    err_set(&e, SOUK_ECANCEL, "stopped; what came is kept, the next `souk get` goes on from there");
    get_fail(g, &e);
    loop_timer_cancel(g->loop, g->retry);
    g->retry = loop_timer(g->loop, 0, on_retry, g);
    if (g->retry == 0)
        get_turn(g);
}

void get_drop(struct get *g)
{
    if (g == NULL)
        return;
    g->ev = (struct get_events){0};
    stored_ask_drop(g->asking);
    g->asking = NULL;
    struct err e;
    err_set(&e, SOUK_ECANCEL, "stopped");
    get_fail(g, &e);
    get_turn(g);
}
