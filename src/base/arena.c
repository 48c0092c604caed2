#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum {
    FIRST_BLOCK = 4 * 1024,
    LAST_BLOCK = 1024 * 1024, /* blocks double up to here: few allocations, little waste */
};

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* of bytes[] */
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t cap)
{
    *a = (struct arena){.cap = cap};
}

void arena_release(struct arena *a)
{
    struct arena_block *b = a->head;
    while (b) {
        struct arena_block *next = b->next;
        mem_free(b);
        b = next;
    }
    arena_init(a, a->cap);
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;
    if (size > LAST_BLOCK) {
        size = LAST_BLOCK;
    }
    bool alone = n > size / 4; /* a large piece must not waste the rest of the current block */
    if (alone) {
        size = n;
    }
    if (size > SIZE_MAX - sizeof(struct arena_block)) {
        return NULL;
    }
    struct arena_block *b = mem_zalloc(sizeof *b + size);
    if (!b) {
        return NULL;
    }
    b->size = size;
    if (alone && a->head) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = a->head;
        a->head = b;
    }
    return b;
}

static void *take(struct arena *a, size_t n, size_t align)
{
    if (n > a->cap - a->used) {
        return NULL;
    }
    struct arena_block *b = a->head;
    size_t at = b ? (b->used + align - 1) / align * align : 0;
    if (!b || at > b->size || n > b->size - at) {
        b = add_block(a, n);
        at = 0;
    }
    if (!b) {
        return NULL;
    }
    b->used = at + n;
    a->used += n;
    return b->bytes + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return take(a, n ? n : 1, alignof(max_align_t));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? take(a, n + 1, 1) : NULL;
    if (copy && n) {
        memcpy(copy, s, n); /* blocks are zeroed: the terminator is there */
    }
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}
