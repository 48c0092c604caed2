/* What the catalogue reads. */
#include "store/catalog_rows.h"

#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* The columns of a catalog_row without its figures: the first MODEL_COLUMNS of each query here. */
#define MODEL                                                                              \
    "m.id, m.author, m.name, m.task, m.mark, m.ever, m.blob_id, m.gone, m.price, m.asset," \
    " m.listed_at, m.first_seen, m.src, m.blob_from, m.endpoint, m.pay_to, m.owner"
enum { MODEL_COLUMNS = 17, FIGURE_COLUMNS = 10, TREND_COLUMNS = 3 };
#define FIGURES                                                                             \
    "t.calls, t.payments, t.settlements, t.inferences, t.payers, t.back, t.income, t.last," \
    " t.unknown, t.refunded"
#define TREND   "g.ratio, g.low, g.high"
#define GENUINE "j.low, j.high, j.strict"

static void read_model(struct query_run *q, struct catalog_row *r)
{
    *r = (struct catalog_row){.id = query_col_int(q, 0),
                              .author_id = query_col_int(q, 1),
                              .name = query_col_text(q, 2),
                              .task = query_col_text(q, 3),
                              .mark = (int)query_col_int(q, 4),
                              .ever = query_col_int(q, 5) != 0,
                              .blob_id = query_col_text(q, 6),
                              .gone = query_col_int(q, 7) != 0,
                              .asset = query_col_int(q, 9),
                              .listed_at = query_col_int(q, 10),
                              .first_seen = query_col_int(q, 11),
                              .src = query_col_int(q, 12),
                              .blob_from = (int)query_col_int(q, 13)};
    if (r->asset) {
        r->price = query_col_u256(q, 8);
        r->endpoint = query_col_text(q, 14);
        r->pay_to = query_col_int(q, 15);
        r->owner = query_col_int(q, 16);
    }
}

static bool is_null(struct query_run *q, int i)
{
    return sqlite3_column_type(q->st, i) == SQLITE_NULL;
}

static void read_figures(struct query_run *q, int at, struct figures_row *f)
{
    f->any = true;
    f->calls = (uint64_t)query_col_int(q, at);
    f->payments = (uint64_t)query_col_int(q, at + 1);
    f->settlements = (uint64_t)query_col_int(q, at + 2);
    f->inferences = (uint64_t)query_col_int(q, at + 3);
    f->payers = (uint64_t)query_col_int(q, at + 4);
    f->more = (uint64_t)query_col_int(q, at + 5);
    f->income = query_col_text(q, at + 6);
    f->last = query_col_int(q, at + 7);
    f->unknown = (uint64_t)query_col_int(q, at + 8);
    f->refunded = query_col_text(q, at + 9);
}

static void read_trend(struct query_run *q, int at, struct figures_row *f)
{
    f->trended = true;
    f->ratio = query_col_real(q, at);
    f->trend_low = query_col_real(q, at + 1);
    f->trend_high = query_col_real(q, at + 2);
}

static void read_genuine(struct query_run *q, int at, struct figures_row *f)
{
    f->low = query_col_text(q, at);
    f->high = query_col_text(q, at + 1);
    f->strict = (uint64_t)query_col_int(q, at + 2);
}

/* A query whose first column is the model's id, ascending; it goes along with the models. */
struct beside {
    struct query_run q;
    bool more;
};

static struct beside beside(struct query_run q)
{
    struct beside b = {q, false};
    b.more = query_next(&b.q);
    return b;
}

/* Goes on to this model; false: it has no row. */
static bool reached(struct beside *b, int64_t id)
{
    while (b->more && query_col_int(&b->q, 0) < id) {
        b->more = query_next(&b->q);
    }
    return b->more && query_col_int(&b->q, 0) == id;
}

/* Models, their figures, sparks and so on all come by id: one pass over each, side by side. */
souk_err store_each_catalog_row(struct store *s, int win, ROW_FN(catalog_row), void *ud,
                                struct err *e)
{
    bool judged = store_judged(s);
    struct query_run q = query_open(s, "SELECT " MODEL " FROM model m ORDER BY m.id");
    struct query_run t =
        query_open(s, "SELECT t.model, " FIGURES " FROM stat t WHERE t.win = ? ORDER BY t.model");
    query_int(&t, win);
    struct query_run j = query_open(s, "SELECT j.who, " GENUINE " FROM genuine_stat j WHERE"
                                       " j.win = ? AND j.who > 0 ORDER BY j.who");
    query_int(&j, win);
    struct beside figures = beside(t), genuine = beside(j);
    struct beside spark =
        beside(query_open(s, "SELECT who, v FROM spark WHERE who > 0 ORDER BY who"));
    struct beside trend = beside(
        query_open(s, "SELECT g.who, " TREND " FROM trend g WHERE g.who > 0 ORDER BY g.who"));
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct catalog_row r;
        read_model(&q, &r);
        r.figures.judged = judged;
        if (reached(&figures, r.id)) {
            read_figures(&figures.q, 1, &r.figures);
        }
        if (reached(&genuine, r.id)) {
            read_genuine(&genuine.q, 1, &r.figures);
        }
        if (reached(&spark, r.id)) {
            r.figures.spark = query_col_text(&spark.q, 1);
        }
        if (reached(&trend, r.id)) {
            read_trend(&trend.q, 1, &r.figures);
        }
        rc = fn(ud, &r, e);
    }
    rc = query_end(&q, rc, e);
    rc = query_end(&figures.q, rc, e);
    rc = query_end(&genuine.q, rc, e);
    rc = query_end(&spark.q, rc, e);
    return query_end(&trend.q, rc, e);
}

/* The columns MODEL, author, spark, then TREND, GENUINE, FIGURES. */
#define ALL MODEL ", a.name, k.v, " TREND ", " GENUINE ", "
#define JOINED                                                            \
    " JOIN author a ON a.id = m.author LEFT JOIN spark k ON k.who = m.id" \
    " LEFT JOIN trend g ON g.who = m.id LEFT JOIN genuine_stat j ON j.win = ?1 AND j.who = m.id "
#define STAT "LEFT JOIN stat t ON t.win = ?1 AND t.model = m.id "

static souk_err each_joined(struct query_run q, ROW_FN(catalog_row), void *ud, uint32_t *n,
                            struct err *e)
{
    enum {
        SPARK = MODEL_COLUMNS + 1,
        AT_TREND,
        GROWN = AT_TREND + TREND_COLUMNS,
        COUNTS = GROWN + 3
    };
    bool judged = store_judged(q.store);
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct catalog_row r;
        read_model(&q, &r);
        r.author = query_col_text(&q, MODEL_COLUMNS);
        r.figures.judged = judged;
        r.figures.spark = query_col_text(&q, SPARK);
        if (!is_null(&q, AT_TREND)) {
            read_trend(&q, AT_TREND, &r.figures);
        }
        read_genuine(&q, GROWN, &r.figures);
        if (!is_null(&q, COUNTS)) {
            read_figures(&q, COUNTS, &r.figures);
        }
        *n += 1;
        rc = fn(ud, &r, e);
    }
    return query_end(&q, rc, e);
}

#define NO_FIGURES "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"

souk_err store_catalog_head(struct store *s, int win, uint32_t limit, ROW_FN(catalog_row), void *ud,
                            struct err *e)
{
    uint32_t n = 0;
    struct query_run q =
        query_open(s, "SELECT " ALL FIGURES " FROM stat t INDEXED BY stat_by_calls"
                      " CROSS JOIN model m ON m.id = t.model" JOINED "WHERE t.win = ?1"
                      " ORDER BY t.calls DESC, t.settlements DESC, t.model"
                      " LIMIT ?2");
    query_int(&q, win);
    query_int(&q, limit);
    souk_err rc = each_joined(q, fn, ud, &n, e);
    if (rc || n == limit) {
        return rc;
    }
    q = query_open(s, "SELECT " ALL NO_FIGURES " FROM model m" JOINED
                      "WHERE NOT EXISTS (SELECT 1 FROM stat t WHERE t.win = ?1 AND t.model = m.id)"
                      " ORDER BY m.id LIMIT ?2");
    query_int(&q, win);
    query_int(&q, limit - n);
    return each_joined(q, fn, ud, &n, e);
}

souk_err store_catalog_row(struct store *s, int win, int64_t id, ROW_FN(catalog_row), void *ud,
                           struct err *e)
{
    uint32_t n = 0;
    struct query_run q =
        query_open(s, "SELECT " ALL FIGURES " FROM model m" JOINED STAT "WHERE m.id = ?2");
    query_int(&q, win);
    query_int(&q, id);
    souk_err rc = each_joined(q, fn, ud, &n, e);
    return !rc && n == 0 ? err_set(e, SOUK_ENOTFOUND, "this model is not in the cache") : rc;
}

souk_err store_each_of_author(struct store *s, int win, int64_t author, ROW_FN(catalog_row),
                              void *ud, struct err *e)
{
    uint32_t n = 0;
    struct query_run q =
        query_open(s, "SELECT " ALL FIGURES " FROM model m" JOINED STAT "WHERE m.author = ?2"
                      " ORDER BY coalesce(t.calls, 0) DESC, coalesce(t.settlements, 0) DESC, m.id");
    query_int(&q, win);
    query_int(&q, author);
    return each_joined(q, fn, ud, &n, e);
}

souk_err store_each_author(struct store *s, ROW_FN(author_name), void *ud, struct err *e)
{
    struct query_run q = query_open(s, "SELECT id, name FROM author ORDER BY id");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct author_name row = {query_col_int(&q, 0), query_col_text(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

address store_address(struct store *s, int64_t addr)
{
    address a = {{0}};
    struct query_run q = query_open(s, "SELECT a FROM addr WHERE id = ?");
    query_int(&q, addr);
    if (query_next(&q)) {
        a = query_col_address(&q, 0);
    }
    query_close(&q, NULL);
    return a;
}

souk_err store_model_count(struct store *s, uint32_t *n, struct err *e)
{
    int64_t v;
    struct query_run q = query_open(s, "SELECT max(id) FROM model");
    souk_err rc = query_one(&q, 0, &v, e);
    *n = (uint32_t)v;
    return rc;
}

bool store_judged(struct store *s)
{
    return store_meta_int(s, "judged_at", 0) != 0;
}

int64_t store_synced_at(struct store *s)
{
    int64_t v;
    struct query_run q =
        query_open(s, "SELECT max(ok_at) FROM sync_state WHERE source <> 'figures'");
    return query_one(&q, 0, &v, NULL) == SOUK_OK ? v : 0;
}
