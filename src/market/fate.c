/*
 * Step by step: the state (is the authorization used, what time is it); when it is not, whether its
 * time is over by a block deep enough; when it is, the log that used or cancelled it, and what was
 * taken. A settlement counts as soon as a block has it; what gives money back to the limits, a
 * lapse or a cancellation, must be as deep as the profile's confirmations.
 */
#include "market/fate.h"

#include <string.h>

#include "base/mem.h"
#include "eth/contracts.h"
#include "market/fate_internal.h"

#include "base/banned.h"

static void ask_range(struct fate_query *q);
static void ask_carriers(struct fate_query *q);

/* --- the end */

static void free_query(struct fate_query *q)
{
    ask_drop(q->ask);
    nodes_free(q->nodes);
    mem_free(q);
}

static void finish(struct fate_query *q, const struct fate *f)
{
    q->done(q->ud, f);
    free_query(q);
}

static void fail(struct fate_query *q, const struct err *e)
{
    const struct fate f = {.kind = FATE_OPEN, .err = *e};
    finish(q, &f);
}

void fate_cancel(struct fate_query *q)
{
    if (q != NULL)
        free_query(q);
}

/* --- one question after the other */

static void send(struct fate_query *q, struct asking *k, uint64_t at, ask_fn got)
{
    struct err e = {0};
    q->ask = asking_send(k, q->nodes, at, got, q, &e);
    if (q->ask == NULL)
        fail(q, &e);
}

/* False: the query is over. */
static bool arrived(struct fate_query *q, const struct answers *a, const struct err *e)
{
    q->ask = NULL;
    if (a == NULL)
        fail(q, e);
    return a != NULL;
}

/* --- the log and what it took */

static void got_time(void *ud, const struct answers *a, const struct err *e)
{
    struct fate_query *q = ud;
    struct eth_block b = {0};
    struct err why = {0};
    if (!arrived(q, a, e))
        return;
    bool settled = q->used || q->carried;
    const struct candidate *c = settled ? &q->found[0] : &q->cancel;
    struct fate f = {.kind = settled ? FATE_SETTLED : FATE_CANCELLED,
                     .tx = c->tx,
                     .has_tx = true,
                     .block = c->block,
                     .charged = settled ? c->amount : U256_ZERO};
    if (a->one[0].value == NULL)
        answer_failed(&a->one[0], "a block", &why);
    else
        eth_block_parse(a->one[0].value, &b, &why);
    if (why.code == SOUK_OK && q->used)
        fate_charge_read(q, &a->one[1], &f.charged, &why);
    if (why.code == SOUK_OK && !settled && c->block > q->deep)
        err_set(&why, SOUK_EUNKNOWN,
                "it was cancelled in block %llu, which is not yet %llu blocks deep",
                (unsigned long long)c->block, (unsigned long long)q->confirmations);
    if (why.code != SOUK_OK) {
        fail(q, &why);
        return;
    }
    f.time = b.time;
    finish(q, &f);
}

static void ask_time(struct fate_query *q)
{
    struct asking k;
    asking_init(&k);
    asking_block(&k, q->used || q->carried ? q->found[0].block : q->cancel.block, "a block");
    if (q->used)
        fate_charge_ask(q, &k);
    send(q, &k, q->head, got_time);
}

static void search_goes_on(struct fate_query *q, enum fate_search s, const struct err *e)
{
    struct err why;
    switch (s) {
    case SEARCH_MORE:
        ask_range(q);
        return;
    case SEARCH_CANDIDATES:
        ask_carriers(q);
        return;
    case SEARCH_FOUND:
        ask_time(q);
        return;
    case SEARCH_FAILED:
        fail(q, e);
        return;
    case SEARCH_OVER:
        break;
    }
    if (q->cancelled) {
        ask_time(q);
        return;
    }
    err_set(&why, SOUK_EVERIFY,
            "the chain says that its number is used up, and has no transfer that did it");
    fail(q, &why);
}

static void got_range(void *ud, const struct answers *a, const struct err *e)
{
    struct fate_query *q = ud;
    struct err why = {0};
    if (arrived(q, a, e))
        search_goes_on(q, fate_search_read(q, a, &why), &why);
}

static void ask_range(struct fate_query *q)
{
    struct asking k;
    asking_init(&k);
    fate_search_ask(q, &k);
    send(q, &k, q->head, got_range);
}

static void got_carriers(void *ud, const struct answers *a, const struct err *e)
{
    struct fate_query *q = ud;
    struct err why = {0};
    if (arrived(q, a, e))
        search_goes_on(q, fate_carry_read(q, a, &why), &why);
}

static void ask_carriers(struct fate_query *q)
{
    struct asking k;
    asking_init(&k);
    fate_carry_ask(q, &k);
    send(q, &k, q->head, got_carriers);
}

/* --- the state */

/* Both kinds may still be used in the very second they end at, as far as we care. */
static void judge_time(struct fate_query *q, const struct eth_block *deep)
{
    struct fate f = {.kind = FATE_OPEN};
    if (deep->time >= 0 && (uint64_t)deep->time > q->t.valid_before) {
        f.kind = FATE_LAPSED;
        f.block = deep->number;
        f.time = deep->time;
    }
    finish(q, &f);
}

static void got_deep(void *ud, const struct answers *a, const struct err *e)
{
    struct fate_query *q = ud;
    struct eth_block b = {0};
    struct err why = {0};
    if (!arrived(q, a, e))
        return;
    if (a->one[0].value == NULL)
        answer_failed(&a->one[0], "a block", &why);
    else
        eth_block_parse(a->one[0].value, &b, &why);
    if (why.code != SOUK_OK)
        fail(q, &why);
    else
        judge_time(q, &b);
}

static void unused(struct fate_query *q, const struct eth_block *head)
{
    struct asking k;
    if (q->deep == q->head || (uint64_t)head->time <= q->t.valid_before) {
        judge_time(q, head);
        return;
    }
    asking_init(&k);
    asking_block(&k, q->deep, "a block");
    send(q, &k, q->head, got_deep);
}

static bool read_state(const struct fate_query *q, const struct rpc_result *r, bool *used,
                       struct err *e)
{
    struct buf bytes;
    buf_init(&bytes, 1024);
    bool ok = answer_bytes(r, &bytes);
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (ok && q->permit2) {
        u256 bits, word;
        unsigned bit;
        permit2_place(q->t.nonce, &word, &bit);
        ok = result_u256(p, bytes.len, &bits);
        *used = ok && (bits.w[bit / 64] >> bit % 64 & 1) != 0;
    } else if (ok) {
        ok = result_bool(p, bytes.len, used);
    }
    buf_release(&bytes);
    if (!ok)
        answer_failed(r, "a signature's state", e);
    return ok;
}

static void got_state(void *ud, const struct answers *a, const struct err *e)
{
    struct fate_query *q = ud;
    struct eth_block head = {0};
    struct err why = {0};
    bool used = false;
    if (!arrived(q, a, e))
        return;
    if (a->one[0].value == NULL)
        answer_failed(&a->one[0], "the newest block", &why);
    else
        eth_block_parse(a->one[0].value, &head, &why);
    if (why.code != SOUK_OK || !read_state(q, &a->one[1], &used, &why)) {
        fail(q, &why);
        return;
    }
    q->head = q->last = a->block;
    q->start_block = q->start_block < q->head ? q->start_block : q->head;
    q->deep = q->head > q->confirmations ? q->head - q->confirmations : 0;
    if (!used)
        unused(q, &head);
    else
        ask_range(q);
}

static struct ask *ask_state(struct fate_query *q, struct err *e)
{
    struct asking k;
    struct buf data;
    u256 word;
    unsigned bit;
    asking_init(&k);
    buf_init(&data, 256);
    asking_add(&k, "eth_getBlockByNumber", AT_FIRST, SAME_BLOCK, "the newest block", "false");
    if (q->permit2) {
        permit2_place(q->t.nonce, &word, &bit);
        call_nonce_bitmap(&data, q->t.from, word);
    } else {
        call_authorization_state(&data, q->t.from, q->t.nonce);
    }
    asking_call(&k, q->permit2 ? PERMIT2 : q->t.token, &data, "whether a signature was used");
    return asking_send(&k, q->nodes, 0, got_state, q, e);
}

struct fate_query *fate_ask(struct http *h, const struct network *n, const struct typed *t,
                            int64_t since, void (*done)(void *ud, const struct fate *f), void *ud,
                            struct err *e)
{
    bool permit2 = t->kind == TYPED_EXACT || t->kind == TYPED_UPTO;
    if (!permit2 && t->kind != TYPED_EIP3009) {
        err_set(e, SOUK_EINPUT, "only payments have a fate");
        return NULL;
    }
    if (t->chain != (uint64_t)n->payment.chain_id) {
        err_set(e, SOUK_EINPUT, "it was signed for chain %llu, and the profile %s is of chain %lld",
                (unsigned long long)t->chain, n->name, (long long)n->payment.chain_id);
        return NULL;
    }
    struct fate_query *q = mem_zalloc(sizeof *q);
    if (q == NULL) {
        err_nomem(e);
        return NULL;
    }
    *q = (struct fate_query){.t = *t,
                             .permit2 = permit2,
                             .since = since,
                             .confirmations = n->payment.confirmations,
                             .start_block = n->payment.start_block,
                             .size = n->payment.max_range > 0 ? n->payment.max_range : 1,
                             .done = done,
                             .ud = ud};
    if (nodes_new(h, &n->payment, "the payment chain", &q->nodes, e) == SOUK_OK)
        q->ask = ask_state(q, e);
    if (q->ask == NULL) {
        free_query(q);
        return NULL;
    }
    return q;
}
