#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { FIRST_ROOM = 8 };
#define GROW_MAX ((size_t)1 << 34) /* bytes */

static atomic_ulong count;
static atomic_ulong fail_at; /* the count that fails; 0: none */
static atomic_bool fail_on;  /* and all after it */

bool mem_refused(void)
{
    unsigned long now = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed) + 1;
    unsigned long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    return at && (now == at || (now > at && atomic_load(&fail_on)));
}

void *mem_alloc(size_t n)
{
    return mem_refused() ? NULL : malloc(n ? n : 1);
}

void *mem_zalloc(size_t n)
{
    return mem_refused() ? NULL : calloc(1, n ? n : 1);
}

void *mem_array(size_t items, size_t size)
{
    size_t n;
    return __builtin_mul_overflow(items, size, &n) ? NULL : mem_zalloc(n);
}

void *mem_resize(void *p, size_t n)
{
    return mem_refused() ? NULL : realloc(p, n ? n : 1);
}

void *mem_grow(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return p;
    }
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    void *grown = more <= GROW_MAX / size ? mem_resize(p, more * size) : NULL;
    *room = grown ? more : *room;
    return grown;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? mem_alloc(n + 1) : NULL;
    if (copy) {
        if (n) {
            memcpy(copy, s, n);
        }
        copy[n] = '\0';
    }
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_fail_at(unsigned long nth, bool forever)
{
    atomic_store(&fail_on, forever);
    atomic_store(&fail_at, nth ? atomic_load(&count) + nth : 0);
}

unsigned long mem_count(void)
{
    return atomic_load(&count);
}
