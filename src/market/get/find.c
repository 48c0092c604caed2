/* Which file is meant: a model's own word, one of its versions' files, an ID. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hub/hub.h"
#include "market/get/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

enum { FILES_MOST = 512, CHOICES = 6, MEMORY = 4 << 20 };

struct files {
    const char *version, *file; /* wanted; NULL: the newest, the only one */
    struct arena arena;
    struct file_detail row[FILES_MOST]; /* the newest version first */
    size_t n;
};

static void put(char *out, size_t room, struct untrusted u)
{
    snprintf(out, room, "%.*s", (int)(u.n < room ? u.n : room), u.n > 0 ? u.p : "");
}

static bool is(struct untrusted u, const char *s)
{
    return u.n == strlen(s) && memcmp(u.p != NULL ? u.p : "", s, u.n) == 0;
}

static bool same(struct untrusted a, struct untrusted b)
{
    return a.n == b.n && a.n > 0 && memcmp(a.p, b.p, a.n) == 0;
}

/* --- an ID */

static void take_id(struct get_target *t, struct untrusted id)
{
    t->has_id = blob_id_parse(id, &t->id);
    t->legacy = !t->has_id && hub_ipfs_id_ok(id);
    t->here = t->has_id && library_find(&t->id, NULL, NULL) == SOUK_OK;
}

static void take_file(struct get_target *t, const struct file_detail *f)
{
    put(t->version, sizeof t->version, f->version);
    put(t->file, sizeof t->file, f->name);
    t->size = f->size;
}

/* --- the files of a model */

static bool copy(struct arena *a, struct untrusted u, struct untrusted *out)
{
    char *p = arena_strndup(a, u.p != NULL ? u.p : "", u.n);
    *out = untrusted_n(p, u.n);
    return p != NULL;
}

static souk_err on_file(void *ud, const struct file_detail *f, struct err *e)
{
    struct files *l = ud;
    if (l->n == FILES_MOST)
        return SOUK_OK;
    struct file_detail *r = &l->row[l->n++];
    r->size = f->size;
    return copy(&l->arena, f->version, &r->version) && copy(&l->arena, f->name, &r->name) &&
                   copy(&l->arena, f->blob_id, &r->blob_id)
               ? SOUK_OK
               : err_nomem(e);
}

static bool is_onnx(struct untrusted name)
{
    return name.n > 5 && strncasecmp(name.p + name.n - 5, ".onnx", 5) == 0;
}

static void add_choice(struct buf *b, struct untrusted u, size_t nth)
{
    if (nth < CHOICES) {
        buf_adds(b, nth > 0 ? ", " : "");
        buf_add(b, u.p, u.n < 60 ? u.n : 60);
    } else if (nth == CHOICES) {
        buf_adds(b, ", ...");
    }
}

/* The versions there are; or, of one version, its files. */
static souk_err say_choices(const struct files *l, struct untrusted version, const char *name,
                            struct err *e)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 4096);
    for (size_t i = 0; i < l->n; i++) {
        const struct file_detail *f = &l->row[i];
        bool again = i > 0 && same(f->version, l->row[i - 1].version);
        if (version.n == 0 && !again)
            add_choice(&b, f->version, n++);
        else if (version.n > 0 && same(f->version, version))
            add_choice(&b, f->name, n++);
    }
    souk_err rc;
    if (version.n == 0 && n == 0)
        rc = err_set(e, SOUK_ENOTFOUND, "the Hub has told no versions of %.100s", name);
    else if (version.n == 0)
        rc = err_set(e, SOUK_ENOTFOUND, "%.100s has no version \"%.60s\"; it has %s", name,
                     l->version, b.p);
    else if (l->file != NULL)
        rc = err_set(e, SOUK_ENOTFOUND, "version %.*s of %.100s has no file \"%.60s\"; it has %s",
                     (int)version.n, version.p, name, l->file, b.p);
    else
        rc = err_set(e, SOUK_EINPUT,
                     "version %.*s of %.100s has several files, say which with --file: %s",
                     (int)version.n, version.p, name, b.p);
    buf_release(&b);
    return rc;
}

/* NULL: none could be chosen; *e says why, or nothing when there are no files at all. */
static const struct file_detail *choose(const struct files *l, const char *name, struct err *e)
{
    const struct file_detail *only = NULL, *onnx = NULL, *named = NULL;
    struct untrusted version = l->version != NULL ? untrusted(l->version)
                               : l->n > 0         ? l->row[0].version
                                                  : untrusted("");
    size_t files = 0, onnxs = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct file_detail *f = &l->row[i];
        if (!same(f->version, version))
            continue;
        files++;
        only = f;
        if (is_onnx(f->name)) {
            onnxs++;
            onnx = f;
        }
        if (l->file != NULL && is(f->name, l->file))
            named = f;
    }
    if (files == 0 && l->version == NULL && l->file == NULL)
        return NULL;
    if (files == 0)
        say_choices(l, untrusted(""), name, e);
    else if (l->file != NULL && named == NULL)
        say_choices(l, version, name, e);
    else if (l->file == NULL && files > 1 && onnxs != 1)
        say_choices(l, version, name, e);
    else
        return named != NULL ? named : files == 1 ? only : onnx;
    return NULL;
}

/* --- a model */

static souk_err on_row(void *ud, const struct catalog_row *r, struct err *e)
{
    struct get_target *t = ud;
    (void)e;
    put(t->author, sizeof t->author, r->author);
    put(t->name, sizeof t->name, r->name);
    t->from = (enum blob_source)r->blob_from;
    take_id(t, r->blob_id);
    return SOUK_OK;
}

/* The model's own word, with what the Hub says of that file. */
static void take_own(struct get_target *t, const struct files *l)
{
    char id[BLOB_ID_BUF];
    if (!t->has_id)
        return;
    blob_id_format(&t->id, id);
    for (size_t i = 0; i < l->n; i++) {
        if (is(l->row[i].blob_id, id)) {
            take_file(t, &l->row[i]);
            return;
        }
    }
}

static souk_err of_files(struct get_target *t, const struct files *l, struct err *e)
{
    struct err why = {0};
    const struct file_detail *f = choose(l, t->name, &why);
    if (f == NULL) {
        if (e != NULL)
            *e = why;
        return why.code;
    }
    take_file(t, f);
    take_id(t, f->blob_id);
    t->from = t->has_id || t->legacy ? BLOB_FILES : BLOB_UNKNOWN;
    return SOUK_OK;
}

/* What the user told an earlier get about this model. */
static void ask_library(struct get_target *t)
{
    char what[sizeof t->author + sizeof t->name + sizeof t->version + 4];
    snprintf(what, sizeof what, "%s/%s%s%s", t->author, t->name, t->version[0] != '\0' ? "@" : "",
             t->version);
    if (!t->has_id && !t->legacy && library_named(what, &t->id, NULL) == SOUK_OK) {
        t->has_id = true;
        t->here = library_find(&t->id, NULL, NULL) == SOUK_OK;
    }
}

souk_err get_of_model(struct store *s, int64_t model, const char *version, const char *file,
                      struct get_target *out, struct err *e)
{
    static const struct get_target none = {.size = -1};
    struct files *l;
    struct arena a;
    *out = none;
    out->model = model;
    arena_init(&a, MEMORY);
    l = arena_alloc(&a, sizeof *l);
    souk_err rc = l != NULL ? SOUK_OK : err_nomem(e);
    if (rc == SOUK_OK) {
        l->version = version;
        l->file = file;
        arena_init(&l->arena, MEMORY);
        rc = store_snapshot(s, e);
    }
    if (rc == SOUK_OK) {
        rc = store_catalog_row(s, WINDOW_ALL, model, on_row, out, e);
        if (rc == SOUK_OK)
            rc = store_each_file(s, model, on_file, l, e);
        store_snapshot_end(s);
    }
    if (rc == SOUK_OK && version == NULL && file == NULL && (out->has_id || out->legacy))
        take_own(out, l);
    else if (rc == SOUK_OK)
        rc = of_files(out, l, e);
    if (rc == SOUK_OK)
        ask_library(out);
    if (l != NULL)
        arena_release(&l->arena);
    arena_release(&a);
    return rc;
}

/* --- a word */

struct waiting {
    bool over;
    struct err err;
};

static void on_files(void *ud, const struct err *e)
{
    struct waiting *w = ud;
    w->over = true;
    w->err = *e;
}

/* A Hub that does not tell is no failure: what the cache has is used then. */
static void ask_files(struct market *m, int64_t model)
{
    struct waiting w = {.over = market_offline(m) || market_network(m)->hub[0] == '\0'};
    if (!w.over)
        market_files(m, model, on_files, &w);
    while (!w.over)
        loop_step(market_loop(m), -1);
}

static souk_err on_holder(void *ud, const struct found_row *r, struct err *e)
{
    int64_t *model = ud;
    (void)e;
    if (*model == 0)
        *model = r->id;
    return SOUK_OK;
}

/* An ID is itself, and what the cache knows of it, if anything. */
static souk_err of_id(struct store *s, const char *what, struct get_target *t, struct err *e)
{
    static const struct get_target none = {.size = -1};
    struct get_target known;
    int64_t model = 0;
    *t = none;
    take_id(t, untrusted(what));
    souk_err rc =
        s != NULL ? store_find(s, FIND_BLOB, untrusted(what), on_holder, &model, e) : SOUK_OK;
    if (rc != SOUK_OK || model == 0 || get_of_model(s, model, NULL, NULL, &known, NULL) != SOUK_OK)
        return rc;
    memcpy(t->author, known.author, sizeof t->author);
    memcpy(t->name, known.name, sizeof t->name);
    t->model = model;
    t->from = known.from;
    if (known.has_id && t->has_id && blob_hash_eq(&known.id, &t->id)) {
        memcpy(t->version, known.version, sizeof t->version);
        memcpy(t->file, known.file, sizeof t->file);
        t->size = known.size;
    }
    return SOUK_OK;
}

static souk_err of_library(const char *what, struct get_target *t, struct err *e)
{
    static const struct get_target none = {.size = -1};
    struct library_row row;
    struct arena a;
    *t = none;
    souk_err rc = library_named(what, &t->id, e);
    if (rc != SOUK_OK)
        return rc;
    t->has_id = true;
    arena_init(&a, MEMORY);
    if (library_about(&t->id, &a, &row, NULL) == SOUK_OK) {
        t->here = true;
        t->size = (int64_t)row.size;
        put(t->author, sizeof t->author, row.about.author);
        put(t->name, sizeof t->name, row.about.model);
        put(t->version, sizeof t->version, row.about.version);
        put(t->file, sizeof t->file, row.about.file);
    }
    arena_release(&a);
    return SOUK_OK;
}

/* A name may hold an '@' itself: as a whole first. */
static souk_err of_name(struct store *s, const char *what, char *name, size_t room,
                        const char **version, int64_t *model, struct err *e)
{
    *version = NULL;
    snprintf(name, room, "%s", what);
    souk_err rc = model_find(s, name, model, e);
    char *at = strrchr(name, '@');
    if (rc != SOUK_ENOTFOUND || at == NULL || at[1] == '\0')
        return rc;
    *at = '\0';
    *version = at + 1;
    return model_find(s, name, model, e);
}

souk_err get_find(struct market *m, const char *what, const char *file, bool files_first,
                  struct get_target *out, struct err *e)
{
    char name[1100];
    const char *version;
    int64_t model;
    struct err mine = {0};
    struct store *s = market_reader(m);
    e = e != NULL ? e : &mine;
    if (hub_blob_id_ok(untrusted(what)) || hub_ipfs_id_ok(untrusted(what)))
        return of_id(s, what, out, e);
    if (s == NULL) {
        if (of_library(what, out, e) == SOUK_OK)
            return SOUK_OK;
        return e->code != SOUK_ENOTFOUND
                   ? e->code
                   : err_set(e, SOUK_ENOTFOUND,
                             "nothing of the network %s is in the cache yet: run `souk sync`, or "
                             "give the file's blob ID",
                             market_network(m)->name);
    }
    souk_err rc = of_name(s, what, name, sizeof name, &version, &model, e);
    if (rc == SOUK_ENOTFOUND && of_library(what, out, NULL) == SOUK_OK) {
        *e = (struct err){0};
        return SOUK_OK;
    }
    if (rc != SOUK_OK)
        return rc;
    if (files_first) {
        bool known = get_of_model(s, model, version, file, out, NULL) == SOUK_OK &&
                     (out->has_id || out->legacy) && out->file[0] != '\0';
        if (!known)
            ask_files(m, model);
    }
    return get_of_model(s, model, version, file, out, e);
}
