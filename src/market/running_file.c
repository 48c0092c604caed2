/* Which file is meant: one that lies somewhere, or one of the library. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "market/get.h"
#include "market/running.h"

#include "base/banned.h"

static void empty(struct model_file *f)
{
    *f = (struct model_file){.fd = -1};
}

void model_file_close(struct model_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    model_info_free(f->info);
    empty(f);
}

/* With its descriptor open; closes it when it is nothing. */
static souk_err look_into(struct model_file *f, struct err *e)
{
    struct err why = {0};
    souk_err r = model_inspect(f->fd, &f->info, &why);
    if (r == SOUK_OK)
        return SOUK_OK;
    if (e) {
        *e = why;
        err_prefix(e, "%.200s", f->label);
    }
    model_file_close(f);
    return r;
}

static souk_err open_path(const char *path, struct model_file *f, struct err *e)
{
    const char *slash = strrchr(path, '/');
    empty(f);
    if (strlen(path) >= sizeof f->path)
        return err_set(e, SOUK_EINPUT, "that path is too long");
    /* Not stopped by a pipe without a writer; what is no regular file is refused next. */
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "%.200s: %s", path,
                       errno == ENOENT ? "there is no such file" : strerror(errno));
    snprintf(f->path, sizeof f->path, "%s", path);
    snprintf(f->label, sizeof f->label, "%s", slash && slash[1] ? slash + 1 : path);
    return look_into(f, e);
}

/* "author/model", or else the file's name, or else its ID. */
static void label_of_blob(const blob_id *id, char *out, size_t n)
{
    struct arena a;
    struct library_row row;
    arena_init(&a, 1 << 20);
    blob_id_format(id, row.id);
    row.about = (struct library_about){0};
    if (library_about(id, &a, &row, NULL) != SOUK_OK)
        row.about = (struct library_about){0};
    const struct library_about *about = &row.about;
    if (about->author.n && about->model.n)
        snprintf(out, n, "%.*s/%.*s", (int)about->author.n, about->author.p, (int)about->model.n,
                 about->model.p);
    else if (about->file.n)
        snprintf(out, n, "%.*s", (int)about->file.n, about->file.p);
    else
        blob_id_format(id, out);
    arena_release(&a);
}

souk_err model_file_of_blob(const blob_id *id, const char *label, struct model_file *out,
                            struct err *e)
{
    empty(out);
    souk_err r = library_find(id, out->path, e);
    if (r == SOUK_OK)
        r = library_open(id, &out->fd, e);
    if (r != SOUK_OK) {
        empty(out);
        return r;
    }
    out->id = *id;
    out->from_library = true;
    if (label && *label)
        snprintf(out->label, sizeof out->label, "%s", label);
    else
        label_of_blob(id, out->label, sizeof out->label);
    return look_into(out, e);
}

static souk_err of_target(const struct get_target *t, const char *what, struct model_file *out,
                          struct err *e)
{
    char label[sizeof out->label] = "";
    if (!t->has_id)
        return err_set(e, SOUK_ENOTFOUND,
                       "nobody says which file %.200s is; when you know its blob ID: souk get "
                       "%.200s --blob-id ID",
                       what, what);
    if (t->author[0] && t->name[0])
        snprintf(label, sizeof label, "%.200s/%.300s", t->author, t->name);
    souk_err r = model_file_of_blob(&t->id, label, out, e);
    if (r == SOUK_ENOTFOUND)
        return err_set(e, r, "%.200s is not on this disk: souk get %.200s", what, what);
    return r;
}

bool model_file_is_path(const char *what)
{
    size_t n = strlen(what);
    return what[0] == '/' || what[0] == '.' || what[0] == '~' ||
           (n > 5 && strcmp(what + n - 5, ".onnx") == 0);
}

souk_err model_file_open(struct market *m, const char *what, struct model_file *out, struct err *e)
{
    struct stat st;
    struct err why = {0};
    struct get_target t;
    blob_id id;
    empty(out);
    bool exists = stat(what, &st) == 0;
    if ((exists && !S_ISDIR(st.st_mode)) || model_file_is_path(what))
        return open_path(what, out, e);
    if (blob_id_parse(untrusted(what), &id)) {
        souk_err r = model_file_of_blob(&id, NULL, out, e);
        return r == SOUK_ENOTFOUND
                   ? err_set(e, r, "blob %s is not on this disk: souk get %s", what, what)
                   : r;
    }
    souk_err r = m ? get_find(m, what, NULL, false, &t, &why) : SOUK_ENOTFOUND;
    if (r == SOUK_OK)
        return of_target(&t, what, out, e);
    if (exists)
        return open_path(what, out, e);
    if (!m)
        return err_set(e, r, "%.200s: there is no such file", what);
    if (e)
        *e = why;
    return r;
}
