/*
 * content.h: what the commands that work through a whole file have in common.
 */
#ifndef SOUK_CLI_CONTENT_H
#define SOUK_CLI_CONTENT_H

#include "cli/progress.h"
#include "market/content.h"

/* Threads, shards, progress (`what` is done with the file) and the stop flag; refuses "-". */
souk_err content_options(const struct options *o, const char *what, struct content_work *w,
                         struct progress *p, struct err *e);

#endif
