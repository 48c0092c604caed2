#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/library/internal.h"

#include "base/banned.h"

enum { LIST_MEMORY = 64 << 20, CHOICES = 5, LIST_MAX = 100000 };

/* --- one */

static souk_err row_read(int dir, const char *name, bool part, struct arena *a,
                         struct library_row *out, struct err *e)
{
    struct stat st;
    memset(out, 0, sizeof *out);
    souk_err rc = entry_content(dir, &st, e);
    if (rc == SOUK_OK)
        rc = about_read(dir, a, &out->about, e);
    if (rc != SOUK_OK)
        return rc;
    memcpy(out->id, name, BLOB_ID_TEXT);
    out->size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    out->partial = part;
    if (part) {
        out->about.got = st.st_mtime > 0 ? st.st_mtime : 0;
        out->about.verified = VERIFIED_NO;
    } else {
        out->used = about_used(dir);
    }
    return SOUK_OK;
}

souk_err library_about(const blob_id *id, struct arena *a, struct library_row *out, struct err *e)
{
    char name[ENTRY_NAME];
    struct stat st;
    int dir;
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    rc = row_read(dir, entry_name(id, false, name), false, a, out, e);
    close(dir);
    return rc;
}

/* --- all */

/* A name of ours: a blob ID, or one that is coming. */
static bool ours(const char *name, bool *part)
{
    blob_id id;
    size_t n = strlen(name);
    *part = n == BLOB_ID_TEXT + sizeof PART - 1 && strcmp(name + BLOB_ID_TEXT, PART) == 0;
    return (n == BLOB_ID_TEXT || *part) && blob_id_parse(untrusted_n(name, BLOB_ID_TEXT), &id);
}

static souk_err grow(struct library_list *l, size_t *room, struct err *e)
{
    if (l->n < *room)
        return SOUK_OK;
    size_t more = *room > 0 ? *room * 2 : 64;
    struct library_row *row = mem_resize(l->row, more * sizeof *row);
    if (row == NULL)
        return err_nomem(e);
    l->row = row;
    *room = more;
    return SOUK_OK;
}

static souk_err read_all(int models, DIR *d, struct library_list *l, struct err *e)
{
    struct dirent *one;
    size_t room = 0;
    souk_err rc = SOUK_OK;
    while (rc == SOUK_OK && l->n < LIST_MAX && (one = readdir(d)) != NULL) {
        bool part;
        int dir;
        if (!ours(one->d_name, &part) || entry_open(models, one->d_name, &dir, NULL) != SOUK_OK)
            continue;
        rc = grow(l, &room, e);
        if (rc == SOUK_OK)
            rc = row_read(dir, one->d_name, part, &l->arena, &l->row[l->n], e);
        close(dir);
        if (rc == SOUK_ENOTFOUND) { /* gone meanwhile, or the rest of a removal */
            rc = SOUK_OK;
            continue;
        }
        if (rc == SOUK_OK)
            l->bytes += l->row[l->n++].size;
    }
    return rc;
}

static int newest_first(const void *x, const void *y)
{
    const struct library_row *a = x, *b = y;
    if (a->about.got != b->about.got)
        return a->about.got > b->about.got ? -1 : 1;
    return strcmp(a->id, b->id);
}

souk_err library_load(uint64_t budget, struct library_list **out, struct err *e)
{
    struct err mine = {0};
    struct library_list *l = mem_zalloc(sizeof *l);
    int models;
    *out = NULL;
    if (l == NULL)
        return err_nomem(e);
    e = e != NULL ? e : &mine;
    arena_init(&l->arena, LIST_MEMORY);
    l->budget = budget;
    souk_err rc = models_open(&models, e);
    if (rc == SOUK_OK) {
        int listed = openat(models, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = listed >= 0 ? fdopendir(listed) : NULL;
        rc = d != NULL ? read_all(models, d, l, e) : library_failed("its folder", e);
        if (d != NULL)
            closedir(d);
        else if (listed >= 0)
            close(listed);
        close(models);
    }
    if (rc != SOUK_OK) {
        library_free(l);
        return rc;
    }
    if (l->n > 1)
        qsort(l->row, l->n, sizeof *l->row, newest_first);
    *out = l;
    *e = (struct err){0}; /* what single folders had to say */
    return SOUK_OK;
}

void library_free(struct library_list *l)
{
    if (l == NULL)
        return;
    arena_release(&l->arena);
    mem_free(l->row);
    mem_free(l);
}

/* --- which one is meant */

static bool same(struct untrusted u, const char *p, size_t n)
{
    return u.n == n && n > 0 && strncasecmp(u.p, p, n) == 0;
}

/* "name", "author/name", either with "@version"; the slash that splits may be any. */
static bool is_meant(const struct library_row *r, const char *what, size_t n)
{
    const struct library_about *a = &r->about;
    if (same(a->model, what, n))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (what[i] == '/' && same(a->author, what, i) && same(a->model, what + i + 1, n - i - 1))
            return true;
        if (what[i] == '@' && same(a->version, what + i + 1, n - i - 1) && is_meant(r, what, i))
            return true;
    }
    return false;
}

static void add_choice(struct buf *list, const struct library_row *r, size_t n)
{
    if (n >= CHOICES)
        return;
    buf_adds(list, n > 0 ? ", " : "");
    buf_add(list, r->about.author.p, r->about.author.n);
    buf_addf(list, "/%s", r->about.model.p);
    if (r->about.version.n > 0)
        buf_addf(list, "@%s", r->about.version.p);
    buf_addf(list, " (%s)", r->id);
}

souk_err library_named(const char *what, blob_id *id, struct err *e)
{
    struct library_list *l;
    struct buf list;
    size_t found = 0, n = strlen(what);
    char first[BLOB_ID_BUF] = "";
    bool by_id = blob_id_parse(untrusted(what), id);
    souk_err rc = library_load(0, &l, e);
    if (rc != SOUK_OK)
        return rc;
    buf_init(&list, 16 << 10);
    for (size_t i = 0; i < l->n; i++) {
        const struct library_row *r = &l->row[i];
        if (by_id ? strcmp(r->id, what) != 0 : !is_meant(r, what, n))
            continue;
        if (strcmp(r->id, first) == 0)
            continue; /* whole, and coming once more */
        add_choice(&list, r, found);
        if (found++ == 0)
            memcpy(first, r->id, sizeof first);
    }
    if (found == 0)
        rc = err_set(e, SOUK_ENOTFOUND, "\"%.200s\" is not in the library; `souk library` lists it",
                     what);
    else if (found > 1 && !by_id)
        rc = err_set(e, SOUK_EINPUT,
                     "\"%.100s\" is the name of %zu files here: say which of %.300s%s", what, found,
                     list.p, found > CHOICES ? ", ..." : "");
    else
        blob_id_parse(untrusted(first), id);
    buf_release(&list);
    library_free(l);
    return rc;
}
