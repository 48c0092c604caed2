/*
 * What a row keeps beside its columns so that going on after a crash needs nobody's memory: the
 * demand as it came, which of its offers was taken, what else goes into the message and the header.
 * With it the same header comes out again, to the byte; the signer sees to the signature.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

enum { PLAN_CAP = 1 << 20 };

bool row_text(struct purchase *x, struct untrusted *at, const char *p, size_t n)
{
    char *copy = arena_strndup(&x->arena, p != NULL ? p : "", n);
    if (copy == NULL)
        return false;
    *at = untrusted_n(copy, n);
    return true;
}

static void add_number(struct json_out *o, const char *key, u256 v)
{
    char text[U256_DEC];
    json_out_cstr(o, key, u256_to_dec(v, text));
}

souk_err plan_write(struct purchase *x, struct err *e)
{
    const struct quote_box *q = x->q;
    char hex[ADDRESS_BUF], intent[HASH_BUF];
    bytes32 id;
    struct buf b;
    struct json_out o;
    memcpy(id.b, x->intent, sizeof id.b);
    buf_init(&b, PLAN_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_cstr(&o, "intent", bytes32_format(id, intent));
    json_out_int(&o, "offer", x->consent.offer);
    add_number(&o, "after", u256_from_u64(x->typed.valid_after));
    if (x->typed.kind == TYPED_UPTO)
        json_out_cstr(&o, "facilitator", address_format(x->typed.facilitator, hex));
    if (x->has_permit)
        add_number(&o, "permit_nonce", u256_from_be(x->permit.nonce.b));
    if (x->payment_id[0] != '\0')
        json_out_cstr(&o, "payment_id", x->payment_id);
    if (u256_cmp(x->expect, NO_CAP) != 0)
        add_number(&o, "expect", x->expect);
    if (q->pub.tee_id[0] != '\0')
        json_out_cstr(&o, "tee", q->pub.tee_id);
    json_out_bool(&o, "catalog", q->pub.target.from_catalog);
    json_out_bool(&o, "gateway", q->pub.target.gateway);
    json_out_bool(&o, "stream", q->call.stream);
    json_out_cstr(&o, "settlement", q->call.settlement);
    json_out_cstr(&o, "type", q->call.content_type);
    json_out_str(&o, "header", untrusted_n(q->header.p, q->header.len));
    json_out_str(&o, "body", untrusted_n(q->body.p, q->body.len));
    json_obj_close(&o);
    souk_err rc = buf_check(&b, "the purchase's notes", e);
    if (rc == SOUK_OK && !row_text(x, &x->row.plan, b.p, b.len))
        rc = err_nomem(e);
    buf_release(&b);
    return rc;
}

/* --- and back */

static u256 number(const json *j, const char *key, u256 absent)
{
    struct untrusted u = json_str(j, key);
    u256 v;
    return u.n > 0 && u256_from_dec(u.p, u.n, &v) ? v : absent;
}

const struct asset *row_asset(const struct network *n, const struct purchase_row *r,
                              struct asset *room)
{
    struct asset all[CONFIG_TOKENS + 1];
    size_t found = network_assets(n, all, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < found; i++) {
        if (all[i].chain == (uint64_t)r->chain && address_eq(all[i].token, r->asset)) {
            *room = all[i];
            return room;
        }
    }
    *room = (struct asset){.chain = (uint64_t)r->chain, .token = r->asset, .symbol = "?"};
    return room;
}

u256 plan_expect(const struct purchase_row *r)
{
    json *plan = json_parse(r->plan.p != NULL ? r->plan.p : "", r->plan.n, "a plan", NULL);
    u256 v = number(plan, "expect", NO_CAP);
    json_free(plan);
    return v;
}

struct typed row_typed(const struct network *n, const struct purchase_row *r)
{
    struct asset a;
    uint64_t after = 0;
    struct typed t = {.kind = (enum typed_kind)r->scheme,
                      .chain = (uint64_t)r->chain,
                      .token = r->asset,
                      .from = r->payer,
                      .to = r->pay_to,
                      .amount = r->amount,
                      .valid_before = (uint64_t)r->valid_before,
                      .nonce = r->nonce};
    json *plan = json_parse(r->plan.p != NULL ? r->plan.p : "", r->plan.n, "a plan", NULL);
    struct untrusted who = json_str(plan, "facilitator");
    row_asset(n, r, &a);
    if (t.kind == TYPED_EIP3009) {
        memcpy(t.name, a.name, sizeof t.name);
        memcpy(t.version, a.version, sizeof t.version);
    }
    if (who.n > 0)
        address_parse(who.p, who.n, &t.facilitator);
    if (u256_fits_u64(number(plan, "after", U256_ZERO), &after))
        t.valid_after = after;
    json_free(plan);
    return t;
}

static void copy_text(char *out, size_t room, struct untrusted u)
{
    snprintf(out, room, "%.*s", (int)(u.n < room ? u.n : room - 1), u.n > 0 ? u.p : "");
}

static struct target target_of(const struct purchase_row *r, const json *plan)
{
    struct target t = {.from_catalog = json_bool(plan, "catalog", true),
                       .gateway = json_bool(plan, "gateway", false),
                       .pay_to = r->pay_to};
    copy_text(t.subject, sizeof t.subject, r->subject);
    copy_text(t.author, sizeof t.author, r->author);
    copy_text(t.url, sizeof t.url, r->url);
    return t;
}

static souk_err call_of(struct purchase *x, const json *plan, struct err *e)
{
    char method[32];
    copy_text(method, sizeof method, x->row.method);
    const struct call_input in = {.method = method,
                                  .body = x->row.body.p,
                                  .body_len = x->row.body.n,
                                  .content_type = json_cstr(plan, "type"),
                                  .settlement = json_cstr(plan, "settlement"),
                                  .stream = json_bool(plan, "stream", false)};
    return call_copy(&x->q->call, &in) ? SOUK_OK : err_nomem(e);
}

/* The offer that was taken, out of the demand as it came. */
static souk_err demand_of(struct purchase *x, const json *plan, struct err *e)
{
    struct quote *q = &x->q->pub;
    struct x402_terms t;
    const char *header = json_cstr(plan, "header");
    struct untrusted body = json_str(plan, "body");
    int64_t at = -1;
    quote_terms(x, &t, q->target.url, q->target.from_catalog);
    t.payer = x->row.payer;
    souk_err rc = x402_demand_read(header != NULL && header[0] != '\0' ? header : NULL,
                                   body.p != NULL ? body.p : "", body.n, &t, &q->demand, e);
    if (rc != SOUK_OK)
        return rc;
    json_int(plan, "offer", &at);
    if (at < 0 || (size_t)at >= q->demand->offers || q->demand->offer[at].fault != X402_FINE)
        return err_set(e, SOUK_EINPUT,
                       "what was to be paid for cannot be read any more from the record of the "
                       "purchase");
    x->consent.offer = (int)at;
    q->offers = q->demand->offers;
    q->offer[at].offer = &q->demand->offer[at];
    return SOUK_OK;
}

souk_err plan_read(struct purchase *x, struct err *e)
{
    json *plan = json_parse(x->row.plan.p != NULL ? x->row.plan.p : "", x->row.plan.n,
                            "the record of the purchase", e);
    if (plan == NULL)
        return e != NULL ? e->code : SOUK_EINPUT;
    struct target t = target_of(&x->row, plan);
    struct untrusted tee = json_str(plan, "tee"), id = json_str(plan, "payment_id");
    souk_err rc = (x->q = quote_make(x->net, &t)) == NULL ? err_nomem(e) : SOUK_OK;
    if (rc == SOUK_OK)
        rc = call_of(x, plan, e);
    if (rc == SOUK_OK && x->row.session == 0)
        rc = demand_of(x, plan, e);
    x->consent.gate = -1;
    x->wants_enclave = bytes32_parse(tee.p, tee.n, &x->want_enclave);
    copy_text(x->payment_id, sizeof x->payment_id, id);
    x->expect = number(plan, "expect", NO_CAP);
    x->typed = row_typed(x->net, &x->row);
    u256 nonce = number(plan, "permit_nonce", NO_CAP);
    x->has_permit = rc == SOUK_OK && u256_cmp(nonce, NO_CAP) != 0 && x->row.session == 0;
    if (x->has_permit)
        x->permit = x402_permit(&x->q->pub.demand->offer[x->consent.offer], &x->typed, nonce);
    json_free(plan);
    return rc;
}
