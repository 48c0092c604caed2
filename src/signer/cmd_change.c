/*
 * cmd_change.c: more accounts, or another password, for a wallet that is there.
 */
#include "signer/signer.h"

#include "base/banned.h"

static enum kdf_cost cost_of(const struct wallet_card *card)
{
    return card->play ? KDF_PLAY : KDF_STRONG;
}

souk_err cmd_accounts(char **argv, struct err *e)
{
    const char *name, *dir = NULL;
    int password_fd = -1, count = 0;
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &dir, 0, 0},
        {"--count", ARG_NUMBER, &count, 1, WALLET_ACCOUNTS},
        {"--password-fd", ARG_FD, &password_fd, 0, 0},
    };
    struct secret_text *password;
    struct wallet_secret *s;
    struct wallet_card card;
    souk_err r = args_parse(argv, args, sizeof args / sizeof *args, &name, e);
    if (!r)
        r = args_need(dir, "--dir", e);
    if (!r)
        r = args_need(count ? &count : NULL, "--count", e);
    if (!r)
        r = ask_and_open(dir, name, password_fd, &password, &s, &card, e);
    if (r)
        return r;
    r = keyfile_rewrite(dir, name, s, (unsigned)count, password, cost_of(&card), NULL, e);
    secret_free(password);
    secret_free(s);
    return r;
}

souk_err cmd_password(char **argv, struct err *e)
{
    const char *name, *dir = NULL;
    int password_fd = -1, new_fd = -1;
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &dir, 0, 0},
        {"--password-fd", ARG_FD, &password_fd, 0, 0},
        {"--new-password-fd", ARG_FD, &new_fd, 0, 0},
    };
    struct secret_text *password, *fresh = NULL;
    struct wallet_secret *s;
    struct wallet_card card;
    souk_err r = args_parse(argv, args, sizeof args / sizeof *args, &name, e);
    if (!r)
        r = args_need(dir, "--dir", e);
    if (!r)
        r = ask_and_open(dir, name, password_fd, &password, &s, &card, e);
    if (r)
        return r;
    r = ask_new_password(new_fd, "New password for the wallet: ", card.play, &fresh, e);
    if (!r)
        r = keyfile_rewrite(dir, name, s, card.accounts, fresh, cost_of(&card), NULL, e);
    secret_free(password);
    secret_free(fresh);
    secret_free(s);
    return r;
}
