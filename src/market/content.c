#include "market/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walrus/encode.h"
#include "walrus/rows.h"

#include "base/banned.h"

enum { METADATA_CAP = 128 << 10, IPFS_V0 = 46 };

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

static souk_err read_metadata(const char *path, struct walrus_meta *m, struct err *e)
{
    int fd;
    struct buf b;
    char piece[16384];
    souk_err r = open_file(path, &fd, e);
    if (r)
        return r;
    buf_init(&b, METADATA_CAP);
    for (ssize_t n; !b.bad && (n = read(fd, piece, sizeof piece)) > 0;)
        buf_add(&b, piece, (size_t)n);
    close(fd);
    r = b.bad ? err_set(e, SOUK_EINPUT, "too large for a blob's metadata")
              : walrus_meta_parse((const uint8_t *)b.p, b.len, m, e);
    buf_release(&b);
    if (r == SOUK_EVERIFY)
        e->code = SOUK_EINPUT; /* nothing was said of the file itself yet */
    return r ? err_prefix(e, "%s", path) : r;
}

souk_err content_name(const char *path, const char *metadata, const struct content_work *w,
                      struct content_name *out, struct err *e)
{
    struct walrus_meta m;
    struct err none = {0};
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

static souk_err parse_id(const char *text, blob_id *id, struct err *e)
{
    if (blob_id_parse(untrusted(text), id))
        return SOUK_OK;
    if ((strlen(text) == IPFS_V0 && strncmp(text, "Qm", 2) == 0) || strncmp(text, "baf", 3) == 0)
        return err_set(e, SOUK_EINPUT,
                       "\"%s\" is an IPFS id, not a Walrus blob ID: no file can be verified "
                       "against it here",
                       text);
    return err_set(e, SOUK_EINPUT,
                   "\"%s\" is no blob ID: it has 43 characters, as `souk blob-id` prints them",
                   text);
}

static souk_err by_rows(const char *path, int fd, const blob_id *id, const char *metadata,
                        const struct content_work *w, struct content_proof *out, struct err *e)
{
    struct walrus_meta m;
    char is[BLOB_ID_BUF];
    walrus_meta_init(&m);
    souk_err r = read_metadata(metadata, &m, e);
    if (!r && !blob_hash_eq(&m.id, id))
        r = err_set(e, SOUK_EINPUT, "%s is the metadata of another blob, %s", metadata,
                    blob_id_format(&m.id, is));
    if (!r && w->shards && w->shards != m.shape.shards)
        r = err_set(e, SOUK_EINPUT, "%s is for %u shards, not %u", metadata, m.shape.shards,
                    w->shards);
    if (!r) {
        struct rows_options o = {
            .threads = w->threads, .cancel = w->cancel, .progress = w->progress, .ud = w->ud};
        r = rows_check_fd(&m, fd, &o, NULL, e);
        if (r && r != SOUK_ECANCEL)
            err_prefix(e, "%s", path);
    }
    if (!r) {
        out->how = VERIFIED_ROWS;
        memcpy(out->is, blob_id_format(&m.id, is), sizeof is);
    }
    walrus_meta_release(&m);
    return r;
}

static souk_err by_encoding(const char *path, int fd, const blob_id *id,
                            const struct content_work *w, struct content_proof *out, struct err *e)
{
    struct walrus_meta m;
    char wanted[BLOB_ID_BUF];
    souk_err r = encode(path, fd, w, &m, e);
    if (!r) {
        blob_id_format(&m.id, out->is);
        if (blob_hash_eq(&m.id, id))
            out->how = VERIFIED_STRICT;
        else
            r = err_set(e, SOUK_EVERIFY, "%s is another file: its blob ID is %s, not %s", path,
                        out->is, blob_id_format(id, wanted));
    }
    walrus_meta_release(&m);
    return r;
}

souk_err content_verify(const char *path, const char *text, const char *metadata, bool strict,
                        const struct content_work *w, struct content_proof *out, struct err *e)
{
    struct err none = {0};
    struct stat st;
    blob_id id;
    int fd;
    e = e ? e : &none;
    *out = (struct content_proof){.how = VERIFIED_NO};
    souk_err r = parse_id(text, &id, e);
    if (!r)
        r = open_file(path, &fd, e);
    if (r)
        return r;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        out->size = (uint64_t)st.st_size;
    r = metadata && !strict ? by_rows(path, fd, &id, metadata, w, out, e)
                            : by_encoding(path, fd, &id, w, out, e);
    close(fd);
    return r;
}
