/* encode_columns.c: columns encoded and hashed, and the trees over both. */
#include <string.h>

#include "walrus/encode_internal.h"

#include "base/banned.h"

/* The hashes of one column's symbols on their way, in live rows. */
struct column {
    struct leaf_state *state;
    uint8_t *carry;
    struct blob_hash *leaf;
};

/*
 * A column takes bytes [from, from + len) of its symbols; those in the file's rows lie at p, pitch
 * bytes apart. Little by little, so that what was encoded is hashed before it leaves the cache.
 */
static void take(struct encode *x, struct encode_bench *b, const struct column *c, const uint8_t *p,
                 size_t pitch, uint32_t from, size_t len)
{
    unsigned rows = x->shape.rows, more = x->shape.shards - rows;
    for (size_t at = 0, step; at < len; at += step) {
        step = len - at < ENCODE_STEP ? len - at : ENCODE_STEP;
        for (unsigned i = 0; i < rows; i++)
            b->source[i] = i < x->used_rows ? p + i * pitch + at : NULL;
        for (unsigned i = 0; i < more; i++)
            b->out[i] = b->beyond + i * step;
        for (unsigned i = 0; i < x->live; i++)
            b->symbol[i] = i < x->used_rows ? b->source[i] : b->out[i - x->used_rows];
        rs_encode(x->column_code, x->cpu, b->source, b->out, step, b->scratch);
        uint64_t before = from + at;
        bool last = before + step == x->shape.symbol;
        if (last && before == 0) {
            blake_leaves(x->cpu, b->symbol, x->live, step, c->leaf);
            return;
        }
        if (before == 0)
            leaf_begin(c->state, c->carry, x->live);
        if (last)
            leaf_end(x->cpu, c->state, c->carry, b->symbol, x->live, step, before, c->leaf);
        else
            leaf_feed(x->cpu, c->state, c->carry, b->symbol, x->live, step, before);
    }
}

/* A column beyond takes the slice under way. */
static void take_slice(struct encode *x, struct encode_bench *b, unsigned i, struct blob_hash *leaf)
{
    struct column c = {b->state, b->carry, leaf};
    if (x->state) {
        c.state = x->state + (size_t)i * x->live;
        c.carry = x->carry + (size_t)i * x->live;
    }
    take(x, b, &c, x->slice + (size_t)i * x->width, (size_t)x->beyond * x->width, x->from, x->len);
    work_did(&x->work, (uint64_t)x->shape.shards * x->len);
}

void encode_beyond(void *ud, unsigned thread, size_t i)
{
    struct encode *x = ud;
    take_slice(x, &x->bench[thread], (unsigned)i, NULL);
}

/* Columns [first, first + count), bytes [from, from + len) of each symbol, a row's side by side. */
static souk_err read_window(struct encode *x, struct encode_bench *b, unsigned first,
                            unsigned count, uint32_t from, size_t len, struct err *e)
{
    uint64_t symbol = x->shape.symbol;
    size_t n = (count - 1) * (size_t)symbol + len;
    souk_err r = SOUK_OK;
    for (unsigned row = 0; row < x->used_rows && !r; row++) {
        uint64_t at = ((uint64_t)row * x->shape.columns + first) * symbol + from;
        r = encode_read(&x->source, at, b->read + row * n, n, e);
    }
    return r;
}

/* Columns that are there, [first, end): whole blocks at once where symbols are small. */
static souk_err take_there(struct encode *x, struct encode_bench *b, unsigned first, unsigned end,
                           struct err *e)
{
    size_t symbol = x->shape.symbol;
    bool small = symbol * ENCODE_BLOCK <= ENCODE_WINDOW;
    souk_err r = small ? read_window(x, b, first, end - first, 0, symbol, e) : SOUK_OK;
    for (unsigned i = first; i < end && !r; i++) {
        struct column c = {b->state, b->carry, b->leaf + (i - first) * (x->shape.shards + 1)};
        if (small) {
            take(x, b, &c, b->read + (i - first) * symbol, (end - first) * symbol, 0, symbol);
        } else {
            for (size_t at = 0, len; at < symbol && !r; at += len) {
                len = symbol - at < ENCODE_WINDOW ? symbol - at : ENCODE_WINDOW;
                r = read_window(x, b, i, 1, (uint32_t)at, len, e);
                if (!r)
                    take(x, b, &c, b->read, len, (uint32_t)at, len);
                if (!r && work_over(&x->work))
                    r = SOUK_ECANCEL;
            }
        }
        work_did(&x->work, (uint64_t)x->shape.shards * symbol);
    }
    return r;
}

/* n rows of `count` nodes get one of zeros each behind theirs. */
static void pad(struct blob_hash *node, size_t n, size_t count)
{
    while (n-- > 0) {
        memmove(node + n * (count + 1), node + n * count, count * sizeof *node);
        memset(node + n * (count + 1) + count, 0, sizeof *node);
    }
}

/* The lowest levels of the rows' trees, as far as they are over this block's columns. */
static void reduce_rows(struct encode *x, struct encode_bench *b, size_t block, unsigned count)
{
    for (size_t i = 0; i < x->live; i++)
        for (size_t c = 0; c < count; c++)
            b->row[i * count + c] = b->leaf[c * (x->shape.shards + 1) + i];
    size_t all = x->shape.shards; /* nodes of a whole row at this level */
    for (unsigned level = 0; level < ENCODE_LEVELS && all > 1; level++) {
        if (count % 2) /* then `all` is odd too: only the last block is not whole */
            pad(b->row, x->live, count++);
        count /= 2;
        all = (all + 1) / 2;
        blake_nodes(x->cpu, b->row, x->live * count, b->row);
    }
    for (size_t i = 0; i < x->live; i++)
        x->top[i * (x->blocks + 1) + block] = b->row[i];
}

static void column_trees(struct encode *x, struct encode_bench *b, unsigned first, unsigned count)
{
    size_t n = x->shape.shards, rows = x->shape.rows, used = x->used_rows;
    struct blob_hash root[ENCODE_BLOCK];
    for (size_t c = 0; used < rows && c < count; c++) {
        struct blob_hash *leaf = b->leaf + c * (n + 1);
        memmove(leaf + rows, leaf + used, (n - rows) * sizeof *leaf);
        for (size_t i = used; i < rows; i++)
            leaf[i] = x->zero_leaf;
    }
    merkle_roots(x->cpu, b->leaf, count, n + 1, n, root);
    for (size_t c = 0; c < count; c++)
        x->pair[n - 1 - first - c].secondary = root[c];
}

/* Its columns' trees are known from the start. */
static void zero_block(struct encode *x, size_t block)
{
    for (size_t i = 0; i < x->live; i++)
        x->top[i * (x->blocks + 1) + block] = x->zero_block;
}

void encode_block(void *ud, unsigned thread, size_t block)
{
    struct encode *x = ud;
    struct encode_bench *b = &x->bench[thread];
    unsigned first = (unsigned)block * ENCODE_BLOCK, there = x->shape.columns;
    unsigned end = first + ENCODE_BLOCK < x->shape.shards ? first + ENCODE_BLOCK : x->shape.shards;
    if (first >= x->used_columns && end <= there) {
        zero_block(x, block);
        work_did(&x->work, (uint64_t)x->shape.shards * x->shape.symbol * (end - first));
        return;
    }
    struct err e;
    souk_err r = SOUK_OK;
    if (first < there)
        r = take_there(x, b, first, end < there ? end : there, &e);
    for (unsigned i = first < there ? there : first; i < end && !r; i++) {
        take_slice(x, b, i - there, b->leaf + (i - first) * (x->shape.shards + 1));
        if (work_over(&x->work))
            r = SOUK_ECANCEL;
    }
    if (r) {
        if (r != SOUK_ECANCEL) /* whoever cancelled knows */
            work_fail(&x->work, &e);
        return;
    }
    reduce_rows(x, b, block, end - first);
    column_trees(x, b, first, end - first);
}

void encode_tops(void *ud, unsigned thread, size_t i)
{
    struct encode *x = ud;
    (void)thread;
    struct blob_hash root[ENCODE_TOPS];
    size_t first = i * ENCODE_TOPS;
    size_t count = x->live - first < ENCODE_TOPS ? x->live - first : ENCODE_TOPS;
    merkle_roots(x->cpu, x->top + first * (x->blocks + 1), count, x->blocks + 1, x->blocks, root);
    for (size_t k = 0; k < count; k++) {
        size_t row =
            first + k < x->used_rows ? first + k : first + k - x->used_rows + x->shape.rows;
        x->pair[row].primary = root[k];
    }
}
