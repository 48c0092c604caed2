/*
 * err.h: how a function says that it failed.
 *
 * A function that can fail returns a souk_err and fills the `struct err` it
 * was handed (which may be NULL when the caller does not care for the words).
 * The codes double as the program's exit codes, so a failure deep in the
 * house reaches the shell without translation.
 *
 * A message is one line for the person at the terminal: what happened, to
 * what, and what to do. It may quote bytes from outside (a server's error, a
 * file name): whoever shows it treats it as untrusted text (text.h).
 *
 * Our own mistakes are not errors: BUG() aborts. Nothing but main() exits.
 */
#ifndef SOUK_BASE_ERR_H
#define SOUK_BASE_ERR_H

#include <stdarg.h>

typedef enum souk_err {
    SOUK_OK = 0,
    SOUK_EFAIL = 1,     /* anything that has no code of its own */
    SOUK_EUSAGE = 2,    /* the command line is wrong */
    SOUK_ENET = 3,      /* a server could not be reached, or answered nonsense */
    SOUK_EVERIFY = 4,   /* content or history is not what it claims to be */
    SOUK_ELIMIT = 5,    /* refused by the user's limits */
    SOUK_EUNKNOWN = 6,  /* the outcome of a payment is unknown */
    SOUK_ENOTFOUND = 7, /* no such model, author, file */
    SOUK_EINPUT = 8,    /* bad input: a file, a value, a cache */
    SOUK_ENOMEM = 9,    /* out of memory, or over a stated cap */
    SOUK_ECANCEL = 130, /* stopped by the user */
} souk_err;

enum { ERR_MSG_MAX = 512 };

struct err {
    souk_err code;
    char msg[ERR_MSG_MAX]; /* always terminated; cut at a UTF-8 boundary */
};

/* Fills *e (when given) and returns code, so that `return err_set(e, ...)` reads as one thought. */
souk_err err_set(struct err *e, souk_err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "what: " before the message *e already carries; keeps the code and returns it.
 * A NULL e carries no code, so SOUK_EFAIL: who prefixes hands down a struct err of his own. */
souk_err err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The one message for an allocation that failed. */
souk_err err_nomem(struct err *e);

#ifdef __clang_analyzer__ /* it looks into one file at a time: these return what they are given */
#define err_set(e, code, ...) (err_set(e, code, __VA_ARGS__), (code))
#define err_nomem(e)          (err_nomem(e), SOUK_ENOMEM)
#endif

/* A contract broken by our own code: says where and aborts. */
#ifdef __cppcheck__ /* which does not know that bug_at stays away */
#define BUG(...) abort()
#else
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#endif
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What BUG() said, for whoever tidies up after the abort (a terminal on its alternate screen loses
 * what was printed there); "" when there was none. */
const char *bug_words(void);

#endif
