/* jail_calls.h: the system calls of a shut-in souk-runner. */
#ifndef SOUK_RUNNER_JAIL_CALLS_H
#define SOUK_RUNNER_JAIL_CALLS_H

#include "runner/jail.h"

/* From now on there are no others. 0, or a negative errno. */
int jail_calls(const struct jail *j);

#endif
