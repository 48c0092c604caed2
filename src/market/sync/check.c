/*
 * What a node says of a range, held against itself, against the question, against the blooms of its
 * blocks, and against what another node says.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum verdict batch_refuse(const struct batch *b, struct err *e, const char *why)
{
    err_set(e, SOUK_ENET, "%s: the node's answer for blocks %llu to %llu was refused: %s",
            b->f->chain->label, (unsigned long long)b->first, (unsigned long long)b->last, why);
    return BATCH_REFUSED;
}

enum verdict batch_no_memory(struct err *e)
{
    err_nomem(e);
    return BATCH_FAILED;
}

/* --- logs */

int log_by_place(const void *pa, const void *pb)
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

bool address_among(address a, const address *list, unsigned n)
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
               address_eq(l->from, n->upto_proxy) ||
               address_among(l->from, n->channel, n->channels) ||
               address_among(l->from, n->escrow, n->escrows);
    case LOGS_PAYEES:
    case LOGS_FUNDING:
        t = network_token(n, l->from);
        return t != NULL && !t->whole_log && event_decode(l, &ev) == EV_TRANSFER;
    }
    BUG("filter %s has no kind", f->name);
}

const char *log_contradicts(const struct eth_log *l, const struct eth_block *blk)
{
    if (l->block != blk->number)
        return NULL;
    if (memcmp(&l->block_hash, &blk->hash, sizeof(bytes32)) != 0)
        return "its logs are of another block than it shows";
    if (l->time != 0 && l->time != blk->time)
        return "its logs carry another time than their block";
    if (blk->has_bloom && (!bloom_holds(blk->bloom, l->from.b, sizeof l->from.b) ||
                           (l->topics > 0 && !bloom_holds(blk->bloom, l->topic[0].b, 32))))
        return "a block's bloom does not know a log that it shows";
    return NULL;
}

/* --- blooms: what is left out */

static bool one_of(const struct eth_block *blk, const address *a, unsigned n, enum event_kind first,
                   enum event_kind last)
{
    bool any = false;
    for (unsigned i = 0; i < n && !any; i++)
        any = bloom_holds(blk->bloom, a[i].b, sizeof a[i].b);
    for (int k = (int)first; any && k <= (int)last; k++) {
        bytes32 topic = event_topic((enum event_kind)k);
        if (bloom_holds(blk->bloom, topic.b, sizeof topic.b))
            return true;
    }
    return false;
}

static bool a_token(const struct network *n, const struct eth_block *blk, bool whole)
{
    for (unsigned i = 0; i < n->tokens; i++) {
        if (n->token[i].whole_log == whole &&
            one_of(blk, &n->token[i].addr, 1, EV_TRANSFER, EV_TRANSFER))
            return true;
    }
    return false;
}

static bool a_payee(const struct filter *f, const struct eth_block *blk)
{
    for (size_t i = 0; i < f->payees; i++) {
        bytes32 word = {{0}};
        memcpy(word.b + 12, f->payee[i].a.b, sizeof(address));
        if (f->payee[i].since <= blk->number && bloom_holds(blk->bloom, word.b, sizeof word.b))
            return true;
    }
    return false;
}

/* By its bloom the block may have a log that this filter asks for. */
static bool may_have(const struct filter *f, const struct eth_block *blk)
{
    const struct network *n = f->chain->s->net;
    switch (f->kind) {
    case LOGS_LISTINGS:
        return one_of(blk, &n->listings, 1, EV_LISTED, EV_DELISTED);
    case LOGS_INFERENCES:
        return one_of(blk, &n->inference_emitter, 1, EV_MODEL_INFERENCE, EV_MODEL_INFERENCE);
    case LOGS_PAYMENTS:
        return a_token(n, blk, true) ||
               one_of(blk, &n->exact_proxy, 1, EV_SETTLED, EV_SETTLED_WITH_PERMIT) ||
               one_of(blk, &n->upto_proxy, 1, EV_SETTLED, EV_SETTLED_WITH_PERMIT) ||
               one_of(blk, n->channel, n->channels, EV_CHANNEL_SETTLED, EV_CHANNEL_SETTLED) ||
               one_of(blk, n->escrow, n->escrows, EV_PAYMENT_AUTHORIZED, EV_PAYMENT_REFUNDED);
    case LOGS_PAYEES:
        return a_token(n, blk, false) && a_payee(f, blk);
    case LOGS_FUNDING: /* whose list may be long, and of no consequence to a payment */
        return false;
    }
    BUG("filter %s has no kind", f->name);
}

/* The ends of the range, whose blocks came along: a bloom can be wrong about what is there, so this
 * is a reason to ask again and no more. */
static bool left_out(const struct batch *b, const struct eth_block *blk)
{
    if (!blk->has_bloom || bloom_is_full(blk->bloom) || !may_have(b->f, blk))
        return false;
    for (size_t i = 0; i < b->logs; i++) {
        if (b->log[i].block == blk->number)
            return false;
    }
    return true;
}

/* --- checks */

enum verdict batch_check(struct batch *b, struct err *e)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < b->logs && sorted; i++)
        sorted = log_by_place(&b->log[i - 1], &b->log[i]) <= 0;
    if (!sorted)
        qsort(b->log, b->logs, sizeof b->log[0], log_by_place);
    for (size_t i = 0; i < b->logs; i++) {
        struct eth_log *l = &b->log[i];
        const struct eth_log *before = kept > 0 ? &b->log[kept - 1] : NULL;
        const char *wrong = log_contradicts(l, &b->first_block);
        if (wrong == NULL)
            wrong = log_contradicts(l, &b->last_block);
        if (l->removed)
            wrong = "it has logs that were taken back";
        else if (l->block < b->first || l->block > b->last)
            wrong = "it has logs of other blocks";
        else if (!wanted(b->f, l))
            wrong = "it has logs of other contracts";
        else if (before != NULL && before->block == l->block &&
                 memcmp(&before->block_hash, &l->block_hash, sizeof(bytes32)) != 0)
            wrong = "one block has two hashes";
        else if (before != NULL && log_by_place(before, l) == 0 && !same_log(before, l))
            wrong = "two logs claim the same place";
        if (wrong != NULL)
            return batch_refuse(b, e, wrong);
        if (before == NULL || log_by_place(before, l) != 0)
            b->log[kept++] = *l;
    }
    b->logs = kept;
    b->doubtful = left_out(b, &b->first_block) || left_out(b, &b->last_block);
    return BATCH_OK;
}

/* --- against another answer */

static bool same_block(const struct eth_block *a, const struct eth_block *b)
{
    return memcmp(&a->hash, &b->hash, sizeof a->hash) == 0 && a->time == b->time;
}

static bool same_logs(const struct eth_log *a, size_t n, const struct eth_log *b, size_t m)
{
    if (n != m)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (log_by_place(&a[i], &b[i]) != 0 || !same_log(&a[i], &b[i]) ||
            (a[i].time != b[i].time && a[i].time != 0 && b[i].time != 0) ||
            memcmp(&a[i].block_hash, &b[i].block_hash, sizeof(bytes32)) != 0)
            return false;
    }
    return true;
}

static bool same_receipts(const struct batch *a, const struct batch *b)
{
    if (a->receipts != b->receipts)
        return false;
    for (size_t i = 0; i < a->receipts; i++) {
        const struct receipt *x = &a->receipt[i], *y = &b->receipt[i];
        if (!same_logs(x->log, x->logs, y->log, y->logs) ||
            (x->has_sender && y->has_sender && !address_eq(x->sender, y->sender)))
            return false;
    }
    return true;
}

bool batch_same(const struct batch *a, const struct batch *b, struct err *e)
{
    bool blocks =
        same_block(&a->first_block, &b->first_block) && same_block(&a->last_block, &b->last_block);
    if (blocks && same_logs(a->log, a->logs, b->log, b->logs) && same_receipts(a, b))
        return true;
    if (!blocks)
        err_set(e, SOUK_ENET, "%s and %s have different blocks there", a->place, b->place);
    else if (a->logs != b->logs)
        err_set(e, SOUK_ENET, "%s has %zu logs, %s %zu", a->place, a->logs, b->place, b->logs);
    else
        err_set(e, SOUK_ENET, "%s and %s have different logs there", a->place, b->place);
    return false;
}

/* --- receipts */

/* Every log of the transaction that we know must be in its receipt as we know it. */
const char *batch_receipt_fault(const struct receipt *r)
{
    size_t known = 0;
    for (size_t i = 0; i < r->logs; i++) {
        if (r->log[i].removed || memcmp(&r->log[i].tx, &r->why->tx, sizeof(bytes32)) != 0 ||
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
