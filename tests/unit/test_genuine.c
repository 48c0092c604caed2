/*
 * genuine: what it all comes to: bounds and payers, findings with their evidence, thresholds tried,
 * and properties over random worlds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "genuine_world.h"
#include "market/genuine/wide.h"

/* --- wide numbers */

static u256 big(unsigned bit)
{
    u256 v = U256_ZERO;
    v.w[bit / 64] = (uint64_t)1 << bit % 64;
    return v;
}

static void products_do_not_overflow(void **state)
{
    u256 most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}}, one = u256_from_u64(1), less;
    (void)state;
    assert_true(wide_at_least(most, 1000, most, 1000));
    assert_true(u256_sub(most, one, &less));
    assert_false(wide_at_least(less, 1000, most, 1000));
    assert_true(wide_at_least(big(255), 2, big(254), 4));
    assert_false(wide_at_least(big(255), 2, big(254), 5));

    assert_int_equal(u256_cmp(wide_part(most, most, most), most), 0);
    assert_int_equal(u256_cmp(wide_part(big(200), big(199), big(201)), big(198)), 0);
    assert_int_equal(u256_cmp(wide_part(less, most, most), less), 0);
    /* 10^24 * 7 / (3 * 10^24 - 1): two, and a little less than a half */
    u256 x, t;
    assert_true(u256_from_dec("1000000000000000000000000", 25, &x));
    assert_true(u256_from_dec("2999999999999999999999999", 25, &t));
    assert_int_equal(u256_cmp(wide_part(x, u256_from_u64(7), t), u256_from_u64(2)), 0);
    assert_int_equal(u256_cmp(wide_part(u256_from_u64(3), u256_from_u64(10), u256_from_u64(7)),
                              u256_from_u64(4)),
                     0);
}

static void variation_is_compared_by_squares(void **state)
{
    (void)state;
    assert_true(wide_even(0, 0, 0, 0));
    assert_true(wide_even(3, 30, 300, 0));  /* 10 10 10 */
    assert_false(wide_even(2, 20, 202, 0)); /* 9 11: a tenth */
    assert_true(wide_even(2, 20, 202, 100));
    assert_false(wide_even(2, 20, 202, 99));
}

/* --- payers */

static void genuine_payers_pay_on_two_days_and_ten_prices(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    pay(&g, "regular", "ann", USDC(5), 0);
    pay(&g, "regular", "ann", USDC(5), G_DAY);
    pay(&g, "one day", "ann", USDC(5), 2);
    pay(&g, "one day", "ann", USDC(5), G_DAY - 1);
    pay(&g, "poor", "ann", USDC(5), 3);
    pay(&g, "poor", "ann", USDC(5) - 1, G_DAY);
    pay(&g, "split", "ann", USDC(5), 4); /* ten prices, but of two authors */
    pay(&g, "split", "bob", USDC(5), G_DAY);
    pay(&g, "ann-owner", "ann", USDC(50), 5);
    pay(&g, "ann-owner", "ann", USDC(50), G_DAY);
    judge(&g);
    struct gsum s = sums_of(&g, WINDOW_ALL, g.model[0]);
    assert_int_equal(s.strict, 1);
    assert_int_equal(s.loose, 4);
    assert_int_equal(s.clusters, 4);
    assert_int_equal(s.payments, 7);
    s = sums_of(&g, WINDOW_ALL, 0);
    assert_int_equal(s.strict, 1);
    assert_int_equal(s.loose, 4);
    assert_int_equal(s.low, USDC(40) - 1);
    assert_int_equal(s.high, USDC(40) - 1);
    gw_close(&g);
}

static void the_least_price_ever_is_what_counts(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    ok(store_commit(g.w.w, E));
    put_listing(&g.w, (struct w_listing){.owner = "ann-owner",
                                         .author = "ann",
                                         .name = "ann-model",
                                         .pay_to = "ann",
                                         .price = 1000,
                                         .day = 1});
    ok(store_begin(g.w.w, E));
    pay(&g, "x", "ann", 5000, 0);
    pay(&g, "x", "ann", 5000, G_DAY);
    pay(&g, "y", "ann", 5000, 0);
    pay(&g, "y", "ann", 4999, G_DAY);
    judge(&g);
    assert_int_equal(sums_of(&g, WINDOW_ALL, g.model[0]).strict, 1);
    gw_close(&g);
}

static void a_cluster_is_one_genuine_payer(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 3; i++) {
        give(&g, "treasury", nth("agent", i), USDC(9), i);
    }
    for (int i = 0; i < 3; i++) { /* no agent alone pays on two days, nor ten prices */
        pay(&g, nth("agent", i), "ann", USDC(4), G_DAY * (1 + i));
    }
    judge(&g);
    struct gsum s = sums_of(&g, WINDOW_ALL, g.model[0]);
    assert_int_equal(s.strict, 1);
    assert_int_equal(s.loose, 1);
    assert_int_equal(s.clusters, 1);
    assert_int_equal(s.low, USDC(12));
    gw_close(&g);

    gw_open(&g);
    g.rules.on &= ~BIT(SHARED);
    for (int i = 0; i < 3; i++) {
        give(&g, "treasury", nth("agent", i), USDC(9), i);
        pay(&g, nth("agent", i), "ann", USDC(4), G_DAY * (1 + i));
    }
    judge(&g);
    assert_int_equal(sums_of(&g, WINDOW_ALL, 0).clusters, 3);
    gw_close(&g);
}

static void windows_end_at_the_figures_time(void **state)
{
    struct gw g;
    int64_t now = (W_NOW - 6) * (int64_t)G_DAY;
    (void)state;
    gw_open(&g);
    pay(&g, "x", "ann", USDC(1), now - 30 * G_DAY); /* just not in it */
    pay(&g, "x", "ann", USDC(2), now - 30 * G_DAY + 1);
    pay(&g, "x", "ann", USDC(4), now - 7 * G_DAY);
    pay(&g, "x", "ann", USDC(8), now - 1);
    judge(&g);
    assert_int_equal(sums_of(&g, WINDOW_7D, 0).low, USDC(8));
    assert_int_equal(sums_of(&g, WINDOW_30D, 0).low, USDC(14));
    assert_int_equal(sums_of(&g, WINDOW_90D, 0).low, USDC(15));
    assert_int_equal(sums_of(&g, WINDOW_ALL, 0).low, USDC(15));
    assert_int_equal(sums_of(&g, WINDOW_30D, 0).strict, 1); /* 14 prices on three days */
    assert_int_equal(sums_of(&g, WINDOW_7D, 0).strict, 0);
    gw_close(&g);
}

static void refunds_are_taken_off_once(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    put_amount(&g, "x", "ann", u256_from_u64(USDC(3)), 0, PAY_ESCROW, "USDC");
    put_amount(&g, "x", "ann", u256_from_u64(USDC(1)), 1, PAY_REFUND, "USDC");
    put_amount(&g, "ann-owner", "ann", u256_from_u64(USDC(5)), 2, PAY_ESCROW, "USDC");
    put_amount(&g, "ann-owner", "ann", u256_from_u64(USDC(5)), 3, PAY_REFUND, "USDC");
    judge(&g);
    struct gsum s = sums_of(&g, WINDOW_ALL, g.model[0]);
    assert_int_equal(s.low, USDC(2));
    assert_int_equal(s.high, USDC(2));
    gw_close(&g);
}

static void strangers_and_lists_are_not_judged(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    struct where stray = pay(&g, "x", "nobody's address", 1, 0);
    struct where early = {g_block(-7 * G_DAY), g.w.log};
    pay(&g, "x", "ann", 1, -7 * G_DAY); /* the listing is of a later day */
    struct pay_in listed = {.chain = W_PAY_CHAIN,
                            .block = g_block(2),
                            .log = g.w.log++,
                            .payer = addr_of("ann-owner"),
                            .payee = addr_of("ann"),
                            .asset = addr_of("USDC"),
                            .amount = u256_from_u64(1),
                            .scheme = PAY_PLAIN,
                            .tier = TIER_LISTED,
                            .time = g_time(2)};
    ok(store_pay_put(g.w.w, &listed, g.w.src, E));
    judge(&g);
    assert_bits(&g, stray, 0);
    assert_bits(&g, ((struct where){listed.block, listed.log}), 0);
    (void)early;
    gw_close(&g);
}

static void amounts_of_256_bits_are_exact(void **state)
{
    struct gw g;
    struct genuine_out out;
    struct arena a;
    struct assets known;
    bool found;
    int64_t usdc = 0;
    (void)state;
    gw_open(&g);
    u256 two = big(250), one = big(249), three;
    assert_true(u256_add(two, one, &three));
    flow_of(&g, "exchange", "x", one, 0, FLOW_PLAIN);
    flow_of(&g, "ann", "x", two, 1, FLOW_PLAIN); /* two thirds */
    struct where p = put_amount(&g, "x", "ann", three, 2, PAY_EIP3009, "USDC");
    judge(&g);
    unsigned bits;
    u256 excluded;
    assert_true(store_judged_get(g.w.w, W_PAY_CHAIN, p.block, p.log, &bits, &excluded));
    assert_int_equal(bits, BIT(FUNDED));
    assert_int_equal(u256_cmp(excluded, two), 0);
    arena_init(&a, 1 << 20);
    ok(assets_load(g.w.w, &known, E));
    ok(store_genuine_get(g.w.w, WINDOW_ALL, 0, &a, &out, &found, E));
    assert_true(found && store_addr_find(g.w.w, addr_of("USDC"), &usdc));
    assert_int_equal(u256_cmp(unpack_asset(out.low, usdc), one), 0);
    assert_int_equal(u256_cmp(unpack_asset(out.high, usdc), three), 0);
    arena_release(&a);
    gw_close(&g);
}

static void weeks_have_bounds_and_a_median(void **state)
{
    struct gw g;
    (void)state;
    gw_open(&g);
    for (int i = 1; i <= 4; i++) {
        pay(&g, "x", "ann", USDC(i), i);
    }
    put_amount(&g, "x", "ann", u256_from_u64(USDC(100)), 5, PAY_UPTO, "USDC"); /* no call */
    pay(&g, "ann-owner", "ann", USDC(5), 2 * WEEK);
    judge(&g);
    struct query_run q = query_open(g.w.w, "SELECT low, high, median FROM genuine_week"
                                           " ORDER BY week");
    uint64_t v[2][3] = {{0}};
    int64_t usdc = 0;
    assert_true(store_addr_find(g.w.w, addr_of("USDC"), &usdc));
    for (int row = 0; query_next(&q); row++) {
        assert_in_range(row, 0, 1);
        for (int i = 0; i < 3; i++) {
            assert_true(u256_fits_u64(unpack_asset(query_col_text(&q, i), usdc), &v[row][i]));
        }
    }
    ok(query_close(&q, E));
    assert_int_equal(v[0][0], USDC(110));
    assert_int_equal(v[0][1], USDC(110));
    assert_int_equal(v[0][2], USDC(2.5));
    assert_int_equal(v[1][0], 0);
    assert_int_equal(v[1][1], 0);
    assert_int_equal(v[1][2], USDC(5));
    gw_close(&g);
}

/* --- findings */

static const struct finding_row *finding(const struct findings *f, enum rule rule)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->row[i].rule == rule) {
            return &f->row[i];
        }
    }
    fail_msg("no finding of %s", rule_name(rule));
    return NULL;
}

static void findings_tell_with_evidence(void **state)
{
    struct gw g;
    struct findings *f;
    struct evidence *v;
    char text[ADDRESS_BUF];
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 3; i++) {
        give(&g, "ann-owner", nth("wallet", i), USDC(10), i);
    }
    for (int i = 0; i < 9; i++) {
        pay(&g, nth("wallet", i % 3), "ann", USDC(1), HOUR + i);
    }
    pay(&g, "bob-owner", "bob", USDC(7), 3 * HOUR);
    judge(&g);

    ok(findings_load(g.w.w, WINDOW_ALL, 0, 100, &f, E));
    assert_int_equal(f->n, 5); /* funded of each wallet, shared, self */
    assert_int_equal(f->total, 5);
    assert_int_equal(f->row[0].rule, RULE_SELF); /* the newest */
    assert_string_equal(f->row[0].author, "bob");
    assert_string_equal(f->row[0].model, "bob-model");
    assert_int_equal(f->by_rule[RULE_FUNDED], 9);
    assert_int_equal(f->by_rule[RULE_SHARED], 9);
    assert_int_equal(f->by_rule[RULE_SELF], 1);
    assert_int_equal(f->amount[RULE_FUNDED].n, 1);
    assert_string_equal(f->amount[RULE_FUNDED].of[0].symbol, "USDC");
    assert_int_equal(u256_cmp(f->amount[RULE_FUNDED].of[0].value, u256_from_u64(USDC(9))), 0);
    const struct finding_row *shared = finding(f, RULE_SHARED);
    assert_int_equal(shared->payments, 9);
    assert_int_equal(shared->payers, 3);
    assert_true(address_is_zero(shared->payer));
    assert_true(address_eq(shared->payee, addr_of("ann")));
    char want[160];
    snprintf(want, sizeof want, "3 payers were first funded by %s within 24 hours of one another",
             address_format(addr_of("ann-owner"), text));
    assert_string_equal(shared->words, want);
    const struct finding_row *funded = finding(f, RULE_FUNDED);
    assert_int_equal(funded->payments, 3);
    assert_true(address_eq(funded->payer, addr_of("wallet 2"))); /* the last of the three */
    assert_string_equal(funded->words,
                        "up to 100.0 % of what this payer received came from the author");

    ok(evidence_load(g.w.w, funded->id, &v, E));
    assert_int_equal(v->n, 4);
    assert_false(v->row[0].payment); /* the funding comes first */
    assert_true(address_eq(v->row[0].from, addr_of("ann-owner")));
    assert_true(address_eq(v->row[0].to, addr_of("wallet 2")));
    assert_int_equal(u256_cmp(v->row[0].amount.value, u256_from_u64(USDC(10))), 0);
    assert_true(v->row[1].payment && v->row[2].payment && v->row[3].payment);
    assert_int_equal(v->row[3].time, g_time(HOUR + 8));
    assert_int_equal(strlen(v->row[3].tx), 66);
    evidence_free(v);
    ok(evidence_load(g.w.w, 999, &v, E));
    assert_int_equal(v->n, 0);
    evidence_free(v);
    findings_free(f);

    ok(findings_load(g.w.w, WINDOW_ALL, g.model[1], 100, &f, E));
    assert_int_equal(f->n, 1);
    assert_int_equal(f->by_rule[RULE_FUNDED], 0);
    findings_free(f);
    ok(findings_load(g.w.w, WINDOW_ALL, -author_id(&g, "ann"), 2, &f, E));
    assert_int_equal(f->n, 2);
    assert_int_equal(f->total, 4);
    findings_free(f);
    ok(findings_load(g.w.w, WINDOW_7D, 0, 100, &f, E)); /* all of it is older */
    assert_int_equal(f->n, 0);
    assert_int_equal(f->by_rule[RULE_SELF], 0);
    findings_free(f);
    gw_close(&g);
}

static void evidence_of_circles_and_returns_shows_the_way(void **state)
{
    struct gw g;
    struct findings *f;
    struct evidence *v;
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 30; i++) {
        pay(&g, "x", "ann", USDC(1), 10 * i);
        give(&g, "ann", "x", USDC(1), 10 * i + 1);
    }
    give(&g, "bob", "y", USDC(1), 999); /* given, but nothing was paid: no finding */
    judge(&g);
    ok(findings_load(g.w.w, WINDOW_ALL, 0, 100, &f, E));
    for (enum rule r = RULE_RETURN; r <= RULE_CYCLE; r++) {
        const struct finding_row *row = finding(f, r);
        size_t payments = 0;
        assert_int_equal(row->payments, 30);
        ok(evidence_load(g.w.w, row->id, &v, E));
        assert_int_equal(v->n, FINDING_ROWS - 10); /* all payments, 24 of the transfers */
        for (size_t i = 0; i < v->n; i++) {
            payments += v->row[i].payment;
            assert_true(i == 0 || v->row[i].time >= v->row[i - 1].time);
        }
        assert_int_equal(payments, 30);
        evidence_free(v);
    }
    findings_free(f);
    gw_close(&g);
}

/* --- random worlds */

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void random_world(struct gw *g, uint64_t seed)
{
    static const char *const name[] = {"ann", "bob",       "cat",       "dan",      "w0", "w1",
                                       "w2",  "w3",        "w4",        "w5",       "w6", "w7",
                                       "hub", "ann-owner", "bob-owner", "cat-owner"};
    gw_open(g);
    g->rules.hub_fundees = 6;
    int64_t t = 0;
    for (int i = 0; i < 400; i++) {
        const char *a = name[random_next(&seed) % 16], *b = name[random_next(&seed) % 16];
        uint64_t x = 1 + random_next(&seed) % 3 * 500 + random_next(&seed) % 2;
        int64_t steps[] = {0, 1, 30, HOUR, 5 * HOUR, 20 * HOUR};
        t += steps[random_next(&seed) % 6];
        switch (random_next(&seed) % 8) {
        case 0:
        case 1:
        case 2:
            give(g, a, b, x * 3, t);
            break;
        case 3:
            flow_of(g, random_next(&seed) % 2 ? NULL : a, b, u256_from_u64(x), t,
                    (enum flow_kind)(1 + random_next(&seed) % 3));
            break;
        case 4: /* a wallet of this author pays him, and has it back */
            b = name[seed % 4];
            a = name[4 + seed % 4];
            for (int k = 0; k < 3; k++) {
                pay(g, a, b, 1000, t);
                give(g, b, a, 1000, t);
            }
            break;
        default:
            put_amount(g, random_next(&seed) % 20 ? a : NULL, name[random_next(&seed) % 4],
                       u256_from_u64(x), t, random_next(&seed) % 9 ? PAY_EIP3009 : PAY_UPTO,
                       "USDC");
        }
    }
}

/* One number for all that was judged. */
static uint64_t print_all(struct store *s)
{
    static const char *const sql[] = {
        "SELECT * FROM judged ORDER BY 1, 2, 3",       "SELECT * FROM finding ORDER BY 1",
        "SELECT * FROM finding_row ORDER BY 1, 2",     "SELECT * FROM linked ORDER BY 1, 2, 3",
        "SELECT * FROM genuine_stat ORDER BY 1, 2, 3", "SELECT * FROM genuine_week ORDER BY 1"};
    struct keccak k = {{0}, 0};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        struct query_run q = query_open(s, sql[i]);
        while (query_next(&q)) {
            for (int c = 0; c < sqlite3_column_count(q.st); c++) {
                const void *p = sqlite3_column_blob(q.st, c);
                keccak_add(&k, p ? p : "", (size_t)sqlite3_column_bytes(q.st, c));
                keccak_add(&k, "|", 1);
            }
        }
        ok(query_close(&q, E));
    }
    bytes32 h = keccak_end(&k);
    uint64_t out;
    memcpy(&out, h.b, sizeof out);
    return out;
}

static souk_err add_excluded(void *ud, const struct move_row *row, struct err *e)
{
    struct gw *g = ((void **)ud)[0];
    u256 *sum = ((void **)ud)[1];
    unsigned bits;
    u256 excluded;
    (void)e;
    if (row->payment &&
        store_judged_get(g->w.w, W_PAY_CHAIN, row->block, row->log, &bits, &excluded)) {
        assert_true(u256_cmp(excluded, row->amount) <= 0);
        assert_true(bits != 0);
        (void)u256_add(*sum, excluded, sum);
    }
    return SOUK_OK;
}

static uint64_t raw_income(struct gw *g, int64_t author)
{
    struct figures_row f;
    struct arena a;
    uint64_t n = 0;
    int64_t usdc = 0;
    arena_init(&a, 1 << 20);
    assert_true(store_addr_find(g->w.w, addr_of("USDC"), &usdc));
    ok(store_figures(g->w.w, WINDOW_ALL, -author, &a, &f, E));
    assert_true(u256_fits_u64(unpack_asset(f.income, usdc), &n));
    arena_release(&a);
    return n;
}

static void bounds_hold_in_any_world(void **state)
{
    static const char *const author[] = {"ann", "bob", "cat", "dan"};
    unsigned seen = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct gw g;
        random_world(&g, seed * 7919);
        judge(&g);
        uint64_t raw = 0, low = 0;
        for (int i = 0; i < 4; i++) {
            int64_t id = author_id(&g, author[i]);
            struct gsum s = sums_of(&g, WINDOW_ALL, -id), m = sums_of(&g, WINDOW_ALL, g.model[i]);
            uint64_t income = raw_income(&g, id);
            assert_true(s.low <= s.high && s.high <= income);
            assert_true(s.strict <= s.loose && s.loose <= s.clusters);
            assert_int_equal(m.low, s.low); /* each has one model */
            assert_int_equal(m.clusters, s.clusters);
            raw += income;
            low += s.low;
        }
        u256 excluded = U256_ZERO;
        uint64_t out = 0;
        void *ud[] = {&g, &excluded};
        ok(store_each_move(g.w.w, W_PAY_CHAIN, 0, add_excluded, ud, E));
        assert_true(u256_fits_u64(excluded, &out));
        assert_int_equal(raw - low, out);
        assert_int_equal(sums_of(&g, WINDOW_ALL, 0).low, low);
        struct findings *f;
        ok(findings_load(g.w.w, WINDOW_ALL, 0, 1000, &f, E));
        uint64_t by_rule[RULE_COUNT] = {0};
        for (size_t i = 0; i < f->n; i++) {
            by_rule[f->row[i].rule] += f->row[i].payments;
            seen |= 1u << f->row[i].rule;
        }
        for (int r = 0; r < RULE_COUNT; r++) {
            assert_int_equal(by_rule[r], f->by_rule[r]); /* every bit is in one finding */
        }
        findings_free(f);

        uint64_t print = print_all(g.w.w);
        g.known.print++; /* makes it stale; says the same */
        ok(genuine_judge(g.w.w, &g.w.net, &g.rules, &g.known, NULL, E));
        assert_true(print == print_all(g.w.w));
        gw_close(&g);
    }
    /* The worlds are not so tame that the rules had nothing to do. */
    assert_int_equal(seen & (BIT(SELF) | BIT(FUNDED) | BIT(RETURN) | BIT(CYCLE) | BIT(UNKNOWN)),
                     BIT(SELF) | BIT(FUNDED) | BIT(RETURN) | BIT(CYCLE) | BIT(UNKNOWN));
}

/* --- when it is due, and when it ends early */

static void it_is_stale_when_anything_changed(void **state)
{
    struct gw g;
    (void)state;
    random_world(&g, 5);
    assert_true(genuine_stale(g.w.w, &g.rules, &g.known));
    judge(&g);
    struct rules other = g.rules;
    other.funded_share--;
    assert_true(genuine_stale(g.w.w, &other, &g.known));
    struct known more = g.known;
    more.print++;
    assert_true(genuine_stale(g.w.w, &g.rules, &more));
    ok(store_begin(g.w.w, E));
    pay(&g, "x", "ann", 1, 400 * G_DAY);
    ok(store_commit(g.w.w, E));
    assert_true(genuine_stale(g.w.w, &g.rules, &g.known));
    assert_int_equal(store_meta_int(g.w.w, "judged_at", 0), at(W_NOW, 0));
    gw_close(&g);
}

static void stopping_leaves_what_was_there(void **state)
{
    struct gw g;
    struct err e = {0};
    atomic_bool stop = true;
    (void)state;
    gw_open(&g);
    for (int i = 0; i < 1100; i++) {
        pay(&g, "ann-owner", "ann", 1, i);
    }
    judge(&g);
    uint64_t print = print_all(g.w.w);
    g.rules.on = 0;
    assert_int_equal(genuine_judge(g.w.w, &g.w.net, &g.rules, &g.known, &stop, &e), SOUK_ECANCEL);
    assert_true(print == print_all(g.w.w));
    assert_true(genuine_stale(g.w.w, &g.rules, &g.known));
    gw_close(&g);
}

static void without_memory_nothing_changes(void **state)
{
    struct gw g;
    struct err e = {0};
    souk_err rc = SOUK_ENOMEM;
    (void)state;
    random_world(&g, 77);
    judge(&g);
    uint64_t print = print_all(g.w.w), fails = 0;
    g.known.print++;
    for (unsigned long i = 1; rc != SOUK_OK; i += 1 + i / 24) {
        mem_fail_at(i, true);
        rc = genuine_judge(g.w.w, &g.w.net, &g.rules, &g.known, NULL, &e);
        mem_fail_at(0, false);
        assert_true(rc == SOUK_OK || rc == SOUK_ENOMEM);
        assert_true(print == print_all(g.w.w));
        fails += rc != SOUK_OK;
    }
    assert_true(fails > 20);
    struct findings *f;
    rc = SOUK_ENOMEM;
    for (unsigned long i = 1; rc != SOUK_OK; i++) {
        mem_fail_at(i, true);
        rc = findings_load(g.w.w, WINDOW_ALL, 0, 50, &f, &e);
        mem_fail_at(0, false);
    }
    findings_free(f);
    gw_close(&g);
}

/* --- thresholds tried */

static void count_progress(void *ud, unsigned done)
{
    unsigned *last = ud;
    assert_int_equal(done, *last + 1);
    *last = done;
}

static void thresholds_are_tried_on_both_sides(void **state)
{
    struct gw g;
    struct sensitivity s[THRESHOLDS];
    unsigned done = 0;
    (void)state;
    gw_open(&g);
    give(&g, "exchange", "x", 700, 0);
    give(&g, "ann", "x", 300, 1); /* three tenths: found at a quarter, not at a half */
    pay(&g, "x", "ann", 1000, 2);
    judge(&g);
    uint64_t print = print_all(g.w.w);
    ok(genuine_sensitivity(g.w.w, &g.w.net, &g.rules, &g.known, WINDOW_ALL, addr_of("USDC"), NULL,
                           count_progress, &done, s, E));
    assert_int_equal(done, THRESHOLDS);
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        const struct threshold *t = threshold_at(i);
        bool funded = strcmp(t->name, "funded_share") == 0;
        assert_int_equal(s[i].threshold, i);
        assert_in_range(s[i].value[0], t->least, t->most);
        assert_in_range(s[i].value[2], t->least, t->most);
        assert_int_equal(u256_cmp(s[i].low[0], u256_from_u64(funded ? 700 : 1000)), 0);
        assert_int_equal(u256_cmp(s[i].low[1], u256_from_u64(1000)), 0);
        assert_int_equal(u256_cmp(s[i].low[2], u256_from_u64(1000)), 0);
    }
    assert_true(print == print_all(g.w.w)); /* nothing was written */
    ok(store_begin(g.w.w, E));
    pay(&g, "x", "ann", 1, 9);
    ok(store_commit(g.w.w, E));
    struct err e = {0};
    assert_int_equal(genuine_sensitivity(g.w.w, &g.w.net, &g.rules, &g.known, WINDOW_ALL,
                                         addr_of("USDC"), NULL, NULL, NULL, s, &e),
                     SOUK_EINPUT);
    gw_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_do_not_overflow),
        cmocka_unit_test(variation_is_compared_by_squares),
        cmocka_unit_test(genuine_payers_pay_on_two_days_and_ten_prices),
        cmocka_unit_test(the_least_price_ever_is_what_counts),
        cmocka_unit_test(a_cluster_is_one_genuine_payer),
        cmocka_unit_test(windows_end_at_the_figures_time),
        cmocka_unit_test(refunds_are_taken_off_once),
        cmocka_unit_test(strangers_and_lists_are_not_judged),
        cmocka_unit_test(amounts_of_256_bits_are_exact),
        cmocka_unit_test(weeks_have_bounds_and_a_median),
        cmocka_unit_test(findings_tell_with_evidence),
        cmocka_unit_test(evidence_of_circles_and_returns_shows_the_way),
        cmocka_unit_test(bounds_hold_in_any_world),
        cmocka_unit_test(it_is_stale_when_anything_changed),
        cmocka_unit_test(stopping_leaves_what_was_there),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(thresholds_are_tried_on_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
