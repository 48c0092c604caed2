#include "market/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "walrus/encode.h"

#include "base/banned.h"

enum { METADATA_CAP = 128 << 10 };

/* Without waiting, should it be a pipe: the encoder says what is wrong with that. */
static souk_err open_file(const char *path, int *fd, struct err *e)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd >= 0)
        return SOUK_OK;
    return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "%s: %s", path,
                   strerror(errno));
}

static souk_err encode(const char *path, int fd, const struct content_work *w,
                       struct walrus_meta *m, struct err *e)
{
    struct encode_options o = {.shards = w->shards,
                               .threads = w->threads,
                               .cancel = w->cancel,
                               .progress = w->progress,
                               .ud = w->ud};
    souk_err r = walrus_encode_fd(fd, &o, m, e);
    return r && r != SOUK_ECANCEL ? err_prefix(e, "%s", path) : r;
}

/* Under its name only when it is whole. */
static souk_err write_metadata(const char *path, const struct walrus_meta *m, struct err *e)
{
    struct buf b;
    char fresh[PATH_BUF];
    buf_init(&b, METADATA_CAP);
    walrus_meta_write(m, &b);
    souk_err r = buf_check(&b, "the blob's metadata", e);
    int n = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (!r && (n < 0 || (size_t)n >= sizeof fresh))
        r = err_set(e, SOUK_EINPUT, "%s: the name is too long", path);
    if (!r) {
        int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        bool ok = fd >= 0 && write(fd, b.p, b.len) == (ssize_t)b.len;
        ok = (fd < 0 || close(fd) == 0) && ok;
        if (!ok || rename(fresh, path) != 0) {
            r = err_set(e, SOUK_EFAIL, "%s could not be written: %s", path, strerror(errno));
            if (fd >= 0)
                unlink(fresh);
        }
    }
    buf_release(&b);
    return r;
}

souk_err content_name(const char *path, const char *metadata, const struct content_work *w,
                      struct content_name *out, struct err *e)
{
    struct walrus_meta m;
    struct err none;
    int fd;
    e = e ? e : &none;
    souk_err r = open_file(path, &fd, e);
    if (r)
        return r;
    walrus_meta_init(&m);
    r = encode(path, fd, w, &m, e);
    close(fd);
    if (!r && metadata)
        r = write_metadata(metadata, &m, e);
    if (!r) {
        blob_id_format(&m.id, out->id);
        for (size_t i = 0; i < sizeof m.root.b; i++)
            snprintf(out->root + 2 * i, 3, "%02x", m.root.b[i]);
        out->shape = m.shape;
    }
    walrus_meta_release(&m);
    return r;
}
