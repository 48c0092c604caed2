/*
 * run.h: running a model in a process of its own, souk-runner, that can do nothing else.
 *
 * The runner gets the model as an open descriptor and its inputs by a pipe. It loads ONNX Runtime,
 * shuts itself in (no network, no files, no new processes; bounded memory, processor and wall
 * time; nothing readable but what it was handed), and only then looks at the model. Whatever the
 * model does, the runner dies alone and says one line.
 *
 * A run is loop work: start returns at once, done() comes on the loop, exactly once, also for a
 * cancelled run (SOUK_ECANCEL). Cancelling kills the runner.
 *
 * Errors: SOUK_EINPUT the model or the inputs (in ONNX Runtime's words, cleaned of its source
 * paths), SOUK_ELIMIT the memory or time given, SOUK_ENOTFOUND there is no usable engine (the
 * message says what was found and refused, and how to get one), SOUK_EFAIL it died.
 */
#ifndef SOUK_ONNX_RUN_H
#define SOUK_ONNX_RUN_H

#include "net/loop.h"
#include "onnx/engine.h"
#include "onnx/values.h"

enum {
    RUN_THREADS_MAX = 64,
    RUN_REPEAT_MAX = 1000000,
    RUN_SAMPLES = 100000, /* latencies kept */
    RUN_TIMEOUT_MS = 60000,
    RUN_OUTPUT_MAX = 256 << 20, /* bytes of outputs that are taken back */
};

struct run_request {
    int model; /* descriptor, borrowed until done; read from its beginning */
    const char
        *folder; /* of the model's external weights, which inspect.h found sane; NULL: none */
    const struct model_info *info;
    const struct values *inputs; /* copied at start */
    const struct engine_search *engine;
    unsigned threads; /* 0: 1 */
    unsigned repeat;  /* timed runs after the first; 0: none */
    unsigned warmup;  /* untimed ones before them */
    int level;        /* graph optimisation: 0, 1, 2, 99; -1: 1 alone, 99 repeated */
    uint64_t memory;  /* bytes of address space; 0: 512 MiB + 4 x file + inputs */
    int timeout_ms;   /* of wall time, all in all; 0: RUN_TIMEOUT_MS */
};

struct run_times {   /* nanoseconds */
    int64_t engine;  /* dlopen and environment */
    int64_t session; /* the model loaded and optimised */
    int64_t first;   /* the first inference */
    int64_t *sample; /* the repeated ones, as they came, evenly thinned beyond RUN_SAMPLES; mem */
    size_t samples;
    uint64_t peak_rss; /* bytes */
};
/* Of the samples: the value below which `permille` thousandths lie (nearest rank); 0: no samples.
 */
int64_t run_percentile(const struct run_times *t, unsigned permille);

struct run_result {
    char engine[32]; /* "1.27.0" */
    struct values outputs;
    struct run_times times;
    bool outputs_varied; /* a repeated run gave other bytes than the first */
};
void run_result_release(struct run_result *r);

struct onnx_run;
struct run_events {
    /* What it is doing: "loading the engine", "loading the model", "running", n of total. */
    void (*step)(void *ud, const char *words, uint64_t n, uint64_t total); /* may be NULL */
    void (*done)(void *ud, struct run_result *r, const struct err *e); /* r NULL: it failed; else
                                                                          take what you keep */
};
struct onnx_run *onnx_run_start(struct loop *l, const struct run_request *rq,
                                const struct run_events *ev, void *ud, struct err *e);
void onnx_run_cancel(struct onnx_run *r); /* done comes later, with SOUK_ECANCEL */

#endif
