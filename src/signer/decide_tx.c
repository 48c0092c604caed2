#include "signer/decide.h"

#include <string.h>

#include "signer/meaning.h"

#include "base/banned.h"

struct tx_case {
    struct tx_request rq;
    struct call_meaning does;
    address from;
    const struct limits *coin, *token; /* NULL: none set */
    u256 fee;
    bool undoes;  /* makes something void, takes an approval back, drops a transaction */
    bool covered; /* needs no yes of its own */
};

/* No more than a week's budget: what is left of it, or seven days' where it has no bound. */
static bool within_week(const struct job *j, const struct limits *l, u256 amount)
{
    struct spent s = ledger_spent(j->v->ledger, l->asset.chain, l->asset.token, NULL, NULL, j->now);
    u256 most = l->per_week, left;
    if (u256_cmp(most, NO_CAP) == 0) {
        most = U256_ZERO;
        for (int i = 0; i < 7; i++)
            u256_add(most, l->per_day, &most);
    }
    return u256_sub(most, s.week, &left) && u256_cmp(amount, left) <= 0;
}

static bool unlimited(u256 v)
{
    return v.w[3] >> 63; /* 2^255 and more */
}

/* What it says must be possible: a price needs a token, and somebody who could be paid in it. */
static uint32_t listing_faults(const struct tx *t, const struct listing_terms *l)
{
    bool priced = !u256_is_zero(l->price);
    if (priced && address_is_zero(l->asset))
        return 1u << REFUSE_METHOD;
    if (!priced && address_is_zero(l->pay_to))
        return 0;
    return policy_bad_payee(l->pay_to, t->to, l->asset) ? 1u << REFUSE_PAY_TO : 0;
}

/* What it does decides: which faults there are, whether it is covered, whether it undoes. */
static uint32_t effect(const struct job *j, struct tx_case *c)
{
    const struct tx *t = &c->rq.tx;
    const struct call_meaning *m = &c->does;
    if (m->kind != CALL_NOTHING && !u256_is_zero(t->value))
        return 1u << REFUSE_UNKNOWN_CALL; /* coin along with a call: none of ours does that */
    switch (m->kind) {
    case CALL_NOTHING:
        c->undoes = c->covered = u256_is_zero(t->value) && address_eq(t->to, c->from);
        return !c->undoes && policy_bad_payee(t->to, (address){{0}}, (address){{0}})
                   ? 1u << REFUSE_PAY_TO
                   : 0;
    case CALL_TRANSFER:
        return policy_bad_payee(m->who, c->from, t->to) ? 1u << REFUSE_PAY_TO : 0;
    case CALL_APPROVE:
        if (unlimited(m->amount))
            return 1u << REFUSE_UNLIMITED;
        c->undoes = u256_is_zero(m->amount);
        c->covered =
            c->token &&
            (c->undoes || (address_eq(m->who, PERMIT2) && within_week(j, c->token, m->amount)));
        return address_is_zero(m->who) ? 1u << REFUSE_PAY_TO : 0;
    case CALL_CANCEL:
        c->undoes = true;
        c->covered = c->token != NULL;
        return address_eq(m->who, c->from) ? 0 : 1u << REFUSE_UNKNOWN_CALL;
    case CALL_INVALIDATE:
        c->undoes = c->covered = true;
        return address_eq(t->to, PERMIT2) ? 0 : 1u << REFUSE_UNKNOWN_CALL;
    case CALL_LIST:
        return listing_faults(t, &m->terms);
    case CALL_DELIST:
        return 0;
    case CALL_DEPLOY:
        return address_eq(t->to, CREATE2_PROXY) ? 0 : 1u << REFUSE_UNKNOWN_CALL;
    case CALL_OTHER:
        break;
    }
    return 1u << REFUSE_UNKNOWN_CALL;
}

/* The very same, perhaps for another fee, was allowed before; in its place, what it would cost. */
static bool allowed_before(const struct job *j, const struct tx_case *c, struct spent *s)
{
    bytes32 what = ledger_tx_effect(&c->rq.tx, c->from);
    bool same = false;
    size_t n;
    const struct ledger_tx *tx = ledger_txs(j->v->ledger, &n);
    for (size_t i = 0; i < n; i++) {
        same |= memcmp(tx[i].effect.b, what.b, sizeof what.b) == 0;
        if (tx[i].chain != c->rq.tx.chain || tx[i].nonce != c->rq.tx.nonce ||
            !address_eq(tx[i].from, c->from))
            continue;
        /* Only one of them can be mined: the elder's fee does not count on top. */
        if (tx[i].at > j->now - SPAN_DAY)
            u256_sub(s->day, tx[i].fee, &s->day);
        if (tx[i].at > j->now - SPAN_WEEK)
            u256_sub(s->week, tx[i].fee, &s->week);
    }
    return same;
}

static bool over(u256 used, u256 fee, u256 cap)
{
    u256 sum;
    bool fits = u256_add(used, fee, &sum);
    return u256_cmp(cap, NO_CAP) != 0 && (!fits || u256_cmp(sum, cap) > 0);
}

static uint32_t judge(const struct job *j, struct tx_case *c, struct spent *s)
{
    const struct tx *t = &c->rq.tx;
    u256 total;
    if (t->type != TX_1559 || t->creates || t->chain == 0 || !tx_most(t, &c->fee, &total) ||
        u256_cmp(t->max_priority, t->max_fee) > 0)
        return 1u << REFUSE_UNKNOWN_CALL;
    uint32_t f = address_is_zero(t->to) ? 1u << REFUSE_PAY_TO : 0;
    f |= effect(j, c);
    if (!allowed_before(j, c, s) && !c->covered)
        f |= 1u << REFUSE_NEEDS_YES;
    if (ledger_killed(j->v->ledger) && !c->undoes)
        f |= 1u << REFUSE_KILLED;
    if (!c->coin || over(U256_ZERO, c->fee, c->coin->per_call) ||
        over(s->day, c->fee, c->coin->per_day) || over(s->week, c->fee, c->coin->per_week))
        f |= 1u << REFUSE_FEE;
    return f;
}

static souk_err sign(struct job *j, const struct tx_case *c, struct buf *raw, bytes32 *hash,
                     struct err *e)
{
    const struct tx *t = &c->rq.tx;
    signature sig;
    souk_err rc = key_sign(j->v->key[c->rq.account], tx_digest(t), &sig, e);
    if (!rc) {
        tx_encode(t, &sig, raw);
        rc = buf_check(raw, "the transaction", e);
    }
    if (rc)
        return rc;
    *hash = tx_hash((const uint8_t *)raw->p, raw->len);
    size_t n;
    const struct ledger_tx *tx = ledger_txs(j->v->ledger, &n);
    for (size_t i = n; i-- > 0;) {
        if (memcmp(tx[i].hash.b, hash->b, sizeof hash->b) == 0)
            return SOUK_OK; /* the very same: written down already */
    }
    return ledger_add_tx(j->v->ledger, t, c->from, *hash, c->fee, j->now, e);
}

static void put_answer(struct job *j, const struct tx_case *c, struct signer_answer *a,
                       bytes32 hash, const struct buf *raw)
{
    struct wire w =
        a->refusal && !c->rq.try_only ? answer_refusal(j, a->refusal) : answer(j, SOUK_OK, NULL);
    const uint8_t *p = (const uint8_t *)raw->p;
    size_t n = raw->len;
    wire_answer(&w, a);
    wire_hash(&w, &hash);
    wire_blob(&w, &p, &n, FRAME_MAX);
}

static void decide_case(struct job *j, struct tx_case *c)
{
    const struct tx *t = &c->rq.tx;
    size_t n;
    const struct limits *all = ledger_limits(j->v->ledger, &n);
    c->from = j->v->card.account[c->rq.account];
    c->does = call_meaning(t->data, t->data_len);
    c->coin = limits_find(all, n, t->chain, (address){{0}});
    c->token = address_is_zero(t->to) ? NULL : limits_find(all, n, t->chain, t->to);
    struct signer_answer a = {0};
    a.spent = ledger_spent(j->v->ledger, t->chain, (address){{0}}, NULL, NULL, j->now);
    if (c->coin)
        a.limits = *c->coin;
    struct spent s = a.spent;
    uint32_t faults = judge(j, c, &s);
    struct buf words, raw;
    buf_init(&words, sizeof a.meaning - 1);
    buf_init(&raw, 2 * WIRE_DATA_MAX);
    struct meaning m = meaning_of(j, &words);
    meaning_tx(&m, t, c->from, c->fee);
    bytes32 hash = {{0}};
    struct err e = {0};
    souk_err rc = buf_check(&words, "what this transaction means", &e);
    if (!rc) {
        memcpy(a.meaning, words.p, words.len + 1);
        if (allowed(j, faults, c->rq.try_only, a.meaning, &a.refusal) && !c->rq.try_only)
            rc = sign(j, c, &raw, &hash, &e);
    }
    if (rc)
        answer_err(j, &e);
    else if (j->d->verdict == VERDICT_ANSWER && j->reply->len == 0)
        put_answer(j, c, &a, hash, &raw);
    buf_release(&words);
    buf_release(&raw);
}

void decide_tx(struct job *j)
{
    struct tx_case c = {0};
    wire_tx_request(&j->in, &c.rq);
    if (!complete(j))
        return;
    j->d->used = !c.rq.try_only;
    if (c.rq.account >= j->v->card.accounts)
        answer_refusal(j, REFUSE_PAYER);
    else
        decide_case(j, &c);
}
