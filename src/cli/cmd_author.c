/* souk author. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/page.h"
#include "cli/session.h"
#include "market/rules.h"

#include "base/banned.h"

enum { BATCH = 256 };

/* --- JSON */

static void models_json(struct json_out *o, const struct author_page *p)
{
    json_arr_open(o, "models");
    for (size_t i = 0; i < p->models; i++)
        model_json(o, NULL, &p->model[i]);
    json_arr_close(o);
    json_arr_open(o, "idle"); /* listed, and not called in 30 days */
    for (size_t i = 0; i < p->models; i++)
        if (p->note[i].idle) {
            json_obj_open(o, NULL);
            json_out_str(o, "name", untrusted(p->model[i].name));
            if (p->note[i].last)
                json_out_int(o, "last", p->note[i].last);
            else
                json_out_null(o, "last");
            json_obj_close(o);
        }
    json_arr_close(o);
    const char *best = NULL;
    for (size_t i = 0; i < p->models; i++)
        best = p->note[i].best ? p->model[i].name : best;
    if (best)
        json_out_str(o, "best", untrusted(best));
    else
        json_out_null(o, "best");
}

static void money_json(struct json_out *o, const struct author_page *p)
{
    out_income_json(o, "refunded", &p->refunded);
    json_obj_open(o, "inflow"); /* plain transfers: no income */
    json_out_int(o, "transfers", (int64_t)p->inflows);
    out_income_json(o, "amount", &p->inflow);
    json_obj_close(o);
    json_arr_open(o, "shared"); /* why something is unattributed */
    for (size_t i = 0; i < p->shared_n; i++) {
        const struct shared_row *s = &p->shared[i];
        json_obj_open(o, NULL);
        out_address_json(o, "payee", s->payee);
        json_out_int(o, "models_in_all", (int64_t)s->models);
        json_arr_open(o, "models");
        for (size_t k = 0; k < s->models && k < SHARED_NAMED; k++)
            json_out_str(o, NULL, s->model[k]);
        json_arr_close(o);
        json_out_int(o, "payments", (int64_t)s->payments);
        out_income_json(o, "income", &s->income);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_obj_open(o, "daily");
    out_series_json(o, "calls", &p->calls);
    out_series_json(o, "settlements", &p->settlements);
    json_arr_open(o, "income");
    for (size_t i = 0; i < p->assets; i++) {
        json_obj_open(o, NULL);
        out_amount_json(o, "unit", &p->asset[i].unit);
        out_series_json(o, "income", &p->asset[i].income);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_obj_close(o);
}

static souk_err page_json(const struct author_page *p, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "as_of", p->as_of);
    json_out_cstr(&o, "window", window_name(p->window));
    author_json(&o, "author", &p->row);
    json_out_int(&o, "addresses", (int64_t)p->addresses);
    json_out_int(&o, "payers_new", (int64_t)p->payers_new);
    json_out_int(&o, "payers_returning", (int64_t)p->payers_returning);
    json_out_int(&o, "payers_unknown", (int64_t)p->payers_unknown);
    models_json(&o, p);
    money_json(&o, p);
    payers_json(&o, "payers", p->payer, p->payers_n);
    changes_json(&o, "price_changes", p->change, p->changes);
    json_arr_open(&o, "latest");
    for (size_t i = 0; i < p->calls_n; i++)
        call_json(&o, &p->call[i], &p->call_model[i]);
    json_arr_close(&o);
    out_provenance_json(&o, "provenance", &p->chain);
    json_obj_close(&o);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

/* --- text */

static void print_models(const struct author_page *p)
{
    char money[U256_FMT + 16], income[256], genuine[256], growth[128], last[HUMAN_BUF];
    struct out_table t;
    out_init(&t, "MODEL LISTED >PRICE/CALL >CALLS >PAYERS >INCOME >GENUINE >GROWTH >LAST NOTE");
    for (size_t i = 0; i < p->models; i++) {
        const struct model_row *m = &p->model[i];
        const struct model_note *n = &p->note[i];
        out_cell(&t, untrusted(m->name));
        out_cell(&t, untrusted(out_mark(m->mark)));
        out_cell(&t, untrusted(m->price ? amount_format(m->price, money, sizeof money) : "–"));
        out_cellf(&t, "%llu", (unsigned long long)m->figures->calls);
        out_cellf(&t, "%llu", (unsigned long long)m->figures->payers);
        out_cell(&t, untrusted(show_income(&m->figures->income, income)));
        out_cell(&t, untrusted(show_genuine(m->figures, genuine)));
        out_cell(&t, untrusted(show_trend(&m->figures->trend, growth)));
        show_ago(last, n->last, p->as_of);
        out_cell(&t, untrusted(last));
        out_cell(&t, untrusted(n->best ? "best" : n->idle ? "idle" : ""));
    }
    out_print(&t, false, NULL);
    out_release(&t);
}

static void print_shared(const struct author_page *p)
{
    char payee[ADDRESS_BUF], income[256];
    for (size_t i = 0; i < p->shared_n; i++) {
        const struct shared_row *s = &p->shared[i];
        struct buf b;
        buf_init(&b, 4096);
        buf_addf(&b, "%s to %s, which %zu models share:", show_income(&s->income, income),
                 address_format(s->payee, payee), s->models);
        for (size_t k = 0; k < s->models && k < SHARED_NAMED; k++) {
            buf_adds(&b, k ? ", " : " ");
            buf_add(&b, s->model[k].p, s->model[k].n);
        }
        if (s->models > SHARED_NAMED)
            buf_adds(&b, ", …");
        out_field("", untrusted_n(b.p, b.len));
        buf_release(&b);
    }
}

static void print_page(const struct author_page *p)
{
    char income[256], a[HUMAN_BUF], b[HUMAN_BUF];
    out_field("author", untrusted(p->row.author));
    out_fieldf("models", "%u, %u of them listed", p->row.models, p->row.listed);
    out_fieldf("addresses", "%zu that his listings ever named", p->addresses);
    show_figures(&p->row.figures, p->window, p->as_of);
    out_fieldf("", "%s new, %s returning", human_count(a, p->payers_new),
               human_count(b, p->payers_returning));
    show_unknown(p->payers_unknown, &p->refunded);
    out_fieldf("unattributed", "%s", show_income(&p->row.unattributed, income));
    print_shared(p);
    if (p->inflows)
        out_fieldf("transfers", "%s in %s plain transfers: no income",
                   show_income(&p->inflow, income), human_count(a, p->inflows));
    puts("");
    print_models(p);
    show_payers(p->payer, p->payers_n, p->as_of);
    show_changes(p->change, p->changes);
    if (p->calls_n)
        puts("");
    show_calls(p->call, p->call_model, p->calls_n);
}

/* --- for the books */

/* A refund takes away: the columns can be summed. */
static void signed_cell(struct out_table *t, const char *digits, bool minus)
{
    out_cellf(t, "%s%s", minus ? "-" : "", digits);
}

static souk_err on_book(void *ud, const struct book_row *r, struct err *e)
{
    struct out_table *t = ud;
    char text[U256_FMT], payer[ADDRESS_BUF], bits[128];
    out_cell(t, untrusted(human_iso(text, r->time)));
    out_cellf(t, "%lld", (long long)r->chain);
    out_cellf(t, "%llu", (unsigned long long)r->block);
    out_cell(t, untrusted(r->tx));
    out_cell(t, r->model);
    out_cell(t, untrusted(address_is_zero(r->payer) ? "" : address_format(r->payer, payer)));
    signed_cell(t, out_digits(&r->amount, text), r->refund);
    signed_cell(t, u256_to_dec(r->amount.value, text), r->refund);
    out_cell(t, untrusted(r->amount.symbol));
    out_cell(t, untrusted(r->scheme));
    out_cell(t, untrusted("P3")); /* nothing else is in the books */
    show_rules(r->bits, bits);
    out_cell(t, untrusted(bits));
    out_cell(t, untrusted(r->finality));
    return t->cells >= (size_t)BATCH * (size_t)t->cols ? out_csv_rows(t, e) : SOUK_OK;
}

static souk_err print_book(struct session *s, const char *who, struct err *e)
{
    struct out_table t;
    out_init(&t, "TIME CHAIN BLOCK TX MODEL PAYER AMOUNT ATOMIC SYMBOL SCHEME TIER RULES FINALITY");
    souk_err r = author_book(s->store, who, s->window, on_book, &t, e);
    if (!r && (t.cells > 0 || !t.begun))
        r = out_csv_rows(&t, e);
    out_release(&t);
    return r;
}

souk_err cmd_author(const struct options *o, struct err *e)
{
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "name one author: souk author NAME|ADDRESS");
    struct session s;
    struct author_page *p = NULL;
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    if (question_asked(o)) {
        int64_t id;
        r = author_find(s.store, o->arg[0], &id, e);
        r = r ? r : question_command(o, &s, -id, e);
    } else if (o->set[OPT_CSV] && !o->set[OPT_JSON]) {
        r = print_book(&s, o->arg[0], e);
    } else {
        r = author_page_load(s.store, o->arg[0], s.window, &p, e);
    }
    if (p && o->set[OPT_JSON])
        r = page_json(p, e);
    else if (p)
        print_page(p);
    author_page_free(p);
    session_close(&s);
    return r;
}
