/* souk health --findings and --sensitivity: what they print. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/explain_print.h"
#include "market/genuine.h"
#include "market_world.h"
#include "printed.h"
#include "store/genuine_rows.h"
#include "store/rollup.h"

static struct amount usdc(uint64_t atomic)
{
    return (struct amount){
        .value = u256_from_u64(atomic), .asset = addr_of("USDC"), .symbol = "USDC", .decimals = 6};
}

/* One author with a hostile name paid himself; another was paid by payers of one funder. */
static int setup(void **state)
{
    struct world *w = malloc(sizeof *w);
    world_open(w);
    put_model(w, "mi\x1b[31mra", "main\xe2\x80\xae", vouching("o"));
    put_model(w, "kmong", "other", vouching("k"));
    put_pay(w, (struct w_pay){.payer = "o", .payee = "p", .amount = 3000, .day = 90});
    for (int i = 0; i < 8; i++)
        put_pay(w, (struct w_pay){.payer = "f", .payee = "q", .amount = 500, .day = 91, .hour = i});
    put_flow(w, (struct w_pay){.payer = "k", .payee = "f", .amount = 5000, .day = 89}, FLOW_PLAIN);
    ok(store_begin(w->w, E));
    struct finding_out self = {.id = 1,
                               .who = 1,
                               .author = 1,
                               .payee = addr_id(w, "p"),
                               .payer = addr_id(w, "o"),
                               .asset = addr_id(w, "USDC"),
                               .rule = RULE_SELF,
                               .since = at(90, 0),
                               .until = at(90, 0),
                               .payments = 1,
                               .payers = 1,
                               .amount = u256_from_u64(3000),
                               .words = "the payer owns the listing that is paid"};
    struct finding_out shared = self;
    shared.id = 2, shared.who = -2, shared.author = 2, shared.payee = addr_id(w, "q");
    shared.payer = 0, shared.rule = RULE_SHARED, shared.until = at(91, 7), shared.payments = 8;
    shared.payers = 3, shared.amount = u256_from_u64(4000);
    shared.words = "3 of 3 payers were first funded by one address";
    ok(store_finding_put(w->w, &self, E));
    ok(store_finding_put(w->w, &shared, E));
    ok(store_finding_row_put(w->w, 1, 0, W_PAY_CHAIN, block_at(90, 0), 0, E));
    ok(store_finding_row_put(w->w, 2, 0, W_PAY_CHAIN, block_at(89, 0), 9, E));
    for (unsigned i = 0; i < 8; i++)
        ok(store_finding_row_put(w->w, 2, i + 1, W_PAY_CHAIN, block_at(91, (int)i), i + 1, E));
    ok(store_meta_set_int(w->w, "judged_as_of", at(W_NOW, 0), E));
    ok(store_commit(w->w, E));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

static void found(void **state)
{
    struct world *w = *state;
    struct findings *f;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    ok(findings_load(w->w, WINDOW_30D, 0, 20, &f, E));
    assert_int_equal(f->n, 2);
    f->by_rule[RULE_SELF] = 1; /* as if it had been summed */
    struct amount taken = usdc(3000);
    f->amount[RULE_SELF] = (struct income){&taken, 1};
    print_begin();
    ok(findings_print(w->w, f, E));
    char *got = printed();
    for (const char *p = got; *p; p++)
        assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
    assert_true(fits_80(got));
    assert_true(page_same("findings", got));
    free(got);

    struct buf b;
    struct json_out o;
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    ok(findings_json(&o, w->w, f, E));
    struct err e;
    json *j = json_parse_strict(b.p, b.len, "it", &e);
    assert_non_null(j);
    const json *all = json_get(j, "findings");
    assert_int_equal(cJSON_GetArraySize(all), 2);
    for (const json *x = json_first(all); x; x = json_next(x)) {
        bool self = strcmp(json_cstr(x, "rule"), "self") == 0;
        assert_string_equal(json_cstr(x, "effect"), self ? "exclude" : "cluster");
        assert_string_equal(json_cstr(x, "author"), self ? "mi\x1b[31mra" : "kmong");
        assert_int_equal(cJSON_IsNull(json_get(x, "model")), !self);
        assert_int_equal(cJSON_IsNull(json_get(x, "payer")), !self);
        const json *evidence = json_get(x, "evidence");
        assert_int_equal(cJSON_GetArraySize(evidence), self ? 1 : 9);
        assert_string_equal(json_cstr(json_first(evidence), "kind"), self ? "payment" : "transfer");
    }
    json_free(j);
    buf_release(&b);
    findings_free(f);

    ok(findings_load(w->w, WINDOW_7D, 0, 20, &f, E)); /* both are older */
    print_begin();
    ok(findings_print(w->w, f, E));
    got = printed();
    assert_non_null(strstr(got, "none: no rule found anything"));
    free(got);
    findings_free(f);
}

static void sensitive(void **state)
{
    (void)state;
    struct sensitivity t[THRESHOLDS];
    struct health h = {.window = WINDOW_90D, .income_asset = usdc(0)};
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        uint32_t least = threshold_at(i)->least;
        t[i] = (struct sensitivity){.threshold = i, .value = {least, least + 10, least + 15}};
        for (int k = 0; k < 3; k++)
            t[i].low[k] = u256_from_u64(31200000);
    }
    t[1].low[0] = u256_from_u64(12481000001), t[3].low[2] = U256_ZERO;
    print_begin();
    sensitivity_print(t, &h);
    char *got = printed();
    assert_true(fits_80(got));
    assert_true(page_same("sensitivity", got));
    free(got);

    struct buf b;
    struct json_out o;
    struct err e;
    int64_t value;
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    sensitivity_json(&o, t, &h);
    json *j = json_parse_strict(b.p, b.len, "it", &e);
    assert_non_null(j);
    const json *rows = json_get(j, "thresholds");
    assert_int_equal(cJSON_GetArraySize(rows), THRESHOLDS);
    const json *one = cJSON_GetArrayItem(rows, 1);
    assert_string_equal(json_cstr(one, "name"), threshold_at(1)->name);
    assert_true(json_int(json_get(one, "as_is"), "value", &value));
    assert_int_equal(value, threshold_at(1)->least + 10);
    assert_string_equal(json_cstr(json_get(json_get(one, "half"), "low"), "amount"), "12481000001");
    json_free(j);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(found, setup, teardown),
        cmocka_unit_test(sensitive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
