/*
 * A purchase's life: one job or request after the other, and an end that comes once. The front end
 * may drop it at any time, from inside what it is told too; whatever a job is doing then is done to
 * its end, because a signature half asked for is no better than a whole one.
 */
#include "market/purchase/internal.h"

#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "market/market.h"

#include "base/banned.h"

static void give_up_waiting(struct purchase *x)
{
    loop_timer_cancel(x->loop, x->timer);
    x->timer = 0;
    if (x->http != NULL) {
        struct http_call *c = x->http;
        x->http = NULL;
        http_cancel(c);
    }
    if (x->call != NULL)
        purse_drop(x->call);
    if (x->fate != NULL)
        fate_cancel(x->fate);
    x->call = NULL;
    x->fate = NULL;
    for (size_t i = 0; i < 2; i++) {
        ask_drop(x->asks[i]);
        x->asks[i] = NULL;
    }
}

static void forget(struct purchase *x)
{
    give_up_waiting(x);
    quote_free(x->q != NULL ? &x->q->pub : NULL);
    nodes_free(x->payment);
    nodes_free(x->inference);
    answer_release(&x->ans);
    chat_release(&x->chat);
    arena_release(&x->arena);
    mem_free(x);
}

static void run(struct job *j)
{
    struct purchase *x = (struct purchase *)j;
    x->run(x);
}

static void ran(struct job *j)
{
    struct purchase *x = (struct purchase *)j;
    purse_hold(x->purse, -1);
    loop_busy(x->loop, -1);
    x->working = false;
    if (x->dropped)
        forget(x);
    else
        x->then(x);
}

void do_work(struct purchase *x, void (*what)(struct purchase *x), void (*then)(struct purchase *x))
{
    x->run = what;
    x->then = then;
    x->working = true;
    x->job.run = run;
    x->job.done = ran;
    atomic_store(&x->job.cancelled, false);
    purse_hold(x->purse, 1);
    loop_busy(x->loop, 1);
    loop_submit(x->loop, LANE_SIGN, &x->job);
}

static void on_time(void *ud)
{
    struct purchase *x = ud;
    x->timer = 0;
    x->due(x);
}

void do_later(struct purchase *x, int64_t ms, void (*due)(struct purchase *x))
{
    x->due = due;
    x->timer = loop_timer(x->loop, ms, on_time, x);
    if (x->timer == 0) /* no memory for a timer: waiting was only politeness */
        due(x);
}

struct purchase *purchase_make(struct market *m, struct purse *p, const struct purchase_events *ev,
                               void *ud, void (*begin)(struct purchase *x), struct err *e)
{
    if (market_offline(m)) {
        err_set(e, SOUK_EUSAGE, "offline: nothing is asked of the network");
        return NULL;
    }
    struct purchase *x = mem_zalloc(sizeof *x);
    if (x == NULL) {
        err_nomem(e);
        return NULL;
    }
    x->m = m;
    x->purse = p;
    x->loop = market_loop(m);
    x->net = market_network(m);
    x->ev = *ev;
    x->ud = ud;
    x->expect = NO_CAP;
    arena_init(&x->arena, ROW_MEMORY);
    buf_init(&x->ans.body, ANSWER_CAP);
    chat_init(&x->chat, x);
    x->due = begin; /* never from within the call that started it */
    x->timer = loop_timer(x->loop, 0, on_time, x);
    if (x->timer == 0) {
        forget(x);
        err_nomem(e);
        return NULL;
    }
    return x;
}

/* --- what the front end hears */

static bool survived(struct purchase *x)
{
    x->calling = false;
    if (!x->dropped)
        return true;
    if (!x->working)
        forget(x);
    return false;
}

bool say_step(struct purchase *x, enum purchase_step s, const char *words)
{
    if (x->ev.step == NULL)
        return true;
    x->calling = true;
    x->ev.step(x->ud, s, words);
    return survived(x);
}

/* Called while http hands over a piece: http goes on to use what is under way, so a drop waits. */
bool tell_text(struct purchase *x, struct untrusted piece)
{
    if (x->ev.text == NULL || piece.n == 0)
        return true;
    x->calling = true;
    x->ev.text(x->ud, piece);
    x->calling = false;
    return !x->dropped;
}

static void end(struct purchase *x, const struct err *e)
{
    x->ended = true;
    if (x->waiter != NULL) {
        x->waiter->ended = true;
        x->waiter->err = *e;
    }
}

void end_quote(struct purchase *x, const struct err *e)
{
    struct quote_box *q = x->q;
    x->q = NULL;
    end(x, e);
    if (e->code != SOUK_OK && q != NULL) {
        quote_free(&q->pub);
        q = NULL;
    }
    if (x->ev.quoted != NULL)
        x->ev.quoted(x->ud, q != NULL ? &q->pub : NULL, e->code != SOUK_OK ? e : NULL);
    else if (q != NULL)
        quote_free(&q->pub);
    forget(x);
}

void end_row(struct purchase *x, const struct err *e)
{
    end(x, e);
    if (x->ev.done != NULL)
        x->ev.done(x->ud, x->has_row ? &x->row : NULL, e->code != SOUK_OK ? e : NULL);
    forget(x);
}

void purchase_drop(struct purchase *x)
{
    if (x == NULL || x->ended)
        return;
    x->dropped = true;
    x->waiter = NULL;
    if (x->calling)
        return; /* who called finds out when it returns */
    give_up_waiting(x);
    if (!x->working)
        forget(x);
}

/* --- for commands */

/* One command waits for one purchase. */
static bool interrupted;
static struct waiter waiting;

static void on_interrupt(void *ud, int signo)
{
    (void)ud;
    (void)signo;
    interrupted = true;
}

souk_err purchase_wait(struct market *m, struct purchase *x, struct err *e)
{
    struct loop *l = market_loop(m);
    interrupted = false;
    waiting = (struct waiter){.ended = false};
    bool mine = loop_signal(l, SIGINT, on_interrupt, NULL, NULL) == SOUK_OK;
    x->waiter = &waiting;
    while (!waiting.ended && !interrupted)
        loop_step(l, -1);
    if (mine) /* at a question that follows, Ctrl-C ends the program as it does anywhere */
        loop_signal_off(l, SIGINT);
    if (!waiting.ended) {
        bool out = x->committed;
        purchase_drop(x);
        return out ? err_set(e, SOUK_EUNKNOWN,
                             "stopped waiting; what was signed stays signed and is kept: "
                             "`souk receipts` asks the chain what became of it")
                   : err_set(e, SOUK_ECANCEL, "stopped");
    }
    if (waiting.err.code != SOUK_OK && e != NULL)
        *e = waiting.err;
    return waiting.err.code;
}

/* --- the caller's words, copied */

bool call_copy(struct call *c, const struct call_input *in)
{
    size_t n = in->body != NULL ? in->body_len : 0;
    *c = (struct call){.body_len = n, .stream = in->stream};
    c->method = mem_strdup(in->method != NULL ? in->method : "POST");
    c->body = mem_strndup(in->body != NULL ? in->body : "", n);
    c->content_type = mem_strdup(in->content_type != NULL ? in->content_type : "application/json");
    c->settlement = mem_strdup(in->settlement != NULL ? in->settlement : "batch");
    bool all =
        c->method != NULL && c->body != NULL && c->content_type != NULL && c->settlement != NULL;
    if (!all)
        call_release(c);
    return all;
}

void call_release(struct call *c)
{
    mem_free(c->method);
    mem_free(c->body);
    mem_free(c->content_type);
    mem_free(c->settlement);
    *c = (struct call){.method = NULL};
}
