#include "market/map.h"

#include "base/err.h"
#include "base/mem.h"

#include "base/banned.h"

enum { FIRST_ROOM = 64 };

void map_init(struct map *m, size_t cap)
{
    *m = (struct map){.cap = cap};
}

void map_release(struct map *m)
{
    mem_free(m->key);
    mem_free(m->val);
    map_init(m, m->cap);
}

/* Where key is, or would be. room is a power of two and never full. */
static size_t place(const struct map *m, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h ^ h >> 32) & (m->room - 1);
    while (m->key[i] && m->key[i] != key) {
        i = (i + 1) & (m->room - 1);
    }
    return i;
}

static int grow(struct map *m)
{
    struct map big = {.room = m->room ? m->room * 2 : FIRST_ROOM, .n = m->n, .cap = m->cap};
    big.key = mem_array(big.room, sizeof *big.key);
    big.val = mem_array(big.room, sizeof *big.val);
    if (!big.key || !big.val) {
        map_release(&big);
        return 0;
    }
    for (size_t i = 0; i < m->room; i++) {
        if (m->key[i]) {
            size_t at = place(&big, m->key[i]);
            big.key[at] = m->key[i];
            big.val[at] = m->val[i];
        }
    }
    map_release(m);
    *m = big;
    return 1;
}

uint32_t *map_put(struct map *m, uint64_t key, uint32_t fresh)
{
    if (key == 0) {
        BUG("0 is no key");
    }
    if (m->n >= m->room / 4 * 3 && (m->n >= m->cap || !grow(m))) {
        return NULL;
    }
    size_t i = place(m, key);
    if (!m->key[i]) {
        m->key[i] = key;
        m->val[i] = fresh;
        m->n++;
    }
    return &m->val[i];
}

const uint32_t *map_get(const struct map *m, uint64_t key)
{
    if (m->room == 0) {
        return NULL;
    }
    size_t i = place(m, key);
    return m->key[i] ? &m->val[i] : NULL;
}
