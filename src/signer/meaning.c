#include "signer/meaning.h"

#include <string.h>

#include "base/banned.h"

enum { QUOTED_COLS = 160, MESSAGE_COLS = 600 };

static const struct {
    uint64_t chain;
    const char *name;
} chains[] = {
    {1, "Ethereum"},         {8453, "Base"},      {84532, "Base Sepolia, a test chain"},
    {10740, "OpenGradient"}, {31337, "a devnet"},
};

static void add_chain(struct buf *b, uint64_t chain)
{
    const char *name = NULL;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        name = chains[i].chain == chain ? chains[i].name : name;
    buf_addf(b, "chain %llu", (unsigned long long)chain);
    if (name)
        buf_addf(b, " (%s)", name);
}

static void add_address(struct buf *b, address a)
{
    char text[ADDRESS_BUF];
    address_format(a, text);
    buf_adds(b, "0x");
    for (size_t i = 2; text[i]; i += 4) {
        buf_addc(b, ' ');
        buf_add(b, text + i, 4);
    }
    if (address_eq(a, PERMIT2))
        buf_adds(b, " (Permit2)");
}

static void add_quoted_text(struct buf *b, struct untrusted s)
{
    buf_addc(b, '"');
    text_add(b, s, QUOTED_COLS, TEXT_ASCII);
    buf_addc(b, '"');
}

static void add_quoted(struct buf *b, const char *s)
{
    add_quoted_text(b, untrusted(s));
}

static void add_number(struct buf *b, u256 v, const struct asset *a)
{
    char text[U256_FMT];
    buf_adds(b, u256_format(v, a ? a->decimals : 0, -1, text));
}

static void add_amount(const struct meaning *m, u256 v, uint64_t chain, address token)
{
    const struct limits *l = limits_find(m->limits, m->n, chain, token);
    add_number(m->out, v, l ? &l->asset : NULL);
    if (l) {
        buf_addf(m->out, " %s", l->asset.symbol);
    } else if (address_is_zero(token)) {
        buf_adds(m->out, " wei of the chain's coin");
    } else {
        buf_adds(m->out, " units of the token ");
        add_address(m->out, token);
    }
}

static void add_time_left(struct buf *b, int64_t now, uint64_t until)
{
    uint64_t at = now > 0 ? (uint64_t)now : 0;
    uint64_t s = until > at ? until - at : 0;
    if (s >= 120 && s < (uint64_t)10 * 86400)
        buf_addf(b, "%llu minutes", (unsigned long long)(s / 60));
    else
        buf_addf(b, "%llu seconds", (unsigned long long)s);
}

void meaning_payment(const struct meaning *m, const struct pay_request *p)
{
    const struct typed *t = &p->typed;
    struct buf *b = m->out;
    buf_adds(b, t->kind == TYPED_UPTO ? "Pay up to " : "Pay ");
    add_amount(m, t->amount, t->chain, t->token);
    buf_adds(b, "\nto ");
    add_address(b, t->to);
    buf_adds(b, "\nfor ");
    add_quoted(b, p->subject);
    if (p->author[0]) {
        buf_adds(b, " of ");
        add_quoted(b, p->author);
    }
    buf_adds(b, "\nfrom ");
    add_address(b, t->from);
    buf_adds(b, " on ");
    add_chain(b, t->chain);
    if (t->kind == TYPED_UPTO) {
        buf_adds(b, "\ntaken by ");
        add_address(b, t->facilitator);
    }
    buf_adds(b, "\nvalid for ");
    add_time_left(b, m->now, t->valid_before);
    if (p->has_permit)
        buf_adds(b, ", with a permit of the same amount for Permit2");
}

static void add_contract(struct buf *b, address a)
{
    add_address(b, a);
    if (address_eq(a, listings_address()))
        buf_adds(b, " (ModelListings)");
}

static void add_whose(const struct meaning *m, address a)
{
    const struct vault *v = m->vault;
    unsigned n = v->card.accounts, i = 0;
    while (i < n + v->n_ahead && !address_eq(a, i < n ? v->card.account[i] : v->ahead[i - n]))
        i++;
    if (i < n + v->n_ahead)
        buf_addf(m->out, "\nwhich is account %u of this wallet", i);
    else
        buf_adds(m->out, "\nwhich is NOT an account of this wallet");
}

static void add_listing(const struct meaning *m, const struct tx *t, const struct listing_terms *l)
{
    struct buf *b = m->out;
    buf_adds(b, "List ");
    add_quoted_text(b, l->name);
    buf_adds(b, " of ");
    add_quoted_text(b, l->author);
    buf_adds(b, u256_is_zero(l->price) ? "\nfor nothing" : "\nat ");
    if (!u256_is_zero(l->price)) {
        add_amount(m, l->price, t->chain, l->asset);
        buf_adds(b, " a call\npaid to ");
        add_address(b, l->pay_to);
        add_whose(m, l->pay_to);
    }
    buf_adds(b, "\nfile ");
    add_quoted_text(b, l->blob_id);
    buf_adds(b, "\ncalled at ");
    add_quoted_text(b, l->endpoint);
    buf_adds(b, "\nat the contract ");
    add_contract(b, t->to);
}

void meaning_tx(const struct meaning *m, const struct tx *t, address from, u256 fee)
{
    struct buf *b = m->out;
    const address coin = {{0}};
    struct call_meaning c = call_meaning(t->data, t->data_len);
    switch (c.kind) {
    case CALL_NOTHING:
        if (u256_is_zero(t->value) && address_eq(t->to, from)) {
            buf_adds(b, "Send nothing to oneself, in place of another transaction");
            break;
        }
        buf_adds(b, "Send ");
        add_amount(m, t->value, t->chain, coin);
        buf_adds(b, "\nto ");
        add_address(b, t->to);
        break;
    case CALL_TRANSFER:
        buf_adds(b, "Send ");
        add_amount(m, c.amount, t->chain, t->to);
        buf_adds(b, "\nto ");
        add_address(b, c.who);
        break;
    case CALL_APPROVE:
        buf_adds(b, u256_is_zero(c.amount) ? "Take back what may be spent: now "
                                           : "Let someone else spend up to ");
        add_amount(m, c.amount, t->chain, t->to);
        buf_adds(b, "\nwho: ");
        add_address(b, c.who);
        break;
    case CALL_CANCEL:
        buf_adds(b, "Make a signed payment void, at the token ");
        add_address(b, t->to);
        break;
    case CALL_INVALIDATE:
        buf_adds(b, "Make signed payments void, at ");
        add_address(b, t->to);
        break;
    case CALL_LIST:
        add_listing(m, t, &c.terms);
        break;
    case CALL_DELIST:
        buf_adds(b, "Take back the listing of ");
        add_quoted_text(b, c.terms.name);
        buf_adds(b, "\nat the contract ");
        add_contract(b, t->to);
        break;
    case CALL_DEPLOY:
        buf_adds(b, "Put the contract ModelListings on the chain, for everyone\nat ");
        add_address(b, listings_address());
        break;
    case CALL_OTHER:
        buf_adds(b, "Call, with data that is not known to souk, ");
        add_address(b, t->to);
        break;
    }
    buf_adds(b, "\nfrom ");
    add_address(b, from);
    buf_adds(b, " on ");
    add_chain(b, t->chain);
    buf_adds(b, "\nnetwork fee at most ");
    add_amount(m, fee, t->chain, coin);
    buf_addf(b, ", number %llu", (unsigned long long)t->nonce);
}

void meaning_message(const struct meaning *m, address account, const void *p, size_t n)
{
    buf_addf(m->out, "Sign this message of %zu bytes as ", n);
    add_address(m->out, account);
    buf_adds(m->out, ":\n\"");
    text_add(m->out, untrusted_n(p, n), MESSAGE_COLS, TEXT_ASCII);
    buf_addc(m->out, '"');
}

static void add_cap(const struct meaning *m, const char *what, u256 cap, const u256 *before,
                    const struct asset *a)
{
    struct buf *b = m->out;
    bool none = u256_cmp(cap, NO_CAP) == 0;
    buf_addf(b, "\n%s ", what);
    if (none)
        buf_adds(b, "no limit");
    else
        add_number(b, cap, a);
    if (!before || u256_cmp(*before, cap) == 0)
        return;
    buf_adds(b, " (was ");
    if (u256_cmp(*before, NO_CAP) == 0)
        buf_adds(b, "no limit");
    else
        add_number(b, *before, a);
    buf_addc(b, ')');
}

void meaning_limits(const struct meaning *m, const struct limits *l, const struct limits *before)
{
    struct buf *b = m->out;
    const struct asset *a = &l->asset;
    buf_addf(b, "Limits for paying with %s, a ", a->symbol);
    if (asset_is_coin(a)) {
        buf_adds(b, "chain's own coin (its network fees)");
    } else {
        buf_adds(b, "token at ");
        add_address(b, a->token);
    }
    buf_addf(b, "\nwith %u decimals, on ", a->decimals);
    add_chain(b, a->chain);
    if (a->name[0]) {
        buf_adds(b, ", that signs as ");
        add_quoted(b, a->name);
        buf_addc(b, ' ');
        add_quoted(b, a->version);
    }
    add_cap(m, "one call:          ", l->per_call, before ? &before->per_call : NULL, a);
    add_cap(m, "24 hours:          ", l->per_day, before ? &before->per_day : NULL, a);
    add_cap(m, "7 days:            ", l->per_week, before ? &before->per_week : NULL, a);
    add_cap(m, "an author, 24 hours:", l->per_author, before ? &before->per_author : NULL, a);
    add_cap(m, "a model, 24 hours: ", l->per_model, before ? &before->per_model : NULL, a);
}

void meaning_repin(const struct meaning *m, const char *subject, address payee,
                   const address *before)
{
    buf_adds(m->out, "From now on the payee of ");
    add_quoted(m->out, subject);
    buf_adds(m->out, " is\n");
    add_address(m->out, payee);
    if (before) {
        buf_adds(m->out, "\nno longer\n");
        add_address(m->out, *before);
    }
}

void meaning_faults(const struct meaning *m, uint32_t faults)
{
    for (unsigned r = 1; r < REFUSE_COUNT; r++) {
        if (faults & 1u << r && r != REFUSE_NEEDS_YES)
            buf_addf(m->out, "\nNot covered: %s", refusal_words((enum refusal)r));
    }
}
