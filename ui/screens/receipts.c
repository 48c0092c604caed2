/*
 * Receipts: what was bought, and what became of it. One receipt is a screen of its own (receipt.c).
 */
#include "ui/screens/receipts.h"

#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { ROWS_MAX = 500, MEMORY = 8 << 20 };

struct receipts_flow {
    struct purse *purse;
    struct list_job *reading;
    struct purchase *settling;
    bool read_again;
};

struct list_job {
    struct purser_job j;       /* first */
    struct receipts_screen *s; /* NULL: it has gone */
    struct purse *purse;
    struct arena arena;
    struct purchase_row *row;
    size_t n;
};

static void read_all(struct receipts_screen *s);

static void list_run(struct purser_job *j)
{
    struct list_job *k = (struct list_job *)j;
    purchase_list(purse_purchases(k->purse), false, ROWS_MAX, &k->arena, &k->row, &k->n, &j->err);
}

static void list_done(struct purser_job *j)
{
    struct list_job *k = (struct list_job *)j;
    struct receipts_screen *s = k->s;
    if (!s)
        return;
    s->flow->reading = NULL;
    if (j->err.code) {
        s->failed = j->err; /* what was shown stays */
    } else {
        arena_release(&s->arena);
        s->arena = k->arena;
        arena_init(&k->arena, 1); /* handed over */
        s->row = k->row;
        s->n = k->n;
        s->read = true;
        table_set_rows(s->table, s->n);
    }
    if (s->flow->read_again)
        read_all(s);
    app_dirty(s->app);
}

static void list_release(struct purser_job *j)
{
    arena_release(&((struct list_job *)j)->arena);
}

static void read_all(struct receipts_screen *s)
{
    struct receipts_flow *f = s->flow;
    f->read_again = f->reading;
    struct list_job *k = f->reading ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->s = s;
    k->purse = f->purse;
    arena_init(&k->arena, MEMORY);
    k->j.run = list_run;
    k->j.done = list_done;
    k->j.release = list_release;
    f->reading = k;
    purser_submit(s->d->purser, &k->j);
}

/* --- the chain's word */

static void settled(void *ud, const struct purchase_row *row, const struct err *e)
{
    struct receipts_screen *s = ud;
    (void)row;
    s->flow->settling = NULL;
    s->asking = false;
    s->failed = e ? *e : (struct err){0};
    read_all(s);
    app_dirty(s->app);
}

static void settle(struct receipts_screen *s)
{
    static const struct purchase_events ev = {.done = settled};
    struct receipts_flow *f = s->flow;
    s->failed = (struct err){0};
    if (market_offline(s->d->market)) {
        err_set(&s->failed, SOUK_ENET, "--offline was asked for: the chain is not asked");
        return;
    }
    if (!f->settling)
        f->settling = purchase_settle_all(s->d->market, f->purse, &ev, s, &s->failed);
    s->asking = f->settling;
}

static bool on_action(void *self, enum action act)
{
    struct receipts_screen *s = self;
    size_t row = table_selected(s->table);
    if (act == ACT_SYNC) {
        settle(s);
        return true;
    }
    if (act == ACT_CALL_OTHER) {
        app_push(s->app, &screen_call_other, NULL);
        return true;
    }
    enum table_event te = table_action(s->table, act);
    if (te == TABLE_OPEN && row < s->n) {
        int64_t id = s->row[row].id;
        app_push(s->app, &screen_receipt, &id);
    }
    return te != TABLE_IGNORED;
}

static bool on_event(void *self, const struct event *ev)
{
    struct receipts_screen *s = self;
    enum table_event te = ev->kind == EV_MOUSE ? table_mouse(s->table, &ev->mouse) : TABLE_IGNORED;
    if (te == TABLE_OPEN)
        on_action(s, ACT_OPEN);
    return te != TABLE_IGNORED;
}

/* --- life */

static void close_screen(void *self)
{
    struct receipts_screen *s = self;
    if (s->flow && s->flow->reading)
        s->flow->reading->s = NULL;
    if (s->flow && s->flow->settling)
        purchase_drop(s->flow->settling);
    arena_release(&s->arena);
    table_free(s->table);
    mem_free(s->flow);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct receipts_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->network = market_network(s->d->market);
    arena_init(&s->arena, 1);
    s->table = table_new(receipt_columns, RECEIPT_COLS, &receipt_ops, s);
    s->flow = s->table && s->d->purser ? mem_zalloc(sizeof *s->flow) : NULL;
    souk_err c = s->flow ? purser_purse(s->d->purser, &s->flow->purse, e) : err_nomem(e);
    if (c != SOUK_OK) {
        close_screen(s);
        return c;
    }
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    receipts_draw(self, c, area);
}

static void shown(void *self, bool on_top)
{
    if (on_top)
        read_all(self); /* the page of one may have changed it */
}

static const enum action actions[] = {ACT_OPEN, ACT_SYNC, ACT_CALL_OTHER, ACT_NONE};

const struct screen_ops screen_receipts = {
    .name = "receipts",
    .title = "Receipts",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .shown = shown,
};
