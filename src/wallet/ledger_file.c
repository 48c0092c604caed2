#include "wallet/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/keyfile.h"
#include "wallet/secret.h"
#include "wallet/wire.h"

#include "base/banned.h"

enum {
    MAGIC = 16,
    SLOT = 512,
    HEAD_BYTES = MAGIC + 8 + LEDGER_MAC + LEDGER_MAC,
    RECORD_HEAD = 4 + 8 + 8 + 1,
    RECORD_LEAST = RECORD_HEAD - 4 + LEDGER_MAC, /* what a length may be at least */
};

static const char ledger_magic[MAGIC] = "souk ledger 1\n";
static const char head_magic[MAGIC] = "souk head 1\n";

static void hash(const uint8_t *key, const void *a, size_t an, const void *b, size_t bn,
                 uint8_t out[LEDGER_MAC])
{
    crypto_generichash_state st;
    crypto_generichash_init(&st, key, 32, LEDGER_MAC);
    crypto_generichash_update(&st, a, an);
    crypto_generichash_update(&st, b, bn);
    crypto_generichash_final(&st, out, LEDGER_MAC);
    secret_wipe(&st, sizeof st); /* the key went in */
}

/* --- writing whole, reading whole */

static bool write_at(int fd, const void *p, size_t n, uint64_t at)
{
    const uint8_t *b = p;
    while (n) {
        ssize_t done = pwrite(fd, b, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        b += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return true;
}

/* As many as there are; -1 when they cannot be read. */
static ssize_t read_at(int fd, void *p, size_t n, uint64_t at)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = pread(fd, (uint8_t *)p + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        got += (size_t)k;
    }
    return (ssize_t)got;
}

/* --- the head */

struct head {
    uint64_t seq;
    uint8_t mac[LEDGER_MAC];
};

static bool head_write(const struct ledger_file *f)
{
    uint8_t slot[HEAD_BYTES];
    memcpy(slot, head_magic, MAGIC);
    for (size_t i = 0; i < 8; i++)
        slot[MAGIC + i] = (uint8_t)(f->seq >> 8 * i);
    memcpy(slot + MAGIC + 8, f->mac, LEDGER_MAC);
    hash(f->key, slot, HEAD_BYTES - LEDGER_MAC, "", 0, slot + HEAD_BYTES - LEDGER_MAC);
    return write_at(f->head_fd, slot, sizeof slot, f->seq % 2 * SLOT) && fdatasync(f->head_fd) == 0;
}

/* The newer of the valid slots; false: there is none. */
static bool head_read(const struct ledger_file *f, struct head *out)
{
    bool found = false;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t slot[HEAD_BYTES], tag[LEDGER_MAC];
        if (read_at(f->head_fd, slot, sizeof slot, i * SLOT) != sizeof slot ||
            memcmp(slot, head_magic, MAGIC) != 0)
            continue;
        hash(f->key, slot, HEAD_BYTES - LEDGER_MAC, "", 0, tag);
        if (sodium_memcmp(tag, slot + HEAD_BYTES - LEDGER_MAC, LEDGER_MAC) != 0)
            continue;
        struct wire w = wire_reader(slot + MAGIC, 8 + LEDGER_MAC);
        struct head h;
        wire_u64(&w, &h.seq);
        wire_raw(&w, h.mac, LEDGER_MAC);
        if (!found || h.seq > out->seq)
            *out = h;
        found = true;
    }
    return found;
}

/* --- reading the chain */

struct walk {
    struct ledger_file *f;
    uint8_t buf[64 * RECORD_MAX];
    size_t at, n;     /* unread bytes of buf */
    uint64_t file_at; /* where buf's first byte lies */
    int failed;       /* errno, when the file cannot be read */
};

/* The next want bytes, or NULL where fewer are left. */
static const uint8_t *peek(struct walk *w, size_t want)
{
    if (w->n - w->at < want) {
        memmove(w->buf, w->buf + w->at, w->n - w->at);
        w->file_at += w->at;
        w->n -= w->at;
        w->at = 0;
        ssize_t k = read_at(w->f->fd, w->buf + w->n, sizeof w->buf - w->n, w->file_at + w->n);
        w->failed = k < 0 ? errno : w->failed;
        w->n += k > 0 ? (size_t)k : 0;
    }
    return w->n - w->at >= want ? w->buf + w->at : NULL;
}

static uint64_t walk_pos(const struct walk *w)
{
    return w->file_at + w->at;
}

/* The next record when it is whole, in order and (with a key) genuine. */
static bool next_record(struct walk *w, struct record *r)
{
    struct ledger_file *f = w->f;
    const uint8_t *p = peek(w, 4);
    if (!p)
        return false;
    struct wire in = wire_reader(p, 4);
    uint32_t len = 0;
    wire_u32(&in, &len);
    if (len < RECORD_LEAST || len > RECORD_MAX)
        return false;
    p = peek(w, 4 + len);
    if (!p)
        return false;
    in = wire_reader(p + 4, len);
    wire_u64(&in, &r->seq);
    wire_i64(&in, &r->at);
    uint8_t kind = 0;
    wire_u8(&in, &kind);
    r->kind = (enum record_kind)kind;
    r->body = p + RECORD_HEAD;
    r->len = len - RECORD_LEAST;
    const uint8_t *said = p + 4 + len - LEDGER_MAC;
    uint8_t mac[LEDGER_MAC];
    memcpy(mac, said, LEDGER_MAC);
    if (f->key)
        hash(f->key, f->mac, LEDGER_MAC, p, 4 + len - LEDGER_MAC, mac);
    if (sodium_memcmp(mac, said, LEDGER_MAC) != 0 || r->seq != f->seq + 1 || r->at < f->newest)
        return false;
    memcpy(f->mac, mac, LEDGER_MAC);
    f->seq = r->seq;
    f->newest = r->at;
    w->at += 4 + len;
    f->end = walk_pos(w);
    return true;
}

static souk_err tampered(const char *name, uint64_t seq, struct err *e)
{
    return err_set(e, SOUK_EVERIFY,
                   "the record of what the wallet %s signed was changed by someone (at number "
                   "%llu): nothing is paid; if you know why, move %s.ledger and %s.head away",
                   name, (unsigned long long)seq, name, name);
}

static souk_err read_chain(struct ledger_file *f, const char *name,
                           souk_err (*fold)(void *, const struct record *, struct err *), void *ud,
                           struct err *e)
{
    struct head h = {0};
    if (f->key && !head_read(f, &h))
        return tampered(name, 0, e);
    struct walk *w = mem_zalloc(sizeof *w); /* too large for the stack */
    if (!w)
        return err_nomem(e);
    w->f = f;
    w->file_at = MAGIC;
    f->end = MAGIC;
    souk_err rc = SOUK_OK;
    bool held = h.seq > 0 || !f->key || memcmp(h.mac, f->mac, LEDGER_MAC) == 0;
    struct record r;
    while (!rc && held && next_record(w, &r)) {
        held = !f->key || r.seq != h.seq || memcmp(h.mac, f->mac, LEDGER_MAC) == 0;
        held &= !f->key || r.seq <= h.seq + 1;
        rc = held ? fold(ud, &r, e) : SOUK_OK;
    }
    size_t rest = w->n - w->at;
    int failed = w->failed;
    mem_free(w);
    if (rc || !f->key)
        return rc;
    if (failed)
        return err_set(e, SOUK_EFAIL, "cannot read %s.ledger: %s", name, strerror(failed));
    if (!held || f->seq < h.seq || (rest && (f->seq > h.seq || rest > RECORD_MAX + 4)))
        return tampered(name, f->seq + 1, e);
    if ((rest && (ftruncate(f->fd, (off_t)f->end) != 0 || fdatasync(f->fd) != 0)) ||
        (f->seq > h.seq && !head_write(f)))
        return err_set(e, SOUK_EFAIL, "cannot mend %s.ledger after a crash: %s", name,
                       strerror(errno));
    return SOUK_OK;
}

/* --- opening */

static souk_err open_one(int dirfd, const char *name, const char *suffix, bool write, int *out,
                         struct err *e)
{
    char leaf[WALLET_NAME + 16];
    snprintf(leaf, sizeof leaf, "%s%s", name, suffix);
    int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (write ? O_RDWR | O_CREAT : O_RDONLY);
    int fd = openat(dirfd, leaf, flags, 0600);
    if (fd < 0 && !write && errno == ENOENT) {
        *out = -1;
        return SOUK_OK;
    }
    if (fd < 0)
        return err_set(e, SOUK_EFAIL, "cannot open %s: %s", leaf, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077)) {
        close(fd);
        return err_set(e, SOUK_EINPUT,
                       "%s must be a file of yours that nobody else may read: chmod 600 it", leaf);
    }
    *out = fd;
    return SOUK_OK;
}

/* A new wallet's files: the head first, so that a ledger without one is never innocent. */
static souk_err begin(struct ledger_file *f, int dirfd, const char *name, struct err *e)
{
    struct stat ledger, head;
    if (fstat(f->fd, &ledger) != 0 || fstat(f->head_fd, &head) != 0)
        return err_set(e, SOUK_EFAIL, "cannot read %s.ledger: %s", name, strerror(errno));
    bool ok = true;
    if (head.st_size == 0 && ledger.st_size == 0)
        ok = head_write(f);
    if (ok &&
        ledger.st_size < MAGIC) /* whole ones are longer: cut short by a crash or by someone */
        ok = write_at(f->fd, ledger_magic, MAGIC, 0) && fdatasync(f->fd) == 0;
    if (!ok || fsync(dirfd) != 0)
        return err_set(e, SOUK_EFAIL, "cannot write %s.ledger: %s", name, strerror(errno));
    return SOUK_OK;
}

souk_err ledger_file_open(struct ledger_file *f, int dirfd, const char *name, const uint8_t *key,
                          souk_err (*fold)(void *ud, const struct record *r, struct err *e),
                          void *ud, struct err *e)
{
    *f = (struct ledger_file){.fd = -1, .head_fd = -1};
    souk_err rc = open_one(dirfd, name, ".ledger", key, &f->fd, e);
    if (!rc && key && flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        rc = err_set(e, SOUK_EFAIL, "the wallet %s is unlocked already, by another souk-signer",
                     name);
    if (!rc && key)
        rc = open_one(dirfd, name, ".head", true, &f->head_fd, e);
    if (!rc && key) {
        f->key = secret_alloc(32);
        if (!f->key)
            return err_nomem(e);
        memcpy(f->key, key, 32);
        hash(key, ledger_magic, MAGIC, name, strlen(name), f->mac);
        rc = begin(f, dirfd, name, e);
    }
    if (!rc && f->fd >= 0) {
        char magic[MAGIC];
        ssize_t n = read_at(f->fd, magic, MAGIC, 0);
        if (n != MAGIC || memcmp(magic, ledger_magic, MAGIC) != 0)
            return key || n > 0 ? tampered(name, 0, e) : SOUK_OK;
        rc = read_chain(f, name, fold, ud, e);
    }
    return rc;
}

void ledger_file_close(struct ledger_file *f)
{
    secret_free(f->key);
    if (f->fd >= 0)
        close(f->fd);
    if (f->head_fd >= 0)
        close(f->head_fd);
    *f = (struct ledger_file){.fd = -1, .head_fd = -1};
}

/* The bytes of one record; where they cannot be, none is left. */
static souk_err put_down(struct ledger_file *f, const void *p, size_t n, struct err *e)
{
    bool written = write_at(f->fd, p, n, f->end);
    if (written && fdatasync(f->fd) == 0)
        return SOUK_OK;
    int why = errno;
    /* A failed sync may have lost older bytes too: nobody knows what is on disk then. */
    f->broken = written || ftruncate(f->fd, (off_t)f->end) != 0;
    return err_set(e, SOUK_EFAIL, "cannot write down what is signed, so nothing is: %s",
                   strerror(why));
}

souk_err ledger_file_append(struct ledger_file *f, struct record *r, struct err *e)
{
    if (!f->key || f->broken)
        return err_set(e, SOUK_EFAIL,
                       "the record of what was signed cannot be written: lock the "
                       "wallet, and see that its disk is in order");
    r->seq = f->seq + 1;
    r->at = r->at > f->newest ? r->at : f->newest;
    struct buf b;
    buf_init(&b, 4 + RECORD_MAX);
    struct wire w = wire_writer(&b);
    uint32_t len = (uint32_t)(RECORD_LEAST + r->len);
    uint8_t kind = (uint8_t)r->kind;
    wire_u32(&w, &len);
    wire_u64(&w, &r->seq);
    wire_i64(&w, &r->at);
    wire_u8(&w, &kind);
    buf_add(&b, r->body, r->len);
    uint8_t mac[LEDGER_MAC];
    hash(f->key, f->mac, LEDGER_MAC, b.p, b.len, mac);
    buf_add(&b, mac, LEDGER_MAC);
    souk_err rc = buf_check(&b, "a record of the ledger", e);
    if (!rc)
        rc = put_down(f, b.p, b.len, e);
    if (!rc) {
        memcpy(f->mac, mac, LEDGER_MAC);
        f->seq = r->seq;
        f->newest = r->at;
        f->end += b.len;
        /* The record stands, so it counts; but never may a second one be ahead of the head. */
        f->broken = !head_write(f);
    }
    buf_release(&b);
    return rc;
}
