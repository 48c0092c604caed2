#include <stdio.h>
#include <string.h>

#include "net/sql_internal.h"

#include "base/banned.h"

/*
 * Most rows of one answer. What would be more is refused in the words nodes use, so that fewer
 * blocks are asked for.
 */
enum { ROWS_MAX = 50000, ARRAY_MAX = 4 << 20 };

/* --- JSON-RPC's own values */

static const char *text_of(const json *j)
{
    return cJSON_IsString(j) ? j->valuestring : "";
}

static bool all_hex(const char *s)
{
    return s[0] == '0' && s[1] == 'x' && strspn(s + 2, "0123456789abcdef") == strlen(s + 2);
}

/* A quantity, as decimal digits. */
static bool quantity(const json *j, char out[24])
{
    const char *s = text_of(j);
    unsigned long long v;
    if (!all_hex(s) || strlen(s) < 3 || strlen(s) > 17 || sscanf(s + 2, "%llx", &v) != 1)
        return false;
    snprintf(out, 24, "%llu", v);
    return true;
}

/* "0x…" or an array of such, as an array of bytea; false: null, or nothing of the kind. */
static bool byte_array(const json *j, struct buf *out)
{
    const json *one = cJSON_IsArray(j) ? json_first(j) : j;
    bool any = false;
    buf_addc(out, '{');
    for (; one; one = cJSON_IsArray(j) ? json_next(one) : NULL) {
        const char *s = text_of(one);
        if (!all_hex(s))
            return false;
        buf_addf(out, "%s\"\\\\x%s\"", any ? "," : "", s + 2);
        any = true;
    }
    buf_addc(out, '}');
    return any && !out->bad;
}

static void open_answer(struct buf *out, const json *call, const char *what)
{
    const json *id = json_get(call, "id");
    buf_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"%s\":", cJSON_IsNumber(id) ? id->valueint : 0,
             what);
}

static souk_err refuse(struct buf *out, const json *call, int code, const char *words)
{
    open_answer(out, call, "error");
    buf_addf(out, "{\"code\":%d,\"message\":\"%s\"}}", code, words);
    return SOUK_OK;
}

/* --- rows */

struct rows {
    const struct pq_api *api;
    PGresult *r;
    bool bad; /* a value is not what the view promises */
};

static const char *value(struct rows *x, int row, int column)
{
    return x->api->getisnull(x->r, row, column) ? "" : x->api->getvalue(x->r, row, column);
}

static void add_hex(struct rows *x, struct buf *out, int row, int column)
{
    const char *s = value(x, row, column);
    x->bad |= !all_hex(s);
    buf_addf(out, "\"%s\"", all_hex(s) ? s : "");
}

static void add_quantity(struct rows *x, struct buf *out, int row, int column)
{
    unsigned long long v = 0;
    const char *s = value(x, row, column);
    bool ok = s[0] && strspn(s, "0123456789") == strlen(s) && sscanf(s, "%llu", &v) == 1;
    x->bad |= !ok;
    buf_addf(out, "\"0x%llx\"", v);
}

static souk_err rows_end(struct rows *x, struct buf *out, souk_err c, struct err *e)
{
    bool bad = x->bad;
    if (x->r)
        x->api->clear(x->r);
    if (c == SOUK_OK && bad)
        return err_set(e, SOUK_ENET, "a row of the views is not of the form they promise");
    return c == SOUK_OK ? buf_check(out, "the database's answer", e) : c;
}

static souk_err rows_ask(struct sql_link *k, const struct sql_query *q, struct rows *x, bool *again,
                         struct err *e)
{
    *x = (struct rows){.api = sql_api(k)};
    x->r = sql_ask(k, q, again, e);
    return x->r ? SOUK_OK : e->code;
}

/* --- the methods */

/* One number. */
static souk_err number(struct sql_link *k, const json *call, const char *sql, struct buf *out,
                       bool *again, struct err *e)
{
    struct rows x;
    souk_err c = rows_ask(k, &(struct sql_query){.text = sql}, &x, again, e);
    if (c)
        return c;
    if (x.api->ntuples(x.r) != 1 || x.api->getisnull(x.r, 0, 0)) {
        c = err_set(e, SOUK_ENET, "the views are empty");
    } else {
        open_answer(out, call, "result");
        add_quantity(&x, out, 0, 0);
        buf_addc(out, '}');
    }
    return rows_end(&x, out, c, e);
}

#define HEX(column) "'0x'||encode(" #column ",'hex')"
#define BLOCK       "SELECT number," HEX(hash) "," HEX(parent_hash) ",time FROM souk_blocks "

static souk_err block(struct sql_link *k, const json *call, struct buf *out, bool *again,
                      struct err *e)
{
    const json *which = json_first(json_get(call, "params"));
    char no[24];
    struct sql_query q = {.text = BLOCK "WHERE number = $1::bigint", .param = {no}, .params = 1};
    struct rows x;
    if (strcmp(text_of(which), "latest") == 0)
        q = (struct sql_query){.text = BLOCK "ORDER BY number DESC LIMIT 1"};
    else if (!quantity(which, no))
        return refuse(out, call, -32602, "a database does not know what is safe or final");
    souk_err c = rows_ask(k, &q, &x, again, e);
    if (c)
        return c;
    open_answer(out, call, "result");
    if (x.api->ntuples(x.r) == 0) {
        buf_adds(out, "null}");
        return rows_end(&x, out, SOUK_OK, e);
    }
    buf_adds(out, "{\"number\":");
    add_quantity(&x, out, 0, 0);
    buf_adds(out, ",\"hash\":");
    add_hex(&x, out, 0, 1);
    buf_adds(out, ",\"parentHash\":");
    add_hex(&x, out, 0, 2);
    buf_adds(out, ",\"timestamp\":");
    add_quantity(&x, out, 0, 3);
    buf_adds(out, "}}");
    return rows_end(&x, out, SOUK_OK, e);
}

/* clang-format off */
#define LOGS                                                                                       \
    "SELECT block_number,log_index," HEX(address) "," HEX(topic0) "," HEX(topic1) "," HEX(topic2)  \
    "," HEX(topic3) "," HEX(data) "," HEX(tx_hash) "," HEX(block_hash) ",block_time,"              \
    HEX(tx_from) " FROM souk_logs WHERE "
/* clang-format on */

static void add_log(struct rows *x, struct buf *out, int row)
{
    buf_adds(out, "{\"address\":");
    add_hex(x, out, row, 2);
    buf_adds(out, ",\"topics\":[");
    for (int i = 0; i < 4 && !x->api->getisnull(x->r, row, 3 + i); i++) {
        if (i > 0)
            buf_addc(out, ',');
        add_hex(x, out, row, 3 + i);
    }
    buf_adds(out, "],\"data\":");
    add_hex(x, out, row, 7);
    buf_adds(out, ",\"blockNumber\":");
    add_quantity(x, out, row, 0);
    buf_adds(out, ",\"transactionHash\":");
    add_hex(x, out, row, 8);
    buf_adds(out, ",\"transactionIndex\":\"0x0\",\"blockHash\":");
    add_hex(x, out, row, 9);
    buf_adds(out, ",\"logIndex\":");
    add_quantity(x, out, row, 1);
    buf_adds(out, ",\"removed\":false,\"blockTimestamp\":");
    add_quantity(x, out, row, 10);
    buf_addc(out, '}');
}

static void add_logs(struct rows *x, struct buf *out)
{
    int n = x->api->ntuples(x->r);
    buf_addc(out, '[');
    for (int i = 0; i < n && !out->bad; i++) {
        if (i > 0)
            buf_addc(out, ',');
        add_log(x, out, i);
    }
    buf_addc(out, ']');
}

/* The places of eth_getLogs' filter: first and last block, addresses, topics. */
struct log_filter {
    char first[24], last[24];
    struct buf list[5]; /* addresses, then topics; empty: any */
    struct buf text;
};

static bool read_filter(const json *call, struct log_filter *f)
{
    const json *o = json_first(json_get(call, "params")), *topics = json_get(o, "topics");
    if (!quantity(json_get(o, "fromBlock"), f->first) || !quantity(json_get(o, "toBlock"), f->last))
        return false;
    const json *want[5] = {json_get(o, "address")};
    size_t n = 1;
    for (const json *t = json_first(topics); t && n < 5; t = json_next(t))
        want[n++] = t;
    for (size_t i = 0; i < n; i++) {
        if (want[i] && !cJSON_IsNull(want[i]) && !byte_array(want[i], &f->list[i]))
            return false;
    }
    return true;
}

static souk_err ask_logs(struct sql_link *k, const json *call, struct log_filter *f,
                         struct buf *out, bool *again, struct err *e)
{
    static const char *const column[5] = {"address", "topic0", "topic1", "topic2", "topic3"};
    struct sql_query q = {.param = {f->first, f->last}, .params = 2};
    struct rows x;
    buf_adds(&f->text, LOGS "block_number BETWEEN $1::bigint AND $2::bigint");
    for (size_t i = 0; i < 5; i++) {
        if (f->list[i].len == 0)
            continue;
        q.param[q.params++] = f->list[i].p;
        buf_addf(&f->text, " AND %s = ANY($%d::bytea[])", column[i], q.params);
    }
    buf_addf(&f->text, " ORDER BY block_number, log_index LIMIT %d", ROWS_MAX + 1);
    q.text = f->text.p;
    souk_err c = buf_check(&f->text, "the question to the database", e); /* half of it asks more */
    c = c ? c : rows_ask(k, &q, &x, again, e);
    if (c)
        return c;
    if (x.api->ntuples(x.r) > ROWS_MAX) {
        char words[64];
        snprintf(words, sizeof words, "query returned more than %d results", ROWS_MAX);
        refuse(out, call, -32005, words);
        return rows_end(&x, out, SOUK_OK, e);
    }
    open_answer(out, call, "result");
    add_logs(&x, out);
    buf_addc(out, '}');
    return rows_end(&x, out, SOUK_OK, e);
}

static souk_err logs(struct sql_link *k, const json *call, struct buf *out, bool *again,
                     struct err *e)
{
    struct log_filter f;
    for (size_t i = 0; i < 5; i++)
        buf_init(&f.list[i], ARRAY_MAX);
    buf_init(&f.text, 4096);
    souk_err c = read_filter(call, &f) ? ask_logs(k, call, &f, out, again, e)
                                       : refuse(out, call, -32602, "a filter that cannot be read");
    for (size_t i = 0; i < 5; i++)
        buf_release(&f.list[i]);
    buf_release(&f.text);
    return c;
}

/* Of a receipt only what the views have: its logs, and who sent the transaction. */
static souk_err receipt(struct sql_link *k, const json *call, struct buf *out, bool *again,
                        struct err *e)
{
    struct buf hash;
    struct rows x;
    buf_init(&hash, 256);
    if (!byte_array(json_first(json_get(call, "params")), &hash)) {
        buf_release(&hash);
        return refuse(out, call, -32602, "a hash that cannot be read");
    }
    const struct sql_query q = {.text = LOGS "tx_hash = ANY($1::bytea[]) ORDER BY log_index",
                                .param = {hash.p},
                                .params = 1};
    souk_err c = rows_ask(k, &q, &x, again, e);
    buf_release(&hash);
    if (c)
        return c;
    open_answer(out, call, "result");
    if (x.api->ntuples(x.r) == 0) {
        buf_adds(out, "null}");
    } else {
        buf_addc(out, '{');
        if (!x.api->getisnull(x.r, 0, 11)) {
            buf_adds(out, "\"from\":");
            add_hex(&x, out, 0, 11);
            buf_addc(out, ',');
        }
        buf_adds(out, "\"logs\":");
        add_logs(&x, out);
        buf_adds(out, "}}");
    }
    return rows_end(&x, out, SOUK_OK, e);
}

souk_err sql_answer(struct sql_link *k, const json *call, struct buf *out, bool *again,
                    struct err *e)
{
    const char *method = text_of(json_get(call, "method"));
    if (strcmp(method, "eth_chainId") == 0)
        return number(k, call, "SELECT chain_id FROM souk_chain", out, again, e);
    if (strcmp(method, "eth_blockNumber") == 0)
        return number(k, call, "SELECT max(number) FROM souk_blocks", out, again, e);
    if (strcmp(method, "eth_getBlockByNumber") == 0)
        return block(k, call, out, again, e);
    if (strcmp(method, "eth_getLogs") == 0)
        return logs(k, call, out, again, e);
    if (strcmp(method, "eth_getTransactionReceipt") == 0)
        return receipt(k, call, out, again, e);
    return refuse(out, call, -32601, "a database of logs does not answer this");
}
