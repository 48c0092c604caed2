/* One receipt: everything that is kept of a call, and what can still be done about it. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/purser.h"
#include "ui/rerun.h"
#include "ui/screens/money.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/sending.h"
#include "ui/widgets/docview.h"

#include "base/banned.h"

enum { MEMORY = 32 << 20, WORDS = 160 };

struct receipt_screen {
    struct app *app;
    struct domain *d;
    int64_t id;
    struct purse *purse;
    struct get_job *reading;
    struct purchase *work; /* going on with it, or asking the chain */
    struct sending *sending;
    struct rerun *rerun; /* its answer, held against a run here; NULL: none to be had */
    char words[WORDS];   /* of the step under way */
    struct err failed;
    struct arena arena;
    struct purchase_row row;
    bool read;
    struct docview doc;
};

struct get_job {
    struct purser_job j;      /* first */
    struct receipt_screen *s; /* NULL: it has gone */
    struct purse *purse;
    int64_t id;
    struct arena arena;
    struct purchase_row row;
};

static void get_run(struct purser_job *j)
{
    struct get_job *k = (struct get_job *)j;
    purchase_get(purse_purchases(k->purse), k->id, &k->arena, &k->row, &j->err);
}

static void rerun_changed(void *ud)
{
    app_dirty(((struct receipt_screen *)ud)->app);
}

/* The answer to a call of a model can be held against the model itself. */
static void look_for_file(struct receipt_screen *s)
{
    const struct purchase_row *r = &s->row;
    if (r->model.n && r->status >= 200 && r->status < 300 && r->answer.n && !r->tee.n)
        s->rerun = rerun_new(s->d, 0, r->model, r->body, r->answer, rerun_changed, s);
}

static void get_done(struct purser_job *j)
{
    struct get_job *k = (struct get_job *)j;
    struct receipt_screen *s = k->s;
    if (!s)
        return;
    s->reading = NULL;
    if (j->err.code) {
        s->failed = j->err;
    } else {
        arena_release(&s->arena);
        s->arena = k->arena;
        arena_init(&k->arena, 1); /* handed over */
        s->row = k->row;
        s->read = true;
        docview_stale(&s->doc);
        if (!s->rerun)
            look_for_file(s);
    }
    app_dirty(s->app);
}

static void get_release(struct purser_job *j)
{
    arena_release(&((struct get_job *)j)->arena);
}

static void read_it(struct receipt_screen *s)
{
    struct get_job *k = s->reading ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->s = s;
    k->purse = s->purse;
    k->id = s->id;
    arena_init(&k->arena, MEMORY);
    k->j.run = get_run;
    k->j.done = get_done;
    k->j.release = get_release;
    s->reading = k;
    purser_submit(s->d->purser, &k->j);
}

/* --- doing */

static void on_step(void *ud, enum purchase_step step, const char *words)
{
    struct receipt_screen *s = ud;
    (void)step;
    snprintf(s->words, sizeof s->words, "%s…", words ? words : "waiting for the answer");
    app_dirty(s->app);
}

static void on_done(void *ud, const struct purchase_row *row, const struct err *e)
{
    struct receipt_screen *s = ud;
    (void)row; /* read anew: it is on disk */
    s->work = NULL;
    s->words[0] = '\0';
    s->failed = e ? *e : (struct err){0};
    read_it(s);
    app_dirty(s->app);
}

static bool may_go_on(const struct purchase_row *r)
{
    return r->state == PURCHASE_INTENT || r->state == PURCHASE_SIGNED || r->state == PURCHASE_SENT;
}

static bool is_open(const struct purchase_row *r)
{
    return may_go_on(r) || r->state == PURCHASE_ANSWERED || r->state == PURCHASE_REFUSED;
}

static void work(struct receipt_screen *s, bool resume)
{
    static const struct purchase_events ev = {.step = on_step, .done = on_done};
    s->failed = (struct err){0};
    if (s->work)
        return;
    if (market_offline(s->d->market)) {
        err_set(&s->failed, SOUK_ENET, "--offline was asked for: nobody is asked");
        return;
    }
    s->work = resume ? purchase_resume(s->d->market, s->purse, s->id, &ev, s, &s->failed)
                     : purchase_settle_all(s->d->market, s->purse, &ev, s, &s->failed);
    if (s->work)
        snprintf(s->words, sizeof s->words, "asking…");
}

static void cancelled(void *ud, const struct sent_row *r, const struct err *e)
{
    struct receipt_screen *s = ud;
    s->sending = NULL;
    if (r)
        app_toast(s->app, ST_GOOD, "sent: it becomes void when that is mined; S asks the chain");
    else if (e && e->code != SOUK_ECANCEL)
        s->failed = *e;
    app_dirty(s->app);
}

static void cancel(struct receipt_screen *s)
{
    struct draft_request rq = {.kind = DRAFT_CANCEL, .call = s->row.call};
    if (!s->sending)
        s->sending = sending_start(s->d, &rq, "Make a signature void", "Yes, send", cancelled, s);
}

static void copy(struct receipt_screen *s)
{
    char text[HASH_BUF];
    if (s->row.has_tx)
        app_copy(s->app, untrusted(bytes32_format(s->row.tx, text)), "the transaction id");
    else
        app_copy(s->app, s->row.answer, "the answer");
}

static bool on_action(void *self, enum action act)
{
    struct receipt_screen *s = self;
    if (!s->read)
        return false;
    switch (act) {
    case ACT_RESUME:
        work(s, true);
        return true;
    case ACT_SYNC:
        work(s, false);
        return true;
    case ACT_VOID:
        cancel(s);
        return true;
    case ACT_RUN:
        if (s->rerun)
            rerun_start(s->rerun);
        return true;
    case ACT_COPY:
        copy(s);
        return true;
    default:
        return textview_action(&s->doc.view, act);
    }
}

static bool offers(void *self, enum action act)
{
    struct receipt_screen *s = self;
    if (act == ACT_RUN)
        return s->rerun && rerun_state(s->rerun) >= RERUN_READY;
    if (act == ACT_RESUME)
        return s->read && may_go_on(&s->row);
    if (act == ACT_VOID)
        return s->read && is_open(&s->row) && s->row.state != PURCHASE_INTENT;
    return s->read;
}

static bool on_event(void *self, const struct event *ev)
{
    struct receipt_screen *s = self;
    return ev->kind == EV_MOUSE && textview_wheel(&s->doc.view, &ev->mouse);
}

/* --- drawing */

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct receipt_screen *s = self;
    part_failure(&s->failed, c, &area, 1);
    if (s->words[0]) {
        struct rect top = rect_cut_top(&area, 2);
        canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_ACCENT, "▸ %s", s->words);
    }
    struct strip st;
    strip_init(&st, canvas_charset(c));
    if (s->rerun && rerun_line(s->rerun, &st)) {
        struct rect top = rect_cut_top(&area, 2);
        canvas_strip(c, top.x + 1, top.y, top.w - 2, &st);
    }
    if (!s->read) {
        if (!s->failed.code)
            canvas_str(c, area.x + 1, area.y, area.w - 2, "reading…", ST_DIM);
        return;
    }
    if (docview_begin(&s->doc, docview_width(area))) {
        struct facts f;
        facts_init(&f, &s->doc.text, s->doc.width, canvas_charset(c));
        receipt_doc(&s->row, market_network(s->d->market), clock_now(), &f);
    }
    docview_draw(&s->doc, c, area, true);
}

/* --- life */

static void close_screen(void *self)
{
    struct receipt_screen *s = self;
    if (s->reading)
        s->reading->s = NULL;
    if (s->work)
        purchase_drop(s->work);
    sending_drop(s->sending);
    rerun_free(s->rerun);
    arena_release(&s->arena);
    docview_release(&s->doc);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct receipt_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->id = *(const int64_t *)arg;
    arena_init(&s->arena, 1);
    docview_init(&s->doc);
    souk_err c = s->d->purser ? purser_purse(s->d->purser, &s->purse, e) : err_nomem(e);
    if (c != SOUK_OK) {
        close_screen(s);
        return c;
    }
    read_it(s);
    *self = s;
    return SOUK_OK;
}

static void crumb(void *self, struct strip *out)
{
    strip_strf(out, ST_STRONG, "receipt %lld", (long long)((struct receipt_screen *)self)->id);
}

static const enum action actions[] = {ACT_RESUME, ACT_RUN, ACT_VOID, ACT_SYNC, ACT_COPY, ACT_NONE};

const struct screen_ops screen_receipt = {
    .name = "receipt",
    .title = "Receipt",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .crumb = crumb,
    .offers = offers,
};
