/*
 * internal.h: the folders and small files that the library is made of. Inside the library only.
 *
 *   place.c   DATA/models and the folders in it: opening, reading, writing, taking away
 *   about.c   about.json, read as if a stranger had written it
 *   list.c    what is here, and which of it somebody means
 *   part.c    one that is still coming, until it gets its final name
 *   keep.c    what is done with one that is here: used, checked, described, removed, added
 *
 * Everything below DATA/models is opened by *at() and never through a symbolic link: whoever can
 * write there cannot lead souk elsewhere.
 */
#ifndef SOUK_MARKET_LIBRARY_INTERNAL_H
#define SOUK_MARKET_LIBRARY_INTERNAL_H

#include <sys/stat.h>

#include "market/library.h"

#define CONTENT  "content"
#define ABOUT    "about.json"
#define METADATA "metadata"
#define NOTE     "note"
#define PART     ".part"

enum { ENTRY_NAME = BLOB_ID_TEXT + sizeof PART, ABOUT_MAX = 16 << 10, NOTE_MAX = 16 << 10 };
enum { METADATA_MAX = 128 << 10 };

/* --- place.c. Descriptors are the caller's to close. */
souk_err models_open(int *dir, struct err *e);
char *entry_name(const blob_id *id, bool part, char out[ENTRY_NAME]);
/* SOUK_ENOTFOUND when there is none. */
souk_err entry_open(int models, const char *name, int *dir, struct err *e);
/* The content, when it is a plain file. SOUK_ENOTFOUND. */
souk_err entry_content(int dir, struct stat *out, struct err *e);
/* Opens the folder and its content's size in one go. */
souk_err entry_of(const blob_id *id, int *dir, struct stat *out, struct err *e);
/* Takes a folder away with all that is in it, the content first: what is left has no name then. */
souk_err entry_clear(int models, const char *name, struct err *e);
/* SOUK_ENOTFOUND; SOUK_EINPUT when it is larger than out's cap. */
souk_err leaf_read(int dir, const char *leaf, struct buf *out, struct err *e);
/* Whole or not at all, and on the disk when it returns. */
souk_err leaf_write(int dir, const char *leaf, const void *p, size_t n, struct err *e);

/* --- about.c */
souk_err about_read(int dir, struct arena *a, struct library_about *out, struct err *e);
souk_err about_write(int dir, const struct library_about *about, struct err *e);
int64_t about_used(int dir);
void about_use(int dir, int64_t when); /* 0: never */

/* --- part.c */
/* Claims the folder of one that is coming, for whoever takes it away. */
souk_err part_claim(int models, const char *name, int *dir, struct err *e);

#endif
