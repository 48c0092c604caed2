#include "market/devnet_wallet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/purse.h"
#include "wallet/signer.h"

#include "base/banned.h"

/* The account of the devnet's wallet in earlier versions: anvil's tenth development key. */
static const address BEFORE = {{0xa0, 0xee, 0x7a, 0x14, 0x2d, 0x26, 0x7c, 0x1f, 0x36, 0x71,
                                0x4e, 0x4a, 0x8f, 0x75, 0x61, 0x2f, 0x20, 0xa7, 0x97, 0x20}};

/* --- descriptors for what souk-signer is told */

static souk_err password_pipe(int *out, struct err *e)
{
    static const char line[] = DEVNET_WALLET "\n";
    int p[2];
    if (pipe2(p, O_CLOEXEC) < 0)
        return err_set(e, SOUK_EFAIL, "pipe: %s", strerror(errno));
    bool ok = write(p[1], line, sizeof line - 1) == (ssize_t)sizeof line - 1;
    close(p[1]);
    *out = p[0];
    if (ok)
        return SOUK_OK;
    close(p[0]);
    return err_set(e, SOUK_EFAIL, "pipe: %s", strerror(errno));
}

static souk_err import(const char *dir, const char *words_file, struct err *e)
{
    char secret_fd[16], password_fd[16];
    int password, words = open(words_file, O_RDONLY | O_CLOEXEC);
    if (words < 0)
        return err_set(e, SOUK_EFAIL, "%s: %s", words_file, strerror(errno));
    souk_err r = password_pipe(&password, e);
    if (!r) {
        const int keep[] = {words, password, -1};
        const char *const argv[] = {"import",      DEVNET_WALLET, "--dir",  dir,
                                    "--secret-fd", secret_fd,     "--play", "--password-fd",
                                    password_fd,   NULL};
        snprintf(secret_fd, sizeof secret_fd, "%d", words);
        snprintf(password_fd, sizeof password_fd, "%d", password);
        r = signer_run(argv, keep, e);
        close(password);
    }
    close(words);
    return r;
}

/* --- limits */

/* In the smallest units; the devnet's prices are cents. The coin's are for network fees. */
static const struct play_limits {
    const char *symbol;
    unsigned decimals;
    const char *per_call, *per_day, *per_week; /* NULL: no bound of that kind */
} play[] = {
    {"USDC", 6, "50000", "1000000", "5000000"},
    {"OPG", 18, "5000000000000000000", "20000000000000000000", "100000000000000000000"},
    {"ETH", 18, "1000000000000000", "10000000000000000", NULL},
};

enum { PLAY = sizeof play / sizeof play[0] };

static u256 units(const char *decimal)
{
    u256 v = NO_CAP;
    if (decimal && !u256_from_dec(decimal, strlen(decimal), &v))
        BUG("\"%s\" is no amount", decimal);
    return v;
}

static const struct play_limits *find_play(const struct asset *a)
{
    for (size_t i = 0; i < PLAY; i++) {
        if (strcmp(play[i].symbol, a->symbol) == 0 && play[i].decimals == a->decimals)
            return &play[i];
    }
    return NULL;
}

/* What the devnet's profile has and the wallet has no limits for yet. */
static souk_err missing(const char *dir, struct limits out[PLAY], size_t *n, struct err *e)
{
    struct config *c = mem_zalloc(sizeof *c);
    struct asset asset[CONFIG_TOKENS + 1];
    struct ledger *ledger = NULL;
    int dirfd = -1;
    size_t had = 0, assets;
    *n = 0;
    if (!c)
        return err_nomem(e);
    souk_err r = config_load(c, e);
    if (!r)
        r = wallet_dir_open(dir, &dirfd, e);
    if (!r)
        r = ledger_peek(dirfd, DEVNET_WALLET, &ledger, e);
    if (!r) {
        const struct limits *have = ledger_limits(ledger, &had);
        assets = network_assets(config_network(c, "devnet"), asset, CONFIG_TOKENS + 1);
        for (size_t i = 0; i < assets && *n < PLAY; i++) {
            const struct play_limits *p = find_play(&asset[i]);
            if (p && !limits_find(have, had, asset[i].chain, asset[i].token))
                out[(*n)++] = (struct limits){.asset = asset[i],
                                              .per_call = units(p->per_call),
                                              .per_day = units(p->per_day),
                                              .per_week = units(p->per_week),
                                              .per_author = NO_CAP,
                                              .per_model = NO_CAP};
        }
        ledger_close(ledger);
    }
    if (dirfd >= 0)
        close(dirfd);
    mem_free(c);
    return r;
}

static souk_err unlock(struct signer **s, bool *ours, struct err *e)
{
    struct signer_start start = {.wallet = DEVNET_WALLET, .network = "devnet"};
    *ours = false;
    souk_err r = signer_connect(DEVNET_WALLET, s, e);
    if (r != SOUK_ENOTFOUND)
        return r;
    r = password_pipe(&start.gate, e);
    if (r)
        return r;
    r = signer_unlock(&start, e);
    close(start.gate);
    *ours = !r;
    return r ? r : signer_connect(DEVNET_WALLET, s, e);
}

static souk_err set_limits(const struct limits *l, size_t n, struct err *e)
{
    struct signer *s = NULL;
    bool ours;
    souk_err r = unlock(&s, &ours, e);
    for (size_t i = 0; i < n && !r; i++) {
        int gate;
        r = password_pipe(&gate, e);
        if (r)
            break;
        r = signer_set_limits(s, &l[i], gate, e);
        close(gate);
    }
    if (s && ours) /* it was locked before */
        signer_lock(s, NULL);
    signer_close(s);
    return r;
}

souk_err devnet_wallet_ensure(address who, const char *words_file, struct err *e)
{
    char dir[PATH_BUF];
    struct wallet_card card;
    struct limits wanted[PLAY];
    size_t n = 0;
    souk_err r = signer_dir(dir, e);
    if (r)
        return r;
    r = wallet_card_read(dir, DEVNET_WALLET, &card, e);
    if (r == SOUK_ENOTFOUND)
        r = import(dir, words_file, e);
    else if (!r && !address_eq(card.account[0], who) && !address_eq(card.account[0], BEFORE))
        r = err_set(e, SOUK_EINPUT,
                    "you have a wallet named %s that is not the devnet's, and it stays as it is",
                    DEVNET_WALLET);
    if (!r)
        r = missing(dir, wanted, &n, e);
    return r || n == 0 ? r : set_limits(wanted, n, e);
}
