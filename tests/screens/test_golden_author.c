/*
 * The Author screen as it is drawn, from a page filled in by hand: one who earns in three assets,
 * has given money back, is paid by strangers and by himself, and changed his prices; one nobody
 * judged; failures; and hostile texts wherever a stranger has a say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "drawn.h"
#include "fixture.h"
#include "ui/screens/author.h"

enum {
    MODELS = 3,
    DAYS = 30,
    ASSETS = 5,
    PAYERS = 5,
    CHANGES = 3,
    SHARED = 2,
    CALLS = 6,
    DAY = 86400
};

static struct fixture {
    struct author_page page;
    struct model_row model[MODELS];
    struct model_note note[MODELS];
    struct figures figures[MODELS];
    struct amount price[MODELS], money[40];
    size_t used; /* of money */
    uint16_t spark[SPARK_DAYS];
    uint64_t day[ASSETS][DAYS];
    struct asset_days asset[ASSETS];
    struct payer_row payer[PAYERS];
    struct price_change change[CHANGES];
    struct shared_row shared[SHARED];
    struct untrusted sharer[SHARED_NAMED], call_model[CALLS];
    struct call_row call[CALLS];
    char text[1024]; /* what strangers say; "": honest words */
} fix;

static const char *said(const char *honest)
{
    return fix.text[0] ? fix.text : honest;
}

static struct amount of(const char *symbol, uint64_t micro, uint8_t id)
{
    struct amount a = {.value = u256_from_u64(micro), .asset.b = {id}, .decimals = 6};
    snprintf(a.symbol, sizeof a.symbol, "%s", symbol);
    return a;
}

static struct income earned(uint64_t usdc, uint64_t opg)
{
    struct amount *at = &fix.money[fix.used];
    fix.used += 2;
    at[0] = of("USDC", usdc, 1);
    at[1] = of("OPG", opg, 2);
    return (struct income){at, opg ? 2 : 1};
}

static void make_models(void)
{
    static const char *const names[MODELS] = {"eth-vol-garch", "macro-regime-detector", "dormant"};
    for (unsigned i = 0; i < MODELS; i++) {
        bool dormant = i == MODELS - 1;
        fix.price[i] = of("USDC", 4000 * (i + 1), 1);
        fix.figures[i] = (struct figures){.calls = dormant ? 0 : 320u >> i,
                                          .payments = dormant ? 0 : 300u >> i,
                                          .payers = dormant ? 0 : 31u >> i,
                                          .judged = true,
                                          .trend = {i == 0, 1.31, 1.08, 1.6},
                                          .spark = fix.spark};
        if (!dormant) {
            fix.figures[i].income = earned(1280000 >> i, i ? 40000 : 0);
            fix.figures[i].low = earned(900000 >> i, i ? 20000 : 0);
            fix.figures[i].high = fix.figures[i].income;
        }
        fix.model[i] = (struct model_row){.id = i + 1,
                                          .author = said("mira"),
                                          .name = said(names[i]),
                                          .price = &fix.price[i],
                                          .figures = &fix.figures[i],
                                          .mark = i ? MARK_UNPROVEN : MARK_PROVEN};
        fix.note[i] = (struct model_note){
            .last = FIXTURE_NOW - (dormant ? 61 * DAY : 4000), .idle = dormant, .best = i == 0};
    }
    for (int i = 0; i < SPARK_DAYS; i++)
        fix.spark[i] = (uint16_t)(i * 7 % 19);
}

static void make_days(void)
{
    static const char *const symbols[ASSETS] = {"USDC", "OPG", "EURC", "DAI", "WETH"};
    for (unsigned k = 0; k < ASSETS; k++) {
        for (unsigned i = 0; i < DAYS; i++)
            fix.day[k][i] = (i * 37 + k * 11) % 83;
        fix.asset[k] = (struct asset_days){
            .unit = of(symbols[k], 1000, (uint8_t)(k + 1)),
            .income = {.first_day = FIXTURE_NOW / DAY - DAYS + 1, .n = DAYS, .v = fix.day[k]}};
    }
}

static void make_payers(void)
{
    static const unsigned bits[PAYERS] = {0, 1u << RULE_SELF, 1u << RULE_FUNDED | 1u << RULE_CYCLE,
                                          1u << RULE_DUST, 0};
    for (unsigned i = 0; i < PAYERS; i++) {
        fix.payer[i] = (struct payer_row){.payments = 120 >> i,
                                          .settlements = i == 2 ? 4 : 0,
                                          .paid = earned(480000 >> i, i == 2 ? 8000 : 0),
                                          .first = FIXTURE_NOW - (int64_t)(50 - 9 * i) * DAY,
                                          .last = FIXTURE_NOW - (int64_t)i * 7200,
                                          .fresh = i > 2,
                                          .bits = bits[i],
                                          .judged = i < PAYERS - 1};
        memset(fix.payer[i].payer.b, (int)(0x31 + 17 * i), sizeof fix.payer[i].payer.b);
        fix.call[i] = (struct call_row){.kind = i == 2 ? CALL_SETTLEMENT : CALL_PAYMENT,
                                        .time = FIXTURE_NOW - 60 * (int64_t)i,
                                        .tx = "0x77",
                                        .amount = of("USDC", 4000, 1)};
        if (i) /* of the first no log says who paid */
            fix.call[i].payer = fix.payer[i].payer;
        fix.call_model[i] = untrusted(i == 3 ? "" : said("eth-vol-garch"));
    }
}

static void make_prices(void)
{
    for (unsigned i = 0; i < CHANGES; i++)
        fix.change[i] = (struct price_change){.model = untrusted(said("eth-vol-garch")),
                                              .time = FIXTURE_NOW - (int64_t)(2 + 12 * i) * DAY,
                                              .was = of("USDC", 5000 + 1000 * i, 1),
                                              .now = of("USDC", 4000 + 1000 * i, 1),
                                              .before = {61 + i, of("USDC", 305000, 1)},
                                              .after = {i ? 80 - i : 9, of("USDC", 320000, 1)},
                                              .days_after = i ? 7 : 1};
}

static void make_shared(void)
{
    for (unsigned i = 0; i < SHARED_NAMED; i++)
        fix.sharer[i] = untrusted(said(i % 2 ? "btc-fee-oracle" : "eth-fee-oracle"));
    for (unsigned i = 0; i < SHARED; i++) {
        fix.shared[i] = (struct shared_row){.model = fix.sharer,
                                            .models = i ? 2 : 21,
                                            .payments = 90 >> i,
                                            .income = earned(90000 >> i, 0)};
        memset(fix.shared[i].payee.b, (int)(0x91 + i), sizeof fix.shared[i].payee.b);
    }
}

static void make(struct untrusted attack)
{
    memset(&fix, 0, sizeof fix);
    snprintf(fix.text, sizeof fix.text, "%.*s", (int)attack.n, attack.n ? attack.p : "");
    make_models();
    make_days();
    make_payers();
    make_prices();
    make_shared();
    struct income income = earned(2410000, 80000);
    fix.page = (struct author_page){
        .id = 7,
        .row = {.author = said("mira"),
                .models = MODELS,
                .listed = MODELS,
                .figures = {.calls = 480,
                            .payments = 460,
                            .settlements = 4,
                            .inferences = 20,
                            .payers = 41,
                            .genuine_payers = 22,
                            .income = income,
                            .low = earned(1790000, 40000),
                            .high = income,
                            .judged = true,
                            .trend = {true, 1.31, 1.08, 1.6}},
                .unattributed = earned(135000, 0)},
        .window = WINDOW_30D,
        .as_of = FIXTURE_NOW - 20,
        .model = fix.model,
        .models = MODELS,
        .note = fix.note,
        .call = fix.call,
        .call_model = fix.call_model,
        .calls_n = PAYERS,
        .payers_new = 12,
        .payers_returning = 29,
        .payers_unknown = 3,
        .asset = fix.asset,
        .assets = ASSETS,
        .payer = fix.payer,
        .payers_n = PAYERS,
        .change = fix.change,
        .changes = CHANGES,
        .shared = fix.shared,
        .shared_n = SHARED,
        .refunded = earned(8000, 0),
        .inflow = earned(500000, 0),
        .inflows = 5,
        .addresses = 4,
    };
}

static void draw(void *state, struct canvas *c, struct rect area)
{
    author_draw(state, c, area);
}

static void begin(struct author_screen *s)
{
    *s = (struct author_screen){.page = &fix.page, .spots.at = -1};
    snprintf(s->name, sizeof s->name, "%.500s", said("mira"));
    assert_true(author_tables_make(s));
    author_tables_fill(s);
}

static void test_panes(void **state)
{
    (void)state;
    static const char *const names[AUTHOR_PANES] = {
        "author-drawn-overview", "author-drawn-models", "author-drawn-payers",
        "author-drawn-payments", "author-drawn-prices", "author-drawn-shared"};
    struct author_screen s;
    make(untrusted(""));
    begin(&s);
    for (int pane = 0; pane < AUTHOR_PANES; pane++) {
        s.pane = (enum author_pane)pane;
        check(names[pane], draw, &s);
    }
    s.pane = AUTHOR_PAYERS; /* one with doubts: in words */
    table_select(s.table[AUTHOR_PAYERS], 2);
    check_at("author-drawn-doubted", draw, &s, 80, 24);
    author_tables_release(&s);
}

/* Every figure of the overview can be reached, and is the one it stands on. */
static void test_cursor(void **state)
{
    (void)state;
    static const enum metric order[] = {METRIC_INCOME,       METRIC_SPENDING,       METRIC_GROWTH,
                                        METRIC_PAYERS,       METRIC_GENUINE_PAYERS, METRIC_PAYMENTS,
                                        METRIC_UNATTRIBUTED, METRIC_INFLOW};
    struct author_screen s;
    struct canvas *c = canvas_new(80, 22, TEXT_UNICODE, NULL);
    make(untrusted(""));
    begin(&s);
    author_draw(&s, c, canvas_rect(c));
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_int_equal(pen_selected(&s.spots), order[i]);
        assert_int_equal(spots_move(&s.spots, ACT_DOWN), i + 1 < sizeof order / sizeof *order);
    }
    author_tables_release(&s);
    canvas_free(c);
}

static void test_not_judged(void **state)
{
    (void)state;
    struct author_screen s;
    make(untrusted(""));
    struct figures *f = &fix.page.row.figures;
    f->judged = false;
    f->genuine_payers = 0;
    f->low = f->high = (struct income){0};
    begin(&s);
    check_at("author-drawn-unjudged", draw, &s, 80, 24);
    author_tables_release(&s);
}

static void test_failed(void **state)
{
    (void)state;
    struct author_screen s;
    make(untrusted(""));
    begin(&s);
    err_set(&s.failed, SOUK_EINPUT, "database disk image is malformed; `souk doctor` says more");
    check_at("author-drawn-failed-later", draw, &s, 80, 24);
    s.page = NULL;
    check_at("author-drawn-failed", draw, &s, 80, 24);
    s.failed = (struct err){0};
    check_at("author-drawn-reading", draw, &s, 80, 24);
    author_tables_release(&s);
}

static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        struct author_screen s;
        make(fixture_attack(i));
        begin(&s);
        for (int pane = 0; pane < AUTHOR_PANES; pane++) {
            s.pane = (enum author_pane)pane;
            survive(draw, &s);
        }
        author_tables_release(&s);
    }
}

int main(void)
{
    clock_fix(FIXTURE_NOW);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panes),      cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_not_judged), cmocka_unit_test(test_failed),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
