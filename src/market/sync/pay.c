#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

static bool is(const struct eth_log *log, enum event_kind k)
{
    bytes32 topic = event_topic(k);
    return log->topics > 0 && memcmp(&log->topic[0], &topic, sizeof topic) == 0;
}

static size_t transfers(const struct eth_log *log, size_t n, struct paid *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        if (!is(&log[i], EV_TRANSFER) || event_decode(&log[i], &ev) != EV_TRANSFER)
            continue;
        out[found++] = (struct paid){.log = &log[i],
                                     .from = ev.transfer.from,
                                     .to = ev.transfer.to,
                                     .amount = ev.transfer.value,
                                     .scheme = PAY_PLAIN,
                                     .flow = FLOW_PLAIN};
    }
    return found;
}

/* --- EIP-3009 */

static bool claims(const struct eth_log *auth, address payer, const struct paid *p)
{
    return !p->authorised && p->scheme == PAY_PLAIN && address_eq(p->log->from, auth->from) &&
           address_eq(p->from, payer);
}

/* The Transfer an AuthorizationUsed belongs to; `at` is the first one behind it. NULL: none. */
static struct paid *authorised(const struct eth_log *auth, address payer, struct paid *p, size_t n,
                               size_t at, bool neighbour_only)
{
    if (at < n && p[at].log->index == auth->index + 1 && claims(auth, payer, &p[at]))
        return &p[at];
    if (neighbour_only)
        return NULL;
    for (size_t i = at; i < n; i++) {
        if (claims(auth, payer, &p[i]))
            return &p[i];
    }
    for (size_t i = at; i-- > 0;) {
        if (claims(auth, payer, &p[i]))
            return &p[i];
    }
    return NULL;
}

static void authorise(struct paid *p)
{
    p->authorised = true;
    if (p->flow != FLOW_PLAIN) /* to where a collector took it */
        return;
    p->scheme = PAY_EIP3009;
    p->payer = p->from;
    p->payee = p->to;
}

/*
 * Two rounds, so that no authorisation takes its neighbour's neighbour. One that finds its
 * neighbour claimed in the second round had claimed it in the first.
 */
static void pair_authorised(const struct eth_log *log, size_t n, struct paid *p, size_t found)
{
    bool any = true;
    for (int round = 0; round < 2 && any; round++) {
        size_t at = 0;
        any = false;
        for (size_t i = 0; i < n; i++) {
            struct event ev;
            while (at < found && p[at].log->index <= log[i].index)
                at++;
            if (!is(&log[i], EV_AUTHORIZATION_USED) ||
                event_decode(&log[i], &ev) != EV_AUTHORIZATION_USED)
                continue;
            any = true;
            bool settled = at < found && p[at].log->index == log[i].index + 1 && p[at].authorised &&
                           address_eq(p[at].log->from, log[i].from) &&
                           address_eq(p[at].from, ev.authorization.authorizer);
            struct paid *one = settled ? NULL
                                       : authorised(&log[i], ev.authorization.authorizer, p, found,
                                                    at, round == 0);
            if (one != NULL)
                authorise(one);
        }
    }
}

/* --- the proxies of Permit2 */

/*
 * Settled() says nothing but where it stands: the transfers not proved yet are a stack. One into a
 * channel or an escrow may be what it tells of, too; that makes no payment of it.
 */
static bool pair_settled(const struct network *net, const struct eth_log *log, size_t n,
                         struct paid *p, size_t found)
{
    ptrdiff_t top = -1;
    size_t at = 0;
    bool sure = true;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        bool upto = address_eq(log[i].from, net->upto_proxy);
        for (; at < found && p[at].log->index < log[i].index; at++) {
            p[at].below = top;
            if (p[at].scheme == PAY_PLAIN && !p[at].authorised)
                top = (ptrdiff_t)at;
        }
        if (top < 0 || (!upto && !address_eq(log[i].from, net->exact_proxy)))
            continue;
        enum event_kind k = event_decode(&log[i], &ev);
        if (k != EV_SETTLED && k != EV_SETTLED_WITH_PERMIT)
            continue;
        struct paid *one = &p[top];
        sure = sure && one->log->index + 1 == log[i].index;
        top = one->below;
        if (one->flow != FLOW_PLAIN)
            continue;
        one->scheme = upto ? PAY_UPTO : PAY_PERMIT2;
        one->payer = one->from;
        one->payee = one->to;
    }
    return sure;
}

size_t pay_pair(const struct pay_facts *f, const struct eth_log *log, size_t n, struct paid *out,
                bool *sure)
{
    size_t found = transfers(log, n, out);
    *sure = true;
    if (found == 0)
        return 0;
    pay_held(f, log, n, out, found);
    if (n > found) {
        pair_authorised(log, n, out, found);
        *sure = pair_settled(f->net, log, n, out, found);
    }
    return found;
}
