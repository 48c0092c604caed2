/* genuine: each rule alone, at its threshold, just below, just above. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "genuine_world.h"

/* --- self, unknown, dust */

static void an_authors_own_addresses_are_self(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    struct where owner = pay(&g, "ann-owner", "ann", USDC(1), 0);
    struct where pay_to = pay(&g, "ann", "ann", USDC(1), 1);
    struct where other = pay(&g, "bob", "ann", USDC(1), 2); /* another author is a customer */
    struct where said = pay(&g, "laptop", "ann", USDC(1), 3);
    know(&g, "laptop", KNOWN_AUTHOR, "ann");
    know(&g, "phone", KNOWN_AUTHOR, "nobody of this name");
    judge(&g);
    assert_bits(&g, owner, BIT(SELF));
    assert_bits(&g, pay_to, BIT(SELF));
    assert_bits(&g, said, BIT(SELF));
    assert_bits(&g, other, 0);
    assert_int_equal(excluded_at(&g, owner), USDC(1));
    struct gsum s = sums_of(&g, WINDOW_ALL, 0);
    assert_int_equal(s.low, USDC(1));
    assert_int_equal(s.high, USDC(1));
    assert_int_equal(s.clusters, 1);
    assert_int_equal(s.payments, 1);
    gw_close(&g);
}

static void who_is_not_named_vouches_for_nothing(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    struct where x = put_amount(&g, NULL, "ann", u256_from_u64(USDC(5)), 0, PAY_BATCH, "USDC");
    struct where small = put_amount(&g, NULL, "ann", u256_from_u64(1), 1, PAY_BATCH, "USDC");
    judge(&g);
    assert_bits(&g, x, BIT(UNKNOWN));
    assert_bits(&g, small, BIT(UNKNOWN) | BIT(DUST));
    struct gsum s = sums_of(&g, WINDOW_ALL, g.model[0]);
    assert_int_equal(s.low, 0);
    assert_int_equal(s.high, USDC(5) + 1);
    assert_int_equal(s.clusters, 0);
    gw_close(&g);
}

static void dust_is_less_than_a_thousandth_of_a_dollar(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    struct where below = pay(&g, "x", "ann", 999, 0), exact = pay(&g, "x", "ann", 1000, 1);
    struct where opg = put_amount(&g, "x", "ann", u256_from_u64(1), 2, PAY_EIP3009, "OPG");
    judge(&g);
    assert_bits(&g, below, BIT(DUST));
    assert_bits(&g, exact, 0);
    assert_bits(&g, opg, 0);                                /* has no price here */
    assert_int_equal(sums_of(&g, WINDOW_ALL, 0).low, 1999); /* counts all the same */
    gw_close(&g);
}

/* --- funded: by hand */

static void the_authors_money_is_taken_out_in_proportion(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    give(&g, "exchange", "x", 300, 0);
    give(&g, "ann-owner", "x", 700, 1); /* 700 of 1000 */
    struct where a = pay(&g, "x", "ann", 101, 2);
    struct where b = pay(&g, "x", "bob", 100, 3); /* not bob's money */
    struct where c = pay(&g, "x", "ann", 100, 4);
    give(&g, "x", "elsewhere", 399, 5);
    struct where d = pay(&g, "x", "ann", 301, 6); /* one more than is known to be there */
    struct where e = pay(&g, "x", "ann", 100, 7);
    g.rules.on = BIT(FUNDED);
    judge(&g);
    assert_bits(&g, a, BIT(FUNDED));
    assert_int_equal(excluded_at(&g, a), 70); /* 101 * 700 / 1000, cut; 630 of 899 are left */
    assert_bits(&g, b, 0);                    /* takes 100 * 630 / 899 = 70: 560 of 799 */
    assert_int_equal(excluded_at(&g, c), 70); /* 100 * 560 / 799 = 70.09: 490 of 699 */
    /* 399 * 490 / 699 = 279.7: 211 of 300 are left, all of it gone with the next */
    assert_int_equal(excluded_at(&g, d), 211);
    assert_bits(&g, e, 0);
    assert_int_equal(sums_of(&g, WINDOW_ALL, -author_id(&g, "ann")).low, 602 - 351);
    assert_int_equal(sums_of(&g, WINDOW_ALL, -author_id(&g, "ann")).high, 602);
    gw_close(&g);
}

/* author of 1000 in; the rest from elsewhere, first. */
static unsigned funded_bits(uint64_t author, bool first, unsigned share)
{
    struct gw g;
    gw_open(&g);
    give(&g, "exchange", "x", first ? 0 : 1000 - author, 0);
    give(&g, "ann", "x", author, 1);
    give(&g, "exchange", "x", first ? 1000 - author : 0, 2);
    struct where p = pay(&g, "x", "ann", 100, 3);
    g.rules.on = BIT(FUNDED);
    g.rules.funded_share = share;
    judge(&g);
    unsigned bits = bits_at(&g, p);
    gw_close(&g);
    return bits;
}

static void half_of_the_inflow_is_the_threshold(void **state)
{
    (void)state;
    assert_int_equal(funded_bits(499, false, 500), 0);
    assert_int_equal(funded_bits(500, false, 500), BIT(FUNDED));
    assert_int_equal(funded_bits(501, false, 500), BIT(FUNDED));
    assert_int_equal(funded_bits(499, false, 499), BIT(FUNDED));
}

static void the_first_money_tells_whatever_its_share(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    give(&g, "ann", "trial", 10, 0);
    give(&g, "exchange", "trial", 990, 1);
    struct where trial = pay(&g, "trial", "ann", 100, 2);
    pay(&g, "old", "bob", 1, 0); /* had money before the index */
    give(&g, "ann", "old", 10, 1);
    give(&g, "exchange", "old", 990, 2);
    struct where old = pay(&g, "old", "ann", 100, 3);
    g.rules.on = BIT(FUNDED);
    judge(&g);
    assert_bits(&g, trial, BIT(FUNDED));
    assert_int_equal(excluded_at(&g, trial), 1);
    assert_bits(&g, old, 0);
    struct gsum s = sums_of(&g, WINDOW_ALL, -author_id(&g, "ann"));
    assert_int_equal(s.loose, 2); /* one part in a hundred makes nobody doubtful */
    gw_close(&g);
}

static void deposits_and_refunds_stay_the_payers(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    give(&g, "ann", "x", 1000, 0);
    flow_of(&g, "x", "escrow", u256_from_u64(400), 1, FLOW_DEPOSIT);
    flow_of(&g, "escrow", "x", u256_from_u64(400), 2, FLOW_WITHDRAWAL);
    struct where a = pay(&g, "x", "ann", 500, 3);
    put_amount(&g, "x", "ann", u256_from_u64(500), 4, PAY_REFUND, "USDC");
    struct where b = pay(&g, "x", "ann", 1000, 5);
    g.rules.on = BIT(FUNDED);
    judge(&g);
    assert_int_equal(excluded_at(&g, a), 500);
    assert_int_equal(excluded_at(&g, b), 500); /* what came back is nobody's but his */
    struct gsum s = sums_of(&g, WINDOW_ALL, -author_id(&g, "ann"));
    assert_int_equal(s.low, 0); /* 500 left, 500 given back */
    assert_int_equal(s.high, 1000);
    gw_close(&g);
}

static void hubs_of_the_users_file_fund_nobody(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    give(&g, "ann", "x", 1000, 0);
    struct where p = pay(&g, "x", "ann", 500, 1);
    know(&g, "ann", KNOWN_HUB, "a shared gateway");
    g.rules.on = BIT(FUNDED);
    judge(&g);
    assert_bits(&g, p, 0);
    gw_close(&g);
}

/* --- shared */

static unsigned shared_bits(int payers, int64_t apart, int fundees, bool hub_said)
{
    struct gw g;
    struct where p = {0};
    gw_open(&g);
    for (int i = 0; i < payers; i++) {
        give(&g, "treasury", nth("agent", i), USDC(9), i * apart);
    }
    for (int i = payers; i < fundees; i++) {
        give(&g, "treasury", nth("other", i), 1, 1);
    }
    for (int i = 0; i < payers; i++) {
        p = pay(&g, nth("agent", i), "ann", USDC(1), 3 * G_DAY + i * HOUR * 2);
    }
    if (hub_said) {
        know(&g, "treasury", KNOWN_HUB, "");
    }
    judge(&g);
    unsigned bits = bits_at(&g, p);
    struct gsum s = sums_of(&g, WINDOW_ALL, 0);
    assert_int_equal(s.low, (uint64_t)payers * USDC(1));
    assert_int_equal(s.clusters, bits & BIT(SHARED) ? 1 : payers);
    assert_int_equal(s.loose, s.clusters);
    gw_close(&g);
    return bits;
}

static void payers_of_one_funder_are_one_cluster(void **state)
{
    (void)state;
    assert_int_equal(shared_bits(2, HOUR, 0, false), 0);
    assert_int_equal(shared_bits(3, HOUR, 0, false), BIT(SHARED));
    assert_int_equal(shared_bits(3, 12 * HOUR, 0, false), BIT(SHARED)); /* 24 hours in all */
    assert_int_equal(shared_bits(3, 12 * HOUR + 1, 0, false), 0);
    assert_int_equal(shared_bits(5, 12 * HOUR, 0, false), BIT(SHARED)); /* links of three */
    assert_int_equal(shared_bits(3, HOUR, 100, false), BIT(SHARED));
    assert_int_equal(shared_bits(3, HOUR, 101, false), 0); /* a hub */
    assert_int_equal(shared_bits(3, HOUR, 0, true), 0);
}

static void clusters_hold_everywhere(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 4; i++) {
        give(&g, "treasury", nth("agent", i), USDC(9), i);
    }
    for (int i = 0; i < 3; i++) {
        pay(&g, nth("agent", i), "ann", USDC(1), G_DAY);
    }
    struct where one = pay(&g, "agent 0", "bob", USDC(1), 2 * G_DAY);
    pay(&g, "agent 1", "bob", USDC(1), 2 * G_DAY);
    pay(&g, "agent 3", "bob", USDC(1), 2 * G_DAY);
    judge(&g);
    assert_bits(&g, one, BIT(SHARED)); /* agents 0, 1 and 3 pay bob */
    assert_int_equal(sums_of(&g, WINDOW_ALL, -author_id(&g, "bob")).clusters, 1);
    assert_int_equal(sums_of(&g, WINDOW_ALL, 0).clusters, 1);
    gw_close(&g);
}

/* --- return */

static unsigned return_bits(uint64_t back1, uint64_t back2, int64_t second)
{
    struct gw g;
    gw_open(&g);
    pay(&g, "x", "ann", 1000, 0);
    if (back1) {
        give(&g, "ann", "x", back1, 1);
    }
    struct where p = pay(&g, "x", "ann", 1000, second);
    give(&g, "ann-owner", "x", back2, second + 1);
    g.rules.on = BIT(RETURN);
    judge(&g);
    unsigned bits = bits_at(&g, p);
    assert_int_equal(excluded_at(&g, p), bits ? 1000 : 0);
    gw_close(&g);
    return bits;
}

static void what_goes_back_was_no_income(void **state)
{
    (void)state;
    assert_int_equal(return_bits(900, 900, 9), BIT(RETURN));
    assert_int_equal(return_bits(900, 899, 9), 0);
    assert_int_equal(return_bits(1000, 1222, 9), BIT(RETURN)); /* 2000 of 2222 */
    assert_int_equal(return_bits(1000, 1223, 9), 0);
    assert_int_equal(return_bits(0, 2000, 9), 0);       /* one trip: a refund */
    assert_int_equal(return_bits(1000, 1000, WEEK), 0); /* the second in another week */
    assert_int_equal(return_bits(1000, 1000, WEEK - 2), BIT(RETURN));
}

/* --- cycle: a wallet pays the next author, whose income goes on to a wallet that pays the next. */

static const char *const ring_author[] = {"ann", "bob", "cat", "dan"};

static void go_round(struct gw *g, int hops, uint64_t sweep, int64_t t, struct where *p)
{
    for (int i = 0; i < hops; i++) {
        *p = pay(g, nth("wallet", i), ring_author[i], 1000, t + 2 * i);
        give(g, ring_author[i], nth("wallet", (i + 1) % hops), sweep, t + 2 * i + 1);
    }
}

static unsigned cycle_bits(int hops, uint64_t sweep, int rounds, int64_t apart)
{
    struct gw g;
    struct where p = {0};
    gw_open(&g);
    for (int i = 0; i < rounds; i++) {
        go_round(&g, hops, sweep, i * apart, &p);
    }
    pay(&g, "customer", "ann", 5000, 3); /* honest money beside it changes nothing */
    g.rules.on = BIT(CYCLE);
    judge(&g);
    unsigned bits = bits_at(&g, p);
    gw_close(&g);
    return bits;
}

static void money_that_goes_round_is_found(void **state)
{
    (void)state;
    for (int hops = 1; hops <= 4; hops++) {
        assert_int_equal(cycle_bits(hops, 1000, 3, HOUR), BIT(CYCLE));
        assert_int_equal(cycle_bits(hops, 1000, 2, HOUR), 0);          /* not often enough */
        assert_int_equal(cycle_bits(hops, 1000, 3, WEEK), BIT(CYCLE)); /* once a week */
        assert_int_equal(cycle_bits(hops, 900, 3, HOUR), BIT(CYCLE));
        assert_int_equal(cycle_bits(hops, 899, 3, HOUR), 0); /* somebody keeps a tenth */
    }
}

static void strangers_at_a_circle_are_peeled_off(void **state)
{
    struct gw g;
    struct where p = {0};
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 3; i++) {
        go_round(&g, 3, 1000, i * HOUR, &p);
    }
    /* A customer who got a little back lies in the same component. */
    struct where honest = pay(&g, "customer", "ann", 200, 4 * HOUR);
    give(&g, "ann", "customer", 10, 4 * HOUR + 1);
    g.rules.on = BIT(CYCLE);
    judge(&g);
    assert_bits(&g, p, BIT(CYCLE));
    assert_bits(&g, honest, 0);
    gw_close(&g);
}

static void one_refund_each_is_no_circle(void **state)
{
    struct gw g;
    struct where p = {0};
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 8; i++) { /* an author who gives his money back to whoever asks */
        p = pay(&g, nth("customer", i), "ann", 1000, i * HOUR);
        give(&g, "ann", nth("customer", i), 1000, i * HOUR + 1);
    }
    g.rules.on = BIT(CYCLE);
    judge(&g);
    assert_bits(&g, p, 0);
    gw_close(&g);
}

static void hubs_are_not_part_of_a_circle(void **state)
{
    struct gw g;
    struct where p = {0};
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 3; i++) { /* authors sell for their costs at an exchange, customers buy */
        p = pay(&g, "x", "ann", 1000, i * 100);
        give(&g, "ann", "exchange", 1000, i * 100 + 1);
        give(&g, "exchange", "x", 1000, i * 100 + 2);
    }
    for (int i = 0; i < 100; i++) {
        give(&g, "exchange", nth("client", i), 1, 400 + i);
    }
    g.rules.on = BIT(CYCLE);
    judge(&g);
    assert_bits(&g, p, 0);
    gw_close(&g);
}

/* --- cohort */

struct crowd {
    int payers, late; /* late: of them, whose first payment is hours later the same day */
    int linked;       /* of them, first funded by one helper */
    int more;         /* payments that the first of them makes besides */
    int64_t spread;   /* seconds from the first to the last first payment */
};

static unsigned cohort_bits(struct crowd c)
{
    struct gw g;
    struct where p = {0};
    gw_open(&g);
    for (int i = 0; i < c.payers; i++) {
        give(&g, i < c.linked ? "helper" : nth("friend", i), nth("new", i), USDC(99), i);
    }
    for (int i = 0; i < c.payers; i++) {
        int64_t t =
            G_DAY + (i < c.payers - c.late ? i * c.spread / (c.payers - c.late - 1) : 9 * HOUR + i);
        struct where at = pay(&g, nth("new", i), "ann", USDC(1), t);
        p = i == 0 ? at : p;
    }
    for (int i = 0; i < c.more; i++) {
        pay(&g, "new 0", "ann", USDC(1), 2 * G_DAY + i * HOUR);
    }
    g.rules.on = BIT(COHORT);
    judge(&g);
    unsigned bits = bits_at(&g, p);
    gw_close(&g);
    return bits;
}

static void crowds_that_appear_at_once_are_found(void **state)
{
    (void)state;
    assert_int_equal(cohort_bits((struct crowd){10, 0, 10, 0, 1800}), BIT(COHORT));
    assert_int_equal(cohort_bits((struct crowd){9, 0, 9, 0, 1800}), 0);
    assert_int_equal(cohort_bits((struct crowd){10, 0, 10, 0, 1801}), 0);
    assert_int_equal(cohort_bits((struct crowd){10, 0, 5, 0, 1800}), BIT(COHORT));
    assert_int_equal(cohort_bits((struct crowd){10, 0, 4, 0, 1800}), 0); /* too few are linked */
    assert_int_equal(cohort_bits((struct crowd){20, 6, 20, 0, 1800}), BIT(COHORT)); /* 14 of 20 */
    assert_int_equal(cohort_bits((struct crowd){20, 7, 20, 0, 1800}), 0);
    /* n 10, counts 1 … 1 and 1 + more: CV^2 = 9 more^2 / (10 + more)^2 */
    assert_int_equal(cohort_bits((struct crowd){10, 0, 10, 2, 1800}), BIT(COHORT)); /* 0.5 */
    assert_int_equal(cohort_bits((struct crowd){10, 0, 10, 3, 1800}), 0);
}

/* --- burst, one */

static unsigned burst_bits(int minutes, int each, bool even)
{
    struct gw g;
    struct where p = {0};
    gw_open(&g);
    for (int m = 0; m < minutes; m++) {
        for (int i = 0; i < each; i++) {
            int64_t second = even ? i * 60 / each : i * i % 60;
            p = pay(&g, "bot", "ann", USDC(1), m * MINUTE + second);
        }
    }
    struct where alone = pay(&g, "bot", "ann", USDC(1), WEEK - 1);
    g.rules.on = BIT(BURST);
    judge(&g);
    assert_bits(&g, alone, 0);
    unsigned bits = bits_at(&g, p);
    gw_close(&g);
    return bits;
}

static void machine_cadence_is_tagged(void **state)
{
    (void)state;
    assert_int_equal(burst_bits(10, 12, true), BIT(BURST));
    assert_int_equal(burst_bits(9, 12, true), 0);
    assert_int_equal(burst_bits(10, 10, true), 0); /* more than ten are wanted */
    assert_int_equal(burst_bits(10, 12, false), 0);
    assert_int_equal(burst_bits(25, 15, true), BIT(BURST));
}

static unsigned one_bits(int payments, uint64_t other, int64_t t)
{
    struct gw g;
    struct where p = {0};
    gw_open(&g);
    pay(&g, "ann-owner", "ann", USDC(50), t); /* is not counted */
    for (int i = 0; i + 1 < payments; i++) {
        p = pay(&g, "customer", "ann", i ? 100 : 9000 - (uint64_t)(payments - 2) * 100, t + i);
    }
    struct where small = pay(&g, "other", "ann", other, 100);
    g.rules.on = BIT(SELF) | BIT(ONE);
    judge(&g);
    assert_bits(&g, small, 0);
    unsigned bits = bits_at(&g, p);
    gw_close(&g);
    return bits;
}

static void one_large_customer_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(one_bits(20, 1000, 0), BIT(ONE));
    assert_int_equal(one_bits(20, 1001, 0), 0);
    assert_int_equal(one_bits(19, 1000, 0), 0);
}

/* --- the user's word, the switches */

static void trusted_payers_have_no_bit_but_self(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    give(&g, "ann", "x", USDC(9), 0);
    struct where x = pay(&g, "x", "ann", 100, 1);
    struct where own = pay(&g, "ann-owner", "ann", 100, 2);
    know(&g, "x", KNOWN_TRUSTED, "");
    know(&g, "ann-owner", KNOWN_TRUSTED, "");
    judge(&g);
    assert_bits(&g, x, 0);
    assert_bits(&g, own, BIT(SELF));
    gw_close(&g);
}

static void a_rule_that_is_off_gives_no_bit(void **state)
{
    struct gw g;
    (void)state;
    for (unsigned off = 0; off < RULE_COUNT; off++) {
        gw_open(&g);
        struct where self = pay(&g, "ann-owner", "ann", 100, 0);
        give(&g, "ann", "x", 100, 1);
        struct where funded = pay(&g, "x", "ann", 100, 2);
        g.rules.on = rules_default.on & ~(1u << off);
        judge(&g);
        assert_bits(&g, self, (BIT(SELF) | BIT(DUST)) & g.rules.on);
        assert_bits(&g, funded, (BIT(FUNDED) | BIT(DUST)) & g.rules.on);
        gw_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authors_own_addresses_are_self),
        cmocka_unit_test(who_is_not_named_vouches_for_nothing),
        cmocka_unit_test(dust_is_less_than_a_thousandth_of_a_dollar),
        cmocka_unit_test(the_authors_money_is_taken_out_in_proportion),
        cmocka_unit_test(half_of_the_inflow_is_the_threshold),
        cmocka_unit_test(the_first_money_tells_whatever_its_share),
        cmocka_unit_test(deposits_and_refunds_stay_the_payers),
        cmocka_unit_test(hubs_of_the_users_file_fund_nobody),
        cmocka_unit_test(payers_of_one_funder_are_one_cluster),
        cmocka_unit_test(clusters_hold_everywhere),
        cmocka_unit_test(what_goes_back_was_no_income),
        cmocka_unit_test(money_that_goes_round_is_found),
        cmocka_unit_test(strangers_at_a_circle_are_peeled_off),
        cmocka_unit_test(one_refund_each_is_no_circle),
        cmocka_unit_test(hubs_are_not_part_of_a_circle),
        cmocka_unit_test(crowds_that_appear_at_once_are_found),
        cmocka_unit_test(machine_cadence_is_tagged),
        cmocka_unit_test(one_large_customer_is_told_of),
        cmocka_unit_test(trusted_payers_have_no_bit_but_self),
        cmocka_unit_test(a_rule_that_is_off_gives_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
