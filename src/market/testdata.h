/*
 * testdata.h: inputs and expected outputs as the ONNX project ships them beside models.
 *
 * A set is a folder with input_0.pb, input_1.pb, … and output_0.pb, …, each one value of the
 * model's inputs and outputs in their order; a model's folder has several, test_data_set_0 and so
 * on. They are compared as the project's own runner does.
 */
#ifndef SOUK_MARKET_TESTDATA_H
#define SOUK_MARKET_TESTDATA_H

#include "base/paths.h"
#include "onnx/values.h"

enum { TESTDATA_SETS = 256 };
#define TESTDATA_RTOL 1e-3
#define TESTDATA_ATOL 1e-7

/* The sets in dir, in order, as paths; or dir itself when it is one. SOUK_ENOTFOUND: none. */
souk_err testdata_find(const char *dir, struct arena *a, char **out[], size_t *n, struct err *e);
/* Both are initialised here. */
souk_err testdata_read(const char *set, const struct model_info *m, struct values *inputs,
                       struct values *expected, struct err *e);

#endif
