#include <string.h>

#include <nettle/asn1.h>
#include <nettle/bignum.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>

#include "x402/internal.h"
#include "x402/tee.h"

#include "base/banned.h"

enum { BITS_LEAST = 2048, BITS_MOST = 4096, SALT = 32, AGE_MOST = 3600, AHEAD_MOST = 300 };

static const struct {
    const char *code, *words;
} verdicts[] = {
    [TEE_VERIFIED] = {"verified",
                      "signed by the enclave, for this request and exactly this answer"},
    [TEE_UNSIGNED] = {"unsigned", "the answer carries no enclave's signature"},
    [TEE_OTHER_KEY] = {"other_key", "signed by another enclave than the registry's"},
    [TEE_OTHER_REQUEST] = {"other_request",
                           "the enclave signed another request than the one that was sent"},
    [TEE_OTHER_OUTPUT] = {"other_output",
                          "the enclave signed another answer than the one that arrived"},
    [TEE_STALE] = {"stale", "signed more than an hour ago, or in the future"},
    [TEE_FORGED] = {"forged", "the enclave's signature is not genuine"},
};

const char *tee_verdict_code(enum tee_verdict v)
{
    return verdicts[v].code;
}

const char *tee_verdict_words(enum tee_verdict v)
{
    return verdicts[v].words;
}

struct tee_proof tee_proof_read(const json *answer)
{
    struct tee_proof p = {.signature = json_str(answer, "tee_signature"),
                          .request_hash = json_str(answer, "tee_request_hash"),
                          .output_hash = json_str(answer, "tee_output_hash"),
                          .id = json_str(answer, "tee_id")};
    p.present = p.signature.n > 0;
    if (!json_int(answer, "tee_timestamp", &p.timestamp) || p.timestamp < 0)
        p.timestamp = -1;
    return p;
}

/* Hashes come as hex, with or without "0x". */
static bool same_hash(struct untrusted text, bytes32 h)
{
    char with[HASH_BUF] = "0x";
    bytes32 said;
    if (text.n == 64) {
        memcpy(with + 2, text.p, 64);
        text = untrusted_n(with, 66);
    }
    return bytes32_parse(text.p, text.n, &said) && memcmp(said.b, h.b, sizeof h.b) == 0;
}

/* SEQUENCE { INTEGER, INTEGER }; nettle reads numbers without asking for their type. */
static bool two_integers(struct asn1_der_iterator at)
{
    struct asn1_der_iterator in;
    return at.type == ASN1_SEQUENCE &&
           asn1_der_decode_constructed(&at, &in) == ASN1_ITERATOR_PRIMITIVE &&
           in.type == ASN1_INTEGER && asn1_der_iterator_next(&in) == ASN1_ITERATOR_PRIMITIVE &&
           in.type == ASN1_INTEGER && asn1_der_iterator_next(&in) == ASN1_ITERATOR_END;
}

/*
 * SubjectPublicKeyInfo of an RSA key, and nothing after it: SEQUENCE { SEQUENCE { rsaEncryption,
 * NULL }, BIT STRING { RSAPublicKey } }. key was initialised.
 */
static bool read_key(const uint8_t *der, size_t n, struct rsa_public_key *key)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    struct asn1_der_iterator whole, in, algorithm, bits;
    if (n == 0 || asn1_der_iterator_first(&whole, n, der) != ASN1_ITERATOR_CONSTRUCTED ||
        whole.type != ASN1_SEQUENCE || whole.data + whole.length != der + n ||
        asn1_der_decode_constructed(&whole, &in) != ASN1_ITERATOR_CONSTRUCTED ||
        in.type != ASN1_SEQUENCE ||
        asn1_der_decode_constructed(&in, &algorithm) != ASN1_ITERATOR_PRIMITIVE ||
        algorithm.type != ASN1_IDENTIFIER || algorithm.length != sizeof rsa ||
        memcmp(algorithm.data, rsa, sizeof rsa) != 0 ||
        asn1_der_iterator_next(&algorithm) != ASN1_ITERATOR_PRIMITIVE ||
        algorithm.type != ASN1_NULL || algorithm.length != 0 ||
        asn1_der_iterator_next(&algorithm) != ASN1_ITERATOR_END ||
        asn1_der_iterator_next(&in) != ASN1_ITERATOR_PRIMITIVE || in.type != ASN1_BITSTRING)
        return false;
    bits = in;
    if (asn1_der_iterator_next(&in) != ASN1_ITERATOR_END ||
        asn1_der_decode_bitstring_last(&bits) != ASN1_ITERATOR_CONSTRUCTED || !two_integers(bits) ||
        !rsa_public_key_from_der_iterator(key, BITS_MOST, &bits))
        return false;
    return mpz_sizeinbase(key->n, 2) >= BITS_LEAST;
}

static bool signature_right(const struct rsa_public_key *key, struct untrusted base64, bytes32 msg)
{
    struct buf sig;
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    bool right = false;
    buf_init(&sig, BITS_MOST / 8);
    if (x402_base64_decode(base64.p, base64.n, &sig) && !sig.bad && sig.len == key->size) {
        mpz_t s;
        sha256_init(&sha);
        sha256_update(&sha, sizeof msg.b, msg.b);
        sha256_digest(&sha, sizeof digest, digest);
        nettle_mpz_init_set_str_256_u(s, sig.len, (const uint8_t *)sig.p);
        right = rsa_pss_sha256_verify_digest(key, SALT, digest, s);
        mpz_clear(s);
    }
    buf_release(&sig);
    return right;
}

/* keccak256(request hash, output hash, uint256 of the time) */
static bytes32 message(bytes32 request, bytes32 output, int64_t timestamp)
{
    uint8_t all[96];
    memcpy(all, request.b, 32);
    memcpy(all + 32, output.b, 32);
    u256_to_be(u256_from_u64((uint64_t)timestamp), all + 64);
    return keccak256(all, sizeof all);
}

static bool request_hash(struct untrusted request, bytes32 *out)
{
    struct buf text;
    buf_init(&text, 16 << 20);
    bool right = tee_canonical(request, &text, NULL) == SOUK_OK;
    if (right)
        *out = keccak256(text.p, text.len);
    buf_release(&text);
    return right;
}

static enum tee_verdict judge(const struct tee_proof *p, struct untrusted request,
                              struct untrusted output, const json *tool_calls,
                              const struct rsa_public_key *key, int64_t now)
{
    bytes32 asked, said;
    bool right = true;
    if (!request_hash(request, &asked) || !same_hash(p->request_hash, asked))
        return TEE_OTHER_REQUEST;
    said = tool_calls ? tee_tool_calls_hash(tool_calls, &right) : keccak256(output.p, output.n);
    if (!right || !same_hash(p->output_hash, said))
        return TEE_OTHER_OUTPUT;
    if (p->timestamp < 0 || !signature_right(key, p->signature, message(asked, said, p->timestamp)))
        return TEE_FORGED;
    return p->timestamp < now - AGE_MOST || p->timestamp > now + AHEAD_MOST ? TEE_STALE
                                                                            : TEE_VERIFIED;
}

enum tee_verdict tee_verify(const struct tee_proof *p, struct untrusted request,
                            struct untrusted output, const json *tool_calls, const uint8_t *der,
                            size_t der_len, int64_t now)
{
    enum tee_verdict v = TEE_OTHER_KEY;
    struct rsa_public_key key;
    if (!p->present)
        return TEE_UNSIGNED;
    rsa_public_key_init(&key);
    if (same_hash(p->id, keccak256(der, der_len)) && read_key(der, der_len, &key))
        v = judge(p, request, output, tool_calls, &key, now);
    rsa_public_key_clear(&key);
    return v;
}
