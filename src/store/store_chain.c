/* What chains say: listings, payments, flows, inferences; addresses and CIDs interned. */
#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* --- interning */

/* The id of a value: found, or added by insert. Both statements take the value alone. */
static int64_t intern(struct store *s, const char *select, const char *insert, const void *blob,
                      struct untrusted text, size_t n, struct err *e)
{
    int64_t id = 0;
    for (int i = 0; i < 2; i++) {
        struct query_run q = query_open(s, i == 0 ? select : insert);
        if (blob) {
            query_blob(&q, blob, n);
        } else {
            query_text(&q, text);
        }
        if (query_one(&q, 0, &id, e)) {
            return 0;
        }
        if (id) {
            return id;
        }
    }
    return sqlite3_last_insert_rowid(store_db(s));
}

int64_t store_addr(struct store *s, address a, struct err *e)
{
    struct addr_memo *m = store_addr_memo(s, a);
    if (m && m->id && address_eq(m->a, a)) {
        return m->id;
    }
    int64_t id = intern(s, "SELECT id FROM addr WHERE a = ?", "INSERT INTO addr(a) VALUES(?)", a.b,
                        untrusted(NULL), sizeof a.b, e);
    if (id && m) {
        *m = (struct addr_memo){a, id};
    }
    return id;
}

int64_t store_cid(struct store *s, struct untrusted text, struct err *e)
{
    return intern(s, "SELECT id FROM cid WHERE text = ?", "INSERT INTO cid(text) VALUES(?)", NULL,
                  text.p ? text : untrusted(""), 0, e);
}

static souk_err code_of(const struct err *e)
{
    return e ? e->code : SOUK_EFAIL;
}

/* Runs an insert that ignores what is there; says that raw rows changed when it was new. */
static souk_err insert_new(struct store *s, struct query_run *q, bool *new, struct err *e)
{
    souk_err rc = query_do(q, e);
    *new = !rc &&sqlite3_changes(store_db(s)) > 0;
    if (*new) {
        store_touched(s);
    }
    return rc;
}

static souk_err insert(struct store *s, struct query_run *q, struct err *e)
{
    bool new;
    return insert_new(s, q, &new, e);
}

/* --- rows */

souk_err store_listing_put(struct store *s, const struct listing_in *l, int64_t src, struct err *e)
{
    int64_t owner = store_addr(s, l->owner, e);
    int64_t asset = owner ? store_addr(s, l->asset, e) : 0;
    int64_t pay_to = asset ? store_addr(s, l->pay_to, e) : 0;
    if (!pay_to) {
        return code_of(e);
    }
    struct query_run q = query_open(
        s, "INSERT OR IGNORE INTO listing_event(chain, block, log, kind, owner, lid, tx, time,"
           " src, flags, author, name, blob_id, price, asset, pay_to, endpoint)"
           " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, nullif(?, ''))");
    query_int(&q, l->chain);
    query_int(&q, (int64_t)l->block);
    query_int(&q, (int64_t)l->log);
    query_int(&q, l->listed ? 1 : 2);
    query_int(&q, owner);
    query_blob(&q, l->id.b, sizeof l->id.b);
    query_blob(&q, l->tx.b, sizeof l->tx.b);
    query_int(&q, l->time);
    query_int(&q, src);
    query_int(&q, l->flags);
    if (l->listed) {
        query_text(&q, l->author.p ? l->author : untrusted(""));
        query_text(&q, l->name.p ? l->name : untrusted(""));
        query_text(&q, l->blob_id);
        query_u256(&q, l->price);
        query_int(&q, asset);
        query_int(&q, pay_to);
        query_text(&q, l->endpoint);
    }
    return insert(s, &q, e);
}

/* The id of an address, 0 for the zero address, which is nobody; false: *e. */
static bool somebody(struct store *s, address a, int64_t *id, struct err *e)
{
    static const address nobody;
    *id = 0;
    if (address_eq(a, nobody)) {
        return true;
    }
    *id = store_addr(s, a, e);
    return *id != 0;
}

bool pay_is_call(int scheme)
{
    return scheme == PAY_EIP3009 || scheme == PAY_PERMIT2 || scheme == PAY_ESCROW;
}

bool pay_is_settlement(int scheme)
{
    return scheme == PAY_UPTO || scheme == PAY_BATCH;
}

souk_err store_pay_put(struct store *s, const struct pay_in *p, int64_t src, struct err *e)
{
    int64_t payer, payee, asset;
    if (!somebody(s, p->payer, &payer, e) || !somebody(s, p->payee, &payee, e) ||
        !somebody(s, p->asset, &asset, e)) {
        return code_of(e);
    }
    struct query_run q = query_open(
        s, "INSERT OR IGNORE INTO pay(chain, block, log, tx, payer, payee, asset, amount, scheme,"
           " tier, time, src) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, p->chain);
    query_int(&q, (int64_t)p->block);
    query_int(&q, (int64_t)p->log);
    query_blob(&q, p->tx.b, sizeof p->tx.b);
    query_int(&q, payer);
    query_int(&q, payee);
    query_int(&q, asset);
    query_amount(&q, p->amount);
    query_int(&q, p->scheme);
    query_int(&q, p->tier);
    query_int(&q, p->time);
    query_int(&q, src);
    bool new;
    souk_err rc = insert_new(s, &q, &new, e);
    if (rc || !new || p->tier != TIER_PROVED) {
        return rc;
    }
    const struct rolled row = {.chain = p->chain,
                               .payee = payee,
                               .payer = payer,
                               .asset = asset,
                               .time = p->time,
                               .block = p->block,
                               .amount = p->amount,
                               .scheme = (uint8_t)p->scheme};
    return rollup_add(s, &row, e);
}

souk_err store_flow_put(struct store *s, const struct flow_in *f, int64_t src, struct err *e)
{
    int64_t from, to, asset;
    if (!somebody(s, f->from, &from, e) || !somebody(s, f->to, &to, e) ||
        !somebody(s, f->asset, &asset, e)) {
        return code_of(e);
    }
    struct query_run q =
        query_open(s, "INSERT OR IGNORE INTO flow(chain, block, log, tx, source, target, asset,"
                      " amount, kind, time, src) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, f->chain);
    query_int(&q, (int64_t)f->block);
    query_int(&q, (int64_t)f->log);
    query_blob(&q, f->tx.b, sizeof f->tx.b);
    query_int(&q, from);
    query_int(&q, to);
    query_int(&q, asset);
    query_amount(&q, f->amount);
    query_int(&q, f->kind);
    query_int(&q, f->time);
    query_int(&q, src);
    return insert(s, &q, e);
}

souk_err store_infer_put(struct store *s, const struct infer_in *i, int64_t src, struct err *e)
{
    int64_t cid = store_cid(s, i->cid, e);
    if (!cid) {
        return code_of(e);
    }
    struct query_run q =
        query_open(s, "INSERT OR IGNORE INTO infer(chain, block, log, tx, cid, time, src)"
                      " VALUES(?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, i->chain);
    query_int(&q, (int64_t)i->block);
    query_int(&q, (int64_t)i->log);
    query_blob(&q, i->tx.b, sizeof i->tx.b);
    query_int(&q, cid);
    query_int(&q, i->time);
    query_int(&q, src);
    bool new;
    souk_err rc = insert_new(s, &q, &new, e);
    if (rc || !new) {
        return rc;
    }
    const struct rolled row = {.chain = i->chain, .payee = cid, .time = i->time, .block = i->block};
    return rollup_add(s, &row, e);
}

souk_err store_asset_put(struct store *s, int64_t chain, address a, const char *symbol,
                         unsigned decimals, struct err *e)
{
    int64_t addr = store_addr(s, a, e);
    if (!addr) {
        return code_of(e);
    }
    struct query_run q = query_open(
        s, "INSERT INTO asset(chain, addr, symbol, decimals) VALUES(?, ?, ?, ?)"
           " ON CONFLICT DO UPDATE SET symbol = excluded.symbol, decimals = excluded.decimals"
           " WHERE symbol <> excluded.symbol OR decimals <> excluded.decimals");
    query_int(&q, chain);
    query_int(&q, addr);
    query_text(&q, untrusted(symbol));
    query_int(&q, decimals);
    return insert(s, &q, e);
}
