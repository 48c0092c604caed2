#include "eth/contracts.h"

#include <pthread.h>
#include <string.h>

#include "eth/listings_code.h"

#include "base/banned.h"

enum { WORD = 32, SELECTOR = 4 };

/* clang-format off */
#define FUNCTION_LIST(X)                                                                           \
    X(BALANCE_OF, "balanceOf(address)")                                                            \
    X(ALLOWANCE, "allowance(address,address)")                                                     \
    X(NONCES, "nonces(address)")                                                                   \
    X(DECIMALS, "decimals()")                                                                      \
    X(DOMAIN_SEPARATOR, "DOMAIN_SEPARATOR()")                                                      \
    X(AUTHORIZATION_STATE, "authorizationState(address,bytes32)")                                  \
    X(NONCE_BITMAP, "nonceBitmap(address,uint256)")                                                \
    X(TRANSFER, "transfer(address,uint256)")                                                       \
    X(APPROVE, "approve(address,uint256)")                                                         \
    X(CANCEL, "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)")                        \
    X(INVALIDATE, "invalidateUnorderedNonces(uint256,uint256)")                                    \
    X(ACTIVE_TEES, "getActiveTEEs(uint8)")                                                         \
    X(AGGREGATE3, "aggregate3((address,bool,bytes)[])")                                            \
    X(LIST, "list(string,string,string,uint256,address,address,string)")                           \
    X(DELIST, "delist(string)")
/* clang-format on */

#define X(id, text) F_##id,
enum function { FUNCTION_LIST(X) F_COUNT };
#undef X

static uint8_t selectors[F_COUNT][SELECTOR];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void hash_signatures(void)
{
#define X(id, text) [F_##id] = text,
    static const char *const texts[F_COUNT] = {FUNCTION_LIST(X)};
#undef X
    for (int i = 0; i < F_COUNT; i++) {
        bytes32 h = keccak256(texts[i], strlen(texts[i]));
        memcpy(selectors[i], h.b, SELECTOR);
    }
}

/* --- writing: a selector, then words. */

void call_selector(struct buf *out, const char *text)
{
    buf_add(out, keccak256(text, strlen(text)).b, SELECTOR);
}

static void put_function(struct buf *out, enum function f)
{
    pthread_once(&once, hash_signatures);
    buf_add(out, selectors[f], SELECTOR);
}

static void put_word(struct buf *out, bytes32 v)
{
    buf_add(out, v.b, sizeof v.b);
}

static void put_u256(struct buf *out, u256 v)
{
    bytes32 be = {{0}};
    u256_to_be(v, be.b);
    put_word(out, be);
}

static void put_u64(struct buf *out, uint64_t v)
{
    put_u256(out, u256_from_u64(v));
}

static void put_address(struct buf *out, address a)
{
    bytes32 be = {{0}};
    memcpy(be.b + WORD - sizeof a.b, a.b, sizeof a.b);
    put_word(out, be);
}

void call_balance_of(struct buf *out, address who)
{
    put_function(out, F_BALANCE_OF);
    put_address(out, who);
}

void call_allowance(struct buf *out, address owner, address spender)
{
    put_function(out, F_ALLOWANCE);
    put_address(out, owner);
    put_address(out, spender);
}

void call_nonces(struct buf *out, address owner)
{
    put_function(out, F_NONCES);
    put_address(out, owner);
}

void call_decimals(struct buf *out)
{
    put_function(out, F_DECIMALS);
}

void call_domain_separator(struct buf *out)
{
    put_function(out, F_DOMAIN_SEPARATOR);
}

void call_authorization_state(struct buf *out, address authorizer, bytes32 nonce)
{
    put_function(out, F_AUTHORIZATION_STATE);
    put_address(out, authorizer);
    put_word(out, nonce);
}

void call_nonce_bitmap(struct buf *out, address owner, u256 word)
{
    put_function(out, F_NONCE_BITMAP);
    put_address(out, owner);
    put_u256(out, word);
}

void call_transfer(struct buf *out, address to, u256 amount)
{
    put_function(out, F_TRANSFER);
    put_address(out, to);
    put_u256(out, amount);
}

void call_approve(struct buf *out, address spender, u256 amount)
{
    put_function(out, F_APPROVE);
    put_address(out, spender);
    put_u256(out, amount);
}

void call_cancel_authorization(struct buf *out, address authorizer, bytes32 nonce,
                               const signature *s)
{
    put_function(out, F_CANCEL);
    put_address(out, authorizer);
    put_word(out, nonce);
    put_u64(out, s->b[2 * WORD]);
    buf_add(out, s->b, (size_t)2 * WORD);
}

void call_invalidate_nonces(struct buf *out, u256 word, u256 mask)
{
    put_function(out, F_INVALIDATE);
    put_u256(out, word);
    put_u256(out, mask);
}

void call_active_tees(struct buf *out, unsigned type)
{
    put_function(out, F_ACTIVE_TEES);
    put_u64(out, type);
}

static size_t padded(size_t n)
{
    return (n + WORD - 1) / WORD * WORD;
}

void call_aggregate3(struct buf *out, const struct call3 *calls, size_t n)
{
    static const uint8_t zeros[WORD];
    put_function(out, F_AGGREGATE3);
    put_u64(out, WORD); /* the array follows at once */
    put_u64(out, n);
    size_t at = n * WORD; /* of each tuple, counted from the first offset */
    for (size_t i = 0; i < n; i++) {
        put_u64(out, at);
        at += (size_t)4 * WORD + padded(calls[i].len);
    }
    for (size_t i = 0; i < n; i++) {
        put_address(out, calls[i].target);
        put_u64(out, !calls[i].must);
        put_u64(out, (size_t)3 * WORD);
        put_u64(out, calls[i].len);
        buf_add(out, calls[i].data, calls[i].len);
        buf_add(out, zeros, padded(calls[i].len) - calls[i].len);
    }
}

static void put_text(struct buf *out, struct untrusted t)
{
    static const uint8_t zeros[WORD];
    put_u64(out, t.n);
    buf_add(out, t.p, t.n);
    buf_add(out, zeros, padded(t.n) - t.n);
}

void call_list(struct buf *out, const struct listing_terms *t)
{
    const struct untrusted texts[] = {t->author, t->name, t->blob_id, t->endpoint};
    size_t at[4], head = (size_t)7 * WORD;
    for (int i = 0; i < 4; i++) {
        at[i] = head;
        head += WORD + padded(texts[i].n);
    }
    put_function(out, F_LIST);
    for (int i = 0; i < 3; i++)
        put_u64(out, at[i]);
    put_u256(out, t->price);
    put_address(out, t->asset);
    put_address(out, t->pay_to);
    put_u64(out, at[3]);
    for (int i = 0; i < 4; i++)
        put_text(out, texts[i]);
}

void call_delist(struct buf *out, struct untrusted name)
{
    put_function(out, F_DELIST);
    put_u64(out, WORD);
    put_text(out, name);
}

/* keccak256(abi.encode(owner, name)) */
bool listing_id(address owner, struct untrusted name, bytes32 *out)
{
    struct buf b;
    buf_init(&b, (size_t)4 * WORD + name.n);
    put_address(&b, owner);
    put_u64(&b, (size_t)2 * WORD);
    put_text(&b, name);
    bool ok = b.bad == SOUK_OK;
    if (ok)
        *out = keccak256(b.p, b.len);
    buf_release(&b);
    return ok;
}

/* --- ModelListings' creation. The proxy takes a salt and the code, and answers with the address.
 */

const address CREATE2_PROXY = {{0x4e, 0x59, 0xb4, 0x48, 0x47, 0xb3, 0x79, 0x57, 0x85, 0x88,
                                0x92, 0x0c, 0xa7, 0x8f, 0xbf, 0x26, 0xc0, 0xb4, 0x95, 0x6c}};

static const bytes32 SALT; /* zeroes: there is but one of it */

void call_deploy_listings(struct buf *out)
{
    put_word(out, SALT);
    buf_add(out, LISTINGS_CODE, LISTINGS_CODE_BYTES);
}

/* EIP-1014. */
address listings_address(void)
{
    struct {
        uint8_t ff;
        address by;
        bytes32 salt, code;
    } of = {0xff, CREATE2_PROXY, SALT, keccak256(LISTINGS_CODE, LISTINGS_CODE_BYTES)};
    _Static_assert(sizeof of == 85, "no holes");
    bytes32 h = keccak256(&of, sizeof of);
    address a;
    memcpy(a.b, h.b + WORD - sizeof a.b, sizeof a.b);
    return a;
}

bytes32 listings_code_hash(void)
{
    return keccak256(LISTINGS_CODE + LISTINGS_CODE_STAYS,
                     LISTINGS_CODE_BYTES - LISTINGS_CODE_STAYS);
}

void permit2_place(bytes32 nonce, u256 *word, unsigned *bit)
{
    bytes32 shifted = {{0}};
    memcpy(shifted.b + 1, nonce.b, WORD - 1);
    *word = u256_from_be(shifted.b);
    *bit = nonce.b[WORD - 1];
}

/* --- reading call data back */

/* One byte sequence is one meaning: what was read must be what would be written. */
static bool as_written(const struct call_meaning *m, const uint8_t *data, size_t n)
{
    struct buf b;
    buf_init(&b, n + 1);
    if (m->kind == CALL_LIST)
        call_list(&b, &m->terms);
    else
        call_delist(&b, m->terms.name);
    bool same = b.bad == SOUK_OK && b.len == n && memcmp(b.p, data, n) == 0;
    buf_release(&b);
    return same;
}

static struct call_meaning listing_meaning(const uint8_t *data, size_t n)
{
    struct call_meaning m = {.kind = CALL_OTHER};
    struct listing_terms *t = &m.terms;
    struct abi_reader r;
    abi_reader_init(&r, data + SELECTOR, n - SELECTOR);
    if (memcmp(data, selectors[F_LIST], SELECTOR) == 0) {
        m.kind = CALL_LIST;
        t->author = abi_bytes(&r);
        t->name = abi_bytes(&r);
        t->blob_id = abi_bytes(&r);
        t->price = abi_u256(&r);
        t->asset = abi_address(&r);
        t->pay_to = abi_address(&r);
        t->endpoint = abi_bytes(&r);
    } else {
        m.kind = CALL_DELIST;
        t->name = abi_bytes(&r);
    }
    bool fits = t->author.n <= LISTING_AUTHOR_MAX && t->name.n <= LISTING_NAME_MAX &&
                t->name.n > 0 && t->blob_id.n <= LISTING_BLOB_ID_MAX &&
                t->endpoint.n <= LISTING_ENDPOINT_MAX;
    return !r.bad && fits && as_written(&m, data, n) ? m
                                                     : (struct call_meaning){.kind = CALL_OTHER};
}

/* What follows the salt, zeroes, is our very code. */
static bool is_deployment(const uint8_t *data, size_t n)
{
    return n == WORD + LISTINGS_CODE_BYTES && memcmp(data, SALT.b, WORD) == 0 &&
           memcmp(data + WORD, LISTINGS_CODE, LISTINGS_CODE_BYTES) == 0;
}

struct call_meaning call_meaning(const uint8_t *data, size_t n)
{
    struct call_meaning m = {.kind = CALL_OTHER};
    struct abi_reader r;
    if (n == 0)
        return (struct call_meaning){.kind = CALL_NOTHING};
    if (n < SELECTOR)
        return m;
    pthread_once(&once, hash_signatures);
    if (is_deployment(data, n))
        return (struct call_meaning){.kind = CALL_DEPLOY};
    if (memcmp(data, selectors[F_LIST], SELECTOR) == 0 ||
        memcmp(data, selectors[F_DELIST], SELECTOR) == 0)
        return listing_meaning(data, n);
    abi_reader_init(&r, data + SELECTOR, n - SELECTOR);
    if (memcmp(data, selectors[F_TRANSFER], SELECTOR) == 0 ||
        memcmp(data, selectors[F_APPROVE], SELECTOR) == 0) {
        m.kind = memcmp(data, selectors[F_APPROVE], SELECTOR) == 0 ? CALL_APPROVE : CALL_TRANSFER;
        m.who = abi_address(&r);
        m.amount = abi_u256(&r);
    } else if (memcmp(data, selectors[F_CANCEL], SELECTOR) == 0) {
        m.kind = CALL_CANCEL;
        m.who = abi_address(&r);
        m.nonce = abi_bytes32(&r);
        r.bad |= abi_u64(&r) > UINT8_MAX;
        abi_bytes32(&r);
        abi_bytes32(&r);
    } else if (memcmp(data, selectors[F_INVALIDATE], SELECTOR) == 0) {
        m.kind = CALL_INVALIDATE;
        m.word = abi_u256(&r);
        m.amount = abi_u256(&r);
    }
    /* Not a byte that was not understood. */
    if (r.bad || r.at != r.end)
        return (struct call_meaning){.kind = CALL_OTHER};
    return m;
}
