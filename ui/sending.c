#include "ui/sending.h"

#include "base/mem.h"
#include "ui/screens/money.h"

#include "base/banned.h"

struct sending {
    struct domain *d;
    struct purse *purse;
    struct purse_call *call; /* under way; NULL: a question is */
    struct asset asset;
    struct draft draft;
    struct draft_ask ask;
    const char *title, *yes;
    sending_fn done;
    void *ud;
    bool lent, dropped;
};

static void end(struct sending *s, const struct sent_row *r, const struct err *e)
{
    if (s->lent)
        app_take_terminal(s->d->app);
    if (s->lent) /* a signer that was asked locks later */
        purser_look(s->d->purser);
    if (!s->dropped)
        s->done(s->ud, r, e);
    mem_free(s);
}

static void on_sent(void *ud, const struct sent_row *r, const struct err *e)
{
    struct sending *s = ud;
    s->call = NULL;
    end(s, e && e->code ? NULL : r, e);
}

static void send_now(struct sending *s)
{
    signer_gate gate = -1;
    struct err e = {0};
    if (s->draft.needs_password) {
        gate = app_lend_terminal(s->d->app, s->title);
        s->lent = gate >= 0;
    }
    s->call = purse_send(s->purse, &s->draft, gate, false, on_sent, s);
    if (!s->call) {
        err_nomem(&e);
        end(s, NULL, &e);
    }
}

static void unlocked(void *ud, const struct err *e)
{
    struct sending *s = ud;
    if (s->dropped || e->code)
        end(s, NULL, e);
    else
        send_now(s);
}

static void answered(void *ud, bool yes)
{
    struct sending *s = ud;
    struct err e = {0};
    if (!yes || s->dropped) {
        err_set(&e, SOUK_ECANCEL, "not sent");
        end(s, NULL, &e);
    } else if (purser_lock(s->d->purser)->is == LOCK_LOCKED) {
        if (!purser_unlock(s->d->purser, unlocked, s)) {
            err_set(&e, SOUK_ELIMIT, "the wallet is locked, and there is no terminal to unlock it");
            end(s, NULL, &e);
        }
    } else {
        send_now(s);
    }
}

static void make(void *ud, struct doc *d, int width, enum text_charset cs)
{
    draft_ask_doc(&((struct sending *)ud)->ask, d, width, cs);
}

static void on_draft(void *ud, const struct draft *t, const struct err *e)
{
    struct sending *s = ud;
    s->call = NULL;
    if (e && e->code) {
        end(s, NULL, e);
        return;
    }
    if (t->tx.data == t->data) /* it points into itself */
        draft_copy(&s->draft, t);
    else
        s->draft = *t;
    app_confirm_made(s->d->app, s->title, make, s->yes, answered, s);
}

struct sending *sending_start(struct domain *d, const struct draft_request *rq, const char *title,
                              const char *yes, sending_fn done, void *ud)
{
    struct err e = {0};
    struct sending *s = mem_zalloc(sizeof *s);
    struct draft_request mine = *rq;
    if (!s || purser_purse(d->purser, &s->purse, &e) != SOUK_OK) {
        if (!s)
            err_nomem(&e);
        app_toast_err(d->app, &e);
        mem_free(s);
        return NULL;
    }
    s->d = d;
    s->title = title;
    s->yes = yes;
    s->done = done;
    s->ud = ud;
    s->ask = (struct draft_ask){&s->draft, market_network(d->market)};
    if (rq->asset) {
        s->asset = *rq->asset;
        mine.asset = &s->asset;
    }
    s->call = purse_draft(s->purse, &mine, on_draft, s);
    if (!s->call) {
        err_nomem(&e);
        app_toast_err(d->app, &e);
        MEM_FREE(s);
    }
    return s;
}

/* While a question is open its answer ends it. */
void sending_drop(struct sending *s)
{
    if (!s)
        return;
    s->dropped = true;
    if (s->call) {
        purse_drop(s->call);
        s->call = NULL;
        end(s, NULL, NULL);
    }
}
