#include <string.h>
#include <unistd.h>

#include "signer/signer.h"

#include "base/banned.h"

struct options {
    const char *name, *dir;
    int words, accounts, password_fd, words_fd;
    bool play;
};

static souk_err parse(char **argv, struct options *o, struct err *e)
{
    *o = (struct options){.words = 12, .accounts = 1, .password_fd = -1, .words_fd = -1};
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &o->dir, 0, 0},
        {"--words", ARG_NUMBER, &o->words, 12, 24},
        {"--accounts", ARG_NUMBER, &o->accounts, 1, WALLET_ACCOUNTS},
        {"--password-fd", ARG_FD, &o->password_fd, 0, 0},
        {"--words-fd", ARG_FD, &o->words_fd, 0, 0},
        {"--play", ARG_FLAG, &o->play, 0, 0},
    };
    souk_err r = args_parse(argv, args, sizeof args / sizeof *args, &o->name, e);
    if (!r)
        r = args_need(o->dir, "--dir", e);
    if (!r && o->words != 12 && o->words != 24)
        r = err_set(e, SOUK_EUSAGE, "--words is 12 or 24");
    if (!r && (o->password_fd < 0) != (o->words_fd < 0))
        r = err_set(e, SOUK_EUSAGE,
                    "--password-fd and --words-fd go together: without a terminal the words need a "
                    "place to go");
    return r;
}

/* The words must be with the user before there is a wallet that hangs on them. */
static souk_err hand_over(const struct options *o, struct secret_text *words, struct err *e)
{
    int tty;
    souk_err r;
    if (o->words_fd >= 0) {
        words->s[words->n] = '\n'; /* in place: no second copy; terminated again behind */
        r = fd_put(o->words_fd, words->s, words->n + 1, e);
        words->s[words->n] = '\0';
        return r;
    }
    r = terminal_open(&tty, e);
    if (r)
        return r;
    r = words_show(tty, words, NULL, e);
    if (!r)
        r = words_confirm(tty, words, e);
    close(tty);
    return r;
}

static souk_err make(const struct options *o, struct wallet_secret *s, struct err *e)
{
    struct secret_text *password = NULL, *words = NULL;
    souk_err r =
        ask_new_password(o->password_fd, "New password for the wallet: ", o->play, &password, e);
    s->kind = WALLET_WORDS;
    s->entropy_n = (size_t)o->words / 3 * 4;
    if (!r)
        r = secret_random(s->entropy, s->entropy_n, e);
    if (!r)
        r = mnemonic_words(s->entropy, s->entropy_n, &words, e);
    if (!r)
        r = hand_over(o, words, e);
    if (!r)
        r = keyfile_create(o->dir, o->name, s, (unsigned)o->accounts, password,
                           o->play ? KDF_PLAY : KDF_STRONG, NULL, e);
    secret_free(password);
    secret_free(words);
    return r;
}

souk_err cmd_create(char **argv, struct err *e)
{
    struct options o;
    souk_err r = parse(argv, &o, e);
    if (!r)
        r = name_must_be_free(o.dir, o.name, e);
    if (r)
        return r;
    struct wallet_secret *s = secret_alloc(sizeof *s);
    r = s ? make(&o, s, e) : err_nomem(e);
    secret_free(s);
    return r;
}
