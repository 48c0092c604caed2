/*
 * x402.h: the payment protocol over HTTP, versions 1 and 2, as bytes in and bytes out.
 *
 * No sockets and no keys here: a 402 answer becomes a demand with offers, an
 * offer we accept becomes a typed message for the signer (eth/typed.h), its
 * signature becomes the header to send, the paid answer's header a receipt.
 *
 * Every word of an offer is a stranger's claim. Symbols, decimals and domains
 * come from the caller's assets; what the offer says of them must agree or the
 * offer is refused with a reason. Sources: x402 specification v1 and v2, the
 * reference packages of npm (2.27.0), measured (facts on x402, sections 1.1-1.11).
 *
 *   v1   offer: 402 body          payment: X-PAYMENT           receipt: X-PAYMENT-RESPONSE
 *   v2   offer: PAYMENT-REQUIRED  payment: PAYMENT-SIGNATURE   receipt: PAYMENT-RESPONSE
 */
#ifndef SOUK_X402_X402_H
#define SOUK_X402_X402_H

#include "base/json.h"
#include "eth/sig.h"
#include "eth/typed.h"

enum {
    X402_OFFERS = 32,
    X402_HEADER_CAP = 64 << 10, /* of a header before it is decoded */
    X402_BODY_CAP = 256 << 10,  /* of a v1 offer */
    X402_TEXT = 512,            /* kept of any text a demand carries */
};

enum x402_scheme { X402_EXACT, X402_UPTO, X402_BATCH, X402_OTHER_SCHEME };
enum x402_method { X402_EIP3009, X402_PERMIT2, X402_OTHER_METHOD };
enum x402_flow { X402_AUTHORIZATION, X402_UPFRONT, X402_ESCROW, X402_OTHER_FLOW };

/* Why an offer, or all of a demand, is not acceptable. code, words */
/* clang-format off */
#define X402_FAULTS(X)                                                                             \
    X(NOT_X402, "not_x402", "the answer asks for payment but not by x402")                         \
    X(UNREADABLE, "not_readable", "its offer is not written as the protocol asks")                 \
    X(VERSION, "version_not_supported", "it speaks an x402 version that souk does not")            \
    X(NO_OFFERS, "no_accepts", "it asks for payment and offers no way to pay")                     \
    X(TOO_LARGE, "too_large", "its offer is larger than any honest one")                           \
    X(RESOURCE, "resource_host_mismatch", "it asks payment for another server's resource")         \
    X(REDIRECTED, "redirected", "the request was sent elsewhere; no payment follows")              \
    X(NOT_HTTPS, "not_https", "it is not reached by https, so anyone on the way could take the payment") \
    X(SCHEME, "scheme_not_supported", "souk does not know this payment scheme")                    \
    X(BATCH, "batch_not_supported", "payment channels (batch-settlement) are not supported: they need a deposit") \
    X(METHOD, "method_not_supported", "souk cannot move this token that way")                      \
    X(FLOW, "flow_not_supported", "souk does not know this payment flow")                          \
    X(BAD_NETWORK, "bad_network", "its network is not written as the protocol asks")               \
    X(NETWORK, "network_not_allowed", "it wants payment on a chain this network does not use")     \
    X(ASSET, "asset_not_allowed", "it wants a token that is not in your configuration")            \
    X(DOMAIN, "domain_mismatch", "the token's signature domain is not the one souk knows")         \
    X(AMOUNT, "bad_amount", "its amount is not a whole number of the token's smallest unit")       \
    X(ZERO, "amount_zero", "its amount is zero")                                                   \
    X(PAY_TO, "bad_pay_to", "its payee is no one who could be paid")                               \
    X(CHECKSUM, "bad_checksum", "an address in it has a wrong checksum")                           \
    X(TIMEOUT, "bad_timeout", "its time limit makes no sense")                                     \
    X(WINDOW, "window_too_long", "it would stay valid for longer than ten minutes")                \
    X(FACILITATOR, "no_facilitator", "it does not say who may settle it")
/* clang-format on */
#define X(id, code, words) X402_BAD_##id,
enum x402_fault { X402_FINE, X402_FAULTS(X) X402_FAULT_COUNT };
#undef X
const char *x402_fault_code(enum x402_fault f);
const char *x402_fault_words(enum x402_fault f);

struct x402_offer {
    int version;  /* 1, 2 */
    size_t index; /* among the demand's */
    enum x402_scheme scheme;
    enum x402_method method;
    enum x402_flow flow; /* UPFRONT, ESCROW: charged before the work is done; say so */
    uint64_t chain;      /* 0: not an EVM network, or unknown */
    struct asset asset;  /* ours; zeroes but for token when we do not know it */
    address token, pay_to, facilitator;
    u256 amount;                                /* exact: the price; upto: the most */
    int64_t window;                             /* seconds it stays valid */
    struct untrusted network_text, scheme_text; /* as it was written */
    enum x402_fault fault;                      /* X402_FINE: could be paid */
    const char *raw; /* its JSON, byte for byte: what `accepted` echoes */
    size_t raw_len;
};

struct x402_demand {
    int version;
    enum x402_fault fault; /* of the whole: then no offer is fine */
    struct untrusted url, description, mime, service, error; /* each cut to X402_TEXT */
    struct x402_offer offer[X402_OFFERS];
    size_t offers;
    bool sponsors_permit;    /* eip2612GasSponsoring: a facilitator pays the approval */
    bool sponsors_approval;  /* erc20ApprovalGasSponsoring: wants an unlimited one; never used */
    bool takes_id, needs_id; /* payment-identifier */
    void *own;               /* the bytes and trees it points into */
};

/* What the caller knows and allows. */
struct x402_terms {
    const struct asset *asset; /* what may be paid with, in order of preference */
    size_t assets;
    const char *url;           /* as requested */
    const char *effective_url; /* where the answer came from; NULL: the same */
    bool local;                /* the devnet: plain http to loopback is fine */
    address payer;
};

/*
 * Reads a 402 or 412 answer. header: PAYMENT-REQUIRED's value or NULL. A demand is made whenever
 * something could be said of it, faults inside; SOUK_ENOMEM is the only error. x402_demand_free it.
 */
souk_err x402_demand_read(const char *header, const char *body, size_t body_len,
                          const struct x402_terms *t, struct x402_demand **out, struct err *e);
void x402_demand_free(struct x402_demand *d);

/*
 * The cheapest acceptable offer: of the first asset of the terms' order that has one, the least
 * amount; of equals exact before upto, authorization flow before the others. prefer: an asset to
 * take before that order (the listing's), or NULL. NULL: none is acceptable.
 */
const struct x402_offer *x402_choose(const struct x402_demand *d, const struct x402_terms *t,
                                     const address *prefer);

/* --- paying */
/* keccak256("souk payment" ‖ keccak256(subject) ‖ salt): shows which model was paid for to who
 * knows the salt. */
bytes32 x402_nonce_for(const char *subject, const uint8_t salt[32]);

/* The message to sign. valid_after is 0 for v2, ten minutes ago for v1 (clocks differ). */
struct typed x402_typed(const struct x402_offer *o, address payer, int64_t now, bytes32 nonce);
/* The EIP-2612 permit that lets a sponsoring facilitator make the Permit2 allowance. */
struct typed x402_permit(const struct x402_offer *o, const struct typed *payment, u256 nonce);

struct x402_extras {
    const struct typed *permit; /* with its signature; NULL: none */
    const signature *permit_sig;
    const char *payment_id; /* for payment-identifier; NULL: none */
};
/*
 * The header to send: its name (ours), and the value onto `value` (check that). The offer, the
 * resource and the extensions are echoed byte for byte; what we add stands at the end of an
 * extension's info, and only where the demand says it is wanted.
 */
const char *x402_payment_header(const struct x402_demand *d, const struct x402_offer *o,
                                const struct typed *t, const signature *s,
                                const struct x402_extras *x, struct buf *value);

/* --- afterwards */
struct x402_receipt {
    bool success, pending; /* pending: settlement_pending: sent, not confirmed; ask the chain */
    bool has_tx, has_amount;
    bytes32 tx;
    u256 amount; /* upto: what was charged */
    bool has_payer;
    address payer;
    struct untrusted reason; /* errorReason and errorMessage; in the receipt's own memory */
    void *own;
};
/* From PAYMENT-RESPONSE or X-PAYMENT-RESPONSE. SOUK_ENET: not readable (then ask the chain). */
souk_err x402_receipt_read(const char *header, struct x402_receipt *out, struct err *e);
void x402_receipt_release(struct x402_receipt *r);

/* What a protocol error means, and what to do: one line of ours; NULL: not known. */
const char *x402_error_words(struct untrusted code);

/* Base64 as x402 writes it: standard alphabet, padded, nothing else. False when it is not that. */
bool x402_base64_decode(const char *s, size_t n, struct buf *out);
void x402_base64_encode(const void *p, size_t n, struct buf *out);

#endif
