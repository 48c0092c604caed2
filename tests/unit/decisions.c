#include "decisions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"

#include "base/banned.h"

static u256 cap_of(const json *caps, const char *symbol)
{
    return json_get(caps, symbol) ? vector_u256(caps, symbol) : NO_CAP;
}

static void read_asset(struct limits *l, const json *j, const char *chain)
{
    l->asset.chain = strtoull(chain + strlen("eip155:"), NULL, 10);
    l->asset.token = vector_address(j, "address");
    snprintf(l->asset.symbol, sizeof l->asset.symbol, "%s", json_cstr(j, "symbol"));
    l->asset.decimals = (unsigned)vector_u64(j, "decimals");
    bool own = strcmp(json_first(json_get(j, "methods"))->valuestring, "eip3009") == 0;
    l->asset.can = own ? ASSET_EIP3009 : ASSET_PERMIT2 | ASSET_EIP2612;
    if (own) {
        const json *d = json_get(j, "eip712");
        snprintf(l->asset.name, sizeof l->asset.name, "%s", json_cstr(d, "name"));
        snprintf(l->asset.version, sizeof l->asset.version, "%s", json_cstr(d, "version"));
    }
}

static void read_table(struct decisions *d, const json *policy)
{
    for (const json *chain = json_get(policy, "assets")->child; chain; chain = chain->next) {
        for (const json *j = json_first(chain); j; j = json_next(j)) {
            struct limits *l = &d->limits[d->n_limits++];
            read_asset(l, j, chain->string);
            const char *symbol = l->asset.symbol;
            l->per_call = cap_of(json_get(policy, "per_call_cap"), symbol);
            l->per_day = cap_of(json_get(policy, "daily_cap"), symbol);
            l->per_author = cap_of(json_get(policy, "per_author_daily_cap"), symbol);
            l->per_week = l->per_model = NO_CAP;
        }
    }
}

static bool belongs_to_reading(const char *reason)
{
    static const char *const theirs[] = {
        "bad_network",
        "bad_timeout",
        "bad_timeout_or_window",
        "bad_amount",
        "scheme_not_supported",
        "method_not_supported",
        "no_facilitator",
        "version_not_supported",
        "no_accepts",
        "resource_host_mismatch",
        "redirected",
        "not_https",
        "too_large",
        "outstanding_authorization",
        "unlimited_approval",
        "permit_exceeds_amount",
    };
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        if (strcmp(reason, theirs[i]) == 0)
            return true;
    }
    return false;
}

static struct typed typed_of(const json *offer, address payer, uint64_t now)
{
    struct typed t = {0};
    t.kind = strcmp(json_cstr(offer, "scheme"), "upto") == 0 ? TYPED_UPTO : TYPED_EIP3009;
    t.chain = strtoull(json_cstr(offer, "network") + strlen("eip155:"), NULL, 10);
    t.token = vector_address(offer, "asset");
    t.from = payer;
    t.to = vector_address(offer, "payTo");
    t.amount = vector_u256(offer, "amount");
    t.valid_before = now + vector_u64(offer, "maxTimeoutSeconds");
    const json *extra = json_get(offer, "extra");
    if (t.kind == TYPED_UPTO) {
        t.facilitator = vector_address(extra, "facilitatorAddress");
    } else {
        snprintf(t.name, sizeof t.name, "%s", json_cstr(extra, "name"));
        snprintf(t.version, sizeof t.version, "%s", json_cstr(extra, "version"));
    }
    return t;
}

static u256 spent_in(const json *context, const json *defaults, const char *key,
                     const struct decisions *d, const struct typed *t)
{
    const json *sums = json_get(context, key) ? json_get(context, key) : json_get(defaults, key);
    const struct limits *l = limits_find(d->limits, d->n_limits, t->chain, t->token);
    return l && json_get(sums, l->asset.symbol) ? vector_u256(sums, l->asset.symbol) : U256_ZERO;
}

static void read_case(struct decisions *d, const json *c, const json *defaults)
{
    struct decision_case *out = &d->c[d->n++];
    const json *context = json_get(c, "context");
    snprintf(out->name, sizeof out->name, "%s", json_cstr(c, "name"));
    snprintf(out->reason, sizeof out->reason, "%s", json_cstr(c, "reason"));
    out->quoted =
        vector_u256(json_get(context, "quoted_amount") ? context : defaults, "quoted_amount");
    out->killed = json_bool(context, "kill_switch", false);
    const json *offers = json_get(json_get(c, "payment_required"), "accepts");
    for (const json *o = json_first(offers); o; o = json_next(o)) {
        struct typed *t = &out->typed[out->offers];
        *t = typed_of(o, d->payer, (uint64_t)d->now);
        struct spent *s = &out->spent[out->offers++];
        s->day = spent_in(context, defaults, "spent_today", d, t);
        s->author = spent_in(context, defaults, "spent_today_author", d, t);
    }
}

void decisions_load(struct decisions *d)
{
    *d = (struct decisions){0};
    json *all = vectors_load("wallet-vectors.json");
    const json *x = json_get(all, "x402_policy");
    const json *defaults = json_get(x, "default_context");
    read_table(d, json_get(x, "policy"));
    d->payer = vector_address(defaults, "payer");
    d->pinned = vector_address(defaults, "author_pinned_payTo");
    d->now = (int64_t)vector_u64(defaults, "now");
    vector_bytes(x, "payer_private_key", d->key, sizeof d->key);
    for (const json *c = json_first(json_get(json_get(all, "negative"), "x402_decisions")); c;
         c = json_next(c)) {
        if (!belongs_to_reading(json_cstr(c, "reason")))
            read_case(d, c, defaults);
    }
    json_free(all);
}
