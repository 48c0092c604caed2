/*
 * One that is still coming. Its folder is claimed by a lock on the folder itself, which goes with
 * the process; the content gets its final name, the blob ID, by renaming the folder, after all in
 * it is on the disk. So a kill or a power cut at any moment leaves either a part or the whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/library/internal.h"

#include "base/banned.h"

enum { CLAIM_TRIES = 8 };

struct library_part {
    int models, dir, fd;
    blob_id id;
    char name[ENTRY_NAME];
};

/* True while the folder that was opened is the one with the name. */
static bool still_there(int models, const char *name, int dir)
{
    struct stat a, b;
    return fstat(dir, &a) == 0 && fstatat(models, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

souk_err part_claim(int models, const char *name, int *dir, struct err *e)
{
    for (int i = 0; i < CLAIM_TRIES; i++) {
        souk_err rc = entry_open(models, name, dir, e);
        if (rc != SOUK_OK)
            return rc;
        if (flock(*dir, LOCK_EX | LOCK_NB) != 0) {
            rc = errno == EWOULDBLOCK ? err_set(e, SOUK_EFAIL, "another souk is getting it")
                                      : library_failed(name, e);
            close(*dir);
            *dir = -1;
            return rc;
        }
        if (still_there(models, name, *dir))
            return SOUK_OK;
        close(*dir); /* finished or removed between opening and locking */
        *dir = -1;
    }
    return err_set(e, SOUK_EFAIL, "another souk is getting it");
}

static void part_free(struct library_part *p)
{
    if (p->fd >= 0)
        close(p->fd);
    if (p->dir >= 0)
        close(p->dir);
    if (p->models >= 0)
        close(p->models);
    mem_free(p);
}

static souk_err make_and_claim(struct library_part *p, struct err *e)
{
    for (int i = 0; i < CLAIM_TRIES; i++) {
        if (mkdirat(p->models, p->name, 0700) != 0 && errno != EEXIST)
            return library_failed(p->name, e);
        souk_err rc = part_claim(p->models, p->name, &p->dir, e);
        if (rc != SOUK_ENOTFOUND)
            return rc;
        struct stat st; /* a file or a link of somebody's stands where the folder belongs */
        if (fstatat(p->models, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
            unlinkat(p->models, p->name, 0) != 0)
            return library_failed(p->name, e);
    }
    return err_set(e, SOUK_EFAIL, "another souk is getting it");
}

/* One that is no plain file is not written through. */
static souk_err open_content(struct library_part *p, struct err *e)
{
    struct stat st;
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    p->fd = openat(p->dir, CONTENT, flags, 0600);
    if (p->fd < 0 || fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        if (p->fd >= 0)
            close(p->fd);
        if (unlinkat(p->dir, CONTENT, 0) != 0)
            return library_failed(CONTENT, e);
        p->fd = openat(p->dir, CONTENT, flags | O_EXCL, 0600);
    }
    return p->fd >= 0 ? SOUK_OK : library_failed(CONTENT, e);
}

souk_err library_part_open(const blob_id *id, struct library_part **out, struct err *e)
{
    struct library_part *p = mem_zalloc(sizeof *p);
    *out = NULL;
    if (p == NULL)
        return err_nomem(e);
    p->models = p->dir = p->fd = -1;
    p->id = *id;
    entry_name(id, true, p->name);
    souk_err rc = models_open(&p->models, e);
    if (rc == SOUK_OK)
        rc = make_and_claim(p, e);
    if (rc == SOUK_OK)
        rc = open_content(p, e);
    if (rc != SOUK_OK) {
        part_free(p);
        return rc;
    }
    *out = p;
    return SOUK_OK;
}

int library_part_fd(const struct library_part *p)
{
    return p->fd;
}

souk_err library_part_note(struct library_part *p, struct buf *out, struct err *e)
{
    buf_clear(out);
    souk_err rc = leaf_read(p->dir, NOTE, out, e);
    if (rc == SOUK_ENOTFOUND || rc == SOUK_EINPUT) { /* none, or none of ours: as at first */
        buf_clear(out);
        rc = SOUK_OK;
    }
    return rc;
}

souk_err library_part_keep(struct library_part *p, struct untrusted note, struct err *e)
{
    if (note.n > NOTE_MAX)
        BUG("a note of %zu bytes", note.n);
    return leaf_write(p->dir, NOTE, note.p, note.n, e);
}

/* --- its final name */

static souk_err write_metadata(struct library_part *p, const struct walrus_meta *meta,
                               struct err *e)
{
    struct buf b;
    buf_init(&b, METADATA_MAX);
    walrus_meta_write(meta, &b);
    souk_err rc = buf_check(&b, "a blob's metadata", e);
    if (rc == SOUK_OK)
        rc = leaf_write(p->dir, METADATA, b.p, b.len, e);
    buf_release(&b);
    return rc;
}

/* Another souk may have been quicker; what lies there without content is a removal cut short. */
static souk_err give_name(struct library_part *p, struct err *e)
{
    char final[ENTRY_NAME];
    entry_name(&p->id, false, final);
    for (int i = 0; i < CLAIM_TRIES; i++) {
        if (renameat(p->models, p->name, p->models, final) == 0)
            return fsync(p->models) == 0 ? SOUK_OK : library_failed(final, e);
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return library_failed(final, e);
        if (library_find(&p->id, NULL, NULL) == SOUK_OK)
            return entry_clear(p->models, p->name, e);
        souk_err rc = entry_clear(p->models, final, e);
        if (rc != SOUK_OK)
            return rc;
    }
    return err_set(e, SOUK_EFAIL, "the library of models: %s is being changed all the time", final);
}

souk_err library_part_finish(struct library_part *p, const struct walrus_meta *meta,
                             const struct library_about *about, struct err *e)
{
    if (!blob_hash_eq(&meta->id, &p->id) || about->verified == VERIFIED_NO)
        BUG("a file that is not verified would get the name of one that is");
    souk_err rc = write_metadata(p, meta, e);
    if (rc == SOUK_OK)
        rc = about_write(p->dir, about, e);
    if (rc == SOUK_OK && fsync(p->fd) != 0)
        rc = library_failed(CONTENT, e);
    if (rc == SOUK_OK) {
        about_use(p->dir, 0);
        unlinkat(p->dir, NOTE, 0);
        rc = fsync(p->dir) == 0 ? give_name(p, e) : library_failed(p->name, e);
    }
    if (rc == SOUK_OK) /* not before: a part must stay writable for whoever goes on with it */
        fchmod(p->fd, 0444);
    part_free(p);
    return rc;
}

void library_part_close(struct library_part *p, bool discard)
{
    if (p == NULL)
        return;
    if (discard)
        entry_clear(p->models, p->name, NULL);
    part_free(p);
}
