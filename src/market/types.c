#include "market/types.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum { DAY = 86400 };

static const struct {
    const char *name;
    int64_t seconds;
} windows[WINDOW_COUNT] = {
    [WINDOW_7D] = {"7d", 7 * DAY},
    [WINDOW_30D] = {"30d", 30 * DAY},
    [WINDOW_90D] = {"90d", 90 * DAY},
    [WINDOW_ALL] = {"all", 0},
};

const struct figures figures_none;

const char *window_name(enum window w)
{
    return windows[w].name;
}

bool window_parse(const char *s, enum window *out)
{
    for (int w = 0; w < WINDOW_COUNT; w++) {
        if (strcmp(s, windows[w].name) == 0) {
            *out = (enum window)w;
            return true;
        }
    }
    return false;
}

int64_t window_seconds(enum window w)
{
    return windows[w].seconds;
}

/* The order of assets: the profile's, unknown ones after it by address. */
static int asset_cmp(const struct amount *a, const struct amount *b)
{
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return memcmp(&a->asset, &b->asset, sizeof a->asset);
}

int income_cmp(const struct income *a, const struct income *b)
{
    for (size_t i = 0;; i++) {
        if (i == a->n || i == b->n) {
            return (i < a->n) - (i < b->n);
        }
        /* Who has the earlier asset has more of it: the other has none. */
        int c = -asset_cmp(&a->of[i], &b->of[i]);
        if (c == 0) {
            c = u256_cmp(a->of[i].value, b->of[i].value);
        }
        if (c) {
            return c;
        }
    }
}

struct amount income_in(const struct income *in, const struct amount *asset)
{
    struct amount none = *asset;
    none.value = U256_ZERO;
    for (size_t i = 0; i < in->n; i++) {
        if (address_eq(in->of[i].asset, asset->asset)) {
            return in->of[i];
        }
    }
    return none;
}

enum { FRAC_SHOWN = 6 };

char *amount_format(const struct amount *a, char *out, size_t size)
{
    char number[U256_FMT];
    u256_format(a->value, a->decimals, FRAC_SHOWN, number);
    snprintf(out, size, "%s %s", number, a->symbol);
    return out;
}

char *income_format(const struct income *in, char *out, size_t size)
{
    size_t used = 0;
    if (in->n == 0) {
        snprintf(out, size, "\u2013"); /* en dash */
        return out;
    }
    out[0] = '\0';
    for (size_t i = 0; i < in->n && used < size; i++) {
        char one[U256_FMT + sizeof in->of->symbol + 1];
        int n = snprintf(out + used, size - used, "%s%s", i ? " + " : "",
                         amount_format(&in->of[i], one, sizeof one));
        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}
