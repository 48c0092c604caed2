#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "market/market.h"
#include "market/purse/internal.h"

#include "base/banned.h"

/* --- which wallet */

static souk_err choice_path(const char *network, char path[PATH_BUF], struct err *e)
{
    char leaf[64];
    snprintf(leaf, sizeof leaf, "%.40s.wallet", network);
    return paths_get(PATH_STATE, leaf, path, e);
}

souk_err purse_choose(const char *network, const char *wallet, struct err *e)
{
    char path[PATH_BUF], fresh[PATH_BUF + 8], line[WALLET_NAME + 1], dir[PATH_BUF];
    struct wallet_card card;
    souk_err c = signer_dir(dir, e);
    if (c == SOUK_OK)
        c = wallet_card_read(dir, wallet, &card, e);
    if (c == SOUK_OK)
        c = choice_path(network, path, e);
    if (c != SOUK_OK)
        return c;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int n = snprintf(line, sizeof line, "%s\n", card.name);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, line, (size_t)n) == n;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    if (!ok || rename(fresh, path) != 0)
        return err_set(e, SOUK_EFAIL, "%s: %s", path, strerror(errno));
    return SOUK_OK;
}

/* What `souk wallet use` wrote; false when it was never used. */
static bool read_choice(const char *network, char out[WALLET_NAME])
{
    char path[PATH_BUF], line[WALLET_NAME + 1];
    if (choice_path(network, path, NULL) != SOUK_OK)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, line, sizeof line - 1);
    close(fd);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (!wallet_name_ok(line))
        return false;
    memcpy(out, line, strlen(line) + 1);
    return true;
}

/* Nobody chose: the devnet has a wallet of its own, elsewhere the only one there is will do. */
static souk_err guess(const char *network, char out[WALLET_NAME], struct err *e)
{
    bool devnet = strcmp(network, "devnet") == 0;
    struct wallet_card *cards = NULL;
    const struct wallet_card *one = NULL;
    size_t n = 0, broken = 0, fit = 0;
    char dir[PATH_BUF];
    souk_err c = signer_dir(dir, e);
    if (c == SOUK_OK)
        c = wallet_cards(dir, &cards, &n, &broken, e);
    if (c != SOUK_OK)
        return c;
    for (size_t i = 0; i < n; i++) {
        if (devnet && strcmp(cards[i].name, "devnet") == 0) {
            one = &cards[i];
            fit = 1;
            break;
        }
        if (cards[i].play && !devnet) /* weakly locked: never for real money unasked */
            continue;
        one = &cards[i];
        fit++;
    }
    if (fit == 1)
        snprintf(out, WALLET_NAME, "%s", one->name);
    else if (fit == 0)
        c = err_set(e, SOUK_ENOTFOUND,
                    "there is no wallet yet: `souk wallet create NAME` makes one");
    else
        c = err_set(e, SOUK_ENOTFOUND,
                    "there are %zu wallets: say which one %s uses with `souk wallet use NAME`", fit,
                    network);
    mem_free(cards);
    return c;
}

souk_err purse_chosen(const char *network, char out[WALLET_NAME], struct err *e)
{
    return read_choice(network, out) ? SOUK_OK : guess(network, out, e);
}

/* --- opening and closing */

static souk_err open_parts(struct purse *p, const char *wallet, struct err *e)
{
    char name[WALLET_NAME], dir[PATH_BUF], leaf[64], path[PATH_BUF];
    souk_err c = SOUK_OK;
    if (wallet == NULL) {
        c = purse_chosen(p->net->name, name, e);
        wallet = name;
    }
    if (c == SOUK_OK)
        c = signer_dir(dir, e);
    if (c == SOUK_OK)
        c = wallet_card_read(dir, wallet, &p->card, e);
    snprintf(leaf, sizeof leaf, "%s.purchases.db", p->net->name);
    if (c == SOUK_OK)
        c = paths_get(PATH_DATA, leaf, path, e);
    if (c == SOUK_OK)
        c = purchases_open(path, &p->purchases, e);
    if (c == SOUK_OK && (p->http = http_new(p->loop, e)) == NULL)
        c = e->code;
    return c;
}

souk_err purse_open(struct market *m, const char *wallet, struct purse **out, struct err *e)
{
    struct err mine = {0};
    struct purse *p = mem_zalloc(sizeof *p);
    *out = NULL;
    if (e == NULL)
        e = &mine;
    if (p == NULL)
        return err_nomem(e);
    p->market = m;
    p->net = market_network(m);
    p->loop = market_loop(m);
    souk_err c = open_parts(p, wallet, e);
    if (c != SOUK_OK) {
        purse_close(p);
        return c;
    }
    *out = p;
    return SOUK_OK;
}

static void call_free(struct purse_call *c)
{
    struct purse_call **at = &c->p->calls;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    ask_drop(c->ask);
    loop_timer_cancel(c->p->loop, c->timer);
    if (c->release != NULL)
        c->release(c);
    mem_free(c);
}

void purse_close(struct purse *p)
{
    if (p == NULL)
        return;
    for (struct purse_call *c = p->calls, *next; c != NULL; c = next) {
        next = c->next;
        c->goes_on = false;
        purse_drop(c);
    }
    while (p->calls != NULL || p->held > 0) /* those on the lane */
        loop_step(p->loop, -1);
    nodes_free(p->nodes);
    http_free(p->http);
    purchases_close(p->purchases);
    mem_free(p);
}

void purse_hold(struct purse *p, int delta)
{
    p->held += delta;
}

const struct wallet_card *purse_card(const struct purse *p)
{
    return &p->card;
}

souk_err purse_reload(struct purse *p, struct err *e)
{
    char dir[PATH_BUF];
    struct wallet_card card;
    souk_err c = signer_dir(dir, e);
    if (c == SOUK_OK)
        c = wallet_card_read(dir, p->card.name, &card, e);
    if (c != SOUK_OK)
        return c;
    if (!address_eq(card.account[0], p->card.account[0]) || card.accounts < p->card.accounts)
        return err_set(e, SOUK_EVERIFY, "the wallet %s is another one than before", card.name);
    memcpy(p->card.account, card.account, sizeof card.account);
    p->card.accounts = card.accounts;
    return SOUK_OK;
}

unsigned purse_account(const struct purse *p)
{
    return p->account;
}

void purse_set_account(struct purse *p, unsigned account)
{
    if (account >= p->card.accounts)
        BUG("account %u of a wallet that has %u", account, p->card.accounts);
    p->account = account;
}

address purse_address(const struct purse *p)
{
    return p->card.account[p->account];
}

struct purchases *purse_purchases(struct purse *p)
{
    return p->purchases;
}

struct http *purse_http(struct purse *p)
{
    return p->http;
}

/* --- calls */

static void wake(struct purse_call *c, const struct err *e)
{
    struct purse *p = c->p;
    if (p->awaited != c)
        return;
    p->awaited = NULL;
    p->ending = e != NULL ? *e : (struct err){0};
}

void purse_drop(struct purse_call *c)
{
    static const struct err stopped = {SOUK_ECANCEL, "stopped"};
    if (c == NULL)
        return;
    wake(c, &stopped);
    c->dropped = true;
    if (c->on_lane)
        loop_cancel(&c->job);
    else if (!c->goes_on)
        call_free(c);
}

souk_err purse_wait(struct purse *p, struct purse_call *c, struct err *e)
{
    if (c == NULL)
        return err_nomem(e);
    p->awaited = c;
    while (p->awaited != NULL)
        loop_step(p->loop, -1);
    if (e != NULL)
        *e = p->ending;
    return p->ending.code;
}

static void on_timer(void *ud)
{
    struct purse_call *c = ud;
    c->timer = 0;
    c->step(c);
}

void *call_new(struct purse *p, size_t size, void (*begin)(struct purse_call *c),
               void (*deliver)(struct purse_call *c, const struct err *e),
               void (*release)(struct purse_call *c))
{
    struct purse_call *c = mem_zalloc(size);
    if (c == NULL)
        return NULL;
    c->p = p;
    c->deliver = deliver;
    c->release = release;
    c->step = begin;
    c->timer = loop_timer(p->loop, 0, on_timer, c);
    if (c->timer == 0) {
        mem_free(c);
        return NULL;
    }
    c->next = p->calls;
    p->calls = c;
    return c;
}

void call_end(struct purse_call *c, const struct err *e)
{
    struct err why;
    if (e != NULL && e->code == SOUK_OK)
        e = NULL;
    if (e != NULL) {
        why = *e;
        e = &why;
        if (c->mend != NULL)
            c->mend(c, &why);
    }
    if (!c->dropped)
        c->deliver(c, e);
    wake(c, e);
    call_free(c);
}

void call_later(struct purse_call *c, int64_t ms, void (*after)(struct purse_call *c))
{
    struct err e = {0};
    c->step = after;
    c->timer = loop_timer(c->p->loop, ms, on_timer, c);
    if (c->timer == 0) {
        err_nomem(&e);
        call_end(c, &e);
    }
}

static void on_answers(void *ud, const struct answers *a, const struct err *e)
{
    struct purse_call *c = ud;
    c->ask = NULL;
    if (e != NULL)
        call_end(c, e);
    else
        c->got(c, a);
}

static souk_err have_nodes(struct purse *p, struct err *e)
{
    if (p->nodes != NULL)
        return SOUK_OK;
    if (market_offline(p->market))
        return err_set(e, SOUK_ENET, "--offline was asked for, and this needs the chain");
    if (p->net->local && p->net->payment.rpc[0] == '\0')
        return err_set(e, SOUK_ENET, "the devnet is not running: start it with `souk devnet up`");
    return nodes_new(p->http, &p->net->payment, "the payment chain", &p->nodes, e);
}

void call_ask(struct purse_call *c, struct asking *k, uint64_t at,
              void (*got)(struct purse_call *c, const struct answers *a))
{
    struct err e = {0};
    c->got = got;
    if (have_nodes(c->p, &e) == SOUK_OK)
        c->ask = asking_send(k, c->p->nodes, at, on_answers, c, &e);
    else
        buf_release(&k->text);
    if (c->ask == NULL)
        call_end(c, &e);
}

static void job_done(struct job *j)
{
    struct purse_call *c = (struct purse_call *)j;
    c->on_lane = false;
    if (c->dropped && !c->goes_on)
        call_free(c);
    else if (c->err.code != SOUK_OK)
        call_end(c, &c->err);
    else
        c->step(c);
}

void call_job(struct purse_call *c, void (*run)(struct job *j), void (*after)(struct purse_call *c))
{
    c->job = (struct job){.run = run, .done = job_done};
    c->err = (struct err){0};
    c->step = after;
    c->on_lane = true;
    loop_submit(c->p->loop, LANE_SIGN, &c->job);
}
