#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

static souk_err models_json(const struct view *v, uint32_t limit, struct err *e)
{
    const struct catalog *c = v->catalog;
    struct buf b;
    struct json_out o;
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "as_of", c->as_of);
    json_out_int(&o, "as_of_block", (int64_t)c->as_of_block);
    json_out_cstr(&o, "window", window_name(c->window));
    json_out_int(&o, "total", c->total);
    json_out_int(&o, "matching", v->n);
    json_arr_open(&o, "models");
    for (uint32_t i = 0; i < limit; i++)
        model_json(&o, NULL, &c->row[v->row[i]]);
    json_arr_close(&o);
    json_obj_close(&o);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err models_table(const struct view *v, uint32_t limit, bool csv, struct err *e)
{
    struct out_table t;
    char price[U256_FMT + 16], income[256], growth[128], last[HUMAN_BUF];
    out_init(&t, csv ? "MODEL AUTHOR TASK LISTED PRICE ASSET CALLS PAYMENTS SETTLEMENTS INFERENCES "
                       "PAYERS INCOME LAST GENUINE_LOW GENUINE_HIGH GENUINE_PAYERS GROWTH "
                       "GROWTH_LOW GROWTH_HIGH"
                     : "MODEL AUTHOR TASK LISTED >PRICE/CALL >CALLS >PAYERS >INCOME >GENUINE "
                       ">GROWTH >LAST");
    for (uint32_t i = 0; i < limit; i++) {
        const struct model_row *m = &v->catalog->row[v->row[i]];
        const struct figures *f = m->figures;
        out_cell(&t, untrusted(m->name));
        out_cell(&t, untrusted(m->author));
        out_cell(&t, untrusted(m->task));
        out_cell(&t, untrusted(out_mark(m->mark)));
        if (csv) {
            out_exact(&t, m->price);
            out_cell(&t, untrusted(m->price ? m->price->symbol : ""));
        } else {
            out_cell(&t, untrusted(m->price ? amount_format(m->price, price, sizeof price) : "–"));
        }
        out_cellf(&t, "%llu", (unsigned long long)f->calls);
        if (csv) {
            out_cellf(&t, "%llu", (unsigned long long)f->payments);
            out_cellf(&t, "%llu", (unsigned long long)f->settlements);
            out_cellf(&t, "%llu", (unsigned long long)f->inferences);
        }
        out_cellf(&t, "%llu", (unsigned long long)f->payers);
        if (csv) {
            out_exact_income(&t, &f->income);
            out_cellf(&t, "%lld", (long long)f->last);
            out_exact_genuine(&t, f);
            out_exact_trend(&t, &f->trend);
            continue;
        }
        out_cell(&t, untrusted(show_income(&f->income, income)));
        out_cell(&t, untrusted(show_genuine(f, income)));
        out_cell(&t, untrusted(show_trend(&f->trend, growth)));
        show_ago(last, f->last, v->catalog->as_of);
        out_cell(&t, untrusted(last));
    }
    souk_err r = out_print(&t, csv, e);
    out_release(&t);
    return r;
}

static souk_err query_from(const struct options *o, struct query *q, struct err *e)
{
    *q = (struct query){.sort = SORT_CALLS, .alive = o->set[OPT_ALIVE]};
    size_t at = 0;
    for (int i = 0; i < o->args && at < sizeof q->text; i++)
        at += (size_t)snprintf(q->text + at, sizeof q->text - at, "%s%s", i ? " " : "", o->arg[i]);
    if (at >= sizeof q->text)
        return err_set(e, SOUK_EUSAGE, "the query is too long: at most %zu bytes",
                       sizeof q->text - 1);
    if (q->text[0])
        q->sort = SORT_MATCH;
    if (o->set[OPT_SORT] && !sort_parse(o->value[OPT_SORT], &q->sort)) {
        char words[256] = "";
        for (size_t k = 0, n = 0; k < SORT_COUNT && n < sizeof words; k++)
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", k ? ", " : "",
                                  sort_name((enum sort_key)k));
        return err_set(e, SOUK_EUSAGE, "--sort is one of %s, not \"%s\"", words,
                       o->value[OPT_SORT]);
    }
    q->reverse = o->set[OPT_REVERSE];
    if (o->set[OPT_TASK])
        snprintf(q->task, sizeof q->task, "%s", o->value[OPT_TASK]);
    if (o->set[OPT_AUTHOR])
        snprintf(q->author, sizeof q->author, "%s", o->value[OPT_AUTHOR]);
    return SOUK_OK;
}

souk_err cmd_models(const struct options *o, struct err *e)
{
    struct query q;
    struct session s;
    int64_t limit;
    souk_err r = query_from(o, &q, e);
    if (!r)
        r = options_int(o, OPT_LIMIT, UINT32_MAX, 0, UINT32_MAX, &limit, e);
    if (!r)
        r = session_open(o, &s, e);
    if (r)
        return r;
    struct catalog *c = NULL;
    struct view *v = NULL;
    r = catalog_load(s.store, s.window, &c, e);
    if (!r)
        r = view_make(c, &q, s.store, &v, e);
    if (!r) {
        uint32_t n = v->n < limit ? v->n : (uint32_t)limit;
        if (v->note[0])
            say(o, "%s", v->note);
        r = o->set[OPT_JSON] ? models_json(v, n, e) : models_table(v, n, o->set[OPT_CSV], e);
        if (!r && !o->set[OPT_JSON] && !o->set[OPT_CSV])
            say(o, "%u of %u models, window %s", n, c->total, window_name(s.window));
    }
    view_free(v);
    catalog_unref(c);
    session_close(&s);
    return r;
}
