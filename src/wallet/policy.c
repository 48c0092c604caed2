#include "wallet/policy.h"

#include <string.h>

#include "base/banned.h"

static const char *const codes[] = {"",
#define X(id, code, words) code,
                                    REFUSALS(X)
#undef X
};

static const char *const said[] = {"",
#define X(id, code, words) words,
                                   REFUSALS(X)
#undef X
};

_Static_assert(REFUSE_COUNT <= 32, "a set of refusals has 32 bits");

const char *refusal_code(enum refusal r)
{
    return (unsigned)r < REFUSE_COUNT ? codes[r] : "";
}

const char *refusal_words(enum refusal r)
{
    return (unsigned)r < REFUSE_COUNT ? said[r] : "";
}

bool refusal_yields(enum refusal r)
{
    switch (r) {
    case REFUSE_OVER_CALL:
    case REFUSE_OVER_DAY:
    case REFUSE_OVER_WEEK:
    case REFUSE_OVER_AUTHOR:
    case REFUSE_OVER_MODEL:
    case REFUSE_OVER_QUOTE:
    case REFUSE_PAY_TO_CHANGED:
    case REFUSE_FEE:
    case REFUSE_NEEDS_YES:
        return true;
    default:
        return false;
    }
}

/* Among those that yield, another payee is graver than a sum; among the others, what makes the rest
 * meaningless comes first. */
enum refusal policy_gravest(uint32_t faults)
{
    static const enum refusal order[] = {
        REFUSE_LEDGER,  REFUSE_KILLED,    REFUSE_ANOTHER,      REFUSE_PAYER,
        REFUSE_NETWORK, REFUSE_ASSET,     REFUSE_METHOD,       REFUSE_DOMAIN,
        REFUSE_PAY_TO,  REFUSE_AMOUNT,    REFUSE_EXPIRED,      REFUSE_WINDOW,
        REFUSE_PERMIT,  REFUSE_UNLIMITED, REFUSE_UNKNOWN_CALL, REFUSE_PAY_TO_CHANGED,
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (faults & 1u << order[i])
            return order[i];
    }
    for (unsigned r = 1; r < REFUSE_COUNT; r++) {
        if (faults & 1u << r)
            return (enum refusal)r;
    }
    return REFUSE_NOT;
}

const struct limits *limits_find(const struct limits *limits, size_t n, uint64_t chain,
                                 address token)
{
    for (size_t i = 0; i < n; i++) {
        if (limits[i].asset.chain == chain && address_eq(limits[i].asset.token, token))
            return &limits[i];
    }
    return NULL;
}

static bool any_on_chain(const struct limits *limits, size_t n, uint64_t chain)
{
    for (size_t i = 0; i < n; i++) {
        if (limits[i].asset.chain == chain)
            return true;
    }
    return false;
}

bool policy_bad_payee(address to, address from, address token)
{
    return address_is_zero(to) || address_eq(to, from) || address_eq(to, token) ||
           address_eq(to, PERMIT2) || address_eq(to, EXACT_PROXY) || address_eq(to, UPTO_PROXY);
}

static bool is_own(const struct spend_request *rq)
{
    for (unsigned i = 0; i < rq->n_accounts; i++) {
        if (address_eq(rq->accounts[i], rq->typed->from))
            return true;
    }
    return false;
}

static bool beyond(u256 used, u256 amount, u256 cap)
{
    u256 sum;
    bool fits = u256_add(used, amount, &sum);
    return u256_cmp(cap, NO_CAP) != 0 && (!fits || u256_cmp(sum, cap) > 0);
}

static uint32_t caps(const struct limits *l, const struct spent *s, u256 amount)
{
    uint32_t f = 0;
    f |= beyond(U256_ZERO, amount, l->per_call) ? 1u << REFUSE_OVER_CALL : 0;
    f |= beyond(s->day, amount, l->per_day) ? 1u << REFUSE_OVER_DAY : 0;
    f |= beyond(s->week, amount, l->per_week) ? 1u << REFUSE_OVER_WEEK : 0;
    f |= beyond(s->author, amount, l->per_author) ? 1u << REFUSE_OVER_AUTHOR : 0;
    f |= beyond(s->model, amount, l->per_model) ? 1u << REFUSE_OVER_MODEL : 0;
    return f;
}

/* Can this token be paid in this way, and is the domain to be signed under its own? */
static uint32_t way(const struct asset *a, const struct typed *t)
{
    switch (t->kind) {
    case TYPED_EIP3009:
        if (!(a->can & ASSET_EIP3009))
            return 1u << REFUSE_METHOD;
        return a->name[0] == '\0' || strcmp(a->name, t->name) != 0 ||
                       strcmp(a->version, t->version) != 0
                   ? 1u << REFUSE_DOMAIN
                   : 0;
    case TYPED_UPTO:
        if (address_is_zero(t->facilitator))
            return 1u << REFUSE_METHOD;
        return a->can & ASSET_PERMIT2 ? 0 : 1u << REFUSE_METHOD;
    case TYPED_EXACT:
        return a->can & ASSET_PERMIT2 ? 0 : 1u << REFUSE_METHOD;
    default:
        return 1u << REFUSE_METHOD; /* no payment at all */
    }
}

static uint32_t times(const struct typed *t, int64_t now)
{
    uint64_t at = now > 0 ? (uint64_t)now : 0;
    if (t->valid_before <= at || t->valid_after > at)
        return 1u << REFUSE_EXPIRED;
    return t->valid_before - at > WINDOW_MAX ? 1u << REFUSE_WINDOW : 0;
}

uint32_t policy_faults(const struct limits *limits, size_t n, const struct spent *spent,
                       const struct spend_request *rq)
{
    const struct typed *t = rq->typed;
    uint32_t f = 0;
    f |= rq->killed ? 1u << REFUSE_KILLED : 0;
    f |= is_own(rq) ? 0 : 1u << REFUSE_PAYER;
    f |= policy_bad_payee(t->to, t->from, t->token) ? 1u << REFUSE_PAY_TO : 0;
    f |= u256_is_zero(t->amount) ? 1u << REFUSE_AMOUNT : 0;
    f |= times(t, rq->now);
    f |= beyond(U256_ZERO, t->amount, rq->quoted) ? 1u << REFUSE_OVER_QUOTE : 0;
    f |= rq->pinned && !address_eq(*rq->pinned, t->to) ? 1u << REFUSE_PAY_TO_CHANGED : 0;
    const struct limits *l = limits_find(limits, n, t->chain, t->token);
    if (l)
        return f | way(&l->asset, t) | caps(l, spent, t->amount);
    return f | 1u << (any_on_chain(limits, n, t->chain) ? REFUSE_ASSET : REFUSE_NETWORK);
}

enum refusal policy_payment(const struct limits *limits, size_t n, const struct spent *spent,
                            const struct spend_request *rq)
{
    return policy_gravest(policy_faults(limits, n, spent, rq));
}

enum refusal policy_permit(const struct typed *permit, const struct typed *payment)
{
    bool by_permit2 = payment->kind == TYPED_EXACT || payment->kind == TYPED_UPTO;
    if (permit->kind != TYPED_PERMIT || !by_permit2 || permit->chain != payment->chain ||
        !address_eq(permit->token, payment->token))
        return REFUSE_METHOD;
    if (!address_eq(permit->from, payment->from))
        return REFUSE_PAYER;
    if (u256_cmp(permit->amount, payment->amount) != 0)
        return REFUSE_PERMIT;
    return permit->valid_before > payment->valid_before ? REFUSE_WINDOW : REFUSE_NOT;
}
