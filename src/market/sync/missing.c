/*
 * What must be asked for besides a range's logs: when their blocks were, and the receipts of
 * transactions of which the logs that were asked for do not say enough.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

void batch_set_time(struct batch *b, const struct eth_block *blk)
{
    for (size_t i = 0; i < b->logs; i++) {
        if (b->log[i].block == blk->number)
            b->log[i].time = blk->time;
    }
}

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
        room += address_among(b->log[i].from, n->escrow, n->escrows);
    if (room == 0)
        return true;
    if ((b->told = arena_alloc(&b->memory, room * sizeof b->told[0])) == NULL)
        return false;
    for (size_t i = 0; i < b->logs; i++) {
        struct event ev;
        struct escrow_in *x = &b->told[b->tolds];
        if (!address_among(b->log[i].from, n->escrow, n->escrows) ||
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
        if (!address_among(log[i].from, net->escrow, net->escrows) ||
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
enum verdict batch_list_missing(struct batch *b, struct err *e)
{
    size_t timeless = 0;
    batch_set_time(b, &b->first_block);
    batch_set_time(b, &b->last_block);
    for (size_t i = 0; i < b->logs; i++)
        timeless += b->log[i].time == 0;
    if (timeless > 0 && (b->block = arena_alloc(&b->memory, timeless * sizeof b->block[0])) == NULL)
        return batch_no_memory(e);
    for (size_t i = 0; i < b->logs; i++) {
        uint64_t no = b->log[i].block;
        if (b->log[i].time == 0 && (b->blocks == 0 || b->block[b->blocks - 1] != no))
            b->block[b->blocks++] = no;
    }
    if (!list_receipts(b))
        return batch_no_memory(e);
    return b->blocks > 0 || b->receipts > 0 ? BATCH_MORE : BATCH_OK;
}
