/* A cache made row by row, and what genuine_judge finds in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "market/derive.h"
#include "market/genuine.h"
#include "market/packed.h"
#include "store/genuine_rows.h"
#include "store/page_rows.h"
#include "store/rollup.h"

#include "base/banned.h"

enum { CHAIN = 84532, KNOWN = 16 };

static struct {
    char dir[32], path[64];
    struct store *w;
    struct network net;
    struct rules rules;
    struct known known;
    struct known_row row[KNOWN];
    char words[KNOWN][32];
    int64_t src;
} g;

#define MUST(call)                                              \
    do {                                                        \
        struct err e = {0};                                     \
        if (call) {                                             \
            fprintf(stderr, "ethdiff: %s: %s\n", #call, e.msg); \
            exit(2);                                            \
        }                                                       \
    } while (0)

/* AS_OF: a new cache, whose windows end then. */
static void open_cache(const struct ask *q)
{
    struct cursor c = {.block = 1, .time = (int64_t)ask_u64(q, 1)};
    const struct source_row from = {.kind = SOURCE_LOGS, .place = "http://node", .chain = CHAIN};
    memset(&g, 0, sizeof g);
    snprintf(g.dir, sizeof g.dir, "/tmp/souk-diff-XXXXXX");
    if (!mkdtemp(g.dir))
        exit(2);
    snprintf(g.path, sizeof g.path, "%s/c.db", g.dir);
    g.net.payment.chain_id = CHAIN;
    g.rules = rules_default;
    g.known.row = g.row;
    MUST(store_open(g.path, STORE_WRITE, &g.w, &e));
    MUST(store_begin(g.w, &e));
    MUST(store_source_add(g.w, &from, &g.src, &e));
    MUST(store_cursor_set(g.w, CHAIN, FILTER_PAYMENTS, &c, &e));
}

static void close_cache(void)
{
    static const char *const suffix[] = {"", "-wal", "-shm"};
    char path[80];
    store_close(g.w);
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(path, sizeof path, "%s%s", g.path, suffix[i]);
        unlink(path);
    }
    rmdir(g.dir);
}

/* AUTHOR NAME OWNER -> its number: a model whose description vouches for the owner. */
static void add_model(const struct ask *q, struct buf *out)
{
    char text[64], a[ADDRESS_BUF];
    int64_t id;
    bool changed;
    snprintf(text, sizeof text, "souk-listing: %s\n", address_format(ask_address(q, 3), a));
    const struct model_in m = {.author = untrusted(ask_word(q, 1)),
                               .name = untrusted(ask_word(q, 2)),
                               .task = untrusted(""),
                               .llm_path = untrusted(""),
                               .description = untrusted(text)};
    MUST(store_model_put(g.w, &m, g.src, 1, &id, &changed, &e));
    say_u64(out, (uint64_t)id);
}

/* AUTHOR NAME OWNER PAYTO ASSET PRICE BLOCK LOG TIME */
static void add_listing(const struct ask *q)
{
    const struct listing_in l = {
        .listed = true,
        .owner = ask_address(q, 3),
        .id = keccak256(ask_word(q, 2), strlen(ask_word(q, 2))),
        .author = untrusted(ask_word(q, 1)),
        .name = untrusted(ask_word(q, 2)),
        .price = ask_u256(q, 6),
        .asset = ask_address(q, 5),
        .pay_to = ask_address(q, 4),
        .chain = CHAIN,
        .block = ask_u64(q, 7),
        .log = ask_u64(q, 8),
        .time = (int64_t)ask_u64(q, 9),
    };
    MUST(store_listing_put(g.w, &l, g.src, &e));
}

/* SCHEME TIER FROM TO ASSET AMOUNT BLOCK LOG TIME */
static void add_pay(const struct ask *q)
{
    const struct pay_in p = {.chain = CHAIN,
                             .block = ask_u64(q, 7),
                             .log = ask_u64(q, 8),
                             .payer = ask_address(q, 3),
                             .payee = ask_address(q, 4),
                             .asset = ask_address(q, 5),
                             .amount = ask_u256(q, 6),
                             .scheme = (enum pay_scheme)ask_u64(q, 1),
                             .tier = (enum pay_tier)ask_u64(q, 2),
                             .time = (int64_t)ask_u64(q, 9)};
    MUST(store_pay_put(g.w, &p, g.src, &e));
}

/* KIND FROM TO ASSET AMOUNT BLOCK LOG TIME */
static void add_flow(const struct ask *q)
{
    const struct flow_in f = {.chain = CHAIN,
                              .block = ask_u64(q, 6),
                              .log = ask_u64(q, 7),
                              .from = ask_address(q, 2),
                              .to = ask_address(q, 3),
                              .asset = ask_address(q, 4),
                              .amount = ask_u256(q, 5),
                              .kind = (enum flow_kind)ask_u64(q, 1),
                              .time = (int64_t)ask_u64(q, 8)};
    MUST(store_flow_put(g.w, &f, g.src, &e));
}

/* ADDRESS KIND WORDS */
static void add_known(const struct ask *q)
{
    if (g.known.n == KNOWN)
        exit(2);
    snprintf(g.words[g.known.n], sizeof g.words[0], "%s", ask_word(q, 3));
    g.row[g.known.n] = (struct known_row){.a = ask_address(q, 1),
                                          .kind = (enum known_kind)ask_u64(q, 2),
                                          .words = g.words[g.known.n]};
    g.known.n++;
}

/* BLOCK LOG -> bits excluded */
static void one_payment(const struct ask *q, struct buf *out)
{
    unsigned bits;
    u256 excluded;
    (void)store_judged_get(g.w, CHAIN, ask_u64(q, 1), ask_u64(q, 2), &bits, &excluded);
    say_u64(out, bits);
    say_u256(out, excluded);
}

/* -: the market; a number: a model; else an author's name. */
static int64_t who_of(const char *word)
{
    int64_t author = 0;
    if (word[0] >= '0' && word[0] <= '9')
        return atoll(word);
    if (strcmp(word, "-") != 0)
        MUST(store_author_find(g.w, untrusted(word), &author, &e));
    return -author;
}

/* WINDOW WHO ASSET -> low high strict loose clusters payments, payments by rule */
static void one_sum(const struct ask *q, struct buf *out)
{
    struct genuine_out s;
    bool found;
    int64_t asset = 0;
    MUST(store_genuine_get(g.w, (int)ask_u64(q, 1), who_of(ask_word(q, 2)), q->a, &s, &found, &e));
    (void)store_addr_find(g.w, ask_address(q, 3), &asset);
    say_u256(out, unpack_asset(s.low, asset));
    say_u256(out, unpack_asset(s.high, asset));
    say_u64(out, s.strict);
    say_u64(out, s.loose);
    say_u64(out, s.clusters);
    say_u64(out, s.payments);
    for (size_t i = 0; i < RULE_COUNT; i++)
        say_u64(out, s.bits.n ? unpack_u32(s.bits.p + 4 * i) : 0);
}

static void judge(void)
{
    MUST(store_commit(g.w, &e));
    MUST(derive(g.w, &g.net, &e));
    MUST(genuine_judge(g.w, &g.net, &g.rules, &g.known, NULL, &e));
}

static bool is(const struct ask *q, const char *what)
{
    return strcmp(ask_word(q, 0), what) == 0;
}

bool diff_genuine(const struct ask *q, struct buf *out)
{
    if (is(q, "gen.open"))
        open_cache(q);
    else if (is(q, "gen.asset")) /* ADDRESS SYMBOL DECIMALS */
        MUST(store_asset_put(g.w, CHAIN, ask_address(q, 1), ask_word(q, 2), (unsigned)ask_u64(q, 3),
                             &e));
    else if (is(q, "gen.model"))
        add_model(q, out);
    else if (is(q, "gen.listing"))
        add_listing(q);
    else if (is(q, "gen.pay"))
        add_pay(q);
    else if (is(q, "gen.flow"))
        add_flow(q);
    else if (is(q, "gen.known"))
        add_known(q);
    else if (is(q, "gen.set")) /* KEY VALUE, as in [genuine] */
        MUST(rules_set(&g.rules, ask_word(q, 1), ask_word(q, 2), &e));
    else if (is(q, "gen.judge"))
        judge();
    else if (is(q, "gen.row"))
        one_payment(q, out);
    else if (is(q, "gen.sum"))
        one_sum(q, out);
    else if (is(q, "gen.close"))
        close_cache();
    else
        return false;
    return true;
}
