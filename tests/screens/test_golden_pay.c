/*
 * Call, Wallet and Receipts as they are drawn, from states filled in by hand (fixture_pay.h): every
 * phase and pane at several sizes, in ASCII, and with hostile texts wherever a stranger has a say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "drawn.h"
#include "fixture.h"
#include "fixture_pay.h"

static struct fixture_pay honest, *fix = &honest;

/* --- call */

static void draw_call(void *state, struct canvas *c, struct rect area)
{
    call_draw(state, c, area);
}

static const struct table_ops offer_ops = {call_offer_cell, NULL};

static void call_init(struct call_screen *s, enum call_phase phase)
{
    memset(s, 0, sizeof *s);
    s->network = &fix->network;
    s->target = fix->target;
    s->phase = phase;
    s->quote = &fix->quote;
    s->offers = table_new(call_offer_columns, OFFER_COLS, &offer_ops, s);
    table_set_rows(s->offers, fix->quote.offers);
    buf_init(&s->described, 1 << 16);
    buf_add(&s->described, fix->words.p, fix->words.len);
    buf_init(&s->text, CALL_TEXT_MAX);
    buf_init(&s->body, CALL_TEXT_MAX);
    docview_init(&s->doc);
    static const char example[] = "{\"open_high_low_close\": [[1.5, 2.25, 1.25, 2.0]],\n"
                                  " \"temperature\": 0.70000000000000000001, \"name\": \"a\"}";
    s->form = call_form(&s->target, untrusted(example), &s->input);
    assert_non_null(s->form);
}

static void call_end(struct call_screen *s)
{
    table_free(s->offers);
    form_free(s->form);
    buf_release(&s->text);
    buf_release(&s->body);
    buf_release(&s->described);
    docview_release(&s->doc);
}

static void test_call_input(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_ASK);
    check("call-input", draw_call, &s);
    assert_true(call_body(s.form, s.input, &s.target, &s.body));
    assert_string_equal(s.body.p, "{\"open_high_low_close\":[[1.5, 2.25, 1.25, 2.0]],"
                                  "\"temperature\":0.70000000000000000001,\"name\":\"a\"}");
    form_set(s.form, 1, untrusted("0.7,"));
    form_set(s.form, 2, untrusted(""));
    assert_false(call_body(s.form, s.input, &s.target, &s.body));
    check("call-input-wrong", draw_call, &s);
    call_end(&s);
}

static void test_call_kinds_of_input(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_ASK);
    struct form *f =
        call_form_pasted(untrusted(" {\"x\": [1,{\"y\":\"}\"}], \"z\":null}"), &s.input);
    assert_non_null(f);
    assert_int_equal(form_count(f), 2);
    assert_string_equal(form_value(f, 0), "[1,{\"y\":\"}\"}]");
    assert_string_equal(form_value(f, 1), "null");
    form_free(f);
    assert_null(call_form_pasted(untrusted("[1,2]"), &s.input));
    assert_null(call_form_pasted(untrusted("{\"x\":"), &s.input));
    assert_null(call_form_pasted(untrusted("{}"), &s.input));
    form_free(s.form);
    s.input = INPUT_FIELDS;
    s.form = call_form(&s.target, untrusted("[[1,2]]"), &s.input);
    assert_int_equal(s.input, INPUT_JSON);
    check("call-input-json", draw_call, &s);
    form_free(s.form);
    s.target.gateway = true;
    snprintf(s.target.llm, sizeof s.target.llm, "openai/gpt-4.1");
    s.form = call_form(&s.target, untrusted(""), &s.input);
    assert_int_equal(s.input, INPUT_PROMPT);
    check("call-input-prompt", draw_call, &s);
    call_end(&s);
}

static void test_call_offers(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_OFFERS);
    check("call-offers", draw_call, &s);
    table_select(s.offers, 4);
    buf_clear(&s.described);
    buf_add(&s.described, fix->refused.p, fix->refused.len);
    check("call-offers-refused", draw_call, &s);
    table_select(s.offers, 0);
    buf_clear(&s.described);
    buf_add(&s.described, fix->words.p, fix->words.len);
    s.no_wallet = true;
    check("call-offers-no-wallet", draw_call, &s);
    s.no_wallet = false;
    fix->quote.chosen = -1;
    fix->quote.offers = 1;
    fix->quote.offer[0].refusal = REFUSE_OVER_DAY;
    table_set_rows(s.offers, 1);
    check("call-offers-none", draw_call, &s);
    fixture_pay(fix, untrusted(""));
    call_end(&s);
}

static void test_call_paying(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_QUOTE);
    check("call-quoting", draw_call, &s);
    s.phase = CALL_PAY;
    s.step = STEP_SIGNING;
    check("call-signing", draw_call, &s);
    s.step = STEP_ANSWER;
    snprintf(s.words, sizeof s.words, "the answer is coming");
    buf_adds(&s.text, "Volatility is how far prices move, not where they go.");
    check("call-answering", draw_call, &s);
    call_end(&s);
}

static void test_call_done(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_DONE);
    s.has_receipt = true;
    s.receipt = fix->receipt[1];
    check("call-done", draw_call, &s);
    s.receipt_shown = true;
    docview_stale(&s.doc);
    check("call-done-receipt", draw_call, &s);
    s.receipt = fix->receipt[0];
    s.receipt_shown = false;
    docview_stale(&s.doc);
    check("call-unknown", draw_call, &s);
    call_end(&s);
}

static void test_call_failed(void **state)
{
    (void)state;
    struct call_screen s;
    call_init(&s, CALL_ASK);
    err_set(&s.failed, SOUK_ENET,
            "models.example:443 does not answer: connection refused; try "
            "again, or look whether the author lists another endpoint");
    check("call-failed", draw_call, &s);
    s.phase = CALL_FIND;
    err_set(&s.failed, SOUK_ENOTFOUND, "there is no model of this name");
    check("call-not-found", draw_call, &s);
    call_end(&s);
}

/* --- the dialogs */

struct asked {
    dialog_make_fn make;
    void *ud;
    const char *title, *yes;
};

static void draw_asked(void *state, struct canvas *c, struct rect area)
{
    struct asked *a = state;
    struct dialog *d = dialog_new_made(a->title, a->make, a->ud, a->yes);
    dialog_draw(d, c, area);
    dialog_free(d);
}

static void test_money_dialog(void **state)
{
    (void)state;
    struct pay_ask ask = {.words = untrusted_n(fix->words.p, fix->words.len),
                          .limits = &fix->quote.limits,
                          .spent = &fix->quote.spent};
    struct asked a = {pay_ask_doc, &ask, "Pay for one call", "Yes, pay"};
    check("pay-dialog", draw_asked, &a);
    ask = (struct pay_ask){.words = untrusted_n(fix->warned.p, fix->warned.len)};
    check("pay-dialog-warned", draw_asked, &a);
    struct draft_ask draft = {&fix->draft, &fix->network};
    a = (struct asked){draft_ask_doc, &draft, "Send", "Yes, send"};
    check("send-dialog", draw_asked, &a);
    fix->draft.like_another = true;
    fix->draft.meaning.kind = CALL_APPROVE;
    fix->draft.who = PERMIT2;
    fix->draft.amount = U256_ZERO;
    check("revoke-dialog", draw_asked, &a);
    fixture_pay(fix, untrusted(""));
}

/* --- wallet */

static void draw_wallet(void *state, struct canvas *c, struct rect area)
{
    wallet_draw(state, c, area);
}

static void wallet_init(struct wallet_screen *s, enum wallet_pane pane)
{
    memset(s, 0, sizeof *s);
    s->network = &fix->network;
    s->pane = pane;
    s->state = &fix->state;
    s->who = fix->state.card.account[0];
    s->balances = fix->balances;
    s->has_balances = true;
    s->allowed = fix->allowed;
    s->n_allowed = 2;
    s->sent = fix->sent;
    s->n_sent = 5;
    s->sent_read = true;
    s->open_table = table_new(wallet_open_columns, OPEN_COLS, &wallet_open_ops, s);
    s->allowed_table = table_new(wallet_allowed_columns, ALLOWED_COLS, &wallet_allowed_ops, s);
    s->sent_table = table_new(wallet_sent_columns, SENT_COLS, &wallet_sent_ops, s);
    table_set_rows(s->open_table, fix->state.n_open);
    table_set_rows(s->allowed_table, s->n_allowed);
    table_set_rows(s->sent_table, s->n_sent);
}

static void wallet_end(struct wallet_screen *s)
{
    table_free(s->open_table);
    table_free(s->allowed_table);
    table_free(s->sent_table);
}

static void test_wallet(void **state)
{
    (void)state;
    static const char *const names[WALLET_PANES] = {"wallet", "wallet-signatures",
                                                    "wallet-allowances", "wallet-history"};
    for (int p = 0; p < WALLET_PANES; p++) {
        struct wallet_screen s;
        wallet_init(&s, (enum wallet_pane)p);
        check(names[p], draw_wallet, &s);
        wallet_end(&s);
    }
}

static void test_wallet_states(void **state)
{
    (void)state;
    struct wallet_screen s;
    wallet_init(&s, WALLET_OVERVIEW);
    fix->state.unlocked = fix->state.verified = false;
    fix->state.n_open = 0;
    fix->state.limits = 0;
    s.has_balances = false;
    err_set(&s.balances_err, SOUK_ENET, "127.0.0.1:18400 does not answer: connection refused");
    s.n_sent = 0;
    check("wallet-locked", draw_wallet, &s);
    fix->state.killed = true;
    s.has_balances = true;
    s.balances_err = (struct err){0};
    s.balances.has_code = true;
    check("wallet-killed", draw_wallet, &s);
    fix->state.killed = false;
    fix->state.card.kind = WALLET_WATCH;
    fix->state.card.accounts = 1;
    check("wallet-watch", draw_wallet, &s);
    s.none = true;
    check("wallet-none", draw_wallet, &s);
    s.none = false;
    s.state = NULL;
    check("wallet-reading", draw_wallet, &s);
    wallet_end(&s);
    fixture_pay(fix, untrusted(""));
    wallet_init(&s, WALLET_ALLOWED);
    table_set_rows(s.allowed_table, 0);
    s.n_allowed = 0;
    check("wallet-no-allowances", draw_wallet, &s);
    wallet_end(&s);
}

/* --- receipts */

static void draw_receipts(void *state, struct canvas *c, struct rect area)
{
    receipts_draw(state, c, area);
}

static void receipts_init(struct receipts_screen *s)
{
    memset(s, 0, sizeof *s);
    s->network = &fix->network;
    s->row = fix->receipt;
    s->n = 6;
    s->read = true;
    s->table = table_new(receipt_columns, RECEIPT_COLS, &receipt_ops, s);
    table_set_rows(s->table, s->n);
}

static void test_receipts(void **state)
{
    (void)state;
    struct receipts_screen s;
    receipts_init(&s);
    check("receipts", draw_receipts, &s);
    s.asking = true;
    table_select(s.table, 3);
    check("receipts-asking", draw_receipts, &s);
    err_set(&s.failed, SOUK_ENET, "two nodes tell different things; what is open stays open");
    check("receipts-failed", draw_receipts, &s);
    s.n = 0;
    s.failed.code = SOUK_OK;
    s.asking = false;
    table_set_rows(s.table, 0);
    check("receipts-none", draw_receipts, &s);
    table_free(s.table);
}

/* --- strangers */

/* Every text a stranger sets is an attack; all screens at all sizes. */
static void test_hostile(void **state)
{
    (void)state;
    struct fixture_pay *f = calloc(1, sizeof *f);
    fix = f;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        struct call_screen s;
        struct wallet_screen w;
        struct receipts_screen r;
        fixture_pay(f, fixture_attack(i));
        for (int phase = CALL_FIND; phase <= CALL_DONE; phase++) {
            call_init(&s, (enum call_phase)phase);
            s.has_receipt = true;
            s.receipt = f->receipt[3];
            s.receipt.tee = fixture_attack(i);
            s.receipt_shown = i % 2;
            err_set(&s.failed, SOUK_ENET, "%.*s", (int)fixture_attack(i).n, fixture_attack(i).p);
            buf_add(&s.text, fixture_attack(i).p, i % 2 ? fixture_attack(i).n : 0);
            survive(draw_call, &s);
            call_end(&s);
        }
        for (int p = 0; p < WALLET_PANES; p++) {
            wallet_init(&w, (enum wallet_pane)p);
            survive(draw_wallet, &w);
            wallet_end(&w);
        }
        receipts_init(&r);
        survive(draw_receipts, &r);
        table_free(r.table);
        struct pay_ask ask = {.words = untrusted_n(f->words.p, f->words.len)};
        struct draft_ask draft = {&f->draft, &f->network};
        survive(draw_asked, &(struct asked){pay_ask_doc, &ask, "Pay", "Yes"});
        survive(draw_asked, &(struct asked){draft_ask_doc, &draft, "Send", "Yes"});
    }
    fix = &honest;
    fixture_pay_end(f);
    free(f);
}

static void test_addresses_in_groups(void **state)
{
    (void)state;
    char plain[ADDRESS_BUF], out[GROUPS_BUF], joined[ADDRESS_BUF] = "";
    address a = fix->target.pay_to;
    address_groups(a, out);
    assert_int_equal(strlen(out), 51);
    for (size_t i = 0, n = 0; out[i]; i++) {
        assert_true((out[i] == ' ') == (i > 2 && (i - 2) % 5 == 4));
        if (out[i] != ' ')
            joined[n++] = out[i];
    }
    assert_string_equal(joined, address_format(a, plain));
}

static int setup(void **state)
{
    (void)state;
    clock_fix(FIXTURE_NOW);
    fixture_pay(fix, untrusted(""));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_pay_end(fix);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_input),    cmocka_unit_test(test_call_kinds_of_input),
        cmocka_unit_test(test_call_offers),   cmocka_unit_test(test_call_paying),
        cmocka_unit_test(test_call_done),     cmocka_unit_test(test_call_failed),
        cmocka_unit_test(test_money_dialog),  cmocka_unit_test(test_wallet),
        cmocka_unit_test(test_wallet_states), cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_hostile),       cmocka_unit_test(test_addresses_in_groups),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
