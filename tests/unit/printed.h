/*
 * printed.h: what a command prints, held against a file of tests/unit/pages.
 *
 * GENERATE=1 in the environment writes the files anew.
 */
#ifndef SOUK_TESTS_PRINTED_H
#define SOUK_TESTS_PRINTED_H

#include <stdbool.h>

/* From here on standard output goes to memory; printed() ends it and gives the text, which the
 * caller frees. */
void print_begin(void);
char *printed(void);

/* Whether text is what the page NAME.txt holds; tells the first difference on stderr. */
bool page_same(const char *name, const char *text);

/* Whether every line of UTF-8 text is within 80 columns; tells the first that is not. */
bool fits_80(const char *text);

#endif
