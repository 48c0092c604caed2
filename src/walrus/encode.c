#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "walrus/encode_internal.h"

#include "base/banned.h"

/* What the threads share: a thread's own bench comes on top, some 5 MB. */
#define MEMORY ((size_t)120 << 20)
enum { SLICE_UNIT = 128 };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes a bench reads into, when slices are of `width`. */
static size_t read_room(const struct encode *x, size_t width)
{
    size_t window = smaller(x->shape.symbol * (size_t)ENCODE_BLOCK, ENCODE_WINDOW);
    return larger(x->shape.columns * width,
                  x->used_rows * larger(window, smaller(ENCODE_WINDOW, x->shape.symbol)));
}

static size_t scratch_room(const struct encode *x)
{
    return larger(rs_scratch(x->row_code, x->shape.symbol),
                  rs_scratch(x->column_code, ENCODE_STEP));
}

/* The widest slice that memory allows; the whole symbol if it does. */
static uint32_t choose_width(const struct encode *x)
{
    size_t symbol = x->shape.symbol, each = (size_t)x->used_rows * x->beyond;
    size_t fixed = x->live * (size_t)(x->blocks + 1) * sizeof *x->top;
    if (each == 0 || fixed + each * symbol <= MEMORY)
        return (uint32_t)symbol;
    fixed += (size_t)x->beyond * x->live * (sizeof *x->state + sizeof *x->carry);
    size_t units = (MEMORY - fixed) / each / SLICE_UNIT; /* both are far below, for any shards */
    /* As many slices as that makes, of one size as far as it goes. */
    size_t slices = (symbol - 1) / (units * SLICE_UNIT) + 1;
    return (uint32_t)(((symbol - 1) / slices / SLICE_UNIT + 1) * SLICE_UNIT);
}

/* Large and used again and again: fewer, larger pages spare faults and look-ups. */
static void *big(size_t n)
{
    void *p = mem_alloc(n);
    uintptr_t page = 4096, from = ((uintptr_t)p + page - 1) & ~(page - 1);
    if (p && n > (4u << 20))
        madvise((void *)from, (n - (from - (uintptr_t)p)) & ~(page - 1), MADV_HUGEPAGE);
    return p;
}

static bool bench_init(const struct encode *x, struct encode_bench *b)
{
    size_t n = x->shape.shards;
    b->read = mem_alloc(read_room(x, x->width));
    bool sliced = x->width < x->shape.symbol;
    b->run = sliced ? mem_alloc(ENCODE_RUN) : NULL;
    b->beyond = mem_alloc((n - x->shape.rows) * ENCODE_STEP);
    b->scratch = mem_alloc(scratch_room(x));
    b->source = mem_array(n, sizeof *b->source);
    b->symbol = mem_array(n, sizeof *b->symbol);
    b->out = mem_array(n, sizeof *b->out);
    b->state = mem_alloc(n * sizeof *b->state);
    b->carry = mem_alloc(n);
    b->leaf = mem_alloc(ENCODE_BLOCK * (n + 1) * sizeof *b->leaf);
    b->row = mem_alloc(ENCODE_BLOCK * (n + 1) * sizeof *b->row);
    return b->read && (b->run || !sliced) && b->beyond && b->scratch && b->source && b->symbol &&
           b->out && b->state && b->carry && b->leaf && b->row;
}

static void bench_release(struct encode_bench *b)
{
    mem_free(b->read);
    mem_free(b->run);
    mem_free(b->beyond);
    mem_free(b->scratch);
    mem_free(b->source);
    mem_free(b->symbol);
    mem_free(b->out);
    mem_free(b->state);
    mem_free(b->carry);
    mem_free(b->leaf);
    mem_free(b->row);
}

/* What zero symbols come to. */
static void find_zeros(struct encode *x, struct blob_hash *leaf)
{
    static const uint8_t zero[65536];
    const uint8_t *symbol = zero;
    blake_leaves(x->cpu, &symbol, 1, x->shape.symbol, &x->zero_leaf);
    for (size_t i = 0; i < x->shape.shards; i++)
        leaf[i] = x->zero_leaf;
    x->zero_tree = merkle_root(x->cpu, leaf, x->shape.shards);
    for (size_t i = 0; i < ENCODE_BLOCK; i++)
        leaf[i] = x->zero_leaf;
    x->zero_block = merkle_root(x->cpu, leaf, ENCODE_BLOCK);
}

static bool encode_init(struct encode *x, uint32_t width)
{
    size_t n = x->shape.shards;
    x->row_code = rs_new(x->shape.columns, x->beyond);
    x->column_code = rs_new(x->shape.rows, x->shape.shards - x->shape.rows);
    x->bench = mem_array(x->work.threads, sizeof *x->bench);
    if (!x->row_code || !x->column_code || !x->bench)
        return false;
    x->width = width && width < x->shape.symbol ? width : choose_width(x);
    for (unsigned i = 0; i < x->work.threads; i++)
        if (!bench_init(x, &x->bench[i]))
            return false;
    if (x->width < x->shape.symbol) {
        x->state = big((size_t)x->beyond * x->live * sizeof *x->state);
        x->carry = mem_alloc((size_t)x->beyond * x->live);
        if (!x->state || !x->carry)
            return false;
    }
    x->slice = big((size_t)x->used_rows * x->beyond * x->width);
    x->top = mem_alloc(x->live * (size_t)(x->blocks + 1) * sizeof *x->top);
    if (!x->slice || !x->top)
        return false;
    find_zeros(x, x->bench[0].leaf);
    for (size_t i = 0; i < n; i++)
        x->pair[i] = (struct blob_pair){x->zero_tree, x->zero_tree};
    return true;
}

static void encode_release(struct encode *x)
{
    for (unsigned i = 0; x->bench && i < x->work.threads; i++)
        bench_release(&x->bench[i]);
    mem_free(x->bench);
    rs_free(x->row_code);
    rs_free(x->column_code);
    mem_free(x->state);
    mem_free(x->carry);
    mem_free(x->slice);
    mem_free(x->top);
    work_release(&x->work);
}

static souk_err compute(struct encode *x, struct err *e)
{
    souk_err r = SOUK_OK;
    if (x->used_rows == 0)
        return r;
    for (uint32_t symbol = x->shape.symbol; x->from < symbol && !r; x->from += x->len) {
        x->len = (uint32_t)smaller(symbol - x->from, x->width);
        r = work_run(&x->work, x->used_rows, encode_row, x, e);
        if (r || x->from + x->len == symbol)
            break;
        r = work_run(&x->work, x->beyond, encode_beyond, x, e);
    }
    if (!r)
        r = work_run(&x->work, x->blocks, encode_block, x, e);
    if (!r)
        r = work_run(&x->work, (x->live + ENCODE_TOPS - 1) / ENCODE_TOPS, encode_tops, x, e);
    return r;
}

/* How much of the matrix the file fills. */
static void see_extent(struct encode *x)
{
    uint64_t symbols = x->source.size ? (x->source.size - 1) / x->shape.symbol + 1 : 0;
    uint64_t rows = symbols ? (symbols - 1) / x->shape.columns + 1 : 0;
    x->used_rows = (unsigned)rows;
    x->used_columns = rows > 1 ? x->shape.columns : (unsigned)symbols;
    x->beyond = x->shape.shards - x->shape.columns;
    x->live = x->used_rows + x->shape.shards - x->shape.rows;
    x->blocks = (x->shape.shards + ENCODE_BLOCK - 1) / ENCODE_BLOCK;
    x->work.total = (uint64_t)x->shape.symbol * (x->used_rows * (uint64_t)x->shape.columns +
                                                 (uint64_t)x->shape.shards * x->shape.shards);
}

souk_err encode_run(const struct encode_source *s, const struct encode_options *o, uint32_t width,
                    struct walrus_meta *out, struct err *e)
{
    struct encode x = {.source = *s, .cpu = walrus_cpu_pick(o->cpu)};
    walrus_meta_init(out);
    souk_err r = walrus_shape(o->shards ? o->shards : WALRUS_SHARDS, s->size, &x.shape, e);
    if (r)
        return r;
    out->shape = x.shape;
    out->pair = x.pair = mem_array(x.shape.shards, sizeof *x.pair);
    if (!x.pair)
        return err_nomem(e);
    work_init(&x.work);
    x.work.threads = work_threads(o->threads);
    x.work.cancel = o->cancel;
    x.work.progress = o->progress;
    x.work.ud = o->ud;
    see_extent(&x);
    r = encode_init(&x, width) ? compute(&x, e) : err_nomem(e);
    if (!r)
        r = walrus_meta_seal(out, e);
    if (!r && o->progress)
        o->progress(o->ud, x.work.total, x.work.total);
    encode_release(&x);
    return r;
}

souk_err walrus_encode(const void *p, size_t n, const struct encode_options *o,
                       struct walrus_meta *out, struct err *e)
{
    static const struct encode_options usual;
    struct encode_source s = {.fd = -1, .p = p, .size = n};
    return encode_run(&s, o ? o : &usual, 0, out, e);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

souk_err walrus_encode_fd(int fd, const struct encode_options *o, struct walrus_meta *out,
                          struct err *e)
{
    static const struct encode_options usual;
    struct stat st, after;
    walrus_meta_init(out);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, SOUK_EINPUT, "is not a regular file, and only such can be read twice");
    struct encode_source s = {.fd = fd, .size = (uint64_t)st.st_size};
    souk_err r = encode_run(&s, o ? o : &usual, 0, out, e);
    /* It is read more than once: a mixture of two files has an ID that is nobody's. */
    if (!r && (fstat(fd, &after) != 0 || !same_file(&st, &after)))
        r = err_set(e, SOUK_EFAIL, "changed while it was read");
    return r;
}
