/*
 * circle.h: the circles of one graph of moves, as rules.h defines them under `cycle`.
 */
#ifndef SOUK_MARKET_GENUINE_CIRCLE_H
#define SOUK_MARKET_GENUINE_CIRCLE_H

#include "base/err.h"
#include "eth/u256.h"

struct edge {
    uint32_t from, to; /* nodes, never the same */
    uint32_t n;        /* moves */
    u256 amount;       /* of all of them */
};

/* Calls fn for each circle, in an order that the edges' order decides. Nodes below `authors` are
 * authors. No edge twice. */
typedef souk_err (*circle_fn)(void *ud, const uint32_t *node, size_t nodes, uint32_t rounds,
                              struct err *e);
souk_err circles_find(const struct edge *edge, size_t n, uint32_t authors, uint32_t margin,
                      circle_fn fn, void *ud, struct err *e);

#endif
