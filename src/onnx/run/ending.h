/*
 * ending.h: how a souk-runner ended, in words for whoever ran the model.
 */
#ifndef SOUK_ONNX_RUN_ENDING_H
#define SOUK_ONNX_RUN_ENDING_H

#include <signal.h>

#include "onnx/run/answer.h"

enum ending_why { ENDED, ENDED_LATE, ENDED_CANCELLED, ENDED_BADLY };
struct ending {
    enum ending_why why; /* not ENDED: we killed it */
    struct err err;      /* BADLY: what was wrong with its answer */
    uint64_t memory;     /* it was given */
    int timeout_ms;
    char words[1024]; /* the last of what it wrote to standard error */
    size_t n;         /* bytes it wrote there, in all */
};

void ending_words(struct ending *x, const char *p, size_t n);
/* True: it answered in full. Else why not. si: as waitid(2) tells it. */
bool ending_judge(const struct ending *x, const siginfo_t *si, const struct run_answer *said,
                  struct err *e);

#endif
