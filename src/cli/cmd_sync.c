#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

enum { WATCH_MS = 30000 };

struct run {
    const struct options *o;
    struct market *market;
    struct loop *loop;
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
        say(r->o, "%s: %s%s%s", st->source, st->phase == SYNC_OK ? "up to date" : "failed",
            st->message && st->message[0] ? ": " : "", st->message ? st->message : "");
    }
}

static void start(void *ud);

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct run *r = ud;
    clear_progress(r);
    r->failed = failed;
    r->first = *first;
    if (!r->o->set[OPT_WATCH] || r->interrupted)
        loop_stop(r->loop, 0);
    else if (!loop_timer(r->loop, WATCH_MS, start, r))
        loop_stop(r->loop, 0);
}

static void start(void *ud)
{
    struct run *r = ud;
    struct sync_options so = {.full = r->o->set[OPT_FULL], .only = r->o->value[OPT_ONLY]};
    struct sync_events ev = {.state = on_state, .done = on_done, .ud = r};
    if (market_sync(r->market, &so, &ev, &r->first)) {
        r->failed = 1;
        loop_stop(r->loop, 0);
        return;
    }
    r->began = true;
}

static void on_signal(void *ud, int signo)
{
    (void)signo;
    struct run *r = ud;
    r->interrupted = true;
    if (market_syncing(r->market))
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
    static const char *const sources[] = {"hub",      "bazaar",     "listings",
                                          "payments", "inferences", "files"};
    bool known = !o->set[OPT_ONLY];
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        known = known || strcmp(o->value[OPT_ONLY], sources[i]) == 0;
    if (!known)
        return err_set(e, SOUK_EUSAGE,
                       "--only is one of hub, bazaar, listings, payments, inferences, not \"%s\"",
                       o->value[OPT_ONLY]);
    struct run r = {.o = o};
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = o->set[OPT_OFFLINE]};
    r.loop = loop_new(e);
    if (!r.loop)
        return e->code;
    souk_err rc = market_open(r.loop, &mo, &r.market, e);
    if (!rc)
        rc = loop_signal(r.loop, SIGINT, on_signal, &r, e);
    if (!rc)
        rc = loop_signal(r.loop, SIGTERM, on_signal, &r, e);
    if (!rc) {
        start(&r);
        if (!r.failed)
            loop_run(r.loop);
        rc = report(&r, e);
    }
    market_close(r.market);
    loop_free(r.loop);
    return rc;
}
