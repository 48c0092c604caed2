#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base/err.h"
#include "base/banned.h"

static atomic_bool fixed;
static _Atomic int64_t fixed_at;

int64_t clock_now(void)
{
    return atomic_load(&fixed) ? atomic_load(&fixed_at) : (int64_t)time(NULL);
}

void clock_fix(int64_t unix_seconds)
{
    atomic_store(&fixed_at, unix_seconds);
    atomic_store(&fixed, true);
}

void clock_advance(int64_t seconds)
{
    if (!atomic_load(&fixed)) {
        BUG("clock_advance on a running clock");
    }
    atomic_fetch_add(&fixed_at, seconds);
}

bool clock_is_fixed(void)
{
    return atomic_load(&fixed);
}

int64_t clock_mono_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        BUG("no monotonic clock");
    }
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
