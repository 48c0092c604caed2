/*
 * Whether it is real people's money, by which rules; and what is in none of the figures.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/health.h"

#include "base/banned.h"

/* --- genuine */

static int draw_interval(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    struct strip s, more;
    y = pen_income(p, r, y, METRIC_INCOME, "income", &h->income, "raw: whoever paid");
    y = pen_interval(p, r, y, METRIC_SPENDING, "genuine", &h->low, &h->high, "at least … at most");
    if (!h->income.n)
        return y;
    strip_init(&s, canvas_charset(p->c));
    strip_init(&more, canvas_charset(p->c));
    part_share(&s, PPM - h->excluded_low, PPM - h->excluded_high, ST_STRONG);
    strip_strf(&more, ST_DIM, "of the %s income", h->income_asset.symbol);
    y = pen_row(p, r, y, METRIC_SPENDING, "", &s, &more);
    strip_init(&s, canvas_charset(p->c));
    part_share(&s, h->excluded_low, h->excluded_high, ST_WARN);
    strip_init(&more, canvas_charset(p->c));
    strip_str(&more, "what the rules see, and take out", ST_DIM);
    return pen_row(p, r, y, METRIC_SELF_DEALING, "self-dealing", &s, &more);
}

static const char *effect_words(enum rule r)
{
    static const char *const words[] = {
        [RULE_EXCLUDE] = "taken out", [RULE_CLUSTER] = "one payer", [RULE_TAG] = "only told"};
    return words[rule_effect(r)];
}

static int draw_rules(struct pen *p, struct rect r, int y)
{
    canvas_str(p->c, r.x + 1, y, 9, "RULE", ST_HEADER);
    canvas_str(p->c, r.x + 10, y, -9, "PAYMENTS", ST_HEADER);
    canvas_str(p->c, r.x + 21, y, 10, "WHAT THEN", ST_HEADER);
    canvas_str(p->c, r.x + 32, y++, r.w - 32, "WHAT IT FINDS", ST_HEADER);
    for (int k = 0; k < RULE_COUNT; k++, y++) {
        struct strip s;
        char n[HUMAN_BUF];
        uint64_t with = p->h->with_bit[k];
        strip_init(&s, canvas_charset(p->c));
        strip_str(&s, human_count(n, with), with ? ST_STRONG : ST_DIM);
        canvas_str(p->c, r.x + 1, y, 9, rule_name((enum rule)k), ST_NORMAL);
        pen_figure(p, METRIC_SELF_DEALING, r.x + 19 - s.width, y, s.width, &s);
        canvas_str(p->c, r.x + 21, y, 10, effect_words((enum rule)k), ST_DIM);
        canvas_str(p->c, r.x + 32, y, r.w - 33, rule_text((enum rule)k), ST_DIM);
    }
    return y;
}

void health_draw_genuine(struct pen *p, struct rect r)
{
    const struct health *h = p->h;
    char when[HUMAN_BUF], words[256];
    int y = r.y;
    if (!h->judged_at) {
        pen_income(p, r, y, METRIC_INCOME, "income", &h->income, "raw: whoever paid");
        pen_words(p, r, y + 2,
                  "Nobody has judged these payments yet: a sync does, after reading them.");
        return;
    }
    y = draw_interval(p, r, y);
    y = pen_count(p, r, y, METRIC_GENUINE_PAYERS, "genuine payers", h->payers_strict,
                  "strictly: on several days, several times the price");
    y = pen_count(p, r, y, METRIC_GENUINE_PAYERS, "", h->payers_loose,
                  "with one clean payment; payers of one funder count as one");
    y = pen_count(p, r, y, METRIC_GENUINE, "models", h->genuine, "with such a payer, strictly");
    y = pen_count(p, r, y, METRIC_GENUINE, "", h->healthy,
                  "with three payers or more and three payments each");
    y = draw_rules(p, r, y + 1);
    snprintf(words, sizeof words,
             "Judged up to %s by rules %016llx. F shows the findings, each with its transactions, "
             "and what other thresholds would say.",
             human_time(when, h->judged_at), (unsigned long long)h->rules_print);
    pen_words(p, r, y, words);
}

/* --- sources */

/* What there is of a thing, and how many payments or transfers it is. */
static int put_left_out(struct pen *p, struct rect r, int y, enum metric m, const char *label,
                        const struct income *in, uint64_t n, const char *words)
{
    char text[HUMAN_BUF], more[128];
    snprintf(more, sizeof more, "%s %s", human_count(text, n), words);
    return pen_income(p, r, y, m, label, in, more);
}

static int draw_left_out(struct pen *p, struct rect r, int y)
{
    const struct health *h = p->h;
    y = pen_income(p, r, y, METRIC_UNATTRIBUTED, "unattributed", &h->unattributed,
                   "in income, of no one model");
    y = put_left_out(p, r, y, METRIC_UNLISTED, "not listed", &h->unlisted, h->unlisted_payments,
                     "to payees no listing names");
    y = put_left_out(p, r, y, METRIC_PAYMENTS, "by list, P2", &h->by_list, h->by_list_payments,
                     "of known senders, no proof");
    y = put_left_out(p, r, y, METRIC_INFLOW, "plain, P1", &h->inflow, h->inflows,
                     "transfers to payees: no calls");
    y = pen_income(p, r, y, METRIC_INCOME, "refunded", &h->refunded, "already taken off income");
    y = pen_count(p, r, y, METRIC_PAYERS, "payer unknown", h->payer_unknown,
                  "settlements of channels: no log names who paid");
    return pen_count(p, r, y, METRIC_INFERENCES, "of no model", h->unknown_inferences,
                     "inferences of blob IDs that no model has");
}

void health_draw_sources(struct pen *p, struct rect r)
{
    const struct health *h = p->h;
    struct rect tall = {r.x, r.y, r.w, CANVAS_MAX_H};
    char when[HUMAN_BUF], block[HUMAN_BUF], words[400];
    int y = draw_left_out(p, r, r.y) + 1;
    y = part_provenance(p->c, tall, y, "payments", &h->payments_from);
    y = part_provenance(p->c, tall, y, "inferences", &h->inferences_from);
    y = part_provenance(p->c, tall, y, "models", &h->hub_from);
    snprintf(words, sizeof words,
             "The window %s ends with block %s, %s, so the figures stand still while none arrives. "
             "Assets are never added together. ? on a figure shows its rows and their digest; "
             "`souk health --prove` checks them against another node.",
             window_name(h->window), human_count(block, h->as_of_block),
             h->as_of ? human_time(when, h->as_of) : "-");
    pen_words(p, r, y + 1, words);
}
