/*
 * encode.h: a file's metadata, and so its blob ID, from nothing but its bytes: the strict proof.
 *
 * All of the redundant encoding is computed and hashed; nothing of it is kept. Work is
 * split over threads; memory is bounded whatever the size (130 MB and some 5 MB a thread
 * from 250 MB on, half a file below), because the code acts on each two bytes of a symbol
 * apart: a slice of every symbol is encoded at a time.
 *
 * Blocks for 0.2 s to many minutes: run it on LANE_CONTENT, or in a command.
 */
#ifndef SOUK_WALRUS_ENCODE_H
#define SOUK_WALRUS_ENCODE_H

#include <stdatomic.h>

#include "walrus/cpu.h"
#include "walrus/walrus.h"

struct encode_options {
    unsigned shards;     /* 0: WALRUS_SHARDS */
    unsigned threads;    /* 0: as many as there are cores, 16 at most */
    enum walrus_cpu cpu; /* WALRUS_CPU_BEST, or one for tests */
    atomic_bool *cancel; /* looked at often; may be NULL */
    /* From any thread, not more than some 20 times a second; done and total in bytes of work. */
    void (*progress)(void *ud, uint64_t done, uint64_t total);
    void *ud;
};

/*
 * The file is read with pread and must not change meanwhile: one that became shorter is SOUK_EFAIL.
 * o may be NULL. SOUK_ECANCEL. *out is initialised here; release it in any case.
 */
souk_err walrus_encode_fd(int fd, const struct encode_options *o, struct walrus_meta *out,
                          struct err *e);
souk_err walrus_encode(const void *p, size_t n, const struct encode_options *o,
                       struct walrus_meta *out, struct err *e);

#endif
