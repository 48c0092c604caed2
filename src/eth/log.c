#include <string.h>

#include "base/arena.h"
#include "eth/eth.h"

#include "base/banned.h"

/* The last second of the year 9999: later times are nonsense, and break the calendar. */
static const uint64_t time_max = 253402300799;

static bool get_quantity(const json *j, const char *key, uint64_t max, uint64_t *out)
{
    struct untrusted s = json_str(j, key);
    return s.p && hex_u64(s.p, s.n, out) && *out <= max;
}

static bool get_hash(const json *j, const char *key, bytes32 *out)
{
    struct untrusted s = json_str(j, key);
    return s.p && bytes32_parse(s.p, s.n, out);
}

static bool get_time(const json *j, const char *key, int64_t *out)
{
    uint64_t t;
    if (!get_quantity(j, key, time_max, &t))
        return false;
    *out = (int64_t)t;
    return true;
}

static bool get_topics(const json *j, struct eth_log *out)
{
    const json *topics = json_get(j, "topics");
    if (!cJSON_IsArray(topics))
        return false;
    for (const json *t = json_first(topics); t; t = json_next(t)) {
        if (out->topics == LOG_TOPICS || !cJSON_IsString(t) ||
            !bytes32_parse(t->valuestring, strlen(t->valuestring), &out->topic[out->topics]))
            return false;
        out->topics++;
    }
    return true;
}

static souk_err bad_log(struct err *e, const char *what)
{
    return err_set(e, SOUK_ENET, "the node gave a log whose %s cannot be read", what);
}

souk_err eth_log_parse(const json *j, struct arena *a, struct eth_log *out, struct err *e)
{
    static const uint8_t nothing[1];
    *out = (struct eth_log){.data = nothing};
    struct untrusted from = json_str(j, "address");
    struct untrusted data = json_str(j, "data");

    if (!from.p || !hex_decode(from.p, from.n, out->from.b, sizeof out->from.b))
        return bad_log(e, "address");
    if (!get_topics(j, out))
        return bad_log(e, "topics");
    /* A pending log has null here: it is in no block, and we asked for none such. */
    if (!get_quantity(j, "blockNumber", INT64_MAX, &out->block) ||
        !get_hash(j, "blockHash", &out->block_hash))
        return bad_log(e, "block");
    if (!get_quantity(j, "logIndex", INT64_MAX, &out->index) ||
        !get_hash(j, "transactionHash", &out->tx))
        return bad_log(e, "place in its block");
    get_time(j, "blockTimestamp", &out->time); /* an addition of newer nodes */
    out->removed = json_bool(j, "removed", false);

    if (!data.p || data.n < 2)
        return bad_log(e, "data");
    if (data.n > 2) {
        uint8_t *copy = arena_alloc(a, (data.n - 2) / 2 + 1);
        if (!copy)
            return err_nomem(e);
        out->data = copy;
        out->data_len = (data.n - 2) / 2;
        if (!hex_decode(data.p, data.n, copy, out->data_len))
            return bad_log(e, "data");
    } else if (!hex_decode(data.p, data.n, NULL, 0)) {
        return bad_log(e, "data");
    }
    return SOUK_OK;
}

souk_err eth_block_parse(const json *j, struct eth_block *out, struct err *e)
{
    *out = (struct eth_block){0};
    if (!j || cJSON_IsNull(j))
        return err_set(e, SOUK_ENET, "the node does not have the block it was asked for");
    if (!get_quantity(j, "number", INT64_MAX, &out->number) || !get_hash(j, "hash", &out->hash) ||
        !get_hash(j, "parentHash", &out->parent) || !get_time(j, "timestamp", &out->time))
        return err_set(e, SOUK_ENET, "the node gave a block that cannot be read");
    struct untrusted bloom = json_str(j, "logsBloom");
    bool given = bloom.p && hex_decode(bloom.p, bloom.n, out->bloom, sizeof out->bloom);
    for (size_t i = 0; given && i < sizeof out->bloom && !out->has_bloom; i++)
        out->has_bloom = out->bloom[i] != 0;
    return SOUK_OK;
}

/* --- blooms: of each value three bits, by the first three pairs of bytes of its hash. */

bool bloom_holds(const uint8_t bloom[BLOOM], const void *p, size_t n)
{
    bytes32 h = keccak256(p, n);
    for (int i = 0; i < 3; i++) {
        unsigned bit = ((unsigned)h.b[2 * i] << 8 | h.b[2 * i + 1]) & 2047;
        if ((bloom[BLOOM - 1 - bit / 8] & 1u << bit % 8) == 0)
            return false;
    }
    return true;
}

bool bloom_is_full(const uint8_t bloom[BLOOM])
{
    unsigned bits = 0;
    for (size_t i = 0; i < BLOOM; i++)
        bits += (unsigned)__builtin_popcount(bloom[i]);
    return bits > BLOOM * 8 / 2;
}
