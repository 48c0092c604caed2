#include "ui/ui.h"

#include <stdio.h>

#include "base/mem.h"
#include "ui/backend.h"
#include "ui/domain.h"
#include "ui/screens/screens.h"
#include "ui/script.h"

#include "base/banned.h"

static const struct screen_ops *const tabs[] = {&screen_market,   &screen_health, &screen_authors,
                                                &screen_activity, &screen_wallet, &screen_library};

static void on_sync(void *ud)
{
    domain_sync(ud, true);
}

static void on_devnet(void *ud)
{
    struct domain *d = ud;
    d->wants_devnet = true;
    app_quit(d->app, 0);
}

static void on_publish(void *ud)
{
    app_push(((struct domain *)ud)->app, &screen_publish, NULL);
}

static void on_listings(void *ud)
{
    app_push(((struct domain *)ud)->app, &screen_listings, NULL);
}

static souk_err make_backend(const struct ui_options *o, const char *theme, struct backend **out,
                             struct err *e)
{
    int w = 0, h = 0;
    if (o->term && (sscanf(o->term, "%dx%d", &w, &h) != 2 || w < 1 || h < 1))
        return err_set(e, SOUK_EUSAGE, "--term takes a size such as 80x24, not \"%s\"", o->term);
    if (o->term && !o->script)
        return err_set(e, SOUK_EUSAGE, "--term goes with --script");
    if (theme && !theme_find(theme))
        return err_set(e, SOUK_EUSAGE, "there is no theme \"%s\"; there are dark and light", theme);
    struct backend_options bo = {.theme = theme, .no_color = o->no_color};
    *out = o->term ? backend_test_new(w, h, text_locale_charset(), e) : backend_curses_new(&bo, e);
    return *out ? SOUK_OK : (e && e->code ? e->code : SOUK_ENOMEM);
}

/* The loop's part, with everything open. */
static souk_err run_app(const struct ui_options *o, struct domain *d, struct loop *l,
                        struct backend *b, struct err *e)
{
    struct app_config cfg = {
        .loop = l,
        .backend = b,
        .domain = d,
        .status = domain_status,
        .tabs = tabs,
        .n_tabs = sizeof tabs / sizeof *tabs,
    };
    struct app *a = app_new(&cfg, e);
    if (!a)
        return e->code;
    struct script *s = o->script ? script_new(a, o->script, NULL, e) : NULL;
    souk_err r = o->script && !s ? e->code : SOUK_OK;
    if (!r) {
        app_on(a, ACT_SYNC, on_sync, d);
        app_on(a, ACT_DEVNET, on_devnet, d);
        app_on(a, ACT_PUBLISH, on_publish, d);
        app_on(a, ACT_LISTINGS, on_listings, d);
        domain_start(d, a);
        if (s)
            script_start(s);
        int code = app_run(a);
        if (code == SOUK_ECANCEL) /* by a signal: there is nothing to say */
            r = SOUK_ECANCEL;
        else if (code)
            r = err_set(e, SOUK_EFAIL, "the script's expectations were not met");
    }
    script_free(s);
    domain_stop(d);
    app_free(a);
    return r;
}

souk_err ui_run(const struct ui_options *o, enum ui_exit *how, struct err *e)
{
    enum window w = WINDOW_30D;
    *how = UI_EXIT_QUIT;
    if (o->window && !window_parse(o->window, &w))
        return err_set(e, SOUK_EUSAGE, "--window is one of 7d, 30d, 90d, all, not \"%s\"",
                       o->window);
    struct domain *d = mem_zalloc(sizeof *d);
    struct loop *l = d ? loop_new(e) : NULL;
    if (!l) {
        mem_free(d);
        return d ? e->code : err_nomem(e);
    }
    struct market *m = NULL;
    struct backend *b = NULL;
    struct market_options mo = {.network = o->network, .offline = o->offline};
    souk_err r = market_open(l, &mo, &m, e);
    if (!r) {
        domain_init(d, m, w);
        const char *theme = o->theme ? o->theme : market_config(m)->theme;
        r = make_backend(o, theme && theme[0] ? theme : NULL, &b, e);
    }
    if (!r) {
        r = run_app(o, d, l, b, e);
        backend_free(b); /* the terminal is the user's again before anything else is tidied up */
        if (d->wants_devnet)
            *how = UI_EXIT_DEVNET;
    }
    domain_release(d);
    market_close(m);
    loop_free(l);
    mem_free(d);
    return r;
}
