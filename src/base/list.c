#include "base/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { LIST_MAX = 1 << 28 };

void *list_add(struct list *l)
{
    void *p = l->n < LIST_MAX ? mem_grow(l->p, l->n, &l->room, l->size) : NULL;
    if (!p) {
        return NULL;
    }
    l->p = p;
    char *at = (char *)l->p + l->n++ * l->size;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    memset(at, 0, l->size);
    return at;
}

void list_sort(struct list *l, int (*cmp)(const void *, const void *))
{
    if (l->n > 1) {
        qsort(l->p, l->n, l->size, cmp);
    }
}

void list_release(struct list *l)
{
    MEM_FREE(l->p);
    l->n = l->room = 0;
}
