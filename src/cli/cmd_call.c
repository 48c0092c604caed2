/* souk quote, souk call: what a call would cost, and buying one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/receipt.h"
#include "market/get.h"

#include "base/banned.h"

enum { INPUT_CAP = 16 << 20, DOC_CAP = 64 << 20 };

struct calling {
    struct paying p;
    struct target target;
    struct buf body;
    struct call_input in;
    struct quote *quote;
    int64_t bought; /* the receipt's number */
    bool streamed;  /* some of the answer is on stdout already */
    struct err err;
};

static void calling_close(struct calling *c)
{
    quote_free(c->quote);
    buf_release(&c->body);
    paying_close(&c->p);
}

/* --- the input */

static souk_err read_input(struct calling *c, struct err *e)
{
    const struct options *o = c->p.o;
    const char *input = o->value[OPT_INPUT];
    souk_err r = SOUK_OK;
    c->in = (struct call_input){.method = o->value[OPT_METHOD],
                                .settlement = o->value[OPT_SETTLEMENT],
                                .stream = c->target.gateway && o->set[OPT_PROMPT]};
    if (o->set[OPT_PROMPT]) {
        if (!c->target.gateway)
            return err_set(e, SOUK_EUSAGE,
                           "--prompt is for language models behind a gateway; give this one its "
                           "--input as JSON");
        r = target_prompt(&c->target, untrusted(o->value[OPT_PROMPT]), c->in.stream, &c->body, e);
    } else if (input && input[0] == '@') {
        r = input_file(input + 1, &c->body, e);
    } else if (input) {
        buf_adds(&c->body, input);
    } else if (!c->in.method || strcmp(c->in.method, "GET") != 0) {
        r = target_example(c->p.market, &c->target, &c->body, e);
        if (!r && o->command == CMD_CALL && c->body.len)
            return err_set(e, SOUK_EUSAGE,
                           "say what to ask: --input JSON or @FILE, such as "
                           "--input '%.300s'",
                           c->body.p);
    }
    if (!r)
        r = buf_check(&c->body, "the input", e);
    bool json_expected = !r && c->target.from_catalog && c->body.len;
    if (json_expected) {
        json *j = json_parse(c->body.p, c->body.len, "the input", e);
        if (!j)
            return err_set(e, SOUK_EINPUT, "%s", e->msg);
        json_free(j);
    }
    c->in.body = c->body.len ? c->body.p : NULL;
    c->in.body_len = c->body.len;
    return r;
}

/* --- the quote */

static void on_quoted(void *ud, struct quote *q, const struct err *e)
{
    struct calling *c = ud;
    c->quote = q;
    if (e)
        c->err = *e;
}

static void on_step(void *ud, enum purchase_step s, const char *words)
{
    struct calling *c = ud;
    (void)s;
    if (words)
        say(c->p.o, "%s", words);
}

static void on_text(void *ud, struct untrusted piece)
{
    struct calling *c = ud;
    if (c->p.o->set[OPT_JSON])
        return;
    c->streamed = true;
    bool safe = isatty(STDOUT_FILENO);
    for (size_t at = 0; safe && at < piece.n;) {
        const char *nl = memchr(piece.p + at, '\n', piece.n - at);
        size_t n = nl ? (size_t)(nl - piece.p) - at : piece.n - at;
        text_fputs(stdout, untrusted_n(piece.p + at, n));
        if (nl)
            putchar('\n');
        at += n + (nl != NULL);
    }
    if (!safe)
        fwrite(piece.p, 1, piece.n, stdout);
    fflush(stdout);
}

static void on_done(void *ud, const struct purchase_row *row, const struct err *e)
{
    struct calling *c = ud;
    if (row)
        c->bought = row->id;
    if (e)
        c->err = *e;
}

static const struct purchase_events events = {
    .step = on_step, .text = on_text, .quoted = on_quoted, .done = on_done};

static souk_err get_quote(struct calling *c, struct err *e)
{
    struct purchase *x = purchase_quote(c->p.market, c->p.purse, &c->target, &c->in, &events, c, e);
    if (!x)
        return e->code;
    souk_err r = purchase_wait(c->p.market, x, e);
    if (!r && c->err.code) {
        *e = c->err;
        r = e->code;
    }
    return r;
}

static souk_err calling_open(const struct options *o, int wallet, struct calling *c, struct err *e)
{
    *c = (struct calling){0};
    c->p.tty = c->p.gate = -1;
    buf_init(&c->body, INPUT_CAP);
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "usage: souk %s MODEL|URL",
                       o->command == CMD_CALL ? "call" : "quote");
    if (o->set[OPT_OFFLINE])
        return err_set(e, SOUK_EUSAGE, "a seller cannot be asked with --offline");
    souk_err r = paying_open(o, wallet, &c->p, e);
    if (!r)
        r = target_find(c->p.market, o->arg[0], &c->target, e);
    if (!r)
        r = read_input(c, e);
    if (!r)
        r = get_quote(c, e);
    return r;
}

static const char *offer_fault(const struct quote_offer *o)
{
    if (o->offer->fault != X402_FINE)
        return x402_fault_words(o->offer->fault);
    if (o->refusal != REFUSE_NOT)
        return refusal_words(o->refusal);
    return o->affordable ? "" : "the account does not hold that much";
}

static void offer_json(struct json_out *j, const struct quote *q, size_t i)
{
    const struct quote_offer *o = &q->offer[i];
    json_obj_open(j, NULL);
    json_out_int(j, "offer", (int64_t)i + 1);
    json_out_int(j, "x402_version", o->offer->version);
    json_out_str(j, "scheme", o->offer->scheme_text);
    json_out_str(j, "network", o->offer->network_text);
    if (o->offer->asset.symbol[0])
        out_amount_json(j, "amount", &o->amount);
    else
        json_out_null(j, "amount");
    json_out_bool(j, "at_most", o->offer->scheme == X402_UPTO);
    out_address_json(j, "asset", o->offer->token);
    out_address_json(j, "pay_to", o->offer->pay_to);
    json_out_int(j, "valid_seconds", o->offer->window);
    json_out_bool(j, "acceptable", o->offer->fault == X402_FINE && o->refusal == REFUSE_NOT);
    json_out_cstr(j, "code",
                  o->offer->fault != X402_FINE ? x402_fault_code(o->offer->fault)
                                               : refusal_code(o->refusal));
    json_out_cstr(j, "why", offer_fault(o));
    json_out_bool(j, "needs_allowance", o->needs_allowance);
    json_out_bool(j, "sponsored", o->sponsored);
    json_obj_close(j);
}

static souk_err quote_json(const struct calling *c, struct err *e)
{
    const struct quote *q = c->quote;
    struct buf b;
    struct json_out j;
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_str(&j, "subject", untrusted(c->target.subject));
    json_out_str(&j, "url", untrusted(q->target.url));
    json_out_bool(&j, "free", q->free);
    json_out_int(&j, "status", q->status);
    json_out_bool(&j, "not_proven", q->not_proven);
    json_out_bool(&j, "price_differs", q->price_differs);
    json_out_bool(&j, "payee_differs", q->payee_differs);
    json_out_bool(&j, "payee_changed", q->payee_changed);
    if (q->chosen >= 0)
        json_out_int(&j, "chosen", q->chosen + 1);
    else
        json_out_null(&j, "chosen");
    json_out_cstr(&j, "fault",
                  q->demand && q->demand->fault ? x402_fault_code(q->demand->fault) : NULL);
    json_arr_open(&j, "offers");
    for (size_t i = 0; i < q->offers; i++)
        offer_json(&j, q, i);
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err quote_table(const struct calling *c, struct err *e)
{
    const struct quote *q = c->quote;
    char m[U256_FMT + 16], a[ADDRESS_BUF];
    out_field("for", untrusted(c->target.subject));
    out_field("at", untrusted(q->target.url));
    if (c->target.has_price)
        out_fieldf("listed at", "%s", amount_format(&c->target.price, m, sizeof m));
    struct out_table t;
    out_init(&t, ">OFFER SCHEME >AMOUNT PAYEE NOTES");
    for (size_t i = 0; i < q->offers; i++) {
        const struct quote_offer *o = &q->offer[i];
        out_cellf(&t, "%zu%s", i + 1, (int)i == q->chosen ? " *" : "");
        out_cell(&t, o->offer->scheme_text);
        out_cellf(&t, "%s%s", o->offer->scheme == X402_UPTO ? "up to " : "",
                  o->offer->asset.symbol[0] ? amount_format(&o->amount, m, sizeof m) : "?");
        out_cell(&t, untrusted(address_format(o->offer->pay_to, a)));
        const char *fault = offer_fault(o);
        out_cell(&t, untrusted(fault[0]             ? fault
                               : o->sponsored       ? "no gas: the facilitator pays the approval"
                               : o->needs_allowance ? "needs an approval on chain first"
                                                    : "no gas"));
    }
    souk_err r = out_print(&t, false, e);
    out_release(&t);
    return r;
}

souk_err cmd_quote(const struct options *o, struct err *e)
{
    struct calling c;
    souk_err r = calling_open(o, WALLET_OR_NONE, &c, e);
    if (!r && o->set[OPT_JSON])
        r = quote_json(&c, e);
    else if (!r && c.quote->free)
        say(o, "it answers without asking for money");
    else if (!r)
        r = quote_table(&c, e);
    calling_close(&c);
    return r;
}

/* --- buying */

static souk_err choose_offer(struct calling *c, struct consent *consent, struct err *e)
{
    const struct options *o = c->p.o;
    const struct quote *q = c->quote;
    int64_t n;
    souk_err r = options_int(o, OPT_OFFER, q->chosen + 1, 1, X402_OFFERS, &n, e);
    if (r)
        return r;
    consent->offer = (int)n - 1;
    consent->most = NO_CAP;
    if (q->demand && q->demand->fault)
        return err_set(e, SOUK_ELIMIT, "not paid: %s", x402_fault_words(q->demand->fault));
    if (n > (int64_t)q->offers)
        return err_set(e, SOUK_EUSAGE, "there is no offer %lld; `souk quote` shows them",
                       (long long)n);
    if (n < 1) {
        const char *why = q->offers ? offer_fault(&q->offer[0]) : "there is none";
        return err_set(e, SOUK_ELIMIT, "not paid: none of its %zu offer%s is acceptable: %s",
                       q->offers, q->offers == 1 ? "" : "s", why);
    }
    const struct quote_offer *chosen = &q->offer[n - 1];
    if (chosen->offer->fault != X402_FINE)
        return err_set(e, SOUK_ELIMIT, "not paid: %s", x402_fault_words(chosen->offer->fault));
    if (!o->set[OPT_MAX])
        return SOUK_OK;
    r = paying_amount(o->value[OPT_MAX], &chosen->offer->asset, &consent->most, e);
    char m[U256_FMT + 16];
    if (!r && u256_cmp(chosen->offer->amount, consent->most) > 0)
        r = err_set(e, SOUK_ELIMIT, "not paid: it asks for %s and you said --max %s",
                    amount_format(&chosen->amount, m, sizeof m), o->value[OPT_MAX]);
    return r;
}

static bool accepts(const struct options *o, const char *word)
{
    const char *list = o->value[OPT_ACCEPT];
    size_t n = strlen(word);
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && strncmp(p, word, n) == 0)
            return true;
    return false;
}

/* One of the further questions: answered beforehand by --accept WORD, or asked. */
static souk_err question(struct calling *c, bool open, const char *word, const char *text,
                         bool *yes, struct err *e)
{
    if (!open)
        return SOUK_OK;
    *yes = accepts(c->p.o, word);
    if (*yes)
        return SOUK_OK;
    if (c->p.o->set[OPT_YES] || c->p.tty < 0)
        return err_set(e, SOUK_ELIMIT, "not paid: %s --yes does not answer that; --accept %s does",
                       text, word);
    souk_err r = paying_ask(&c->p, text, e);
    *yes = !r;
    return r;
}

static souk_err ask_price(struct calling *c, struct consent *consent, struct err *e)
{
    const struct quote *q = c->quote;
    char asks[U256_FMT + 16], listed[U256_FMT + 16], text[4 * U256_FMT];
    snprintf(text, sizeof text, "It asks for %s, and the listing says %s.",
             amount_format(&q->offer[consent->offer].amount, asks, sizeof asks),
             amount_format(&q->target.price, listed, sizeof listed));
    return question(c, quote_dearer(q, consent->offer), "price", text, &consent->dearer, e);
}

static souk_err ask(struct calling *c, struct consent *consent, struct err *e)
{
    const struct quote *q = c->quote;
    const struct quote_offer *o = &q->offer[consent->offer];
    struct buf words;
    buf_init(&words, 1 << 16);
    souk_err r = quote_describe(q, consent->offer, &words, e);
    if (!r && !c->p.o->set[OPT_QUIET]) {
        struct untrusted all = untrusted_n(words.p, words.len);
        for (size_t at = 0; at < all.n;) {
            const char *nl = memchr(all.p + at, '\n', all.n - at);
            size_t n = nl ? (size_t)(nl - all.p) - at : all.n - at;
            text_fputs(stderr, untrusted_n(all.p + at, n));
            fputc('\n', stderr);
            at += n + 1;
        }
    }
    buf_release(&words);
    if (!r)
        r = question(c, q->not_proven, "unproven",
                     "Nothing proves that this listing is the author's own.", &consent->unproven,
                     e);
    if (!r)
        r = question(c, q->payee_changed, "new-payee",
                     "The payee is not the one you paid for this before.", &consent->payee_changed,
                     e);
    if (!r)
        r = question(c, q->payee_differs, "other-payee", "The payee is not the one in the listing.",
                     &consent->other_payee, e);
    if (!r && c->p.o->set[OPT_MAX]) /* which the offer is within */
        consent->dearer = true;
    else if (!r)
        r = ask_price(c, consent, e);
    if (!r)
        r = question(c, q->payer_has_code, "code",
                     "Your account has code (EIP-7702): the payment may fail.", &consent->code, e);
    if (!r)
        r = question(c, o->needs_allowance && !o->sponsored, "approve",
                     "Permit2 must first be allowed to move exactly this amount: a transaction "
                     "with a network fee.",
                     &consent->approve, e);
    if (!r && !c->p.o->set[OPT_YES])
        r = paying_ask(&c->p, "Pay?", e);
    return r;
}

/* A model that is on this disk can answer too: is it the same? */
static void offer_comparison(const struct calling *c)
{
    const struct target *of = &c->quote->target;
    struct store *s = market_reader(c->p.market);
    struct get_target t;
    if (of->from_catalog && s && !get_of_model(s, of->model, NULL, NULL, &t, NULL) && t.here)
        say(c->p.o,
            "its model is on this disk: `souk run --receipt %lld` runs the same input here and "
            "compares the answers",
            (long long)c->bought);
}

static souk_err show_purchase(struct calling *c, struct err *e)
{
    struct arena a;
    struct purchase_row row;
    char m[MONEY_BUF + 8], hash[HASH_BUF];
    arena_init(&a, DOC_CAP);
    souk_err r = purchase_get(purse_purchases(c->p.purse), c->bought, &a, &row, e);
    if (!r && c->p.o->set[OPT_JSON]) {
        struct buf b;
        struct json_out j;
        buf_init(&b, DOC_CAP);
        json_out_init(&j, &b);
        receipt_json(&j, NULL, &c->p, &row, true);
        r = out_json(&b, e);
        buf_release(&b);
    } else if (!r) {
        if (c->streamed)
            putchar('\n');
        else if (row.answer.n) {
            answer_print(row.answer);
            if (isatty(STDOUT_FILENO) && row.answer.p[row.answer.n - 1] != '\n')
                putchar('\n');
        }
        fflush(stdout);
        say(c->p.o, "receipt %lld: %s, %s%s%s", (long long)row.id, purchase_state_name(row.state),
            receipt_charge(&c->p, &row, m), row.has_tx ? ", transaction " : "",
            row.has_tx ? bytes32_format(row.tx, hash) : "");
        if (row.tee.n)
            say(c->p.o, "enclave: %.*s", (int)row.tee.n, row.tee.p);
        if (row.answer.n)
            offer_comparison(c);
    }
    arena_release(&a);
    return r;
}

static souk_err buy(struct calling *c, struct err *e)
{
    struct consent consent = {.gate = c->p.o->set[OPT_YES] ? -1 : c->p.gate};
    souk_err r = choose_offer(c, &consent, e);
    /* Within an open session nothing is signed, unless the gateway says that it is over. */
    if (!r && !c->quote->session)
        r = paying_unlock(&c->p, e);
    if (!r)
        r = ask(c, &consent, e);
    if (r)
        return r;
    struct purchase *x =
        purchase_buy(c->p.market, c->p.purse, c->quote, &c->in, &consent, &events, c, e);
    if (!x)
        return e->code;
    r = purchase_wait(c->p.market, x, e);
    if (!r && c->err.code) {
        *e = c->err;
        r = e->code;
    }
    if (c->bought) {
        struct err late = {0};
        souk_err s = show_purchase(c, &late);
        if (!r && s)
            *e = late;
        r = r ? r : s;
    }
    return r;
}

souk_err cmd_call(const struct options *o, struct err *e)
{
    struct calling c;
    souk_err r = calling_open(o, WALLET_OR_NONE, &c, e);
    if (!r && c.quote->free) {
        say(o, "it answered without asking for money");
        answer_print(untrusted_n(c.quote->answer.p, c.quote->answer.len));
    } else if (!r && !c.p.purse) {
        r = err_set(e, SOUK_ENOTFOUND,
                    "paying needs a wallet and there is none: `souk wallet create NAME` makes one");
    } else if (!r) {
        r = buy(&c, e);
    }
    calling_close(&c);
    return r;
}
