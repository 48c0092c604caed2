#include <nettle/sha3.h>
#include <string.h>

#include "eth/eth.h"

#include "base/banned.h"

enum { RATE = 136 }; /* bytes taken in per permutation: (1600 - 2 * 256) / 8 */

static void permute(struct keccak *k)
{
    struct sha3_state s;
    memcpy(s.a, k->lane, sizeof s.a);
    sha3_permute(&s);
    memcpy(k->lane, s.a, sizeof s.a);
}

static void absorb(struct keccak *k, size_t at, uint8_t byte)
{
    k->lane[at / 8] ^= (uint64_t)byte << (8 * (at % 8));
}

void keccak_add(struct keccak *k, const void *p, size_t n)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i++) {
        absorb(k, k->at++, in[i]);
        if (k->at == RATE) {
            permute(k);
            k->at = 0;
        }
    }
}

/* nettle has SHA-3, which pads with 06; Ethereum's Keccak is older and pads with 01. */
bytes32 keccak_end(struct keccak *k)
{
    bytes32 out;
    absorb(k, k->at, 0x01);
    absorb(k, RATE - 1, 0x80);
    permute(k);
    for (size_t i = 0; i < sizeof out.b; i++)
        out.b[i] = (uint8_t)(k->lane[i / 8] >> (8 * (i % 8)));
    return out;
}

bytes32 keccak256(const void *p, size_t n)
{
    struct keccak k = {{0}, 0};
    keccak_add(&k, p, n);
    return keccak_end(&k);
}
