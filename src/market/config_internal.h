/* config_internal.h: what config.c lends to config_devnet.c. */
#ifndef SOUK_MARKET_CONFIG_INTERNAL_H
#define SOUK_MARKET_CONFIG_INTERNAL_H

#include "market/config.h"

/* Adds a token, or replaces the one at its address. */
souk_err network_put_token(struct network *n, const struct token *t, struct err *e);
bool network_key_from_file(const struct network *n, const char *key);

#endif
