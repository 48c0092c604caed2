#include "synth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bytes32 synth_block_hash(void)
{
    return keccak256("block", 5);
}

address synth_address(const char *kind, uint64_t i)
{
    char text[48];
    address a;
    int n = snprintf(text, sizeof(text), "%s %llu", kind, (unsigned long long)i);
    bytes32 h = keccak256(text, (size_t)n);
    memcpy(a.b, h.b, sizeof(a.b));
    return a;
}

uint64_t synth_draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

void synth_must(souk_err rc, const struct err *e)
{
    if (rc) {
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, e->msg);
        exit(1);
    }
}
