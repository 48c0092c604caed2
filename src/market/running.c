#include "market/running.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

struct running {
    struct job job; /* the history is written on LANE_CONTENT */
    struct loop *loop;
    struct running_events ev;
    void *ud;
    bool dropped, no_history;
    /* --- the model, held until the run is over */
    int fd;
    struct model_info *info;
    char label[512], file[NAME_MAX + 1], folder[PATH_BUF];
    char id[BLOB_ID_BUF];
    struct onnx_run *run;
    /* --- what came of it */
    struct buf input, output; /* JSON */
    struct run_result result;
    bool worked;
    struct err err;
    int64_t history;
    int64_t time, repeats;
};

static void running_free(struct running *r)
{
    if (r->fd >= 0)
        close(r->fd);
    model_info_free(r->info);
    if (r->worked)
        run_result_release(&r->result);
    buf_release(&r->input);
    buf_release(&r->output);
    mem_free(r);
}

/* --- the end */

static struct untrusted kept_text(const struct buf *b)
{
    return b->bad ? untrusted("") : untrusted_n(b->p, b->len);
}

/* On LANE_CONTENT. A history that cannot be written is no reason to lose the run. */
static void write_history(struct job *j)
{
    struct running *r = (struct running *)j;
    const struct run_times *t = &r->result.times;
    struct runs *runs;
    struct run_row row = {
        .time = r->time,
        .label = untrusted(r->label),
        .blob_id = untrusted(r->id),
        .file = untrusted(r->file),
        .input = kept_text(&r->input),
        .output = kept_text(&r->output),
        .error = untrusted(r->err.msg),
    };
    if (r->worked) {
        row.engine = untrusted(r->result.engine);
        row.session_ns = t->session;
        row.first_ns = t->first;
        row.p50_ns = run_percentile(t, 500);
        row.p95_ns = run_percentile(t, 950);
        row.p99_ns = run_percentile(t, 990);
        row.repeats = t->samples ? r->repeats : 0;
        row.peak_rss = t->peak_rss;
    }
    if (runs_open(&runs, NULL) != SOUK_OK)
        return;
    if (run_add(runs, &row, &r->history, NULL) != SOUK_OK)
        r->history = 0;
    runs_close(runs);
}

static void written(struct job *j)
{
    struct running *r = (struct running *)j;
    if (!r->dropped && r->ev.done)
        r->ev.done(r->ud, r->worked ? &r->result : NULL, r->history, r->worked ? NULL : &r->err);
    running_free(r);
}

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct running *r = ud;
    if (!r->dropped && r->ev.step)
        r->ev.step(r->ud, words, n, total);
}

static void on_done(void *ud, struct run_result *result, const struct err *e)
{
    struct running *r = ud;
    struct json_out o;
    r->run = NULL;
    if (result) { /* taken: its lifetime is ours now */
        r->result = *result;
        *result = (struct run_result){0};
        r->worked = true;
        json_out_init(&o, &r->output);
        if (!r->no_history)
            values_json(&o, NULL, &r->result.outputs);
    } else {
        r->err = *e;
    }
    r->job = (struct job){.run = write_history, .done = written};
    if (r->no_history)
        written(&r->job);
    else
        loop_submit(r->loop, LANE_CONTENT, &r->job);
}

/* --- the start */

/* Weights beside the model: in its folder, all of them there. The library holds one file a model.
 */
static souk_err find_weights(struct running *r, const struct model_file *f, struct err *e)
{
    char path[2 * PATH_BUF];
    const char *slash = strrchr(f->path, '/');
    if (!f->info->has_external)
        return SOUK_OK;
    if (f->from_library)
        return err_set(e, SOUK_EINPUT,
                       "its weights lie in other files, and the library has one a model: put them "
                       "beside it in a folder and run it there");
    snprintf(r->folder, sizeof r->folder, "%.*s", slash ? (int)(slash - f->path) : 1,
             slash ? f->path : ".");
    if (slash == f->path)
        snprintf(r->folder, sizeof r->folder, "/");
    for (size_t i = 0; i < f->info->externals; i++) {
        struct untrusted name = f->info->external[i];
        struct stat st;
        snprintf(path, sizeof path, "%s/%.*s", r->folder, (int)name.n, name.p);
        if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
            return err_set(e, SOUK_ENOTFOUND,
                           "its weights are missing: \"%.*s\" should lie beside the model",
                           name.n < 100 ? (int)name.n : 100, name.p);
    }
    return SOUK_OK;
}

static souk_err take_model(struct running *r, const struct model_file *f, struct err *e)
{
    const char *slash = strrchr(f->path, '/');
    snprintf(r->label, sizeof r->label, "%s", f->label);
    snprintf(r->file, sizeof r->file, "%.255s", slash ? slash + 1 : f->path);
    if (f->from_library) {
        blob_id_format(&f->id, r->id);
        r->file[0] = '\0'; /* "content" says nothing: the ID does */
    }
    souk_err c = model_runnable(f->info, e);
    if (c == SOUK_OK)
        c = find_weights(r, f, e);
    if (c != SOUK_OK)
        return c;
    r->fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
    if (r->fd < 0)
        return err_set(e, SOUK_EFAIL, "the model's file cannot be held open");
    return model_inspect(r->fd, &r->info, e);
}

struct running *running_start(struct market *m, const struct model_file *f, const struct values *in,
                              const struct running_options *o, const struct running_events *ev,
                              void *ud, struct err *e)
{
    static const struct run_events events = {.step = on_step, .done = on_done};
    struct engine_search engine;
    struct json_out out;
    struct running *r = mem_zalloc(sizeof *r);
    if (!r) {
        err_nomem(e);
        return NULL;
    }
    r->loop = market_loop(m);
    r->ev = *ev;
    r->ud = ud;
    r->fd = -1;
    r->time = clock_now();
    r->repeats = o->repeat;
    r->no_history = o->no_history;
    buf_init(&r->input, RUN_TEXT_MAX);
    buf_init(&r->output, RUN_TEXT_MAX);
    if (take_model(r, f, e) != SOUK_OK) {
        running_free(r);
        return NULL;
    }
    if (o->input) {
        buf_adds(&r->input, o->input);
    } else {
        json_out_init(&out, &r->input);
        values_plain_json(&out, NULL, in);
    }
    engine_places(market_config(m)->engine, &engine);
    const struct run_request rq = {
        .model = r->fd,
        .folder = r->folder[0] ? r->folder : NULL,
        .info = r->info,
        .inputs = in,
        .engine = &engine,
        .threads = o->threads,
        .repeat = o->repeat,
        .warmup = o->warmup,
        .level = o->level,
        .memory = o->memory,
        .timeout_ms = o->timeout_ms,
    };
    r->run = onnx_run_start(r->loop, &rq, &events, r, e);
    if (!r->run) {
        running_free(r);
        return NULL;
    }
    return r;
}

void running_cancel(struct running *r)
{
    if (r->run)
        onnx_run_cancel(r->run);
}

void running_drop(struct running *r)
{
    if (!r)
        return;
    r->dropped = true;
    running_cancel(r);
}
