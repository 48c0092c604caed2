/*
 * Unlocking, locking, and the kill switch with what it offers afterwards: the open signatures made
 * void on chain, one transaction each, each shown.
 */
#include <stdio.h>

#include "base/mem.h"
#include "ui/purser.h"
#include "ui/sending.h"

#include "base/banned.h"

struct lock_job {
    struct purser_job j; /* first */
    char wallet[WALLET_NAME], network[sizeof((struct network *)NULL)->name];
    void (*then)(void *ud, const struct err *e);
    void *ud;
};

static struct lock_job *lock_job(struct purser *p, void (*run)(struct purser_job *j),
                                 void (*done)(struct purser_job *j))
{
    struct lock_job *k = mem_zalloc(sizeof *k);
    if (!k) {
        app_toast(purser_domain(p)->app, ST_BAD, "no memory for that");
        return NULL;
    }
    k->j.run = run;
    k->j.done = done;
    snprintf(k->wallet, sizeof k->wallet, "%s", purser_lock(p)->wallet);
    snprintf(k->network, sizeof k->network, "%s", market_network(purser_domain(p)->market)->name);
    return k;
}

static void unlock_run(struct purser_job *j)
{
    struct lock_job *k = (struct lock_job *)j;
    struct signer_start st = {.wallet = k->wallet, .network = k->network, .gate = j->gate};
    signer_unlock(&st, &j->err);
}

static void unlock_done(struct purser_job *j)
{
    struct lock_job *k = (struct lock_job *)j;
    if (k->then)
        k->then(k->ud, &j->err);
    else if (j->err.code)
        app_toast_err(purser_domain(j->p)->app, &j->err);
}

bool purser_unlock(struct purser *p, void (*then)(void *ud, const struct err *e), void *ud)
{
    struct lock_job *k = lock_job(p, unlock_run, unlock_done);
    char words[WALLET_NAME + 64];
    if (!k)
        return false;
    k->then = then;
    k->ud = ud;
    snprintf(words, sizeof words, "Unlocking the wallet %s; Ctrl-C goes back to souk.", k->wallet);
    return purser_submit_at_terminal(p, &k->j, words);
}

/* Asks the running signer for one thing. */
static void with_signer(struct lock_job *k, souk_err (*fn)(struct signer *s, struct err *e))
{
    struct signer *s = NULL;
    if (signer_connect(k->wallet, &s, &k->j.err) == SOUK_OK)
        fn(s, &k->j.err);
    signer_close(s);
}

static void lock_run(struct purser_job *j)
{
    with_signer((struct lock_job *)j, signer_lock);
}

static void lock_done(struct purser_job *j)
{
    if (j->err.code && j->err.code != SOUK_ENOTFOUND)
        app_toast_err(purser_domain(j->p)->app, &j->err);
    else
        app_toast(purser_domain(j->p)->app, ST_GOOD, "locked: the keys are wiped from memory");
    purser_look(j->p);
}

static void unlock_now(void *ud)
{
    purser_unlock(ud, NULL, NULL);
}

static void lock_now(void *ud)
{
    struct lock_job *k = lock_job(ud, lock_run, lock_done);
    if (k)
        purser_submit(ud, &k->j);
}

/* --- after the kill switch: what was signed before and may still be used */

enum { VOIDED_MAX = 64 };

struct voiding {
    struct purser *p;
    bytes32 call[VOIDED_MAX];
    size_t n, at, sent;
    struct err failed;
};

static void void_next(struct voiding *v);

/* What the chain refuses (it may have been used meanwhile) does not stop the others; a no does. */
static void voided(void *ud, const struct sent_row *r, const struct err *e)
{
    struct voiding *v = ud;
    struct domain *d = purser_domain(v->p);
    bool no = !r && e && e->code == SOUK_ECANCEL;
    if (!r && !no && e)
        v->failed = *e;
    v->sent += r != NULL;
    v->at++;
    if (!no && v->at < v->n) {
        void_next(v);
        return;
    }
    if (v->failed.code)
        app_toast_err(d->app, &v->failed);
    else if (v->sent)
        app_toast(d->app, ST_GOOD, "sent: what was open becomes void when it is mined");
    purser_tell(v->p);
    mem_free(v);
}

static void void_next(struct voiding *v)
{
    struct draft_request rq = {.kind = DRAFT_CANCEL, .call = v->call[v->at]};
    if (!sending_start(purser_domain(v->p), &rq, "Make a signature void", "Yes, send", voided, v))
        mem_free(v);
}

static void void_answered(void *ud, bool yes)
{
    if (yes)
        void_next(ud);
    else
        mem_free(ud);
}

struct open_job {
    struct purser_job j; /* first */
    struct purse *purse;
    struct purse_state state;
};

static void open_run(struct purser_job *j)
{
    struct open_job *k = (struct open_job *)j;
    purse_check_open(k->purse);
    purse_state_load(k->purse, &k->state, &j->err);
}

static void open_done(struct purser_job *j)
{
    struct open_job *k = (struct open_job *)j;
    struct voiding *v = k->state.n_open ? mem_zalloc(sizeof *v) : NULL;
    char words[256];
    if (!v)
        return;
    v->p = j->p;
    for (; v->n < k->state.n_open && v->n < VOIDED_MAX; v->n++)
        v->call[v->n] = k->state.open[v->n].call;
    snprintf(words, sizeof words,
             v->n == 1 ? "Nothing is signed any more. %zu signature from before may still be used "
                         "until it lapses. It can be made void on chain: a transaction that costs "
                         "gas, and is shown first."
                       : "Nothing is signed any more. %zu signatures from before may still be used "
                         "until they lapse. They can be made void on chain: a transaction each, "
                         "which costs gas, and is shown first.",
             v->n);
    app_confirm(purser_domain(j->p)->app, "KILLED", untrusted(words), "Make void", void_answered,
                v);
}

static void open_release(struct purser_job *j)
{
    purse_state_release(&((struct open_job *)j)->state);
}

static void look_for_open(struct purser *p)
{
    struct err e = {0};
    struct purse *purse;
    struct open_job *k = mem_zalloc(sizeof *k);
    if (!k || purser_purse(p, &purse, &e) != SOUK_OK) {
        mem_free(k);
        return;
    }
    k->purse = purse;
    k->j.run = open_run;
    k->j.done = open_done;
    k->j.release = open_release;
    purser_submit(p, &k->j);
}

/* --- the kill switch */

static void kill_run(struct purser_job *j)
{
    with_signer((struct lock_job *)j, signer_kill);
}

static void kill_done(struct purser_job *j)
{
    struct app *a = purser_domain(j->p)->app;
    if (j->err.code == SOUK_ENOTFOUND)
        app_toast(a, ST_WARN, "the wallet is locked: nothing can be signed");
    else if (j->err.code)
        app_toast_err(a, &j->err);
    else
        app_toast(a, ST_BAD, "KILLED: nothing is signed any more; K allows it again");
    purser_look(j->p);
    if (!j->err.code)
        look_for_open(j->p);
}

static void revive_run(struct purser_job *j)
{
    struct lock_job *k = (struct lock_job *)j;
    struct signer *s = NULL;
    if (signer_connect(k->wallet, &s, &j->err) == SOUK_OK)
        signer_revive(s, j->gate, &j->err);
    signer_close(s);
}

static void revive_done(struct purser_job *j)
{
    if (j->err.code)
        app_toast_err(purser_domain(j->p)->app, &j->err);
    else
        app_toast(purser_domain(j->p)->app, ST_WARN, "signing is allowed again");
}

static void revive_answered(void *ud, bool yes)
{
    struct lock_job *k = yes ? lock_job(ud, revive_run, revive_done) : NULL;
    if (k)
        purser_submit_at_terminal(ud, &k->j, "Allowing the wallet to sign again.");
}

/* One key stops everything, without a question; taking that back has one. */
static void kill_now(void *ud)
{
    struct purser *p = ud;
    if (purser_lock(p)->is == LOCK_KILLED) {
        app_confirm(purser_domain(p)->app, "Allow signing again?",
                    untrusted("The kill switch is on: nothing is signed. The signer asks for the "
                              "password before it is taken off."),
                    "Yes, allow", revive_answered, p);
        return;
    }
    struct lock_job *k = lock_job(p, kill_run, kill_done);
    if (!k)
        return;
    k->j.urgent = true;
    purser_submit(p, &k->j);
}

void purser_lock_keys(struct purser *p, bool can_sign)
{
    struct app *a = purser_domain(p)->app;
    bool locked = purser_lock(p)->is == LOCK_LOCKED;
    app_on(a, ACT_UNLOCK, can_sign && locked ? unlock_now : NULL, p);
    app_on(a, ACT_LOCK, can_sign && !locked ? lock_now : NULL, p);
    app_on(a, ACT_KILL, can_sign ? kill_now : NULL, p);
}
