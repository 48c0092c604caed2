/*
 * files.h: files that are the user's alone, and never half written.
 */
#ifndef SOUK_WALLET_FILES_H
#define SOUK_WALLET_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Asked of what was written, as it reads back, before it gets its name. */
typedef souk_err (*file_check)(void *ud, const uint8_t *p, size_t n, struct err *e);

/*
 * The whole of a file below dirfd. SOUK_ENOTFOUND: there is none; SOUK_EINPUT: it is longer than
 * room, no regular file, somebody else's, or anyone else may read or write it.
 */
souk_err file_read(int dirfd, const char *leaf, uint8_t *p, size_t room, size_t *n, struct err *e);

/*
 * Written beside it under a passing name, fsync, read back, checked, renamed, directory fsync.
 * replace: takes the place of an older one; else SOUK_EINPUT when there is one. After a failure the
 * directory is as it was, but for one: when it alone cannot be synced, the file is there and the
 * message says that it may not stay.
 */
souk_err file_put(int dirfd, const char *leaf, const uint8_t *p, size_t n, bool replace,
                  file_check check, void *ud, struct err *e);

#endif
