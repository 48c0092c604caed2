#include <string.h>

#include "eth/contracts.h"

#include "base/banned.h"

enum { WORD = 32, TEES_MOST = 1000 };

/* A single word is the whole answer. */
static bool word(struct abi_reader *r, const uint8_t *p, size_t n)
{
    abi_reader_init(r, p, n);
    return n == WORD;
}

bool result_u256(const uint8_t *p, size_t n, u256 *out)
{
    struct abi_reader r;
    if (!word(&r, p, n))
        return false;
    *out = abi_u256(&r);
    return true;
}

bool result_bool(const uint8_t *p, size_t n, bool *out)
{
    struct abi_reader r;
    if (!word(&r, p, n))
        return false;
    bool v = abi_bool(&r);
    if (!r.bad)
        *out = v;
    return !r.bad;
}

bool result_u8(const uint8_t *p, size_t n, uint8_t *out)
{
    struct abi_reader r;
    if (!word(&r, p, n))
        return false;
    uint64_t v = abi_u64(&r);
    if (r.bad || v > UINT8_MAX)
        return false;
    *out = (uint8_t)v;
    return true;
}

bool result_address(const uint8_t *p, size_t n, address *out)
{
    struct abi_reader r;
    if (!word(&r, p, n))
        return false;
    address v = abi_address(&r);
    if (!r.bad)
        *out = v;
    return !r.bad;
}

bool result_bytes32(const uint8_t *p, size_t n, bytes32 *out)
{
    struct abi_reader r;
    if (!word(&r, p, n))
        return false;
    *out = abi_bytes32(&r);
    return true;
}

bool result_string(const uint8_t *p, size_t n, struct untrusted *out)
{
    struct abi_reader r;
    abi_reader_init(&r, p, n);
    struct untrusted v = abi_bytes(&r);
    if (!r.bad)
        *out = v;
    return !r.bad;
}

/* A dynamic array of dynamic tuples: how many, and a reader over their offsets, which count from
 * behind the length. */
static struct abi_reader open_array(const uint8_t *p, size_t n, uint64_t *count)
{
    struct abi_reader r;
    abi_reader_init(&r, p, n);
    struct abi_reader items = abi_tuple(&r);
    *count = abi_u64(&items);
    items.base = items.at;
    items.bad |= *count > (uint64_t)(items.end - items.at) / WORD;
    return items;
}

bool result_aggregate3(const uint8_t *p, size_t n, struct call3_result *out, size_t want)
{
    uint64_t count;
    struct abi_reader items = open_array(p, n, &count);
    bool good = !items.bad && count == want;
    for (size_t i = 0; good && i < want; i++) {
        struct abi_reader t = abi_tuple(&items);
        out[i].ok = abi_bool(&t);
        out[i].data = abi_bytes(&t);
        good = !t.bad;
    }
    return good;
}

static bool read_tee(struct abi_reader t, struct tee *out)
{
    out->owner = abi_address(&t);
    out->payment = abi_address(&t);
    out->endpoint = abi_bytes(&t);
    out->public_key = abi_bytes(&t);
    out->certificate = abi_bytes(&t);
    out->pcr = abi_bytes32(&t);
    uint64_t type = abi_u64(&t);
    out->type = (uint8_t)type;
    out->enabled = abi_bool(&t);
    out->registered = abi_u64(&t);
    out->heartbeat = abi_u64(&t);
    return !t.bad && type <= UINT8_MAX;
}

bool result_tees(const uint8_t *p, size_t n, struct arena *a, struct tee **out, size_t *count)
{
    uint64_t m;
    struct abi_reader items = open_array(p, n, &m);
    *out = NULL;
    *count = 0;
    if (items.bad || m > TEES_MOST)
        return false;
    struct tee *tees = m > 0 ? arena_alloc(a, (size_t)m * sizeof *tees) : NULL;
    bool good = tees || m == 0;
    for (size_t i = 0; good && i < m; i++)
        good = read_tee(abi_tuple(&items), &tees[i]);
    if (good) {
        *out = tees;
        *count = (size_t)m;
    }
    return good;
}
