/*
 * genuine_world: a market of four authors for the tests of genuine: ann, bob, cat and dan, each
 * with one model ("ann-model"), an owner ("ann-owner") and a payTo ("ann"), at 1 USDC a call.
 *
 * Times are seconds from the beginning of a tumbling week; a block is a second. Include it after
 * cmocka.h.
 */
#ifndef SOUK_TESTS_GENUINE_WORLD_H
#define SOUK_TESTS_GENUINE_WORLD_H

#include "market/genuine.h"
#include "market/packed.h"
#include "market_world.h"
#include "store/genuine_rows.h"
#include "store/page_rows.h"
#include "store/rollup.h"

#define USDC(n) ((uint64_t)((n)*1000000.0 + 0.5))
enum { MINUTE = 60, HOUR = 3600, G_DAY = 86400, WEEK = 7 * G_DAY };

struct gw {
    struct world w;
    struct rules rules;
    struct known known;
    struct known_row row[8];
    char words[8][32];
    int64_t model[4];
};

/* A row's place, for asking what became of it. */
struct where {
    uint64_t block, log;
};

static inline int64_t g_time(int64_t t)
{
    return at(6, 0) + t;
}

static inline uint64_t g_block(int64_t t)
{
    return (uint64_t)(1000000 + t);
}

static inline void gw_open(struct gw *g)
{
    static const char *const author[] = {"ann", "bob", "cat", "dan"};
    memset(g, 0, sizeof *g);
    g->rules = rules_default;
    g->known.row = g->row;
    world_open(&g->w);
    for (int i = 0; i < 4; i++) {
        static char owner[4][16], model[4][16];
        snprintf(owner[i], sizeof owner[i], "%s-owner", author[i]);
        snprintf(model[i], sizeof model[i], "%s-model", author[i]);
        g->model[i] = put_model(&g->w, author[i], model[i], vouching(owner[i]));
        put_listing(&g->w, (struct w_listing){.owner = owner[i],
                                              .author = author[i],
                                              .name = model[i],
                                              .pay_to = author[i],
                                              .price = USDC(1)});
    }
    ok(store_begin(g->w.w, E));
}

/* Rows are put into one transaction, which judge() ends. */
static inline struct where put_amount(struct gw *g, const char *payer, const char *payee, u256 x,
                                      int64_t t, enum pay_scheme scheme, const char *asset)
{
    struct where at = {g_block(t), g->w.log++};
    struct pay_in in = {.chain = W_PAY_CHAIN,
                        .block = at.block,
                        .log = at.log,
                        .tx = keccak256(&at, sizeof at),
                        .payee = addr_of(payee),
                        .asset = addr_of(asset),
                        .amount = x,
                        .scheme = scheme,
                        .tier = TIER_PROVED,
                        .time = g_time(t)};
    if (payer) {
        in.payer = addr_of(payer);
    }
    ok(store_pay_put(g->w.w, &in, g->w.src, E));
    return at;
}

static inline struct where pay(struct gw *g, const char *payer, const char *payee, uint64_t amount,
                               int64_t t)
{
    return put_amount(g, payer, payee, u256_from_u64(amount), t, PAY_EIP3009, "USDC");
}

static inline struct where flow_of(struct gw *g, const char *from, const char *to, u256 x,
                                   int64_t t, enum flow_kind kind)
{
    struct where at = {g_block(t), g->w.log++};
    struct flow_in in = {.chain = W_PAY_CHAIN,
                         .block = at.block,
                         .log = at.log,
                         .tx = keccak256(&at, sizeof at),
                         .to = addr_of(to),
                         .asset = addr_of("USDC"),
                         .amount = x,
                         .kind = kind,
                         .time = g_time(t)};
    if (from) {
        in.from = addr_of(from);
    }
    ok(store_flow_put(g->w.w, &in, g->w.src, E));
    return at;
}

static inline struct where give(struct gw *g, const char *from, const char *to, uint64_t amount,
                                int64_t t)
{
    return flow_of(g, from, to, u256_from_u64(amount), t, FLOW_PLAIN);
}

/* The n-th of many: "fleet 7". Good until eight more were asked for. */
static inline const char *nth(const char *name, int n)
{
    static char text[8][32];
    static int at;
    at = (at + 1) % 8;
    snprintf(text[at], sizeof text[at], "%s %d", name, n);
    return text[at];
}

static inline void know(struct gw *g, const char *name, enum known_kind kind, const char *words)
{
    snprintf(g->words[g->known.n], sizeof g->words[0], "%s", words);
    g->row[g->known.n] =
        (struct known_row){.a = addr_of(name), .kind = kind, .words = g->words[g->known.n]};
    g->known.n++;
    g->known.print++;
}

static inline void judge(struct gw *g)
{
    ok(store_commit(g->w.w, E));
    ok(derive(g->w.w, &g->w.net, E));
    ok(genuine_judge(g->w.w, &g->w.net, &g->rules, &g->known, NULL, E));
    assert_false(genuine_stale(g->w.w, &g->rules, &g->known));
}

static inline void gw_close(struct gw *g)
{
    world_close(&g->w);
}

static inline unsigned bits_at(struct gw *g, struct where at)
{
    unsigned bits;
    u256 excluded;
    (void)store_judged_get(g->w.w, W_PAY_CHAIN, at.block, at.log, &bits, &excluded);
    return bits;
}

static inline uint64_t excluded_at(struct gw *g, struct where at)
{
    unsigned bits;
    u256 excluded;
    uint64_t n = 0;
    (void)store_judged_get(g->w.w, W_PAY_CHAIN, at.block, at.log, &bits, &excluded);
    assert_true(u256_fits_u64(excluded, &n));
    return n;
}

/* Does the payment have just these bits? 0: no bit at all. */
#define assert_bits(g, where, want)                                                  \
    do {                                                                             \
        unsigned bits_have = bits_at(g, where), bits_want = (want);                  \
        if (bits_have != bits_want) {                                                \
            fail_msg("bits %#x, not %#x (line %d)", bits_have, bits_want, __LINE__); \
        }                                                                            \
    } while (0)
#define BIT(rule) (1u << RULE_##rule)

struct gsum {
    uint64_t low, high, strict, loose, clusters, payments;
};

/* What somebody (0 the market, a model, an author negated) came to, in USDC. */
static inline struct gsum sums_of(struct gw *g, enum window w, int64_t who)
{
    struct genuine_out out;
    struct arena a;
    struct assets known;
    bool found;
    struct gsum s = {.low = 0};
    int64_t usdc = 0;
    arena_init(&a, 1 << 20);
    ok(assets_load(g->w.w, &known, E));
    ok(store_genuine_get(g->w.w, (int)w, who, &a, &out, &found, E));
    assert_true(store_addr_find(g->w.w, addr_of("USDC"), &usdc));
    assert_true(u256_fits_u64(unpack_asset(out.low, usdc), &s.low));
    assert_true(u256_fits_u64(unpack_asset(out.high, usdc), &s.high));
    s.strict = out.strict;
    s.loose = out.loose;
    s.clusters = out.clusters;
    s.payments = out.payments;
    arena_release(&a);
    return s;
}

static inline int64_t author_id(struct gw *g, const char *name)
{
    int64_t id = 0;
    ok(store_author_find(g->w.w, untrusted(name), &id, E));
    return id;
}

#endif
