/* The limits as a pure function: the decision vectors that are policy's business, its edges, and
 * the one property everything hangs on: whatever is asked for, the caps hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"
#include "wallet/policy.h"

#include "base/banned.h"

/* --- the vectors */

static struct limits table[8];
static size_t n_table;

static u256 cap_of(const json *caps, const char *symbol)
{
    return json_get(caps, symbol) ? vector_u256(caps, symbol) : NO_CAP;
}

static void read_table(const json *policy)
{
    n_table = 0;
    const json *per_chain = json_get(policy, "assets");
    for (const json *chain = per_chain->child; chain; chain = chain->next) {
        for (const json *j = json_first(chain); j; j = json_next(j)) {
            struct limits *l = &table[n_table++];
            *l = (struct limits){0};
            l->asset.chain = strtoull(chain->string + strlen("eip155:"), NULL, 10);
            l->asset.token = vector_address(j, "address");
            const char *symbol = json_cstr(j, "symbol");
            snprintf(l->asset.symbol, sizeof l->asset.symbol, "%s", symbol);
            l->asset.decimals = (unsigned)vector_u64(j, "decimals");
            const char *method = json_first(json_get(j, "methods"))->valuestring;
            bool own = strcmp(method, "eip3009") == 0;
            l->asset.can = own ? ASSET_EIP3009 : ASSET_PERMIT2 | ASSET_EIP2612;
            if (own) {
                const json *d = json_get(j, "eip712");
                snprintf(l->asset.name, sizeof l->asset.name, "%s", json_cstr(d, "name"));
                snprintf(l->asset.version, sizeof l->asset.version, "%s", json_cstr(d, "version"));
            }
            l->per_call = cap_of(json_get(policy, "per_call_cap"), symbol);
            l->per_day = cap_of(json_get(policy, "daily_cap"), symbol);
            l->per_author = cap_of(json_get(policy, "per_author_daily_cap"), symbol);
            l->per_week = l->per_model = NO_CAP;
        }
    }
}

/* What reading the offer refuses, and never gets as far as a typed message. */
static bool belongs_to_reading(const char *reason)
{
    static const char *const theirs[] = {
        "bad_network",
        "bad_timeout",
        "bad_timeout_or_window",
        "bad_amount",
        "scheme_not_supported",
        "method_not_supported",
        "no_facilitator",
        "version_not_supported",
        "no_accepts",
        "resource_host_mismatch",
        "redirected",
        "not_https",
        "too_large",
        "outstanding_authorization",
        "unlimited_approval",
    };
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        if (strcmp(reason, theirs[i]) == 0)
            return true;
    }
    return false;
}

static const json *member(const json *context, const json *defaults, const char *key)
{
    const json *j = json_get(context, key);
    return j ? j : json_get(defaults, key);
}

static struct typed typed_of(const json *offer, address payer, uint64_t now)
{
    struct typed t = {0};
    t.kind = strcmp(json_cstr(offer, "scheme"), "upto") == 0 ? TYPED_UPTO : TYPED_EIP3009;
    t.chain = strtoull(json_cstr(offer, "network") + strlen("eip155:"), NULL, 10);
    t.token = vector_address(offer, "asset");
    t.from = payer;
    t.to = vector_address(offer, "payTo");
    t.amount = vector_u256(offer, "amount");
    t.valid_before = now + vector_u64(offer, "maxTimeoutSeconds");
    const json *extra = json_get(offer, "extra");
    if (t.kind == TYPED_UPTO) {
        t.facilitator = vector_address(extra, "facilitatorAddress");
    } else {
        snprintf(t.name, sizeof t.name, "%s", json_cstr(extra, "name"));
        snprintf(t.version, sizeof t.version, "%s", json_cstr(extra, "version"));
    }
    return t;
}

/* The refusal of one offer under a case's context. */
static enum refusal judge(const json *offer, const json *context, const json *defaults)
{
    uint64_t now = vector_u64(defaults, "now");
    address payer = vector_address(defaults, "payer");
    address pinned = vector_address(defaults, "author_pinned_payTo");
    struct typed t = typed_of(offer, payer, now);
    struct spent spent = {0};
    const struct limits *l = limits_find(table, n_table, t.chain, t.token);
    const json *today = member(context, defaults, "spent_today");
    const json *author = member(context, defaults, "spent_today_author");
    if (l && json_get(today, l->asset.symbol))
        spent.day = vector_u256(today, l->asset.symbol);
    if (l && json_get(author, l->asset.symbol))
        spent.author = vector_u256(author, l->asset.symbol);
    const json *quoted = json_get(context, "quoted_amount") ? context : defaults;
    struct spend_request rq = {.typed = &t,
                               .quoted = vector_u256(quoted, "quoted_amount"),
                               .pinned = &pinned,
                               .accounts = &payer,
                               .n_accounts = 1,
                               .now = (int64_t)now,
                               .killed = json_bool(context, "kill_switch", false)};
    return policy_payment(table, n_table, &spent, &rq);
}

static void every_decision_of_policy_is_the_stated_one(void **state)
{
    (void)state;
    json *all = vectors_load("wallet-vectors.json");
    const json *x = json_get(all, "x402_policy");
    const json *defaults = json_get(x, "default_context");
    read_table(json_get(x, "policy"));
    int judged = 0;
    for (const json *c = json_first(json_get(json_get(all, "negative"), "x402_decisions")); c;
         c = json_next(c)) {
        const char *reason = json_cstr(c, "reason");
        if (belongs_to_reading(reason) || strcmp(reason, "permit_exceeds_amount") == 0)
            continue;
        const json *offers = json_get(json_get(c, "payment_required"), "accepts");
        enum refusal r = REFUSE_ASSET;
        for (const json *o = json_first(offers); o && r != REFUSE_NOT; o = json_next(o))
            r = judge(o, json_get(c, "context"), defaults);
        if (strcmp(refusal_code(r), reason) != 0)
            fail_msg("%s: %s, not %s", json_cstr(c, "name"), refusal_code(r), reason);
        judged++;
    }
    json_free(all);
    assert_int_equal(judged, 19);
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
