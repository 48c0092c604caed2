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

/* What is left when all lanes cannot be filled: the last message stands in for those missing. */
struct rest {
    const uint8_t *p[LANES_MAX];
    uint8_t prefix[LANES_MAX];
    struct leaf_state state[LANES_MAX];
    struct blob_hash out[LANES_MAX];
};

/* s may be NULL. */
static void rest_fill(struct rest *r, unsigned lanes, const uint8_t *const *p,
                      const uint8_t *prefix, const struct leaf_state *s, size_t left)
{
    for (unsigned i = 0; i < lanes; i++) {
        size_t from = i < left ? i : left - 1;
        r->p[i] = p[from];
        r->prefix[i] = prefix[from];
        if (s)
            r->state[i] = s[from];
    }
}

void blake_leaves(enum walrus_cpu cpu, const uint8_t *const *symbol, size_t count, size_t len,
                  struct blob_hash *out)
{
    static const uint8_t zero[LANES_MAX];
    const struct blake_lanes *l = lanes_of(cpu);
    size_t i = 0;
    for (; count - i >= l->lanes; i += l->lanes)
        l->last(NULL, zero, symbol + i, len, 0, out + i);
    if (i < count) {
        struct rest r = {0};
        rest_fill(&r, l->lanes, symbol + i, zero, NULL, count - i);
        l->last(NULL, r.prefix, r.p, len, 0, r.out);
        memcpy(out + i, r.out, (count - i) * sizeof *out);
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
    size_t blocks = len / BLAKE_BLOCK, i = 0;
    if (len % BLAKE_BLOCK || before % BLAKE_BLOCK)
        BUG("a slice of %zu bytes behind %llu: no multiple of %d", len, (unsigned long long)before,
            BLAKE_BLOCK);
    if (len == 0)
        return;
    for (; count - i >= l->lanes; i += l->lanes)
        l->feed(s + i, carry + i, slice + i, blocks, before);
    if (i < count) {
        struct rest r = {0};
        rest_fill(&r, l->lanes, slice + i, carry + i, s + i, count - i);
        l->feed(r.state, r.prefix, r.p, blocks, before);
        memcpy(s + i, r.state, (count - i) * sizeof *s);
    }
    for (i = 0; i < count; i++)
        carry[i] = slice[i][len - 1];
}

void leaf_end(enum walrus_cpu cpu, struct leaf_state *s, const uint8_t *carry,
              const uint8_t *const *slice, size_t count, size_t len, uint64_t before,
              struct blob_hash *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    size_t i = 0;
    for (; count - i >= l->lanes; i += l->lanes)
        l->last(s + i, carry + i, slice + i, len, before, out + i);
    if (i < count) {
        struct rest r = {0};
        rest_fill(&r, l->lanes, slice + i, carry + i, s + i, count - i);
        l->last(r.state, r.prefix, r.p, len, before, r.out);
        memcpy(out + i, r.out, (count - i) * sizeof *out);
    }
}

static void fill_pairs(const struct blob_hash **all, unsigned lanes,
                       const struct blob_hash *const *pair, size_t left)
{
    for (unsigned i = 0; i < lanes; i++)
        all[i] = pair[i < left ? i : left - 1];
}

void blake_pairs(enum walrus_cpu cpu, const struct blob_hash *const *pair, size_t count,
                 struct blob_hash *const *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    struct blob_hash node[LANES_MAX] = {0};
    for (size_t i = 0, n; i < count; i += n) {
        const struct blob_hash *all[LANES_MAX];
        n = count - i < l->lanes ? count - i : l->lanes;
        fill_pairs(all, l->lanes, pair + i, n);
        l->nodes(all, node);
        for (size_t j = 0; j < n; j++)
            *out[i + j] = node[j];
    }
}

void blake_nodes(enum walrus_cpu cpu, const struct blob_hash *in, size_t count,
                 struct blob_hash *out)
{
    const struct blake_lanes *l = lanes_of(cpu);
    const struct blob_hash *pair[LANES_MAX];
    struct blob_hash *to[LANES_MAX];
    size_t i = 0;
    for (; count - i >= l->lanes; i += l->lanes) {
        for (unsigned j = 0; j < l->lanes; j++)
            pair[j] = in + 2 * (i + j);
        l->nodes(pair, out + i);
    }
    for (size_t j = 0; j < count - i; j++) {
        pair[j] = in + 2 * (i + j);
        to[j] = out + i + j;
    }
    blake_pairs(cpu, pair, count - i, to);
}
