/*
 * The words of a payment before it is agreed to: amount, payee in full with what is known of him,
 * chain, expiry, what it costs besides, and how much of today's limit is used.
 */
#include <stdio.h>

#include "ui/screens/money.h"

#include "base/banned.h"

enum { GAUGE_COLS = 12, SECONDS = 60 };

static void own_f(struct facts *f, enum style s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void own_f(struct facts *f, enum style s, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    wrap_own(&f->wrap, text, s);
}

static char *duration(int64_t seconds, char out[HUMAN_BUF])
{
    if (seconds % SECONDS || seconds < SECONDS)
        snprintf(out, HUMAN_BUF, "%d s", (int)seconds);
    else
        snprintf(out, HUMAN_BUF, "%d min", (int)(seconds / SECONDS));
    return out;
}

static void price(const struct pay_ask *ask, const struct quote_offer *o, struct facts *f)
{
    const struct quote *q = ask->quote;
    char asked[MONEY_BUF], listed[256];
    bool upto = o->offer->scheme == X402_UPTO;
    money(o->offer->amount, &o->offer->asset, asked);
    fact_begin(f, "pay");
    wrap_own(&f->wrap, upto ? "at most " : "", ST_NORMAL);
    wrap_own(&f->wrap, asked, ST_MONEY);
    wrap_own(&f->wrap, upto ? "; what is used is taken" : ", exactly that", ST_DIM);
    if (o->offer->flow == X402_UPFRONT || o->offer->flow == X402_ESCROW)
        wrap_own(&f->wrap, "; taken before the work is done", ST_WARN);
    if (q->target.has_price && q->price_differs) {
        amount_format(&q->target.price, listed, sizeof listed);
        own_f(f, ST_WARN, " △ listed at %s, asked for %s", listed, asked);
    } else if (q->target.has_price) {
        wrap_own(&f->wrap, "; as listed", ST_DIM);
    }
    fact_end(f);
}

static void payee(const struct pay_ask *ask, const struct quote_offer *o, struct facts *f)
{
    const struct quote *q = ask->quote;
    char to[GROUPS_BUF], day[HUMAN_BUF], n[HUMAN_BUF];
    fact_own(f, "to", address_groups(o->offer->pay_to, to), ST_CODE);
    fact_begin(f, "");
    if (q->target.author[0]) {
        wrap_text(&f->wrap, untrusted(q->target.author), ST_STRONG);
        wrap_own(&f->wrap, q->target.mark == MARK_PROVEN ? " ✓, " : " ?, ", ST_DIM);
    }
    if (q->payee_since)
        own_f(f, ST_NORMAL, "paid %s times since %s", human_count(n, q->payee_paid),
              human_day(day, q->payee_since));
    else
        wrap_own(&f->wrap, "never paid before", ST_WARN);
    fact_end(f);
    if (q->payee_changed)
        fact_own(f, "", "△ not the one you paid for this before", ST_BAD);
    if (q->payee_differs)
        fact_own(f, "", "△ not the address of the listing", ST_BAD);
    if (q->payer_has_code)
        fact_own(f, "", "△ your account has code; the signature may not count", ST_BAD);
}

static void limit(const struct pay_ask *ask, const struct quote_offer *o, struct facts *f)
{
    const struct quote *q = ask->quote;
    const struct limits *l = &q->limits;
    struct strip s;
    if (!address_eq(l->asset.token, o->offer->token) || !l->asset.symbol[0]) {
        fact_own(f, "24 hours", "you have set no limit for this token", ST_WARN);
        return;
    }
    strip_init(&s, f->cs);
    money_gauge(&s, GAUGE_COLS, q->spent.day, l->per_day, &l->asset);
    strip_str(&s, " used", ST_DIM);
    fact_strip(f, "24 hours", &s);
    if (o->refusal != REFUSE_NOT)
        fact_own(f, "", refusal_words(o->refusal), ST_BAD);
}

void pay_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs)
{
    const struct pay_ask *ask = ud;
    const struct quote *q = ask->quote;
    const struct quote_offer *o = &q->offer[ask->offer];
    struct facts f;
    char valid[HUMAN_BUF];
    facts_init(&f, d, width, cs);
    price(ask, o, &f);
    payee(ask, o, &f);
    fact_begin(&f, "on");
    own_f(&f, ST_NORMAL, "%s, chain %llu · valid for %s · ", ask->network->name,
          (unsigned long long)o->offer->chain, duration(o->offer->window, valid));
    if (o->needs_allowance && !o->sponsored)
        wrap_own(&f.wrap, "first an approval of exactly this amount, which costs gas", ST_WARN);
    else
        wrap_own(&f.wrap, o->sponsored ? "no gas: the approval is sponsored" : "no gas", ST_NORMAL);
    fact_end(&f);
    limit(ask, o, &f);
    fact_begin(&f, "for");
    wrap_own(&f.wrap, ask->method, ST_NORMAL);
    wrap_own(&f.wrap, " ", ST_NORMAL);
    wrap_text(&f.wrap, untrusted(q->target.url), ST_LINK);
    fact_end(&f);
    if (!o->affordable)
        fact_own(&f, "", "△ there is not enough of it in your wallet", ST_BAD);
    if (q->tee_id[0]) {
        fact_begin(&f, "enclave");
        wrap_text(&f.wrap, untrusted(q->tee_id), ST_CODE);
        fact_end(&f);
    }
}

/* --- a transaction */

static const char *deed(const struct draft *t)
{
    switch (t->meaning.kind) {
    case CALL_NOTHING:
        return u256_is_zero(t->tx.value) ? "nothing, in the place of another transaction" : "send";
    case CALL_TRANSFER:
        return "send";
    case CALL_APPROVE:
        return u256_is_zero(t->amount) ? "take back the allowance of" : "allow to be taken";
    case CALL_CANCEL:
    case CALL_INVALIDATE:
        return "make a signature void";
    case CALL_OTHER:
        break;
    }
    return "something unknown";
}

static void draft_money(const struct draft *t, const struct network *n, struct facts *f)
{
    char x[MONEY_BUF], y[MONEY_BUF];
    struct asset coin = money_asset(n, (address){{0}});
    bool moves = t->meaning.kind == CALL_TRANSFER ||
                 (t->meaning.kind == CALL_NOTHING && !u256_is_zero(t->tx.value));
    bool amount = moves || t->meaning.kind == CALL_APPROVE;
    fact_begin(f, "do");
    wrap_own(&f->wrap, deed(t), ST_STRONG);
    wrap_own(&f->wrap, " ", ST_NORMAL);
    if (t->meaning.kind == CALL_APPROVE && u256_is_zero(t->amount))
        wrap_own(&f->wrap, t->asset.symbol, ST_MONEY);
    else if (amount)
        wrap_own(&f->wrap, money(t->amount, &t->asset, x), ST_MONEY);
    fact_end(f);
    fact_begin(f, "fee");
    own_f(f, ST_NORMAL, "likely %s, at most %s", money(t->fee_likely, &coin, x),
          money(t->fee_most, &coin, y));
    fact_end(f);
    if (moves) {
        fact_begin(f, "then");
        own_f(f, ST_NORMAL, "%s are left", money(t->balance_after, &t->asset, x));
        fact_end(f);
    }
}

void draft_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs)
{
    const struct draft_ask *ask = ud;
    const struct draft *t = ask->draft;
    struct facts f;
    char to[GROUPS_BUF];
    facts_init(&f, d, width, cs);
    draft_money(t, ask->network, &f);
    if (!address_is_zero(t->who))
        fact_own(&f, t->meaning.kind == CALL_APPROVE ? "by" : "to", address_groups(t->who, to),
                 ST_CODE);
    if (address_eq(t->who, PERMIT2))
        fact_own(&f, "", "Permit2, which moves it only with your signature", ST_DIM);
    if (t->first_time && t->meaning.kind != CALL_APPROVE)
        fact_own(&f, "", "nothing was sent there before", ST_WARN);
    if (t->like_another)
        fact_own(&f, "",
                 "△ it looks like an address you used before, and is another: compare every group",
                 ST_BAD);
    fact_begin(&f, "on");
    own_f(&f, ST_NORMAL, "%s, chain %llu, transaction number %llu%s", ask->network->name,
          (unsigned long long)t->tx.chain, (unsigned long long)t->tx.nonce,
          t->replaces ? ", in the place of the one that is stuck" : "");
    fact_end(&f);
    if (t->meaning_text[0]) {
        fact_begin(&f, "signer");
        wrap_text(&f.wrap, untrusted(t->meaning_text), ST_NORMAL);
        fact_end(&f);
    }
    if (t->needs_password)
        fact_own(&f, "", "The signer asks for the password at the terminal.", ST_DIM);
}
