/*
 * What came of a paid request. An answer is kept before anything else is done with it. Where the
 * answer does not settle the question of the money, the chain is asked, for a bounded while; a new
 * signature is never the answer to not knowing.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

/* --- words */

static bool set_words(struct purchase *x, const char *words)
{
    return row_text(x, &x->row.words, words, strlen(words));
}

void say_unknown(struct purchase *x, const char *what)
{
    struct asset a;
    struct amount most = {.value = x->row.amount};
    char money[U256_FMT + 16], until[HUMAN_BUF];
    row_asset(x->net, &x->row, &a);
    memcpy(most.symbol, a.symbol, sizeof most.symbol);
    most.decimals = a.decimals;
    err_set(&x->say, SOUK_EUNKNOWN,
            "%s; whether it was paid is not known yet: %s stays reserved until %s, and nothing is "
            "signed anew; `souk receipts` asks the chain",
            what, amount_format(&most, money, sizeof money),
            human_time(until, x->row.valid_before));
    set_words(x, what);
}

/* --- saving */

static void save_run(struct purchase *x)
{
    struct err e = {0};
    if (row_save(x, x->row.state, &e) != SOUK_OK)
        x->err = e;
}

void save_then(struct purchase *x, void (*then)(struct purchase *x))
{
    x->err = (struct err){0};
    do_work(x, save_run, then);
}

static void finish_run(struct purchase *x)
{
    const struct purchase_row *r = &x->row;
    save_run(x);
    /* A session leaves its rest reserved until its settlement; a single upto call is over now. */
    if (r->scheme == TYPED_UPTO && r->session == 0 && r->charged_by_chain)
        release_reserve(x, r->call);
}

static void finished(struct purchase *x)
{
    struct err e = x->say.code != SOUK_OK ? x->say : x->err;
    end_row(x, &e);
}

void finish_row(struct purchase *x)
{
    x->err = (struct err){0};
    do_work(x, finish_run, finished);
}

/* --- asking the chain */

static const int waits_served[] = {300, 700, 1500, 3000, 0};
static const int waits_unknown[] = {1000, 2000, 4000, 8000, 0};
static const int waits_pending[] = {500, 1000, 2000, 4000, 8000, 15000, 30000, 0};
static const int waits_once[] = {0};

static int patience(const struct purchase *x)
{
    const int *w = x->asking == ASK_UNKNOWN                                       ? waits_unknown
                   : x->asking == ASK_PENDING                                     ? waits_pending
                   : x->asking == ASK_SERVED && (x->receipt_ok || x->receipt_bad) ? waits_served
                                                                                  : waits_once;
    for (unsigned i = 0; i < x->asked && *w != 0; i++)
        w++;
    return *w;
}

static bool still_valid(const struct purchase *x)
{
    return x->row.valid_before - clock_now() > VALID_MARGIN;
}

/* The same bytes again can charge nothing twice; only a seller who remembers them (payment-
 * identifier), or one who never got them, has an answer to them. */
static bool resend_helps(const struct purchase *x)
{
    if (x->resent || !still_valid(x) || x->from_session)
        return false;
    if (x->asking == ASK_RESUME)
        return x->got.kind == FATE_OPEN ? x->got.err.code == SOUK_OK : x->payment_id[0] != '\0';
    bool without =
        x->asking == ASK_UNKNOWN || (x->asking == ASK_PENDING && x->row.state != PURCHASE_ANSWERED);
    return without && x->payment_id[0] != '\0' &&
           (x->got.kind == FATE_OPEN || x->got.kind == FATE_SETTLED);
}

static void say_closed(struct purchase *x, const char *words)
{
    if (words[0] != '\0')
        set_words(x, words);
    if (x->row.state == PURCHASE_DISPUTED)
        err_set(&x->say, SOUK_EVERIFY, "%s", words);
    else if (x->asking != ASK_REFUSED && x->asking != ASK_SERVED && x->asking != ASK_PENDING)
        err_set(&x->say, SOUK_EFAIL, "%s", words);
    else if (x->asking != ASK_REFUSED)
        x->say = (struct err){0};
}

static void conclude(struct purchase *x)
{
    struct asset a;
    struct buf words;
    bool open = x->got.kind == FATE_OPEN;
    char first[ERR_MSG_MAX];
    if (resend_helps(x)) {
        x->resent = true;
        buy_send(x);
        return;
    }
    snprintf(first, sizeof first, "%s", x->say.msg[0] != '\0' ? x->say.msg : "no answer is kept");
    buf_init(&words, 1024);
    if (!open)
        row_close(&x->row, &x->got, x->expect, row_asset(x->net, &x->row, &a), &words);
    if (!open)
        say_closed(x, words.p);
    else if (x->asking == ASK_REFUSED && x->got.err.code == SOUK_OK)
        x->row.state = PURCHASE_REFUSED;
    else if (x->asking != ASK_SERVED || x->receipt_bad)
        say_unknown(x, first);
    buf_release(&words);
    finish_row(x);
}

static void ask_once(struct purchase *x);

static void on_fate(void *ud, const struct fate *f)
{
    struct purchase *x = ud;
    x->fate = NULL;
    x->got = *f;
    int wait = f->kind == FATE_OPEN ? patience(x) : 0;
    x->asked++;
    if (wait > 0)
        do_later(x, wait, ask_once);
    else
        conclude(x);
}

static void ask_once(struct purchase *x)
{
    struct err e = {0};
    x->fate = fate_ask(market_http(x->m), x->net, &x->typed, x->row.made, on_fate, x, &e);
    if (x->fate == NULL) {
        x->got = (struct fate){.kind = FATE_OPEN, .err = e};
        conclude(x);
    }
}

void ask_chain(struct purchase *x, enum chain_why why)
{
    x->asking = why;
    x->asked = 0;
    if (say_step(x, STEP_SETTLING, "asking the chain"))
        ask_once(x);
}

/* --- an answer */

static bool read_receipt(struct purchase *x, struct x402_receipt *r)
{
    const char *head = x->ans.head[HEAD_RECEIPT];
    struct err e = {0};
    if (head == NULL)
        head = x->ans.head[HEAD_RECEIPT_V1];
    if (head == NULL)
        head = x->chat.receipt;
    *r = (struct x402_receipt){.success = false};
    if (head == NULL)
        return false;
    x->receipt_bad = x402_receipt_read(head, r, &e) != SOUK_OK;
    return !x->receipt_bad;
}

static void take_receipt(struct purchase *x, const struct x402_receipt *r)
{
    struct purchase_row *row = &x->row;
    x->receipt_ok = r->success;
    row->has_tx = r->has_tx;
    row->tx = r->tx;
    row->charged_known = r->success;
    row->charged = r->has_amount ? r->amount : row->amount;
}

bool keep_answer(struct purchase *x)
{
    const struct answer *a = &x->ans;
    const struct chat *c = &x->chat;
    const struct buf *b = &a->body;
    const char *type = a->type;
    struct asset asset;
    if (x->chatting && c->text.len > 0) {
        b = &c->text;
        type = "text/plain; charset=utf-8";
    } else if (x->chatting) {
        b = &c->raw;
    }
    x->row.status = a->status;
    const char *session = a->head[HEAD_SESSION];
    bool ok = row_text(x, &x->row.answer, b->p, b->len < ANSWER_KEPT ? b->len : ANSWER_KEPT) &&
              row_text(x, &x->row.answer_type, type, strlen(type));
    if (ok && x->chatting && a->status >= 200 && a->status < 300) {
        const char *verdict = chat_verdict(c, &x->q->call, &x->q->enclave);
        x->row.cost = chat_cost(c, row_asset(x->net, &x->row, &asset)->decimals);
        ok = row_text(x, &x->row.tee, verdict, strlen(verdict));
    }
    if (ok && session != NULL && strlen(session) <= 128 && x->row.session == 0)
        ok = row_text(x, &x->row.session_id, session, strlen(session));
    return ok;
}

static void answer_kept(struct purchase *x)
{
    if (x->err.code != SOUK_OK) { /* the answer is lost, the payment is not */
        end_row(x, &x->err);
        return;
    }
    if (!say_step(x, STEP_ANSWER, NULL))
        return;
    /* A session is settled when it ends; its receipt is the chain's transfer. */
    if (x->row.session_id.n > 0 && !x->receipt_ok)
        finish_row(x);
    else
        ask_chain(x, x->asking);
}

static void served(struct purchase *x)
{
    struct x402_receipt r;
    bool read = read_receipt(x, &r);
    x->asking = ASK_SERVED;
    if (read) {
        take_receipt(x, &r);
        if (r.pending || !r.success)
            x->asking = ASK_PENDING;
    }
    x402_receipt_release(&r);
    x->row.state = PURCHASE_ANSWERED;
    if (!keep_answer(x)) {
        err_nomem(&x->say);
        finish_row(x);
        return;
    }
    if (x->chatting && x->chat.err.code != SOUK_OK)
        set_words(x, x->chat.err.msg);
    if (x->asking == ASK_PENDING)
        err_set(&x->say, SOUK_EUNKNOWN, "the answer came, and its settlement is pending");
    else if (x->receipt_bad)
        err_set(&x->say, SOUK_EUNKNOWN, "the answer came with a receipt that cannot be read");
    save_then(x, answer_kept);
}

/* --- no answer */

/* The new demand's price for what was bought, when it is another one. */
static void add_new_price(struct purchase *x, const struct x402_demand *d, struct buf *words)
{
    const struct x402_offer *was = x->q->pub.offer[x->consent.offer].offer;
    struct amount now = x->q->pub.offer[x->consent.offer].amount;
    char money[U256_FMT + 16];
    for (size_t i = 0; d != NULL && i < d->offers; i++) {
        const struct x402_offer *o = &d->offer[i];
        if (o->fault != X402_FINE || o->scheme != was->scheme || o->chain != was->chain ||
            !address_eq(o->token, was->token))
            continue;
        now.value = o->amount;
        if (u256_cmp(o->amount, was->amount) != 0)
            buf_addf(words, "; it now asks %s", amount_format(&now, money, sizeof money));
        return;
    }
}

static struct x402_demand *demand_again(struct purchase *x)
{
    struct x402_terms t;
    struct x402_demand *d = NULL;
    const struct buf *body = x->chatting ? &x->chat.raw : &x->ans.body;
    quote_terms(x, &t, quote_url(x->q), x->q->pub.target.from_catalog);
    x402_demand_read(x->ans.head[HEAD_DEMAND], body->p, body->len, &t, &d, NULL);
    return d;
}

/* It asks again although it was paid: why, in words, and once. */
static void refused(struct purchase *x)
{
    struct x402_receipt r;
    struct buf words;
    char host[104];
    bool read = read_receipt(x, &r);
    struct x402_demand *d = demand_again(x);
    struct untrusted code = read && r.reason.n > 0 ? r.reason : untrusted(NULL);
    if (code.n == 0 && d != NULL)
        code = d->error;
    const char *ours = x402_error_words(code);
    http_host(x->row.url.p, host);
    buf_init(&words, 1024);
    buf_addf(&words, "%s refused the payment", host);
    if (ours != NULL)
        buf_addf(&words, ": %s", ours);
    else if (code.n > 0)
        buf_addf(&words, ": %.*s", (int)(code.n < 200 ? code.n : 200), code.p);
    add_new_price(x, d, &words);
    err_set(&x->say, SOUK_EFAIL, "%s", words.p);
    set_words(x, words.p);
    bool pending = read && r.pending;
    if (read && r.has_tx) {
        x->row.has_tx = true;
        x->row.tx = r.tx;
    }
    buf_release(&words);
    x402_demand_free(d);
    x402_receipt_release(&r);
    if (x->ans.status == 412 && x->consent.approve && !x->approved &&
        x->typed.kind != TYPED_EIP3009)
        buy_approve(x);
    else
        ask_chain(x, pending ? ASK_PENDING : ASK_REFUSED);
}

/* It never left: as good as never tried, and the same bytes may go another time. */
static void never_sent(struct purchase *x)
{
    char until[HUMAN_BUF];
    err_set(&x->say, x->ans.err.code,
            "%s; nothing was sent and nothing paid; the signature is kept until %s, `souk receipts "
            "%lld --resume` sends it",
            x->ans.err.msg, human_time(until, x->row.valid_before), (long long)x->row.id);
    set_words(x, x->ans.err.msg);
    x->row.state = x->row.session != 0 ? PURCHASE_LAPSED : PURCHASE_SIGNED;
    finish_row(x);
}

void paid_answer(struct purchase *x)
{
    const struct answer *a = &x->ans;
    const char *url = x->row.url.p;
    bool broken = a->err.code != SOUK_OK;
    x->row.status = a->status;
    if (x->from_session) {
        session_answer(x);
    } else if (broken && !a->sent) {
        never_sent(x);
    } else if (broken) {
        answer_words(x, url, &x->say);
        if (x->chatting && !keep_answer(x)) /* what was heard until it broke off */
            err_nomem(&x->say);
        x->row.status = 0;
        ask_chain(x, ASK_UNKNOWN);
    } else if (a->status >= 200 && a->status < 300) {
        served(x);
    } else if (a->status == 402 || a->status == 412) {
        refused(x);
    } else {
        keep_answer(x);
        answer_words(x, url, &x->say);
        set_words(x, x->say.msg);
        x->say.code = SOUK_EFAIL;
        ask_chain(x, a->status >= 500 ? ASK_UNKNOWN : ASK_REFUSED);
    }
}
