#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "signer/signer.h"

#include "base/banned.h"

enum { V3_FILE_MAX = 64 << 10 };

struct options {
    const char *name, *dir, *v3, *accept;
    int accounts, secret_fd, password_fd, passphrase_fd;
    bool play;
};

static souk_err parse(char **argv, struct options *o, struct err *e)
{
    *o = (struct options){.accounts = 1, .secret_fd = -1, .password_fd = -1, .passphrase_fd = -1};
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &o->dir, 0, 0},
        {"--secret-fd", ARG_FD, &o->secret_fd, 0, 0},
        {"--password-fd", ARG_FD, &o->password_fd, 0, 0},
        {"--passphrase-fd", ARG_FD, &o->passphrase_fd, 0, 0},
        {"--v3", ARG_TEXT, &o->v3, 0, 0},
        {"--accept-address", ARG_TEXT, &o->accept, 0, 0},
        {"--accounts", ARG_NUMBER, &o->accounts, 1, WALLET_ACCOUNTS},
        {"--play", ARG_FLAG, &o->play, 0, 0},
    };
    souk_err r = args_parse(argv, args, sizeof args / sizeof *args, &o->name, e);
    return r ? r : args_need(o->dir, "--dir", e);
}

/* --- words or a private key */

static souk_err passphrase(const struct options *o, struct wallet_secret *s, struct err *e)
{
    struct secret_text *first = NULL, *again = NULL;
    if (o->passphrase_fd < 0 && o->secret_fd >= 0)
        return SOUK_OK;
    souk_err r =
        ask_secret(o->passphrase_fd, "BIP-39 passphrase (most have none: Enter): ", &first, e);
    /* a typing error here would make another wallet, and no error */
    if (!r && o->passphrase_fd < 0 && first->n)
        r = ask_secret(-1, "The same again: ", &again, e);
    if (!r && again && (again->n != first->n || memcmp(again->s, first->s, first->n) != 0))
        r = err_set(e, SOUK_EINPUT, "the passphrases were not the same");
    if (!r)
        memcpy(&s->passphrase, first, sizeof s->passphrase);
    secret_free(first);
    secret_free(again);
    return r;
}

static bool has_blank(const struct secret_text *t)
{
    return strpbrk(t->s, " \t") != NULL || strstr(t->s, "\xe3\x80\x80") != NULL;
}

static souk_err from_text(const struct options *o, struct secret_text *t, struct wallet_secret *s,
                          struct err *e)
{
    while (t->n && (t->s[t->n - 1] == ' ' || t->s[t->n - 1] == '\t'))
        t->s[--t->n] = '\0';
    size_t lead = strspn(t->s, " \t");
    memmove(t->s, t->s + lead, t->n - lead + 1);
    t->n -= lead;
    if (has_blank(t)) {
        s->kind = WALLET_WORDS;
        souk_err r = mnemonic_entropy(t, s->entropy, &s->entropy_n, e);
        return r ? r : passphrase(o, s, e);
    }
    struct key *k;
    s->kind = WALLET_KEY;
    souk_err r = key_from_hex(t->s, t->n, &k, e);
    if (r)
        return r;
    memcpy(s->key, key_bytes(k), sizeof s->key);
    key_free(k);
    return SOUK_OK;
}

static souk_err from_user(const struct options *o, struct wallet_secret *s, struct err *e)
{
    struct secret_text *t;
    souk_err r = ask_secret(o->secret_fd, "Words or private key (not shown): ", &t, e);
    if (!r)
        r = from_text(o, t, s, e);
    secret_free(t);
    return r;
}

/* --- a V3 file */

static souk_err load(const char *path, struct buf *b, struct err *e)
{
    char piece[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "cannot open %.300s: %s",
                       path, strerror(errno));
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
        buf_add(b, piece, n > 0 ? (size_t)n : 0);
    souk_err r = n < 0 ? err_set(e, SOUK_EINPUT, "cannot read %.300s: %s", path, strerror(errno))
                       : buf_check(b, "a key file", e);
    close(fd);
    return r;
}

/* Nothing in the file says whose key it is: the user must know. */
static souk_err accept_address(const struct options *o, address a, bool checked, struct err *e)
{
    char hex[ADDRESS_BUF], question[160];
    address_format(a, hex);
    if (o->accept) {
        address want;
        if (!address_parse(o->accept, strlen(o->accept), &want))
            return err_set(e, SOUK_EUSAGE, "--accept-address takes an address");
        return address_eq(a, want) ? SOUK_OK
                                   : err_set(e, SOUK_EVERIFY,
                                             "the key in the file belongs to %s, not to %s: it was "
                                             "not imported",
                                             hex, o->accept);
    }
    if (checked)
        return SOUK_OK;
    if (o->secret_fd >= 0)
        return err_set(e, SOUK_EVERIFY,
                       "the file names no address, so it may have been changed: its key belongs to "
                       "%s; say --accept-address %s if that is right",
                       hex, hex);
    int tty;
    bool yes;
    souk_err r = terminal_open(&tty, e);
    if (r)
        return r;
    snprintf(question, sizeof question,
             "The file names no address. Its key belongs to\n  %s\nIs that yours? [y/N] ", hex);
    r = secret_yes(tty, question, &yes, e);
    close(tty);
    return r || yes ? r : err_set(e, SOUK_ECANCEL, "not imported");
}

static souk_err from_v3(const struct options *o, struct wallet_secret *s, struct err *e)
{
    struct buf b;
    struct secret_text *password = NULL;
    struct key *k = NULL;
    bool checked;
    buf_init(&b, V3_FILE_MAX);
    souk_err r = load(o->v3, &b, e);
    if (!r)
        r = ask_secret(o->secret_fd, "Password of the file: ", &password, e);
    if (!r)
        r = v3_read(b.p, b.len, password, &k, &checked, e);
    if (!r)
        r = accept_address(o, key_account(k), checked, e);
    if (!r) {
        s->kind = WALLET_KEY;
        memcpy(s->key, key_bytes(k), sizeof s->key);
    }
    key_free(k);
    secret_free(password);
    buf_release(&b);
    return r;
}

souk_err cmd_import(char **argv, struct err *e)
{
    struct options o;
    struct secret_text *password = NULL;
    souk_err r = parse(argv, &o, e);
    if (!r)
        r = name_must_be_free(o.dir, o.name, e);
    if (r)
        return r;
    struct wallet_secret *s = secret_alloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    r = o.v3 ? from_v3(&o, s, e) : from_user(&o, s, e);
    if (!r && s->kind == WALLET_KEY && o.accounts != 1)
        r = err_set(e, SOUK_EUSAGE, "a private key is one account: --accounts is for words");
    if (!r)
        r = ask_new_password(o.password_fd, "New password for the wallet: ", o.play, &password, e);
    if (!r)
        r = keyfile_create(o.dir, o.name, s, (unsigned)o.accounts, password,
                           o.play ? KDF_PLAY : KDF_STRONG, NULL, e);
    secret_free(password);
    secret_free(s);
    return r;
}
