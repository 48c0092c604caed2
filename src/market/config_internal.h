/* config_internal.h: what config.c, config_token.c and config_devnet.c lend each other. */
#ifndef SOUK_MARKET_CONFIG_INTERNAL_H
#define SOUK_MARKET_CONFIG_INTERNAL_H

#include "market/config.h"

enum { TOKEN_TEXT = 256 };

bool network_key_from_file(const struct network *n, const char *key);

/* --- config_token.c */

/* Adds a token, or replaces the one at its address. */
souk_err network_put_token(struct network *n, const struct token *t, struct err *e);
/* From the configuration's way to write one. */
souk_err network_set_token(struct network *n, const char *value, struct err *e);
/* "eip3009", "eip2612" or "permit2" */
souk_err token_add_ability(struct token *t, const char *word, size_t n, struct err *e);
/* As network_set_token reads it. */
const char *token_text(const struct token *t, char out[TOKEN_TEXT]);

#endif
