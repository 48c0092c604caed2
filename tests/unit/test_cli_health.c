/* souk health: what it prints. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/chart.h"
#include "cli/explain_print.h"
#include "cli/health_print.h"
#include "cli/page.h"
#include "printed.h"

#include "base/banned.h"

enum { WEEKS = 14, FIRST_MONDAY = 20409 };

static struct amount money(uint64_t atomic)
{
    return (struct amount){.value = u256_from_u64(atomic),
                           .asset = {.b = {0x83, 0x35}},
                           .symbol = "USDC",
                           .decimals = 6};
}

static struct amount other(uint64_t atomic)
{
    return (struct amount){.value = u256_from_u64(atomic),
                           .asset = {.b = {0xfb, 0xc2}},
                           .symbol = "OPG",
                           .decimals = 18,
                           .rank = 1};
}

static void series(struct series *s, uint64_t *v, uint64_t base, uint64_t each)
{
    for (size_t i = 0; i < WEEKS; i++)
        v[i] = base + each * (i * 5 % 9);
    *s = (struct series){.first_day = FIRST_MONDAY, .n = WEEKS, .v = v};
}

/* A small market, by hand: figures that a screen must find room for. */
static const struct health *sample(void)
{
    static struct health h;
    static uint64_t v[11][WEEKS];
    static struct amount income[2], low[2], high[2], little[1], back[1];
    static struct price_point price[5];
    struct weekly *w = &h.weekly;
    struct series *const all[] = {&w->calls,  &w->payments, &w->settlements, &w->inferences,
                                  &w->payers, &w->fresh,    &w->returning,   &w->income,
                                  &w->low,    &w->high,     &w->median};
    h = (struct health){.window = WINDOW_30D, .as_of = 1771286400, .as_of_block = 123456};
    h.stored = 2000, h.listed = 810, h.proven = 702, h.called_ever = 655, h.called = 312;
    h.paid = 188, h.paid_by_3 = 61, h.genuine = 40, h.healthy = 22;
    h.calls = 12481, h.payments = 9310, h.settlements = 1204, h.inferences = 3171;
    h.payers = 431, h.authors = 300, h.authors_earning = 88;
    h.payers_fresh = 95, h.payers_returning = 336;
    income[0] = money(124810000), income[1] = other(500000000000000000);
    low[0] = money(31200000), low[1] = other(0);
    high[0] = money(98444000), high[1] = other(500000000000000000);
    little[0] = money(77), back[0] = money(2500000);
    h.income = (struct income){income, 2};
    h.low = (struct income){low, 2};
    h.high = (struct income){high, 2};
    h.refunded = (struct income){back, 1};
    h.unattributed = h.unlisted = h.by_list = h.inflow = (struct income){little, 1};
    h.unlisted_payments = 3, h.by_list_payments = 4, h.inflows = 5;
    h.unknown_inferences = 6, h.payer_unknown = 7;
    h.payers_strict = 41, h.payers_loose = 120, h.judged_at = 1771286400;
    h.rules_print = 0x0123456789abcdef;
    for (unsigned i = 0; i < RULE_COUNT; i++)
        h.with_bit[i] = i * 111;
    h.excluded_low = 211250, h.excluded_high = 750020;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        series(all[i], v[i], 10 + i, 100 * (i + 1));
    w->uploads = (struct series){.first_day = FIRST_MONDAY + 70, .n = 4, .v = v[2]};
    w->unit = money(1), w->fresh_from = 5;
    h.grow_calls = (struct growth){true, 1000, 1200, 1.2, 0.951, 1.514, 0};
    h.grow_payments = (struct growth){true, 40, 1200, 30, 24, 41, 1};
    h.grow_settlements = (struct growth){.before = 11, .recent = 9};
    h.grow_payers = (struct growth){true, 0, 60, (double)INFINITY, 3.25, (double)INFINITY, 1};
    h.grow_fresh = (struct growth){true, 80, 20, 0.25, 0.1, 0.6, -1};
    h.grow_income = (struct growth){true, 80, 0, 0, 0, 0.4, -1};
    for (unsigned i = 0; i < 3; i++) {
        struct cohort *c = &h.cohort[i];
        *c = (struct cohort){.first_day = FIRST_MONDAY + 7 * i,
                             .payers = 40 + i * 30,
                             .weeks = COHORT_WEEKS - i * 5};
        for (unsigned k = 0; k < c->weeks; k++)
            c->back[k] = c->payers / (k + 1);
    }
    h.cohorts = 3;
    h.d7 = wilson(81, 263), h.d30 = (struct share){.high = PPM};
    h.income_asset = money(0);
    h.earners = (struct concentration){88, 712000, 61000, 16.4, 201000, 680000, 6};
    h.everyone = (struct concentration){240, 894400, 61000, 16.4, 201000, 680000, 6};
    for (unsigned i = 0; i <= LORENZ_POINTS; i++)
        h.lorenz[i] = i * i * i * 8;
    h.quartile[0] = money(0), h.quartile[1] = money(1), h.quartile[2] = money(120000);
    static const uint64_t prices[] = {3000, 0, 2999, 125000};
    for (size_t i = 0; i < 4; i++)
        price[i] = (struct price_point){"mira", "m", money(prices[i]), 40 - i * 10,
                                        money(3000 * (40 - i * 10))};
    price[4] = (struct price_point){"\x1b[31mmira", "evil\xe2\x80\xae", other(1), 1, other(1)};
    h.price = price, h.prices = 5;
    h.payments_from = (struct provenance){.place = "https://base-rpc.publicnode.com/",
                                          .chain = 8453,
                                          .first = 100,
                                          .last = 123456,
                                          .time = 1771286410};
    memset(h.payments_from.hash, 'a', HASH_BUF - 1);
    memcpy(h.payments_from.hash, "0x", 2);
    h.inferences_from.place = "";
    h.hub_from = (struct provenance){.place = "http://hub\x1b]0;evil\x07", .first = 3};
    h.payments_finality = FINALITY_SAFE;
    return &h;
}

/* Nothing is read yet. */
static const struct health *nothing(void)
{
    static struct health h;
    h.payments_from.place = h.inferences_from.place = h.hub_from.place = "";
    h.income_asset = money(0);
    for (size_t i = 0; i < 3; i++)
        h.quartile[i] = money(0);
    return &h;
}

static void in_locale(const char *name)
{
    assert_non_null(setlocale(LC_CTYPE, name));
}

static char *page(const struct health *h)
{
    print_begin();
    health_print(h);
    return printed();
}

static void text(void **state)
{
    (void)state;
    in_locale("C.utf8");
    char *got = page(sample());
    assert_true(fits_80(got));
    assert_true(page_same("health", got));
    free(got);
    in_locale("C");
    got = page(sample());
    for (const char *p = got; *p; p++)
        assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
    assert_true(fits_80(got));
    assert_true(page_same("health-ascii", got));
    free(got);
    got = page(nothing());
    assert_true(fits_80(got));
    assert_true(page_same("health-empty", got));
    free(got);
}

/* More powers of ten than there are rows: the dearest share the last, whatever comes first. */
static void many_prices(void **state)
{
    (void)state;
    static struct price_point price[11];
    struct health h = *sample();
    uint64_t atomic = 10000000000;
    for (size_t i = 0; i < 11; i++, atomic /= 10)
        price[i] = (struct price_point){"mira", "m", money(atomic), 1, money(atomic)};
    h.price = price, h.prices = 11;
    in_locale("C.utf8");
    char *got = page(&h);
    assert_true(fits_80(got));
    assert_non_null(strstr(got, "0.000001 USDC       1        1         1        0.000001 USDC\n"));
    assert_non_null(strstr(got, "       1 USDC       1        1         1               1 USDC\n"));
    assert_non_null(strstr(got, "      10 USDC       4        4         4          11,110 USDC\n"));
    assert_null(strstr(got, "     100 USDC       1"));
    free(got);
    h.income_asset = other(0);
    got = page(&h);
    assert_non_null(strstr(got, "\n              11 priced in other assets\n"));
    assert_null(strstr(got, "nothing is listed"));
    free(got);
}

/* --- JSON: every figure under its name, and outside text without anything a terminal runs. */

static json *document(const struct health *h)
{
    struct buf b;
    struct json_out o;
    struct err e;
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    health_json(&o, h);
    assert_int_equal(buf_check(&b, "it", &e), SOUK_OK);
    for (size_t i = 0; i < b.len; i++)
        assert_true((unsigned char)b.p[i] >= ' ' && b.p[i] != 0x7f);
    json *j = json_parse_strict(b.p, b.len, "it", &e);
    assert_non_null(j);
    buf_release(&b);
    return j;
}

static int64_t number(const json *j, const char *path)
{
    char word[64];
    int64_t v;
    while (strchr(path, '.')) {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(path, "."), path);
        j = json_get(j, word);
        path += strcspn(path, ".") + 1;
    }
    if (!json_int(j, path, &v))
        fail_msg("no number %s", path);
    return v;
}

static void all_of_it(void **state)
{
    (void)state;
    const struct health *h = sample();
    json *j = document(h);
    static const struct {
        const char *path;
        int64_t v;
    } of[] = {{"models.stored", 2000},
              {"models.paid_by_3", 61},
              {"new_payers", 95},
              {"returning_payers", 336},
              {"by_list_payments", 4},
              {"inflows", 5},
              {"payer_unknown", 7},
              {"genuine.payers_strict", 41},
              {"genuine.models", 40},
              {"genuine.models_healthy", 22},
              {"genuine.excluded_at_least_ppm", 211250},
              {"genuine.excluded_at_most_ppm", 750020},
              {"genuine.payments_by_rule.funded", 111},
              {"growth.calls.before", 1000},
              {"growth.new_payers.direction", -1},
              {"weekly.new_payers_from", 5},
              {"retention.d7.share_ppm", 307984},
              {"retention.d7.of", 263},
              {"concentration.earners.gini_ppm", 712000},
              {"concentration.listed.authors", 240},
              {"authors_with_half_of_income", 6}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        assert_int_equal(number(j, of[i].path), of[i].v);
    const json *growth = json_get(j, "growth");
    assert_true(cJSON_IsNull(json_get(json_get(growth, "payers"), "ratio"))); /* infinite */
    assert_true(cJSON_IsNull(json_get(json_get(growth, "settlements"), "low")));
    assert_false(json_bool(json_get(growth, "settlements"), "known", true));
    assert_string_equal(json_cstr(json_get(j, "genuine"), "rules"), "0123456789abcdef");
    assert_string_equal(json_cstr(json_get(j, "provenance"), "payments_finality"), "safe");
    const json *points = json_get(json_get(j, "concentration"), "lorenz_ppm");
    assert_int_equal(cJSON_GetArraySize(points), LORENZ_POINTS + 1);
    const json *cohorts = json_get(json_get(j, "retention"), "cohorts");
    assert_int_equal(cJSON_GetArraySize(cohorts), 3);
    assert_int_equal(cJSON_GetArraySize(json_get(cJSON_GetArrayItem(cohorts, 2), "back")), 2);
    const json *evil = cJSON_GetArrayItem(json_get(j, "prices"), 4);
    assert_string_equal(json_cstr(evil, "author"), "\x1b[31mmira"); /* exact, and escaped */
    json_free(j);
    j = document(nothing());
    const json *unknown = json_get(j, "genuine");
    assert_int_equal(cJSON_GetArraySize(unknown), 12); /* all keys are there */
    for (const json *x = unknown->child; x; x = x->next)
        assert_true(cJSON_IsNull(x) || strcmp(x->string, "rules_version") == 0);
    assert_true(cJSON_IsNull(json_get(json_get(j, "provenance"), "payments")));
    json_free(j);
}

/* --- where a figure comes from */

static struct explanation *explained(enum metric m)
{
    static struct explanation x;
    static struct basis basis[3];
    static struct call_row call[12];
    static struct untrusted model[12];
    x = (struct explanation){.metric = m, .window = WINDOW_7D, .as_of = 1771286400};
    basis[0] = (struct basis){.filter = "listings", .from = {.place = ""}};
    basis[1] = (struct basis){.filter = "payments",
                              .from = sample()->payments_from,
                              .finality = FINALITY_UNSAFE,
                              .safe_to = 123400,
                              .rows = 9311,
                              .digested = true,
                              .digest = {0xab, 0xcd},
                              .endpoints = "one.example two.\x1b[1mexample",
                              .crossed = true};
    basis[2] = (struct basis){.filter = "inferences", .from = {.place = ""}};
    x.basis = basis, x.bases = 3;
    x.hub = sample()->hub_from;
    x.rules = rules_default;
    x.rules.on &= ~(1u << RULE_COHORT);
    x.rules.window_days = 9;
    x.counted = 1234;
    for (size_t i = 0; i < 12; i++) {
        call[i] = (struct call_row){.kind = i % 3 == 0   ? CALL_PAYMENT
                                            : i % 3 == 1 ? CALL_SETTLEMENT
                                                         : CALL_INFERENCE,
                                    .time = 1771286000 - (int64_t)i,
                                    .block = 123450,
                                    .chain = 8453,
                                    .payer = {.b = {i % 2 ? 0xaa : 0}},
                                    .amount = money(3000)};
        memset(call[i].tx, 'b', HASH_BUF - 1);
        memcpy(call[i].tx, "0x", 2);
        model[i] = untrusted(i ? "mira/a-model-with-a-name-that-is-too-long" : "e\x1b]0;vil\x07/m");
    }
    x.call = call, x.call_model = model, x.calls = 12;
    return &x;
}

static void explanations(void **state)
{
    (void)state;
    struct buf b;
    struct json_out o;
    struct err e;
    in_locale("C");
    print_begin();
    explanation_print(explained(METRIC_INCOME));
    putchar('\n');
    struct explanation *x = explained(METRIC_STORED);
    x->calls = 0;
    explanation_print(x);
    char *got = printed();
    for (const char *p = got; *p; p++)
        assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
    assert_true(fits_80(got));
    assert_true(page_same("explain", got));
    free(got);
    print_begin();
    explanation_print(explained(METRIC_SPENDING)); /* rests on the rules: they are told */
    got = printed();
    assert_true(fits_80(got));
    assert_non_null(strstr(got, "\ncohort        off: many payers"));
    assert_non_null(strstr(got, "\nthresholds    window_days=9 funded_share=500"));
    free(got);
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    explanation_json(&o, explained(METRIC_SPENDING));
    json *j = json_parse_strict(b.p, b.len, "it", &e);
    assert_non_null(j);
    assert_int_equal(number(j, "counted"), 1234);
    assert_int_equal(number(j, "rules.thresholds.window_days"), 9);
    assert_int_equal(cJSON_GetArraySize(json_get(json_get(j, "rules"), "on")), RULE_COUNT - 1);
    const json *source = cJSON_GetArrayItem(json_get(j, "sources"), 1);
    assert_string_equal(json_cstr(source, "finality"), "unsafe");
    assert_memory_equal(json_cstr(source, "digest"), "abcd0000", 8);
    assert_int_equal(cJSON_GetArraySize(json_get(source, "endpoints")), 2);
    assert_int_equal(number(source, "safe_to"), 123400);
    assert_true(cJSON_IsNull(json_get(source, "final_to")));
    assert_true(cJSON_IsNull(json_get(cJSON_GetArrayItem(json_get(j, "sources"), 0), "digest")));
    assert_int_equal(cJSON_GetArraySize(json_get(j, "transactions")), 12);
    json_free(j);
    buf_release(&b);
}

/* --- the cache against the chain */

static const struct proofs *proven(void)
{
    static struct balance_proof balance[4];
    static struct receipt_proof receipt[2];
    static struct proofs p = {
        .digest = {{.filter = "payments",
                    .chain = 8453,
                    .state = PROOF_OK,
                    .first = 100,
                    .last = 123456,
                    .rows = 9311,
                    .rows_there = 9311,
                    .ours = {0xab},
                    .theirs = {0xab},
                    .place = "other.example\x1b[2J"},
                   {.filter = "inferences",
                    .chain = 10740,
                    .state = PROOF_FAILED,
                    .rows = 10,
                    .rows_there = 9,
                    .same_node = true,
                    .place = "one.example",
                    .words = "the first block that differs is 77"},
                   {.filter = "listings", .state = PROOF_UNCHECKED, .words = "it did not answer"}},
        .digests = 3,
        .balance = balance,
        .balances = 4,
        .receipt = receipt,
        .receipts = 2,
        .failed = 2,
        .unchecked = 2,
        .passed = 5};
    for (size_t i = 0; i < 4; i++)
        balance[i] = (struct balance_proof){.payee = {.b = {(uint8_t)(i + 1)}},
                                            .in = money(i * 1000000),
                                            .out = money(i * 500000),
                                            .before = money(0),
                                            .after = money(i * 500000),
                                            .first = 100,
                                            .last = 123456,
                                            .state = PROOF_OK};
    balance[2].state = PROOF_FAILED, balance[2].after = money(1);
    snprintf(balance[2].words, sizeof balance[2].words, "0.999999 USDC are missing");
    balance[3].state = PROOF_UNCHECKED;
    snprintf(balance[3].words, sizeof balance[3].words, "the node keeps no state of block 99");
    receipt[0] = (struct receipt_proof){8453, 1234, 5, 17, 2, PROOF_OK, "joined to block 1300"};
    receipt[1] = (struct receipt_proof){8453, 1235, 5, 17, 2, PROOF_UNCHECKED, "no receipts"};
    return &p;
}

static void proofs(void **state)
{
    (void)state;
    struct buf b;
    struct json_out o;
    struct err e;
    in_locale("C");
    print_begin();
    proofs_print(proven());
    char *got = printed();
    assert_true(fits_80(got));
    assert_null(strchr(got, '\x1b'));
    assert_true(page_same("prove", got));
    free(got);
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    proofs_json(&o, proven());
    json *j = json_parse_strict(b.p, b.len, "it", &e);
    assert_non_null(j);
    assert_int_equal(number(j, "failed"), 2);
    const json *digest = cJSON_GetArrayItem(json_get(j, "digests"), 1);
    assert_string_equal(json_cstr(digest, "state"), "failed");
    assert_true(json_bool(digest, "same_node", false));
    assert_int_equal(number(digest, "rows_there"), 9);
    digest = cJSON_GetArrayItem(json_get(j, "digests"), 2);
    assert_true(cJSON_IsNull(json_get(digest, "digest"))); /* nothing was compared */
    const json *balance = cJSON_GetArrayItem(json_get(j, "balances"), 3);
    assert_string_equal(json_cstr(balance, "state"), "unchecked");
    assert_true(cJSON_IsNull(json_get(balance, "after")));
    assert_int_equal(number(cJSON_GetArrayItem(json_get(j, "receipts"), 0), "block"), 1234);
    json_free(j);
    buf_release(&b);
}

/* --- charts */

static void bars(void **state)
{
    (void)state;
    char out[CHART_BUF];
    static const uint64_t v[] = {0, 1, 4, 8, UINT64_MAX / 4};
    in_locale("C");
    assert_string_equal(chart_bar(out, 1, 2, 8), "####");
    assert_string_equal(chart_bar(out, 0, 2, 8), "");
    assert_string_equal(chart_bar(out, 1, 1000000, 8), "#"); /* little is not nothing */
    assert_string_equal(chart_bar(out, 9, 3, 4), "####");
    assert_string_equal(chart_bar(out, 1, 0, 4), "#"); /* of nothing */
    assert_string_equal(chart_bar(out, UINT64_MAX / 2, UINT64_MAX, 4), "##");
    assert_string_equal(chart_spark(out, v, 4), "_.-#");
    assert_string_equal(chart_spark(out, v, 5), "_...#");
    assert_string_equal(chart_spark(out, v, 1), "_");
    assert_string_equal(chart_spark(out, v, 0), "");
    in_locale("C.utf8");
    assert_string_equal(chart_bar(out, 3, 16, 2), "▍");
    assert_string_equal(chart_bar(out, 9, 16, 2), "█▏");
    assert_string_equal(chart_spark(out, v, 4), "▁▂▄█");
    uint64_t many[CHART_COLS + 5] = {9};
    many[CHART_COLS + 4] = 1;
    assert_int_equal(strlen(chart_spark(out, many, CHART_COLS + 5)), CHART_COLS * 3);
}

static void wrapped(void **state)
{
    (void)state;
    in_locale("C");
    print_begin();
    page_text("label", "%s", "");
    page_text("label", "short");
    page_text("", "one two three four five six seven eight nine ten eleven twelve thirteen x");
    page_text("long", "0123456789012345678901234567890123456789012345678901234567890123456789x b");
    page_line("evil", "%s", "a\x1b[2Jb");
    char *got = printed();
    assert_string_equal(got,
                        "label\n"
                        "label         short\n"
                        "              one two three four five six seven eight nine ten eleven "
                        "twelve\n"
                        "              thirteen x\n"
                        "long          "
                        "01234567890123456789012345678901234567890123456789012345678901234~\n"
                        "              b\n"
                        "evil          a?[2Jb\n");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),         cmocka_unit_test(many_prices), cmocka_unit_test(all_of_it),
        cmocka_unit_test(explanations), cmocka_unit_test(proofs),      cmocka_unit_test(bars),
        cmocka_unit_test(wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
