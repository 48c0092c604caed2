#include "cli/health_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/chart.h"
#include "cli/page.h"
#include "market/explain.h"

#include "base/banned.h"

enum { WEEKS_SHOWN = 12, BAR_COLS = 20, COHORTS_SHOWN = 12, PRICE_BANDS = 8 };

/* --- the funnel */

static void step(const struct health *h, const char *label, uint64_t n, const char *remark)
{
    char count[HUMAN_BUF], share[HUMAN_BUF], bar[CHART_BUF];
    struct page_row r;
    page_row(&r, label);
    page_cell(&r, human_count(count, n), -9);
    page_cell(&r, human_percent(share, n, h->stored), -8);
    page_cell(&r, chart_bar(bar, n, h->stored, BAR_COLS), BAR_COLS + 1);
    page_cell(&r, remark, 0);
    page_row_end(&r);
}

static void print_funnel(const struct health *h)
{
    page_title("FUNNEL", "");
    step(h, "stored", h->stored, "models on the Hub");
    step(h, "listed", h->listed, "with a price on chain");
    step(h, "proven", h->proven, "the author confirms it");
    step(h, "called ever", h->called_ever, "paid or not");
    step(h, "called", h->called, "in the window");
    step(h, "paid", h->paid, "in it, whoever paid");
    step(h, "paid by 3", h->paid_by_3, "three addresses or more");
    if (h->judged_at)
        step(h, "genuine", h->genuine, "by a genuine payer");
}

/* --- vital signs */

static const char *grown(const struct growth *g, char out[64])
{
    if (!g->known)
        snprintf(out, 64, "too few to tell");
    else if (isinf(g->ratio))
        snprintf(out, 64, "from none (at least x%.2f)", g->low);
    else
        snprintf(out, 64, "x%.2f (%.2f to %.2f)%s", g->ratio, g->low, g->high,
                 g->direction > 0   ? ", trend up"
                 : g->direction < 0 ? ", trend down"
                                    : "");
    return out;
}

static void sign(const char *label, const char *value, const struct growth *g,
                 const struct series *s, size_t from)
{
    char words[64], spark[CHART_BUF];
    struct page_row r;
    page_row(&r, label);
    page_cell(&r, value, -18);
    page_cell(&r, g ? grown(g, words) : "", 33);
    if (from < s->n) {
        size_t skip = s->n - from > WEEKS_SHOWN ? s->n - WEEKS_SHOWN : from;
        page_cell(&r, chart_spark(spark, s->v + skip, s->n - skip), 0);
    }
    page_row_end(&r);
}

static void print_signs(const struct health *h)
{
    const struct weekly *w = &h->weekly;
    char n[HUMAN_BUF], money[128];
    struct amount income = income_in(&h->income, &h->income_asset);
    page_title("VITAL SIGNS", "");
    page_line("", "%18s %-33s by week", "in the window", "4 weeks to the 4 before, 95 %");
    sign("calls", human_count(n, h->calls), &h->grow_calls, &w->calls, 0);
    sign("payments", human_count(n, h->payments), &h->grow_payments, &w->payments, 0);
    sign("settlements", human_count(n, h->settlements), &h->grow_settlements, &w->settlements, 0);
    sign("inferences", human_count(n, h->inferences), NULL, &w->inferences, 0);
    sign("payers", human_count(n, h->payers), &h->grow_payers, &w->payers, 0);
    sign(" new", human_count(n, h->payers_fresh), &h->grow_fresh, &w->fresh, w->fresh_from);
    sign(" returning", human_count(n, h->payers_returning), NULL, &w->returning, w->fresh_from);
    sign("income", amount_format(&income, money, sizeof money), &h->grow_income, &w->income, 0);
    if (h->judged_at) {
        struct amount low = income_in(&h->low, &h->income_asset),
                      high = income_in(&h->high, &h->income_asset);
        sign(" at least", amount_format(&low, money, sizeof money), NULL, &w->low, 0);
        sign(" at most", amount_format(&high, money, sizeof money), NULL, &w->high, 0);
        struct amount last = w->unit;
        last.value = U256_ZERO;
        if (w->median.n)
            (void)u256_mul_u64(w->unit.value, w->median.v[w->median.n - 1], &last.value);
        sign("week's median", amount_format(&last, money, sizeof money), NULL, &w->median, 0);
    }
    sign("uploads", "", &h->grow_uploads, &w->uploads, 0);
    page_text("", "A payment is one paid call; a settlement is a session or a channel: an unknown "
                  "number of calls; an inference is unpaid. Calls are payments and inferences: a "
                  "lower bound.");
}

/* --- genuine spending */

static void print_rules(const struct health *h, enum rule_effect effect, const char *title)
{
    char n[HUMAN_BUF];
    page_line("", "%s", title);
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        struct page_row r;
        if (rule_effect(i) != effect)
            continue;
        page_row(&r, NULL);
        page_cell(&r, rule_name(i), 8);
        page_cell(&r, human_count(n, h->with_bit[i]), -9);
        page_cell(&r, rule_text(i), 0);
        page_row_end(&r);
    }
}

static void print_genuine(const struct health *h)
{
    char a[256], b[256], n[HUMAN_BUF];
    page_title("GENUINE SPENDING", "an interval: who pays whom can be seen, not why");
    page_text("income", "%s", income_format(&h->income, a, sizeof a));
    if (h->refunded.n)
        page_text(" refunded", "%s, already taken off", income_format(&h->refunded, a, sizeof a));
    if (!h->judged_at) {
        page_line("genuine", "not judged yet: `souk sync` does");
        return;
    }
    for (size_t i = 0; i < h->income.n; i++) {
        struct amount low = income_in(&h->low, &h->income.of[i]),
                      high = income_in(&h->high, &h->income.of[i]);
        bool same = u256_cmp(low.value, high.value) == 0;
        page_text(i ? "" : "genuine", "%s%s%s", same ? "" : amount_format(&low, a, sizeof a),
                  same ? "" : " to ", amount_format(&high, b, sizeof b));
    }
    if (h->income.n == 0)
        page_line("genuine", "nothing was paid");
    page_line("self-dealing", "%s of %s income",
              human_percents(n, h->excluded_low, h->excluded_high, PPM, " to "),
              h->income_asset.symbol);
    page_text("payers", "%s strictly, %s loosely, of %s addresses",
              human_count(a, h->payers_strict), human_count(b, h->payers_loose),
              human_count(n, h->payers));
    page_line("healthy", "%s models: three payers or more, three payments from each",
              human_count(n, h->healthy));
    print_rules(h, RULE_EXCLUDE, "payments that a rule takes out, in whole or in part:");
    print_rules(h, RULE_CLUSTER, "payers that count as one:");
    print_rules(h, RULE_TAG, "only noted:");
}

/* --- retention */

static void print_share(const char *label, const struct share *s, const char *words)
{
    char p[HUMAN_BUF], range[HUMAN_BUF], k[HUMAN_BUF], n[HUMAN_BUF];
    if (s->n == 0)
        page_line(label, "nobody's time has come yet");
    else
        page_line(label, "%s (95 %%: %s), %s of %s %s", page_ppm(p, s->point),
                  human_percents(range, s->low, s->high, PPM, " to "), human_count(k, s->k),
                  human_count(n, s->n), words);
}

static void print_retention(const struct health *h)
{
    char text[HUMAN_BUF];
    size_t first = h->cohorts > COHORTS_SHOWN ? h->cohorts - COHORTS_SHOWN : 0;
    page_title("RETENTION", "of those who first paid in a week: paid again so many weeks later");
    if (h->cohorts) {
        struct page_row r;
        page_row(&r, "week of");
        page_cell(&r, "payers", -6);
        for (int k = 1; k <= COHORT_WEEKS; k++) {
            snprintf(text, sizeof text, "+%d", k);
            page_cell(&r, text, -4);
        }
        page_row_end(&r);
    }
    for (size_t i = first; i < h->cohorts; i++) {
        const struct cohort *c = &h->cohort[i];
        struct page_row r;
        page_row(&r, human_day(text, c->first_day * 86400));
        page_cell(&r, human_count(text, c->payers), -6);
        for (unsigned k = 0; k < c->weeks; k++) {
            uint64_t percent = c->payers ? (c->back[k] * 200 / c->payers + 1) / 2 : 0;
            snprintf(text, sizeof text, "%d%%", (int)percent);
            page_cell(&r, c->payers ? text : "", -4);
        }
        page_row_end(&r);
    }
    print_share("days 7 to 13", &h->d7, "paid again");
    print_share("days 30 to 36", &h->d30, "paid again");
}

/* --- authors */

static void pair(const char *label, const char *a, const char *b)
{
    struct page_row r;
    page_row(&r, label);
    page_cell(&r, a, -16);
    page_cell(&r, b, -20);
    page_row_end(&r);
}

static const char *real(char out[HUMAN_BUF], double v, int digits)
{
    snprintf(out, HUMAN_BUF, "%.*f", digits, v);
    return out;
}

static void print_authors(const struct health *h)
{
    const struct concentration *x = &h->earners, *y = &h->everyone;
    char a[256], b[256], c[256];
    snprintf(a, sizeof a, "of %s income", h->income_asset.symbol);
    page_title("AUTHORS", a);
    pair("", "those who earned", "all with a listing");
    pair("authors", human_count(a, x->n), human_count(b, y->n));
    pair("Gini", real(a, x->gini / 1e6, 3), real(b, y->gini / 1e6, 3));
    pair("HHI", real(a, x->hhi / 1e6, 3), real(b, y->hhi / 1e6, 3));
    pair("1 / HHI", real(a, x->effective, 1), real(b, y->effective, 1));
    pair("top author", page_ppm(a, x->top1), page_ppm(b, y->top1));
    pair("top ten", page_ppm(a, x->top10), page_ppm(b, y->top10));
    pair("half is with", human_count(a, x->half), human_count(b, y->half));
    page_text(
        "quartiles", "%s, %s, %s (all with a listing)", amount_format(&h->quartile[0], a, sizeof a),
        amount_format(&h->quartile[1], b, sizeof b), amount_format(&h->quartile[2], c, sizeof c));
    page_line("Lorenz curve", "the poorest 50 %% have %s, 80 %% %s, 90 %% %s",
              page_ppm(a, h->lorenz[LORENZ_POINTS / 2]),
              page_ppm(b, h->lorenz[LORENZ_POINTS * 4 / 5]),
              page_ppm(c, h->lorenz[LORENZ_POINTS * 9 / 10]));
}

/* --- price and volume: by powers of ten of the price, in the page's asset */

struct band {
    uint64_t models, called, payments;
    u256 income;
};
enum { BANDS = U256_DEC }; /* by the digits of a price in atomic units; 0: free */

static size_t digits_of(u256 price)
{
    char dec[U256_DEC];
    return u256_is_zero(price) ? 0 : strlen(u256_to_dec(price, dec));
}

static void add_band(struct band *to, const struct band *more)
{
    to->models += more->models;
    to->called += more->called;
    to->payments += more->payments;
    (void)u256_add(to->income, more->income, &to->income);
}

/* Of many the dearest are together in the last. Returns how many are priced in another asset. */
static size_t fill_bands(const struct health *h, struct band band[BANDS])
{
    size_t others = 0, used = 0, last = 0;
    for (size_t i = 0; i < h->prices; i++) {
        const struct price_point *p = &h->price[i];
        const struct band one = {1, p->payments > 0, p->payments, p->income.value};
        if (address_eq(p->price.asset, h->income_asset.asset))
            add_band(&band[digits_of(p->price.value)], &one);
        else
            others++;
    }
    for (size_t i = 0; i < BANDS; i++) {
        if (!band[i].models)
            continue;
        last = used < PRICE_BANDS ? i : last;
        if (++used > PRICE_BANDS) {
            add_band(&band[last], &band[i]);
            band[i].models = 0;
        }
    }
    return others;
}

static void print_band_head(void)
{
    struct page_row r;
    page_row(&r, "");
    page_cell(&r, "price from", -17);
    page_cell(&r, "models", -7);
    page_cell(&r, "paid for", -8);
    page_cell(&r, "payments", -9);
    page_cell(&r, "income", -20);
    page_row_end(&r);
}

static void print_band(struct amount from, const struct band *b)
{
    char text[128];
    struct page_row r;
    struct amount income = from;
    income.value = b->income;
    page_row(&r, "");
    page_cell(&r, u256_is_zero(from.value) ? "free" : amount_format(&from, text, sizeof text), -17);
    page_cell(&r, human_count(text, b->models), -7);
    page_cell(&r, human_count(text, b->called), -8);
    page_cell(&r, human_count(text, b->payments), -9);
    page_cell(&r, amount_format(&income, text, sizeof text), -20);
    page_row_end(&r);
}

static void print_prices(const struct health *h)
{
    struct band band[BANDS] = {0};
    struct amount from = h->income_asset;
    size_t others = fill_bands(h, band);
    page_title("PRICE AND VOLUME", "listed price against payments; it says nothing about causes");
    if (h->prices == 0)
        page_line("", "nothing is listed");
    if (others < h->prices)
        print_band_head();
    from.value = U256_ZERO;
    for (size_t i = 0; i < BANDS; i++) {
        if (band[i].models)
            print_band(from, &band[i]);
        if (i == 0)
            from.value = u256_from_u64(1);
        else
            (void)u256_mul_u64(from.value, 10, &from.value);
    }
    if (others)
        page_line("", "%s%zu priced in other assets", others < h->prices ? "and " : "", others);
    if (h->prices == PRICE_POINTS)
        page_line("", "of the %d listed models with the most payments", PRICE_POINTS);
}

/* --- by week */

static void print_weeks(const struct health *h)
{
    const struct weekly *w = &h->weekly;
    const char *const title[] = {"calls",  "payments", "settled",     "inferred",
                                 "payers", "new",      w->unit.symbol};
    char text[128];
    size_t first = w->calls.n > WEEKS_SHOWN ? w->calls.n - WEEKS_SHOWN : 0;
    if (!w->calls.n)
        return;
    page_title("BY WEEK", "whole weeks from Monday, UTC");
    struct page_row r;
    page_row(&r, "week of");
    for (size_t k = 0; k < 7; k++)
        page_cell(&r, title[k], k < 6 ? -8 : -11);
    page_row_end(&r);
    for (size_t i = first; i < w->calls.n; i++) {
        const struct series *of[] = {&w->calls, &w->payments, &w->settlements, &w->inferences,
                                     &w->payers};
        struct amount a = w->unit;
        page_row(&r, human_day(text, (w->calls.first_day + 7 * (int64_t)i) * 86400));
        for (size_t k = 0; k < 5; k++)
            page_cell(&r, human_count(text, of[k]->v[i]), -8);
        page_cell(&r, i < w->fresh_from ? "-" : human_count(text, w->fresh.v[i]), -8);
        (void)u256_mul_u64(w->unit.value, w->income.v[i], &a.value);
        page_cell(&r, u256_format(a.value, a.decimals, 6, text), -11);
        page_row_end(&r);
    }
    if (first < w->fresh_from)
        page_line("", "- : so soon after the first payment read, everybody looks new");
}

/* --- what no figure above holds, and where all of them come from */

static void print_apart(const struct health *h)
{
    char a[256], n[HUMAN_BUF];
    page_title("APART", "");
    page_text("unattributed", "%s of income, at addresses that several models share",
              income_format(&h->unattributed, a, sizeof a));
    page_text("payer unknown", "%s payments and settlements: channels name nobody",
              human_count(n, h->payer_unknown));
    page_text("not listed", "%s in %s payments to payees that no listing names",
              income_format(&h->unlisted, a, sizeof a), human_count(n, h->unlisted_payments));
    page_text("by list (P2)", "%s in %s: sent by a known facilitator, no proof",
              income_format(&h->by_list, a, sizeof a), human_count(n, h->by_list_payments));
    page_text("inflow (P1)", "%s in %s plain transfers to payees: never a call",
              income_format(&h->inflow, a, sizeof a), human_count(n, h->inflows));
    page_text("unknown model", "%s inferences of IDs that no model has",
              human_count(n, h->unknown_inferences));
}

static void print_sources(const struct health *h)
{
    char a[HUMAN_BUF];
    page_title("SOURCES", "`souk health --explain METRIC` tells more, --prove checks them");
    page_provenance("payments", &h->payments_from, finality_name(h->payments_finality));
    page_provenance("inferences", &h->inferences_from, finality_name(h->inferences_finality));
    page_provenance("Hub", &h->hub_from, "");
    if (!h->judged_at)
        return;
    page_line("rules", "version %d, %016llx", RULES_VERSION, (unsigned long long)h->rules_print);
    page_line("", "judged to %s", human_time(a, h->judged_at));
}

void health_print(const struct health *h)
{
    char a[HUMAN_BUF];
    page_line("window", "%s, to %s", window_name(h->window),
              h->as_of ? human_time(a, h->as_of) : "–");
    print_funnel(h);
    print_signs(h);
    print_genuine(h);
    print_retention(h);
    print_authors(h);
    print_prices(h);
    print_weeks(h);
    print_apart(h);
    print_sources(h);
}
