/*
 * listings_code.h: what creates ModelListings (assets/contracts/ModelListings.sol): the bytes that
 * its fixed compiler makes, the same for everyone, so that the contract is at one address on every
 * chain. A test compiles it anew and compares. Used through contracts.h.
 */
#ifndef SOUK_ETH_LISTINGS_CODE_H
#define SOUK_ETH_LISTINGS_CODE_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t LISTINGS_CODE[];
extern const size_t LISTINGS_CODE_BYTES;
extern const size_t LISTINGS_CODE_STAYS; /* from here to its end: the code that is there then */

#endif
