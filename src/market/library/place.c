#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "market/library/internal.h"

#include "base/banned.h"

souk_err library_failed(const char *what, struct err *e)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(e, SOUK_EFAIL,
                       "the disk is full: %s; what came so far is kept, make room and do it again",
                       what);
    return err_set(e, SOUK_EFAIL, "the library of models: %s: %s", what, strerror(errno));
}

/* The folder itself may be a link: users put it on another disk. */
souk_err models_open(int *dir, struct err *e)
{
    char path[PATH_BUF];
    *dir = -1;
    souk_err rc = paths_get(PATH_DATA, "models", path, e);
    if (rc != SOUK_OK)
        return rc;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return library_failed(path, e);
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *dir >= 0 ? SOUK_OK : library_failed(path, e);
}

char *entry_name(const blob_id *id, bool part, char out[ENTRY_NAME])
{
    blob_id_format(id, out);
    if (part)
        memcpy(out + BLOB_ID_TEXT, PART, sizeof PART);
    return out;
}

static souk_err not_here(struct err *e)
{
    return err_set(e, SOUK_ENOTFOUND, "it is not in the library; `souk get` fetches it");
}

souk_err entry_open(int models, const char *name, int *dir, struct err *e)
{
    *dir = openat(models, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*dir >= 0)
        return SOUK_OK;
    if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)
        return not_here(e);
    return library_failed(name, e);
}

souk_err entry_content(int dir, struct stat *out, struct err *e)
{
    if (fstatat(dir, CONTENT, out, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(out->st_mode))
        return not_here(e);
    return SOUK_OK;
}

souk_err entry_of(const blob_id *id, int *dir, struct stat *out, struct err *e)
{
    char name[ENTRY_NAME];
    int models;
    *dir = -1;
    souk_err rc = models_open(&models, e);
    if (rc != SOUK_OK)
        return rc;
    rc = entry_open(models, entry_name(id, false, name), dir, e);
    close(models);
    if (rc == SOUK_OK)
        rc = entry_content(*dir, out, e);
    if (rc != SOUK_OK && *dir >= 0) {
        close(*dir);
        *dir = -1;
    }
    return rc;
}

/* Nothing of ours has folders in it; one that has is left, and said. */
static void clear_leaves(int dir)
{
    int listed = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = listed >= 0 ? fdopendir(listed) : NULL;
    struct dirent *one;
    if (d == NULL && listed >= 0)
        close(listed);
    while (d != NULL && (one = readdir(d)) != NULL) {
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0)
            unlinkat(dir, one->d_name, 0);
    }
    if (d != NULL)
        closedir(d);
}

souk_err entry_clear(int models, const char *name, struct err *e)
{
    int dir = openat(models, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT)
        return SOUK_OK;
    if (dir < 0) /* a file or a link of somebody's, under a name of ours */
        return unlinkat(models, name, 0) == 0 ? SOUK_OK : library_failed(name, e);
    unlinkat(dir, CONTENT, 0);
    clear_leaves(dir);
    close(dir);
    if (unlinkat(models, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return library_failed(name, e);
    fsync(models);
    return SOUK_OK;
}

souk_err leaf_read(int dir, const char *leaf, struct buf *out, struct err *e)
{
    char part[8192];
    ssize_t n = 0;
    struct stat st;
    int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP))
        return err_set(e, SOUK_ENOTFOUND, "the library has no %s of it", leaf);
    if (fd < 0)
        return library_failed(leaf, e);
    bool plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    while (plain && !out->bad && (n = read(fd, part, sizeof part)) > 0)
        buf_add(out, part, (size_t)n);
    souk_err rc = !plain || out->over ? err_set(e, SOUK_EINPUT, "its %s is none of souk's", leaf)
                  : n < 0             ? library_failed(leaf, e)
                                      : buf_check(out, leaf, e);
    close(fd);
    return rc;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t did = write(fd, p, n);
        if (did < 0 && errno == EINTR)
            continue;
        if (did < 0)
            return false;
        p += did;
        n -= (size_t)did;
    }
    return true;
}

souk_err leaf_write(int dir, const char *leaf, const void *p, size_t n, struct err *e)
{
    char fresh[64];
    snprintf(fresh, sizeof fresh, "%s.%ld", leaf, (long)getpid());
    unlinkat(dir, fresh, 0);
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, p, n) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (ok && renameat(dir, fresh, dir, leaf) == 0 && fsync(dir) == 0)
        return SOUK_OK;
    errno = ok ? errno : why;
    souk_err rc = library_failed(leaf, e);
    unlinkat(dir, fresh, 0);
    return rc;
}
