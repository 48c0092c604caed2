/* What became of the transactions that were pending: mined, replaced, forgotten, or sent again. */
#include <string.h>

#include "market/purse/internal.h"

#include "base/banned.h"

enum { ROWS = 200, OPEN = 40, MEMORY = 16 << 20 };

struct history_call {
    struct purse_call call; /* first */
    struct arena memory;
    struct sent_row open[OPEN];
    size_t n;
    bool changed[OPEN], again[OPEN];
    void (*done)(void *ud, const struct err *e);
    void *ud;
};

static void deliver(struct purse_call *c, const struct err *e)
{
    struct history_call *x = (struct history_call *)c;
    x->done(x->ud, e);
}

static void release(struct purse_call *c)
{
    arena_release(&((struct history_call *)c)->memory);
}

/* A refused one is looked at too: what a node refused it may have kept and sent on. */
static void list_run(struct job *j)
{
    struct history_call *x = (struct history_call *)j;
    struct purse *p = x->call.p;
    struct sent_row *row;
    size_t n = 0;
    if (sent_list(p->purchases, NULL, ROWS, &x->memory, &row, &n, &x->call.err) != SOUK_OK)
        return;
    for (size_t i = 0; i < n && x->n < OPEN; i++) {
        if (row[i].chain == p->net->payment.chain_id &&
            (row[i].state == SENT_PENDING || row[i].state == SENT_DROPPED))
            x->open[x->n++] = row[i];
    }
}

static void keep_run(struct job *j)
{
    struct history_call *x = (struct history_call *)j;
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < x->n && c == SOUK_OK; i++) {
        if (x->changed[i])
            c = sent_settled(x->call.p->purchases, &x->open[i], &x->call.err);
    }
}

static void end(struct purse_call *c)
{
    call_end(c, NULL);
}

static void keep(struct purse_call *c)
{
    call_job(c, keep_run, end);
}

static void sent_again(struct purse_call *c, const struct answers *a)
{
    (void)a; /* whether a node took it is seen the next time */
    keep(c);
}

static void judge(struct history_call *x, size_t i, const struct rpc_result *r, struct err *e)
{
    struct sent_row *row = &x->open[i];
    const json *receipt = r[0].value, *tx = r[1].value;
    uint64_t count;
    bool known = tx != NULL && !cJSON_IsNull(tx);
    if (receipt != NULL && !cJSON_IsNull(receipt)) {
        x->changed[i] = receipt_read(receipt, row, e) == SOUK_OK;
    } else if (!answer_u64(&r[2], &count)) {
        answer_failed(&r[2], "your transactions", e);
    } else if (!known && count > row->nonce) {
        x->changed[i] = row->state == SENT_PENDING;
        row->state = SENT_DROPPED; /* its number is used by another; if ours, that one says so */
    } else if (!known) {
        x->again[i] = row->state == SENT_PENDING;
    }
}

static void got(struct purse_call *c, const struct answers *a)
{
    struct history_call *x = (struct history_call *)c;
    struct err e = {0};
    struct asking k;
    for (size_t i = 0; i < x->n && e.code == SOUK_OK; i++)
        judge(x, i, a->one + 3 * i, &e);
    if (e.code != SOUK_OK) {
        call_end(c, &e);
        return;
    }
    asking_init(&k);
    for (size_t i = x->n; i-- > 0;) { /* oldest first */
        if (x->again[i])
            ask_raw(&k, x->open[i].raw);
    }
    if (k.n > 0)
        call_ask(c, &k, 0, sent_again);
    else
        keep(c);
}

static void ask(struct purse_call *c)
{
    struct history_call *x = (struct history_call *)c;
    struct asking k;
    if (x->n == 0) {
        call_end(c, NULL);
        return;
    }
    asking_init(&k);
    for (size_t i = 0; i < x->n; i++) {
        char hash[HASH_BUF], from[ADDRESS_BUF];
        bytes32_format(x->open[i].hash, hash);
        asking_add(&k, "eth_getTransactionReceipt", AT_NONE, SAME_TX, "a receipt", "\"%s\"", hash);
        asking_add(&k, "eth_getTransactionByHash", AT_NONE, SAME_ANY, "a transaction", "\"%s\"",
                   hash);
        asking_add(&k, "eth_getTransactionCount", AT_LAST, SAME_VALUE, "your transactions",
                   "\"%s\"", address_format(x->open[i].from, from));
    }
    call_ask(c, &k, 0, got);
}

static void begin(struct purse_call *c)
{
    call_job(c, list_run, ask);
}

struct purse_call *purse_history_refresh(struct purse *p,
                                         void (*done)(void *ud, const struct err *e), void *ud)
{
    struct history_call *x = call_new(p, sizeof *x, begin, deliver, release);
    if (x == NULL)
        return NULL;
    x->done = done;
    x->ud = ud;
    arena_init(&x->memory, MEMORY);
    return &x->call;
}
