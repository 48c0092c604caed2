/*
 * typed.h: the five typed messages (EIP-712) that souk ever signs, and their digests.
 *
 * There is no "sign this JSON": a request is one of these structs, built field
 * by field, and whoever signs computes the digest from the same fields it shows.
 *
 *   EIP3009   TransferWithAuthorization(from,to,value,validAfter,validBefore,nonce)
 *   CANCEL    CancelAuthorization(authorizer,nonce)                    both by the token
 *   EXACT     PermitWitnessTransferFrom … Witness(to,validAfter)
 *   UPTO      PermitWitnessTransferFrom … Witness(to,facilitator,validAfter)   by Permit2
 *   PERMIT    Permit(owner,spender,value,nonce,deadline)  EIP-2612; spender is always Permit2
 *
 * Sources: EIP-712, EIP-3009, EIP-2612, Permit2, the x402 proxies (contracts/evm).
 */
#ifndef SOUK_ETH_TYPED_H
#define SOUK_ETH_TYPED_H

#include "eth/asset.h"

enum typed_kind { TYPED_EIP3009 = 1, TYPED_CANCEL, TYPED_EXACT, TYPED_UPTO, TYPED_PERMIT };

struct typed {
    enum typed_kind kind;
    uint64_t chain;
    address token;
    char name[ASSET_NAME], version[ASSET_VERSION]; /* the token's domain: EIP3009, CANCEL, PERMIT */
    address from;                                  /* payer, authorizer, owner */
    address to;                                    /* payee; not CANCEL, PERMIT */
    u256 amount;           /* value; of UPTO the most that may be taken; not CANCEL */
    uint64_t valid_after;  /* unix seconds */
    uint64_t valid_before; /* validBefore, deadline; not CANCEL */
    bytes32 nonce;         /* Permit2's and EIP-2612's as a big-endian number */
    address facilitator;   /* UPTO */
};

/* domain and hash (of the struct) may be NULL. */
bytes32 typed_digest(const struct typed *t, bytes32 *domain, bytes32 *hash);

/* EIP-712 by hand, for what the above is made of. */
bytes32 eip712_domain(const char *name, const char *version /* NULL: no such field */,
                      uint64_t chain, address contract);
bytes32 eip712_digest(bytes32 domain, bytes32 struct_hash);

extern const address PERMIT2, EXACT_PROXY, UPTO_PROXY; /* the canonical addresses */
/* The proxy a Permit2 payment of this kind names as spender; of PERMIT, Permit2; of the others 0.
 */
address typed_spender(const struct typed *t);

#endif
