/*
 * log.h: the program's diary, for `souk doctor` and bug reports.
 *
 * Lines go to a file (never to the terminal the UI draws on), each run
 * through the sanitiser, time-stamped, at most 1 KiB; the file is cut in
 * half when it passes 1 MiB. Before log_open(), or when it failed, log calls
 * do nothing. Safe from any thread. Never log a secret: there is no redaction.
 */
#ifndef SOUK_BASE_LOG_H
#define SOUK_BASE_LOG_H

#include "base/err.h"

souk_err log_open(const char *path, struct err *e);
void log_close(void);
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
