/*
 * agree.h: do two answers say the same? A local run against a seller's JSON, a node's, or an
 * earlier run.
 *
 * Numbers agree within |a - b| <= atol + rtol * |b|; NaN agrees with NaN; strings and integers
 * byte for byte. What is not there, or has another shape, is said, not guessed at.
 */
#ifndef SOUK_ONNX_AGREE_H
#define SOUK_ONNX_AGREE_H

#include "onnx/values.h"

#define AGREE_RTOL 1e-4
#define AGREE_ATOL 1e-6

struct agreement {
    enum { AGREE_YES, AGREE_NO, AGREE_NOTHING } is; /* NOTHING: there is nothing to compare */
    size_t compared;                                /* elements */
    double worst;                                   /* largest |a - b| */
    char words[512]; /* one line: "equal within 3e-8 (12 numbers)"; may quote names */
};
/*
 * The answer's JSON may be any of the forms values.h writes, the same under "output", "outputs",
 * "result" or "results", or a bare array or number when there is one output.
 */
void agree_json(const struct values *here, struct untrusted answer, double rtol, double atol,
                struct agreement *out);
void agree_values(const struct values *here, const struct values *there, double rtol, double atol,
                  struct agreement *out);

#endif
