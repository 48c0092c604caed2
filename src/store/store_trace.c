/* What sync must remember of a chain besides its rows: escrows, how far it is, whom it follows. */
#include "store/query.h"
#include "store/rollup.h"

#include "base/banned.h"

static const address nobody;

static souk_err code_of(const struct err *e)
{
    return e ? e->code : SOUK_EFAIL;
}

/* --- escrows */

souk_err store_escrow_put(struct store *s, const struct escrow_in *x, struct err *e)
{
    int64_t payer = store_addr(s, x->payer, e);
    int64_t payee = payer ? store_addr(s, x->payee, e) : 0;
    int64_t asset = payee ? store_addr(s, x->asset, e) : 0;
    if (!asset) {
        return code_of(e);
    }
    struct query_run q =
        query_open(s, "INSERT OR IGNORE INTO escrow(chain, hash, payer, payee, asset, block, log)"
                      " VALUES(?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, x->chain);
    query_blob(&q, x->hash.b, sizeof x->hash.b);
    query_int(&q, payer);
    query_int(&q, payee);
    query_int(&q, asset);
    query_int(&q, (int64_t)x->block);
    query_int(&q, (int64_t)x->log);
    return query_do(&q, e);
}

bool store_escrow_get(struct store *s, int64_t chain, bytes32 hash, struct escrow_in *out)
{
    struct query_run q = query_open(
        s, "SELECT a.a, b.a, c.a, x.block, x.log FROM escrow x JOIN addr a ON a.id = x.payer"
           " JOIN addr b ON b.id = x.payee JOIN addr c ON c.id = x.asset"
           " WHERE x.chain = ? AND x.hash = ?");
    query_int(&q, chain);
    query_blob(&q, hash.b, sizeof hash.b);
    bool found = query_next(&q);
    if (found) {
        *out = (struct escrow_in){.chain = chain,
                                  .hash = hash,
                                  .payer = query_col_address(&q, 0),
                                  .payee = query_col_address(&q, 1),
                                  .asset = query_col_address(&q, 2),
                                  .block = (uint64_t)query_col_int(&q, 3),
                                  .log = (uint64_t)query_col_int(&q, 4)};
    }
    return query_close(&q, NULL) == SOUK_OK && found;
}

/* --- heads */

souk_err store_head_put(struct store *s, int64_t chain, const struct chain_head *h, struct err *e)
{
    struct query_run q = query_open(s, "INSERT OR REPLACE INTO head(chain, latest, safe, final,"
                                       " time) VALUES(?, ?, ?, ?, ?)");
    query_int(&q, chain);
    query_int(&q, (int64_t)h->latest);
    query_int(&q, (int64_t)h->safe);
    query_int(&q, (int64_t)h->final);
    query_int(&q, h->time);
    return query_do(&q, e);
}

bool store_head_get(struct store *s, int64_t chain, struct chain_head *out)
{
    struct query_run q = query_open(s, "SELECT latest, safe, final, time FROM head"
                                       " WHERE chain = ?");
    query_int(&q, chain);
    bool found = query_next(&q);
    if (found) {
        *out = (struct chain_head){.latest = (uint64_t)query_col_int(&q, 0),
                                   .safe = (uint64_t)query_col_int(&q, 1),
                                   .final = (uint64_t)query_col_int(&q, 2),
                                   .time = query_col_int(&q, 3)};
    }
    return query_close(&q, NULL) == SOUK_OK && found;
}

bool store_has_pay(struct store *s, int64_t chain, uint64_t block, uint64_t log)
{
    struct query_run q =
        query_open(s, "SELECT 1 FROM pay WHERE chain = ? AND block = ? AND log = ?");
    query_int(&q, chain);
    query_int(&q, (int64_t)block);
    query_int(&q, (int64_t)log);
    bool found = query_next(&q);
    return query_close(&q, NULL) == SOUK_OK && found;
}

/* --- whose movements are read */

#define MATTER(payments)                                                               \
    "(SELECT owner AS id FROM listing_event WHERE chain = ?1 AND kind = 1"             \
    " UNION SELECT pay_to FROM listing_event WHERE chain = ?1 AND kind = 1"            \
    " UNION SELECT payer FROM " payments " WHERE chain = ?1 AND payee IN"              \
    " (SELECT pay_to FROM listing_event WHERE chain = ?1 AND kind = 1)) m JOIN addr a" \
    " ON a.id = m.id LEFT JOIN traced t ON t.chain = ?1 AND t.addr = m.id WHERE a.a <> ?2"

#define TRACED(from) "SELECT a.a, coalesce(t.upto, 0) AS upto FROM " from " ORDER BY upto, a.a"

souk_err store_traced(struct store *s, int64_t chain, struct arena *a, struct traced **out,
                      size_t *n, struct err *e)
{
    int64_t rows = 0;
    *out = NULL;
    *n = 0;
    bool behind = store_behind(s); /* then the rows themselves are asked */
    struct query_run q = behind ? query_open(s, "SELECT count(*) FROM " MATTER("pay"))
                                : query_open(s, "SELECT count(*) FROM " MATTER("edge"));
    query_int(&q, chain);
    query_blob(&q, nobody.b, sizeof nobody.b);
    souk_err rc = query_one(&q, 0, &rows, e);
    if (rc || rows == 0) {
        return rc;
    }
    *out = arena_alloc(a, (size_t)rows * sizeof **out);
    if (!*out) {
        return err_nomem(e);
    }
    q = behind ? query_open(s, TRACED(MATTER("pay"))) : query_open(s, TRACED(MATTER("edge")));
    query_int(&q, chain);
    query_blob(&q, nobody.b, sizeof nobody.b);
    while (*n < (size_t)rows && query_next(&q)) {
        (*out)[*n].a = query_col_address(&q, 0);
        (*out)[(*n)++].upto = (uint64_t)query_col_int(&q, 1);
    }
    return query_close(&q, e);
}

souk_err store_traced_set(struct store *s, int64_t chain, const address *a, size_t n, uint64_t upto,
                          struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        int64_t id = store_addr(s, a[i], e);
        if (!id) {
            return code_of(e);
        }
        struct query_run q =
            query_open(s, "INSERT OR REPLACE INTO traced(chain, addr, upto) VALUES(?, ?, ?)");
        query_int(&q, chain);
        query_int(&q, id);
        query_int(&q, (int64_t)upto);
        rc = query_do(&q, e);
    }
    return rc;
}
