/* Opening a cache: new, older, newer, foreign, damaged, full, and after a kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "market_world.h"
#include "store/schema.h"

static char dir[64], path[96];

static void remove_files(void)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    char name[128];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffix[i]);
        unlink(name);
    }
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/souk-store-XXXXXX");
    if (!mkdtemp(dir)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/a.db", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_files();
    return rmdir(dir);
}

static sqlite3 *raw_open(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void raw(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", sql, why);
    }
}

static int64_t raw_int(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

static void put_file_of(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* --- new ----------------------------------------------------------------------------------------
 */

static void reader_of_nothing(void **state)
{
    struct store *s;
    struct err e;
    (void)state;
    assert_int_equal(store_open(path, STORE_READ, &s, &e), SOUK_ENOTFOUND);
    assert_null(s);
    assert_int_equal(access(path, F_OK), -1);
    put_file_of("", 0); /* its making was interrupted */
    assert_int_equal(store_open(path, STORE_READ, &s, &e), SOUK_ENOTFOUND);
}

/* Killed in its first transaction, a writer leaves a journal that only a writer can undo. */
static void reader_of_a_killed_beginning(void **state)
{
    static const uint8_t head[] = {16, 0, 2, 2, 0, 64, 32, 32, 0, 0, 0, 1, 0, 0, 0, 1};
    static const uint8_t journal[512] = {0xd9, 0xd5, 0x05, 0xf9,     0x20,
                                         0xa1, 0x63, 0xd7, [22] = 2, [26] = 16};
    char page[4096] = "SQLite format 3", beside[sizeof path + 16];
    struct store *s;
    struct err e;
    (void)state;
    memcpy(page + 16, head, sizeof head);
    page[100] = 13;
    page[105] = 16;
    put_file_of(page, sizeof page);
    snprintf(beside, sizeof beside, "%s-journal", path);
    FILE *f = fopen(beside, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(journal, 1, sizeof journal, f), sizeof journal);
    fclose(f);
    assert_int_equal(store_open(path, STORE_READ, &s, &e), SOUK_ENOTFOUND);
    ok(store_open(path, STORE_WRITE, &s, E));
    store_close(s);
    ok(store_open(path, STORE_READ, &s, E));
    store_close(s);
}

static void writer_makes_it(void **state)
{
    struct store *w, *r;
    struct stat st;
    (void)state;
    ok(store_open(path, STORE_WRITE, &w, E));
    assert_int_equal(store_version(w), schema_newest(schema_migrations));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    ok(store_open(path, STORE_READ, &r, E));
    assert_int_equal(store_meta_int(r, "x", -7), -7);
    ok(store_begin(w, E));
    ok(store_meta_set_int(w, "x", 5, E));
    assert_int_equal(store_meta_int(r, "x", -7), -7); /* not before the commit */
    ok(store_commit(w, E));
    assert_int_equal(store_meta_int(r, "x", -7), 5);
    /* A snapshot stands still, nested ones too. */
    ok(store_snapshot(r, E));
    assert_int_equal(store_meta_int(r, "x", -7), 5);
    ok(store_snapshot(r, E));
    ok(store_begin(w, E));
    ok(store_meta_set_int(w, "x", 6, E));
    ok(store_commit(w, E));
    store_snapshot_end(r);
    assert_int_equal(store_meta_int(r, "x", -7), 5);
    store_snapshot_end(r);
    assert_int_equal(store_meta_int(r, "x", -7), 6);
    store_close(r);
    store_close(w);
}

static void no_directory(void **state)
{
    struct store *s;
    struct err e;
    (void)state;
    assert_int_equal(store_open("/nonexistent/dir/a.db", STORE_WRITE, &s, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "/nonexistent/dir/a.db"));
}

/* --- other versions -----------------------------------------------------------------------------
 */

static void newer_is_refused_kindly(void **state)
{
    struct store *s;
    struct err e;
    (void)state;
    ok(store_open(path, STORE_WRITE, &s, E));
    store_close(s);
    sqlite3 *db = raw_open();
    raw(db, "PRAGMA user_version = 7; CREATE TABLE from_the_future(x)");
    sqlite3_close(db);
    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        assert_int_equal(store_open(path, (enum store_mode)mode, &s, &e), SOUK_EINPUT);
        assert_null(s);
        char want[160];
        snprintf(want, sizeof want,
                 "this cache was written by a newer souk (schema 7, this one knows %d): update "
                 "souk, or use another --data directory; nothing was changed",
                 schema_newest(schema_migrations));
        assert_string_equal(e.msg, want);
    }
    db = raw_open();
    assert_int_equal(raw_int(db, "PRAGMA user_version"), 7);
    assert_int_equal(raw_int(db, "SELECT count(*) FROM from_the_future"), 0);
    sqlite3_close(db);
}

static void foreign_database_is_left_alone(void **state)
{
    struct store *s;
    struct err e;
    (void)state;
    sqlite3 *db = raw_open();
    raw(db, "CREATE TABLE diary(x); INSERT INTO diary VALUES(1)");
    sqlite3_close(db);
    struct stat before, after;
    stat(path, &before);
    assert_int_equal(store_open(path, STORE_WRITE, &s, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "not a cache of souk"));
    stat(path, &after);
    assert_int_equal(before.st_size, after.st_size);
    db = raw_open();
    assert_int_equal(raw_int(db, "SELECT count(*) FROM diary"), 1);
    assert_int_equal(raw_int(db, "SELECT count(*) FROM sqlite_schema"), 1);
    sqlite3_close(db);
}

/* A chain of migrations as the years may bring them. */
static const char *const step1[] = {"CREATE TABLE a(x); INSERT INTO a VALUES(1);", NULL};
static const char *const step2[] = {"ALTER TABLE a ADD COLUMN y DEFAULT 10;",
                                    "UPDATE a SET x = x + 1;", NULL};
static const char *const step3[] = {"CREATE TABLE b AS SELECT x + y AS z FROM a;", NULL};
static const char *const step4[] = {"UPDATE b SET z = z * 2;", "DROP TABLE a;", NULL};
static const struct migration chain[] = {{1, step1}, {2, step2}, {3, step3}, {4, step4}, {0, NULL}};

static souk_err migrate(sqlite3 *db, const struct migration *m, struct err *e)
{
    struct schema s = schema_cache;
    s.migrations = m;
    return schema_migrate(db, &s, path, e);
}

static void migrates_from_every_earlier_version(void **state)
{
    (void)state;
    for (int from = 0; from <= 4; from++) {
        struct migration old[5] = {{0, NULL}};
        memcpy(old, chain, (size_t)from * sizeof *chain);
        sqlite3 *db = raw_open();
        if (from) {
            ok(migrate(db, old, E));
            assert_int_equal(raw_int(db, "PRAGMA user_version"), from);
        }
        ok(migrate(db, chain, E));
        assert_int_equal(raw_int(db, "PRAGMA user_version"), 4);
        assert_int_equal(raw_int(db, "SELECT z FROM b"), 24); /* each step once, in order */
        ok(migrate(db, chain, E));
        assert_int_equal(raw_int(db, "SELECT z FROM b"), 24);
        if (from > 0 && from < 4) {
            struct err e;
            assert_int_equal(migrate(db, old, &e), SOUK_EINPUT); /* and not back */
        }
        sqlite3_close(db);
        remove_files();
    }
}

static void failed_migration_changes_nothing(void **state)
{
    static const char *const broken[] = {"UPDATE a SET x = 99;", "INSERT INTO nowhere VALUES(1);",
                                         NULL};
    const struct migration bad[] = {{1, step1}, {2, step2}, {3, broken}, {0, NULL}};
    struct err e;
    (void)state;
    sqlite3 *db = raw_open();
    assert_int_not_equal(migrate(db, bad, &e), SOUK_OK);
    assert_int_equal(raw_int(db, "PRAGMA user_version"), 2); /* as far as it went */
    assert_int_equal(raw_int(db, "SELECT x FROM a"), 2);
    assert_true(sqlite3_get_autocommit(db));
    ok(migrate(db, chain, E)); /* and on from there */
    assert_int_equal(raw_int(db, "SELECT z FROM b"), 24);
    sqlite3_close(db);
}

/* A file made from each version's own SQL, with rows, opened by today's souk: by a reader first. */
static void fixture_of_each_version(void **state)
{
    (void)state;
    for (const struct migration *m = schema_migrations; m->version; m++) {
        struct migration old[16] = {{0, NULL}};
        memcpy(old, schema_migrations, (size_t)m->version * sizeof *old);
        sqlite3 *db = raw_open();
        raw(db, "PRAGMA journal_mode=WAL");
        ok(migrate(db, old, E));
        raw(db,
            "INSERT INTO meta VALUES('kept', 42);"
            "INSERT INTO author(id, name) VALUES(1, 'mira');"
            "INSERT INTO model(id, author, name, task, llm_path, hash, first_seen, last_seen, src)"
            " VALUES(1, 1, 'm', '', '', x'00', 1, 1, 1);"
            "INSERT INTO model_name(rowid, name, author, task) VALUES(1, 'm', 'mira', '');"
            "INSERT INTO model_text(rowid, description) VALUES(1, 'old words')");
        sqlite3_close(db);
        struct store *s;
        struct catalog *c;
        ok(store_open(path, STORE_READ, &s, E));
        assert_int_equal(store_version(s), schema_newest(schema_migrations));
        assert_int_equal(store_meta_int(s, "kept", 0), 42);
        ok(catalog_load(s, WINDOW_ALL, &c, E));
        assert_int_equal(c->n, 1);
        assert_string_equal(c->row[0].author, "mira");
        catalog_unref(c);
        store_close(s);
        remove_files();
    }
}

/* --- damage -------------------------------------------------------------------------------------
 */

static void not_a_database(void **state)
{
    struct store *s;
    struct err e;
    static char junk[8192];
    (void)state;
    memset(junk, 'x', sizeof junk);
    put_file_of(junk, sizeof junk);
    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        assert_int_equal(store_open(path, (enum store_mode)mode, &s, &e), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "delete it"));
        assert_null(strchr(e.msg, '\n'));
    }
}

static void damaged_inside(void **state)
{
    struct store *s;
    struct err e = {0};
    struct catalog *c = NULL;
    (void)state;
    ok(store_open(path, STORE_WRITE, &s, E));
    store_close(s);
    sqlite3 *db = raw_open();
    int64_t page = raw_int(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'model'");
    sqlite3_close(db);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, (long)(page - 1) * 4096, SEEK_SET);
    for (int i = 0; i < 4096; i++) {
        fputc(0x5a, f);
    }
    fclose(f);
    ok(store_open(path, STORE_READ, &s, E));
    assert_int_equal(catalog_load(s, WINDOW_ALL, &c, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "damaged"));
    store_close(s);
}

static void in_use_by_another(void **state)
{
    struct store *a, *b;
    struct err e;
    (void)state;
    ok(store_open(path, STORE_WRITE, &a, E));
    ok(store_open(path, STORE_WRITE, &b, E));
    sqlite3_busy_timeout(store_db(b), 10);
    ok(store_begin(a, E));
    assert_int_equal(store_begin(b, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "in use by another souk"));
    ok(store_commit(a, E));
    ok(store_begin(b, E));
    store_rollback(b);
    store_close(b);
    store_close(a);
}

static void disk_full(void **state)
{
    struct world w;
    struct err e = {0};
    (void)state;
    world_open(&w);
    put_model(&w, "mira", "m", "a description");
    raw(store_db(w.w), "PRAGMA max_page_count = 1"); /* it takes what is there now */
    souk_err rc = SOUK_OK;
    for (int i = 0; i < 1000 && !rc; i++) {
        char name[32];
        int64_t id;
        bool changed;
        snprintf(name, sizeof name, "m%d", i);
        struct model_in m = {.author = untrusted("mira"), .name = untrusted(name)};
        ok(store_begin(w.w, E));
        rc = store_model_put(w.w, &m, w.src, 1, &id, &changed, &e);
        if (rc) {
            store_rollback(w.w);
        } else {
            rc = store_commit(w.w, &e);
        }
    }
    assert_int_equal(rc, SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "no space left"));
    struct catalog *c; /* what was there is there, and it goes on when there is room */
    ok(catalog_load(w.w, WINDOW_ALL, &c, E));
    assert_string_equal(row_named(c, "m")->author, "mira");
    catalog_unref(c);
    raw(store_db(w.w), "PRAGMA max_page_count = 100000");
    put_model(&w, "mira", "after", "");
    world_close(&w);
}

/* --- a kill at any moment -----------------------------------------------------------------------
 */

/* Each transaction: one payment a block, and the cursor; one for each byte that comes in. */
static _Noreturn void write_for_ever(const char *file, int go, int done)
{
    struct store *w;
    struct cursor c = {.block = 0};
    char byte;
    if (store_open(file, STORE_WRITE, &w, NULL) != SOUK_OK) {
        _exit(1);
    }
    store_cursor_get(w, W_PAY_CHAIN, FILTER_PAYMENTS, &c);
    while (read(go, &byte, 1) == 1) {
        int64_t src;
        struct source_row r = {.kind = SOURCE_LOGS,
                               .place = "node",
                               .chain = W_PAY_CHAIN,
                               .filter = FILTER_PAYMENTS,
                               .first = (int64_t)c.block + 1,
                               .last = (int64_t)c.block + 50};
        if (store_begin(w, NULL) || store_source_add(w, &r, &src, NULL)) {
            _exit(1);
        }
        for (int i = 0; i < 50; i++) {
            c.block++;
            struct pay_in p = {.chain = W_PAY_CHAIN,
                               .block = c.block,
                               .tx = keccak256(&c.block, sizeof c.block),
                               .payer = addr_of("payer"),
                               .payee = addr_of("p"),
                               .asset = addr_of("USDC"),
                               .amount = u256_from_u64(1),
                               .scheme = PAY_EIP3009,
                               .tier = TIER_PROVED,
                               .time = (int64_t)c.block};
            if (store_pay_put(w, &p, src, NULL)) {
                _exit(1);
            }
        }
        c.time = (int64_t)c.block;
        if (store_cursor_set(w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, NULL) || store_commit(w, NULL) ||
            write(done, &byte, 1) != 1) {
            _exit(1);
        }
    }
    _exit(0);
}

static void killed_at_any_moment(void **state)
{
    uint64_t seed = 42, before = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        int go[2], done[2];
        char byte = 0;
        assert_int_equal(pipe(go), 0);
        assert_int_equal(pipe(done), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(go[1]);
            write_for_ever(path, go[0], done[1]);
        }
        /* Two transactions are through; in the third, a random while later, it is killed. */
        for (int i = 0; i < 3; i++) {
            assert_int_equal(write(go[1], &byte, 1), 1);
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(read(done[0], &byte, 1), 1);
        }
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (volatile uint64_t spin = (seed >> 33) % 3000000; spin > 0; spin--) {
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (int i = 0; i < 2; i++) {
            close(go[i]);
            close(done[i]);
        }
        struct store *r;
        struct cursor c;
        ok(store_open(path, STORE_WRITE, &r, E));
        assert_true(store_cursor_get(r, W_PAY_CHAIN, FILTER_PAYMENTS, &c));
        assert_true(c.block == before + 100 || c.block == before + 150);
        /* Nothing lost, nothing twice, nothing half: payments are exactly those up to the cursor.
         */
        sqlite3 *db = store_db(r);
        assert_int_equal(raw_int(db, "SELECT count(*) FROM pay"), (int64_t)c.block);
        assert_int_equal(raw_int(db, "SELECT max(block) FROM pay"), (int64_t)c.block);
        assert_int_equal(raw_int(db, "SELECT sum(last - first + 1) FROM source"), (int64_t)c.block);
        assert_int_equal(raw_int(db, "SELECT sum(payments) FROM day"), (int64_t)c.block);
        assert_int_equal(raw_int(db, "SELECT sum(payments) FROM edge"), (int64_t)c.block);
        assert_int_equal(store_raw_version(r), (int64_t)c.block / 50);
        assert_int_equal(raw_int(db, "SELECT count(*) FROM pragma_integrity_check"
                                     " WHERE integrity_check <> 'ok'"),
                         0);
        before = c.block;
        store_close(r);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reader_of_nothing),
        T(reader_of_a_killed_beginning),
        T(writer_makes_it),
        T(no_directory),
        T(newer_is_refused_kindly),
        T(foreign_database_is_left_alone),
        T(migrates_from_every_earlier_version),
        T(failed_migration_changes_nothing),
        T(fixture_of_each_version),
        T(not_a_database),
        T(damaged_inside),
        T(in_use_by_another),
        T(disk_full),
        T(killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
