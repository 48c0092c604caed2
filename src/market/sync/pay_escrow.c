/*
 * Money that is held on its way: escrows of auth-capture, and payment channels.
 *
 * An escrow says what it is about to do, then does it; it cannot be entered again meanwhile. So
 * what an event tells of stands between it and the escrow's next event. The money lies in a store
 * of the operator's, whose address no event names; it is known by what it does. In between stands
 * code of the operator's choice (the collector), which may emit anything, but moves no less than
 * the escrow checks: of several Transfers that could be meant, one is taken, once.
 *
 * Collectors for EIP-3009 are paid by the payer's authorisation, which looks like a payment to
 * them, and pass the money on: both steps are the deposit.
 */
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

static bool unclaimed(const struct paid *p)
{
    return p->scheme == PAY_PLAIN && p->flow == FLOW_PLAIN;
}

/* --- escrows */

/* An event, and the transfers between it and the escrow's next. */
struct held {
    struct event ev;
    const struct eth_log *log;
    struct paid *first, *end;
    bool known; /* info: payer, payee and asset */
    struct escrow_in info;
};

static bool moves(const struct paid *p, address token, u256 amount)
{
    return unclaimed(p) && address_eq(p->log->from, token) && u256_cmp(p->amount, amount) == 0;
}

/* The payer's money on its way to the collector that made the step `in`; NULL: there is none. */
static struct paid *to_collector(const struct held *h, const struct paid *in)
{
    for (struct paid *p = h->first; p < in; p++) {
        if (unclaimed(p) && address_eq(p->log->from, in->log->from) &&
            address_eq(p->from, h->info.payer) && address_eq(p->to, in->from) &&
            u256_cmp(p->amount, in->amount) >= 0)
            return p;
    }
    return NULL;
}

/* How the money came: from the payer, straight or by way of a collector, which may have taken more
 * and given the rest back. `in` is the step into the store. */
static void mark_deposit(const struct held *h, struct paid *in)
{
    struct paid *p = to_collector(h, in);
    in->flow = FLOW_DEPOSIT;
    if (p == NULL)
        return;
    p->flow = FLOW_DEPOSIT;
    while (++p < in) {
        if (unclaimed(p) && address_eq(p->log->from, in->log->from) &&
            address_eq(p->from, in->from) && address_eq(p->to, h->info.payer))
            p->flow = FLOW_WITHDRAWAL;
    }
}

/* The last step of the payer's money, when nothing came of it yet that would name the store. */
static struct paid *into_some_store(const struct held *h)
{
    struct paid *from = h->first, *on;
    while (from < h->end && (!unclaimed(from) || !address_eq(from->log->from, h->info.asset) ||
                             !address_eq(from->from, h->info.payer) ||
                             u256_cmp(from->amount, h->ev.escrow.amount) < 0))
        from++;
    if (from == h->end)
        return NULL;
    for (on = from + 1; on < h->end; on++) {
        if (moves(on, h->info.asset, h->ev.escrow.amount) && address_eq(on->from, from->to))
            return on;
    }
    return u256_cmp(from->amount, h->ev.escrow.amount) == 0 ? from : NULL;
}

/* The step of so much into `store` before p; NULL: none. */
static struct paid *into(const struct held *h, const struct paid *p, address store)
{
    for (struct paid *in = h->first; in < p; in++) {
        if (moves(in, p->log->from, h->ev.escrow.amount) && address_eq(in->to, store))
            return in;
    }
    return NULL;
}

/*
 * What went to `to`: better from where the whole amount came in before (wanted for a charge and a
 * refund alone), else the first.
 */
static struct paid *paid_out(const struct held *h, address to, u256 amount, bool came_in)
{
    struct paid *first = NULL;
    for (struct paid *p = h->first; p < h->end; p++) {
        if (!moves(p, h->info.asset, amount) || !address_eq(p->to, to))
            continue;
        if (!came_in || into(h, p, p->from) != NULL)
            return p;
        first = first == NULL ? p : first;
    }
    return first;
}

/* Nobody told whose it is: then only where the escrow surely put it, right behind its event, the
 * fee before, and before that perhaps the making of the store. */
static struct paid *right_behind(const struct held *h, u256 amount)
{
    uint64_t last = h->log->index + 2 + (u256_is_zero(h->ev.escrow.fee) ? 0 : 1);
    for (struct paid *p = h->first; p < h->end && p->log->index <= last; p++) {
        if (unclaimed(p) && u256_cmp(p->amount, amount) == 0)
            return p;
    }
    return NULL;
}

static void mark(struct paid *p, enum pay_scheme scheme, address payer, address payee)
{
    p->scheme = scheme;
    p->payer = payer;
    p->payee = payee;
}

static void captured(const struct held *h, bool charged)
{
    static const address nobody;
    u256 net;
    if (!u256_sub(h->ev.escrow.amount, h->ev.escrow.fee, &net))
        return;
    struct paid *p = h->known ? paid_out(h, h->info.payee, net, charged) : right_behind(h, net);
    struct paid *in = !charged ? NULL : p != NULL ? into(h, p, p->from) : into_some_store(h);
    if (in != NULL)
        mark_deposit(h, in);
    if (p != NULL)
        mark(p, PAY_ESCROW, h->known ? h->info.payer : nobody, p->to);
}

static void refunded(const struct held *h)
{
    struct paid *p = h->known ? paid_out(h, h->info.payer, h->ev.escrow.amount, true) : NULL;
    if (p == NULL)
        return;
    struct paid *in = into(h, p, p->from);
    if (in != NULL)
        in->flow = FLOW_DEPOSIT;
    mark(p, PAY_REFUND, h->info.payer, h->info.payee);
}

static void given_back(const struct held *h)
{
    u256 amount = h->ev.escrow.amount;
    struct paid *p = h->known ? paid_out(h, h->info.payer, amount, false) : right_behind(h, amount);
    if (p != NULL)
        p->flow = FLOW_WITHDRAWAL;
}

static void event(const struct held *h)
{
    struct paid *in;
    switch (h->ev.kind) {
    case EV_PAYMENT_AUTHORIZED:
        in = into_some_store(h);
        if (in != NULL)
            mark_deposit(h, in);
        break;
    case EV_PAYMENT_CHARGED:
        captured(h, true);
        break;
    case EV_PAYMENT_CAPTURED:
        captured(h, false);
        break;
    case EV_PAYMENT_REFUNDED:
        refunded(h);
        break;
    case EV_PAYMENT_VOIDED:
    case EV_PAYMENT_RECLAIMED:
        given_back(h);
        break;
    default:
        break;
    }
}

bool pay_escrow_info(const struct event *ev, struct escrow_in *out)
{
    if (ev->kind != EV_PAYMENT_AUTHORIZED && ev->kind != EV_PAYMENT_CHARGED)
        return false;
    out->hash = ev->escrow.hash;
    out->payer = ev->escrow.payer;
    out->payee = ev->escrow.receiver;
    out->asset = ev->escrow.token;
    return true;
}

/* Out of the transaction itself, before the event; else from elsewhere. */
static bool find_info(const struct pay_facts *f, const struct eth_log *log, size_t i,
                      struct held *h)
{
    if (pay_escrow_info(&h->ev, &h->info))
        return true;
    while (i-- > 0) {
        struct event ev;
        if (address_eq(log[i].from, h->log->from) && event_decode(&log[i], &ev) != EV_NONE &&
            pay_escrow_info(&ev, &h->info) &&
            memcmp(&h->info.hash, &h->ev.escrow.hash, sizeof(bytes32)) == 0)
            return true;
    }
    return f->escrow != NULL && f->escrow(f->ud, h->ev.escrow.hash, &h->info);
}

static void pair_escrows(const struct pay_facts *f, const struct eth_log *log, size_t n,
                         struct paid *p, size_t found)
{
    for (size_t i = 0; i < n; i++) {
        struct held h = {.log = &log[i], .first = p, .end = p + found};
        if (!address_among(log[i].from, f->net->escrow, f->net->escrows) ||
            event_decode(&log[i], &h.ev) < EV_PAYMENT_AUTHORIZED || h.ev.kind > EV_PAYMENT_REFUNDED)
            continue;
        for (size_t k = i + 1; k < n; k++) {
            struct event next;
            if (!address_eq(log[k].from, log[i].from) || event_decode(&log[k], &next) == EV_NONE)
                continue;
            while (h.end > p && h.end[-1].log->index > log[k].index)
                h.end--;
            break;
        }
        while (h.first < h.end && h.first->log->index < log[i].index)
            h.first++;
        h.known = find_info(f, log, i, &h);
        event(&h);
    }
}

/* --- payment channels */

static void pair_channels(const struct network *net, const struct eth_log *log, size_t n,
                          struct paid *p, size_t found)
{
    static const address nobody;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        while (at < found && p[at].log->index < log[i].index)
            at++;
        if (!address_among(log[i].from, net->channel, net->channels) ||
            event_decode(&log[i], &ev) != EV_CHANNEL_SETTLED)
            continue;
        for (size_t k = at; k-- > 0;) {
            if (moves(&p[k], ev.settled.token, ev.settled.amount) &&
                address_eq(p[k].from, log[i].from) && address_eq(p[k].to, ev.settled.receiver)) {
                mark(&p[k], PAY_BATCH, nobody, p[k].to);
                break;
            }
        }
    }
    for (size_t k = 0; k < found; k++) {
        if (!unclaimed(&p[k]))
            continue;
        if (address_among(p[k].from, net->channel, net->channels))
            p[k].flow = FLOW_WITHDRAWAL;
        if (!address_among(p[k].to, net->channel, net->channels))
            continue;
        p[k].flow = FLOW_DEPOSIT;
        /* By a collector, which passes on at once what it took. */
        if (k > 0 && moves(&p[k - 1], p[k].log->from, p[k].amount) &&
            address_eq(p[k - 1].to, p[k].from) && p[k - 1].log->index + 1 == p[k].log->index)
            p[k - 1].flow = FLOW_DEPOSIT;
    }
}

void pay_held(const struct pay_facts *f, const struct eth_log *log, size_t n, struct paid *p,
              size_t found)
{
    if (n > found && f->net->escrows > 0)
        pair_escrows(f, log, n, p, found);
    if (f->net->channels > 0)
        pair_channels(f->net, log, n, p, found);
}
