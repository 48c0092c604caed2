/* souk authors, souk author. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

static void author_json(struct json_out *o, const char *key, const struct author_row *a)
{
    json_obj_open(o, key);
    json_out_str(o, "author", untrusted(a->author));
    json_out_int(o, "models", a->models);
    json_out_int(o, "listed", a->listed);
    out_figures_json(o, &a->figures);
    out_income_json(o, "unattributed", &a->unattributed);
    json_out_null(o, "genuine");
    json_obj_close(o);
}

static souk_err authors_json(const struct author_list *l, const uint32_t *order, size_t n,
                             struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "as_of", l->as_of);
    json_out_cstr(&o, "window", window_name(l->window));
    json_arr_open(&o, "authors");
    for (size_t i = 0; i < n; i++)
        author_json(&o, NULL, &l->row[order[i]]);
    json_arr_close(&o);
    json_obj_close(&o);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err authors_table(const struct author_list *l, const uint32_t *order, size_t n,
                              bool csv, struct err *e)
{
    struct out_table t;
    char income[256], shared[256];
    out_init(&t,
             "AUTHOR >MODELS >LISTED >CALLS >PAYMENTS >SETTLEMENTS >PAYERS >INCOME >UNATTRIBUTED");
    for (size_t i = 0; i < n; i++) {
        const struct author_row *a = &l->row[order[i]];
        out_cell(&t, untrusted(a->author));
        out_cellf(&t, "%u", a->models);
        out_cellf(&t, "%u", a->listed);
        out_cellf(&t, "%llu", (unsigned long long)a->figures.calls);
        out_cellf(&t, "%llu", (unsigned long long)a->figures.payments);
        out_cellf(&t, "%llu", (unsigned long long)a->figures.settlements);
        out_cellf(&t, "%llu", (unsigned long long)a->figures.payers);
        if (csv) {
            out_exact_income(&t, &a->figures.income);
            out_exact_income(&t, &a->unattributed);
            continue;
        }
        out_cell(&t, untrusted(show_income(&a->figures.income, income)));
        out_cell(&t, untrusted(show_income(&a->unattributed, shared)));
    }
    souk_err r = out_print(&t, csv, e);
    out_release(&t);
    return r;
}

souk_err cmd_authors(const struct options *o, struct err *e)
{
    struct session s;
    struct author_list *l;
    enum sort_key key = SORT_CALLS;
    int64_t limit;
    if (o->set[OPT_SORT] && (!sort_parse(o->value[OPT_SORT], &key) || !author_sortable(key)))
        return err_set(e, SOUK_EUSAGE,
                       "--sort is one of calls, income, payers, payments, last, "
                       "author, not \"%s\"",
                       o->value[OPT_SORT]);
    souk_err r = options_int(o, OPT_LIMIT, UINT32_MAX, 0, UINT32_MAX, &limit, e);
    if (!r)
        r = session_open(o, &s, e);
    if (r)
        return r;
    r = author_list_load(s.store, s.window, &l, e);
    if (!r) {
        uint32_t *order = mem_array(l->n ? l->n : 1, sizeof *order);
        if (!order) {
            r = err_nomem(e);
        } else {
            author_order(l, key, o->set[OPT_REVERSE], order);
            size_t n = l->n < (size_t)limit ? l->n : (size_t)limit;
            r = o->set[OPT_JSON] ? authors_json(l, order, n, e)
                                 : authors_table(l, order, n, o->set[OPT_CSV], e);
        }
        mem_free(order);
        author_list_free(l);
    }
    session_close(&s);
    return r;
}

static souk_err author_page_json(const struct author_page *p, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "as_of", p->as_of);
    json_out_cstr(&o, "window", window_name(p->window));
    author_json(&o, "author", &p->row);
    json_out_int(&o, "payers_new", (int64_t)p->payers_new);
    json_out_int(&o, "payers_returning", (int64_t)p->payers_returning);
    json_arr_open(&o, "models");
    for (size_t i = 0; i < p->models; i++)
        model_json(&o, NULL, &p->model[i]);
    json_arr_close(&o);
    json_obj_open(&o, "daily");
    out_series_json(&o, "calls", &p->calls);
    out_series_json(&o, "settlements", &p->settlements);
    json_obj_close(&o);
    json_arr_open(&o, "latest");
    for (size_t i = 0; i < p->calls_n; i++)
        call_json(&o, &p->call[i], &p->call_model[i]);
    json_arr_close(&o);
    json_obj_close(&o);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static void print_author(const struct author_page *p)
{
    char money[U256_FMT + 16], income[256], a[HUMAN_BUF], b[HUMAN_BUF], last[HUMAN_BUF];
    out_field("author", untrusted(p->row.author));
    out_fieldf("models", "%u, %u of them listed", p->row.models, p->row.listed);
    show_figures(&p->row.figures, p->window, p->as_of);
    out_fieldf("unattributed", "%s  (to addresses that several models share)",
               show_income(&p->row.unattributed, income));
    out_fieldf("payers", "%s new, %s returning", human_count(a, p->payers_new),
               human_count(b, p->payers_returning));
    puts("");
    struct out_table t;
    out_init(&t, "MODEL LISTED >PRICE/CALL >CALLS >PAYERS >INCOME >LAST");
    for (size_t i = 0; i < p->models; i++) {
        const struct model_row *m = &p->model[i];
        out_cell(&t, untrusted(m->name));
        out_cell(&t, untrusted(out_mark(m->mark)));
        out_cell(&t, untrusted(m->price ? amount_format(m->price, money, sizeof money) : "–"));
        out_cellf(&t, "%llu", (unsigned long long)m->figures->calls);
        out_cellf(&t, "%llu", (unsigned long long)m->figures->payers);
        out_cell(&t, untrusted(show_income(&m->figures->income, income)));
        show_ago(last, m->figures->last, p->as_of);
        out_cell(&t, untrusted(last));
    }
    out_print(&t, false, NULL);
    out_release(&t);
    if (p->calls_n)
        puts("");
    show_calls(p->call, p->call_model, p->calls_n);
}

static souk_err author_csv(const struct author_page *p, struct err *e)
{
    struct out_table t;
    out_init(&t, "TIME KIND MODEL AMOUNT ASSET PAYER CHAIN BLOCK TX");
    for (size_t i = 0; i < p->calls_n; i++) {
        const struct call_row *c = &p->call[i];
        char text[U256_DEC], payer[ADDRESS_BUF];
        out_cell(&t, untrusted(human_iso(text, c->time)));
        out_cell(&t, untrusted(show_call_kind(c)));
        out_cell(&t, p->call_model[i]);
        out_exact(&t, &c->amount);
        out_cell(&t, untrusted(c->amount.symbol));
        out_cell(&t, untrusted(address_format(c->payer, payer)));
        out_cellf(&t, "%lld", (long long)c->chain);
        out_cellf(&t, "%llu", (unsigned long long)c->block);
        out_cell(&t, untrusted(c->tx));
    }
    souk_err r = out_print(&t, true, e);
    out_release(&t);
    return r;
}

souk_err cmd_author(const struct options *o, struct err *e)
{
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "name one author: souk author NAME|ADDRESS");
    struct session s;
    struct author_page *p;
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    if (question_asked(o)) {
        int64_t id;
        r = author_find(s.store, o->arg[0], &id, e);
        r = r ? r : question_command(o, &s, -id, e);
        session_close(&s);
        return r;
    }
    r = author_page_load(s.store, o->arg[0], s.window, &p, e);
    if (!r) {
        if (o->set[OPT_JSON])
            r = author_page_json(p, e);
        else if (o->set[OPT_CSV])
            r = author_csv(p, e);
        else
            print_author(p);
        author_page_free(p);
    }
    session_close(&s);
    return r;
}
