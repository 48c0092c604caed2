/*
 * search.h: words to models, forgiving. Internal to views and model_find.
 *
 * Each token of the words is looked for as the beginning of a word in names,
 * authors, tasks and descriptions (one or two letters: as a whole word in
 * descriptions, for nearly every one has a word beginning so). All tokens must
 * be found. A token that is nowhere is replaced by the most common words a
 * slip of the finger away, or split into two; the note says so.
 *
 * What was found for a token is kept with the connection while the text in the
 * cache stands, so that typing on asks only for the token under the cursor.
 */
#ifndef SOUK_MARKET_SEARCH_H
#define SOUK_MARKET_SEARCH_H

#include "base/err.h"
#include "store/store.h"

enum tier { TIER_NONE, TIER_TEXT, TIER_NAMES, TIER_NAME }; /* the best place all tokens are in */

struct search_result {
    bool words;    /* there was something to look for; else all the rest is empty */
    uint8_t *tier; /* by model id, 0 .. n - 1 */
    size_t n;
    char note[160]; /* ASCII */
};

souk_err search(struct store *s, const char *words, struct search_result *out, struct err *e);
void search_release(struct search_result *r);

#endif
