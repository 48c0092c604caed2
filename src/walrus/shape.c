#include "walrus/walrus.h"

#include "base/banned.h"

/* Its length travels as 16 bits, and the code's elements are two bytes each. */
enum { SYMBOL_MAX = 65534 };

souk_err walrus_shape(unsigned shards, uint64_t size, struct walrus_shape *out, struct err *e)
{
    if (shards < WALRUS_SHARDS_MIN || shards > WALRUS_SHARDS_MAX)
        return err_set(e, SOUK_EINPUT, "a Walrus blob has %d to %d shards, not %u",
                       WALRUS_SHARDS_MIN, WALRUS_SHARDS_MAX, shards);
    unsigned faulty = (shards - 1) / 3;
    struct walrus_shape s = {
        .shards = shards, .rows = shards - 2 * faulty, .columns = shards - faulty, .size = size};
    uint64_t symbols = (uint64_t)s.rows * s.columns;
    if (size > symbols * SYMBOL_MAX)
        return err_set(e, SOUK_EINPUT,
                       "a file of %llu bytes is too large for a Walrus blob of %u shards: "
                       "%llu bytes at most",
                       (unsigned long long)size, shards,
                       (unsigned long long)(symbols * SYMBOL_MAX));
    uint64_t symbol = size ? (size - 1) / symbols + 1 : 1;
    s.symbol = (uint32_t)(symbol + symbol % 2);
    *out = s;
    return SOUK_OK;
}

void walrus_row_range(const struct walrus_shape *s, unsigned row, uint64_t *from, uint64_t *len)
{
    uint64_t whole = (uint64_t)s->columns * s->symbol;
    uint64_t start = row * whole;
    *from = start < s->size ? start : s->size;
    *len = s->size - *from < whole ? s->size - *from : whole;
}
