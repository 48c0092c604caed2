/*
 * fixture: small caches of the network `devnet`, the same every time, for the tests of the screens.
 *
 * Each is a directory for `souk --data DIR --offline --clock FIXTURE_NOW`: no server is asked, and
 * every age, window and figure comes out the same. They are written with the store's own functions
 * and derived by market/derive, as a sync would.
 *
 *   market    60 models: proven, unproven and contested listings, payments in two tokens, sessions,
 *             a shared payTo, price changes, a withdrawn listing, models nobody ever called, names
 *             in Chinese, Hebrew, Arabic and emoji, and very long ones
 *   hostile   every attack of the list below in every text a server or a chain can send: names,
 *             authors, tasks, descriptions, files, blob ids, endpoints, offers, messages of sync
 *   empty     nothing at all
 *
 * Whatever fails here ends the test program: nothing can be tested then.
 */
#ifndef SOUK_TESTS_FIXTURE_H
#define SOUK_TESTS_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { FIXTURE_NOW = 1790000000 }; /* 2026-09-21 14:13:20 UTC */
#define FIXTURE_CLOCK "1790000000"

/* A new directory; the caller hands it to fixture_free. */
char *fixture_empty(void);
char *fixture_market(void);
char *fixture_hostile(void);
void fixture_free(char *dir); /* removes the directory too; NULL is a no-op */

/* A watch-only wallet of that network's: nothing of it needs a chain or a signer to be shown. */
void fixture_watch(const char *dir);
/* The same, watching the owner of the hostile model of attack i instead of whom it did. */
void fixture_hostile_watch(const char *dir, size_t i);

/* The library of a market of attacks: each is in every name of a model, and in its file's texts. */
void fixture_hostile_library(const char *dir);
/* Three files in the library: an ONNX model of nobody/untitled, weights, and a pickle. */
void fixture_library(const char *dir);

/* Writes a file below the directory, making its parents. */
void fixture_write(const char *dir, const char *leaf, const char *text);
/* The whole file, terminated; NULL when there is none. free() it. */
char *fixture_read(const char *dir, const char *leaf, size_t *len);

/* The attacks: what must not reach a terminal. Some hold a NUL, some are not UTF-8. */
size_t fixture_attacks(void);
struct untrusted fixture_attack(size_t i);
const char *fixture_attack_name(size_t i);

/* How the hostile model of attack i can be named without quoting it: listing id, owner. */
void fixture_hostile_listing(size_t i, char out[67]);
void fixture_hostile_owner(size_t i, char out[43]);

/* The program under test: $SOUK, else the one three directories above argv[0]. */
void fixture_find_souk(const char *argv0);
const char *fixture_souk(void);

#endif
