#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "signer/signer.h"
#include "wallet/files.h"

#include "base/banned.h"

struct options {
    const char *name, *dir, *v3;
    int account, password_fd, new_password_fd;
    bool words;
};

static souk_err parse(char **argv, struct options *o, struct err *e)
{
    *o = (struct options){.password_fd = -1, .new_password_fd = -1};
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &o->dir, 0, 0},
        {"--v3", ARG_TEXT, &o->v3, 0, 0},
        {"--words", ARG_FLAG, &o->words, 0, 0},
        {"--account", ARG_NUMBER, &o->account, 0, WALLET_ACCOUNTS - 1},
        {"--password-fd", ARG_FD, &o->password_fd, 0, 0},
        {"--new-password-fd", ARG_FD, &o->new_password_fd, 0, 0},
    };
    souk_err r = args_parse(argv, args, sizeof args / sizeof *args, &o->name, e);
    if (!r)
        r = args_need(o->dir, "--dir", e);
    if (!r && !o->v3 == !o->words)
        r = err_set(e, SOUK_EUSAGE, "export takes either --v3 FILE or --words");
    return r;
}

/* --- words: to the eyes alone */

static souk_err show(const struct wallet_secret *s, struct err *e)
{
    struct secret_text *words;
    int tty;
    if (s->kind != WALLET_WORDS)
        return err_set(e, SOUK_EINPUT,
                       "this wallet was made of a private key: it has no words; use --v3 FILE");
    souk_err r = terminal_open(&tty, e);
    if (r)
        return r;
    r = mnemonic_words(s->entropy, s->entropy_n, &words, e);
    if (!r)
        r = words_show(tty, words,
                       s->passphrase.n ? "\nThey need the BIP-39 passphrase given at the import, "
                                         "which is not shown.\n"
                                       : NULL,
                       e);
    secret_free(words);
    close(tty);
    return r;
}

/* --- a V3 file */

struct wanted {
    const struct key *key;
    const struct secret_text *password;
};

static souk_err reads_back(void *ud, const uint8_t *p, size_t n, struct err *e)
{
    const struct wanted *w = ud;
    struct key *k;
    bool checked;
    souk_err r = v3_read((const char *)p, n, w->password, &k, &checked, e);
    if (!r && (!checked || memcmp(key_bytes(k), key_bytes(w->key), 32) != 0))
        r = err_set(e, SOUK_EFAIL, "the file just written holds another key: it was not kept");
    key_free(k);
    return r;
}

/* The directory of a path, and what stands behind its last slash. */
static souk_err open_parent(const char *path, int *fd, const char **leaf, struct err *e)
{
    char dir[PATH_BUF];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    *leaf = slash ? slash + 1 : path;
    *fd = -1;
    if (n >= sizeof dir || strlen(*leaf) > 200 || !**leaf)
        return err_set(e, SOUK_EINPUT, "\"%.300s\" cannot be a file's name", path);
    memcpy(dir, path, n);
    dir[n] = '\0';
    *fd = open(!slash ? "." : n ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? SOUK_OK
                    : err_set(e, SOUK_EINPUT, "cannot open the directory of %.300s: %s", path,
                              strerror(errno));
}

static souk_err write_v3(const struct options *o, const struct key *k,
                         const struct secret_text *password, struct err *e)
{
    struct wanted w = {k, password};
    char *text = NULL;
    const char *leaf;
    size_t n;
    int fd;
    souk_err r = open_parent(o->v3, &fd, &leaf, e);
    if (r)
        return r;
    r = v3_write(k, password, &text, &n, e);
    if (!r)
        r = file_put(fd, leaf, (const uint8_t *)text, n, false, reads_back, &w, e);
    mem_free(text);
    close(fd);
    return r;
}

static souk_err export_v3(const struct options *o, const struct wallet_secret *s, bool play,
                          struct err *e)
{
    struct secret_text *password = NULL;
    struct key *k;
    souk_err r = wallet_secret_key(s, (unsigned)o->account, &k, e);
    if (!r)
        r = ask_new_password(o->new_password_fd, "New password for the exported file: ", play,
                             &password, e);
    if (!r)
        r = write_v3(o, k, password, e);
    secret_free(password);
    key_free(k);
    return r;
}

souk_err cmd_export(char **argv, struct err *e)
{
    struct options o;
    struct secret_text *password;
    struct wallet_secret *s;
    struct wallet_card card;
    souk_err r = parse(argv, &o, e);
    if (!r)
        r = ask_and_open(o.dir, o.name, o.password_fd, &password, &s, &card, e);
    if (r)
        return r;
    secret_free(password);
    r = o.words ? show(s, e) : export_v3(&o, s, card.play, e);
    secret_free(s);
    return r;
}
