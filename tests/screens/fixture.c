#include "fixture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "market/derive.h"
#include "market/genuine.h"
#include "market/purse.h"
#include "store/rollup.h"
#include "tests/unit/tree.h"

static char souk[PATH_MAX];

static _Noreturn void give_up(const char *what, const char *about)
{
    fprintf(stderr, "fixture: %s: %s\n", what, about);
    exit(1);
}

void fixture_must(souk_err rc, const struct err *e)
{
    if (rc)
        give_up("the cache cannot be written", e->msg);
}

/* --- directories and files */

char *fixture_empty(void)
{
    char path[PATH_MAX];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/souk-screens-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
    char *dir = mkdtemp(path) ? strdup(path) : NULL;
    if (!dir)
        give_up(path, strerror(errno));
    return dir;
}

void fixture_free(char *dir)
{
    if (dir)
        tree_remove(dir);
    free(dir);
}

void fixture_write(const char *dir, const char *leaf, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, leaf);
    for (char *p = path + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(path, 0700);
    }
    FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        give_up(path, strerror(errno));
}

char *fixture_read(const char *dir, const char *leaf, size_t *len)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, leaf);
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    enum { MOST = 4 << 20 };
    char *text = malloc(MOST + 1);
    size_t n = text ? fread(text, 1, MOST, f) : 0;
    fclose(f);
    if (!text)
        give_up(path, "no memory");
    text[n] = '\0';
    *len = n;
    return text;
}

void fixture_find_souk(const char *argv0)
{
    const char *env = getenv("SOUK");
    char copy[PATH_MAX], path[PATH_MAX + 16];
    snprintf(copy, sizeof copy, "%s", argv0);
    snprintf(path, sizeof path, "%s/../../souk", dirname(copy));
    if (env && env[0])
        snprintf(path, sizeof path, "%s", env);
    if (!realpath(path, souk))
        give_up("the program under test is not there (set SOUK)", path);
}

const char *fixture_souk(void)
{
    return souk;
}

void fixture_watch(const char *dir)
{
    struct err e = {0};
    char wallets[PATH_BUF];
    paths_override(dir);
    fixture_must(signer_dir(wallets, &e), &e);
    fixture_must(wallet_watch(wallets, "watched", world_address("me"), &e), &e);
    paths_override(NULL);
}

/* --- the little chain */

address world_address(const char *label)
{
    address a;
    bytes32 h = keccak256(label, strlen(label));
    memcpy(a.b, h.b, sizeof a.b);
    return a;
}

static bytes32 numbered_hash(const char *what, uint64_t n)
{
    char label[64];
    int len = snprintf(label, sizeof label, "%s %llu", what, (unsigned long long)n);
    return keccak256(label, (size_t)len);
}

uint32_t world_random(struct world *w, uint32_t below)
{
    w->random = w->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)w->random * below) >> 32);
}

u256 world_amount(const struct world *w, address asset, const char *decimal)
{
    u256 v = U256_ZERO;
    const struct token *t = network_token(w->net, asset);
    if (!t || !u256_parse_decimal(decimal, t->decimals, &v))
        give_up("not an amount", decimal);
    return v;
}

static uint64_t block_at(int64_t time)
{
    return (uint64_t)((time - (FIXTURE_NOW - HISTORY)) / BLOCK_TIME) + 1;
}

struct listing_in world_listing(const struct world *w, const char *owner, int64_t time)
{
    return (struct listing_in){
        .listed = true,
        .owner = world_address(owner),
        .asset = w->usdc,
        .pay_to = world_address(owner),
        .chain = PAY_CHAIN,
        .time = time,
    };
}

/* As the contract has it: by owner and name. */
bytes32 world_listing_id(address owner, struct untrusted name)
{
    bytes32 h[2] = {keccak256(owner.b, sizeof owner.b), keccak256(name.p ? name.p : "", name.n)};
    return keccak256(h, sizeof h);
}

void world_list(struct world *w, struct listing_in *l)
{
    struct err e = {0};
    l->id = world_listing_id(l->owner, l->name);
    l->block = block_at(l->time);
    l->log = ++w->logs;
    l->tx = numbered_hash("listing", l->log);
    fixture_must(store_listing_put(w->store, l, w->listings, &e), &e);
}

void world_pay(struct world *w, address payer, address payee, address asset, u256 amount,
               enum pay_scheme scheme, int64_t time)
{
    struct err e = {0};
    struct pay_in p = {
        .chain = PAY_CHAIN,
        .block = block_at(time),
        .log = ++w->logs,
        .tx = numbered_hash("payment", w->logs),
        .payer = payer,
        .payee = payee,
        .asset = asset,
        .amount = amount,
        .scheme = scheme,
        .tier = TIER_PROVED,
        .time = time,
    };
    fixture_must(store_pay_put(w->store, &p, w->payments, &e), &e);
}

void world_flow(struct world *w, address from, address to, address asset, u256 amount, int64_t time)
{
    struct err e = {0};
    struct flow_in f = {
        .chain = PAY_CHAIN,
        .block = block_at(time),
        .log = ++w->logs,
        .tx = numbered_hash("flow", w->logs),
        .from = from,
        .to = to,
        .asset = asset,
        .amount = amount,
        .kind = FLOW_PLAIN,
        .time = time,
    };
    fixture_must(store_flow_put(w->store, &f, w->payments, &e), &e);
}

void world_infer(struct world *w, struct untrusted cid, int64_t time)
{
    struct err e = {0};
    struct infer_in in = {
        .chain = INFER_CHAIN,
        .block = block_at(time),
        .log = ++w->logs,
        .tx = numbered_hash("inference", w->logs),
        .cid = cid,
        .time = time,
    };
    fixture_must(store_infer_put(w->store, &in, w->inferences, &e), &e);
}

void world_state(struct world *w, const char *source, enum sync_phase phase, int64_t done,
                 int64_t total, const char *message)
{
    struct err e = {0};
    int64_t end = FIXTURE_NOW - (phase == SYNC_FAILED ? 90 : 4);
    struct sync_state st = {
        .source = source,
        .phase = phase,
        .done = done,
        .total = total,
        .message = message,
        .started = end - 6,
        .finished = phase == SYNC_RUNNING ? 0 : end,
        .ok_at = phase == SYNC_OK ? end : FIXTURE_NOW - 3 * 3600,
    };
    fixture_must(store_sync_state_put(w->store, &st, &e), &e);
}

static int64_t add_source(struct world *w, enum source_kind kind, const char *place, int64_t chain,
                          const char *filter)
{
    struct err e = {0};
    int64_t id, head = (int64_t)block_at(FIXTURE_NOW);
    bytes32 h = numbered_hash("block", (uint64_t)head);
    struct source_row r = {
        .kind = kind,
        .place = place,
        .chain = chain,
        .filter = filter,
        .first = chain ? 1 : 0,
        .last = chain ? head : 0,
        .hash = chain ? &h : NULL,
        .time = FIXTURE_NOW - 4,
    };
    fixture_must(store_source_add(w->store, &r, &id, &e), &e);
    return id;
}

static void add_cursors(struct world *w)
{
    static const struct {
        int64_t chain;
        const char *filter;
    } filters[] = {
        {PAY_CHAIN, FILTER_LISTINGS},
        {PAY_CHAIN, FILTER_PAYMENTS},
        {INFER_CHAIN, FILTER_INFERENCES},
    };
    struct err e = {0};
    uint64_t head = block_at(FIXTURE_NOW);
    struct cursor c = {head, numbered_hash("block", head), FIXTURE_NOW - 20};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        fixture_must(store_cursor_set(w->store, filters[i].chain, filters[i].filter, &c, &e), &e);
}

/* The profile's tokens: written down in the configuration of the directory, as a user would. */
static void configure(struct world *w)
{
    char usdc[ADDRESS_BUF], opg[ADDRESS_BUF], text[512];
    struct err e = {0};
    w->usdc = world_address("usdc");
    w->opg = world_address("opg");
    snprintf(text, sizeof text,
             "network = devnet\n\n[network.devnet]\ntoken = USDC %s 6 whole\n"
             "token = OPG %s 18 whole\n",
             address_format(w->usdc, usdc), address_format(w->opg, opg));
    fixture_write(w->dir, "config/config", text);
    fixture_must(config_load(&w->config, &e), &e);
    w->net = config_network(&w->config, "devnet");
}

void world_open(struct world *w, const char *dir)
{
    struct err e = {0};
    char path[PATH_BUF];
    *w = (struct world){.dir = dir, .random = 20260921};
    clock_fix(FIXTURE_NOW);
    paths_override(dir);
    configure(w);
    fixture_must(paths_get(PATH_CACHE, "devnet.db", path, &e), &e);
    fixture_must(store_open(path, STORE_WRITE, &w->store, &e), &e);
    fixture_must(store_begin(w->store, &e), &e);
    w->hub = add_source(w, SOURCE_HUB, "http://127.0.0.1:18402", 0, NULL);
    w->bazaar = add_source(w, SOURCE_BAZAAR, "http://127.0.0.1:18405", 0, NULL);
    w->listings = add_source(w, SOURCE_LOGS, "127.0.0.1:18400", PAY_CHAIN, FILTER_LISTINGS);
    w->payments = add_source(w, SOURCE_LOGS, "127.0.0.1:18400", PAY_CHAIN, FILTER_PAYMENTS);
    w->inferences = add_source(w, SOURCE_LOGS, "127.0.0.1:18401", INFER_CHAIN, FILTER_INFERENCES);
    add_cursors(w);
    fixture_must(store_asset_put(w->store, PAY_CHAIN, w->usdc, "USDC", 6, &e), &e);
    fixture_must(store_asset_put(w->store, PAY_CHAIN, w->opg, "OPG", 18, &e), &e);
}

void world_close(struct world *w)
{
    struct err e = {0};
    fixture_must(store_commit(w->store, &e), &e);
    fixture_must(derive(w->store, w->net, &e), &e);
    struct known known = {0};
    atomic_bool stop = false;
    fixture_must(store_index(w->store, &stop, &e), &e);
    fixture_must(known_load(&known, &e), &e);
    fixture_must(genuine_judge(w->store, w->net, &w->config.rules, &known, &stop, &e), &e);
    known_release(&known);
    store_close(w->store);
    paths_override(NULL);
}
