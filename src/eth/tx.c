#include "eth/tx.h"

#include <string.h>

#include "eth/rlp.h"

#include "base/banned.h"

enum { V_PLAIN = 27, V_EIP155 = 35, V_AT = 64, ACCESS_DEPTH = 4 };

/* --- writing */

static void put_access_list(struct rlp_out *o, const struct tx *t)
{
    if (t->access_list)
        rlp_raw(o, t->access_list, t->access_list_len);
    else
        rlp_list(o, 0);
}

static void put_fields(struct rlp_out *o, const struct tx *t)
{
    if (t->type != TX_LEGACY)
        rlp_u64(o, t->chain);
    rlp_u64(o, t->nonce);
    if (t->type == TX_1559)
        rlp_u256(o, t->max_priority);
    rlp_u256(o, t->max_fee);
    rlp_u64(o, t->gas);
    rlp_bytes(o, t->to.b, t->creates ? 0 : sizeof t->to.b);
    rlp_u256(o, t->value);
    rlp_bytes(o, t->data, t->data_len);
    if (t->type != TX_LEGACY)
        put_access_list(o, t);
}

/* EIP-155 folds the chain into v: chain * 2 + 35 + parity. */
static u256 eip155_v(uint64_t chain, unsigned parity)
{
    u256 v;
    u256_mul_u64(u256_from_u64(chain), 2, &v);
    u256_add(v, u256_from_u64(V_EIP155 + parity), &v);
    return v;
}

static void put_signature(struct rlp_out *o, const struct tx *t, const signature *s)
{
    unsigned parity = s->b[V_AT] - V_PLAIN;
    if (t->type != TX_LEGACY)
        rlp_u64(o, parity);
    else if (t->chain == 0)
        rlp_u64(o, s->b[V_AT]);
    else
        rlp_u256(o, eip155_v(t->chain, parity));
    rlp_u256(o, u256_from_be(s->b));
    rlp_u256(o, u256_from_be(s->b + 32));
}

/* What the list holds; s NULL: as it is hashed for signing. */
static void put_payload(struct rlp_out *o, const struct tx *t, const signature *s)
{
    put_fields(o, t);
    if (s) {
        put_signature(o, t, s);
    } else if (t->type == TX_LEGACY && t->chain != 0) {
        rlp_u64(o, t->chain);
        rlp_u64(o, 0);
        rlp_u64(o, 0);
    }
}

static void put_all(struct rlp_out *o, const struct tx *t, const signature *s)
{
    struct rlp_out count = {0};
    uint8_t type = (uint8_t)t->type;
    put_payload(&count, t, s);
    if (t->type != TX_LEGACY)
        rlp_raw(o, &type, 1);
    rlp_list(o, count.n);
    put_payload(o, t, s);
}

bytes32 tx_digest(const struct tx *t)
{
    struct keccak k = {{0}, 0};
    put_all(&(struct rlp_out){.hash = &k}, t, NULL);
    return keccak_end(&k);
}

void tx_encode(const struct tx *t, const signature *s, struct buf *out)
{
    if (sig_fault(s->b, sizeof s->b))
        BUG("a transaction with a signature that %s", sig_fault(s->b, sizeof s->b));
    put_all(&(struct rlp_out){.buf = out}, t, s);
}

bytes32 tx_hash(const uint8_t *raw, size_t n)
{
    return keccak256(raw, n);
}

bool tx_most(const struct tx *t, u256 *fee, u256 *total)
{
    bool fits = u256_mul_u64(t->max_fee, t->gas, fee);
    return u256_add(*fee, t->value, total) && fits;
}

/* --- reading */

/* The items of the list, by turn; the first thing wrong with them. */
struct fields {
    struct rlp_reader r;
    struct err *e;
    souk_err bad;
};

static void wrong(struct fields *f, const char *name, const char *how)
{
    if (!f->bad)
        f->bad =
            err_set(f->e, SOUK_EINPUT, "the raw transaction cannot be read: its %s %s", name, how);
}

/* The reader's bytes were found well-formed before, so only the end can stop it. */
static struct rlp_item field(struct fields *f, const char *name, bool list)
{
    struct rlp_item i = {list, f->r.at, 0};
    bool cut = false;
    if (!rlp_next(&f->r, &i, &cut))
        wrong(f, name, "is missing: it has too few fields");
    else if (i.list != list)
        wrong(f, name, list ? "is no list" : "is a list");
    return i;
}

static u256 number(struct fields *f, const char *name)
{
    u256 v = U256_ZERO;
    struct rlp_item i = field(f, name, false);
    if (i.n > 0 && i.p[0] == 0)
        wrong(f, name, "has a leading zero");
    else if (!f->bad && !rlp_get_u256(&i, &v))
        wrong(f, name, "is beyond 256 bits");
    return v;
}

static uint64_t small(struct fields *f, const char *name)
{
    uint64_t v = 0;
    if (!u256_fits_u64(number(f, name), &v))
        wrong(f, name, "is beyond 64 bits");
    return v;
}

static void recipient(struct fields *f, struct tx *t)
{
    struct rlp_item i = field(f, "recipient", false);
    t->creates = i.n == 0;
    if (i.n == sizeof t->to.b)
        memcpy(t->to.b, i.p, sizeof t->to.b);
    else if (i.n > 0)
        wrong(f, "recipient", "is not 20 bytes long");
}

/* [[address, [key, …]], …] */
static void access_list(struct fields *f, struct tx *t)
{
    static const char name[] = "access list";
    const uint8_t *start = f->r.at;
    struct rlp_item list = field(f, name, true);
    struct fields entries = {.r = {list.p, list.p + list.n}, .e = f->e, .bad = f->bad};
    while (!entries.bad && entries.r.at < entries.r.end) {
        struct rlp_item entry = field(&entries, name, true);
        struct fields part = {.r = {entry.p, entry.p + entry.n}, .e = f->e, .bad = entries.bad};
        struct rlp_item who = field(&part, name, false);
        struct rlp_item keys = field(&part, name, true);
        if (who.n != sizeof(address))
            wrong(&part, name, "has an address that is not 20 bytes long");
        if (part.r.at != part.r.end)
            wrong(&part, name, "has an entry of more than two fields");
        struct fields key = {.r = {keys.p, keys.p + keys.n}, .e = f->e, .bad = part.bad};
        while (!key.bad && key.r.at < key.r.end) {
            if (field(&key, name, false).n != sizeof(bytes32))
                wrong(&key, name, "has a key that is not 32 bytes long");
        }
        entries.bad = key.bad;
    }
    f->bad = entries.bad;
    if (!f->bad && list.n > 0) {
        t->access_list = start;
        t->access_list_len = (size_t)(f->r.at - start);
    }
}

/* The parity of a legacy v, and the chain it names. */
static unsigned legacy_parity(struct fields *f, struct tx *t, u256 v)
{
    uint64_t plain, odd;
    u256 rest;
    if (u256_fits_u64(v, &plain) && (plain == V_PLAIN || plain == V_PLAIN + 1))
        return (unsigned)(plain - V_PLAIN);
    bool folded = u256_sub(v, u256_from_u64(V_EIP155), &rest);
    rest = u256_divmod_u64(rest, 2, &odd);
    if (!folded || !u256_fits_u64(rest, &t->chain) || t->chain == 0)
        wrong(f, "v", "names no chain");
    return (unsigned)odd;
}

static void signature_of(struct fields *f, struct tx *t, signature *s)
{
    u256 v = number(f, "v");
    uint64_t parity = 0;
    if (t->type == TX_LEGACY)
        parity = legacy_parity(f, t, v);
    else if (!u256_fits_u64(v, &parity) || parity > 1)
        wrong(f, "parity", "is neither 0 nor 1");
    u256_to_be(number(f, "r"), s->b);
    u256_to_be(number(f, "s"), s->b + 32);
    s->b[V_AT] = (uint8_t)(V_PLAIN + (parity & 1));
    const char *fault = sig_fault(s->b, sizeof s->b);
    if (fault)
        wrong(f, "signature", fault);
}

/* What nodes refuse whatever the state of the chain is. */
static void sane(struct fields *f, const struct tx *t)
{
    u256 fee;
    if (t->type != TX_LEGACY && t->chain == 0)
        wrong(f, "chain", "is zero");
    if (t->nonce == UINT64_MAX) /* EIP-2681 */
        wrong(f, "nonce", "is the one that can have no successor");
    if (u256_cmp(t->max_priority, t->max_fee) > 0)
        wrong(f, "priority fee", "is above the most it pays at all");
    if (!u256_mul_u64(t->max_fee, t->gas, &fee))
        wrong(f, "most fee", "is beyond 256 bits");
}

static void all_fields(struct fields *f, struct tx *t, signature *s)
{
    if (t->type != TX_LEGACY)
        t->chain = small(f, "chain");
    t->nonce = small(f, "nonce");
    if (t->type == TX_1559)
        t->max_priority = number(f, "priority fee");
    t->max_fee = number(f, "fee");
    if (t->type != TX_1559)
        t->max_priority = t->max_fee;
    t->gas = small(f, "gas limit");
    recipient(f, t);
    t->value = number(f, "value");
    struct rlp_item data = field(f, "data", false);
    t->data = data.p;
    t->data_len = data.n;
    if (t->type != TX_LEGACY)
        access_list(f, t);
    signature_of(f, t, s);
    if (f->r.at != f->r.end)
        wrong(f, "list", "has too many fields");
    sane(f, t);
}

static souk_err read_list(const uint8_t *raw, size_t n, struct tx *t, signature *s, struct err *e)
{
    struct rlp_item list;
    const char *fault = rlp_fault(raw, n, ACCESS_DEPTH);
    if (!fault && (!rlp_whole(raw, n, &list) || !list.list))
        fault = "is no list";
    if (fault)
        return err_set(e, SOUK_EINPUT, "the raw transaction cannot be read: it %s", fault);
    struct fields f = {.r = {list.p, list.p + list.n}, .e = e, .bad = SOUK_OK};
    all_fields(&f, t, s);
    return f.bad;
}

souk_err tx_decode(const uint8_t *raw, size_t n, struct tx *t, signature *s, struct err *e)
{
    memset(t, 0, sizeof *t);
    memset(s, 0, sizeof *s);
    if (n > 0 && raw[0] < 0x80) { /* EIP-2718: a type; a list would start with c0 or more */
        if (raw[0] != TX_2930 && raw[0] != TX_1559)
            return err_set(e, SOUK_EINPUT,
                           "the raw transaction cannot be read: its type %u is not known", raw[0]);
        t->type = raw[0] == TX_1559 ? TX_1559 : TX_2930;
        raw++, n--;
    }
    souk_err r = read_list(raw, n, t, s, e);
    if (r) { /* nothing half-read gets out */
        memset(t, 0, sizeof *t);
        memset(s, 0, sizeof *s);
    }
    return r;
}
