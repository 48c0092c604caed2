/*
 * From a node's answers to logs. An answer is believed only as far as it agrees with itself, with
 * the question and with the blocks written before; everything else about it is a reason to ask
 * again, and in the end to say so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum { MEMORY = 256 << 20, REST_MAX = 4 << 20 };

void batch_init(struct batch *b, struct filter *f, uint64_t first, uint64_t last)
{
    memset(b, 0, sizeof *b);
    b->f = f;
    b->first = first;
    b->last = last;
    arena_init(&b->memory, MEMORY);
}

void batch_release(struct batch *b)
{
    arena_release(&b->memory);
}

/* --- asking */

/* Texts in a buffer move while it grows: places first, pointers once it is complete. */
struct asking {
    struct buf *text;
    struct rpc_call *call;
    size_t at[BATCH_MORE_MAX];
    size_t n;
};
_Static_assert((int)BATCH_CALLS <= (int)BATCH_MORE_MAX, "room for the larger question");

static void ask_begin(struct asking *q, const char *method)
{
    q->call[q->n].method = method;
    q->at[q->n++] = q->text->len;
}

static void ask_block(struct asking *q, uint64_t number)
{
    ask_begin(q, "eth_getBlockByNumber");
    buf_addf(q->text, "[\"0x%llx\",false]", (unsigned long long)number);
    buf_addc(q->text, '\0');
}

static void ask_logs_begin(struct asking *q, const struct batch *b)
{
    ask_begin(q, "eth_getLogs");
    buf_addf(q->text, "[{\"fromBlock\":\"0x%llx\",\"toBlock\":\"0x%llx\",",
             (unsigned long long)b->first, (unsigned long long)b->last);
    buf_add(q->text, b->f->where.p, b->f->where.len);
}

/* Groups of addresses in a filter's topics, each group a call. */
struct grouping {
    struct asking *q;
    const struct batch *b;
    const char *before; /* of a group, behind what is asked for */
    size_t room, in_group;
};

static bool group_add(struct grouping *g, address a)
{
    char hex[2 * 20 + 3];
    if (g->in_group == 0) {
        if (g->q->n == g->room)
            return false;
        ask_logs_begin(g->q, g->b);
        buf_adds(g->q->text, g->before);
    }
    hex_encode(a.b, 20, hex);
    buf_addf(g->q->text, "%s\"0x000000000000000000000000%s\"", g->in_group > 0 ? "," : "", hex + 2);
    if (++g->in_group == GROUP) {
        buf_add(g->q->text, "]]}]", 5);
        g->in_group = 0;
    }
    return true;
}

static void group_end(struct grouping *g)
{
    if (g->in_group > 0)
        buf_add(g->q->text, "]]}]", 5);
    g->in_group = 0;
}

/* Transfers by payee: the payees named by the end of the range. */
static souk_err ask_payees(struct asking *q, const struct batch *b, size_t room, struct err *e)
{
    struct grouping g = {.q = q, .b = b, .before = ",null,[", .room = room};
    for (size_t i = 0; i < b->f->payees; i++) {
        if (b->f->payee[i].since <= b->last && !group_add(&g, b->f->payee[i].a))
            return err_set(e, SOUK_ENOMEM, "more than %zu addresses are paid: too many to ask for",
                           (room - 2) * GROUP);
    }
    group_end(&g);
    return SOUK_OK;
}

/* From those who matter, then to them. (chain.c lets no more of them begin than there is room.) */
static void ask_funding(struct asking *q, const struct batch *b, size_t room)
{
    for (int to = 0; to < 2; to++) {
        struct grouping g = {.q = q, .b = b, .before = to ? ",null,[" : ",[", .room = room};
        for (size_t i = 0; i < rows_tracing(b); i++) {
            if (!group_add(&g, b->f->traced[i].a))
                BUG("%zu addresses are too many", b->f->tracing);
        }
        group_end(&g);
    }
}

static souk_err ask_end(struct asking *q, size_t *n, struct err *e)
{
    souk_err c = buf_check(q->text, "the question to a node", e);
    for (size_t i = 0; i < q->n; i++)
        q->call[i].params = q->text->p + q->at[i];
    *n = q->n;
    return c;
}

souk_err batch_ask(const struct batch *b, struct buf *text, struct rpc_call *call, size_t room,
                   size_t *n, struct err *e)
{
    struct asking q = {.text = text, .call = call};
    souk_err c = SOUK_OK;
    ask_block(&q, b->first);
    ask_block(&q, b->last);
    if (b->f->kind == LOGS_PAYEES) {
        c = ask_payees(&q, b, room, e);
    } else if (b->f->kind == LOGS_FUNDING) {
        ask_funding(&q, b, room);
    } else {
        ask_logs_begin(&q, b);
        buf_add(text, "}]", 3);
    }
    return c == SOUK_OK ? ask_end(&q, n, e) : c;
}

souk_err batch_ask_more(const struct batch *b, struct buf *text, struct rpc_call *call, size_t *n,
                        struct err *e)
{
    struct asking q = {.text = text, .call = call};
    for (size_t i = b->blocks_in; i < b->blocks && q.n < BATCH_MORE_MAX; i++)
        ask_block(&q, b->block[i]);
    for (size_t i = b->receipts_in;
         b->blocks_in == b->blocks && i < b->receipts && q.n < BATCH_MORE_MAX; i++) {
        char hash[HASH_BUF];
        ask_begin(&q, "eth_getTransactionReceipt");
        buf_addf(text, "[\"%s\"]", bytes32_format(b->receipt[i].why->tx, hash));
        buf_addc(text, '\0');
    }
    return ask_end(&q, n, e);
}

/* --- reading */

/* The node's own error, when it answered with one. */
static enum verdict node_error(const struct batch *b, const struct rpc_result *r, uint64_t *blocks,
                               struct err *e)
{
    *blocks = 0;
    err_set(e, SOUK_ENET, "%s: the node answered with an error: %.*s", b->f->chain->label,
            (int)(r->message.n < 200 ? r->message.n : 200), r->message.p ? r->message.p : "");
    return rpc_range_error(r->code, r->message, blocks) == RPC_RANGE_SMALLER ? BATCH_SMALLER
                                                                             : BATCH_REFUSED;
}

static bool is_null(const json *j)
{
    return j == NULL || cJSON_IsNull(j);
}

static enum verdict read_blocks(struct batch *b, const struct rpc_result *res, struct err *e)
{
    const struct filter *f = b->f;
    if (is_null(res[0].value) || is_null(res[1].value))
        return batch_refuse(b, e, "it does not have all of these blocks");
    if (eth_block_parse(res[0].value, &b->first_block, e) != SOUK_OK ||
        eth_block_parse(res[1].value, &b->last_block, e) != SOUK_OK)
        return batch_refuse(b, e, "a block cannot be read");
    if (b->first_block.number != b->first || b->last_block.number != b->last)
        return batch_refuse(b, e, "it names other blocks");
    if (b->first == b->last &&
        memcmp(&b->first_block.hash, &b->last_block.hash, sizeof(bytes32)) != 0)
        return batch_refuse(b, e, "one block has two hashes");
    if (f->has_cursor && f->cursor.block + 1 == b->first &&
        memcmp(&f->cursor.hash, &b->first_block.parent, sizeof(bytes32)) != 0)
        return BATCH_REORG;
    return BATCH_OK;
}

/* --- reading logs */

/* The general way: from the tree. */
static enum verdict tree_logs(struct batch *b, const struct rpc_result *res, struct err *e)
{
    size_t most = 0;
    for (size_t i = 2; i < b->asked; i++) {
        if (!cJSON_IsArray(res[i].value))
            return batch_refuse(b, e, "it is no list of logs");
        most += (size_t)cJSON_GetArraySize(res[i].value);
    }
    b->log = arena_alloc(&b->memory, (most > 0 ? most : 1) * sizeof b->log[0]);
    if (b->log == NULL)
        return batch_no_memory(e);
    for (size_t i = 2; i < b->asked; i++) {
        for (const json *j = json_first(res[i].value); j != NULL; j = json_next(j)) {
            struct err why;
            souk_err c = eth_log_parse(j, &b->memory, &b->log[b->logs++], &why);
            if (c == SOUK_ENOMEM)
                return batch_no_memory(e);
            if (c != SOUK_OK)
                return batch_refuse(b, e, why.msg);
        }
    }
    return BATCH_OK;
}

/* The fast way: scan_logs has read them, and left the number of its list in their place. NULL:
 * nothing of its is there. */
static const struct scanned *scanned_list(const struct rpc_result *r, const struct scanned *list,
                                          size_t lists)
{
    const json *number = json_first(r->value);
    bool ours = cJSON_IsNumber(number) && number->valueint >= 0 &&
                (size_t)number->valueint < lists && json_next(number) == NULL;
    return ours ? &list[number->valueint] : NULL;
}

static enum verdict scanned_logs(struct batch *b, const struct rpc_result *res,
                                 const struct scanned *list, size_t lists, struct err *e)
{
    size_t most = 0;
    for (size_t i = 2; i < b->asked; i++) {
        const struct scanned *l = scanned_list(&res[i], list, lists);
        if (l == NULL)
            return batch_refuse(b, e, "it is no list of logs");
        most += l->n;
    }
    b->log = arena_alloc(&b->memory, (most > 0 ? most : 1) * sizeof b->log[0]);
    if (b->log == NULL)
        return batch_no_memory(e);
    for (size_t i = 2; i < b->asked; i++) {
        const struct scanned *l = scanned_list(&res[i], list, lists);
        if (l->n > 0)
            memcpy(b->log + b->logs, l->log, l->n * sizeof b->log[0]);
        b->logs += l->n;
    }
    return BATCH_OK;
}

static enum verdict read_answers(struct batch *b, const struct buf *body,
                                 const struct scanned *list, size_t lists, uint64_t *blocks,
                                 struct err *e)
{
    struct rpc_result res[BATCH_CALLS];
    json *tree = NULL;
    enum verdict v = BATCH_OK;
    if (rpc_parse(body, b->asked, res, &tree, e) != SOUK_OK) {
        err_prefix(e, "%s", b->f->chain->label);
        return BATCH_REFUSED;
    }
    /* The logs' error first: about a range, it is worth more than anything about the blocks. */
    for (size_t i = b->asked; i-- > 0 && v == BATCH_OK;) {
        if (res[i].value == NULL)
            v = node_error(b, &res[i], blocks, e);
    }
    if (v == BATCH_OK)
        v = read_blocks(b, res, e);
    if (v == BATCH_OK)
        v = list != NULL ? scanned_logs(b, res, list, lists, e) : tree_logs(b, res, e);
    json_free(tree);
    return v;
}

enum verdict batch_read(struct batch *b, const struct buf *body, uint64_t *blocks, struct err *e)
{
    struct scanned list[BATCH_CALLS];
    struct buf rest;
    size_t lists = 0;
    *blocks = 0;
    buf_init(&rest, REST_MAX);
    bool scanned = scan_logs(body, &b->memory, &rest, list, BATCH_CALLS, &lists);
    enum verdict v = scanned ? read_answers(b, &rest, list, lists, blocks, e)
                             : read_answers(b, body, NULL, 0, blocks, e);
    buf_release(&rest);
    if (v == BATCH_OK)
        v = batch_check(b, e);
    return v == BATCH_OK ? batch_list_missing(b, e) : v;
}

static enum verdict more_block(struct batch *b, const json *value, struct err *e)
{
    struct eth_block blk;
    if (is_null(value) || eth_block_parse(value, &blk, NULL) != SOUK_OK ||
        blk.number != b->block[b->blocks_in])
        return batch_refuse(b, e, "a block cannot be read");
    for (size_t i = 0; i < b->logs; i++) {
        const char *wrong = log_contradicts(&b->log[i], &blk);
        if (wrong != NULL)
            return batch_refuse(b, e, wrong);
    }
    batch_set_time(b, &blk);
    b->blocks_in++;
    return BATCH_OK;
}

static enum verdict more_receipt(struct batch *b, const json *value, struct err *e)
{
    struct receipt *r = &b->receipt[b->receipts_in];
    const json *list = json_get(value, "logs");
    struct untrusted from = json_str(value, "from");
    if (!cJSON_IsArray(list))
        return batch_refuse(b, e, "a receipt is missing");
    r->log = arena_alloc(&b->memory, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof r->log[0]);
    if (r->log == NULL)
        return batch_no_memory(e);
    for (const json *j = json_first(list); j != NULL; j = json_next(j)) {
        struct err why;
        if (eth_log_parse(j, &b->memory, &r->log[r->logs++], &why) != SOUK_OK)
            return batch_refuse(b, e, why.msg);
    }
    qsort(r->log, r->logs, sizeof r->log[0], log_by_place);
    const char *fault = batch_receipt_fault(r);
    if (fault != NULL)
        return batch_refuse(b, e, fault);
    r->has_sender = from.p != NULL && hex_decode(from.p, from.n, r->sender.b, sizeof r->sender.b);
    b->receipts_in++;
    return BATCH_OK;
}

enum verdict batch_read_more(struct batch *b, const struct buf *body, struct err *e)
{
    struct rpc_result res[BATCH_MORE_MAX];
    bool blocks = b->blocks_in < b->blocks;
    size_t left = blocks ? b->blocks - b->blocks_in : b->receipts - b->receipts_in;
    size_t n = left < BATCH_MORE_MAX ? left : BATCH_MORE_MAX;
    json *tree = NULL;
    enum verdict v = BATCH_OK;
    uint64_t unused;
    if (rpc_parse(body, n, res, &tree, e) != SOUK_OK) {
        err_prefix(e, "%s", b->f->chain->label);
        return BATCH_REFUSED;
    }
    for (size_t i = 0; i < n && v == BATCH_OK; i++) {
        if (res[i].value == NULL)
            v = node_error(b, &res[i], &unused, e);
        else
            v = blocks ? more_block(b, res[i].value, e) : more_receipt(b, res[i].value, e);
    }
    json_free(tree);
    if (v != BATCH_OK)
        return v == BATCH_SMALLER ? BATCH_REFUSED : v;
    return b->blocks_in < b->blocks || b->receipts_in < b->receipts ? BATCH_MORE : BATCH_OK;
}
