/*
 * typo.h: how far apart two words are, as typing goes.
 *
 * Optimal string alignment (Damerau-Levenshtein with each letter moved at most
 * once): a letter too many, too few, wrong, or two swapped is 1.
 */
#ifndef SOUK_MARKET_TYPO_H
#define SOUK_MARKET_TYPO_H

#include <stddef.h>

enum { TYPO_WORD = 32 }; /* longer words are not compared */

/*
 * The distance from word to typed, and to the nearest beginning of word; each is most + 1 when it
 * is more than `most`.
 */
void typo_distance(const char *typed, size_t n, const char *word, size_t m, int most, int *whole,
                   int *beginning);

#endif
