/* inspect_json.h: a model file as `souk inspect --json` prints it; the keys are stable. */
#ifndef SOUK_CLI_INSPECT_JSON_H
#define SOUK_CLI_INSPECT_JSON_H

#include "base/json.h"
#include "market/running.h"

void inspect_json(struct json_out *o, const struct model_file *f);

#endif
