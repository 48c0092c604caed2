/*
 * clock.h: the time, and the one place where a test may set it.
 *
 * Wall time is unix seconds UTC. With clock_fix() it stands still until
 * clock_advance(): screens, ages and windows then come out the same each time.
 * Monotonic milliseconds are for timers and are never faked.
 */
#ifndef SOUK_BASE_CLOCK_H
#define SOUK_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now(void);
void clock_fix(int64_t unix_seconds);
void clock_advance(int64_t seconds); /* only when fixed */
bool clock_is_fixed(void);
int64_t clock_mono_ms(void);

#endif
