#include "walrus/rows.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "walrus/merkle.h"
#include "walrus/rs.h"
#include "walrus/work.h"

#include "base/banned.h"

/* Bytes of each symbol encoded and hashed at a time; apart by a line of the cache more, so that
 * they do not all want the same lines. */
enum { STEP = 1024, PITCH = STEP + 64 };
/* Rows in memory at a time, whatever the number of threads. */
#define ROWS_MEMORY ((uint64_t)256 << 20)

struct rows {
    const struct walrus_meta *m;
    enum walrus_cpu cpu;
    struct rs *code;
    unsigned beyond;          /* symbols that encoding adds */
    uint8_t *tail;            /* the symbol in which the file ends, filled up with zeros */
    const uint8_t **source;   /* where the row's symbols are; NULL: zero */
    const uint8_t **from;     /* their pieces under way */
    uint8_t **out;            /* those of the symbols beyond */
    uint8_t *piece;           /* beyond of PITCH bytes */
    struct leaf_state *state; /* one a symbol, when it is longer than a step */
    uint8_t *carry;
    struct blob_hash *leaf;
    void *scratch;
    struct blob_hash zero_leaf, zero_root;
};

static void find_zeros(struct rows *r)
{
    const uint8_t *zero = r->tail;
    unsigned n = r->m->shape.shards;
    blake_leaves(r->cpu, &zero, 1, r->m->shape.symbol, &r->zero_leaf);
    for (unsigned i = 0; i < n; i++)
        r->leaf[i] = r->zero_leaf;
    r->zero_root = merkle_root(r->cpu, r->leaf, n);
}

souk_err rows_new(const struct walrus_meta *m, enum walrus_cpu cpu, struct rows **out,
                  struct err *e)
{
    const struct walrus_shape *s = &m->shape;
    struct rows *r = *out = mem_zalloc(sizeof *r);
    if (!r)
        return err_nomem(e);
    r->m = m;
    r->cpu = walrus_cpu_pick(cpu);
    r->beyond = s->shards - s->columns;
    r->code = rs_new(s->columns, r->beyond);
    r->tail = mem_zalloc(s->symbol);
    r->source = mem_array(s->columns, sizeof *r->source);
    r->from = mem_array(s->columns, sizeof *r->from);
    r->out = mem_array(r->beyond, sizeof *r->out);
    r->piece = mem_array(r->beyond, PITCH);
    r->state = mem_array(s->shards, sizeof *r->state);
    r->carry = mem_array(s->shards, 1);
    r->leaf = mem_array(s->shards + 1, sizeof *r->leaf);
    r->scratch = r->code ? mem_alloc(rs_scratch(r->code, STEP)) : NULL;
    if (!r->tail || !r->source || !r->from || !r->out || !r->piece || !r->state || !r->carry ||
        !r->leaf || !r->scratch) {
        rows_free(r);
        *out = NULL;
        return err_nomem(e);
    }
    for (unsigned i = 0; i < r->beyond; i++)
        r->out[i] = r->piece + (size_t)i * PITCH;
    find_zeros(r);
    return SOUK_OK;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    rs_free(r->code);
    mem_free(r->tail);
    mem_free(r->source);
    mem_free(r->from);
    mem_free(r->out);
    mem_free(r->piece);
    mem_free(r->state);
    mem_free(r->carry);
    mem_free(r->leaf);
    mem_free(r->scratch);
    mem_free(r);
}

/* Where the symbols of a row are; how many of them are not known to be zero. */
static unsigned lay_out(struct rows *r, const uint8_t *p, size_t n)
{
    size_t symbol = r->m->shape.symbol;
    unsigned whole = (unsigned)(n / symbol), used = whole;
    memset(r->source, 0, r->m->shape.columns * sizeof *r->source);
    for (unsigned c = 0; c < whole; c++)
        r->source[c] = p + c * symbol;
    if (n % symbol) {
        memset(r->tail, 0, symbol);
        memcpy(r->tail, p + whole * symbol, n % symbol);
        r->source[used++] = r->tail;
    }
    return used;
}

/* Bytes [at, at + len) of `count` symbols, of which the first is `first`, go into their leaves. */
static void hash(struct rows *r, const uint8_t *const *piece, unsigned first, unsigned count,
                 size_t at, size_t len)
{
    size_t symbol = r->m->shape.symbol;
    struct leaf_state *s = r->state + first;
    uint8_t *carry = r->carry + first;
    struct blob_hash *leaf = r->leaf + first;
    if (len == symbol) {
        blake_leaves(r->cpu, piece, count, len, leaf);
        return;
    }
    if (at == 0)
        leaf_begin(s, carry, count);
    if (at + len < symbol)
        leaf_feed(r->cpu, s, carry, piece, count, len, at);
    else
        leaf_end(r->cpu, s, carry, piece, count, len, at, leaf);
}

bool rows_check(struct rows *r, unsigned row, const uint8_t *p, size_t n)
{
    const struct walrus_shape *s = &r->m->shape;
    uint64_t from, want;
    if (row >= s->rows)
        BUG("row %u of %u", row, s->rows);
    walrus_row_range(s, row, &from, &want);
    if (n != want)
        return false;
    if (n == 0)
        return blob_hash_eq(&r->zero_root, &r->m->pair[row].primary);
    unsigned used = lay_out(r, p, n);
    for (size_t at = 0, len; at < s->symbol; at += len) {
        len = s->symbol - at < STEP ? s->symbol - at : STEP;
        for (unsigned c = 0; c < s->columns; c++)
            r->from[c] = r->source[c] ? r->source[c] + at : NULL;
        rs_encode(r->code, r->cpu, r->from, r->out, len, r->scratch);
        hash(r, r->from, 0, used, at, len);
        hash(r, (const uint8_t *const *)r->out, s->columns, r->beyond, at, len);
    }
    for (unsigned c = used; c < s->columns; c++)
        r->leaf[c] = r->zero_leaf;
    struct blob_hash root = merkle_root(r->cpu, r->leaf, s->shards);
    return blob_hash_eq(&root, &r->m->pair[row].primary);
}

/* --- a whole file */

struct check {
    struct work work;
    const struct walrus_shape *shape;
    int fd;
    bool *bad;
    struct rows *rows[WORK_THREADS_MAX];
    uint8_t *row[WORK_THREADS_MAX]; /* its bytes */
};

/* How many bytes there were: fewer than n at the file's end. */
static souk_err read_at(int fd, uint64_t at, uint8_t *p, size_t n, size_t *got, struct err *e)
{
    *got = 0;
    while (*got < n) {
        ssize_t some = pread(fd, p + *got, n - *got, (off_t)(at + *got));
        if (some == 0)
            break;
        if (some < 0 && errno != EINTR)
            return err_set(e, SOUK_EFAIL, "cannot be read at byte %llu: %s",
                           (unsigned long long)(at + *got), strerror(errno));
        *got += some > 0 ? (size_t)some : 0;
    }
    return SOUK_OK;
}

static void check_row(void *ud, unsigned thread, size_t row)
{
    struct check *c = ud;
    uint64_t from, len;
    size_t got;
    struct err e;
    walrus_row_range(c->shape, (unsigned)row, &from, &len);
    if (read_at(c->fd, from, c->row[thread], (size_t)len, &got, &e) != SOUK_OK) {
        work_fail(&c->work, &e);
        return;
    }
    c->bad[row] = !rows_check(c->rows[thread], (unsigned)row, c->row[thread], got);
    work_did(&c->work, len);
}

static souk_err check_start(struct check *c, const struct walrus_meta *m,
                            const struct rows_options *o, struct err *e)
{
    uint64_t row = (uint64_t)m->shape.columns * m->shape.symbol, most = ROWS_MEMORY / row;
    c->work.threads = work_threads(o->threads);
    if (c->work.threads > most)
        c->work.threads = most ? (unsigned)most : 1;
    c->work.cancel = o->cancel;
    c->work.progress = o->progress;
    c->work.ud = o->ud;
    c->work.total = m->shape.size;
    souk_err r = SOUK_OK;
    for (unsigned i = 0; i < c->work.threads && !r; i++) {
        r = rows_new(m, o->cpu, &c->rows[i], e);
        c->row[i] = r ? NULL : mem_alloc((size_t)row);
        if (!r && !c->row[i])
            r = err_nomem(e);
    }
    return r;
}

static void check_end(struct check *c)
{
    for (unsigned i = 0; i < WORK_THREADS_MAX; i++) {
        rows_free(c->rows[i]);
        mem_free(c->row[i]);
    }
    work_release(&c->work);
}

static souk_err verdict(const struct walrus_meta *m, const bool *bad, uint64_t there, struct err *e)
{
    const struct walrus_shape *s = &m->shape;
    unsigned wrong = 0, first = 0;
    for (unsigned i = s->rows; i-- > 0;) {
        if (bad[i]) {
            wrong++;
            first = i;
        }
    }
    char id[BLOB_ID_BUF];
    if (there != s->size)
        return err_set(e, SOUK_EVERIFY, "it has %llu bytes, but blob %s has %llu",
                       (unsigned long long)there, blob_id_format(&m->id, id),
                       (unsigned long long)s->size);
    if (!wrong)
        return SOUK_OK;
    uint64_t from, len;
    walrus_row_range(s, first, &from, &len);
    if (len == 0)
        return err_set(e, SOUK_EVERIFY,
                       "blob %s was not encoded as its size says: nothing can be checked against "
                       "it by rows",
                       blob_id_format(&m->id, id));
    return err_set(e, SOUK_EVERIFY,
                   "it is not blob %s: %u of %u rows wrong, the first is bytes %llu to %llu",
                   blob_id_format(&m->id, id), wrong, s->rows, (unsigned long long)from,
                   (unsigned long long)(from + len - 1));
}

souk_err rows_check_fd(const struct walrus_meta *m, int fd, const struct rows_options *o, bool *bad,
                       struct err *e)
{
    static const struct rows_options usual;
    struct check c = {.shape = &m->shape, .fd = fd};
    struct stat st;
    unsigned rows = m->shape.rows;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, SOUK_EINPUT, "is not a regular file");
    bool *own = bad ? NULL : mem_array(rows, sizeof *own);
    c.bad = bad ? bad : own;
    if (!c.bad)
        return err_nomem(e);
    memset(c.bad, 0, rows * sizeof *c.bad);
    work_init(&c.work);
    souk_err r = check_start(&c, m, o ? o : &usual, e);
    if (!r)
        r = work_run(&c.work, rows, check_row, &c, e);
    if (!r)
        r = verdict(m, c.bad, (uint64_t)st.st_size, e);
    check_end(&c);
    mem_free(own);
    return r;
}
