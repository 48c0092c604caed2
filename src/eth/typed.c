#include "eth/typed.h"

#include <pthread.h>
#include <string.h>

#include "base/banned.h"

const address PERMIT2 = {{0x00, 0x00, 0x00, 0x00, 0x00, 0x22, 0xd4, 0x73, 0x03, 0x0f,
                          0x11, 0x6d, 0xde, 0xe9, 0xf6, 0xb4, 0x3a, 0xc7, 0x8b, 0xa3}};
const address EXACT_PROXY = {{0x40, 0x20, 0x85, 0xc2, 0x48, 0xee, 0xa2, 0x7d, 0x92, 0xe8,
                              0xb3, 0x0b, 0x2c, 0x58, 0xed, 0x07, 0xf9, 0xe2, 0x00, 0x01}};
const address UPTO_PROXY = {{0x40, 0x20, 0xa4, 0xf3, 0xb7, 0xb9, 0x0c, 0xca, 0x42, 0x3b,
                             0x9f, 0xab, 0xcc, 0x0c, 0xe5, 0x7c, 0x6c, 0x24, 0x00, 0x02}};

/* A type's text is followed by those of the types in it, in alphabetical order. */
#define PERMISSIONS "TokenPermissions(address token,uint256 amount)"
#define EXACT_TO    "Witness(address to,uint256 validAfter)"
#define UPTO_TO     "Witness(address to,address facilitator,uint256 validAfter)"
#define WITH_WITNESS                                                                      \
    "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce," \
    "uint256 deadline,Witness witness)" PERMISSIONS

/* clang-format off */
#define TYPE_LIST(X)                                                                               \
    X(T_DOMAIN, "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)") \
    X(T_DOMAIN_PLAIN, "EIP712Domain(string name,uint256 chainId,address verifyingContract)")       \
    X(T_EIP3009, "TransferWithAuthorization(address from,address to,uint256 value,uint256 "        \
                 "validAfter,uint256 validBefore,bytes32 nonce)")                                  \
    X(T_CANCEL, "CancelAuthorization(address authorizer,bytes32 nonce)")                           \
    X(T_EXACT, WITH_WITNESS EXACT_TO)                                                              \
    X(T_UPTO, WITH_WITNESS UPTO_TO)                                                                \
    X(T_PERMIT, "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 "        \
                "deadline)")                                                                       \
    X(T_PERMISSIONS, PERMISSIONS)                                                                  \
    X(T_EXACT_WITNESS, EXACT_TO)                                                                   \
    X(T_UPTO_WITNESS, UPTO_TO)
/* clang-format on */

#define X(id, text) id,
enum type { TYPE_LIST(X) T_COUNT };
#undef X

static bytes32 type_hashes[T_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void hash_types(void)
{
#define X(id, text) [id] = text,
    static const char *const texts[T_COUNT] = {TYPE_LIST(X)};
#undef X
    for (int i = 0; i < T_COUNT; i++)
        type_hashes[i] = keccak256(texts[i], strlen(texts[i]));
}

/* A struct hash under way: the hash of its type, then one word per field. */
static struct keccak open_struct(enum type t)
{
    struct keccak k = {{0}, 0};
    pthread_once(&once, hash_types);
    keccak_add(&k, type_hashes[t].b, sizeof type_hashes[t].b);
    return k;
}

static void put_word(struct keccak *k, bytes32 v)
{
    keccak_add(k, v.b, sizeof v.b);
}

static void put_u256(struct keccak *k, u256 v)
{
    bytes32 be = {{0}};
    u256_to_be(v, be.b);
    put_word(k, be);
}

static void put_u64(struct keccak *k, uint64_t v)
{
    put_u256(k, u256_from_u64(v));
}

static void put_address(struct keccak *k, address a)
{
    bytes32 be = {{0}};
    memcpy(be.b + sizeof be.b - sizeof a.b, a.b, sizeof a.b);
    put_word(k, be);
}

bytes32 eip712_domain(const char *name, const char *version, uint64_t chain, address contract)
{
    struct keccak k = open_struct(version ? T_DOMAIN : T_DOMAIN_PLAIN);
    put_word(&k, keccak256(name, strlen(name)));
    if (version)
        put_word(&k, keccak256(version, strlen(version)));
    put_u64(&k, chain);
    put_address(&k, contract);
    return keccak_end(&k);
}

bytes32 eip712_digest(bytes32 domain, bytes32 struct_hash)
{
    struct keccak k = {{0}, 0};
    keccak_add(&k, "\x19\x01", 2);
    put_word(&k, domain);
    put_word(&k, struct_hash);
    return keccak_end(&k);
}

address typed_spender(const struct typed *t)
{
    switch (t->kind) {
    case TYPED_EXACT:
        return EXACT_PROXY;
    case TYPED_UPTO:
        return UPTO_PROXY;
    case TYPED_PERMIT:
        return PERMIT2;
    case TYPED_EIP3009:
    case TYPED_CANCEL:
        break;
    }
    return (address){{0}};
}

static bytes32 hash_eip3009(const struct typed *t)
{
    struct keccak k = open_struct(T_EIP3009);
    put_address(&k, t->from);
    put_address(&k, t->to);
    put_u256(&k, t->amount);
    put_u64(&k, t->valid_after);
    put_u64(&k, t->valid_before);
    put_word(&k, t->nonce);
    return keccak_end(&k);
}

static bytes32 hash_cancel(const struct typed *t)
{
    struct keccak k = open_struct(T_CANCEL);
    put_address(&k, t->from);
    put_word(&k, t->nonce);
    return keccak_end(&k);
}

static bytes32 hash_permit(const struct typed *t)
{
    struct keccak k = open_struct(T_PERMIT);
    put_address(&k, t->from);
    put_address(&k, typed_spender(t));
    put_u256(&k, t->amount);
    put_word(&k, t->nonce);
    put_u64(&k, t->valid_before);
    return keccak_end(&k);
}

static bytes32 hash_permit2(const struct typed *t)
{
    bool upto = t->kind == TYPED_UPTO;
    struct keccak permitted = open_struct(T_PERMISSIONS);
    put_address(&permitted, t->token);
    put_u256(&permitted, t->amount);

    struct keccak witness = open_struct(upto ? T_UPTO_WITNESS : T_EXACT_WITNESS);
    put_address(&witness, t->to);
    if (upto)
        put_address(&witness, t->facilitator);
    put_u64(&witness, t->valid_after);

    struct keccak k = open_struct(upto ? T_UPTO : T_EXACT);
    put_word(&k, keccak_end(&permitted));
    put_address(&k, typed_spender(t));
    put_word(&k, t->nonce);
    put_u64(&k, t->valid_before);
    put_word(&k, keccak_end(&witness));
    return keccak_end(&k);
}

static bytes32 struct_hash(const struct typed *t)
{
    switch (t->kind) {
    case TYPED_EIP3009:
        return hash_eip3009(t);
    case TYPED_CANCEL:
        return hash_cancel(t);
    case TYPED_EXACT:
    case TYPED_UPTO:
        return hash_permit2(t);
    case TYPED_PERMIT:
        return hash_permit(t);
    }
    BUG("no typed message has kind %d", (int)t->kind);
}

bytes32 typed_digest(const struct typed *t, bytes32 *domain, bytes32 *hash)
{
    bool permit2 = t->kind == TYPED_EXACT || t->kind == TYPED_UPTO;
    bytes32 d = permit2 ? eip712_domain("Permit2", NULL, t->chain, PERMIT2)
                        : eip712_domain(t->name, t->version, t->chain, t->token);
    bytes32 h = struct_hash(t);
    if (domain)
        *domain = d;
    if (hash)
        *hash = h;
    return eip712_digest(d, h);
}
