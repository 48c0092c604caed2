/*
 * The indexes that a first fill does without: kept up row by row they would cost ten times what
 * making them at the end does. Without one every query still answers, reading more.
 */
#include "store/query.h"
#include "store/rollup.h"

#include "base/banned.h"

enum { STEPS = 100000 }; /* of SQLite, between two looks at whether to stop */

/* Each ends with the table's key: chain, block, log. */
static const char *const indexes[] = {
    "CREATE INDEX IF NOT EXISTS pay_by_payee ON pay(payee)",
    "CREATE INDEX IF NOT EXISTS pay_by_payer ON pay(payer)",
    "CREATE INDEX IF NOT EXISTS flow_by_target ON flow(target)",
    "CREATE INDEX IF NOT EXISTS flow_by_source ON flow(source)",
    "CREATE INDEX IF NOT EXISTS infer_by_cid ON infer(cid, time)",
};

static bool all_there(struct store *s)
{
    int64_t n = 0;
    struct query_run q =
        query_open(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN"
                      " ('pay_by_payee', 'pay_by_payer', 'flow_by_target', 'flow_by_source',"
                      " 'infer_by_cid')");
    return query_one(&q, 0, &n, NULL) == SOUK_OK && n == sizeof indexes / sizeof *indexes;
}

static int stopped(void *stop)
{
    return atomic_load((const atomic_bool *)stop);
}

void store_work_begin(struct store *s, atomic_bool *stop)
{
    sqlite3_exec(store_db(s), "PRAGMA temp_store=FILE", NULL, NULL, NULL);
    if (stop) {
        sqlite3_progress_handler(store_db(s), STEPS, stopped, stop);
    }
}

void store_work_end(struct store *s)
{
    sqlite3_progress_handler(store_db(s), 0, NULL, NULL);
    sqlite3_exec(store_db(s), "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
}

souk_err store_index(struct store *s, atomic_bool *stop, struct err *e)
{
    souk_err rc = SOUK_OK;
    if (all_there(s)) {
        return SOUK_OK;
    }
    store_work_begin(s, stop);
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes && !rc; i++) {
        struct query_run q = query_open(s, indexes[i]);
        rc = query_do(&q, e);
    }
    store_work_end(s);
    return rc;
}
