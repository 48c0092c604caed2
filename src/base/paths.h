/*
 * paths.h: where things live, by the XDG base directory specification 0.8.
 *
 *   config  $XDG_CONFIG_HOME/souk   configuration, user's own files
 *   cache   $XDG_CACHE_HOME/souk    what can be fetched again: <network>.db, devnet worlds
 *   state   $XDG_STATE_HOME/souk    log, UI state, the running devnet
 *   data    $XDG_DATA_HOME/souk     what must not be lost (later: wallets, receipts, models)
 *
 * `--data DIR` (paths_override) puts all four below one directory, as config,
 * cache, state and data: tests and demos then touch nothing of the user's.
 * Directories are made on demand, mode 0700. A relative XDG value is ignored,
 * as the specification asks.
 */
#ifndef SOUK_BASE_PATHS_H
#define SOUK_BASE_PATHS_H

#include "base/err.h"

enum path_kind { PATH_CONFIG, PATH_CACHE, PATH_STATE, PATH_DATA };

enum { PATH_BUF = 1024 };

void paths_override(const char *dir); /* NULL takes it back; the string is copied */
const char *paths_overridden(void);   /* NULL: not */

/* Writes "<dir of kind>/<leaf>" to out (leaf may be NULL), creating all directories above the leaf.
 * A leaf that would lead out of the directory ("..") is SOUK_EINPUT. */
souk_err paths_get(enum path_kind kind, const char *leaf, char out[PATH_BUF], struct err *e);

/* One of the project's programs, beside this one. The environment is not asked. */
souk_err paths_program(const char *name, char out[PATH_BUF], struct err *e);

/* One of the program's own files, which must exist: in $SOUK_ASSETS when that is set, else in
 * assets/ beside the binary, else in ../share/souk from it, where `make install` puts them. */
souk_err paths_asset(const char *leaf, char out[PATH_BUF], struct err *e);

#endif
