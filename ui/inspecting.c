#include "ui/inspecting.h"

#include <stdio.h>

#include "base/mem.h"
#include "ui/work.h"

#include "base/banned.h"

enum { MEMORY = 1 << 20 };

struct inspecting {
    struct work w; /* first */
    blob_id id;
    char label[512];
    struct inspected *got;
    inspecting_fn done;
    void *ud;
};

struct inspected *inspected_ref(struct inspected *i)
{
    i->refs++;
    return i;
}

void inspected_unref(struct inspected *i)
{
    if (!i || --i->refs)
        return;
    if (i->file.info)
        model_file_close(&i->file);
    arena_release(&i->arena);
    mem_free(i);
}

static void run(struct work *w)
{
    struct inspecting *k = (struct inspecting *)w;
    struct inspected *i = mem_zalloc(sizeof *i);
    if (!i) {
        err_nomem(&w->err);
        return;
    }
    i->refs = 1;
    arena_init(&i->arena, MEMORY);
    if (library_about(&k->id, &i->arena, &i->row, &w->err) != SOUK_OK) {
        inspected_unref(i);
        return;
    }
    if (model_file_of_blob(&k->id, k->label[0] ? k->label : NULL, &i->file, &i->failed) == SOUK_OK)
        model_runnable(i->file.info, &i->unfit);
    else
        i->file.info = NULL;
    k->got = i;
}

static void finished(void *owner, struct work *w)
{
    struct inspecting *k = owner;
    struct inspected *i = k->got;
    k->got = NULL;
    k->done(k->ud, i, &w->err);
}

static void release(struct work *w)
{
    inspected_unref(((struct inspecting *)w)->got);
}

struct inspecting *inspecting_start(struct domain *d, const blob_id *id, const char *label,
                                    inspecting_fn done, void *ud)
{
    struct inspecting *k = mem_zalloc(sizeof *k);
    if (!k)
        return NULL;
    k->id = *id;
    snprintf(k->label, sizeof k->label, "%s", label ? label : "");
    k->done = done;
    k->ud = ud;
    k->w.run = run;
    k->w.done = finished;
    k->w.release = release;
    work_start(market_loop(d->market), LANE_LOAD, &k->w, k);
    return k;
}

void inspecting_drop(struct inspecting *k)
{
    work_drop(k ? &k->w : NULL);
}
