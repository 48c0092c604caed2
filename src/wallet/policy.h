/*
 * policy.h: may this be signed? The user's limits, as a pure function.
 *
 * The signer asks this, with its own table and its own memory of what it has
 * signed; the front ends ask it too, to say beforehand what the signer will.
 * A payment counts at the most it can take, from the moment it is signed: per
 * call, over the last 24 hours and the last 7 days (rolling, so that no
 * midnight doubles a budget), per author and per model over 24 hours. It is
 * released only when it lapsed unused, was cancelled, or took less, by the
 * chain's word (ledger.h). An asset without limits is not paid with at all.
 *
 * The clock: `now` is never earlier than anything the ledger has seen, so a
 * clock turned back frees nothing.
 */
#ifndef SOUK_WALLET_POLICY_H
#define SOUK_WALLET_POLICY_H

#include "eth/typed.h"

enum { LABEL_MAX = 160, SPAN_DAY = 86400, SPAN_WEEK = 604800, WINDOW_MAX = 600 };

#define NO_CAP ((u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}})

/* The limits of one asset. NO_CAP: none of this kind (per_call and per_day must be set). */
struct limits {
    struct asset asset;
    u256 per_call, per_day, per_week, per_author, per_model; /* the last two over 24 hours */
};

/* code, words for a person */
/* clang-format off */
#define REFUSALS(X)                                                                                \
    X(OVER_CALL, "over_per_call_cap", "more than your limit for one call")                         \
    X(OVER_DAY, "over_daily_cap", "more than is left of your limit for 24 hours")                  \
    X(OVER_WEEK, "over_weekly_cap", "more than is left of your limit for 7 days")                  \
    X(OVER_AUTHOR, "over_author_cap", "more than is left of your limit for this author")           \
    X(OVER_MODEL, "over_model_cap", "more than is left of your limit for this model")              \
    X(OVER_QUOTE, "over_quote", "more than the price you were shown")                              \
    X(ASSET, "asset_not_allowed", "you have set no limit for this token, so it is never paid")     \
    X(NETWORK, "network_not_allowed", "this wallet has no limits on that chain")                   \
    X(PAY_TO, "bad_pay_to", "the payee is no one who could be paid")                               \
    X(PAY_TO_CHANGED, "pay_to_changed", "the payee is not the one paid before")                    \
    X(WINDOW, "window_too_long", "it would stay valid for longer than ten minutes")                \
    X(EXPIRED, "bad_timeout", "its time of validity is over or makes no sense")                    \
    X(AMOUNT, "amount_zero", "there is no amount")                                                 \
    X(METHOD, "method_not_supported", "this token cannot be paid that way")                        \
    X(DOMAIN, "domain_mismatch", "its signature domain is not this token's")                       \
    X(KILLED, "kill_switch", "the kill switch is on: nothing is signed")                           \
    X(PERMIT, "permit_exceeds_amount", "the permit is for more than the payment")                  \
    X(UNLIMITED, "unlimited_approval", "an approval without bound is never signed")                \
    X(FEE, "over_fee_cap", "the network fee could be more than your limit for it")                 \
    X(UNKNOWN_CALL, "unknown_transaction", "what this transaction does is not known")              \
    X(ANOTHER, "already_signed", "this call was signed already, with other terms")                 \
    X(PAYER, "bad_payer", "the payer is not an account of this wallet")                            \
    X(LEDGER, "ledger_broken", "the record of what was signed does not fit together")              \
    X(NEEDS_YES, "needs_yes", "this needs your yes, with the password")
/* clang-format on */
#define X(id, code, words) REFUSE_##id,
enum refusal { REFUSE_NOT, REFUSALS(X) REFUSE_COUNT };
#undef X
const char *refusal_code(enum refusal r); /* "" for REFUSE_NOT */
const char *refusal_words(enum refusal r);

/* What was counted against the limits of one asset up to now, reservations at their maximum. */
struct spent {
    u256 day, week, author, model;
};

struct spend_request {
    const struct typed *typed;
    u256 quoted;           /* what the user was shown; NO_CAP: the limits alone */
    const address *pinned; /* the payee this subject had at its first payment; NULL: none yet */
    const address *accounts;
    unsigned n_accounts; /* the wallet's own */
    int64_t now;
    bool killed;
};

/* limits: all of the wallet's, spent: of the asset of the request. The gravest reason against it:
 * what no yes of the user overrides comes first. */
enum refusal policy_payment(const struct limits *limits, size_t n, const struct spent *spent,
                            const struct spend_request *rq);
/* The same with all reasons, as bits 1 << REFUSE_…, and the gravest of such a set. */
uint32_t policy_faults(const struct limits *limits, size_t n, const struct spent *spent,
                       const struct spend_request *rq);
enum refusal policy_gravest(uint32_t faults);
/* What the user may allow all the same, at the terminal and with the password. */
bool refusal_yields(enum refusal r);
const struct limits *limits_find(const struct limits *limits, size_t n, uint64_t chain,
                                 address token);

/* No one can be paid there: zero, the payer, the token, Permit2, a proxy. */
bool policy_bad_payee(address to, address from, address token);
/* The permit a gas-sponsoring facilitator asks for beside a payment: by the same account, for the
 * same token, exactly its amount, and for no longer. */
enum refusal policy_permit(const struct typed *permit, const struct typed *payment);

#endif
