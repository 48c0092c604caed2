/* What sync must know of the cache before it asks a server. */
#include "store/query.h"

#include "base/banned.h"

souk_err store_payees(struct store *s, int64_t chain, struct arena *a, struct payee_row **out,
                      size_t *n, struct err *e)
{
    int64_t rows = 0;
    souk_err c;
    struct query_run q = query_open(s, "SELECT count(DISTINCT pay_to) FROM listing_event"
                                       " WHERE chain = ? AND kind = 1 AND pay_to IS NOT NULL");
    query_int(&q, chain);
    *out = NULL;
    *n = 0;
    if ((c = query_one(&q, 0, &rows, e)) != SOUK_OK || rows == 0)
        return c;
    if ((*out = arena_alloc(a, (size_t)rows * sizeof **out)) == NULL)
        return err_nomem(e);
    q = query_open(s, "SELECT addr.a, min(l.block) FROM listing_event l"
                      " JOIN addr ON addr.id = l.pay_to WHERE l.chain = ? AND l.kind = 1"
                      " GROUP BY l.pay_to ORDER BY addr.a");
    query_int(&q, chain);
    while (*n < (size_t)rows && query_next(&q)) {
        (*out)[*n].a = query_col_address(&q, 0);
        (*out)[(*n)++].since = (uint64_t)query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

souk_err store_model_name(struct store *s, int64_t id, struct arena *a, struct untrusted *author,
                          struct untrusted *name, struct err *e)
{
    bool found, copied;
    struct query_run q = query_open(s, "SELECT a.name, m.name FROM model m JOIN author a"
                                       " ON a.id = m.author WHERE m.id = ?");
    query_int(&q, id);
    found = query_next(&q);
    copied = found && query_copy(&q, 0, a, author) && query_copy(&q, 1, a, name);
    souk_err c = query_close(&q, e);
    if (c != SOUK_OK || copied)
        return c;
    return found ? err_nomem(e) : err_set(e, SOUK_ENOTFOUND, "there is no such model");
}

souk_err store_models_without_blob(struct store *s, const char *place, int64_t since,
                                   struct arena *a, int64_t **out, size_t *n, struct err *e)
{
    int64_t rows = 0;
    souk_err c;
    struct query_run q =
        query_open(s, "SELECT count(*) FROM model WHERE gone = 0 AND blob_id IS NULL");
    *out = NULL;
    *n = 0;
    if ((c = query_one(&q, 0, &rows, e)) != SOUK_OK || rows == 0)
        return c;
    if ((*out = arena_alloc(a, (size_t)rows * sizeof **out)) == NULL)
        return err_nomem(e);
    q = query_open(s, "SELECT id FROM model WHERE gone = 0 AND blob_id IS NULL AND id NOT IN"
                      " (SELECT first FROM source WHERE kind = ? AND place = ? AND time >= ?)"
                      " ORDER BY id");
    query_int(&q, SOURCE_HUB_DETAIL);
    query_text(&q, untrusted(place));
    query_int(&q, since);
    while (*n < (size_t)rows && query_next(&q))
        (*out)[(*n)++] = query_col_int(&q, 0);
    return query_close(&q, e);
}

int64_t store_source_time(struct store *s, enum source_kind kind, const char *place, int64_t page)
{
    int64_t t = 0;
    struct query_run q = query_open(s, "SELECT max(time) FROM source"
                                       " WHERE kind = ? AND place = ? AND first = ?");
    query_int(&q, (int64_t)kind);
    query_text(&q, untrusted(place));
    query_int(&q, page);
    return query_one(&q, 0, &t, NULL) == SOUK_OK ? t : 0;
}
