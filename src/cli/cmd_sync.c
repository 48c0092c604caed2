#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"
#include "market/follow.h"

#include "base/banned.h"

enum { SOURCES = 8 };

/* How a source ended last, so that a watch tells only what is new. */
struct ended {
    const char *source;
    enum sync_phase phase;
    char message[ERR_MSG_MAX];
};

struct run {
    const struct options *o;
    struct market *market;
    struct loop *loop;
    struct follow *follow; /* with --watch */
    struct ended ended[SOURCES];
    bool began, interrupted, progress_shown;
    unsigned failed;
    struct err first;
};

static void clear_progress(struct run *r)
{
    if (r->progress_shown)
        fputs("\r\033[K", stderr);
    r->progress_shown = false;
}

/* Whether a source's end differs from the one before. */
static bool is_news(struct run *r, const struct sync_state *st)
{
    const char *message = st->message ? st->message : "";
    struct ended *x = r->ended;
    while (x < r->ended + SOURCES - 1 && x->source && strcmp(x->source, st->source) != 0)
        x++;
    bool news =
        !x->source || x->phase != st->phase || strncmp(x->message, message, ERR_MSG_MAX - 1) != 0;
    x->source = st->source; /* names are literals */
    x->phase = st->phase;
    snprintf(x->message, sizeof x->message, "%s", message);
    return news;
}

static void on_state(void *ud, const struct sync_state *st)
{
    struct run *r = ud;
    if (r->o->set[OPT_QUIET])
        return;
    char done[HUMAN_BUF], total[HUMAN_BUF];
    if (st->phase == SYNC_RUNNING) {
        if (!isatty(STDERR_FILENO))
            return; /* progress is for people watching */
        clear_progress(r);
        fprintf(stderr, "%s: %s", st->source, human_count(done, (uint64_t)st->done));
        if (st->total > 0)
            fprintf(stderr, " of %s", human_count(total, (uint64_t)st->total));
        r->progress_shown = true;
    } else if (st->phase == SYNC_OK || st->phase == SYNC_FAILED) {
        clear_progress(r);
        if (!is_news(r, st))
            return;
        say(r->o, "%s: %s%s%s", st->source, st->phase == SYNC_OK ? "up to date" : "failed",
            st->message && st->message[0] ? ": " : "", st->message ? st->message : "");
    }
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct run *r = ud;
    clear_progress(r);
    r->failed = failed;
    r->first = *first;
    if (!r->follow)
        loop_stop(r->loop, 0);
}

static void on_how(void *ud, const char *words)
{
    const struct run *r = ud;
    say(r->o, "new blocks: %s", words);
}

static souk_err start(struct run *r)
{
    struct sync_options so = {.full = r->o->set[OPT_FULL], .only = r->o->value[OPT_ONLY]};
    struct sync_events ev = {.state = on_state, .done = on_done, .ud = r};
    struct follow_events fe = {.sync = ev, .how = on_how, .ud = r};
    if (!r->o->set[OPT_WATCH])
        return market_sync(r->market, &so, &ev, &r->first);
    r->follow = follow_start(r->market, &fe, &r->first);
    return r->follow ? SOUK_OK : r->first.code;
}

static void on_signal(void *ud, int signo)
{
    (void)signo;
    struct run *r = ud;
    r->interrupted = true;
    if (!r->follow && market_syncing(r->market))
        market_sync_cancel(r->market);
    else
        loop_stop(r->loop, 0);
}

static souk_err report(const struct run *r, struct err *e)
{
    if (r->o->set[OPT_JSON]) {
        struct buf b;
        struct json_out o;
        buf_init(&b, 4096);
        json_out_init(&o, &b);
        json_obj_open(&o, NULL);
        json_out_cstr(&o, "network", market_network(r->market)->name);
        json_out_int(&o, "failed", r->failed);
        json_out_cstr(&o, "error", r->failed ? r->first.msg : NULL);
        json_obj_close(&o);
        souk_err w = out_json(&b, e);
        buf_release(&b);
        if (w)
            return w;
    }
    if (r->interrupted)
        return err_set(e, SOUK_ECANCEL,
                       "stopped; what was read is kept, the next sync goes on from there");
    if (!r->failed)
        return SOUK_OK;
    *e = r->first;
    if (!r->began)
        return e->code;
    if (r->o->set[OPT_QUIET]) /* nothing was said yet */
        return err_prefix(e, "%u source%s could not be read; the first", r->failed,
                          r->failed == 1 ? "" : "s");
    return err_set(e, r->first.code,
                   "%u source%s could not be read, see above; what was in the cache stays",
                   r->failed, r->failed == 1 ? "" : "s");
}

souk_err cmd_sync(const struct options *o, struct err *e)
{
    struct run r = {.o = o};
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = o->set[OPT_OFFLINE]};
    if (o->set[OPT_ONLY] && sync_check_only(o->value[OPT_ONLY], e))
        return e->code;
    if (o->set[OPT_WATCH] && (o->set[OPT_ONLY] || o->set[OPT_FULL]))
        return err_set(e, SOUK_EUSAGE, "--watch reads what is new of everything: without --%s",
                       o->set[OPT_ONLY] ? "only" : "full");
    r.loop = loop_new(e);
    if (!r.loop)
        return e->code;
    souk_err rc = market_open(r.loop, &mo, &r.market, e);
    if (!rc)
        rc = loop_signal(r.loop, SIGINT, on_signal, &r, e);
    if (!rc)
        rc = loop_signal(r.loop, SIGTERM, on_signal, &r, e);
    if (!rc) {
        r.began = start(&r) == SOUK_OK;
        r.failed = !r.began;
        if (r.began)
            loop_run(r.loop);
        clear_progress(&r);
        rc = report(&r, e);
    }
    follow_stop(r.follow);
    market_close(r.market);
    loop_free(r.loop);
    return rc;
}
