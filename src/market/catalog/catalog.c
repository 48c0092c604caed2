#include "market/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/catalog/internal.h"

#include "base/banned.h"

enum {
    CATALOG_MAX = 1 << 30, /* bytes of strings and figures */
    MODELS_MAX = 1 << 26,
};

struct loading {
    struct catalog_data *c;
    struct row_maker maker;
    uint32_t room;
    const char **author; /* by id */
    size_t authors;
    struct map by_task;
    struct facet *task;
    uint32_t tasks, task_room;
};

/* --- columns */

#define X(id, name, desc) [id] = {name, desc},
static const struct {
    const char *name;
    bool descends;
} sorts[SORT_COUNT] = {SORT_LIST(X)};
#undef X

const char *sort_name(enum sort_key k)
{
    return sorts[k].name;
}

bool sort_descends(enum sort_key k)
{
    return sorts[k].descends;
}

bool sort_parse(const char *s, enum sort_key *out)
{
    for (int k = 0; k < SORT_COUNT; k++) {
        if (strcmp(s, sorts[k].name) == 0) {
            *out = (enum sort_key)k;
            return true;
        }
    }
    return false;
}

/* --- life */

static struct catalog_data *data(struct catalog *c)
{
    return (struct catalog_data *)c;
}

struct catalog *catalog_ref(struct catalog *c)
{
    atomic_fetch_add_explicit(&data(c)->refs, 1, memory_order_relaxed);
    return c;
}

void catalog_unref(struct catalog *c)
{
    if (!c || atomic_fetch_sub_explicit(&data(c)->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct catalog_data *d = data(c);
    for (int k = 0; k < SORT_COUNT; k++) {
        mem_free(d->order[k]);
    }
    pthread_mutex_destroy(&d->lock);
    mem_free(d->ever);
    mem_free(d->pub.row);
    arena_release(&d->arena);
    mem_free(d);
}

static struct catalog_data *catalog_new(enum window w, uint32_t room)
{
    struct catalog_data *c = mem_zalloc(sizeof *c);
    if (!c) {
        return NULL;
    }
    atomic_init(&c->refs, 1);
    pthread_mutex_init(&c->lock, NULL);
    arena_init(&c->arena, CATALOG_MAX);
    c->pub.window = w;
    c->pub.row = mem_array(room, sizeof *c->pub.row);
    c->ever = mem_array(room, sizeof *c->ever);
    if (!c->pub.row || !c->ever) {
        catalog_unref(&c->pub);
        return NULL;
    }
    return c;
}

/* --- loading */

static souk_err on_author(void *ud, const struct author_name *a, struct err *e)
{
    struct loading *l = ud;
    size_t at = (size_t)a->id;
    if (at >= l->authors) {
        size_t room = at * 2 + 64;
        const char **grown = at < MODELS_MAX ? mem_resize(l->author, room * sizeof *grown) : NULL;
        if (!grown) {
            return err_nomem(e);
        }
        memset(grown + l->authors, 0, (room - l->authors) * sizeof *grown);
        l->author = grown;
        l->authors = room;
    }
    l->author[at] = arena_strndup(&l->c->arena, a->name.p ? a->name.p : "", a->name.n);
    return l->author[at] ? SOUK_OK : err_nomem(e);
}

static uint64_t hash_text(struct untrusted u)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < u.n; i++) {
        h = (h ^ (uint8_t)u.p[i]) * 0x100000001b3u;
    }
    return h | 1;
}

/* The facet of a task, whose string all its models share. NULL without memory. */
static struct facet *task_of(struct loading *l, struct untrusted task)
{
    for (uint64_t key = hash_text(task);; key += 2) {
        uint32_t *at = map_put(&l->by_task, key, UINT32_MAX);
        if (!at) {
            return NULL;
        }
        if (*at != UINT32_MAX) {
            struct facet *f = &l->task[*at];
            if (strlen(f->value) == task.n && memcmp(f->value, task.p, task.n) == 0) {
                return f;
            }
            continue; /* another task with the same hash */
        }
        if (l->tasks == l->task_room) {
            uint32_t room = l->task_room ? l->task_room * 2 : 64;
            struct facet *grown = mem_resize(l->task, room * sizeof *grown);
            if (!grown) {
                return NULL;
            }
            l->task = grown;
            l->task_room = room;
        }
        *at = l->tasks;
        struct facet *f = &l->task[l->tasks++];
        *f = (struct facet){arena_strndup(&l->c->arena, task.p, task.n), 0};
        return f->value ? f : NULL;
    }
}

static souk_err on_row(void *ud, const struct catalog_row *r, struct err *e)
{
    struct loading *l = ud;
    struct catalog *c = &l->c->pub;
    size_t a = (size_t)r->author_id;
    if (c->n == l->room) {
        return SOUK_OK; /* cannot be: ids are not above their maximum, in one snapshot */
    }
    /* A task with a NUL inside cannot be compared as a string: it is cut there. */
    const char *p = r->task.p ? r->task.p : "";
    struct untrusted task = untrusted_n(p, strnlen(p, r->task.n));
    struct facet *f = task_of(l, task);
    const char *author = r->author.p ? NULL : a < l->authors && l->author[a] ? l->author[a] : "";
    if (!f || !row_make(&l->maker, r, author, f->value, &c->row[c->n])) {
        return err_nomem(e);
    }
    f->count++;
    c->listed += r->mark != MARK_UNLISTED;
    c->proven += r->mark == MARK_PROVEN;
    c->alive += r->figures.any;
    l->c->ever[c->n++] = r->ever;
    return SOUK_OK;
}

static int by_count(const void *x, const void *y)
{
    const struct facet *a = x, *b = y;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->value, b->value);
}

static souk_err take_facets(struct loading *l, struct err *e)
{
    struct catalog *c = &l->c->pub;
    struct facet *f = arena_alloc(&l->c->arena, l->tasks * sizeof *f);
    if (!f) {
        return err_nomem(e);
    }
    if (l->tasks) {
        qsort(l->task, l->tasks, sizeof *l->task, by_count);
        memcpy(f, l->task, l->tasks * sizeof *f);
    }
    c->task = f;
    c->tasks = l->tasks;
    return SOUK_OK;
}

/* What derive counted, for a head that has not seen all rows. */
static void take_counts(struct catalog *c, struct store *s)
{
    static const char *const alive[] = {"alive_7d", "alive_30d", "alive_90d", "alive_all"};
    c->listed = (uint32_t)store_meta_int(s, "listed", 0);
    c->proven = (uint32_t)store_meta_int(s, "proven", 0);
    c->alive = (uint32_t)store_meta_int(s, alive[c->window], 0);
}

static souk_err load_rows(struct loading *l, struct store *s, bool head, struct err *e)
{
    struct catalog *c = &l->c->pub;
    souk_err rc = assets_load(s, &l->c->assets, e);
    if (rc) {
        return rc;
    }
    c->as_of = store_meta_int(s, "as_of", 0);
    c->as_of_block = (uint64_t)store_meta_int(s, "as_of_block", 0);
    c->synced_at = store_synced_at(s);
    l->c->by_id = !head;
    if (head) {
        rc = store_catalog_head(s, (int)c->window, l->room, on_row, l, e);
    } else {
        rc = store_each_author(s, on_author, l, e);
        if (!rc) {
            rc = store_each_catalog_row(s, (int)c->window, on_row, l, e);
        }
        c->total = c->n;
    }
    if (!rc) {
        if (c->n < c->total) {
            take_counts(c, s);
        } else {
            rc = take_facets(l, e);
        }
    }
    return rc;
}

static souk_err load(struct store *s, enum window w, bool head, uint32_t limit,
                     struct catalog **out, struct err *e)
{
    uint32_t total;
    souk_err rc = store_model_count(s, &total, e);
    if (rc) {
        return rc;
    }
    struct loading l = {.room = head && limit < total ? limit : total};
    l.c = catalog_new(w, l.room);
    if (!l.c) {
        return err_nomem(e);
    }
    l.c->pub.total = total;
    row_maker_init(&l.maker, s, &l.c->arena, &l.c->assets);
    map_init(&l.by_task, MODELS_MAX);
    rc = load_rows(&l, s, head, e);
    row_maker_release(&l.maker);
    map_release(&l.by_task);
    mem_free(l.task);
    mem_free(l.author);
    if (rc) {
        catalog_unref(&l.c->pub);
        return rc;
    }
    *out = &l.c->pub;
    return SOUK_OK;
}

static souk_err load_snapshot(struct store *s, enum window w, bool head, uint32_t limit,
                              struct catalog **out, struct err *e)
{
    *out = NULL;
    souk_err rc = store_snapshot(s, e);
    if (!rc) {
        rc = load(s, w, head, limit, out, e);
        store_snapshot_end(s);
    }
    return rc;
}

souk_err catalog_load(struct store *s, enum window w, struct catalog **out, struct err *e)
{
    return load_snapshot(s, w, false, 0, out, e);
}

souk_err catalog_head(struct store *s, enum window w, uint32_t limit, struct catalog **out,
                      struct err *e)
{
    return load_snapshot(s, w, true, limit, out, e);
}
