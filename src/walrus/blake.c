#include "walrus/blake.h"

#include <string.h>

#include <sodium.h>

#include "base/err.h"
#include "walrus/blake_lanes.h"

#include "base/banned.h"

static const struct blake_lanes *lanes_of(enum walrus_cpu cpu)
{
    switch (walrus_cpu_pick(cpu)) {
#if defined(__x86_64__)
    case WALRUS_CPU_AVX512:
        return &blake_avx512;
    case WALRUS_CPU_AVX2:
        return &blake_avx2;
#endif
    default:
        return &blake_portable;
    }
}

void blake_one(const void *p, size_t n, struct blob_hash *out)
{
    if (crypto_generichash(out->b, sizeof out->b, p, n, NULL, 0) != 0)
        BUG("libsodium has no Blake2b of 32 bytes");
}

/*
 * The messages of one turn, as many as there are lanes: those at hand where enough are left, else a
 * copy in which the last one stands in for the missing.
 */
struct turn {
    size_t n; /* messages that count */
    const uint8_t *const *p;
    const uint8_t *prefix;
    const uint8_t *p_filled[LANES_MAX];
    uint8_t prefix_filled[LANES_MAX];
};

static void turn_take(struct turn *t, unsigned lanes, const uint8_t *const *p,
                      const uint8_t *prefix, size_t left)
{
    t->n = left < lanes ? left : lanes;
    t->p = p;
    t->prefix = prefix;
    if (t->n == lanes)
        return;
    for (unsigned i = 0; i < lanes; i++) {
        t->p_filled[i] = p[i < t->n ? i : t->n - 1];
        t->prefix_filled[i] = prefix[i < t->n ? i : t->n - 1];
    }
    t->p = t->p_filled;
    t->prefix = t->prefix_filled;
}

void blake_leaves(enum walrus_cpu cpu, const uint8_t *const *symbol, size_t count, size_t len,
                  struct blob_hash *out)
{
    static const uint8_t zero[LANES_MAX];
    const struct blake_lanes *l = lanes_of(cpu);
    struct blob_hash all[LANES_MAX];
    struct turn t;
    for (size_t i = 0; i < count; i += t.n) {
        turn_take(&t, l->lanes, symbol + i, zero, count - i);
        bool full = t.n == l->lanes;
        l->last(NULL, t.prefix, t.p, len, 0, full ? out + i : all);
        if (!full)
            memcpy(out + i, all, t.n * sizeof *all);
    }
}

void leaf_begin(struct leaf_state *s, uint8_t *carry, size_t count)
{
    static const struct leaf_state begin = {{BLAKE_IV0 ^ BLAKE_PARAMETERS, BLAKE_IV1, BLAKE_IV2,
                                             BLAKE_IV3, BLAKE_IV4, BLAKE_IV5, BLAKE_IV6,
                                             BLAKE_IV7}};
    for (size_t i = 0; i < count; i++)
        s[i] = begin;
    memset(carry, 0, count);
}

void leaf_feed(enum walrus_cpu cpu, struct leaf_state *s, uint8_t *carry,
               const uint8_t *const *slice, size_t count, size_t len, uint64_t before)
{
    const struct blake_lanes *l = lanes_of(cpu);
    struct leaf_state all[LANES_MAX] = {0};
    struct turn t;
    if (len % BLAKE_BLOCK || before % BLAKE_BLOCK)
        BUG("a slice of %zu bytes behind %llu: no multiple of %d", len, (unsigned long long)before,
            BLAKE_BLOCK);
    for (size_t i = 0; len && i < count; i += t.n) {
        turn_take(&t, l->lanes, slice + i, carry + i, count - i);
        bool full = t.n == l->lanes;
        if (!full)
            memcpy(all, s + i, t.n * sizeof *all);
        l->feed(full ? s + i : all, t.prefix, t.p, len / BLAKE_BLOCK, before);
        if (!full)
            memcpy(s + i, all, t.n * sizeof *all);
        for (size_t j = 0; j < t.n; j++)
            carry[i + j] = slice[i + j][len - 1];
    }
}

void leaf_end(enum walrus_cpu cpu, struct leaf_state *s, const uint8_t *carry,
              const uint8_t *const *slice, size_t count, size_t len, uint64_t before,
              struct blob_hash *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    struct leaf_state all[LANES_MAX] = {0};
    struct blob_hash digest[LANES_MAX];
    struct turn t;
    for (size_t i = 0; i < count; i += t.n) {
        turn_take(&t, l->lanes, slice + i, carry + i, count - i);
        bool full = t.n == l->lanes;
        if (!full)
            memcpy(all, s + i, t.n * sizeof *all);
        l->last(full ? s + i : all, t.prefix, t.p, len, before, full ? out + i : digest);
        if (!full)
            memcpy(out + i, digest, t.n * sizeof *digest);
    }
}

void blake_pairs(enum walrus_cpu cpu, const struct blob_hash *const *pair, size_t count,
                 struct blob_hash *const *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    const struct blob_hash *filled[LANES_MAX];
    struct blob_hash node[LANES_MAX];
    for (size_t i = 0, n; i < count; i += n) {
        const struct blob_hash *const *from = pair + i;
        n = count - i < l->lanes ? count - i : l->lanes;
        if (n < l->lanes) {
            for (size_t j = 0; j < l->lanes; j++)
                filled[j] = from[j < n ? j : n - 1];
            from = filled;
        }
        l->nodes(from, node);
        for (size_t j = 0; j < n; j++)
            *out[i + j] = node[j];
    }
}

void blake_nodes(enum walrus_cpu cpu, const struct blob_hash *in, size_t count,
                 struct blob_hash *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    const struct blob_hash *pair[LANES_MAX];
    struct blob_hash node[LANES_MAX];
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i < l->lanes ? count - i : l->lanes;
        for (size_t j = 0; j < l->lanes; j++)
            pair[j] = in + 2 * (i + (j < n ? j : n - 1));
        l->nodes(pair, n < l->lanes ? node : out + i);
        if (n < l->lanes)
            memcpy(out + i, node, n * sizeof *node);
    }
}
