/*
 * tee.h: did OpenGradient's enclave say this? Verifying the signature under an LLM answer.
 *
 *   request_hash = keccak256(canonical(request))   Python's json.dumps(…, sort_keys=True)
 *   output_hash  = keccak256(text), or of the canonical tool_calls
 *   RSA-2048 PSS, SHA-256, MGF1-SHA-256, salt 32, over keccak256(request_hash ‖ output_hash ‖
 *   uint256(timestamp)); key: the registry's DER, tee_id = keccak256(DER)
 *
 * Sources: OpenGradient's tee-gateway and precompile (facts on x402, section 3.5).
 */
#ifndef SOUK_X402_TEE_H
#define SOUK_X402_TEE_H

#include "base/json.h"
#include "eth/eth.h"

enum tee_verdict {
    TEE_VERIFIED,      /* signed by the enclave of the registry, for this request and this answer */
    TEE_UNSIGNED,      /* the answer carries no signature */
    TEE_OTHER_KEY,     /* signed by an enclave that is not the one expected */
    TEE_OTHER_REQUEST, /* the hash of the request is not ours */
    TEE_OTHER_OUTPUT,  /* the hash of the answer is not of what arrived */
    TEE_STALE,         /* signed longer than an hour ago, or in the future */
    TEE_FORGED,        /* the signature does not verify */
};
const char *tee_verdict_code(enum tee_verdict v);
const char *tee_verdict_words(enum tee_verdict v);

struct tee_proof { /* the tee_* members of an answer or of a stream's last frame; borrowed text */
    struct untrusted signature /* base64 */, request_hash, output_hash, id;
    int64_t timestamp; /* -1: none that makes sense */
    bool present;      /* there is a signature */
};
struct tee_proof tee_proof_read(const json *answer);

/*
 * The canonical text of a chat request as the enclave hashes it; onto out. It takes the bytes of
 * the body as it was sent, because "1" and "1.0" are two things to Python. SOUK_EINPUT: no request
 * of that kind.
 */
souk_err tee_canonical(struct untrusted request, struct buf *out, struct err *e);
/* Of an answer's tool_calls, or of a stream's put together: id, type, function. */
bytes32 tee_tool_calls_hash(const json *tool_calls, bool *ok);

/*
 * request: the body that was sent; output: the text, or empty with tool_calls. der: the
 * registry's public key, SubjectPublicKeyInfo.
 */
enum tee_verdict tee_verify(const struct tee_proof *p, struct untrusted request,
                            struct untrusted output, const json *tool_calls, const uint8_t *der,
                            size_t der_len, int64_t now);

#endif
