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

enum { GROUP = 200, MEMORY = 256 << 20, REST_MAX = 4 << 20 };

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

/* Transfers by payee: the payees named by the end of the range, in groups. */
static souk_err ask_payees(struct asking *q, const struct batch *b, size_t room, struct err *e)
{
    size_t in_group = 0;
    for (size_t i = 0; i < b->f->payees; i++) {
        char hex[2 * 20 + 3];
        if (b->f->payee[i].since > b->last)
            continue;
        if (in_group == 0) {
            if (q->n == room)
                return err_set(e, SOUK_ENOMEM,
                               "more than %zu addresses are paid: too many to ask for",
                               (room - 2) * GROUP);
            ask_logs_begin(q, b);
        }
        hex_encode(b->f->payee[i].a.b, 20, hex);
        buf_addf(q->text, "%s\"0x000000000000000000000000%s\"", in_group > 0 ? "," : "", hex + 2);
        if (++in_group == GROUP) {
            buf_add(q->text, "]]}]", 5);
            in_group = 0;
        }
    }
    if (in_group > 0)
        buf_add(q->text, "]]}]", 5);
    return SOUK_OK;
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

static enum verdict refuse(struct err *e, const struct batch *b, const char *why)
{
    err_set(e, SOUK_ENET, "%s: the node's answer for blocks %llu to %llu was refused: %s",
            b->f->chain->label, (unsigned long long)b->first, (unsigned long long)b->last, why);
    return BATCH_REFUSED;
}

static enum verdict no_memory(struct err *e)
{
    err_nomem(e);
    return BATCH_FAILED;
}

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
        return refuse(e, b, "it does not have all of these blocks");
    if (eth_block_parse(res[0].value, &b->first_block, e) != SOUK_OK ||
        eth_block_parse(res[1].value, &b->last_block, e) != SOUK_OK)
        return refuse(e, b, "a block cannot be read");
    if (b->first_block.number != b->first || b->last_block.number != b->last)
        return refuse(e, b, "it names other blocks");
    if (b->first == b->last &&
        memcmp(&b->first_block.hash, &b->last_block.hash, sizeof(bytes32)) != 0)
        return refuse(e, b, "one block has two hashes");
    if (f->has_cursor && f->cursor.block + 1 == b->first &&
        memcmp(&f->cursor.hash, &b->first_block.parent, sizeof(bytes32)) != 0)
        return BATCH_REORG;
    return BATCH_OK;
}

static int by_place(const void *pa, const void *pb)
{
    const struct eth_log *a = pa, *b = pb;
    if (a->block != b->block)
        return a->block < b->block ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static bool same_log(const struct eth_log *a, const struct eth_log *b)
{
    return address_eq(a->from, b->from) && a->topics == b->topics &&
           memcmp(a->topic, b->topic, a->topics * sizeof a->topic[0]) == 0 &&
           a->data_len == b->data_len &&
           (a->data_len == 0 || memcmp(a->data, b->data, a->data_len) == 0) &&
           memcmp(&a->tx, &b->tx, sizeof a->tx) == 0;
}

static bool among(address a, const address *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (address_eq(a, list[i]))
            return true;
    }
    return false;
}

/* Was this log asked for? Topics behind the first and the payees are only a matter of economy. */
static bool wanted(const struct filter *f, const struct eth_log *l)
{
    const struct network *n = f->chain->s->net;
    const struct token *t;
    struct event ev;
    switch (f->kind) {
    case LOGS_LISTINGS:
        return address_eq(l->from, n->listings);
    case LOGS_INFERENCES:
        return address_eq(l->from, n->inference_emitter);
    case LOGS_PAYMENTS:
        t = network_token(n, l->from);
        return (t != NULL && t->whole_log) || address_eq(l->from, n->exact_proxy) ||
               address_eq(l->from, n->upto_proxy) || among(l->from, n->channel, n->channels) ||
               among(l->from, n->escrow, n->escrows);
    case LOGS_PAYEES:
        t = network_token(n, l->from);
        return t != NULL && !t->whole_log && event_decode(l, &ev) == EV_TRANSFER;
    }
    BUG("filter %s has no kind", f->name);
}

/* A log's block against what else is known of that block. NULL: nothing wrong. */
static const char *contradiction(const struct eth_log *l, const struct eth_block *blk)
{
    if (l->block != blk->number)
        return NULL;
    if (memcmp(&l->block_hash, &blk->hash, sizeof(bytes32)) != 0)
        return "its logs are of another block than it shows";
    if (l->time != 0 && l->time != blk->time)
        return "its logs carry another time than their block";
    return NULL;
}

static enum verdict check_logs(struct batch *b, struct err *e)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < b->logs && sorted; i++)
        sorted = by_place(&b->log[i - 1], &b->log[i]) <= 0;
    if (!sorted)
        qsort(b->log, b->logs, sizeof b->log[0], by_place);
    for (size_t i = 0; i < b->logs; i++) {
        struct eth_log *l = &b->log[i];
        const struct eth_log *before = kept > 0 ? &b->log[kept - 1] : NULL;
        const char *wrong = contradiction(l, &b->first_block);
        if (wrong == NULL)
            wrong = contradiction(l, &b->last_block);
        if (l->removed)
            wrong = "it has logs that were taken back";
        else if (l->block < b->first || l->block > b->last)
            wrong = "it has logs of other blocks";
        else if (!wanted(b->f, l))
            wrong = "it has logs of other contracts";
        else if (before != NULL && before->block == l->block &&
                 memcmp(&before->block_hash, &l->block_hash, sizeof(bytes32)) != 0)
            wrong = "one block has two hashes";
        else if (before != NULL && by_place(before, l) == 0 && !same_log(before, l))
            wrong = "two logs claim the same place";
        if (wrong != NULL)
            return refuse(e, b, wrong);
        if (before == NULL || by_place(before, l) != 0)
            b->log[kept++] = *l;
    }
    b->logs = kept;
    return BATCH_OK;
}

static void set_time(struct batch *b, const struct eth_block *blk)
{
    for (size_t i = 0; i < b->logs; i++) {
        if (b->log[i].block == blk->number)
            b->log[i].time = blk->time;
    }
}

/* --- what is missing */

static int told_order(const void *a, const void *b)
{
    return memcmp(&((const struct escrow_in *)a)->hash, &((const struct escrow_in *)b)->hash,
                  sizeof(bytes32));
}

/* An escrow's payment is told of once, so that of two with one hash either will do. */
static bool list_told(struct batch *b)
{
    const struct network *n = b->f->chain->s->net;
    size_t room = 0;
    for (size_t i = 0; i < b->logs; i++)
        room += among(b->log[i].from, n->escrow, n->escrows);
    if (room == 0)
        return true;
    if ((b->told = arena_alloc(&b->memory, room * sizeof b->told[0])) == NULL)
        return false;
    for (size_t i = 0; i < b->logs; i++) {
        struct event ev;
        struct escrow_in *x = &b->told[b->tolds];
        if (!among(b->log[i].from, n->escrow, n->escrows) ||
            event_decode(&b->log[i], &ev) == EV_NONE || !pay_escrow_info(&ev, x))
            continue;
        x->chain = b->f->chain->cfg->chain_id;
        x->block = b->log[i].block;
        x->log = b->log[i].index;
        b->tolds++;
    }
    qsort(b->told, b->tolds, sizeof b->told[0], told_order);
    return true;
}

static bool escrow_info(void *ud, bytes32 hash, struct escrow_in *out)
{
    struct batch *b = ud;
    struct escrow_in key = {.hash = hash};
    const struct escrow_in *x =
        b->tolds == 0 ? NULL : bsearch(&key, b->told, b->tolds, sizeof b->told[0], told_order);
    if (x != NULL)
        *out = *x;
    return x != NULL || store_escrow_get(b->f->chain->s->w, b->f->chain->cfg->chain_id, hash, out);
}

struct pay_facts batch_facts(struct batch *b)
{
    return (struct pay_facts){b->f->chain->s->net, escrow_info, b};
}

/* A refund of a busy token by somebody we know: its Transfer was not asked for. */
static bool refunds(struct batch *b, const struct eth_log *log, size_t n)
{
    const struct network *net = b->f->chain->s->net;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        struct escrow_in x;
        if (!among(log[i].from, net->escrow, net->escrows) ||
            event_decode(&log[i], &ev) != EV_PAYMENT_REFUNDED ||
            !escrow_info(b, ev.escrow.hash, &x))
            continue;
        const struct token *t = network_token(net, x.asset);
        if (t != NULL && !t->whole_log && rows_known_payee(b->f, x.payee, log[i].block))
            return true;
    }
    return false;
}

/* Of the payments: pairs what the logs show, and says whether more must be known. */
static bool pair_tx(struct batch *b, const struct eth_log *log, size_t n)
{
    struct pay_facts facts = batch_facts(b);
    struct paid *p = &b->paid[b->paids];
    bool sure, more;
    size_t found = pay_pair(&facts, log, n, p, &sure);
    b->paids += found;
    more = !sure || (n > found && refunds(b, log, n));
    for (size_t i = 0; i < found && !more; i++)
        more = rows_may_be_listed(b->f, &p[i]);
    return more;
}

static bool same_tx(const struct eth_log *a, const struct eth_log *b)
{
    return memcmp(&a->tx, &b->tx, sizeof a->tx) == 0;
}

/* Lists the receipts that are wanted: all of the payees', of the payments' where the logs alone do
 * not say enough. */
static bool list_receipts(struct batch *b)
{
    enum logs_kind kind = b->f->kind;
    if ((kind != LOGS_PAYEES && kind != LOGS_PAYMENTS) || b->logs == 0)
        return true;
    b->receipt = arena_alloc(&b->memory, b->logs * sizeof b->receipt[0]);
    if (kind == LOGS_PAYMENTS)
        b->paid = arena_alloc(&b->memory, b->logs * sizeof b->paid[0]);
    if (b->receipt == NULL || (kind == LOGS_PAYMENTS && (b->paid == NULL || !list_told(b))))
        return false;
    for (size_t i = 0, n; i < b->logs; i += n) {
        for (n = 1; i + n < b->logs && same_tx(&b->log[i + n], &b->log[i]); n++)
            continue;
        if (kind == LOGS_PAYEES || pair_tx(b, &b->log[i], n))
            b->receipt[b->receipts++] = (struct receipt){.why = &b->log[i], .of = n};
    }
    return true;
}

/* Lists the blocks whose times are still to be learnt and the receipts that are wanted. */
static enum verdict list_missing(struct batch *b, struct err *e)
{
    size_t timeless = 0;
    set_time(b, &b->first_block);
    set_time(b, &b->last_block);
    for (size_t i = 0; i < b->logs; i++)
        timeless += b->log[i].time == 0;
    if (timeless > 0 && (b->block = arena_alloc(&b->memory, timeless * sizeof b->block[0])) == NULL)
        return no_memory(e);
    for (size_t i = 0; i < b->logs; i++) {
        uint64_t no = b->log[i].block;
        if (b->log[i].time == 0 && (b->blocks == 0 || b->block[b->blocks - 1] != no))
            b->block[b->blocks++] = no;
    }
    if (!list_receipts(b))
        return no_memory(e);
    return b->blocks > 0 || b->receipts > 0 ? BATCH_MORE : BATCH_OK;
}

/* --- reading logs */

/* The general way: from the tree. */
static enum verdict tree_logs(struct batch *b, const struct rpc_result *res, struct err *e)
{
    size_t most = 0;
    for (size_t i = 2; i < b->asked; i++) {
        if (!cJSON_IsArray(res[i].value))
            return refuse(e, b, "it is no list of logs");
        most += (size_t)cJSON_GetArraySize(res[i].value);
    }
    b->log = arena_alloc(&b->memory, (most > 0 ? most : 1) * sizeof b->log[0]);
    if (b->log == NULL)
        return no_memory(e);
    for (size_t i = 2; i < b->asked; i++) {
        for (const json *j = json_first(res[i].value); j != NULL; j = json_next(j)) {
            struct err why;
            souk_err c = eth_log_parse(j, &b->memory, &b->log[b->logs++], &why);
            if (c == SOUK_ENOMEM)
                return no_memory(e);
            if (c != SOUK_OK)
                return refuse(e, b, why.msg);
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
            return refuse(e, b, "it is no list of logs");
        most += l->n;
    }
    b->log = arena_alloc(&b->memory, (most > 0 ? most : 1) * sizeof b->log[0]);
    if (b->log == NULL)
        return no_memory(e);
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
        v = check_logs(b, e);
    return v == BATCH_OK ? list_missing(b, e) : v;
}

static enum verdict more_block(struct batch *b, const json *value, struct err *e)
{
    struct eth_block blk;
    if (is_null(value) || eth_block_parse(value, &blk, NULL) != SOUK_OK ||
        blk.number != b->block[b->blocks_in])
        return refuse(e, b, "a block cannot be read");
    for (size_t i = 0; i < b->logs; i++) {
        const char *wrong = contradiction(&b->log[i], &blk);
        if (wrong != NULL)
            return refuse(e, b, wrong);
    }
    set_time(b, &blk);
    b->blocks_in++;
    return BATCH_OK;
}

/* Every log of the transaction that we know must be in its receipt as we know it. */
static const char *receipt_fault(const struct receipt *r)
{
    size_t known = 0;
    for (size_t i = 0; i < r->logs; i++) {
        if (r->log[i].removed || !same_tx(&r->log[i], r->why) ||
            memcmp(&r->log[i].block_hash, &r->why->block_hash, sizeof(bytes32)) != 0)
            return "a receipt is of another transaction";
        if (i > 0 && r->log[i].index == r->log[i - 1].index)
            return "two logs of a receipt claim the same place";
        if (known < r->of && r->log[i].index == r->why[known].index &&
            same_log(&r->log[i], &r->why[known]))
            known++;
    }
    return known < r->of ? "a receipt lacks a log of its transaction" : NULL;
}

static enum verdict more_receipt(struct batch *b, const json *value, struct err *e)
{
    struct receipt *r = &b->receipt[b->receipts_in];
    const json *list = json_get(value, "logs");
    struct untrusted from = json_str(value, "from");
    if (!cJSON_IsArray(list))
        return refuse(e, b, "a receipt is missing");
    r->log = arena_alloc(&b->memory, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof r->log[0]);
    if (r->log == NULL)
        return no_memory(e);
    for (const json *j = json_first(list); j != NULL; j = json_next(j)) {
        struct err why;
        if (eth_log_parse(j, &b->memory, &r->log[r->logs++], &why) != SOUK_OK)
            return refuse(e, b, why.msg);
    }
    qsort(r->log, r->logs, sizeof r->log[0], by_place);
    const char *fault = receipt_fault(r);
    if (fault != NULL)
        return refuse(e, b, fault);
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
