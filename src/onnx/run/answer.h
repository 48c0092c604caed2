/*
 * answer.h: what souk-runner said, piece by piece, and believed only as far as it makes sense.
 */
#ifndef SOUK_ONNX_RUN_ANSWER_H
#define SOUK_ONNX_RUN_ANSWER_H

#include "onnx/run.h"
#include "onnx/run/wire.h"

struct run_answer {
    struct wire_in in;
    struct wire_values_in values;
    struct run_result r;
    struct err err;       /* what it said went wrong; code 0: nothing */
    uint64_t bytes, most; /* taken in, and when it is too much */
    size_t samples;       /* announced */
    bool timed, ended;
    void (*step)(void *ud, const char *words, uint64_t n, uint64_t total); /* may be NULL */
    void *ud;
};

/* outputs: the most bytes of values taken. */
void run_answer_init(struct run_answer *a, uint64_t outputs);
void run_answer_release(struct run_answer *a);
/* SOUK_EFAIL: nonsense; SOUK_ELIMIT: more than may come; SOUK_ENOMEM. */
souk_err run_answer_take(struct run_answer *a, const uint8_t *p, size_t n, struct err *e);

#endif
