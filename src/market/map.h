/*
 * map.h: from a 64-bit key to the number of something, for the counting in derive.
 *
 * Open addressing; nothing is ever removed. Key 0 means empty and is not a key.
 */
#ifndef SOUK_MARKET_MAP_H
#define SOUK_MARKET_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map {
    uint64_t *key;
    uint32_t *val;
    size_t room, n;
    size_t cap; /* most entries */
};

void map_init(struct map *m, size_t cap);
void map_release(struct map *m);
/* The value of key, added as `fresh` when it was not there; NULL without memory or at the cap. */
uint32_t *map_put(struct map *m, uint64_t key, uint32_t fresh);
/* NULL: not there. */
const uint32_t *map_get(const struct map *m, uint64_t key);

#endif
