/*
 * The words of the dialog: what would be paid, to whom, on which chain, until when, and how much of
 * the user's limit it is; then what is unusual about it. Screen and shell show these lines and add
 * none of their own. What strangers wrote is one drawable line of it, never more.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

enum { LABEL_WIDTH = 9 };

static void line(struct buf *out, const char *label, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void line(struct buf *out, const char *label, const char *fmt, ...)
{
    struct buf text;
    va_list ap;
    buf_init(&text, 4096);
    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    buf_addf(out, "%-*s", LABEL_WIDTH, label);
    text_add(out, untrusted_n(text.p, text.len), 0, TEXT_UNICODE);
    buf_addc(out, '\n');
    buf_release(&text);
}

static const char *money(u256 v, const struct amount *like, char out[U256_FMT + 16])
{
    struct amount m = *like;
    m.value = v;
    return amount_format(&m, out, U256_FMT + 16);
}

/* --- the facts */

static void add_amount(struct buf *out, const struct quote *q, const struct quote_offer *o)
{
    char price[U256_FMT + 16];
    const char *how = o->offer->scheme == X402_UPTO
                          ? "at most; the seller says how much of it, up to all"
                          : "exactly";
    money(o->amount.value, &o->amount, price);
    line(out, "pay", "%s (%s)", price, how);
    if (q->target.gateway)
        line(out, "for", "a session with %s: further calls draw from the same amount",
             q->target.llm);
    else
        line(out, "for", "one call of %s", q->target.subject);
}

static void add_payee(struct buf *out, const struct quote_known *k, const struct x402_offer *o)
{
    char to[ADDRESS_BUF], since[HUMAN_BUF], times[HUMAN_BUF];
    address_format(o->pay_to, to);
    if (k->since == 0)
        line(out, "to", "%s, never paid before", to);
    else if (k->changed)
        line(out, "to", "%s, not who was paid before", to);
    else
        line(out, "to", "%s, first paid %s, %s time%s", to, human_day(since, k->since),
             human_count(times, k->paid), k->paid == 1 ? "" : "s");
}

static void add_limit(struct buf *out, const struct quote_known *k, const struct quote_offer *o)
{
    char used[U256_FMT + 16], day[U256_FMT + 16];
    u256 sum;
    if (u256_is_zero(k->limits.per_day) || u256_cmp(k->limits.per_day, NO_CAP) == 0)
        return;
    u256_add(k->spent.day, o->amount.value, &sum);
    uint64_t share = u256_permille(o->amount.value, k->limits.per_day);
    line(out, "limit", "%s%llu.%llu %% of what you allow in 24 hours; after it %s of %s are used",
         share == 0 ? "less than " : "", (unsigned long long)(share == 0 ? 1 : share) / 10,
         (unsigned long long)(share == 0 ? 1 : share) % 10, money(sum, &o->amount, used),
         money(k->limits.per_day, &o->amount, day));
}

static void add_facts(struct buf *out, const struct quote_box *b, const struct quote_offer *o)
{
    const struct quote *q = &b->pub;
    const struct quote_known *k = &b->known[o - q->offer];
    char from[ADDRESS_BUF], until[HUMAN_BUF];
    add_amount(out, q, o);
    add_payee(out, k, o->offer);
    if (!address_is_zero(q->payer))
        line(out, "from", "%s", address_format(q->payer, from));
    line(out, "at", "%s", q->target.url);
    line(out, "chain", "%llu, by %s%s", (unsigned long long)o->offer->chain,
         o->offer->scheme == X402_UPTO ? "upto" : "exact",
         o->offer->method == X402_PERMIT2 ? " through Permit2" : "");
    line(out, "valid", "%lld minutes from the signature (until about %s)",
         (long long)((o->offer->window + 59) / 60), human_time(until, q->time + o->offer->window));
    add_limit(out, k, o);
    if (q->tee_id[0] != '\0')
        line(out, "enclave", "%s", q->tee_id);
}

/* --- what is unusual */

static void warn(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct buf *out, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    line(out, "!", "%s", text);
}

static void warn_listing(struct buf *out, const struct quote *q, const struct quote_offer *o)
{
    char listed[U256_FMT + 16], to[ADDRESS_BUF];
    if (q->not_proven)
        warn(out,
             "This listing is not proven: the model's author does not vouch for it. Anyone can "
             "list a copy of somebody's model.");
    if (q->target.has_price && o->offer->scheme == X402_EXACT &&
        (!address_eq(q->target.price.asset, o->offer->token) ||
         u256_cmp(q->target.price.value, o->amount.value) != 0))
        warn(out, "The listing says %s per call.",
             amount_format(&q->target.price, listed, sizeof listed));
    if (!address_is_zero(q->target.pay_to) && !address_eq(q->target.pay_to, o->offer->pay_to))
        warn(out, "The %s is paid at %s: this money would go elsewhere.",
             q->target.gateway ? "enclave by the registry" : "model by its listing",
             address_format(q->target.pay_to, to));
}

static void warn_payment(struct buf *out, const struct quote_box *b, const struct quote_offer *o)
{
    const struct quote *q = &b->pub;
    const struct quote_known *k = &b->known[o - q->offer];
    char amount[U256_FMT + 16];
    money(o->amount.value, &o->amount, amount);
    if (k->changed)
        warn(out, "Earlier payments for this went to another address.");
    if (k->took_all > 0)
        warn(out, "This payee charged all that a signature allowed, %u time%s before.", k->took_all,
             k->took_all == 1 ? "" : "s");
    if (o->offer->flow == X402_UPFRONT || o->offer->flow == X402_ESCROW)
        warn(out, "It is charged before the work is done (%s).",
             o->offer->flow == X402_UPFRONT ? "upfront" : "escrow");
    if (o->needs_allowance && o->sponsored)
        warn(out,
             "Permit2 may not move your %s yet: a permit for exactly this amount is signed "
             "along; the seller's side pays the fee.",
             o->amount.symbol);
    else if (o->needs_allowance)
        warn(out,
             "Permit2 may not move your %s yet: first a transaction of yours approves exactly "
             "%s, for which you pay the network's fee.",
             o->amount.symbol, amount);
    if (q->payer_has_code)
        warn(out, "Your account runs a contract's code (EIP-7702): its signatures may count for "
                  "nothing, or for more.");
    if (q->publishes)
        warn(out, "Settlement `individual`: your whole input and the answer are published, for "
                  "everybody and for good.");
    if (!o->confirmed)
        warn(out, "It cannot be paid now: %s.",
             q->facts.code != SOUK_OK ? q->facts.msg : "the token could not be confirmed on chain");
    if (!o->affordable)
        warn(out, "Your balance is smaller than that.");
    if (o->refusal != REFUSE_NOT)
        warn(out, "Your limits: %s.", refusal_words(o->refusal));
}

souk_err quote_describe(const struct quote *q, int offer, struct buf *out, struct err *e)
{
    const struct quote_box *b = quote_box(q);
    if (q->free) {
        line(out, "pay", "nothing: %s answers without payment", q->target.subject);
        return buf_check(out, "the words", e);
    }
    if (q->demand == NULL || offer < 0 || (size_t)offer >= q->offers)
        return err_set(e, SOUK_EUSAGE, "there is no offer %d in this quote", offer);
    const struct quote_offer *o = &q->offer[offer];
    if (q->session != 0)
        line(out, "session",
             "one is open (purchase %lld): this call draws from it, and nothing is "
             "signed unless it is over",
             (long long)q->session);
    add_facts(out, b, o);
    if (o->offer->fault != X402_FINE)
        warn(out, "It cannot be taken: %s.", x402_fault_words(o->offer->fault));
    warn_listing(out, q, o);
    warn_payment(out, b, o);
    return buf_check(out, "the words", e);
}
