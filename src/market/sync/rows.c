/*
 * Rows out of a batch, and the cursor that vouches for them, in one transaction.
 *
 * Which filter keeps a Transfer of a settlement asset, so that none is kept twice:
 *   payments  every one of the quiet tokens; of the busy ones refunds by known payees alone
 *   payees    of the busy tokens what goes to a known payee
 *   funding   of the busy tokens what else goes to or comes from those who matter
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eth/events.h"
#include "hub/hub.h"
#include "market/sync/internal.h"

#include "base/banned.h"

struct writing {
    struct batch *b;
    struct store *w;
    const struct network *net;
    int64_t chain, src;
};

static souk_err write_listing(const struct writing *x, const struct eth_log *l, struct arena *a,
                              struct err *e)
{
    struct event ev;
    struct hub_listing h;
    enum event_kind k = event_decode(l, &ev);
    if (k != EV_LISTED && k != EV_DELISTED)
        return SOUK_OK;
    souk_err c = hub_listing_from_event(&ev, a, &h, e);
    if (c != SOUK_OK)
        return c;
    const struct listing_in in = {
        .listed = h.active,
        .owner = h.owner,
        .id = h.id,
        .author = h.author,
        .name = h.name,
        .blob_id = h.blob_id,
        .endpoint = h.endpoint,
        .price = h.price,
        .asset = h.asset,
        .pay_to = h.pay_to,
        .flags = h.flags,
        .chain = x->chain,
        .block = l->block,
        .log = l->index,
        .tx = l->tx,
        .time = l->time,
    };
    return store_listing_put(x->w, &in, x->src, e);
}

bool rows_inference(const struct event *ev)
{
    enum { CID_MAX = 128 };
    return ev->kind == EV_MODEL_INFERENCE && !ev->inference.simulation && ev->inference.cid.n > 0 &&
           ev->inference.cid.n <= CID_MAX;
}

static souk_err write_inference(const struct writing *x, const struct eth_log *l, struct err *e)
{
    struct event ev;
    if (event_decode(l, &ev) == EV_NONE || !rows_inference(&ev))
        return SOUK_OK;
    const struct infer_in in = {.chain = x->chain,
                                .block = l->block,
                                .log = l->index,
                                .tx = l->tx,
                                .cid = ev.inference.cid,
                                .time = l->time};
    return store_infer_put(x->w, &in, x->src, e);
}

/* --- payments and flows */

static int payee_order(const void *key, const void *row)
{
    return memcmp(key, &((const struct payee_row *)row)->a, sizeof(address));
}

bool payee_among(address a, uint64_t block, const struct payee_row *list, size_t n)
{
    const struct payee_row *p = n == 0 ? NULL : bsearch(&a, list, n, sizeof *p, payee_order);
    return p != NULL && p->since <= block;
}

bool rows_known_payee(const struct filter *f, address a, uint64_t block)
{
    return payee_among(a, block, f->payee, f->payees);
}

/* P2: a plain transfer to a known payee, which a known facilitator sent. */
bool rows_may_be_listed(const struct filter *f, const struct paid *p)
{
    const struct network *n = f->chain->s->net;
    return n->facilitators > 0 && p->scheme == PAY_PLAIN && p->flow == FLOW_PLAIN &&
           !u256_is_zero(p->amount) && network_token(n, p->log->from) != NULL &&
           rows_known_payee(f, p->to, p->log->block);
}

static bool keep(const struct writing *x, const struct paid *p)
{
    const struct filter *f = x->b->f;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    const struct token *t = network_token(x->net, p->log->from);
    bool refund = p->scheme == PAY_REFUND && rows_known_payee(f, p->payee, p->log->block);
    if (t == NULL || u256_is_zero(p->amount))
        return false;
    if (f->kind == LOGS_PAYMENTS)
        return t->whole_log || refund;
    return !t->whole_log && !refund && rows_known_payee(f, p->to, p->log->block);
}

static souk_err write_flow(const struct writing *x, const struct paid *p, int64_t time,
                           struct err *e)
{
    /* A refund by nobody we know is money that comes back. */
    const struct flow_in in = {.chain = x->chain,
                               .block = p->log->block,
                               .log = p->log->index,
                               .tx = p->log->tx,
                               .from = p->from,
                               .to = p->to,
                               .asset = p->log->from,
                               .amount = p->amount,
                               .kind = p->scheme == PAY_REFUND ? FLOW_WITHDRAWAL : p->flow,
                               .time = time};
    return store_flow_put(x->w, &in, x->src, e);
}

static souk_err write_pay(const struct writing *x, const struct paid *p, int64_t time,
                          struct err *e)
{
    const struct pay_in in = {
        .chain = x->chain,
        .block = p->log->block,
        .log = p->log->index,
        .tx = p->log->tx,
        .payer = p->payer,
        .payee = p->payee,
        .asset = p->log->from,
        .amount = p->amount,
        .scheme = p->scheme,
        .tier = p->scheme == PAY_PLAIN ? TIER_LISTED : TIER_PROVED,
        .time = time,
    };
    return store_pay_put(x->w, &in, x->src, e);
}

static souk_err write_one(const struct writing *x, struct paid *p, const struct receipt *r,
                          int64_t time, struct err *e)
{
    if (!keep(x, p))
        return SOUK_OK;
    if (r != NULL && r->has_sender && rows_may_be_listed(x->b->f, p) &&
        address_among(r->sender, x->net->facilitator, x->net->facilitators)) {
        p->payer = p->from;
        p->payee = p->to;
        return write_pay(x, p, time, e);
    }
    bool payment =
        p->scheme != PAY_PLAIN && (p->scheme != PAY_REFUND || x->b->f->kind == LOGS_PAYMENTS);
    return payment ? write_pay(x, p, time, e) : write_flow(x, p, time, e);
}

static souk_err write_receipt(const struct writing *x, const struct receipt *r, struct err *e)
{
    struct batch *b = x->b;
    struct pay_facts facts = batch_facts(b);
    struct paid *room = arena_alloc(&b->memory, (r->logs + 1) * sizeof *room);
    bool sure;
    if (room == NULL)
        return err_nomem(e);
    souk_err c = SOUK_OK;
    size_t found = pay_pair(&facts, r->log, r->logs, room, &sure);
    for (size_t i = 0; i < found && c == SOUK_OK; i++)
        c = write_one(x, &room[i], r, r->why->time, e);
    return c;
}

/* What the logs themselves say, but for transactions whose receipt was asked for: that says it. */
static souk_err write_payments(const struct writing *x, struct err *e)
{
    struct batch *b = x->b;
    souk_err c = SOUK_OK;
    size_t at = 0;
    for (size_t i = 0; i < b->paids && c == SOUK_OK; i++) {
        struct paid *p = &b->paid[i];
        while (at < b->receipts &&
               (b->receipt[at].why->block < p->log->block ||
                (b->receipt[at].why->block == p->log->block &&
                 b->receipt[at].why[b->receipt[at].of - 1].index < p->log->index)))
            at++;
        bool told =
            at < b->receipts && memcmp(&b->receipt[at].why->tx, &p->log->tx, sizeof(bytes32)) == 0;
        if (!told)
            c = write_one(x, p, NULL, p->log->time, e);
    }
    return c;
}

static souk_err write_receipts(const struct writing *x, struct err *e)
{
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < x->b->receipts && c == SOUK_OK; i++)
        c = write_receipt(x, &x->b->receipt[i], e);
    return c;
}

size_t rows_tracing(const struct batch *b)
{
    size_t n = 0;
    while (n < b->f->tracing && b->f->traced[n].upto < b->last)
        n++;
    return n;
}

/* What a payment is, the payees' filter knows, and the payments' of a refund. */
static souk_err write_funding(const struct writing *x, const struct eth_log *l, struct err *e)
{
    const struct network *n = x->net;
    struct event ev;
    if (event_decode(l, &ev) != EV_TRANSFER)
        return SOUK_OK;
    const struct paid p = {
        .log = l,
        .from = ev.transfer.from,
        .to = ev.transfer.to,
        .amount = ev.transfer.value,
        .scheme = PAY_PLAIN,
        .flow = address_among(ev.transfer.to, n->channel, n->channels)     ? FLOW_DEPOSIT
                : address_among(ev.transfer.from, n->channel, n->channels) ? FLOW_WITHDRAWAL
                                                                           : FLOW_PLAIN,
    };
    if (u256_is_zero(p.amount) || rows_known_payee(x->b->f, p.to, l->block) ||
        store_has_pay(x->w, x->chain, l->block, l->index))
        return SOUK_OK;
    return write_flow(x, &p, l->time, e);
}

/* How far those who matter are in now. Not with every slice: after a kill a few are read again. */
static souk_err write_traced(const struct writing *x, struct err *e)
{
    enum { EACH = 32 };
    struct batch *b = x->b;
    size_t n = rows_tracing(b);
    address *a = arena_alloc(&b->memory, (n + 1) * sizeof *a);
    if (a == NULL)
        return err_nomem(e);
    if (++b->f->untold < EACH && b->last < b->f->end)
        return SOUK_OK;
    b->f->untold = 0;
    for (size_t i = 0; i < n; i++)
        a[i] = b->f->traced[i].a;
    return store_traced_set(x->w, x->chain, a, n, b->last, e);
}

static souk_err write_escrows(const struct writing *x, struct err *e)
{
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < x->b->tolds && c == SOUK_OK; i++) {
        if (network_token(x->net, x->b->told[i].asset) != NULL)
            c = store_escrow_put(x->w, &x->b->told[i], e);
    }
    return c;
}

static souk_err write_rows(const struct writing *x, struct err *e)
{
    struct batch *b = x->b;
    souk_err c = SOUK_OK;
    switch (b->f->kind) {
    case LOGS_PAYMENTS:
        c = write_escrows(x, e);
        c = c == SOUK_OK ? write_payments(x, e) : c;
        return c == SOUK_OK ? write_receipts(x, e) : c;
    case LOGS_PAYEES:
        return write_receipts(x, e);
    case LOGS_FUNDING:
        for (size_t i = 0; i < b->logs && c == SOUK_OK; i++)
            c = write_funding(x, &b->log[i], e);
        return c == SOUK_OK ? write_traced(x, e) : c;
    case LOGS_LISTINGS:
        for (size_t i = 0; i < b->logs && c == SOUK_OK; i++)
            c = write_listing(x, &b->log[i], &b->memory, e);
        return c;
    case LOGS_INFERENCES:
        for (size_t i = 0; i < b->logs && c == SOUK_OK; i++)
            c = write_inference(x, &b->log[i], e);
        return c;
    }
    BUG("filter %s has no kind", b->f->name);
}

souk_err batch_write(struct batch *b, struct store *w, struct cursor *out, struct err *e)
{
    struct writing x = {
        .b = b, .w = w, .net = b->f->chain->s->net, .chain = b->f->chain->cfg->chain_id};
    const struct cursor cursor = {b->last, b->last_block.hash, b->last_block.time};
    const struct source_row row = {.kind = SOURCE_LOGS,
                                   .place = b->place,
                                   .chain = x.chain,
                                   .filter = b->f->name,
                                   .first = (int64_t)b->first,
                                   .last = (int64_t)b->last,
                                   .hash = &b->last_block.hash,
                                   .time = clock_now()};
    souk_err c = store_begin(w, e);
    if (c != SOUK_OK)
        return c;
    if (b->f->again)
        c = store_forget_range(w, x.chain, b->f->name, b->first, b->last, e);
    if (c == SOUK_OK)
        c = store_source_add(w, &row, &x.src, e);
    if (c == SOUK_OK)
        c = write_rows(&x, e);
    if (c == SOUK_OK && ((!b->f->again && !b->f->before) || b->last > b->f->kept))
        c = store_cursor_set(w, x.chain, b->f->name, &cursor, e);
    c = sync_commit(w, c, e);
    if (c == SOUK_OK)
        *out = cursor;
    return c;
}
