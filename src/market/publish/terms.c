/* What is asked for, over what is in force: what is not said stays as it is. */
#include <string.h>

#include "hub/hub.h"
#include "market/publish/internal.h"
#include "net/url.h"

#include "base/banned.h"

static souk_err choose_price(struct publish *x, struct err *e)
{
    const struct publish_request *rq = &x->rq;
    struct listing_terms *t = &x->terms;
    if (rq->has_price)
        t->price = rq->price;
    else if (!x->now.known)
        return err_set(e, SOUK_EINPUT, "a new listing needs a price (0: for nothing): --price");
    if (rq->asset != NULL && !rq->has_price && !address_eq(rq->asset->token, t->asset))
        return err_set(e, SOUK_EINPUT, "in another token the price is another one: say --price");
    if (rq->asset != NULL)
        t->asset = rq->asset->token;
    return SOUK_OK;
}

/* What clients would refuse to call is not listed. */
souk_err publish_endpoint(const struct network *n, struct untrusted url, struct err *e)
{
    if (url.n == 0)
        return SOUK_OK;
    if (!hub_url_ok(url))
        return err_set(
            e, SOUK_EINPUT,
            "the endpoint is no address that could be called: https://HOST/PATH, at most "
            "%d bytes, without a user name",
            HUB_URL_MAX);
    if (!n->local && url.p[4] != 's' && url.p[4] != 'S')
        return err_set(e, SOUK_EINPUT,
                       "nobody pays over a connection that others can read: the endpoint must "
                       "begin with https://");
    return SOUK_OK;
}

souk_err terms_choose(struct publish *x, struct err *e)
{
    struct listing_terms *t = &x->terms;
    *t = x->now.terms;
    t->name = untrusted(x->rq.name);
    if (x->rq.author != NULL)
        t->author = untrusted(x->rq.author);
    if (t->author.n == 0)
        return err_set(e, SOUK_EINPUT, "say under which name you are on the Hub: --author");
    if (x->rq.file == NULL && !x->now.known)
        return err_set(e, SOUK_ENOTFOUND,
                       "this wallet has listed nothing of this name yet: give the model's file");
    if (!x->now.known && x->net->tokens > 0)
        t->asset = x->net->token[0].addr;
    if (x->rq.endpoint != NULL)
        t->endpoint = untrusted(x->rq.endpoint);
    souk_err c = choose_price(x, e);
    if (c == SOUK_OK)
        c = publish_endpoint(x->net, t->endpoint, e);
    if (x->rq.has_pay_to)
        t->pay_to = x->rq.pay_to;
    return c;
}

bool terms_in_force(const struct publish *x)
{
    const struct listing_terms *a = &x->terms, *b = &x->now.terms;
    return x->now.known && x->now.active && untrusted_eq(a->author, b->author) &&
           untrusted_eq(a->name, b->name) && untrusted_eq(a->blob_id, b->blob_id) &&
           untrusted_eq(a->endpoint, b->endpoint) && u256_cmp(a->price, b->price) == 0 &&
           address_eq(a->asset, b->asset) && address_eq(a->pay_to, b->pay_to);
}
