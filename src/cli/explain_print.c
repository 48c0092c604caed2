/* --explain: what a figure means, and what it is made of. */
#include "cli/explain_print.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/out.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "market/explain.h"

#include "base/banned.h"

enum { CALLS_SHOWN = 10 };

static bool is_log(const struct basis *b)
{
    return b->from.chain != 0 && b->from.place[0];
}

/* --- text */

static void print_basis(const struct basis *b)
{
    char n[HUMAN_BUF], hex[HASH_BUF];
    page_provenance(b->filter, &b->from, is_log(b) ? finality_name(b->finality) : "");
    if (!b->from.place[0])
        return;
    if (b->endpoints && b->endpoints[0] && strcmp(b->endpoints, b->from.place) != 0)
        page_text("", "%s", b->endpoints);
    if (b->crossed)
        page_line("", "each range was told alike by two nodes");
    page_line("", "%s rows%s", human_count(n, b->rows), b->more ? " or more" : "");
    if (b->digested)
        page_line("digest", "%s", page_hash(hex, b->digest));
}

static void print_in_force(const struct rules *rules)
{
    struct buf line;
    struct rules copy = *rules;
    page_title("RULES", "[genuine] in the configuration file sets them");
    page_line("version", "%d, %016llx", RULES_VERSION, (unsigned long long)rules_print(rules));
    for (unsigned i = 0; i < RULE_COUNT; i++)
        page_line(rule_name(i), "%s%s", rules->on & 1u << i ? "" : "off: ", rule_text(i));
    buf_init(&line, 4096);
    for (unsigned i = 0; i < THRESHOLDS; i++)
        buf_addf(&line, "%s%s=%u", i ? " " : "", threshold_at(i)->name, *threshold_of(&copy, i));
    page_text("thresholds", "%s", line.bad ? "" : line.p);
    buf_release(&line);
}

static void print_calls(const struct explanation *x)
{
    char when[HUMAN_BUF], money[U256_FMT + 16], payer[ADDRESS_BUF], n[HUMAN_BUF];
    if (x->calls == 0 && x->counted) /* a figure of models */
        return;
    page_title("TRANSACTIONS", "the newest of those counted");
    for (size_t i = 0; i < x->calls && i < CALLS_SHOWN; i++) {
        const struct call_row *c = &x->call[i];
        bool paid = c->kind != CALL_INFERENCE;
        struct page_row r;
        page_row(&r, show_call_kind(c));
        page_cell(&r, human_time(when, c->time), 23);
        page_cell(&r, paid ? amount_format(&c->amount, money, sizeof money) : "", -18);
        if (x->call_model)
            text_add(&r.b, x->call_model[i], 22, r.cs);
        page_row_end(&r);
        if (paid && !address_is_zero(c->payer))
            page_line("", "by %s", address_format(c->payer, payer));
        page_line("", "%s", c->tx);
    }
    if (x->calls > CALLS_SHOWN)
        page_line("", "and %s more: --json lists %zu", human_count(n, x->counted - CALLS_SHOWN),
                  x->calls);
    if (x->calls == 0)
        page_line("", "none");
}

void explanation_print(const struct explanation *x)
{
    const struct metric_info *m = metric_info(x->metric);
    char n[HUMAN_BUF], when[HUMAN_BUF];
    page_line(m->name, "%s", m->title);
    page_text("means", "%s", m->text);
    page_line("window", "%s, to %s", window_name(x->window),
              x->as_of ? human_time(when, x->as_of) : "–");
    page_line("counted", "%s", human_count(n, x->counted));
    page_title("SOURCES", "");
    if (m->from & FROM_HUB)
        page_provenance("Hub", &x->hub, "");
    for (size_t i = 0; i < x->bases; i++)
        print_basis(&x->basis[i]);
    if (m->from & FROM_RULES)
        print_in_force(&x->rules);
    if (m->from & (FROM_PAYMENTS | FROM_INFERENCES))
        print_calls(x);
}

/* --- JSON */

static void block_json(struct json_out *o, const char *key, uint64_t block)
{
    if (block)
        json_out_int(o, key, (int64_t)block);
    else
        json_out_null(o, key); /* the node does not say */
}

static void words_json(struct json_out *o, const char *key, const char *words)
{
    json_arr_open(o, key);
    for (const char *p = words ? words : ""; *p;) {
        size_t n = strcspn(p, " ");
        if (n)
            json_out_str(o, NULL, untrusted_n(p, n));
        p += n + (p[n] == ' ');
    }
    json_arr_close(o);
}

static void basis_json(struct json_out *o, const struct basis *b)
{
    char hex[HASH_BUF];
    json_obj_open(o, NULL);
    json_out_cstr(o, "filter", b->filter);
    out_provenance_json(o, "provenance", &b->from);
    if (is_log(b)) {
        json_out_cstr(o, "finality", finality_name(b->finality));
        block_json(o, "safe_to", b->safe_to);
        block_json(o, "final_to", b->final_to);
        words_json(o, "endpoints", b->endpoints);
        json_out_bool(o, "crossed", b->crossed);
    }
    json_out_int(o, "rows", (int64_t)b->rows);
    json_out_cstr(o, "digest", b->digested ? page_hash(hex, b->digest) : NULL);
    json_obj_close(o);
}

static void rules_json(struct json_out *o, const struct rules *rules)
{
    char print[24];
    json_obj_open(o, "rules");
    snprintf(print, sizeof print, "%016llx", (unsigned long long)rules_print(rules));
    json_out_int(o, "version", RULES_VERSION);
    json_out_cstr(o, "print", print);
    json_arr_open(o, "on");
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (rules->on & 1u << i)
            json_out_cstr(o, NULL, rule_name(i));
    }
    json_arr_close(o);
    json_obj_open(o, "thresholds");
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        struct rules copy = *rules;
        json_out_int(o, threshold_at(i)->name, *threshold_of(&copy, i));
    }
    json_obj_close(o);
    json_obj_close(o);
}

void explanation_json(struct json_out *o, const struct explanation *x)
{
    const struct metric_info *m = metric_info(x->metric);
    static const struct provenance none = {.place = ""};
    json_obj_open(o, NULL);
    json_out_cstr(o, "metric", m->name);
    json_out_cstr(o, "title", m->title);
    json_out_cstr(o, "definition", m->text);
    json_out_cstr(o, "window", window_name(x->window));
    json_out_int(o, "as_of", x->as_of);
    json_out_int(o, "counted", (int64_t)x->counted);
    out_provenance_json(o, "hub", m->from & FROM_HUB ? &x->hub : &none);
    json_arr_open(o, "sources");
    for (size_t i = 0; i < x->bases; i++)
        basis_json(o, &x->basis[i]);
    json_arr_close(o);
    if (m->from & FROM_RULES)
        rules_json(o, &x->rules);
    else
        json_out_null(o, "rules");
    json_arr_open(o, "transactions");
    for (size_t i = 0; i < x->calls; i++)
        call_json(o, &x->call[i], x->call_model ? &x->call_model[i] : NULL);
    json_arr_close(o);
    json_obj_close(o);
}

/* --- the command */

/* The rows of each chain source, hashed: a pass over the cache. */
static souk_err take_digests(const struct options *o, struct session *s, struct explanation *x,
                             struct err *e)
{
    struct progress p;
    souk_err r = SOUK_OK;
    progress_begin(&p, o, "hashing rows", 0);
    for (size_t i = 0; i < x->bases && !r; i++) {
        struct basis *b = &x->basis[i];
        progress_tell(&p, i, x->bases);
        if (!is_log(b))
            continue;
        r = digest_rows(s->store, b->from.chain, b->filter, (uint64_t)b->from.last, stop_flag(),
                        b->digest, &b->rows, e);
        b->digested = !r;
        b->more = b->more && r;
    }
    progress_end(&p);
    return r;
}

souk_err explain_command(const struct options *o, struct session *s, int64_t who, struct err *e)
{
    enum metric m;
    struct explanation *x;
    souk_err r = metric_parse(o->value[OPT_EXPLAIN], &m, e);
    if (!r)
        r = explain_load(s->store, market_network(s->market), &market_config(s->market)->rules, m,
                         s->window, who, &x, e);
    if (r)
        return r;
    r = take_digests(o, s, x, e);
    if (!r && o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        explanation_json(&out, x);
        r = out_json(&b, e);
        buf_release(&b);
    } else if (!r) {
        explanation_print(x);
    }
    explain_free(x);
    return r;
}

bool question_asked(const struct options *o)
{
    return o->set[OPT_EXPLAIN] || o->set[OPT_FINDINGS];
}

souk_err question_command(const struct options *o, struct session *s, int64_t who, struct err *e)
{
    if (o->set[OPT_EXPLAIN] && o->set[OPT_FINDINGS])
        return err_set(e, SOUK_EUSAGE,
                       "--explain and --findings are two questions: ask one at a time");
    if (o->set[OPT_CSV])
        return err_set(e, SOUK_EUSAGE, "%s is no table: it prints text, or --json",
                       o->set[OPT_EXPLAIN] ? "--explain" : "--findings");
    return o->set[OPT_EXPLAIN] ? explain_command(o, s, who, e) : findings_command(o, s, who, e);
}
