/*
 * devnet_wallet.h: the devnet's play wallet, so that a newcomer can pay at once.
 *
 * Its words are written in the devnet's sources and its password is no
 * secret; it is kept like any other wallet all the same, in a file that says it
 * is for play, with limits that fit the devnet's prices.
 */
#ifndef SOUK_MARKET_DEVNET_WALLET_H
#define SOUK_MARKET_DEVNET_WALLET_H

#include "base/err.h"
#include "eth/eth.h"

#define DEVNET_WALLET "devnet" /* its name, and its password */

/*
 * Makes it unless it is there, and sets limits for what has none yet. words_file: holds the words
 * whose first account is `who`; it is handed to souk-signer unread. The devnet must be running. One
 * that an earlier version made, of a single key, is funded still and will do. SOUK_EINPUT: another
 * wallet has the name, and keeps it. Blocks; well under a second.
 */
souk_err devnet_wallet_ensure(address who, const char *words_file, struct err *e);

#endif
