/*
 * Paying. What is on disk when:
 *
 *   intent   the row, with the key of the call and its nonce       before the signer is asked
 *   ledger   the signer's own entry                                before it answers
 *   sent     the header, to the byte, and that it leaves now       before it does
 *
 * The key of a call is a hash over what is bought and a random number made once, so that asking the
 * signer again for this row gives this signature and never another.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

/* --- what the user must have said yes to */

static souk_err check_consent(const struct quote_box *b, const struct consent *c, struct err *e)
{
    const struct quote *q = &b->pub;
    const struct quote_offer *o = &q->offer[c->offer];
    if (q->not_proven && !c->unproven)
        return err_set(e, SOUK_ELIMIT,
                       "the listing of %s is not proven to be its author's: say that you want to "
                       "pay it all the same",
                       q->target.subject);
    if (!address_is_zero(q->target.pay_to) && !address_eq(q->target.pay_to, o->offer->pay_to) &&
        !c->other_payee)
        return err_set(e, SOUK_ELIMIT,
                       "the money would not go where the listing says: say that you want that");
    if (quote_dearer(q, c->offer) && !c->dearer) {
        char asks[U256_FMT + 16], listed[U256_FMT + 16];
        return err_set(e, SOUK_ELIMIT,
                       "it asks for %s where the listing says %s: say that you want to pay that",
                       amount_format(&o->amount, asks, sizeof asks),
                       amount_format(&q->target.price, listed, sizeof listed));
    }
    if (b->known[c->offer].changed && !c->payee_changed)
        return err_set(e, SOUK_ELIMIT,
                       "%s was paid at another address before: say that you trust the new one",
                       q->target.subject);
    if (q->payer_has_code && !c->code)
        return err_set(e, SOUK_ELIMIT,
                       "your account runs a contract's code (EIP-7702), which may void its "
                       "signatures: say that you know that");
    if (o->needs_allowance && !o->sponsored && !c->approve)
        return err_set(e, SOUK_ELIMIT,
                       "Permit2 may not move your %s yet, and the seller pays for no approval: an "
                       "approval of exactly the amount is needed first",
                       o->amount.symbol);
    return SOUK_OK;
}

souk_err buy_check(const struct quote_box *b, const struct consent *c, struct err *e)
{
    const struct quote *q = &b->pub;
    char have[U256_FMT + 16];
    if (q->demand == NULL || c->offer < 0 || (size_t)c->offer >= q->offers)
        return err_set(e, SOUK_EUSAGE, "there is no offer %d in this quote", c->offer);
    const struct quote_offer *o = &q->offer[c->offer];
    if (o->offer->fault != X402_FINE)
        return err_set(e, SOUK_ELIMIT, "that offer cannot be taken: %s",
                       x402_fault_words(o->offer->fault));
    if (clock_now() - q->time > QUOTE_OLD)
        return err_set(e, SOUK_EINPUT, "the quote is older than %d minutes: ask again",
                       QUOTE_OLD / 60);
    if (u256_cmp(o->offer->amount, c->most) > 0)
        return err_set(e, SOUK_ELIMIT, "it asks for %s, which is more than you allowed for it",
                       amount_format(&o->amount, have, sizeof have));
    /* The signer has the last word; but with nobody there to say yes, it is known already. */
    if (o->refusal != REFUSE_NOT && c->gate < 0)
        return err_set(e, SOUK_ELIMIT, "not paid: %s", refusal_words(o->refusal));
    if (!o->confirmed)
        return err_set(e, b->facts.code != SOUK_OK ? b->facts.code : SOUK_ENET, "%s",
                       b->facts.code != SOUK_OK ? b->facts.msg
                                                : "the token could not be confirmed on chain");
    if (!q->funds_known)
        return err_set(e, SOUK_ENET,
                       "your balance could not be asked of the chain, and neither could what "
                       "becomes of a payment: nothing is paid");
    if (!o->affordable)
        return err_set(e, SOUK_EINPUT, "there is not enough: it costs %s",
                       amount_format(&o->amount, have, sizeof have));
    return check_consent(b, c, e);
}

/* --- the row */

bytes32 call_key(const struct purchase *x, const struct x402_offer *o)
{
    const struct call *c = &x->q->call;
    struct keccak k = {.at = 0};
    const struct untrusted part[] = {
        untrusted("souk call"),
        untrusted(c->method),
        untrusted(quote_url(x->q)),
        untrusted_n(c->body, c->body_len),
        untrusted_n(o != NULL ? o->raw : "", o != NULL ? o->raw_len : 0),
        untrusted_n((const char *)x->intent, sizeof x->intent),
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        bytes32 h = keccak256(part[i].p, part[i].n);
        keccak_add(&k, h.b, sizeof h.b);
    }
    return keccak_end(&k);
}

static souk_err random_bytes(void *p, size_t n, struct err *e)
{
    return getrandom(p, n, 0) == (ssize_t)n
               ? SOUK_OK
               : err_set(e, SOUK_EFAIL, "the system gives no random numbers: nothing is signed");
}

souk_err row_begin(struct purchase *x, struct err *e)
{
    const struct quote_box *q = x->q;
    const struct target *t = &q->pub.target;
    struct purchase_row *r = &x->row;
    struct buf headers;
    souk_err rc = random_bytes(x->intent, sizeof x->intent, e);
    if (rc != SOUK_OK)
        return rc;
    buf_init(&headers, 1024);
    buf_addf(&headers, "Content-Type: %s\n", q->call.content_type);
    if (t->gateway)
        buf_addf(&headers, "X-SETTLEMENT-TYPE: %s\n", q->call.settlement);
    const char *url = quote_url(q);
    bool ok =
        row_text(x, &r->subject, t->subject, strlen(t->subject)) &&
        row_text(x, &r->author, t->author, strlen(t->author)) &&
        row_text(x, &r->method, q->call.method, strlen(q->call.method)) &&
        row_text(x, &r->url, url, strlen(url)) &&
        row_text(x, &r->body, q->call.body, q->call.body_len) &&
        row_text(x, &r->headers, headers.p, headers.len) &&
        row_text(x, &r->model, t->subject, t->from_catalog && !t->gateway ? strlen(t->subject) : 0);
    rc = ok ? buf_check(&headers, "the headers", e) : err_nomem(e);
    buf_release(&headers);
    r->made = r->updated = clock_now();
    r->payer = q->pub.payer; /* the quote's balances and limits are of this account */
    r->chain = x->net->payment.chain_id;
    return rc;
}

/* The message, its nonce from the subject, so that the payment can be shown to be for it. */
static souk_err write_intent(struct purchase *x, struct err *e)
{
    const struct x402_offer *o = x->q->pub.offer[x->consent.offer].offer;
    const struct target *t = &x->q->pub.target;
    struct purchase_row *r = &x->row;
    uint8_t salt[32], id[16];
    char hex[2 * sizeof id + 3];
    souk_err rc = row_begin(x, e);
    if (rc == SOUK_OK)
        rc = random_bytes(salt, sizeof salt, e);
    if (rc == SOUK_OK)
        rc = random_bytes(id, sizeof id, e);
    if (rc != SOUK_OK)
        return rc;
    u256 permit_nonce = u256_from_be(x->permit.nonce.b);
    x->typed = x402_typed(o, r->payer, r->made, x402_nonce_for(t->subject, salt));
    if (x->has_permit)
        x->permit = x402_permit(o, &x->typed, permit_nonce);
    if (x->q->pub.demand->takes_id)
        snprintf(x->payment_id, sizeof x->payment_id, "pay_%s", hex_encode(id, sizeof id, hex) + 2);
    x->expect = o->scheme == X402_UPTO && t->has_price && address_eq(t->price.asset, o->token)
                    ? t->price.value
                    : NO_CAP;
    r->call = call_key(x, o);
    r->state = PURCHASE_INTENT;
    r->scheme = (int)x->typed.kind;
    r->chain = (int64_t)x->typed.chain;
    r->asset = x->typed.token;
    r->pay_to = x->typed.to;
    r->amount = r->quoted = x->typed.amount;
    r->nonce = x->typed.nonce;
    r->valid_before = (int64_t)x->typed.valid_before;
    rc = plan_write(x, e);
    if (rc == SOUK_OK)
        rc = purchase_add(purse_purchases(x->purse), r, &r->id, e);
    x->has_row = rc == SOUK_OK;
    return rc;
}

static souk_err write_header(struct purchase *x, const struct signer_answer *a, struct err *e)
{
    const struct x402_offer *o = x->q->pub.offer[x->consent.offer].offer;
    const struct x402_extras extras = {.permit = x->has_permit ? &x->permit : NULL,
                                       .permit_sig = x->has_permit ? &a->permit_sig : NULL,
                                       .payment_id = x->payment_id[0] ? x->payment_id : NULL};
    struct buf value;
    buf_init(&value, 4 * X402_BODY_CAP);
    const char *name =
        x402_payment_header(x->q->pub.demand, o, &x->typed, &a->sig, &extras, &value);
    souk_err rc = buf_check(&value, "the payment header", e);
    if (rc == SOUK_OK && !(row_text(x, &x->row.pay_header, name, strlen(name)) &&
                           row_text(x, &x->row.pay_value, value.p, value.len)))
        rc = err_nomem(e);
    buf_release(&value);
    return rc;
}

souk_err row_save(struct purchase *x, enum purchase_state s, struct err *e)
{
    x->row.state = s;
    x->row.updated = clock_now();
    return purchase_save(purse_purchases(x->purse), &x->row, e);
}

/* Nothing was signed, and nothing will be for this row. */
static void not_signed(struct purchase *x, enum refusal why)
{
    struct err ignored;
    char words[160];
    int n = snprintf(words, sizeof words, "not signed: %s", refusal_words(why));
    row_text(x, &x->row.words, words, (size_t)n);
    row_save(x, PURCHASE_LAPSED, &ignored);
}

void sign_run(struct purchase *x)
{
    struct signer *s = NULL;
    struct signer_answer a = {.refusal = REFUSE_NOT};
    char subject[LABEL_MAX], author[LABEL_MAX];
    const struct target *t = &x->q->pub.target;
    snprintf(subject, sizeof subject, "%s", t->subject);
    snprintf(author, sizeof author, "%s", t->author);
    if (signer_connect(purse_card(x->purse)->name, &s, &x->err) != SOUK_OK)
        return;
    const struct signer_payment p = {.call = x->row.call,
                                     .typed = x->typed,
                                     .quoted = x->row.quoted,
                                     .subject = subject,
                                     .author = author,
                                     .permit = x->has_permit ? &x->permit : NULL,
                                     .gate = x->consent.gate};
    souk_err rc = signer_pay(s, &p, &a, &x->err);
    signer_close(s);
    if (rc == SOUK_ELIMIT && a.refusal != REFUSE_NOT)
        not_signed(x, a.refusal);
    if (rc != SOUK_OK || write_header(x, &a, &x->err) != SOUK_OK)
        return;
    /* One step: whether it left before a crash cannot be known, and is asked of the chain. */
    row_save(x, PURCHASE_SENT, &x->err);
}

static void intent_run(struct purchase *x)
{
    if (write_intent(x, &x->err) == SOUK_OK)
        sign_run(x);
}

void sign_then(struct purchase *x)
{
    if (x->err.code != SOUK_OK)
        end_row(x, &x->err);
    else
        buy_send(x);
}

void buy_send(struct purchase *x)
{
    const struct quote_box *q = x->q;
    char name[64];
    if (!say_step(x, STEP_SENDING, x->from_session ? "asking within the open session" : "paying"))
        return;
    snprintf(name, sizeof name, "%.*s", (int)x->row.pay_header.n, x->row.pay_header.p);
    const struct request rq = {.call = &q->call,
                               .url = quote_url(q),
                               .from_catalog = q->pub.target.from_catalog,
                               .enclave = q->pub.target.gateway ? &q->enclave : NULL,
                               .name = name,
                               .value = x->row.pay_value.p,
                               .patient = true};
    request_send(x, &rq, paid_answer);
}

void buy_sign(struct purchase *x)
{
    x->committed = true;
    if (!say_step(x, STEP_SIGNING, "signing"))
        return;
    x->err = (struct err){0};
    do_work(x, intent_run, sign_then);
}

/* --- before signing: the allowance, or the permit's nonce */

static void on_nonce(void *ud, const struct answers *a, const struct err *e)
{
    struct purchase *x = ud;
    struct err why = e != NULL ? *e : (struct err){0};
    struct buf word;
    u256 nonce;
    x->asks[0] = NULL;
    buf_init(&word, 1024);
    if (a != NULL && (!answer_bytes(&a->one[0], &word) ||
                      !result_u256((const uint8_t *)word.p, word.len, &nonce)))
        answer_failed(&a->one[0], "the nonce of a permit", &why);
    buf_release(&word);
    if (why.code != SOUK_OK) {
        end_row(x, &why);
        return;
    }
    u256_to_be(nonce, x->permit.nonce.b);
    x->has_permit = true;
    buy_sign(x);
}

static void ask_nonce(struct purchase *x, const struct x402_offer *o)
{
    struct asking k;
    struct buf data;
    struct err e = {0};
    struct nodes *n = payment_nodes(x, &e);
    if (n != NULL) {
        asking_init(&k);
        buf_init(&data, 64);
        call_nonces(&data, x->q->pub.payer);
        asking_call(&k, o->token, &data, "the nonce of a permit");
        x->asks[0] = asking_send(&k, n, 0, on_nonce, x, &e);
    }
    if (x->asks[0] == NULL)
        end_row(x, &e);
}

static void on_approved(void *ud, const struct sent_row *r, const struct err *e)
{
    struct purchase *x = ud;
    struct err failed = {0};
    x->call = NULL;
    if (e != NULL && e->code != SOUK_OK)
        failed = *e;
    else if (r == NULL || r->state != SENT_MINED)
        err_set(&failed, SOUK_EFAIL, "the approval did not succeed on chain: nothing was paid");
    x->approved = true;
    if (failed.code != SOUK_OK && x->has_row) {
        x->say = failed;
        ask_chain(x, ASK_REFUSED); /* there is a signature already: what the chain says of it */
    } else if (failed.code != SOUK_OK) {
        end_row(x, &failed);
    } else if (x->has_row) {
        buy_send(x); /* the seller asked for the approval: the same bytes once more */
    } else {
        buy_sign(x);
    }
}

static void on_draft(void *ud, const struct draft *d, const struct err *e)
{
    struct purchase *x = ud;
    x->call = NULL;
    if (e == NULL || e->code == SOUK_OK)
        x->call = purse_send(x->purse, d, x->consent.gate, true, on_approved, x);
    else
        on_approved(x, NULL, e);
}

void buy_approve(struct purchase *x)
{
    const struct x402_offer *o = x->q->pub.offer[x->consent.offer].offer;
    const struct draft_request rq = {
        .kind = DRAFT_APPROVE, .asset = &o->asset, .who = PERMIT2, .amount = o->amount};
    if (!say_step(x, STEP_APPROVING, "letting Permit2 move exactly the amount: a transaction"))
        return;
    x->call = purse_draft(x->purse, &rq, on_draft, x);
}

/* --- the beginning */

static void free_run(struct purchase *x)
{
    struct quote *q = &x->q->pub;
    if (row_begin(x, &x->err) != SOUK_OK)
        return;
    x->row.call = call_key(x, NULL);
    x->row.state = PURCHASE_FREE;
    x->row.status = q->status;
    if (!row_text(x, &x->row.answer, q->answer.p, q->answer.len)) {
        err_nomem(&x->err);
        return;
    }
    x->has_row = purchase_add(purse_purchases(x->purse), &x->row, &x->row.id, &x->err) == SOUK_OK;
}

static void free_then(struct purchase *x)
{
    end_row(x, &x->err);
}

static void begin(struct purchase *x)
{
    const struct quote *q = &x->q->pub;
    if (q->free) {
        do_work(x, free_run, free_then);
        return;
    }
    if (q->session != 0) {
        session_call(x);
        return;
    }
    const struct quote_offer *o = &q->offer[x->consent.offer];
    if (o->sponsored)
        ask_nonce(x, o->offer);
    else if (o->needs_allowance)
        buy_approve(x);
    else
        buy_sign(x);
}

struct purchase *purchase_buy(struct market *m, struct purse *p, const struct quote *q,
                              const struct call_input *in, const struct consent *c,
                              const struct purchase_events *ev, void *ud, struct err *e)
{
    const struct quote_box *b = quote_box(q);
    size_t n = in->body != NULL ? in->body_len : 0;
    if (n != b->call.body_len || (n > 0 && memcmp(in->body, b->call.body, n) != 0)) {
        err_set(e, SOUK_EINPUT, "the input is not the one that was quoted: ask again");
        return NULL;
    }
    if (p == NULL) {
        err_set(e, SOUK_ENOTFOUND, "there is no wallet to pay from: `souk wallet create`");
        return NULL;
    }
    /* Drawing from a session signs nothing; should it be over, this is asked then. */
    if (!q->free && q->session == 0 && buy_check(b, c, e) != SOUK_OK)
        return NULL;
    struct purchase *x = purchase_make(m, p, ev, ud, begin, e);
    if (x == NULL)
        return NULL;
    x->q = quote_ref(q);
    x->consent = *c;
    return x;
}
