/*
 * From a chosen offer to the receipt: one question each for what is unusual, the money dialog, and
 * the payment. What market says is shown; what it asks for (consent) is what was answered here.
 */
#include "ui/screens/call.h"

#include <stdio.h>

#include "base/mem.h"
#include "ui/purser.h"

#include "base/banned.h"

static void give_back_terminal(struct call_screen *s)
{
    if (s->flow->lent)
        app_take_terminal(s->app);
    s->flow->lent = false;
}

struct call_input call_input_of(const struct call_screen *s)
{
    return (struct call_input){
        .body = s->body.p, .body_len = s->body.len, .stream = s->target.gateway};
}

void call_step(void *ud, enum purchase_step step, const char *words)
{
    struct call_screen *s = ud;
    s->step = step;
    snprintf(s->words, sizeof s->words, "%s", words ? words : "");
    if (step >= STEP_SENDING)
        give_back_terminal(s); /* what had to be asked there was asked */
    app_dirty(s->app);
}

static void on_text(void *ud, struct untrusted piece)
{
    struct call_screen *s = ud;
    buf_add(&s->text, piece.p, piece.n);
    app_dirty(s->app);
}

/* --- the questions */

static const struct quote_offer *agreed(const struct call_screen *s)
{
    return &s->quote->offer[s->flow->consent.offer];
}

static bool is_asked(const struct call_screen *s, enum call_ask_kind a)
{
    const struct quote *q = s->quote;
    const struct quote_offer *o = agreed(s);
    bool listed = !address_is_zero(q->target.pay_to);
    switch (a) {
    case ASK_PROVEN:
        return q->not_proven;
    case ASK_PAYEE:
        return listed && !address_eq(q->target.pay_to, o->offer->pay_to);
    case ASK_CHANGED:
        return o->refusal == REFUSE_PAY_TO_CHANGED ||
               (q->payee_changed && s->flow->consent.offer == q->chosen);
    case ASK_CODE:
        return q->payer_has_code;
    case ASK_PUBLIC:
        return q->publishes;
    default:
        return true;
    }
}

static void note_yes(struct call_screen *s, enum call_ask_kind a)
{
    struct consent *c = &s->flow->consent;
    c->unproven |= a == ASK_PROVEN;
    c->other_payee |= a == ASK_PAYEE;
    c->payee_changed |= a == ASK_CHANGED;
    c->code |= a == ASK_CODE;
    c->dearer |= a == ASK_MONEY; /* its dialog names the listing's price, and the approval */
    c->approve |= a == ASK_MONEY && agreed(s)->needs_allowance;
}

static void on_done(void *ud, const struct purchase_row *row, const struct err *e)
{
    struct call_screen *s = ud;
    s->flow->work = NULL;
    give_back_terminal(s);
    s->failed = e ? *e : (struct err){0};
    s->step = STEP_DONE;
    s->words[0] = '\0';
    if (row) {
        if (!receipt_copy(&s->arena, row, &s->receipt))
            err_nomem(&s->failed);
        s->has_receipt = true;
        docview_stale(&s->doc);
        call_answered(s);
    }
    s->phase = row ? CALL_DONE : CALL_OFFERS;
    purser_look(s->d->purser); /* it locks later now */
    app_dirty(s->app);
}

/* Beyond the limits the signer asks the user itself. */
static void pay(struct call_screen *s)
{
    struct call_flow *f = s->flow;
    static const struct purchase_events ev = {.step = call_step, .text = on_text, .done = on_done};
    struct call_input in = call_input_of(s);
    f->consent.gate = -1;
    if (refusal_yields(agreed(s)->refusal)) {
        f->consent.gate = app_lend_terminal(
            s->app, "This payment is beyond your limits: the signer asks you for it here.");
        f->lent = f->consent.gate >= 0;
    }
    s->failed = (struct err){0};
    s->step = STEP_SIGNING;
    s->words[0] = '\0';
    f->work = purchase_buy(s->d->market, f->purse, s->quote, &in, &f->consent, &ev, s, &s->failed);
    s->phase = f->work ? CALL_PAY : CALL_OFFERS;
    if (!f->work)
        give_back_terminal(s);
    app_dirty(s->app);
}

static void unlocked(void *ud, const struct err *e)
{
    struct call_screen *s = ud;
    s->failed = *e;
    if (!e->code)
        pay(s);
    app_dirty(s->app);
}

static void next_question(struct call_screen *s);

static void answered(void *ud, bool yes)
{
    struct call_screen *s = ud;
    struct call_flow *f = s->flow;
    if (!yes) {
        app_toast(s->app, ST_NORMAL, "nothing was signed");
        return;
    }
    note_yes(s, f->ask);
    if (f->ask < ASK_MONEY) {
        f->ask++;
        next_question(s);
    } else if (purser_lock(s->d->purser)->is == LOCK_LOCKED && !s->quote->session) {
        purser_unlock(s->d->purser, unlocked, s);
    } else {
        pay(s);
    }
}

static void make_money(void *ud, struct doc *d, int width, enum text_charset cs)
{
    struct call_screen *s = ud;
    struct pay_ask ask = call_pay_ask(s, (size_t)s->flow->consent.offer);
    pay_ask_doc(&ask, d, width, cs);
}

static void next_question(struct call_screen *s)
{
    static const struct {
        const char *title, *words, *yes;
    } text[ASKS] = {
        [ASK_PROVEN] = {"Not proven",
                        "Nobody has shown that this listing is the author's: the author's "
                        "description does not name its owner. The money goes to whoever listed it, "
                        "and the answers may come from another model.",
                        "Go on all the same"},
        [ASK_PAYEE] = {"Another payee",
                       "The seller asks for the money at another address than the listing names. "
                       "An honest seller has no reason to.",
                       "Go on all the same"},
        [ASK_CHANGED] = {"Not who was paid before",
                         "For this very thing you paid another address before. Ask the author "
                         "whether the new one is theirs.",
                         "I trust the new one"},
        [ASK_CODE] = {"Your account has code",
                      "On chain your account runs a contract's code (EIP-7702). What you sign may "
                      "count for nothing, or be used by that code.",
                      "I know that code"},
        [ASK_PUBLIC] = {"Published for good",
                        "Your whole input and the answer are published when this is settled, for "
                        "everybody to read.",
                        "Publish them"},
    };
    struct call_flow *f = s->flow;
    while (!is_asked(s, f->ask))
        f->ask++;
    char title[64];
    snprintf(title, sizeof title, "Pay for one call on %s", s->network->name);
    if (f->ask == ASK_MONEY)
        app_confirm_made(s->app, title, make_money, "Yes, pay", answered, s);
    else
        app_confirm(s->app, text[f->ask].title, untrusted(text[f->ask].words), text[f->ask].yes,
                    answered, s);
}

void call_choose(struct call_screen *s)
{
    size_t row = table_selected(s->offers);
    if (row >= s->quote->offers)
        return;
    const struct quote_offer *o = &s->quote->offer[row];
    if (s->no_wallet)
        app_toast(s->app, ST_WARN, "there is no wallet to pay from: w makes or imports one");
    else if (o->offer->fault != X402_FINE)
        app_toast(s->app, ST_BAD, "it cannot be paid: %s", x402_fault_words(o->offer->fault));
    else if (o->refusal == REFUSE_ASSET || o->refusal == REFUSE_NETWORK)
        app_toast(s->app, ST_BAD, "%s: b in Wallet (5) sets limits", refusal_words(o->refusal));
    else if (o->refusal != REFUSE_NOT && !refusal_yields(o->refusal))
        app_toast(s->app, ST_BAD, "it is not signed: %s", refusal_words(o->refusal));
    else if (!o->affordable)
        app_toast(s->app, ST_BAD, "there is not enough of it: i in Wallet (5) shows your address");
    else {
        s->flow->consent = (struct consent){.offer = (int)row, .most = NO_CAP, .gate = -1};
        s->flow->ask = ASK_PROVEN;
        next_question(s);
    }
}
