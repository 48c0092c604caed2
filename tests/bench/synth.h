/*
 * synth.h: what synth_cache leaves in a cache and bench_server and scale go on from: the chains,
 * the token, the last block read, and the addresses.
 */
#ifndef SOUK_TESTS_BENCH_SYNTH_H
#define SOUK_TESTS_BENCH_SYNTH_H

#include <stdint.h>

#include "eth/eth.h"

enum {
    SYNTH_DAYS = 120,
    SYNTH_END = 1790000000,
    SYNTH_PAYMENT_CHAIN = 84532,
    SYNTH_INFERENCE_CHAIN = 10740,
    SYNTH_BLOCK = 2 + SYNTH_DAYS * 24, /* the last one read of the payment chain */
};

bytes32 synth_block_hash(void); /* of SYNTH_BLOCK */
/* The i-th address of a kind: "token" 0; "owner" and "payTo" i of model i, when i % 10 is 0. */
address synth_address(const char *kind, uint64_t i);

/* A number below, the same every time; *seed, not 0, moves on. */
uint64_t synth_draw(uint64_t *seed, uint64_t below);
/* Says what failed, and ends the program. */
void synth_must(souk_err rc, const struct err *e);

#endif
