/*
 * runner.h: souk-runner, the process that runs models of strangers, and nothing else.
 *
 *     souk-runner              what onnx/run.h starts: request, model and answer lie at the
 *                              descriptors wire.h names
 *     souk-runner --probe LIB  which engine is this? Prints its version
 *
 * The order matters and is all there is to it:
 *
 *   1. tie itself to its parent, read the request (souk's word, which is trusted)
 *   2. load the engine, make its environment: it reads files of the system here
 *   3. map the model, not looking at it; open what will be needed
 *   4. shut itself in (jail.h)
 *   5. load the model, run it, answer, end
 *
 * From 5 on the process may be the model's. What it says is then read as hostile (answer.h).
 */
#ifndef SOUK_RUNNER_RUNNER_H
#define SOUK_RUNNER_RUNNER_H

#include "onnx/run/wire.h"
#include "runner/ort.h"

/* --- the request */
struct request {
    struct wire_task task;
    struct engine_search engine;
    char folder[PATH_BUF]; /* "": none */
    struct values inputs;
};
/* What it takes is held until the process ends, which answers this one request. */
souk_err request_read(int fd, struct request *out, struct err *e);

/* --- values of the engine as ours, and back */
struct ort_use { /* what most calls need */
    const struct ort *o;
    ort_env *env;
    ort_allocator *allocator;
    ort_memory *memory;
};
/* The tensor's numbers are lent, not copied: v must outlive *out. */
souk_err value_to_ort(const struct ort_use *u, const struct value *v, ort_value **out,
                      struct err *e);
/* What came out, still lying in the engine's memory. */
struct taken {
    struct values values;
    ort_value **held; /* that what was inside sequences and maps lies in */
    size_t n, room;
};
void taken_init(struct taken *t);
void taken_release(const struct ort_use *u, struct taken *t);
souk_err taken_add(const struct ort_use *u, struct taken *t, struct untrusted name, ort_value *v,
                   struct err *e);
bool values_same(const struct values *a, const struct values *b);

/* --- running */
struct model_bytes {
    const void *p;
    size_t n;
};
/* Loads, runs, repeats, and writes times and outputs. started: the clock when the process began.
 * status: /proc/self/status, opened. */
souk_err session_run(const struct ort_use *u, const struct request *rq, struct model_bytes m,
                     int64_t engine_ns, int status, struct wire_out *out, struct err *e);
/* A line of /proc/self/status, opened: "VmSize:", "VmHWM:", in bytes. */
uint64_t status_bytes(int status, const char *key);
void say_step(struct wire_out *out, enum wire_step s, uint64_t n, uint64_t total);
int64_t nanoseconds(void);

#endif
