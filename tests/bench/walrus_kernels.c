/*
 * walrus_kernels: how fast this machine hashes and encodes as Walrus does, one line a way to
 * compute. On one core, in its caches, best of many rounds: what nothing built on it can be faster
 * than. The last line is of the way that souk takes, as JSON, for bench_walrus.mjs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "walrus/merkle.h"
#include "walrus/rs.h"

/* Of a blob of 1000 shards: rows and columns of its matrix. */
enum { SHARDS = WALRUS_SHARDS, MATRIX_ROWS = 334, MATRIX_COLUMNS = 667, STEP = 512 };

enum { SYMBOLS = 32, BYTES = 8192 + 64, NODES = 512, SMALL = 512, ROUNDS = 200, SLICE = 1024 };

struct room {
    uint8_t (*symbol)[BYTES];
    const uint8_t *at[SYMBOLS], *small[SMALL];
    struct blob_hash hash[2 * NODES];
    struct leaf_state state[SYMBOLS];
    uint8_t carry[SYMBOLS];
    struct rs *row_code, *column_code;
    uint8_t *coded, *scratch;
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

static void coded(const struct rs *code, unsigned sources, enum walrus_cpu cpu, struct room *r)
{
    const uint8_t *source[SHARDS];
    uint8_t *out[SHARDS];
    for (unsigned i = 0; i < SHARDS; i++) {
        uint8_t *p = r->coded + (size_t)i * STEP;
        if (i < sources)
            source[i] = p;
        else
            out[i - sources] = p;
    }
    rs_encode(code, cpu, source, out, STEP, r->scratch);
}

static void row(enum walrus_cpu cpu, struct room *r)
{
    coded(r->row_code, MATRIX_COLUMNS, cpu, r);
}

static void column(enum walrus_cpu cpu, struct room *r)
{
    coded(r->column_code, MATRIX_ROWS, cpu, r);
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
    if (r) {
        r->symbol = mem_zalloc((size_t)SYMBOLS * BYTES);
        r->row_code = rs_new(MATRIX_COLUMNS, SHARDS - MATRIX_COLUMNS);
        r->column_code = rs_new(MATRIX_ROWS, SHARDS - MATRIX_ROWS);
        r->coded = mem_zalloc((size_t)SHARDS * STEP);
    }
    if (r && r->row_code) /* its scratch is the larger or the same */
        r->scratch = mem_alloc(rs_scratch(r->row_code, STEP));
    if (!r || !r->symbol || !r->row_code || !r->column_code || !r->coded || !r->scratch) {
        fputs("walrus_kernels: out of memory\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < SYMBOLS; i++) {
        memset(r->symbol[i], (int)i, BYTES);
        r->at[i] = r->symbol[i];
    }
    for (size_t i = 0; i < SMALL; i++)
        r->small[i] = r->symbol[i % SYMBOLS] + i;
    printf("%-18s %12s %12s %10s %10s %12s %10s %10s %10s\n", "", "leaves GB/s", "slices GB/s",
           "small ns", "node ns", "tree 1000 us", "16x60 us", "row us", "column us");
    double leaf_rate = 0, node = 0, code_rate = 0;
    for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
        if (!walrus_cpu_has(cpu))
            continue;
        double bytes = (double)SYMBOLS * BYTES * 1e-9;
        double of_row = best(row, cpu, r), of_column = best(column, cpu, r);
        leaf_rate = bytes / best(leaves, cpu, r);
        node = best(nodes, cpu, r) / NODES;
        code_rate = 1e-9 * MATRIX_ROWS * MATRIX_COLUMNS * STEP /
                    (MATRIX_ROWS * of_row + SHARDS * of_column);
        printf("%-18s %12.2f %12.2f %10.1f %10.1f %12.1f %10.1f %10.1f %10.1f\n",
               walrus_cpu_name(cpu), leaf_rate, bytes / best(slices, cpu, r),
               best(small, cpu, r) * 1e9 / SMALL, node * 1e9, best(tree, cpu, r) * 1e6,
               best(trees, cpu, r) * 1e6, of_row * 1e6, of_column * 1e6);
    }
    printf("{\"way\":\"%s\",\"leaf_rate\":%.4g,\"node\":%.4g,\"code_rate\":%.4g}\n",
           walrus_cpu_name(walrus_cpu_pick(WALRUS_CPU_BEST)), leaf_rate * 1e9, node,
           code_rate * 1e9);
    mem_free(r->scratch);
    mem_free(r->coded);
    rs_free(r->row_code);
    rs_free(r->column_code);
    mem_free(r->symbol);
    mem_free(r);
    return 0;
}
