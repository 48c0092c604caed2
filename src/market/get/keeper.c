#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { NOTE_ROOM = 4 << 10 };

/* --- the note: "total N". Who reads another's knows nothing. */

static uint64_t note_total(struct keeper *k)
{
    struct buf b;
    uint64_t total = 0;
    unsigned long long v;
    buf_init(&b, NOTE_ROOM);
    if (library_part_note(k->part, &b, NULL) == SOUK_OK && sscanf(b.p, "total %llu", &v) == 1 &&
        v <= 1ull << BYTES_MOST_SHIFT)
        total = v;
    buf_release(&b);
    return total;
}

static void note(struct work *w)
{
    char text[64];
    int n = snprintf(text, sizeof text, "total %llu\n", (unsigned long long)w->at);
    library_part_keep(w->g->k.part, untrusted_n(text, (size_t)n), &w->err);
}

/* --- */

static struct library_about about_of(const struct get *g, enum verified how)
{
    return (struct library_about){.author = untrusted(g->target.author),
                                  .model = untrusted(g->target.name),
                                  .version = untrusted(g->target.version),
                                  .file = untrusted(g->target.file),
                                  .source = untrusted(g->source),
                                  .got = clock_now(),
                                  .verified = how};
}

static void open_part(struct work *w)
{
    struct get *g = w->g;
    struct keeper *k = &g->k;
    struct stat st;
    if (library_find(&g->target.id, NULL, NULL) == SOUK_OK) {
        struct library_about about = about_of(g, VERIFIED_NO);
        about.source = untrusted("");
        w->here = true;
        if (about.model.n > 0)
            library_describe(&g->target.id, &about, NULL);
        library_about(&g->target.id, &g->arena, &g->row, &w->err);
        return;
    }
    if (library_part_open(&g->target.id, &k->part, &w->err) != SOUK_OK)
        return;
    if (fstat(library_part_fd(k->part), &st) != 0) {
        library_failed("the part that came", &w->err);
        return;
    }
    w->at = k->end = (uint64_t)st.st_size;
    w->total = note_total(k);
}

static void restart(struct work *w)
{
    struct keeper *k = &w->g->k;
    if (ftruncate(library_part_fd(k->part), 0) != 0)
        library_failed("the part that came", &w->err);
    k->end = 0;
    k->next = 0;
    if (k->right != NULL)
        memset(k->right, 0, k->meta.shape.rows * sizeof *k->right);
}

/* --- rows */

static bool add_bad(struct work *w, unsigned row)
{
    unsigned *more = mem_resize(w->bad, (w->bads + 1) * sizeof *more);
    if (more == NULL) {
        err_nomem(&w->err);
        return false;
    }
    w->bad = more;
    w->bad[w->bads++] = row;
    return true;
}

static bool look_at_row(struct work *w, unsigned row)
{
    struct keeper *k = &w->g->k;
    uint64_t from, len, got = 0;
    walrus_row_range(&k->meta.shape, row, &from, &len);
    while (got < len) {
        ssize_t n = pread(library_part_fd(k->part), k->row + got, len - got, (off_t)(from + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            library_failed("reading what came", &w->err);
            return false;
        }
        got += (uint64_t)n;
    }
    k->right[row] = rows_check(k->rows, row, k->row, len);
    return k->right[row] || add_bad(w, row);
}

/* All that are complete and were not looked at. */
static void look_at_rows(struct work *w)
{
    struct keeper *k = &w->g->k;
    for (; k->rows != NULL && k->next < k->meta.shape.rows; k->next++) {
        uint64_t from, len;
        walrus_row_range(&k->meta.shape, k->next, &from, &len);
        if ((len > 0 && from + len > k->end) || atomic_load(&w->g->cancel) ||
            !look_at_row(w, k->next))
            return;
    }
}

/* Believed when it gives the ID. Then the rows that are there already are looked at. */
static void take_meta(struct work *w)
{
    struct keeper *k = &w->g->k;
    struct walrus_meta m;
    uint64_t from, len;
    walrus_meta_init(&m);
    if (w->p == NULL || walrus_meta_parse(w->p, w->n, &m, NULL) != SOUK_OK ||
        !blob_hash_eq(&m.id, &w->g->target.id)) {
        walrus_meta_release(&m);
        return;
    }
    k->meta = m;
    walrus_row_range(&m.shape, 0, &from, &len); /* none is longer than the first */
    k->right = mem_array(m.shape.rows, sizeof *k->right);
    k->row = mem_alloc(len > 0 ? len : 1);
    if (k->right == NULL || k->row == NULL)
        err_nomem(&w->err);
    else if (rows_new(&k->meta, WALRUS_CPU_BEST, &k->rows, &w->err) == SOUK_OK) {
        w->here = true;
        w->total = m.shape.size;
        if (k->end <= w->total)
            look_at_rows(w);
    }
}

static void write_chunk(struct work *w)
{
    struct keeper *k = &w->g->k;
    for (size_t did = 0; did < w->n;) {
        ssize_t n = pwrite(library_part_fd(k->part), w->p + did, w->n - did, (off_t)(w->at + did));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            library_failed("writing the model", &w->err);
            return;
        }
        did += (size_t)n;
    }
    if (w->at == k->end)
        k->end += w->n;
    if (w->row >= 0)
        look_at_row(w, (unsigned)w->row);
    else
        look_at_rows(w);
}

/* --- the proof */

static void on_progress(void *ud, uint64_t done, uint64_t total)
{
    struct get *g = ud;
    atomic_store(&g->all_work, total);
    atomic_store(&g->done_work, done);
}

static bool all_right(const struct keeper *k)
{
    bool right = k->rows != NULL && k->end == k->meta.shape.size;
    for (unsigned i = 0; right && i < k->meta.shape.rows; i++)
        right = k->right[i];
    return right;
}

static bool prove_whole(struct work *w, struct walrus_meta *m, bool by_rows)
{
    struct get *g = w->g;
    const struct encode_options o = {
        .threads = g->o.threads, .cancel = &g->cancel, .progress = on_progress, .ud = g};
    if (walrus_encode_fd(library_part_fd(g->k.part), &o, m, &w->err) != SOUK_OK)
        return false;
    if (blob_hash_eq(&m->id, &g->target.id))
        return true;
    err_set(&w->err, SOUK_EVERIFY, "%s",
            by_rows
                ? "its rows are right, but whoever stored it encoded it wrongly: the network may "
                  "call it invalid at any time; without --strict it is taken"
                : "what came is not what the blob ID names");
    return false;
}

static void prove(struct work *w)
{
    struct get *g = w->g;
    struct keeper *k = &g->k;
    struct walrus_meta whole;
    bool by_rows = all_right(k), strict = !by_rows || g->o.strict;
    walrus_meta_init(&whole);
    if (!strict || prove_whole(w, &whole, by_rows)) {
        const struct library_about about = about_of(g, strict ? VERIFIED_STRICT : VERIFIED_ROWS);
        struct library_part *part = k->part;
        k->part = NULL;
        w->here =
            library_part_finish(part, strict ? &whole : &k->meta, &about, &w->err) == SOUK_OK &&
            library_about(&g->target.id, &g->arena, &g->row, &w->err) == SOUK_OK;
    }
    walrus_meta_release(&whole);
}

/* --- jobs */

static void run(struct job *j)
{
    struct work *w = (struct work *)j;
    struct get *g = w->g;
    switch (w->kind) {
    case WORK_OPEN:
        open_part(w);
        break;
    case WORK_ROOM:
        library_room(g->budget, w->at > g->k.end ? w->at - g->k.end : 0, &w->err);
        break;
    case WORK_NOTE:
        note(w);
        break;
    case WORK_META:
        take_meta(w);
        break;
    case WORK_WRITE:
        write_chunk(w);
        break;
    case WORK_RESTART:
        restart(w);
        break;
    case WORK_PROVE:
        prove(w);
        break;
    }
}

static void done(struct job *j)
{
    struct work *w = (struct work *)j;
    struct get *g = w->g;
    g->works--;
    if (atomic_load(&j->cancelled) && w->err.code == SOUK_OK)
        err_set(&w->err, SOUK_ECANCEL, "stopped");
    g->inside = 1; /* what it stops and starts is looked at together, below */
    work_done(g, w);
    g->inside = 0;
    mem_free(w->p);
    mem_free(w->bad);
    mem_free(w);
    get_turn(g);
}

struct work *work_new(struct get *g, enum work_kind kind)
{
    struct work *w = mem_zalloc(sizeof *w);
    if (w == NULL) {
        struct err e;
        err_nomem(&e);
        get_fail(g, &e);
        return NULL;
    }
    w->job.run = run;
    w->job.done = done;
    w->g = g;
    w->kind = kind;
    w->row = -1;
    return w;
}

void work_submit(struct work *w)
{
    w->g->works++;
    loop_submit(w->g->loop, LANE_CONTENT, &w->job);
}

void keeper_close(struct keeper *k, bool discard)
{
    library_part_close(k->part, discard);
    k->part = NULL;
    rows_free(k->rows);
    k->rows = NULL;
    walrus_meta_release(&k->meta);
    MEM_FREE(k->right);
    MEM_FREE(k->row);
}
