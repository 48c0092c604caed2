/*
 * input.h: an input named on the command line, read whole.
 */
#ifndef SOUK_CLI_INPUT_H
#define SOUK_CLI_INPUT_H

#include "base/buf.h"

/* path "-": standard input. */
souk_err input_file(const char *path, struct buf *out, struct err *e);

#endif
