/*
 * last_words.h: what a runner says when it dies of a want of memory.
 *
 * With little left, the engine's libraries abort or fault in places that expect no such thing. Who
 * ran the model should hear of memory then, and not of a crash.
 */
#ifndef SOUK_RUNNER_LAST_WORDS_H
#define SOUK_RUNNER_LAST_WORDS_H

#include <stdint.h>

/* answer, status: as in jail.h. */
void last_words(uint64_t memory, int answer, int status);

#endif
