/*
 * library.h: the model files on this disk, each under the name of its content.
 *
 *     DATA/models/BLOB_ID/content    the file, verified before it got this name
 *                         about.json what it is: model, version, file name, when, from where, how
 *                                    it was verified
 *                         metadata   the blob's metadata (walrus.h): makes a later check cheap
 *     DATA/models/BLOB_ID.part/      one that is still coming (get.h); claimed by a lock
 *
 * One library for all networks: a blob ID is the same everywhere. Files are read-only. Several
 * souks may use it at once. The disk budget (configuration: library_budget, default 20 GiB)
 * bounds what `get` adds; nothing is ever thrown away unasked.
 *
 * All calls block for what the disk takes: use LANE_CONTENT, or a command.
 */
#ifndef SOUK_MARKET_LIBRARY_H
#define SOUK_MARKET_LIBRARY_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/paths.h"
#include "base/text.h"
#include "walrus/walrus.h"

enum verified { VERIFIED_NO, VERIFIED_ROWS, VERIFIED_STRICT };
const char *verified_name(enum verified v); /* "verified", "verified, strict", "not verified" */

struct library_about {
    struct untrusted author, model, version, file; /* empty: not known */
    struct untrusted source;                       /* host it came from; "" from a file here */
    int64_t got;                                   /* unix seconds */
    enum verified verified;
};
struct library_row {
    char id[BLOB_ID_BUF];
    uint64_t size;
    struct library_about about;
    int64_t used; /* last run or read by souk; 0 never */
    bool partial; /* still coming, or left in the middle: size is what is there */
};
struct library_list {
    struct library_row *row; /* newest first */
    size_t n;
    uint64_t bytes, budget; /* of all, partial ones too */
    struct arena arena;
};
souk_err library_load(uint64_t budget, struct library_list **out, struct err *e);
void library_free(struct library_list *l);

/* Is it here, whole? SOUK_ENOTFOUND. path may be NULL. Cheap. */
souk_err library_find(const blob_id *id, char path[PATH_BUF], struct err *e);
/* Its row, strings in the arena. SOUK_ENOTFOUND. */
souk_err library_about(const blob_id *id, struct arena *a, struct library_row *out, struct err *e);
/* Opens the content for reading and notes that it was used (the time of its about.json). */
souk_err library_open(const blob_id *id, int *fd, struct err *e);
/* Its metadata; SOUK_ENOTFOUND. */
souk_err library_metadata(const blob_id *id, struct walrus_meta *out, struct err *e);

/* Which of them somebody means: a blob ID, author/name[@version] or a name that one model alone has
 * here; SOUK_ENOTFOUND, SOUK_EINPUT with the choices. What is still coming counts. */
souk_err library_named(const char *what, blob_id *id, struct err *e);

/* Takes it away, a partial one as well. SOUK_ENOTFOUND. */
souk_err library_remove(const blob_id *id, struct err *e);
/* SOUK_ELIMIT, in words that say what to do, when so many more bytes go over the budget. */
souk_err library_room(uint64_t budget, uint64_t more, struct err *e);

/* What is known of one that is here: what about leaves empty stays as it was, and verified only
 * rises. SOUK_ENOTFOUND. */
souk_err library_describe(const blob_id *id, const struct library_about *about, struct err *e);

/*
 * A file of this machine, copied in (by reference where the file system can). meta: as encode.h
 * made it of this very descriptor; the copy is checked against it.
 */
souk_err library_add(int fd, const struct walrus_meta *meta, const struct library_about *about,
                     struct err *e);

/* --- one that is coming; used by get. */
struct library_part;
/* Claims it: SOUK_EFAIL "another souk is getting it". What was there is kept. */
souk_err library_part_open(const blob_id *id, struct library_part **out, struct err *e);
int library_part_fd(const struct library_part *p);
/* What was noted when it was left: an opaque text of get's; "" at first. */
souk_err library_part_note(struct library_part *p, struct buf *out, struct err *e);
souk_err library_part_keep(struct library_part *p, struct untrusted note, struct err *e);
/* Whole and verified: gives it its final name. p is gone. */
souk_err library_part_finish(struct library_part *p, const struct walrus_meta *meta,
                             const struct library_about *about, struct err *e);
void library_part_close(struct library_part *p, bool discard); /* NULL is a no-op */
/* What a system call on one that just failed means (errno): a full disk in words that say so. */
souk_err library_failed(const char *what, struct err *e);

/* Compares a library entry with its ID again, by rows where it has metadata. SOUK_EVERIFY: it is
 * another file now; it stays where it is. */
struct library_check_options {
    bool strict;      /* encode the whole, whatever there is */
    unsigned threads; /* 0: all cores */
    atomic_bool *cancel;
    void (*progress)(void *ud, uint64_t done, uint64_t total); /* from any thread */
    void *ud;
};
souk_err library_check(const blob_id *id, const struct library_check_options *o, enum verified *how,
                       struct err *e);

#endif
