/*
 * sandbox.h: after this the process reads and writes what it holds, and nothing else.
 *
 * No file, socket or program can be opened any more, by this code or by
 * whatever took it over: those calls fail with EPERM. The one name that may
 * still be removed is one below the given directory: its own socket.
 */
#ifndef SOUK_SIGNER_SANDBOX_H
#define SOUK_SIGNER_SANDBOX_H

#include "base/err.h"

souk_err sandbox_enter(int socket_dir, struct err *e);

#endif
