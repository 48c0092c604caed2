#include "chain_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "chain double: %s\n", what);
        abort();
    }
}

bytes32 chain_hash(const struct fake_chain *c, uint64_t block)
{
    uint8_t text[16] = {0};
    memcpy(text, &block, sizeof block);
    text[8] = c->forked != 0 && block >= c->forked ? c->fork : 0;
    return keccak256(text, sizeof text);
}

struct eth_log *chain_add(struct fake_chain *c, uint64_t block, unsigned tx, address from,
                          enum event_kind k)
{
    must(c->n < CHAIN_LOGS, "too many logs");
    struct chain_log *l = &c->log[c->n++];
    const struct eth_log *before = c->n > 1 ? &c->log[c->n - 2].log : NULL;
    *l = (struct chain_log){.log = {.from = from, .topics = 1, .block = block}};
    l->log.topic[0] = event_topic(k);
    l->log.tx = keccak256(&tx, sizeof tx);
    l->log.index = before != NULL && before->block == block ? before->index + 1 : 0;
    l->log.data = l->data;
    must(before == NULL || before->block <= block, "logs go with the chain");
    return &l->log;
}

static bytes32 word(address a)
{
    bytes32 w = {{0}};
    memcpy(w.b + 12, a.b, sizeof a.b);
    return w;
}

void chain_transfer(struct fake_chain *c, uint64_t block, unsigned tx, address token, address from,
                    address to, uint64_t amount)
{
    struct eth_log *l = chain_add(c, block, tx, token, EV_TRANSFER);
    l->topics = 3;
    l->topic[1] = word(from);
    l->topic[2] = word(to);
    u256_to_be(u256_from_u64(amount), c->log[c->n - 1].data);
    l->data_len = 32;
}

void chain_payment(struct fake_chain *c, uint64_t block, unsigned tx, address token, address from,
                   address to, uint64_t amount)
{
    struct eth_log *l = chain_add(c, block, tx, token, EV_AUTHORIZATION_USED);
    l->topics = 3;
    l->topic[1] = word(from);
    l->topic[2] = keccak256(&tx, sizeof tx);
    chain_transfer(c, block, tx, token, from, to, amount);
}

void chain_listed(struct fake_chain *c, uint64_t block, unsigned tx, address listings,
                  address owner, address pay_to, address asset)
{
    /* author, name, blob, price, asset, payTo, endpoint: four strings of one letter */
    static const int text[] = {0, 1, 2, 6};
    struct eth_log *l = chain_add(c, block, tx, listings, EV_LISTED);
    uint8_t *data = c->log[c->n - 1].data;
    size_t n = 7 * 32;
    l->topics = 3;
    l->topic[1] = word(owner);
    l->topic[2] = keccak256(&tx, sizeof tx);
    for (int i = 0; i < 4; i++) {
        u256_to_be(u256_from_u64(n), data + 32 * text[i]);
        data[n + 31] = 1;
        data[n + 32] = (uint8_t)('a' + i);
        n += 64;
    }
    data[3 * 32 + 31] = 5;
    memcpy(data + 4 * 32 + 12, asset.b, sizeof asset.b);
    memcpy(data + 5 * 32 + 12, pay_to.b, sizeof pay_to.b);
    l->data_len = n;
}

/* --- writing */

static void put_hex(struct buf *b, const void *p, size_t n)
{
    char hex[2 * 512 + 3];
    must(n <= 512, "too long");
    buf_addf(b, "\"%s\"", hex_encode(p, n, hex));
}

static void put_log(const struct fake_chain *c, const struct chain_log *l, struct buf *b)
{
    bytes32 hash = chain_hash(c, l->log.block);
    buf_adds(b, "{\"address\":");
    put_hex(b, l->log.from.b, sizeof l->log.from.b);
    buf_adds(b, ",\"topics\":[");
    for (unsigned i = 0; i < l->log.topics; i++) {
        buf_adds(b, i > 0 ? "," : "");
        put_hex(b, l->log.topic[i].b, 32);
    }
    buf_adds(b, "],\"data\":");
    put_hex(b, l->data, l->log.data_len);
    buf_addf(b, ",\"blockNumber\":\"0x%llx\",\"blockHash\":", (unsigned long long)l->log.block);
    put_hex(b, hash.b, sizeof hash.b);
    if (!c->timeless)
        buf_addf(b, ",\"blockTimestamp\":\"0x%llx\"",
                 (unsigned long long)(CHAIN_TIME + 2 * l->log.block));
    buf_adds(b, ",\"transactionHash\":");
    put_hex(b, l->log.tx.b, sizeof l->log.tx.b);
    buf_addf(b, ",\"logIndex\":\"0x%llx\",\"removed\":false}", (unsigned long long)l->log.index);
}

static void bloom_add(uint8_t bloom[BLOOM], const void *p, size_t n)
{
    bytes32 h = keccak256(p, n);
    for (int i = 0; i < 6; i += 2) {
        unsigned bit = (h.b[i] * 256u + h.b[i + 1]) % 2048;
        bloom[255 - bit / 8] = (uint8_t)(bloom[255 - bit / 8] | 1u << bit % 8);
    }
}

static void put_block(const struct fake_chain *c, uint64_t number, struct buf *b)
{
    uint8_t bloom[BLOOM] = {0};
    bytes32 hash = chain_hash(c, number), parent = chain_hash(c, number - 1);
    for (size_t i = 0; i < c->n; i++) {
        if (c->log[i].log.block != number)
            continue;
        bloom_add(bloom, c->log[i].log.from.b, sizeof(address));
        for (unsigned t = 0; t < c->log[i].log.topics; t++)
            bloom_add(bloom, c->log[i].log.topic[t].b, sizeof(bytes32));
    }
    buf_addf(b, "{\"number\":\"0x%llx\",\"timestamp\":\"0x%llx\",\"hash\":",
             (unsigned long long)number, (unsigned long long)(CHAIN_TIME + 2 * number));
    put_hex(b, hash.b, sizeof hash.b);
    buf_adds(b, ",\"parentHash\":");
    put_hex(b, parent.b, sizeof parent.b);
    buf_adds(b, ",\"logsBloom\":");
    put_hex(b, bloom, sizeof bloom);
    buf_addc(b, '}');
}

/* --- answering */

static bool has(const json *list, const void *p, size_t n)
{
    char hex[2 * 32 + 3];
    hex_encode(p, n, hex);
    if (list == NULL || cJSON_IsNull(list))
        return true;
    if (cJSON_IsString(list))
        return strcmp(list->valuestring, hex) == 0;
    for (const json *j = json_first(list); j != NULL; j = json_next(j)) {
        if (cJSON_IsString(j) && strcmp(j->valuestring, hex) == 0)
            return true;
    }
    return false;
}

static uint64_t quantity(const json *j, const char *key)
{
    uint64_t v = 0;
    const char *text = key != NULL ? json_cstr(j, key) : j->valuestring;
    must(text != NULL && hex_u64(text, strlen(text), &v), "a quantity is wanted");
    return v;
}

static bool matches(const struct chain_log *l, const json *filter, uint64_t from, uint64_t to)
{
    const json *topic = json_first(json_get(filter, "topics"));
    if (l->log.block < from || l->log.block > to ||
        !has(json_get(filter, "address"), l->log.from.b, sizeof(address)))
        return false;
    for (unsigned i = 0; topic != NULL; topic = json_next(topic), i++) {
        if (i >= l->log.topics ? !cJSON_IsNull(topic)
                               : !has(topic, l->log.topic[i].b, sizeof(bytes32)))
            return false;
    }
    return true;
}

static const char *get_logs(struct fake_node *n, const json *filter, struct buf *out)
{
    static char too_many[64];
    uint64_t from = quantity(filter, "fromBlock"), to = quantity(filter, "toBlock");
    bool first = true, hide = n->hide_one;
    n->logs_asked++;
    if (n->max_range > 0 && to - from >= n->max_range) {
        snprintf(too_many, sizeof too_many, "max range: %llu", (unsigned long long)n->max_range);
        return too_many;
    }
    buf_addc(out, '[');
    bool omit = n->omit_always || (n->omit_each > 0 && n->logs_asked % n->omit_each == 0);
    for (size_t i = 0; i < n->chain->n && !omit; i++) {
        if (!matches(&n->chain->log[i], filter, from, to))
            continue;
        if (!hide) {
            buf_adds(out, first ? "" : ",");
            put_log(n->chain, &n->chain->log[i], out);
            first = false;
        }
        hide = false;
    }
    buf_addc(out, ']');
    return NULL;
}

static void get_receipt(struct fake_node *n, const json *hash, struct buf *out)
{
    const struct fake_chain *c = n->chain;
    bool first = true;
    n->receipts_asked++;
    for (size_t i = 0; i < c->n; i++) {
        if (!has(hash, c->log[i].log.tx.b, sizeof(bytes32)))
            continue;
        if (first) {
            buf_adds(out, "{\"from\":");
            put_hex(out, c->log[i].sender.b, sizeof(address));
            buf_adds(out, ",\"logs\":[");
        }
        buf_adds(out, first ? "" : ",");
        put_log(c, &c->log[i], out);
        first = false;
    }
    buf_adds(out, first ? "null" : "]}");
}

static const char *get_block(struct fake_node *n, const json *which, struct buf *out)
{
    uint64_t top = n->chain->latest - n->behind, number;
    n->blocks_asked++;
    if (strcmp(which->valuestring, "latest") == 0)
        number = top;
    else if (strcmp(which->valuestring, "safe") == 0)
        number = n->chain->safe;
    else if (strcmp(which->valuestring, "finalized") == 0)
        number = n->chain->final;
    else
        number = quantity(which, NULL);
    if (which->valuestring[0] != '0' && number == 0)
        return "unknown block tag";
    if (number > top)
        buf_adds(out, "null");
    else
        put_block(n->chain, number, out);
    return NULL;
}

static const char *answer(void *ud, const char *method, const json *params, struct buf *out)
{
    struct fake_node *n = ud;
    const json *first = json_first(params);
    if (n->down)
        return "the disk is on fire";
    if (strcmp(method, "eth_chainId") == 0)
        buf_addf(out, "\"0x%llx\"", (unsigned long long)n->chain->id);
    else if (strcmp(method, "eth_blockNumber") == 0)
        buf_addf(out, "\"0x%llx\"", (unsigned long long)(n->chain->latest - n->behind));
    else if (strcmp(method, "eth_getLogs") == 0)
        return get_logs(n, first, out);
    else if (strcmp(method, "eth_getTransactionReceipt") == 0)
        get_receipt(n, first, out);
    else if (strcmp(method, "eth_getBlockByNumber") == 0)
        return get_block(n, first, out);
    else
        return "there is no such method";
    return NULL;
}

void fake_node_start(struct fake_node *n, const struct fake_chain *c)
{
    *n = (struct fake_node){.chain = c};
    n->node = node_start(answer, n);
}

void fake_node_stop(struct fake_node *n)
{
    node_stop(n->node);
}
