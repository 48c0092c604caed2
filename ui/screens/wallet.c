/*
 * Wallet: what do I have, what may be taken, what was taken.
 *
 * What the signer and the purchases' file say is read by a job; what the chain says is asked of the
 * purse. Allowances, which need a search through logs, are asked when their pane is opened.
 */
#include "ui/screens/wallet.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"
#include "ui/screens/wallet_menu.h"
#include "ui/sending.h"

#include "base/banned.h"

enum { SENT_MAX = 200, MEMORY = 4 << 20, STALE = 30, PENDING_MS = 4000 };

struct wallet_flow {
    struct purse *purse;
    struct purse_state state;
    bool has_state;
    struct read_job *reading;
    struct purse_call *balances, *allowed, *history;
    struct sending *sending;
    uint64_t timer; /* looks after pending transactions while the screen is on top */
    bool on_top, read_again;
    bool check;    /* the next reading has the signer ask the chain first */
    int64_t asked; /* when the chain was */
};

static void read_all(struct wallet_screen *s);

/* --- from the signer, the ledger and the purchases' file */

struct read_job {
    struct purser_job j;     /* first */
    struct wallet_screen *s; /* NULL: it has gone */
    struct purse *purse;
    bool check;
    address who;
    struct purse_state state;
    struct arena arena;
    struct sent_row *sent;
    size_t n;
};

static void read_run(struct purser_job *j)
{
    struct read_job *k = (struct read_job *)j;
    if (k->check)
        purse_check_open(k->purse);
    if (purse_state_load(k->purse, &k->state, &j->err) == SOUK_OK)
        sent_list(purse_purchases(k->purse), &k->who, SENT_MAX, &k->arena, &k->sent, &k->n,
                  &j->err);
}

static bool pending(const struct wallet_screen *s)
{
    for (size_t i = 0; i < s->n_sent; i++)
        if (s->sent[i].state == SENT_PENDING)
            return true;
    return false;
}

static void look_after_pending(struct wallet_screen *s);

static void read_done(struct purser_job *j)
{
    struct read_job *k = (struct read_job *)j;
    struct wallet_screen *s = k->s;
    if (!s)
        return;
    struct wallet_flow *f = s->flow;
    f->reading = NULL;
    s->failed = j->err;
    if (j->err.code == SOUK_OK && k->purse == f->purse) {
        purse_state_release(&f->state);
        arena_release(&s->arena);
        f->state = k->state;
        s->arena = k->arena;
        f->has_state = true;
        s->state = &f->state;
        s->sent = k->sent;
        s->n_sent = k->n;
        s->sent_read = true;
        memset(&k->state, 0, sizeof k->state); /* handed over */
        arena_init(&k->state.arena, 1);
        arena_init(&k->arena, 1);
        table_set_rows(s->open_table, f->state.n_open);
        table_set_rows(s->sent_table, s->n_sent);
        look_after_pending(s);
    }
    if (f->read_again)
        read_all(s);
    app_dirty(s->app);
}

static void read_release(struct purser_job *j)
{
    struct read_job *k = (struct read_job *)j;
    purse_state_release(&k->state);
    arena_release(&k->arena);
}

static void read_all(struct wallet_screen *s)
{
    struct wallet_flow *f = s->flow;
    f->read_again = f->reading;
    struct read_job *k = f->reading || !f->purse ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->s = s;
    k->purse = f->purse;
    k->who = s->who;
    k->check = f->check && !market_offline(s->d->market);
    f->check = false;
    arena_init(&k->arena, MEMORY);
    arena_init(&k->state.arena, 1);
    k->j.run = read_run;
    k->j.done = read_done;
    k->j.release = read_release;
    f->reading = k;
    purser_submit(s->d->purser, &k->j);
}

/* --- from the chain */

static void got_balances(void *ud, const struct balances *b, const struct err *e)
{
    struct wallet_screen *s = ud;
    s->flow->balances = NULL;
    s->balances_err = e ? *e : (struct err){0};
    if (!s->balances_err.code) {
        s->balances = *b;
        s->has_balances = true;
    }
    app_dirty(s->app);
}

static void ask_balances(struct wallet_screen *s)
{
    if (!s->flow->balances)
        s->flow->balances = purse_balances(s->flow->purse, s->who, got_balances, s);
}

static void got_allowed(void *ud, const struct allowance_row *r, size_t n, const struct err *e)
{
    struct wallet_screen *s = ud;
    s->flow->allowed = NULL;
    s->allowed_err = e ? *e : (struct err){0};
    struct allowance_row *mine = s->allowed_err.code ? NULL : mem_array(n + 1, sizeof *mine);
    if (mine) {
        if (n)
            memcpy(mine, r, n * sizeof *mine);
        mem_free(s->allowed);
        s->allowed = mine;
        s->n_allowed = n;
        table_set_rows(s->allowed_table, n);
    }
    app_dirty(s->app);
}

static void ask_allowed(struct wallet_screen *s)
{
    if (!s->flow->allowed)
        s->flow->allowed = purse_allowances(s->flow->purse, s->who, got_allowed, s);
}

static void got_history(void *ud, const struct err *e)
{
    struct wallet_screen *s = ud;
    s->flow->history = NULL;
    if (!e || !e->code)
        read_all(s);
    look_after_pending(s);
}

static void ask_history(struct wallet_screen *s)
{
    if (!s->flow->history)
        s->flow->history = purse_history_refresh(s->flow->purse, got_history, s);
}

static void pending_due(void *ud)
{
    struct wallet_screen *s = ud;
    s->flow->timer = 0;
    ask_history(s);
    ask_balances(s);
}

static void look_after_pending(struct wallet_screen *s)
{
    struct wallet_flow *f = s->flow;
    if (f->on_top && pending(s) && !f->timer && !f->history && !market_offline(s->d->market))
        f->timer = loop_timer(app_loop(s->app), PENDING_MS, pending_due, s);
}

static void ask_chain(struct wallet_screen *s)
{
    if (market_offline(s->d->market)) {
        err_set(&s->balances_err, SOUK_ENET, "--offline was asked for: the chain is not asked");
        return;
    }
    s->flow->asked = clock_now();
    ask_balances(s);
    ask_history(s);
    if (s->pane == WALLET_ALLOWED)
        ask_allowed(s);
    else if (s->allowed && !s->flow->allowed) { /* what was known may be different now */
        MEM_FREE(s->allowed);
        s->n_allowed = 0;
        table_set_rows(s->allowed_table, 0);
    }
}

/* --- which wallet */

static void drop_calls(struct wallet_flow *f)
{
    purse_drop(f->balances);
    purse_drop(f->allowed);
    purse_drop(f->history);
    f->balances = f->allowed = f->history = NULL;
}

/* The purse there is now, or why there is none. */
static void attach(struct wallet_screen *s)
{
    struct wallet_flow *f = s->flow;
    struct purse *purse = NULL;
    struct err e = {0};
    souk_err c = purser_purse(s->d->purser, &purse, &e);
    s->none = c == SOUK_ENOTFOUND;
    s->failed = e;
    if (s->none) /* that is no failure: the screen says what can be done */
        s->failed = (struct err){0};
    bool same = purse && purse == f->purse && address_eq(purse_address(purse), s->who);
    if (same) {
        read_all(s);
        return;
    }
    drop_calls(f);
    f->purse = purse;
    s->state = NULL;
    s->has_balances = false;
    s->balances_err = s->allowed_err = (struct err){0};
    MEM_FREE(s->allowed);
    s->n_allowed = s->n_sent = 0;
    s->sent_read = false;
    table_set_rows(s->open_table, 0);
    table_set_rows(s->allowed_table, 0);
    table_set_rows(s->sent_table, 0);
    if (!purse)
        return;
    s->account = purse_account(purse);
    s->who = purse_address(purse);
    read_all(s);
    ask_chain(s);
}

static void lock_changed(void *ud)
{
    attach(ud);
}

/* --- doing */

static void sent(void *ud, const struct sent_row *r, const struct err *e)
{
    struct wallet_screen *s = ud;
    s->flow->sending = NULL;
    if (r)
        app_toast(s->app, ST_GOOD, "sent; History tells when it is mined");
    else if (e && e->code != SOUK_ECANCEL)
        app_toast_err(s->app, e);
    if (r) {
        read_all(s);
        ask_chain(s);
    }
}

static void start(struct wallet_screen *s, const struct draft_request *rq, const char *title,
                  const char *yes)
{
    struct wallet_flow *f = s->flow;
    if (f->sending) {
        app_toast(s->app, ST_WARN, "one thing after the other: a transaction is being prepared");
        return;
    }
    f->sending = sending_start(s->d, rq, title, yes, sent, s);
    if (f->sending)
        app_toast(s->app, ST_NORMAL, "preparing it: nonce and fee are asked of the node…");
}

static const struct sent_row *selected_pending(const struct wallet_screen *s)
{
    size_t row = table_selected(s->sent_table);
    bool any = s->pane == WALLET_HISTORY && row < s->n_sent;
    return any && s->sent[row].state == SENT_PENDING ? &s->sent[row] : NULL;
}

static void take_back(struct wallet_screen *s)
{
    struct draft_request rq = {0};
    size_t row = wallet_pane_table(s) ? table_selected(wallet_pane_table(s)) : 0;
    const struct sent_row *p = selected_pending(s);
    if (s->pane == WALLET_OPEN && s->state && row < s->state->n_open) {
        rq.kind = DRAFT_CANCEL;
        rq.call = s->state->open[row].call;
        start(s, &rq, "Make a signature void", "Yes, send");
    } else if (s->pane == WALLET_ALLOWED && row < s->n_allowed) {
        rq.kind = DRAFT_APPROVE;
        rq.asset = &s->allowed[row].asset;
        rq.who = s->allowed[row].spender;
        start(s, &rq, "Take back an allowance", "Yes, take back");
    } else if (p) {
        rq.kind = DRAFT_DROP;
        rq.replaces = p->id;
        start(s, &rq, "Put nothing in its place", "Yes, send");
    } else {
        app_toast(s->app, ST_WARN,
                  "choose with Tab what to take back: a signature, an allowance, a transaction");
    }
}

static void speed_up(struct wallet_screen *s)
{
    const struct sent_row *p = selected_pending(s);
    struct draft_request rq = {.kind = DRAFT_SPEED_UP, .replaces = p ? p->id : 0};
    if (p)
        start(s, &rq, "Send it again with a higher fee", "Yes, send");
    else
        app_toast(s->app, ST_WARN, "choose a pending transaction in History first");
}

static void copy(struct wallet_screen *s)
{
    char text[HASH_BUF];
    size_t row = table_selected(s->sent_table);
    if (s->pane == WALLET_HISTORY && row < s->n_sent)
        app_copy(s->app, untrusted(bytes32_format(s->sent[row].hash, text)), "the transaction id");
    else
        app_copy(s->app, untrusted(address_format(s->who, text)), "your address");
}

static void go_pane(struct wallet_screen *s, unsigned step)
{
    s->pane = (enum wallet_pane)(((unsigned)s->pane + step) % WALLET_PANES);
    if (s->pane == WALLET_ALLOWED && !s->allowed && s->flow->purse && !market_offline(s->d->market))
        ask_allowed(s);
}

static bool on_action(void *self, enum action act)
{
    struct wallet_screen *s = self;
    if (act == ACT_WALLETS) {
        wallet_menu(s->d);
        return true;
    }
    if (!s->flow->purse)
        return false;
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_RIGHT:
        go_pane(s, 1);
        return true;
    case ACT_PREV_PANE:
    case ACT_LEFT:
        go_pane(s, WALLET_PANES - 1);
        return true;
    case ACT_SYNC:
        s->flow->check = true;
        read_all(s);
        ask_chain(s);
        purser_look(s->d->purser);
        return true;
    case ACT_SEND:
        app_push(s->app, &screen_send, NULL);
        return true;
    case ACT_RECEIVE:
        app_push(s->app, &screen_receive, NULL);
        return true;
    case ACT_LIMITS:
        app_push(s->app, &screen_limits, NULL);
        return true;
    case ACT_RECEIPTS:
        app_push(s->app, &screen_receipts, NULL);
        return true;
    case ACT_VOID:
        take_back(s);
        return true;
    case ACT_SPEED_UP:
        speed_up(s);
        return true;
    case ACT_COPY:
        copy(s);
        return true;
    default:
        return wallet_pane_table(s) && table_action(wallet_pane_table(s), act) != TABLE_IGNORED;
    }
}

static bool on_event(void *self, const struct event *ev)
{
    struct wallet_screen *s = self;
    struct table *t = wallet_pane_table(s);
    return ev->kind == EV_MOUSE && t && s->state && table_mouse(t, &ev->mouse) != TABLE_IGNORED;
}

static bool offers(void *self, enum action act)
{
    struct wallet_screen *s = self;
    enum lock_kind lock = purser_lock(s->d->purser)->is;
    bool signs = s->state && s->state->card.kind != WALLET_WATCH;
    switch (act) {
    case ACT_WALLETS:
        return true;
    case ACT_UNLOCK:
        return lock == LOCK_LOCKED;
    case ACT_LOCK:
        return lock == LOCK_OPEN || lock == LOCK_KILLED;
    case ACT_KILL:
    case ACT_SEND:
    case ACT_LIMITS:
        return signs;
    case ACT_VOID:
        return signs && s->pane != WALLET_OVERVIEW;
    case ACT_SPEED_UP:
        return signs && s->pane == WALLET_HISTORY;
    default:
        return s->flow->purse;
    }
}

/* --- life */

static void close_screen(void *self)
{
    struct wallet_screen *s = self;
    struct wallet_flow *f = s->flow;
    if (f) {
        purser_unlisten(s->d->purser, s);
        drop_calls(f);
        sending_drop(f->sending);
        loop_timer_cancel(app_loop(s->app), f->timer);
        if (f->reading)
            f->reading->s = NULL;
        purse_state_release(&f->state);
        mem_free(f);
    }
    arena_release(&s->arena);
    mem_free(s->allowed);
    table_free(s->open_table);
    table_free(s->allowed_table);
    table_free(s->sent_table);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct wallet_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->network = market_network(s->d->market);
    s->assets = network_assets(s->network, s->asset, CONFIG_TOKENS + 1);
    arena_init(&s->arena, 1);
    s->open_table = table_new(wallet_open_columns, OPEN_COLS, &wallet_open_ops, s);
    s->allowed_table = table_new(wallet_allowed_columns, ALLOWED_COLS, &wallet_allowed_ops, s);
    s->sent_table = table_new(wallet_sent_columns, SENT_COLS, &wallet_sent_ops, s);
    if (s->d->purser && s->open_table && s->allowed_table && s->sent_table)
        s->flow = mem_zalloc(sizeof *s->flow);
    if (!s->flow) {
        close_screen(s);
        return err_nomem(e);
    }
    arena_init(&s->flow->state.arena, 1);
    purser_listen(s->d->purser, lock_changed, s);
    attach(s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    wallet_draw(self, c, area);
}

/* Something open whose time is over: the chain can close it. */
static bool over(const struct wallet_screen *s)
{
    for (size_t i = 0; s->state && i < s->state->n_open; i++)
        if ((int64_t)s->state->open[i].typed.valid_before < clock_now())
            return true;
    return false;
}

static void shown(void *self, bool on_top)
{
    struct wallet_screen *s = self;
    struct wallet_flow *f = s->flow;
    f->on_top = on_top;
    if (!on_top) {
        loop_timer_cancel(app_loop(s->app), f->timer);
        f->timer = 0;
        return;
    }
    f->check = over(s);
    attach(s);
    if (f->purse && s->has_balances && clock_now() - f->asked > STALE)
        ask_chain(s);
}

static const enum action actions[] = {ACT_NEXT_PANE, ACT_UNLOCK,  ACT_LOCK,    ACT_KILL,
                                      ACT_SEND,      ACT_RECEIVE, ACT_VOID,    ACT_SPEED_UP,
                                      ACT_RECEIPTS,  ACT_LIMITS,  ACT_WALLETS, ACT_LISTINGS,
                                      ACT_PUBLISH,   ACT_COPY,    ACT_NONE};

const struct screen_ops screen_wallet = {
    .name = "wallet",
    .title = "Wallet",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .shown = shown,
    .offers = offers,
};
