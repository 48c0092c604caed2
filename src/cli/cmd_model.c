/* souk show, souk compare. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

enum { COMPARE_MAX = 4 };

static void listing_json(struct json_out *o, const struct listing_row *l)
{
    json_obj_open(o, NULL);
    json_out_cstr(o, "id", l->id);
    out_address_json(o, "owner", l->owner);
    out_address_json(o, "pay_to", l->pay_to);
    out_amount_json(o, "price", &l->price);
    json_out_str(o, "author", l->author);
    json_out_str(o, "name", l->name);
    json_out_str(o, "blob_id", l->blob_id);
    json_out_str(o, "endpoint", l->endpoint);
    json_out_bool(o, "active", l->active);
    json_out_bool(o, "proven", l->proven);
    json_out_bool(o, "chosen", l->chosen);
    json_out_int(o, "time", l->time);
    json_out_int(o, "block", (int64_t)l->block);
    json_out_cstr(o, "tx", l->tx);
    json_out_int(o, "payments", (int64_t)l->payments);
    json_out_int(o, "settlements", (int64_t)l->settlements);
    out_income_json(o, "income", &l->income);
    json_obj_close(o);
}

static void page_json(struct json_out *o, const struct model_page *p)
{
    json_obj_open(o, NULL);
    json_out_int(o, "as_of", p->as_of);
    json_out_cstr(o, "window", window_name(p->window));
    model_json(o, "model", &p->row);
    json_out_str(o, "description", p->description);
    json_arr_open(o, "versions");
    for (size_t i = 0; i < p->files; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "version", p->file[i].version);
        json_out_str(o, "file", p->file[i].name);
        if (p->file[i].size >= 0)
            json_out_int(o, "size", p->file[i].size);
        else
            json_out_null(o, "size");
        json_out_str(o, "blob_id", p->file[i].blob_id);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_arr_open(o, "listings");
    for (size_t i = 0; i < p->listings; i++)
        listing_json(o, &p->listing[i]);
    json_arr_close(o);
    json_arr_open(o, "offers");
    for (size_t i = 0; i < p->offers; i++) {
        json_obj_open(o, NULL);
        json_out_str(o, "resource", p->offer[i].resource);
        json_out_str(o, "scheme", p->offer[i].scheme);
        json_out_int(o, "chain", p->offer[i].chain);
        out_amount_json(o, "amount", &p->offer[i].amount);
        out_address_json(o, "pay_to", p->offer[i].pay_to);
        json_out_bool(o, "same_payee", p->offer[i].same_payee);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_arr_open(o, "prices");
    for (size_t i = 0; i < p->prices; i++) {
        json_obj_open(o, NULL);
        json_out_int(o, "time", p->price[i].time);
        out_amount_json(o, "price", &p->price[i].price);
        json_obj_close(o);
    }
    json_arr_close(o);
    changes_json(o, "price_changes", p->change, p->changes);
    json_out_int(o, "payers_returning_days", (int64_t)p->returning);
    json_out_int(o, "payers_unknown", (int64_t)p->payers_unknown);
    out_income_json(o, "refunded", &p->refunded);
    payers_json(o, "payers", p->payer, p->payers_n);
    json_obj_open(o, "daily");
    out_series_json(o, "calls", &p->calls);
    out_series_json(o, "payments", &p->paid);
    out_series_json(o, "settlements", &p->settlements);
    json_obj_close(o);
    json_arr_open(o, "latest");
    for (size_t i = 0; i < p->calls_n; i++)
        call_json(o, &p->call[i], NULL);
    json_arr_close(o);
    json_obj_open(o, "provenance");
    out_provenance_json(o, "hub", &p->hub);
    out_provenance_json(o, "chain", &p->chain);
    json_obj_close(o);
    json_obj_close(o);
}

static void print_line(void *ud, struct untrusted line)
{
    (void)ud;
    text_fputs(stdout, line);
    putchar('\n');
}

static void print_page(const struct model_page *p)
{
    char money[U256_FMT + 16], addr[ADDRESS_BUF];
    out_field("model", untrusted(p->row.name));
    out_field("author", untrusted(p->row.author));
    out_field("task", untrusted(p->row.task));
    out_fieldf("listed", "%s", out_mark(p->row.mark));
    if (p->row.price)
        out_fieldf("price", "%s per call", amount_format(p->row.price, money, sizeof money));
    if (p->blob_id.n)
        out_field("blob id", p->blob_id);
    show_figures(&p->row.figures[0], p->window, p->as_of);
    show_unknown(p->payers_unknown, &p->refunded);
    for (size_t i = 0; i < p->listings; i++) {
        const struct listing_row *l = &p->listing[i];
        out_fieldf(i ? "" : "listings", "%s%s %s to %s", l->proven ? "proven" : "not proven",
                   l->active ? "" : ", withdrawn", amount_format(&l->price, money, sizeof money),
                   address_format(l->pay_to, addr));
        out_field("", l->endpoint);
    }
    for (size_t i = 0; i < p->files; i++)
        out_field(i ? "" : "files", p->file[i].name);
    if (p->calls_n)
        puts("");
    show_calls(p->call, NULL, p->calls_n);
    show_payers(p->payer, p->payers_n, p->as_of);
    show_changes(p->change, p->changes);
    if (p->description.n)
        puts("");
    text_each_line(p->description, 2000, print_line, NULL);
}

/* Loads the pages of the models named; frees them itself on failure. */
static souk_err load_pages(const struct options *o, struct session *s, struct model_page **page,
                           struct err *e)
{
    for (int i = 0; i < o->args; i++) {
        int64_t id;
        souk_err r = model_find(s->store, o->arg[i], &id, e);
        if (!r)
            r = model_page_load(s->store, id, s->window, &page[i], e);
        if (r) {
            while (i-- > 0)
                model_page_free(page[i]);
            return r;
        }
    }
    return SOUK_OK;
}

souk_err cmd_show(const struct options *o, struct err *e)
{
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "name one model: souk show MODEL");
    struct session s;
    struct model_page *page;
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    if (question_asked(o)) {
        int64_t id;
        r = model_find(s.store, o->arg[0], &id, e);
        r = r ? r : question_command(o, &s, id, e);
        session_close(&s);
        return r;
    }
    r = load_pages(o, &s, &page, e);
    if (!r && o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        page_json(&out, page);
        r = out_json(&b, e);
        buf_release(&b);
    } else if (!r) {
        print_page(page);
    }
    if (!r)
        model_page_free(page);
    session_close(&s);
    return r;
}

/* --- compare */

static void compare_row(struct out_table *t, const char *what, struct model_page *const *page,
                        int n, const char *(*value)(const struct model_page *p, char out[256]))
{
    char text[256];
    out_cell(t, untrusted(what));
    for (int i = 0; i < n; i++)
        out_cell(t, untrusted(value(page[i], text)));
}

#define COMPARE_COUNT(field)                                                      \
    static const char *compare_##field(const struct model_page *p, char out[256]) \
    {                                                                             \
        return human_count(out, p->row.figures->field);                           \
    }
COMPARE_COUNT(calls)
COMPARE_COUNT(payments)
COMPARE_COUNT(settlements)
COMPARE_COUNT(inferences)
COMPARE_COUNT(payers)

static const char *compare_author(const struct model_page *p, char out[256])
{
    snprintf(out, 256, "%s", p->row.author);
    return out;
}
static const char *compare_task(const struct model_page *p, char out[256])
{
    snprintf(out, 256, "%s", p->row.task[0] ? p->row.task : "–");
    return out;
}
static const char *compare_listed(const struct model_page *p, char out[256])
{
    (void)out;
    return out_mark(p->row.mark);
}
static const char *compare_price(const struct model_page *p, char out[256])
{
    return p->row.price ? amount_format(p->row.price, out, 256) : "–";
}
static const char *compare_income(const struct model_page *p, char out[256])
{
    return show_income(&p->row.figures->income, out);
}
static const char *compare_genuine(const struct model_page *p, char out[256])
{
    return show_genuine(p->row.figures, out);
}
static const char *compare_genuine_payers(const struct model_page *p, char out[256])
{
    return p->row.figures->judged ? human_count(out, p->row.figures->genuine_payers) : "–";
}
static const char *compare_growth(const struct model_page *p, char out[256])
{
    return show_trend(&p->row.figures->trend, out);
}
static const char *compare_returning(const struct model_page *p, char out[256])
{
    return human_count(out, p->returning);
}
static const char *compare_last(const struct model_page *p, char out[256])
{
    show_ago(out, p->row.figures->last, p->as_of);
    return out;
}
static const char *compare_blob(const struct model_page *p, char out[256])
{
    snprintf(out, 256, "%.*s", (int)p->blob_id.n, p->blob_id.n ? p->blob_id.p : "");
    return out[0] ? out : "–";
}

static souk_err compare_table(struct model_page *const *page, int n, bool csv, struct err *e)
{
    static const struct {
        const char *what;
        const char *(*value)(const struct model_page *p, char out[256]);
    } rows[] = {
        {"author", compare_author},
        {"task", compare_task},
        {"listed", compare_listed},
        {"price per call", compare_price},
        {"calls", compare_calls},
        {"payments", compare_payments},
        {"settlements", compare_settlements},
        {"inferences", compare_inferences},
        {"payers", compare_payers},
        {"returning payers", compare_returning},
        {"income", compare_income},
        {"genuine", compare_genuine},
        {"genuine payers", compare_genuine_payers},
        {"growth", compare_growth},
        {"last call", compare_last},
        {"blob id", compare_blob},
    };
    char spec[64] = "WHAT";
    static const char *const names[] = {" A", " B", " C", " D"};
    for (int i = 0; i < n; i++)
        snprintf(spec + strlen(spec), sizeof spec - strlen(spec), "%s", names[i]);
    struct out_table t;
    out_init(&t, spec);
    out_cell(&t, untrusted("model"));
    for (int i = 0; i < n; i++)
        out_cell(&t, untrusted(page[i]->row.name));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        compare_row(&t, rows[i].what, page, n, rows[i].value);
    souk_err r = out_print(&t, csv, e);
    out_release(&t);
    return r;
}

souk_err cmd_compare(const struct options *o, struct err *e)
{
    if (o->args < 2 || o->args > COMPARE_MAX)
        return err_set(e, SOUK_EUSAGE, "name two to four models: souk compare MODEL MODEL…");
    struct session s;
    struct model_page *page[COMPARE_MAX];
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    r = load_pages(o, &s, page, e);
    if (!r) {
        if (o->set[OPT_JSON]) {
            struct buf b;
            struct json_out out;
            buf_init(&b, SESSION_DOC_CAP);
            json_out_init(&out, &b);
            json_obj_open(&out, NULL);
            json_out_cstr(&out, "window", window_name(s.window));
            json_arr_open(&out, "models");
            for (int i = 0; i < o->args; i++)
                page_json(&out, page[i]);
            json_arr_close(&out);
            json_obj_close(&out);
            r = out_json(&b, e);
            buf_release(&b);
        } else {
            r = compare_table(page, o->args, o->set[OPT_CSV], e);
        }
        for (int i = 0; i < o->args; i++)
            model_page_free(page[i]);
    }
    session_close(&s);
    return r;
}
