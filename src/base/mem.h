/*
 * mem.h: every allocation of the program, so that tests can make each fail.
 *
 * All return NULL when memory is out, never abort: callers turn that into
 * err_nomem(). mem_free(NULL) is a no-op. Memory from here goes back through
 * mem_free, never free(); what a library allocated goes back to that library.
 *
 * Tests call mem_fail_at(n) to make the n-th allocation from now on fail (and
 * every later one too when `forever`); mem_fail_at(0, false) switches it off.
 *
 * Memory that cannot come from here (locked pages, wallet/secret.h) asks mem_refused() first, so
 * that it fails and counts with the rest.
 */
#ifndef SOUK_BASE_MEM_H
#define SOUK_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t n) __attribute__((malloc, alloc_size(1)));
void *mem_zalloc(size_t n) __attribute__((malloc, alloc_size(1)));
void *mem_array(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2))); /* zeroed */
void *mem_resize(void *p, size_t n) __attribute__((alloc_size(2)));
/* Room for one more behind the n things of size bytes at p, of which *room fit: where they are now.
 * It doubles. NULL without memory, or beyond 16 GiB: p and *room then stand as they were. */
void *mem_grow(void *p, size_t n, size_t *room, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n); /* copies n bytes and terminates */
void mem_free(void *p);

/* Frees *p and forgets it. */
#define MEM_FREE(p) (mem_free(p), (p) = NULL)

bool mem_refused(void); /* counts one allocation; true: a test wants it to fail */

void mem_fail_at(unsigned long nth, bool forever);
unsigned long mem_count(void); /* allocations since the start, for tests that walk them */

#endif
