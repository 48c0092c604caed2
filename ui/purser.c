#include "ui/purser.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"

#include "base/banned.h"

enum { PURSES_MAX = 8, LISTENERS_MAX = 24, MINUTE = 60, WORDS = HUMAN_BUF + 8 };

struct purser {
    struct domain *d; /* NULL: the app has gone */
    struct market *market;
    struct loop *loop;
    struct purse *purse;
    struct purse *left[PURSES_MAX]; /* wallets chosen before: what they have under way goes on */
    size_t n_left;
    unsigned jobs;
    struct lock_view lock;
    bool looking, look_again, handlers;
    uint64_t timer; /* until it locks itself */
    char words[WORDS];
    struct {
        void (*fn)(void *ud);
        void *ud;
    } listener[LISTENERS_MAX];
    size_t listeners;
};

struct purser *purser_new(struct domain *d)
{
    struct purser *p = mem_zalloc(sizeof *p);
    if (p) {
        p->d = d;
        p->market = d->market;
        p->loop = market_loop(d->market);
    }
    return p;
}

void purser_stop(struct purser *p)
{
    if (p) {
        p->d = NULL;
        loop_timer_cancel(p->loop, p->timer);
        p->timer = 0;
    }
}

void purser_free(struct purser *p)
{
    if (!p)
        return;
    purser_stop(p);
    while (p->jobs)
        loop_step(p->loop, -1);
    purse_close(p->purse);
    for (size_t i = 0; i < p->n_left; i++)
        purse_close(p->left[i]);
    mem_free(p);
}

void purser_listen(struct purser *p, void (*fn)(void *ud), void *ud)
{
    if (p->listeners == LISTENERS_MAX)
        BUG("too many listen to the lock");
    p->listener[p->listeners].fn = fn;
    p->listener[p->listeners++].ud = ud;
}

void purser_unlisten(struct purser *p, void *ud)
{
    for (size_t i = 0; i < p->listeners; i++) {
        if (p->listener[i].ud == ud) {
            p->listener[i] = p->listener[--p->listeners];
            return;
        }
    }
}

void purser_tell(struct purser *p)
{
    for (size_t i = 0; i < p->listeners; i++)
        p->listener[i].fn(p->listener[i].ud);
    app_dirty(p->d->app);
}

souk_err purser_purse(struct purser *p, struct purse **out, struct err *e)
{
    souk_err c = p->purse ? SOUK_OK : purse_open(p->market, NULL, &p->purse, e);
    *out = p->purse;
    return c;
}

souk_err purser_choose(struct purser *p, const char *wallet, struct err *e)
{
    struct purse *fresh = NULL;
    if (p->n_left == PURSES_MAX)
        return err_set(e, SOUK_EFAIL, "wallets were changed often; leave souk and come back");
    souk_err c = purse_open(p->market, wallet, &fresh, e);
    if (c == SOUK_OK)
        c = purse_choose(market_network(p->market)->name, wallet, e);
    if (c != SOUK_OK) {
        purse_close(fresh);
        return c;
    }
    if (p->purse)
        p->left[p->n_left++] = p->purse;
    p->purse = fresh;
    p->lock = (struct lock_view){0};
    purser_look(p);
    purser_tell(p);
    return SOUK_OK;
}

/* --- jobs */

static void job_run(struct job *job)
{
    struct purser_job *j = (struct purser_job *)job;
    j->run(j);
}

static void job_done(struct job *job)
{
    struct purser_job *j = (struct purser_job *)job;
    struct purser *p = j->p;
    bool terminal = j->at_terminal;
    p->jobs--;
    if (p->d && terminal)
        app_take_terminal(p->d->app);
    if (p->d)
        j->done(j);
    if (j->release)
        j->release(j);
    mem_free(j);
    if (p->d && terminal)
        purser_look(p);
}

void purser_submit(struct purser *p, struct purser_job *j)
{
    j->p = p;
    j->job.run = job_run;
    j->job.done = job_done;
    p->jobs++;
    loop_submit(p->loop, j->urgent ? LANE_LOAD : LANE_SIGN, &j->job);
}

bool purser_submit_at_terminal(struct purser *p, struct purser_job *j, const char *words)
{
    j->gate = app_lend_terminal(p->d->app, words);
    if (j->gate < 0) {
        app_toast(p->d->app, ST_BAD, "there is no terminal here to ask for the password at");
        if (j->release)
            j->release(j);
        mem_free(j);
        return false;
    }
    j->at_terminal = true;
    purser_submit(p, j);
    return true;
}

/* --- the lock */

struct look_job {
    struct purser_job j; /* first */
    char network[sizeof((struct network *)NULL)->name];
    bool chosen; /* the wallet is known */
    struct lock_view view;
};

static void ask_signer(struct look_job *k)
{
    struct signer *s = NULL;
    struct signer_state now;
    struct err e = {0};
    souk_err c = signer_connect(k->view.wallet, &s, &e);
    if (c == SOUK_OK)
        c = signer_state(s, &now, &e);
    signer_close(s);
    k->view.is = c == SOUK_OK ? now.killed ? LOCK_KILLED : LOCK_OPEN : LOCK_LOCKED;
    k->view.locks_at = c == SOUK_OK ? now.locks_at : 0;
}

static void look_run(struct purser_job *j)
{
    struct look_job *k = (struct look_job *)j;
    struct wallet_card card;
    char dir[PATH_BUF];
    souk_err c = k->chosen ? SOUK_OK : purse_chosen(k->network, k->view.wallet, &j->err);
    if (c == SOUK_OK)
        c = signer_dir(dir, &j->err);
    if (c == SOUK_OK)
        c = wallet_card_read(dir, k->view.wallet, &card, &j->err);
    if (c != SOUK_OK)
        k->view.is = c == SOUK_ENOTFOUND ? LOCK_NO_WALLET : LOCK_UNKNOWN;
    else if (card.kind == WALLET_WATCH)
        k->view.is = LOCK_WATCH;
    else
        ask_signer(k);
}

static void time_is_over(void *ud)
{
    struct purser *p = ud;
    p->timer = 0;
    purser_look(p);
}

static void look_done(struct purser_job *j)
{
    struct look_job *k = (struct look_job *)j;
    struct purser *p = j->p;
    p->looking = false;
    bool news = k->view.is != p->lock.is || k->view.locks_at != p->lock.locks_at ||
                strcmp(k->view.wallet, p->lock.wallet) != 0;
    p->lock = k->view;
    loop_timer_cancel(p->loop, p->timer);
    p->timer = 0;
    int64_t left = p->lock.locks_at - clock_now() + 1;
    if (p->lock.locks_at && !clock_is_fixed())
        p->timer = loop_timer(p->loop, (left > 1 ? left : 1) * 1000, time_is_over, p);
    if (news) {
        purser_lock_keys(p, k->view.is == LOCK_LOCKED || k->view.is == LOCK_OPEN ||
                                k->view.is == LOCK_KILLED);
        purser_tell(p);
    }
    if (p->look_again) {
        p->look_again = false;
        purser_look(p);
    }
}

void purser_look(struct purser *p)
{
    if (p->looking) {
        p->look_again = true;
        return;
    }
    struct look_job *k = mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->j.run = look_run;
    k->j.done = look_done;
    snprintf(k->network, sizeof k->network, "%s", market_network(p->market)->name);
    k->chosen = p->purse;
    if (p->purse)
        snprintf(k->view.wallet, WALLET_NAME, "%s", purse_card(p->purse)->name);
    p->looking = true;
    purser_submit(p, &k->j);
}

struct domain *purser_domain(const struct purser *p)
{
    return p->d;
}

const struct lock_view *purser_lock(const struct purser *p)
{
    return &p->lock;
}

const char *purser_lock_words(struct purser *p, enum style *s)
{
    int64_t left = p->lock.locks_at - clock_now();
    char age[HUMAN_BUF];
    switch (p->lock.is) {
    case LOCK_WATCH:
        *s = ST_DIM;
        return "watch-only";
    case LOCK_LOCKED:
        *s = ST_GOOD;
        return "locked";
    case LOCK_KILLED:
        *s = ST_BAD;
        return "KILLED";
    case LOCK_OPEN:
        *s = ST_WARN;
        human_age(age, left > MINUTE ? left + MINUTE - 1 : MINUTE);
        snprintf(p->words, sizeof p->words, "open %s", age);
        return p->words;
    default:
        return NULL;
    }
}
