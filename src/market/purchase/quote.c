/*
 * The unpaid question. Four things are asked at once: the seller, the payer's balances, what the
 * tokens' contracts say of themselves, and before them, for a gateway, which enclave it is. Then
 * the signer, or the ledger of a locked one, is asked what it would say.
 */
#include "market/purchase/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/market.h"

#include "base/banned.h"

struct quote_box *quote_box(const struct quote *q)
{
    return (struct quote_box *)(uintptr_t)q;
}

struct quote_box *quote_ref(const struct quote *q)
{
    struct quote_box *b = quote_box(q);
    b->refs++;
    return b;
}

void quote_free(struct quote *q)
{
    struct quote_box *b = quote_box(q);
    if (q == NULL || --b->refs > 0)
        return;
    x402_demand_free(q->demand);
    buf_release(&q->answer);
    call_release(&b->call);
    enclave_release(&b->enclave);
    buf_release(&b->header);
    buf_release(&b->body);
    mem_free(b);
}

struct quote_box *quote_make(const struct network *n, const struct target *t)
{
    struct quote_box *b = mem_zalloc(sizeof *b);
    if (b == NULL)
        return NULL;
    b->refs = 1;
    b->pub.target = *t;
    b->pub.chosen = -1;
    b->pub.time = clock_now();
    buf_init(&b->pub.answer, ANSWER_CAP);
    buf_init(&b->header, X402_HEADER_CAP);
    buf_init(&b->body, X402_BODY_CAP);
    enclave_release(&b->enclave);
    struct asset all[CONFIG_TOKENS + 1];
    size_t found = network_assets(n, all, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < found; i++) {
        if (!asset_is_coin(&all[i]))
            b->asset[b->assets++] = all[i];
    }
    return b;
}

void quote_terms(const struct purchase *x, struct x402_terms *t, const char *url, bool from_catalog)
{
    *t = (struct x402_terms){.asset = x->q->asset, .assets = x->q->assets, .url = url};
    t->local = trust_local(x->net, url, from_catalog);
    if (x->purse != NULL)
        t->payer = purse_address(x->purse);
}

const char *quote_url(const struct quote_box *q)
{
    return q->pub.target.gateway ? q->enclave.url : q->pub.target.url;
}

/* --- what the offers mean */

static const struct asset *asset_of(const struct quote_box *q, const struct x402_offer *o,
                                    size_t *place)
{
    for (size_t i = 0; i < q->assets; i++) {
        if (q->asset[i].chain == o->chain && address_eq(q->asset[i].token, o->token)) {
            *place = i;
            return &q->asset[i];
        }
    }
    return NULL;
}

static const struct balance *balance_of(const struct quote_box *q, const struct x402_offer *o)
{
    for (size_t i = 0; q->funds_known && i < q->funds.n; i++) {
        if (address_eq(q->funds.of[i].amount.asset, o->token))
            return &q->funds.of[i];
    }
    return NULL;
}

static void value_offer(struct quote_box *q, const struct x402_offer *o, struct quote_offer *out)
{
    size_t place = 0;
    const struct asset *a = asset_of(q, o, &place);
    const struct balance *b = balance_of(q, o);
    *out = (struct quote_offer){.offer = o};
    out->amount = (struct amount){.value = o->amount, .asset = o->token, .symbol = "?"};
    if (a != NULL) {
        memcpy(out->amount.symbol, a->symbol, sizeof out->amount.symbol);
        out->amount.decimals = a->decimals;
        out->amount.rank = (unsigned)place;
    }
    out->confirmed = a != NULL && (q->confirmed >> place & 1) != 0;
    out->affordable = b == NULL || u256_cmp(b->amount.value, o->amount) >= 0;
    out->needs_allowance =
        o->method == X402_PERMIT2 && b != NULL && u256_cmp(b->permit2, o->amount) < 0;
    out->sponsored = out->needs_allowance && q->pub.demand->sponsors_permit && a != NULL &&
                     (a->can & ASSET_EIP2612) != 0;
}

/* The cheapest of those that are good enough; x402_choose knows the order, we what is out. */
static int choose(const struct purchase *x, bool (*good)(const struct quote_offer *o))
{
    const struct quote *q = &x->q->pub;
    struct x402_terms t;
    struct x402_demand *some = mem_alloc(sizeof *some);
    int chosen = -1;
    if (some == NULL)
        return -1;
    *some = *q->demand;
    for (size_t i = 0; i < some->offers; i++) {
        if (!good(&q->offer[i]) && some->offer[i].fault == X402_FINE)
            some->offer[i].fault = X402_BAD_SCHEME;
    }
    quote_terms(x, &t, quote_url(x->q), q->target.from_catalog);
    const struct x402_offer *o =
        x402_choose(some, &t, q->target.has_price ? &q->target.price.asset : NULL);
    if (o != NULL)
        chosen = (int)(o - some->offer);
    mem_free(some);
    return chosen;
}

static bool good_best(const struct quote_offer *o)
{
    return o->affordable && o->confirmed && o->refusal == REFUSE_NOT;
}
static bool good_affordable(const struct quote_offer *o)
{
    return o->affordable && o->confirmed;
}
static bool good_any(const struct quote_offer *o)
{
    (void)o;
    return true;
}

static void choose_offer(struct purchase *x)
{
    bool (*const good[])(const struct quote_offer *) = {good_best, good_affordable, good_any};
    x->q->pub.chosen = -1;
    for (size_t i = 0; i < 3 && x->q->pub.chosen < 0; i++)
        x->q->pub.chosen = choose(x, good[i]);
}

/* Of an upto offer the listing's price is no bound: what is taken is held against it afterwards. */
bool quote_dearer(const struct quote *q, int offer)
{
    const struct x402_offer *o = q->offer[offer].offer;
    const struct amount *listed = &q->target.price;
    return q->target.has_price && o->scheme == X402_EXACT &&
           (!address_eq(listed->asset, o->token) || u256_cmp(o->amount, listed->value) > 0);
}

/* What the listing said and the offer does not. */
static void compare_listing(struct quote *q)
{
    const struct x402_offer *o = q->chosen >= 0 ? q->offer[q->chosen].offer : NULL;
    const struct target *t = &q->target;
    if (o == NULL)
        return;
    if (t->has_price && o->scheme == X402_EXACT)
        q->price_differs =
            !address_eq(t->price.asset, o->token) || u256_cmp(t->price.value, o->amount) != 0;
    if (!address_is_zero(t->pay_to))
        q->payee_differs = !address_eq(t->pay_to, o->pay_to);
}

static souk_err digest(struct purchase *x, struct err *e)
{
    struct quote_box *q = x->q;
    struct x402_terms t;
    const char *head = x->ans.head[HEAD_DEMAND];
    const struct buf *body = x->chatting ? &x->chat.raw : &x->ans.body;
    size_t n = body->len < X402_BODY_CAP ? body->len : X402_BODY_CAP;
    if (head != NULL)
        buf_adds(&q->header, head);
    else
        buf_add(&q->body, body->p, n);
    if (q->header.bad != SOUK_OK || q->body.bad != SOUK_OK)
        return err_nomem(e);
    quote_terms(x, &t, quote_url(q), q->pub.target.from_catalog);
    souk_err rc = x402_demand_read(head, body->p, body->len, &t, &q->pub.demand, e);
    if (rc != SOUK_OK)
        return rc;
    q->pub.offers = q->pub.demand->offers;
    for (size_t i = 0; i < q->pub.offers; i++)
        value_offer(q, &q->pub.demand->offer[i], &q->pub.offer[i]);
    choose_offer(x);
    return SOUK_OK;
}

/* --- the end of it */

static void quoted(struct purchase *x)
{
    if (x->err.code == SOUK_OK && x->q->pub.demand != NULL) {
        choose_offer(x); /* once more, now that the limits are known */
        limits_of_chosen(x->q);
        compare_listing(&x->q->pub);
    }
    end_quote(x, &x->err);
}

static void all_parts(struct purchase *x)
{
    struct quote_box *q = x->q;
    const struct answer *a = &x->ans;
    struct err e = {0};
    q->pub.status = a->status;
    q->pub.funds_known = q->funds_known;
    q->pub.payer_has_code = q->funds_known && q->funds.has_code;
    q->pub.facts = q->facts;
    if (x->purse != NULL)
        q->pub.payer = purse_address(x->purse);
    if (x->err.code != SOUK_OK) {
        end_quote(x, &x->err);
        return;
    }
    if (a->err.code == SOUK_OK && a->status >= 200 && a->status < 300) {
        q->pub.free = true;
        const struct buf *said = !x->chatting           ? &a->body
                                 : x->chat.text.len > 0 ? &x->chat.text
                                                        : &x->chat.raw;
        buf_add(&q->pub.answer, said->p, said->len);
        end_quote(x, &e);
        return;
    }
    if (a->err.code != SOUK_OK || (a->status != 402 && a->status != 412))
        answer_words(x, quote_url(q), &e);
    else
        digest(x, &e);
    if (e.code != SOUK_OK) {
        end_quote(x, &e);
        return;
    }
    if (x->purse == NULL || q->pub.chosen < 0)
        quoted(x);
    else
        do_work(x, limits_try, quoted);
}

void quote_part(struct purchase *x)
{
    if (--x->parts == 0)
        all_parts(x);
}

static void on_balances(void *ud, const struct balances *b, const struct err *e)
{
    struct purchase *x = ud;
    x->call = NULL;
    x->q->funds_known = e == NULL || e->code == SOUK_OK;
    if (x->q->funds_known)
        x->q->funds = *b;
    else if (x->q->facts.code == SOUK_OK)
        x->q->facts = *e;
    quote_part(x);
}

static void ask_seller(struct purchase *x)
{
    const struct quote_box *q = x->q;
    const struct request rq = {.call = &q->call,
                               .url = quote_url(q),
                               .from_catalog = q->pub.target.from_catalog,
                               .enclave = q->pub.target.gateway ? &q->enclave : NULL};
    request_send(x, &rq, quote_part);
}

static void on_enclave(struct purchase *x)
{
    struct quote *q = &x->q->pub;
    if (x->err.code != SOUK_OK) {
        quote_part(x);
        return;
    }
    if (x->q->enclave.known) {
        bytes32_format(x->q->enclave.id, q->tee_id);
        q->target.pay_to = x->q->enclave.payment;
    }
    snprintf(q->target.url, sizeof q->target.url, "%s", x->q->enclave.url);
    ask_seller(x);
}

static void begin(struct purchase *x)
{
    if (!say_step(x, STEP_QUOTING, "asking what it costs"))
        return;
    x->parts = 2; /* the seller, and this function */
    facts_ask(x);
    if (x->purse != NULL) {
        x->parts++;
        x->call = purse_balances(x->purse, purse_address(x->purse), on_balances, x);
        if (x->call == NULL)
            x->parts--;
    }
    if (x->q->pub.target.gateway)
        gateway_find(x, on_enclave);
    else
        ask_seller(x);
    quote_part(x);
}

struct purchase *purchase_quote(struct market *m, struct purse *p, const struct target *t,
                                const struct call_input *in, const struct purchase_events *ev,
                                void *ud, struct err *e)
{
    bool nowhere;
    if (!t->gateway && trust_url(market_network(m), t->url, t->from_catalog, &nowhere, e))
        return NULL;
    struct purchase *x = purchase_make(m, p, ev, ud, begin, e);
    if (x == NULL)
        return NULL;
    x->q = quote_make(x->net, t);
    souk_err rc = x->q == NULL || !call_copy(&x->q->call, in) ? err_nomem(e) : SOUK_OK;
    if (rc == SOUK_OK && t->gateway)
        rc = gateway_check(&x->q->call, e);
    if (rc != SOUK_OK) {
        purchase_drop(x);
        return NULL;
    }
    x->q->pub.not_proven = t->from_catalog && t->mark != MARK_PROVEN && !t->gateway;
    x->q->pub.publishes = t->gateway && strcmp(x->q->call.settlement, "individual") == 0;
    return x;
}
