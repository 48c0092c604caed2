#include "purse_world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"

#include "base/banned.h"

static const char usdc_address[] = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";

/* --- the chain */

static void put_word(struct buf *out, u256 v)
{
    uint8_t be[32];
    char hex[67];
    u256_to_be(v, be);
    buf_addf(out, "\"%s\"", hex_encode(be, sizeof be, hex));
}

static void put_number(struct buf *out, u256 v)
{
    char hex[67];
    uint8_t be[32];
    size_t zeroes = 2;
    u256_to_be(v, be);
    hex_encode(be, sizeof be, hex);
    while (hex[zeroes] == '0' && zeroes < 65)
        zeroes++;
    buf_addf(out, "\"0x%s\"", hex + zeroes);
}

static struct untrusted param(const json *params, int i)
{
    const json *p = json_first(params);
    for (; i > 0 && p != NULL; i--)
        p = json_next(p);
    return untrusted(cJSON_IsString(p) ? p->valuestring : "");
}

static struct chain_tx *by_hash(struct test_chain *c, struct untrusted hash)
{
    bytes32 h;
    assert_true(bytes32_parse(hash.p, hash.n, &h));
    for (size_t i = 0; i < c->n; i++) {
        if (memcmp(&c->tx[i].hash, &h, sizeof h) == 0 && !c->tx[i].forgotten)
            return &c->tx[i];
    }
    return NULL;
}

void chain_mine(struct test_chain *c, size_t i)
{
    c->block++;
    c->tx[i].mined = true;
    c->nonce = c->tx[i].tx.nonce + 1;
    for (size_t k = 0; k < c->n; k++) {
        if (k != i && !c->tx[k].mined && c->tx[k].tx.nonce == c->tx[i].tx.nonce)
            c->tx[k].forgotten = true;
    }
}

static const char *take_raw(struct test_chain *c, struct untrusted hex, struct buf *out)
{
    struct chain_tx *t = &c->tx[c->n];
    signature sig;
    char text[HASH_BUF];
    c->asked_raw++;
    if (c->refuse_raw != NULL)
        return c->refuse_raw;
    t->len = hex.n / 2 - 1;
    assert_true(c->n < CHAIN_TXS && t->len <= sizeof t->raw);
    assert_true(hex_decode(hex.p, hex.n, t->raw, t->len));
    t->hash = tx_hash(t->raw, t->len);
    bytes32_format(t->hash, text);
    if (by_hash(c, untrusted(text)) != NULL)
        return "already known";
    assert_int_equal(tx_decode(t->raw, t->len, &t->tx, &sig, NULL), SOUK_OK);
    if (t->tx.nonce < c->nonce)
        return "nonce too low";
    c->n++;
    if (c->mines)
        chain_mine(c, c->n - 1);
    buf_addf(out, "\"%s\"", text);
    return NULL;
}

static const char *contract(struct test_chain *c, const json *params, struct buf *out)
{
    const char *data = json_cstr(json_first(params), "data");
    struct untrusted to = json_str(json_first(params), "to");
    bool token = strncasecmp(to.p, usdc_address, to.n) == 0;
    if (token && strncmp(data, "0x70a08231", 10) == 0) /* balanceOf */
        put_word(out, c->usdc);
    else if (token && strncmp(data, "0xdd62ed3e", 10) == 0) /* allowance */
        put_word(out, c->allowance);
    else
        buf_adds(out, "\"0x\""); /* there is no contract */
    return NULL;
}

static void put_block(const struct test_chain *c, struct buf *out)
{
    buf_addf(out,
             "{\"number\":\"0x%llx\",\"hash\":\"0x%064llx\",\"parentHash\":\"0x%064llx\","
             "\"timestamp\":\"0x%llx\",\"baseFeePerGas\":\"0x%llx\"}",
             (unsigned long long)c->block, (unsigned long long)c->block,
             (unsigned long long)c->block - 1, (unsigned long long)c->time,
             (unsigned long long)c->base);
}

static const char *logs(const struct test_chain *c, const json *params, struct buf *out)
{
    struct untrusted first = json_str(json_first(params), "fromBlock"),
                     last = json_str(json_first(params), "toBlock");
    uint64_t a = 0, b = 0;
    assert_true(hex_u64(first.p, first.n, &a) && hex_u64(last.p, last.n, &b) && a <= b);
    if (c->range != 0 && b - a + 1 > c->range)
        return "eth_getLogs is limited to a 30 block range";
    buf_adds(out, c->logs != NULL && a <= 5 && b >= 5 ? c->logs : "[]");
    return NULL;
}

static bool is_at(struct untrusted text, address a)
{
    address b;
    return address_parse(text.p, text.n, &b) && address_eq(a, b);
}

/* An account of EIP-7702; the deployment proxy; ModelListings, or something else in its place. */
static void put_code(const struct test_chain *c, struct untrusted at, struct buf *out)
{
    struct buf code;
    char hex[2 * 4096 + 3] = "0x";
    buf_init(&code, 4096);
    call_deploy_listings(&code);
    if (is_at(at, CREATE2_PROXY) && c->proxy)
        memcpy(hex, "0x60", 5);
    else if (is_at(at, listings_address()) && c->other_listings)
        memcpy(hex, "0x61", 5);
    else if (is_at(at, listings_address()) && c->listings)
        /* Behind the salt and the 28 bytes that return it. */
        hex_encode((const uint8_t *)code.p + 60, code.len - 60, hex);
    else if (!is_at(at, CREATE2_PROXY) && !is_at(at, listings_address()) && c->code)
        memcpy(hex, "0xef0100", 9);
    buf_addf(out, "\"%s\"", hex);
    buf_release(&code);
}

static const char *say(void *ud, const char *method, const json *params, struct buf *out)
{
    struct test_chain *c = ud;
    const struct chain_tx *t;
    if (strcmp(method, "eth_chainId") == 0)
        put_number(out, u256_from_u64(c->id));
    else if (strcmp(method, "eth_blockNumber") == 0)
        put_number(out, u256_from_u64(c->block));
    else if (strcmp(method, "eth_getBlockByNumber") == 0)
        put_block(c, out);
    else if (strcmp(method, "eth_getBalance") == 0)
        put_number(out, c->coin);
    else if (strcmp(method, "eth_getCode") == 0)
        put_code(c, param(params, 0), out);
    else if (strcmp(method, "eth_getTransactionCount") == 0)
        put_number(out, u256_from_u64(c->nonce));
    else if (strcmp(method, "eth_maxPriorityFeePerGas") == 0)
        put_number(out, u256_from_u64(c->priority));
    else if (strcmp(method, "eth_estimateGas") == 0 && c->refuse_gas == NULL)
        put_number(out, u256_from_u64(c->gas));
    else if (strcmp(method, "eth_estimateGas") == 0)
        return c->refuse_gas;
    else if (strcmp(method, "eth_call") == 0 && c->behind > 0 && c->behind--)
        return "header not found";
    else if (strcmp(method, "eth_call") == 0)
        return contract(c, params, out);
    else if (strcmp(method, "eth_getLogs") == 0)
        return logs(c, params, out);
    else if (strcmp(method, "eth_sendRawTransaction") == 0)
        return take_raw(c, param(params, 0), out);
    else if ((t = by_hash(c, param(params, 0))) == NULL ||
             (strcmp(method, "eth_getTransactionReceipt") == 0 && !t->mined))
        buf_adds(out, "null");
    else
        buf_addf(out,
                 "{\"status\":\"0x1\",\"blockNumber\":\"0x%llx\",\"gasUsed\":\"0x64\","
                 "\"effectiveGasPrice\":\"0x7\"}",
                 (unsigned long long)c->block);
    return NULL;
}

/* --- the world */

static void configure(const struct purse_world *w)
{
    char path[PATH_BUF], text[1024], at[ADDRESS_BUF];
    if (paths_get(PATH_CONFIG, "config", path, NULL) != SOUK_OK)
        fail();
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int n = snprintf(text, sizeof text,
                     "network = t\n[network.t]\npayment_chain_id = 8453\npayment_rpc = %s %s\n"
                     "payment_max_range = 100\nlistings = %s\n"
                     "token = USDC %s 6 name=\"USD Coin\" version=2 can=eip3009,permit2\n",
                     node_url(w->node), w->second != NULL ? node_url(w->second) : "",
                     address_format(listings_address(), at), usdc_address);
    assert_int_equal(write(fd, text, (size_t)n), n);
    close(fd);
}

static void allow_coin(struct purse_world *w)
{
    struct err e = {0};
    struct limits l = {.asset = w->coin,
                       .per_call = u256_from_u64(1000000000000000),  /* 0.001 */
                       .per_day = u256_from_u64(100000000000000000), /* 0.1 */
                       .per_week = NO_CAP,
                       .per_author = NO_CAP,
                       .per_model = NO_CAP};
    signer_gate g = world_gate(WORLD_PASSWORD);
    if (signer_set_limits(w->s.s, &l, g, &e))
        fail_msg("%s", e.msg);
    close(g);
}

void purse_world_make(struct purse_world *w, unsigned nodes)
{
    struct asset all[CONFIG_TOKENS + 1];
    struct err e = {0};
    memset(w, 0, sizeof *w);
    signer_world_make(&w->s);
    clock_fix(w->s.d.now);
    w->chain = (struct test_chain){.id = 8453,
                                   .block = 1000,
                                   .time = 1767225600,
                                   .coin = u256_from_u64(50000000000000000), /* 0.05 */
                                   .usdc = u256_from_u64(10000000),
                                   .base = 5000000,     /* 0.005 gwei */
                                   .priority = 1500000, /* 0.0015 gwei */
                                   .gas = 60000,
                                   .nonce = 7,
                                   .mines = true};
    w->other = w->chain;
    w->node = node_start(say, &w->chain);
    w->second = nodes > 1 ? node_start(say, &w->other) : NULL;
    configure(w);
    w->loop = loop_new(&e);
    const struct market_options o = {.network = "t"};
    if (w->loop == NULL || market_open(w->loop, &o, &w->market, &e) != SOUK_OK ||
        purse_open(w->market, "w", &w->p, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(network_assets(market_network(w->market), all, CONFIG_TOKENS + 1), 2);
    w->usdc = all[0];
    w->coin = all[1];
    world_unlock(&w->s, w->s.d.now);
    world_set_limits(&w->s);
    allow_coin(w);
}

void purse_world_remove(struct purse_world *w)
{
    purse_close(w->p);
    market_close(w->market);
    loop_free(w->loop);
    node_stop(w->node);
    if (w->second != NULL)
        node_stop(w->second);
    signer_world_remove(&w->s);
}

/* --- calls */

static void take_draft(void *ud, const struct draft *d, const struct err *e)
{
    assert_true((d == NULL) == (e != NULL));
    if (d != NULL)
        draft_copy(ud, d);
}

souk_err world_draft(struct purse_world *w, const struct draft_request *rq, struct draft *d,
                     struct err *e)
{
    return purse_wait(w->p, purse_draft(w->p, rq, take_draft, d), e);
}

static void take_row(void *ud, const struct sent_row *r, const struct err *e)
{
    (void)e;
    *(struct sent_row *)ud = r != NULL ? *r : (struct sent_row){.id = 0};
}

souk_err world_send(struct purse_world *w, const struct draft *d, bool wait, struct sent_row *row,
                    struct err *e)
{
    signer_gate g = world_gate(WORLD_PASSWORD);
    souk_err c = purse_wait(w->p, purse_send(w->p, d, g, wait, take_row, row), e);
    close(g);
    return c;
}

static void nothing(void *ud, const struct err *e)
{
    (void)ud;
    (void)e;
}

souk_err world_refresh(struct purse_world *w, struct err *e)
{
    return purse_wait(w->p, purse_history_refresh(w->p, nothing, NULL), e);
}

struct sent_row world_row(struct purse_world *w, size_t i)
{
    struct arena a;
    struct sent_row *rows, row;
    size_t n;
    arena_init(&a, 1 << 20);
    assert_int_equal(sent_list(purse_purchases(w->p), NULL, 100, &a, &rows, &n, NULL), SOUK_OK);
    assert_true(i < n);
    row = rows[i];
    arena_release(&a);
    return row;
}
