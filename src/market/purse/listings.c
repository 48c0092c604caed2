/* Listing, taking back, deploying: what such a draft shall be; and what of the contract is there.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/publish.h"
#include "market/purse/draft.h"

#include "base/banned.h"

souk_err listings_missing(const struct network *n, struct err *e)
{
    char at[ADDRESS_BUF];
    if (n->local)
        return err_set(e, SOUK_ENET, "the devnet is not running: start it with `souk devnet up`");
    return err_set(
        e, SOUK_EINPUT,
        "%s has no contract for listings: if nobody has, put it there with `souk listings "
        "deploy`, then write listings = %s under [network.%s] in the configuration",
        n->name, address_format(listings_address(), at), n->name);
}

static souk_err fits(struct untrusted t, size_t max, const char *what, struct err *e)
{
    if (t.n <= max)
        return SOUK_OK;
    return err_set(e, SOUK_EINPUT, "%s may have %zu bytes, and has %zu", what, max, t.n);
}

static souk_err check_terms(const struct network *n, const struct listing_terms *t, struct err *e)
{
    if (t->name.n == 0)
        return err_set(e, SOUK_EINPUT, "a listing needs the model's name");
    souk_err c = fits(t->author, LISTING_AUTHOR_MAX, "the author's name", e);
    if (c == SOUK_OK)
        c = fits(t->name, LISTING_NAME_MAX, "the model's name", e);
    if (c == SOUK_OK)
        c = fits(t->blob_id, LISTING_BLOB_ID_MAX, "the blob ID", e);
    if (c == SOUK_OK)
        c = fits(t->endpoint, LISTING_ENDPOINT_MAX, "the endpoint", e);
    if (c != SOUK_OK || u256_is_zero(t->price))
        return c;
    if (network_token(n, t->asset) == NULL)
        return err_set(e, SOUK_EINPUT, "a price is in one of the tokens of %s", n->name);
    if (policy_bad_payee(t->pay_to, n->listings, t->asset) || network_token(n, t->pay_to) != NULL)
        return err_set(e, SOUK_EINPUT, "nobody could be paid at that address");
    return SOUK_OK;
}

souk_err draft_shape_listing(struct draft_call *x, struct err *e)
{
    const struct network *n = x->call.p->net;
    const struct listing_terms *t = &x->rq.terms;
    struct draft *d = &x->d;
    struct buf data;
    bool deploys = x->rq.kind == DRAFT_DEPLOY;
    souk_err c = deploys || n->has_listings ? SOUK_OK : listings_missing(n, e);
    if (c == SOUK_OK && x->rq.kind == DRAFT_LIST)
        c = check_terms(n, t, e);
    if (c != SOUK_OK)
        return c;
    buf_init(&data, sizeof d->data);
    d->tx.to = deploys ? CREATE2_PROXY : n->listings;
    if (deploys) {
        call_deploy_listings(&data);
    } else if (x->rq.kind == DRAFT_DELIST) {
        call_delist(&data, t->name);
    } else {
        call_list(&data, t);
        d->amount = t->price;
        draft_set_asset(x, t->asset);
    }
    return draft_set_data(d, &data, e);
}

/* --- the contract itself */

enum { CODE_MAX = 64 << 10 };

struct look_call {
    struct purse_call call; /* first */
    struct listings_state s;
    listings_fn done;
    void *ud;
};

static void deliver(struct purse_call *c, const struct err *e)
{
    struct look_call *x = (struct look_call *)c;
    x->done(x->ud, e == NULL ? &x->s : NULL, e);
}

/* Whether there is code, and its hash. */
static souk_err code_at(const struct rpc_result *r, bool *there, bytes32 *hash, struct err *e)
{
    struct buf code;
    buf_init(&code, CODE_MAX);
    bool ok = answer_bytes(r, &code);
    *there = ok && code.len > 0;
    *hash = keccak256(code.p, code.len);
    buf_release(&code);
    return ok ? SOUK_OK : answer_failed(r, "a contract", e);
}

static void looked(struct purse_call *c, const struct answers *a)
{
    struct look_call *x = (struct look_call *)c;
    struct listings_state *s = &x->s;
    struct err e = {0};
    bytes32 hash, ours = listings_code_hash();
    souk_err r = code_at(&a->one[0], &s->there, &hash, &e);
    s->ours = s->there && memcmp(hash.b, ours.b, sizeof hash.b) == 0;
    if (r == SOUK_OK)
        r = code_at(&a->one[1], &s->can_deploy, &hash, &e);
    if (!answer_u64(&a->one[2], &s->gas))
        s->gas = 0; /* it is there already, or cannot be */
    call_end(c, r != SOUK_OK ? &e : NULL);
}

static void begin(struct purse_call *c)
{
    struct look_call *x = (struct look_call *)c;
    const struct network *n = c->p->net;
    char at[ADDRESS_BUF], proxy[ADDRESS_BUF], *hex;
    struct asking k;
    struct buf data;
    x->s.configured = n->has_listings;
    x->s.at = n->has_listings ? n->listings : listings_address();
    address_format(x->s.at, at);
    address_format(CREATE2_PROXY, proxy);
    asking_init(&k);
    buf_init(&data, DRAFT_DATA);
    call_deploy_listings(&data);
    hex = mem_alloc(2 * data.len + 3);
    if (hex == NULL || data.bad != SOUK_OK) {
        k.text.bad = SOUK_ENOMEM;
    } else {
        asking_add(&k, "eth_getCode", AT_LAST, SAME_VALUE, "a contract", "\"%s\"", at);
        asking_add(&k, "eth_getCode", AT_LAST, SAME_VALUE, "a contract", "\"%s\"", proxy);
        asking_add(&k, "eth_estimateGas", AT_NONE, SAME_ANY, "fees",
                   "{\"from\":\"%s\",\"to\":\"%s\",\"data\":\"%s\"}",
                   address_format(purse_address(c->p), at), proxy,
                   hex_encode((const uint8_t *)data.p, data.len, hex));
    }
    mem_free(hex);
    buf_release(&data);
    call_ask(c, &k, 0, looked);
}

struct purse_call *listings_look(struct purse *p, listings_fn done, void *ud)
{
    struct look_call *x = call_new(p, sizeof *x, begin, deliver, NULL);
    if (x == NULL)
        return NULL;
    x->done = done;
    x->ud = ud;
    return &x->call;
}
