/*
 * asset.h: what souk knows of a coin, from its own table and never from a server.
 *
 * Symbol, decimals and EIP-712 domain of a token are facts of its contract.
 * They come from the built-in profiles or the user's configuration, are kept
 * by the signer beside the limits, and are confirmed on chain (decimals(),
 * DOMAIN_SEPARATOR()) before money moves. The chain's own coin has the zero
 * address.
 */
#ifndef SOUK_ETH_ASSET_H
#define SOUK_ETH_ASSET_H

#include "eth/eth.h"

enum { ASSET_SYMBOL = 12, ASSET_NAME = 64, ASSET_VERSION = 16 };

enum asset_can {
    ASSET_EIP3009 = 1, /* transferWithAuthorization */
    ASSET_EIP2612 = 2, /* permit */
    ASSET_PERMIT2 = 4, /* may be paid through Permit2 */
};

struct asset {
    uint64_t chain;
    address token;
    char symbol[ASSET_SYMBOL];
    unsigned decimals;     /* at most 77 */
    char name[ASSET_NAME]; /* of the EIP-712 domain; "": not known, so nothing is signed */
    char version[ASSET_VERSION];
    unsigned can; /* ASSET_* */
};

bool asset_is_coin(const struct asset *a); /* the chain's own */

#endif
