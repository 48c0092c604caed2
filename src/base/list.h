/*
 * list.h: a growing array of equal things.
 *
 *     struct list l = {.size = sizeof(struct thing)};
 *     struct thing *t = list_add(&l);
 *
 * What lies at p moves when the list grows: keep numbers, not pointers. A list of 0s with its size
 * set is empty and holds no memory.
 */
#ifndef SOUK_BASE_LIST_H
#define SOUK_BASE_LIST_H

#include <stddef.h>

struct list {
    void *p;
    size_t n, room, size;
};

void *list_add(struct list *l); /* one more, zeroed; NULL without memory: the list stands */
void list_sort(struct list *l, int (*cmp)(const void *, const void *));
void list_release(struct list *l); /* empty again */

#endif
