/*
 * jail.h: what a model of a stranger may do on this machine: compute, and answer.
 *
 * Entered in two steps. jail_prepare at once: the process ends with its parent, nobody looks into
 * it, and it writes no core. jail_enter when the engine is loaded and all is open that is needed,
 * before a byte of the model is looked at. After that no file, socket or process can be made or
 * opened, by the engine or by whatever took it over:
 *
 *   rlimits      address space, processor time; no new descriptors, files, processes
 *   landlock     no file and no TCP port by name, where the kernel has it
 *   seccomp      a list of calls; all others fail, and the hostile ones end the process
 *
 * One thing may be readable: the folder with a model's external weights. Only landlock can tell
 * one folder from another, so without landlock that is refused.
 */
#ifndef SOUK_RUNNER_JAIL_H
#define SOUK_RUNNER_JAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct jail {
    uint64_t memory;  /* bytes of address space; not held under AddressSanitizer */
    uint32_t seconds; /* of processor time */
    bool threads;     /* more than one */
    int folder;       /* of external weights, opened; -1: none */
    int answer;       /* written to, as standard output and error are */
    int status;       /* read: /proc/self/status */
};

souk_err jail_prepare(int64_t parent, struct err *e);
/* SOUK_ELIMIT: so little memory was given that there is none left to begin with. */
souk_err jail_enter(const struct jail *j, struct err *e);

#endif
