/* The market's health over time: who is new, who came back, what grows, what stands apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "market/genuine.h"
#include "market/health.h"
#include "market_world.h"

/* Day 20003 is a Monday; now, day 100, is a Sunday: the week from day 94 on is not over. */
enum { MONDAY = 3 };

static struct health *loaded(struct world *w, enum window win)
{
    struct health *h;
    world_derive(w);
    ok(health_load(w->w, win, &h, E));
    return h;
}

/* One model of one author, paid at "p". */
static void market(struct world *w)
{
    world_open(w);
    put_model(w, "mira", "main", vouching("o"));
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "main",
                                      .pay_to = "p",
                                      .price = 1000,
                                      .day = 0});
}

static void pays(struct world *w, const char *who, int day)
{
    put_pay(w, (struct w_pay){.payer = who, .payee = "p", .amount = 1000, .day = day});
}

static void who_came_back(void **state)
{
    (void)state;
    struct world w;
    market(&w);
    pays(&w, "early", 1); /* may have paid before the first block read: in no cohort */
    pays(&w, "early", 8);
    pays(&w, "early", 31);
    pays(&w, "b", 38); /* a Monday, 35 days after the week of the first payment */
    pays(&w, "c", 40);
    pays(&w, "b", 45); /* 7 days later */
    pays(&w, "c", 60); /* 20 days: in neither horizon */
    pays(&w, "b", 70); /* 32 days */
    pays(&w, "d", 80);
    pays(&w, "d", 81);
    pays(&w, "d", 90); /* 10 days */
    pays(&w, "e", 90);
    pays(&w, "f", 95); /* in the week under way */
    struct health *h = loaded(&w, WINDOW_ALL);
    assert_int_equal(h->weekly.fresh.first_day, 20000 + MONDAY);
    assert_int_equal(h->weekly.fresh_from, 5);
    assert_int_equal(h->cohorts, 3); /* weeks without a new payer have none */
    const struct cohort *c = h->cohort;
    assert_int_equal(c[0].first_day, 20038);
    assert_int_equal(c[0].payers, 2);
    assert_int_equal(c[0].weeks, 7); /* of 45, 52 … 87 */
    static const uint64_t back[7] = {1, 0, 1, 1, 0, 0, 0};
    assert_memory_equal(c[0].back, back, sizeof back);
    assert_int_equal(c[1].first_day, 20080);
    assert_int_equal(c[1].weeks, 1);
    assert_int_equal(c[1].back[0], 1);
    assert_int_equal(c[2].payers, 1);
    assert_int_equal(c[2].weeks, 0); /* nothing is known yet */
    /* Days 7 to 13 are over for the payers of 38 and 80, not yet for those of 87. */
    assert_int_equal(h->d7.k, 2);
    assert_int_equal(h->d7.n, 3);
    assert_int_equal(h->d30.k, 1);
    assert_int_equal(h->d30.n, 2);
    health_free(h);
    world_close(&w);
}

static void new_and_returning(void **state)
{
    (void)state;
    struct world w;
    market(&w);
    pays(&w, "old", 1);
    pays(&w, "old", 95);
    pays(&w, "new", 90);
    pays(&w, "new", 96);
    pays(&w, "gone", 20);
    struct health *h = loaded(&w, WINDOW_30D);
    assert_int_equal(h->payers, 2);
    assert_int_equal(h->payers_fresh, 1);
    assert_int_equal(h->payers_returning, 1);
    size_t week = (87 - MONDAY) / 7;
    assert_int_equal(h->weekly.fresh.v[week], 1);
    assert_int_equal(h->weekly.returning.v[week], 0);
    health_free(h);
    world_close(&w);
}

/* Ten a week, then thirty: enough to tell; sessions too few. */
static void growing(void **state)
{
    (void)state;
    struct world w;
    market(&w);
    pays(&w, "early", 1);
    for (int week = 0; week < 8; week++) {
        for (int i = 0; i < (week < 4 ? 10 : 30); i++) {
            char who[16];
            snprintf(who, sizeof who, "p%d", i);
            pays(&w, who, 38 + week * 7 + i % 7);
        }
        put_pay(&w, (struct w_pay){
                        .payee = "p", .amount = 500, .day = 38 + week * 7, .scheme = PAY_UPTO});
    }
    struct health *h = loaded(&w, WINDOW_ALL);
    assert_true(h->grow_payments.known);
    assert_int_equal(h->grow_payments.before, 40);
    assert_int_equal(h->grow_payments.recent, 120);
    assert_true(h->grow_payments.ratio > 2.99 && h->grow_payments.ratio < 3.01);
    assert_true(h->grow_payments.low > 1.5 && h->grow_payments.high < 6);
    assert_int_equal(h->grow_payments.direction, 1);
    assert_false(h->grow_settlements.known);
    assert_int_equal(h->grow_settlements.recent, 4);
    assert_true(h->grow_income.known); /* 10500 a week, then 30500 */
    assert_int_equal(h->grow_income.before, 42000);
    assert_true(h->grow_income.ratio > 2.90 && h->grow_income.ratio < 2.91);
    assert_int_equal(h->grow_fresh.before, 11); /* ten and who has sessions */
    assert_int_equal(h->grow_fresh.recent, 20);
    assert_true(h->grow_fresh.known && h->grow_fresh.low < 1); /* all in one week: no growth */
    health_free(h);
    world_close(&w);
}

/* 18 decimals: what a few weeks come to has more than 63 bits, and is told in larger units. */
static void growing_in_a_fine_asset(void **state)
{
    (void)state;
    struct world w;
    u256 nine, told; /* 9 * 10^18: as much as 63 bits hold */
    market(&w);
    assert_true(u256_from_dec("9000000000000000000", 19, &nine));
    put_pay(&w, (struct w_pay){.payee = "p", .asset = "OPG", .big = nine, .day = 1});
    for (int i = 0; i < 5 * 8; i++)
        put_pay(&w,
                (struct w_pay){.payee = "p", .asset = "OPG", .big = nine, .day = 38 + 7 * (i / 5)});
    struct health *h = loaded(&w, WINDOW_ALL);
    assert_true(h->grow_income.known);
    assert_true(h->grow_income.before <= INT64_MAX && h->grow_income.recent <= INT64_MAX);
    assert_true(u256_mul_u64(h->weekly.unit.value, h->grow_income.recent, &told));
    assert_true(u256_mul_u64(nine, 5 * 4, &nine));
    assert_int_equal(u256_cmp(told, nine), 0);
    health_free(h);
    world_close(&w);
}

/* What is not a proved payment to a listing is in no sum, and told under its own name. */
static void apart(void **state)
{
    (void)state;
    struct world w;
    char text[96];
    market(&w);
    pays(&w, "a", 90);
    put_pay(&w, (struct w_pay){.payee = "p", .amount = 600, .day = 91, .scheme = PAY_ESCROW});
    put_pay(&w, (struct w_pay){.payee = "p", .amount = 250, .day = 92, .scheme = PAY_REFUND});
    put_pay(&w, (struct w_pay){.payee = "p", .amount = 7, .day = 93, .tier = TIER_LISTED});
    put_flow(&w, (struct w_pay){.payer = "x", .payee = "p", .amount = 9, .day = 93}, FLOW_PLAIN);
    put_flow(&w, (struct w_pay){.payer = "x", .payee = "q", .amount = 9, .day = 93}, FLOW_PLAIN);
    struct health *h = loaded(&w, WINDOW_30D);
    assert_int_equal(h->payments, 2);
    assert_string_equal(income_format(&h->income, text, sizeof text), "0.00135 USDC");
    assert_string_equal(income_format(&h->refunded, text, sizeof text), "0.00025 USDC");
    assert_int_equal(h->by_list_payments, 1);
    assert_string_equal(income_format(&h->by_list, text, sizeof text), "0.000007 USDC");
    assert_int_equal(h->inflows, 1);
    assert_string_equal(income_format(&h->inflow, text, sizeof text), "0.000009 USDC");
    health_free(h);
    world_close(&w);
}

static void how_final(void **state)
{
    (void)state;
    struct world w;
    market(&w);
    uint64_t last = block_at(W_NOW, 0);
    const struct {
        struct chain_head head;
        enum finality want;
    } of[] = {{{last + 9, last, last - 1, 1}, FINALITY_SAFE},
              {{last + 9, last + 5, last, 1}, FINALITY_FINAL},
              {{last + 9, last - 1, last - 2, 1}, FINALITY_UNSAFE},
              {{last + 9, 0, 0, 1}, FINALITY_UNKNOWN}};
    struct health *h = loaded(&w, WINDOW_30D);
    assert_int_equal(h->payments_finality, FINALITY_UNKNOWN);
    health_free(h);
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        ok(store_begin(w.w, E));
        ok(store_head_put(w.w, W_PAY_CHAIN, &of[i].head, E));
        ok(store_commit(w.w, E));
        h = loaded(&w, WINDOW_30D);
        assert_int_equal(h->payments_finality, of[i].want);
        assert_int_equal(h->inferences_finality, FINALITY_UNKNOWN); /* not read */
        health_free(h);
    }
    world_close(&w);
}

/* No token is read whole: the payees' filter is where payments come from, and what is judged. */
static void of_busy_tokens_alone(void **state)
{
    static const struct known nobody = {0};
    (void)state;
    struct world w;
    market(&w);
    pays(&w, "a", 90);
    const struct cursor c = {.block = block_at(95, 0), .time = at(95, 0)};
    ok(store_begin(w.w, E));
    struct query_run q = query_open(w.w, "UPDATE source SET filter = '" FILTER_PAYEES "'");
    ok(query_do(&q, E));
    ok(store_cursor_set(w.w, W_PAY_CHAIN, FILTER_PAYMENTS, NULL, E));
    ok(store_cursor_set(w.w, W_PAY_CHAIN, FILTER_PAYEES, &c, E));
    ok(store_commit(w.w, E));
    world_derive(&w);
    ok(genuine_judge(w.w, &w.net, &rules_default, &nobody, NULL, E));
    struct health *h = loaded(&w, WINDOW_7D);
    assert_int_equal(h->as_of, c.time);
    assert_int_equal(h->judged_at, c.time);
    assert_string_equal(h->payments_from.place, "http://node");
    assert_int_equal(h->payments_from.last, c.block);
    health_free(h);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_came_back),
        cmocka_unit_test(new_and_returning),
        cmocka_unit_test(growing),
        cmocka_unit_test(apart),
        cmocka_unit_test(how_final),
        cmocka_unit_test(of_busy_tokens_alone),
        cmocka_unit_test(growing_in_a_fine_asset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
