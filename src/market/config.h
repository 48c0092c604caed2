/*
 * config.h: networks and settings: built-in defaults, then the configuration file, then options.
 *
 * A network is a profile: where the Hub is, which chain carries payments and
 * which inferences, at which contract addresses, with which limits. Two are
 * built in: `opengradient` (live hosts and addresses; sources: the official
 * SDK, explorer and facilitator, all overridable) and `devnet` (filled from
 * the running devnet's status file). A section [network.NAME] in
 * $XDG_CONFIG_HOME/souk/config changes one or adds another.
 *
 * Token symbols and decimals come from this table, never from a server.
 *
 *     network = devnet                  what a plain `souk` opens
 *     theme = paper
 *     library_budget = 20G              what downloaded models may take on this disk
 *     engine = /opt/libonnxruntime.so   the ONNX Runtime to run models with
 *     [network.opengradient]
 *     payment_rpc = https://mine.example https://base-rpc.publicnode.com
 *     payment_max_range = 2000
 *     listings = 0x…                    none, or nothing, takes it away
 *     token = EURC 0x… 6                adds one, or replaces the one at that address. Behind it:
 *                                       `whole`: read all its logs; `name="Euro Coin" version=2`:
 *                                       its EIP-712 domain; `can=eip3009,eip2612,permit2`: how it
 *                                       may be paid with. What is not said of a known one stays
 *     gateway = https://mine.example    LLM calls go there; nothing: to an enclave of tee_registry
 *     payment_ws = wss://mine.example   told of new blocks at once; inference_ws likewise
 *     poll_seconds = 4                  between two looks for new blocks
 *     channels = 0x…                    payment channels, and escrows of auth-capture, whose events
 *     escrows = 0x… 0x…                 prove settlements; a line replaces, none takes them away
 *     facilitators = 0x… 0x…            known senders of settlements: tier P2 (sync.h)
 *     cross_check = off                 believe one node, though several are given
 *     [genuine]                         rules.h
 *
 * An address of a chain may also be postgresql://user@host/db?…: a database that holds raw logs,
 * read as net/sql.h says.
 *
 * The environment is not asked: what souk talks to is written down in one place.
 */
#ifndef SOUK_MARKET_CONFIG_H
#define SOUK_MARKET_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "eth/asset.h"
#include "market/rules.h"

enum { CONFIG_URL = 256, CONFIG_URLS = 1024, CONFIG_TOKENS = 8, CONFIG_NETWORKS = 8 };

#define LIBRARY_BUDGET 20000000000ull /* bytes, where the configuration says nothing */

struct token {
    char symbol[ASSET_SYMBOL];
    address addr;
    unsigned decimals;
    char name[ASSET_NAME]; /* of its EIP-712 domain; "": not known, so nothing is signed */
    char version[ASSET_VERSION];
    unsigned can;   /* ASSET_*: how it may be paid with */
    bool whole_log; /* quiet enough to read all its logs; else only those to known payees */
};

struct chain_config {
    int64_t chain_id;
    char rpc[CONFIG_URLS];  /* blank-separated, first preferred; empty: none */
    uint64_t start_block;   /* nothing of ours is older */
    unsigned confirmations; /* blocks behind the head that count as settled */
    uint64_t max_range;     /* most blocks asked for at once */
    char ws[CONFIG_URL];    /* WebSocket address for new heads; empty: the node is asked */
};

enum { CONFIG_ADDRESSES = 256, CONFIG_SPECIAL = 4 };

struct network {
    char name[32];
    char hub[CONFIG_URL];
    char hub_web[CONFIG_URL];
    char bazaar[CONFIG_URL];           /* facilitator with /discovery/resources; empty: none */
    char walrus[CONFIG_URLS];          /* aggregators */
    char walrus_nodes[CONFIG_URLS];    /* storage nodes: metadata, and how long it is stored */
    char walrus_publisher[CONFIG_URL]; /* empty: none */
    unsigned walrus_epoch_hours;       /* of a storage epoch; 0: not known */
    struct chain_config payment, inference;
    bool has_listings;
    address listings;          /* ModelListings on the payment chain, when has_listings */
    address inference_emitter; /* 0x…F4 */
    address exact_proxy, upto_proxy;
    address channel[CONFIG_SPECIAL], escrow[CONFIG_SPECIAL]; /* sync/pay_escrow.c */
    unsigned channels, escrows;
    address facilitator[CONFIG_ADDRESSES];
    unsigned facilitators;
    unsigned poll_seconds; /* between two looks for new blocks */
    bool cross_check;      /* each range of logs is asked of two nodes, where there are two */
    bool has_tee_registry;
    address tee_registry;     /* TEERegistry on the inference chain, when has_tee_registry */
    char gateway[CONFIG_URL]; /* LLM calls go there; empty: to an enclave of the registry */
    char coin[ASSET_SYMBOL];  /* the payment chain's own */
    struct token token[CONFIG_TOKENS];
    unsigned tokens;
    bool local;         /* the devnet: loopback addresses are allowed */
    uint64_t from_file; /* which keys the configuration file set; config.c numbers them */
};

struct config {
    struct network network[CONFIG_NETWORKS];
    unsigned networks;
    char default_network[32];
    char theme[32];
    char path[1024]; /* the file read, or where it would be */
    bool file_found;
    bool network_from_file, theme_from_file;
    char engine[CONFIG_URLS]; /* ONNX Runtime's library; "": it is looked for (onnx/engine.h) */
    uint64_t library_budget;  /* bytes that the library of models may take */
    bool engine_from_file, budget_from_file;
    struct rules rules; /* of [genuine] */
    bool off_from_file;
    uint32_t rules_from_file; /* thresholds that the file set, by number */
};

/* Defaults, then the file when there is one. A wrong line is SOUK_EINPUT naming file and line. */
souk_err config_load(struct config *c, struct err *e);
/* NULL when there is no such network. */
struct network *config_network(struct config *c, const char *name);
const struct token *network_token(const struct network *n, address a);
/* Sets one key of a network ("hub", "payment_rpc", …); what both the file and tests use. */
souk_err network_set(struct network *n, const char *key, const char *value, struct err *e);
/*
 * Fills the devnet profile from its status file ($XDG_STATE_HOME/souk/devnet/status.json), but for
 * what the configuration file says. SOUK_ENOTFOUND when it is not running; config_load has tried.
 */
souk_err network_from_devnet(struct network *n, struct err *e);
/* Every key with its value and where the value came from ("default", "file"), for `souk config`. */
void config_each(const struct config *c,
                 void (*fn)(void *ud, const char *section, const char *key, const char *value,
                            bool from_file),
                 void *ud);

#endif
