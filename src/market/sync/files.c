/*
 * Versions and files of models, one model at a time: three kinds of question, one transaction.
 *
 * Asked for two reasons. Somebody looks at a model (sync_files). Or nothing else tells which file
 * a model is, neither a listing nor its description, and calls are counted by the file's id: then
 * the source "files" asks, a few models at once, and each only once a week. Whether a Hub answers
 * these calls without an account is not known; one that refuses them is left alone for a day.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    LOOKED_S = 600,      /* a model that somebody looks at, not more often */
    AGAIN_S = 7 * 86400, /* one whose file nothing tells */
    REFUSED_S = 86400,   /* after a Hub refused */
    REFUSALS = 3,        /* in a row, with nothing told before */
    AT_ONCE = 4,
    VERSIONS_MOST = 20,
    MEMORY = 8 << 20,
    QUEUE_MEMORY = 32 << 20,
};

static const char *const meta_refused = "hub_files_refused";

/* --- one model */

struct files_sync {
    struct job job; /* first */
    struct sync *s;
    struct files_sync *next;
    int64_t model;
    int64_t within; /* seconds in which it need not be asked again */
    struct arena memory;
    struct untrusted author, name;
    struct hub_versions versions;
    struct hub_files files[VERSIONS_MOST];
    size_t count, at; /* versions that count; the one whose files are asked for */
    bool looked_up, listed, skip, written;
    struct fetch *fetch;
    struct buf body;
    struct err err;
    void (*done)(void *ud, const struct err *e);
    void *ud;
};

/* [writer] */
static void look_up(struct files_sync *f)
{
    struct store *w = f->s->w;
    int64_t last = store_source_time(w, SOURCE_HUB_DETAIL, f->s->net->hub, f->model);
    f->looked_up = true;
    f->skip = f->s->net->hub[0] == '\0' || (last > 0 && clock_now() - last < f->within);
    if (!f->skip)
        store_model_name(w, f->model, &f->memory, &f->author, &f->name, &f->err);
}

/* [writer] The source row goes in even when there is no file: it says that we asked. */
static void write_files(struct files_sync *f)
{
    struct store *w = f->s->w;
    const struct source_row row = {.kind = SOURCE_HUB_DETAIL,
                                   .place = f->s->net->hub,
                                   .first = f->model,
                                   .last = f->model,
                                   .time = clock_now()};
    int64_t src = 0;
    souk_err c = store_begin(w, &f->err);
    if (c != SOUK_OK)
        return;
    c = store_source_add(w, &row, &src, &f->err);
    for (size_t v = 0; v < f->count; v++) {
        for (size_t i = 0; i < f->files[v].count && c == SOUK_OK; i++) {
            const struct hub_version *version = &f->versions.version[v];
            const struct hub_file *file = &f->files[v].file[i];
            const struct file_in in = {version->version, file->name, file->blob_id, version->notes,
                                       file->size};
            c = store_file_put(w, f->model, &in, src, &f->err);
        }
    }
    f->written = sync_commit(w, c, &f->err) == SOUK_OK;
}

/* [writer] */
static void run(struct job *j)
{
    struct files_sync *f = (struct files_sync *)j;
    if (!f->looked_up) {
        look_up(f);
        return;
    }
    if (!f->listed) {
        f->listed = true;
        hub_versions_parse(f->body.p, f->body.len, &f->memory, &f->versions, &f->err);
        f->count = f->versions.count < VERSIONS_MOST ? f->versions.count : VERSIONS_MOST;
    } else {
        hub_files_parse(f->body.p, f->body.len, &f->memory, &f->files[f->at++], &f->err);
    }
    if (f->err.code == SOUK_OK && f->at == f->count)
        write_files(f);
}

static void end(struct files_sync *f)
{
    struct files_sync **at = &f->s->files;
    if (f->err.code != SOUK_OK && f->err.code != SOUK_ECANCEL)
        log_info("files of model %lld: %s", (long long)f->model, f->err.msg);
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    if (f->done != NULL)
        f->done(f->ud, &f->err);
    buf_release(&f->body);
    arena_release(&f->memory);
    mem_free(f);
}

static void ask(struct files_sync *f);

static void job_done(struct job *j)
{
    struct files_sync *f = (struct files_sync *)j;
    struct sync *s = f->s;
    buf_release(&f->body);
    if (s->cancelled)
        f->err = sync_stopped;
    if (f->skip || f->written || f->err.code != SOUK_OK)
        end(f);
    else
        ask(f);
    sync_job_done(s);
}

static void submit(struct files_sync *f)
{
    f->job.run = run;
    f->job.done = job_done;
    sync_submit(f->s, &f->job);
}

static void answered(void *ud, struct http_response *r)
{
    struct files_sync *f = ud;
    f->fetch = NULL;
    if (r->err.code != SOUK_OK) {
        f->err = r->err;
        end(f);
        return;
    }
    f->body = r->body;
    buf_init(&r->body, 0);
    submit(f);
}

static void ask(struct files_sync *f)
{
    const char *base = f->s->net->hub;
    struct buf url;
    buf_init(&url, 8 << 10);
    if (f->listed)
        hub_url_files(&url, base, f->name, f->author, f->versions.version[f->at].version);
    else
        hub_url_versions(&url, base, f->name, f->author);
    if (buf_check(&url, "the model's address", &f->err) == SOUK_OK) {
        f->fetch = fetch_start(f->s, "the Hub", url.p, NULL, answered, f);
        if (f->fetch == NULL)
            err_nomem(&f->err);
    }
    buf_release(&url);
    if (f->fetch == NULL)
        end(f);
}

/* False without memory; done does not come then. */
static bool start(struct sync *s, int64_t model, int64_t within,
                  void (*done)(void *ud, const struct err *e), void *ud)
{
    struct files_sync *f = mem_zalloc(sizeof *f);
    if (f == NULL)
        return false;
    f->s = s;
    f->model = model;
    f->within = within;
    f->done = done;
    f->ud = ud;
    arena_init(&f->memory, MEMORY);
    buf_init(&f->body, 0);
    f->next = s->files;
    s->files = f;
    submit(f);
    return true;
}

void sync_files(struct sync *s, int64_t model, void (*done)(void *ud, const struct err *e),
                void *ud)
{
    struct err e;
    if (start(s, model, LOOKED_S, done, ud))
        return;
    err_nomem(&e);
    if (done != NULL)
        done(ud, &e);
}

void sync_files_drop(struct sync *s, void *ud)
{
    for (struct files_sync *f = s->files; f != NULL; f = f->next) {
        if (f->ud == ud)
            f->done = NULL;
    }
}

/* Those without a fetch have a job under way and end with it: s->cancelled stands. */
void files_sync_cancel(struct files_sync *list)
{
    while (list != NULL) {
        struct files_sync *next = list->next;
        if (list->fetch != NULL)
            fetch_cancel(list->fetch);
        list = next;
    }
}

/* --- the source "files": all models whose file nothing tells */

struct files_queue {
    struct job job; /* first: to list them, and to remember a refusal */
    struct sync *s;
    struct task *task;
    struct arena memory;
    int64_t *model;
    size_t models, next, told;
    unsigned busy, refusals;
    bool listed, refused, ended, filling;
    struct err err;
};

static void queue_run(struct job *j)
{
    struct files_queue *q = (struct files_queue *)j;
    struct store *w = q->s->w;
    int64_t now = clock_now();
    if (q->refused) {
        store_meta_set_int(w, meta_refused, now, &q->err);
        return;
    }
    q->listed = true;
    if (!q->s->full && now - store_meta_int(w, meta_refused, 0) < REFUSED_S)
        return;
    store_models_without_blob(w, q->s->net->hub, q->s->full ? now : now - AGAIN_S, &q->memory,
                              &q->model, &q->models, &q->err);
}

static void queue_end(struct files_queue *q, const struct err *e)
{
    q->ended = true;
    task_end(q->task, e);
}

static void queue_fill(struct files_queue *q);

static void one_done(void *ud, const struct err *e)
{
    struct files_queue *q = ud;
    q->busy--;
    if (e->code == SOUK_OK) {
        q->told++;
        q->refusals = 0;
        sync_dirty(q->s);
        task_progress(q->task, (int64_t)q->told, (int64_t)q->models);
    } else if (e->code == SOUK_ECANCEL) {
        q->err = *e;
    } else {
        q->refusals++;
    }
    queue_fill(q);
}

/* Starts models up to AT_ONCE; ends when nothing is left. Not re-entered by what it starts. */
static void queue_fill(struct files_queue *q)
{
    if (q->filling || q->ended)
        return;
    q->filling = true;
    bool hopeless = q->told == 0 && q->refusals >= REFUSALS;
    while (!hopeless && q->err.code == SOUK_OK && q->busy < AT_ONCE && q->next < q->models) {
        q->busy++;
        if (!start(q->s, q->model[q->next++], 0, one_done, q)) {
            q->busy--;
            err_nomem(&q->err);
        }
    }
    q->filling = false;
    if (q->busy > 0)
        return;
    if (hopeless && !q->refused && q->err.code == SOUK_OK) {
        q->refused = true;
        task_note(q->task, "this Hub does not tell the files of models; asked again in a day");
        sync_submit(q->s, &q->job);
    } else {
        queue_end(q, &q->err);
    }
}

static void queue_done(struct job *j)
{
    struct files_queue *q = (struct files_queue *)j;
    struct sync *s = q->s;
    if (s->cancelled)
        q->err = sync_stopped;
    if (q->refused || q->err.code != SOUK_OK)
        queue_end(q, &q->err);
    else
        queue_fill(q);
    sync_job_done(s);
}

souk_err files_queue_start(struct sync *s, struct err *e)
{
    struct files_queue *q = mem_zalloc(sizeof *q);
    if (q == NULL)
        return err_nomem(e);
    q->s = s;
    q->task = &s->task[TASK_FILES];
    arena_init(&q->memory, QUEUE_MEMORY);
    q->job.run = queue_run;
    q->job.done = queue_done;
    s->queue = q;
    sync_submit(s, &q->job);
    return SOUK_OK;
}

void files_queue_free(struct files_queue *q)
{
    if (q == NULL)
        return;
    arena_release(&q->memory);
    mem_free(q);
}
