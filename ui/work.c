#include "ui/work.h"

#include "base/mem.h"

#include "base/banned.h"

static void work_run(struct job *job)
{
    struct work *w = (struct work *)job;
    souk_err c;
    if (!atomic_load(&job->cancelled))
        c = w->run(w);
    else
        c = err_set(&w->err, SOUK_ECANCEL, "stopped");
    if (c == SOUK_OK) /* whoever tried something on the way may have left words in it */
        w->err = (struct err){0};
}

static void work_done(struct job *job)
{
    struct work *w = (struct work *)job;
    if (w->owner)
        w->done(w->owner, w);
    if (w->release)
        w->release(w);
    mem_free(w);
}

void work_start(struct loop *l, enum lane lane, struct work *w, void *owner)
{
    w->owner = owner;
    w->job.run = work_run;
    w->job.done = work_done;
    loop_submit(l, lane, &w->job);
}

void work_drop(struct work *w)
{
    if (!w)
        return;
    w->owner = NULL;
    loop_cancel(&w->job);
}
