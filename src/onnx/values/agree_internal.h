/*
 * agree_internal.h: the counting behind agree.h.
 */
#ifndef SOUK_ONNX_VALUES_AGREE_INTERNAL_H
#define SOUK_ONNX_VALUES_AGREE_INTERNAL_H

#include "onnx/agree.h"
#include "onnx/values/internal.h"

struct tally {
    double rtol, atol, worst;
    size_t numbers, texts, unlike;
    size_t found, missing;     /* outputs */
    char first[ERR_MSG_MAX];   /* the first that is not the same; "" none */
    char lacking[ERR_MSG_MAX]; /* the first that is not there */
    struct untrusted name;     /* of the output that is being compared */
};

void agree_compare(struct tally *t, const struct value *here, const struct value *there);
void agree_lacking(struct tally *t); /* t->name is not in the answer */
void agree_finish(const struct tally *t, struct agreement *out);

#endif
