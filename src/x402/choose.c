#include "x402/x402.h"

#include "base/banned.h"

/* Is a better than b, both of one asset? */
static bool better(const struct x402_offer *a, const struct x402_offer *b)
{
    int amount = u256_cmp(a->amount, b->amount);
    if (amount != 0)
        return amount < 0;
    if (a->scheme != b->scheme)
        return a->scheme == X402_EXACT;
    return a->flow == X402_AUTHORIZATION && b->flow != X402_AUTHORIZATION;
}

/* chain 0: any. */
static const struct x402_offer *cheapest(const struct x402_demand *d, uint64_t chain, address token)
{
    const struct x402_offer *best = NULL;
    for (size_t i = 0; i < d->offers; i++) {
        const struct x402_offer *o = &d->offer[i];
        if (o->fault == X402_FINE && address_eq(o->token, token) &&
            (chain == 0 || o->chain == chain) && (!best || better(o, best)))
            best = o;
    }
    return best;
}

const struct x402_offer *x402_choose(const struct x402_demand *d, const struct x402_terms *t,
                                     const address *prefer)
{
    const struct x402_offer *best = prefer ? cheapest(d, 0, *prefer) : NULL;
    for (size_t i = 0; i < t->assets && !best; i++)
        best = cheapest(d, t->asset[i].chain, t->asset[i].token);
    return best;
}
