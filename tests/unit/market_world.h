/*
 * market_world: small hand-made markets for the tests of store and market.
 *
 * A world is a cache in a temporary directory and a writer to it. Helpers put
 * one row each and fail the test when that fails. Time is in days: day 100 is
 * now (the payments' cursor) unless said otherwise; a block is an hour.
 * Include it after cmocka.h.
 */
#ifndef SOUK_TESTS_MARKET_WORLD_H
#define SOUK_TESTS_MARKET_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "market/catalog.h"
#include "market/derive.h"
#include "market/pages.h"
#include "store/query.h"
#include "store/rollup.h"
#include "store/store.h"

enum { W_DAY = 86400, W_PAY_CHAIN = 84532, W_INFER_CHAIN = 10740, W_NOW = 100 };

struct world {
    char dir[64], path[96];
    struct store *w;
    struct network net;
    int64_t src; /* a log source */
    uint64_t log;
};

/* assert that says what went wrong */
#define ok(call)                                 \
    do {                                         \
        struct err ok_e = {0};                   \
        souk_err ok_rc = call;                   \
        if (ok_rc) {                             \
            fail_msg("%s: %s", #call, ok_e.msg); \
        }                                        \
    } while (0)
#define E &ok_e

__attribute__((unused)) static address addr_of(const char *name)
{
    address a;
    bytes32 h = keccak256(name, strlen(name));
    memcpy(a.b, h.b, sizeof a.b);
    return a;
}

/* The moment of a day, hours into it. */
__attribute__((unused)) static int64_t at(int day, int hour)
{
    return (int64_t)20000 * W_DAY + (int64_t)day * W_DAY + hour * 3600;
}

__attribute__((unused)) static uint64_t block_at(int day, int hour)
{
    return (uint64_t)(day * 24 + hour + 1000);
}

__attribute__((unused)) static void world_source(struct world *w, const char *filter, int64_t chain)
{
    bytes32 hash = keccak256("head", 4);
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = "http://node",
                           .chain = chain,
                           .filter = filter,
                           .first = 1,
                           .last = 1000000,
                           .hash = &hash,
                           .time = at(W_NOW, 1)};
    ok(store_source_add(w->w, &r, &w->src, E));
}

__attribute__((unused)) static void world_open(struct world *w)
{
    *w = (struct world){.log = 0};
    snprintf(w->dir, sizeof w->dir, "/tmp/souk-world-XXXXXX");
    if (!mkdtemp(w->dir)) {
        fail_msg("mkdtemp failed");
    }
    snprintf(w->path, sizeof w->path, "%s/test.db", w->dir);
    w->net.payment.chain_id = W_PAY_CHAIN;
    w->net.inference.chain_id = W_INFER_CHAIN;
    ok(store_open(w->path, STORE_WRITE, &w->w, E));
    ok(store_begin(w->w, E));
    ok(store_asset_put(w->w, W_PAY_CHAIN, addr_of("USDC"), "USDC", 6, E));
    ok(store_asset_put(w->w, W_PAY_CHAIN, addr_of("OPG"), "OPG", 18, E));
    world_source(w, FILTER_PAYMENTS, W_PAY_CHAIN);
    struct cursor c = {.block = block_at(W_NOW, 0), .time = at(W_NOW, 0)};
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
    ok(store_commit(w->w, E));
}

__attribute__((unused)) static void world_remove(struct world *w)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    char path[128];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(path, sizeof path, "%s%s", w->path, suffix[i]);
        unlink(path);
    }
    rmdir(w->dir);
}

__attribute__((unused)) static void world_close(struct world *w)
{
    store_close(w->w);
    world_remove(w);
}

__attribute__((unused)) static int64_t put_model(struct world *w, const char *author,
                                                 const char *name, const char *description)
{
    int64_t id;
    bool changed;
    struct model_in m = {.author = untrusted(author),
                         .name = untrusted(name),
                         .task = untrusted("Risk Models"),
                         .description = untrusted(description)};
    ok(store_begin(w->w, E));
    ok(store_model_put(w->w, &m, w->src, at(0, 0), &id, &changed, E));
    ok(store_commit(w->w, E));
    return id;
}

/* A description that vouches for an owner. */
__attribute__((unused)) static const char *vouching(const char *owner)
{
    static char text[128];
    char a[ADDRESS_BUF];
    snprintf(text, sizeof text, "A model.\n\nsouk-listing: %s\n",
             address_format(addr_of(owner), a));
    return text;
}

struct w_listing {
    const char *owner, *author, *name, *pay_to, *asset, *blob, *endpoint;
    uint64_t price;
    int day, hour;
    bool delist;
};

__attribute__((unused)) static void put_listing(struct world *w, struct w_listing l)
{
    char key[128];
    snprintf(key, sizeof key, "%s %s", l.owner, l.name);
    struct listing_in in = {.listed = !l.delist,
                            .owner = addr_of(l.owner),
                            .id = keccak256(key, strlen(key)),
                            .author = untrusted(l.author),
                            .name = untrusted(l.name),
                            .blob_id = untrusted(l.blob),
                            .endpoint = untrusted(l.endpoint),
                            .price = u256_from_u64(l.price),
                            .asset = addr_of(l.asset ? l.asset : "USDC"),
                            .pay_to = addr_of(l.pay_to ? l.pay_to : ""),
                            .chain = W_PAY_CHAIN,
                            .block = block_at(l.day, l.hour),
                            .log = w->log++,
                            .tx = keccak256(&w->log, sizeof w->log),
                            .time = at(l.day, l.hour)};
    ok(store_begin(w->w, E));
    ok(store_listing_put(w->w, &in, w->src, E));
    ok(store_commit(w->w, E));
}

struct w_pay {
    const char *payer, *payee, *asset;
    uint64_t amount;
    u256 big; /* instead of amount, when that is 0 */
    enum pay_scheme scheme;
    enum pay_tier tier;
    int day, hour;
};

__attribute__((unused)) static void put_pay(struct world *w, struct w_pay p)
{
    struct pay_in in = {.chain = W_PAY_CHAIN,
                        .block = block_at(p.day, p.hour),
                        .log = w->log++,
                        .tx = keccak256(&w->log, sizeof w->log),
                        .payer = addr_of(p.payer ? p.payer : "payer"),
                        .payee = addr_of(p.payee),
                        .asset = addr_of(p.asset ? p.asset : "USDC"),
                        .amount = p.amount ? u256_from_u64(p.amount) : p.big,
                        .scheme = p.scheme ? p.scheme : PAY_EIP3009,
                        .tier = p.tier ? p.tier : TIER_PROVED,
                        .time = at(p.day, p.hour)};
    ok(store_begin(w->w, E));
    ok(store_pay_put(w->w, &in, w->src, E));
    ok(store_commit(w->w, E));
}

/* A transfer that nothing proves: the fields of w_pay as far as a flow has them. */
__attribute__((unused)) static void put_flow(struct world *w, struct w_pay p, enum flow_kind kind)
{
    struct flow_in in = {.chain = W_PAY_CHAIN,
                         .block = block_at(p.day, p.hour),
                         .log = w->log++,
                         .tx = keccak256(&w->log, sizeof w->log),
                         .from = addr_of(p.payer ? p.payer : "payer"),
                         .to = addr_of(p.payee),
                         .asset = addr_of(p.asset ? p.asset : "USDC"),
                         .amount = p.amount ? u256_from_u64(p.amount) : p.big,
                         .kind = kind,
                         .time = at(p.day, p.hour)};
    ok(store_begin(w->w, E));
    ok(store_flow_put(w->w, &in, w->src, E));
    ok(store_commit(w->w, E));
}

__attribute__((unused)) static void put_infer(struct world *w, const char *cid, int day, int hour)
{
    struct infer_in in = {.chain = W_INFER_CHAIN,
                          .block = block_at(day, hour),
                          .log = w->log++,
                          .tx = keccak256(&w->log, sizeof w->log),
                          .cid = untrusted(cid),
                          .time = at(day, hour)};
    ok(store_begin(w->w, E));
    ok(store_infer_put(w->w, &in, w->src, E));
    ok(store_commit(w->w, E));
}

__attribute__((unused)) static void put_file(struct world *w, int64_t model, const char *version,
                                             const char *name, const char *blob)
{
    struct file_in f = {.version = untrusted(version),
                        .name = untrusted(name),
                        .blob_id = untrusted(blob),
                        .size = 100};
    ok(store_begin(w->w, E));
    ok(store_file_put(w->w, model, &f, w->src, E));
    ok(store_commit(w->w, E));
}

__attribute__((unused)) static void world_derive(struct world *w)
{
    ok(derive(w->w, &w->net, E));
    assert_false(derive_stale(w->w));
}

/* One row of the catalogue, by name. The catalogue is *c until freed. */
__attribute__((unused)) static const struct model_row *row_named(const struct catalog *c,
                                                                 const char *name)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (strcmp(c->row[i].name, name) == 0) {
            return &c->row[i];
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

/* "payments settlements inferences payers income" of a model in a window. */
__attribute__((unused)) static const char *figures_text(struct world *w, const char *name,
                                                        enum window win)
{
    static char out[256];
    char income[128];
    struct catalog *c;
    ok(catalog_load(w->w, win, &c, E));
    const struct figures *f = row_named(c, name)->figures;
    assert_int_equal(f->calls, f->payments + f->inferences);
    snprintf(out, sizeof out, "%d %d %d %d %s", (int)f->payments, (int)f->settlements,
             (int)f->inferences, (int)f->payers, income_format(&f->income, income, sizeof income));
    catalog_unref(c);
    return out;
}

__attribute__((unused)) static const char *author_text(struct world *w, const char *author,
                                                       enum window win)
{
    static char out[256];
    char income[96], shared[96];
    struct author_list *l;
    ok(author_list_load(w->w, win, &l, E));
    out[0] = '\0';
    for (size_t i = 0; i < l->n; i++) {
        const struct author_row *a = &l->row[i];
        if (strcmp(a->author, author) == 0) {
            snprintf(out, sizeof out, "%d %d %d %d %s (%s)", (int)a->figures.payments,
                     (int)a->figures.settlements, (int)a->figures.inferences,
                     (int)a->figures.payers,
                     income_format(&a->figures.income, income, sizeof income),
                     income_format(&a->unattributed, shared, sizeof shared));
        }
    }
    author_list_free(l);
    return out;
}

/* The number of addr_of(name), which stands in the cache. */
__attribute__((unused)) static int64_t addr_id(struct world *w, const char *name)
{
    int64_t id = 0;
    assert_true(store_addr_find(w->w, addr_of(name), &id));
    return id;
}

/* What a query of one integer says. */
__attribute__((unused)) static int64_t world_int(struct world *w, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(w->w), sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

/* For cmocka: a world of its own for each test. */
__attribute__((unused)) static int world_setup(void **state)
{
    struct world *w = malloc(sizeof *w);
    world_open(w);
    *state = w;
    return 0;
}

__attribute__((unused)) static int world_teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

#endif
