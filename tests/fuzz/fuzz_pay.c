/*
 * The logs of a transaction, as hostile as they like: each record of the input is a log of one of a
 * few contracts, events and people, so that they meet. Whatever is found is a Transfer of these
 * logs, each once; nothing is proved by an event of a stranger, and nothing is proved twice: there
 * are never more payments than logs that can prove one.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { RECORD = 8, LOGS = 64, WORDS = 16, PEOPLE = 4 };
enum { TOKEN = 0xa0, EXACT = 0xe0, UPTO, CHANNEL, ESCROW, STRANGER };

static void check(bool right)
{
    if (!right)
        abort();
}

static address who(int c)
{
    address a;
    memset(a.b, c, sizeof a.b);
    return a;
}

static void word(uint8_t *at, int c)
{
    memset(at, 0, 12);
    memset(at + 12, c, 20);
}

static bool told(void *ud, bytes32 hash, struct escrow_in *out)
{
    (void)ud;
    *out = (struct escrow_in){.hash = hash, .payer = who(1), .payee = who(2), .asset = who(TOKEN)};
    return hash.b[31] % 2 == 0;
}

/* contract, event, index gap, three people, amount, fee */
static void make(const uint8_t *r, struct eth_log *l, uint8_t *body, uint64_t *index)
{
    static const int from[] = {TOKEN, TOKEN + 1, EXACT, UPTO, CHANNEL, ESCROW, STRANGER};
    static const unsigned topics[] = {3, 3, 1, 1, 4, 2};
    static const enum event_kind first[] = {EV_TRANSFER,        EV_AUTHORIZATION_USED,
                                            EV_SETTLED,         EV_SETTLED_WITH_PERMIT,
                                            EV_CHANNEL_SETTLED, EV_PAYMENT_AUTHORIZED};
    unsigned e = r[1] % 13, base = e < 5 ? e : 5;
    enum event_kind k = (enum event_kind)(first[base] + (e - base));
    *index += 1 + r[2] % 3;
    *l = (struct eth_log){.from = who(from[r[0] % 7]), .topics = topics[base], .index = *index};
    l->topic[0] = event_topic(k);
    for (unsigned i = 1; i < l->topics; i++)
        word(l->topic[i].b, base == 5 ? r[3] % 4 : 1 + r[2 + i] % (PEOPLE + 2));
    if (base == 4)
        word(l->topic[2].b, TOKEN + r[4] % 2);
    memset(body, 0, 32 * WORDS);
    bool info =
        k == EV_PAYMENT_AUTHORIZED || k == EV_PAYMENT_CHARGED || k == EV_PAYMENT_CHARGED_FEE;
    if (info) {
        word(body + 32, 1 + r[3] % PEOPLE);
        word(body + 64, 1 + r[4] % PEOPLE);
        word(body + 96, TOKEN + r[5] % 2);
    }
    size_t at = info ? 12 : 0;
    body[32 * at++ + 31] = r[6] % 8;
    at += info || k == EV_PAYMENT_REFUNDED;
    body[32 * at + 31] = r[7] % 8;
    l->data = body;
    l->data_len = 32 * (size_t)(r[2] % 16 == 15 ? 1 : WORDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const address nobody;
    struct network net = {.exact_proxy = who(EXACT), .upto_proxy = who(UPTO)};
    struct eth_log log[LOGS];
    struct paid out[LOGS];
    uint8_t body[LOGS][32 * WORDS];
    uint64_t index = 0;
    size_t logs = 0, proofs = 0, transfers = 0, paid = 0;
    bool sure;
    net.channel[net.channels++] = who(CHANNEL);
    net.escrow[net.escrows++] = who(ESCROW);
    for (; logs < LOGS && n >= RECORD; data += RECORD, n -= RECORD, logs++)
        make(data, &log[logs], body[logs], &index);
    const struct pay_facts facts = {.net = &net, .escrow = told};
    size_t found = pay_pair(&facts, log, logs, out, &sure);
    for (size_t i = 0; i < logs; i++) {
        struct event ev;
        enum event_kind k = event_decode(&log[i], &ev);
        transfers += k == EV_TRANSFER;
        proofs += k == EV_AUTHORIZATION_USED ||
                  ((k == EV_SETTLED || k == EV_SETTLED_WITH_PERMIT) &&
                   (address_eq(log[i].from, who(EXACT)) || address_eq(log[i].from, who(UPTO)))) ||
                  (k == EV_CHANNEL_SETTLED && address_eq(log[i].from, who(CHANNEL))) ||
                  (k >= EV_PAYMENT_CHARGED && k <= EV_PAYMENT_REFUNDED &&
                   address_eq(log[i].from, who(ESCROW)));
    }
    check(found == transfers);
    for (size_t i = 0; i < found; i++) {
        const struct paid *p = &out[i];
        check(p->log >= log && p->log < log + logs && (i == 0 || p->log > out[i - 1].log));
        check(p->flow >= FLOW_PLAIN && p->flow <= FLOW_WITHDRAWAL);
        paid += p->scheme != PAY_PLAIN;
        if (p->scheme == PAY_PLAIN) {
            check(address_eq(p->payer, nobody) && address_eq(p->payee, nobody));
            continue;
        }
        check(p->flow == FLOW_PLAIN);
        if (p->scheme == PAY_BATCH)
            check(address_eq(p->from, who(CHANNEL)) && address_eq(p->payer, nobody));
        if (p->scheme == PAY_EIP3009 || p->scheme == PAY_PERMIT2 || p->scheme == PAY_UPTO)
            check(address_eq(p->payer, p->from) && address_eq(p->payee, p->to));
        if (p->scheme == PAY_REFUND)
            check(address_eq(p->payer, p->to));
    }
    check(paid <= proofs);
    return 0;
}
