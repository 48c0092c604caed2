/*
 * walrus.h: what a Walrus blob is called, and why nobody can give another file that name.
 *
 * A blob ID commits to every byte of a file: the file is laid out as a matrix of
 * symbols, expanded by a Reed-Solomon code in both directions to shards x shards
 * symbols, all of them hashed into Merkle trees, one a row and one a column, and the
 * trees' roots into one more:
 *
 *     blob_id = Blake2b-256(0x01 || u64le(size) || root)
 *
 * The encoding is RS2 (type 1), the only one the network takes now. Text form:
 * base64url without padding, 43 characters, one canonical spelling.
 *
 * The hashes under the root, two a shard, are the blob's metadata: 66,044 bytes for
 * 1000 shards. Anyone may hand them over, because they prove themselves against the
 * ID; with them a file can be checked row by row (rows.h) instead of being encoded
 * whole (encode.h).
 *
 * Sources: walrus-core (config.rs, blob_encoding.rs, merkle.rs, metadata.rs), checked
 * against @mysten/walrus-wasm 0.3.0.
 */
#ifndef SOUK_WALRUS_WALRUS_H
#define SOUK_WALRUS_WALRUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

enum { WALRUS_SHARDS = 1000, WALRUS_SHARDS_MIN = 4, WALRUS_SHARDS_MAX = 1000 };
enum { BLOB_ID_TEXT = 43, BLOB_ID_BUF = BLOB_ID_TEXT + 1 };

struct blob_hash {
    uint8_t b[32];
};
typedef struct blob_hash blob_id;

bool blob_id_parse(struct untrusted text, blob_id *out); /* false: not the canonical spelling */
char *blob_id_format(const blob_id *id, char out[BLOB_ID_BUF]);
bool blob_hash_eq(const struct blob_hash *a, const struct blob_hash *b);

/* --- the matrix */
struct walrus_shape {
    unsigned shards;  /* n */
    unsigned rows;    /* P = n - 2f: rows of the file's matrix, f = (n-1)/3 */
    unsigned columns; /* S = n - f */
    uint32_t symbol;  /* bytes of a symbol: even, 2 to 65,534 */
    uint64_t size;    /* bytes of the file; behind them the matrix is zero */
};
/* SOUK_EINPUT: no such number of shards, or the file is larger than the format can hold (for 1000
 * shards 14,599,533,452 bytes). */
souk_err walrus_shape(unsigned shards, uint64_t size, struct walrus_shape *out, struct err *e);
/* Where row r of the file's matrix lies in the file; *len is 0 behind the file's end. */
void walrus_row_range(const struct walrus_shape *s, unsigned row, uint64_t *from, uint64_t *len);

/* --- metadata */
struct blob_pair {
    struct blob_hash primary;   /* root over row i of the expanded matrix */
    struct blob_hash secondary; /* root over column n-1-i */
};
struct walrus_meta {
    struct walrus_shape shape;
    blob_id id;
    struct blob_hash root;
    struct blob_pair *pair; /* shape.shards of them; owned */
};
void walrus_meta_init(struct walrus_meta *m);
void walrus_meta_release(struct walrus_meta *m);
/* From the pairs: computes root and id. shape and pair are set. */
souk_err walrus_meta_seal(struct walrus_meta *m, struct err *e);
/*
 * Reads the BCS form and proves it: the pairs must give the ID it states. SOUK_EVERIFY when they
 * do not, SOUK_EINPUT when the bytes are no metadata. *out is released by the caller, in any case.
 */
souk_err walrus_meta_parse(const uint8_t *p, size_t n, struct walrus_meta *out, struct err *e);
void walrus_meta_write(const struct walrus_meta *m, struct buf *out); /* appends the BCS form */

#endif
