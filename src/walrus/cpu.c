#include "walrus/cpu.h"

#include "base/err.h"

#include "base/banned.h"

bool walrus_cpu_has(enum walrus_cpu c)
{
    switch (c) {
    case WALRUS_CPU_BEST:
    case WALRUS_CPU_PORTABLE:
        return true;
#if defined(__x86_64__) /* the compiler's own look at CPUID minds what the system saves, too */
    case WALRUS_CPU_AVX2:
        return __builtin_cpu_supports("avx2");
    case WALRUS_CPU_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("gfni");
#else
    case WALRUS_CPU_AVX2:
    case WALRUS_CPU_AVX512:
#endif
    case WALRUS_CPU_COUNT:
        break;
    }
    return false;
}

enum walrus_cpu walrus_cpu_pick(enum walrus_cpu wanted)
{
    if (!walrus_cpu_has(wanted))
        BUG("asked to compute with %s, which is not here", walrus_cpu_name(wanted));
    if (wanted != WALRUS_CPU_BEST)
        return wanted;
    for (enum walrus_cpu c = WALRUS_CPU_AVX512; c > WALRUS_CPU_PORTABLE; c--) {
        if (walrus_cpu_has(c))
            return c;
    }
    return WALRUS_CPU_PORTABLE;
}

const char *walrus_cpu_name(enum walrus_cpu c)
{
    switch (c) {
    case WALRUS_CPU_BEST:
        return "the best there is";
    case WALRUS_CPU_PORTABLE:
        return "portable C";
    case WALRUS_CPU_AVX2:
        return "AVX2";
    case WALRUS_CPU_AVX512:
        return "AVX-512 with GFNI";
    case WALRUS_CPU_COUNT:
        break;
    }
    return "nothing";
}
