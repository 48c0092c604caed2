/*
 * shelf.h: what the commands about model files print in common.
 */
#ifndef SOUK_CLI_SHELF_H
#define SOUK_CLI_SHELF_H

#include "base/human.h"
#include "base/json.h"
#include "cli/options.h"
#include "market/get.h"

/* Threads by --threads: 0 to 16, 0 all cores. */
souk_err shelf_threads(const struct options *o, unsigned *out, struct err *e);

/* The members of a library row, into an object that is open. path may be NULL: it is not whole. */
void library_row_json(struct json_out *o, const struct library_row *r, const char *path);
void stored_json(struct json_out *o, const char *key, const struct stored *s);
/* "author/model", or what is known of it. */
void library_row_name(const struct library_row *r, struct buf *out);

/* A line on stderr that replaces the one before; nothing when nobody watches. */
struct progress_line {
    bool wanted, shown;
};
struct progress_line progress_line(const struct options *o);
void progress_show(struct progress_line *p, const struct buf *text);
void progress_clear(struct progress_line *p);

#endif
