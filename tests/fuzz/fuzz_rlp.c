/*
 * RLP from outside. What is found well-formed reads to the end, stays within its bytes, and is
 * written back as the very same bytes; a prefix of it, or with more behind it, is not well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/rlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void write_back(const struct rlp_item *i, struct buf *out)
{
    struct rlp_out to = {.buf = out};
    if (!i->list) {
        rlp_bytes(&to, i->p, i->n);
        return;
    }
    struct rlp_reader r = {i->p, i->p + i->n};
    struct rlp_item part;
    bool bad = false;
    rlp_list(&to, i->n);
    while (rlp_next(&r, &part, &bad)) {
        check(part.p >= i->p && part.n <= i->n && part.p + part.n <= i->p + i->n);
        write_back(&part, out);
    }
    check(!bad && r.at == r.end);
}

static void numbers(const struct rlp_item *i)
{
    u256 v;
    uint64_t small;
    struct buf b;
    if (!rlp_get_u256(i, &v)) {
        check(!rlp_get_u64(i, &small));
        return;
    }
    check(rlp_get_u64(i, &small) == u256_fits_u64(v, &small));
    buf_init(&b, 64);
    rlp_u256(&(struct rlp_out){.buf = &b}, v);
    struct rlp_item again;
    check(rlp_whole((const uint8_t *)b.p, b.len, &again));
    check(again.n == i->n && memcmp(again.p, i->p, i->n) == 0);
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rlp_item item, one;
    const char *fault = rlp_fault(data, n, RLP_DEPTH);
    for (unsigned depth = 0; depth < RLP_DEPTH; depth++)
        check(!fault || rlp_fault(data, n, depth)); /* what is wrong stays wrong at less depth */

    struct rlp_reader r = {data, data + n};
    bool bad = false;
    while (rlp_next(&r, &one, &bad)) /* whatever it is, the reader stays inside */
        check(one.p >= data && one.n <= n && one.p + one.n <= data + n);
    if (fault)
        return 0;
    check(rlp_whole(data, n, &item));
    numbers(&item);
    struct buf out;
    buf_init(&out, n);
    write_back(&item, &out);
    check(buf_check(&out, "", NULL) == SOUK_OK && out.len == n && memcmp(out.p, data, n) == 0);
    buf_release(&out);
    check(rlp_fault(data, n - 1, RLP_DEPTH) != NULL);
    return 0;
}
