#include "store/schema.h"

#include <sqlite3.h>
#include <stdio.h>

#include "store/query.h"

#include "base/banned.h"

static const char v1_hub[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"

    /* kind: enum source_kind. first/last: page or block range. */
    "CREATE TABLE source(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, place TEXT NOT NULL,"
    " chain INTEGER NOT NULL, filter TEXT, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " hash BLOB, etag TEXT, time INTEGER NOT NULL);"
    "CREATE INDEX source_by_page ON source(kind, place, first);"
    "CREATE INDEX source_by_filter ON source(chain, filter, last) WHERE filter IS NOT NULL;"

    "CREATE TABLE author(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE addr(id INTEGER PRIMARY KEY, a BLOB NOT NULL UNIQUE);"
    "CREATE TABLE tx(id INTEGER PRIMARY KEY, h BLOB NOT NULL UNIQUE);"
    "CREATE TABLE cid(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    /* Names and decimals, ours. id is the order in which assets are shown: the profile's. */
    "CREATE TABLE asset(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, addr INTEGER NOT NULL,"
    " symbol TEXT NOT NULL, decimals INTEGER NOT NULL, UNIQUE(chain, addr));"

    /*
     * What the Hub says, then what derive found. read: whether derive has read the description
     * since it last changed; stated: the blob id it found there. mark: enum mark. ever: was called
     * once. price ... listed_at: the active chosen listing. blob_from: enum blob_source.
     */
    "CREATE TABLE model(id INTEGER PRIMARY KEY, author INTEGER NOT NULL, name TEXT NOT NULL,"
    " task TEXT NOT NULL, llm_path TEXT NOT NULL, hash BLOB NOT NULL, first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0, src INTEGER NOT NULL,"
    " read INTEGER NOT NULL DEFAULT 0, stated TEXT,"
    " mark INTEGER NOT NULL DEFAULT 0, ever INTEGER NOT NULL DEFAULT 0, price BLOB, asset INTEGER,"
    " pay_to INTEGER, owner INTEGER, endpoint TEXT, listed_at INTEGER NOT NULL DEFAULT 0,"
    " blob_id TEXT, blob_from INTEGER NOT NULL DEFAULT 0, UNIQUE(author, name));"
    "CREATE INDEX model_unread ON model(id) WHERE read = 0;"
    "CREATE INDEX model_by_src ON model(src);"
    "CREATE INDEX model_by_blob ON model(blob_id) WHERE blob_id IS NOT NULL;"
    "CREATE INDEX model_by_payee ON model(pay_to) WHERE pay_to IS NOT NULL;"
    "CREATE INDEX model_by_stated ON model(stated) WHERE stated IS NOT NULL;";

static const char v1_text[] =
    /*
     * The searchable text, rowid = model.id, in two indexes: names are short and asked by their
     * columns; descriptions are long, only asked whether they hold a word, and kept here.
     */
    "CREATE VIRTUAL TABLE model_name USING fts5(name, author, task,"
    " tokenize='unicode61 remove_diacritics 2', detail=column, columnsize=0, prefix='1 2 3');"
    "CREATE VIRTUAL TABLE model_text USING fts5(description,"
    " tokenize='unicode61 remove_diacritics 2', detail=none, columnsize=0, prefix='3 4 5 6');"
    "CREATE VIRTUAL TABLE name_vocab USING fts5vocab(model_name, row);"
    "CREATE VIRTUAL TABLE text_vocab USING fts5vocab(model_text, row);";

static const char v1_rows[] =
    "CREATE TABLE file(model INTEGER NOT NULL, version TEXT NOT NULL, name TEXT NOT NULL,"
    " size INTEGER NOT NULL, blob_id TEXT, notes TEXT, src INTEGER NOT NULL,"
    " PRIMARY KEY(model, version, name)) WITHOUT ROWID;"
    "CREATE INDEX file_by_blob ON file(blob_id) WHERE blob_id IS NOT NULL;"

    /* kind: 1 Listed, 2 Delisted (then only owner and lid count). */
    "CREATE TABLE listing_event(chain INTEGER NOT NULL, block INTEGER NOT NULL,"
    " log INTEGER NOT NULL, kind INTEGER NOT NULL, owner INTEGER NOT NULL, lid BLOB NOT NULL,"
    " author TEXT, name TEXT, blob_id TEXT, price BLOB, asset INTEGER, pay_to INTEGER,"
    " endpoint TEXT, flags INTEGER NOT NULL DEFAULT 0, tx INTEGER NOT NULL, time INTEGER NOT NULL,"
    " src INTEGER NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE INDEX listing_by_model ON listing_event(name, author);"
    "CREATE INDEX listing_by_lid ON listing_event(lid);"

    "CREATE TABLE offer(resource TEXT NOT NULL, n INTEGER NOT NULL, scheme TEXT NOT NULL,"
    " chain INTEGER NOT NULL, amount BLOB NOT NULL, asset INTEGER NOT NULL,"
    " pay_to INTEGER NOT NULL, description TEXT NOT NULL, updated INTEGER NOT NULL,"
    " src INTEGER NOT NULL, PRIMARY KEY(resource, n)) WITHOUT ROWID;"
    "CREATE INDEX offer_by_payee ON offer(pay_to);"

    /* scheme: enum pay_scheme. tier: enum pay_tier. */
    "CREATE TABLE pay(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " tx INTEGER NOT NULL, payer INTEGER NOT NULL, payee INTEGER NOT NULL, asset INTEGER NOT NULL,"
    " amount BLOB NOT NULL, scheme INTEGER NOT NULL, tier INTEGER NOT NULL, time INTEGER NOT NULL,"
    " src INTEGER NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE TABLE infer(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " tx INTEGER NOT NULL, cid INTEGER NOT NULL, time INTEGER NOT NULL, src INTEGER NOT NULL,"
    " PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE INDEX infer_by_cid ON infer(cid, time);"

    /* Checkpoints of the log filters: everything up to and including block is in. The highest is
       the cursor, the ones below it are where to look for a fork. */
    "CREATE TABLE cursor(chain INTEGER NOT NULL, filter TEXT NOT NULL, block INTEGER NOT NULL,"
    " hash BLOB NOT NULL, time INTEGER NOT NULL, PRIMARY KEY(chain, filter, block)) WITHOUT ROWID;"

    /* What sync last did with each source, for the Activity screen. phase: enum sync_phase. */
    "CREATE TABLE sync_state(source TEXT PRIMARY KEY, phase INTEGER NOT NULL, done INTEGER NOT "
    "NULL,"
    " total INTEGER NOT NULL, message TEXT, started INTEGER NOT NULL, finished INTEGER NOT NULL,"
    " ok_at INTEGER NOT NULL) WITHOUT ROWID;";

/* win: enum window. who: a model.id, or an author.id negated. */
static const char v1_derived[] =
    /* What happened in the window; no row when nothing did. */
    "CREATE TABLE stat(win INTEGER NOT NULL, model INTEGER NOT NULL, calls INTEGER NOT NULL,"
    " payments INTEGER NOT NULL, settlements INTEGER NOT NULL, inferences INTEGER NOT NULL,"
    " payers INTEGER NOT NULL, back INTEGER NOT NULL, income BLOB, last INTEGER NOT NULL,"
    " PRIMARY KEY(win, model)) WITHOUT ROWID;"
    "CREATE INDEX stat_by_calls ON stat(win, calls DESC, settlements DESC, model);"
    "CREATE TABLE author_stat(win INTEGER NOT NULL, author INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, payments INTEGER NOT NULL, settlements INTEGER NOT NULL,"
    " inferences INTEGER NOT NULL, payers INTEGER NOT NULL, fresh INTEGER NOT NULL, income BLOB,"
    " shared BLOB, last INTEGER NOT NULL, PRIMARY KEY(win, author)) WITHOUT ROWID;"
    /* Proved payments to each address that any listing names, whoever they are attributed to. */
    "CREATE TABLE payee_stat(win INTEGER NOT NULL, payee INTEGER NOT NULL,"
    " payments INTEGER NOT NULL, settlements INTEGER NOT NULL, income BLOB,"
    " PRIMARY KEY(win, payee)) WITHOUT ROWID;"
    "CREATE TABLE market_stat(win INTEGER PRIMARY KEY, payments INTEGER NOT NULL,"
    " settlements INTEGER NOT NULL, inferences INTEGER NOT NULL, payers INTEGER NOT NULL,"
    " income BLOB, shared BLOB, stray BLOB, strays INTEGER NOT NULL, unknown INTEGER NOT NULL);"
    /* Weeks begin on Monday, UTC; week 0 holds 1970-01-01. */
    "CREATE TABLE weekly(week INTEGER PRIMARY KEY, payments INTEGER NOT NULL,"
    " settlements INTEGER NOT NULL, inferences INTEGER NOT NULL, payers INTEGER NOT NULL,"
    " fresh INTEGER NOT NULL, income BLOB);"
    /* The last 30 days as uint16s, and every day that had anything; the formats are derive's. */
    "CREATE TABLE spark(who INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    "CREATE TABLE days(who INTEGER PRIMARY KEY, v BLOB NOT NULL);"
    /* Whose a payment is, and why: see market/derive.h. who 0: nobody's. */
    "CREATE TABLE pay_model(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " who INTEGER NOT NULL, how INTEGER NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE INDEX pay_model_by_who ON pay_model(who, block);"
    "CREATE TABLE cid_model(cid INTEGER PRIMARY KEY, model INTEGER NOT NULL, how INTEGER NOT NULL);"
    "CREATE INDEX cid_model_by_model ON cid_model(model);";

static const char *const v1[] = {v1_hub, v1_text, v1_rows, v1_derived, NULL};

/* How a seller says his resource is called: an example input, JSON. */
static const char *const v2[] = {"ALTER TABLE offer ADD COLUMN example TEXT", NULL};

/*
 * The chains' rows in the shape of an indexer: transactions inline (a table of their own with its
 * index cost twice as much), amounts without leading zeros, rollups and flows beside payments, the
 * secondary indexes made after the first fill (rollup.h). Everything is read again.
 */
static const char v3_raw[] =
    "DROP TABLE pay; DROP TABLE infer; DROP TABLE listing_event; DROP TABLE tx;"
    "DELETE FROM cursor; DELETE FROM source WHERE filter IS NOT NULL;"
    "DELETE FROM meta WHERE key LIKE 'filter:%';"
    "CREATE TABLE listing_event(chain INTEGER NOT NULL, block INTEGER NOT NULL,"
    " log INTEGER NOT NULL, kind INTEGER NOT NULL, owner INTEGER NOT NULL, lid BLOB NOT NULL,"
    " author TEXT, name TEXT, blob_id TEXT, price BLOB, asset INTEGER, pay_to INTEGER,"
    " endpoint TEXT, flags INTEGER NOT NULL DEFAULT 0, tx BLOB NOT NULL, time INTEGER NOT NULL,"
    " src INTEGER NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE INDEX listing_by_model ON listing_event(name, author);"
    "CREATE INDEX listing_by_lid ON listing_event(lid);"
    /* scheme: enum pay_scheme. tier: enum pay_tier. payer 0: unknown. */
    "CREATE TABLE pay(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " payer INTEGER NOT NULL, payee INTEGER NOT NULL, asset INTEGER NOT NULL,"
    " amount BLOB NOT NULL, scheme INTEGER NOT NULL, tier INTEGER NOT NULL, time INTEGER NOT NULL,"
    " src INTEGER NOT NULL, tx BLOB NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE TABLE flow(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " source INTEGER NOT NULL, target INTEGER NOT NULL, asset INTEGER NOT NULL,"
    " amount BLOB NOT NULL, kind INTEGER NOT NULL, time INTEGER NOT NULL, src INTEGER NOT NULL,"
    " tx BLOB NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE TABLE infer(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " cid INTEGER NOT NULL, time INTEGER NOT NULL, src INTEGER NOT NULL, tx BLOB NOT NULL,"
    " PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE TABLE escrow(chain INTEGER NOT NULL, hash BLOB NOT NULL, payer INTEGER NOT NULL,"
    " payee INTEGER NOT NULL, asset INTEGER NOT NULL, block INTEGER NOT NULL,"
    " log INTEGER NOT NULL, PRIMARY KEY(chain, hash)) WITHOUT ROWID;"
    "CREATE TABLE head(chain INTEGER PRIMARY KEY, latest INTEGER NOT NULL, safe INTEGER NOT NULL,"
    " final INTEGER NOT NULL, time INTEGER NOT NULL);"
    /* Hashes of blocks that were read up to, kept when checkpoints are not any more: proof_rows.h.
     */
    "CREATE TABLE anchor(chain INTEGER NOT NULL, block INTEGER NOT NULL, hash BLOB NOT NULL,"
    " PRIMARY KEY(chain, block)) WITHOUT ROWID;"
    "CREATE TABLE traced(chain INTEGER NOT NULL, addr INTEGER NOT NULL, upto INTEGER NOT NULL,"
    " PRIMARY KEY(chain, addr)) WITHOUT ROWID;";

/* Sums beside the rows: rollup.h. edge.days begins with the day of edge.first. */
static const char v3_rollup[] =
    "CREATE TABLE edge(chain INTEGER NOT NULL, payee INTEGER NOT NULL, payer INTEGER NOT NULL,"
    " asset INTEGER NOT NULL, payments INTEGER NOT NULL, settlements INTEGER NOT NULL,"
    " amount BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, days BLOB NOT NULL,"
    " PRIMARY KEY(chain, payee, payer, asset)) WITHOUT ROWID;"
    "CREATE TABLE day(chain INTEGER NOT NULL, payee INTEGER NOT NULL, day INTEGER NOT NULL,"
    " asset INTEGER NOT NULL, payments INTEGER NOT NULL, settlements INTEGER NOT NULL,"
    " amount BLOB NOT NULL, refunded BLOB NOT NULL,"
    " PRIMARY KEY(chain, payee, day, asset)) WITHOUT ROWID;"
    "CREATE TABLE infer_day(chain INTEGER NOT NULL, cid INTEGER NOT NULL, day INTEGER NOT NULL,"
    " n INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(chain, cid, day)) WITHOUT ROWID;"
    /* Blocks between which all rows of a day are: for reading a stretch of time. */
    "CREATE TABLE extent(chain INTEGER NOT NULL, day INTEGER NOT NULL, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY(chain, day)) WITHOUT ROWID;";

/*
 * What derive finds, besides v1's. span: from this place of the chain on, proved payments to payee
 * are who's (a model, an author negated, 0 nobody's), by how (enum attribution); BY_PRICE: each by
 * its row of pay_model, which holds no others.
 */
static const char v3_derived[] =
    "DELETE FROM pay_model; DELETE FROM meta WHERE key LIKE 'derived%';"
    "DROP TABLE stat; DROP TABLE author_stat; DROP TABLE payee_stat; DROP TABLE market_stat;"
    "CREATE TABLE span(payee INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " who INTEGER NOT NULL, how INTEGER NOT NULL, PRIMARY KEY(payee, block, log)) WITHOUT ROWID;"
    "CREATE INDEX span_by_who ON span(who);"
    "CREATE INDEX model_listed ON model(author) WHERE mark > 0 AND gone = 0;"
    "CREATE INDEX model_by_seen ON model(first_seen);"
    /* unknown: payments and settlements whose payer no log names. */
    "CREATE TABLE stat(win INTEGER NOT NULL, model INTEGER NOT NULL, calls INTEGER NOT NULL,"
    " payments INTEGER NOT NULL, settlements INTEGER NOT NULL, inferences INTEGER NOT NULL,"
    " payers INTEGER NOT NULL, back INTEGER NOT NULL, unknown INTEGER NOT NULL, income BLOB,"
    " refunded BLOB, last INTEGER NOT NULL, PRIMARY KEY(win, model)) WITHOUT ROWID;"
    "CREATE INDEX stat_by_calls ON stat(win, calls DESC, settlements DESC, model);"
    "CREATE TABLE author_stat(win INTEGER NOT NULL, author INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, payments INTEGER NOT NULL, settlements INTEGER NOT NULL,"
    " inferences INTEGER NOT NULL, payers INTEGER NOT NULL, fresh INTEGER NOT NULL,"
    " unknown INTEGER NOT NULL, income BLOB, refunded BLOB, shared BLOB, last INTEGER NOT NULL,"
    " PRIMARY KEY(win, author)) WITHOUT ROWID;"
    "CREATE TABLE payee_stat(win INTEGER NOT NULL, payee INTEGER NOT NULL,"
    " payments INTEGER NOT NULL, settlements INTEGER NOT NULL, unattributed INTEGER NOT NULL,"
    " income BLOB, shared BLOB, PRIMARY KEY(win, payee)) WITHOUT ROWID;"
    "CREATE TABLE market_stat(win INTEGER PRIMARY KEY, payments INTEGER NOT NULL,"
    " settlements INTEGER NOT NULL, inferences INTEGER NOT NULL, payers INTEGER NOT NULL,"
    " fresh INTEGER NOT NULL, payer_unknown INTEGER NOT NULL, strays INTEGER NOT NULL,"
    " unknown INTEGER NOT NULL, by_list INTEGER NOT NULL, inflows INTEGER NOT NULL,"
    " income BLOB, shared BLOB, stray BLOB, refunded BLOB, by_list_sum BLOB, inflow BLOB);"
    /* Growth of calls and settlements (stats.h growth()); no row: too few to tell. */
    "CREATE TABLE trend(who INTEGER PRIMARY KEY, ratio REAL NOT NULL, low REAL NOT NULL,"
    " high REAL NOT NULL);"
    /* back: payers of that week seen again in the k-th week after, uint32s. */
    "CREATE TABLE cohort(week INTEGER PRIMARY KEY, payers INTEGER NOT NULL, d7 INTEGER NOT NULL,"
    " d30 INTEGER NOT NULL, back BLOB NOT NULL);"
    /* The few rows that no rollup holds by window: P2, and those without a payer. */
    "CREATE INDEX pay_by_list ON pay(chain, time, payee) WHERE tier = 2;"
    "CREATE INDEX pay_of_nobody ON pay(chain, time, payee) WHERE payer = 0;";

/* What genuine_judge finds (market/genuine.h). bits: 1 << enum rule. */
static const char v3_genuine[] =
    /* Payments with any bit. excluded: what of the amount is not in the lower bound. */
    "CREATE TABLE judged(chain INTEGER NOT NULL, block INTEGER NOT NULL, log INTEGER NOT NULL,"
    " bits INTEGER NOT NULL, excluded BLOB NOT NULL, PRIMARY KEY(chain, block, log)) WITHOUT ROWID;"
    "CREATE TABLE finding(id INTEGER PRIMARY KEY, rule INTEGER NOT NULL, who INTEGER NOT NULL,"
    " author INTEGER NOT NULL, payee INTEGER NOT NULL, payer INTEGER NOT NULL,"
    " since INTEGER NOT NULL, until INTEGER NOT NULL, payments INTEGER NOT NULL,"
    " payers INTEGER NOT NULL, asset INTEGER NOT NULL, amount BLOB NOT NULL, words TEXT NOT NULL);"
    "CREATE INDEX finding_by_who ON finding(who, until);"
    "CREATE INDEX finding_by_author ON finding(author, until);"
    "CREATE TABLE finding_row(finding INTEGER NOT NULL, n INTEGER NOT NULL, chain INTEGER NOT NULL,"
    " block INTEGER NOT NULL, log INTEGER NOT NULL, PRIMARY KEY(finding, n)) WITHOUT ROWID;"
    /* Payers under `shared`, by author and asset. cluster: the least addr.id of those that count as
       one; funder: who made the first inflow. */
    "CREATE TABLE linked(author INTEGER NOT NULL, asset INTEGER NOT NULL, payer INTEGER NOT NULL,"
    " funder INTEGER NOT NULL, cluster INTEGER NOT NULL,"
    " PRIMARY KEY(author, asset, payer)) WITHOUT ROWID;"
    /* who: a model, an author negated, 0 the market. low, high: incomes, packed as derive's.
       clusters, payments: see genuine.h, `healthy`. bits: payments by rule, u32s. sums: for each
       rule the count of assets (u32), then as in an income: what the rule takes, or concerns. */
    "CREATE TABLE genuine_stat(win INTEGER NOT NULL, who INTEGER NOT NULL, low BLOB, high BLOB,"
    " strict INTEGER NOT NULL, loose INTEGER NOT NULL, clusters INTEGER NOT NULL,"
    " payments INTEGER NOT NULL, bits BLOB NOT NULL, sums BLOB NOT NULL,"
    " PRIMARY KEY(win, who)) WITHOUT ROWID;"
    /* median: of the amounts of single payments (pay_is_call). All packed incomes. */
    "CREATE TABLE genuine_week(week INTEGER PRIMARY KEY, low BLOB, high BLOB, median BLOB);";

static const char *const v3[] = {v3_raw, v3_rollup, v3_derived, v3_genuine, NULL};

const struct migration schema_migrations[] = {{1, v1}, {2, v2}, {3, v3}, {0, NULL}};

const struct schema schema_cache = {
    .migrations = schema_migrations,
    .application = 0x736f756b, /* "souk" */
    .what = "cache",
    .remedy = "delete it, the next sync fetches everything again",
};

int schema_newest(const struct migration *m)
{
    int newest = 0;
    for (; m->version; m++) {
        if (m->version <= newest) {
            BUG("migrations out of order at %d", m->version);
        }
        newest = m->version;
    }
    return newest;
}

/* First column of the first row of a pragma or query; -1 on failure. */
static int one_int(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int v = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        v = sqlite3_column_int(st, 0);
    }
    int rc = sqlite3_finalize(st);
    return rc == SQLITE_OK ? v : -1;
}

int schema_check(sqlite3 *db, const struct schema *s, const char *path, struct err *e)
{
    int have = one_int(db, "PRAGMA user_version");
    int app = one_int(db, "PRAGMA application_id");
    int tables = one_int(db, "SELECT count(*) FROM sqlite_schema");
    if (have < 0 || app < 0 || tables < 0) {
        query_failed(db, s, path, e);
        return -1;
    }
    if (tables == 0) {
        return 0; /* new, or its making was interrupted */
    }
    if (app != s->application) {
        err_set(e, SOUK_EINPUT,
                "%s is a database, but not a %s of souk: move it away, or use another --data "
                "directory; nothing was changed",
                path, s->what);
        return -1;
    }
    int newest = schema_newest(s->migrations);
    if (have > newest) {
        err_set(e, SOUK_EINPUT,
                "this %s was written by a newer souk (schema %d, this one knows %d): update "
                "souk, or use another --data directory; nothing was changed",
                s->what, have, newest);
        return -1;
    }
    return have;
}

static souk_err run(sqlite3 *db, const char *sql, const struct schema *s, const char *path,
                    struct err *e)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? SOUK_OK
                                                                : query_failed(db, s, path, e);
}

static souk_err step_to(sqlite3 *db, const struct migration *m, const struct schema *s,
                        const char *path, struct err *e)
{
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
             s->application, m->version);
    souk_err rc = SOUK_OK;
    for (size_t i = 0; m->sql[i] && !rc; i++) {
        rc = run(db, m->sql[i], s, path, e);
    }
    return rc ? rc : run(db, mark, s, path, e);
}

souk_err schema_migrate(sqlite3 *db, const struct schema *s, const char *path, struct err *e)
{
    int newest = schema_newest(s->migrations);
    for (;;) {
        /* Asked again inside the transaction: another souk may be migrating the same file. */
        int have = schema_check(db, s, path, e);
        if (have < 0) {
            return e ? e->code : SOUK_EINPUT;
        }
        if (have == newest) {
            return SOUK_OK;
        }
        souk_err rc = run(db, "BEGIN IMMEDIATE", s, path, e);
        if (rc) {
            return rc;
        }
        have = schema_check(db, s, path, e);
        const struct migration *next = s->migrations;
        while (next->version && next->version <= have) {
            next++;
        }
        if (have >= 0 && next->version) {
            rc = step_to(db, next, s, path, e);
        }
        if (!sqlite3_get_autocommit(db)) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        }
        if (rc) {
            return rc;
        }
    }
}
