/* Where rows came from, how far each log filter was read, what sync last did. */
#include <string.h>

#include "store/proof_rows.h"
#include "store/query.h"

#include "base/banned.h"

/* --- sources */

/* A Hub page read again: the readings before it that no model names any more say nothing. */
static souk_err forget_page(struct store *s, const struct source_row *r, int64_t newest,
                            struct err *e)
{
    struct query_run q =
        query_open(s, "DELETE FROM source WHERE kind = ? AND place = ? AND first = ? AND id < ?"
                      " AND NOT EXISTS (SELECT 1 FROM model WHERE model.src = source.id)");
    query_int(&q, r->kind);
    query_text(&q, untrusted(r->place));
    query_int(&q, r->first);
    query_int(&q, newest);
    return query_do(&q, e);
}

/*
 * The next range of a log filter by the same node is one longer range, with the new end: rows go on
 * pointing to it, and a program that polls for months has not a row for every poll. *id 0: it does
 * not go on from any.
 */
static souk_err go_on(struct store *s, const struct source_row *r, int64_t *id, struct err *e)
{
    struct query_run q =
        query_open(s, "SELECT id FROM source WHERE chain = ? AND filter = ? AND last = ?"
                      " AND place = ? ORDER BY id DESC LIMIT 1");
    query_int(&q, r->chain);
    query_text(&q, untrusted(r->filter));
    query_int(&q, r->first - 1);
    query_text(&q, untrusted(r->place));
    souk_err rc = query_one(&q, 0, id, e);
    if (rc || !*id) {
        return rc;
    }
    q = query_open(s, "UPDATE source SET last = ?, hash = ?, time = ? WHERE id = ?");
    query_int(&q, r->last);
    query_blob(&q, r->hash, sizeof *r->hash);
    query_int(&q, r->time);
    query_int(&q, *id);
    return query_do(&q, e);
}

souk_err store_source_add(struct store *s, const struct source_row *r, int64_t *id, struct err *e)
{
    *id = 0;
    if (r->kind == SOURCE_LOGS && r->filter && r->place) {
        souk_err rc = go_on(s, r, id, e);
        if (rc || *id) {
            return rc;
        }
    }
    struct query_run q = query_open(
        s, "INSERT INTO source(kind, place, chain, filter, first, last, hash, etag, time)"
           " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, r->kind);
    query_text(&q, untrusted(r->place ? r->place : ""));
    query_int(&q, r->chain);
    query_text(&q, untrusted(r->filter));
    query_int(&q, r->first);
    query_int(&q, r->last);
    query_blob(&q, r->hash, sizeof *r->hash);
    query_text(&q, untrusted(r->etag));
    query_int(&q, r->time);
    souk_err rc = query_do(&q, e);
    *id = rc ? 0 : sqlite3_last_insert_rowid(store_db(s));
    return !rc && r->kind == SOURCE_HUB && r->place ? forget_page(s, r, *id, e) : rc;
}

bool store_source_etag(struct store *s, enum source_kind kind, const char *place, int64_t page,
                       char out[128])
{
    struct query_run q =
        query_open(s, "SELECT etag FROM source WHERE kind = ? AND place = ? AND first = ?"
                      " ORDER BY id DESC LIMIT 1");
    query_int(&q, kind);
    query_text(&q, untrusted(place));
    query_int(&q, page);
    out[0] = '\0';
    if (query_next(&q)) {
        struct untrusted etag = query_col_text(&q, 0);
        if (etag.n < 128) { /* a longer one is of no use to us */
            memcpy(out, etag.p ? etag.p : "", etag.n);
            out[etag.n] = '\0';
        }
    }
    return query_close(&q, NULL) == SOUK_OK && out[0] != '\0';
}

/* Reads the columns kind ... time, from the second of the row on. */
static bool source_copy(struct query_run *q, struct arena *a, struct source_row *out)
{
    struct untrusted place, filter, etag, hash;
    if (!query_copy(q, 2, a, &place) || !query_copy(q, 4, a, &filter) ||
        !query_copy(q, 7, a, &hash) || !query_copy(q, 8, a, &etag)) {
        return false;
    }
    *out = (struct source_row){.id = query_col_int(q, 0),
                               .kind = (enum source_kind)query_col_int(q, 1),
                               .place = place.p,
                               .chain = query_col_int(q, 3),
                               .filter = filter.p,
                               .first = query_col_int(q, 5),
                               .last = query_col_int(q, 6),
                               .hash = hash.n == sizeof(bytes32) ? (const bytes32 *)hash.p : NULL,
                               .etag = etag.p,
                               .time = query_col_int(q, 9)};
    return true;
}

#define SOURCE_COLUMNS "id, kind, place, chain, filter, first, last, hash, etag, time"

souk_err store_source_get(struct store *s, int64_t id, struct arena *a, struct source_row *out,
                          struct err *e)
{
    struct query_run q = query_open(s, "SELECT " SOURCE_COLUMNS " FROM source WHERE id = ?");
    query_int(&q, id);
    bool found = query_next(&q);
    bool copied = found && source_copy(&q, a, out);
    souk_err rc = query_close(&q, e);
    if (rc || copied) {
        return rc;
    }
    return found ? err_nomem(e) : err_set(e, SOUK_ENOTFOUND, "no source %lld", (long long)id);
}

souk_err store_sources_recent(struct store *s, size_t max, struct arena *a, struct source_row **out,
                              size_t *n, struct err *e)
{
    *n = 0;
    *out = arena_alloc(a, max * sizeof **out);
    bool ok = *out != NULL;
    struct query_run q =
        query_open(s, "SELECT " SOURCE_COLUMNS " FROM source ORDER BY time DESC, id DESC LIMIT ?");
    query_int(&q, (int64_t)max);
    while (ok && query_next(&q)) {
        ok = source_copy(&q, a, &(*out)[*n]);
        *n += ok;
    }
    souk_err rc = query_close(&q, e);
    return !rc && !ok ? err_nomem(e) : rc;
}

/* --- cursors */

static void cursor_read(struct query_run *q, struct cursor *out)
{
    *out = (struct cursor){.block = (uint64_t)query_col_int(q, 0),
                           .hash = query_col_bytes32(q, 1),
                           .time = query_col_int(q, 2)};
}

size_t store_checkpoints(struct store *s, int64_t chain, const char *filter, struct cursor *out,
                         size_t max)
{
    struct query_run q = query_open(s, "SELECT block, hash, time FROM cursor WHERE chain = ? AND"
                                       " filter = ? ORDER BY block DESC LIMIT ?");
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, (int64_t)max);
    size_t n = 0;
    while (n < max && query_next(&q)) {
        cursor_read(&q, &out[n++]);
    }
    return query_close(&q, NULL) == SOUK_OK ? n : 0;
}

bool store_cursor_get(struct store *s, int64_t chain, const char *filter, struct cursor *out)
{
    return store_checkpoints(s, chain, filter, out, 1) == 1;
}

static souk_err forget_above(struct store *s, int64_t chain, const char *filter, int64_t block,
                             struct err *e)
{
    struct query_run q =
        query_open(s, "DELETE FROM cursor WHERE chain = ? AND filter = ? AND block > ?");
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, block);
    return query_do(&q, e);
}

/* One of the statements below: of this filter's checkpoints, those before the nth newest. */
static souk_err prune_one(struct store *s, const char *sql, int64_t chain, const char *filter,
                          int64_t nth, struct err *e)
{
    struct query_run q = query_open(s, sql);
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, nth);
    return query_do(&q, e);
}

#define BEFORE_NTH                                                       \
    " chain = ?1 AND filter = ?2 AND block <= (SELECT block FROM cursor" \
    " WHERE chain = ?1 AND filter = ?2 ORDER BY block DESC LIMIT 1 OFFSET ?3)"

static souk_err prune(struct store *s, int64_t chain, const char *filter, struct err *e)
{
    /* Of the older half the lowest of each 64 blocks. */
    souk_err rc = prune_one(s,
                            "DELETE FROM cursor WHERE" BEFORE_NTH
                            " AND EXISTS (SELECT 1 FROM cursor o WHERE o.chain = ?1"
                            " AND o.filter = ?2 AND o.block >= cursor.block / 64 * 64"
                            " AND o.block < cursor.block)",
                            chain, filter, STORE_CHECKPOINTS / 2, e);
    /* Nobody goes back behind what is final; one below it is the ground to stand on. */
    if (!rc)
        rc = prune_one(s,
                       "DELETE FROM cursor WHERE" BEFORE_NTH
                       " AND block < (SELECT max(o.block) FROM cursor o, head h"
                       " WHERE o.chain = ?1 AND o.filter = ?2 AND h.chain = ?1 AND h.final > 0"
                       " AND o.block <= h.final)",
                       chain, filter, 1, e);
    return rc ? rc
              : prune_one(s, "DELETE FROM cursor WHERE" BEFORE_NTH, chain, filter,
                          STORE_CHECKPOINTS, e);
}

souk_err store_cursor_set(struct store *s, int64_t chain, const char *filter,
                          const struct cursor *c, struct err *e)
{
    store_touched(s); /* the windows move with it */
    souk_err rc = forget_above(s, chain, filter, c ? (int64_t)c->block : -1, e);
    if (rc || !c) {
        return rc;
    }
    struct query_run q = query_open(s, "INSERT OR REPLACE INTO cursor(chain, filter, block, hash,"
                                       " time) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, chain);
    query_text(&q, untrusted(filter));
    query_int(&q, (int64_t)c->block);
    query_blob(&q, c->hash.b, sizeof c->hash.b);
    query_int(&q, c->time);
    rc = query_do(&q, e);
    if (!rc) {
        rc = store_anchor_put(s, chain, c, e);
    }
    return rc ? rc : prune(s, chain, filter, e);
}

/* --- what sync did */

souk_err store_sync_state_put(struct store *s, const struct sync_state *st, struct err *e)
{
    struct query_run q =
        query_open(s, "INSERT OR REPLACE INTO sync_state(source, phase, done, total, message,"
                      " started, finished, ok_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    query_text(&q, untrusted(st->source));
    query_int(&q, st->phase);
    query_int(&q, st->done);
    query_int(&q, st->total);
    query_text(&q, untrusted(st->message));
    query_int(&q, st->started);
    query_int(&q, st->finished);
    query_int(&q, st->ok_at);
    return query_do(&q, e);
}

souk_err store_sync_states(struct store *s, struct arena *a, struct sync_state **out, size_t *n,
                           struct err *e)
{
    enum { SOURCES_MAX = 32 };
    *n = 0;
    *out = arena_alloc(a, SOURCES_MAX * sizeof **out);
    bool ok = *out != NULL;
    struct query_run q = query_open(s, "SELECT source, phase, done, total, message, started,"
                                       " finished, ok_at FROM sync_state ORDER BY source LIMIT ?");
    query_int(&q, SOURCES_MAX);
    while (ok && query_next(&q)) {
        struct untrusted source, message;
        ok = query_copy(&q, 0, a, &source) && query_copy(&q, 4, a, &message);
        if (ok) {
            (*out)[(*n)++] = (struct sync_state){.source = source.p,
                                                 .phase = (enum sync_phase)query_col_int(&q, 1),
                                                 .done = query_col_int(&q, 2),
                                                 .total = query_col_int(&q, 3),
                                                 .message = message.p,
                                                 .started = query_col_int(&q, 5),
                                                 .finished = query_col_int(&q, 6),
                                                 .ok_at = query_col_int(&q, 7)};
        }
    }
    souk_err rc = query_close(&q, e);
    return !rc && !ok ? err_nomem(e) : rc;
}
