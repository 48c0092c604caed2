/*
 * running.h: a model run here: which file, with what, what came out, and what was run before.
 *
 * The domain's side of onnx/run.h: it finds the file (of a path, or of the library), reads the
 * input in any of the forms values.h takes, runs it, and keeps a history. A run can be held
 * against a paid answer (agree.h): a receipt's own input run here, and do the two agree?
 */
#ifndef SOUK_MARKET_RUNNING_H
#define SOUK_MARKET_RUNNING_H

#include "market/library.h"
#include "market/market.h"
#include "onnx/agree.h"
#include "onnx/run.h"
#include "store/runs.h"

struct model_file {
    char label[512]; /* "author/name", or the file's name; outside text */
    char path[PATH_BUF];
    int fd; /* open for reading; -1: none */
    blob_id id;
    bool from_library; /* then id is proved */
    struct model_info *info;
};
/*
 * what: a path (of a file that exists, or that begins with a slash or a dot, or ends in .onnx), a
 * blob ID, or what get_find takes and the library has. SOUK_ENOTFOUND says how to get it; messages
 * name the file. Blocking.
 */
souk_err model_file_open(struct market *m /* NULL: paths alone */, const char *what,
                         struct model_file *out, struct err *e);
/* One of the library; label NULL: what the library knows of it. Blocking: LANE_CONTENT. */
souk_err model_file_of_blob(const blob_id *id, const char *label, struct model_file *out,
                            struct err *e);
/* A word that can only be meant as a path. */
bool model_file_is_path(const char *what);
void model_file_close(struct model_file *f);

struct running_options {
    unsigned threads, repeat, warmup;
    int level; /* -1: chosen */
    uint64_t memory;
    int timeout_ms;
    bool no_history;
    const char *input; /* as it is kept in the history: JSON; NULL: made of the values */
};
/* f and in are copied or held as needed: both may go after the start. The history row is written
 * (state directory, runs.db) before done. */
struct running;
struct running_events {
    void (*step)(void *ud, const char *words, uint64_t n, uint64_t total);
    void (*done)(void *ud, struct run_result *r, int64_t history, const struct err *e); /* r NULL:
  it failed; else take what you keep */
};
struct running *running_start(struct market *m, const struct model_file *f, const struct values *in,
                              const struct running_options *o, const struct running_events *ev,
                              void *ud, struct err *e);
void running_cancel(struct running *r); /* done comes, later */
/* No event comes any more; it is cancelled and frees itself. Not after done. */
void running_drop(struct running *r);

/* The input of a receipt's request (its JSON body) as values for this model: its names, bare or
 * under "input", "inputs", "model_input"; or as OpenGradient's nodes take them. What is no input is
 * left out. *out is initialised here. */
souk_err running_receipt_input(const struct model_info *m, struct untrusted body,
                               struct values *out, struct err *e);

#endif
