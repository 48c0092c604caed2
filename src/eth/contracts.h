/*
 * contracts.h: the contract calls souk makes: call data out, results in.
 *
 * call_* append call data to a buf (failure: buf_check). Results are read
 * strictly: an empty answer is no zero, a bool is 0 or 1, an address has clean
 * high bytes, uint8 is below 256. call_meaning() reads call data back, so that
 * a signer says what a transaction does from its bytes alone.
 *
 * Sources: EIP-20, EIP-2612, EIP-3009, Permit2's SignatureTransfer, Multicall3,
 * OpenGradient's TEERegistry, our own ModelListings, EIP-1014 (CREATE2). Selectors are
 * computed from the signatures.
 */
#ifndef SOUK_ETH_CONTRACTS_H
#define SOUK_ETH_CONTRACTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "eth/sig.h"

void call_selector(struct buf *out, const char *text); /* "symbol()" */
void call_balance_of(struct buf *out, address who);
void call_allowance(struct buf *out, address owner, address spender);
void call_nonces(struct buf *out, address owner);
void call_decimals(struct buf *out);
void call_domain_separator(struct buf *out);
void call_authorization_state(struct buf *out, address authorizer, bytes32 nonce);
void call_nonce_bitmap(struct buf *out, address owner, u256 word);
void call_transfer(struct buf *out, address to, u256 amount);
void call_approve(struct buf *out, address spender, u256 amount);
void call_cancel_authorization(struct buf *out, address authorizer, bytes32 nonce,
                               const signature *s);
void call_invalidate_nonces(struct buf *out, u256 word, u256 mask); /* invalidateUnorderedNonces */
void call_active_tees(struct buf *out, unsigned type);

/*
 * ModelListings (assets/contracts/ModelListings.sol). Strings are outside text, ABI `string`s; the
 * contract takes none that is longer than this, and no empty name.
 */
enum {
    LISTING_AUTHOR_MAX = 256,
    LISTING_NAME_MAX = 512,
    LISTING_BLOB_ID_MAX = 128,
    LISTING_ENDPOINT_MAX = 512
};
struct listing_terms {
    struct untrusted author, name, blob_id, endpoint;
    u256 price;
    address asset, pay_to;
};
void call_list(struct buf *out, const struct listing_terms *t);
void call_delist(struct buf *out, struct untrusted name);
/* What the contract calls a listing; false: no memory. */
bool listing_id(address owner, struct untrusted name, bytes32 *out);

/*
 * ModelListings is deployed through the deterministic deployment proxy that most chains carry
 * (0x4e59b448…, CREATE2), so that it has one address everywhere, known beforehand, and nobody needs
 * to sign a creation. deploy: the call data for that proxy: salt, then our init code.
 */
extern const address CREATE2_PROXY;
void call_deploy_listings(struct buf *out);
address listings_address(void);   /* where that puts it */
bytes32 listings_code_hash(void); /* keccak256 of the code that is there then */

struct call3 {
    address target;
    bool must; /* when this one fails, all do; false: it says so in its result */
    const uint8_t *data;
    size_t len;
};
void call_aggregate3(struct buf *out, const struct call3 *calls, size_t n);

/* Where a Permit2 nonce lies: bit `*bit` of word nonce >> 8. */
void permit2_place(bytes32 nonce, u256 *word, unsigned *bit);

/* --- results: p, n are the answer's bytes. False when they are not that type. */
bool result_u256(const uint8_t *p, size_t n, u256 *out);
bool result_bool(const uint8_t *p, size_t n, bool *out);
bool result_u8(const uint8_t *p, size_t n, uint8_t *out);
bool result_address(const uint8_t *p, size_t n, address *out);
bool result_bytes32(const uint8_t *p, size_t n, bytes32 *out);
bool result_string(const uint8_t *p, size_t n, struct untrusted *out);

struct call3_result {
    bool ok;
    struct untrusted data; /* in the bytes read from */
};
/* Exactly want results. */
bool result_aggregate3(const uint8_t *p, size_t n, struct call3_result *out, size_t want);

struct tee {
    address owner, payment;
    struct untrusted endpoint, public_key, certificate; /* both DER; in the bytes read from */
    bytes32 pcr;
    uint8_t type;
    bool enabled;
    uint64_t registered, heartbeat;
};
/* At most 1,000; *out in the arena. */
bool result_tees(const uint8_t *p, size_t n, struct arena *a, struct tee **out, size_t *count);

/* --- what call data does */
enum call_kind {
    CALL_OTHER,      /* not known: never signed */
    CALL_NOTHING,    /* no data: the chain's coin moves, or nothing */
    CALL_TRANSFER,   /* who: recipient, amount */
    CALL_APPROVE,    /* who: spender, amount */
    CALL_CANCEL,     /* who: authorizer, nonce */
    CALL_INVALIDATE, /* word, mask in amount */
    CALL_LIST,       /* terms, none of them longer than the contract takes */
    CALL_DELIST,     /* terms.name alone */
    CALL_DEPLOY,     /* ModelListings, by the proxy: our very code */
};
struct call_meaning {
    enum call_kind kind;
    address who;
    u256 amount, word;
    bytes32 nonce;
    struct listing_terms terms; /* strings in the bytes read from */
};
struct call_meaning call_meaning(const uint8_t *data, size_t n);

#endif
