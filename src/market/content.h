/*
 * content.h: what a file here is called, and whether it is what a blob ID names; for commands.
 *
 * Both block for as long as the file takes (walrus/encode.h, walrus/rows.h) and work on as many
 * threads as asked; a cancel flag stops them soon. Errors name the file.
 */
#ifndef SOUK_MARKET_CONTENT_H
#define SOUK_MARKET_CONTENT_H

#include <stdatomic.h>

#include "market/library.h"

struct content_work {
    unsigned shards;  /* 0: the network's 1000 */
    unsigned threads; /* 0: all cores */
    atomic_bool *cancel;
    void (*progress)(void *ud, uint64_t done, uint64_t total); /* from any thread; may be NULL */
    void *ud;
};

struct content_name {
    char id[BLOB_ID_BUF];
    char root[2 * 32 + 1]; /* hex */
    struct walrus_shape shape;
};
/* metadata, when not NULL: where the blob's hashes are written, for content_verify later. */
souk_err content_name(const char *path, const char *metadata, const struct content_work *w,
                      struct content_name *out, struct err *e);

struct content_proof {
    enum verified how;    /* NO: it is another file, and *e says so */
    char is[BLOB_ID_BUF]; /* what the file's own ID is; "" when that was not computed */
    uint64_t size;
};
/*
 * With metadata (a file of content_name's; it proves itself first) row by row, unless strict; else
 * by encoding the whole. SOUK_EVERIFY: it is another file. SOUK_EINPUT: id is no blob ID (an IPFS
 * id is told apart), or the metadata is of another blob.
 */
souk_err content_verify(const char *path, const char *id, const char *metadata, bool strict,
                        const struct content_work *w, struct content_proof *out, struct err *e);

#endif
