#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/query.h"
#include "store/schema.h"

#include "base/banned.h"

enum {
    STATEMENTS = 512, /* power of two, far more than this folder has */
    BUSY_MS = 5000,
    /* Pages of write-ahead log before SQLite folds it back: large, because a first sync writes
       much; store_checkpoint folds it when the sync is through. */
    WAL_PAGES = 16384,
    ADDR_MEMO = 1 << 14,
};

struct statement {
    const char *sql;
    sqlite3_stmt *st;
    bool open;
};

struct store {
    sqlite3 *db;
    const struct schema *kind;
    enum store_mode mode;
    char *path;
    int version;
    bool touched, text_touched; /* in the transaction under way */
    unsigned snapshots;         /* nested */
    bool snapshot;              /* the outermost began a transaction */
    struct statement statement[STATEMENTS];
    size_t statements;
    struct addr_memo *addr; /* ADDR_MEMO of them, or NULL */
    struct rollup *rollup;
    void *attachment;
    void (*attachment_free)(void *p);
};

/* --- errors */

souk_err query_failed(sqlite3 *db, const struct schema *kind, const char *path, struct err *e)
{
    int code = sqlite3_errcode(db) & 0xff;
    const char *why = sqlite3_errmsg(db);
    switch (code) {
    case SQLITE_NOMEM:
        return err_nomem(e);
    case SQLITE_INTERRUPT:
        return err_set(e, SOUK_ECANCEL, "stopped");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, SOUK_EFAIL,
                       "the %s %s is in use by another souk: wait for it, or stop it", kind->what,
                       path);
    case SQLITE_FULL:
        return err_set(e, SOUK_EFAIL,
                       "no space left for the %s %s: free some; what was saved is safe", kind->what,
                       path);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return err_set(e, SOUK_EINPUT, "the %s %s is damaged (%s): %s", kind->what, path, why,
                       kind->remedy);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(e, SOUK_EFAIL, "the %s %s cannot be written (%s): check its permissions",
                       kind->what, path, why);
    case SQLITE_CANTOPEN:
        return err_set(e, SOUK_EFAIL,
                       "the %s %s cannot be opened: check that it and its directory are yours",
                       kind->what, path);
    case SQLITE_IOERR:
        return err_set(e, SOUK_EFAIL,
                       "the disk failed the %s %s (%s, %s): what was saved before is kept",
                       kind->what, path, why, strerror(sqlite3_system_errno(db)));
    case SQLITE_TOOBIG:
        return err_set(e, SOUK_EINPUT, "a value is too large for the %s %s", kind->what, path);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
    default:
        return err_set(e, SOUK_EINPUT, "the %s %s is not as souk made it (%s): %s", kind->what,
                       path, why, kind->remedy);
    }
}

static souk_err fail(struct store *s, struct err *e)
{
    return query_failed(s->db, s->kind, s->path, e);
}

/* --- opening */

static souk_err execute(struct store *s, const char *sql, struct err *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? SOUK_OK : fail(s, e);
}

static souk_err configure(struct store *s, struct err *e)
{
    char sql[256];
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_extended_result_codes(s->db, 1);
    /* The file may have been tampered with: no functions or tables run from its schema. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (s->mode == STORE_READ) {
        return execute(s, "PRAGMA query_only=ON; PRAGMA cache_size=-8192", e);
    }
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA wal_autocheckpoint=%d;"
             "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;"
             "PRAGMA journal_size_limit=%d",
             s->kind->precious   ? "FULL"
             : s->kind->fleeting ? "OFF"
                                 : "NORMAL",
             WAL_PAGES, 4 << 20);
    return execute(s, sql, e);
}

/* Nobody asks SQLite how much memory it has, and counting it takes a lock for each piece. */
static void no_statistics(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The database handle, before anything is known of the file's content. */
static souk_err open_file(const char *path, enum store_mode mode, const struct schema *kind,
                          struct store **out, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, no_statistics);
    struct store *s = mem_zalloc(sizeof *s);
    if (!s || !(s->path = mem_strdup(path))) {
        mem_free(s);
        return err_nomem(e);
    }
    s->mode = mode;
    s->kind = kind;
    int flags =
        mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    /* One thread at a time uses a connection: no mutexes needed inside. */
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        souk_err rc = s->db ? fail(s, e) : err_nomem(e);
        store_close(s);
        return rc;
    }
    *out = s;
    return SOUK_OK;
}

souk_err store_open_kind(const char *path, const struct schema *kind, struct store **out,
                         struct err *e)
{
    struct store *s = NULL;
    /* Made here, so that only its owner can read it. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    souk_err rc = open_file(path, STORE_WRITE, kind, &s, e);
    if (rc) {
        return rc;
    }
    /* Checked before the first pragma writes: a file of somebody else's is left as it is. */
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    int have = schema_check(s->db, kind, path, e);
    rc = have < 0 ? (e ? e->code : SOUK_EINPUT) : configure(s, e);
    if (!rc) {
        rc = schema_migrate(s->db, kind, path, e);
    }
    if (rc) {
        store_close(s);
        return rc;
    }
    s->version = schema_newest(kind->migrations);
    *out = s;
    return SOUK_OK;
}

static souk_err open_writer(const char *path, struct store **out, struct err *e)
{
    return store_open_kind(path, &schema_cache, out, e);
}

/* A writer was killed in the file's first transaction, before it had a write-ahead log: the journal
 * that is left can be undone by nobody who only reads. False: that is not what failed. */
static bool undo_unfinished(struct store *reader, const char *path)
{
    struct store *w = NULL;
    if (sqlite3_extended_errcode(reader->db) != SQLITE_READONLY_ROLLBACK ||
        open_file(path, STORE_WRITE, &schema_cache, &w, NULL) != SOUK_OK || !w) {
        return false;
    }
    bool undone = schema_check(w->db, &schema_cache, path, NULL) >= 0;
    store_close(w);
    return undone;
}

static souk_err open_reader(const char *path, struct store **out, struct err *e)
{
    struct store *s = NULL;
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT) {
        return err_set(e, SOUK_ENOTFOUND, "nothing is cached yet: run souk sync");
    }
    souk_err rc = open_file(path, STORE_READ, &schema_cache, &s, e);
    if (rc) {
        return rc;
    }
    rc = configure(s, e);
    s->version = rc ? -1 : schema_check(s->db, &schema_cache, path, e);
    if (s->version == schema_newest(schema_migrations)) {
        *out = s;
        return SOUK_OK;
    }
    if (s->version < 0) {
        rc = e ? e->code : SOUK_EINPUT;
        if (undo_unfinished(s, path)) {
            store_close(s);
            return open_reader(path, out, e);
        }
    } else if (s->version == 0) {
        rc = err_set(e, SOUK_ENOTFOUND, "nothing is cached yet: run souk sync");
    } else { /* older: a writer brings it up, once */
        struct store *w = NULL;
        store_close(s);
        rc = open_writer(path, &w, e);
        store_close(w);
        return rc ? rc : open_reader(path, out, e);
    }
    store_close(s);
    return rc;
}

souk_err store_open(const char *path, enum store_mode mode, struct store **out, struct err *e)
{
    struct err mine;
    souk_err rc = mode == STORE_READ ? open_reader(path, out, e ? e : &mine)
                                     : open_writer(path, out, e ? e : &mine);
    if (rc) {
        *out = NULL;
    }
    return rc;
}

void store_close(struct store *s)
{
    if (!s) {
        return;
    }
    if (s->attachment_free) {
        s->attachment_free(s->attachment);
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(s->statement[i].st);
    }
    rollup_free(s->rollup);
    mem_free(s->addr);
    if (sqlite3_close(s->db) != SQLITE_OK) {
        BUG("a statement is still open on %s", s->path);
    }
    mem_free(s->path);
    mem_free(s);
}

sqlite3 *store_db(struct store *s)
{
    return s->db;
}

int store_version(struct store *s)
{
    return s->version;
}

void **store_attachment(struct store *s, void (*free_fn)(void *p))
{
    s->attachment_free = free_fn;
    return &s->attachment;
}

/* --- statements */

static struct statement *find(struct store *s, const char *sql)
{
    size_t i = ((uintptr_t)sql >> 3) * 2654435761u % STATEMENTS;
    while (s->statement[i].sql && s->statement[i].sql != sql) {
        i = (i + 1) % STATEMENTS;
    }
    return &s->statement[i];
}

struct query_run query_open(struct store *s, const char *sql)
{
    struct query_run q = {.store = s, .sql = sql};
    struct statement *t = find(s, sql);
    if (!t->sql) {
        if (++s->statements > STATEMENTS / 2) {
            BUG("more statements than the cache was made for");
        }
        t->sql = sql;
    }
    if (t->open) {
        BUG("statement opened twice: %s", sql);
    }
    if (!t->st) {
        q.rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &t->st, NULL);
    }
    q.st = t->st;
    t->open = q.st != NULL;
    return q;
}

static void bound(struct query_run *q, int rc)
{
    if (!q->rc) {
        q->rc = rc;
    }
}

void query_int(struct query_run *q, int64_t v)
{
    if (q->st) {
        bound(q, sqlite3_bind_int64(q->st, ++q->at, v));
    }
}

void query_real(struct query_run *q, double v)
{
    if (q->st) {
        bound(q, sqlite3_bind_double(q->st, ++q->at, v));
    }
}

void query_null(struct query_run *q)
{
    if (q->st) {
        bound(q, sqlite3_bind_null(q->st, ++q->at));
    }
}

void query_text(struct query_run *q, struct untrusted v)
{
    if (!v.p) {
        query_null(q);
    } else if (q->st) {
        bound(q, sqlite3_bind_text64(q->st, ++q->at, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8));
    }
}

void query_blob(struct query_run *q, const void *p, size_t n)
{
    if (!p) {
        query_null(q);
    } else if (q->st) {
        bound(q, sqlite3_bind_blob64(q->st, ++q->at, p, n, SQLITE_STATIC));
    }
}

void query_packed(struct query_run *q, struct untrusted v)
{
    query_blob(q, v.n ? v.p : NULL, v.n);
}

void query_u256(struct query_run *q, u256 v)
{
    uint8_t be[32];
    u256_to_be(v, be);
    if (q->st) {
        bound(q, sqlite3_bind_blob(q->st, ++q->at, be, sizeof be, SQLITE_TRANSIENT));
    }
}

void query_amount(struct query_run *q, u256 v)
{
    uint8_t be[32];
    size_t skip = 0;
    u256_to_be(v, be);
    while (skip < sizeof be && be[skip] == 0) {
        skip++;
    }
    if (q->st) {
        bound(q, sqlite3_bind_blob(q->st, ++q->at, be + skip, (int)(sizeof be - skip),
                                   SQLITE_TRANSIENT));
    }
}

bool query_next(struct query_run *q)
{
    if (q->rc || !q->st) {
        return false;
    }
    int rc = sqlite3_step(q->st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        q->rc = rc;
    }
    return rc == SQLITE_ROW;
}

souk_err query_close(struct query_run *q, struct err *e)
{
    souk_err rc = q->rc ? fail(q->store, e) : SOUK_OK; /* before the reset overwrites the words */
    if (q->st) {
        sqlite3_reset(q->st);
        sqlite3_clear_bindings(q->st);
        find(q->store, q->sql)->open = false;
        q->st = NULL;
    }
    return rc;
}

souk_err query_end(struct query_run *q, souk_err rc, struct err *e)
{
    struct err unsaid;
    souk_err closed = query_close(q, rc ? &unsaid : e);
    return rc ? rc : closed;
}

souk_err query_do(struct query_run *q, struct err *e)
{
    while (query_next(q)) {
    }
    return query_close(q, e);
}

souk_err query_one(struct query_run *q, int64_t absent, int64_t *out, struct err *e)
{
    *out = query_next(q) ? query_col_int(q, 0) : absent;
    return query_close(q, e);
}

int64_t query_col_int(struct query_run *q, int i)
{
    return sqlite3_column_int64(q->st, i);
}

double query_col_real(struct query_run *q, int i)
{
    return sqlite3_column_double(q->st, i);
}

struct untrusted query_col_text(struct query_run *q, int i)
{
    if (sqlite3_column_type(q->st, i) == SQLITE_NULL) {
        return untrusted_n(NULL, 0);
    }
    const void *p = sqlite3_column_blob(q->st, i); /* NULL for an empty one too */
    return untrusted_n(p ? p : "", p ? (size_t)sqlite3_column_bytes(q->st, i) : 0);
}

static void exactly(struct query_run *q, int i, void *out, size_t n)
{
    struct untrusted u = query_col_text(q, i);
    memset(out, 0, n);
    if (u.n == n) {
        memcpy(out, u.p, n);
    }
}

u256 query_col_u256(struct query_run *q, int i)
{
    uint8_t be[32] = {0};
    struct untrusted u = query_col_text(q, i);
    if (u.p && u.n <= sizeof be) {
        memcpy(be + sizeof be - u.n, u.p, u.n);
    }
    return u256_from_be(be);
}

address query_col_address(struct query_run *q, int i)
{
    address a = {{0}};
    exactly(q, i, a.b, sizeof a.b);
    return a;
}

bytes32 query_col_bytes32(struct query_run *q, int i)
{
    bytes32 h = {{0}};
    exactly(q, i, h.b, sizeof h.b);
    return h;
}

bool query_copy(struct query_run *q, int i, struct arena *a, struct untrusted *out)
{
    *out = query_col_text(q, i);
    if (out->p) {
        out->p = arena_strndup(a, out->p, out->n);
        return out->p != NULL;
    }
    return true;
}

/* --- transactions */

static void forget_memos(struct store *s)
{
    if (s->addr) {
        memset(s->addr, 0, ADDR_MEMO * sizeof *s->addr);
    }
}

souk_err store_begin(struct store *s, struct err *e)
{
    if (s->mode != STORE_WRITE) {
        BUG("a reader of %s wants to write", s->path);
    }
    s->touched = s->text_touched = false;
    return execute(s, "BEGIN IMMEDIATE", e);
}

static souk_err bump(struct store *s, const char *key, struct err *e)
{
    struct query_run q = query_open(s, "INSERT INTO meta(key, value) VALUES(?, 1)"
                                       " ON CONFLICT(key) DO UPDATE SET value = value + 1");
    query_text(&q, untrusted(key));
    return query_do(&q, e);
}

souk_err store_commit(struct store *s, struct err *e)
{
    souk_err rc = rollup_flush(s, e);
    if (!rc && s->touched) {
        rc = bump(s, "raw_version", e);
    }
    if (!rc && s->text_touched) {
        rc = bump(s, "text_version", e);
    }
    if (!rc) {
        rc = execute(s, "COMMIT", e);
    }
    if (rc) {
        store_rollback(s);
    }
    rollup_forget(s);
    return rc;
}

void store_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    forget_memos(s);
    rollup_forget(s);
}

souk_err store_snapshot(struct store *s, struct err *e)
{
    /* Inside a transaction all is of one state already. */
    if (s->snapshots == 0 && sqlite3_get_autocommit(s->db)) {
        souk_err rc = execute(s, "BEGIN", e);
        if (rc) {
            return rc;
        }
        s->snapshot = true;
    }
    s->snapshots++;
    return SOUK_OK;
}

void store_snapshot_end(struct store *s)
{
    if (--s->snapshots == 0 && s->snapshot) {
        s->snapshot = false;
        sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    }
}

void store_checkpoint(struct store *s)
{
    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void store_touched(struct store *s)
{
    s->touched = true;
}

void store_text_touched(struct store *s)
{
    s->touched = s->text_touched = true;
}

/* --- meta */

souk_err store_meta_set_int(struct store *s, const char *key, int64_t v, struct err *e)
{
    struct query_run q = query_open(s, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");
    query_text(&q, untrusted(key));
    query_int(&q, v);
    return query_do(&q, e);
}

int64_t store_meta_int(struct store *s, const char *key, int64_t absent)
{
    int64_t v;
    struct query_run q = query_open(s, "SELECT value FROM meta WHERE key = ?");
    query_text(&q, untrusted(key));
    return query_one(&q, absent, &v, NULL) == SOUK_OK ? v : absent;
}

int64_t store_raw_version(struct store *s)
{
    return store_meta_int(s, "raw_version", 0);
}

int64_t store_text_version(struct store *s)
{
    return store_meta_int(s, "text_version", 0);
}

/* --- memos of interned values */

struct addr_memo *store_addr_memo(struct store *s, address a)
{
    /* Addresses are hashes already: any bytes of them spread evenly. */
    size_t i = (size_t)(a.b[19] | a.b[18] << 8) % ADDR_MEMO;
    if (!s->addr) {
        s->addr = mem_array(ADDR_MEMO, sizeof *s->addr);
    }
    return s->addr ? &s->addr[i] : NULL;
}

struct rollup **store_rollup(struct store *s)
{
    return &s->rollup;
}
