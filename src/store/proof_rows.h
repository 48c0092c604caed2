/*
 * proof_rows.h: raw chain rows as what they say, without ids: for digests, and for holding them
 * against the chain.
 *
 * A row belongs to the log filter that read it first (source.filter).
 */
#ifndef SOUK_STORE_PROOF_ROWS_H
#define SOUK_STORE_PROOF_ROWS_H

#include "store/derived.h"

enum proof_kind { PROOF_PAY = 1, PROOF_FLOW = 2, PROOF_INFER = 3, PROOF_LISTING = 4 };
struct proof_row {
    enum proof_kind kind;
    uint64_t block, log;
    bytes32 tx;
    int scheme, tier;        /* of a payment; scheme: of a flow its kind */
    address from, to, asset; /* payer and payee of a payment; owner and payTo of a listing */
    u256 amount;             /* of a listing its price */
    struct untrusted cid;    /* of an inference */
    bool listed;             /* of a listing; when false only from and lid say something */
    bytes32 lid;
    struct untrusted author, name, blob_id, endpoint; /* of a listing */
    int64_t time, src;
};
/*
 * The rows of a chain's filter in blocks first to last, in the order of the chain. filter NULL: of
 * all of them.
 */
souk_err store_each_proof_row(struct store *s, int64_t chain, const char *filter, uint64_t first,
                              uint64_t last, ROW_FN(proof_row), void *ud, struct err *e);
/* How many of them there are in all blocks; counting stops at `most`. */
souk_err store_count_rows(struct store *s, int64_t chain, const char *filter, uint64_t most,
                          uint64_t *n, struct err *e);
/* The first block from `from` on with a row of the chain; false: there is none. */
bool store_next_row_block(struct store *s, int64_t chain, uint64_t from, uint64_t *block);

/*
 * Hashes of blocks that were read up to, for telling whether a header is the chain's: the newest of
 * each ANCHOR_BLOCKS blocks, for ever. store_cursor_set puts them, store_unwind takes them back.
 */
enum { ANCHOR_BLOCKS = 256 };
souk_err store_anchor_put(struct store *s, int64_t chain, const struct cursor *c, struct err *e);
/* The first one from `block` on; false: there is none. Its time is 0. */
bool store_anchor_after(struct store *s, int64_t chain, uint64_t block, struct cursor *out);

#endif
