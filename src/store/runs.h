/*
 * runs.h: what was run on this machine: STATE/runs.db, the last RUNS_KEPT runs.
 *
 * Made for looking back and comparing; nothing depends on it, and it may be deleted. Used by one
 * thread at a time (LANE_CONTENT, or a command).
 */
#ifndef SOUK_STORE_RUNS_H
#define SOUK_STORE_RUNS_H

#include "store/store.h"

enum { RUNS_KEPT = 1000, RUN_TEXT_MAX = 1 << 20 };

struct run_row {
    int64_t id, time;                      /* unix seconds */
    struct untrusted label, blob_id, file; /* blob_id: "" when it was a plain file */
    struct untrusted input, output;        /* JSON; cut ones are left out (empty) */
    struct untrusted engine, error;        /* error "": it worked */
    int64_t session_ns, first_ns;
    int64_t p50_ns, p95_ns, p99_ns; /* 0: not repeated */
    int64_t repeats;
    uint64_t peak_rss;
};

struct runs;
souk_err runs_open(struct runs **out, struct err *e);
void runs_close(struct runs *r);
souk_err run_add(struct runs *r, const struct run_row *row, int64_t *id, struct err *e);
/* Newest first, without input and output; blob_id or file, when given, must be this one. */
souk_err run_list(struct runs *r, struct untrusted blob_id, struct untrusted file, size_t max,
                  struct arena *a, struct run_row **out, size_t *n, struct err *e);
souk_err run_get(struct runs *r, int64_t id, struct arena *a, struct run_row *out, struct err *e);

#endif
