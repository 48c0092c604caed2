/* Genuine income, growth, payers and price changes, as text and as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/out.h"
#include "cli/session.h"
#include "market/rules.h"

#include "base/banned.h"

enum { CHANGES_SHOWN = 10, PAYERS_PRINTED = 10 };

const char *show_genuine(const struct figures *f, char out[256])
{
    char low[U256_FMT + 16], high[U256_FMT + 16];
    size_t n = 0;
    out[0] = '\0';
    if (!f->judged)
        snprintf(out, 256, "not judged yet");
    else if (f->high.n == 0)
        snprintf(out, 256, "–");
    for (size_t i = 0; f->judged && i < f->high.n && n < 256; i++) {
        struct amount least = income_in(&f->low, &f->high.of[i]);
        amount_format(&f->high.of[i], high, sizeof high);
        amount_format(&least, low, sizeof low);
        bool same = u256_cmp(least.value, f->high.of[i].value) == 0;
        char *symbol = strrchr(low, ' '); /* said once */
        if (symbol)
            *symbol = '\0';
        n += (size_t)snprintf(out + n, 256 - n, "%s%s%s%s", i ? " + " : "", same ? "" : low,
                              same ? "" : " to ", high);
    }
    return out;
}

static void percent(double ratio, char out[32])
{
    double v = (ratio - 1) * 100;
    if (isinf(ratio))
        snprintf(out, 32, "∞");
    else
        snprintf(out, 32, fabs(v) < 9.95 ? "%+.1f" : "%+.0f", v);
}

const char *show_trend(const struct trend *g, char out[128])
{
    char at[32], low[32], high[32];
    if (!g->known) {
        snprintf(out, 128, "too few to tell");
        return out;
    }
    percent(g->ratio, at);
    percent(g->low, low);
    percent(g->high, high);
    if (isinf(g->ratio))
        snprintf(out, 128, "none before (%s %% or more)", low);
    else
        snprintf(out, 128, "%s %% (%s…%s %%)", at, low, high);
    return out;
}

void show_changes(const struct price_change *c, size_t n)
{
    char when[HUMAN_BUF], was[U256_FMT + 16], now[U256_FMT + 16], a[HUMAN_BUF], b[HUMAN_BUF],
        before[U256_FMT + 16], after[U256_FMT + 16];
    struct out_table t;
    out_init(&t, "CHANGED MODEL >FROM >TO >BEFORE >AFTER >INCOME >INCOME_AFTER");
    for (size_t i = 0; i < n && i < CHANGES_SHOWN; i++) {
        out_cell(&t, untrusted(human_time(when, c[i].time)));
        out_cell(&t, c[i].model);
        out_cell(&t, untrusted(amount_format(&c[i].was, was, sizeof was)));
        out_cell(&t, untrusted(amount_format(&c[i].now, now, sizeof now)));
        out_cell(&t, untrusted(human_count(a, c[i].before.payments)));
        out_cellf(&t, "%s%s", human_count(b, c[i].after.payments),
                  c[i].days_after < 7 ? " so far" : "");
        out_cell(&t, untrusted(amount_format(&c[i].before.income, before, sizeof before)));
        out_cell(&t, untrusted(amount_format(&c[i].after.income, after, sizeof after)));
    }
    if (n > 0) {
        printf("\nprice changes%s: payments and income of the seven days before and after\n",
               n > CHANGES_SHOWN ? ", the latest (--json tells more)" : "");
        out_print(&t, false, NULL);
    }
    out_release(&t);
}

void show_unknown(uint64_t payers_unknown, const struct income *refunded)
{
    char n[HUMAN_BUF], back[256];
    if (payers_unknown)
        out_fieldf("payer unknown", "%s payments and settlements (channels do not tell)",
                   human_count(n, payers_unknown));
    if (refunded->n)
        out_fieldf("refunded", "%s, already taken off income", show_income(refunded, back));
}

void show_rules(unsigned bits, char out[128])
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned r = 0; r < RULE_COUNT && n < 128; r++)
        if (bits >> r & 1)
            n += (size_t)snprintf(out + n, 128 - n, "%s%s", n ? " " : "", rule_name((enum rule)r));
}

void show_payers(const struct payer_row *p, size_t n, int64_t as_of)
{
    char payer[ADDRESS_BUF], paid[256], first[HUMAN_BUF], last[HUMAN_BUF], bits[128];
    struct out_table t;
    out_init(&t, "PAYER >PAID >PAYMENTS >SETTLEMENTS >FIRST >LAST RULES");
    for (size_t i = 0; i < n && i < PAYERS_PRINTED; i++) {
        out_cell(&t, untrusted(address_format(p[i].payer, payer)));
        out_cell(&t, untrusted(show_income(&p[i].paid, paid)));
        out_cellf(&t, "%llu", (unsigned long long)p[i].payments);
        out_cellf(&t, "%llu", (unsigned long long)p[i].settlements);
        show_ago(first, p[i].first, as_of);
        show_ago(last, p[i].last, as_of);
        out_cellf(&t, "%s%s", first, p[i].fresh ? ", new" : "");
        out_cell(&t, untrusted(last));
        show_rules(p[i].bits, bits);
        out_cell(&t, untrusted(p[i].judged ? bits : "not judged"));
    }
    if (n > 0) {
        printf("\npayers of the window%s, with all they ever paid here\n",
               n > PAYERS_PRINTED ? ", the largest (--json tells more)" : "");
        out_print(&t, false, NULL);
    }
    out_release(&t);
}

void rules_found_json(struct json_out *o, const char *key, unsigned bits)
{
    json_arr_open(o, key);
    for (unsigned r = 0; r < RULE_COUNT; r++)
        if (bits >> r & 1)
            json_out_cstr(o, NULL, rule_name((enum rule)r));
    json_arr_close(o);
}

void payers_json(struct json_out *o, const char *key, const struct payer_row *p, size_t n)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < n; i++) {
        json_obj_open(o, NULL);
        out_address_json(o, "payer", p[i].payer);
        out_income_json(o, "paid", &p[i].paid);
        json_out_int(o, "payments", (int64_t)p[i].payments);
        json_out_int(o, "settlements", (int64_t)p[i].settlements);
        json_out_int(o, "first", p[i].first);
        json_out_int(o, "last", p[i].last);
        json_out_bool(o, "new", p[i].fresh);
        if (p[i].judged) {
            rules_found_json(o, "rules", p[i].bits);
        } else {
            json_out_null(o, "rules");
        }
        json_obj_close(o);
    }
    json_arr_close(o);
}

static void price_week_json(struct json_out *o, const char *key, const struct price_week *w)
{
    json_obj_open(o, key);
    json_out_int(o, "payments", (int64_t)w->payments);
    out_amount_json(o, "income", &w->income);
    json_obj_close(o);
}

void changes_json(struct json_out *o, const char *key, const struct price_change *c, size_t n)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < n; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "model", c[i].model);
        json_out_int(o, "time", c[i].time);
        out_amount_json(o, "from", &c[i].was);
        out_amount_json(o, "to", &c[i].now);
        price_week_json(o, "before", &c[i].before);
        price_week_json(o, "after", &c[i].after);
        json_out_int(o, "days_after", c[i].days_after);
        json_obj_close(o);
    }
    json_arr_close(o);
}
