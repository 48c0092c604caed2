/* Until when a blob is stored: of the storage nodes in turn, first its status, then the epoch. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { ASK_MS = 6000, ASK_STALL_MS = 3000, ASK_CONNECT_MS = 3000, ASK_MAX = 64 << 10 };

struct stored_ask {
    struct loop *loop;
    struct http *http;
    struct http_call *call;
    uint64_t timer;
    blob_id id;
    char urls[CONFIG_URLS];
    char *node[SERVERS];
    unsigned nodes, at;
    unsigned hours;
    bool public_only, asks_epoch;
    struct stored stored;
    void (*done)(void *ud, const struct stored *s, const struct err *e);
    void *ud;
    struct err err;
};

static void end(struct stored_ask *a)
{
    void (*done)(void *ud, const struct stored *s, const struct err *e) = a->done;
    struct stored s = a->stored;
    struct err e = a->err;
    void *ud = a->ud;
    mem_free(a);
    done(ud, &s, &e);
}

static void ask(struct stored_ask *a);

static void next(struct stored_ask *a)
{
    a->at++;
    a->asks_epoch = false;
    ask(a);
}

static void take_status(struct stored_ask *a, const struct blob_status *s)
{
    static const enum stored_for is[] = {[STORED_NOT] = STORED_NO_MORE,
                                         [STORED_PERMANENT] = STORED_UNTIL,
                                         [STORED_DELETABLE] = STORED_WHILE_KEPT,
                                         [STORED_INVALID] = STORED_NO_MORE};
    a->stored.is = is[s->is];
    a->stored.end_epoch = s->end_epoch;
    http_host(a->node[a->at], a->stored.node);
}

/* The end epoch is exclusive: at its beginning the blob may go. Where we are in the present one is
 * not said, so the date is one to some hours. */
static void take_epoch(struct stored_ask *a, uint64_t epoch)
{
    struct stored *s = &a->stored;
    s->epoch = epoch;
    if (s->is != STORED_UNTIL || s->end_epoch == 0)
        return;
    if (s->end_epoch <= epoch)
        s->is = STORED_NO_MORE;
    else if (a->hours > 0 && s->end_epoch - epoch < 100000)
        s->end = clock_now() + (int64_t)((s->end_epoch - epoch) * a->hours) * 3600;
}

static void answered(void *ud, struct http_response *r)
{
    struct stored_ask *a = ud;
    struct blob_status status;
    uint64_t epoch;
    a->call = NULL;
    if (a->done == NULL)
        return; /* dropped */
    bool good = r->err.code == SOUK_OK && r->status == 200;
    if (a->asks_epoch) {
        if (good && walrus_epoch_parse(r->body.p, r->body.len, &epoch))
            take_epoch(a, epoch);
        end(a);
        return;
    }
    if (good && walrus_status_parse(r->body.p, r->body.len, &status, &a->err) == SOUK_OK) {
        a->err = (struct err){0};
        take_status(a, &status);
        a->asks_epoch = true;
        ask(a);
        return;
    }
    walrus_answer(r, a->node[a->at], &a->err);
    next(a);
}

static void on_nobody(void *ud)
{
    struct stored_ask *a = ud;
    end(a);
}

static void ask(struct stored_ask *a)
{
    struct buf url;
    buf_init(&url, CONFIG_URL + 128);
    if (a->at < a->nodes && a->asks_epoch)
        walrus_url_health(&url, a->node[a->at]);
    else if (a->at < a->nodes)
        walrus_url_status(&url, a->node[a->at], &a->id);
    const struct http_request rq = {.url = url.p,
                                    .body_cap = ASK_MAX,
                                    .timeout_ms = ASK_MS,
                                    .connect_ms = ASK_CONNECT_MS,
                                    .stall_ms = ASK_STALL_MS,
                                    .public_only = a->public_only};
    if (a->at < a->nodes && !url.bad)
        a->call = http_send(a->http, &rq, answered, a, &a->err);
    buf_release(&url);
    if (a->call == NULL) /* nobody is left: said from the loop, never from within the asking */
        a->timer = loop_timer(a->loop, 0, on_nobody, a);
}

struct stored_ask *stored_ask(struct market *m, const blob_id *id,
                              void (*done)(void *ud, const struct stored *s, const struct err *e),
                              void *ud, struct err *e)
{
    const struct network *n = market_network(m);
    if (market_offline(m)) {
        err_set(e, SOUK_EUSAGE, "offline: nothing is asked of the network");
        return NULL;
    }
    struct stored_ask *a = mem_zalloc(sizeof *a);
    if (a == NULL || (a->http = market_http(m)) == NULL) {
        mem_free(a);
        err_nomem(e);
        return NULL;
    }
    a->loop = market_loop(m);
    a->id = *id;
    a->public_only = !n->local;
    a->hours = n->walrus_epoch_hours;
    a->done = done;
    a->ud = ud;
    memcpy(a->urls, n->walrus_nodes, sizeof a->urls);
    a->nodes = urls_split(a->urls, a->node, SERVERS);
    ask(a);
    if (a->call == NULL && a->timer == 0) {
        mem_free(a);
        err_nomem(e);
        return NULL;
    }
    return a;
}

void stored_ask_drop(struct stored_ask *a)
{
    if (a == NULL)
        return;
    loop_timer_cancel(a->loop, a->timer);
    struct http_call *call = a->call;
    a->done = NULL;
    if (call != NULL)
        http_cancel(call);
    mem_free(a);
}

void stored_words(const struct stored *s, struct buf *out)
{
    char day[HUMAN_BUF];
    switch (s->is) {
    case STORED_UNTIL:
        if (s->end_epoch == 0)
            buf_adds(out, "stored, until when is not said");
        else
            buf_addf(out, "stored until epoch %llu", (unsigned long long)s->end_epoch);
        if (s->end != 0)
            buf_addf(out, " (about %s)", human_day(day, s->end));
        break;
    case STORED_WHILE_KEPT:
        buf_adds(out, "stored, and can be deleted by its owner at any time");
        break;
    case STORED_NO_MORE:
        buf_adds(out, "no longer stored");
        break;
    case STORED_UNKNOWN:
        buf_adds(out, "how long it is stored is not known");
        return;
    }
    if (s->node[0] != '\0')
        buf_addf(out, ", reported by %s", s->node);
}
