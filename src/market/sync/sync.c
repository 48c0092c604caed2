#include "market/sync.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    TELL_MS = 100,          /* between two state events of a source */
    DERIVE_FIRST_MS = 1500, /* after the start: the first figures soon */
};

static const char *const task_names[TASKS] = {"hub",        "bazaar", "listings", "payments",
                                              "inferences", "files",  "figures"};

const struct err sync_stopped = {SOUK_ECANCEL, "stopped"};

/* --- tasks */

struct state_job {
    struct job job;
    struct sync *s;
    struct sync_state st;
    char text[ERR_MSG_MAX];
};

static void state_run(struct job *j)
{
    struct state_job *sj = (struct state_job *)j;
    struct err e;
    if (store_sync_state_put(sj->s->w, &sj->st, &e) != SOUK_OK)
        log_warn("sync: %s", e.msg);
}

static void state_done(struct job *j)
{
    struct sync *s = ((struct state_job *)j)->s;
    mem_free(j);
    sync_job_done(s);
}

/* Keeps how a task ended for the Activity screen of a later start. (Not that it began: after a kill
 * nothing would be running, whatever the row said.) */
static void persist(struct task *t)
{
    struct state_job *sj = mem_zalloc(sizeof *sj);
    if (sj == NULL)
        return;
    sj->job.run = state_run;
    sj->job.done = state_done;
    sj->s = t->s;
    sj->st = t->st;
    if (t->st.message != NULL) {
        memcpy(sj->text, t->text, sizeof sj->text);
        sj->st.message = sj->text;
    }
    sync_submit(t->s, &sj->job);
}

static void tell(struct task *t, bool at_once)
{
    int64_t now = clock_mono_ms();
    if (!at_once && now - t->told < TELL_MS)
        return;
    t->told = now;
    if (t->s->ev.state != NULL)
        t->s->ev.state(t->s->ev.ud, &t->st);
}

void task_start(struct task *t)
{
    t->st.phase = SYNC_RUNNING;
    t->st.done = t->st.total = 0;
    t->st.message = NULL;
    t->st.started = clock_now();
    t->st.finished = 0;
    tell(t, true);
}

void task_progress(struct task *t, int64_t done, int64_t total)
{
    t->st.done = done;
    t->st.total = total;
    tell(t, false);
}

void task_note(struct task *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    t->st.message = t->text;
    log_info("sync: %s: %s", t->st.source, t->text);
    tell(t, true);
}

void task_conclude(struct task *t, const struct err *e)
{
    bool ok = e == NULL || e->code == SOUK_OK;
    t->st.finished = clock_now();
    if (ok) {
        t->st.phase = SYNC_OK;
        t->st.ok_at = t->st.finished;
    } else {
        t->st.phase = e->code == SOUK_ECANCEL ? SYNC_STOPPED : SYNC_FAILED;
        snprintf(t->text, sizeof t->text, "%s", e->msg);
        t->st.message = t->text;
        if (e->code != SOUK_ECANCEL) {
            t->s->failed++;
            log_warn("sync: %s: %s", t->st.source, e->msg);
        }
        if (t->s->first.code == SOUK_OK)
            t->s->first = *e;
    }
    persist(t);
    tell(t, true);
}

static void maybe_end(struct sync *s);

/*
 * The files are asked for when the Hub and the listings are in and figures were derived from them,
 * which says of each model whether anything tells its file. A Hub that failed is not asked.
 */
static void files_turn(struct sync *s)
{
    struct task *files = &s->task[TASK_FILES];
    enum sync_phase hub = s->task[TASK_HUB].st.phase, listings = s->task[TASK_LISTINGS].st.phase;
    bool waits = files->on && files->st.phase == SYNC_NEVER && !s->files_wait;
    if (!waits || (s->task[TASK_HUB].on && (hub == SYNC_NEVER || hub == SYNC_RUNNING)) ||
        (s->task[TASK_LISTINGS].on && (listings == SYNC_NEVER || listings == SYNC_RUNNING)))
        return;
    if (s->cancelled || (s->task[TASK_HUB].on && hub != SYNC_OK)) {
        files->on = false;
        s->running--;
        return;
    }
    s->files_wait = true;
    if (s->deriving)
        return;
    loop_timer_cancel(s->loop, s->derive_timer);
    figures_now(s);
}

void sync_files_begin(struct sync *s)
{
    struct err e = {0};
    s->files_wait = false;
    task_start(&s->task[TASK_FILES]);
    if (s->cancelled)
        task_end(&s->task[TASK_FILES], &sync_stopped);
    else if (files_queue_start(s, &e) != SOUK_OK)
        task_end(&s->task[TASK_FILES], &e);
}

void task_end(struct task *t, const struct err *e)
{
    struct sync *s = t->s;
    task_conclude(t, e);
    if (s->running == 0)
        BUG("task %s ended twice", t->st.source);
    s->running--;
    files_turn(s);
    maybe_end(s);
}

/* --- jobs */

void sync_submit(struct sync *s, struct job *j)
{
    s->jobs++;
    atomic_store(&j->cancelled, false);
    loop_submit(s->loop, LANE_WRITE, j);
}

void sync_job_done(struct sync *s)
{
    s->jobs--;
    maybe_end(s);
}

souk_err sync_commit(struct store *w, souk_err c, struct err *e)
{
    if (c == SOUK_OK)
        c = store_commit(w, e);
    if (c != SOUK_OK)
        store_rollback(w);
    return c;
}

/* --- the whole */

/* After the last task: the figures, then the last word. Called whenever something finished. */
static void maybe_end(struct sync *s)
{
    if (s->running > 0 || s->ended)
        return;
    if (!s->final && !s->deriving) {
        s->final = true;
        loop_timer_cancel(s->loop, s->derive_timer);
        s->derive_timer = 0;
        if (!s->cancelled)
            figures_now(s);
        else if (s->task[TASK_FIGURES].st.phase == SYNC_RUNNING)
            task_conclude(&s->task[TASK_FIGURES], &sync_stopped);
    }
    if (s->jobs > 0)
        return;
    s->ended = true;
    if (s->ev.done != NULL)
        s->ev.done(s->ev.ud, s->failed, &s->first);
}

/* What a sync begins with, on the writer: the symbols of our tokens, and what was there before. */
struct begin_job {
    struct job job;
    struct sync *s;
    struct err err;
    int64_t ok_at[TASKS];
};

static void begin_run(struct job *j)
{
    struct begin_job *b = (struct begin_job *)j;
    const struct network *n = b->s->net;
    struct store *w = b->s->w;
    struct sync_state *st = NULL;
    size_t states = 0;
    struct arena a;
    souk_err c = store_begin(w, &b->err);
    if (c != SOUK_OK)
        return;
    for (unsigned i = 0; i < n->tokens && c == SOUK_OK; i++)
        c = store_asset_put(w, n->payment.chain_id, n->token[i].addr, n->token[i].symbol,
                            n->token[i].decimals, &b->err);
    if (sync_commit(w, c, &b->err) != SOUK_OK)
        return;
    arena_init(&a, 1 << 20);
    if (store_sync_states(w, &a, &st, &states, NULL) == SOUK_OK) {
        for (size_t i = 0; i < states; i++) {
            for (int t = 0; t < TASKS; t++) {
                if (strcmp(st[i].source, task_names[t]) == 0)
                    b->ok_at[t] = st[i].ok_at;
            }
        }
    }
    arena_release(&a);
}

static void start_one(struct sync *s, int task, souk_err (*start)(struct sync *, struct err *))
{
    struct err e = {0};
    if (!s->task[task].on)
        return;
    task_start(&s->task[task]);
    if (start(s, &e) != SOUK_OK)
        task_end(&s->task[task], &e);
}

static void fail_all(struct sync *s, const struct err *e)
{
    s->running -= s->task[TASK_FILES].on;
    s->task[TASK_FILES].on = false;
    for (int t = 0; t < TASK_FILES; t++) {
        if (s->task[t].on)
            task_end(&s->task[t], e);
    }
}

static void start_chain(struct sync *s, bool payment, struct chain **out)
{
    struct err e = {0};
    int first = payment ? TASK_LISTINGS : TASK_INFERENCES;
    int last = payment ? TASK_PAYMENTS : TASK_INFERENCES;
    bool any = false;
    for (int t = first; t <= last; t++) {
        if (s->task[t].on)
            task_start(&s->task[t]);
        any |= s->task[t].on;
    }
    if (!any || chain_start(s, payment, out, &e) == SOUK_OK)
        return;
    for (int t = first; t <= last; t++) {
        if (s->task[t].on)
            task_end(&s->task[t], &e);
    }
}

static void begin_done(struct job *j)
{
    struct begin_job *b = (struct begin_job *)j;
    struct sync *s = b->s;
    struct err e = b->err;
    for (int t = 0; t < TASKS; t++)
        s->task[t].st.ok_at = b->ok_at[t];
    mem_free(b);
    if (e.code == SOUK_OK && s->cancelled)
        e = sync_stopped;
    if (e.code != SOUK_OK) {
        fail_all(s, &e);
    } else {
        /* Held up by one while they start, so that a quick failure of the first ends nothing. */
        s->running++;
        start_one(s, TASK_HUB, hub_sync_start);
        start_one(s, TASK_BAZAAR, bazaar_sync_start);
        start_chain(s, true, &s->payment);
        start_chain(s, false, &s->inference);
        s->running--;
        files_turn(s);
    }
    sync_job_done(s);
}

/* Is it among the names? */
static bool chosen(const char *only, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = only; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    }
    return only == NULL;
}

static void choose_tasks(struct sync *s, const char *only)
{
    const struct network *n = s->net;
    const bool there[TASKS] = {
        [TASK_HUB] = n->hub[0] != '\0',
        [TASK_BAZAAR] = n->bazaar[0] != '\0',
        [TASK_LISTINGS] = n->has_listings && n->payment.rpc[0] != '\0',
        [TASK_PAYMENTS] = n->tokens > 0 && n->payment.rpc[0] != '\0',
        [TASK_INFERENCES] = n->inference.rpc[0] != '\0',
        [TASK_FILES] = n->hub[0] != '\0',
    };
    for (int t = 0; t < TASKS; t++) {
        s->task[t].s = s;
        s->task[t].st.source = task_names[t];
        s->task[t].on = there[t] && chosen(only, task_names[t]);
        s->running += s->task[t].on;
    }
}

souk_err sync_check_only(const char *only, struct err *e)
{
    for (const char *p = only;; p++) {
        size_t n = strcspn(p, ",");
        int t = 0;
        while (t < TASK_FIGURES && (strlen(task_names[t]) != n || memcmp(task_names[t], p, n) != 0))
            t++;
        if (t == TASK_FIGURES)
            return err_set(e, SOUK_EUSAGE,
                           "there is no source \"%.*s\": hub, bazaar, listings, payments, "
                           "inferences, files",
                           (int)(n < 40 ? n : 40), p);
        p += n;
        if (*p == '\0')
            return SOUK_OK;
    }
}

struct sync *sync_start(struct loop *l, struct http *h, struct store *w, const struct network *n,
                        const struct sync_options *o, const struct sync_events *ev, struct err *e)
{
    struct sync *s;
    struct begin_job *b;
    bool none = o->only != NULL && strcmp(o->only, "none") == 0;
    if (o->only != NULL && !none && sync_check_only(o->only, e) != SOUK_OK)
        return NULL;
    s = mem_zalloc(sizeof *s);
    b = mem_zalloc(sizeof *b);
    if (s == NULL || b == NULL) {
        mem_free(s);
        mem_free(b);
        err_nomem(e);
        return NULL;
    }
    s->loop = l;
    s->http = h;
    s->w = w;
    s->net = n;
    s->full = o->full;
    s->rules = o->rules != NULL ? o->rules : &rules_default;
    s->ev = *ev;
    s->derive_at = clock_mono_ms() + DERIVE_FIRST_MS;
    choose_tasks(s, o->only);
    s->payment_end = o->payment_end;
    s->inference_end = o->inference_end;
    /* With nothing to read there is nothing to count. */
    s->following = o->following;
    s->final = o->rows_only || none;
    b->job.run = begin_run;
    b->job.done = begin_done;
    b->s = s;
    sync_submit(s, &b->job);
    return s;
}

void sync_cancel(struct sync *s)
{
    if (s->cancelled)
        return;
    s->cancelled = true;
    atomic_store(&s->stop, true);
    files_sync_cancel(s->files);
    if (s->ended)
        return;
    if (s->first.code == SOUK_OK)
        s->first = sync_stopped;
    loop_timer_cancel(s->loop, s->derive_timer);
    s->derive_timer = 0;
    hub_sync_cancel(s->hub);
    bazaar_sync_cancel(s->bazaar);
    chain_cancel(s->payment);
    chain_cancel(s->inference);
}

bool sync_idle(const struct sync *s)
{
    return s->ended && s->jobs == 0 && s->files == NULL;
}

void sync_free(struct sync *s)
{
    if (s == NULL)
        return;
    if (!sync_idle(s))
        BUG("a sync is freed before its end");
    hub_sync_free(s->hub);
    bazaar_sync_free(s->bazaar);
    files_queue_free(s->queue);
    chain_free(s->payment);
    chain_free(s->inference);
    mem_free(s);
}
