#include "wallet/wire.h"

#include <string.h>

#include "base/banned.h"

struct wire wire_writer(struct buf *out)
{
    return (struct wire){.out = out};
}

struct wire wire_reader(const void *p, size_t n)
{
    const uint8_t *at = p;
    return (struct wire){.at = at, .end = at ? at + n : at};
}

bool wire_done(const struct wire *w)
{
    return !w->bad && w->at == w->end;
}

static size_t left(const struct wire *w)
{
    return w->bad ? 0 : (size_t)(w->end - w->at);
}

void wire_raw(struct wire *w, void *p, size_t n)
{
    if (w->out) {
        buf_add(w->out, p, n);
        return;
    }
    if (n > left(w)) {
        w->bad = true;
    }
    if (w->bad) {
        memset(p, 0, n);
        return;
    }
    if (n)
        memcpy(p, w->at, n);
    w->at += n;
}

/* The low n bytes of *v. */
static void number(struct wire *w, uint64_t *v, size_t n)
{
    uint8_t b[8] = {0};
    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)(*v >> 8 * i);
    wire_raw(w, b, n);
    if (!w->out) {
        *v = 0;
        for (size_t i = 0; i < n; i++)
            *v |= (uint64_t)b[i] << 8 * i;
    }
}

void wire_u8(struct wire *w, uint8_t *v)
{
    wire_raw(w, v, 1);
}

void wire_u32(struct wire *w, uint32_t *v)
{
    uint64_t x = *v;
    number(w, &x, 4);
    *v = (uint32_t)x;
}

void wire_u64(struct wire *w, uint64_t *v)
{
    number(w, v, 8);
}

void wire_i64(struct wire *w, int64_t *v)
{
    uint64_t x = (uint64_t)*v;
    number(w, &x, 8);
    memcpy(v, &x, sizeof x);
}

unsigned wire_choice(struct wire *w, unsigned v, unsigned lo, unsigned hi)
{
    uint8_t b = (uint8_t)v;
    wire_raw(w, &b, 1);
    if (!w->out && (w->bad || b < lo || b > hi)) {
        w->bad = true;
        return lo;
    }
    return b;
}

void wire_flag(struct wire *w, bool *v)
{
    *v = wire_choice(w, *v, 0, 1) == 1;
}

void wire_u256(struct wire *w, u256 *v)
{
    uint8_t be[32];
    u256_to_be(*v, be);
    wire_raw(w, be, sizeof be);
    *v = u256_from_be(be);
}

void wire_address(struct wire *w, address *v)
{
    wire_raw(w, v->b, sizeof v->b);
}

void wire_hash(struct wire *w, bytes32 *v)
{
    wire_raw(w, v->b, sizeof v->b);
}

void wire_text(struct wire *w, char *s, size_t room)
{
    uint64_t n = w->out ? strnlen(s, room - 1) : 0;
    number(w, &n, 2);
    if (w->out) {
        buf_add(w->out, s, n);
        return;
    }
    if (n >= room || n > left(w) || memchr(w->at, '\0', n)) {
        w->bad = true;
        n = 0;
    }
    wire_raw(w, s, n);
    s[n] = '\0';
}

void wire_blob(struct wire *w, const uint8_t **p, size_t *n, size_t max)
{
    uint64_t len = w->out ? *n : 0;
    number(w, &len, 4);
    if (w->out) {
        buf_add(w->out, *p, *n);
        return;
    }
    if (len > max || len > left(w)) {
        w->bad = true;
        len = 0;
    }
    *p = len ? w->at : NULL;
    *n = (size_t)len;
    w->at += len;
}

void wire_asset(struct wire *w, struct asset *a)
{
    wire_u64(w, &a->chain);
    wire_address(w, &a->token);
    wire_text(w, a->symbol, sizeof a->symbol);
    a->decimals = wire_choice(w, a->decimals, 0, 77);
    wire_text(w, a->name, sizeof a->name);
    wire_text(w, a->version, sizeof a->version);
    a->can = wire_choice(w, a->can, 0, ASSET_EIP3009 | ASSET_EIP2612 | ASSET_PERMIT2);
}

void wire_typed(struct wire *w, struct typed *t)
{
    t->kind = (enum typed_kind)wire_choice(w, t->kind, TYPED_EIP3009, TYPED_PERMIT);
    wire_u64(w, &t->chain);
    wire_address(w, &t->token);
    wire_text(w, t->name, sizeof t->name);
    wire_text(w, t->version, sizeof t->version);
    wire_address(w, &t->from);
    wire_address(w, &t->to);
    wire_u256(w, &t->amount);
    wire_u64(w, &t->valid_after);
    wire_u64(w, &t->valid_before);
    wire_hash(w, &t->nonce);
    wire_address(w, &t->facilitator);
}

void wire_limits(struct wire *w, struct limits *l)
{
    wire_asset(w, &l->asset);
    wire_u256(w, &l->per_call);
    wire_u256(w, &l->per_day);
    wire_u256(w, &l->per_week);
    wire_u256(w, &l->per_author);
    wire_u256(w, &l->per_model);
}

void wire_spent(struct wire *w, struct spent *s)
{
    wire_u256(w, &s->day);
    wire_u256(w, &s->week);
    wire_u256(w, &s->author);
    wire_u256(w, &s->model);
}

void wire_entry(struct wire *w, struct entry *en)
{
    wire_u64(w, &en->seq);
    wire_hash(w, &en->call);
    wire_typed(w, &en->typed);
    wire_raw(w, en->sig.b, sizeof en->sig.b);
    wire_text(w, en->subject, sizeof en->subject);
    wire_text(w, en->author, sizeof en->author);
    wire_i64(w, &en->at);
    en->state = (enum entry_state)wire_choice(w, en->state, ENTRY_OPEN, ENTRY_CANCELLED);
    wire_u256(w, &en->charged);
    wire_hash(w, &en->tx);
    wire_flag(w, &en->quoted_yes);
}

void wire_meaning(struct wire *w, struct call_meaning *m)
{
    m->kind = (enum call_kind)wire_choice(w, m->kind, CALL_OTHER, CALL_DEPLOY);
    wire_address(w, &m->who);
    wire_u256(w, &m->amount);
    wire_u256(w, &m->word);
    wire_hash(w, &m->nonce);
}

void wire_tx(struct wire *w, struct tx *t)
{
    t->type = (enum tx_type)wire_choice(w, t->type, TX_LEGACY, TX_1559);
    wire_u64(w, &t->chain);
    wire_u64(w, &t->nonce);
    wire_u256(w, &t->max_priority);
    wire_u256(w, &t->max_fee);
    wire_u64(w, &t->gas);
    wire_flag(w, &t->creates);
    wire_address(w, &t->to);
    wire_u256(w, &t->value);
    wire_blob(w, &t->data, &t->data_len, WIRE_DATA_MAX);
}

static void wire_card(struct wire *w, struct wallet_card *c)
{
    wire_text(w, c->name, sizeof c->name);
    c->kind = (enum wallet_kind)wire_choice(w, c->kind, WALLET_WATCH, WALLET_WORDS);
    c->accounts = wire_choice(w, c->accounts, 0, WALLET_ACCOUNTS);
    for (unsigned i = 0; i < c->accounts; i++)
        wire_address(w, &c->account[i]);
    wire_flag(w, &c->play);
}

void wire_state(struct wire *w, struct signer_state *s)
{
    wire_card(w, &s->card);
    wire_i64(w, &s->locks_at);
    wire_flag(w, &s->killed);
    wire_flag(w, &s->memory_locked);
    wire_flag(w, &s->ledger_broken);
    wire_flag(w, &s->witness);
    uint64_t open = s->open;
    wire_u64(w, &open);
    s->open = (size_t)open;
}

void wire_answer(struct wire *w, struct signer_answer *a)
{
    a->refusal = (enum refusal)wire_choice(w, a->refusal, REFUSE_NOT, REFUSE_COUNT - 1);
    wire_flag(w, &a->again);
    wire_raw(w, a->sig.b, sizeof a->sig.b);
    wire_raw(w, a->permit_sig.b, sizeof a->permit_sig.b);
    wire_text(w, a->meaning, sizeof a->meaning);
    wire_spent(w, &a->spent);
    wire_limits(w, &a->limits);
    wire_flag(w, &a->pinned);
    wire_i64(w, &a->pinned_since);
    wire_u64(w, &a->pinned_paid);
}

void wire_pay(struct wire *w, struct pay_request *p)
{
    wire_hash(w, &p->call);
    wire_typed(w, &p->typed);
    wire_u256(w, &p->quoted);
    wire_text(w, p->subject, sizeof p->subject);
    wire_text(w, p->author, sizeof p->author);
    wire_flag(w, &p->try_only);
    wire_flag(w, &p->has_permit);
    if (p->has_permit)
        wire_typed(w, &p->permit);
}

void wire_tx_request(struct wire *w, struct tx_request *t)
{
    wire_tx(w, &t->tx);
    wire_u32(w, &t->account);
    wire_flag(w, &t->try_only);
}
