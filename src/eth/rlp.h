/*
 * rlp.h: Ethereum's recursive length prefix, strict and without recursion.
 *
 * What is written goes into a buffer, a place with room enough, a hash, or
 * only a count, so that a digest needs no memory and cannot fail. A list's head wants the size of
 * its payload: write that to a counting rlp_out first. Reading walks one level at a time within
 * given bytes and refuses everything non-minimal, cut or trailing. Source: Yellow Paper, appendix
 * B.
 */
#ifndef SOUK_ETH_RLP_H
#define SOUK_ETH_RLP_H

#include "base/buf.h"
#include "eth/eth.h"

struct rlp_out {
    size_t n; /* bytes written */
    struct keccak *hash;
    struct buf *buf; /* failure: buf_check */
    uint8_t *place;  /* with room for all of it: counted before */
};                   /* zeroed: counts */
void rlp_raw(struct rlp_out *o, const void *p, size_t n); /* as it is: RLP already, a type byte */
void rlp_bytes(struct rlp_out *o, const void *p, size_t n);
void rlp_u64(struct rlp_out *o, uint64_t v);
void rlp_u256(struct rlp_out *o, u256 v);
void rlp_list(struct rlp_out *o, size_t payload); /* the head; the payload follows */

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
/* Numbers have no leading zeros; zero is empty. */
bool rlp_get_u64(const struct rlp_item *i, uint64_t *out);
bool rlp_get_u256(const struct rlp_item *i, u256 *out);

enum { RLP_DEPTH = 16 };
/* NULL for one whole item, well-formed all the way down, with lists in lists at most `depth` (up to
 * RLP_DEPTH) deep; else what is wrong with it, in words that continue "the data ". */
const char *rlp_fault(const uint8_t *p, size_t n, unsigned depth);

#endif
