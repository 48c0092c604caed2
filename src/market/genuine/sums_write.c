/* Writing what models, authors, the market and the weeks came to. */
#include "base/buf.h"
#include "market/genuine/sums_internal.h"
#include "market/packed.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

enum { PACKED_MAX = 1 << 20 };

struct packing {
    struct buf low, high, bits, sums, median;
};

static void pack_bounds(const struct sums *t, struct packing *k, unsigned slot, const u256 *sum)
{
    struct bounds b = bounds_of(sum);
    uint32_t asset = (uint32_t)t->p->asset[slot].addr;
    pack_income(&k->low, asset, b.low);
    pack_income(&k->high, asset, b.high);
}

static void pack_rules(const struct sums *t, struct packing *k, const struct ledger *a, int w)
{
    uint64_t account = (uint64_t)(a - (const struct ledger *)t->account.p);
    for (unsigned r = 0; r < RULE_COUNT; r++) {
        u256 sum[SLOTS];
        uint32_t n = 0;
        for (unsigned slot = 0; slot < t->p->assets; slot++) {
            const uint32_t *at = map_get(&t->by_taken, (account << 7 | r << 3 | slot) + 1);
            sum[slot] = at ? AT(t->taken, struct taken, *at)->sum[w] : U256_ZERO;
            n += !u256_is_zero(sum[slot]);
        }
        pack_u32(&k->bits, a->bits[w][r]);
        pack_u32(&k->sums, n);
        for (unsigned slot = 0; slot < t->p->assets; slot++) {
            pack_income(&k->sums, (uint32_t)t->p->asset[slot].addr, sum[slot]);
        }
    }
}

static void pack_clear(struct packing *k)
{
    buf_clear(&k->low);
    buf_clear(&k->high);
    buf_clear(&k->bits);
    buf_clear(&k->sums);
    buf_clear(&k->median);
}

static souk_err pack_check(const struct packing *k, struct err *e)
{
    bool bad = k->low.bad || k->high.bad || k->bits.bad || k->sums.bad || k->median.bad;
    return bad ? err_nomem(e) : SOUK_OK;
}

static struct untrusted held(const struct buf *b)
{
    return untrusted_n(b->p, b->len);
}

static souk_err write_account(const struct sums *t, const struct ledger *a, int w,
                              struct packing *k, struct store *s, struct err *e)
{
    pack_clear(k);
    for (unsigned slot = 0; slot < t->p->assets; slot++) {
        pack_bounds(t, k, slot, ledger_sum(t, a, w, slot));
    }
    pack_rules(t, k, a, w);
    const struct genuine_out out = {.win = w,
                                    .who = a->who,
                                    .low = held(&k->low),
                                    .high = held(&k->high),
                                    .bits = held(&k->bits),
                                    .sums = held(&k->sums),
                                    .strict = a->strict[w],
                                    .loose = a->loose[w],
                                    .clusters = a->clusters[w],
                                    .payments = a->payments[w]};
    souk_err rc = pack_check(k, e);
    return rc ? rc : store_genuine_put(s, &out, e);
}

static souk_err write_week(const struct sums *t, const struct week *w, struct packing *k,
                           struct store *s, struct err *e)
{
    pack_clear(k);
    for (unsigned slot = 0; slot < t->p->assets; slot++) {
        pack_bounds(t, k, slot, w->sum[slot]);
        pack_income(&k->median, (uint32_t)t->p->asset[slot].addr, w->median[slot]);
    }
    const struct genuine_week_out out = {w->week, held(&k->low), held(&k->high), held(&k->median)};
    souk_err rc = pack_check(k, e);
    return rc ? rc : store_genuine_week_put(s, &out, e);
}

souk_err sums_write(const struct sums *t, struct store *s, struct err *e)
{
    struct packing k;
    struct buf *const all[] = {&k.low, &k.high, &k.bits, &k.sums, &k.median};
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_init(all[i], PACKED_MAX);
    }
    for (size_t i = 0; i < t->account.n && !rc; i++) {
        const struct ledger *a = AT(t->account, struct ledger, i);
        for (int w = 0; w < WINDOW_COUNT && !rc; w++) {
            rc = a->judged[w] ? write_account(t, a, w, &k, s, e) : SOUK_OK;
        }
    }
    for (size_t i = 0; i < t->week.n && !rc; i++) {
        rc = write_week(t, AT(t->week, struct week, i), &k, s, e);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_release(all[i]);
    }
    return rc;
}
