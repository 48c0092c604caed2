/*
 * x402 discovery: pages asked for one after the other and kept in memory, then written at once, so
 * that what a failing server once told stays until it tells all of it anew.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum { PAGE = 100, PAGES_MOST = 200, MEMORY = 64 << 20 };

struct bazaar_page {
    struct hub_bazaar list;
    struct bazaar_page *next;
};

struct bazaar_sync {
    struct job job; /* first: one job at a time, read or write */
    struct sync *s;
    struct task *task;
    struct fetch *fetch;
    struct buf body;
    struct arena memory;
    struct bazaar_page *page, **tail;
    uint64_t asked; /* offset */
    unsigned pages;
    bool more, written, ended;
    int64_t offers, skipped;
    struct err err;
};

static void end(struct bazaar_sync *b, const struct err *e)
{
    b->ended = true;
    buf_release(&b->body);
    arena_release(&b->memory);
    if (e->code == SOUK_OK && b->skipped > 0)
        task_note(b->task, "%lld entries of the Bazaar could not be read", (long long)b->skipped);
    task_end(b->task, e);
}

/* --- [writer] */

static void read_run(struct job *j)
{
    struct bazaar_sync *b = (struct bazaar_sync *)j;
    struct bazaar_page *p = arena_alloc(&b->memory, sizeof *p);
    if (p == NULL) {
        err_nomem(&b->err);
        return;
    }
    if (hub_bazaar_parse(b->body.p, b->body.len, &b->memory, &p->list, &b->err) != SOUK_OK)
        return;
    *b->tail = p;
    b->tail = &p->next;
    b->pages++;
    b->skipped += (int64_t)p->list.skipped;
    b->more = hub_bazaar_more(&p->list, b->asked, &b->asked) && b->pages < PAGES_MOST;
}

static souk_err write_resource(struct bazaar_sync *b, const struct hub_resource *r, int64_t src,
                               struct err *e)
{
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < r->offers && c == SOUK_OK; i++) {
        const struct hub_offer *o = &r->offer[i];
        const struct offer_in in = {
            .resource = r->url,
            .scheme = o->scheme,
            .description = r->description,
            .example = i == 0 ? r->example : untrusted(NULL),
            .n = (int)i,
            .chain = o->chain,
            .amount = o->amount,
            .asset = o->asset,
            .pay_to = o->pay_to,
            .updated = r->updated,
        };
        c = store_offer_put(b->s->w, &in, src, e);
        b->offers++;
    }
    return c;
}

static souk_err write_page(struct bazaar_sync *b, const struct bazaar_page *p, int64_t no,
                           struct err *e)
{
    const struct source_row row = {.kind = SOURCE_BAZAAR,
                                   .place = b->s->net->bazaar,
                                   .first = no,
                                   .last = no,
                                   .time = clock_now()};
    int64_t src = 0;
    souk_err c = store_source_add(b->s->w, &row, &src, e);
    for (size_t i = 0; i < p->list.count && c == SOUK_OK; i++)
        c = write_resource(b, &p->list.resource[i], src, e);
    return c;
}

static void write_run(struct job *j)
{
    struct bazaar_sync *b = (struct bazaar_sync *)j;
    int64_t no = 0;
    souk_err c = store_begin(b->s->w, &b->err);
    if (c != SOUK_OK)
        return;
    c = store_offers_clear(b->s->w, &b->err);
    for (const struct bazaar_page *p = b->page; p != NULL && c == SOUK_OK; p = p->next)
        c = write_page(b, p, no++, &b->err);
    sync_commit(b->s->w, c, &b->err);
    b->written = true;
}

/* --- [loop] */

static void ask(struct bazaar_sync *b);
static void submit(struct bazaar_sync *b, void (*run)(struct job *));

static void job_done(struct job *j)
{
    struct bazaar_sync *b = (struct bazaar_sync *)j;
    struct sync *s = b->s;
    if (s->cancelled)
        end(b, &sync_stopped);
    else if (b->err.code != SOUK_OK)
        end(b, &b->err);
    else if (b->written) {
        task_progress(b->task, b->offers, b->offers);
        sync_dirty(s);
        end(b, &b->err);
    } else if (b->more)
        ask(b);
    else
        submit(b, write_run);
    sync_job_done(s);
}

static void submit(struct bazaar_sync *b, void (*run)(struct job *))
{
    b->job.run = run;
    b->job.done = job_done;
    sync_submit(b->s, &b->job);
}

static void answered(void *ud, struct http_response *r)
{
    struct bazaar_sync *b = ud;
    b->fetch = NULL;
    if (r->err.code != SOUK_OK) {
        end(b, &r->err);
        return;
    }
    buf_release(&b->body);
    b->body = r->body;
    buf_init(&r->body, 0);
    submit(b, read_run);
}

static void ask(struct bazaar_sync *b)
{
    struct buf url;
    buf_init(&url, 2 * CONFIG_URL);
    hub_url_bazaar(&url, b->s->net->bazaar, b->asked, PAGE);
    if (buf_check(&url, "the Bazaar's address", &b->err) == SOUK_OK) {
        b->fetch = fetch_start(b->s, "the Bazaar", url.p, NULL, answered, b);
        if (b->fetch == NULL)
            err_nomem(&b->err);
    }
    buf_release(&url);
    if (b->fetch == NULL)
        end(b, &b->err);
}

souk_err bazaar_sync_start(struct sync *s, struct err *e)
{
    struct bazaar_sync *b = mem_zalloc(sizeof *b);
    if (b == NULL)
        return err_nomem(e);
    b->s = s;
    b->task = &s->task[TASK_BAZAAR];
    b->tail = &b->page;
    buf_init(&b->body, 0);
    arena_init(&b->memory, MEMORY);
    s->bazaar = b;
    ask(b);
    return SOUK_OK;
}

/* Without a fetch a job is under way, and sees to the end itself. */
void bazaar_sync_cancel(struct bazaar_sync *b)
{
    if (b != NULL && !b->ended && b->fetch != NULL)
        fetch_cancel(b->fetch);
}

void bazaar_sync_free(struct bazaar_sync *b)
{
    mem_free(b);
}
