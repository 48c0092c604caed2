/*
 * progress.h: long work of a command: how it shows itself, and how the user stops it.
 *
 * One line on stderr that is written anew in place, while somebody is watching: nothing when stderr
 * is no terminal, or under --quiet.
 */
#ifndef SOUK_CLI_PROGRESS_H
#define SOUK_CLI_PROGRESS_H

#include <stdatomic.h>

#include "cli/options.h"

struct progress {
    bool on;
    const char *what; /* "encoding" */
    uint64_t size;    /* of what it is about, in bytes: for the rate; 0 no rate */
    int64_t since;    /* monotonic ms */
    atomic_bool shown;
};
void progress_begin(struct progress *p, const struct options *o, const char *what, uint64_t size);
/* done of total, in any unit. From any thread; ud is the struct progress. */
void progress_tell(void *ud, uint64_t done, uint64_t total);
void progress_end(struct progress *p); /* the line is gone */

/* A flag that Ctrl-C and SIGTERM set, from the first call on. */
atomic_bool *stop_flag(void);

#endif
