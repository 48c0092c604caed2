#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/text.h"
#include "signer/signer.h"

#include "base/banned.h"

enum { TRIES = 3 };

souk_err terminal_open(int *tty, struct err *e)
{
    *tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    return *tty >= 0 ? SOUK_OK
                     : err_set(e, SOUK_EINPUT,
                               "there is no terminal to ask at: give what is secret by a "
                               "descriptor, as --password-fd N");
}

souk_err fd_put(int fd, const char *p, size_t n, struct err *e)
{
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_set(e, SOUK_EFAIL, "cannot write to descriptor %d: %s", fd, strerror(errno));
        p += put;
        n -= (size_t)put;
    }
    return SOUK_OK;
}

souk_err terminal_say(int tty, const char *s, struct err *e)
{
    return fd_put(tty, s, strlen(s), e);
}

souk_err ask_secret(int fd, const char *prompt, struct secret_text **out, struct err *e)
{
    int tty;
    *out = NULL;
    if (fd >= 0)
        return secret_read_line(fd, out, e);
    souk_err r = terminal_open(&tty, e);
    if (r)
        return r;
    r = secret_prompt(tty, prompt, out, e);
    close(tty);
    return r;
}

static size_t characters(const struct secret_text *t)
{
    size_t count = 0;
    uint32_t cp;
    for (size_t at = 0; at < t->n; count++)
        at += utf8_get(t->s + at, t->n - at, &cp, NULL);
    return count;
}

static souk_err check_new(const struct secret_text *t, bool play, struct err *e)
{
    if (t->n == 0)
        return err_set(e, SOUK_EINPUT, "the password is empty");
    if (!play && characters(t) < PASSWORD_MIN)
        return err_set(e, SOUK_EINPUT, "the password is too short: at least %d characters",
                       PASSWORD_MIN);
    return SOUK_OK;
}

static souk_err ask_twice(int tty, const char *prompt, bool play, struct secret_text **out,
                          struct err *e)
{
    struct secret_text *again = NULL;
    souk_err r = secret_prompt(tty, prompt, out, e);
    if (!r)
        r = check_new(*out, play, e);
    if (!r)
        r = secret_prompt(tty, "The same again: ", &again, e);
    if (!r && (again->n != (*out)->n || sodium_memcmp(again->s, (*out)->s, again->n) != 0))
        r = err_set(e, SOUK_EINPUT, "these were not the same");
    secret_free(again);
    if (r) {
        secret_free(*out);
        *out = NULL;
    }
    return r;
}

/* Says what was wrong, to one who may try again. */
static void say_error(int tty, const struct err *e)
{
    terminal_say(tty, e->msg, NULL); /* all ours: it quotes nothing */
    terminal_say(tty, "\n", NULL);
}

souk_err ask_new_password(int fd, const char *prompt, bool play, struct secret_text **out,
                          struct err *e)
{
    struct err local = {0};
    int tty;
    souk_err r;
    *out = NULL;
    if (fd >= 0) {
        r = secret_read_line(fd, out, e);
        if (!r && (r = check_new(*out, play, e))) {
            secret_free(*out);
            *out = NULL;
        }
        return r;
    }
    r = terminal_open(&tty, e);
    if (r)
        return r;
    for (int i = 0; i < TRIES; i++) {
        r = ask_twice(tty, prompt, play, out, &local);
        if (r != SOUK_EINPUT)
            break;
        if (i + 1 < TRIES)
            say_error(tty, &local);
    }
    close(tty);
    return r ? err_set(e, r, "%s", local.msg) : r;
}

souk_err ask_and_open(const char *dir, const char *name, int password_fd,
                      struct secret_text **password, struct wallet_secret **out,
                      struct wallet_card *card, struct err *e)
{
    char prompt[WALLET_NAME + 64];
    *password = NULL;
    *out = NULL;
    souk_err r = wallet_card_read(dir, name, card, e); /* before the user types in vain */
    if (!r && card->kind == WALLET_WATCH)
        r = err_set(e, SOUK_EINPUT, "the wallet %s only watches an address: it has no key", name);
    for (int i = 0; !r; i++) {
        snprintf(prompt, sizeof prompt,
                 "%sPassword of the wallet %s: ", i ? "That was not it. " : "", name);
        r = ask_secret(password_fd, prompt, password, e);
        if (!r)
            r = keyfile_open(dir, name, *password, out, card, e);
        if (!r)
            return SOUK_OK;
        secret_free(*password);
        *password = NULL;
        if (r == SOUK_EVERIFY && password_fd < 0 && i + 1 < TRIES)
            r = SOUK_OK;
    }
    return r;
}

souk_err name_must_be_free(const char *dir, const char *name, struct err *e)
{
    struct wallet_card card;
    souk_err r = wallet_card_read(dir, name, &card, e);
    if (!r)
        return err_set(e, SOUK_EINPUT, "there is a wallet %s already: choose another name", name);
    return r == SOUK_ENOTFOUND ? SOUK_OK : r;
}

void warn_unlocked(void)
{
    static const char line[] = "souk-signer: warning: the system refuses to lock memory, so keys "
                               "may reach the swap space: raise ulimit -l\n";
    static bool warned;
    int tty = STDERR_FILENO;
    if (secret_locked() || warned)
        return;
    warned = true;
    if (terminal_open(&tty, NULL) != SOUK_OK)
        tty = STDERR_FILENO;
    terminal_say(tty, line, NULL);
    if (tty != STDERR_FILENO)
        close(tty);
}
