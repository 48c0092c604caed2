#include <string.h>

#include "eth/eth.h"

#include "base/banned.h"

enum { WORD = 32 };

void abi_reader_init(struct abi_reader *r, const uint8_t *p, size_t n)
{
    *r = (struct abi_reader){.base = p, .end = p + n, .at = p};
}

/* The next head word, or NULL once anything was wrong. */
static const uint8_t *next_word(struct abi_reader *r)
{
    if (r->bad || r->end - r->at < WORD) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *w = r->at;
    r->at += WORD;
    return w;
}

u256 abi_u256(struct abi_reader *r)
{
    const uint8_t *w = next_word(r);
    return w ? u256_from_be(w) : U256_ZERO;
}

uint64_t abi_u64(struct abi_reader *r)
{
    uint64_t v = 0;
    if (!u256_fits_u64(abi_u256(r), &v))
        r->bad = true;
    return v;
}

bool abi_bool(struct abi_reader *r)
{
    uint64_t v = abi_u64(r);
    r->bad |= v > 1;
    return v == 1;
}

/* An address is the low 20 bytes of a word whose other bytes must be zero. */
address abi_address(struct abi_reader *r)
{
    static const uint8_t zeros[12];
    const uint8_t *w = next_word(r);
    address a = {{0}};
    if (!w)
        return a;
    if (memcmp(w, zeros, sizeof zeros) != 0)
        r->bad = true;
    else
        memcpy(a.b, w + sizeof zeros, sizeof a.b);
    return a;
}

bytes32 abi_bytes32(struct abi_reader *r)
{
    const uint8_t *w = next_word(r);
    bytes32 v = {{0}};
    if (w)
        memcpy(v.b, w, sizeof v.b);
    return v;
}

struct abi_reader abi_tuple(struct abi_reader *r)
{
    struct abi_reader t = *r;
    uint64_t offset = abi_u64(r);
    if (!r->bad && offset > (uint64_t)(r->end - r->base))
        r->bad = true;
    t.bad = r->bad;
    if (!t.bad)
        t.base = t.at = r->base + offset;
    return t;
}

struct untrusted abi_bytes(struct abi_reader *r)
{
    struct abi_reader t = abi_tuple(r);
    uint64_t len = abi_u64(&t);
    if (t.bad || len > (uint64_t)(t.end - t.at)) {
        r->bad = true;
        return (struct untrusted){NULL, 0};
    }
    return (struct untrusted){(const char *)t.at, (size_t)len};
}
