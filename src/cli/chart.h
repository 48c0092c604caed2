/*
 * chart.h: small pictures made of characters: of Unicode's blocks, or of ASCII where the locale has
 * no Unicode.
 */
#ifndef SOUK_CLI_CHART_H
#define SOUK_CLI_CHART_H

#include <stddef.h>
#include <stdint.h>

enum { CHART_COLS = 60, CHART_BUF = CHART_COLS * 3 + 1 };

/* part of whole, as a bar of at most cols columns (CHART_COLS is the most); not empty unless part
 * is 0. */
const char *chart_bar(char out[CHART_BUF], uint64_t part, uint64_t whole, int cols);
/* One column for each value, the largest the highest. Of more than CHART_COLS the last. */
const char *chart_spark(char out[CHART_BUF], const uint64_t *v, size_t n);

#endif
