#include <stdio.h>
#include <string.h>

#include "market/purse/internal.h"

#include "base/banned.h"

size_t network_assets(const struct network *n, struct asset *out, size_t max)
{
    size_t k = 0;
    for (unsigned i = 0; i < n->tokens && k < max; i++, k++) {
        const struct token *t = &n->token[i];
        out[k] = (struct asset){.chain = (uint64_t)n->payment.chain_id,
                                .token = t->addr,
                                .decimals = t->decimals,
                                .can = t->can};
        snprintf(out[k].symbol, sizeof out[k].symbol, "%s", t->symbol);
        snprintf(out[k].name, sizeof out[k].name, "%s", t->name);
        snprintf(out[k].version, sizeof out[k].version, "%s", t->version);
    }
    if (k < max) {
        out[k] = (struct asset){.chain = (uint64_t)n->payment.chain_id, .decimals = 18};
        snprintf(out[k].symbol, sizeof out[k].symbol, "%s", n->coin);
        k++;
    }
    return k;
}
