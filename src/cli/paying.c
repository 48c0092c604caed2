#include "cli/paying.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/out.h"

#include "base/banned.h"

souk_err option_fd(const struct options *o, enum option_id id, int *out, struct err *e)
{
    int64_t fd;
    souk_err r = options_int(o, id, -1, 0, 1 << 20, &fd, e);
    *out = (int)fd;
    if (!r && fd >= 0 && fcntl((int)fd, F_GETFD) < 0)
        return err_set(e, SOUK_EUSAGE, "descriptor %d, named for a secret, is not open", (int)fd);
    return r;
}

void paying_close(struct paying *p)
{
    purse_close(p->purse);
    market_close(p->market);
    if (p->loop)
        loop_free(p->loop);
    if (p->tty >= 0)
        close(p->tty);
    *p = (struct paying){.tty = -1, .gate = -1};
}

souk_err paying_open(const struct options *o, int wallet, struct paying *p, struct err *e)
{
    *p = (struct paying){.o = o, .tty = -1, .gate = -1};
    int64_t account;
    souk_err r = option_fd(o, OPT_PASSWORD_FD, &p->gate, e);
    if (!r)
        r = options_int(o, OPT_ACCOUNT, 0, 0, WALLET_ACCOUNTS - 1, &account, e);
    if (r)
        return r;
    p->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (p->gate < 0)
        p->gate = p->tty;
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = o->set[OPT_OFFLINE]};
    p->loop = loop_new(e);
    r = p->loop ? market_open(p->loop, &mo, &p->market, e) : SOUK_ENOMEM;
    if (!r)
        r = purse_open(p->market, o->value[OPT_WALLET], &p->purse, e);
    if (r == SOUK_ENOTFOUND && wallet == WALLET_OR_NONE && !o->set[OPT_WALLET])
        r = SOUK_OK;
    if (!r && p->purse && account >= purse_card(p->purse)->accounts)
        r = err_set(e, SOUK_EUSAGE,
                    "the wallet %s has accounts 0 to %u; `souk wallet accounts` "
                    "makes more",
                    purse_card(p->purse)->name, purse_card(p->purse)->accounts - 1);
    if (!r && p->purse)
        purse_set_account(p->purse, (unsigned)account);
    if (r)
        paying_close(p);
    return r;
}

souk_err paying_unlock(struct paying *p, struct err *e)
{
    const struct wallet_card *card = purse_card(p->purse);
    if (card->kind == WALLET_WATCH)
        return err_set(e, SOUK_EINPUT,
                       "the wallet %s only watches an address: souk has no key to sign with",
                       card->name);
    struct signer *s;
    souk_err r = signer_connect(card->name, &s, e);
    if (!r) {
        signer_close(s);
        return SOUK_OK;
    }
    if (r != SOUK_ENOTFOUND)
        return r;
    if (p->gate < 0)
        return err_set(e, SOUK_ELIMIT,
                       "the wallet %s is locked and there is no terminal to ask for its password: "
                       "unlock it first (`souk wallet unlock`), or use --password-fd",
                       card->name);
    int64_t lock;
    r = options_int(p->o, OPT_LOCK_AFTER, SIGNER_LOCK_AFTER, 10, 86400, &lock, e);
    if (r)
        return r;
    struct signer_start start = {.wallet = card->name,
                                 .network = market_network(p->market)->name,
                                 .lock_after = (int)lock,
                                 .gate = p->gate};
    return signer_unlock(&start, e);
}

souk_err paying_ask(struct paying *p, const char *question, struct err *e)
{
    if (p->tty < 0)
        return err_set(e, SOUK_ELIMIT,
                       "there is no terminal to ask at: say yes beforehand with --yes (within your "
                       "limits), or run souk at a terminal");
    tcflush(p->tty, TCIFLUSH); /* what was typed ahead is no answer */
    dprintf(p->tty, "%s Type yes to go on: ", question);
    char line[64];
    ssize_t n;
    do
        n = read(p->tty, line, sizeof line - 1);
    while (n < 0 && errno == EINTR);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, "yes") == 0)
        return SOUK_OK;
    return err_set(e, SOUK_ECANCEL, "nothing was done: the answer was not yes");
}

souk_err paying_asset(const struct paying *p, const char *word, struct asset *out, struct err *e)
{
    struct asset all[CONFIG_TOKENS + 1];
    const struct network *n = market_network(p->market);
    size_t count = network_assets(n, all, CONFIG_TOKENS + 1);
    char names[128] = "";
    if (n->local && n->tokens == 0)
        return err_set(e, SOUK_ENET, "the devnet is not running: `souk devnet up` starts it");
    for (size_t i = 0; i < count; i++) {
        address a;
        if (strcasecmp(word, all[i].symbol) == 0 ||
            (address_parse(word, strlen(word), &a) && address_eq(a, all[i].token))) {
            *out = all[i];
            return SOUK_OK;
        }
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", all[i].symbol);
    }
    return err_set(e, SOUK_EINPUT, "the network %s has no token \"%s\"; it has %s", n->name, word,
                   names);
}

struct asset paying_asset_at(const struct paying *p, address token)
{
    struct asset all[CONFIG_TOKENS + 1];
    size_t n = network_assets(market_network(p->market), all, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < n; i++)
        if (address_eq(all[i].token, token))
            return all[i];
    return (struct asset){.token = token, .symbol = "?"};
}

souk_err paying_amount(const char *text, const struct asset *a, u256 *out, struct err *e)
{
    if (u256_parse_decimal(text, a->decimals, out))
        return SOUK_OK;
    return err_set(e, SOUK_EINPUT,
                   "\"%s\" is no amount of %s: digits and a point, at most %u behind it", text,
                   a->symbol, a->decimals);
}

char *money(u256 v, const struct asset *a, char out[MONEY_BUF])
{
    char number[U256_FMT];
    snprintf(out, MONEY_BUF, "%s %s", u256_format(v, a->decimals, -1, number), a->symbol);
    return out;
}

char *limit_words(u256 v, const struct asset *a, char out[MONEY_BUF])
{
    if (u256_cmp(v, NO_CAP) != 0)
        return money(v, a, out);
    memcpy(out, "none", sizeof "none");
    return out;
}

void money_json(struct json_out *o, const char *key, u256 v, const struct asset *a)
{
    struct amount m = {.value = v, .asset = a->token, .decimals = a->decimals};
    snprintf(m.symbol, sizeof m.symbol, "%s", a->symbol);
    out_amount_json(o, key, &m);
}
