#include "wallet/ledger_state.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

/* --- the indexes */

static uint64_t name_hash(const struct ledger *l, const void *p, size_t n)
{
    uint64_t h = 0;
    _Static_assert(sizeof h == crypto_shorthash_BYTES, "a short hash has 64 bits");
    crypto_shorthash((unsigned char *)&h, p, n, l->hash_key);
    return h;
}

/* The next place of this hash after *step tries; SIZE_MAX: no more. Starts with *step 0. */
static size_t index_next(const struct index *ix, uint64_t hash, size_t *step)
{
    for (; *step < ix->room; (*step)++) {
        const struct slot *s = &ix->slot[(hash + *step) % ix->room];
        if (s->at == 0)
            break;
        if (s->hash == hash) {
            (*step)++;
            return s->at - 1;
        }
    }
    return SIZE_MAX;
}

static void index_put(struct index *ix, uint64_t hash, size_t at)
{
    size_t i = hash % ix->room;
    while (ix->slot[i].at)
        i = (i + 1) % ix->room;
    ix->slot[i] = (struct slot){hash, (uint32_t)(at + 1)};
    ix->used++;
}

/* Room for one more, at most half full. */
static bool index_room(struct index *ix)
{
    if (2 * (ix->used + 1) <= ix->room)
        return true;
    struct index more = {.room = ix->room ? 2 * ix->room : 64};
    more.slot = mem_array(more.room, sizeof *more.slot);
    if (!more.slot)
        return false;
    for (size_t i = 0; i < ix->room; i++) {
        if (ix->slot[i].at)
            index_put(&more, ix->slot[i].hash, ix->slot[i].at - 1);
    }
    mem_free(ix->slot);
    *ix = more;
    return true;
}

size_t ledger_find_entry(const struct ledger *l, bytes32 call)
{
    uint64_t h = name_hash(l, call.b, sizeof call.b);
    size_t step = 0, at;
    do {
        at = index_next(&l->by_call, h, &step);
    } while (at != SIZE_MAX && memcmp(l->entry[at].call.b, call.b, sizeof call.b) != 0);
    return at;
}

size_t ledger_find_pin(const struct ledger *l, const char *subject)
{
    uint64_t h = name_hash(l, subject, strlen(subject));
    size_t step = 0, at;
    do {
        at = index_next(&l->by_subject, h, &step);
    } while (at != SIZE_MAX && strcmp(l->pin[at].subject, subject) != 0);
    return at;
}

/* --- what a record changes. Room for it was made before it was written. */

static bool room(void **p, size_t *have, size_t used, size_t size)
{
    if (used < *have)
        return true;
    size_t n = *have ? 2 * *have : 16;
    void *more = n <= SIZE_MAX / size ? mem_resize(*p, n * size) : NULL;
    if (!more)
        return false;
    *p = more;
    *have = n;
    return true;
}

bool ledger_make_room(struct ledger *l)
{
    return l->n_entries < UINT32_MAX - 1 &&
           room((void **)&l->limits, &l->limits_room, l->n_limits, sizeof *l->limits) &&
           room((void **)&l->entry, &l->entries_room, l->n_entries, sizeof *l->entry) &&
           room((void **)&l->pin, &l->pins_room, l->n_pins, sizeof *l->pin) &&
           room((void **)&l->tx, &l->txs_room, l->n_txs, sizeof *l->tx) &&
           index_room(&l->by_call) && index_room(&l->by_subject);
}

static struct pin *pin_of(struct ledger *l, const char *subject)
{
    size_t at = ledger_find_pin(l, subject);
    if (at != SIZE_MAX)
        return &l->pin[at];
    at = l->n_pins++;
    struct pin *p = &l->pin[at];
    *p = (struct pin){0};
    memcpy(p->subject, subject, strlen(subject) + 1);
    index_put(&l->by_subject, name_hash(l, subject, strlen(subject)), at);
    return p;
}

static bool apply_limits(struct ledger *l, const struct limits *lim)
{
    size_t i = 0;
    while (i < l->n_limits && (l->limits[i].asset.chain != lim->asset.chain ||
                               !address_eq(l->limits[i].asset.token, lim->asset.token)))
        i++;
    l->limits[i] = *lim;
    l->n_limits += i == l->n_limits;
    return true;
}

static bool apply_entry(struct ledger *l, const struct entry *en)
{
    if (ledger_find_entry(l, en->call) != SIZE_MAX)
        return false;
    size_t at = l->n_entries++;
    l->entry[at] = *en;
    l->open++;
    index_put(&l->by_call, name_hash(l, en->call.b, sizeof en->call.b), at);
    struct pin *p = pin_of(l, en->subject);
    if (address_is_zero(p->payee)) {
        p->payee = en->typed.to;
        p->since = en->at;
    }
    p->paid += address_eq(p->payee, en->typed.to);
    return true;
}

bool outcome_allowed(const struct entry *en, enum entry_state to)
{
    return to != ENTRY_OPEN && en->state != ENTRY_SETTLED && en->state != to;
}

static bool apply_outcome(struct ledger *l, const struct outcome *o)
{
    size_t at = ledger_find_entry(l, o->call);
    if (at == SIZE_MAX || !outcome_allowed(&l->entry[at], o->state))
        return false;
    struct entry *en = &l->entry[at];
    l->open -= en->state == ENTRY_OPEN;
    en->state = o->state;
    en->charged = o->state == ENTRY_SETTLED ? o->charged : U256_ZERO;
    en->tx = o->tx;
    return true;
}

static bool apply_pin(struct ledger *l, const char *subject, address payee, int64_t at)
{
    struct pin *p = pin_of(l, subject);
    p->payee = payee;
    p->since = at;
    p->paid = 0;
    return true;
}

static bool apply_tx(struct ledger *l, const struct ledger_tx *t)
{
    struct ledger_tx *new = &l->tx[l->n_txs];
    *new = *t;
    for (size_t i = l->n_txs; i-- > 0 && l->tx[i].at + SPAN_WEEK > t->at;) {
        struct ledger_tx *old = &l->tx[i];
        if (old->chain == t->chain && old->nonce == t->nonce && address_eq(old->from, t->from)) {
            if (u256_cmp(old->fee, new->fee) > 0)
                new->fee = old->fee;
            old->fee = U256_ZERO;
        }
    }
    l->n_txs++;
    return true;
}

/* --- the bodies of records, written and read by the same lines */

void body_entry(struct wire *w, struct entry *en)
{
    wire_hash(w, &en->call);
    wire_typed(w, &en->typed);
    wire_raw(w, en->sig.b, sizeof en->sig.b);
    wire_text(w, en->subject, sizeof en->subject);
    wire_text(w, en->author, sizeof en->author);
    wire_flag(w, &en->quoted_yes);
}

void body_outcome(struct wire *w, struct outcome *o)
{
    wire_hash(w, &o->call);
    o->state = (enum entry_state)wire_choice(w, o->state, ENTRY_SETTLED, ENTRY_CANCELLED);
    wire_u256(w, &o->charged);
    wire_hash(w, &o->tx);
}

void body_pin(struct wire *w, char subject[LABEL_MAX], address *payee)
{
    wire_text(w, subject, LABEL_MAX);
    wire_address(w, payee);
}

void body_tx(struct wire *w, struct ledger_tx *t)
{
    wire_u64(w, &t->chain);
    wire_u64(w, &t->nonce);
    wire_address(w, &t->from);
    wire_address(w, &t->to);
    wire_hash(w, &t->hash);
    wire_hash(w, &t->effect);
    wire_u256(w, &t->fee);
    wire_meaning(w, &t->meaning);
}

bool ledger_fold(struct ledger *l, const struct record *r)
{
    struct wire w = wire_reader(r->body, r->len);
    switch (r->kind) {
    case REC_LIMITS: {
        struct limits lim = {0};
        wire_limits(&w, &lim);
        return wire_done(&w) && apply_limits(l, &lim);
    }
    case REC_ENTRY: {
        struct entry en = {.seq = r->seq, .at = r->at, .state = ENTRY_OPEN};
        body_entry(&w, &en);
        return wire_done(&w) && apply_entry(l, &en);
    }
    case REC_OUTCOME: {
        struct outcome o = {.state = ENTRY_SETTLED};
        body_outcome(&w, &o);
        return wire_done(&w) && apply_outcome(l, &o);
    }
    case REC_PIN: {
        char subject[LABEL_MAX];
        address payee;
        body_pin(&w, subject, &payee);
        return wire_done(&w) && apply_pin(l, subject, payee, r->at);
    }
    case REC_KILL: {
        bool on = false;
        wire_flag(&w, &on);
        l->killed = wire_done(&w) ? on : l->killed;
        return wire_done(&w);
    }
    case REC_TX: {
        struct ledger_tx t = {.at = r->at};
        body_tx(&w, &t);
        return wire_done(&w) && apply_tx(l, &t);
    }
    }
    return false;
}

void ledger_state_release(struct ledger *l)
{
    mem_free(l->limits);
    mem_free(l->entry);
    mem_free(l->pin);
    mem_free(l->tx);
    mem_free(l->by_call.slot);
    mem_free(l->by_subject.slot);
}
