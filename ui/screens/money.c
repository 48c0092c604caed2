#include "ui/screens/money.h"

#include <stdio.h>
#include <string.h>

#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { GROUP = 4, WARN_PERMILLE = 800, MINUTE = 60, HOUR = 3600, DAY = 86400 };

char *address_groups(address a, char out[GROUPS_BUF])
{
    char plain[ADDRESS_BUF];
    address_format(a, plain);
    size_t n = 2;
    memcpy(out, plain, n);
    for (size_t i = 2; plain[i]; i++) {
        if (i > 2 && (i - 2) % GROUP == 0)
            out[n++] = ' ';
        out[n++] = plain[i];
    }
    out[n] = '\0';
    return out;
}

char *money_text(u256 v, const struct asset *a, char out[MONEY_BUF])
{
    char text[U256_FMT];
    if (u256_cmp(v, NO_CAP) == 0)
        snprintf(out, MONEY_BUF, "no limit");
    else
        snprintf(out, MONEY_BUF, "%s %s", u256_format(v, a->decimals, -1, text), a->symbol);
    return out;
}

char *money_plain(u256 v, const struct asset *a, char out[U256_FMT])
{
    size_t n = 0;
    u256_format(v, a->decimals, -1, out);
    for (size_t i = 0; out[i]; i++)
        if (out[i] != ',')
            out[n++] = out[i];
    out[n] = '\0';
    return out;
}

struct asset money_asset(const struct network *n, address token)
{
    struct asset all[CONFIG_TOKENS + 1], none = {.token = token, .symbol = "?"};
    size_t count = network_assets(n, all, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < count; i++)
        if (address_eq(all[i].token, token))
            return all[i];
    return none;
}

char *time_left(int64_t at, int64_t now, char out[HUMAN_BUF])
{
    int64_t s = at > now ? at - now : 0;
    if (s < MINUTE)
        snprintf(out, HUMAN_BUF, "%d s", (int)s);
    else if (s < HOUR)
        snprintf(out, HUMAN_BUF, "%d m", (int)((s + MINUTE - 1) / MINUTE));
    else if (s < DAY)
        snprintf(out, HUMAN_BUF, "%d h", (int)(s / HOUR));
    else
        human_day(out, at);
    return out;
}

void money_gauge(struct strip *out, int cols, u256 spent, u256 limit, const struct asset *a)
{
    char x[MONEY_BUF], y[MONEY_BUF], number[U256_FMT];
    bool none = u256_cmp(limit, NO_CAP) == 0;
    uint64_t share = none ? 0 : u256_permille(spent, limit);
    share = share > 1000 ? 1000 : share;
    if (!none && u256_is_zero(limit))
        share = 1000;
    else if (!none && !share && !u256_is_zero(spent))
        share = 1; /* something is never nothing */
    enum style s = share >= 1000 ? ST_BAD : share >= WARN_PERMILLE ? ST_WARN : ST_GOOD;
    gauge_strip(out, cols, share, 1000, s);
    strip_strf(out, s == ST_GOOD ? ST_MONEY : s, " %s",
               none ? money_text(spent, a, x) : u256_format(spent, a->decimals, -1, number));
    strip_strf(out, ST_DIM, none ? ", %s" : " of %s", money_text(limit, a, y));
}

static const struct {
    const char *words;
    enum style style;
} states[PURCHASE_STATES] = {
    [PURCHASE_INTENT] = {"nothing was signed", ST_DIM},
    [PURCHASE_SIGNED] = {"signed; perhaps not sent", ST_WARN},
    [PURCHASE_SENT] = {"sent; outcome unknown", ST_WARN},
    [PURCHASE_ANSWERED] = {"answered; payment on its way", ST_ACCENT},
    [PURCHASE_SETTLED] = {"paid", ST_GOOD},
    [PURCHASE_REFUSED] = {"refused; nothing taken so far", ST_WARN},
    [PURCHASE_LAPSED] = {"lapsed; nothing was taken", ST_DIM},
    [PURCHASE_CANCELLED] = {"cancelled on chain", ST_DIM},
    [PURCHASE_DISPUTED] = {"disputed", ST_BAD},
    [PURCHASE_FREE] = {"free", ST_GOOD},
};

const char *purchase_state_words(enum purchase_state s)
{
    return s < PURCHASE_STATES ? states[s].words : "?";
}

enum style purchase_state_style(enum purchase_state s)
{
    return s < PURCHASE_STATES ? states[s].style : ST_BAD;
}
