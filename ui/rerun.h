/*
 * rerun.h: a paid call's input, run on this machine: does the seller's answer agree?
 *
 * Looks whether the call's model is on this disk; then, when asked to, runs its request's input
 * here and holds what comes out against the answer (onnx/agree.h).
 */
#ifndef SOUK_UI_RERUN_H
#define SOUK_UI_RERUN_H

#include "market/running.h"
#include "ui/domain.h"

enum rerun_state {
    RERUN_LOOKING,
    RERUN_NOT_HERE, /* or nobody knows which file it is */
    RERUN_READY,    /* it can be run */
    RERUN_RUNS,
    RERUN_AGREES,
    RERUN_DIFFERS,
    RERUN_FAILED /* or there is nothing to compare: words */
};

struct rerun;

/*
 * what: "author/name", as the purchase has it, or a model of the catalogue when it is not 0. body
 * and answer are copied. fn comes whenever something changed. NULL without memory.
 */
struct rerun *rerun_new(struct domain *d, int64_t model, struct untrusted what,
                        struct untrusted body, struct untrusted answer, void (*fn)(void *ud),
                        void *ud);
void rerun_start(struct rerun *r);      /* when it is RERUN_READY, or again */
void rerun_when_ready(struct rerun *r); /* starts by itself as soon as it can */
void rerun_free(struct rerun *r);       /* NULL is a no-op; a run under way is stopped */

enum rerun_state rerun_state(const struct rerun *r);
/* One line for where the answer is shown; false: nothing to say. */
bool rerun_line(const struct rerun *r, struct strip *out);

#endif
