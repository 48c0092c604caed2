/*
 * values_world.h: models that exist as a signature only, and values from texts, for tests.
 */
#ifndef SOUK_TESTS_VALUES_WORLD_H
#define SOUK_TESTS_VALUES_WORLD_H

#include "onnx/values.h"

/*
 * "x:float32[batch,4] y:int64[] z:sequence<map<int64,float32>> w:string=" as the inputs of a model:
 * without brackets not even the rank is known, "?" is an unnamed dim, "=" an input with a default.
 * Everything lives in the result; model_info_free it.
 */
struct model_info *signature_model(const char *signature);

/* The values as text: values_json when typed, else values_plain_json. mem_free it. */
char *values_text(const struct values *v, bool typed);

#endif
