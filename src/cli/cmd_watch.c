/* souk watch: a line for each payment as it lands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"
#include "market/follow.h"
#include "market/watch.h"

#include "base/banned.h"

enum { NEWS_AT_ONCE = 500, LINE_CAP = 16 << 10, NAME_COLS = 60 };

struct watching {
    const struct options *o;
    struct loop *loop;
    struct market *market;
    struct watch_list list;
    struct watch_place place;
    bool placed, interrupted;
    struct err err;           /* why it ended */
    char failed[ERR_MSG_MAX]; /* the last failure that was told; told again when it changes */
};

/* --- a payment */

static void print_line(const struct news_row *n)
{
    char when[HUMAN_BUF], money[U256_FMT + 16], payer[ADDRESS_BUF], rules[128];
    const struct call_row *c = &n->call;
    enum text_charset cs = text_locale_charset();
    struct buf b;
    buf_init(&b, LINE_CAP);
    buf_addf(&b, "%s  %s%s  ", human_time(when, c->time), n->refund ? "-" : "+",
             amount_format(&c->amount, money, sizeof money));
    text_add(&b, untrusted(n->author[0] ? n->author : n->word), NAME_COLS, cs);
    if (n->model[0]) {
        buf_addc(&b, '/');
        text_add(&b, untrusted(n->model), NAME_COLS, cs);
    }
    if (n->payer_known)
        buf_addf(&b, "  %s %s%s", n->refund ? "back to" : "from", address_format(c->payer, payer),
                 n->payer_new ? " (new)" : "");
    else
        buf_adds(&b, "  from an unknown payer");
    buf_addf(&b, "  %s  %s", n->refund ? "refund" : show_call_kind(c), c->tx);
    show_rules(n->bits, rules);
    if (rules[0])
        buf_addf(&b, "  [%s]", rules);
    puts(b.bad ? "a payment, but no memory to tell it" : b.p);
    buf_release(&b);
}

static souk_err print_json(const struct news_row *n, struct err *e)
{
    const struct call_row *c = &n->call;
    struct json_out o;
    struct buf b;
    buf_init(&b, LINE_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_cstr(&o, "kind", n->refund ? "refund" : show_call_kind(c));
    json_out_int(&o, "time", c->time);
    json_out_int(&o, "chain", c->chain);
    json_out_int(&o, "block", (int64_t)c->block);
    json_out_int(&o, "log", (int64_t)n->log);
    json_out_cstr(&o, "tx", c->tx);
    json_out_str(&o, "author", untrusted(n->author[0] ? n->author : NULL));
    json_out_str(&o, "model", untrusted(n->model[0] ? n->model : NULL));
    json_out_str(&o, "watched", untrusted(n->word));
    out_address_json(&o, "payee", n->payee);
    if (n->payer_known)
        out_address_json(&o, "payer", c->payer);
    else
        json_out_null(&o, "payer");
    json_out_bool(&o, "payer_new", n->payer_new);
    out_amount_json(&o, "amount", &c->amount);
    rules_found_json(&o, "rules", n->bits);
    json_out_cstr(&o, "finality", finality_name(n->finality));
    json_obj_close(&o);
    souk_err rc = out_json(&b, e);
    buf_release(&b);
    return rc;
}

/* --- news */

static void stop(struct watching *w)
{
    loop_stop(w->loop, 0);
}

/* What is new since the last time; several rounds when it is much. */
static void tell(struct watching *w)
{
    struct store *s = market_reader(w->market);
    struct news *n = NULL;
    bool more = s != NULL;
    while (more && w->err.code == SOUK_OK) {
        if (news_load(s, market_network(w->market), &w->list, w->placed ? &w->place : NULL,
                      NEWS_AT_ONCE, &n, &w->err))
            break;
        if (n->forked)
            say(w->o, "the chain reorganised: payments since the fork are told again");
        for (size_t i = 0; i < n->n && w->err.code == SOUK_OK; i++) {
            if (w->o->set[OPT_JSON])
                print_json(&n->row[i], &w->err);
            else
                print_line(&n->row[i]);
        }
        if (w->err.code == SOUK_OK)
            out_flush(&w->err);
        w->place = n->upto;
        w->placed = w->placed || n->upto.block > 0;
        more = n->more && !ferror(stdout);
        news_free(n);
    }
    if (w->err.code != SOUK_OK || ferror(stdout)) /* or nobody reads any more */
        stop(w);
}

static void on_changed(void *ud)
{
    tell(ud);
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct watching *w = ud;
    const char *words = failed > 0 ? first->msg : "";
    if (strcmp(words, w->failed) != 0 && !w->interrupted) {
        snprintf(w->failed, sizeof w->failed, "%s", words);
        say(w->o, failed > 0 ? "%s; trying again" : "reached again", words);
    }
    tell(w);
}

static void on_how(void *ud, const char *words)
{
    const struct watching *w = ud;
    say(w->o, "watching %zu on %s: %s", w->list.n, market_network(w->market)->name, words);
}

static void on_signal(void *ud, int signo)
{
    struct watching *w = ud;
    (void)signo;
    w->interrupted = true;
    stop(w);
}

/* --- whom */

static souk_err take_words(struct watching *w, struct err *e)
{
    souk_err rc = SOUK_OK;
    if (w->o->args == 0)
        rc = watch_load(market_network(w->market)->name, &w->list, e);
    for (int i = 0; i < w->o->args && !rc; i++) {
        if (!watch_has(&w->list, w->o->arg[i]))
            rc = watch_toggle(&w->list, w->o->arg[i], e);
    }
    if (!rc && w->list.n == 0)
        rc = err_set(e, SOUK_EUSAGE,
                     "nobody is watched yet: souk watch NAME, or W on an author's page");
    return rc;
}

static souk_err watch(struct watching *w, struct err *e)
{
    const struct follow_events ev = {
        .sync = {.changed = on_changed, .done = on_done, .ud = w}, .how = on_how, .ud = w};
    souk_err rc = take_words(w, e);
    if (rc)
        return rc;
    if (market_reader(w->market)) {
        tell(w); /* where the cache is: what landed since is told */
        if (w->placed && w->err.code == SOUK_OK)
            tell(w); /* a name that nobody has is found out now, not after the first sync */
    }
    struct follow *f = w->err.code == SOUK_OK ? follow_start(w->market, &ev, e) : NULL;
    if (f)
        loop_run(w->loop);
    else if (w->err.code == SOUK_OK)
        return e->code;
    follow_stop(f);
    if (w->err.code != SOUK_OK) {
        *e = w->err;
        return e->code;
    }
    return w->interrupted ? err_set(e, SOUK_ECANCEL, "stopped") : SOUK_OK;
}

souk_err cmd_watch(const struct options *o, struct err *e)
{
    struct watching w = {.o = o};
    const struct market_options mo = {.network = o->value[OPT_NETWORK]};
    if (o->set[OPT_OFFLINE])
        return err_set(e, SOUK_EUSAGE,
                       "what lands cannot be watched offline; `souk author NAME` shows what is in "
                       "the cache");
    w.loop = loop_new(e);
    if (!w.loop)
        return e->code;
    souk_err rc = market_open(w.loop, &mo, &w.market, e);
    if (!rc)
        rc = loop_signal(w.loop, SIGINT, on_signal, &w, e);
    if (!rc)
        rc = loop_signal(w.loop, SIGTERM, on_signal, &w, e);
    if (!rc)
        rc = watch(&w, e);
    watch_release(&w.list);
    market_close(w.market);
    loop_free(w.loop);
    return rc;
}
