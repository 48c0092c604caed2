#include "wallet/ledger_state.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

static souk_err fold_read(void *ud, const struct record *r, struct err *e)
{
    struct ledger *l = ud;
    if (!ledger_make_room(l))
        return err_nomem(e);
    if (!ledger_fold(l, r))
        return err_set(e, SOUK_EVERIFY,
                       "record %llu of the wallet's ledger is not one this version of souk knows",
                       (unsigned long long)r->seq);
    return SOUK_OK;
}

/* Writes the record and applies it. */
static souk_err add(struct ledger *l, enum record_kind kind, int64_t now, struct buf *body,
                    struct err *e)
{
    souk_err rc = buf_check(body, "a record of the ledger", e);
    if (!rc && !ledger_make_room(l))
        rc = err_nomem(e);
    struct record r = {.kind = kind, .at = now, .body = (const uint8_t *)body->p, .len = body->len};
    if (!rc)
        rc = ledger_file_append(&l->file, &r, e);
    if (!rc && !ledger_fold(l, &r))
        BUG("a ledger record of kind %d was written that cannot be read", (int)kind);
    buf_release(body);
    return rc;
}

/* --- opening */

static souk_err open_with(int dirfd, const char *name, const uint8_t *key, struct ledger **out,
                          struct err *e)
{
    *out = NULL;
    struct ledger *l = mem_zalloc(sizeof *l);
    if (!l)
        return err_nomem(e);
    crypto_shorthash_keygen(l->hash_key);
    souk_err rc = ledger_file_open(&l->file, dirfd, name, key, fold_read, l, e);
    if (rc) {
        ledger_close(l);
        return rc;
    }
    *out = l;
    return SOUK_OK;
}

souk_err ledger_open(int dirfd, const char *name, const uint8_t key[32], struct ledger **out,
                     struct err *e)
{
    return open_with(dirfd, name, key, out, e);
}

souk_err ledger_peek(int dirfd, const char *name, struct ledger **out, struct err *e)
{
    return open_with(dirfd, name, NULL, out, e);
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    ledger_file_close(&l->file);
    ledger_state_release(l);
    mem_free(l);
}

/* --- asking */

int64_t ledger_now(const struct ledger *l, int64_t clock)
{
    return clock > l->file.newest ? clock : l->file.newest;
}

const struct limits *ledger_limits(const struct ledger *l, size_t *n)
{
    *n = l->n_limits;
    return l->limits;
}

const struct entry *ledger_entries(const struct ledger *l, size_t *n)
{
    *n = l->n_entries;
    return l->entry;
}

const struct entry *ledger_entry(const struct ledger *l, bytes32 call)
{
    size_t at = ledger_find_entry(l, call);
    return at == SIZE_MAX ? NULL : &l->entry[at];
}

const struct ledger_tx *ledger_txs(const struct ledger *l, size_t *n)
{
    *n = l->n_txs;
    return l->tx;
}

size_t ledger_open_count(const struct ledger *l)
{
    return l->open;
}

const address *ledger_pin(const struct ledger *l, const char *subject, int64_t *since,
                          uint64_t *paid)
{
    size_t at = ledger_find_pin(l, subject);
    const struct pin *p = at == SIZE_MAX ? NULL : &l->pin[at];
    if (since)
        *since = p ? p->since : 0;
    if (paid)
        *paid = p ? p->paid : 0;
    return p ? &p->payee : NULL;
}

/* What an entry counts: its maximum, until the chain said less. */
static u256 counts(const struct entry *en)
{
    switch (en->state) {
    case ENTRY_SETTLED:
        return en->charged;
    case ENTRY_LAPSED:
    case ENTRY_CANCELLED:
        return U256_ZERO;
    case ENTRY_OPEN:
        break;
    }
    return en->typed.amount;
}

static void count(u256 *sum, u256 v)
{
    u256_add(*sum, v, sum); /* on overflow it stays at the maximum: over every cap */
}

struct spent ledger_spent(const struct ledger *l, uint64_t chain, address token, const char *author,
                          const char *subject, int64_t now)
{
    struct spent s = {0};
    for (size_t i = l->n_entries; i-- > 0 && l->entry[i].at > now - SPAN_WEEK;) {
        const struct entry *en = &l->entry[i];
        if (en->typed.chain != chain || !address_eq(en->typed.token, token))
            continue;
        u256 v = counts(en);
        count(&s.week, v);
        if (en->at <= now - SPAN_DAY)
            continue;
        count(&s.day, v);
        if (author && author[0] && strcmp(en->author, author) == 0)
            count(&s.author, v);
        if (subject && strcmp(en->subject, subject) == 0)
            count(&s.model, v);
    }
    if (!address_is_zero(token))
        return s;
    for (size_t i = l->n_txs; i-- > 0 && l->tx[i].at > now - SPAN_WEEK;) {
        if (l->tx[i].chain != chain)
            continue;
        count(&s.week, l->tx[i].fee);
        if (l->tx[i].at > now - SPAN_DAY)
            count(&s.day, l->tx[i].fee);
    }
    return s;
}

u256 ledger_spent_payee(const struct ledger *l, uint64_t chain, address token, address payee,
                        int64_t now)
{
    u256 sum = U256_ZERO;
    for (size_t i = l->n_entries; i-- > 0 && l->entry[i].at > now - SPAN_DAY;) {
        const struct typed *t = &l->entry[i].typed;
        if (t->chain == chain && address_eq(t->token, token) && address_eq(t->to, payee))
            count(&sum, counts(&l->entry[i]));
    }
    return sum;
}

bool ledger_killed(const struct ledger *l)
{
    return l->killed;
}

bool ledger_writable(const struct ledger *l)
{
    return l->file.key && !l->file.broken;
}

/* --- adding */

enum { BODY_MAX = RECORD_MAX - 128 };

souk_err ledger_add_limits(struct ledger *l, const struct limits *lim, int64_t now, struct err *e)
{
    struct limits copy = *lim;
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    wire_limits(&w, &copy);
    return add(l, REC_LIMITS, now, &body, e);
}

souk_err ledger_add_entry(struct ledger *l, const struct entry *en, struct err *e)
{
    if (ledger_entry(l, en->call))
        return err_set(e, SOUK_EINPUT, "this call was signed already");
    struct entry copy = *en;
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    body_entry(&w, &copy);
    return add(l, REC_ENTRY, en->at, &body, e);
}

souk_err ledger_add_outcome(struct ledger *l, bytes32 call, enum entry_state s, u256 charged,
                            bytes32 tx, int64_t now, struct err *e)
{
    const struct entry *en = ledger_entry(l, call);
    if (!en || !outcome_allowed(en, s))
        return err_set(e, SOUK_EINPUT,
                       en ? "what became of this payment is known already"
                          : "this wallet signed no such payment");
    struct outcome o = {.call = call, .tx = tx, .state = s, .charged = charged};
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    body_outcome(&w, &o);
    return add(l, REC_OUTCOME, now, &body, e);
}

souk_err ledger_add_pin(struct ledger *l, const char *subject, address payee, int64_t now,
                        struct err *e)
{
    char copy[LABEL_MAX] = {0};
    size_t n = strlen(subject);
    if (n == 0 || n >= sizeof copy)
        return err_set(e, SOUK_EINPUT, "what is paid for has a name of 1 to %d bytes",
                       LABEL_MAX - 1);
    memcpy(copy, subject, n);
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    body_pin(&w, copy, &payee);
    return add(l, REC_PIN, now, &body, e);
}

souk_err ledger_add_kill(struct ledger *l, bool on, int64_t now, struct err *e)
{
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    wire_flag(&w, &on);
    return add(l, REC_KILL, now, &body, e);
}

bytes32 ledger_tx_effect(const struct tx *t, address from)
{
    uint8_t fixed[8 + 20 + 8 + 20 + 32];
    for (size_t i = 0; i < 8; i++) {
        fixed[i] = (uint8_t)(t->chain >> 8 * i);
        fixed[28 + i] = (uint8_t)(t->nonce >> 8 * i);
    }
    memcpy(fixed + 8, from.b, 20);
    memcpy(fixed + 36, t->to.b, 20);
    u256_to_be(t->value, fixed + 56);
    bytes32 both[2] = {keccak256(fixed, sizeof fixed), keccak256(t->data, t->data_len)};
    return keccak256(both, sizeof both);
}

souk_err ledger_add_tx(struct ledger *l, const struct tx *t, address from, bytes32 hash, u256 fee,
                       int64_t now, struct err *e)
{
    struct ledger_tx lt = {.chain = t->chain,
                           .nonce = t->nonce,
                           .from = from,
                           .to = t->to,
                           .hash = hash,
                           .effect = ledger_tx_effect(t, from),
                           .fee = fee,
                           .meaning = call_meaning(t->data, t->data_len)};
    lt.meaning.terms = (struct listing_terms){0}; /* in t's bytes; the effect stands for them */
    struct buf body;
    buf_init(&body, BODY_MAX);
    struct wire w = wire_writer(&body);
    body_tx(&w, &lt);
    return add(l, REC_TX, now, &body, e);
}
