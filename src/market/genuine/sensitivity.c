/* The lower bound with one threshold half, and half as much again. */
#include "market/genuine/internal.h"
#include "market/derive.h"

#include "base/banned.h"

/* Thresholds of rules that take nothing out; what they do is seen elsewhere. */
static bool moves_low(const struct rules *r, const uint32_t *value)
{
    const uint32_t *const still[] = {&r->burst_per_minute, &r->burst_minutes, &r->burst_cv,
                                     &r->dust_micro,       &r->one_share,     &r->one_payments,
                                     &r->strict_days,      &r->strict_prices};
    for (size_t i = 0; i < sizeof still / sizeof *still; i++) {
        if (still[i] == value) {
            return false;
        }
    }
    return true;
}

struct asking {
    struct store *s;
    const struct network *n;
    const struct known *k;
    enum window w;
    address asset;
    const atomic_bool *stop;
};

static souk_err low_of(const struct asking *q, const struct rules *r, u256 *low, struct err *e)
{
    struct sums sums = {0};
    struct people p = {0};
    souk_err rc = judge_all(q->s, q->n, r, q->k, q->stop, false, &sums, &p, e);
    *low = U256_ZERO;
    for (unsigned i = 0; i < p.assets && !rc; i++) {
        if (address_eq(p.asset[i].address, q->asset)) {
            *low = sums_low(&sums, q->w, i);
        }
    }
    sums_release(&sums);
    people_release(&p);
    return rc;
}

static uint32_t clamp(uint64_t v, const struct threshold *t)
{
    return v < t->least ? t->least : v > t->most ? t->most : (uint32_t)v;
}

static souk_err try_one(const struct asking *q, const struct rules *r, u256 now, unsigned i,
                        struct sensitivity *out, struct err *e)
{
    struct rules other = *r;
    uint32_t *value = threshold_of(&other, i);
    uint32_t as_it_is = *value;
    const struct threshold *t = threshold_at(i);
    *out = (struct sensitivity){
        .threshold = i,
        .value = {clamp(as_it_is / 2, t), as_it_is, clamp((uint64_t)as_it_is + as_it_is / 2, t)},
        .low = {now, now, now}};
    souk_err rc = SOUK_OK;
    for (int k = 0; k < 3 && !rc; k += 2) {
        *value = out->value[k];
        if (*value != as_it_is && moves_low(&other, value)) {
            rc = low_of(q, &other, &out->low[k], e);
        }
    }
    return rc;
}

bool sensitivity_moves(const struct sensitivity *s)
{
    return u256_cmp(s->low[0], s->low[1]) != 0 || u256_cmp(s->low[2], s->low[1]) != 0;
}

souk_err genuine_sensitivity(struct store *s, const struct network *n, const struct rules *r,
                             const struct known *k, enum window w, address asset,
                             const atomic_bool *stop, void (*progress)(void *ud, unsigned done),
                             void *ud, struct sensitivity *out, struct err *e)
{
    const struct asking q = {s, n, k, w, asset, stop};
    u256 now;
    if (derive_stale(s)) {
        return err_set(e, SOUK_EINPUT, "the figures are older than the rows: `souk sync` first");
    }
    souk_err rc = store_snapshot(s, e);
    if (rc) {
        return rc;
    }
    rc = low_of(&q, r, &now, e);
    for (unsigned i = 0; i < THRESHOLDS && !rc; i++) {
        rc = try_one(&q, r, now, i, &out[i], e);
        if (progress && !rc) {
            progress(ud, i + 1);
        }
    }
    store_snapshot_end(s);
    return rc;
}
