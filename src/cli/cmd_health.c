#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"
#include "market/health.h"

#include "base/banned.h"

static souk_err health_json(const struct health *h, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "as_of", h->as_of);
    json_out_int(&o, "as_of_block", (int64_t)h->as_of_block);
    json_out_cstr(&o, "window", window_name(h->window));
    json_obj_open(&o, "models");
    json_out_int(&o, "stored", (int64_t)h->stored);
    json_out_int(&o, "listed", (int64_t)h->listed);
    json_out_int(&o, "proven", (int64_t)h->proven);
    json_out_int(&o, "called_ever", (int64_t)h->called_ever);
    json_out_int(&o, "called", (int64_t)h->called);
    json_out_int(&o, "paid", (int64_t)h->paid);
    json_out_int(&o, "paid_by_3", (int64_t)h->paid_by_3);
    json_obj_close(&o);
    json_out_int(&o, "authors", (int64_t)h->authors);
    json_out_int(&o, "authors_earning", (int64_t)h->authors_earning);
    json_out_int(&o, "calls", (int64_t)h->calls);
    json_out_int(&o, "payments", (int64_t)h->payments);
    json_out_int(&o, "settlements", (int64_t)h->settlements);
    json_out_int(&o, "inferences", (int64_t)h->inferences);
    json_out_int(&o, "payers", (int64_t)h->payers);
    out_income_json(&o, "income", &h->income);
    out_income_json(&o, "unattributed", &h->unattributed);
    out_income_json(&o, "unlisted", &h->unlisted);
    json_out_int(&o, "unlisted_payments", (int64_t)h->unlisted_payments);
    json_out_int(&o, "unknown_inferences", (int64_t)h->unknown_inferences);
    json_out_null(&o, "genuine");
    json_out_int(&o, "authors_with_half_of_income", (int64_t)h->earners.half);
    out_amount_json(&o, "median_author_income", &h->quartile[1]);
    json_obj_open(&o, "weekly");
    out_series_json(&o, "calls", &h->weekly.calls);
    out_series_json(&o, "payments", &h->weekly.payments);
    out_series_json(&o, "settlements", &h->weekly.settlements);
    out_series_json(&o, "payers", &h->weekly.payers);
    out_series_json(&o, "new_payers", &h->weekly.fresh);
    out_series_json(&o, "uploads", &h->weekly.uploads);
    json_obj_close(&o);
    json_obj_open(&o, "provenance");
    out_provenance_json(&o, "payments", &h->payments_from);
    out_provenance_json(&o, "inferences", &h->inferences_from);
    out_provenance_json(&o, "hub", &h->hub_from);
    json_obj_close(&o);
    json_obj_close(&o);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static void funnel_line(const char *label, uint64_t n, uint64_t of, const char *remark)
{
    char a[HUMAN_BUF], p[HUMAN_BUF];
    out_fieldf(label, "%9s  %8s  %s", human_count(a, n), human_percent(p, n, of), remark);
}

static void print_health(const struct health *h)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], money[256], w[64];
    out_fieldf("window", "%s, to %s", window_name(h->window),
               h->as_of ? human_time(a, h->as_of) : "–");
    snprintf(w, sizeof w, "in the window (%s)", window_name(h->window));
    puts("");
    funnel_line("stored", h->stored, h->stored, "models on the Hub");
    funnel_line("listed", h->listed, h->stored, "with a price on chain");
    funnel_line("proven", h->proven, h->stored, "whose author confirms the listing");
    funnel_line("called ever", h->called_ever, h->stored, "");
    funnel_line("called", h->called, h->stored, w);
    funnel_line("paid", h->paid, h->stored, w);
    funnel_line("paid by 3", h->paid_by_3, h->stored, "by three or more different payers");
    puts("");
    out_fieldf("calls", "%s", human_count(a, h->calls));
    out_fieldf("payments", "%s  (one paid call each)", human_count(a, h->payments));
    out_fieldf("settlements", "%s  (sessions: each an unknown number of calls)",
               human_count(a, h->settlements));
    out_fieldf("inferences", "%s  (unpaid)", human_count(a, h->inferences));
    out_fieldf("payers", "%s", human_count(a, h->payers));
    out_fieldf("income", "%s", show_income(&h->income, money));
    out_fieldf("unattributed", "%s  (to addresses that several models share)",
               show_income(&h->unattributed, money));
    out_fieldf("not on the Hub", "%s in %s payments  (to payees no listing names: not income)",
               show_income(&h->unlisted, money), human_count(b, h->unlisted_payments));
    out_fieldf("authors", "%s, %s of them earning", human_count(a, h->authors),
               human_count(b, h->authors_earning));
    out_fieldf("concentration",
               "half of all %s income goes to %s authors; the median author earned %s",
               h->income_asset.symbol, human_count(a, h->earners.half),
               amount_format(&h->quartile[1], money, sizeof money));
    puts("\nAll figures are raw: every proved settlement counts, whoever made it.");
}

souk_err cmd_health(const struct options *o, struct err *e)
{
    struct session s;
    struct health *h;
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    r = health_load(s.store, s.window, &h, e);
    if (!r) {
        if (o->set[OPT_JSON])
            r = health_json(h, e);
        else
            print_health(h);
        health_free(h);
    }
    session_close(&s);
    return r;
}
