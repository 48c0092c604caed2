/*
 * run_print.h: what `souk run` prints of a run.
 */
#ifndef SOUK_CLI_RUN_PRINT_H
#define SOUK_CLI_RUN_PRINT_H

#include "cli/options.h"
#include "market/running.h"

enum run_form { FORM_TABLE, FORM_JSON, FORM_OG };

struct run_report {
    const struct options *o;
    enum run_form form;
    const struct model_file *model;
    const struct run_result *r;
    const struct running_options *asked;
    int64_t history;                   /* 0: not kept */
    const struct agreement *agreement; /* with the receipt's answer; NULL: not asked for */
};
souk_err run_print(const struct run_report *p, struct err *e);
/* Inputs, outputs and, where one can be made, an example, as talk. *example: the input, JSON. */
void run_signature(const struct options *o, const struct model_info *m);

#endif
