/*
 * chains.h: how x402 writes which chain it means.
 *
 * Version 1 uses names; the list is that of @x402/evm and OpenGradient's own. Version 2 uses
 * CAIP-2: a namespace and a reference, for the EVM "eip155:" and the chain id.
 */
#ifndef SOUK_ETH_CHAINS_H
#define SOUK_ETH_CHAINS_H

#include "base/text.h"

/* The chain id of a version 1 name; 0: not a name we know. */
uint64_t chain_of_name(struct untrusted name);

/* False when it is no CAIP-2 identifier. *chain is 0 when it is one of something else than an EVM
 * chain. Ids have no leading zero and are at most 2^53. */
bool chain_of_caip2(struct untrusted id, uint64_t *chain);

#endif
