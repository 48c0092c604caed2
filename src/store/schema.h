/*
 * schema.h: a file's tables, as numbered migrations; the cache's are here.
 *
 * A file carries its version in PRAGMA user_version. Opening an older
 * one runs the migrations after it, each in a transaction of its own; a newer
 * one is refused with a kind word (it was written by a newer souk). Never
 * edit a migration that has shipped: add one.
 *
 * Conventions: authors, addresses and CIDs are interned (author, addr, cid); an
 * `asset`, `payer`, `pay_to` or `owner` is an addr.id; prices are 32 bytes
 * big-endian, amounts of chain rows the same without their leading zeros; times
 * are unix seconds; `src` names the row
 * of `source` that says where a row came from: which server or node, which
 * page or block range, ending in which block hash, when.
 *
 * Raw rows (model, listing_event, offer, pay, infer) are what sources said.
 * Derived rows (the derived columns of model; stat, spark, days, ...) are
 * computed from raw rows by market/derive and may be thrown away at any time.
 */
#ifndef SOUK_STORE_SCHEMA_H
#define SOUK_STORE_SCHEMA_H

#include <stdbool.h>

#include "base/err.h"

struct sqlite3;

struct migration {
    int version;
    const char *const *sql; /* statements, in as many strings as it takes, ended by NULL */
};

/* What kind of file it is: the cache, or one that cannot be fetched again (purchases.c). */
struct schema {
    const struct migration *migrations; /* ascending, ended by version 0 */
    int application;                    /* PRAGMA application_id */
    const char *what;                   /* "cache": as messages call it */
    const char *remedy;                 /* when it is damaged: "delete it, …" */
    bool precious;                      /* a commit is on disk when it returns */
    bool fleeting;                      /* nobody waits for the disk: lost with the power */
};

extern const struct migration schema_migrations[]; /* the cache's */
extern const struct schema schema_cache;

/* The newest version of a chain of migrations. */
int schema_newest(const struct migration *m);

/*
 * Brings db to the newest version of the chain. SOUK_EINPUT when the file is
 * newer than the chain, or is a database of another kind; nothing is changed then.
 * path is for the message. Tests hand in chains of their own.
 */
souk_err schema_migrate(struct sqlite3 *db, const struct schema *s, const char *path,
                        struct err *e);
/* The version of the file, checked as above; -1 and *e when it must be refused. */
int schema_check(struct sqlite3 *db, const struct schema *s, const char *path, struct err *e);

#endif
