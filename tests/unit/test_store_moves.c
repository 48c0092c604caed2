/* Raw rows in the orders they are asked for, with the indexes and without; what sync remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "market_world.h"
#include "store/rollup.h"

static souk_err move_text(void *ud, const struct move_row *r, struct err *e)
{
    char dec[U256_DEC];
    (void)e;
    buf_addf(ud, "%s%llu %s", r->payment ? "p" : "f", (unsigned long long)r->log,
             u256_to_dec(r->amount, dec));
    buf_adds(ud, "; ");
    assert_true(r->time == 0 || r->block == block_at((int)(r->time / W_DAY - 20000), 0));
    return SOUK_OK;
}

static souk_err infer_text(void *ud, const struct infer_row *r, struct err *e)
{
    (void)e;
    buf_addf(ud, "%lld; ", (long long)(r->time / W_DAY - 20000));
    return SOUK_OK;
}

#define TEXT(call, want)                \
    do {                                \
        struct buf b;                   \
        buf_init(&b, 1 << 16);          \
        ok(call);                       \
        assert_string_equal(b.p, want); \
        buf_release(&b);                \
    } while (0)

static void orders(struct world *w)
{
    TEXT(store_each_move(w->w, W_PAY_CHAIN, 0, move_text, &b, E),
         "f0 1; p1 2; p2 3; f3 4; p4 5; p5 6; p6 7; ");
    TEXT(store_each_move(w->w, W_PAY_CHAIN, block_at(2, 0), move_text, &b, E),
         "p2 3; f3 4; p4 5; p5 6; p6 7; ");
    TEXT(store_each_pay_between(w->w, W_PAY_CHAIN, at(1, 0), at(3, 0), move_text, &b, E),
         "p2 3; p5 6; ");
    TEXT(store_each_pay_between(w->w, W_PAY_CHAIN, at(1, 0) - 1, at(2, 0), move_text, &b, E),
         "p1 2; p2 3; ");
    TEXT(store_each_pay_between(w->w, W_PAY_CHAIN, at(5, 0), at(9, 0), move_text, &b, E), "");
    TEXT(store_each_infer_between(w->w, W_INFER_CHAIN, at(1, 0), at(3, 0), infer_text, &b, E),
         "2; 3; ");
}

static void moves_in_their_orders(void **state)
{
    struct world *w = *state;
    address a;
    put_flow(w, (struct w_pay){.payer = "bank", .payee = "ann", .amount = 1, .day = 0}, FLOW_PLAIN);
    put_pay(w, (struct w_pay){.payer = "ann", .payee = "p", .amount = 2, .day = 1});
    put_pay(w, (struct w_pay){.payer = "ben", .payee = "p", .amount = 3, .day = 2});
    put_flow(w, (struct w_pay){.payer = "ann", .payee = "ann", .amount = 4, .day = 2}, FLOW_PLAIN);
    put_pay(w, (struct w_pay){
                   .payer = "ben", .payee = "p", .amount = 5, .day = 3, .tier = TIER_LISTED});
    put_pay(w, (struct w_pay){
                   .payer = "ben", .payee = "p", .amount = 6, .day = 3, .scheme = PAY_REFUND});
    put_pay(w, (struct w_pay){.payer = "ann", .payee = "ann", .amount = 7, .day = 4});
    for (int day = 1; day < 5; day++) {
        put_infer(w, "cid", day, 0);
    }
    orders(w);
    ok(store_index(w->w, NULL, E));
    orders(w);
    int64_t id;
    assert_false(store_addr_find(w->w, addr_of("nobody"), &id));
    assert_true(store_addr_get(w->w, addr_id(w, "ben"), &a));
    assert_true(address_eq(a, addr_of("ben")));
    assert_false(store_addr_get(w->w, 999, &a));
}

/* What the indexes are for: no query of an address reads all rows, none sorts. */
static void indexes_are_used(void **state)
{
    static const char *const sql[] = {
        "SELECT block FROM pay WHERE chain = 1 AND payee = 2 ORDER BY block, log",
        "SELECT block FROM pay WHERE chain = 1 AND payer = 2 ORDER BY block, log",
        "SELECT block FROM flow WHERE chain = 1 AND source = 2 ORDER BY block, log",
        "SELECT block FROM flow WHERE chain = 1 AND target = 2 ORDER BY block, log",
        "SELECT time FROM infer WHERE cid = 1 ORDER BY time",
    };
    struct world *w = *state;
    ok(store_index(w->w, NULL, E));
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        char explain[160];
        sqlite3_stmt *st;
        snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql[i]);
        assert_int_equal(sqlite3_prepare_v2(store_db(w->w), explain, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            const char *plan = (const char *)sqlite3_column_text(st, 3);
            assert_non_null(strstr(plan, "_by_"));
            assert_null(strstr(plan, "TEMP B-TREE"));
        }
        sqlite3_finalize(st);
    }
}

static void ranges_go_on(void **state)
{
    struct world *w = *state;
    struct arena a;
    struct source_row r = {.kind = SOURCE_LOGS, .place = "n", .chain = 1, .filter = "f"}, got;
    bytes32 end = keccak256("e", 1);
    int64_t one = 0, id = 0;
    arena_init(&a, 1 << 16);
    ok(store_begin(w->w, E));
    for (int64_t i = 0; i < 5; i++) {
        end.b[0] = (uint8_t)i;
        r.first = i * 10;
        r.last = i * 10 + 9;
        r.hash = &end;
        r.time = i;
        ok(store_source_add(w->w, &r, i == 0 ? &one : &id, E));
        assert_true(i == 0 || id == one);
    }
    ok(store_source_get(w->w, one, &a, &got, E));
    assert_int_equal(got.first, 0);
    assert_int_equal(got.last, 49);
    assert_int_equal(got.time, 4);
    assert_memory_equal(got.hash, &end, sizeof end);
    r.first = 50;
    r.place = "other node";
    ok(store_source_add(w->w, &r, &id, E));
    assert_int_not_equal(id, one);
    r.place = "n";
    r.filter = "g";
    ok(store_source_add(w->w, &r, &id, E));
    assert_int_not_equal(id, one);
    r.filter = "f";
    r.first = 51; /* a gap */
    ok(store_source_add(w->w, &r, &id, E));
    assert_int_not_equal(id, one);
    ok(store_commit(w->w, E));
    /* Read again from its beginning: the old range shrinks before the new one. */
    ok(store_begin(w->w, E));
    for (int64_t i = 0; i < 3; i++) {
        ok(store_forget_range(w->w, 1, "f", (uint64_t)i * 10, (uint64_t)i * 10 + 9, E));
        r.first = i * 10;
        r.last = i * 10 + 9;
        ok(store_source_add(w->w, &r, &id, E));
    }
    ok(store_source_get(w->w, one, &a, &got, E));
    assert_int_equal(got.first, 30);
    ok(store_source_get(w->w, id, &a, &got, E));
    assert_int_equal(got.first, 0);
    assert_int_equal(got.last, 29);
    ok(store_forget_range(w->w, 1, "f", 30, 49, E));
    assert_int_equal(store_source_get(w->w, one, &a, &got, NULL), SOUK_ENOTFOUND);
    ok(store_commit(w->w, E));
    arena_release(&a);
}

static void escrows_and_heads(void **state)
{
    struct world *w = *state;
    struct escrow_in x = {.chain = W_PAY_CHAIN,
                          .hash = keccak256("x", 1),
                          .payer = addr_of("ann"),
                          .payee = addr_of("p"),
                          .asset = addr_of("USDC"),
                          .block = 50,
                          .log = 2},
                     got;
    struct chain_head h = {.latest = 9, .safe = 8, .final = 7, .time = 6}, back;
    assert_false(store_escrow_get(w->w, W_PAY_CHAIN, x.hash, &got));
    assert_false(store_head_get(w->w, W_PAY_CHAIN, &back));
    ok(store_begin(w->w, E));
    ok(store_escrow_put(w->w, &x, E));
    x.payer = addr_of("late"); /* the first word counts */
    ok(store_escrow_put(w->w, &x, E));
    ok(store_head_put(w->w, W_PAY_CHAIN, &h, E));
    h.latest = 10;
    ok(store_head_put(w->w, W_PAY_CHAIN, &h, E));
    ok(store_commit(w->w, E));
    assert_true(store_escrow_get(w->w, W_PAY_CHAIN, x.hash, &got));
    assert_true(address_eq(got.payer, addr_of("ann")));
    assert_true(address_eq(got.payee, x.payee) && address_eq(got.asset, x.asset));
    assert_int_equal(got.block * 10 + got.log, 502);
    assert_false(store_escrow_get(w->w, 1, x.hash, &got));
    assert_true(store_head_get(w->w, W_PAY_CHAIN, &back));
    assert_memory_equal(&back, &h, sizeof h);
    struct cursor c = {.block = 49};
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_LISTINGS, 0, NULL, E)); /* not its filter */
    assert_true(store_escrow_get(w->w, W_PAY_CHAIN, x.hash, &got));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, 49, &c, E));
    ok(store_commit(w->w, E));
    assert_false(store_escrow_get(w->w, W_PAY_CHAIN, x.hash, &got));
}

static void whom_to_follow(void **state)
{
    struct world *w = *state;
    struct traced *t;
    struct arena a;
    size_t n;
    arena_init(&a, 1 << 16);
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(n, 0);
    put_listing(
        w, (struct w_listing){.owner = "o", .author = "a", .name = "m", .pay_to = "p", .price = 1});
    rollup_fill_after(w->w, 1); /* the sums do not know of ben */
    put_pay(w, (struct w_pay){.payer = "ann", .payee = "p", .amount = 1, .day = 1});
    put_pay(w, (struct w_pay){.payer = "ben", .payee = "stranger", .amount = 1, .day = 1});
    put_pay(w, (struct w_pay){.payer = "cat", .payee = "p", .amount = 1, .day = 1});
    assert_true(store_behind(w->w));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(n, 4); /* o, p, ann, cat */
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, block_at(1, 0) - 1, NULL, E));
    ok(store_commit(w->w, E));
    ok(store_sum(w->w, NULL, E));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(n, 2);
    put_pay(w, (struct w_pay){.payer = "ann", .payee = "p", .amount = 1, .day = 1});
    ok(store_sum(w->w, NULL, E));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(n, 3); /* o, p, ann */
    address ann = addr_of("ann"), two[] = {ann, addr_of("p")};
    ok(store_begin(w->w, E));
    ok(store_traced_set(w->w, W_PAY_CHAIN, two, 2, 77, E));
    ok(store_traced_set(w->w, W_PAY_CHAIN, &ann, 1, 99, E));
    ok(store_commit(w->w, E));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(n, 3);
    assert_true(address_eq(t[0].a, addr_of("o")) && t[0].upto == 0);
    assert_true(address_eq(t[1].a, addr_of("p")) && t[1].upto == 77);
    assert_true(address_eq(t[2].a, ann) && t[2].upto == 99);
    struct cursor c = {.block = 80};
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_FUNDING, 80, &c, E));
    ok(store_commit(w->w, E));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(t[1].upto * 1000 + t[2].upto, 77080);
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_FUNDING, 0, NULL, E));
    ok(store_commit(w->w, E));
    ok(store_traced(w->w, W_PAY_CHAIN, &a, &t, &n, E));
    assert_int_equal(t[2].upto, 0);
    arena_release(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(moves_in_their_orders), T(indexes_are_used), T(ranges_go_on),
        T(escrows_and_heads),     T(whom_to_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
