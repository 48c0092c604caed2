#include "signer/decide.h"

#include <string.h>

#include "signer/meaning.h"

#include "base/banned.h"

static const struct key *key_for(const struct vault *v, address from)
{
    for (unsigned i = 0; i < v->card.accounts; i++) {
        if (address_eq(v->card.account[i], from))
            return v->key[i];
    }
    return NULL;
}

static bool same_terms(const struct typed *a, const struct typed *b)
{
    bytes32 x = typed_digest(a, NULL, NULL), y = typed_digest(b, NULL, NULL);
    return a->kind == b->kind && address_eq(a->from, b->from) && memcmp(x.b, y.b, sizeof x.b) == 0;
}

/* What this request would be counted against. A name costs nothing to invent, so an author's limit
 * also holds for each payee. */
static struct spent counted(const struct job *j, const struct pay_request *p)
{
    const struct typed *t = &p->typed;
    struct spent s = ledger_spent(j->v->ledger, t->chain, t->token, p->author, p->subject, j->now);
    u256 payee = ledger_spent_payee(j->v->ledger, t->chain, t->token, t->to, j->now);
    if (u256_cmp(payee, s.author) > 0)
        s.author = payee;
    return s;
}

static uint32_t permit_faults(const struct pay_request *p, const struct limits *l)
{
    if (!p->has_permit)
        return 0;
    enum refusal r = policy_permit(&p->permit, &p->typed);
    uint32_t f = r ? 1u << r : 0;
    if (l && !(l->asset.can & ASSET_EIP2612))
        f |= 1u << REFUSE_METHOD;
    if (l && (l->asset.name[0] == '\0' || strcmp(l->asset.name, p->permit.name) != 0 ||
              strcmp(l->asset.version, p->permit.version) != 0))
        f |= 1u << REFUSE_DOMAIN;
    return f;
}

/* Fills what the answer tells of the circumstances, and returns what stands against it. */
static uint32_t judge(const struct job *j, const struct pay_request *p, struct signer_answer *a)
{
    const struct vault *v = j->v;
    const struct typed *t = &p->typed;
    size_t n;
    const struct limits *all = ledger_limits(v->ledger, &n);
    const struct limits *l = limits_find(all, n, t->chain, t->token);
    if (l)
        a->limits = *l;
    a->spent = counted(j, p);
    const address *pin = ledger_pin(v->ledger, p->subject, &a->pinned_since, &a->pinned_paid);
    a->pinned = pin && address_eq(*pin, t->to);
    struct spend_request rq = {.typed = t,
                               .quoted = p->quoted,
                               .pinned = pin,
                               .accounts = v->card.account,
                               .n_accounts = v->card.accounts,
                               .now = j->now,
                               .killed = ledger_killed(v->ledger)};
    return policy_faults(all, n, &a->spent, &rq) | permit_faults(p, l);
}

static void put_answer(struct job *j, struct signer_answer *a, bool try_only)
{
    struct wire w =
        a->refusal && !try_only ? answer_refusal(j, a->refusal) : answer(j, SOUK_OK, NULL);
    wire_answer(&w, a);
}

/* Signs, writes it down, and only then says it. */
static souk_err sign(struct job *j, const struct pay_request *p, bool beyond,
                     struct signer_answer *a, struct err *e)
{
    const struct key *k = key_for(j->v, p->typed.from);
    if (!k)
        BUG("a payer that is none of the wallet's was let through");
    struct entry en = {.call = p->call, .typed = p->typed, .at = j->now, .quoted_yes = beyond};
    memcpy(en.subject, p->subject, sizeof en.subject);
    memcpy(en.author, p->author, sizeof en.author);
    souk_err rc = key_sign(k, typed_digest(&p->typed, NULL, NULL), &en.sig, e);
    signature permit = {{0}};
    if (!rc && p->has_permit)
        rc = key_sign(k, typed_digest(&p->permit, NULL, NULL), &permit, e);
    if (!rc)
        rc = ledger_add_entry(j->v->ledger, &en, e);
    if (!rc) {
        a->sig = en.sig;
        a->permit_sig = permit;
    }
    return rc;
}

/* This very call was signed before. */
static souk_err repeat(struct job *j, const struct pay_request *p, const struct entry *en,
                       struct signer_answer *a, struct err *e)
{
    size_t n;
    const struct limits *all = ledger_limits(j->v->ledger, &n);
    const struct limits *l = limits_find(all, n, p->typed.chain, p->typed.token);
    uint32_t faults = permit_faults(p, l);
    if (ledger_killed(j->v->ledger))
        faults |= 1u << REFUSE_KILLED;
    if (!same_terms(&en->typed, &p->typed))
        faults |= 1u << REFUSE_ANOTHER;
    if (!key_for(j->v, p->typed.from))
        faults |= 1u << REFUSE_PAYER;
    a->refusal = policy_gravest(faults);
    if (a->refusal)
        return SOUK_OK;
    a->again = true;
    if (p->try_only)
        return SOUK_OK;
    a->sig = en->sig;
    return p->has_permit ? key_sign(key_for(j->v, p->typed.from),
                                    typed_digest(&p->permit, NULL, NULL), &a->permit_sig, e)
                         : SOUK_OK;
}

static void pay(struct job *j, const struct pay_request *p, struct signer_answer *a)
{
    struct err e = {0};
    uint32_t faults = judge(j, p, a);
    const struct entry *en = ledger_entry(j->v->ledger, p->call);
    souk_err rc = SOUK_OK;
    if (en)
        rc = repeat(j, p, en, a, &e);
    else if (allowed(j, faults, p->try_only, a->meaning, &a->refusal) && !p->try_only)
        rc = sign(j, p, faults != 0, a, &e);
    if (rc)
        answer_err(j, &e);
    else if (j->d->verdict == VERDICT_ANSWER && j->reply->len == 0)
        put_answer(j, a, p->try_only);
}

void decide_pay(struct job *j)
{
    struct pay_request p = {0};
    wire_pay(&j->in, &p);
    if (!complete(j))
        return;
    j->d->used = !p.try_only;
    if (p.subject[0] == '\0') {
        answer(j, SOUK_EINPUT, "a payment needs a name for what is paid");
        return;
    }
    struct signer_answer a = {0};
    struct buf b;
    buf_init(&b, sizeof a.meaning - 1);
    struct meaning m = meaning_of(j, &b);
    meaning_payment(&m, &p);
    if (b.bad) {
        answer(j, SOUK_EINPUT, "what this payment means has no room on a screen");
    } else {
        memcpy(a.meaning, b.p, b.len + 1);
        pay(j, &p, &a);
    }
    buf_release(&b);
}

void decide_cancel(struct job *j)
{
    bytes32 call;
    wire_hash(&j->in, &call);
    if (!complete(j))
        return;
    const struct entry *en = ledger_entry(j->v->ledger, call);
    if (!en || en->typed.kind != TYPED_EIP3009) {
        answer(j, SOUK_ENOTFOUND,
               en ? "only payments that the token itself moves are cancelled by a signature: make "
                    "this one void by a transaction to Permit2"
                  : "this wallet signed no such payment");
        return;
    }
    struct typed t = en->typed;
    t.kind = TYPED_CANCEL;
    signature sig;
    struct err e;
    const struct key *k = key_for(j->v, t.from);
    souk_err rc = k ? key_sign(k, typed_digest(&t, NULL, NULL), &sig, &e)
                    : err_set(&e, SOUK_ENOTFOUND, "its payer is no account of this wallet now");
    if (rc) {
        answer_err(j, &e);
        return;
    }
    struct wire w = answer(j, SOUK_OK, NULL);
    wire_raw(&w, sig.b, sizeof sig.b);
}

void decide_message(struct job *j)
{
    uint32_t account = 0;
    const uint8_t *p = NULL;
    size_t n = 0;
    wire_u32(&j->in, &account);
    wire_blob(&j->in, &p, &n, WIRE_MESSAGE_MAX);
    if (!complete(j))
        return;
    uint32_t faults = 1u << REFUSE_NEEDS_YES;
    faults |= ledger_killed(j->v->ledger) ? 1u << REFUSE_KILLED : 0;
    if (account >= j->v->card.accounts) {
        answer_refusal(j, REFUSE_PAYER);
        return;
    }
    struct buf b;
    buf_init(&b, MEANING_MAX - 1);
    struct meaning m = meaning_of(j, &b);
    meaning_message(&m, j->v->card.account[account], p, n);
    enum refusal r = REFUSE_NOT;
    signature sig;
    struct err e = {0};
    if (b.bad) {
        answer(j, SOUK_EINPUT, "this message has no room on a screen");
    } else if (allowed(j, faults, false, b.p, &r)) {
        if (key_sign(j->v->key[account], sig_message_digest(p, n), &sig, &e)) {
            answer_err(j, &e);
        } else {
            struct wire w = answer(j, SOUK_OK, NULL);
            wire_raw(&w, sig.b, sizeof sig.b);
        }
    } else if (r) {
        answer_refusal(j, r);
    }
    buf_release(&b);
}
