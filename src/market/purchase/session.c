/*
 * Sessions: a gateway takes one upto signature for many calls to the same method and path, and
 * settles once, when the session ends. The purchase that signed it is the session; later ones draw
 * from it by its id and sign nothing. That a session is over it says by a bare 402: then the unpaid
 * request is repeated for an offer, once, and the one the user agreed to is paid, if it is there.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

enum { ROWS_MOST = 1000, SERVE_MARGIN = 130 /* seconds before the deadline a gateway stops */ };

static bool text_is(struct untrusted u, const char *s)
{
    return u.n == strlen(s) && (u.n == 0 || memcmp(u.p, s, u.n) == 0);
}

/* What the calls of a session have cost, as far as they told. */
static u256 spent_of(const struct purchase_row *row, size_t n, int64_t own)
{
    u256 sum = U256_ZERO;
    for (size_t i = 0; i < n; i++) {
        if (row[i].id == own || row[i].session == own)
            u256_add(sum, row[i].cost, &sum);
    }
    return sum;
}

int64_t session_find(struct purchases *p, const struct call *c, const char *url, address payer)
{
    struct arena a;
    struct purchase_row *row = NULL;
    size_t n = 0;
    int64_t found = 0, now = clock_now();
    arena_init(&a, ROW_MEMORY);
    if (purchase_list(p, true, ROWS_MOST, &a, &row, &n, NULL) != SOUK_OK)
        n = 0;
    for (size_t i = 0; i < n && found == 0; i++) {
        const struct purchase_row *r = &row[i];
        if (r->session == 0 && r->session_id.n > 0 && r->state == PURCHASE_ANSWERED &&
            address_eq(r->payer, payer) && text_is(r->url, url) && text_is(r->method, c->method) &&
            r->valid_before > now + SERVE_MARGIN &&
            u256_cmp(spent_of(row, n, r->id), r->amount) < 0)
            found = r->id;
    }
    arena_release(&a);
    return found;
}

/* --- drawing from one */

static void draw_run(struct purchase *x)
{
    static const char header[] = "X-Upto-Session";
    struct purchases *p = purse_purchases(x->purse);
    struct purchase_row own, *r = &x->row;
    int64_t id = x->q->pub.session;
    if (purchase_get(p, id, &x->arena, &own, &x->err) != SOUK_OK ||
        row_begin(x, &x->err) != SOUK_OK)
        return;
    r->call = call_key(x, NULL);
    r->state = PURCHASE_SENT; /* nothing is signed, so there is nothing to lose before it leaves */
    r->session = id;
    r->session_id = own.session_id;
    r->scheme = own.scheme;
    r->asset = own.asset;
    r->pay_to = own.pay_to;
    r->nonce = own.nonce;
    r->valid_before = own.valid_before;
    r->pay_value = own.session_id;
    if (!row_text(x, &r->pay_header, header, sizeof header - 1) ||
        plan_write(x, &x->err) != SOUK_OK) {
        err_nomem(&x->err);
        return;
    }
    x->has_row = purchase_add(p, r, &r->id, &x->err) == SOUK_OK;
}

static void drawn(struct purchase *x)
{
    if (x->err.code != SOUK_OK)
        end_row(x, &x->err);
    else
        buy_send(x);
}

void session_call(struct purchase *x)
{
    x->from_session = true;
    x->err = (struct err){0};
    do_work(x, draw_run, drawn);
}

/* --- one that is over */

static bool same_terms(const struct x402_offer *a, const struct x402_offer *b)
{
    return a->fault == X402_FINE && a->scheme == b->scheme && a->method == b->method &&
           a->chain == b->chain && address_eq(a->token, b->token) &&
           address_eq(a->pay_to, b->pay_to) && address_eq(a->facilitator, b->facilitator) &&
           u256_cmp(a->amount, b->amount) <= 0;
}

static bool copy_buf(struct buf *to, const struct buf *from)
{
    buf_add(to, from->p, from->len);
    return to->bad == SOUK_OK;
}

/* The old quote without its demand: x's own, because the front end still has the old one. */
static struct quote_box *copy_quote(const struct network *n, const struct quote_box *old)
{
    const struct call_input in = {.method = old->call.method,
                                  .body = old->call.body,
                                  .body_len = old->call.body_len,
                                  .content_type = old->call.content_type,
                                  .stream = old->call.stream,
                                  .settlement = old->call.settlement};
    struct quote_box *q = quote_make(n, &old->pub.target);
    if (q == NULL)
        return NULL;
    q->enclave.id = old->enclave.id;
    q->enclave.known = old->enclave.known;
    q->funds_known = q->pub.funds_known = old->funds_known;
    q->pub.payer = old->pub.payer;
    q->pub.payer_has_code = old->pub.payer_has_code;
    q->facts = old->facts;
    memcpy(q->enclave.url, old->enclave.url, sizeof q->enclave.url);
    memcpy(q->pub.tee_id, old->pub.tee_id, sizeof q->pub.tee_id);
    if (call_copy(&q->call, &in) && copy_buf(&q->enclave.cert, &old->enclave.cert) &&
        copy_buf(&q->enclave.key, &old->enclave.key))
        return q;
    quote_free(&q->pub);
    return NULL;
}

/* The offer the user agreed to, in the new demand. */
static souk_err take_demand(struct purchase *x, struct err *e)
{
    struct quote_box *old = x->q, *q = copy_quote(x->net, old);
    size_t at = (size_t)x->consent.offer;
    const struct quote_offer *was = &old->pub.offer[at];
    const char *head = x->ans.head[HEAD_DEMAND];
    struct x402_terms t;
    if (q == NULL)
        return err_nomem(e);
    buf_adds(&q->header, head != NULL ? head : "");
    x->consent.offer = -1;
    x->q = q;
    quote_terms(x, &t, quote_url(q), q->pub.target.from_catalog);
    souk_err rc = q->header.bad != SOUK_OK ? err_nomem(e)
                                           : x402_demand_read(head, "", 0, &t, &q->pub.demand, e);
    if (rc == SOUK_OK)
        q->pub.offers = q->pub.demand->offers;
    for (size_t i = 0; rc == SOUK_OK && i < q->pub.offers; i++) {
        q->pub.offer[i] = *was;
        q->pub.offer[i].offer = &q->pub.demand->offer[i];
        q->known[i] = old->known[at];
        if (x->consent.offer < 0 && same_terms(q->pub.offer[i].offer, was->offer))
            x->consent.offer = (int)i;
    }
    quote_free(&old->pub);
    return rc;
}

/* Not among what the user agreed to: the front end asks for a quote, and him. */
static void ask_again(struct purchase *x)
{
    struct err e;
    err_set(&e, SOUK_ENOTFOUND,
            "the session is over and nothing was charged: a new one is to be agreed to");
    end_row(x, &e);
}

static void on_offer(struct purchase *x)
{
    struct err e = {0};
    if (x->ans.err.code != SOUK_OK || x->ans.status != 402)
        answer_words(x, quote_url(x->q), &e);
    else
        take_demand(x, &e);
    if (e.code != SOUK_OK) {
        end_row(x, &e);
        return;
    }
    if (x->consent.offer < 0 || buy_check(x->q, &x->consent, &e) != SOUK_OK) {
        ask_again(x);
        return;
    }
    const struct quote_offer *o = &x->q->pub.offer[x->consent.offer];
    if (o->needs_allowance && !o->sponsored)
        buy_approve(x);
    else
        buy_sign(x);
}

static void over_run(struct purchase *x)
{
    static const char words[] = "the session was over: nothing was charged";
    struct purchases *p = purse_purchases(x->purse);
    struct purchase_row own;
    struct err e = {0};
    if (!row_text(x, &x->row.words, words, sizeof words - 1) ||
        row_save(x, PURCHASE_LAPSED, &e) != SOUK_OK) {
        x->err = e;
        return;
    }
    if (purchase_get(p, x->row.session, &x->arena, &own, &e) == SOUK_OK) {
        own.session_id = (struct untrusted){NULL, 0};
        purchase_save(p, &own, &e);
    }
    x->err = e;
}

static void forgotten(struct purchase *x)
{
    if (x->err.code != SOUK_OK) {
        end_row(x, &x->err);
        return;
    }
    x->from_session = false;
    x->has_row = false;
    x->row = (struct purchase_row){.id = 0};
    struct err unsaid;
    if (x->consent.offer < 0 || buy_check(x->q, &x->consent, &unsaid) != SOUK_OK) {
        ask_again(x);
        return;
    }
    const struct request rq = {.call = &x->q->call,
                               .url = quote_url(x->q),
                               .from_catalog = x->q->pub.target.from_catalog,
                               .enclave = &x->q->enclave};
    request_send(x, &rq, on_offer);
}

static void kept(struct purchase *x)
{
    if (x->err.code != SOUK_OK)
        end_row(x, &x->err);
    else if (say_step(x, STEP_ANSWER, NULL))
        end_row(x, &x->say);
}

void session_answer(struct purchase *x)
{
    const struct answer *a = &x->ans;
    struct purchase_row *r = &x->row;
    if (a->err.code == SOUK_OK && a->status == 402) {
        x->err = (struct err){0};
        do_work(x, over_run, forgotten);
        return;
    }
    if (!keep_answer(x))
        err_nomem(&x->say);
    if (a->err.code == SOUK_OK && a->status >= 200 && a->status < 300) {
        r->state = PURCHASE_ANSWERED;
        if (x->chat.err.code != SOUK_OK)
            row_text(x, &r->words, x->chat.err.msg, strlen(x->chat.err.msg));
    } else {
        answer_words(x, r->url.p, &x->say);
        row_text(x, &r->words, x->say.msg, strlen(x->say.msg));
        if (a->err.code == SOUK_OK || !a->sent) /* gateways charge for answers alone */
            r->state = PURCHASE_LAPSED;
        else
            err_set(&x->say, SOUK_EUNKNOWN,
                    "%.300s; whether it was charged to the session shows when that settles: "
                    "`souk receipts`",
                    a->err.msg);
    }
    save_then(x, kept);
}

/* --- the end of one */

static souk_err close_call(struct purchases *p, const struct purchase_row *own, int64_t id,
                           bool more, struct arena *a, struct err *e)
{
    struct purchase_row r;
    souk_err rc = purchase_get(p, id, a, &r, e);
    if (rc != SOUK_OK)
        return rc;
    if (own->state == PURCHASE_LAPSED || own->state == PURCHASE_CANCELLED)
        r.state = own->state;
    else if (r.state == PURCHASE_ANSWERED)
        r.state = PURCHASE_SETTLED;
    else
        r.state = more ? PURCHASE_DISPUTED : PURCHASE_LAPSED;
    if (r.state == PURCHASE_SETTLED) {
        r.has_tx = own->has_tx;
        r.tx = own->tx;
        r.block = own->block;
        r.charged = r.cost;
        r.charged_known = !u256_is_zero(r.cost);
    }
    r.updated = clock_now();
    return purchase_save(p, &r, e);
}

souk_err session_settle(struct purchases *p, struct purchase_row *own, struct arena *a,
                        struct err *e)
{
    static const char words[] = "charged more than its calls cost by their own account";
    struct purchase_row *row = NULL;
    size_t n = 0;
    if (own->state < PURCHASE_SETTLED || own->state == PURCHASE_REFUSED)
        return SOUK_OK;
    souk_err rc = purchase_list(p, false, ROWS_MOST, a, &row, &n, e);
    if (rc != SOUK_OK)
        return rc;
    bool told = !u256_is_zero(own->cost), lost = false;
    for (size_t i = 0; i < n; i++) {
        if (row[i].session != own->id || row[i].state == PURCHASE_LAPSED)
            continue;
        told &= row[i].state != PURCHASE_ANSWERED || !u256_is_zero(row[i].cost);
        lost |= row[i].state == PURCHASE_SENT;
    }
    bool more =
        told && own->charged_by_chain && u256_cmp(own->charged, spent_of(row, n, own->id)) > 0;
    for (size_t i = 0; i < n && rc == SOUK_OK; i++) {
        if (row[i].session == own->id &&
            (row[i].state == PURCHASE_SENT || row[i].state == PURCHASE_ANSWERED))
            rc = close_call(p, own, row[i].id, more, a, e);
    }
    if (more && !lost && own->state == PURCHASE_SETTLED) {
        own->state = PURCHASE_DISPUTED;
        own->words = untrusted(words);
    }
    return rc;
}
