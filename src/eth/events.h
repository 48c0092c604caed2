/*
 * events.h: the events souk reads from chains, decoded.
 *
 * Signatures and topics are listed in one X-macro; a unit test recomputes
 * every topic from its signature. Sources: EIP-20, EIP-3009, Permit2, the x402
 * Permit2 proxies and payment channels (x402-foundation/x402, contracts/evm/src; of the channels
 * the published package @x402/evm 2.27.0 names Settled alone), the auth-capture escrow
 * (base/commerce-payments, AuthCaptureEscrow.sol; since its version 1.1 two events name the fee
 * itself and no longer a share: Base's own documentation of it, its source is not public),
 * OpenGradient's precompile ABI, our own ModelListings.sol.
 *
 * event_decode returns EV_NONE for a log that is none of these, or that has
 * the topic but not the shape (anyone may emit anything). Strings point into
 * the log's data and are untrusted.
 */
#ifndef SOUK_ETH_EVENTS_H
#define SOUK_ETH_EVENTS_H

#include "eth/eth.h"

/* clang-format off */
/* operator, payer, receiver, token, maxAmount, three expiries, two fees, feeReceiver, salt */
#define PAYMENT_INFO                                                                               \
    "(address,address,address,address,uint120,uint48,uint48,uint48,uint16,uint16,address,uint256)"
#define EVENT_LIST(X)                                                                              \
    X(EV_TRANSFER, "Transfer(address,address,uint256)")                                            \
    X(EV_AUTHORIZATION_USED, "AuthorizationUsed(address,bytes32)")                                 \
    X(EV_AUTHORIZATION_CANCELED, "AuthorizationCanceled(address,bytes32)")                         \
    X(EV_APPROVAL, "Approval(address,address,uint256)")                                            \
    X(EV_NONCE_INVALIDATION, "UnorderedNonceInvalidation(address,uint256,uint256)")                \
    X(EV_SETTLED, "Settled()")                                                                     \
    X(EV_SETTLED_WITH_PERMIT, "SettledWithPermit()")                                               \
    X(EV_CHANNEL_SETTLED, "Settled(address,address,address,uint128)")                              \
    X(EV_PAYMENT_AUTHORIZED, "PaymentAuthorized(bytes32," PAYMENT_INFO ",uint256,address)")        \
    X(EV_PAYMENT_CHARGED,                                                                          \
      "PaymentCharged(bytes32," PAYMENT_INFO ",uint256,address,uint16,address)")                   \
    X(EV_PAYMENT_CAPTURED, "PaymentCaptured(bytes32,uint256,uint16,address)")                      \
    X(EV_PAYMENT_CHARGED_FEE,                                                                      \
      "PaymentCharged(bytes32," PAYMENT_INFO ",uint256,address,uint256,address)")                  \
    X(EV_PAYMENT_CAPTURED_FEE, "PaymentCaptured(bytes32,uint256,uint256,address)")                 \
    X(EV_PAYMENT_VOIDED, "PaymentVoided(bytes32,uint256)")                                         \
    X(EV_PAYMENT_RECLAIMED, "PaymentReclaimed(bytes32,uint256)")                                   \
    X(EV_PAYMENT_REFUNDED, "PaymentRefunded(bytes32,uint256,address)")                             \
    X(EV_LISTED, "Listed(address,bytes32,string,string,string,uint256,address,address,string)")    \
    X(EV_DELISTED, "Delisted(address,bytes32)")                                                    \
    X(EV_MODEL_INFERENCE,                                                                          \
      "ModelInferenceEvent(string,(uint8,string,((string,(int128,int128)[],uint32[])[],(string,"   \
      "string[])[])),((string,(int128,int128)[],uint32[])[],(string,string[])[],(string,string)[]" \
      ",bool))")
/* clang-format on */

#define X(name, sig) name,
enum event_kind { EV_NONE, EVENT_LIST(X) EV_COUNT };
#undef X

const char *event_signature(enum event_kind k);
bytes32 event_topic(enum event_kind k); /* computed once, cached; thread-safe */

struct event {
    enum event_kind kind;
    union {
        struct {
            address from, to;
            u256 value;
        } transfer;
        struct {
            address authorizer;
            bytes32 nonce;
        } authorization; /* and canceled */
        struct {
            address owner, spender;
            u256 value;
        } approval;
        struct {
            address owner;
            u256 word, mask;
        } invalidation;
        struct {
            address receiver, token, sender;
            u256 amount;
        } settled; /* EV_CHANNEL_SETTLED */
        struct {
            bytes32 hash;
            u256 amount, fee;               /* fee: taken off it; captured and charged alone */
            address payer, receiver, token; /* authorized and charged alone */
        } escrow;                           /* EV_PAYMENT_* */
        struct {
            address owner;
            bytes32 id;
            struct untrusted author, name, blob_id, endpoint;
            u256 price;
            address asset, pay_to;
        } listed; /* and delisted: owner, id */
        struct {
            struct untrusted id, cid;
            unsigned mode;
            bool simulation; /* is_simulation_result: usage that nobody asked for */
        } inference;
    };
};

/* EV_PAYMENT_CHARGED_FEE and EV_PAYMENT_CAPTURED_FEE come out under their older names. */
enum event_kind event_decode(const struct eth_log *log, struct event *out);

#endif
