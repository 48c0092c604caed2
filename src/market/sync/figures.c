/*
 * When to derive and to judge: soon after rows begin to come, then now and then, for a share of the
 * writer's time, and once at the end.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "market/derive.h"
#include "market/genuine.h"
#include "market/sync/internal.h"
#include "store/rollup.h"

#include "base/banned.h"

enum {
    DERIVE_EACH_MS = 3000, /* not more often, while rows pour in */
    DERIVE_SHARE = 10,     /* and at most a tenth of the writer's time */
    DERIVE_DEAR_MS = 2000, /* following: what takes less is done each time */
};

struct derive_job {
    struct job job;
    struct sync *s;
    struct err err;
    int64_t ms;
    bool ran, final, lags;
    bool index; /* all there is to read was read */
};

/* Judging reads every row: while rows pour in, for at most a tenth of the time. */
static void judge(struct derive_job *d)
{
    struct sync *s = d->s;
    struct known k;
    int64_t begun = clock_mono_ms();
    if (!d->final && begun - s->judged_at < s->judge_ms * DERIVE_SHARE)
        return;
    if (known_load(&k, &d->err) != SOUK_OK)
        return;
    d->ran |= genuine_stale(s->w, s->rules, &k);
    genuine_judge(s->w, s->net, s->rules, &k, &s->stop, &d->err);
    known_release(&k);
    s->judged_at = clock_mono_ms();
    s->judge_ms = s->judged_at - begun;
}

static const char key_took[] = "figures_ms", key_ended[] = "figures_at";

/* Following a chain: were figures that take long made not long ago? */
static bool not_yet(const struct derive_job *d)
{
    struct store *w = d->s->w;
    int64_t took = store_meta_int(w, key_took, 0),
            since = clock_now() - store_meta_int(w, key_ended, 0);
    return d->final && d->s->following && took > DERIVE_DEAR_MS && since >= 0 &&
           since * 1000 < took * DERIVE_SHARE;
}

/* How long they took, for the next sync; a figure of no importance, lost when it cannot be kept. */
static void keep_pace(struct derive_job *d, int64_t ms)
{
    struct store *w = d->s->w;
    struct err e;
    if (store_begin(w, &e) != SOUK_OK)
        return;
    souk_err c = store_meta_set_int(w, key_took, ms, &e);
    if (c == SOUK_OK)
        c = store_meta_set_int(w, key_ended, clock_now(), &e);
    sync_commit(w, c, &e);
}

static void derive_run(struct job *j)
{
    struct derive_job *d = (struct derive_job *)j;
    int64_t begun = clock_mono_ms();
    struct err e;
    d->lags = not_yet(d);
    if (d->lags)
        return;
    if (store_sum(d->s->w, &d->s->stop, &d->err) != SOUK_OK)
        return;
    if (d->index && store_index(d->s->w, &d->s->stop, &e) != SOUK_OK) {
        if (e.code == SOUK_ECANCEL) {
            d->err = e;
            return;
        }
        log_warn("sync: %s", e.msg); /* slower, not wrong */
    }
    d->ran = derive_stale(d->s->w);
    if (d->ran)
        derive(d->s->w, d->s->net, &d->err);
    d->ms = clock_mono_ms() - begun;
    if (d->err.code == SOUK_OK)
        judge(d);
    if (d->ran && d->final && d->err.code == SOUK_OK)
        keep_pace(d, clock_mono_ms() - begun);
}

static void derive_done(struct job *j)
{
    struct derive_job *d = (struct derive_job *)j;
    struct sync *s = d->s;
    bool changed = d->ran; /* what failed has changed nothing, but what came before it may have */
    int64_t wait = d->ms * DERIVE_SHARE;
    s->deriving = false;
    s->derive_at = clock_mono_ms() + (wait > DERIVE_EACH_MS ? wait : DERIVE_EACH_MS);
    if (d->lags)
        task_note(&s->task[TASK_FIGURES], "they take long: made again later");
    if (s->final || d->err.code != SOUK_OK)
        task_conclude(&s->task[TASK_FIGURES], &d->err);
    mem_free(d);
    if (changed && s->ev.changed != NULL)
        s->ev.changed(s->ev.ud);
    if (s->files_wait)
        sync_files_begin(s);
    if (s->dirty && !s->final)
        sync_dirty(s);
    sync_job_done(s);
}

/* All rows of a first fill are in. */
static bool chains_read(const struct sync *s)
{
    const struct task *pay = &s->task[TASK_PAYMENTS], *infer = &s->task[TASK_INFERENCES];
    return (pay->on || infer->on) && (!pay->on || pay->st.phase == SYNC_OK) &&
           (!infer->on || infer->st.phase == SYNC_OK);
}

void figures_now(void *ud)
{
    struct sync *s = ud;
    struct derive_job *d = mem_zalloc(sizeof *d);
    s->derive_timer = 0;
    if (d == NULL) {
        struct err e;
        err_nomem(&e);
        task_conclude(&s->task[TASK_FIGURES], &e);
        if (s->files_wait)
            sync_files_begin(s);
        return;
    }
    if (s->task[TASK_FIGURES].st.phase != SYNC_RUNNING)
        task_start(&s->task[TASK_FIGURES]);
    d->job.run = derive_run;
    d->job.done = derive_done;
    d->s = s;
    d->final = s->final;
    d->index = s->final && chains_read(s);
    s->dirty = false;
    s->deriving = true;
    sync_submit(s, &d->job);
}

void sync_dirty(struct sync *s)
{
    s->dirty = true;
    if (s->derive_timer != 0 || s->deriving || s->final || s->cancelled)
        return;
    int64_t wait = s->derive_at - clock_mono_ms();
    s->derive_timer = loop_timer(s->loop, wait > 0 ? wait : 0, figures_now, s);
}
