/* One offer of a demand: read what it says, and hold it against what we know. */
#include <string.h>

#include "eth/chains.h"
#include "x402/internal.h"

#include "base/banned.h"

enum { WINDOW_MOST = 600 };

bool is_word(struct untrusted s, const char *word)
{
    return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

/* The first fault is the one told; reading goes on, so that a quote can show all the rest. */
static void blame(struct x402_offer *o, enum x402_fault f)
{
    if (o->fault == X402_FINE)
        o->fault = f;
}

static bool said(const json *obj, const char *key)
{
    const json *j = json_get(obj, key);
    return j && !cJSON_IsNull(j);
}

/* X402_FINE, CHECKSUM, or what the caller calls an address that is none. */
static enum x402_fault read_address(const json *obj, const char *key, enum x402_fault none,
                                    address *out)
{
    struct untrusted s = json_str(obj, key);
    if (!hex_decode(s.p, s.n, out->b, sizeof out->b))
        return none;
    return address_parse(s.p, s.n, out) ? X402_FINE : X402_BAD_CHECKSUM;
}

static void read_scheme(struct x402_offer *o)
{
    if (is_word(o->scheme_text, "exact"))
        o->scheme = X402_EXACT;
    else if (is_word(o->scheme_text, "upto") && o->version == 2)
        o->scheme = X402_UPTO;
    else if (is_word(o->scheme_text, "batch-settlement"))
        o->scheme = X402_BATCH;
    else
        o->scheme = X402_OTHER_SCHEME;
    if (o->scheme == X402_BATCH)
        blame(o, X402_BAD_BATCH);
    if (o->scheme == X402_OTHER_SCHEME)
        blame(o, X402_BAD_SCHEME);
}

static void read_network(struct x402_offer *o)
{
    if (o->version == 1)
        o->chain = chain_of_name(o->network_text);
    else if (!chain_of_caip2(o->network_text, &o->chain)) {
        o->chain = 0;
        blame(o, X402_BAD_BAD_NETWORK);
    }
    if (o->chain == 0)
        blame(o, X402_BAD_NETWORK);
}

static void read_asset(struct x402_offer *o, const json *j, const struct x402_terms *t)
{
    bool on_chain = false;
    if (o->chain == 0)
        return;
    blame(o, read_address(j, "asset", X402_BAD_ASSET, &o->token));
    o->asset.token = o->token;
    for (size_t i = 0; i < t->assets; i++) {
        on_chain |= t->asset[i].chain == o->chain;
        if (t->asset[i].chain == o->chain && !asset_is_coin(&t->asset[i]) &&
            address_eq(t->asset[i].token, o->token)) {
            o->asset = t->asset[i];
            return;
        }
    }
    blame(o, on_chain ? X402_BAD_ASSET : X402_BAD_NETWORK);
}

static void read_method(struct x402_offer *o, const json *extra)
{
    struct untrusted s = json_str(extra, "assetTransferMethod");
    if (!said(extra, "assetTransferMethod"))
        o->method = o->scheme == X402_EXACT ? X402_EIP3009 : X402_PERMIT2;
    else if (is_word(s, "eip3009"))
        o->method = X402_EIP3009;
    else
        o->method = is_word(s, "permit2") ? X402_PERMIT2 : X402_OTHER_METHOD;
    unsigned can = o->method == X402_EIP3009   ? ASSET_EIP3009
                   : o->method == X402_PERMIT2 ? ASSET_PERMIT2
                                               : 0;
    if (!(o->asset.can & can) || (o->scheme == X402_UPTO && o->method != X402_PERMIT2) ||
        (o->version == 1 && o->method != X402_EIP3009))
        blame(o, X402_BAD_METHOD);
}

static void read_flow(struct x402_offer *o, const json *extra)
{
    static const char *const name[] = {"authorization", "upfront", "escrow"};
    struct untrusted s = json_str(extra, "paymentFlow");
    o->flow = said(extra, "paymentFlow") ? X402_OTHER_FLOW : X402_AUTHORIZATION;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (is_word(s, name[i]))
            o->flow = (enum x402_flow)i;
    if (o->flow == X402_OTHER_FLOW)
        blame(o, X402_BAD_FLOW);
}

/*
 * EIP-3009 is signed with the token's own domain, so both sides must name it, and alike. Permit2
 * has a domain of its own: there the token's is only compared when both know it.
 */
static bool domain_agrees(const struct x402_offer *o, const json *extra, const char *key,
                          const char *ours)
{
    if (o->method == X402_EIP3009)
        return *ours && is_word(json_str(extra, key), ours);
    return !said(extra, key) || !*ours || is_word(json_str(extra, key), ours);
}

static void read_facilitator(struct x402_offer *o, const json *extra)
{
    if (o->scheme != X402_UPTO)
        return;
    blame(o, read_address(extra, "facilitatorAddress", X402_BAD_FACILITATOR, &o->facilitator));
    if (address_is_zero(o->facilitator))
        blame(o, X402_BAD_FACILITATOR);
}

/* A decimal string in its shortest form; a JSON number has lost its last digits already. */
static void read_amount(struct x402_offer *o, const json *j)
{
    struct untrusted s = json_str(j, o->version == 1 ? "maxAmountRequired" : "amount");
    if (!s.p || !u256_from_dec(s.p, s.n, &o->amount) || (s.n > 1 && s.p[0] == '0')) {
        o->amount = U256_ZERO;
        blame(o, X402_BAD_AMOUNT);
    } else if (u256_is_zero(o->amount)) {
        blame(o, X402_BAD_ZERO);
    }
}

/* Money sent to nobody, to the payer, or to a contract of the protocol comes back to no one. */
static bool payable(const struct x402_offer *o, const struct x402_terms *t)
{
    address a = o->pay_to;
    if (address_is_zero(a) || address_eq(a, t->payer) || address_eq(a, o->token) ||
        address_eq(a, PERMIT2) || address_eq(a, EXACT_PROXY) || address_eq(a, UPTO_PROXY))
        return false;
    for (size_t i = 0; i < t->assets; i++)
        if (t->asset[i].chain == o->chain && address_eq(a, t->asset[i].token))
            return false;
    return true;
}

static void read_window(struct x402_offer *o, const json *j)
{
    if (!json_int(j, "maxTimeoutSeconds", &o->window) || o->window <= 0) {
        o->window = 0;
        blame(o, X402_BAD_TIMEOUT);
    } else if (o->window > WINDOW_MOST) {
        blame(o, X402_BAD_WINDOW);
    }
}

void offer_read(int version, const json *j, const struct x402_terms *t, const struct url *asked,
                struct x402_offer *o)
{
    const json *extra = json_get(j, "extra");
    const char *mine = version == 1 ? "maxAmountRequired" : "amount";
    const char *other = version == 1 ? "amount" : "maxAmountRequired";
    o->version = version;
    o->scheme_text = cut_text(json_str(j, "scheme"));
    o->network_text = cut_text(json_str(j, "network"));
    if (!said(j, mine) && said(j, other))
        blame(o, X402_BAD_VERSION); /* an offer of one version inside the other */
    read_scheme(o);
    read_network(o);
    read_asset(o, j, t);
    read_method(o, extra);
    read_flow(o, extra);
    read_facilitator(o, extra);
    if (!domain_agrees(o, extra, "name", o->asset.name) ||
        !domain_agrees(o, extra, "version", o->asset.version))
        blame(o, X402_BAD_DOMAIN);
    read_amount(o, j);
    blame(o, read_address(j, "payTo", X402_BAD_PAY_TO, &o->pay_to));
    if (!payable(o, t))
        blame(o, X402_BAD_PAY_TO);
    read_window(o, j);
    if (version == 1 && !resource_is_of(json_str(j, "resource"), asked))
        blame(o, X402_BAD_RESOURCE);
}
