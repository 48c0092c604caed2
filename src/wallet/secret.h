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

/* Once, before anything else here; self-tests the random source. */
souk_err secret_start(struct err *e);
/* This process: no core dump, no ptrace, no /proc/PID/mem for others. */
souk_err secret_harden(struct err *e);

void *secret_alloc(size_t n); /* zeroed; NULL when memory is out */
void secret_free(void *p);    /* wipes; NULL is a no-op */
bool secret_locked(void);     /* false: some block could not be locked: say so to the user */
void secret_wipe(void *p, size_t n);
void secret_wipe_stack(void); /* after each call into a library that saw a key */

/* A text being read: a password, words, a private key in hex. */
enum { SECRET_TEXT_MAX = 1024 };
struct secret_text {
    size_t n;
    char s[SECRET_TEXT_MAX]; /* terminated; no NUL inside */
};

/*
 * Reads one line from fd by read(2) into a secret_text that the caller frees; the line's end is
 * taken off. SOUK_EINPUT for a NUL byte, bytes that are no UTF-8, or too long a line.
 */
souk_err secret_read_line(int fd, struct secret_text **out, struct err *e);
/*
 * The same on a terminal: prints the prompt (ours or sanitised), echo off, restores the terminal
 * whatever happens, SIGINT and SIGTERM included (SOUK_ECANCEL).
 */
souk_err secret_prompt(int tty, const char *prompt, struct secret_text **out, struct err *e);

#endif
