/* stats.h against published values, against definitions computed the slow way, and by simulation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "market/stats.h"

#include "base/banned.h"

enum { MOST = 64 };
static const u256 MAX256 = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

static uint64_t chance(void) /* xorshift64, by Marsaglia */
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static double fraction(void) /* in (0, 1) */
{
    return ((double)(chance() >> 11) + 0.5) / 9007199254740992.0;
}

static void near(double got, double want)
{
    if (fabs(got - want) > 1e-9 * fabs(want)) {
        fail_msg("%.12g is not %.12g", got, want);
    }
}

static void amounts(u256 *out, const uint64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = u256_from_u64(v[i]);
    }
}
#define OF(name, ...)                                   \
    static const uint64_t name##_raw[] = {__VA_ARGS__}; \
    u256 name[sizeof name##_raw / sizeof *name##_raw];  \
    const size_t name##_n = sizeof name / sizeof *name; \
    amounts(name, name##_raw, name##_n)

/* --- concentration */

static void of_none_and_one(void **state)
{
    (void)state;
    struct concentration c;
    u256 one = u256_from_u64(7), q[3];
    uint32_t curve[3];
    concentration(NULL, 0, &c);
    assert_true(c.n == 0 && !c.gini && !c.hhi && !c.half && !c.top1 && !c.top10);
    assert_true(c.effective == 0);
    concentration(&one, 1, &c);
    assert_true(c.n == 1 && c.gini == 0 && c.hhi == PPM && c.half == 1);
    assert_true(c.top1 == PPM && c.top10 == PPM && c.effective == 1);
    concentration(&U256_ZERO, 1, &c);
    assert_true(c.n == 1 && !c.hhi && !c.half && c.effective == 0);
    lorenz(NULL, 0, curve, 2);
    assert_true(!curve[0] && !curve[1] && !curve[2]);
    lorenz(&one, 1, curve, 2); /* straight between nothing and all */
    assert_true(curve[0] == 0 && curve[1] == PPM / 2 && curve[2] == PPM);
    quartiles(NULL, 0, q);
    assert_true(u256_is_zero(q[0]) && u256_is_zero(q[1]) && u256_is_zero(q[2]));
    quartiles(&one, 1, q);
    assert_true(!u256_cmp(q[0], one) && !u256_cmp(q[1], one) && !u256_cmp(q[2], one));
}

static void by_hand(void **state)
{
    (void)state;
    struct concentration c;
    OF(five, 1, 2, 3, 4, 5); /* sum of (2i - 6) x = 20; 20 / (4 · 15) */
    concentration(five, five_n, &c);
    assert_int_equal(c.gini, 333333);
    assert_int_equal(c.hhi, 244444); /* 55 / 225 */
    near(c.effective, 225.0 / 55);
    assert_int_equal(c.top1, 333333);
    assert_int_equal(c.top10, PPM);
    assert_int_equal(c.half, 2); /* 9 of 15 */
    OF(zeros, 0, 0, 0, 10);      /* (3 · 10) / (3 · 10) */
    concentration(zeros, zeros_n, &c);
    assert_true(c.gini == PPM && c.hhi == PPM && c.half == 1 && c.n == 4);
    OF(many, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    concentration(many, many_n, &c);
    assert_true(c.gini == 0 && c.hhi == 50000 && c.half == 10);
    assert_true(c.top1 == 50000 && c.top10 == 500000 && c.effective == 20);
}

/* Gini's other definition: the mean difference of two drawn, over twice the mean. */
static void as_defined(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        u256 v[MOST];
        double x[MOST], total = 0, apart = 0, squares = 0;
        size_t n = 2 + chance() % (MOST - 2);
        for (size_t i = 0; i < n; i++) {
            v[i] = u256_from_u64(chance() % 4 ? chance() >> (chance() % 50 + 14) : 0);
        }
        u256_sort(v, n);
        for (size_t i = 0; i < n; i++) {
            uint64_t w;
            assert_true(u256_fits_u64(v[i], &w));
            assert_true(i == 0 || u256_cmp(v[i - 1], v[i]) <= 0);
            x[i] = (double)w;
            total += x[i];
        }
        if (total <= 0) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            squares += x[i] / total * (x[i] / total);
            for (size_t j = 0; j < n; j++) {
                apart += fabs(x[i] - x[j]);
            }
        }
        double m = (double)n, gini = apart / (2 * m * total) * m / (m - 1);
        struct concentration c;
        concentration(v, n, &c);
        assert_true(fabs(c.gini - gini * PPM) < 1.001);
        assert_true(fabs(c.hhi - squares * PPM) < 1.001);
        near(c.effective, 1 / squares);
        assert_true(c.gini <= PPM && c.top1 <= c.top10 && c.top10 <= PPM);
        uint32_t curve[MOST + 1];
        lorenz(v, n, curve, n); /* the places fall on the amounts */
        double held = 0;
        assert_int_equal(curve[0], 0);
        for (size_t i = 0; i < n; i++) {
            held += x[i];
            assert_true(fabs(curve[i + 1] - held / total * PPM) < 1.001);
        }
        assert_int_equal(curve[n], PPM);
        lorenz(v, n, curve, 50);
        for (size_t k = 1; k <= 50; k++) { /* rises, and ever steeper: below the diagonal */
            assert_true(curve[k] >= curve[k - 1] && curve[k] <= PPM / 50 * k);
            assert_true(k < 2 || curve[k] - curve[k - 1] + 2 >= curve[k - 1] - curve[k - 2]);
        }
    }
}

/* The same shares in other units are the same figures, up to the largest amounts there are. */
static void scale_does_not_matter(void **state)
{
    (void)state;
    struct concentration small, large;
    uint32_t curve[51], other[51];
    for (int round = 0; round < 100; round++) {
        u256 v[MOST], w[MOST];
        size_t n = 1 + chance() % MOST;
        for (size_t i = 0; i < n; i++) {
            v[i] = u256_from_u64(chance() >> 24); /* 40 bits */
        }
        u256_sort(v, n);
        unsigned words = (unsigned)(chance() % 4);
        for (size_t i = 0; i < n; i++) {
            w[i] = U256_ZERO;
            w[i].w[words] = v[i].w[0] << 18; /* words 3: the total passes 256 bits now and then */
        }
        concentration(v, n, &small);
        concentration(w, n, &large);
        assert_int_equal(small.gini, large.gini);
        assert_int_equal(small.hhi, large.hhi);
        assert_int_equal(small.half, large.half);
        lorenz(v, n, curve, 50);
        lorenz(w, n, other, 50);
        assert_memory_equal(curve, other, sizeof curve);
    }
    const u256 top[4] = {MAX256, MAX256, MAX256, MAX256}; /* their sum does not fit */
    concentration(top, 4, &large);
    assert_true(large.gini == 0 && large.hhi == 250000 && large.half == 2);
    lorenz(top, 4, curve, 4);
    assert_true(curve[1] == 250000 && curve[4] == PPM);
    u256 q[3];
    quartiles(top, 4, q);
    assert_true(u256_cmp(q[1], MAX256) == 0);
    const u256 one[3] = {U256_ZERO, u256_from_u64(1), MAX256};
    concentration(one, 3, &large);
    assert_true(large.gini == PPM && large.top1 == PPM && large.half == 1);
}

static void shares_of_amounts(void **state)
{
    (void)state;
    const u256 one = u256_from_u64(1), three = u256_from_u64(3);
    assert_int_equal(amount_share(one, three), 333333);
    assert_int_equal(amount_share(U256_ZERO, three), 0);
    assert_int_equal(amount_share(three, three), PPM);
    assert_int_equal(amount_share(three, one), PPM);
    assert_int_equal(amount_share(one, U256_ZERO), 0);
    assert_int_equal(amount_share(U256_ZERO, U256_ZERO), 0);
    assert_int_equal(amount_share(MAX256, MAX256), PPM);
    assert_int_equal(amount_share((u256){{0, 0, 0, 1ull << 62}}, MAX256), 250000);
}

static void quartile_values(void **state)
{
    (void)state;
    u256 q[3];
    OF(odd, 6, 7, 15, 36, 39, 40, 41, 42, 43, 47, 49); /* a textbook's: 15, 40, 43 */
    quartiles(odd, odd_n, q);
    assert_true(q[0].w[0] == 15 && q[1].w[0] == 40 && q[2].w[0] == 43);
    OF(even, 7, 15, 36, 39, 40, 41); /* 15, 37.5, 40 */
    quartiles(even, even_n, q);
    assert_true(q[0].w[0] == 15 && q[1].w[0] == 37 && q[2].w[0] == 40);
    OF(two, 1, 4);
    quartiles(two, two_n, q);
    assert_true(q[0].w[0] == 1 && q[1].w[0] == 2 && q[2].w[0] == 4);
}

/* --- growth */

static struct growth grown(const uint64_t *v, size_t n, size_t half)
{
    struct growth g;
    growth(v, n, half, &g);
    return g;
}
#define GROWN(half, ...)                   \
    grown((const uint64_t[]){__VA_ARGS__}, \
          sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), half)

static void growth_values(void **state)
{
    (void)state;
    /* No more variable than Poisson: 2 · exp(±2.446912 · sqrt(1/40 + 1/80)) */
    struct growth g = GROWN(4, 99, 10, 10, 10, 10, 20, 20, 20, 20);
    assert_true(g.known && g.before == 40 && g.recent == 80);
    near(g.ratio, 2);
    near(g.low, 1.2452106820170887);
    near(g.high, 3.212307810852128);
    /* X² = 40 + 80 over 6 degrees: D = 20 */
    g = GROWN(4, 0, 20, 0, 20, 40, 0, 40, 0);
    near(g.low, 0.24028233688991424);
    near(g.high, 16.647082976526097);
    /* other degrees: t(2) = 4.302653, t(28) = 2.048407 */
    g = GROWN(2, 10, 10, 15, 15);
    near(g.low, 0.43317921384792146);
    near(g.high, 5.194155047314712);
    g = GROWN(15, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
              4, 4, 4);
    near(g.low, 1.265047181477888);
    near(g.high, 3.161937403257174);
    assert_int_equal(g.direction, 1);
}

static void too_few(void **state)
{
    (void)state;
    struct growth g = GROWN(4, 3, 4, 4, 4, 4, 3, 4, 3); /* 29 */
    assert_true(!g.known && g.before == 15 && g.recent == 14 && g.ratio == 0 && !g.direction);
    g = GROWN(4, 3, 4, 4, 4, 4, 3, 4, 4); /* 30 */
    assert_true(g.known);
    g = GROWN(4, 50, 50, 50, 50, 50, 50, 50); /* a week is missing */
    assert_true(!g.known && !g.before);
    g = grown(NULL, 0, 4);
    assert_true(!g.known);
}

static void from_and_to_nothing(void **state)
{
    (void)state;
    struct growth g = GROWN(4, 0, 0, 0, 0, 10, 10, 10, 10);
    assert_true(g.known && isinf(g.ratio) && isinf(g.high));
    near(g.low, 2.491034072594764); /* 81 · exp(-t · sqrt(1/0.5 + 1/40.5)) */
    assert_int_equal(g.direction, 1);
    g = GROWN(4, 10, 10, 10, 10, 0, 0, 0, 0);
    assert_true(g.known && g.ratio == 0 && g.low == 0);
    near(g.high, 0.4014397117251627);
    assert_int_equal(g.direction, -1);
}

/* A sum of equal amounts grows as their number does, whatever the unit. */
static void sums(void **state)
{
    (void)state;
    for (uint64_t unit = 1; unit < 1u << 30; unit *= 7) {
        uint64_t events[9], v[9];
        for (size_t i = 0; i < 9; i++) {
            events[i] = chance() % 20 + 5;
            v[i] = events[i] * unit;
        }
        struct growth a = grown(events, 9, 4), b;
        growth_of_sum(v, events, 9, 4, &b);
        assert_true(b.known && b.direction == a.direction && b.before == a.before * unit);
        near(b.ratio, a.ratio);
        near(b.low, a.low);
        near(b.high, a.high);
    }
    static const uint64_t few[8] = {1, 0, 0, 0, 0, 0, 0, 1}, large[8] = {1u << 30, [7] = 1u << 30};
    struct growth g;
    growth_of_sum(large, few, 8, 4, &g);
    assert_false(g.known);
    static const uint64_t events[8] = {9, 9, 9, 9, 9, 9, 9, 9}, nothing[8] = {0};
    growth_of_sum(nothing, events, 8, 4, &g);
    assert_false(g.known);
}

static void direction(void **state)
{
    (void)state;
    static const uint64_t up[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, ties[] = {1, 2, 2, 3, 3, 3},
                          flat[] = {4, 4, 4, 4, 4};
    near(mann_kendall(up, 10), 44 / sqrt(125));     /* S 45, variance 10·9·25/18 */
    near(mann_kendall(ties, 6), 2.055566129482595); /* S 11, (510 - 18 - 66)/18 */
    assert_true(mann_kendall(flat, 5) == 0 && mann_kendall(up, 1) == 0 && mann_kendall(up, 0) == 0);
    for (int round = 0; round < 50; round++) { /* backwards, the other sign */
        uint64_t v[12], back[12];
        for (size_t i = 0; i < 12; i++) {
            v[i] = back[11 - i] = chance() % 6;
        }
        assert_true(mann_kendall(v, 12) == -mann_kendall(back, 12));
    }
}

/* --- by simulation: how often is the truth in the interval? */

static uint64_t poisson(double mean)
{
    double p = 1, floor = exp(-mean);
    uint64_t k = 0;
    for (; (p *= fraction()) > floor; k++) {
    }
    return k;
}

/* Negative-binomial counts, as Poisson of a mean that varies by a gamma of whole shape. */
static uint64_t clumped(double mean, int shape)
{
    double log_product = 0;
    for (int i = 0; i < shape; i++) {
        log_product += log(fraction());
    }
    return poisson(-log_product * mean / shape);
}

static double coverage(double mean, double ratio, int shape)
{
    enum { TRIALS = 2000 };
    int within = 0;
    for (int t = 0; t < TRIALS; t++) {
        uint64_t v[8];
        for (int i = 0; i < 8; i++) {
            double m = i < 4 ? mean : mean * ratio;
            v[i] = shape ? clumped(m, shape) : poisson(m);
        }
        struct growth g = grown(v, 8, 4);
        within += g.known && g.low <= ratio && ratio <= g.high;
    }
    return (double)within / TRIALS;
}

static void covers(void **state)
{
    (void)state;
    struct {
        double mean, ratio;
        int shape; /* 0: plain Poisson; variance is mean + mean² / shape */
    } of[] = {{25, 1, 0}, {25, 1, 4}, {40, 1, 2}, {25, 1.5, 4}, {40, 0.5, 3}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        double c = coverage(of[i].mean, of[i].ratio, of[i].shape);
        /* Measured 0.96; 0.99 for plain Poisson, as the dispersion is never below 1. */
        if (c < 0.94 || c > 0.995) {
            fail_msg("mean %g, ratio %g, shape %d: the interval holds the truth in %.3f",
                     of[i].mean, of[i].ratio, of[i].shape, c);
        }
    }
}

/* --- shares. Published: Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */

static void wilson_values(void **state)
{
    (void)state;
    static const struct {
        uint64_t k, n;
        double low, high;
    } of[] = {{81, 263, 0.2553, 0.3662},
              {15, 148, 0.0624, 0.1605},
              {0, 20, 0, 0.1611},
              {1, 29, 0.0061, 0.1718}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct share s = wilson(of[i].k, of[i].n);
        assert_true(fabs(s.low / 1e6 - of[i].low) < 0.00006);
        assert_true(fabs(s.high / 1e6 - of[i].high) < 0.00006);
        assert_int_equal(s.point, of[i].k * PPM / of[i].n);
    }
    struct share none = wilson(0, 0), all = wilson(5, 5);
    assert_true(none.point == 0 && none.low == 0 && none.high == PPM);
    assert_true(all.point == PPM && all.high == PPM && all.low > 500000 && all.low < 600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_none_and_one),     cmocka_unit_test(by_hand),
        cmocka_unit_test(as_defined),          cmocka_unit_test(scale_does_not_matter),
        cmocka_unit_test(shares_of_amounts),   cmocka_unit_test(quartile_values),
        cmocka_unit_test(growth_values),       cmocka_unit_test(too_few),
        cmocka_unit_test(from_and_to_nothing), cmocka_unit_test(sums),
        cmocka_unit_test(direction),           cmocka_unit_test(covers),
        cmocka_unit_test(wilson_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
