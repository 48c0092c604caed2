#include "store/runs.h"

#include "base/mem.h"
#include "base/paths.h"
#include "store/query.h"
#include "store/schema.h"

#include "base/banned.h"

/* --- the file */

static const char v1_run[] =
    "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
    " label TEXT NOT NULL, blob_id TEXT NOT NULL, file TEXT NOT NULL, input TEXT, output TEXT,"
    " engine TEXT, error TEXT, session_ns INTEGER NOT NULL, first_ns INTEGER NOT NULL,"
    " p50_ns INTEGER NOT NULL, p95_ns INTEGER NOT NULL, p99_ns INTEGER NOT NULL,"
    " repeats INTEGER NOT NULL, peak_rss INTEGER NOT NULL);"
    "CREATE INDEX run_by_blob ON run(blob_id, id);"
    "CREATE INDEX run_by_file ON run(file, id);";

static const char *const v1[] = {v1_run, NULL};
static const struct migration migrations[] = {{1, v1}, {0, NULL}};

static const struct schema schema_runs = {
    .migrations = migrations,
    .application = 0x736f7572, /* "sour", runs */
    .what = "record of runs",
    .remedy = "delete it, nothing but the history of runs is lost",
    .fleeting = true,
};

struct runs {
    struct store *store;
};

souk_err runs_open(struct runs **out, struct err *e)
{
    char path[PATH_BUF];
    *out = NULL;
    souk_err c = paths_get(PATH_STATE, "runs.db", path, e);
    if (c != SOUK_OK)
        return c;
    struct runs *r = mem_zalloc(sizeof *r);
    if (r == NULL)
        return err_nomem(e);
    c = store_open_kind(path, &schema_runs, &r->store, e);
    if (c != SOUK_OK) {
        mem_free(r);
        return c;
    }
    *out = r;
    return SOUK_OK;
}

void runs_close(struct runs *r)
{
    if (r == NULL)
        return;
    store_close(r->store);
    mem_free(r);
}

/* --- rows */

static struct untrusted not_null(struct untrusted u)
{
    return u.p != NULL ? u : untrusted("");
}

/* What is too large to keep is left out whole: half a JSON text is none. */
static struct untrusted whole_or_none(struct untrusted u)
{
    return u.n <= RUN_TEXT_MAX ? not_null(u) : untrusted("");
}

static souk_err insert(struct runs *r, const struct run_row *row, int64_t *id, struct err *e)
{
    struct query_run q =
        query_open(r->store, "INSERT INTO run(time, label, blob_id, file, input, output, engine,"
                             " error, session_ns, first_ns, p50_ns, p95_ns, p99_ns, repeats,"
                             " peak_rss) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, row->time);
    query_text(&q, not_null(row->label));
    query_text(&q, not_null(row->blob_id));
    query_text(&q, not_null(row->file));
    query_text(&q, whole_or_none(row->input));
    query_text(&q, whole_or_none(row->output));
    query_text(&q, not_null(row->engine));
    query_text(&q, not_null(row->error));
    query_int(&q, row->session_ns);
    query_int(&q, row->first_ns);
    query_int(&q, row->p50_ns);
    query_int(&q, row->p95_ns);
    query_int(&q, row->p99_ns);
    query_int(&q, row->repeats);
    query_int(&q, (int64_t)row->peak_rss);
    souk_err c = query_do(&q, e);
    *id = c == SOUK_OK ? sqlite3_last_insert_rowid(store_db(r->store)) : 0;
    return c;
}

souk_err run_add(struct runs *r, const struct run_row *row, int64_t *id, struct err *e)
{
    *id = 0;
    souk_err c = store_begin(r->store, e);
    if (c != SOUK_OK)
        return c;
    c = insert(r, row, id, e);
    if (c == SOUK_OK) { /* numbers are given out in turn and never again */
        struct query_run q = query_open(r->store, "DELETE FROM run WHERE id <= ?");
        query_int(&q, *id - RUNS_KEPT);
        c = query_do(&q, e);
    }
    if (c != SOUK_OK) {
        store_rollback(r->store);
        return c;
    }
    return store_commit(r->store, e);
}

static bool read_row(struct query_run *q, struct arena *a, struct run_row *r)
{
    *r = (struct run_row){
        .id = query_col_int(q, 0),
        .time = query_col_int(q, 1),
        .session_ns = query_col_int(q, 9),
        .first_ns = query_col_int(q, 10),
        .p50_ns = query_col_int(q, 11),
        .p95_ns = query_col_int(q, 12),
        .p99_ns = query_col_int(q, 13),
        .repeats = query_col_int(q, 14),
        .peak_rss = (uint64_t)query_col_int(q, 15),
    };
    return query_copy(q, 2, a, &r->label) && query_copy(q, 3, a, &r->blob_id) &&
           query_copy(q, 4, a, &r->file) && query_copy(q, 5, a, &r->input) &&
           query_copy(q, 6, a, &r->output) && query_copy(q, 7, a, &r->engine) &&
           query_copy(q, 8, a, &r->error);
}

#define TIMES "session_ns, first_ns, p50_ns, p95_ns, p99_ns, repeats, peak_rss FROM run"

souk_err run_list(struct runs *r, struct untrusted blob_id, struct untrusted file, size_t max,
                  struct arena *a, struct run_row **out, size_t *n, struct err *e)
{
    size_t room = max < RUNS_KEPT ? max : RUNS_KEPT;
    *n = 0;
    *out = arena_alloc(a, (room > 0 ? room : 1) * sizeof **out);
    bool ok = *out != NULL;
    struct query_run q = query_open(
        r->store, "SELECT id, time, label, blob_id, file, NULL, NULL, engine, error, " TIMES
                  " WHERE (?1 = '' OR blob_id = ?1) AND (?2 = '' OR file = ?2)"
                  " ORDER BY id DESC LIMIT ?3");
    query_text(&q, not_null(blob_id));
    query_text(&q, not_null(file));
    query_int(&q, (int64_t)room);
    while (ok && query_next(&q)) {
        ok = read_row(&q, a, &(*out)[*n]);
        *n += ok;
    }
    souk_err c = query_close(&q, e);
    return c == SOUK_OK && !ok ? err_nomem(e) : c;
}

souk_err run_get(struct runs *r, int64_t id, struct arena *a, struct run_row *out, struct err *e)
{
    struct query_run q = query_open(
        r->store, "SELECT id, time, label, blob_id, file, input, output, engine, error, " TIMES
                  " WHERE id = ?");
    query_int(&q, id);
    bool found = query_next(&q);
    bool read = found && read_row(&q, a, out);
    souk_err c = query_close(&q, e);
    if (c != SOUK_OK || read)
        return c;
    return found ? err_nomem(e) : err_set(e, SOUK_ENOTFOUND, "there is no run %lld", (long long)id);
}
