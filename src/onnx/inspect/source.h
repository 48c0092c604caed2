/*
 * source.h: a file, or bytes in memory, read where it is looked at and nowhere else.
 *
 * A file is read with pread through one small window, never mapped: another process may cut it
 * short at any moment, which then is an error and not the end of the program. What is skipped is
 * not read, so a file of gigabytes costs what its headers cost.
 */
#ifndef SOUK_ONNX_INSPECT_SOURCE_H
#define SOUK_ONNX_INSPECT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { SOURCE_WINDOW = 64 << 10, SOURCE_LOOK_MAX = 4 << 10 };

struct source {
    int fd;             /* -1: bytes */
    const uint8_t *mem; /* the bytes, or the window */
    uint64_t from;      /* where in the file the window begins */
    size_t have;        /* bytes in it */
    size_t fill;        /* how much the next read takes: more while reading goes straight on */
    uint64_t size;
    uint8_t *window; /* owned; NULL for bytes */
    struct err err;  /* the first failure; what is looked at after it is not there */
};

/* SOUK_EINPUT when it is no regular file. Release it in any case. */
souk_err source_open(struct source *s, int fd, struct err *e);
void source_bytes(struct source *s, const uint8_t *p, size_t n);
void source_release(struct source *s);

/* n <= SOURCE_LOOK_MAX bytes at `at`, good until the next look; NULL and s->err when they are not
 * there. */
const uint8_t *source_look(struct source *s, uint64_t at, size_t n);
/* Any number of bytes, copied. */
souk_err source_copy(struct source *s, uint64_t at, void *to, size_t n);
/* How many of the n <= SOURCE_LOOK_MAX bytes at `at` the file has. */
size_t source_left(const struct source *s, uint64_t at, size_t n);

/* What is kept of it found no room in the arena: that is its fault when the cap was the reason. */
void source_nomem(struct source *s, const struct arena *a, size_t n);

uint32_t le32(const uint8_t *p);
uint64_t le64(const uint8_t *p);

#endif
