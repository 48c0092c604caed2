/*
 * cpu.h: which of the three ways to compute is used. All give the same bytes.
 *
 *   PORTABLE  plain C, one hash at a time
 *   AVX2      4 hashes at a time; field products by table look-ups in registers
 *   AVX512    16 hashes at a time; field products by GFNI's bit matrices
 *             (needs AVX512F, BW, DQ, VL, VBMI and GFNI)
 */
#ifndef SOUK_WALRUS_CPU_H
#define SOUK_WALRUS_CPU_H

#include <stdbool.h>

enum walrus_cpu {
    WALRUS_CPU_BEST, /* the fastest this machine has */
    WALRUS_CPU_PORTABLE,
    WALRUS_CPU_AVX2,
    WALRUS_CPU_AVX512,
    WALRUS_CPU_COUNT
};
bool walrus_cpu_has(enum walrus_cpu c);
enum walrus_cpu walrus_cpu_pick(enum walrus_cpu wanted); /* BEST resolved; BUG if it is not there */
const char *walrus_cpu_name(enum walrus_cpu c);          /* "AVX-512 with GFNI" */

#endif
