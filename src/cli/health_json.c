#include <stdio.h>

#include "cli/health_print.h"
#include "cli/out.h"
#include "cli/page.h"

#include "base/banned.h"

static void count(struct json_out *o, const char *key, uint64_t n)
{
    json_out_int(o, key, (int64_t)n);
}

static void models_json(struct json_out *o, const struct health *h)
{
    json_obj_open(o, "models");
    count(o, "stored", h->stored);
    count(o, "listed", h->listed);
    count(o, "proven", h->proven);
    count(o, "called_ever", h->called_ever);
    count(o, "called", h->called);
    count(o, "paid", h->paid);
    count(o, "paid_by_3", h->paid_by_3);
    json_obj_close(o);
}

static void totals_json(struct json_out *o, const struct health *h)
{
    count(o, "authors", h->authors);
    count(o, "authors_earning", h->authors_earning);
    count(o, "calls", h->calls);
    count(o, "payments", h->payments);
    count(o, "settlements", h->settlements);
    count(o, "inferences", h->inferences);
    count(o, "payers", h->payers);
    count(o, "new_payers", h->payers_fresh);
    count(o, "returning_payers", h->payers_returning);
    out_income_json(o, "income", &h->income);
    out_income_json(o, "refunded", &h->refunded);
    out_income_json(o, "unattributed", &h->unattributed);
    out_income_json(o, "unlisted", &h->unlisted);
    count(o, "unlisted_payments", h->unlisted_payments);
    out_income_json(o, "by_list", &h->by_list);
    count(o, "by_list_payments", h->by_list_payments);
    out_income_json(o, "inflow", &h->inflow);
    count(o, "inflows", h->inflows);
    count(o, "unknown_inferences", h->unknown_inferences);
    count(o, "payer_unknown", h->payer_unknown);
}

static void judged_json(struct json_out *o, const struct health *h)
{
    char print[24];
    snprintf(print, sizeof print, "%016llx", (unsigned long long)h->rules_print);
    json_out_int(o, "judged_at", h->judged_at);
    json_out_cstr(o, "rules", print);
    out_income_json(o, "low", &h->low);
    out_income_json(o, "high", &h->high);
    count(o, "payers_strict", h->payers_strict);
    count(o, "payers_loose", h->payers_loose);
    count(o, "models", h->genuine);
    count(o, "models_healthy", h->healthy);
    count(o, "excluded_at_least_ppm", h->excluded_low);
    count(o, "excluded_at_most_ppm", h->excluded_high);
    json_obj_open(o, "payments_by_rule");
    for (unsigned i = 0; i < RULE_COUNT; i++)
        count(o, rule_name(i), h->with_bit[i]);
    json_obj_close(o);
}

static void genuine_json(struct json_out *o, const struct health *h)
{
    static const char *const unknown[] = {"judged_at",
                                          "rules",
                                          "low",
                                          "high",
                                          "payers_strict",
                                          "payers_loose",
                                          "models",
                                          "models_healthy",
                                          "excluded_at_least_ppm",
                                          "excluded_at_most_ppm",
                                          "payments_by_rule"};
    json_obj_open(o, "genuine");
    json_out_int(o, "rules_version", RULES_VERSION);
    if (h->judged_at)
        judged_json(o, h);
    else
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
            json_out_null(o, unknown[i]); /* not nothing */
    json_obj_close(o);
}

static void weekly_json(struct json_out *o, const struct health *h)
{
    const struct weekly *w = &h->weekly;
    json_obj_open(o, "weekly");
    out_series_json(o, "calls", &w->calls);
    out_series_json(o, "payments", &w->payments);
    out_series_json(o, "settlements", &w->settlements);
    out_series_json(o, "inferences", &w->inferences);
    out_series_json(o, "payers", &w->payers);
    out_series_json(o, "new_payers", &w->fresh);
    out_series_json(o, "returning_payers", &w->returning);
    count(o, "new_payers_from", w->fresh_from); /* earlier ones may only look new */
    out_amount_json(o, "unit", &w->unit);       /* of the four that follow */
    out_series_json(o, "income", &w->income);
    out_series_json(o, "genuine_low", &w->low);
    out_series_json(o, "genuine_high", &w->high);
    out_series_json(o, "median_payment", &w->median);
    out_series_json(o, "uploads", &w->uploads);
    json_obj_close(o);
}

static void one_growth(struct json_out *o, const char *key, const struct growth *g)
{
    json_obj_open(o, key);
    json_out_bool(o, "known", g->known);
    count(o, "before", g->before);
    count(o, "recent", g->recent);
    if (g->known) {
        json_out_ratio(o, "ratio", g->ratio);
        json_out_ratio(o, "low", g->low);
        json_out_ratio(o, "high", g->high);
        json_out_int(o, "direction", g->direction);
    } else {
        json_out_null(o, "ratio");
        json_out_null(o, "low");
        json_out_null(o, "high");
        json_out_null(o, "direction");
    }
    json_obj_close(o);
}

static void growth_json(struct json_out *o, const struct health *h)
{
    json_obj_open(o, "growth");
    one_growth(o, "calls", &h->grow_calls);
    one_growth(o, "payments", &h->grow_payments);
    one_growth(o, "settlements", &h->grow_settlements);
    one_growth(o, "payers", &h->grow_payers);
    one_growth(o, "new_payers", &h->grow_fresh);
    one_growth(o, "income", &h->grow_income); /* before, recent: in weekly.unit */
    one_growth(o, "uploads", &h->grow_uploads);
    json_obj_close(o);
}

static void share_json(struct json_out *o, const char *key, const struct share *s)
{
    json_obj_open(o, key);
    count(o, "back", s->k);
    count(o, "of", s->n);
    count(o, "share_ppm", s->point);
    count(o, "low_ppm", s->low);
    count(o, "high_ppm", s->high);
    json_obj_close(o);
}

static void retention_json(struct json_out *o, const struct health *h)
{
    json_obj_open(o, "retention");
    json_arr_open(o, "cohorts");
    for (size_t i = 0; i < h->cohorts; i++) {
        json_obj_open(o, NULL);
        json_out_int(o, "first_day", h->cohort[i].first_day);
        count(o, "payers", h->cohort[i].payers);
        json_arr_open(o, "back");
        for (unsigned k = 0; k < h->cohort[i].weeks; k++)
            count(o, NULL, h->cohort[i].back[k]);
        json_arr_close(o);
        json_obj_close(o);
    }
    json_arr_close(o);
    share_json(o, "d7", &h->d7);
    share_json(o, "d30", &h->d30);
    json_obj_close(o);
}

static void one_concentration(struct json_out *o, const char *key, const struct concentration *c)
{
    json_obj_open(o, key);
    count(o, "authors", c->n);
    count(o, "gini_ppm", c->gini);
    count(o, "hhi_ppm", c->hhi);
    json_out_ratio(o, "effective_authors", c->effective);
    count(o, "top1_ppm", c->top1);
    count(o, "top10_ppm", c->top10);
    count(o, "half", c->half);
    json_obj_close(o);
}

static void concentration_json(struct json_out *o, const struct health *h)
{
    json_obj_open(o, "concentration");
    json_out_cstr(o, "symbol", h->income_asset.symbol);
    out_address_json(o, "asset", h->income_asset.asset);
    one_concentration(o, "earners", &h->earners);
    one_concentration(o, "listed", &h->everyone);
    json_arr_open(o, "lorenz_ppm");
    for (size_t i = 0; i <= LORENZ_POINTS; i++)
        count(o, NULL, h->lorenz[i]);
    json_arr_close(o);
    json_arr_open(o, "quartiles");
    for (size_t i = 0; i < 3; i++)
        out_amount_json(o, NULL, &h->quartile[i]);
    json_arr_close(o);
    json_obj_close(o);
    count(o, "authors_with_half_of_income", h->earners.half);
    out_amount_json(o, "median_author_income", &h->quartile[1]);
}

static void prices_json(struct json_out *o, const struct health *h)
{
    json_arr_open(o, "prices");
    for (size_t i = 0; i < h->prices; i++) {
        const struct price_point *p = &h->price[i];
        json_obj_open(o, NULL);
        json_out_str(o, "author", untrusted(p->author));
        json_out_str(o, "model", untrusted(p->model));
        out_amount_json(o, "price", &p->price);
        count(o, "payments", p->payments);
        out_amount_json(o, "income", &p->income);
        json_obj_close(o);
    }
    json_arr_close(o);
}

void health_json(struct json_out *o, const struct health *h)
{
    json_obj_open(o, NULL);
    json_out_int(o, "as_of", h->as_of);
    count(o, "as_of_block", h->as_of_block);
    json_out_cstr(o, "window", window_name(h->window));
    models_json(o, h);
    totals_json(o, h);
    genuine_json(o, h);
    growth_json(o, h);
    weekly_json(o, h);
    retention_json(o, h);
    concentration_json(o, h);
    prices_json(o, h);
    json_obj_open(o, "provenance");
    out_provenance_json(o, "payments", &h->payments_from);
    out_provenance_json(o, "inferences", &h->inferences_from);
    out_provenance_json(o, "hub", &h->hub_from);
    json_out_cstr(o, "payments_finality", finality_name(h->payments_finality));
    json_out_cstr(o, "inferences_finality", finality_name(h->inferences_finality));
    json_obj_close(o);
    json_obj_close(o);
}
