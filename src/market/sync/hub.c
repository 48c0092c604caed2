/*
 * The Hub's models: pages of 100, two asked for at a time, written in order.
 *
 * Each page is one transaction with its source row and with where to go on. A
 * page that did not change since the last listing (ETag) is only touched. The
 * last page is never asked for conditionally: its length is how the end is
 * known. All models of a listing carry the time it began, so that after a
 * complete listing those with an older time are gone from the Hub. A listing
 * that was interrupted goes on where it was within the hour, but then does
 * not call anything gone: between the two halves the pages may have moved.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    PAGE = 100,
    AHEAD = 2,
    PAGES_MOST = 20000,
    RESUME_S = 3600,
    ETAG = 128,
    ETAGS_MOST = 2000, /* pages that are asked for conditionally */
    PAGE_MEMORY = 64 << 20,
};

struct page {
    struct hub_sync *h;
    struct fetch *fetch;
    uint64_t no;
    bool answered, unchanged;
    struct buf body;
    char etag[ETAG];
};

struct hub_sync {
    struct job job; /* first: one job at a time, begin or page */
    struct sync *s;
    struct task *task;
    struct page page[AHEAD]; /* number no is in page[no % AHEAD] */
    uint64_t next_ask, next_write;
    bool working, ended;
    bool last;          /* the page just written ended the listing */
    struct err err;     /* why it ends */
    struct err job_err; /* the job's own, until it is done */
    /* the listing */
    int64_t since;
    bool resumed;
    int64_t models, skipped, gone;
    bytes32 seen; /* hash of the page before, against a Hub that knows only one page */
    bool changed;
    char (*etag)[ETAG];
    size_t etags;
};

static const char *const meta_place = "hub_place", *const meta_since = "hub_since",
                         *const meta_next = "hub_next", *const meta_at = "hub_at";

/* The Hub's address as a number, so that a listing of one Hub is not resumed at another. */
static int64_t place_number(const struct sync *s)
{
    bytes32 h = keccak256(s->net->hub, strlen(s->net->hub));
    int64_t v;
    memcpy(&v, h.b, sizeof v);
    return v;
}

static void end(struct hub_sync *h, const struct err *e)
{
    struct err why = *e;
    h->ended = true;
    for (int i = 0; i < AHEAD; i++) {
        if (h->page[i].fetch != NULL)
            fetch_cancel(h->page[i].fetch);
        buf_release(&h->page[i].body);
    }
    if (h->skipped > 0 && why.code == SOUK_OK)
        task_note(h->task, "%lld records of the Hub could not be read", (long long)h->skipped);
    task_end(h->task, &why);
}

/* --- begin */

static souk_err read_etags(struct hub_sync *h, struct store *w, struct err *e)
{
    h->etag = mem_array(ETAGS_MOST, ETAG);
    if (h->etag == NULL)
        return err_nomem(e);
    while (h->etags < ETAGS_MOST &&
           store_source_etag(w, SOURCE_HUB, h->s->net->hub, (int64_t)h->etags, h->etag[h->etags]))
        h->etags++;
    return SOUK_OK;
}

static souk_err note_position(struct store *w, uint64_t next, struct err *e)
{
    souk_err c = store_meta_set_int(w, meta_next, (int64_t)next, e);
    if (c == SOUK_OK)
        c = store_meta_set_int(w, meta_at, clock_now(), e);
    return c;
}

static void begin_run(struct job *j)
{
    struct hub_sync *h = (struct hub_sync *)j;
    struct store *w = h->s->w;
    int64_t now = clock_now(), place = place_number(h->s);
    int64_t next = store_meta_int(w, meta_next, 0), since = store_meta_int(w, meta_since, 0);
    bool same = store_meta_int(w, meta_place, 0) == place;
    h->resumed = !h->s->full && same && next > 0 && next < PAGES_MOST &&
                 now - store_meta_int(w, meta_at, 0) < RESUME_S;
    if (!h->s->full && read_etags(h, w, &h->job_err) != SOUK_OK)
        return;
    if (h->resumed) {
        h->since = since;
        h->next_ask = h->next_write = (uint64_t)next;
        h->models = next * PAGE;
        return;
    }
    /* Later than any listing before it, even where the clock stands still. */
    h->since = now > since ? now : since + 1;
    souk_err c = store_begin(w, &h->job_err);
    if (c != SOUK_OK)
        return;
    c = store_meta_set_int(w, meta_place, place, &h->job_err);
    if (c == SOUK_OK)
        c = store_meta_set_int(w, meta_since, h->since, &h->job_err);
    if (c == SOUK_OK)
        c = note_position(w, 0, &h->job_err);
    sync_commit(w, c, &h->job_err);
}

/* --- a page */

static souk_err write_models(struct hub_sync *h, struct store *w, const struct page *p,
                             const struct hub_models *list, struct err *e)
{
    const struct source_row row = {.kind = SOURCE_HUB,
                                   .place = h->s->net->hub,
                                   .first = (int64_t)p->no,
                                   .last = (int64_t)p->no,
                                   .etag = list->seen < PAGE || p->etag[0] == '\0' ? NULL : p->etag,
                                   .time = clock_now()};
    int64_t src = 0;
    souk_err c = store_source_add(w, &row, &src, e);
    for (size_t i = 0; i < list->count && c == SOUK_OK; i++) {
        const struct hub_model *m = &list->model[i];
        const struct model_in in = {m->author, m->name, m->task, m->llm_path, m->description};
        int64_t id;
        bool changed = false;
        c = store_model_put(w, &in, src, h->since, &id, &changed, e);
        h->changed |= changed;
    }
    return c;
}

/* The end of the listing, in the same transaction as its last page. */
static souk_err write_last(struct hub_sync *h, struct store *w, struct err *e)
{
    souk_err c = note_position(w, 0, e);
    if (c == SOUK_OK && !h->resumed)
        c = store_models_sweep(w, h->since, &h->gone, e);
    h->changed |= h->gone > 0;
    return c;
}

static souk_err write_page(struct hub_sync *h, struct page *p, struct arena *a, struct err *e)
{
    struct store *w = h->s->w;
    struct hub_models list = {0};
    bytes32 hash = keccak256(p->body.p, p->body.len);
    souk_err c = SOUK_OK;
    if (!p->unchanged) {
        c = hub_models_parse(p->body.p, p->body.len, a, &list, e);
        if (c != SOUK_OK)
            return c;
        if (list.seen > 0 && p->no > 0 && memcmp(&hash, &h->seen, sizeof hash) == 0)
            return err_set(e, SOUK_ENET, "the Hub answers every page with the same models");
        h->seen = hash;
        h->last = list.seen < PAGE;
    }
    c = store_begin(w, e);
    if (c != SOUK_OK)
        return c;
    if (p->unchanged)
        c = store_models_touch_page(w, h->s->net->hub, (int64_t)p->no, h->since, e);
    else
        c = write_models(h, w, p, &list, e);
    if (c == SOUK_OK)
        c = h->last ? write_last(h, w, e) : note_position(w, p->no + 1, e);
    c = sync_commit(w, c, e);
    if (c == SOUK_OK) {
        h->models += p->unchanged ? PAGE : (int64_t)list.count;
        h->skipped += (int64_t)list.skipped;
    }
    return c;
}

static void page_run(struct job *j)
{
    struct hub_sync *h = (struct hub_sync *)j;
    struct page *p = &h->page[h->next_write % AHEAD];
    struct arena a;
    if (atomic_load(&j->cancelled))
        return;
    arena_init(&a, PAGE_MEMORY);
    if (write_page(h, p, &a, &h->job_err) != SOUK_OK && p->no > 0)
        err_prefix(&h->job_err, "page %llu", (unsigned long long)p->no);
    arena_release(&a);
}

static void step(struct hub_sync *h);

static void job_done(struct job *j)
{
    struct hub_sync *h = (struct hub_sync *)j;
    struct sync *s = h->s;
    h->working = false;
    if (h->job_err.code != SOUK_OK) {
        h->err = h->job_err;
        h->page[h->next_write % AHEAD].answered = false;
    } else if (h->job.run == page_run && !atomic_load(&j->cancelled)) {
        struct page *p = &h->page[h->next_write % AHEAD];
        buf_release(&p->body);
        p->answered = false;
        h->next_write++;
        task_progress(h->task, h->models, 0);
        if (h->changed)
            sync_dirty(s);
        h->changed = false;
    }
    step(h);
    sync_job_done(s);
}

static void submit(struct hub_sync *h, void (*run)(struct job *))
{
    h->job.run = run;
    h->job.done = job_done;
    h->working = true;
    sync_submit(h->s, &h->job);
}

static void page_answered(void *ud, struct http_response *r)
{
    struct page *p = ud;
    struct hub_sync *h = p->h;
    p->fetch = NULL;
    if (h->ended)
        return;
    if (r->err.code == SOUK_OK) {
        p->answered = true;
        p->unchanged = r->status == 304;
        p->body = r->body;
        buf_init(&r->body, 0);
        snprintf(p->etag, sizeof p->etag, "%s", r->etag);
    } else if (h->err.code == SOUK_OK) {
        h->err = r->err;
    }
    step(h);
}

static bool ask_page(struct hub_sync *h, struct page *p)
{
    struct buf url;
    buf_init(&url, 2 * CONFIG_URL);
    hub_url_models(&url, h->s->net->hub, p->no, PAGE);
    if (buf_check(&url, "the Hub's address", &h->err) == SOUK_OK) {
        p->fetch = fetch_start(h->s, "the Hub", url.p, p->no < h->etags ? h->etag[p->no] : NULL,
                               page_answered, p);
        if (p->fetch == NULL)
            err_nomem(&h->err);
    }
    buf_release(&url);
    return p->fetch != NULL;
}

static void ask(struct hub_sync *h)
{
    while (h->next_ask < h->next_write + AHEAD && h->next_ask < PAGES_MOST) {
        struct page *p = &h->page[h->next_ask % AHEAD];
        p->h = h;
        p->no = h->next_ask;
        if (!ask_page(h, p))
            return;
        h->next_ask++;
    }
}

/* What to do next, whatever just happened. A page that failed counts only once those before it are
 * in: when one of them is the last, it was asked for in vain. */
static void step(struct hub_sync *h)
{
    const struct page *p = &h->page[h->next_write % AHEAD];
    static const struct err fine;
    if (h->working || h->ended)
        return;
    if (h->err.code == SOUK_ECANCEL) {
        end(h, &h->err);
    } else if (h->last) {
        end(h, &fine);
    } else if (p->answered) {
        submit(h, page_run);
    } else if (h->err.code == SOUK_OK) {
        if (h->next_write >= PAGES_MOST)
            err_set(&h->err, SOUK_ENET, "the Hub lists more than %d models", PAGES_MOST * PAGE);
        else
            ask(h);
        if (h->err.code != SOUK_OK)
            end(h, &h->err);
    } else if (p->fetch == NULL) {
        end(h, &h->err);
    }
}

/* --- the door */

souk_err hub_sync_start(struct sync *s, struct err *e)
{
    struct hub_sync *h = mem_zalloc(sizeof *h);
    if (h == NULL)
        return err_nomem(e);
    h->s = s;
    h->task = &s->task[TASK_HUB];
    for (int i = 0; i < AHEAD; i++)
        buf_init(&h->page[i].body, 0);
    s->hub = h;
    submit(h, begin_run);
    return SOUK_OK;
}

void hub_sync_cancel(struct hub_sync *h)
{
    if (h == NULL || h->ended)
        return;
    h->err = sync_stopped;
    loop_cancel(&h->job);
    step(h);
}

void hub_sync_free(struct hub_sync *h)
{
    if (h == NULL)
        return;
    mem_free(h->etag);
    mem_free(h);
}
