#include "memscan.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

enum { CHUNK = 1 << 20, NEEDLE_MAX = 4096 };
static const unsigned long shadow = 8ul << 30;

static size_t count_in(const char *p, size_t n, const struct needle *needle)
{
    size_t count = 0;
    const char *at = p;
    while ((at = memmem(at, n - (size_t)(at - p), needle->p, needle->n))) {
        at++;
        count++;
    }
    return count;
}

/* Pieces overlap by one byte less than a needle, so that none is cut and none counted twice. */
static void scan_range(int mem, unsigned long from, unsigned long to, struct needle *needles,
                       size_t count, char *piece)
{
    for (unsigned long at = from; at < to; at += CHUNK) {
        size_t left = to - at, want = left < CHUNK + NEEDLE_MAX ? left : CHUNK + NEEDLE_MAX;
        ssize_t got = pread(mem, piece, want, (off_t)at);
        for (size_t i = 0; got > 0 && i < count; i++) { /* a device's mapping may refuse */
            size_t most = CHUNK + needles[i].n - 1;
            needles[i].found +=
                count_in(piece, (size_t)got < most ? (size_t)got : most, &needles[i]);
        }
    }
}

size_t memscan(pid_t pid, struct needle *needles, size_t count)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    char *piece = malloc(CHUNK + NEEDLE_MAX);
    if (!maps || mem < 0 || !piece)
        fail_msg("the memory of process %d cannot be read", (int)pid);
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        assert_in_range(needles[i].n, 1, NEEDLE_MAX);
        needles[i].found = 0;
    }
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 && mode[0] == 'r' &&
            mode[1] == 'w' && to - from < shadow)
            scan_range(mem, from, to, needles, count, piece);
    }
    for (size_t i = 0; i < count; i++)
        sum += needles[i].found;
    fclose(maps);
    close(mem);
    free(piece);
    return sum;
}
