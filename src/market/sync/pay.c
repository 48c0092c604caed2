#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

static size_t transfers(const struct eth_log *log, size_t n, struct paid *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        if (event_decode(&log[i], &ev) != EV_TRANSFER)
            continue;
        out[found++] = (struct paid){.log = &log[i],
                                     .payer = ev.transfer.from,
                                     .payee = ev.transfer.to,
                                     .amount = ev.transfer.value,
                                     .scheme = PAY_PLAIN};
    }
    return found;
}

static bool claims(const struct eth_log *auth, address payer, const struct paid *p)
{
    return p->scheme == PAY_PLAIN && address_eq(p->log->from, auth->from) &&
           address_eq(p->payer, payer);
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

/*
 * Two rounds, so that no authorisation takes its neighbour's neighbour. One that finds its
 * neighbour claimed in the second round had claimed it in the first.
 */
static void pair_authorised(const struct eth_log *log, size_t n, struct paid *p, size_t found)
{
    for (int round = 0; round < 2; round++) {
        size_t at = 0;
        for (size_t i = 0; i < n; i++) {
            struct event ev;
            while (at < found && p[at].log->index <= log[i].index)
                at++;
            if (event_decode(&log[i], &ev) != EV_AUTHORIZATION_USED)
                continue;
            bool settled = at < found && p[at].log->index == log[i].index + 1 &&
                           p[at].scheme == PAY_EIP3009 &&
                           address_eq(p[at].log->from, log[i].from) &&
                           address_eq(p[at].payer, ev.authorization.authorizer);
            struct paid *one = settled ? NULL
                                       : authorised(&log[i], ev.authorization.authorizer, p, found,
                                                    at, round == 0);
            if (one != NULL)
                one->scheme = PAY_EIP3009;
        }
    }
}

/* Settled() says nothing but where it stands: the transfers not proved yet are a stack. */
static void pair_settled(const struct network *net, const struct eth_log *log, size_t n,
                         struct paid *p, size_t found)
{
    ptrdiff_t top = -1;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        bool upto = address_eq(log[i].from, net->upto_proxy);
        for (; at < found && p[at].log->index < log[i].index; at++) {
            p[at].below = top;
            if (p[at].scheme == PAY_PLAIN)
                top = (ptrdiff_t)at;
        }
        if (top < 0 || (!upto && !address_eq(log[i].from, net->exact_proxy)))
            continue;
        enum event_kind k = event_decode(&log[i], &ev);
        if (k != EV_SETTLED && k != EV_SETTLED_WITH_PERMIT)
            continue;
        p[top].scheme = upto ? PAY_UPTO : PAY_PERMIT2;
        top = p[top].below;
    }
}

size_t pay_pair(const struct network *net, const struct eth_log *log, size_t n, struct paid *out)
{
    size_t found = transfers(log, n, out);
    pair_authorised(log, n, out, found);
    pair_settled(net, log, n, out, found);
    return found;
}
