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

static void look_fit(struct inspected *i)
{
    i->failed = (struct err){0};
    if (model_runnable(i->file.info, &i->unfit) == SOUK_OK)
        i->unfit = (struct err){0};
}

static souk_err run(struct work *w)
{
    struct inspecting *k = (struct inspecting *)w;
    struct inspected *i = mem_zalloc(sizeof *i);
    if (!i)
        return err_nomem(&w->err);
    i->refs = 1;
    arena_init(&i->arena, MEMORY);
    souk_err c = library_about(&k->id, &i->arena, &i->row, &w->err);
    if (c != SOUK_OK) {
        inspected_unref(i);
        return c;
    }
    if (model_file_of_blob(&k->id, k->label[0] ? k->label : NULL, &i->file, &i->failed) == SOUK_OK)
        look_fit(i);
    else
        i->file.info = NULL;
    k->got = i;
    return SOUK_OK;
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
