/*
 * ini.h: the syntax of the configuration file; what the keys mean is market/config.h's business.
 *
 *     # comment
 *     [network.devnet]
 *     hub = http://127.0.0.1:4080
 *     payment_rpc = http://a http://b        lists are separated by blanks
 *
 * ini_parse calls set() for each key with the section it stands in ("" before
 * the first), stops at the first failure and puts file and line before its
 * message. The strings are set()'s only until it returns. Values are taken as
 * they are, ends trimmed; no quoting, no escapes, and a '#' comments only at
 * the beginning of a line. At most 64 KiB.
 */
#ifndef SOUK_BASE_INI_H
#define SOUK_BASE_INI_H

#include <stddef.h>

#include "base/err.h"

typedef souk_err (*ini_set_fn)(void *ud, const char *section, const char *key, const char *value,
                               struct err *e);

/* A file that does not exist is SOUK_ENOTFOUND (the caller usually means: use the defaults). */
souk_err ini_read(const char *path, ini_set_fn set, void *ud, struct err *e);
souk_err ini_parse(const char *name, const char *text, size_t len, ini_set_fn set, void *ud,
                   struct err *e);

#endif
