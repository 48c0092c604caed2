#include "fixture_health.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum { HOUR = 3600, DAY = 86400, WEEK = 7 * DAY, CHAIN = 84532, BLOCK = 86401, MICRO = 10000 };

static const char *said(const struct fixture_health *f, const char *honest)
{
    return f->attack[0] ? f->attack : honest;
}

static address address_of(unsigned n)
{
    address a;
    for (size_t i = 0; i < sizeof a.b; i++)
        a.b[i] = (uint8_t)(n * 53 + i * 19 + 7);
    return a;
}

static void hash_text(unsigned n, char out[HASH_BUF])
{
    bytes32 h;
    for (size_t i = 0; i < sizeof h.b; i++)
        h.b[i] = (uint8_t)(n * 71 + i * 13);
    bytes32_format(h, out);
}

static struct amount usdc(uint64_t micro)
{
    return (struct amount){
        .value = u256_from_u64(micro), .asset = address_of(200), .symbol = "USDC", .decimals = 6};
}

static struct amount opg(uint64_t milli)
{
    struct amount a = {.asset = address_of(201), .symbol = "OPG", .decimals = 18, .rank = 1};
    u256_mul_u64(u256_from_u64(milli), 1000000000000000ull, &a.value);
    return a;
}

/* One asset or both, in money[at]. */
static struct income income(struct fixture_health *f, size_t at, uint64_t micro, uint64_t milli)
{
    f->money[at] = usdc(micro);
    f->money[at + 1] = opg(milli);
    return (struct income){&f->money[at], milli ? 2 : 1};
}

/* --- the market */

static const uint64_t weeks[FIXTURE_SERIES][FIXTURE_WEEKS] = {
    {612, 640, 655, 702, 731, 720, 768, 801, 822, 860, 902, 931, 988, 1044},    /* calls */
    {480, 500, 502, 540, 566, 549, 590, 612, 633, 660, 698, 720, 771, 809},     /* payments */
    {3, 0, 2, 4, 5, 1, 2, 0, 3, 2, 4, 6, 5, 7},                                 /* settlements */
    {132, 140, 153, 162, 165, 171, 178, 189, 189, 200, 204, 211, 217, 235},     /* inferences */
    {41, 44, 40, 47, 52, 50, 55, 61, 60, 66, 71, 70, 78, 83},                   /* payers */
    {41, 20, 12, 15, 17, 11, 14, 16, 12, 15, 17, 13, 18, 19},                   /* new */
    {0, 24, 28, 32, 35, 39, 41, 45, 48, 51, 54, 57, 60, 64},                    /* returning */
    {702, 733, 741, 790, 850, 811, 866, 903, 951, 980, 1061, 1099, 1180, 1244}, /* income */
    {491, 520, 512, 560, 601, 570, 602, 640, 655, 690, 741, 762, 820, 871},     /* low */
    {604, 640, 633, 690, 750, 710, 760, 790, 820, 850, 920, 955, 1032, 1090},   /* high */
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},                                 /* median */
    {0, 0, 61, 55, 58, 44, 40, 39, 31, 30, 22, 24, 19, 12},                     /* uploads */
};

static void make_weeks(struct fixture_health *f)
{
    struct weekly *w = &f->health.weekly;
    struct series *all[] = {&w->calls,  &w->payments, &w->settlements, &w->inferences,
                            &w->payers, &w->fresh,    &w->returning,   &w->income,
                            &w->low,    &w->high,     &w->median,      &w->uploads};
    memcpy(f->week, weeks, sizeof weeks);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = (struct series){
            .first_day = FIXTURE_NOW / DAY - 14 * 7 - 1, .n = FIXTURE_WEEKS, .v = f->week[i]};
    w->unit = usdc(MICRO); /* a cent */
    w->fresh_from = 4;
}

static struct growth grown(double ratio, double low, double high)
{
    return (struct growth){
        .known = true, .before = 100, .recent = 118, .ratio = ratio, .low = low, .high = high};
}

static void make_cohorts(struct health *h)
{
    h->cohorts = 10;
    for (unsigned i = 0; i < h->cohorts; i++) {
        struct cohort *c = &h->cohort[i];
        *c = (struct cohort){.first_day = FIXTURE_NOW / DAY - 11 * 7 + 7 * (int64_t)i - 1,
                             .payers = 11 + i * 5 % 9,
                             .weeks = 9 - i};
        for (unsigned k = 0; k < c->weeks; k++)
            c->back[k] = c->payers * (60 - k * 6) / 100;
    }
    h->d7 = (struct share){31, 120, 258333, 188000, 343000};
    h->d30 = (struct share){14, 88, 159090, 97000, 249000};
}

static void make_spread(struct health *h)
{
    h->earners = (struct concentration){.n = 61,
                                        .gini = 788123,
                                        .hhi = 102345,
                                        .effective = 9.77,
                                        .top1 = 241000,
                                        .top10 = 812345,
                                        .half = 4};
    h->everyone = (struct concentration){.n = 300,
                                         .gini = 943210,
                                         .hhi = 102345,
                                         .effective = 9.77,
                                         .top1 = 241000,
                                         .top10 = 812345,
                                         .half = 4};
    for (unsigned i = 0; i <= LORENZ_POINTS; i++) {
        uint64_t x = i * 20000, over = x > 800000 ? x - 800000 : 0;
        h->lorenz[i] = (uint32_t)(over * over / 40000);
    }
    h->quartile[0] = usdc(0);
    h->quartile[1] = usdc(0);
    h->quartile[2] = usdc(18000);
    h->income_asset = usdc(0);
}

static void make_prices(struct fixture_health *f)
{
    static const char *const names[] = {"og-1hr-volatility-ethusdt", "eth-vol-garch",
                                        "macro-regime-detector", "תחזית-מחיר", "深層価格予測"};
    for (unsigned i = 0; i < FIXTURE_PRICES; i++) {
        struct price_point *p = &f->price[i];
        uint64_t price = 1000 + 997 * i * i % 250000;
        uint64_t n = i > 24 ? 0 : 1200000 / price / (1 + i / 4) + 1;
        *p = (struct price_point){.author = said(f, i % 3 ? "OpenGradient" : "vol.labs"),
                                  .model = said(f, names[i % 5]),
                                  .price = i == 3 ? opg(20) : usdc(price),
                                  .payments = n,
                                  .income = i == 3 ? opg(20 * n) : usdc(price * n)};
    }
    f->health.price = f->price;
    f->health.prices = FIXTURE_PRICES;
}

static struct provenance read_from(const struct fixture_health *f, int64_t chain)
{
    struct provenance p = {.place = said(f, chain ? "127.0.0.1:18400" : "http://127.0.0.1:18402"),
                           .chain = chain,
                           .first = chain ? 1 : 0,
                           .last = chain ? BLOCK : 0,
                           .time = FIXTURE_NOW - 4};
    if (chain)
        hash_text(1, p.hash);
    return p;
}

static void make_health(struct fixture_health *f)
{
    struct health *h = &f->health;
    static const uint64_t bits[RULE_COUNT] = {42, 118, 64, 12, 96, 310, 800, 0, 96, 3};
    *h = (struct health){.window = WINDOW_30D,
                         .as_of = FIXTURE_NOW - 20,
                         .as_of_block = BLOCK,
                         .stored = 2000,
                         .listed = 640,
                         .proven = 512,
                         .called_ever = 371,
                         .called = 210,
                         .paid = 118,
                         .paid_by_3 = 101,
                         .genuine = 91,
                         .healthy = 70,
                         .calls = 12481,
                         .payments = 9602,
                         .settlements = 44,
                         .inferences = 2879,
                         .payers = 214,
                         .authors = 300,
                         .authors_earning = 61,
                         .payers_fresh = 67,
                         .payers_returning = 147,
                         .unlisted_payments = 7,
                         .by_list_payments = 12,
                         .inflows = 31,
                         .unknown_inferences = 7,
                         .payer_unknown = 3,
                         .payers_strict = 96,
                         .payers_loose = 163,
                         .judged_at = FIXTURE_NOW - 20,
                         .rules_print = 0x5e0ca71b03d94f12,
                         .excluded_low = 118000,
                         .excluded_high = 287000};
    memcpy(h->with_bit, bits, sizeof bits);
    h->income = income(f, 0, 124810000, 3200);
    h->low = income(f, 2, 88990000, 1100);
    h->high = income(f, 4, 110082400, 3200);
    h->refunded = income(f, 6, 40000, 0);
    h->unattributed = income(f, 8, 2400000, 0);
    h->unlisted = income(f, 10, 70000, 0);
    h->by_list = income(f, 12, 120000, 0);
    h->inflow = income(f, 14, 9100000, 0);
    h->grow_calls = grown(1.18, 1.09, 1.28);
    h->grow_payments = grown(1.19, 1.08, 1.31);
    h->grow_income = grown(1.22, 1.05, 1.41);
    h->grow_payers = grown(1.02, 0.94, 1.11);
    h->grow_fresh = grown(0.96, 0.61, 1.52);
    h->grow_uploads = grown(0.69, 0.60, 0.80);
    make_weeks(f);
    make_cohorts(h);
    make_spread(h);
    make_prices(f);
    h->payments_from = read_from(f, CHAIN);
    h->inferences_from = read_from(f, 10740);
    h->hub_from = read_from(f, 0);
}

/* --- findings */

static void make_findings(struct fixture_health *f)
{
    static const struct {
        enum rule rule;
        const char *author, *model, *words;
        uint64_t payments, payers, micro;
        int days;
    } rows[FIXTURE_FINDINGS] = {
        {RULE_CYCLE, "vol.labs", "eth-skew-surface",
         "5 addresses pass 12.4 USDC round in 4 windows; nobody keeps more than 0.02 USDC", 96, 5,
         12400000, 2},
        {RULE_FUNDED, "vol.labs", "", "0x4cc1…aa21 funded 3 payers with 2.2 USDC before they paid",
         118, 3, 2200000, 3},
        {RULE_SELF, "deepnorth", "macro-regime-detector", "the payer is the listing's owner", 42, 1,
         420000, 5},
        {RULE_COHORT, "farm.example", "lucky-numbers",
         "31 payers first paid within 12 minutes, each 10 times; 24 of them share a funder", 310,
         31, 3100000, 9},
        {RULE_SHARED, "mira", "eth-vol-garch", "8 of 31 payers were first funded by 0x7be1…09c4",
         64, 8, 256000, 12},
        {RULE_RETURN, "el", "forecast",
         "2.0 USDC came back to the payer in 3 trips of 2.1 USDC paid", 12, 1, 2000000, 14},
        {RULE_ONE, "deepnorth", "credit-default-hazard", "one payer is 97 % of its income", 96, 1,
         9600000, 20},
    };
    for (unsigned i = 0; i < FIXTURE_FINDINGS; i++)
        f->finding[i] =
            (struct finding_row){.id = (int64_t)i + 1,
                                 .rule = rows[i].rule,
                                 .author = said(f, rows[i].author),
                                 .model = rows[i].model[0] ? said(f, rows[i].model) : "",
                                 .payee = address_of(40 + i),
                                 .since = FIXTURE_NOW - (rows[i].days + 6) * DAY,
                                 .until = FIXTURE_NOW - rows[i].days * DAY,
                                 .payments = rows[i].payments,
                                 .payers = rows[i].payers,
                                 .amount = usdc(rows[i].micro),
                                 .words = rows[i].words};
    f->findings = (struct findings){
        .row = f->finding, .n = FIXTURE_FINDINGS, .total = FIXTURE_FINDINGS, .window = WINDOW_30D};
    memcpy(f->findings.by_rule, f->health.with_bit, sizeof f->findings.by_rule);
    f->findings.amount[RULE_SELF] = f->health.refunded;
    f->findings.amount[RULE_CYCLE] = f->health.inflow;
    f->findings.amount[RULE_COHORT] = f->health.unattributed;
    for (unsigned i = 0; i < FIXTURE_EVIDENCE; i++) {
        f->row[i] = (struct evidence_row){.payment = i % 3 == 1,
                                          .from = address_of(60 + i),
                                          .to = address_of(61 + i),
                                          .amount = usdc(400000 - i * 100),
                                          .time = FIXTURE_NOW - 9 * DAY + i * HOUR,
                                          .block = BLOCK - 13000 + 60 * i,
                                          .log = i};
        hash_text(80 + i, f->row[i].tx);
    }
    f->evidence = (struct evidence){f->row, FIXTURE_EVIDENCE};
    for (unsigned i = 0; i < THRESHOLDS; i++)
        f->tried[i] = (struct sensitivity){
            .threshold = i,
            .value = {50 + i, 100 + 2 * i, 150 + 3 * i},
            .low = {u256_from_u64(88990000 - (i % 4 == 1) * 4200000), u256_from_u64(88990000),
                    u256_from_u64(88990000 + (i % 5 == 2) * 9100000)}};
}

/* --- an explanation */

static void make_explanation(struct fixture_health *f)
{
    static const char *const filters[FIXTURE_BASES] = {"listings", "payments", "payees"};
    for (unsigned i = 0; i < FIXTURE_BASES; i++)
        f->basis[i] = (struct basis){.filter = filters[i],
                                     .from = read_from(f, CHAIN),
                                     .finality = i ? FINALITY_SAFE : FINALITY_FINAL,
                                     .final_to = BLOCK - 120,
                                     .safe_to = BLOCK,
                                     .rows = 640 + 9000 * i,
                                     .endpoints = said(f, "127.0.0.1:18400 base.example"),
                                     .crossed = i != 2};
    for (unsigned i = 0; i < FIXTURE_CALLS; i++) {
        f->call[i] = (struct call_row){.kind = i == 2 ? CALL_SETTLEMENT : CALL_PAYMENT,
                                       .time = FIXTURE_NOW - 40 - i * HOUR,
                                       .block = BLOCK - i * 60,
                                       .chain = CHAIN,
                                       .payer = address_of(90 + i),
                                       .amount = usdc(10000 * (i + 1))};
        hash_text(90 + i, f->call[i].tx);
        f->call_model[i] = untrusted(i == 3 ? "" : said(f, "og-1hr-volatility-ethusdt"));
    }
    f->explanation = (struct explanation){.metric = METRIC_SPENDING,
                                          .window = WINDOW_30D,
                                          .as_of = FIXTURE_NOW - 20,
                                          .basis = f->basis,
                                          .bases = FIXTURE_BASES,
                                          .rules = rules_default,
                                          .counted = 9646,
                                          .call = f->call,
                                          .call_model = f->call_model,
                                          .calls = FIXTURE_CALLS};
}

void fixture_health(struct fixture_health *f, struct untrusted attack)
{
    snprintf(f->attack, sizeof f->attack, "%.*s", (int)attack.n, attack.n ? attack.p : "");
    make_health(f);
    make_findings(f);
    make_explanation(f);
}

void fixture_health_unjudged(struct fixture_health *f)
{
    struct health *h = &f->health;
    h->judged_at = 0;
    h->genuine = h->healthy = h->payers_strict = h->payers_loose = 0;
    h->low = h->high = (struct income){0};
    h->excluded_low = h->excluded_high = 0;
    memset(h->with_bit, 0, sizeof h->with_bit);
}

void fixture_health_bare(struct fixture_health *f)
{
    f->health = (struct health){.window = WINDOW_30D,
                                .stored = 2000,
                                .as_of = FIXTURE_NOW - 20,
                                .as_of_block = BLOCK,
                                .income_asset = usdc(0),
                                .quartile = {usdc(0), usdc(0), usdc(0)}};
    f->health.payments_from.place = f->health.inferences_from.place = f->health.hub_from.place = "";
}
