/* config_internal.h: what the files of config lend each other. */
#ifndef SOUK_MARKET_CONFIG_INTERNAL_H
#define SOUK_MARKET_CONFIG_INTERNAL_H

#include <stddef.h>

#include "market/config.h"

enum { TOKEN_TEXT = 256, CONFIG_TEXT = CONFIG_ADDRESSES * ADDRESS_BUF }; /* the longest values */
_Static_assert((int)CONFIG_TEXT >= (int)CONFIG_URLS, "a list of servers fits too");

bool network_key_from_file(const struct network *n, const char *key);

/* --- config_value.c: one key's value, read and written back */

enum key_type {
    KEY_URL,
    KEY_URLS,
    KEY_RPCS, /* a postgresql:// address too */
    KEY_SOCKET,
    KEY_CHAIN,
    KEY_BLOCK,
    KEY_RANGE,
    KEY_UNSIGNED,
    KEY_SECONDS,
    KEY_SWITCH,
    KEY_ADDRESS,
    KEY_ADDRESSES,
    KEY_SYMBOL,
    KEY_TOKEN
};

struct network_key {
    const char *name;
    enum key_type type;
    size_t at; /* in struct network */
};
souk_err network_value_set(struct network *n, const struct network_key *k, const char *value,
                           struct err *e);
const char *network_value_text(const struct network *n, const struct network_key *k,
                               char out[CONFIG_TEXT]);

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
