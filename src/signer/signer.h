/*
 * signer.h: souk-signer from inside: its commands, and what they share.
 *
 * The program is run by souk at the user's terminal, or with descriptors for
 * what is secret (--password-fd N and the like); secrets come no other way. A
 * command says nothing when it is done; what failed is one line on stderr and
 * the exit code (base/err.h). Nothing is ever written to stdout: that is souk's.
 */
#ifndef SOUK_SIGNER_SIGNER_H
#define SOUK_SIGNER_SIGNER_H

#include "wallet/keyfile.h"

/* argv: what follows the command's name, NULL-terminated. main() has hardened the process and
 * called key_start. */
souk_err cmd_create(char **argv, struct err *e);
souk_err cmd_import(char **argv, struct err *e);
souk_err cmd_export(char **argv, struct err *e);
souk_err cmd_accounts(char **argv, struct err *e);
souk_err cmd_password(char **argv, struct err *e);
/* NAME --dir WALLETS --socket DIR --network PROFILE [--data DIR] [--lock-after S] [--password-fd
 * N]: unlocks, and leaves a process behind that serves (server.h). --clock T, for play money alone,
 * stops its clock there. */
souk_err cmd_serve(char **argv, struct err *e);

/* --- arguments: NAME and options, in any order */
enum arg_kind {
    ARG_TEXT,   /* const char * */
    ARG_NUMBER, /* int, within min and max */
    ARG_FD,     /* int: an open descriptor, closed for programs we start */
    ARG_FLAG,   /* bool */
};
struct arg {
    const char *name; /* "--dir" */
    enum arg_kind kind;
    void *to; /* set only when given */
    int min, max;
};
/* *name: the wallet's, checked. SOUK_EUSAGE for what the command does not take. */
souk_err args_parse(char **argv, const struct arg *args, size_t n, const char **name,
                    struct err *e);
souk_err args_need(const void *given, const char *option, struct err *e); /* SOUK_EUSAGE: NULL */

/* --- asking. fd: where the secret comes from; negative: the terminal. */
enum { PASSWORD_MIN = 10 };
souk_err terminal_open(int *tty, struct err *e);
souk_err fd_put(int fd, const char *p, size_t n, struct err *e); /* all of it, by write(2) */
souk_err terminal_say(int tty, const char *s, struct err *e);
souk_err ask_secret(int fd, const char *prompt, struct secret_text **out, struct err *e);
/* A new one: on the terminal twice; at least PASSWORD_MIN characters, but for play money. */
souk_err ask_new_password(int fd, const char *prompt, bool play, struct secret_text **out,
                          struct err *e);
/* Opens a wallet; at the terminal a wrong password may be corrected twice. All are freed by
 * secret_free. */
souk_err ask_and_open(const char *dir, const char *name, int password_fd,
                      struct secret_text **password, struct wallet_secret **out,
                      struct wallet_card *card, struct err *e);
/* SOUK_EINPUT when a wallet has the name: asked before the user types. */
souk_err name_must_be_free(const char *dir, const char *name, struct err *e);
/* One visible line, once, when secrets lie in memory that may be swapped. */
void warn_unlocked(void);

/* --- words on the terminal: on its alternate screen, so that no scrollback keeps them */
souk_err words_show(int tty, const struct secret_text *words, const char *note, struct err *e);
/* Asks for three of them by number. SOUK_EINPUT: not known. */
souk_err words_confirm(int tty, const struct secret_text *words, struct err *e);

#endif
