/*
 * get.h: a model's file from the aggregators to this disk, proved on the way.
 *
 * Explicit ranges, one server at a time; a server that fails, stalls, lies or does not have it is
 * left for the next, and what came so far is kept. When a storage node hands out the blob's
 * metadata (which proves itself) every row is checked as it arrives, and only a bad row is
 * asked for again, from another server. Without, the whole is encoded at the end and
 * compared with the ID: a bad file is thrown away. Either way no byte gets its final
 * name before it is proved; a cut at any moment is resumed by the next get.
 *
 * Which file a model is: MODEL is its own word (a listing, the Hub's files call, its description);
 * MODEL@VERSION one of the versions the Hub tells; a blob ID is itself. Where the Hub does not say,
 * the user gives the ID (`--blob-id`), which is then noted for the model in the library.
 */
#ifndef SOUK_MARKET_GET_H
#define SOUK_MARKET_GET_H

#include "market/library.h"
#include "market/market.h"

struct get_target {
    blob_id id;
    bool has_id;   /* false: nobody says which file it is */
    bool legacy;   /* an IPFS id: it cannot be verified, nor got here */
    int64_t model; /* 0: only an ID is known */
    char author[256], name[512], version[64], file[256]; /* outside text; "" unknown */
    int64_t size;                                        /* as stated; -1 unknown */
    enum blob_source from;
    bool here; /* in the library already */
};
/*
 * what: author/name[@version], a unique name, a blob ID, a listing id. file: which of the version's
 * files; NULL: the only one, or the only .onnx. SOUK_ENOTFOUND; SOUK_EINPUT with the choices.
 * Reads the cache alone: with files_first, asks the Hub for what the cache does not know, by the
 * loop (commands).
 */
souk_err get_find(struct market *m, const char *what, const char *file, bool files_first,
                  struct get_target *out, struct err *e);
/* Of a model of the catalogue; version NULL: its own word. On LANE_QUERY with its reader. */
souk_err get_of_model(struct store *s, int64_t model, const char *version, const char *file,
                      struct get_target *out, struct err *e);

enum get_step { GET_ASKING, GET_COMING, GET_CHECKING };
struct get_progress {
    enum get_step step;
    uint64_t done, total; /* bytes; total 0: not known yet */
    uint64_t rate;        /* bytes a second, lately */
    int64_t left;         /* seconds; -1 unknown */
    bool by_rows;         /* proved as it comes */
    unsigned refetched;   /* rows that were bad and asked for again */
    char host[104];       /* who gives it now */
    char words[160];      /* "the aggregator is silent; 12 s": ours, "" nothing to say */
};

enum stored_for { STORED_UNKNOWN, STORED_UNTIL, STORED_WHILE_KEPT /* deletable */, STORED_NO_MORE };
struct stored {
    enum stored_for is;
    uint64_t end_epoch, epoch; /* exclusive; now */
    int64_t end;               /* about when, unix seconds; 0 unknown */
    char node[104];            /* who reported it */
};

struct get;
struct get_events {
    void (*progress)(void *ud, const struct get_progress *p); /* ten times a second at most */
    /* Ends it; g is gone when it returns. SOUK_ENOTFOUND: no longer stored, or never was (said by
     * servers that answered); SOUK_ENET: nobody could be reached; SOUK_EVERIFY: what came was not
     * it, from anyone; SOUK_ELIMIT: the disk budget; SOUK_ECANCEL: what came is kept. */
    void (*done)(void *ud, const struct library_row *row, const struct stored *s,
                 const struct err *e);
};
struct get_options {
    unsigned threads; /* for the proof; 0: all cores */
    bool strict;      /* encode the whole even when rows were checked */
    uint64_t piece;   /* bytes of one range; 0: 16 MiB */
    uint64_t by_rows; /* files from this size on are proved row by row; 0: 16 MiB */
    int stall_ms;     /* 0: 30 s of silence; the first byte of a big blob may take minutes: 120 s */
};
struct get *get_start(struct market *m, const struct get_target *t, const struct get_options *o,
                      const struct get_events *ev, void *ud, struct err *e);
void get_cancel(struct get *g); /* done comes, later */
/* No event comes any more; it is cancelled and frees itself. */
void get_drop(struct get *g);

/* Until when it is stored, asked of the profile's storage nodes (`walrus_nodes`); STORED_UNKNOWN
 * when there are none. done comes once. */
struct stored_ask;
struct stored_ask *stored_ask(struct market *m, const blob_id *id,
                              void (*done)(void *ud, const struct stored *s, const struct err *e),
                              void *ud, struct err *e);
void stored_ask_drop(struct stored_ask *a);
void stored_words(const struct stored *s,
                  struct buf *out); /* "stored until epoch 61 (~ Jan 2028), reported by …" */

#endif
