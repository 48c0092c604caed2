#include "eth/rlp.h"

#include <string.h>

#include "base/banned.h"

/*
 * The first byte of an item: below 80 it is the item itself; 80 + n and c0 + n are heads of strings
 * and lists of up to 55 bytes; b7 + k and f7 + k are followed by k bytes of length.
 */
enum { STRING = 0x80, LIST = 0xc0, SHORT_MOST = 55 };

/* --- writing */

void rlp_raw(struct rlp_out *o, const void *p, size_t n)
{
    if (o->hash)
        keccak_add(o->hash, p, n);
    if (o->buf)
        buf_add(o->buf, p, n);
    if (o->place && n > 0)
        memcpy(o->place + o->n, p, n);
    o->n += n;
}

static void put_head(struct rlp_out *o, unsigned kind, size_t n)
{
    uint8_t head[9];
    size_t used = 0;
    if (n <= SHORT_MOST) {
        head[used++] = (uint8_t)(kind + n);
    } else {
        unsigned k = 1;
        while (k < 8 && (uint64_t)n >> (8 * k))
            k++;
        head[used++] = (uint8_t)(kind + SHORT_MOST + k);
        while (k > 0)
            head[used++] = (uint8_t)((uint64_t)n >> (8 * --k));
    }
    rlp_raw(o, head, used);
}

void rlp_bytes(struct rlp_out *o, const void *p, size_t n)
{
    if (n != 1 || *(const uint8_t *)p >= STRING)
        put_head(o, STRING, n);
    rlp_raw(o, p, n);
}

void rlp_u256(struct rlp_out *o, u256 v)
{
    uint8_t be[32];
    size_t zeros = 0;
    u256_to_be(v, be);
    while (zeros < sizeof be && be[zeros] == 0)
        zeros++;
    rlp_bytes(o, be + zeros, sizeof be - zeros);
}

void rlp_u64(struct rlp_out *o, uint64_t v)
{
    rlp_u256(o, u256_from_u64(v));
}

void rlp_list(struct rlp_out *o, size_t payload)
{
    put_head(o, LIST, payload);
}

/* --- reading */

static const char CUT[] = "ends too early";

/* Takes one item off r; NULL, or what is wrong. */
static const char *take(struct rlp_reader *r, struct rlp_item *out)
{
    if (r->at == r->end)
        return "is empty";
    uint8_t first = *r->at;
    if (first < STRING) {
        *out = (struct rlp_item){false, r->at++, 1};
        return NULL;
    }
    bool list = first >= LIST;
    unsigned n = (unsigned)first - (list ? LIST : STRING);
    const uint8_t *p = r->at + 1;
    size_t left = (size_t)(r->end - p);
    uint64_t len = n;
    if (n > SHORT_MOST) {
        unsigned k = n - SHORT_MOST;
        if (k > left)
            return CUT;
        if (p[0] == 0)
            return "has a length with a leading zero";
        for (len = 0; k > 0; k--, p++, left--)
            len = len << 8 | *p;
        if (len <= SHORT_MOST)
            return "writes a short length in the long form";
    }
    if (len > left)
        return CUT;
    if (!list && len == 1 && *p < STRING)
        return "writes a small byte in the long form";
    *out = (struct rlp_item){list, p, (size_t)len};
    r->at = p + len;
    return NULL;
}

bool rlp_whole(const uint8_t *p, size_t n, struct rlp_item *out)
{
    struct rlp_reader r = {p, p + n};
    return !take(&r, out) && r.at == r.end;
}

bool rlp_next(struct rlp_reader *r, struct rlp_item *out, bool *bad)
{
    if (*bad || r->at == r->end)
        return false;
    *bad = take(r, out) != NULL;
    return !*bad;
}

bool rlp_get_u256(const struct rlp_item *i, u256 *out)
{
    uint8_t be[32] = {0};
    if (i->list || i->n > sizeof be || (i->n > 0 && i->p[0] == 0))
        return false;
    memcpy(be + sizeof be - i->n, i->p, i->n);
    *out = u256_from_be(be);
    return true;
}

bool rlp_get_u64(const struct rlp_item *i, uint64_t *out)
{
    u256 v;
    return rlp_get_u256(i, &v) && u256_fits_u64(v, out);
}

const char *rlp_fault(const uint8_t *p, size_t n, unsigned depth)
{
    struct rlp_reader level[RLP_DEPTH + 1]; /* of the lists open now; the first is all there is */
    unsigned open = 0;
    struct rlp_item item;
    if (depth > RLP_DEPTH)
        BUG("RLP of depth %u", depth);
    level[0] = (struct rlp_reader){p, p + n};
    do {
        const char *why = take(&level[open], &item);
        if (why)
            return why;
        if (open == 0 && level[0].at != level[0].end)
            return "goes on behind its end";
        if (item.list && item.n > 0) {
            if (open == depth)
                return "nests too deeply";
            level[++open] = (struct rlp_reader){item.p, item.p + item.n};
        }
        while (open > 0 && level[open].at == level[open].end)
            open--;
    } while (open > 0);
    return NULL;
}
