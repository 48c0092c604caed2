/* The limits as a pure function: the decision vectors that are policy's business, its edges, and
 * the one property everything hangs on: whatever is asked for, the caps hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decisions.h"
#include "wallet/policy.h"

#include "base/banned.h"

static void every_decision_of_policy_is_the_stated_one(void **state)
{
    (void)state;
    struct decisions d;
    decisions_load(&d);
    assert_int_equal(d.n, 19);
    for (size_t i = 0; i < d.n; i++) {
        const struct decision_case *c = &d.c[i];
        enum refusal r = REFUSE_ASSET;
        for (size_t o = 0; o < c->offers && r != REFUSE_NOT; o++) {
            struct spend_request rq = {.typed = &c->typed[o],
                                       .quoted = c->quoted,
                                       .pinned = &d.pinned,
                                       .accounts = &d.payer,
                                       .n_accounts = 1,
                                       .now = d.now,
                                       .killed = c->killed};
            r = policy_payment(d.limits, d.n_limits, &c->spent[o], &rq);
        }
        if (strcmp(refusal_code(r), c->reason) != 0)
            fail_msg("%s: %s, not %s", c->name, refusal_code(r), c->reason);
    }
}

/* --- by hand */

static address addr(uint8_t n)
{
    address a = {{0}};
    a.b[0] = 0xAA;
    a.b[19] = n;
    return a;
}

enum { NOW = 1767225600 };

struct scene {
    struct limits l[2];
    struct spent spent;
    struct typed t;
    address own[2], pin;
    struct spend_request rq;
};

static void set_scene(struct scene *s)
{
    *s = (struct scene){0};
    struct limits l = {.per_call = u256_from_u64(100),
                       .per_day = u256_from_u64(1000),
                       .per_week = u256_from_u64(3000),
                       .per_author = u256_from_u64(500),
                       .per_model = u256_from_u64(300)};
    l.asset = (struct asset){.chain = 8453,
                             .token = addr(1),
                             .symbol = "USDC",
                             .decimals = 6,
                             .name = "USD Coin",
                             .version = "2",
                             .can = ASSET_EIP3009 | ASSET_EIP2612};
    s->l[0] = l;
    s->l[1] = l;
    s->l[1].asset.token = addr(2);
    s->l[1].asset.can = ASSET_PERMIT2 | ASSET_EIP2612;
    s->own[0] = addr(10);
    s->own[1] = addr(11);
    s->pin = addr(20);
    s->t = (struct typed){.kind = TYPED_EIP3009,
                          .chain = 8453,
                          .token = addr(1),
                          .name = "USD Coin",
                          .version = "2",
                          .from = addr(11),
                          .to = addr(20),
                          .amount = u256_from_u64(100),
                          .valid_before = NOW + 300};
    s->rq = (struct spend_request){.typed = &s->t,
                                   .quoted = NO_CAP,
                                   .pinned = &s->pin,
                                   .accounts = s->own,
                                   .n_accounts = 2,
                                   .now = NOW};
}

static enum refusal of(struct scene *s)
{
    return policy_payment(s->l, 2, &s->spent, &s->rq);
}

static void each_reason_stands_alone(void **state)
{
    (void)state;
    struct scene s;
#define CASE(change, why)                       \
    do {                                        \
        set_scene(&s);                          \
        change;                                 \
        assert_int_equal(of(&s), REFUSE_##why); \
    } while (0)
    CASE((void)0, NOT);
    CASE(s.rq.pinned = NULL, NOT);
    CASE(s.t.amount = u256_from_u64(101), OVER_CALL);
    CASE(s.spent.day = u256_from_u64(900), NOT);
    CASE(s.spent.day = u256_from_u64(901), OVER_DAY);
    CASE(s.spent.week = u256_from_u64(2901), OVER_WEEK);
    CASE(s.spent.author = u256_from_u64(401), OVER_AUTHOR);
    CASE(s.spent.model = u256_from_u64(201), OVER_MODEL);
    CASE(s.spent.day = NO_CAP, OVER_DAY); /* an overflow is no way round */
    CASE(s.rq.quoted = u256_from_u64(99), OVER_QUOTE);
    CASE(s.t.token = addr(3), ASSET);
    CASE(s.t.chain = 1, NETWORK);
    CASE(s.t.to = addr(21), PAY_TO_CHANGED);
    CASE(s.t.to = (address){{0}}, PAY_TO);
    CASE(s.t.to = s.t.from, PAY_TO);
    CASE(s.t.to = s.t.token, PAY_TO);
    CASE(s.t.to = PERMIT2, PAY_TO);
    CASE(s.t.to = EXACT_PROXY, PAY_TO);
    CASE(s.t.to = UPTO_PROXY, PAY_TO);
    CASE(s.t.valid_before = NOW + 600, NOT);
    CASE(s.t.valid_before = NOW + 601, WINDOW);
    CASE(s.t.valid_before = UINT64_MAX, WINDOW);
    CASE(s.t.valid_before = NOW, EXPIRED);
    CASE(s.t.valid_after = NOW + 1, EXPIRED);
    CASE(s.t.valid_after = NOW - 600, NOT);
    CASE(s.t.amount = U256_ZERO, AMOUNT);
    CASE(s.t.kind = TYPED_EXACT, METHOD);
    CASE(s.t.kind = TYPED_PERMIT, METHOD);
    CASE(s.t.kind = TYPED_CANCEL, METHOD);
    CASE(s.t.version[0] = '1', DOMAIN);
    CASE(s.t.name[0] = 'u', DOMAIN);
    CASE(s.l[0].asset.name[0] = s.t.name[0] = '\0', DOMAIN);
    CASE(s.rq.killed = true, KILLED);
    CASE(s.t.from = addr(12), PAYER);
    CASE((s.t.kind = TYPED_EXACT, s.t.token = addr(2)), NOT);
    CASE((s.t.kind = TYPED_UPTO, s.t.token = addr(2)), METHOD); /* nobody may settle it */
    CASE((s.t.kind = TYPED_UPTO, s.t.token = addr(2), s.t.facilitator = addr(9)), NOT);
    CASE((s.l[0].per_week = s.l[0].per_author = s.l[0].per_model = NO_CAP, s.spent.week = NO_CAP,
          s.spent.author = NO_CAP, s.spent.model = NO_CAP),
         NOT);
}

/* A question for the user is never put while something stands against it that no yes can heal. */
static void what_cannot_be_healed_comes_first(void **state)
{
    (void)state;
    struct scene s;
    for (unsigned i = 1; i < REFUSE_COUNT; i++) {
        for (unsigned j = 1; j < REFUSE_COUNT; j++) {
            enum refusal r = policy_gravest(1u << i | 1u << j);
            assert_true(r == i || r == j);
            if (!refusal_yields(i) || !refusal_yields(j))
                assert_false(refusal_yields(r));
        }
    }
    assert_int_equal(policy_gravest(0), REFUSE_NOT);
    CASE((s.t.amount = u256_from_u64(5000), s.t.to = PERMIT2), PAY_TO);
    CASE((s.t.amount = u256_from_u64(5000), s.t.valid_before = NOW + 6000), WINDOW);
    CASE((s.t.amount = u256_from_u64(5000), s.t.to = addr(21)), PAY_TO_CHANGED);
}

static void a_permit_goes_with_its_payment_or_not_at_all(void **state)
{
    (void)state;
    struct scene s;
    set_scene(&s);
    s.t.kind = TYPED_EXACT;
    s.t.token = addr(2);
    struct typed p = s.t;
    p.kind = TYPED_PERMIT;
    p.to = (address){{0}};
    assert_int_equal(policy_permit(&p, &s.t), REFUSE_NOT);
    struct typed q = p;
    q.amount = NO_CAP;
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_PERMIT);
    assert_string_equal(refusal_code(REFUSE_PERMIT), "permit_exceeds_amount");
    q.amount = u256_from_u64(101);
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_PERMIT);
    q.amount = u256_from_u64(99);
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_PERMIT);
    q = p;
    q.from = addr(10);
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_PAYER);
    q = p;
    q.token = addr(1);
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_METHOD);
    q = p;
    q.chain = 1;
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_METHOD);
    q = p;
    q.valid_before++;
    assert_int_equal(policy_permit(&q, &s.t), REFUSE_WINDOW);
    assert_int_equal(policy_permit(&s.t, &s.t), REFUSE_METHOD);
    struct typed own = s.t;
    own.kind = TYPED_EIP3009;
    assert_int_equal(policy_permit(&p, &own), REFUSE_METHOD);
}

/* --- the property: any requests in any order, what is let through stays below every cap. */

static uint64_t seed = 88172645463325252u;

static uint64_t any(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static void random_requests_never_exceed_a_cap(void **state)
{
    (void)state;
    struct scene s;
    set_scene(&s);
    enum { AUTHORS = 3, MODELS = 4 };
    uint64_t day = 0, author[AUTHORS] = {0}, model[AUTHORS][MODELS] = {0};
    unsigned let = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t a = any(AUTHORS), m = any(MODELS), amount = any(4) ? any(130) : any(UINT64_MAX);
        s.t.amount = u256_from_u64(amount);
        if (any(8) == 0)
            s.t.amount.w[any(4)] = any(UINT64_MAX); /* huge ones too */
        s.spent = (struct spent){u256_from_u64(day), u256_from_u64(day), u256_from_u64(author[a]),
                                 u256_from_u64(model[a][m])};
        if (of(&s) != REFUSE_NOT)
            continue;
        uint64_t v;
        assert_true(u256_fits_u64(s.t.amount, &v) && v <= 100 && v > 0);
        let++;
        day += v;
        author[a] += v;
        model[a][m] += v;
        assert_true(day <= 1000 && author[a] <= 500 && model[a][m] <= 300);
    }
    assert_true(let >= 10 && day > 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decision_of_policy_is_the_stated_one),
        cmocka_unit_test(each_reason_stands_alone),
        cmocka_unit_test(what_cannot_be_healed_comes_first),
        cmocka_unit_test(a_permit_goes_with_its_payment_or_not_at_all),
        cmocka_unit_test(random_requests_never_exceed_a_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
