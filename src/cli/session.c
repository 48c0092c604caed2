#include "cli/session.h"

#include <stdio.h>
#include <string.h>

#include "cli/out.h"

#include "base/banned.h"

void session_close(struct session *s)
{
    market_close(s->market);
    if (s->loop)
        loop_free(s->loop);
}

souk_err session_open(const struct options *o, struct session *s, struct err *e)
{
    *s = (struct session){.window = WINDOW_30D};
    if (o->set[OPT_WINDOW] && !window_parse(o->value[OPT_WINDOW], &s->window))
        return err_set(e, SOUK_EUSAGE, "--window is one of 7d, 30d, 90d, all, not \"%s\"",
                       o->value[OPT_WINDOW]);
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = true};
    s->loop = loop_new(e);
    if (!s->loop)
        return e ? e->code : SOUK_ENOMEM;
    souk_err r = market_open(s->loop, &mo, &s->market, e);
    if (!r) {
        s->store = market_reader(s->market);
        const char *name = market_network(s->market)->name;
        if (!s->store)
            r = err_set(
                e, SOUK_ENOTFOUND,
                "nothing of the network %s is in the cache yet: run `souk sync --network %s`", name,
                name);
    }
    if (r) {
        session_close(s);
        *s = (struct session){0};
    }
    return r;
}

const char *show_income(const struct income *in, char out[256])
{
    return income_format(in, out, 256);
}

void show_ago(char out[HUMAN_BUF], int64_t then, int64_t as_of)
{
    if (then)
        human_age(out, as_of - then);
    else
        memcpy(out, "–", sizeof "–");
}

const char *show_call_kind(const struct call_row *c)
{
    static const char *const names[] = {"payment", "settlement", "inference", "transfer"};
    return names[c->kind];
}

void show_figures(const struct figures *f, enum window w, int64_t as_of)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], c[HUMAN_BUF], d[HUMAN_BUF], income[256], growth[128];
    out_fieldf("window", "%s, to %s", window_name(w), as_of ? human_time(a, as_of) : "–");
    out_fieldf("calls", "%s (%s paid, %s unpaid inferences)", human_count(a, f->calls),
               human_count(b, f->payments), human_count(c, f->inferences));
    out_fieldf("settlements", "%s (sessions: each an unknown number of calls)",
               human_count(d, f->settlements));
    out_fieldf("payers", "%s", human_count(a, f->payers));
    out_fieldf("income", "%s", show_income(&f->income, income));
    if (f->judged)
        out_fieldf("genuine", "%s of that, from %s genuine payers", show_genuine(f, income),
                   human_count(a, f->genuine_payers));
    else
        out_fieldf("genuine", "%s", show_genuine(f, income));
    out_fieldf("growth", "%s  (calls and settlements, four weeks against the four before)",
               show_trend(&f->trend, growth));
}

void show_calls(const struct call_row *call, const struct untrusted *model, size_t n)
{
    char when[HUMAN_BUF], money[U256_FMT + 16], payer[ADDRESS_BUF];
    struct out_table t;
    out_init(&t, model ? "TIME KIND >AMOUNT PAYER MODEL TRANSACTION"
                       : "TIME KIND >AMOUNT PAYER TRANSACTION");
    for (size_t i = 0; i < n && i < 10; i++) {
        const struct call_row *c = &call[i];
        bool paid = c->kind != CALL_INFERENCE;
        out_cell(&t, untrusted(human_time(when, c->time)));
        out_cell(&t, untrusted(show_call_kind(c)));
        out_cell(&t, untrusted(paid ? amount_format(&c->amount, money, sizeof money) : "–"));
        out_cell(&t, untrusted(paid ? address_format(c->payer, payer) : "–"));
        if (model)
            out_cell(&t, model[i]);
        out_cell(&t, untrusted(c->tx));
    }
    if (n > 0)
        out_print(&t, false, NULL);
    out_release(&t);
}

void model_json(struct json_out *o, const char *key, const struct model_row *m)
{
    json_obj_open(o, key);
    json_out_str(o, "author", untrusted(m->author));
    json_out_str(o, "name", untrusted(m->name));
    json_out_str(o, "task", untrusted(m->task));
    const struct model_brief *b = m->brief;
    if (b && b->blob_id)
        json_out_str(o, "blob_id", untrusted(b->blob_id));
    else
        json_out_null(o, "blob_id");
    json_out_bool(o, "gone", m->gone); /* left the Hub; kept for its history */
    out_mark_json(o, m->mark);
    out_amount_json(o, "price", m->price);
    if (m->price && b) {
        out_address_json(o, "pay_to", b->pay_to);
        out_address_json(o, "owner", b->owner);
        json_out_str(o, "endpoint", untrusted(b->endpoint));
    } else {
        json_out_null(o, "pay_to");
        json_out_null(o, "owner");
        json_out_null(o, "endpoint");
    }
    out_figures_json(o, m->figures);
    if (m->hub)
        out_provenance_json(o, "provenance", m->hub);
    else
        json_out_null(o, "provenance");
    json_obj_close(o);
}

void call_json(struct json_out *o, const struct call_row *c, const struct untrusted *model)
{
    json_obj_open(o, NULL);
    json_out_cstr(o, "kind", show_call_kind(c));
    json_out_int(o, "time", c->time);
    json_out_int(o, "chain", c->chain);
    json_out_int(o, "block", (int64_t)c->block);
    json_out_cstr(o, "tx", c->tx);
    if (c->kind != CALL_INFERENCE) {
        out_address_json(o, "payer", c->payer);
        out_amount_json(o, "amount", &c->amount);
    }
    if (model)
        json_out_str(o, "model", *model);
    json_obj_close(o);
}
