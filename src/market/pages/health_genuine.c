/* The market's health: what the rules leave of it. */
#include "market/pages/health_internal.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

/* The share of income that is not in a bound. */
static uint32_t left_out(const struct health *h, const struct income *bound)
{
    u256 all = income_in(&h->income, &h->income_asset).value, rest;
    (void)u256_sub(all, income_in(bound, &h->income_asset).value, &rest);
    return amount_share(rest, all);
}

souk_err health_load_genuine(struct health_load *l, struct err *e)
{
    struct health *h = l->page;
    struct genuine_out g;
    bool found;
    h->judged_at = store_meta_int(l->load.s, "judged_at", 0);
    h->rules_print = (uint64_t)store_meta_int(l->load.s, "judged_rules", 0);
    if (!h->judged_at) {
        return SOUK_OK;
    }
    souk_err rc = store_genuine_get(l->load.s, (int)l->load.window, 0, l->load.a, &g, &found, e);
    if (!rc) {
        rc = store_genuine_models(l->load.s, (int)l->load.window, &h->genuine, &h->healthy, e);
    }
    if (rc) {
        return rc;
    }
    if (!unpack_income(&l->load.assets, g.low, l->load.a, &h->low) ||
        !unpack_income(&l->load.assets, g.high, l->load.a, &h->high)) {
        return err_nomem(e);
    }
    h->payers_strict = g.strict;
    h->payers_loose = g.loose;
    for (size_t i = 0; i < RULE_COUNT && (i + 1) * 4 <= g.bits.n; i++) {
        h->with_bit[i] = unpack_u32(g.bits.p + i * 4);
    }
    h->excluded_low = left_out(h, &h->high);
    h->excluded_high = left_out(h, &h->low);
    return SOUK_OK;
}
