/*
 * devnet_wallet.h: the devnet's play wallet, so that a newcomer can pay at once.
 *
 * Its key is one of anvil's well-known development keys and its password is no
 * secret; it is kept like any other wallet all the same, in a file that says it
 * is for play, with limits that fit the devnet's prices.
 */
#ifndef SOUK_MARKET_DEVNET_WALLET_H
#define SOUK_MARKET_DEVNET_WALLET_H

#include "base/err.h"
#include "eth/eth.h"

#define DEVNET_WALLET "devnet" /* its name, and its password */

/*
 * Makes it unless it is there, and sets limits for what has none yet. key_file: holds the key of
 * `who`; it is handed to souk-signer unread. The devnet must be running. SOUK_EINPUT: another
 * wallet has the name, and keeps it. Blocks; well under a second.
 */
souk_err devnet_wallet_ensure(address who, const char *key_file, struct err *e);

#endif
