#include "walrus/work.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

enum { TELL_EVERY_MS = 50 };

unsigned work_threads(unsigned wanted)
{
    long cores = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > WORK_THREADS_MAX ? WORK_THREADS_MAX : (unsigned)cores;
}

void work_init(struct work *w)
{
    memset(w, 0, sizeof *w);
    w->threads = 1;
    atomic_init(&w->done, 0);
    atomic_init(&w->told, clock_mono_ms());
    atomic_init(&w->failed, false);
    pthread_mutex_init(&w->lock, NULL);
}

void work_release(struct work *w)
{
    pthread_mutex_destroy(&w->lock);
}

void work_fail(struct work *w, const struct err *e)
{
    pthread_mutex_lock(&w->lock);
    if (!w->err.code)
        w->err = *e;
    pthread_mutex_unlock(&w->lock);
    atomic_store(&w->failed, true);
}

bool work_over(struct work *w)
{
    return atomic_load_explicit(&w->failed, memory_order_relaxed) ||
           (w->cancel && atomic_load_explicit(w->cancel, memory_order_relaxed));
}

void work_did(struct work *w, uint64_t amount)
{
    uint64_t done = atomic_fetch_add(&w->done, amount) + amount;
    if (!w->progress)
        return;
    long long now = clock_mono_ms(), told = atomic_load(&w->told);
    if (now - told >= TELL_EVERY_MS && atomic_compare_exchange_strong(&w->told, &told, now))
        w->progress(w->ud, done, w->total);
}

struct run {
    struct work *w;
    size_t count;
    atomic_size_t next;
    void (*one)(void *ud, unsigned thread, size_t i);
    void *ud;
};
struct seat {
    struct run *run;
    unsigned thread;
    pthread_t id;
};

static void *sit(void *ud)
{
    struct seat *s = ud;
    struct run *r = s->run;
    for (size_t i; !work_over(r->w) && (i = atomic_fetch_add(&r->next, 1)) < r->count;)
        r->one(r->ud, s->thread, i);
    return NULL;
}

souk_err work_run(struct work *w, size_t count, void (*one)(void *ud, unsigned thread, size_t i),
                  void *ud, struct err *e)
{
    struct run run = {.w = w, .count = count, .one = one, .ud = ud};
    struct seat seat[WORK_THREADS_MAX] = {{.run = &run}};
    unsigned begun = 1;
    sigset_t all, before; /* signals are for whoever called, not for a helper */
    atomic_init(&run.next, 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; begun < w->threads && begun < count; begun++) {
        seat[begun] = (struct seat){.run = &run, .thread = begun};
        if (pthread_create(&seat[begun].id, NULL, sit, &seat[begun]) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sit(&seat[0]);
    for (unsigned i = 1; i < begun; i++)
        pthread_join(seat[i].id, NULL);
    if (w->err.code) {
        if (e)
            *e = w->err;
        return w->err.code;
    }
    if (work_over(w))
        return err_set(e, SOUK_ECANCEL, "stopped");
    return SOUK_OK;
}
