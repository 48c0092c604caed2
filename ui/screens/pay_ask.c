/*
 * The looks of the words that are agreed to: of a payment, as quote_describe wrote them, and of a
 * transaction.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screens/money.h"

#include "base/banned.h"

enum { GAUGE_COLS = 24 };

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

/* --- a payment: "label    words", a line each */

/* An address at the beginning, in groups; what follows it. */
static struct untrusted take_address(struct facts *f, struct untrusted v)
{
    address a;
    char groups[GROUPS_BUF];
    size_t n = ADDRESS_BUF - 1;
    bool longer = v.n > n && v.p[n] != ' ' && v.p[n] != ','; /* a hash, not an address */
    if (v.n < n || longer || !address_parse(v.p, n, &a))
        return v;
    wrap_own(&f->wrap, address_groups(a, groups), ST_CODE);
    return untrusted_n(v.p + n, v.n - n);
}

static bool has_words(struct untrusted u, const char *words)
{
    return memmem(u.p, u.n, words, strlen(words));
}

static enum style look(const char *label, struct untrusted v)
{
    if (strcmp(label, "!") == 0)
        return ST_WARN;
    if (strcmp(label, "pay") == 0)
        return ST_MONEY;
    if (strcmp(label, "to") == 0)
        return has_words(v, "never paid") || has_words(v, "not who") ? ST_WARN : ST_NORMAL;
    return strcmp(label, "at") == 0 ? ST_LINK : ST_NORMAL;
}

struct lines {
    struct facts f;
    const struct pay_ask *ask;
};

static void add_line(void *ud, struct untrusted one)
{
    struct lines *l = ud;
    char label[FACT_LABEL + 1] = "";
    struct untrusted v = one;
    if (one.n >= FACT_LABEL) { /* as quote_describe lays them out */
        memcpy(label, one.p, FACT_LABEL);
        label[strcspn(label, " ")] = '\0';
        v = untrusted_n(one.p + FACT_LABEL, one.n - FACT_LABEL);
    }
    bool warning = strcmp(label, "!") == 0;
    fact_begin(&l->f, warning ? "△" : label);
    enum style s = look(label, v);
    v = take_address(&l->f, v);
    wrap_text(&l->f.wrap, v, s);
    fact_end(&l->f);
    if (strcmp(label, "limit") == 0 && l->ask->limits) {
        struct strip g;
        strip_init(&g, l->f.cs);
        money_gauge(&g, GAUGE_COLS, l->ask->spent->day, l->ask->limits->per_day,
                    &l->ask->limits->asset);
        strip_str(&g, " so far", ST_DIM);
        fact_strip(&l->f, "", &g);
    }
}

void pay_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs)
{
    struct lines l = {.ask = ud};
    facts_init(&l.f, d, width, cs);
    text_each_line(l.ask->words, DOC_LINES_MAX, add_line, &l);
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
    case CALL_LIST:
        return "list a model";
    case CALL_DELIST:
        return "take a listing back";
    case CALL_DEPLOY:
        return "put the contract ModelListings on the chain";
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
        wrap_own(&f->wrap, money_text(t->amount, &t->asset, x), ST_MONEY);
    fact_end(f);
    fact_begin(f, "fee");
    own_f(f, ST_NORMAL, "likely %s, at most %s", money_text(t->fee_likely, &coin, x),
          money_text(t->fee_most, &coin, y));
    fact_end(f);
    if (moves) {
        fact_begin(f, "then");
        own_f(f, ST_NORMAL, "%s are left", money_text(t->balance_after, &t->asset, x));
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
    if (t->meaning.kind == CALL_LIST || t->meaning.kind == CALL_DELIST)
        fact_text(&f, "model", t->meaning.terms.name, ST_STRONG);
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
