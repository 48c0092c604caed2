/*
 * walrus_kernels: how fast this machine hashes as Walrus does, one line a way to compute. On one
 * core, in its caches, best of many rounds: what nothing built on it can be faster than.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "walrus/merkle.h"

enum { SYMBOLS = 32, BYTES = 8192 + 64, NODES = 512, SMALL = 512, ROUNDS = 200, SLICE = 1024 };

struct room {
    uint8_t (*symbol)[BYTES];
    const uint8_t *at[SYMBOLS], *small[SMALL];
    struct blob_hash hash[2 * NODES];
    struct leaf_state state[SYMBOLS];
    uint8_t carry[SYMBOLS];
};

/* Time of this thread only: other programs count less. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void leaves(enum walrus_cpu cpu, struct room *r)
{
    blake_leaves(cpu, r->at, SYMBOLS, BYTES - 1, r->hash);
}

static void slices(enum walrus_cpu cpu, struct room *r)
{
    const uint8_t *at[SYMBOLS];
    leaf_begin(r->state, r->carry, SYMBOLS);
    for (size_t done = 0; done < BYTES; done += SLICE) {
        for (size_t i = 0; i < SYMBOLS; i++)
            at[i] = r->at[i] + done;
        if (done + SLICE < BYTES)
            leaf_feed(cpu, r->state, r->carry, at, SYMBOLS, SLICE, done);
        else
            leaf_end(cpu, r->state, r->carry, at, SYMBOLS, SLICE - 1, done, r->hash);
    }
}

static void small(enum walrus_cpu cpu, struct room *r)
{
    blake_leaves(cpu, r->small, SMALL, 2, r->hash);
}

static void nodes(enum walrus_cpu cpu, struct room *r)
{
    blake_nodes(cpu, r->hash, NODES, r->hash);
}

static void tree(enum walrus_cpu cpu, struct room *r)
{
    merkle_root(cpu, r->hash, 1000);
}

static void trees(enum walrus_cpu cpu, struct room *r)
{
    enum { N = 60, STRIDE = 64, TREES = 16 };
    struct blob_hash root[TREES];
    merkle_roots(cpu, r->hash, TREES, STRIDE, N, root);
}

static double best(void (*f)(enum walrus_cpu, struct room *), enum walrus_cpu cpu, struct room *r)
{
    double least = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double from = now();
        f(cpu, r);
        double took = now() - from;
        least = took < least ? took : least;
    }
    return least;
}

int main(void)
{
    struct room *r = mem_zalloc(sizeof *r);
    if (r)
        r->symbol = mem_zalloc((size_t)SYMBOLS * BYTES);
    if (!r || !r->symbol) {
        fputs("walrus_kernels: out of memory\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < SYMBOLS; i++) {
        memset(r->symbol[i], (int)i, BYTES);
        r->at[i] = r->symbol[i];
    }
    for (size_t i = 0; i < SMALL; i++)
        r->small[i] = r->symbol[i % SYMBOLS] + i;
    printf("%-18s %12s %12s %10s %10s %12s %10s\n", "", "leaves GB/s", "slices GB/s", "small ns",
           "node ns", "tree 1000 us", "16x60 us");
    for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
        if (!walrus_cpu_has(cpu))
            continue;
        double bytes = (double)SYMBOLS * BYTES * 1e-9;
        printf("%-18s %12.2f %12.2f %10.1f %10.1f %12.1f %10.1f\n", walrus_cpu_name(cpu),
               bytes / best(leaves, cpu, r), bytes / best(slices, cpu, r),
               best(small, cpu, r) * 1e9 / SMALL, best(nodes, cpu, r) * 1e9 / NODES,
               best(tree, cpu, r) * 1e6, best(trees, cpu, r) * 1e6);
    }
    mem_free(r->symbol);
    mem_free(r);
    return 0;
}
