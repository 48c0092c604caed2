/*
 * golden: comparing screens with golden/NAME.screen. GENERATE=1 writes what is drawn now; then
 * read the difference as a user would.
 */
#ifndef SOUK_TESTS_GOLDEN_H
#define SOUK_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

/* True when the dump is the golden one; else the lines that differ are on stderr. */
bool golden_same(const char *name, const char *got, size_t n);

#endif
