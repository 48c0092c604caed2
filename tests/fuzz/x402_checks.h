/*
 * What must hold of any demand, however it came about; for the fuzz targets of x402.
 *
 * 1. a demand with a fault has no offer that is fine, and none is chosen;
 * 2. an offer that is fine is of a coin we know, and what would be signed is what its own text
 * says: amount, payee, token, and a validity of at most ten minutes;
 * 3. the header made for it decodes to one JSON value, whose `accepted` is the offer's bytes.
 */
#ifndef SOUK_TESTS_X402_CHECKS_H
#define SOUK_TESTS_X402_CHECKS_H

#include <string.h>

#include "base/mem.h"
#include "x402/x402.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what))                          \
            BUG("broken promise: %s", #what); \
    } while (0)

enum { CHECK_NOW = 1767225600 };

static const struct asset check_assets[] = {
    {.chain = 8453,
     .token = {{0x83, 0x35, 0x89, 0xfC, 0xD6, 0xeD, 0xb6, 0xE0, 0x8f, 0x4c,
                0x7C, 0x32, 0xD4, 0xf7, 0x1b, 0x54, 0xbd, 0xA0, 0x29, 0x13}},
     .decimals = 6,
     .name = "USD Coin",
     .version = "2",
     .can = ASSET_EIP3009 | ASSET_EIP2612 | ASSET_PERMIT2},
    {.chain = 84532, .token = {{1}}, .decimals = 18, .can = ASSET_PERMIT2},
};

static inline struct x402_terms check_terms(void)
{
    return (struct x402_terms){.asset = check_assets,
                               .assets = 2,
                               .url = "https://api.example.org/v1/models/m1",
                               .payer = {{7}}};
}

static inline bool says_address(const json *j, const char *key, address a)
{
    struct untrusted s = json_str(j, key);
    address said;
    return address_parse(s.p, s.n, &said) && address_eq(said, a);
}

static inline void check_typed(const struct x402_offer *o, const json *raw, const struct typed *t)
{
    const struct asset *a =
        address_eq(o->token, check_assets[0].token) ? &check_assets[0] : &check_assets[1];
    char amount[U256_DEC];
    struct untrusted said = json_str(raw, o->version == 1 ? "maxAmountRequired" : "amount");
    u256_to_dec(t->amount, amount);
    CHECK(said.n == strlen(amount) && memcmp(said.p, amount, said.n) == 0);
    CHECK(says_address(raw, "payTo", t->to) && says_address(raw, "asset", t->token));
    CHECK(t->chain == a->chain && address_eq(t->token, a->token));
    CHECK(!u256_is_zero(t->amount) && !address_is_zero(t->to) && !address_eq(t->to, t->from));
    CHECK(t->valid_before > CHECK_NOW && t->valid_before <= CHECK_NOW + 600);
    CHECK(t->valid_after == 0 || t->valid_after == CHECK_NOW - 600);
    CHECK(t->kind != TYPED_EIP3009 ||
          (!strcmp(t->name, a->name) && !strcmp(t->version, a->version)));
    CHECK(t->kind != TYPED_UPTO ||
          says_address(json_get(raw, "extra"), "facilitatorAddress", t->facilitator));
}

static inline void check_header(const struct x402_demand *d, const struct x402_offer *o,
                                const struct typed *t)
{
    struct typed permit = x402_permit(o, t, u256_from_u64(3));
    signature s = {{1}};
    struct x402_extras x = {
        .permit = &permit, .permit_sig = &s, .payment_id = "pay_0123456789abcdef"};
    struct buf value, text;
    struct err e;
    buf_init(&value, 4 << 20);
    buf_init(&text, 4 << 20);
    const char *name = x402_payment_header(d, o, t, &s, &x, &value);
    CHECK(!value.bad && !strcmp(name, o->version == 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE"));
    CHECK(x402_base64_decode(value.p, value.len, &text));
    json *j = json_parse_strict(text.p, text.len, "our payment", &e);
    CHECK(j);
    if (o->version == 2) {
        CHECK(text.len > o->raw_len + 1 && text.p[text.len - 1] == '}');
        CHECK(memcmp(text.p + text.len - 1 - o->raw_len, o->raw, o->raw_len) == 0);
        const json *ext = json_get(j, "extensions");
        CHECK(!json_get(ext, "erc20ApprovalGasSponsoring"));
        const json *info = json_get(json_get(ext, "payment-identifier"), "info");
        CHECK(!d->takes_id || !strcmp(json_cstr(info, "id"), x.payment_id));
        info = json_get(json_get(ext, "eip2612GasSponsoring"), "info");
        CHECK(!d->sponsors_permit || says_address(info, "spender", PERMIT2));
    }
    json_free(j);
    buf_release(&value);
    buf_release(&text);
}

static inline void check_demand(const struct x402_demand *d, const struct x402_terms *t)
{
    const struct x402_offer *best = x402_choose(d, t, NULL);
    bool any = false;
    CHECK(d->offers <= X402_OFFERS && d->description.n <= X402_TEXT && d->error.n <= X402_TEXT);
    for (size_t i = 0; i < d->offers; i++) {
        const struct x402_offer *o = &d->offer[i];
        struct err e;
        json *raw = json_parse_strict(o->raw, o->raw_len, "the offer", &e);
        CHECK(raw && o->index == i && o->fault < X402_FAULT_COUNT);
        if (o->fault == X402_FINE) {
            struct typed m = x402_typed(o, t->payer, CHECK_NOW, (bytes32){{9}});
            any = true;
            CHECK(d->fault == X402_FINE);
            check_typed(o, raw, &m);
            check_header(d, o, &m);
        }
        json_free(raw);
    }
    CHECK(any == (best != NULL) && (!best || best->fault == X402_FINE));
}

#endif
