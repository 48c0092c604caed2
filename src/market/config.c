#include "market/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/paths.h"
#include "market/config_internal.h"

#include "base/banned.h"

/* --- the keys of a network */

#define NETWORK_KEYS(X)                                                 \
    X("hub", KEY_URL, hub)                                              \
    X("hub_web", KEY_URL, hub_web)                                      \
    X("bazaar", KEY_URL, bazaar)                                        \
    X("walrus", KEY_URLS, walrus)                                       \
    X("walrus_nodes", KEY_URLS, walrus_nodes)                           \
    X("walrus_publisher", KEY_URL, walrus_publisher)                    \
    X("walrus_epoch_hours", KEY_UNSIGNED, walrus_epoch_hours)           \
    X("payment_chain_id", KEY_CHAIN, payment.chain_id)                  \
    X("payment_rpc", KEY_RPCS, payment.rpc)                             \
    X("payment_ws", KEY_SOCKET, payment.ws)                             \
    X("payment_start_block", KEY_BLOCK, payment.start_block)            \
    X("payment_confirmations", KEY_UNSIGNED, payment.confirmations)     \
    X("payment_max_range", KEY_RANGE, payment.max_range)                \
    X("inference_chain_id", KEY_CHAIN, inference.chain_id)              \
    X("inference_rpc", KEY_RPCS, inference.rpc)                         \
    X("inference_ws", KEY_SOCKET, inference.ws)                         \
    X("inference_start_block", KEY_BLOCK, inference.start_block)        \
    X("inference_confirmations", KEY_UNSIGNED, inference.confirmations) \
    X("inference_max_range", KEY_RANGE, inference.max_range)            \
    X("listings", KEY_ADDRESS, listings)                                \
    X("inference_emitter", KEY_ADDRESS, inference_emitter)              \
    X("exact_proxy", KEY_ADDRESS, exact_proxy)                          \
    X("upto_proxy", KEY_ADDRESS, upto_proxy)                            \
    X("channels", KEY_ADDRESSES, channel)                               \
    X("escrows", KEY_ADDRESSES, escrow)                                 \
    X("facilitators", KEY_ADDRESSES, facilitator)                       \
    X("poll_seconds", KEY_SECONDS, poll_seconds)                        \
    X("cross_check", KEY_SWITCH, cross_check)                           \
    X("tee_registry", KEY_ADDRESS, tee_registry)                        \
    X("gateway", KEY_URL, gateway)                                      \
    X("coin", KEY_SYMBOL, coin)                                         \
    X("token", KEY_TOKEN, token)

#define X(key, type, member) {key, type, offsetof(struct network, member)},
static const struct network_key network_keys[] = {NETWORK_KEYS(X)};
#undef X

_Static_assert(THRESHOLDS <= 32, "config.rules_from_file has a bit for each threshold");

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

static souk_err set_by_index(struct network *n, int i, const char *value, struct err *e)
{
    souk_err c = network_value_set(n, &network_keys[i], value, e);
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
 * (TEERegistry), its gateway (OPG's EIP-712 domain), Circle (USDC on Base); @x402/evm too for the
 * payment channels and the escrows of auth-capture, versions 1.0 and 1.1. No Bazaar is known to
 * carry OpenGradient's models, and no ModelListings is deployed.
 */

struct setting {
    const char *key, *value;
};

static const struct setting common[] = {
    {"exact_proxy", "0x402085c248EeA27D92E8b30b2C58ed07f9E20001"},
    {"upto_proxy", "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002"},
    {"channels", "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003"},
    {"escrows",
     "0xBdEA0D1bcC5966192B070Fdf62aB4EF5b4420cff 0xf96815976523E00e65Be8f34cA5e64b4f41EB19c"},
    {"poll_seconds", "4"},
    {"cross_check", "on"},
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
    {"payment_chain_id", "84532"},   {"inference_chain_id", "10740"},
    {"payment_max_range", "100000"}, {"inference_max_range", "100000"},
    {"poll_seconds", "2"},           {NULL, NULL},
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
    c->rules = rules_default;
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

static souk_err set_genuine(struct config *c, const char *key, const char *value, struct err *e)
{
    souk_err code = rules_set(&c->rules, key, value, e);
    for (unsigned i = 0; i < THRESHOLDS && code == SOUK_OK; i++) {
        if (strcmp(threshold_at(i)->name, key) == 0)
            c->rules_from_file |= UINT32_C(1) << i;
    }
    c->off_from_file |= code == SOUK_OK && strcmp(key, "off") == 0;
    return code;
}

static souk_err set_from_file(void *ud, const char *section, const char *key, const char *value,
                              struct err *e)
{
    struct config *c = ud;
    const char *name = section + strlen("network.");
    if (section[0] == '\0')
        return set_general(c, key, value, e);
    if (strcmp(section, "genuine") == 0)
        return set_genuine(c, key, value, e);
    if (strncmp(section, "network.", strlen("network.")) != 0 ||
        !word_ok(name, sizeof c->network[0].name))
        return err_set(e, SOUK_EINPUT,
                       "there is no section [%.40s]: [network.NAME] or [genuine] is wanted",
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

static void each_rule(const struct config *c, each_fn fn, void *ud)
{
    char text[128];
    fn(ud, "genuine", "off", rules_off(&c->rules, text, sizeof text), c->off_from_file);
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        struct rules r = c->rules;
        snprintf(text, sizeof text, "%u", *threshold_of(&r, i));
        fn(ud, "genuine", threshold_at(i)->name, text, (c->rules_from_file >> i & 1) != 0);
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
    each_rule(c, fn, ud);
    for (unsigned i = 0; i < c->networks; i++) {
        const struct network *n = &c->network[i];
        char section[48];
        snprintf(section, sizeof section, "network.%s", n->name);
        for (int k = 0; k < KEYS; k++) {
            char text[CONFIG_TEXT];
            bool from_file = (n->from_file & (UINT64_C(1) << k)) != 0;
            if (network_keys[k].type == KEY_TOKEN)
                each_token(n, section, from_file, fn, ud);
            else
                fn(ud, section, network_keys[k].name, network_value_text(n, &network_keys[k], text),
                   from_file);
        }
    }
}
