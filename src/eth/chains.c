#include "eth/chains.h"

#include <string.h>

#include "eth/u256.h"

#include "base/banned.h"

static const struct {
    const char *name;
    uint64_t chain;
} v1_networks[] = {
    {"ethereum", 1},
    {"sepolia", 11155111},
    {"base", 8453},
    {"base-sepolia", 84532},
    {"avalanche", 43114},
    {"avalanche-fuji", 43113},
    {"polygon", 137},
    {"polygon-amoy", 80002},
    {"sei", 1329},
    {"sei-testnet", 1328},
    {"abstract", 2741},
    {"abstract-testnet", 11124},
    {"iotex", 4689},
    {"peaq", 3338},
    {"story", 1514},
    {"educhain", 41923},
    {"skale-base-sepolia", 324705682},
    {"megaeth", 4326},
    {"monad", 143},
    {"stable", 988},
    {"stable-testnet", 2201},
    {"celo", 42220},
    {"flare", 14},
    {"og-devnet", 10744},
};

uint64_t chain_of_name(struct untrusted name)
{
    for (size_t i = 0; i < sizeof v1_networks / sizeof *v1_networks; i++)
        if (name.n == strlen(v1_networks[i].name) &&
            memcmp(name.p, v1_networks[i].name, name.n) == 0)
            return v1_networks[i].chain;
    return 0;
}

static bool made_of(const char *p, size_t n, const char *allowed)
{
    for (size_t i = 0; i < n; i++)
        if (!p[i] || !strchr(allowed, p[i]))
            return false;
    return true;
}

#define DIGITS "0123456789"
#define SMALL  "abcdefghijklmnopqrstuvwxyz"
#define LARGE  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool chain_of_caip2(struct untrusted id, uint64_t *chain)
{
    static const char evm[] = "eip155";
    const char *colon = id.n ? memchr(id.p, ':', id.n) : NULL;
    *chain = 0;
    if (!colon)
        return false;
    const char *ref = colon + 1;
    size_t space = (size_t)(colon - id.p), n = id.n - space - 1;
    if (space != sizeof evm - 1 || memcmp(id.p, evm, space) != 0)
        return space >= 3 && space <= 8 && n >= 1 && n <= 32 &&
               made_of(id.p, space, SMALL DIGITS "-") && made_of(ref, n, SMALL LARGE DIGITS "-_");
    u256 v;
    return n >= 1 && ref[0] != '0' && u256_from_dec(ref, n, &v) && u256_fits_u64(v, chain) &&
           *chain <= UINT64_C(1) << 53;
}
