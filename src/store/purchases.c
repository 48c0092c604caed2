#include "store/purchases.h"

#include "base/mem.h"
#include "store/query.h"
#include "store/schema.h"

#include "base/banned.h"

/* --- the file */

static const char v1_purchase[] =
    "CREATE TABLE purchase(id INTEGER PRIMARY KEY AUTOINCREMENT, call BLOB NOT NULL UNIQUE,"
    " made INTEGER NOT NULL, updated INTEGER NOT NULL, state INTEGER NOT NULL,"
    " subject TEXT, author TEXT, model TEXT, method TEXT, url TEXT, body BLOB, headers TEXT,"
    " chain INTEGER NOT NULL, scheme INTEGER NOT NULL, asset BLOB NOT NULL, payer BLOB NOT NULL,"
    " pay_to BLOB NOT NULL, amount BLOB NOT NULL, quoted BLOB NOT NULL, nonce BLOB NOT NULL,"
    " valid_before INTEGER NOT NULL, pay_header TEXT, pay_value TEXT, tx BLOB,"
    " charged BLOB, by_chain INTEGER NOT NULL, block INTEGER NOT NULL, status INTEGER NOT NULL,"
    " answer_type TEXT, answer BLOB, words TEXT, tee TEXT, session INTEGER NOT NULL,"
    " session_id TEXT, cost BLOB NOT NULL, plan TEXT);"
    "CREATE INDEX purchase_by_state ON purchase(state);";

static const char v1_sent[] =
    "CREATE TABLE sent(id INTEGER PRIMARY KEY AUTOINCREMENT, made INTEGER NOT NULL,"
    " chain INTEGER NOT NULL, who BLOB NOT NULL, dest BLOB NOT NULL, token BLOB NOT NULL,"
    " kind INTEGER NOT NULL, amount BLOB NOT NULL, nonce INTEGER NOT NULL, max_fee BLOB NOT NULL,"
    " max_priority BLOB NOT NULL, gas INTEGER NOT NULL, data BLOB, value BLOB NOT NULL,"
    " hash BLOB NOT NULL UNIQUE, raw BLOB, state INTEGER NOT NULL, block INTEGER NOT NULL,"
    " fee_paid BLOB NOT NULL);"
    "CREATE INDEX sent_by_who ON sent(who, id);";

static const char *const v1[] = {v1_purchase, v1_sent, NULL};
static const struct migration migrations[] = {{1, v1}, {0, NULL}};

static const struct schema schema_purchases = {
    .migrations = migrations,
    .application = 0x736f7562, /* "soub", bought */
    .what = "record of purchases",
    .remedy = "move it away and keep it, souk then begins a new one; what was signed and not used "
              "up is still in the wallet's own ledger",
    .precious = true,
};

struct purchases {
    struct store *store;
};

souk_err purchases_open(const char *path, struct purchases **out, struct err *e)
{
    struct purchases *p = mem_zalloc(sizeof *p);
    *out = NULL;
    if (p == NULL)
        return err_nomem(e);
    souk_err c = store_open_kind(path, &schema_purchases, &p->store, e);
    if (c != SOUK_OK) {
        mem_free(p);
        return c;
    }
    *out = p;
    return SOUK_OK;
}

void purchases_close(struct purchases *p)
{
    if (p == NULL)
        return;
    store_close(p->store);
    mem_free(p);
}

const char *purchase_state_name(enum purchase_state s)
{
    static const char *const name[PURCHASE_STATES] = {
        [PURCHASE_INTENT] = "intent",     [PURCHASE_SIGNED] = "signed",
        [PURCHASE_SENT] = "sent",         [PURCHASE_ANSWERED] = "answered",
        [PURCHASE_SETTLED] = "settled",   [PURCHASE_REFUSED] = "refused",
        [PURCHASE_LAPSED] = "lapsed",     [PURCHASE_CANCELLED] = "cancelled",
        [PURCHASE_DISPUTED] = "disputed", [PURCHASE_FREE] = "free",
    };
    return (unsigned)s < PURCHASE_STATES ? name[s] : "?";
}

/* --- purchases */

/* What purchase_save writes, in this order from the second parameter on (the first is the key). */
#define CHANGING                                                                                \
    "updated, state, subject, author, model, method, url, body, headers, chain, scheme, asset," \
    " payer, pay_to, amount, quoted, nonce, valid_before, pay_header, pay_value, tx, charged,"  \
    " by_chain, block, status, answer_type, answer, words, tee, session, session_id, cost, plan"

static void bind_bytes(struct query_run *q, struct untrusted u)
{
    query_blob(q, u.p, u.n);
}

static void bind_changing(struct query_run *q, const struct purchase_row *r)
{
    query_int(q, r->updated);
    query_int(q, r->state);
    query_text(q, r->subject);
    query_text(q, r->author);
    query_text(q, r->model);
    query_text(q, r->method);
    query_text(q, r->url);
    bind_bytes(q, r->body);
    query_text(q, r->headers);
    query_int(q, r->chain);
    query_int(q, r->scheme);
    query_blob(q, r->asset.b, sizeof r->asset.b);
    query_blob(q, r->payer.b, sizeof r->payer.b);
    query_blob(q, r->pay_to.b, sizeof r->pay_to.b);
    query_u256(q, r->amount);
    query_u256(q, r->quoted);
    query_blob(q, r->nonce.b, sizeof r->nonce.b);
    query_int(q, r->valid_before);
    query_text(q, r->pay_header);
    query_text(q, r->pay_value);
    query_blob(q, r->has_tx ? r->tx.b : NULL, sizeof r->tx.b);
    if (r->charged_known)
        query_u256(q, r->charged);
    else
        query_null(q);
    query_int(q, r->charged_by_chain);
    query_int(q, r->block);
    query_int(q, r->status);
    query_text(q, r->answer_type);
    bind_bytes(
        q, untrusted_n(r->answer.p, r->answer.n < PURCHASE_ANSWER ? r->answer.n : PURCHASE_ANSWER));
    query_text(q, r->words);
    query_text(q, r->tee);
    query_int(q, r->session);
    query_text(q, r->session_id);
    query_u256(q, r->cost);
    query_text(q, r->plan);
}

souk_err purchase_add(struct purchases *p, const struct purchase_row *r, int64_t *id, struct err *e)
{
    struct query_run q =
        query_open(p->store, "INSERT INTO purchase(call, made, " CHANGING ") VALUES(?, ?,"
                             " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                             " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_blob(&q, r->call.b, sizeof r->call.b);
    query_int(&q, r->made);
    bind_changing(&q, r);
    souk_err c = query_do(&q, e);
    *id = c == SOUK_OK ? sqlite3_last_insert_rowid(store_db(p->store)) : 0;
    return c;
}

/* An update that met its row. */
static souk_err met(struct purchases *p, souk_err c, const char *what, int64_t id, struct err *e)
{
    if (c == SOUK_OK && sqlite3_changes(store_db(p->store)) != 1)
        return err_set(e, SOUK_ENOTFOUND, "there is no %s %lld", what, (long long)id);
    return c;
}

souk_err purchase_save(struct purchases *p, const struct purchase_row *r, struct err *e)
{
    struct query_run q =
        query_open(p->store, "UPDATE purchase SET (" CHANGING ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                             " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
                             " ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34)"
                             " WHERE id = ?1");
    query_int(&q, r->id);
    bind_changing(&q, r);
    return met(p, query_do(&q, e), "purchase", r->id, e);
}

static bool read_purchase(struct query_run *q, struct arena *a, struct purchase_row *r)
{
    struct untrusted tx = query_col_text(q, 23), charged = query_col_text(q, 24);
    *r = (struct purchase_row){
        .id = query_col_int(q, 0),
        .call = query_col_bytes32(q, 1),
        .made = query_col_int(q, 2),
        .updated = query_col_int(q, 3),
        .state = (enum purchase_state)query_col_int(q, 4),
        .chain = query_col_int(q, 12),
        .scheme = (int)query_col_int(q, 13),
        .asset = query_col_address(q, 14),
        .payer = query_col_address(q, 15),
        .pay_to = query_col_address(q, 16),
        .amount = query_col_u256(q, 17),
        .quoted = query_col_u256(q, 18),
        .nonce = query_col_bytes32(q, 19),
        .valid_before = query_col_int(q, 20),
        .has_tx = tx.p != NULL,
        .tx = query_col_bytes32(q, 23),
        .charged = query_col_u256(q, 24),
        .charged_known = charged.p != NULL,
        .charged_by_chain = query_col_int(q, 25) != 0,
        .block = query_col_int(q, 26),
        .status = (int)query_col_int(q, 27),
        .session = query_col_int(q, 32),
        .cost = query_col_u256(q, 34),
    };
    const struct {
        int column;
        struct untrusted *to;
    } text[] = {
        {5, &r->subject},    {6, &r->author},       {7, &r->model},    {8, &r->method},
        {9, &r->url},        {10, &r->body},        {11, &r->headers}, {21, &r->pay_header},
        {22, &r->pay_value}, {28, &r->answer_type}, {29, &r->answer},  {30, &r->words},
        {31, &r->tee},       {33, &r->session_id},  {35, &r->plan},
    };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        if (!query_copy(q, text[i].column, a, text[i].to))
            return false;
    }
    return true;
}

/* The one row q finds. */
static souk_err one_purchase(struct query_run *q, struct arena *a, struct purchase_row *out,
                             struct err *e)
{
    bool found = query_next(q);
    bool read = found && read_purchase(q, a, out);
    souk_err c = query_close(q, e);
    if (c != SOUK_OK || read)
        return c;
    return found ? err_nomem(e) : err_set(e, SOUK_ENOTFOUND, "there is no such purchase");
}

#define PURCHASE "SELECT id, call, made, " CHANGING " FROM purchase"

souk_err purchase_get(struct purchases *p, int64_t id, struct arena *a, struct purchase_row *out,
                      struct err *e)
{
    struct query_run q = query_open(p->store, PURCHASE " WHERE id = ?");
    query_int(&q, id);
    return one_purchase(&q, a, out, e);
}

souk_err purchase_find(struct purchases *p, bytes32 call, struct arena *a, struct purchase_row *out,
                       struct err *e)
{
    struct query_run q = query_open(p->store, PURCHASE " WHERE call = ?");
    query_blob(&q, call.b, sizeof call.b);
    return one_purchase(&q, a, out, e);
}

/* The heavy columns stay on disk: a list of a thousand answers may be a gigabyte. */
#define LISTED                                                                                \
    "SELECT id, call, made, updated, state, subject, author, model, method, url, NULL, NULL," \
    " chain, scheme, asset, payer, pay_to, amount, quoted, nonce, valid_before, pay_header,"  \
    " NULL, tx, charged, by_chain, block, status, answer_type, NULL, words, tee, session,"    \
    " session_id, cost, NULL FROM purchase"

souk_err purchase_list(struct purchases *p, bool open_only, size_t max, struct arena *a,
                       struct purchase_row **out, size_t *n, struct err *e)
{
    *n = 0;
    *out = arena_alloc(a, (max > 0 ? max : 1) * sizeof **out);
    bool ok = *out != NULL;
    struct query_run q = open_only ? query_open(p->store, LISTED " WHERE state IN (?2, ?3, ?4, ?5)"
                                                                 " ORDER BY id DESC LIMIT ?1")
                                   : query_open(p->store, LISTED " ORDER BY id DESC LIMIT ?1");
    query_int(&q, (int64_t)max);
    if (open_only) {
        query_int(&q, PURCHASE_SIGNED);
        query_int(&q, PURCHASE_SENT);
        query_int(&q, PURCHASE_ANSWERED);
        query_int(&q, PURCHASE_REFUSED);
    }
    while (ok && query_next(&q)) {
        ok = read_purchase(&q, a, &(*out)[*n]);
        *n += ok;
    }
    souk_err c = query_close(&q, e);
    return c == SOUK_OK && !ok ? err_nomem(e) : c;
}

/* --- transactions */

#define SENT                                                                                       \
    "made, chain, who, dest, token, kind, amount, nonce, max_fee, max_priority, gas, data, value," \
    " hash, raw, state, block, fee_paid"

static void bind_sent(struct query_run *q, const struct sent_row *r)
{
    query_int(q, r->made);
    query_int(q, r->chain);
    query_blob(q, r->from.b, sizeof r->from.b);
    query_blob(q, r->to.b, sizeof r->to.b);
    query_blob(q, r->token.b, sizeof r->token.b);
    query_int(q, r->kind);
    query_u256(q, r->amount);
    query_int(q, (int64_t)r->nonce);
    query_u256(q, r->max_fee);
    query_u256(q, r->max_priority);
    query_int(q, (int64_t)r->gas);
    bind_bytes(q, r->data);
    query_u256(q, r->value);
    query_blob(q, r->hash.b, sizeof r->hash.b);
    bind_bytes(q, r->raw);
    query_int(q, r->state);
    query_int(q, r->block);
    query_u256(q, r->fee_paid);
}

souk_err sent_add(struct purchases *p, const struct sent_row *r, int64_t *id, struct err *e)
{
    struct query_run q =
        query_open(p->store, "INSERT INTO sent(" SENT ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                             " ?, ?, ?, ?, ?, ?)");
    bind_sent(&q, r);
    souk_err c = query_do(&q, e);
    *id = c == SOUK_OK ? sqlite3_last_insert_rowid(store_db(p->store)) : 0;
    return c;
}

souk_err sent_save(struct purchases *p, const struct sent_row *r, struct err *e)
{
    struct query_run q =
        query_open(p->store, "UPDATE sent SET (" SENT ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                             " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) WHERE id = ?1");
    query_int(&q, r->id);
    bind_sent(&q, r);
    return met(p, query_do(&q, e), "transaction", r->id, e);
}

static bool read_sent(struct query_run *q, struct arena *a, struct sent_row *r)
{
    *r = (struct sent_row){
        .id = query_col_int(q, 0),
        .made = query_col_int(q, 1),
        .chain = query_col_int(q, 2),
        .from = query_col_address(q, 3),
        .to = query_col_address(q, 4),
        .token = query_col_address(q, 5),
        .kind = (int)query_col_int(q, 6),
        .amount = query_col_u256(q, 7),
        .nonce = (uint64_t)query_col_int(q, 8),
        .max_fee = query_col_u256(q, 9),
        .max_priority = query_col_u256(q, 10),
        .gas = (uint64_t)query_col_int(q, 11),
        .value = query_col_u256(q, 13),
        .hash = query_col_bytes32(q, 14),
        .block = query_col_int(q, 17),
        .fee_paid = query_col_u256(q, 18),
    };
    int64_t state = query_col_int(q, 16);
    if (state > SENT_PENDING && state <= SENT_DROPPED)
        r->state = (unsigned)state;
    return query_copy(q, 12, a, &r->data) && query_copy(q, 15, a, &r->raw);
}

souk_err sent_list(struct purchases *p, const address *from, size_t max, struct arena *a,
                   struct sent_row **out, size_t *n, struct err *e)
{
    *n = 0;
    *out = arena_alloc(a, (max > 0 ? max : 1) * sizeof **out);
    bool ok = *out != NULL;
    struct query_run q =
        from == NULL
            ? query_open(p->store, "SELECT id, " SENT " FROM sent ORDER BY id DESC LIMIT ?1")
            : query_open(p->store, "SELECT id, " SENT " FROM sent WHERE who = ?2 ORDER BY id DESC"
                                   " LIMIT ?1");
    query_int(&q, (int64_t)max);
    if (from != NULL)
        query_blob(&q, from->b, sizeof from->b);
    while (ok && query_next(&q)) {
        ok = read_sent(&q, a, &(*out)[*n]);
        *n += ok;
    }
    souk_err c = query_close(&q, e);
    return c == SOUK_OK && !ok ? err_nomem(e) : c;
}
