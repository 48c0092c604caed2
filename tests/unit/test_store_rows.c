/* Rows in and out: what is ignored, what is replaced, what an unwind takes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "market_world.h"

static bool put(struct world *w, struct model_in m, int64_t now, int64_t *id)
{
    bool changed;
    ok(store_begin(w->w, E));
    ok(store_model_put(w->w, &m, w->src, now, id, &changed, E));
    ok(store_commit(w->w, E));
    return changed;
}

static void models(void **state)
{
    struct world *w = *state;
    int64_t a, b, v = store_text_version(w->w);
    struct model_in m = {
        .author = untrusted("mira"), .name = untrusted("m/x y"), .description = untrusted("one")};
    assert_true(put(w, m, 10, &a));
    assert_true(store_text_version(w->w) > v);
    v = store_text_version(w->w);
    assert_false(put(w, m, 20, &b));
    assert_int_equal(a, b);
    assert_int_equal(store_text_version(w->w), v);
    assert_int_equal(world_int(w, "SELECT first_seen * 1000 + last_seen FROM model"), 10020);
    m.description = untrusted("two");
    assert_true(put(w, m, 30, &b));
    assert_int_equal(a, b);
    assert_int_equal(world_int(w, "SELECT count(*) FROM model_text('one')"), 0);
    assert_int_equal(world_int(w, "SELECT count(*) FROM model_text('two')"), 1);
    /* The same name under another author, or under none, is another model. */
    m.author = untrusted("kmong");
    assert_true(put(w, m, 30, &b));
    assert_int_not_equal(a, b);
    m.author = untrusted(NULL);
    assert_true(put(w, m, 30, &b));
    assert_int_equal(world_int(w, "SELECT count(*) FROM model"), 3);
    /* A NUL or broken UTF-8 in a name is kept as it is. */
    m.name = untrusted_n("a\0b", 3);
    assert_true(put(w, m, 30, &a));
    m.name = untrusted_n("a", 1);
    assert_true(put(w, m, 30, &b));
    assert_int_not_equal(a, b);
    m.name = untrusted("\xff\xfe");
    assert_true(put(w, m, 30, &b));
}

static void sweep(void **state)
{
    struct world *w = *state;
    int64_t id, gone, raw;
    bool changed;
    struct source_row page = {.kind = SOURCE_HUB,
                              .place = "http://hub",
                              .first = 3,
                              .last = 3,
                              .etag = "\"e1\"",
                              .time = 5};
    struct model_in m = {.author = untrusted("a"), .name = untrusted("kept")};
    char etag[128];
    ok(store_begin(w->w, E));
    ok(store_source_add(w->w, &page, &id, E));
    int64_t src = id;
    ok(store_model_put(w->w, &m, src, 10, &id, &changed, E));
    m.name = untrusted("lost");
    ok(store_model_put(w->w, &m, w->src, 10, &id, &changed, E));
    ok(store_models_sweep(w->w, 10, &gone, E));
    assert_int_equal(gone, 0);
    ok(store_commit(w->w, E));
    assert_int_equal(store_meta_int(w->w, "hub_complete", 0), 10);

    ok(store_begin(w->w, E)); /* the page is unchanged: what it had is still there */
    ok(store_models_touch_page(w->w, "http://hub", 3, 20, E));
    ok(store_models_sweep(w->w, 20, &gone, E));
    ok(store_commit(w->w, E));
    assert_int_equal(gone, 1);
    assert_int_equal(world_int(w, "SELECT gone FROM model WHERE name = 'lost'"), 1);
    assert_int_equal(world_int(w, "SELECT gone FROM model WHERE name = 'kept'"), 0);
    assert_int_equal(store_meta_int(w->w, "hub_complete", 0), 10); /* the first time stays */

    raw = store_raw_version(w->w); /* it comes back, unchanged */
    ok(store_begin(w->w, E));
    ok(store_model_put(w->w, &m, w->src, 30, &id, &changed, E));
    ok(store_commit(w->w, E));
    assert_true(changed);
    assert_true(store_raw_version(w->w) > raw);
    assert_int_equal(world_int(w, "SELECT sum(gone) FROM model"), 0);

    assert_true(store_source_etag(w->w, SOURCE_HUB, "http://hub", 3, etag));
    assert_string_equal(etag, "\"e1\"");
    assert_false(store_source_etag(w->w, SOURCE_HUB, "http://hub", 4, etag));
    assert_false(store_source_etag(w->w, SOURCE_HUB, "http://other", 3, etag));
    page.etag = NULL; /* the newest answer had none */
    ok(store_begin(w->w, E));
    ok(store_source_add(w->w, &page, &id, E));
    ok(store_commit(w->w, E));
    assert_false(store_source_etag(w->w, SOURCE_HUB, "http://hub", 3, etag));
}

static void chain_rows_once(void **state)
{
    struct world *w = *state;
    put_pay(w, (struct w_pay){.payee = "p", .amount = 5, .day = 1});
    put_infer(w, "cid", 1, 0);
    put_listing(w, (struct w_listing){.owner = "o", .author = "a", .name = "m", .day = 1});
    int64_t raw = store_raw_version(w->w);
    w->log = 0; /* the same places again */
    put_pay(w, (struct w_pay){.payee = "q", .amount = 6, .day = 1});
    put_infer(w, "other", 1, 0);
    put_listing(w, (struct w_listing){.owner = "x", .author = "a", .name = "m", .day = 1});
    assert_int_equal(store_raw_version(w->w), raw); /* ignored, and nothing to derive */
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay"), 1);
    assert_int_equal(world_int(w, "SELECT count(*) FROM infer"), 1);
    assert_int_equal(world_int(w, "SELECT count(*) FROM listing_event"), 1);
    assert_int_equal(world_int(w, "SELECT count(*) FROM addr") -
                         world_int(w, "SELECT count(DISTINCT a) FROM addr"),
                     0);
}

static void rollback_forgets_interned(void **state)
{
    struct world *w = *state;
    struct pay_in p = {.chain = W_PAY_CHAIN,
                       .block = 1,
                       .payee = addr_of("fresh"),
                       .payer = addr_of("fresh2"),
                       .asset = addr_of("USDC"),
                       .scheme = PAY_EIP3009,
                       .tier = TIER_PROVED,
                       .tx = keccak256("t", 1)};
    ok(store_begin(w->w, E));
    ok(store_pay_put(w->w, &p, w->src, E));
    store_rollback(w->w);
    put_model(w, "a", "b", "takes the ids that are free again");
    put_pay(w, (struct w_pay){.payee = "another", .amount = 1, .day = 1});
    ok(store_begin(w->w, E));
    ok(store_pay_put(w->w, &p, w->src, E));
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay p JOIN addr a ON a.id = p.payee"
                                  " JOIN addr b ON b.id = p.payer WHERE length(p.tx) = 32"),
                     2);
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(w->w),
                                        "SELECT a.a FROM pay p JOIN addr a ON"
                                        " a.id = p.payee WHERE block = 1",
                                        -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_memory_equal(sqlite3_column_blob(st, 0), p.payee.b, 20);
    sqlite3_finalize(st);
}

static void set(struct world *w, uint64_t block)
{
    struct cursor c = {
        .block = block, .hash = keccak256(&block, sizeof block), .time = (int64_t)block};
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, 1, "f", &c, E));
    ok(store_commit(w->w, E));
}

static void cursors(void **state)
{
    struct world *w = *state;
    static struct cursor c[STORE_CHECKPOINTS + 8];
    assert_false(store_cursor_get(w->w, 1, "f", c));
    set(w, 10);
    set(w, 20);
    set(w, 30);
    assert_true(store_cursor_get(w->w, 1, "f", c));
    assert_int_equal(c->block, 30);
    assert_int_equal(c->time, 30);
    uint64_t thirty = 30;
    bytes32 h = keccak256(&thirty, sizeof thirty);
    assert_memory_equal(&c->hash, &h, sizeof h);
    assert_false(store_cursor_get(w->w, 2, "f", c));
    assert_false(store_cursor_get(w->w, 1, "g", c));
    assert_int_equal(store_checkpoints(w->w, 1, "f", c, 8), 3);
    assert_int_equal(c[0].block, 30);
    assert_int_equal(c[2].block, 10);
    assert_int_equal(store_checkpoints(w->w, 1, "f", c, 2), 2);
    set(w, 20); /* back: what was above it is gone */
    assert_int_equal(store_checkpoints(w->w, 1, "f", c, 8), 2);
    assert_int_equal(c[0].block, 20);
    enum { MOST = STORE_CHECKPOINTS, DENSE = STORE_CHECKPOINTS / 2 };
    for (uint64_t b = 100; b < 100 + 2 * MOST; b++) {
        set(w, b);
    }
    /* The newest, each; before them one in 64: 448, 384 … 128, 100 and the 20 from above. */
    assert_int_equal(store_checkpoints(w->w, 1, "f", c, MOST + 8), DENSE + 8);
    assert_int_equal(c[0].block, 99 + 2 * MOST);
    assert_int_equal(c[DENSE - 1].block, 100 + 2 * MOST - DENSE);
    assert_int_equal(c[DENSE].block, 448);
    assert_int_equal(c[DENSE + 6].block, 100);
    assert_int_equal(c[DENSE + 7].block, 10);
    /* Nobody goes back behind what is final. */
    struct chain_head head = {.latest = 700, .safe = 400, .final = 300};
    ok(store_begin(w->w, E));
    ok(store_head_put(w->w, 1, &head, E));
    ok(store_commit(w->w, E));
    set(w, 100 + 2 * MOST);
    size_t n = store_checkpoints(w->w, 1, "f", c, MOST + 8);
    assert_int_equal(c[n - 1].block, 256);
    assert_int_equal(c[n - 2].block, 320);
    head.final = 10000;
    ok(store_begin(w->w, E));
    ok(store_head_put(w->w, 1, &head, E));
    ok(store_commit(w->w, E));
    set(w, 101 + 2 * MOST);
    assert_int_equal(store_checkpoints(w->w, 1, "f", c, MOST + 8), 1);
    /* And however long nothing is final, they do not pile up. */
    for (uint64_t b = 10000; b < 10000 + 64 * (MOST + 10); b += 64) {
        set(w, b);
    }
    head.final = 0;
    assert_in_range(store_checkpoints(w->w, 1, "f", c, MOST + 8), 1, MOST);
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, 1, "f", NULL, E));
    ok(store_commit(w->w, E));
    assert_false(store_cursor_get(w->w, 1, "f", c));
}

static void unwind(void **state)
{
    struct world *w = *state;
    struct cursor c = {.block = block_at(2, 0), .hash = keccak256("c", 1), .time = at(2, 0)}, got;
    struct source_row r;
    struct arena a;
    int64_t payments = w->src;
    arena_init(&a, 1 << 20);
    put_model(w, "mira", "m", vouching("o"));
    put_model(w, "mira", "n", vouching("o")); /* at the same address: told by the price */
    world_source(w, FILTER_LISTINGS, W_PAY_CHAIN);
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "n", .pay_to = "p", .price = 9, .day = 0});
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "m", .pay_to = "p", .price = 1, .day = 0});
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "m", .pay_to = "p", .price = 2, .day = 3});
    w->src = payments;
    for (int day = 1; day < 5; day++) {
        put_pay(w, (struct w_pay){.payee = "p", .amount = day < 3 ? 1 : 2, .day = day});
    }
    world_source(w, FILTER_INFERENCES, W_INFER_CHAIN);
    put_infer(w, "cid", 4, 0);
    world_derive(w);
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay_model"), 4);
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, c.block, &c, E));
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay"), 2); /* the block itself stays */
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay_model"), 2);
    assert_int_equal(world_int(w, "SELECT count(*) FROM listing_event"), 3); /* another filter's */
    assert_int_equal(world_int(w, "SELECT count(*) FROM infer"), 1);         /* another chain's */
    assert_true(store_cursor_get(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &got));
    assert_int_equal(got.block, c.block);
    ok(store_source_get(w->w, payments, &a, &r, E)); /* it ends at the fork now */
    assert_int_equal(r.last, (int64_t)c.block);
    assert_memory_equal(r.hash, &c.hash, sizeof c.hash);
    assert_true(derive_stale(w->w));
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "2 0 0 1 0.000002 USDC");
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, 0, NULL, E));
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM pay"), 0);
    assert_false(store_cursor_get(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &got));
    arena_release(&a);
}

static void sources_and_states(void **state)
{
    struct world *w = *state;
    struct arena a;
    struct sync_state *st, in = {.source = "hub",
                                 .phase = SYNC_FAILED,
                                 .done = 3,
                                 .total = 9,
                                 .message = "the Hub said \x1b[31m",
                                 .started = 1,
                                 .finished = 2,
                                 .ok_at = 77};
    struct source_row *src, one;
    size_t n;
    arena_init(&a, 1 << 20);
    ok(store_begin(w->w, E));
    ok(store_sync_state_put(w->w, &in, E));
    in.source = "bazaar";
    in.message = NULL;
    ok(store_sync_state_put(w->w, &in, E));
    in.done = 4;
    ok(store_sync_state_put(w->w, &in, E));
    ok(store_commit(w->w, E));
    ok(store_sync_states(w->w, &a, &st, &n, E));
    assert_int_equal(n, 2);
    assert_string_equal(st[0].source, "bazaar");
    assert_int_equal(st[0].done, 4);
    assert_null(st[0].message);
    assert_string_equal(st[1].message, "the Hub said \x1b[31m");
    assert_int_equal(st[1].phase, SYNC_FAILED);
    ok(store_sources_recent(w->w, 10, &a, &src, &n, E));
    assert_int_equal(n, 1);
    assert_string_equal(src[0].filter, FILTER_PAYMENTS);
    assert_non_null(src[0].hash);
    struct err e;
    assert_int_equal(store_source_get(w->w, 999, &a, &one, &e), SOUK_ENOTFOUND);
    arena_release(&a);
}

static void offers(void **state)
{
    struct world *w = *state;
    struct offer_in o = {.resource = untrusted("http://x/1"),
                         .scheme = untrusted("exact"),
                         .chain = W_PAY_CHAIN,
                         .amount = {{1, 2, 3, 4}},
                         .asset = addr_of("USDC"),
                         .pay_to = addr_of("p")};
    ok(store_begin(w->w, E));
    ok(store_offer_put(w->w, &o, w->src, E));
    ok(store_offer_put(w->w, &o, w->src, E));
    o.n = 1;
    ok(store_offer_put(w->w, &o, w->src, E));
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM offer"), 2);
    ok(store_begin(w->w, E));
    ok(store_offers_clear(w->w, E));
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM offer"), 0);
}

/* A program that polls for months must not grow a row for every poll. */
static void polls_leave_no_trail(void **state)
{
    struct world *w = *state;
    struct source_row page = {.kind = SOURCE_HUB, .place = "http://hub", .first = 3};
    struct source_row offers = {.kind = SOURCE_BAZAAR, .place = "http://bazaar"};
    struct model_in m = {.author = untrusted("mira"), .name = untrusted("kept")};
    int64_t first = 0, id = 0;
    bool changed;
    ok(store_begin(w->w, E));
    ok(store_source_add(w->w, &page, &first, E));
    ok(store_model_put(w->w, &m, first, 10, &id, &changed, E));
    for (int i = 0; i < 5; i++) {
        ok(store_source_add(w->w, &page, &id, E));
        ok(store_offers_clear(w->w, E));
        ok(store_source_add(w->w, &offers, &id, E));
    }
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT count(*) FROM source WHERE kind = 1 AND first = 3"), 2);
    assert_int_equal(world_int(w, "SELECT count(*) FROM source WHERE kind = 2"), 1);
    assert_int_equal(world_int(w, "SELECT count(*) FROM model m JOIN source s ON s.id = m.src"
                                  " WHERE m.name = 'kept'"),
                     1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(models),
        T(sweep),
        T(chain_rows_once),
        T(rollback_forgets_interned),
        T(cursors),
        T(unwind),
        T(sources_and_states),
        T(offers),
        T(polls_leave_no_trail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
