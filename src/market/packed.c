#include "market/packed.h"

#include <string.h>

#include "base/banned.h"

void pack_u32(struct buf *b, uint64_t v)
{
    uint32_t n = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
    for (int i = 0; i < 4; i++) {
        buf_addc(b, (char)(n >> (8 * i) & 0xff));
    }
}

uint32_t unpack_u32(const char *p)
{
    uint32_t v = 0;
    for (int i = 3; i >= 0; i--) {
        v = v << 8 | (uint8_t)p[i];
    }
    return v;
}

void pack_income(struct buf *b, uint32_t asset, u256 amount)
{
    uint8_t be[32];
    if (!u256_is_zero(amount)) {
        u256_to_be(amount, be);
        pack_u32(b, asset);
        buf_add(b, be, sizeof be);
    }
}

souk_err assets_load(struct store *s, struct assets *out, struct err *e)
{
    return store_assets(s, 0, out->known, INCOME_MAX, &out->n, e);
}

struct amount amount_of(const struct assets *as, int64_t asset, u256 value)
{
    struct amount m = {.value = value, .symbol = "?", .rank = INCOME_MAX};
    for (size_t i = 0; i < as->n; i++) {
        if (as->known[i].addr == asset) {
            m.asset = as->known[i].address;
            memcpy(m.symbol, as->known[i].symbol, sizeof m.symbol);
            m.decimals = as->known[i].decimals;
            m.rank = (unsigned)i;
            return m;
        }
    }
    for (int i = 0; i < 8; i++) {
        m.asset.b[19 - i] = (uint8_t)((uint64_t)asset >> (8 * i));
    }
    return m;
}

static u256 entry_amount(const char *p)
{
    uint8_t be[32];
    memcpy(be, p + 4, sizeof be);
    return u256_from_be(be);
}

bool unpack_income(const struct assets *as, struct untrusted blob, struct arena *a,
                   struct income *out)
{
    size_t n = blob.n / INCOME_ENTRY;
    n = n > INCOME_MAX ? INCOME_MAX : n;
    *out = (struct income){NULL, 0};
    if (n == 0) {
        return true;
    }
    struct amount *of = arena_alloc(a, n * sizeof *of);
    for (size_t i = 0; of && i < n; i++) {
        const char *p = blob.p + i * INCOME_ENTRY;
        of[i] = amount_of(as, unpack_u32(p), entry_amount(p));
    }
    *out = (struct income){of, of ? n : 0};
    return of != NULL;
}

u256 unpack_asset(struct untrusted income, int64_t asset)
{
    for (size_t i = 0; i + INCOME_ENTRY <= income.n; i += INCOME_ENTRY) {
        if (unpack_u32(income.p + i) == asset) {
            return entry_amount(income.p + i);
        }
    }
    return U256_ZERO;
}

bool unpack_day(struct untrusted *blob, struct day *out)
{
    if (blob->n < DAYS_HEAD) {
        return false;
    }
    size_t income = (size_t)unpack_u32(blob->p + 16) * INCOME_ENTRY;
    if (income > blob->n - DAYS_HEAD) {
        return false;
    }
    *out = (struct day){.day = unpack_u32(blob->p),
                        .payments = unpack_u32(blob->p + 4),
                        .settlements = unpack_u32(blob->p + 8),
                        .inferences = unpack_u32(blob->p + 12),
                        .income = untrusted_n(blob->p + DAYS_HEAD, income)};
    *blob = untrusted_n(blob->p + DAYS_HEAD + income, blob->n - DAYS_HEAD - income);
    return true;
}
