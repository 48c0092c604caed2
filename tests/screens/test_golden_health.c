/*
 * Health, Explain, Findings and Evidence as they are drawn, from states filled in by hand
 * (fixture_health.h): every pane at several sizes and in ASCII, a market nobody judged, one where
 * nothing happens, failures, and hostile texts wherever a stranger has a say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "drawn.h"
#include "fixture.h"
#include "fixture_health.h"
#include "ui/backend.h"

static struct fixture_health honest, *fix = &honest;

/* --- Health */

static void draw_health(void *state, struct canvas *c, struct rect area)
{
    health_draw(state, c, area);
}

static void health_init(struct health_screen *s)
{
    *s = (struct health_screen){.h = &fix->health, .spots.at = -1};
    s->prices = table_new(health_price_columns, PRICE_COLS, &health_price_ops, s);
    table_set_rows(s->prices, s->h->prices);
}

static const char *const pane_names[HEALTH_PANES] = {
    "health-glance", "health-trends",  "health-return", "health-authors",
    "health-prices", "health-genuine", "health-sources"};

static void turn(struct health_screen *s, int pane)
{
    s->pane = (enum health_pane)pane;
    s->spots.at = -1;
}

static void test_panes(void **state)
{
    (void)state;
    struct health_screen s;
    health_init(&s);
    for (int pane = 0; pane < HEALTH_PANES; pane++) {
        turn(&s, pane);
        check(pane_names[pane], draw_health, &s);
    }
    table_free(s.prices);
}

static void test_small(void **state)
{
    (void)state;
    struct health_screen s;
    health_init(&s);
    check_at("health-glance", draw_health, &s, 40, 12);
    for (int pane = 0; pane < HEALTH_PANES; pane++) {
        turn(&s, pane);
        survive(draw_health, &s);
    }
    table_free(s.prices);
}

static void test_not_judged(void **state)
{
    (void)state;
    struct health_screen s;
    fixture_health_unjudged(fix);
    health_init(&s);
    check_at("health-unjudged", draw_health, &s, 80, 24);
    turn(&s, HEALTH_GENUINE);
    check_at("health-unjudged-genuine", draw_health, &s, 80, 24);
    turn(&s, HEALTH_TRENDS);
    check_at("health-unjudged-trends", draw_health, &s, 80, 24);
    table_free(s.prices);
    fixture_health(fix, untrusted(""));
}

/* Nothing is known of anything: said in words, on every pane. */
static void test_shelf(void **state)
{
    (void)state;
    struct health_screen s;
    fixture_health_bare(fix);
    health_init(&s);
    for (int pane = 0; pane < HEALTH_PANES; pane++) {
        char name[64];
        turn(&s, pane);
        snprintf(name, sizeof name, "shelf-%s", pane_names[pane]);
        check_at(name, draw_health, &s, 80, 24);
    }
    table_free(s.prices);
    fixture_health(fix, untrusted(""));
}

static void test_failed(void **state)
{
    (void)state;
    struct health_screen s;
    health_init(&s);
    err_set(&s.failed, SOUK_EINPUT,
            "/home/me/.cache/souk/devnet.db: database disk image is "
            "malformed; `souk doctor` says more");
    check_at("health-failed-later", draw_health, &s, 80, 24);
    s.h = NULL;
    check_at("health-failed", draw_health, &s, 80, 24);
    s.failed = (struct err){0};
    check_at("health-reading", draw_health, &s, 80, 24);
    table_free(s.prices);
}

/* The cursor: over every figure by arrows alone, and what it is on has a meaning. */
static void test_cursor(void **state)
{
    (void)state;
    struct health_screen s;
    struct canvas *c = canvas_new(80, 22, TEXT_UNICODE, NULL);
    health_init(&s);
    health_draw(&s, c, canvas_rect(c));
    assert_int_equal(pen_selected(&s.spots), METRIC_STORED);
    int steps = 0;
    while (spots_move(&s.spots, ACT_DOWN) && steps < 100)
        steps++;
    assert_in_range(steps, 15, 20);
    assert_int_equal(pen_selected(&s.spots), METRIC_UPLOADS);
    assert_true(spots_move(&s.spots, ACT_RIGHT));
    assert_int_equal(pen_selected(&s.spots), METRIC_GROWTH);
    assert_false(spots_move(&s.spots, ACT_RIGHT));
    assert_true(spots_move(&s.spots, ACT_LEFT));
    assert_int_equal(pen_selected(&s.spots), METRIC_UPLOADS);
    assert_true(spots_move(&s.spots, ACT_TOP));
    assert_int_equal(pen_selected(&s.spots), METRIC_STORED);
    const struct rect at = s.spots.spot[1].r;
    struct mouse m = {.what = MOUSE_PRESS, .x = at.x, .y = at.y, .button = 1};
    assert_int_equal(spots_mouse(&s.spots, &m), SPOTS_MOVED);
    assert_int_equal(pen_selected(&s.spots), METRIC_LISTED);
    assert_int_equal(spots_mouse(&s.spots, &m), SPOTS_OPEN);
    m.x = m.y = 0;
    assert_int_equal(spots_mouse(&s.spots, &m), SPOTS_IGNORED);
    s.pane = HEALTH_PRICES; /* a table has a cursor of its own */
    health_draw(&s, c, canvas_rect(c));
    assert_int_equal(pen_selected(&s.spots), METRIC_COUNT);
    canvas_free(c);
    table_free(s.prices);
}

/* --- estimates in words */

static void assert_words(const struct strip *s, const char *want)
{
    struct buf b;
    struct canvas *c = canvas_new(80, 1, TEXT_UNICODE, NULL);
    buf_init(&b, 1 << 16);
    canvas_strip(c, 0, 0, 80, s);
    test_dump(c, false, &b);
    b.p[b.len - 1] = '\0'; /* its line end */
    assert_string_equal(b.p, want);
    buf_release(&b);
    canvas_free(c);
}

static void test_growth_words(void **state)
{
    (void)state;
    static const struct {
        bool known;
        double ratio, low, high;
        const char *words, *brief;
    } rows[] = {
        {false, 1, 1, 1, "too few to tell", "few"},
        {true, 1.18, 1.09, 1.28, "+18 % (+9…+28 %)", "+18 %"},
        {true, 1.02, 0.94, 1.11, "+2 % (−6…+11 %): flat", "+2 % flat"},
        {true, 0.69, 0.60, 0.80, "−31 % (−40…−20 %)", "−31 %"},
        {true, 0.999, 0.9, 1.2, "+0 % (−10…+20 %): flat", "+0 % flat"},
        {true, 0, 0, 0.1, "−100 % (−100…−90 %)", "−100 %"},
        {true, 250, 120, 900, "×250 (×120…×900)", "×250"},
        {true, INFINITY, 3, INFINITY, "from nothing", "from 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strip s;
        struct trend t = {rows[i].known, rows[i].ratio, rows[i].low, rows[i].high};
        strip_init(&s, TEXT_UNICODE);
        part_growth(&s, t.known, t.ratio, t.low, t.high);
        assert_words(&s, rows[i].words);
        strip_init(&s, TEXT_UNICODE);
        part_growth_short(&s, &t);
        assert_words(&s, rows[i].brief);
    }
}

static void test_interval_words(void **state)
{
    (void)state;
    struct amount usdc = fix->health.income_asset, opg = fix->health.low.of[1];
    struct amount low[2] = {usdc, opg}, high[2] = {usdc, opg};
    low[0].value = u256_from_u64(71000000);
    high[0].value = u256_from_u64(88000000);
    const struct {
        struct income low, high;
        const char *words;
    } rows[] = {
        {{low, 1}, {high, 1}, "71 … 88 USDC"},
        {{low, 2}, {high, 2}, "71 … 88 USDC + 1.1 OPG"}, /* the same at both ends */
        {{low, 1}, {high, 2}, "71 … 88 USDC + 0 … 1.1 OPG"},
        {{NULL, 0}, {high, 1}, "0 … 88 USDC"},
        {{NULL, 0}, {NULL, 0}, "–"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strip s;
        strip_init(&s, TEXT_UNICODE);
        part_interval(&s, &rows[i].low, &rows[i].high);
        assert_words(&s, rows[i].words);
    }
}

/* To a tenth, as everywhere; outwards: an interval is never told narrower than it is. */
static void test_share_words(void **state)
{
    (void)state;
    static const struct {
        uint32_t a, b;
        const char *words;
    } rows[] = {{0, 0, "0.0 %"},
                {118000, 287000, "11.8 … 28.7 %"},
                {287020, 118060, "11.8 … 28.8 %"},
                {1, 2, "0.0 … 0.1 %"},
                {PPM, PPM, "100.0 %"},
                {126000, 126000, "12.6 %"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strip s;
        strip_init(&s, TEXT_UNICODE);
        part_share(&s, rows[i].a, rows[i].b, ST_NORMAL);
        assert_words(&s, rows[i].words);
    }
}

/* --- an explanation */

static void draw_explain(void *state, struct canvas *c, struct rect area)
{
    struct explain_screen *s = state;
    docview_again(&s->doc);
    explain_draw(s, c, area);
}

static void explain_init(struct explain_screen *s)
{
    *s = (struct explain_screen){.metric = fix->explanation.metric, .x = &fix->explanation};
    docview_init(&s->doc);
    s->rows = table_new(part_call_columns, PART_CALL_COLS, &explain_row_ops, s);
    table_set_rows(s->rows, s->x->calls);
    for (size_t k = 0; k < 2; k++) {
        fix->basis[k].digested = true;
        for (size_t i = 0; i < sizeof fix->basis[k].digest; i++)
            fix->basis[k].digest[i] = (uint8_t)(i * 7);
    }
}

static void explain_end(struct explain_screen *s)
{
    table_free(s->rows);
    docview_release(&s->doc);
}

static void test_explain(void **state)
{
    (void)state;
    struct explain_screen s;
    explain_init(&s);
    check("explain", draw_explain, &s);
    err_set(&s.digest_failed, SOUK_ECANCEL, "stopped");
    fix->basis[2].more = true; /* than were counted when it was asked for */
    s.metric = fix->explanation.metric = METRIC_CALLS;
    snprintf(s.label, sizeof s.label, "OpenGradient/og-1hr-volatility-ethusdt");
    check_at("explain-model", draw_explain, &s, 80, 40);
    s.pane = EXPLAIN_ROWS;
    check("explain-rows", draw_explain, &s);
    s.metric = METRIC_STORED;
    check_at("explain-hub", draw_explain, &s, 80, 24);
    s.x = NULL;
    check_at("explain-reading", draw_explain, &s, 80, 24);
    err_set(&s.failed, SOUK_EFAIL, "the cache is busy");
    check_at("explain-failed", draw_explain, &s, 80, 24);
    explain_end(&s);
    fixture_health(fix, untrusted(""));
}

/* --- findings */

static void draw_findings(void *state, struct canvas *c, struct rect area)
{
    findings_draw(state, c, area);
}

static void findings_init(struct findings_screen *s)
{
    *s = (struct findings_screen){.f = &fix->findings, .unit = fix->health.income_asset};
    s->list = table_new(finding_columns, FINDING_COLS, &finding_ops, s);
    s->tries = table_new(try_columns, TRY_COLS, &try_ops, s);
    table_set_rows(s->list, s->f->n);
}

static void findings_end(struct findings_screen *s)
{
    table_free(s->list);
    table_free(s->tries);
}

static void test_findings(void **state)
{
    (void)state;
    struct findings_screen s;
    findings_init(&s);
    check("findings", draw_findings, &s);
    s.f->total = 12345;
    snprintf(s.label, sizeof s.label, "vol.labs/eth-skew-surface");
    check_at("findings-more", draw_findings, &s, 80, 24);
    s.f->total = FIXTURE_FINDINGS;
    s.pane = FINDINGS_RULES;
    check("findings-rules", draw_findings, &s);
    s.pane = FINDINGS_OTHER;
    check_at("findings-other-asked", draw_findings, &s, 80, 24);
    s.has_rows = true;
    memcpy(s.row, fix->tried, sizeof s.row);
    table_set_rows(s.tries, THRESHOLDS);
    check("findings-other", draw_findings, &s);
    err_set(&s.try_failed, SOUK_EFAIL, "out of memory while judging again");
    s.has_rows = false;
    check_at("findings-other-failed", draw_findings, &s, 80, 24);
    findings_end(&s);
}

static void test_no_findings(void **state)
{
    (void)state;
    struct findings_screen s;
    struct findings none = {.window = WINDOW_7D};
    findings_init(&s);
    s.f = &none;
    table_set_rows(s.list, 0);
    check_at("findings-none", draw_findings, &s, 80, 24);
    s.f = NULL;
    check_at("findings-reading", draw_findings, &s, 80, 24);
    err_set(&s.failed, SOUK_ENOTFOUND, "nothing is in the cache yet");
    check_at("findings-failed", draw_findings, &s, 80, 24);
    findings_end(&s);
}

/* --- the transactions behind one */

static void draw_evidence(void *state, struct canvas *c, struct rect area)
{
    evidence_draw(state, c, area);
}

static void evidence_init(struct evidence_screen *s)
{
    const struct finding_row *f = &fix->finding[0];
    *s = (struct evidence_screen){.rule = f->rule, .v = &fix->evidence};
    snprintf(s->author, sizeof s->author, "%s", f->author);
    snprintf(s->model, sizeof s->model, "%s", f->model);
    snprintf(s->words, sizeof s->words, "%s", f->words);
    s->table = table_new(evidence_columns, EVIDENCE_COLS, &evidence_ops, s);
    table_set_rows(s->table, s->v->n);
}

static void test_evidence(void **state)
{
    (void)state;
    struct evidence_screen s;
    evidence_init(&s);
    check("evidence", draw_evidence, &s);
    s.v = NULL;
    check_at("evidence-reading", draw_evidence, &s, 80, 24);
    err_set(&s.failed, SOUK_EFAIL, "the cache is busy");
    check_at("evidence-failed", draw_evidence, &s, 80, 24);
    table_free(s.table);
}

/* --- hostile texts */

static void survive_all(void)
{
    struct health_screen h;
    struct explain_screen x;
    struct findings_screen f;
    struct evidence_screen v;
    health_init(&h);
    turn(&h, HEALTH_PRICES);
    survive(draw_health, &h);
    turn(&h, HEALTH_SOURCES);
    survive(draw_health, &h);
    explain_init(&x);
    snprintf(x.label, sizeof x.label, "%.255s", fix->attack);
    survive(draw_explain, &x);
    x.pane = EXPLAIN_ROWS;
    survive(draw_explain, &x);
    findings_init(&f);
    snprintf(f.label, sizeof f.label, "%.255s", fix->attack);
    survive(draw_findings, &f);
    evidence_init(&v);
    survive(draw_evidence, &v);
    table_free(h.prices);
    table_free(v.table);
    explain_end(&x);
    findings_end(&f);
}

static void test_hostile(void **state)
{
    (void)state;
    static struct fixture_health bad;
    fix = &bad;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        memset(&bad, 0, sizeof bad);
        fixture_health(&bad, fixture_attack(i));
        survive_all();
    }
    fix = &honest;
}

int main(void)
{
    clock_fix(FIXTURE_NOW);
    fixture_health(fix, untrusted(""));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_panes),        cmocka_unit_test(test_small),
        cmocka_unit_test(test_not_judged),   cmocka_unit_test(test_shelf),
        cmocka_unit_test(test_failed),       cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_growth_words), cmocka_unit_test(test_interval_words),
        cmocka_unit_test(test_share_words),  cmocka_unit_test(test_explain),
        cmocka_unit_test(test_findings),     cmocka_unit_test(test_no_findings),
        cmocka_unit_test(test_evidence),     cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
