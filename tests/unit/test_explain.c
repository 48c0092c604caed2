/* Where figures come from: every metric of the list, of the market, a model and an author. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "market/explain.h"
#include "market/sync.h"
#include "store/page_rows.h"
#include "market_world.h"

static struct world w;
static int64_t fast, slow, other; /* models: two of ann's that share a payee, one of bob's */

static void head(int64_t chain, uint64_t safe, uint64_t final)
{
    struct chain_head h = {.latest = block_at(W_NOW, 2), .safe = safe, .final = final};
    ok(store_begin(w.w, E));
    ok(store_head_put(w.w, chain, &h, E));
    ok(store_commit(w.w, E));
}

static int setup(void **state)
{
    (void)state;
    world_open(&w);
    w.net.has_listings = true;
    w.net.tokens = 2;
    w.net.token[0] = (struct token){.symbol = "USDC", .addr = addr_of("USDC"), .whole_log = true};
    w.net.token[1] = (struct token){.symbol = "OPG", .addr = addr_of("OPG")};
    snprintf(w.net.payment.rpc, sizeof w.net.payment.rpc, "http://node");
    snprintf(w.net.inference.rpc, sizeof w.net.inference.rpc, "http://node");
    int64_t payments = w.src;
    fast = put_model(&w, "ann", "fast", "");
    slow = put_model(&w, "ann", "slow", "");
    other = put_model(&w, "bob", "other", "");
    put_model(&w, "bob", "never", "");
    struct cursor c = {.block = block_at(W_NOW, 0), .time = at(W_NOW, 0)};
    ok(store_begin(w.w, E));
    ok(store_cursor_set(w.w, W_PAY_CHAIN, FILTER_LISTINGS, &c, E));
    ok(store_cursor_set(w.w, W_INFER_CHAIN, FILTER_INFERENCES, &c, E));
    world_source(&w, FILTER_LISTINGS, W_PAY_CHAIN);
    ok(store_commit(w.w, E));
    put_listing(&w, (struct w_listing){.owner = "ann's",
                                       .author = "ann",
                                       .name = "fast",
                                       .pay_to = "till",
                                       .blob = "CID",
                                       .price = 100,
                                       .day = 1});
    put_listing(&w, (struct w_listing){.owner = "ann's",
                                       .author = "ann",
                                       .name = "slow",
                                       .pay_to = "till",
                                       .price = 100,
                                       .day = 1});
    put_listing(&w, (struct w_listing){.owner = "bob's",
                                       .author = "bob",
                                       .name = "other",
                                       .pay_to = "bob's till",
                                       .price = 7,
                                       .day = 2});
    ok(store_begin(w.w, E));
    world_source(&w, FILTER_INFERENCES, W_INFER_CHAIN);
    ok(store_commit(w.w, E));
    put_infer(&w, "CID", 99, 3);
    put_infer(&w, "CID", 50, 1);
    put_infer(&w, "nobody's", 99, 4);
    w.src = payments;
    /* bob: 3 payments, the oldest outside 30 days; 2 settlements; a transfer that proves nothing */
    put_pay(&w, (struct w_pay){.payee = "bob's till", .payer = "p", .amount = 7, .day = 20});
    put_pay(&w, (struct w_pay){.payee = "bob's till", .payer = "p", .amount = 7, .day = 90});
    put_pay(&w,
            (struct w_pay){.payee = "bob's till", .payer = "q", .amount = 8, .day = 99, .hour = 1});
    put_pay(&w,
            (struct w_pay){
                .payee = "bob's till", .payer = "q", .amount = 9, .scheme = PAY_UPTO, .day = 98});
    put_pay(&w,
            (struct w_pay){
                .payee = "bob's till", .payer = "q", .amount = 9, .scheme = PAY_UPTO, .day = 97});
    put_flow(&w, (struct w_pay){.payee = "bob's till", .amount = 5, .day = 97, .hour = 2},
             FLOW_PLAIN);
    /* ann: both models have one price, so nothing tells them apart */
    put_pay(&w, (struct w_pay){.payee = "till", .amount = 100, .day = 96});
    /* to nobody's payee */
    put_pay(&w, (struct w_pay){.payee = "stranger", .amount = 3, .day = 95});
    put_pay(&w, (struct w_pay){.payee = "stranger", .amount = 3, .day = 94});
    world_derive(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static struct explanation *explain(enum metric m, enum window win, int64_t who)
{
    struct explanation *x = NULL;
    struct rules r = rules_default;
    r.burst_cv = 77;
    ok(explain_load(w.w, &w.net, &r, m, win, who, &x, E));
    return x;
}

/* "counted: kind/day/model …" of the rows, newest first. */
static const char *rows_text(enum metric m, enum window win, int64_t who)
{
    static char out[512];
    static const char *const kinds[] = {[CALL_PAYMENT] = "pay",
                                        [CALL_SETTLEMENT] = "settle",
                                        [CALL_INFERENCE] = "infer",
                                        [CALL_INFLOW] = "transfer"};
    struct explanation *x = explain(m, win, who);
    size_t n = (size_t)snprintf(out, sizeof out, "%d:", (int)x->counted);
    for (size_t i = 0; i < x->calls; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, " %s/%d/%.*s", kinds[x->call[i].kind],
                              (int)((x->call[i].time - at(0, 0)) / W_DAY), (int)x->call_model[i].n,
                              x->call_model[i].p ? x->call_model[i].p : "");
    explain_free(x);
    return out;
}

static void every_metric_says_where_it_comes_from(void **state)
{
    (void)state;
    for (enum metric m = 0; m < METRIC_COUNT; m++) {
        const struct metric_info *info = metric_info(m);
        enum metric found;
        assert_true(strlen(info->title) > 0 && strlen(info->text) > 20);
        ok(metric_parse(info->name, &found, E));
        assert_int_equal(found, m);
        struct explanation *x = explain(m, WINDOW_30D, 0);
        assert_int_equal(x->metric, m);
        assert_int_equal(x->as_of, at(W_NOW, 0));
        size_t want = (info->from & FROM_LISTINGS ? 1u : 0u) +
                      (info->from & FROM_PAYMENTS ? 2u : 0u) + (info->from & FROM_RULES ? 1u : 0u) +
                      (info->from & FROM_INFERENCES ? 1u : 0u);
        assert_int_equal(x->bases, want);
        assert_true(want > 0 || (info->from & FROM_HUB));
        for (size_t i = 0; i < x->bases; i++)
            assert_non_null(x->basis[i].endpoints);
        assert_int_equal(x->rules.burst_cv, info->from & FROM_RULES ? 77 : 0);
        assert_true(x->counted > 0 || m == METRIC_UPLOADS || m == METRIC_PROVEN);
        explain_free(x);
    }
}

static void a_source_has_its_blocks_and_rows(void **state)
{
    (void)state;
    struct explanation *x = explain(METRIC_SPENDING, WINDOW_ALL, 0);
    static const struct {
        const char *filter;
        int rows;
    } want[] = {
        {FILTER_LISTINGS, 3}, {FILTER_PAYMENTS, 9}, {FILTER_PAYEES, 0}, {FILTER_FUNDING, 0}};
    assert_int_equal(x->bases, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct basis *b = &x->basis[i];
        assert_string_equal(b->filter, want[i].filter);
        assert_int_equal(b->rows, want[i].rows);
        assert_false(b->digested);
        assert_string_equal(b->from.place, i < 2 ? "http://node" : ""); /* not read yet */
    }
    assert_int_equal(x->basis[1].from.chain, W_PAY_CHAIN);
    assert_int_equal(x->basis[1].from.first, 1);
    assert_int_equal(x->basis[1].from.last, block_at(W_NOW, 0));
    assert_int_equal(strlen(x->basis[1].from.hash), 66);
    explain_free(x);
}

/* A source is what the profile has a filter for: escrows tell of busy tokens too. */
static void a_source_is_what_the_profile_reads(void **state)
{
    static const struct {
        bool whole, escrows, listings, node, want[5];
    } p[] = {{true, false, false, true, {false, true, false, false, true}},
             {false, false, false, true, {false, false, false, false, true}},
             {false, true, false, true, {false, true, false, false, true}},
             {false, true, true, true, {true, true, true, true, true}},
             {true, true, true, false, {false, false, false, false, false}}};
    static const char *const filters[] = {FILTER_LISTINGS, FILTER_PAYMENTS, FILTER_PAYEES,
                                          FILTER_FUNDING, FILTER_INFERENCES};
    (void)state;
    for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
        struct network n = {.tokens = 1, .has_listings = p[i].listings, .escrows = p[i].escrows};
        n.token[0].whole_log = p[i].whole;
        snprintf(n.payment.rpc, sizeof n.payment.rpc, "%s", p[i].node ? "http://node" : "");
        snprintf(n.inference.rpc, sizeof n.inference.rpc, "%s", n.payment.rpc);
        for (size_t k = 0; k < 5; k++)
            assert_int_equal(sync_reads(&n, filters[k]), p[i].want[k]);
    }
}

/* Of each range one host told, or two alike. */
static const char *told_by(void)
{
    static char out[200];
    struct explanation *x = explain(METRIC_LISTED, WINDOW_ALL, 0);
    snprintf(out, sizeof out, "%s%s", x->basis[0].endpoints, x->basis[0].crossed ? ", alike" : "");
    explain_free(x);
    return out;
}

static void put_place(const char *place)
{
    bytes32 hash = keccak256(place, strlen(place));
    static int64_t first = 5000000;
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = place,
                           .chain = W_PAY_CHAIN,
                           .filter = FILTER_LISTINGS,
                           .first = first,
                           .last = first + 9,
                           .hash = &hash,
                           .time = at(W_NOW, 1)};
    int64_t src;
    first += 10;
    ok(store_begin(w.w, E));
    ok(store_source_add(w.w, &r, &src, E));
}

static void who_told_it_and_whether_two_did(void **state)
{
    (void)state;
    assert_string_equal(told_by(), "http://node");
    put_place("b.example a.example");
    assert_string_equal(told_by(), "b.example a.example http://node");
    store_rollback(w.w);
    ok(store_begin(w.w, E));
    struct query_run q = query_open(w.w, "UPDATE source SET place = 'a.example:1 a.example'");
    ok(query_do(&q, E));
    ok(store_commit(w.w, E));
    assert_string_equal(told_by(), "a.example:1 a.example, alike");
    put_place("a.example a.example:1");
    assert_string_equal(told_by(), "a.example a.example:1, alike");
    store_rollback(w.w);
    q = query_open(w.w, "UPDATE source SET place = 'http://node'");
    ok(query_do(&q, E));
    assert_string_equal(told_by(), "http://node");
}

static void finality_is_of_the_last_block(void **state)
{
    (void)state;
    uint64_t end = block_at(W_NOW, 0);
    static const char *const names[] = {"unknown", "unsafe", "safe", "final"};
    const struct {
        uint64_t safe, final;
        enum finality want;
    } heads[] = {{0, 0, FINALITY_UNKNOWN},
                 {end - 1, end - 9, FINALITY_UNSAFE},
                 {end, end - 9, FINALITY_SAFE},
                 {end + 2, end, FINALITY_FINAL},
                 {0, end - 1, FINALITY_UNSAFE}};
    struct explanation *x = explain(METRIC_INFERENCES, WINDOW_ALL, 0);
    assert_int_equal(x->basis[0].finality, FINALITY_UNKNOWN); /* no head was ever told */
    explain_free(x);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        head(W_INFER_CHAIN, heads[i].safe, heads[i].final);
        x = explain(METRIC_INFERENCES, WINDOW_ALL, 0);
        assert_int_equal(x->basis[0].finality, heads[i].want);
        assert_string_equal(finality_name(x->basis[0].finality), names[heads[i].want]);
        assert_int_equal(x->basis[0].safe_to, heads[i].safe);
        assert_int_equal(x->basis[0].final_to, heads[i].final);
        explain_free(x);
    }
}

static void the_rows_are_those_that_count(void **state)
{
    (void)state;
    assert_string_equal(rows_text(METRIC_PAYMENTS, WINDOW_30D, 0),
                        "3: pay/99/bob/other pay/96/ pay/90/bob/other");
    assert_string_equal(rows_text(METRIC_PAYMENTS, WINDOW_7D, 0), "2: pay/99/bob/other pay/96/");
    assert_string_equal(rows_text(METRIC_SETTLEMENTS, WINDOW_30D, 0),
                        "2: settle/98/bob/other settle/97/bob/other");
    assert_string_equal(rows_text(METRIC_INFERENCES, WINDOW_30D, 0), "1: infer/99/ann/fast");
    assert_string_equal(rows_text(METRIC_CALLS, WINDOW_30D, 0),
                        "4: infer/99/ann/fast pay/99/bob/other pay/96/ pay/90/bob/other");
    assert_string_equal(rows_text(METRIC_CALLED_EVER, WINDOW_7D, 0),
                        "8: infer/99/ann/fast pay/99/bob/other settle/98/bob/other "
                        "settle/97/bob/other pay/96/ pay/90/bob/other infer/50/ann/fast "
                        "pay/20/bob/other");
    assert_string_equal(rows_text(METRIC_UNATTRIBUTED, WINDOW_30D, 0), "1: pay/96/");
    assert_string_equal(rows_text(METRIC_UNLISTED, WINDOW_30D, 0), "2: pay/95/ pay/94/");
    assert_string_equal(rows_text(METRIC_INFLOW, WINDOW_30D, 0), "1: transfer/97/");
    assert_string_equal(rows_text(METRIC_STORED, WINDOW_30D, 0), "4:");
    assert_string_equal(rows_text(METRIC_LISTED, WINDOW_30D, 0), "3:");
}

static void a_model_and_an_author_have_their_own(void **state)
{
    (void)state;
    assert_string_equal(rows_text(METRIC_PAYMENTS, WINDOW_30D, other),
                        "2: pay/99/bob/other pay/90/bob/other");
    assert_string_equal(rows_text(METRIC_SETTLEMENTS, WINDOW_7D, other),
                        "2: settle/98/bob/other settle/97/bob/other");
    assert_string_equal(rows_text(METRIC_CALLS, WINDOW_ALL, fast),
                        "2: infer/99/ann/fast infer/50/ann/fast");
    assert_string_equal(rows_text(METRIC_PAYMENTS, WINDOW_30D, slow), "0:");
    int64_t ann;
    ok(store_author_find(w.w, untrusted("ann"), &ann, E));
    assert_string_equal(rows_text(METRIC_INCOME, WINDOW_30D, -ann), "1: pay/96/");
    assert_string_equal(rows_text(METRIC_UNATTRIBUTED, WINDOW_30D, -ann), "1: pay/96/");
    assert_string_equal(rows_text(METRIC_CALLS, WINDOW_30D, -ann), "2: infer/99/ann/fast pay/96/");
    struct explanation *x;
    struct err e;
    assert_int_equal(
        explain_load(w.w, &w.net, &rules_default, METRIC_CALLS, WINDOW_ALL, 999, &x, &e),
        SOUK_ENOTFOUND);
}

static void the_nearest_name_comes_first(void **state)
{
    (void)state;
    static const struct {
        const char *word, *near;
    } typed[] = {{"setlements", ": settlements, "},
                 {"paymnets", ": payments, "},
                 {"newpayers", ": new-payers, "},
                 {"genuine-payer", ": genuine-payers, "}};
    enum metric m;
    struct err e;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        assert_int_equal(metric_parse(typed[i].word, &m, &e), SOUK_EUSAGE);
        assert_non_null(strstr(e.msg, typed[i].near));
        assert_non_null(strstr(e.msg, "price")); /* the last one is still there */
    }
    char endless[2000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(metric_parse(endless, &m, &e), SOUK_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_says_where_it_comes_from),
        cmocka_unit_test(a_source_has_its_blocks_and_rows),
        cmocka_unit_test(a_source_is_what_the_profile_reads),
        cmocka_unit_test(who_told_it_and_whether_two_did),
        cmocka_unit_test(finality_is_of_the_last_block),
        cmocka_unit_test(the_rows_are_those_that_count),
        cmocka_unit_test(a_model_and_an_author_have_their_own),
        cmocka_unit_test(the_nearest_name_comes_first),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
