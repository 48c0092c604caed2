/*
 * secret.h: memory for what nobody else may read.
 *
 * Blocks are locked (never swapped), kept out of core dumps, guarded on both
 * sides and wiped when released. libsodium goes on in silence when the system
 * refuses to lock; here that is asked, and secret_locked() says whether every
 * block so far really was. Keys, words and passwords live in nothing else: no
 * stdio, no struct err, no buf.
 */
#ifndef SOUK_WALLET_SECRET_H
#define SOUK_WALLET_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Before anything else here; again is a no-op. Self-tests the random source. */
souk_err secret_start(struct err *e);
/* This process: no core dump, no ptrace, no /proc/PID/mem for others. */
souk_err secret_harden(struct err *e);

void *secret_alloc(size_t n); /* zeroed; NULL when memory is out */
void secret_free(void *p);    /* wipes; NULL is a no-op */
bool secret_locked(void);     /* false: some block could not be locked: say so to the user */
/* From the system. SOUK_EFAIL when it gives none: nothing may then be made from p. */
souk_err secret_random(void *p, size_t n, struct err *e);
void secret_wipe(void *p, size_t n);
void secret_wipe_stack(void); /* after each call into a library that saw a key */

/* A text being read: a password, words, a private key in hex. */
enum { SECRET_TEXT_MAX = 1024 };
struct secret_text {
    size_t n;
    char s[SECRET_TEXT_MAX]; /* terminated; no NUL inside */
};

souk_err secret_text_new(struct secret_text **out, struct err *e); /* empty; secret_free it */

/*
 * Reads one line from fd by read(2), and nothing beyond it, into a secret_text that the caller
 * frees; the line's end (LF or CR LF) is taken off. SOUK_EINPUT for a NUL byte, bytes that are no
 * UTF-8, too long a line, or an end before the first byte.
 */
souk_err secret_read_line(int fd, struct secret_text **out, struct err *e);
/*
 * The same on a terminal: forgets what was typed before, prints the prompt (ours or sanitised),
 * echo off, restores the terminal whatever happens, signals that end a program included. Those,
 * and Ctrl-D, are SOUK_ECANCEL.
 */
souk_err secret_prompt(int tty, const char *prompt, struct secret_text **out, struct err *e);
/* A question there that is no secret, with echo: yes is y or yes, no is all else. */
souk_err secret_yes(int tty, const char *question, bool *yes, struct err *e);

#endif
