/* --findings: what the rules found, with the transactions; --sensitivity: what their thresholds do.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "market/genuine.h"
#include "market/health.h"

#include "base/banned.h"

enum { FINDINGS_TEXT = 20, FINDINGS_JSON = 10000, EVIDENCE_SHOWN = 6 };

static const char *effect_name(enum rule r)
{
    return rule_effect(r) == RULE_EXCLUDE   ? "exclude"
           : rule_effect(r) == RULE_CLUSTER ? "cluster"
                                            : "tag";
}

/* What the rule does with what it found, as the head of an amount. */
static const char *effect_words(enum rule r)
{
    return rule_effect(r) == RULE_EXCLUDE   ? "taken out"
           : rule_effect(r) == RULE_CLUSTER ? "from payers that count as one"
                                            : "noted";
}

/* --- text */

static const char *many(char out[64], uint64_t n, const char *what)
{
    char count[HUMAN_BUF];
    snprintf(out, 64, "%s %s%s", human_count(count, n), what, n == 1 ? "" : "s");
    return out;
}

static void print_evidence(const struct evidence *v)
{
    char when[HUMAN_BUF], money[U256_FMT + 16], from[ADDRESS_BUF], to[ADDRESS_BUF], n[HUMAN_BUF];
    for (size_t i = 0; i < v->n && i < EVIDENCE_SHOWN; i++) {
        const struct evidence_row *r = &v->row[i];
        page_line("", "%s  %s of %s", human_time(when, r->time),
                  r->payment ? "payment" : "transfer",
                  amount_format(&r->amount, money, sizeof money));
        page_line("", "  from %s", address_format(r->from, from));
        page_line("", "  to   %s", address_format(r->to, to));
        page_line("", "%s", r->tx);
    }
    if (v->n > EVIDENCE_SHOWN)
        page_line("", "and %s transactions more: --json lists all",
                  human_count(n, v->n - EVIDENCE_SHOWN));
}

static souk_err print_finding(struct store *s, const struct finding_row *f, struct err *e)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], n[64], m[64], money[U256_FMT + 16], hex[ADDRESS_BUF];
    struct evidence *v;
    souk_err r = evidence_load(s, f->id, &v, e);
    if (r)
        return r;
    putchar('\n');
    page_line(rule_name(f->rule), "%s%s%s", f->author, f->model[0] ? " / " : "", f->model);
    page_line("", "%s of %s, %s %s", many(n, f->payments, "payment"), many(m, f->payers, "payer"),
              amount_format(&f->amount, money, sizeof money), effect_words(f->rule));
    human_day(a, f->since), human_day(b, f->until);
    page_line("", "%s%s%s", a, strcmp(a, b) ? " to " : "", strcmp(a, b) ? b : "");
    page_text("", "%s", f->words);
    page_line("payee", "%s",
              address_is_zero(f->payee) ? "several addresses" : address_format(f->payee, hex));
    if (!address_is_zero(f->payer))
        page_line("payer", "%s", address_format(f->payer, hex));
    print_evidence(v);
    evidence_free(v);
    return SOUK_OK;
}

souk_err findings_print(struct store *s, const struct findings *f, struct err *e)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], money[256];
    souk_err r = SOUK_OK;
    page_line("window", "%s", window_name(f->window));
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        struct page_row row;
        if (!f->by_rule[i])
            continue;
        page_row(&row, rule_name(i));
        page_cell(&row, human_count(a, f->by_rule[i]), -8);
        page_cell(&row, f->by_rule[i] == 1 ? "payment," : "payments,", 9);
        page_cell(&row, income_format(&f->amount[i], money, sizeof money), 0);
        page_cell(&row, effect_words(i), 0);
        page_row_end(&row);
    }
    if (f->n == 0)
        page_line("findings", "none: no rule found anything");
    for (size_t i = 0; i < f->n && !r; i++)
        r = print_finding(s, &f->row[i], e);
    if (!r && f->total > f->n)
        printf("\n%s of %s findings, the newest: --json lists more\n", human_count(a, f->n),
               human_count(b, f->total));
    return r;
}

/* --- JSON */

static void evidence_json(struct json_out *o, const struct evidence_row *r)
{
    json_obj_open(o, NULL);
    json_out_cstr(o, "kind", r->payment ? "payment" : "transfer");
    json_out_int(o, "time", r->time);
    json_out_int(o, "block", (int64_t)r->block);
    json_out_int(o, "log", (int64_t)r->log);
    json_out_cstr(o, "tx", r->tx);
    out_address_json(o, "from", r->from);
    out_address_json(o, "to", r->to);
    out_amount_json(o, "amount", &r->amount);
    json_obj_close(o);
}

/* Several are null. */
static void one_address_json(struct json_out *o, const char *key, address a)
{
    if (address_is_zero(a))
        json_out_null(o, key);
    else
        out_address_json(o, key, a);
}

static souk_err finding_json(struct json_out *o, struct store *s, const struct finding_row *f,
                             struct err *e)
{
    struct evidence *v;
    souk_err r = evidence_load(s, f->id, &v, e);
    if (r)
        return r;
    json_obj_open(o, NULL);
    json_out_int(o, "id", f->id);
    json_out_cstr(o, "rule", rule_name(f->rule));
    json_out_cstr(o, "effect", effect_name(f->rule));
    json_out_str(o, "author", untrusted(f->author));
    if (f->model[0])
        json_out_str(o, "model", untrusted(f->model));
    else
        json_out_null(o, "model");
    one_address_json(o, "payee", f->payee);
    one_address_json(o, "payer", f->payer);
    json_out_int(o, "since", f->since);
    json_out_int(o, "until", f->until);
    json_out_int(o, "payments", (int64_t)f->payments);
    json_out_int(o, "payers", (int64_t)f->payers);
    out_amount_json(o, "amount", &f->amount);
    json_out_str(o, "words", untrusted(f->words));
    json_arr_open(o, "evidence");
    for (size_t i = 0; i < v->n; i++)
        evidence_json(o, &v->row[i]);
    json_arr_close(o);
    json_obj_close(o);
    evidence_free(v);
    return SOUK_OK;
}

souk_err findings_json(struct json_out *o, struct store *s, const struct findings *f, struct err *e)
{
    souk_err r = SOUK_OK;
    json_obj_open(o, NULL);
    json_out_cstr(o, "window", window_name(f->window));
    json_out_int(o, "total", (int64_t)f->total);
    json_obj_open(o, "rules");
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        json_obj_open(o, rule_name(i));
        json_out_cstr(o, "effect", effect_name(i));
        json_out_int(o, "payments", (int64_t)f->by_rule[i]);
        out_income_json(o, "amount", &f->amount[i]);
        json_obj_close(o);
    }
    json_obj_close(o);
    json_arr_open(o, "findings");
    for (size_t i = 0; i < f->n && !r; i++)
        r = finding_json(o, s, &f->row[i], e);
    json_arr_close(o);
    json_obj_close(o);
    return r;
}

/* What was found may be older than the rows, the rules, or the list of known addresses. */
static souk_err warn_of_age(const struct options *o, struct session *s, struct err *e)
{
    struct known known;
    souk_err r = known_load(&known, e);
    if (r)
        return r;
    if (genuine_stale(s->store, &market_config(s->market)->rules, &known))
        say(o, "rows, rules or known addresses changed since this was judged, if it ever was: "
               "`souk sync` judges anew");
    known_release(&known);
    return SOUK_OK;
}

souk_err findings_command(const struct options *o, struct session *s, int64_t who, struct err *e)
{
    struct findings *f;
    bool all = o->set[OPT_JSON];
    souk_err r = warn_of_age(o, s, e);
    if (!r)
        r = findings_load(s->store, s->window, who, all ? FINDINGS_JSON : FINDINGS_TEXT, &f, e);
    if (r)
        return r;
    if (all) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        r = findings_json(&out, s->store, f, e);
        if (!r)
            r = out_json(&b, e);
        buf_release(&b);
    } else {
        r = findings_print(s->store, f, e);
    }
    findings_free(f);
    return r;
}
