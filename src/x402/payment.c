/* Paying: the message to sign, and the header that carries it. Sources: x402 v1 and v2, the exact
 * and upto schemes for the EVM; the order of members is that of the reference client. */
#include <stdio.h>
#include <string.h>

#include "x402/internal.h"

#include "base/banned.h"

enum { V1_SLACK = 600 }; /* seconds that version 1 lets validity begin in the past */

bytes32 x402_nonce_for(const char *subject, const uint8_t salt[32])
{
    static const char label[12] = "souk payment";
    uint8_t all[sizeof label + 32 + 32];
    bytes32 what = keccak256(subject, strlen(subject));
    memcpy(all, label, sizeof label);
    memcpy(all + sizeof label, what.b, sizeof what.b);
    memcpy(all + sizeof label + sizeof what.b, salt, 32);
    return keccak256(all, sizeof all);
}

struct typed x402_typed(const struct x402_offer *o, address payer, int64_t now, bytes32 nonce)
{
    struct typed t = {.kind = o->scheme == X402_UPTO      ? TYPED_UPTO
                              : o->method == X402_PERMIT2 ? TYPED_EXACT
                                                          : TYPED_EIP3009,
                      .chain = o->chain,
                      .token = o->token,
                      .from = payer,
                      .to = o->pay_to,
                      .amount = o->amount,
                      .valid_before = (uint64_t)(now + o->window),
                      .nonce = nonce};
    if (o->fault)
        BUG("an offer refused as %s cannot be paid", x402_fault_code(o->fault));
    if (t.kind == TYPED_EIP3009) {
        snprintf(t.name, sizeof t.name, "%s", o->asset.name);
        snprintf(t.version, sizeof t.version, "%s", o->asset.version);
    }
    if (t.kind == TYPED_UPTO)
        t.facilitator = o->facilitator;
    if (o->version == 1)
        t.valid_after = (uint64_t)(now - V1_SLACK);
    return t;
}

struct typed x402_permit(const struct x402_offer *o, const struct typed *payment, u256 nonce)
{
    struct typed t = {.kind = TYPED_PERMIT,
                      .chain = payment->chain,
                      .token = payment->token,
                      .from = payment->from,
                      .amount = payment->amount, /* the proxy reverts on any other */
                      .valid_before = payment->valid_before};
    snprintf(t.name, sizeof t.name, "%s", o->asset.name);
    snprintf(t.version, sizeof t.version, "%s", o->asset.version);
    u256_to_be(nonce, t.nonce.b);
    return t;
}

/* --- JSON, compact */

static void add_address(struct buf *b, const char *key, address a)
{
    char text[ADDRESS_BUF];
    buf_addf(b, "\"%s\":\"%s\"", key, address_format(a, text));
}

static void add_number(struct buf *b, const char *key, u256 v)
{
    char text[U256_DEC];
    buf_addf(b, "\"%s\":\"%s\"", key, u256_to_dec(v, text));
}

static void add_signature(struct buf *b, const signature *s)
{
    char text[SIG_HEX];
    buf_addf(b, "\"signature\":\"%s\"", hex_encode(s->b, sizeof s->b, text));
}

static void add_authorization(struct buf *b, const struct typed *t)
{
    char nonce[HASH_BUF];
    buf_adds(b, "\"authorization\":{");
    add_address(b, "from", t->from);
    buf_addc(b, ',');
    add_address(b, "to", t->to);
    buf_addc(b, ',');
    add_number(b, "value", t->amount);
    buf_addc(b, ',');
    add_number(b, "validAfter", u256_from_u64(t->valid_after));
    buf_addc(b, ',');
    add_number(b, "validBefore", u256_from_u64(t->valid_before));
    buf_addf(b, ",\"nonce\":\"%s\"}", bytes32_format(t->nonce, nonce));
}

static void add_permit2(struct buf *b, const struct typed *t)
{
    buf_adds(b, "\"permit2Authorization\":{");
    add_address(b, "from", t->from);
    buf_adds(b, ",\"permitted\":{");
    add_address(b, "token", t->token);
    buf_addc(b, ',');
    add_number(b, "amount", t->amount);
    buf_adds(b, "},");
    add_address(b, "spender", typed_spender(t));
    buf_addc(b, ',');
    add_number(b, "nonce", u256_from_be(t->nonce.b));
    buf_addc(b, ',');
    add_number(b, "deadline", u256_from_u64(t->valid_before));
    buf_adds(b, ",\"witness\":{");
    add_address(b, "to", t->to);
    buf_addc(b, ',');
    if (t->kind == TYPED_UPTO) {
        add_address(b, "facilitator", t->facilitator);
        buf_addc(b, ',');
    }
    add_number(b, "validAfter", u256_from_u64(t->valid_after));
    buf_adds(b, "}}");
}

static void add_payload(struct buf *b, const struct typed *t, const signature *s)
{
    buf_adds(b, "\"payload\":{");
    if (t->kind == TYPED_EIP3009) {
        add_authorization(b, t);
        buf_addc(b, ',');
        add_signature(b, s);
    } else {
        add_signature(b, s);
        buf_addc(b, ',');
        add_permit2(b, t);
    }
    buf_addc(b, '}');
}

/* --- extensions */

/* What we add to info, without the braces; empty when the extension is only echoed. */
static void our_info(const char *name, const json *info, const struct x402_demand *d,
                     const struct x402_extras *x, struct buf *b)
{
    if (x && x->payment_id && d->takes_id && strcmp(name, EXT_ID) == 0)
        buf_addf(b, "\"id\":\"%s\"", x->payment_id);
    if (!x || !x->permit || !d->sponsors_permit || strcmp(name, EXT_PERMIT) != 0)
        return;
    add_address(b, "from", x->permit->from);
    buf_addc(b, ',');
    add_address(b, "asset", x->permit->token);
    buf_addc(b, ',');
    add_address(b, "spender", PERMIT2);
    buf_addc(b, ',');
    add_number(b, "amount", x->permit->amount);
    buf_addc(b, ',');
    add_number(b, "nonce", u256_from_be(x->permit->nonce.b));
    buf_addc(b, ',');
    add_number(b, "deadline", u256_from_u64(x->permit->valid_before));
    buf_addc(b, ',');
    add_signature(b, x->permit_sig);
    if (!json_get(info, "version"))
        buf_adds(b, ",\"version\":\"1\"");
}

/* One extension as it came, with what we have to say at the end of its info. */
static void add_extension(struct buf *b, struct slice value, const json *ext,
                          const struct x402_demand *d, const struct x402_extras *x)
{
    const json *info = json_get(ext, "info");
    struct slice at;
    struct buf ours;
    buf_init(&ours, X402_HEADER_CAP);
    our_info(ext->string, info, d, x, &ours);
    if (ours.len && raw_member(value, ext, info, &at)) {
        const char *close = at.p + at.n - 1;
        buf_add(b, value.p, (size_t)(close - value.p));
        if (info->child)
            buf_addc(b, ',');
        buf_add(b, ours.p, ours.len);
        buf_add(b, close, (size_t)(value.p + value.n - close));
    } else {
        buf_add(b, value.p, value.n);
    }
    b->bad = b->bad ? b->bad : ours.bad;
    buf_release(&ours);
}

/* All that were offered, but the one that wants an approval without bound: souk never makes it. */
static void add_extensions(struct buf *b, const struct x402_demand *d, const struct x402_extras *x)
{
    const struct x402_own *own = d->own;
    bool any = false;
    if (!own->extensions.p)
        return;
    struct raw_walk w = raw_walk(own->extensions, own->extensions_tree);
    while (raw_step(&w)) {
        if (strcmp(w.member->string, EXT_APPROVAL) == 0)
            continue;
        buf_adds(b, any ? "," : ",\"extensions\":{");
        any = true;
        buf_add(b, w.key.p, w.key.n);
        buf_addc(b, ':');
        add_extension(b, w.value, w.member, d, x);
    }
    if (any)
        buf_addc(b, '}');
}

static bool id_ok(const char *id)
{
    size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return id[n] == '\0' && n >= 16 && n <= 128;
}

const char *x402_payment_header(const struct x402_demand *d, const struct x402_offer *o,
                                const struct typed *t, const signature *s,
                                const struct x402_extras *x, struct buf *value)
{
    const struct x402_own *own = d->own;
    struct buf b;
    if (x && x->payment_id && !id_ok(x->payment_id))
        BUG("\"%s\" is no payment-identifier", x->payment_id);
    buf_init(&b, 2 * X402_BODY_CAP);
    if (o->version == 1) {
        buf_addf(&b, "{\"x402Version\":1,\"scheme\":\"exact\",\"network\":\"%.*s\",",
                 (int)o->network_text.n, o->network_text.p);
        add_payload(&b, t, s);
    } else {
        buf_adds(&b, "{\"x402Version\":2,");
        add_payload(&b, t, s);
        add_extensions(&b, d, x);
        if (own->resource.p) {
            buf_adds(&b, ",\"resource\":");
            buf_add(&b, own->resource.p, own->resource.n);
        }
        buf_adds(&b, ",\"accepted\":");
        buf_add(&b, o->raw, o->raw_len);
    }
    buf_addc(&b, '}');
    x402_base64_encode(b.p, b.len, value);
    value->bad = value->bad ? value->bad : b.bad; /* half a payment is none */
    buf_release(&b);
    return o->version == 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE";
}
