/*
 * health_print.h: the market's vital signs as a page of text of 80 columns, and as JSON.
 */
#ifndef SOUK_CLI_HEALTH_PRINT_H
#define SOUK_CLI_HEALTH_PRINT_H

#include "base/json.h"
#include "market/health.h"

void health_print(const struct health *h);
void health_json(struct json_out *o, const struct health *h);

#endif
