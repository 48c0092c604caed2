/*
 * rlp.h: Ethereum's recursive length prefix, strict and without recursion.
 *
 * Writing appends to a buf (failure: buf_check). A list is written as its
 * payload first, in a buffer of its own. Reading walks one level at a time
 * within given bytes and refuses everything non-minimal, cut or trailing.
 * Source: Yellow Paper, appendix B.
 */
#ifndef SOUK_ETH_RLP_H
#define SOUK_ETH_RLP_H

#include "base/buf.h"
#include "eth/eth.h"

void rlp_bytes(struct buf *out, const void *p, size_t n);
void rlp_u64(struct buf *out, uint64_t v);
void rlp_u256(struct buf *out, u256 v);
void rlp_list(struct buf *out, const struct buf *payload);

struct rlp_item {
    bool list;
    const uint8_t *p; /* payload, in the bytes read from */
    size_t n;
};
struct rlp_reader {
    const uint8_t *at, *end;
};
/* One whole item and nothing behind it. */
bool rlp_whole(const uint8_t *p, size_t n, struct rlp_item *out);
/* The items of a list's payload, in turn; false at the end and when *bad was set. */
bool rlp_next(struct rlp_reader *r, struct rlp_item *out, bool *bad);
bool rlp_get_u64(const struct rlp_item *i, uint64_t *out);
bool rlp_get_u256(const struct rlp_item *i, u256 *out);
/* Well-formed all the way down, at most `depth` levels. */
bool rlp_valid(const uint8_t *p, size_t n, unsigned depth);

#endif
