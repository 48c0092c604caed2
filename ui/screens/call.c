/*
 * Call: nobody signs what they have not read. The input, then a quote, then an answer to look at;
 * the questions and the payment between them are call_pay.c.
 */
#include "ui/screens/call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"
#include "ui/screens/wallet_menu.h"

#include "base/banned.h"

enum { EXAMPLE_MAX = FORM_VALUE_MAX, RECEIPT_MEMORY = 32 << 20, SAID_MAX = 16 << 10 };

/* --- what is to be called */

struct find_key {
    struct market *market;
    int64_t model;
    char what[440];
};

struct found {
    struct target target;
    struct buf example;
};

static void found_free(void *page)
{
    struct found *f = page;
    buf_release(&f->example);
    mem_free(f);
}

static souk_err find(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct find_key k;
    struct found *f = mem_zalloc(sizeof *f);
    (void)w;
    if (!f)
        return err_nomem(e);
    memcpy(&k, key, sizeof k);
    buf_init(&f->example, EXAMPLE_MAX);
    souk_err c = k.what[0] ? target_find(k.market, k.what, &f->target, e)
                           : target_of_model(k.market, st, k.model, &f->target, e);
    if (c == SOUK_OK)
        target_example(k.market, &f->target, &f->example, NULL); /* without one: an empty form */
    if (c != SOUK_OK) {
        found_free(f);
        return c;
    }
    *out = f;
    return SOUK_OK;
}

static void set_form(struct call_screen *s, struct form *f)
{
    if (!f) {
        err_nomem(&s->failed);
        return;
    }
    form_free(s->form);
    s->form = f;
}

static void take(void *self, void *page, const struct err *e)
{
    struct call_screen *s = self;
    struct found *f = page;
    s->flow->finding = NULL;
    s->failed = *e;
    if (f) {
        s->target = f->target;
        if (!s->given)
            buf_add(&s->flow->example, f->example.p, f->example.len);
        s->input = INPUT_FIELDS;
        set_form(s, call_form(&s->target, untrusted_n(s->flow->example.p, s->flow->example.len),
                              &s->input));
        s->phase = s->form ? CALL_ASK : CALL_FIND;
        found_free(f);
    }
    app_dirty(s->app);
}

/* --- the price */

static void describe(struct call_screen *s)
{
    struct err e = {0};
    buf_clear(&s->described);
    if (s->quote && quote_describe(s->quote, (int)table_selected(s->offers), &s->described, &e))
        s->failed = e;
}

static void drop_quote(struct call_screen *s)
{
    quote_free(s->quote);
    s->quote = NULL;
    table_set_rows(s->offers, 0);
    buf_clear(&s->described);
}

static void rerun_changed(void *ud)
{
    app_dirty(((struct call_screen *)ud)->app);
}

void call_answered(struct call_screen *s)
{
    const struct purchase_row *p = &s->receipt;
    bool good = p->status >= 200 && p->status < 300 && p->answer.n;
    if (!good || !s->target.from_catalog || s->target.gateway)
        return;
    s->rerun = rerun_new(s->d, s->target.model, untrusted(s->target.subject),
                         untrusted_n(s->body.p, s->body.len), p->answer, rerun_changed, s);
    if (s->rerun && s->flow->compare)
        rerun_when_ready(s->rerun);
}

/* It asked for no money: there is an answer, and nothing to keep books of. */
static void show_free(struct call_screen *s)
{
    const struct quote *q = s->quote;
    struct purchase_row r = {
        .state = PURCHASE_FREE,
        .made = q->time,
        .subject = untrusted(s->target.subject),
        .method = untrusted("POST"),
        .url = untrusted(s->target.url),
        .status = q->status,
        .answer = untrusted_n(q->answer.p, q->answer.len),
    };
    receipt_copy(&s->arena, &r, &s->receipt);
    s->has_receipt = true;
    docview_stale(&s->doc);
    s->phase = CALL_DONE;
    call_answered(s);
}

static void on_quoted(void *ud, struct quote *q, const struct err *e)
{
    struct call_screen *s = ud;
    s->flow->work = NULL;
    s->words[0] = '\0';
    if (!q) {
        s->failed = *e;
        s->phase = CALL_ASK;
    } else {
        s->quote = q;
        if (q->free) {
            show_free(s);
        } else {
            s->phase = CALL_OFFERS;
            table_set_rows(s->offers, q->offers);
            table_select(s->offers, q->chosen > 0 ? (size_t)q->chosen : 0);
            describe(s);
        }
    }
    app_dirty(s->app);
}

static void forget_answer(struct call_screen *s)
{
    rerun_free(s->rerun);
    s->rerun = NULL;
    arena_release(&s->arena);
    arena_init(&s->arena, RECEIPT_MEMORY);
    s->receipt = (struct purchase_row){0};
    s->has_receipt = s->receipt_shown = false;
    buf_clear(&s->text);
    docview_again(&s->doc);
}

static void ask_price(struct call_screen *s)
{
    struct call_flow *f = s->flow;
    static const struct purchase_events ev = {.step = call_step, .quoted = on_quoted};
    s->failed = (struct err){0};
    if (!call_body(s->form, s->input, &s->target, &s->body) || f->work)
        return;
    if (market_offline(s->d->market)) {
        err_set(&s->failed, SOUK_ENET, "--offline was asked for: nobody is asked for a price");
        return;
    }
    souk_err c = purser_purse(s->d->purser, &f->purse, &s->failed);
    s->no_wallet = c == SOUK_ENOTFOUND;
    if (c != SOUK_OK && !s->no_wallet)
        return;
    s->failed = (struct err){0};
    forget_answer(s);
    drop_quote(s);
    struct call_input in = call_input_of(s);
    f->work = purchase_quote(s->d->market, f->purse, &s->target, &in, &ev, s, &s->failed);
    s->words[0] = '\0';
    s->phase = f->work ? CALL_QUOTE : CALL_ASK;
}

/* --- input */

static void toggle_json(struct call_screen *s)
{
    struct buf now;
    enum call_input_kind kind = s->input == INPUT_JSON ? INPUT_FIELDS : INPUT_JSON;
    if (s->input == INPUT_PROMPT)
        return;
    buf_init(&now, FORM_VALUE_MAX);
    if (call_body(s->form, s->input, &s->target, &now) || s->input == INPUT_FIELDS)
        set_form(s, call_form(&s->target, untrusted_n(now.p, now.len), &kind));
    else
        kind = INPUT_JSON; /* what is wrong with it is said in its field */
    s->input = kind;
    buf_release(&now);
}

static bool on_event(void *self, const struct event *ev)
{
    struct call_screen *s = self;
    if (s->phase != CALL_ASK) {
        if (ev->kind != EV_MOUSE)
            return false;
        if (s->phase == CALL_DONE)
            return textview_wheel(&s->doc.view, &ev->mouse);
        bool used = s->phase == CALL_OFFERS && table_mouse(s->offers, &ev->mouse) != TABLE_IGNORED;
        if (used)
            describe(s);
        return used;
    }
    if (ev->kind == EV_PASTE && s->input == INPUT_FIELDS) {
        struct form *f = call_form_pasted(ev->paste, &s->input);
        if (f) { /* a whole request: it takes the place of all fields */
            set_form(s, f);
            return true;
        }
    }
    enum form_event got = form_event(s->form, ev);
    if (got == FORM_CHANGED)
        form_fault(s->form, form_focus(s->form), NULL);
    else if (got == FORM_DONE)
        ask_price(s);
    else if (got == FORM_CANCEL)
        app_pop(s->app);
    return got != FORM_IGNORED;
}

/* One step back; from a payment under way only the waiting ends. */
static bool back(struct call_screen *s)
{
    struct call_flow *f = s->flow;
    switch (s->phase) {
    case CALL_QUOTE:
        purchase_drop(f->work);
        f->work = NULL;
        s->phase = CALL_ASK;
        return true;
    case CALL_OFFERS:
        drop_quote(s);
        s->failed = (struct err){0};
        s->phase = CALL_ASK;
        return true;
    case CALL_PAY:
        if (s->step >= STEP_SENDING)
            app_toast(s->app, ST_WARN, "no longer waiting; Receipts (R) tells what became of it");
        return false;
    default:
        return false;
    }
}

static bool done_action(struct call_screen *s, enum action act)
{
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_PREV_PANE:
        s->receipt_shown = !s->receipt_shown;
        docview_again(&s->doc);
        return true;
    case ACT_CALL:
        drop_quote(s);
        s->phase = CALL_ASK;
        return true;
    case ACT_RUN:
        if (s->rerun)
            rerun_start(s->rerun);
        return true;
    case ACT_COPY:
        app_copy(s->app, s->text.len ? untrusted_n(s->text.p, s->text.len) : s->receipt.answer,
                 "the answer");
        return true;
    default:
        return textview_action(&s->doc.view, act);
    }
}

static bool on_action(void *self, enum action act)
{
    struct call_screen *s = self;
    if (act == ACT_BACK)
        return back(s);
    if (act == ACT_RECEIPTS) {
        app_push(s->app, &screen_receipts, NULL);
        return true;
    }
    if (act == ACT_WALLETS) {
        wallet_menu(s->d);
        return true;
    }
    if (s->phase == CALL_ASK && act == ACT_RAW) {
        toggle_json(s);
        return true;
    }
    if (s->phase == CALL_OFFERS) {
        enum table_event te = table_action(s->offers, act);
        describe(s);
        if (te == TABLE_OPEN)
            call_choose(s);
        return te != TABLE_IGNORED;
    }
    return s->phase == CALL_DONE && done_action(s, act);
}

static bool offers(void *self, enum action act)
{
    struct call_screen *s = self;
    switch (act) {
    case ACT_RAW:
        return s->phase == CALL_ASK && s->input != INPUT_PROMPT;
    case ACT_OPEN:
        return s->phase == CALL_OFFERS;
    case ACT_NEXT_PANE:
    case ACT_COPY:
    case ACT_CALL:
        return s->phase == CALL_DONE;
    case ACT_WALLETS:
        return s->phase == CALL_OFFERS;
    case ACT_RUN:
        return s->phase == CALL_DONE && s->rerun && rerun_state(s->rerun) >= RERUN_READY;
    default:
        return s->phase >= CALL_OFFERS;
    }
}

/* The wallet became another one: what was quoted is the old one's. */
static void lock_changed(void *ud)
{
    struct call_screen *s = ud;
    struct purse *now = NULL;
    if (s->phase != CALL_OFFERS || app_has_overlay(s->app))
        return;
    purser_purse(s->d->purser, &now, NULL);
    if (now != s->flow->purse)
        ask_price(s);
}

/* --- life */

static void close_screen(void *self)
{
    struct call_screen *s = self;
    struct call_flow *f = s->flow;
    if (f) {
        purser_unlisten(s->d->purser, s);
        page_job_drop(f->finding);
        if (f->work)
            purchase_drop(f->work);
        buf_release(&f->example);
    }
    rerun_free(s->rerun);
    quote_free(s->quote);
    form_free(s->form);
    table_free(s->offers);
    buf_release(&s->body);
    buf_release(&s->text);
    buf_release(&s->described);
    arena_release(&s->arena);
    docview_release(&s->doc);
    mem_free(f);
    mem_free(s);
}

static const struct table_ops offer_ops = {call_offer_cell, NULL};

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    const struct call_arg *what = arg;
    struct call_screen *s = mem_zalloc(sizeof *s);
    struct find_key key = {0};
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->network = market_network(s->d->market);
    buf_init(&s->body, 2 * FORM_VALUE_MAX * FORM_FIELDS);
    buf_init(&s->text, CALL_TEXT_MAX);
    buf_init(&s->described, SAID_MAX);
    arena_init(&s->arena, RECEIPT_MEMORY);
    docview_init(&s->doc);
    s->offers = table_new(call_offer_columns, OFFER_COLS, &offer_ops, s);
    s->flow = s->offers && s->d->purser ? mem_zalloc(sizeof *s->flow) : NULL;
    if (!s->flow) {
        close_screen(s);
        return err_nomem(e);
    }
    buf_init(&s->flow->example, EXAMPLE_MAX);
    buf_add(&s->flow->example, what->input.p, what->input.n);
    s->given = s->flow->example.len > 0;
    s->flow->compare = what->compare;
    purser_listen(s->d->purser, lock_changed, s);
    key.market = s->d->market;
    key.model = what->model;
    snprintf(key.what, sizeof key.what, "%s", what->what ? what->what : "");
    s->flow->finding = page_job_start(s->d, &key, sizeof key, find, take, found_free, s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    call_draw(self, c, area);
}

static const enum action actions[] = {ACT_OPEN, ACT_RAW,      ACT_RUN,     ACT_NEXT_PANE, ACT_CALL,
                                      ACT_COPY, ACT_RECEIPTS, ACT_WALLETS, ACT_NONE};

const struct screen_ops screen_call = {
    .name = "call",
    .title = "Call",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .offers = offers,
};
