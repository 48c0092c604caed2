#include "market/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/paths.h"
#include "hub/hub.h"
#include "market/config_internal.h"
#include "net/sql.h"

#include "base/banned.h"

/* --- the keys of a network */

enum key_type {
    KEY_URL,
    KEY_URLS,
    KEY_CHAIN,
    KEY_BLOCK,
    KEY_RANGE,
    KEY_UNSIGNED,
    KEY_ADDRESS,
    KEY_SYMBOL,
    KEY_TOKEN
};

#define NETWORK_KEYS(X)                                                 \
    X("hub", KEY_URL, hub)                                              \
    X("hub_web", KEY_URL, hub_web)                                      \
    X("bazaar", KEY_URL, bazaar)                                        \
    X("walrus", KEY_URLS, walrus)                                       \
    X("walrus_nodes", KEY_URLS, walrus_nodes)                           \
    X("walrus_publisher", KEY_URL, walrus_publisher)                    \
    X("walrus_epoch_hours", KEY_UNSIGNED, walrus_epoch_hours)           \
    X("payment_chain_id", KEY_CHAIN, payment.chain_id)                  \
    X("payment_rpc", KEY_URLS, payment.rpc)                             \
    X("payment_start_block", KEY_BLOCK, payment.start_block)            \
    X("payment_confirmations", KEY_UNSIGNED, payment.confirmations)     \
    X("payment_max_range", KEY_RANGE, payment.max_range)                \
    X("inference_chain_id", KEY_CHAIN, inference.chain_id)              \
    X("inference_rpc", KEY_URLS, inference.rpc)                         \
    X("inference_start_block", KEY_BLOCK, inference.start_block)        \
    X("inference_confirmations", KEY_UNSIGNED, inference.confirmations) \
    X("inference_max_range", KEY_RANGE, inference.max_range)            \
    X("listings", KEY_ADDRESS, listings)                                \
    X("inference_emitter", KEY_ADDRESS, inference_emitter)              \
    X("exact_proxy", KEY_ADDRESS, exact_proxy)                          \
    X("upto_proxy", KEY_ADDRESS, upto_proxy)                            \
    X("tee_registry", KEY_ADDRESS, tee_registry)                        \
    X("gateway", KEY_URL, gateway)                                      \
    X("coin", KEY_SYMBOL, coin)                                         \
    X("token", KEY_TOKEN, token)

#define X(key, type, member) {key, type, offsetof(struct network, member)},
static const struct network_key {
    const char *name;
    enum key_type type;
    size_t at;
} network_keys[] = {NETWORK_KEYS(X)};
#undef X

enum { KEYS = sizeof network_keys / sizeof network_keys[0] };
_Static_assert(KEYS <= 64, "network.from_file has a bit for each key");

static int key_index(const char *name)
{
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(network_keys[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Adjacent or missing blanks do not matter; every word must be an address souk may talk to. */
static souk_err set_urls(char *out, size_t room, size_t words_max, const char *value, struct err *e)
{
    size_t len = 0, words = 0;
    const char *p = value + strspn(value, " \t");
    char tidy[CONFIG_URLS];
    tidy[0] = '\0';
    while (*p != '\0') {
        size_t n = strcspn(p, " \t");
        if (!hub_url_ok(untrusted_n(p, n)) && !sql_is_url(p, n))
            return err_set(e, SOUK_EINPUT,
                           "\"%.*s\" is not an address: http://host or https://host is wanted",
                           (int)(n < 80 ? n : 80), p);
        if (++words > words_max)
            return err_set(e, SOUK_EINPUT, "only one address is wanted here");
        if (len + n + 2 > room)
            return err_set(e, SOUK_EINPUT, "too long: at most %zu bytes", room - 1);
        len += (size_t)snprintf(tidy + len, sizeof tidy - len, "%s%.*s", len > 0 ? " " : "", (int)n,
                                p);
        p += n;
        p += strspn(p, " \t");
    }
    memcpy(out, tidy, len + 1);
    return SOUK_OK;
}

static souk_err parse_u64(const char *value, uint64_t min, uint64_t max, uint64_t *out,
                          struct err *e)
{
    u256 v;
    uint64_t n;
    if (!u256_from_dec(value, strlen(value), &v) || !u256_fits_u64(v, &n) || n < min || n > max)
        return err_set(e, SOUK_EINPUT, "\"%.40s\" is not a number from %llu to %llu", value,
                       (unsigned long long)min, (unsigned long long)max);
    *out = n;
    return SOUK_OK;
}

/* "none" and nothing are the zero address. */
static souk_err set_address(address *out, const char *value, struct err *e)
{
    static const address zero;
    if (value[0] == '\0' || strcmp(value, "none") == 0) {
        *out = zero;
        return SOUK_OK;
    }
    if (!address_parse(value, strlen(value), out))
        return err_set(e, SOUK_EINPUT,
                       "\"%.60s\" is not an address: 0x and 40 hex digits are wanted, in one case "
                       "or with a right checksum",
                       value);
    return SOUK_OK;
}

static souk_err set_symbol(char out[ASSET_SYMBOL], const char *value, struct err *e)
{
    size_t n = strlen(value);
    for (size_t i = 0; i < n; i++) {
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '"')
            n = 0;
    }
    if (n == 0 || n >= ASSET_SYMBOL)
        return err_set(e, SOUK_EINPUT,
                       "\"%.40s\" is no symbol: at most %d plain letters and digits", value,
                       ASSET_SYMBOL - 1);
    memcpy(out, value, n + 1);
    return SOUK_OK;
}

static souk_err set_value(struct network *n, const struct network_key *k, const char *value,
                          struct err *e)
{
    void *at = (char *)n + k->at;
    uint64_t v = 0;
    souk_err c = SOUK_OK;
    switch (k->type) {
    case KEY_URL:
        return set_urls(at, CONFIG_URL, 1, value, e);
    case KEY_URLS:
        return set_urls(at, CONFIG_URLS, 16, value, e);
    case KEY_CHAIN:
        if ((c = parse_u64(value, 1, INT64_MAX, &v, e)) == SOUK_OK)
            *(int64_t *)at = (int64_t)v;
        return c;
    case KEY_BLOCK:
    case KEY_RANGE:
        c = parse_u64(value, k->type == KEY_RANGE, INT64_MAX, &v, e);
        if (c == SOUK_OK)
            *(uint64_t *)at = v;
        return c;
    case KEY_UNSIGNED:
        if ((c = parse_u64(value, 0, 1000000, &v, e)) == SOUK_OK)
            *(unsigned *)at = (unsigned)v;
        return c;
    case KEY_ADDRESS:
        c = set_address(at, value, e);
        n->has_listings = !address_is_zero(n->listings);
        n->has_tee_registry = !address_is_zero(n->tee_registry);
        return c;
    case KEY_SYMBOL:
        return set_symbol(at, value, e);
    case KEY_TOKEN:
        return network_set_token(n, value, e);
    }
    BUG("key %s has no type", k->name);
}

static souk_err set_by_index(struct network *n, int i, const char *value, struct err *e)
{
    souk_err c = set_value(n, &network_keys[i], value, e);
    return c == SOUK_OK ? c : err_prefix(e, "%s", network_keys[i].name);
}

souk_err network_set(struct network *n, const char *key, const char *value, struct err *e)
{
    struct err mine = {0};
    int i = key_index(key);
    if (e == NULL)
        e = &mine;
    if (i < 0)
        return err_set(e, SOUK_EINPUT, "a network has no setting \"%.40s\"", key);
    return set_by_index(n, i, value, e);
}

bool network_key_from_file(const struct network *n, const char *key)
{
    int i = key_index(key);
    return i >= 0 && (n->from_file & (UINT64_C(1) << i)) != 0;
}

/* --- built-in profiles ---------------------------------------------------------------------------
 *
 * Live hosts and addresses: OpenGradient's SDK 1.1.3 (chains, OPG, payee), its facilitator and
 * @x402/evm 2.27.0 (proxies), its explorer (aggregator, inference precompile), its Python SDK
 * (TEERegistry), its gateway (OPG's EIP-712 domain), Circle (USDC on Base). No Bazaar is known to
 * carry OpenGradient's models, and no ModelListings is deployed.
 */

struct setting {
    const char *key, *value;
};

static const struct setting common[] = {
    {"exact_proxy", "0x402085c248EeA27D92E8b30b2C58ed07f9E20001"},
    {"upto_proxy", "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002"},
    {"inference_emitter", "0x00000000000000000000000000000000000000F4"},
    {"payment_max_range", "10000"},
    {"inference_max_range", "10000"},
    {"coin", "ETH"},
    {NULL, NULL},
};

static const struct setting opengradient[] = {
    {"hub", "https://hub-api.opengradient.ai"},
    {"hub_web", "https://hub.opengradient.ai"},
    {"walrus", "https://aggregator.suicore.com https://aggregator.walrus-mainnet.walrus.space "
               "https://walrus-mainnet-aggregator.nodeinfra.com"},
    {"walrus_epoch_hours", "336"},
    {"payment_chain_id", "8453"},
    {"payment_rpc", "https://base-rpc.publicnode.com https://mainnet.base.org"},
    /* Payments moved to Base with SDK 1.0.0, April 2026; this block is of the end of March. */
    {"payment_start_block", "44000000"},
    {"payment_confirmations", "30"},
    {"inference_chain_id", "10740"},
    {"inference_rpc", "https://ogevmdevnet.opengradient.ai"},
    {"inference_confirmations", "8"},
    {"tee_registry", "0x703cB174AEadB35D611858369B4b1111dC9Abda6"},
    {"token", "USDC 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 6 name=\"USD Coin\" version=2 "
              "can=eip3009,eip2612,permit2"},
    {"token", "OPG 0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB 18 whole name=OpenGradient version=1 "
              "can=eip2612,permit2"},
    {NULL, NULL},
};

static const struct setting devnet[] = {
    {"payment_chain_id", "84532"},
    {"inference_chain_id", "10740"},
    {"payment_max_range", "100000"},
    {"inference_max_range", "100000"},
    {NULL, NULL},
};

static void apply(struct network *n, const struct setting *s)
{
    for (; s->key != NULL; s++) {
        struct err e;
        if (network_set(n, s->key, s->value, &e) != SOUK_OK)
            BUG("built-in profile %s: %s", n->name, e.msg);
    }
}

static struct network *add_network(struct config *c, const char *name)
{
    struct network *n;
    if (c->networks == CONFIG_NETWORKS)
        return NULL;
    n = &c->network[c->networks++];
    memset(n, 0, sizeof *n);
    snprintf(n->name, sizeof n->name, "%s", name);
    apply(n, common);
    return n;
}

static void built_in(struct config *c)
{
    memset(c, 0, sizeof *c);
    snprintf(c->default_network, sizeof c->default_network, "opengradient");
    c->library_budget = LIBRARY_BUDGET;
    apply(add_network(c, "opengradient"), opengradient);
    struct network *n = add_network(c, "devnet");
    apply(n, devnet);
    n->local = true;
}

/* --- the file */

static bool word_ok(const char *s, size_t room)
{
    size_t n = strlen(s);
    return n > 0 && n < room && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static souk_err set_general(struct config *c, const char *key, const char *value, struct err *e)
{
    bool network = strcmp(key, "network") == 0;
    if (strcmp(key, "engine") == 0) {
        if (value[0] != '/' || strlen(value) >= sizeof c->engine)
            return err_set(e, SOUK_EINPUT, "engine: \"%.40s\" is no whole path", value);
        snprintf(c->engine, sizeof c->engine, "%s", value);
        c->engine_from_file = true;
        return SOUK_OK;
    }
    if (strcmp(key, "library_budget") == 0) {
        if (!human_size_parse(value, &c->library_budget))
            return err_set(e, SOUK_EINPUT, "library_budget: \"%.40s\" is no size such as 20G",
                           value);
        c->budget_from_file = true;
        return SOUK_OK;
    }
    if (!network && strcmp(key, "theme") != 0)
        return err_set(e, SOUK_EINPUT,
                       "there is no setting \"%.40s\" here: network, theme, engine and "
                       "library_budget, then [network.NAME]",
                       key);
    if (!word_ok(value, sizeof c->theme))
        return err_set(e, SOUK_EINPUT, "%s: \"%.40s\" is not a name", key, value);
    snprintf(network ? c->default_network : c->theme, sizeof c->theme, "%s", value);
    *(network ? &c->network_from_file : &c->theme_from_file) = true;
    return SOUK_OK;
}

static souk_err set_from_file(void *ud, const char *section, const char *key, const char *value,
                              struct err *e)
{
    struct config *c = ud;
    const char *name = section + strlen("network.");
    if (section[0] == '\0')
        return set_general(c, key, value, e);
    if (strncmp(section, "network.", strlen("network.")) != 0 ||
        !word_ok(name, sizeof c->network[0].name))
        return err_set(e, SOUK_EINPUT, "there is no section [%.40s]: [network.NAME] is wanted",
                       section);
    struct network *n = config_network(c, name);
    if (n == NULL && (n = add_network(c, name)) == NULL)
        return err_set(e, SOUK_EINPUT, "more than %d networks", CONFIG_NETWORKS);
    int i = key_index(key);
    if (i < 0)
        return err_set(e, SOUK_EINPUT, "a network has no setting \"%.40s\"", key);
    souk_err code = set_by_index(n, i, value, e);
    if (code == SOUK_OK)
        n->from_file |= UINT64_C(1) << i;
    return code;
}

souk_err config_load(struct config *c, struct err *e)
{
    struct err mine = {0};
    if (e == NULL)
        e = &mine;
    built_in(c);
    souk_err code = paths_get(PATH_CONFIG, "config", c->path, e);
    if (code != SOUK_OK)
        return code;
    code = ini_read(c->path, set_from_file, c, e);
    if (code != SOUK_OK && code != SOUK_ENOTFOUND)
        return code;
    c->file_found = code == SOUK_OK;
    if (config_network(c, c->default_network) == NULL)
        return err_set(e, SOUK_EINPUT, "%s: network = %s, but there is no section [network.%s]",
                       c->path, c->default_network, c->default_network);
    struct network *dev = config_network(c, "devnet");
    code = network_from_devnet(dev, e);
    if (code != SOUK_OK && code != SOUK_ENOTFOUND) /* only who opens the devnet must care */
        log_warn("%s", e->msg);
    return SOUK_OK;
}

struct network *config_network(struct config *c, const char *name)
{
    for (unsigned i = 0; i < c->networks; i++) {
        if (strcmp(c->network[i].name, name) == 0)
            return &c->network[i];
    }
    return NULL;
}

const struct token *network_token(const struct network *n, address a)
{
    for (unsigned i = 0; i < n->tokens; i++) {
        if (address_eq(n->token[i].addr, a))
            return &n->token[i];
    }
    return NULL;
}

/* --- showing it */

static const char *value_text(const struct network *n, const struct network_key *k,
                              char out[CONFIG_URLS])
{
    const void *at = (const char *)n + k->at;
    switch (k->type) {
    case KEY_URL:
    case KEY_URLS:
        return at;
    case KEY_CHAIN:
        snprintf(out, CONFIG_URLS, "%lld", (long long)*(const int64_t *)at);
        return out;
    case KEY_BLOCK:
    case KEY_RANGE:
        snprintf(out, CONFIG_URLS, "%llu", (unsigned long long)*(const uint64_t *)at);
        return out;
    case KEY_UNSIGNED:
        snprintf(out, CONFIG_URLS, "%u", *(const unsigned *)at);
        return out;
    case KEY_ADDRESS:
        return address_is_zero(*(const address *)at) ? "none"
                                                     : address_format(*(const address *)at, out);
    case KEY_SYMBOL:
        return at;
    case KEY_TOKEN:
        break;
    }
    BUG("key %s is not one value", k->name);
}

typedef void (*each_fn)(void *ud, const char *section, const char *key, const char *value,
                        bool from_file);

static void each_token(const struct network *n, const char *section, bool from_file, each_fn fn,
                       void *ud)
{
    for (unsigned i = 0; i < n->tokens; i++) {
        char value[TOKEN_TEXT];
        fn(ud, section, "token", token_text(&n->token[i], value), from_file);
    }
}

void config_each(const struct config *c, each_fn fn, void *ud)
{
    fn(ud, "", "network", c->default_network, c->network_from_file);
    fn(ud, "", "theme", c->theme, c->theme_from_file);
    fn(ud, "", "engine", c->engine, c->engine_from_file);
    char budget[32];
    snprintf(budget, sizeof budget, "%llu", (unsigned long long)c->library_budget);
    fn(ud, "", "library_budget", budget, c->budget_from_file);
    for (unsigned i = 0; i < c->networks; i++) {
        const struct network *n = &c->network[i];
        char section[48];
        snprintf(section, sizeof section, "network.%s", n->name);
        for (int k = 0; k < KEYS; k++) {
            char text[CONFIG_URLS];
            bool from_file = (n->from_file & (UINT64_C(1) << k)) != 0;
            if (network_keys[k].type == KEY_TOKEN)
                each_token(n, section, from_file, fn, ud);
            else
                fn(ud, section, network_keys[k].name, value_text(n, &network_keys[k], text),
                   from_file);
        }
    }
}
