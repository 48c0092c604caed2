/*
 * What the signer would say to each offer. A locked wallet has no signer: then its ledger is read,
 * without its key and therefore without proof, which is enough to tell a person what to expect.
 */
#include "market/purchase/internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "market/market.h"
#include "wallet/ledger.h"

#include "base/banned.h"

/* Beside each offer, until one is chosen. */
static void note(struct quote_box *q, size_t i, const struct limits *l, const struct spent *s,
                 bool pinned, int64_t since, uint64_t paid)
{
    struct quote_known *k = &q->known[i];
    k->limits = *l;
    k->spent = *s;
    k->since = since;
    k->paid = paid;
    k->changed = since != 0 && !pinned;
}

static struct typed trial(const struct purchase *x, const struct x402_offer *o)
{
    bytes32 nonce = {{0}};
    if (getrandom(nonce.b, sizeof nonce.b, 0) != (ssize_t)sizeof nonce.b)
        nonce.b[31] = 1; /* nothing is signed with it */
    return x402_typed(o, purse_address(x->purse), clock_now(), nonce);
}

static void ask_signer(struct purchase *x, struct signer *s)
{
    struct quote_box *q = x->q;
    for (size_t i = 0; i < q->pub.offers; i++) {
        struct quote_offer *o = &q->pub.offer[i];
        struct signer_answer a = {.refusal = REFUSE_NOT};
        struct err e = {0};
        if (o->offer->fault != X402_FINE)
            continue;
        struct signer_payment p = {.typed = trial(x, o->offer),
                                   .quoted = o->offer->amount,
                                   .subject = q->pub.target.subject,
                                   .author = q->pub.target.author,
                                   .try_only = true,
                                   .gate = -1};
        p.call = p.typed.nonce;
        souk_err rc = signer_pay(s, &p, &a, &e);
        if (rc != SOUK_OK && rc != SOUK_ELIMIT) {
            x->err = e;
            return;
        }
        o->refusal = a.refusal;
        note(q, i, &a.limits, &a.spent, a.pinned, a.pinned_since, a.pinned_paid);
    }
}

static void ask_ledger(struct purchase *x, const struct ledger *l)
{
    struct quote_box *q = x->q;
    const struct target *t = &q->pub.target;
    int64_t now = ledger_now(l, clock_now()), since = 0;
    uint64_t paid = 0;
    size_t n;
    const struct limits *all = ledger_limits(l, &n);
    const address *pin = ledger_pin(l, t->subject, &since, &paid);
    address payer = purse_address(x->purse);
    for (size_t i = 0; i < q->pub.offers; i++) {
        struct quote_offer *o = &q->pub.offer[i];
        if (o->offer->fault != X402_FINE)
            continue;
        struct typed typed = trial(x, o->offer);
        struct spent spent = ledger_spent(l, typed.chain, typed.token, t->author, t->subject, now);
        const struct limits *mine = limits_find(all, n, typed.chain, typed.token);
        const struct limits none = {.per_call = U256_ZERO};
        struct spend_request rq = {.typed = &typed,
                                   .quoted = o->offer->amount,
                                   .pinned = pin,
                                   .accounts = &payer,
                                   .n_accounts = 1,
                                   .now = now,
                                   .killed = ledger_killed(l)};
        o->refusal = policy_payment(all, n, &spent, &rq);
        note(q, i, mine != NULL ? mine : &none, &spent,
             pin != NULL && address_eq(*pin, o->offer->pay_to), since, paid);
    }
}

static void ask_locked(struct purchase *x)
{
    char dir[PATH_BUF];
    struct ledger *l = NULL;
    struct err e = {0};
    int fd = signer_dir(dir, &e) == SOUK_OK ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0 && ledger_peek(fd, purse_card(x->purse)->name, &l, &e) == SOUK_OK) {
        ask_ledger(x, l);
        ledger_close(l);
    }
    if (fd >= 0)
        close(fd);
}

/* How often this payee took all that an upto signature allowed: one who always does is no seller
 * by use. */
static void look_back(struct purchase *x)
{
    struct quote_box *q = x->q;
    struct purchases *p = purse_purchases(x->purse);
    struct arena a;
    struct purchase_row *row = NULL;
    size_t n = 0;
    arena_init(&a, ROW_MEMORY);
    if (p == NULL || purchase_list(p, false, 500, &a, &row, &n, NULL) != SOUK_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        if (row[i].scheme == TYPED_UPTO && row[i].charged_by_chain && row[i].session == 0 &&
            u256_cmp(row[i].charged, row[i].amount) == 0) {
            for (size_t k = 0; k < q->pub.offers; k++)
                q->known[k].took_all += address_eq(row[i].pay_to, q->pub.offer[k].offer->pay_to);
        }
    }
    arena_release(&a);
    if (p != NULL && q->pub.target.gateway)
        q->pub.session = session_find(p, &q->call, q->pub.target.url, q->pub.payer);
}

void limits_try(struct purchase *x)
{
    struct signer *s = NULL;
    struct err e = {0};
    souk_err rc = signer_connect(purse_card(x->purse)->name, &s, &e);
    x->q->pub.unlocked = rc == SOUK_OK;
    if (rc == SOUK_OK) {
        ask_signer(x, s);
        signer_close(s);
    } else {
        ask_locked(x);
    }
    look_back(x);
}

void limits_of_chosen(struct quote_box *q)
{
    if (q->pub.chosen < 0)
        return;
    const struct quote_known *k = &q->known[q->pub.chosen];
    q->pub.limits = k->limits;
    q->pub.spent = k->spent;
    q->pub.payee_since = k->since;
    q->pub.payee_paid = k->paid;
    q->pub.payee_changed = k->changed;
    q->pub.took_all = k->took_all;
}
