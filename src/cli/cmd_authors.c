/* souk authors. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

void author_json(struct json_out *o, const char *key, const struct author_row *a)
{
    json_obj_open(o, key);
    json_out_str(o, "author", untrusted(a->author));
    json_out_int(o, "models", a->models);
    json_out_int(o, "listed", a->listed);
    out_figures_json(o, &a->figures);
    out_income_json(o, "unattributed", &a->unattributed);
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
    char income[256], shared[256], growth[128];
    out_init(&t, csv ? "AUTHOR MODELS LISTED CALLS PAYMENTS SETTLEMENTS PAYERS INCOME UNATTRIBUTED "
                       "GENUINE_LOW GENUINE_HIGH GENUINE_PAYERS GROWTH GROWTH_LOW GROWTH_HIGH"
                     : "AUTHOR >MODELS >LISTED >CALLS >PAYMENTS >SETTLEMENTS >PAYERS >INCOME "
                       ">GENUINE >GROWTH >UNATTRIBUTED");
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
            out_exact_genuine(&t, &a->figures);
            out_exact_trend(&t, &a->figures.trend);
            continue;
        }
        out_cell(&t, untrusted(show_income(&a->figures.income, income)));
        out_cell(&t, untrusted(show_genuine(&a->figures, income)));
        out_cell(&t, untrusted(show_trend(&a->figures.trend, growth)));
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
                       "author, genuine, growth, not \"%s\"",
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
