#include "eth/sig.h"

#include <secp256k1_recovery.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum { V = 64, V_FIRST = 27 };

/* The curve's order and half of it (rounded down), which no s may exceed. */
static const uint8_t ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t HALF[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

const char *sig_fault(const uint8_t *p, size_t n)
{
    static const uint8_t zero[32];
    if (n != SIG_BYTES)
        return "is not 65 bytes long";
    const uint8_t *r = p, *s = p + 32;
    if (memcmp(r, zero, 32) == 0)
        return "has an r of zero";
    if (memcmp(s, zero, 32) == 0)
        return "has an s of zero";
    if (memcmp(r, ORDER, 32) >= 0)
        return "has an r beyond the curve's order";
    if (memcmp(s, ORDER, 32) >= 0)
        return "has an s beyond the curve's order";
    if (memcmp(s, HALF, 32) > 0)
        return "has an s in the upper half, as only a changed signature has";
    if (p[V] != V_FIRST && p[V] != V_FIRST + 1)
        return "has a v that is neither 27 nor 28";
    return NULL;
}

bool sig_parse(const uint8_t *p, size_t n, signature *out)
{
    if (sig_fault(p, n))
        return false;
    memcpy(out->b, p, sizeof out->b);
    return true;
}

address sig_account(const uint8_t xy[64])
{
    address a;
    bytes32 h = keccak256(xy, 64);
    memcpy(a.b, h.b + sizeof h.b - sizeof a.b, sizeof a.b);
    return a;
}

bool sig_recover(bytes32 digest, const signature *s, address *out)
{
    /* The library's own constant context: it can verify, holds nothing and is shared by threads. */
    const secp256k1_context *ctx = secp256k1_context_static;
    secp256k1_ecdsa_recoverable_signature sig;
    secp256k1_pubkey key;
    uint8_t point[65]; /* 04, x, y */
    size_t len = sizeof point;
    if (sig_fault(s->b, sizeof s->b) ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(ctx, &sig, s->b, s->b[V] - V_FIRST) ||
        !secp256k1_ecdsa_recover(ctx, &key, &sig, digest.b) ||
        !secp256k1_ec_pubkey_serialize(ctx, point, &len, &key, SECP256K1_EC_UNCOMPRESSED))
        return false;
    *out = sig_account(point + 1);
    return true;
}

bytes32 sig_message_digest(const void *p, size_t n)
{
    char head[64];
    struct keccak k = {{0}, 0};
    int len = snprintf(head, sizeof head,
                       "\x19"
                       "Ethereum Signed Message:\n%zu",
                       n);
    keccak_add(&k, head, (size_t)len);
    keccak_add(&k, p, n);
    return keccak_end(&k);
}
