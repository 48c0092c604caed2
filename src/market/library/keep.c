#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "market/library/internal.h"
#include "walrus/encode.h"
#include "walrus/rows.h"

#include "base/banned.h"

enum { COPY_STEP = 1 << 20, ABOUT_MEMORY = 64 << 10 };

souk_err library_find(const blob_id *id, char path[PATH_BUF], struct err *e)
{
    char leaf[ENTRY_NAME + 32], name[ENTRY_NAME];
    struct stat st;
    int dir;
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    close(dir);
    if (path == NULL)
        return SOUK_OK;
    snprintf(leaf, sizeof leaf, "models/%s/" CONTENT, entry_name(id, false, name));
    return paths_get(PATH_DATA, leaf, path, e);
}

static souk_err content_open(int dir, int *fd, struct err *e)
{
    *fd = openat(dir, CONTENT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return *fd >= 0 ? SOUK_OK : library_failed(CONTENT, e);
}

souk_err library_open(const blob_id *id, int *fd, struct err *e)
{
    struct stat st;
    int dir;
    *fd = -1;
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    rc = content_open(dir, fd, e);
    if (rc == SOUK_OK)
        about_use(dir, clock_now());
    close(dir);
    return rc;
}

/* Its own proof: the hashes give the ID it states, and that is the folder's. */
static souk_err metadata_read(int dir, const blob_id *id, uint64_t size, struct walrus_meta *out,
                              struct err *e)
{
    struct buf b;
    walrus_meta_init(out);
    buf_init(&b, METADATA_MAX);
    souk_err rc = leaf_read(dir, METADATA, &b, e);
    if (rc == SOUK_OK)
        rc = walrus_meta_parse((const uint8_t *)b.p, b.len, out, e);
    if (rc == SOUK_OK && (!blob_hash_eq(&out->id, id) || out->shape.size != size))
        rc = err_set(e, SOUK_EVERIFY, "the metadata beside it is of another blob");
    buf_release(&b);
    return rc;
}

souk_err library_metadata(const blob_id *id, struct walrus_meta *out, struct err *e)
{
    struct stat st;
    int dir;
    walrus_meta_init(out);
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    rc = metadata_read(dir, id, (uint64_t)st.st_size, out, e);
    close(dir);
    return rc;
}

/* --- what is known of it */

static struct untrusted either(struct untrusted fresh, struct untrusted old)
{
    return fresh.n > 0 ? fresh : old;
}

static souk_err describe(int dir, const struct library_about *about, bool may_sink, struct err *e)
{
    struct arena a;
    struct library_about now;
    int64_t used = about_used(dir);
    arena_init(&a, ABOUT_MEMORY);
    souk_err rc = about_read(dir, &a, &now, e);
    if (rc == SOUK_OK) {
        now.author = either(about->author, now.author);
        now.model = either(about->model, now.model);
        now.version = either(about->version, now.version);
        now.file = either(about->file, now.file);
        now.source = either(about->source, now.source);
        if (now.got == 0)
            now.got = about->got;
        if (may_sink || about->verified > now.verified)
            now.verified = about->verified;
        rc = about_write(dir, &now, e);
        about_use(dir, used);
    }
    arena_release(&a);
    return rc;
}

souk_err library_describe(const blob_id *id, const struct library_about *about, struct err *e)
{
    struct stat st;
    int dir;
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    rc = describe(dir, about, false, e);
    close(dir);
    return rc;
}

/* --- room */

souk_err library_remove(const blob_id *id, struct err *e)
{
    char name[ENTRY_NAME];
    int models, dir = -1;
    bool was = false;
    souk_err rc = models_open(&models, e);
    if (rc != SOUK_OK)
        return rc;
    rc = part_claim(models, entry_name(id, true, name), &dir, e);
    if (rc == SOUK_OK) {
        was = true;
        rc = entry_clear(models, name, e);
        close(dir);
    } else if (rc == SOUK_ENOTFOUND) {
        rc = SOUK_OK;
    }
    struct stat st;
    entry_name(id, false, name);
    if (rc == SOUK_OK && fstatat(models, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        was = true;
        rc = entry_clear(models, name, e);
    }
    close(models);
    return rc == SOUK_OK && !was ? err_set(e, SOUK_ENOTFOUND, "it is not in the library") : rc;
}

static souk_err disk_room(uint64_t more, struct err *e)
{
    struct statvfs fs;
    int models;
    souk_err rc = models_open(&models, e);
    if (rc != SOUK_OK)
        return rc;
    bool told = fstatvfs(models, &fs) == 0;
    close(models);
    uint64_t room = told ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    if (more <= room)
        return SOUK_OK;
    return err_set(e, SOUK_EFAIL,
                   "the disk has room for %s and %s more would come: make room first",
                   human_size(a, room), human_size(b, more));
}

souk_err library_room(uint64_t budget, uint64_t more, struct err *e)
{
    struct library_list *l;
    char a[HUMAN_BUF], b[HUMAN_BUF], c[HUMAN_BUF];
    souk_err rc = library_load(budget, &l, e);
    if (rc != SOUK_OK)
        return rc;
    uint64_t bytes = l->bytes;
    library_free(l);
    if (bytes > budget || more > budget - bytes)
        return err_set(
            e, SOUK_ELIMIT,
            "%s more would go over the library's budget: it holds %s of %s; `souk "
            "library rm MODEL` makes room, library_budget in the configuration raises it",
            human_size(a, more), human_size(b, bytes), human_size(c, budget));
    return disk_room(more, e);
}

/* --- proving it again */

static souk_err prove(int fd, const blob_id *id, const struct library_check_options *o,
                      struct walrus_meta *meta, bool by_rows, struct err *e)
{
    struct err mine = {0};
    souk_err rc;
    e = e != NULL ? e : &mine;
    if (by_rows) {
        const struct rows_options ro = {
            .threads = o->threads, .cancel = o->cancel, .progress = o->progress, .ud = o->ud};
        return rows_check_fd(meta, fd, &ro, NULL, e);
    }
    const struct encode_options eo = {
        .threads = o->threads, .cancel = o->cancel, .progress = o->progress, .ud = o->ud};
    rc = walrus_encode_fd(fd, &eo, meta, e);
    if (rc == SOUK_OK && !blob_hash_eq(&meta->id, id)) {
        char is[BLOB_ID_BUF];
        rc = err_set(e, SOUK_EVERIFY, "it is another file now, of the blob ID %s",
                     blob_id_format(&meta->id, is));
    }
    return rc;
}

static void note_proof(int dir, const struct walrus_meta *meta, bool by_rows)
{
    const struct library_about proved = {.verified = by_rows ? VERIFIED_ROWS : VERIFIED_STRICT};
    struct buf b;
    describe(dir, &proved, false, NULL);
    if (by_rows)
        return;
    buf_init(&b, METADATA_MAX);
    walrus_meta_write(meta, &b);
    if (!b.bad)
        leaf_write(dir, METADATA, b.p, b.len, NULL);
    buf_release(&b);
}

souk_err library_check(const blob_id *id, const struct library_check_options *o, enum verified *how,
                       struct err *e)
{
    const struct library_about broken = {.verified = VERIFIED_NO};
    struct walrus_meta meta;
    struct stat st;
    int dir, fd;
    *how = VERIFIED_NO;
    walrus_meta_init(&meta);
    souk_err rc = entry_of(id, &dir, &st, e);
    if (rc != SOUK_OK)
        return rc;
    bool by_rows =
        !o->strict && metadata_read(dir, id, (uint64_t)st.st_size, &meta, NULL) == SOUK_OK;
    if (!by_rows)
        walrus_meta_release(&meta);
    rc = content_open(dir, &fd, e);
    if (rc == SOUK_OK) {
        rc = prove(fd, id, o, &meta, by_rows, e);
        close(fd);
    }
    if (rc == SOUK_OK) {
        *how = by_rows ? VERIFIED_ROWS : VERIFIED_STRICT;
        note_proof(dir, &meta, by_rows);
    } else if (rc == SOUK_EVERIFY) {
        describe(dir, &broken, true, NULL);
    }
    walrus_meta_release(&meta);
    close(dir);
    return rc;
}

/* --- a file from here */

static souk_err copy_in(int from, int to, struct err *e)
{
    off_t in = 0, out = 0;
    ssize_t n;
    if (ftruncate(to, 0) != 0)
        return library_failed(CONTENT, e);
    do
        n = copy_file_range(from, &in, to, &out, 1 << 30, 0);
    while (n > 0);
    if (n == 0)
        return SOUK_OK;
    char *step = mem_alloc(COPY_STEP); /* a file system that cannot: by hand, from where it is */
    if (step == NULL)
        return err_nomem(e);
    while ((n = pread(from, step, COPY_STEP, out)) > 0) {
        if (pwrite(to, step, (size_t)n, out) != n) {
            n = -1;
            break;
        }
        out += n;
    }
    souk_err rc = n < 0 ? library_failed("copying", e) : SOUK_OK;
    mem_free(step);
    return rc;
}

souk_err library_add(int fd, const struct walrus_meta *meta, const struct library_about *about,
                     struct err *e)
{
    const struct rows_options all = {.threads = 0};
    struct library_part *p;
    struct stat st;
    if (library_find(&meta->id, NULL, NULL) == SOUK_OK)
        return library_describe(&meta->id, about, e);
    souk_err rc = library_part_open(&meta->id, &p, e);
    if (rc != SOUK_OK)
        return rc;
    rc = copy_in(fd, library_part_fd(p), e);
    if (rc == SOUK_OK &&
        (fstat(library_part_fd(p), &st) != 0 || (uint64_t)st.st_size != meta->shape.size))
        rc = err_set(e, SOUK_EFAIL, "the file changed while it was copied into the library");
    if (rc == SOUK_OK)
        rc = rows_check_fd(meta, library_part_fd(p), &all, NULL, e);
    if (rc == SOUK_OK)
        return library_part_finish(p, meta, about, e);
    library_part_close(p, true);
    return rc;
}
