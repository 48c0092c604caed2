#include <string.h>

#include "diff.h"
#include "eth/contracts.h"

#include "base/banned.h"

static bool is(const struct ask *q, size_t i, const char *word)
{
    return strcmp(ask_word(q, i), word) == 0;
}

/* TARGET must|may DATA, any number of times */
static void aggregate(const struct ask *q, struct buf *out)
{
    struct call3 calls[DIFF_WORDS / 3];
    size_t n = (q->n - 1) / 3;
    for (size_t i = 0; i < n; i++) {
        struct untrusted data = ask_bytes(q, 3 * i + 3);
        calls[i] = (struct call3){.target = ask_address(q, 3 * i + 1),
                                  .must = is(q, 3 * i + 2, "must"),
                                  .data = (const uint8_t *)data.p,
                                  .len = data.n};
    }
    call_aggregate3(out, calls, n);
}

static bool put_call(const struct ask *q, struct buf *out)
{
    if (is(q, 0, "call.selector")) {
        call_selector(out, ask_word(q, 1));
    } else if (is(q, 0, "call.balanceOf")) {
        call_balance_of(out, ask_address(q, 1));
    } else if (is(q, 0, "call.allowance")) {
        call_allowance(out, ask_address(q, 1), ask_address(q, 2));
    } else if (is(q, 0, "call.nonces")) {
        call_nonces(out, ask_address(q, 1));
    } else if (is(q, 0, "call.decimals")) {
        call_decimals(out);
    } else if (is(q, 0, "call.DOMAIN_SEPARATOR")) {
        call_domain_separator(out);
    } else if (is(q, 0, "call.authorizationState")) {
        call_authorization_state(out, ask_address(q, 1), ask_bytes32(q, 2));
    } else if (is(q, 0, "call.nonceBitmap")) {
        call_nonce_bitmap(out, ask_address(q, 1), ask_u256(q, 2));
    } else if (is(q, 0, "call.transfer")) {
        call_transfer(out, ask_address(q, 1), ask_u256(q, 2));
    } else if (is(q, 0, "call.approve")) {
        call_approve(out, ask_address(q, 1), ask_u256(q, 2));
    } else if (is(q, 0, "call.cancelAuthorization")) {
        signature s;
        bytes32 r = ask_bytes32(q, 4), other = ask_bytes32(q, 5);
        memcpy(s.b, r.b, 32);
        memcpy(s.b + 32, other.b, 32);
        s.b[64] = (uint8_t)ask_u64(q, 3);
        call_cancel_authorization(out, ask_address(q, 1), ask_bytes32(q, 2), &s);
    } else if (is(q, 0, "call.invalidateUnorderedNonces")) {
        call_invalidate_nonces(out, ask_u256(q, 1), ask_u256(q, 2));
    } else if (is(q, 0, "call.getActiveTEEs")) {
        call_active_tees(out, (unsigned)ask_u64(q, 1));
    } else if (is(q, 0, "call.list")) { /* AUTHOR NAME BLOB PRICE ASSET PAYEE ENDPOINT */
        struct listing_terms t = {.author = ask_bytes(q, 1),
                                  .name = ask_bytes(q, 2),
                                  .blob_id = ask_bytes(q, 3),
                                  .price = ask_u256(q, 4),
                                  .asset = ask_address(q, 5),
                                  .pay_to = ask_address(q, 6),
                                  .endpoint = ask_bytes(q, 7)};
        call_list(out, &t);
    } else if (is(q, 0, "call.delist")) {
        call_delist(out, ask_bytes(q, 1));
    } else if (is(q, 0, "call.deploy")) {
        call_deploy_listings(out);
    } else if (is(q, 0, "call.aggregate3")) {
        aggregate(q, out);
    } else {
        return false;
    }
    return true;
}

static void say_meaning(struct call_meaning m, struct buf *out)
{
    switch (m.kind) {
    case CALL_OTHER:
        say(out, "other");
        break;
    case CALL_NOTHING:
        say(out, "nothing");
        break;
    case CALL_TRANSFER:
    case CALL_APPROVE:
        say(out, m.kind == CALL_APPROVE ? "approve" : "transfer");
        say_address(out, m.who);
        say_u256(out, m.amount);
        break;
    case CALL_CANCEL:
        say(out, "cancel");
        say_address(out, m.who);
        say_bytes(out, m.nonce.b, sizeof m.nonce.b);
        break;
    case CALL_INVALIDATE:
        say(out, "invalidate");
        say_u256(out, m.word);
        say_u256(out, m.amount);
        break;
    case CALL_LIST:
        say(out, "list");
        say_bytes(out, m.terms.author.p, m.terms.author.n);
        say_bytes(out, m.terms.name.p, m.terms.name.n);
        say_bytes(out, m.terms.blob_id.p, m.terms.blob_id.n);
        say_u256(out, m.terms.price);
        say_address(out, m.terms.asset);
        say_address(out, m.terms.pay_to);
        say_bytes(out, m.terms.endpoint.p, m.terms.endpoint.n);
        break;
    case CALL_DELIST:
        say(out, "delist");
        say_bytes(out, m.terms.name.p, m.terms.name.n);
        break;
    case CALL_DEPLOY:
        say(out, "deploy");
        say_address(out, listings_address());
        break;
    }
}

static void say_tees(const struct ask *q, const uint8_t *p, size_t n, struct buf *out)
{
    struct tee *t;
    size_t count;
    if (!result_tees(p, n, q->a, &t, &count)) {
        say(out, "-");
        return;
    }
    say_u64(out, count);
    for (size_t i = 0; i < count; i++, t++) {
        say_address(out, t->owner);
        say_address(out, t->payment);
        say_bytes(out, t->endpoint.p, t->endpoint.n);
        say_bytes(out, t->public_key.p, t->public_key.n);
        say_bytes(out, t->certificate.p, t->certificate.n);
        say_bytes(out, t->pcr.b, sizeof t->pcr.b);
        say_u64(out, t->type);
        say_u64(out, t->enabled);
        say_u64(out, t->registered);
        say_u64(out, t->heartbeat);
    }
}

static void say_aggregate(const uint8_t *p, size_t n, size_t want, struct buf *out)
{
    struct call3_result r[DIFF_WORDS];
    if (want > DIFF_WORDS || !result_aggregate3(p, n, r, want)) {
        say(out, "-");
        return;
    }
    for (size_t i = 0; i < want; i++) {
        say_u64(out, r[i].ok);
        say_bytes(out, r[i].data.p, r[i].data.n);
    }
}

/* TYPE BYTES; of aggregate3 also how many */
static void say_result(const struct ask *q, struct buf *out)
{
    struct untrusted u = ask_bytes(q, 2);
    const uint8_t *p = (const uint8_t *)u.p;
    u256 v;
    bool yes;
    uint8_t small;
    address a;
    bytes32 h;
    struct untrusted s;
    if (is(q, 1, "uint256") && result_u256(p, u.n, &v))
        say_u256(out, v);
    else if (is(q, 1, "bool") && result_bool(p, u.n, &yes))
        say_u64(out, yes);
    else if (is(q, 1, "uint8") && result_u8(p, u.n, &small))
        say_u64(out, small);
    else if (is(q, 1, "address") && result_address(p, u.n, &a))
        say_address(out, a);
    else if (is(q, 1, "bytes32") && result_bytes32(p, u.n, &h))
        say_bytes(out, h.b, sizeof h.b);
    else if (is(q, 1, "string") && result_string(p, u.n, &s))
        say_bytes(out, s.p, s.n);
    else if (is(q, 1, "tees"))
        say_tees(q, p, u.n, out);
    else if (is(q, 1, "aggregate3"))
        say_aggregate(p, u.n, (size_t)ask_u64(q, 3), out);
    else
        say(out, "-");
}

bool diff_abi(const struct ask *q, struct buf *out)
{
    if (is(q, 0, "res")) {
        say_result(q, out);
    } else if (is(q, 0, "listing.id")) { /* OWNER NAME */
        bytes32 id;
        if (listing_id(ask_address(q, 1), ask_bytes(q, 2), &id))
            say_bytes(out, id.b, sizeof id.b);
    } else if (is(q, 0, "meaning")) { /* BYTES */
        struct untrusted u = ask_bytes(q, 1);
        say_meaning(call_meaning((const uint8_t *)u.p, u.n), out);
    } else {
        struct buf data;
        buf_init(&data, DIFF_LINE);
        bool known = put_call(q, &data);
        if (known)
            say_bytes(out, data.p, data.len);
        buf_release(&data);
        return known;
    }
    return true;
}
