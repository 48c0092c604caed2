/*
 * A publish under way: its steps, the questions between them, and what came of it. What market
 * asks is asked here: another account, and the terms with the signer's words.
 */
#include "ui/screens/publishing.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

struct publishing_flow {
    struct purse *purse;
    struct publish *work; /* NULL: it is over */
    struct account_job *adding;
    unsigned accounts; /* wanted; 0: is one address all right? */
    struct publish_ask ask;
    bool lent;
};

static void give_back_terminal(struct publishing_screen *s)
{
    if (s->flow->lent)
        app_take_terminal(s->app);
    s->flow->lent = false;
}

/* --- how it gets on */

static void on_step(void *ud, enum publish_step step, const char *words, uint64_t done,
                    uint64_t total)
{
    struct publishing_screen *s = ud;
    if (step != s->step)
        s->words[0] = '\0';
    s->step = step;
    s->done = done;
    s->total = total;
    if (words)
        snprintf(s->words, sizeof s->words, "%s", words);
    if (step == PUBLISH_MINING && words)
        give_back_terminal(s); /* it is signed: nothing more is asked there */
    app_dirty(s->app);
}

static void on_done(void *ud, const struct publish_result *r, const struct err *e)
{
    struct publishing_screen *s = ud;
    s->flow->work = NULL;
    give_back_terminal(s);
    s->over = true;
    s->result = *r;
    s->failed = e ? *e : (struct err){0};
    docview_stale(&s->doc);
    purser_look(s->d->purser); /* it locks later now */
    if (r->listed && !r->unchanged)
        domain_sync(s->d, false);
    app_dirty(s->app);
}

static void stop(struct publishing_screen *s)
{
    s->stopping = true;
    if (s->flow->work)
        publish_cancel(s->flow->work);
}

/* --- one more account */

struct account_job {
    struct purser_job j;         /* first */
    struct publishing_screen *s; /* NULL: it has gone */
    struct purse *purse;
    unsigned accounts;
};

static void add_run(struct purser_job *j)
{
    struct account_job *k = (struct account_job *)j;
    publish_add_account(k->purse, k->accounts, j->gate, &j->err);
}

static void add_done(struct purser_job *j)
{
    struct account_job *k = (struct account_job *)j;
    struct publishing_screen *s = k->s;
    if (!s)
        return;
    s->flow->adding = NULL;
    if (s->flow->work)
        publish_address(s->flow->work, j->err.code ? &j->err : NULL);
    purser_tell(j->p);
}

static void add_account(struct publishing_screen *s)
{
    struct publishing_flow *f = s->flow;
    struct account_job *k = mem_zalloc(sizeof *k);
    struct err e = {0};
    if (!k) {
        err_nomem(&e);
        publish_address(f->work, &e);
        return;
    }
    k->s = s;
    k->purse = f->purse;
    k->accounts = f->accounts;
    k->j.run = add_run;
    k->j.done = add_done;
    f->adding = k;
    if (!purser_submit_at_terminal(s->d->purser, &k->j,
                                   "The signer adds an account to the wallet; it asks you.")) {
        f->adding = NULL;
        err_set(&e, SOUK_ELIMIT, "there is no terminal to ask for the wallet's password at");
        publish_address(f->work, &e);
    }
}

static void address_answered(void *ud, bool yes)
{
    struct publishing_screen *s = ud;
    if (!s->flow->work)
        return;
    if (!yes)
        stop(s);
    else if (s->flow->accounts)
        add_account(s);
    else
        publish_address(s->flow->work, NULL);
}

static void on_address(void *ud, unsigned accounts)
{
    struct publishing_screen *s = ud;
    s->flow->accounts = accounts;
    if (accounts)
        app_confirm(s->app, "An account of its own",
                    untrusted("Each model is paid at an address of its own, so that what it earns "
                              "can be told apart. The wallet gets one more account: the signer "
                              "asks for the password at the terminal."),
                    "Yes, add one", address_answered, s);
    else
        app_confirm(s->app, "One address for all",
                    untrusted("This wallet has one address alone: what its models earn could not "
                              "be told apart. A wallet of words has one for each."),
                    "Be paid there", address_answered, s);
}

/* --- the terms */

static void go_on(struct publishing_screen *s)
{
    struct publishing_flow *f = s->flow;
    signer_gate gate = -1;
    if (f->ask.draft->needs_password) {
        gate = app_lend_terminal(s->app, "The signer is asked to sign the listing; it asks you.");
        f->lent = gate >= 0;
    }
    publish_go(f->work, gate);
}

static void unlocked(void *ud, const struct err *e)
{
    struct publishing_screen *s = ud;
    if (!s->flow->work)
        return;
    if (!e->code) {
        go_on(s);
        return;
    }
    app_toast_err(s->app, e);
    stop(s);
}

static void agreed(void *ud, bool yes)
{
    struct publishing_screen *s = ud;
    if (!s->flow->work)
        return;
    if (!yes)
        stop(s);
    else if (purser_lock(s->d->purser)->is != LOCK_LOCKED)
        go_on(s);
    else if (!purser_unlock(s->d->purser, unlocked, s))
        stop(s);
}

static void make_ask(void *ud, struct doc *d, int width, enum text_charset cs)
{
    publish_ask_doc(&((struct publishing_screen *)ud)->flow->ask, d, width, cs);
}

static void on_agree(void *ud, const struct draft *d, const struct publish_result *so_far,
                     const struct listing_terms *before)
{
    struct publishing_screen *s = ud;
    s->result = *so_far;
    s->flow->ask = (struct publish_ask){d, before, s->network};
    app_confirm_made(s->app, before ? "Change the listing" : "List the model", make_ask,
                     before ? "Yes, change it" : "Yes, list it", agreed, s);
}

/* --- what can be done */

static void leave(void *ud, bool yes)
{
    struct publishing_screen *s = ud;
    if (yes)
        stop(s);
}

static bool back(struct publishing_screen *s)
{
    if (s->flow->work && !s->stopping) {
        app_confirm(s->app, "Stop publishing",
                    untrusted(s->step == PUBLISH_MINING
                                  ? "What is signed is sent all the same; Wallet tells what became "
                                    "of it."
                                  : "Nothing is listed then. What is stored stays stored, and "
                                    "publishing the file again goes on from there."),
                    "Stop", leave, s);
        return true;
    }
    if (s->flow->work)
        return true; /* it is ending */
    bool well = !s->failed.code;
    struct app *a = s->app;
    app_pop(a);
    if (well)
        app_pop(a); /* the form has done its work */
    return true;
}

static bool on_action(void *self, enum action act)
{
    struct publishing_screen *s = self;
    if (act >= ACT_TAB_1 && act <= ACT_TAB_6)
        return s->flow->work && back(s); /* it would end here */
    switch (act) {
    case ACT_BACK:
        return back(s);
    case ACT_PUBLISH:
        return true; /* this is it */
    case ACT_OPEN:
        return s->over && back(s);
    case ACT_COPY:
        if (s->over && !s->failed.code)
            app_copy(s->app, untrusted(s->result.proof_line), "the line for the Hub");
        return true;
    default:
        return s->over && textview_action(&s->doc.view, act);
    }
}

static bool offers(void *self, enum action act)
{
    struct publishing_screen *s = self;
    if (act == ACT_COPY)
        return s->over && !s->failed.code;
    return act != ACT_PUBLISH && (act != ACT_LISTINGS || s->over);
}

/* --- life */

static void close_screen(void *self)
{
    struct publishing_screen *s = self;
    struct publishing_flow *f = s->flow;
    if (f) {
        if (f->adding)
            f->adding->s = NULL;
        publish_drop(f->work);
        give_back_terminal(s);
        mem_free(f);
    }
    docview_release(&s->doc);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct publish_events ev = {on_step, on_address, on_agree, on_done};
    const struct publish_request *rq = arg;
    struct publishing_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->network = market_network(s->d->market);
    docview_init(&s->doc);
    s->has_file = rq->file;
    snprintf(s->name, sizeof s->name, "%s", rq->name);
    snprintf(s->author, sizeof s->author, "%s", rq->author);
    s->flow = s->d->purser ? mem_zalloc(sizeof *s->flow) : NULL;
    souk_err c = s->flow ? purser_purse(s->d->purser, &s->flow->purse, e) : err_nomem(e);
    if (c == SOUK_OK) {
        s->flow->work = publish_start(s->d->market, s->flow->purse, rq, &ev, s, e);
        c = s->flow->work ? SOUK_OK : e->code;
    }
    if (c != SOUK_OK) {
        close_screen(s);
        return c;
    }
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    publishing_draw(self, c, area);
}

static const enum action actions[] = {ACT_COPY, ACT_LISTINGS, ACT_NONE};

const struct screen_ops screen_publishing = {
    .name = "publishing",
    .title = "Publishing",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .action = on_action,
    .offers = offers,
};
