/* Reading what was found. */
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "market/genuine.h"
#include "market/packed.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

enum { TEXT_MAX = 64 << 20, ROWS_MAX = 1 << 20 };

/* What both results are made in, behind their own beginning. */
struct loaded {
    union {
        struct findings f;
        struct evidence v;
    };
    struct arena arena;
    struct assets assets;
    size_t room;
};

static struct loaded *make(struct store *s, size_t rows, size_t size, void **out, struct err *e)
{
    struct loaded *l = mem_zalloc(sizeof *l);
    if (!l) {
        err_nomem(e);
        return NULL;
    }
    arena_init(&l->arena, TEXT_MAX);
    l->room = rows < ROWS_MAX ? rows : ROWS_MAX;
    *out = arena_alloc(&l->arena, (l->room + 1) * size);
    if (!*out) {
        err_nomem(e);
    }
    if (!*out || assets_load(s, &l->assets, e)) {
        arena_release(&l->arena);
        mem_free(l);
        return NULL;
    }
    return l;
}

static void drop(struct loaded *l)
{
    if (l) {
        arena_release(&l->arena);
        mem_free(l);
    }
}

static const char *copy(struct loaded *l, struct untrusted u)
{
    return u.p ? arena_strndup(&l->arena, u.p, u.n) : "";
}

static souk_err on_finding(void *ud, const struct finding_in *in, struct err *e)
{
    struct loaded *l = ud;
    const struct finding_out *f = &in->f;
    if (f->rule < 0 || f->rule >= RULE_COUNT || l->f.n == l->room) {
        return SOUK_OK; /* of another souk */
    }
    struct finding_row row = {.id = f->id,
                              .rule = (enum rule)f->rule,
                              .author = copy(l, in->author),
                              .model = f->who > 0 ? copy(l, in->model) : "",
                              .payee = in->payee_address,
                              .payer = in->payer_address,
                              .since = f->since,
                              .until = f->until,
                              .payments = f->payments,
                              .payers = f->payers,
                              .amount = amount_of(&l->assets, f->asset, f->amount),
                              .words = copy(l, untrusted(f->words))};
    if (!row.author || !row.model || !row.words) {
        return err_nomem(e);
    }
    l->f.row[l->f.n++] = row;
    return SOUK_OK;
}

/* Takes the counts and sums by rule apart. */
static souk_err by_rule(struct loaded *l, const struct genuine_out *g, struct err *e)
{
    struct untrusted bits = g->bits, sums = g->sums;
    for (unsigned r = 0; r < RULE_COUNT && bits.n >= 4 && sums.n >= 4; r++) {
        size_t n = (size_t)unpack_u32(sums.p) * INCOME_ENTRY;
        l->f.by_rule[r] = unpack_u32(bits.p);
        bits = untrusted_n(bits.p + 4, bits.n - 4);
        if (n > sums.n - 4) {
            break;
        }
        if (!unpack_income(&l->assets, untrusted_n(sums.p + 4, n), &l->arena, &l->f.amount[r])) {
            return err_nomem(e);
        }
        sums = untrusted_n(sums.p + 4 + n, sums.n - 4 - n);
    }
    return SOUK_OK;
}

souk_err findings_load(struct store *s, enum window w, int64_t who, size_t max,
                       struct findings **out, struct err *e)
{
    struct genuine_out g;
    bool found;
    int64_t length = window_seconds(w), total = 0;
    int64_t since = length ? store_meta_int(s, "judged_as_of", 0) - length : INT64_MIN;
    void *rows;
    struct loaded *l = make(s, max, sizeof(struct finding_row), &rows, e);
    *out = NULL;
    if (!l) {
        return SOUK_ENOMEM;
    }
    l->f.row = rows;
    l->f.window = w;
    souk_err rc = store_snapshot(s, e);
    if (!rc) {
        rc = store_finding_count(s, since, who, &total, e);
        rc = rc ? rc : store_each_finding(s, since, who, l->room, on_finding, l, e);
        rc = rc ? rc : store_genuine_get(s, (int)w, who, &l->arena, &g, &found, e);
        store_snapshot_end(s);
    }
    l->f.total = (uint64_t)total;
    if (!rc) {
        rc = by_rule(l, &g, e);
    }
    if (rc) {
        drop(l);
        return rc;
    }
    *out = &l->f;
    return SOUK_OK;
}

void findings_free(struct findings *f)
{
    drop((struct loaded *)(void *)f);
}

static souk_err on_evidence(void *ud, const struct evidence_in *in, struct err *e)
{
    struct loaded *l = ud;
    (void)e;
    if (l->v.n == l->room) {
        return SOUK_OK;
    }
    struct evidence_row *row = &l->v.row[l->v.n++];
    *row = (struct evidence_row){.payment = in->payment,
                                 .from = in->from,
                                 .to = in->to,
                                 .amount = amount_of(&l->assets, in->asset, in->amount),
                                 .time = in->time,
                                 .block = in->block,
                                 .log = in->log};
    bytes32_format(in->tx, row->tx);
    return SOUK_OK;
}

souk_err evidence_load(struct store *s, int64_t finding, struct evidence **out, struct err *e)
{
    void *rows;
    struct loaded *l = make(s, FINDING_ROWS, sizeof(struct evidence_row), &rows, e);
    *out = NULL;
    if (!l) {
        return SOUK_ENOMEM;
    }
    l->v.row = rows;
    souk_err rc = store_each_evidence(s, finding, on_evidence, l, e);
    if (rc) {
        drop(l);
        return rc;
    }
    *out = &l->v;
    return SOUK_OK;
}

void evidence_free(struct evidence *v)
{
    drop((struct loaded *)(void *)v);
}
