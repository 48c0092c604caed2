#include "walrus/merkle.h"

#include <string.h>

#include "base/banned.h"

struct blob_hash merkle_root(enum walrus_cpu cpu, struct blob_hash *leaf, size_t n)
{
    while (n > 1) {
        if (n % 2)
            memset(&leaf[n++], 0, sizeof *leaf);
        n /= 2;
        blake_nodes(cpu, leaf, n, leaf);
    }
    return leaf[0];
}

void merkle_roots(enum walrus_cpu cpu, struct blob_hash *leaf, size_t trees, size_t stride,
                  size_t n, struct blob_hash *root)
{
    for (size_t t = 0; t < trees; t++)
        root[t] = merkle_root(cpu, leaf + t * stride, n);
}
