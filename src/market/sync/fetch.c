/* A GET that is sent again when the server was busy or the line dropped. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    TRIES_BUSY = 5,   /* 429, 503 */
    TRIES_BROKEN = 3, /* other 5xx, and no answer */
    WAIT_MS = 250,    /* doubles */
    WAIT_MOST_S = 30, /* of what a server may ask for */
};

struct fetch {
    struct sync *s;
    const char *who;
    char *url;
    char etag[128];
    unsigned tries;
    struct http_call *call;
    uint64_t timer;
    bool cancelled;
    fetch_fn done;
    void *ud;
};

static void finish(struct fetch *f, struct http_response *r)
{
    fetch_fn done = f->done;
    void *ud = f->ud;
    mem_free(f->url);
    mem_free(f);
    done(ud, r);
}

static void finish_failed(struct fetch *f, const struct err *e)
{
    struct http_response r;
    memset(&r, 0, sizeof r);
    buf_init(&r.body, 0);
    r.err = *e;
    r.retry_after = -1;
    finish(f, &r);
    buf_release(&r.body);
}

/* Milliseconds until another try, or -1: that was the last. */
static int64_t patience(const struct fetch *f, const struct http_response *r)
{
    bool busy = r->status == 429 || r->status == 503;
    bool broken = r->err.code == SOUK_OK ? r->status >= 500
                                         : r->err.code == SOUK_ENET && !r->too_big && !r->timed_out;
    if (f->cancelled || (!busy && !broken) || f->tries >= (busy ? TRIES_BUSY : TRIES_BROKEN))
        return -1;
    if (r->retry_after > WAIT_MOST_S)
        return -1;
    return r->retry_after >= 0 ? r->retry_after * 1000 : (int64_t)WAIT_MS << (f->tries - 1);
}

static void send_it(void *ud);

static void answered(void *ud, struct http_response *r)
{
    struct fetch *f = ud;
    char host[104];
    int64_t wait = patience(f, r);
    f->call = NULL;
    if (wait >= 0) {
        f->timer = loop_timer(f->s->loop, wait, send_it, f);
        if (f->timer != 0)
            return;
    }
    http_host(f->url, host);
    if (r->err.code == SOUK_ECANCEL)
        r->err = sync_stopped;
    else if (r->err.code != SOUK_OK)
        err_prefix(&r->err, "%s", f->who);
    else if (r->status == 429)
        err_set(&r->err, SOUK_ENET, "%s at %s is busy (429) and asks to come back later", f->who,
                host);
    else if (r->status != 200 && r->status != 304)
        err_set(&r->err, SOUK_ENET, "%s at %s answered with status %ld", f->who, host, r->status);
    finish(f, r);
}

static void send_it(void *ud)
{
    struct fetch *f = ud;
    struct err e = {0};
    const char *const headers[] = {"Accept: application/json", NULL};
    struct http_request rq = {.url = f->url, .headers = headers};
    if (f->etag[0] != '\0')
        rq.etag = f->etag;
    f->timer = 0;
    f->tries++;
    f->call = http_send(f->s->http, &rq, answered, f, &e);
    if (f->call == NULL)
        finish_failed(f, &e);
}

struct fetch *fetch_start(struct sync *s, const char *who, const char *url, const char *etag,
                          fetch_fn done, void *ud)
{
    struct fetch *f = mem_zalloc(sizeof *f);
    if (f == NULL)
        return NULL;
    f->s = s;
    f->who = who;
    f->url = mem_strdup(url);
    f->done = done;
    f->ud = ud;
    if (etag != NULL)
        snprintf(f->etag, sizeof f->etag, "%s", etag);
    /* By a timer, so that done never comes before the caller holds the fetch. */
    if (f->url != NULL)
        f->timer = loop_timer(s->loop, 0, send_it, f);
    if (f->timer == 0) {
        mem_free(f->url);
        MEM_FREE(f);
    }
    return f;
}

void fetch_cancel(struct fetch *f)
{
    f->cancelled = true;
    if (f->call != NULL) {
        http_cancel(f->call);
        return;
    }
    loop_timer_cancel(f->s->loop, f->timer);
    finish_failed(f, &sync_stopped);
}
