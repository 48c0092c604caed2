/*
 * human.h: numbers as people read them. All write into the caller's buffer and return it.
 *
 * Counts get thousands separators ("12,481"), ages one unit ("3 m", "2 h", "5 d"), sizes decimal
 * units ("7.1 KB"), dates are ISO ("2026-11-21") in UTC; a time outside the years 1000 to 9999 is
 * "?". Nothing depends on the locale. Only human_percent, for nothing, leaves ASCII.
 */
#ifndef SOUK_BASE_HUMAN_H
#define SOUK_BASE_HUMAN_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

enum { HUMAN_BUF = 48 };

char *human_count(char out[HUMAN_BUF], uint64_t n);               /* 12,481 */
char *human_short(char out[HUMAN_BUF], uint64_t n);               /* 12.5k, 1.2M: for axes */
char *human_age(char out[HUMAN_BUF], int64_t seconds);            /* 3 m; below one, "just now" */
char *human_size(char out[HUMAN_BUF], uint64_t bytes);            /* 7.1 KB */
char *human_day(char out[HUMAN_BUF], int64_t unix_seconds);       /* 2026-11-21 */
char *human_day_short(char out[HUMAN_BUF], int64_t unix_seconds); /* Nov 21 */
char *human_time(char out[HUMAN_BUF], int64_t unix_seconds);      /* 2026-11-21 01:37:02 UTC */
char *human_iso(char out[HUMAN_BUF], int64_t unix_seconds);       /* 2026-11-21T01:37:02Z */

/* 10.5 %; of nothing, "–". */
char *human_percent(char out[HUMAN_BUF], uint64_t part, uint64_t whole);
/* An interval of shares of whole (not 0): "21.1 to 75.1 %", where between is " to ". Outwards:
 * never told narrower than it is. Ends that are equal are one share, as above. */
char *human_percents(char out[HUMAN_BUF], uint32_t low, uint32_t high, uint32_t whole,
                     const char *between);

/* "512", "64K", "1.5G", "2GiB" in bytes: decimal units as human_size has them, binary with an i.
 * False: no such thing. */
bool human_size_parse(const char *s, uint64_t *out);

#endif
