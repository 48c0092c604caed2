/*
 * arena.h: many small allocations with one lifetime.
 *
 * Snapshots (a catalogue of 100,000 rows, an author's page) are built once,
 * read by many and dropped whole; their strings and arrays live in an arena.
 * Pointers stay valid until arena_release. Nothing is freed singly. Like
 * buf, an arena has a cap; past it, or without memory, the calls return NULL.
 */
#ifndef SOUK_BASE_ARENA_H
#define SOUK_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *head;
    size_t used; /* bytes handed out */
    size_t cap;
};

void arena_init(struct arena *a, size_t cap);
void arena_release(struct arena *a);
void *arena_alloc(struct arena *a, size_t n);                  /* zeroed, aligned for anything */
char *arena_strndup(struct arena *a, const char *s, size_t n); /* terminated */
char *arena_strdup(struct arena *a, const char *s);            /* NULL gives NULL */

#endif
