#include "wallet/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/keyfile.h"

#include "base/banned.h"

enum { OTHERS = 0077, NOT_PLAIN = 0177 };

static bool is_mine(const struct stat *st)
{
    return st->st_uid == geteuid();
}

souk_err wallet_dir_open(const char *dir, int *fd, struct err *e)
{
    struct stat st;
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT,
                       "the wallets' directory %s cannot be opened: %s", dir, strerror(errno));
    souk_err r = SOUK_OK;
    if (fstat(*fd, &st) != 0)
        r = err_set(e, SOUK_EFAIL, "cannot look at %s: %s", dir, strerror(errno));
    else if (!is_mine(&st))
        r = err_set(e, SOUK_EINPUT, "the wallets' directory %s belongs to someone else", dir);
    else if (st.st_mode & OTHERS)
        r = err_set(e, SOUK_EINPUT, "the wallets' directory %s is open to others: chmod 700 %s",
                    dir, dir);
    if (r) {
        close(*fd);
        *fd = -1;
    }
    return r;
}

static souk_err check_mine(int fd, const char *leaf, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(e, SOUK_EFAIL, "cannot look at %s: %s", leaf, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, SOUK_EINPUT, "%s is no regular file", leaf);
    if (!is_mine(&st))
        return err_set(e, SOUK_EINPUT, "%s belongs to someone else", leaf);
    if (st.st_mode & NOT_PLAIN)
        return err_set(e, SOUK_EINPUT,
                       "%s is open to others (mode %04o): if nobody can have changed it, chmod 600",
                       leaf, (unsigned)(st.st_mode & 07777));
    return SOUK_OK;
}

static souk_err read_all(int fd, const char *leaf, uint8_t *p, size_t room, size_t *n,
                         struct err *e)
{
    uint8_t beyond;
    for (*n = 0;;) {
        ssize_t got = *n < room ? read(fd, p + *n, room - *n) : read(fd, &beyond, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, SOUK_EFAIL, "cannot read %s: %s", leaf, strerror(errno));
        if (got == 0)
            return SOUK_OK;
        if (*n == room)
            return err_set(e, SOUK_EINPUT, "%s is longer than %zu bytes: it is something else",
                           leaf, room);
        *n += (size_t)got;
    }
}

souk_err file_read(int dirfd, const char *leaf, uint8_t *p, size_t room, size_t *n, struct err *e)
{
    /* O_NONBLOCK: a fifo under this name must not hold us up */
    int fd = openat(dirfd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "cannot open %s: %s",
                       leaf, strerror(errno));
    souk_err r = check_mine(fd, leaf, e);
    if (!r)
        r = read_all(fd, leaf, p, room, n, e);
    close(fd);
    return r;
}

static souk_err write_all(int fd, const char *leaf, const uint8_t *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_set(e, SOUK_EFAIL, "cannot write %s: %s", leaf, strerror(errno));
        p += put;
        n -= (size_t)put;
    }
    return SOUK_OK;
}

static souk_err write_beside(int dirfd, const char *temp, const uint8_t *p, size_t n, struct err *e)
{
    int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, SOUK_EFAIL, "cannot make %s: %s", temp, strerror(errno));
    souk_err r = write_all(fd, temp, p, n, e);
    if (!r && (fchmod(fd, 0600) != 0 || fsync(fd) != 0))
        r = err_set(e, SOUK_EFAIL, "cannot write %s to the disk: %s", temp, strerror(errno));
    if (close(fd) != 0 && !r)
        r = err_set(e, SOUK_EFAIL, "cannot write %s to the disk: %s", temp, strerror(errno));
    return r;
}

static souk_err read_back(int dirfd, const char *temp, const uint8_t *p, size_t n, file_check check,
                          void *ud, struct err *e)
{
    uint8_t *back = mem_alloc(n);
    if (!back)
        return err_nomem(e);
    size_t got = 0;
    souk_err r = file_read(dirfd, temp, back, n, &got, e);
    if (!r && (got != n || memcmp(back, p, n) != 0))
        r = err_set(e, SOUK_EFAIL, "%s reads back other than it was written: the disk fails", temp);
    if (!r && check)
        r = check(ud, back, n, e);
    mem_free(back);
    return r;
}

/* Gives the file its name; where the file system cannot do that and not overwrite, by a link. */
static int take_name(int dirfd, const char *temp, const char *leaf, bool replace)
{
    if (replace)
        return renameat(dirfd, temp, dirfd, leaf);
    if (renameat2(dirfd, temp, dirfd, leaf, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return linkat(dirfd, temp, dirfd, leaf, 0) == 0 ? unlinkat(dirfd, temp, 0) : -1;
}

souk_err file_put(int dirfd, const char *leaf, const uint8_t *p, size_t n, bool replace,
                  file_check check, void *ud, struct err *e)
{
    char temp[PATH_BUF];
    uint64_t unique;
    souk_err r = secret_random(&unique, sizeof unique, e);
    if (r)
        return r;
    int len = snprintf(temp, sizeof temp, ".%s.%016llx", leaf, (unsigned long long)unique);
    if (len < 0 || (size_t)len >= sizeof temp)
        return err_set(e, SOUK_EINPUT, "the name %.40s… is too long", leaf);
    r = write_beside(dirfd, temp, p, n, e);
    if (!r)
        r = read_back(dirfd, temp, p, n, check, ud, e);
    if (!r && take_name(dirfd, temp, leaf, replace) != 0)
        r = errno == EEXIST
                ? err_set(e, SOUK_EINPUT, "there is a %s already: it is not overwritten", leaf)
                : err_set(e, SOUK_EFAIL, "cannot make %s: %s", leaf, strerror(errno));
    if (r) {
        unlinkat(dirfd, temp, 0);
        return r;
    }
    if (fsync(dirfd) != 0)
        return err_set(
            e, SOUK_EFAIL,
            "%s is written, but the disk does not confirm it: %s; check that it is there", leaf,
            strerror(errno));
    return SOUK_OK;
}
