/*
 * Listings: what this account has listed, what it earns, and what may be changed. From the cache:
 * as fresh as the last sync.
 */
#include "ui/screens/listings.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"
#include "ui/screens/wallet_menu.h"
#include "ui/sending.h"

#include "base/banned.h"

enum { QUESTION = 4096 };

struct listings_flow {
    struct page_job *job;
    bool again;
    address owner;
    struct sending *sending;
};

static const struct own_listing *selected(const struct listings_screen *s)
{
    size_t row = table_selected(s->table);
    return s->list && row < s->list->n ? &s->list->row[row] : NULL;
}

/* --- reading */

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct own_listings *l = NULL;
    address owner;
    (void)w;
    memcpy(&owner, key, sizeof owner);
    souk_err c = own_listings_load(st, owner, &l, e);
    *out = l;
    return c;
}

static void drop(void *page)
{
    own_listings_free(page);
}

static void read_all(struct listings_screen *s);

static void take(void *self, void *page, const struct err *e)
{
    struct listings_screen *s = self;
    struct own_listings *l = page;
    struct listings_flow *f = s->flow;
    f->job = NULL;
    s->failed = *e;
    if (e->code == SOUK_ENOTFOUND) { /* there is no cache yet */
        s->failed = (struct err){0};
        own_listings_load(NULL, f->owner, &l, &s->failed);
    }
    if (l && address_eq(l->owner, f->owner)) {
        own_listings_free(s->list);
        s->list = l;
        table_set_rows(s->table, l->n);
    } else {
        own_listings_free(l);
    }
    if (f->again)
        read_all(s);
    app_dirty(s->app);
}

static void read_all(struct listings_screen *s)
{
    struct listings_flow *f = s->flow;
    f->again = f->job;
    if (!f->job && !s->none)
        f->job = page_job_start(s->d, &f->owner, sizeof f->owner, load, take, drop, s);
}

/* The account there is now. */
static void attach(void *ud)
{
    struct listings_screen *s = ud;
    struct purse *purse = NULL;
    struct err e = {0};
    souk_err c = purser_purse(s->d->purser, &purse, &e);
    s->none = c == SOUK_ENOTFOUND;
    s->failed = c != SOUK_OK && !s->none ? e : (struct err){0};
    address owner = purse ? purse_address(purse) : (address){{0}};
    if (!address_eq(owner, s->flow->owner)) {
        own_listings_free(s->list);
        s->list = NULL;
        table_set_rows(s->table, 0);
    }
    s->flow->owner = owner;
    if (purse)
        read_all(s);
    app_dirty(s->app);
}

/* --- doing */

static void sent(void *ud, const struct sent_row *r, const struct err *e)
{
    struct listings_screen *s = ud;
    s->flow->sending = NULL;
    if (r) {
        app_toast(s->app, ST_GOOD,
                  "sent; once it is mined and read (S), it stands here as withdrawn");
        domain_sync(s->d, false);
    } else if (e && e->code != SOUK_ECANCEL) {
        s->failed = *e;
    }
    app_dirty(s->app);
}

static void withdraw(struct listings_screen *s, const struct own_listing *l)
{
    struct draft_request rq = {.kind = DRAFT_DELIST, .terms = {.name = l->name}};
    if (!l->active) {
        app_toast(s->app, ST_NORMAL, "it is withdrawn already; P lists it again");
        return;
    }
    if (s->flow->sending) {
        app_toast(s->app, ST_WARN, "one thing after the other: a transaction is being prepared");
        return;
    }
    s->failed = (struct err){0};
    s->flow->sending = sending_start(s->d, &rq, "Withdraw the listing", "Yes, withdraw", sent, s);
    if (s->flow->sending)
        app_toast(s->app, ST_NORMAL, "preparing it: nonce and fee are asked of the node…");
}

static void open_model(struct listings_screen *s, const struct own_listing *l)
{
    if (l->model)
        app_push(s->app, &screen_model, (void *)&l->model);
    else
        app_toast(s->app, ST_WARN,
                  "the Hub has no model of this author and name, as far as it was read");
}

static bool on_row(struct listings_screen *s, enum action act, const struct own_listing *l)
{
    char line[64];
    switch (act) {
    case ACT_PUBLISH:
        app_push(s->app, &screen_publish, &(struct publish_arg){.listed = l});
        return true;
    case ACT_VOID:
        withdraw(s, l);
        return true;
    case ACT_COPY:
        app_copy(s->app, untrusted(listings_proof_line(s->list, line)), "the line for the Hub");
        return true;
    default:
        return false;
    }
}

static bool handle(struct listings_screen *s, enum table_event te)
{
    if (te == TABLE_OPEN && selected(s))
        open_model(s, selected(s));
    return te != TABLE_IGNORED;
}

static bool on_action(void *self, enum action act)
{
    struct listings_screen *s = self;
    if (act == ACT_LISTINGS)
        return true; /* this is it */
    if (act == ACT_WALLETS) {
        wallet_menu(s->d);
        return true;
    }
    return (selected(s) && on_row(s, act, selected(s))) || handle(s, table_action(s->table, act));
}

static bool on_event(void *self, const struct event *ev)
{
    struct listings_screen *s = self;
    return ev->kind == EV_MOUSE && handle(s, table_mouse(s->table, &ev->mouse));
}

static bool offers(void *self, enum action act)
{
    struct listings_screen *s = self;
    const struct own_listing *l = selected(s);
    switch (act) {
    case ACT_OPEN:
    case ACT_COPY:
        return l;
    case ACT_VOID:
        return l && l->active;
    case ACT_WALLETS:
        return s->none;
    default:
        return act != ACT_LISTINGS;
    }
}

/* --- life */

static void close_screen(void *self)
{
    struct listings_screen *s = self;
    if (s->flow) {
        purser_unlisten(s->d->purser, s);
        page_job_drop(s->flow->job);
        sending_drop(s->flow->sending);
    }
    own_listings_free(s->list);
    table_free(s->table);
    mem_free(s->flow);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct listings_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->no_contract = !market_network(s->d->market)->has_listings;
    s->table = table_new(own_columns, OWN_COLS, &own_ops, s);
    s->flow = s->table && s->d->purser ? mem_zalloc(sizeof *s->flow) : NULL;
    if (!s->flow) {
        close_screen(s);
        return err_nomem(e);
    }
    purser_listen(s->d->purser, attach, s);
    attach(s);
    *self = s;
    return SOUK_OK;
}

static void update(void *self)
{
    read_all(self);
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    listings_draw(self, c, area);
}

static const enum action actions[] = {ACT_OPEN,    ACT_PUBLISH, ACT_VOID, ACT_COPY,
                                      ACT_WALLETS, ACT_SYNC,    ACT_NONE};

const struct screen_ops screen_listings = {
    .name = "listings",
    .title = "Listings",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .offers = offers,
};
