#include <string.h>

#include "base/mem.h"
#include "walrus/merkle.h"

#include "base/banned.h"

enum { RS2 = 1, VERSION_1 = 0, DIGEST = 1 }; /* the only members of their enums that are in use */
enum { PAIR_BYTES = 2 * (1 + 32), HEAD_BYTES = 32 + 1 + 1 + 8 };

void walrus_meta_init(struct walrus_meta *m)
{
    memset(m, 0, sizeof *m);
}

void walrus_meta_release(struct walrus_meta *m)
{
    mem_free(m->pair);
    walrus_meta_init(m);
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

souk_err walrus_meta_seal(struct walrus_meta *m, struct err *e)
{
    size_t n = m->shape.shards;
    struct blob_hash *leaf = mem_array(n + 1, sizeof *leaf);
    const uint8_t **pair = mem_array(n, sizeof *pair);
    if (leaf && pair) {
        for (size_t i = 0; i < n; i++)
            pair[i] = (const uint8_t *)&m->pair[i]; /* both, one behind the other */
        blake_leaves(WALRUS_CPU_BEST, pair, n, sizeof *m->pair, leaf);
        m->root = merkle_root(WALRUS_CPU_BEST, leaf, n);
        uint8_t name[1 + 8 + 32] = {RS2};
        put_u64(name + 1, m->shape.size);
        memcpy(name + 9, m->root.b, sizeof m->root.b);
        blake_one(name, sizeof name, &m->id);
    }
    souk_err r = leaf && pair ? SOUK_OK : err_nomem(e);
    mem_free(pair);
    mem_free(leaf);
    return r;
}

/* A count as BCS writes it, in the one shortest way; 0 when it is not that, or of no use here. */
static unsigned take_count(const uint8_t *p, size_t n, size_t *at)
{
    if (*at >= n)
        return 0;
    unsigned v = p[(*at)++];
    if (v < 0x80)
        return v;
    if (*at >= n || p[*at] == 0 || p[*at] >= 0x80)
        return 0;
    return (v & 0x7f) | (unsigned)p[(*at)++] << 7;
}

static souk_err take_pairs(const uint8_t *p, struct walrus_meta *out, struct err *e)
{
    for (unsigned i = 0; i < out->shape.shards; i++, p += PAIR_BYTES) {
        if (p[0] != DIGEST || p[33] != DIGEST)
            return err_set(e, SOUK_EINPUT, "blob metadata: the hashes of shard %u are missing", i);
        memcpy(out->pair[i].primary.b, p + 1, 32);
        memcpy(out->pair[i].secondary.b, p + 34, 32);
    }
    return SOUK_OK;
}

souk_err walrus_meta_parse(const uint8_t *p, size_t n, struct walrus_meta *out, struct err *e)
{
    walrus_meta_init(out);
    if (n < HEAD_BYTES)
        return err_set(e, SOUK_EINPUT, "blob metadata: cut short, %zu bytes", n);
    if (p[32] != VERSION_1)
        return err_set(e, SOUK_EINPUT, "blob metadata: version %u is not known here", p[32] + 1U);
    if (p[33] != RS2)
        return err_set(e, SOUK_EINPUT, "blob metadata: encoding type %u is not RS2", p[33]);
    uint64_t size = 0;
    for (unsigned i = 0; i < 8; i++)
        size |= (uint64_t)p[34 + i] << (8 * i);
    size_t at = HEAD_BYTES;
    unsigned shards = take_count(p, n, &at);
    souk_err r = walrus_shape(shards, size, &out->shape, e);
    if (r)
        return e ? err_prefix(e, "blob metadata") : r;
    if (n - at != (size_t)shards * PAIR_BYTES)
        return err_set(e, SOUK_EINPUT, "blob metadata: %zu bytes of hashes where %u shards have %u",
                       n - at, shards, shards * PAIR_BYTES);
    out->pair = mem_array(shards, sizeof *out->pair);
    if (!out->pair)
        return err_nomem(e);
    r = take_pairs(p + at, out, e);
    if (!r)
        r = walrus_meta_seal(out, e);
    if (r)
        return r;
    blob_id stated;
    memcpy(stated.b, p, sizeof stated.b);
    if (blob_hash_eq(&stated, &out->id))
        return SOUK_OK;
    char is[BLOB_ID_BUF], says[BLOB_ID_BUF];
    return err_set(e, SOUK_EVERIFY, "blob metadata: it says it is of %s, but its hashes give %s",
                   blob_id_format(&stated, says), blob_id_format(&out->id, is));
}

void walrus_meta_write(const struct walrus_meta *m, struct buf *out)
{
    uint8_t head[HEAD_BYTES + 2] = {0};
    unsigned n = m->shape.shards;
    size_t at = HEAD_BYTES;
    memcpy(head, m->id.b, 32);
    head[32] = VERSION_1;
    head[33] = RS2;
    put_u64(head + 34, m->shape.size);
    if (n >= 0x80)
        head[at++] = (uint8_t)(n | 0x80);
    head[at++] = (uint8_t)(n >= 0x80 ? n >> 7 : n);
    buf_add(out, head, at);
    for (unsigned i = 0; i < n; i++) {
        uint8_t pair[PAIR_BYTES] = {DIGEST};
        memcpy(pair + 1, m->pair[i].primary.b, 32);
        pair[33] = DIGEST;
        memcpy(pair + 34, m->pair[i].secondary.b, 32);
        buf_add(out, pair, sizeof pair);
    }
}
