#include "walrus/merkle.h"

#include <string.h>

#include "base/banned.h"

/* Trees side by side: so many that what is left over of their levels fills the lanes, so few that
 * they stay in the cache. */
enum { BESIDE = BLAKE_PAIRS };

/* A level of all trees, n nodes each, from the 2n below; over the first half of what lies there. */
static void level(enum walrus_cpu cpu, struct blob_hash *leaf, size_t trees, size_t stride,
                  size_t n)
{
    const struct blob_hash *pair[BLAKE_PAIRS];
    struct blob_hash *out[BLAKE_PAIRS];
    size_t have = 0, full = n - n % BLAKE_PAIRS;
    for (size_t t = 0; t < trees; t++, leaf += stride) {
        blake_nodes(cpu, leaf, full, leaf);
        for (size_t i = full; i < n; i++) {
            pair[have] = leaf + 2 * i;
            out[have++] = leaf + i;
            if (have == BLAKE_PAIRS) {
                blake_pairs(cpu, pair, have, out);
                have = 0;
            }
        }
    }
    blake_pairs(cpu, pair, have, out);
}

static void beside(enum walrus_cpu cpu, struct blob_hash *leaf, size_t trees, size_t stride,
                   size_t n, struct blob_hash *root)
{
    while (n > 1) {
        for (size_t t = 0; n % 2 && t < trees; t++)
            memset(leaf + t * stride + n, 0, sizeof *leaf);
        n = (n + 1) / 2;
        level(cpu, leaf, trees, stride, n);
    }
    for (size_t t = 0; t < trees; t++)
        root[t] = leaf[t * stride];
}

void merkle_roots(enum walrus_cpu cpu, struct blob_hash *leaf, size_t trees, size_t stride,
                  size_t n, struct blob_hash *root)
{
    for (size_t t = 0, some; t < trees; t += some) {
        some = trees - t < BESIDE ? trees - t : BESIDE;
        beside(cpu, leaf + t * stride, some, stride, n, root + t);
    }
}

struct blob_hash merkle_root(enum walrus_cpu cpu, struct blob_hash *leaf, size_t n)
{
    struct blob_hash root;
    merkle_roots(cpu, leaf, 1, n, n, &root);
    return root;
}
