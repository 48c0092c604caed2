/*
 * cards.c: what may be seen of wallets without a password.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/files.h"
#include "wallet/internal.h"

#include "base/banned.h"

enum { WALLETS_MAX = 1000 };

bool wallet_name_ok(const char *name)
{
    static const char may[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strspn(name, may);
    return n > 0 && n < WALLET_NAME && name[n] == '\0';
}

souk_err wallet_leaf(const char *name, const char *suffix, char out[LEAF_MAX], struct err *e)
{
    if (!wallet_name_ok(name))
        return err_set(e, SOUK_EINPUT,
                       "\"%.64s\" cannot be a wallet's name: 1 to %d of a-z, 0-9, - and _", name,
                       WALLET_NAME - 1);
    snprintf(out, LEAF_MAX, "%s%s", name, suffix);
    return SOUK_OK;
}

static bool is_there(int dirfd, const char *name, const char *suffix)
{
    char leaf[LEAF_MAX];
    struct stat st;
    return wallet_leaf(name, suffix, leaf, NULL) == SOUK_OK &&
           fstatat(dirfd, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

souk_err wallet_name_free(int dirfd, const char *name, struct err *e)
{
    char leaf[LEAF_MAX];
    souk_err r = wallet_leaf(name, "", leaf, e);
    if (!r && (is_there(dirfd, name, ".key") || is_there(dirfd, name, ".watch")))
        r = err_set(e, SOUK_EINPUT, "there is a wallet %s already: choose another name", name);
    return r;
}

souk_err wallet_dir_make(const char *dir, int *fd, struct err *e)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, SOUK_EFAIL, "cannot make the wallets' directory %s: %s", dir,
                       strerror(errno));
    return wallet_dir_open(dir, fd, e);
}

/* --- watching */

static size_t watch_line(address a, char out[ADDRESS_BUF + 1])
{
    address_format(a, out);
    size_t n = strlen(out);
    out[n] = '\n';
    return n + 1;
}

souk_err wallet_watch(const char *dir, const char *name, address a, struct err *e)
{
    char leaf[LEAF_MAX], line[ADDRESS_BUF + 1];
    int fd;
    souk_err r = wallet_leaf(name, ".watch", leaf, e);
    if (r)
        return r;
    if (address_is_zero(a))
        return err_set(e, SOUK_EINPUT, "nobody has the zero address: there is nothing to watch");
    r = wallet_dir_make(dir, &fd, e);
    if (r)
        return r;
    r = wallet_name_free(fd, name, e);
    if (!r)
        r = file_put(fd, leaf, (const uint8_t *)line, watch_line(a, line), false, NULL, NULL, e);
    close(fd);
    return r;
}

static souk_err read_watch(int dirfd, const char *leaf, struct wallet_card *out, struct err *e)
{
    uint8_t text[ADDRESS_BUF + 1];
    char again[ADDRESS_BUF + 1];
    size_t n;
    address a;
    souk_err r = file_read(dirfd, leaf, text, sizeof text, &n, e);
    if (r)
        return r;
    /* only as it was written: a changed letter is then not another address */
    if (n < 2 || !address_parse((const char *)text, n - 1, &a) || watch_line(a, again) != n ||
        memcmp(text, again, n) != 0)
        return err_set(e, SOUK_EINPUT, "%s holds no checksummed address: watch it again", leaf);
    out->kind = WALLET_WATCH;
    out->account[0] = a;
    out->accounts = 1;
    return SOUK_OK;
}

/* --- cards */

static souk_err read_card(int dirfd, const char *name, struct wallet_card *out, struct err *e)
{
    char leaf[LEAF_MAX];
    uint8_t p[KEYFILE_MAX];
    size_t n;
    memset(out, 0, sizeof *out);
    souk_err r = wallet_leaf(name, ".key", leaf, e);
    if (r)
        return r;
    memcpy(out->name, name, strlen(name) + 1);
    r = file_read(dirfd, leaf, p, sizeof p, &n, e);
    if (!r)
        r = keyfile_head(p, n, out, e);
    if (r == SOUK_ENOTFOUND) {
        wallet_leaf(name, ".watch", leaf, NULL);
        r = read_watch(dirfd, leaf, out, e);
    }
    return r == SOUK_ENOTFOUND ? err_set(e, r, "there is no wallet %s", name) : r;
}

souk_err wallet_card_read(const char *dir, const char *name, struct wallet_card *out, struct err *e)
{
    int fd;
    souk_err r = wallet_dir_open(dir, &fd, e);
    if (r)
        return r == SOUK_ENOTFOUND ? err_set(e, r, "there is no wallet %.64s", name) : r;
    r = read_card(fd, name, out, e);
    close(fd);
    return r;
}

/* The name in "NAME.key" or, where no key has it, in "NAME.watch". */
static bool wallet_of(int dirfd, const char *leaf, char name[WALLET_NAME])
{
    const char *dot = strchr(leaf, '.');
    bool watch = dot && strcmp(dot, ".watch") == 0;
    size_t n = dot ? (size_t)(dot - leaf) : 0;
    if (!dot || n >= WALLET_NAME || (!watch && strcmp(dot, ".key") != 0))
        return false;
    memcpy(name, leaf, n);
    name[n] = '\0';
    return wallet_name_ok(name) && !(watch && is_there(dirfd, name, ".key"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct wallet_card *)a)->name, ((const struct wallet_card *)b)->name);
}

static souk_err add_card(int dirfd, const char *name, struct wallet_card **list, size_t *n,
                         size_t *broken, struct err *e)
{
    struct wallet_card card;
    if (read_card(dirfd, name, &card, NULL)) {
        ++*broken;
        return SOUK_OK;
    }
    if (*n == WALLETS_MAX)
        return err_set(e, SOUK_ENOMEM, "there are more than %d wallets", WALLETS_MAX);
    if ((*n & (*n - 1)) == 0) { /* room for twice as many, at each power of two */
        void *more = mem_resize(*list, (*n ? 2 * *n : 1) * sizeof **list);
        if (!more)
            return err_nomem(e);
        *list = more;
    }
    (*list)[(*n)++] = card;
    return SOUK_OK;
}

souk_err wallet_cards(const char *dir, struct wallet_card **out, size_t *n, size_t *broken,
                      struct err *e)
{
    int fd;
    *out = NULL;
    *n = *broken = 0;
    souk_err r = wallet_dir_open(dir, &fd, e);
    if (r)
        return r == SOUK_ENOTFOUND ? SOUK_OK : r; /* nobody has made a wallet yet */
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return err_nomem(e);
    }
    char name[WALLET_NAME];
    for (struct dirent *f; !r && (f = readdir(d));) {
        if (wallet_of(fd, f->d_name, name))
            r = add_card(fd, name, out, n, broken, e);
    }
    closedir(d);
    if (r) {
        MEM_FREE(*out);
        *n = 0;
    } else if (*n) {
        qsort(*out, *n, sizeof **out, by_name);
    }
    return r;
}
