/*
 * memscan.h: looking for bytes in another process's memory.
 *
 * The process must be ours and be stopped. Every mapping it can write to is read through
 * /proc/PID/mem, but those of more than 8 GiB, which are a sanitizer's shadow.
 */
#ifndef SOUK_TESTS_MEMSCAN_H
#define SOUK_TESTS_MEMSCAN_H

#include <stddef.h>
#include <sys/types.h>

struct needle {
    const char *what;
    const void *p;
    size_t n, found;
};
/* How often the bytes of each occur; the sum. Fails the test when the memory cannot be read. */
size_t memscan(pid_t pid, struct needle *needles, size_t count);

#endif
