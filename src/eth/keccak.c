#include <nettle/sha3.h>

#include "eth/eth.h"

#include "base/banned.h"

enum { RATE = 136 }; /* bytes taken in per permutation: (1600 - 2 * 256) / 8 */

static void absorb(struct sha3_state *s, size_t at, uint8_t byte)
{
    s->a[at / 8] ^= (uint64_t)byte << (8 * (at % 8));
}

/* nettle has SHA-3, which pads with 06; Ethereum's Keccak is older and pads with 01. */
bytes32 keccak256(const void *p, size_t n)
{
    struct sha3_state s = {{0}};
    const uint8_t *in = p;
    bytes32 out;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        absorb(&s, at++, in[i]);
        if (at == RATE) {
            sha3_permute(&s);
            at = 0;
        }
    }
    absorb(&s, at, 0x01);
    absorb(&s, RATE - 1, 0x80);
    sha3_permute(&s);
    for (size_t i = 0; i < sizeof out.b; i++)
        out.b[i] = (uint8_t)(s.a[i / 8] >> (8 * (i % 8)));
    return out;
}
