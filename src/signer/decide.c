#include "signer/decide.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "signer/meaning.h"

#include "base/banned.h"

/* --- answers */

static struct wire answer_with(struct job *j, souk_err code, enum refusal r, const char *message)
{
    char text[ERR_MSG_MAX];
    snprintf(text, sizeof text, "%s", message ? message : "");
    struct wire w = wire_writer(j->reply);
    buf_clear(j->reply);
    wire_choice(&w, code, 0, UINT8_MAX);
    wire_choice(&w, r, 0, REFUSE_COUNT - 1);
    wire_text(&w, text, sizeof text);
    return w;
}

struct wire answer(struct job *j, souk_err code, const char *message)
{
    return answer_with(j, code, REFUSE_NOT, message);
}

void answer_err(struct job *j, const struct err *e)
{
    answer(j, e->code, e->msg);
}

struct wire answer_refusal(struct job *j, enum refusal r)
{
    struct err e;
    int64_t behind = j->now - clock_now();
    if (r == REFUSE_LEDGER)
        err_set(&e, SOUK_ELIMIT, "not signed: %s", j->v->ledger_err.msg);
    else if (r == REFUSE_EXPIRED && behind > 60)
        err_set(&e, SOUK_ELIMIT,
                "not signed: this machine's clock is %lld minutes behind the newest record of "
                "this wallet: set it right; if it is, and was wrong before, move %s.ledger and "
                "%s.head away",
                (long long)(behind / 60), j->v->card.name, j->v->card.name);
    else
        err_set(&e, SOUK_ELIMIT, "not signed: %s", refusal_words(r));
    return answer_with(j, SOUK_ELIMIT, r, e.msg);
}

bool complete(struct job *j)
{
    if (!wire_done(&j->in))
        j->d->verdict = VERDICT_MALFORMED;
    return wire_done(&j->in);
}

struct meaning meaning_of(const struct job *j, struct buf *out)
{
    struct meaning m = {.out = out, .vault = j->v, .now = j->now};
    if (j->v->ledger)
        m.limits = ledger_limits(j->v->ledger, &m.n);
    return m;
}

static void ask(struct job *j, uint32_t faults, const char *meaning)
{
    struct question *q = &j->d->question;
    struct buf b;
    buf_init(&b, sizeof q->text - 1);
    buf_adds(&b, meaning);
    struct meaning m = meaning_of(j, &b);
    meaning_faults(&m, faults);
    /* A question that is not whole is not put. */
    if (b.bad) {
        answer(j, SOUK_ENOMEM, "there is no room for the question this would need");
    } else {
        memcpy(q->text, b.p, b.len + 1);
        q->faults = faults;
        j->d->verdict = VERDICT_ASK;
    }
    buf_release(&b);
}

bool allowed(struct job *j, uint32_t faults, bool try_only, const char *meaning,
             enum refusal *refused)
{
    const struct asking *c = &j->asking;
    *refused = policy_gravest(faults);
    if (c->no) {
        *refused = *refused ? *refused : REFUSE_NEEDS_YES;
        return false;
    }
    if (faults == 0 || (refusal_yields(*refused) && (faults & ~c->yes) == 0)) {
        *refused = REFUSE_NOT;
        return true;
    }
    if (refusal_yields(*refused) && c->gate && !try_only) {
        *refused = REFUSE_NOT;
        ask(j, faults, meaning);
    }
    return false;
}

/* --- what it holds */

static void state(struct job *j)
{
    struct vault *v = j->v;
    struct signer_state s = {.card = v->card,
                             .locks_at = v->locks_at,
                             .killed = v->ledger && ledger_killed(v->ledger),
                             .memory_locked = secret_locked(),
                             .ledger_broken = !v->ledger || !ledger_writable(v->ledger),
                             .witness = v->witness,
                             .open = v->ledger ? ledger_open_count(v->ledger) : 0};
    struct wire w = answer(j, SOUK_OK, NULL);
    wire_state(&w, &s);
}

static void list_limits(struct job *j)
{
    size_t n;
    const struct limits *l = ledger_limits(j->v->ledger, &n);
    struct wire w = answer(j, SOUK_OK, NULL);
    uint32_t count = (uint32_t)n;
    wire_u32(&w, &count);
    for (size_t i = 0; i < n && i < LIMITS_MAX; i++) {
        struct limits one = l[i];
        struct spent s =
            ledger_spent(j->v->ledger, one.asset.chain, one.asset.token, NULL, NULL, j->now);
        wire_limits(&w, &one);
        wire_spent(&w, &s);
    }
}

static void list_open(struct job *j)
{
    size_t n;
    const struct entry *en = ledger_entries(j->v->ledger, &n);
    struct wire w = answer(j, SOUK_OK, NULL);
    uint32_t count = (uint32_t)ledger_open_count(j->v->ledger), listed = 0;
    wire_u32(&w, &count);
    for (size_t i = n; i-- > 0 && listed < count && listed < OPEN_MAX;) {
        if (en[i].state == ENTRY_OPEN) {
            struct entry one = en[i];
            wire_entry(&w, &one);
            listed++;
        }
    }
}

/* --- what the chain did */

static void check(struct job *j)
{
    bytes32 call;
    wire_hash(&j->in, &call);
    if (!complete(j))
        return;
    const struct entry *en = ledger_entry(j->v->ledger, call);
    if (!en) {
        answer(j, SOUK_ENOTFOUND, "this wallet signed no such payment");
    } else if (en->state == ENTRY_SETTLED) {
        struct err none = {0};
        decide_checked(j->v, call, &none, j->reply);
    } else if (!j->v->witness) {
        answer(j, SOUK_ENET,
               "the signer has no witness to ask the chain: lock the wallet and unlock it again");
    } else {
        j->d->verdict = VERDICT_CHECK;
        j->d->call = call;
    }
}

void decide_checked(struct vault *v, bytes32 call, const struct err *e, struct buf *reply)
{
    struct job j = {.v = v, .reply = reply};
    const struct entry *en = v->ledger ? ledger_entry(v->ledger, call) : NULL;
    if (e->code || !en) {
        answer(&j, e->code ? e->code : SOUK_ENOTFOUND, e->msg);
        return;
    }
    struct entry one = *en;
    struct wire w = answer(&j, SOUK_OK, NULL);
    wire_entry(&w, &one);
}

/* --- what it allows */

static bool tighter(const struct limits *l, const struct limits *before)
{
    const struct asset *a = &l->asset, *b = &before->asset;
    return a->decimals == b->decimals && a->can == b->can && strcmp(a->symbol, b->symbol) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0 &&
           u256_cmp(l->per_call, before->per_call) <= 0 &&
           u256_cmp(l->per_day, before->per_day) <= 0 &&
           u256_cmp(l->per_week, before->per_week) <= 0 &&
           u256_cmp(l->per_author, before->per_author) <= 0 &&
           u256_cmp(l->per_model, before->per_model) <= 0;
}

/* A symbol is what the user will be asked with: nothing in it may mislead. */
static bool symbol_ok(const char *s)
{
    for (const char *p = s; *p; p++) {
        if (*p <= ' ' || *p > '~')
            return false;
    }
    return s[0] != '\0';
}

static void done(struct job *j, souk_err rc, const struct err *e)
{
    if (rc)
        answer_err(j, e);
    else
        answer(j, SOUK_OK, NULL);
}

/* Asks when it must; true: go on. Otherwise the answer is written. */
static bool yes_to(struct job *j, uint32_t faults, void (*words)(const struct meaning *, void *),
                   void *ud)
{
    struct buf b;
    buf_init(&b, MEANING_MAX - 1);
    struct meaning m = meaning_of(j, &b);
    words(&m, ud);
    enum refusal r = REFUSE_NOT;
    bool go = !b.bad && allowed(j, faults, false, b.p, &r);
    if (b.bad)
        answer(j, SOUK_EINPUT, "there is no room for the question this would need");
    else if (r)
        answer_refusal(j, r);
    buf_release(&b);
    return go;
}

struct limits_words {
    const struct limits *now, *before;
};

static void say_limits(const struct meaning *m, void *ud)
{
    const struct limits_words *x = ud;
    meaning_limits(m, x->now, x->before);
}

static void set_limits(struct job *j)
{
    struct limits l = {0};
    wire_limits(&j->in, &l);
    if (!complete(j))
        return;
    size_t n;
    const struct limits *all = ledger_limits(j->v->ledger, &n);
    const struct limits *before = limits_find(all, n, l.asset.chain, l.asset.token);
    if (!symbol_ok(l.asset.symbol) || l.asset.chain == 0 || u256_cmp(l.per_call, NO_CAP) == 0 ||
        u256_cmp(l.per_day, NO_CAP) == 0) {
        answer(j, SOUK_EINPUT,
               "limits need a chain, a plain symbol, and sums for one call and for 24 hours");
        return;
    }
    if (before && tighter(&l, before) && tighter(before, &l)) {
        answer(j, SOUK_OK, NULL); /* as it is already */
        return;
    }
    if (!before && n == LIMITS_MAX) {
        answer(j, SOUK_EINPUT, "a wallet has limits for at most 32 tokens");
        return;
    }
    struct limits_words words = {&l, before};
    uint32_t faults = before && tighter(&l, before) ? 0 : 1u << REFUSE_NEEDS_YES;
    if (yes_to(j, faults, say_limits, &words)) {
        struct err e;
        done(j, ledger_add_limits(j->v->ledger, &l, j->now, &e), &e);
    }
}

struct repin_words {
    const char *subject;
    address payee;
    const address *before;
};

static void say_repin(const struct meaning *m, void *ud)
{
    const struct repin_words *x = ud;
    meaning_repin(m, x->subject, x->payee, x->before);
}

static void repin(struct job *j)
{
    char subject[LABEL_MAX] = "";
    address payee = {{0}};
    wire_text(&j->in, subject, sizeof subject);
    wire_address(&j->in, &payee);
    if (!complete(j))
        return;
    if (subject[0] == '\0' || address_is_zero(payee)) {
        answer(j, SOUK_EINPUT, "say whose payee it is, and an address");
        return;
    }
    struct repin_words words = {subject, payee, ledger_pin(j->v->ledger, subject, NULL, NULL)};
    if (yes_to(j, 1u << REFUSE_NEEDS_YES, say_repin, &words)) {
        struct err e;
        done(j, ledger_add_pin(j->v->ledger, subject, payee, j->now, &e), &e);
    }
}

static void kill_switch(struct job *j)
{
    struct ledger *l = j->v->ledger;
    if (!l || (!ledger_killed(l) && ledger_add_kill(l, true, j->now, NULL))) {
        answer(j, SOUK_EFAIL,
               "the kill switch could not be written down, so the wallet was locked instead");
        j->d->verdict = VERDICT_LOCK;
        return;
    }
    answer(j, SOUK_OK, NULL);
}

static void say_revive(const struct meaning *m, void *ud)
{
    (void)ud;
    buf_adds(m->out, "Switch signing on again");
}

static void revive(struct job *j)
{
    struct err e;
    if (yes_to(j, 1u << REFUSE_NEEDS_YES, say_revive, NULL))
        done(j,
             ledger_killed(j->v->ledger) ? ledger_add_kill(j->v->ledger, false, j->now, &e)
                                         : SOUK_OK,
             &e);
}

static void lock(struct job *j)
{
    answer(j, SOUK_OK, NULL);
    j->d->verdict = VERDICT_LOCK;
}

/* --- all of them */

static const struct {
    void (*run)(struct job *j);
    bool bare; /* has no fields */
    bool without_ledger;
    bool used;
} ops[OP_END] = {
    [OP_STATE] = {state, true, true, false},
    [OP_LIMITS] = {list_limits, true, false, false},
    [OP_OPEN] = {list_open, true, false, false},
    [OP_PAY] = {decide_pay, false, false, true},
    [OP_CHECK] = {check, false, false, false},
    [OP_TX] = {decide_tx, false, false, true},
    [OP_CANCEL] = {decide_cancel, false, false, true},
    [OP_MESSAGE] = {decide_message, false, false, true},
    [OP_SET_LIMITS] = {set_limits, false, false, true},
    [OP_REPIN] = {repin, false, false, true},
    [OP_LOCK] = {lock, true, true, false},
    [OP_KILL] = {kill_switch, true, true, false},
    [OP_REVIVE] = {revive, true, false, true},
};

void decide(struct vault *v, const uint8_t *frame, size_t n, const struct asking *a,
            struct decision *d, struct buf *reply)
{
    *d = (struct decision){0};
    buf_clear(reply);
    struct job j = {.v = v,
                    .in = wire_reader(frame, n),
                    .asking = *a,
                    .d = d,
                    .reply = reply,
                    .now = vault_now(v)};
    unsigned op = wire_choice(&j.in, 0, OP_STATE, OP_END - 1);
    if (j.in.bad || (ops[op].bare && !wire_done(&j.in))) {
        d->verdict = VERDICT_MALFORMED;
        return;
    }
    d->used = ops[op].used;
    if (!v->ledger && !ops[op].without_ledger)
        answer_refusal(&j, REFUSE_LEDGER);
    else
        ops[op].run(&j);
    if (reply->bad) {
        buf_clear(reply);
        answer(&j, SOUK_ENOMEM, "the signer is out of memory");
    }
}
